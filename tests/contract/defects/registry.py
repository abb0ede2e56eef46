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
        "wrong_anchor",
        "falling_calibration",
        "wrong_base_odds",
        "wrong_factor",
        "probability_of_rounded_score",
        "wrong_reason_code",
        "other_reference",
        "shifted_bound",
        "unbounded_fit",
        "margin_too_small",
        "grade_probability",
        "altered_leaf",
        "moved_thresholds",
        "wrong_offset",
        "target_leak",
        "proxy_input",
        "drift_told_as_stable",
        "weights_trimmed",
        "weights_of_another_column",
        "importance_of_another_background",
        "importance_swapped",
        "group_left_out",
        "another_cut_off",
        "profit_of_other_assumptions",
        "grade_not_its_rate",
        "long_run_of_other_years",
        "rows_dropped_silently",
        "rate_of_a_band",
        "unpaired_difference",
        "fewer_overrides",
        "other_method_told",
        "empty_purpose",
        "placeholder_rationale",
        "other_verification",
        "other_export",
        "annex_of_another",
        "hash_mismatch",
    )
)
"""Made, but not yet demanded of the validator at the severity of the matrix."""
DEFECTS: tuple[Defect, ...] = tuple(one for one in ALL if one.name not in NOT_YET)
