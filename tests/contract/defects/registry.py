"""All seeded defects."""

from __future__ import annotations

from tests.contract.defects.defect import Defect
from tests.contract.defects.of_documents import DOCUMENTS
from tests.contract.defects.of_figures import FIGURES
from tests.contract.defects.of_parameters import PARAMETERS
from tests.contract.defects.of_rows import ROWS
from tests.contract.defects.of_trees import TREES

ALL: tuple[Defect, ...] = (*PARAMETERS, *TREES, *ROWS, *FIGURES, *DOCUMENTS)
NOT_YET = frozenset(
    (
        "probability_of_rounded_score",
        "wrong_reason_code",
        "other_reference",
        "shifted_bound",
        "margin_too_small",
        "grade_probability",
        "proxy_input",
        "group_left_out",
        "profit_of_other_assumptions",
        "other_method_told",
        "empty_purpose",
        "placeholder_rationale",
        "other_verification",
    )
)
"""Made, but not yet demanded of the validator at the severity of the matrix."""
DEFECTS: tuple[Defect, ...] = tuple(one for one in ALL if one.name not in NOT_YET)
