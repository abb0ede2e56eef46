"""What generalised linear models refuse, all faults at once: outcomes, weights, offsets, terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.families import Family

Floats = NDArray[np.float64]
SQUEEZE = "squeeze: smithson_verkuilen"


def refuse_inputs(x: Floats, y: Floats, names: Sequence[str], family: Family, weights: Floats, offset: Floats) -> None:
    """Raise ModelError with everything that is wrong. x (n, k), y, weights, offset (n,)."""
    faults = [*outcome_faults(y, family), *_given_faults(weights, offset)]
    if not faults:
        faults += _term_faults(x, names)
    if not faults and len(y) <= x.shape[1] + 1:
        found = f"{len(y)} rows, {x.shape[1] + 1} coefficients"
        faults.append(Fault("too few rows for the coefficients", "too_few_rows", found=found, remedy="use fewer terms"))
    if faults:
        raise ModelError(faults)


def outcome_faults(y: Floats, family: Family) -> list[Fault]:
    """What keeps y (n,) from being an outcome of the family."""
    return [*_outside(y, family), *_constant(y)]


def _outside(y: Floats, family: Family) -> Iterator[Fault]:
    checks: dict[str, list[tuple[NDArray[np.bool_], str, str, str | None]]] = {
        "tweedie": [(y < 0, "an amount is negative", "0 or more", None)],
        "gamma": [
            (y < 0, "an amount is negative", "above 0", None),
            (y == 0, "an amount is zero, which gamma cannot give", "above 0", "use the family tweedie"),
        ],
        "fractional": [((y < 0) | (y > 1), "a fraction is outside [0, 1]", "from 0 to 1", None)],
        "beta": [
            ((y < 0) | (y > 1), "a fraction is outside [0, 1]", "above 0 and below 1", None),
            (
                (y == 0) | (y == 1),
                "a fraction is 0 or 1, where the beta density is not defined",
                "above 0 and below 1",
                f"ask for the transformation ({SQUEEZE}), or use the family fractional",
            ),
        ],
    }
    unknown = (~np.isfinite(y), "an outcome is missing or infinite", "a finite number", "leave the row out")
    for mask, message, allowed, remedy in (unknown, *checks[family.name]):
        rows = np.flatnonzero(mask)
        if len(rows):
            found = f"{float(y[rows[0]])!r}, in {len(rows):,} of {len(y):,} rows"
            yield Fault(message, "outcome", row=int(rows[0]) + 1, found=found, allowed=allowed, remedy=remedy)


def _constant(y: Floats) -> Iterator[Fault]:
    known = y[np.isfinite(y)]
    if len(known) and np.ptp(known) == 0:
        message = "every outcome is zero" if known[0] == 0 else "every outcome is the same"
        yield Fault(message, "constant_outcome", found=repr(float(known[0])), remedy="there is nothing to explain")


def _given_faults(weights: Floats, offset: Floats) -> Iterator[Fault]:
    for values, wrong, name, allowed in (
        (weights, ~(np.isfinite(weights) & (weights > 0)), "weight", "above 0"),
        (offset, ~np.isfinite(offset), "offset", "a finite number; an exposure above 0"),
    ):
        rows = np.flatnonzero(wrong)
        if len(rows):
            found = f"{float(values[rows[0]])!r}, in {len(rows):,} of {len(values):,} rows"
            message = f"the {name} is missing or not usable in some rows"
            yield Fault(message, name, row=int(rows[0]) + 1, found=found, allowed=allowed)


def _term_faults(x: Floats, names: Sequence[str]) -> Iterator[Fault]:
    broken = [name for name, column in zip(names, x.T, strict=True) if not np.isfinite(column).all()]
    for name in broken:
        remedy = "say how missing values enter, or class the characteristic"
        yield Fault(f"{name} is missing or infinite in some rows", "missing_term", path=name, remedy=remedy)
    if broken:
        return
    constant = [name for name, column in zip(names, x.T, strict=True) if np.ptp(column) == 0]
    for name in constant:
        yield Fault(f"{name} is constant", code="constant_term", path=name, remedy="exclude it")
    if constant or x.shape[1] == 0:
        return
    centred = x - x.mean(axis=0)
    if np.linalg.matrix_rank(centred / np.linalg.norm(centred, axis=0)) < x.shape[1]:
        yield Fault("some terms are linear combinations of others", code="collinear", remedy="exclude one of them")
