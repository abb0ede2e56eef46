"""Grades judged by the policy's own rules: level, order, difference of neighbours, mixed grades, concentration.

Counts are effective: Kish's under weights, divided by the design effect where rows share a cluster. A grade with fewer
rows or expected bads than the policy asks for is never passed; where it is significant all the same, that is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import special, stats

from validation.battery.calibration_tests import COCHRAN, MOVED
from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Words, design_effect, details, even, in_words, settle, settled
from validation.comparisons import rating
from validation.policy import Policy
from validation.rebuild import grades as own
from validation.rebuild.calibration_plan import moves_level
from validation.rebuild.workspace import DEVELOPMENT, Workspace

LEVEL_REMEDY = "Recalibrate the scale, or say why the year is worse than the long run."


@dataclass(frozen=True, slots=True)
class Graded:
    """Cells of the grades of one sample, safest first, with effective sizes, and the probabilities of the scale.

    counted: rows are whole counts, neither weighted nor clustered.
    """

    sample: str
    names: Sequence[str]
    probabilities: Sequence[float]
    cells: Sequence[own.Cell]
    whole: own.Cell
    counted: bool
    effect: float

    @property
    def probability(self) -> float:
        """The mean of the scale's probabilities over the rows."""
        found = zip(self.cells, self.probabilities, strict=True)
        return math.fsum(one.weight * p for one, p in found) / self.whole.weight


def graded(space: Workspace, scale: rating.Scale, sample: str) -> Graded:
    """Count the grades of a sample."""
    rows = scale.rows[sample]
    value = space.output(space.package.champion_id, "probability")
    assert value is not None
    y, p, w = space.outcome[rows], value.data[rows], space.weight[rows]
    effect = design_effect(w * (y - p), space.cluster[rows])

    def effective(one: own.Cell) -> own.Cell:
        return replace(one, size=one.size / effect)

    cells = [effective(one) for one in own.cells(scale.places[sample], y, p, w, len(scale.grades))]
    counted = even(w) and effect == 1.0
    return Graded(sample, scale.grades, scale.probabilities, cells, effective(own.cell(y, p, w)), counted, effect)


def small(policy: Policy, one: own.Cell, probability: float) -> str | None:
    """Return why a cell is too small for a pass, with its counts, or None."""
    rows, least = policy.cuts["minimum_grade_rows"].value, policy.cuts["minimum_expected"].value
    expected = one.size * min(probability, 1.0 - probability)
    if one.size >= rows and expected >= least:
        return None
    return f"{one.size:.0f} effective rows and {expected:.1f} expected bads or goods; {rows:g} and {least:g} are needed"


def vasicek_quantile(probability: float, correlation: float, level: float) -> float:
    """Return Φ((√ρ·Φ⁻¹(q) + Φ⁻¹(PD))/√(1 − ρ)), the rate of a large portfolio in a year as bad as 1 − q (Vasicek)."""
    pulled = math.sqrt(correlation) * float(special.ndtri(level)) + float(special.ndtri(probability))
    return float(special.ndtr(pulled / math.sqrt(1.0 - correlation)))


def check_grades(space: Workspace, scale: rating.Scale) -> None:
    """Judge every sample."""
    first = graded(space, scale, DEVELOPMENT)
    for sample in space.rows:
        found = graded(space, scale, sample)
        if not len(scale.rows[sample]):
            for area in ("jeffreys", "binomial", "correlated", "monotonicity", "homogeneity", "concentration"):
                absent(space.ledger, area, "grades", sample, "no row with a known outcome")
            continue
        if moves_level(space.package.plan):
            for area in ("jeffreys", "binomial", "correlated", "hosmer_lemeshow"):
                absent(space.ledger, area, "level of grades", sample, MOVED)
        else:
            for level in LEVELS:
                _check_level(space, found, level)
            _check_fit(space, found)
        _check_order(space, found)
        _check_neighbours(space, found)
        _check_halves(space, scale, found)
        if sample != DEVELOPMENT:
            _check_concentration(space, first, found)


@dataclass(frozen=True, slots=True)
class Level:
    """A test of the level: its area, name of its cuts, p-value of (rate, size, probability, correlation)."""

    area: str
    words: str
    cut: str
    p_value: Callable[[float, float, float, float], float]


LEVELS = (
    Level("jeffreys", "level of", "grade_level", lambda rate, size, p, _: own.jeffreys(rate, size, p)),
    Level("binomial", "binomial test of", "binomial", lambda rate, size, p, _: own.binomial(rate, size, p)),
    Level("correlated", "level with correlated defaults of", "correlated", own.correlated),
)


