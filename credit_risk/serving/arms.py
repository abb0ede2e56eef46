"""Arms of a live split that scoring assigns: a column of the predictions and of the log."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

ARM = "arm"
"""Column of the predictions and of the log; not a result of the model, which does not know it."""


class Assignment(Protocol):
    """Which arm an applicant is in. What does it is handed to other processes, as bytes."""

    @property
    def column(self) -> str | None:
        """Column of the input that names the applicant; None: the key of the row."""
        ...

    def __call__(self, identifiers: np.ndarray) -> np.ndarray:
        """Arms (n,) as texts of identifiers (n,), whole numbers or texts; None where one is missing."""
        ...


def told(assignment: Assignment | None) -> dict[str, Any] | None:
    """What the manifest of a run says of it."""
    return None if assignment is None else {"column": assignment.column}
