"""Population stability index on fixed development bins, with the level that chance alone reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats

ZeroCells = str | float
ZERO_CELL_RULES = ("add_half", "half_everywhere", "raise")
ZERO_CELLS_ALLOWED = '"add_half", "half_everywhere", "raise" or a share between 0 and 1'
REVIEW, FAIL = 0.1, 0.25
"""Cuts of the rule of thumb (Siddiqi 2017, chapter 15)."""
_COLUMNS = [
    *("quantity", "sample", "bins", "expected_rows", "actual_rows"),
    *("psi", "chance_level", "empty_cells", "zero_cell_rule"),
    *("p_value", "critical_value", "tolerance_p_value", "score_shift", "verdict", "reason"),
]
BIN_COLUMNS = [
    *("quantity", "sample", "bin", "label", "expected_share", "actual_share", "difference", "contribution"),
    *("points", "score_shift"),
]


@dataclass(frozen=True, slots=True)
class PopulationStability:
    """psi, the 95 % point `chance_level` of an unchanged population, and how it was counted.

    `bins`: bins with rows in either sample; `empty_cells`: how many of their 2 x bins cells are empty;
    `contributions` (k,) per bin given, summing to psi, 0 for a bin empty in both.
    """

    psi: float
    chance_level: float
    bins: int
    expected_total: float
    actual_total: float
    empty_cells: int
    zero_cell_rule: str
    contributions: Floats

    @property
    def unit(self) -> float:
        """1/n + 1/m: the index of an unchanged population is about so many times chi-square with K - 1 degrees."""
        return 1.0 / self.expected_total + 1.0 / self.actual_total


@dataclass(frozen=True, slots=True)
class StabilityTests:
    """Chance of an index in an unchanged population, and where the population's own index is a tolerance.

    p_value: of no change; critical_value, tolerance_p_value: 95 % point of the index, and chance of this one or more,
    where the index of the populations is the tolerance.
    """

    p_value: float
    critical_value: float
    tolerance_p_value: float


def psi_of_shares(expected_shares: ArrayLike, actual_shares: ArrayLike) -> Floats:
    """(a - e) ln(a / e) per bin, shape (k,); their sum is the PSI (Siddiqi 2017, chapter 15).

    Shares are positive and used as they are (not normalised). Raises CreditRiskError otherwise.
    """
    arguments = Arguments()
    e, a = arguments.numbers("expected_shares", expected_shares), arguments.numbers("actual_shares", actual_shares)
    for name, shares in (("expected_shares", e), ("actual_shares", a)):
        arguments.require(bool(np.all(shares > 0)), name, "shares that are not positive", "range", allowed="above 0")
    arguments.raise_if_any()
    return (a - e) * np.log(a / e)


def population_stability_index(
    expected_counts: ArrayLike, actual_counts: ArrayLike, zero_cells: ZeroCells = "add_half"
) -> PopulationStability:
    """PSI of counts (k,) on the same bins: expected from development, actual from the sample compared.

    Where a bin is empty in one sample: "add_half" adds 0.5 to every cell of both (keeps the size of the
    chance level); a float replaces each empty share by itself (legacy tools: 0.0001); "raise" refuses.
    Without empty cells these rules agree. "half_everywhere" adds 0.5 to every cell whether or not one is empty: at few
    hundred rows it alone keeps the size (ten equal bins, 100 rows: 4.3 % against 7.5 %), and does not jump as a bin
    empties. A bin empty in both carries no information and is left out of K.
    Chance level: 95 % point of chi-square(K - 1) times (1/n + 1/m), the distribution of PSI of an unchanged
    population (Yurdakul and Naranjo 2020, Journal of Risk Model Validation 14(4)); n, m are the totals, so
    weighted counts are to be scaled to their effective size. Raises CreditRiskError on negative counts or a
    sample without rows.
    """
    arguments = Arguments()
    expected = arguments.numbers("expected_counts", expected_counts)
    actual = arguments.numbers("actual_counts", actual_counts)
    for name, counts in (("expected_counts", expected), ("actual_counts", actual)):
        arguments.require(not (counts < 0).any(), name, "negative counts", "range", allowed="0 or more")
        arguments.require(bool(counts.sum() > 0), name, "no rows", "no_rows", allowed="1 or more")
    share = isinstance(zero_cells, float) and 0.0 < zero_cells < 1.0
    known = share or zero_cells in ZERO_CELL_RULES
    allowed = ZERO_CELLS_ALLOWED
    arguments.require(known, "zero_cells", "no such rule", "choice", found=repr(zero_cells), allowed=allowed)
    arguments.raise_if_any()
    used = (expected > 0) | (actual > 0)
    e, a = expected[used], actual[used]
    n, m, bins = float(e.sum()), float(a.sum()), len(e)
    empty = int((e == 0).sum() + (a == 0).sum())
    shares_e, shares_a, rule = _without_empty_cells(e, a, empty, zero_cells)
    contributions = np.zeros(len(expected))
    contributions[used] = (shares_a - shares_e) * np.log(shares_a / shares_e)
    chance = float(special.chdtri(bins - 1, 0.05)) * (1.0 / n + 1.0 / m) if bins > 1 else 0.0
    return PopulationStability(float(contributions.sum()), chance, bins, n, m, empty, rule, contributions)


def stability_tests(result: PopulationStability, tolerance: float = REVIEW) -> StabilityTests:
    """Tests of no change, chi-square(K - 1), and of a change within `tolerance`, noncentral with tolerance/(1/n + 1/m).

    An index above `critical_value` shows that the shift itself, not only that of the samples, is beyond the tolerance.
    One bin has nothing to shift: (1, 0, 1).
    """
    degrees, unit = result.bins - 1, result.unit
    if degrees < 1:
        return StabilityTests(1.0, 0.0, 1.0)
    alone = float(special.chdtrc(degrees, result.psi / unit))
    critical = float(stats.ncx2.ppf(0.95, degrees, tolerance / unit)) * unit
    return StabilityTests(alone, critical, float(stats.ncx2.sf(result.psi / unit, degrees, tolerance / unit)))


def stability_verdict(result: PopulationStability, tests: StabilityTests) -> tuple[str, str]:
    """Verdict and reason by the rule of thumb: pass below 0.1, review below 0.25, fail from there on.

    Not evaluable where chance alone reaches 0.1 and the index is not significantly above it.
    """
    if result.chance_level >= REVIEW and result.psi <= tests.critical_value:
        return "not evaluable", f"too few rows: an unchanged population reaches {result.chance_level:.3g} by chance"
    if result.psi >= FAIL:
        return "fail", f"index of at least {FAIL:g}"
    if result.psi >= REVIEW:
        beyond = result.psi > tests.critical_value
        return "review", f"index of at least {REVIEW:g}" + ("" if beyond else ", not significantly above it")
    return "pass", f"index below {REVIEW:g}"


def stability_table(
    counts: Mapping[str, Mapping[str, ArrayLike]],
    *,
    reference: str = "development",
    zero_cells: ZeroCells = "add_half",
    rows: Mapping[str, int] | None = None,
    score_shifts: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `stability.psi`: each sample of each quantity against the sample `reference`.

    counts: {quantity: {sample: counts by bin, shape (k,)}}, bins in the same order for every sample of a quantity
    (`bin_counts` makes them); whole, or scaled to effective rows, and then `rows` are the numbers of rows of each
    sample. score_shifts: {quantity: {sample: points}} by which the quantity moves the mean score. Raises
    CreditRiskError where the reference is absent, lengths differ, or counts without `rows` are not whole.
    """
    found: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for quantity, samples in counts.items():
        if reference not in samples:
            listed = ", ".join(samples)
            faults.append(Fault("the reference sample is absent", path=quantity, found=listed, allowed=reference))
            continue
        for sample, actual in samples.items():
            if sample == reference:
                continue
            try:
                result = population_stability_index(samples[reference], actual, zero_cells)
            except CreditRiskError as error:
                faults += [
                    Fault(f"{fault.path}: {fault.message}", path=f"{quantity}.{sample}") for fault in error.faults
                ]
                continue
            totals = (result.expected_total, result.actual_total)
            first, second = (rows[reference], rows[sample]) if rows is not None else map(_whole, totals)
            shift = (score_shifts or {}).get(quantity, {}).get(sample, math.nan)
            found.append({"quantity": quantity, "sample": sample, **_columns(result, first, second, shift)})
    if faults:
        raise CreditRiskError(faults)
    frame = pd.DataFrame(found, columns=_COLUMNS)
    frame.attrs["notes"] = (
        f"bins fixed on {reference}; missing and special codes are bins of their own",
        f"verdict: pass below {REVIEW:g}, review below {FAIL:g}, else fail: a rule of thumb; not evaluable where an "
        "unchanged population reaches the first of them by chance",
        f"tolerance test: of a population whose own index is at most {REVIEW:g} (noncentral chi-square)",
        "each quantity is tested by itself; nothing is corrected for the number of tests",
    )
    return frame


