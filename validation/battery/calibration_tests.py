"""The probability judged over its range: Hosmer-Lemeshow, Spiegelhalter, Brier, slope and intercept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from validation.battery.fitted_level import level_effect
from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Floats, Words, by_chance, design_effect, in_words, settle, settled
from validation.comparisons.performance import regressions
from validation.rebuild import calibration, metrics
from validation.rebuild.calibration_plan import calibrated_on, moves_level
from validation.rebuild.workspace import DEVELOPMENT, Workspace

EVIDENCE = ("performance.calibration",)
MOVED = "the plan sets the level of the probability, not that of the sample"
COCHRAN = 0.2
"""Share of groups that may have fewer expected bads or goods than the least number (Cochran 1954, Biometrics 10)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Hosmer and Lemeshow's statistic of groups, its degrees, p-value, mean gap over the bad rate; small groups."""

    statistic: float
    degrees: int
    p_value: float
    error: float
    small: int
    groups: int


def lack_of_fit(y: Floats, p: Floats, weight: Floats, *, fitted: bool, effect: float = 1.0, least: float = 5.0) -> Fit:
    """Return Σ (O − E)²/(E(1 − E/n)) over ten quantile groups, counts divided by a design effect.

    Degrees G − 2 where the model was fitted on the rows, else G. error: Σ share·|O − E|/n over the bad rate. small:
    groups with fewer expected bads or goods than `least`.
    """
    parts = calibration.grouped(p, y, p, weight)
    size, mean, rate = parts["size"] / effect, parts["mean"], parts["rate"]
    spread = np.maximum(mean * (1.0 - mean), 1e-300)
    statistic = float(np.sum(size * (rate - mean) ** 2 / spread))
    degrees = len(mean) - (2 if fitted else 0)
    small = int(np.count_nonzero(size * np.minimum(mean, 1.0 - mean) < least))
    whole = float(np.sum(size * rate))
    error = float(np.sum(size * np.abs(rate - mean))) / whole if whole > 0 else math.nan
    p_value = float(stats.chi2.sf(statistic, degrees)) if degrees > 0 else math.nan
    return Fit(statistic, degrees, p_value, error, small, len(mean))


def check_calibration(space: Workspace) -> None:
    """Judge the champion on every sample."""
    model_id = space.package.champion_id
    value = space.output(model_id, "probability")
    for sample in space.rows:
        rows = space.judged(model_id, sample)
        reason = None
        if value is None:
            reason = "the champion publishes no probability"
        elif moves_level(space.package.plan):
            reason = MOVED
        else:
            bad = int(np.count_nonzero(space.outcome[rows] == 1))
            if min(bad, len(rows) - bad) < space.policy.cuts["minimum_bads"].value:
                reason = f"too few of a kind: {bad} bads, {len(rows) - bad} goods"
        if reason or value is None:
            for area, test in (("hosmer_lemeshow", "Hosmer-Lemeshow"), ("calibration", "calibration over the range")):
                absent(space.ledger, area, test, sample, reason or "")
            continue
        columns = space.outcome[rows], value.data[rows], space.weight[rows]
        effect = design_effect(columns[2] * (columns[0] - columns[1]), space.cluster[rows])
        _check_groups(space, sample, columns, effect)
        _check_spiegelhalter(space, sample, columns, effect)
        _check_slope(space, sample, columns, effect)
        _check_brier(space, sample, columns)


def _check_groups(space: Workspace, sample: str, columns: tuple[Floats, Floats, Floats], effect: float) -> None:
    fitted = sample in (DEVELOPMENT, calibrated_on(space.package.plan))
    least = space.policy.cuts["minimum_expected"].value
    found = lack_of_fit(*columns, fitted=fitted, effect=effect, least=least)
    test = "Hosmer-Lemeshow"
    if found.groups < 3 or found.small > COCHRAN * found.groups or math.isnan(found.p_value):
        reason = f"{found.small} of {found.groups} groups have fewer than {least:g} expected bads or goods"
        absent(space.ledger, "hosmer_lemeshow", test, sample, reason)
        return
    outcome = settled(space, sample, by_chance(found.p_value, found.error, space.policy, "calibration_error_fail"))
    row = BatteryRow(
        area="hosmer_lemeshow",
        test=test,
        population=sample,
        statistic=f"chi-square of {found.groups} groups, {found.degrees} degrees",
        outcome=outcome,
        value=found.statistic,
        p_value=found.p_value,
        cut=in_words(space.policy, "a mean gap over the bad rate", "calibration_error_fail"),
    )
    words = (
        f"On {sample} probabilities differ from bad rates by {found.error:.4f} of the bad rate in the mean of groups."
    )
    settle(space, row, "calibration_error_fail", Words(words, "Recalibrate the model.", EVIDENCE))


