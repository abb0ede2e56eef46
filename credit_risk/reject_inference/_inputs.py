"""What the methods check alike: arrays that fit the applicants, factors, seeds; and shares in words."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments
from credit_risk.reject_inference.rows import Decided, Floats, Places


def probabilities_of(decided: Decided, values: ArrayLike, name: str) -> Floats:
    """Probabilities (n,) of the applicants. Raises CreditRiskError on another length or values outside [0, 1]."""
    arguments = Arguments()
    arguments.length = len(decided)
    found = arguments.probabilities(values, name)
    arguments.raise_if_any()
    return found


def check_prudence(prudence: float) -> None:
    """Raises CreditRiskError where the factor is not a number of 1 or more."""
    number = isinstance(prudence, (int, float, np.floating, np.integer)) and not isinstance(prudence, bool)
    if not (number and math.isfinite(prudence) and prudence >= 1):
        text = "a prudence factor below 1 would take rejected applicants for better than accepted ones alike"
        raise CreditRiskError(Fault(text, "prudence", path="prudence", found=repr(prudence), allowed="1 or more"))


def check_bands(bands: int) -> None:
    """Raises CreditRiskError where the number of bands is not a whole number of 2 or more."""
    if isinstance(bands, bool) or not isinstance(bands, (int, np.integer)) or bands < 2:
        raise CreditRiskError(
            Fault("too few score bands", "bands", path="bands", found=repr(bands), allowed="2 or more")
        )


def order_of_keys(decided: Decided, keys: ArrayLike | None) -> Places:
    """Places of the rejected applicants in the order of their keys (n,), which are distinct; None: as they stand."""
    rejected = np.flatnonzero(decided.rejected)
    if keys is None:
        return rejected
    names = np.asarray(keys)
    if names.shape != (len(decided),):
        found, allowed = f"shape {names.shape}", f"({len(decided)},)"
        raise CreditRiskError(
            Fault("keys do not fit the applicants", "shape", path="keys", found=found, allowed=allowed)
        )
    if len(np.unique(names)) < len(names):
        remedy = "give each applicant a key of its own, or none"
        raise CreditRiskError(Fault("keys repeat", "repeated_key", path="keys", remedy=remedy))
    return rejected[np.argsort(names[rejected], kind="stable")]


def share(part: float, whole: float) -> str:
    """`part` of `whole` in per cent."""
    return f"{100 * part / whole:.1f} %"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its word."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