def stability_bins_table(
    counts: Mapping[str, Mapping[str, ArrayLike]],
    labels: Mapping[str, Sequence[str]],
    *,
    points: Mapping[str, ArrayLike] | None = None,
    reference: str = "development",
    zero_cells: ZeroCells = "add_half",
) -> pd.DataFrame:
    """Columns of evidence `stability.bins`: what moved, one row a quantity, sample and bin.

    counts as in `stability_table`; labels: {quantity: names of its bins (k,)}; points: {quantity: points of its bins
    (k,)}, where a scorecard gives them: `score_shift` = (actual − expected share)·points sums to the shift of the mean
    score by the quantity. `contribution` sums to the index, by the same rule of empty cells; shares are as counted.
    Raises CreditRiskError as `population_stability_index` does.
    """
    parts = []
    for quantity, samples in counts.items():
        first = np.asarray(samples[reference], np.float64)
        own = (points or {}).get(quantity)
        worth = np.full(len(first), math.nan) if own is None else np.asarray(own, np.float64)
        for sample, values in samples.items():
            if sample == reference:
                continue
            found = population_stability_index(first, values, zero_cells)
            second = np.asarray(values, np.float64)
            shares = first / first.sum(), second / second.sum()
            gap = shares[1] - shares[0]
            cells = (quantity, sample, np.arange(1, len(first) + 1), list(labels[quantity]), *shares, gap)
            rest = (found.contributions, worth, gap * worth)
            parts.append(pd.DataFrame(dict(zip(BIN_COLUMNS, (*cells, *rest), strict=True))))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=BIN_COLUMNS)
    frame.attrs["notes"] = (f"bins fixed on {reference}; contributions sum to the population stability index",)
    return frame