def _check_level(space: Workspace, found: Graded, level: Level) -> None:
    """Each grade, with Holm's correction over them, and all grades together."""
    correlation = space.policy.cuts["asset_correlation"].value
    pairs = list(zip(found.cells, found.probabilities, strict=True))
    values = [level.p_value(one.rate, one.size, p, correlation) for one, p in pairs]
    adjusted = own.holm(values)
    rows = [
        _level_row(space, found.sample, level, f"grade {name}", one, p, value, corrected)
        for name, (one, p), value, corrected in zip(found.names, pairs, values, adjusted, strict=True)
    ]
    details(space, rows)
    judged = [k for k, row in enumerate(rows) if row.outcome != "not_evaluable"]
    if judged:
        least = min(judged, key=lambda k: adjusted[k])
        row = replace(
            rows[least],
            test=f"{level.words} grades",
            population=found.sample,
            outcome=_worst(rows),
            p_value=adjusted[least],
        )
        settle(space, row, f"{level.cut}_fail", _level_words(found, least, adjusted[least]), compared=len(judged))
    else:
        absent(space.ledger, level.area, f"{level.words} grades", found.sample, "every grade is too small")
    whole, p = found.whole, found.probability
    cut = "grade_portfolio" if level.cut == "grade_level" else level.cut
    value = level.p_value(whole.rate, whole.size, p, correlation)
    row = _level_row(space, found.sample, replace(level, cut=cut), "all grades", whole, p, value, value)
    row = replace(row, test=f"{level.words} all grades", population=found.sample)
    words = (
        f"On {found.sample} the bad rate is {whole.rate:.4f}, the mean probability of the grades {p:.4f} "
        f"(p-value {value:.3g})."
    )
    settle(space, row, f"{cut}_fail", Words(words, LEVEL_REMEDY, (rating.PORTFOLIO,)))


def _level_row(
    space: Workspace,
    sample: str,
    level: Level,
    name: str,
    one: own.Cell,
    probability: float,
    value: float,
    adjusted: float,
) -> BatteryRow:
    policy = space.policy
    review, fail = policy.cuts[f"{level.cut}_review"].value, policy.cuts[f"{level.cut}_fail"].value
    ratio = policy.cuts["grade_level_ratio"].value
    outcome = "pass"
    if adjusted <= fail and one.rate > ratio * probability:
        outcome = "fail"
    elif value <= review:
        outcome = "review"
    reason = small(policy, one, probability)
    outcome = "not_evaluable" if outcome == "pass" and reason else settled(space, sample, outcome)
    low, high = own.jeffreys_bounds(one.rate, one.size, space.confidence)
    return BatteryRow(
        area=level.area,
        test=f"{level.words} {name}",
        population=sample,
        statistic=f"bad rate against {probability:.4f}{_quantiles(space, level, probability)}",
        outcome=outcome,
        value=one.rate,
        p_value=value,
        lower=low,
        upper=high,
        cut=f"review at p of at most {review:g}, fail at {fail:g} (Holm over grades) with a rate above {ratio:g} times",
        reason=reason,
    )


def _quantiles(space: Workspace, level: Level, probability: float) -> str:
    """Vasicek's quantiles at the policy's correlation, for the test with correlated defaults."""
    if level.area != "correlated" or not 0 < probability < 1:
        return ""
    correlation = space.policy.cuts["asset_correlation"].value
    told = [1.0 - space.policy.cuts[f"correlated_{name}"].value for name in ("review", "fail")]
    values = "/".join(f"{vasicek_quantile(probability, correlation, q):.4f}" for q in told)
    return f", rho {correlation:g}, quantiles {told[0]:g}/{told[1]:g} at {values}"


def _level_words(found: Graded, k: int, p_value: float) -> Words:
    one, p = found.cells[k], found.probabilities[k]
    words = (
        f"On {found.sample} grade {found.names[k]} has the bad rate {one.rate:.4f} and the probability {p:.4f} "
        f"(p-value with Holm's correction {p_value:.3g})."
    )
    return Words(words, "Recalibrate the grade, or say why the year is worse than the long run.", (rating.VALIDATION,))


def _worst(rows: Sequence[BatteryRow]) -> str:
    """The worst outcome of rows; not evaluable only where all are."""
    held = {row.outcome for row in rows}
    return next(word for word in ("fail", "review", "pass", "not_evaluable") if word in held)


