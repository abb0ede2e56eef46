"""The population stability index of many samples on the same bins at once, with its tests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.stability import REVIEW, ZERO_CELL_RULES, ZERO_CELLS_ALLOWED, ZeroCells

_RULES = ("no empty cell", "0.5 added to every cell", "no rows")


@dataclass(frozen=True, slots=True)
class ManyStabilities:
    """What `population_stability_index` and `stability_tests` give, an entry each of the g samples.

    psi, chance_level, p_value, critical_value, tolerance_p_value (g,): NaN for a sample without rows; bins and
    empty_cells (g,): whole; expected_total, actual_total (g,); contributions (g, k): per bin, summing to psi; rules
    (g,): what was done with empty cells, in words.
    """

    psi: Floats
    chance_level: Floats
    p_value: Floats
    critical_value: Floats
    tolerance_p_value: Floats
    bins: NDArray[np.int64]
    empty_cells: NDArray[np.int64]
    expected_total: Floats
    actual_total: Floats
    contributions: Floats
    rules: tuple[str, ...]


def stability_of_many(
    expected_counts: ArrayLike,
    actual_counts: ArrayLike,
    zero_cells: ZeroCells = "add_half",
    *,
    tolerance: float = REVIEW,
    level: float = 0.05,
) -> ManyStabilities:
    """PSI of each row of actual_counts (g, k) against expected_counts, (k,) or (g, k).

    Formulae, rules of empty cells and tests are those of `population_stability_index` and `stability_tests`, with
    `level` in place of 0.05. A sample without rows is no fault here: its figures are NaN. Raises CreditRiskError on
    counts that are negative or not finite, on shapes that do not fit, on development without rows, on empty cells
    under the rule "raise", and on a tolerance or level out of range.
    """
    e, a = _checked(expected_counts, actual_counts, zero_cells, tolerance, level)
    used = (e > 0) | (a > 0)
    n, m, held = e.sum(axis=1), a.sum(axis=1), used.sum(axis=1)
    empty = (used & (e == 0)).sum(axis=1) + (used & (a == 0)).sum(axis=1)
    some = m > 0
    if zero_cells == "raise" and (empty[some] > 0).any():
        remedy = 'zero_cells="add_half", a small share, or wider bins'
        found = f"{int((empty[some] > 0).sum())} samples"
        raise CreditRiskError(Fault("empty cells", "empty_cells", path="actual_counts", found=found, remedy=remedy))
    shares = [_shares(counts, total, used, empty, held, zero_cells) for counts, total in ((e, n), (a, m))]
    first, second = (np.where(used, share, 1.0) for share in shares)
    contributions = np.where(used & some[:, None], (second - first) * np.log(second / first), 0.0)
    psi = np.where(some, contributions.sum(axis=1), math.nan)
    with np.errstate(divide="ignore"):
        unit = np.where(some, 1.0 / n + 1.0 / m, math.nan)
    degrees = held - 1
    chance, p_value, critical, beyond = _tests(psi, unit, degrees, tolerance, level)
    told = f"share {zero_cells:g} in place of an empty one" if isinstance(zero_cells, float) else _RULES[1]
    acts = (empty > 0) | (zero_cells == "half_everywhere")
    rules = tuple(_RULES[2] if not s else told if z else _RULES[0] for s, z in zip(some, acts, strict=True))
    return ManyStabilities(psi, chance, p_value, critical, beyond, held, empty, n, m, contributions, rules)


def _shares(
    counts: Floats,
    total: Floats,
    used: NDArray[np.bool_],
    empty: NDArray[np.int64],
    held: NDArray[np.int64],
    zero_cells: ZeroCells,
) -> Floats:
    plain = counts / np.where(total > 0, total, 1.0)[:, None]
    if isinstance(zero_cells, float):
        return np.where(used & (counts == 0), zero_cells, plain)
    half = (counts + 0.5) / (total + 0.5 * held)[:, None]
    return half if zero_cells == "half_everywhere" else np.asarray(np.where((empty > 0)[:, None], half, plain))


def _tests(
    psi: Floats, unit: Floats, degrees: NDArray[np.int64], tolerance: float, level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Chance level, p-value of no change, critical value of the tolerance and its p-value, each (g,)."""
    moves = degrees >= 1
    k = np.where(moves, degrees, 1)
    known = np.isfinite(unit)
    scale = np.where(known, unit, 1.0)
    statistic = np.where(known, psi, 0.0) / scale
    centre = tolerance / scale
    # Samples of a period have the same number of rows: the quantile, which is slow, is found once for each pair.
    pairs, place = np.unique(np.column_stack([k.astype(np.float64), centre]), axis=0, return_inverse=True)
    quantile = stats.ncx2.ppf(1.0 - level, pairs[:, 0], pairs[:, 1])[place.reshape(-1)]
    found = (
        np.where(moves, special.chdtri(k, level) * scale, 0.0),
        np.where(moves, special.chdtrc(k, statistic), 1.0),
        np.where(moves, quantile * scale, 0.0),
        np.where(moves, stats.ncx2.sf(statistic, k, centre), 1.0),
    )
    chance, p_value, critical, beyond = (np.where(known, values, math.nan) for values in found)
    return chance, p_value, critical, beyond


def _checked(
    expected: ArrayLike, actual: ArrayLike, zero_cells: ZeroCells, tolerance: float, level: float
) -> tuple[Floats, Floats]:
    arguments = Arguments()
    a = np.asarray(actual, np.float64)
    e = np.asarray(expected, np.float64)
    fits = a.ndim == 2 and (e.shape == a.shape or e.shape == a.shape[1:])
    found = f"{e.shape} and {a.shape}"
    arguments.require(fits, "actual_counts", "shapes do not fit", "shape", found=found, allowed="(k,) and (g, k)")
    for name, counts in (("expected_counts", e), ("actual_counts", a)):
        fine = bool(np.all(np.isfinite(counts) & (counts >= 0)))
        arguments.require(fine, name, "counts that are negative or missing", "range", allowed="0 or more")
    share = isinstance(zero_cells, float) and 0.0 < zero_cells < 1.0
    allowed = ZERO_CELLS_ALLOWED
    known = share or zero_cells in ZERO_CELL_RULES
    arguments.require(known, "zero_cells", "no such rule", "choice", found=repr(zero_cells), allowed=allowed)
    arguments.require(tolerance > 0, "tolerance", "no index", "range", found=repr(tolerance), allowed="above 0")
    arguments.require(0 < level < 1, "level", "no level", "range", found=repr(level), allowed="between 0 and 1")
    arguments.raise_if_any()
    e = np.broadcast_to(e, a.shape)
    arguments.require(bool(np.all(e.sum(axis=1) > 0)), "expected_counts", "no rows", "no_rows", allowed="1 or more")
    arguments.raise_if_any()
    return e, a