def _without_empty_cells(e: Floats, a: Floats, empty: int, zero_cells: ZeroCells) -> tuple[Floats, Floats, str]:
    if empty == 0 and zero_cells != "half_everywhere":
        return e / e.sum(), a / a.sum(), "no empty cell"
    if zero_cells in ("add_half", "half_everywhere"):
        bins = len(e)
        return (e + 0.5) / (e.sum() + 0.5 * bins), (a + 0.5) / (a.sum() + 0.5 * bins), "0.5 added to every cell"
    if isinstance(zero_cells, float):
        shares = (np.where(c == 0, zero_cells, c / c.sum()) for c in (e, a))
        return next(shares), next(shares), f"share {zero_cells:g} in place of an empty one"
    remedy = 'zero_cells="add_half", a small share, or wider bins'
    raise CreditRiskError(Fault(f"{empty} empty cells", code="empty_cells", path="actual_counts", remedy=remedy))


def _columns(result: PopulationStability, expected_rows: int, actual_rows: int, shift: float) -> dict[str, Any]:
    tests = stability_tests(result)
    values: tuple[Any, ...] = (result.bins, expected_rows, actual_rows)
    values += (result.psi, result.chance_level, result.empty_cells, result.zero_cell_rule)
    values += (tests.p_value, tests.critical_value, tests.tolerance_p_value, shift, *stability_verdict(result, tests))
    return dict(zip(_COLUMNS[2:], values, strict=True))


def _whole(total: float) -> int:
    """A whole total as an integer; CreditRiskError where it is not whole (a table of rows holds rows)."""
    if not total.is_integer():
        raise CreditRiskError(Fault("counts of rows are not whole", path="counts", found=repr(total)))
    return int(total)