def _check_fit(space: Workspace, found: Graded) -> None:
    """Hosmer and Lemeshow's test with the grades as groups."""
    policy, test = space.policy, "Hosmer-Lemeshow over grades"
    held = [(one, p) for one, p in zip(found.cells, found.probabilities, strict=True) if one.rows]
    least = policy.cuts["minimum_expected"].value
    few = sum(one.size * min(p, 1.0 - p) < least for one, p in held)
    fitted = found.sample == rating.design_sample(space)
    value, degrees, p_value = own.lack_of_fit([one for one, _ in held], [p for _, p in held], fitted=fitted)
    if few > COCHRAN * len(held) or math.isnan(p_value):
        reason = f"{few} of {len(held)} grades have fewer than {least:g} expected bads or goods"
        absent(space.ledger, "hosmer_lemeshow", test, found.sample, reason)
        return
    error = math.fsum(one.weight * abs(one.rate - p) for one, p in held) / found.whole.weight
    error = error / found.whole.rate if found.whole.rate > 0 else math.nan
    cut = "calibration_error_fail"
    outcome = "review" if p_value <= policy.cuts["chance_review"].value else "pass"
    if p_value <= policy.cuts["chance_fail"].value and error > policy.cuts[cut].value:
        outcome = "fail"
    row = BatteryRow(
        area="hosmer_lemeshow",
        test=test,
        population=found.sample,
        statistic=f"chi-square, {degrees} degrees",
        outcome=settled(space, found.sample, outcome),
        value=value,
        p_value=p_value,
        cut=in_words(policy, "a mean gap over the bad rate", cut),
    )
    words = f"On {found.sample} the grades' rates differ from their probabilities by {error:.4f} of the bad rate."
    settle(space, row, cut, Words(words, LEVEL_REMEDY, (rating.PORTFOLIO,)))


def inversion(one: own.Cell, other: own.Cell, *, counted: bool) -> float:
    """Return the one-sided p-value that the riskier grade has the lower rate: exact for counts, else by a normal z."""
    if counted:
        return own.reversal(one, other)
    z = own.proportions(one, other)[0]
    return float(stats.norm.cdf(z)) if math.isfinite(z) else math.nan


def _check_order(space: Workspace, found: Graded) -> None:
    policy, test = space.policy, "order of grades"
    values = [inversion(one, other, counted=found.counted) for one, other in pairwise(found.cells)]
    adjusted = own.holm(values)
    review, fail = policy.cuts["grade_order_review"].value, policy.cuts["grade_order_fail"].value
    cut = f"review at p of at most {review:g}, fail at {fail:g}, Holm over neighbours"
    rows = []
    for k, (one, other) in enumerate(pairwise(found.cells)):
        reasons = [small(policy, c, found.probabilities[k + i]) for i, c in enumerate((one, other))]
        reason = next((reason for reason in reasons if reason), None)
        outcome = "fail" if adjusted[k] <= fail else "review" if adjusted[k] <= review else "pass"
        outcome = "not_evaluable" if outcome == "pass" and reason else settled(space, found.sample, outcome)
        rows.append(
            BatteryRow(
                area="monotonicity",
                test=f"order of grades {found.names[k]} and {found.names[k + 1]}",
                population=found.sample,
                statistic="rate of the riskier less that of the safer",
                outcome=outcome,
                value=other.rate - one.rate,
                p_value=values[k],
                cut=cut,
                reason=reason,
            )
        )
    details(space, rows)
    judged = [k for k, row in enumerate(rows) if row.outcome != "not_evaluable"]
    if not judged:
        absent(space.ledger, "monotonicity", test, found.sample, "every pair of neighbours has a small grade")
        return
    least = min(judged, key=lambda k: adjusted[k])
    one, other = found.cells[least], found.cells[least + 1]
    words = (
        f"On {found.sample} grade {found.names[least + 1]} has {other.bad} bads of {other.rows}, the safer grade "
        f"{found.names[least]} {one.bad} of {one.rows} (exact p-value with Holm's correction {adjusted[least]:.3g})."
    )
    row = replace(
        rows[least], test=test, population=found.sample, outcome=_worst(rows), p_value=adjusted[least], reason=None
    )
    told = Words(words, "Join the grades, or find why their order is lost.", (rating.MONOTONICITY,))
    settle(space, row, "grade_order_fail", told, compared=len(judged))


def _check_neighbours(space: Workspace, found: Graded) -> None:
    """Neighbours that two proportions do not tell apart ask for a reason; it may be want of rows."""
    policy = space.policy
    level = policy.cuts["grade_heterogeneity_review"].value
    rows = []
    for k, (one, other) in enumerate(pairwise(found.cells)):
        z, p_value = own.proportions(one, other)
        reasons = [small(policy, c, found.probabilities[k + i]) for i, c in enumerate((one, other))]
        reason = next((reason for reason in reasons if reason), None)
        outcome = "pass" if p_value <= level and other.rate > one.rate else "review"
        outcome = "not_evaluable" if reason or math.isnan(p_value) else outcome
        rows.append(
            BatteryRow(
                area="homogeneity",
                test=f"grades {found.names[k]} and {found.names[k + 1]} differ",
                population=found.sample,
                statistic="z of two proportions",
                outcome=outcome,
                value=z,
                p_value=p_value,
                cut=f"review where p is above {level:g}",
                reason=reason or ("nothing varies" if math.isnan(p_value) else None),
            )
        )
    _combine(space, found, rows, "neighbouring grades differ", "grade_heterogeneity_review", rating.HETEROGENEITY)


