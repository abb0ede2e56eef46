"""All seeded defects."""

from __future__ import annotations

from tests.contract.defects.defect import Defect
from tests.contract.defects.of_choices import CHOICES
from tests.contract.defects.of_documents import DOCUMENTS
from tests.contract.defects.of_examiner import EXAMINER
from tests.contract.defects.of_figures import FIGURES
from tests.contract.defects.of_parameters import PARAMETERS
from tests.contract.defects.of_rows import ROWS
from tests.contract.defects.of_trees import TREES

DEFECTS: tuple[Defect, ...] = (*PARAMETERS, *TREES, *ROWS, *CHOICES, *FIGURES, *DOCUMENTS, *EXAMINER)