def _check_spiegelhalter(space: Workspace, sample: str, columns: tuple[Floats, Floats, Floats], effect: float) -> None:
    """z over the square root of the design effect; told, as the level and the slope are judged."""
    z = metrics.spiegelhalter(*columns)[0] / math.sqrt(effect)
    if math.isnan(z):
        absent(space.ledger, "calibration", "Spiegelhalter", sample, "the statistic has no variance")
        return
    p_value = 2.0 * float(special.ndtr(-abs(z)))
    cut = space.policy.cuts["spiegelhalter_review"]
    row = BatteryRow(
        area="calibration",
        test="Spiegelhalter",
        population=sample,
        statistic="z",
        outcome="review" if p_value <= cut.value else "pass",
        value=z,
        p_value=p_value,
        cut=f"review at p of at most {cut.value:g}",
    )
    words = f"On {sample} Spiegelhalter's z is {z:.2f}."
    settle(space, row, "spiegelhalter_review", Words(words, "Look at level and slope.", EVIDENCE))


def _check_slope(space: Workspace, sample: str, columns: tuple[Floats, Floats, Floats], effect: float) -> None:
    """Slope 1 and intercept 0 of the log-odds; bounds widened by the root of the design effect.

    Those of the intercept also by the error of the level on the rows on which it was fitted.
    """
    y, p, w = columns
    if not np.all((p > 0) & (p < 1)):
        absent(space.ledger, "calibration", "calibration slope", sample, "a probability is 0 or 1")
        return
    told = regressions(y, np.log(p) - np.log1p(-p), w, space.confidence)
    fitted = {"slope": 1.0, "intercept": math.sqrt(level_effect(space, space.package.champion_id, sample))}
    widen, level = math.sqrt(effect), float(special.ndtri(0.5 + space.confidence / 2.0))
    for name, ideal, cut in (
        ("slope", 1.0, "calibration_slope_fail"),
        ("intercept", 0.0, "calibration_intercept_fail"),
    ):
        if name not in told:
            absent(space.ledger, "calibration", f"calibration {name}", sample, "the regression has no solution")
            continue
        value = told[name]
        half = (told[f"{name}_upper"] - told[f"{name}_lower"]) / 2.0 * widen * fitted[name]
        gap = abs(value - ideal)
        p_value = 2.0 * float(special.ndtr(-gap / (half / level))) if half > 0 else math.nan
        if math.isnan(p_value):
            absent(space.ledger, "calibration", f"calibration {name}", sample, "the regression has no error")
            continue
        row = BatteryRow(
            area="calibration",
            test=f"calibration {name}",
            population=sample,
            statistic=name,
            outcome=settled(space, sample, by_chance(p_value, gap, space.policy, cut)),
            value=value,
            p_value=p_value,
            lower=value - half,
            upper=value + half,
            cut=in_words(space.policy, f"a distance from {ideal:g}", cut),
        )
        words = f"On {sample} the {name} of the log-odds is {value:.4f}, {ideal:g} where the model is calibrated."
        settle(space, row, cut, Words(words, "Recalibrate the model.", EVIDENCE))


def _check_brier(space: Workspace, sample: str, columns: tuple[Floats, Floats, Floats]) -> None:
    """Mean squared error with its bounds: clusters of residuals; better than the bad rate alone."""
    y, p, w = columns
    value = metrics.brier(y, p, w)
    rows = space.judged(space.package.champion_id, sample)
    share = w / float(np.sum(w))
    gap = share * ((y - p) ** 2 - value)
    error = math.sqrt(float(np.sum(gap**2)) * design_effect(gap, space.cluster[rows]))
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    rate = float(np.sum(share * y))
    row = BatteryRow(
        area="calibration",
        test="Brier score",
        population=sample,
        statistic="Brier score",
        outcome="pass" if value < rate * (1.0 - rate) else "review",
        value=value,
        lower=value - half,
        upper=value + half,
        cut=f"review unless below {rate * (1.0 - rate):.4f}, that of the sample's bad rate alone",
    )
    words = f"On {sample} the Brier score is {value:.4f}, no better than that of the bad rate alone."
    settle(space, row, "brier_review", Words(words, "Recalibrate the model, or do not use its probability.", EVIDENCE))