def _check_halves(space: Workspace, scale: rating.Scale, found: Graded) -> None:
    """The safer and the riskier half of a grade have one rate; a wide grade of many rows need not."""
    policy = space.policy
    level = policy.cuts["grade_homogeneity_review"].value
    rows_of, places = scale.rows[found.sample], scale.places[found.sample]
    value = space.output(space.package.champion_id, "probability")
    assert value is not None
    columns = space.outcome[rows_of], value.data[rows_of], space.weight[rows_of]
    halves = [own.halves(*(column[places == k] for column in columns)) for k in range(len(found.cells))]
    parts = [
        (at, replace(low, size=low.size / found.effect), replace(high, size=high.size / found.effect))
        for at, low, high in halves
    ]
    tests = [own.proportions(low, high) for _, low, high in parts]
    adjusted = own.holm([p for _, p in tests])
    rows = []
    for k, ((at, low, high), (z, p_value)) in enumerate(zip(parts, tests, strict=True)):
        reasons = [small(policy, c, found.probabilities[k]) for c in (low, high)]
        reason = "one value of the probability" if math.isnan(at) else next((r for r in reasons if r), None)
        reason = reason or ("nothing varies" if math.isnan(p_value) else None)
        outcome = "review" if adjusted[k] <= level else "not_evaluable" if reason else "pass"
        rows.append(
            BatteryRow(
                area="homogeneity",
                test=f"halves of grade {found.names[k]} are alike",
                population=found.sample,
                statistic="z of two proportions",
                outcome=outcome,
                value=z,
                p_value=p_value,
                cut=f"review at p of at most {level:g}, Holm over grades",
                reason=reason if outcome == "not_evaluable" else None,
            )
        )
    _combine(space, found, rows, "halves of grades are alike", "grade_homogeneity_review", rating.HOMOGENEITY)


def _combine(space: Workspace, found: Graded, rows: Sequence[BatteryRow], test: str, cut: str, evidence: str) -> None:
    """One outcome of several rows: how many ask for review."""
    details(space, rows)
    wrong = [row for row in rows if row.outcome == "review"]
    judged = [row for row in rows if row.outcome != "not_evaluable"]
    if not judged:
        absent(space.ledger, "homogeneity", test, found.sample, "every grade is too small")
        return
    row = BatteryRow(
        area="homogeneity",
        test=test,
        population=found.sample,
        statistic=f"tests that ask for review, of {len(judged)}",
        outcome="review" if wrong else "pass",
        value=float(len(wrong)),
        cut=judged[0].cut,
        reason=f"{len(rows) - len(judged)} of {len(rows)} are too small" if len(judged) < len(rows) else None,
    )
    words = f"On {found.sample}, of {len(judged)} tests that {test}, {len(wrong)} do not show it."
    remedy = "Join or divide grades, or say why they are kept."
    settle(space, row, cut, Words(words, remedy, (evidence,)), compared=len(judged))


def _check_concentration(space: Workspace, first: Graded, found: Graded) -> None:
    """Coefficient of variation against that of development, which counts as known (ECB instructions 2019, 2.5.5.3)."""
    policy, cut = space.policy, "concentration_rise_fail"
    shares = [np.array([one.weight for one in each.cells]) / each.whole.weight for each in (first, found)]
    (_, before, _), (_, variation, index) = (own.spread(share) for share in shares)
    p_value = own.risen(before, variation, len(found.cells))[1]
    few = found.whole.size < policy.cuts["minimum_grade_rows"].value
    if math.isnan(p_value) or few:
        reason = f"{found.whole.size:.0f} effective rows" if few else "all grades hold the same share"
        absent(space.ledger, "concentration", "concentration against development", found.sample, reason)
        return
    review, fail = policy.cuts["chance_review"].value, policy.cuts["concentration_p_fail"].value
    rise, least, gross = variation - before, policy.cuts[cut].value, policy.cuts["concentration_rise_gross"].value
    outcome = "review" if p_value <= review else "pass"
    if rise > gross or (p_value <= fail and rise > least):
        outcome = "fail"
    row = BatteryRow(
        area="concentration",
        test="concentration against development",
        population=found.sample,
        statistic=f"CV against {before:.4f}; HI {index:.4f}",
        outcome=outcome,
        value=variation,
        p_value=p_value,
        cut=f"review at p of at most {review:g}, fail at {fail:g} with a rise above {least:g}, or above {gross:g}",
    )
    words = f"On {found.sample} the coefficient of variation of the grades is {variation:.4f}, {before:.4f} before."
    settle(space, row, cut, Words(words, "Find what moved the portfolio.", (rating.CONCENTRATION,)))
