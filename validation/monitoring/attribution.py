"""What moved the mean score and the mean probability, again: from bins of characteristics, or attributions of trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.monitoring.bench import Bench
from validation.monitoring.tables import compare_table, not_recomputed
from validation.score import run_step
from validation.steps.values import Value
from validation.structure import made_by, read_by, steps_of

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
NOTHING = "(missing)"
CAP, GROUPS, STEP = 5_000, 5_000, 0.01
"""Rows of a month of which a run draws a sample; distinct scores of development that it groups; the least path over
which the slope of the mean probability is taken, in standard deviations."""
QUANTITIES = ("linear_score", "probability")
TABLES = ("attribution", "attribution_totals")
KEYS = ["period", "segment"]
RULES = {"shift": "attribution", "standard_error": "standard_error", "p_value": "p_value", "share": "attribution"}
TOTALS = ("shift", "observed_shift", "remainder", "observed_probability")
PROBABILITY = {"probability_shift": "attribution"}
OF_TOTALS = {"probability_shift": "attribution", "probability_remainder": "attribution"}


@dataclass(frozen=True, slots=True)
class Counted:
    """expected (k,): development's rows by bin; ids (n,): bin of each row of production, -1 where the model refuses the
    value; labels, kinds, effects by bin (NaN where a bin adds nothing known to the linear score); development (m,): bin
    of each row of development."""

    name: str
    expected: Floats
    ids: NDArray[np.int64]
    labels: list[str]
    kinds: list[str]
    effects: Floats
    of_score: bool
    development: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Base:
    """Development: linear scores (n,), weights (n,), and the curve to the probability, None where there is none."""

    scores: Floats
    weight: Floats
    curve: Curve | None

    def mean(self, move: float = 0.0, stretch: float = 1.0) -> float:
        """Mean probability of the scores moved, and stretched about their mean."""
        assert self.curve is not None
        centre = float(np.average(self.scores, weights=self.weight))
        return float(np.average(self.curve(centre + move + stretch * (self.scores - centre)), weights=self.weight))

    @property
    def variance(self) -> float:
        """Of the scores."""
        centre = float(np.average(self.scores, weights=self.weight))
        return float(np.average((self.scores - centre) ** 2, weights=self.weight))

    def of_location(self, shifts: Floats) -> Floats:
        """Parts (k,) of the change of the mean probability when development moves by the sum of the shifts."""
        if self.curve is None:
            return np.full(len(shifts), np.nan)
        move, least = float(shifts.sum()), STEP * float(np.sqrt(self.variance) or 1.0)
        low, high = (0.0, move) if abs(move) >= least / 2.0 else (-least / 2.0, least / 2.0)
        return np.asarray(shifts * (self.mean(high) - self.mean(low)) / (high - low), np.float64)

    def of_spread(self, move: float, changes: Floats) -> Floats:
        """Parts (k,) of the change when the moved development is stretched by the sum of the changes of variance."""
        if self.curve is None or self.variance <= 0:
            return np.full(len(changes), np.nan if self.curve is None else 0.0)
        whole, variance = float(changes.sum()), self.variance
        low, high = variance, variance + whole
        if abs(whole) < STEP * variance:
            low, high = variance * (1.0 - STEP / 2.0), variance * (1.0 + STEP / 2.0)
        first, second = (self.mean(move, float(np.sqrt(max(one, 0.0) / variance))) for one in (low, high))
        return np.asarray(changes * (second - first) / (high - low), np.float64)


def compare_attribution(bench: Bench, counted: list[Counted], moments: pd.DataFrame) -> None:
    """Compare shifts by characteristic, their sums, and what of the observed shifts is left."""
    step = next(iter(steps_of(bench.package.model, "attribution")), None)
    stated = bench.run.table("attribution")
    names = set() if stated is None else set(stated["variable"])
    trees = [] if step is None else [part["characteristic"] for part in step["characteristics"]]
    known = [one for one in counted if not np.isnan(one.effects).any()]
    if step is not None and names == set(trees):
        _compare_rows(bench, step)
    elif known and (stated is None or names == {one.name for one in known}):
        _compare_counts(bench, known, moments)
    else:
        for name in TABLES:
            not_recomputed(bench.ledger, bench.run, name, "the linear score is no sum of classed terms or attributions")


def _compare(bench: Bench, rows: list[tuple[Any, ...]], totals: list[tuple[Any, ...]], grouped: bool) -> None:
    """rows: period, segment, variable, shift, error, share, probability; totals: period, segment, rows, sum, observed
    score, sum and observed of the probability."""
    own = pd.DataFrame(rows, columns=[*KEYS, "variable", "shift", "standard_error", "share", "probability_shift"])
    z = own["shift"].abs() / own["standard_error"].where(own["standard_error"] > 0)
    own["p_value"] = np.where(
        z.isna(), own["shift"].where(own["shift"].isna(), 1.0), 2.0 * special.ndtr(-z.to_numpy(np.float64))
    )
    rules = RULES if grouped else RULES | PROBABILITY
    compare_table(bench.ledger, bench.run, "attribution", own, [*KEYS, "variable"], rules)
    names = [*KEYS, "rows", "shift", "observed_shift", "probability_shift", "observed_probability"]
    both = pd.DataFrame(totals, columns=names)
    both["remainder"] = both["observed_shift"] - both["shift"]
    both["probability_remainder"] = both["observed_probability"] - both["probability_shift"]
    rules = {"rows": "rows", **dict.fromkeys(TOTALS, "attribution"), **({} if grouped else OF_TOTALS)}
    compare_table(bench.ledger, bench.run, "attribution_totals", both, KEYS, rules)
    if grouped:
        told = "the run groups the scores of development"
        bench.ledger.not_evaluable("monitoring.attribution: probability_shift", f"not recomputed: {told}")


# --------------------------------------------------------------------------------------------------------------- counts
def _compare_counts(bench: Bench, known: list[Counted], moments: pd.DataFrame) -> None:
    base = _base(bench)
    grouped = base.curve is not None and len(np.unique(base.scores)) > GROUPS
    by = moments.set_index(["quantity", *KEYS])
    rows, totals = [], []
    for period, segment, inside in bench.groups(NOTHING):
        shifts, errors = (np.array(one) for one in zip(*(_moved(one, inside) for one in known), strict=True))
        unknown = grouped or bool(np.isnan(shifts).any())
        likely = np.full(len(shifts), np.nan) if unknown else base.of_location(shifts)
        rows += list(_lines(period, segment, [one.name for one in known], shifts, errors, likely))
        told = [by.loc[(q, period, segment)] if (q, period, segment) in by.index else None for q in QUANTITIES]
        observed = [np.nan if one is None else one["mean"] - one["development_mean"] for one in told]
        count = np.nan if told[0] is None else told[0]["rows"]
        totals.append((period, segment, count, float(shifts.sum()), observed[0], float(likely.sum()), observed[1]))
    _compare(bench, rows, totals, grouped)


def _moved(one: Counted, inside: NDArray[np.int64]) -> tuple[float, float]:
    """Shift of the mean effect of a characteristic, and its standard error; NaN where no row is in a bin."""
    worth = one.effects[one.ids[inside][one.ids[inside] >= 0]]
    if not len(worth):
        return np.nan, np.nan
    share = one.expected / one.expected.sum()
    mean = float(share @ one.effects)
    variance = float(share @ (one.effects - mean) ** 2) / one.expected.sum() + np.var(worth) / len(worth)
    return float(worth.mean()) - mean, float(np.sqrt(variance))


def _lines(
    period: str, segment: str, names: list[str], shifts: Floats, errors: Floats, likely: Floats
) -> Iterator[tuple[Any, ...]]:
    sizes = float(np.nansum(np.abs(shifts)))
    for k, name in enumerate(names):
        share = np.nan if np.isnan(shifts[k]) else abs(shifts[k]) / sizes if sizes > 0 else 0.0
        yield period, segment, name, shifts[k], errors[k], share, likely[k]


def _base(bench: Bench) -> _Base:
    scores = bench.output("linear_score")
    assert scores is not None  # every model has one
    weight = np.ones(len(scores)) if bench.weight is None else bench.weight
    return _Base(scores, weight, _curve(bench.package.model))


def _curve(model: Mapping[str, Any]) -> Curve | None:
    """The steps from the linear score to the probability; None where something else goes in."""
    start, end = model["outputs"].get("linear_score"), model["outputs"].get("probability")
    wanted, steps = {end}, list[Mapping[str, Any]]()
    for step in reversed(model["steps"]):
        made = set(made_by(step))
        if start not in made and wanted & made:
            steps.insert(0, step)
            wanted = (wanted - made) | set(read_by(step))
    if not end or wanted != {start}:
        return None

    def curve(x: Floats) -> Floats:
        names = {start: Value("number", x, np.zeros(len(x), dtype=bool))}
        for step in steps:
            names.update(run_step(step, names, len(x), model["steps"]))
        return np.asarray(names[end].data, np.float64)

    return curve


# ----------------------------------------------------------------------------------------------------------------- rows
def _compare_rows(bench: Bench, step: Mapping[str, Any]) -> None:
    month = bench.production.frame["period"].to_numpy(object)
    most = max([bench.development_rows, *(int(np.sum(month == one)) for one in bench.production.periods)])
    if bench.scored is None or most > CAP:
        for name in TABLES:
            not_recomputed(bench.ledger, bench.run, name, "attributions are of a sample, or inputs are absent")
        return
    base, likely = _base(bench), bench.output("probability")
    first = _contributions(step, bench.development)
    fine = bench.production.whole & ~np.logical_or.reduce(
        [bench.scored[name].error for name in bench.package.model["outputs"].values() if isinstance(name, str)
         and name in bench.scored]
    )  # fmt: skip
    second = _contributions(step, bench.scored)
    score, probability = (_output(bench, name) for name in QUANTITIES)
    names = [part["characteristic"] for part in step["characteristics"]]
    w = base.weight / base.weight.sum()
    before = w @ base.scores
    rows, totals = [], []
    for period, segment, every in bench.groups(NOTHING):
        inside = every[fine[every]]
        if not len(inside):
            continue
        own, n = second[inside], len(inside)
        shifts = own.mean(axis=0) - w @ first
        errors = np.sqrt((w**2) @ (first - w @ first) ** 2 + own.var(axis=0) / n)
        likely_by = np.full(len(names), np.nan)
        if n > 1 and base.curve is not None:
            covariance = (own - own.mean(axis=0)).T @ (score[inside] - score[inside].mean()) / n
            changes = covariance - (first - w @ first).T @ (w * (base.scores - before))
            likely_by = base.of_location(shifts) + base.of_spread(float(shifts.sum()), changes)
        rows += list(_lines(period, segment, names, shifts, errors, likely_by))
        observed = float(score[inside].mean() - before)
        bad = np.nan if likely is None else float(probability[inside].mean() - np.average(likely, weights=base.weight))
        totals.append((period, segment, n, float(shifts.sum()), observed, float(likely_by.sum()), bad))
    _compare(bench, rows, totals, grouped=False)


def _contributions(step: Mapping[str, Any], values: Mapping[str, Value]) -> Floats:
    """Attributions (n, k) in log-odds."""
    told = [np.asarray(values[part["output"]].data, np.float64) for part in step["characteristics"]]
    return np.column_stack(told) / float(step["multiplier"])


def _output(bench: Bench, name: str) -> Floats:
    assert bench.scored is not None
    return np.asarray(bench.scored[bench.package.model["outputs"][name]].data, np.float64)
