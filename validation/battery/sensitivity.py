"""Sensitivity of the champion: each input shocked, the response against its stated direction, a stress of all inputs.

Rows are known outcomes of all samples, evenly placed, as many as the policy says. A shock of a number leaves missing
values and special codes as they are; the other shocks put one value into every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.battery.verdicts import not_evaluable, verdict
from validation.rebuild import characteristics, metrics, shocks
from validation.rebuild.characteristics import Characteristic
from validation.rebuild.directions import SIGNS, declared_trends
from validation.rebuild.shocks import Probe
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import Value
from validation.structure import steps_of

AREA, TABLE = "sensitivity", "validation.sensitivity"
GRID = 21
GREATEST = float(np.finfo(np.float64).max)
UNSEEN = "a value never seen"
ONE_UP, ONE_DOWN = "one standard deviation up", "one standard deviation down"
LOWEST, HIGHEST = "development minimum", "development maximum"
BELOW, ABOVE = "below the minimum", "above the maximum"
MISSING = "missing"
DEFINED = (LOWEST, HIGHEST, MISSING, "level", "unseen category", "special code")
"""Shocks after which a model must give a result; beyond the data, as below zero, it may have none."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Response:
    """What a shock did: mean of the champion's result before and after, AUC after, shares of rows with another decision
    (NaN without decisions) and left without result."""

    name: str
    shock: str
    value: str
    before: float
    after: float
    auc: float
    decisions: float
    unscored: float

    @property
    def change(self) -> float:
        """Relative change of the mean."""
        return self.after / self.before - 1.0 if self.before else np.nan


@dataclass(frozen=True, slots=True)
class Bench:
    """The champion on the rows of the trials: rows (m,) of the snapshot, their outcome and weight, results before."""

    space: Workspace
    probe: Probe
    rows: NDArray[np.int64]
    y: Floats
    weight: Floats
    before: Mapping[str, Value]

    def result(self, outputs: Mapping[str, Value]) -> Floats:
        """Return the probability, or the expected amount or fraction (m,)."""
        key = "probability" if "probability" in outputs else "expected_value"
        return outputs[key].data.astype(np.float64)

    def respond(self, name: str, shock: str, value: str, changed: Mapping[str, Value]) -> Response:
        """Return the response to replaced values."""
        after = self.probe.outputs(changed)
        own, found = self.result(self.before), self.result(after)
        scored = np.isfinite(found)
        both = scored & np.isfinite(own)
        weight = self.weight[both]
        first_mean, second_mean = (
            float(np.average(x[both], weights=weight)) if both.any() else np.nan for x in (own, found)
        )
        decisions = np.nan
        first, second = decision_of(self.space, self.before), decision_of(self.space, after)
        if first is not None and second is not None:
            decisions = float(np.average(np.not_equal(first, second), weights=self.weight))
        unscored = float(np.average(~scored & np.isfinite(own), weights=self.weight))
        return Response(name, shock, value, first_mean, second_mean, self._auc(found, scored), decisions, unscored)

    def _auc(self, found: Floats, scored: NDArray[np.bool_]) -> float:
        if self.space.package.outcome_type != "binary" or len(np.unique(self.y[scored])) < 2:
            return np.nan
        return metrics.auc(self.y[scored], found[scored], self.weight[scored]).auc


def check_sensitivity(space: Workspace) -> None:
    """Judge the champion under shocks; the responses are the rows of `validation.sensitivity`."""
    bench = bench_of(space)
    if bench is None:
        reason = "the champion gives no probability or expected value, or no outcome is known"
        for test in ("shocks of single inputs", "response against the stated direction", "stress of all inputs"):
            not_evaluable(space, AREA, test, "champion", reason)
        space.ledger.tables[TABLE] = reason
        return
    inputs = [one for one in characteristics.of_champion(space) if one.name in _input_names(space)]
    found = [response for one in inputs for response in responses_of(bench, one)]
    space.ledger.tables[TABLE] = [_cells(one) for one in found] or "the champion reads no input"
    _judge_single(space, found)
    _judge_directions(bench)
    _judge_stress(bench, inputs)
    check_range(space)


def bench_of(space: Workspace) -> Bench | None:
    """Return the champion on the rows of the trials; None where it gives no result or no outcome is known."""
    champion = space.package.champion_id
    value = space.output(champion, "probability") or space.output(champion, "expected_value")
    if value is None:
        return None
    rows = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *(space.known(name) for name in space.rows)]))
    rows = rows[np.isfinite(value.data[rows].astype(np.float64))]
    if not len(rows):
        return None
    rows = characteristics.thinned(rows, int(space.policy.cuts["sensitivity_rows"].value))
    held = shocks.probe(space, champion, rows)
    return Bench(space, held, rows, space.outcome[rows], space.weight[rows], held.outputs({}))


def decision_of(space: Workspace, outputs: Mapping[str, Value]) -> NDArray[Any] | None:
    """Return the decision (m,), else the grade, else whether the score reaches the cut-off; None without these."""
    for key in ("overall_decision", "grade"):
        if key in outputs:
            return outputs[key].data
    cut_off = (space.package.plan.get("strategy") or {}).get("cut_off")
    if cut_off is None or "score" not in outputs:
        return None
    return np.asarray(outputs["score"].data >= float(cut_off))


def responses_of(bench: Bench, one: Characteristic) -> list[Response]:
    """Return the responses of the champion to every shock of one input, in a fixed order."""
    own = bench.probe.base[one.name]
    found = []
    for shock, told, value in _shocks(bench.space, one, own):
        found.append(bench.respond(one.name, shock, told, {one.name: value}))
    return found


def _shocks(space: Workspace, one: Characteristic, own: Value) -> list[tuple[str, str, Value]]:
    rows = space.rows.get(DEVELOPMENT, np.zeros(0, dtype=np.int64))
    ordinary = one.ordinary()[rows]
    known, weight = one.value.data[rows][ordinary], space.weight[rows][ordinary]
    found: list[tuple[str, str, Value]] = []
    if one.numeric and len(known):
        known = known.astype(np.float64)
        size, low, high = characteristics.spread(known, weight), float(known.min()), float(known.max())
        reach = max(high - low, 1.0)
        found += [(shock, f"{by:+.6g}", moved(one, own, by)) for shock, by in ((ONE_UP, size), (ONE_DOWN, -size))]
        beyond = (BELOW, max(low - reach, -GREATEST)), (ABOVE, min(high + reach, GREATEST))
        ends = ((LOWEST, low), (HIGHEST, high), *beyond)
        found += [(shock, f"{value:.6g}", filled(own, value)) for shock, value in ends]
    elif not one.numeric:
        levels = sorted({str(item) for item in known})
        found += [("level", level, filled(own, level)) for level in levels[: int(_most_levels(space))]]
        found.append(("unseen category", UNSEEN, filled(own, UNSEEN)))
    found.append((MISSING, "missing", filled(own, None)))
    found += [("special code", characteristics.word(code), filled(own, code)) for code in one.specials]
    return found


def _most_levels(space: Workspace) -> float:
    return space.policy.cuts["sensitivity_levels"].value


def moved(one: Characteristic, own: Value, by: float) -> Value:
    """Return a number moved by `by`, to the greatest double at most, where it is neither missing nor special."""
    local = Characteristic(one.name, own, one.specials)
    with np.errstate(over="ignore"):
        further = np.clip(own.data + by, -GREATEST, GREATEST)
    return Value("number", np.where(local.ordinary(), further, own.data), own.error)


def filled(own: Value, content: Any) -> Value:
    """Return a value that is `content` in every row (None: missing)."""
    rows = len(own.data)
    nothing = np.zeros(rows, dtype=bool)
    if own.kind == "number":
        return Value("number", np.full(rows, np.nan if content is None else float(content)), nothing)
    data = np.empty(rows, dtype=object)
    data[:] = content
    return Value("string", data, nothing)


def _input_names(space: Workspace) -> set[str]:
    return {item["name"] for item in space.package.model["inputs"]}


def _cells(one: Response) -> list[Any]:
    numbers = [one.before, one.after, one.change, one.auc, one.decisions, one.unscored]
    return [one.name, one.shock, one.value, *numbers]


def _judge_single(space: Workspace, found: list[Response]) -> None:
    steps = [one for one in found if one.shock in (ONE_UP, ONE_DOWN) and np.isfinite(one.change)]
    if steps:
        worst = max(steps, key=lambda one: abs(one.change))
        verdict(
            space,
            AREA,
            "largest effect of one input",
            "champion",
            f"relative change of the mean ({worst.name})",
            abs(worst.change),
            review="input_effect_review",
            fail="input_effect_fail",
            statement=f"With {worst.name} {worst.shock} the mean result changes from {worst.before:.4f} to "
            f"{worst.after:.4f}.",
            remedy="Know how the input is made and watch it: an error in it moves the whole portfolio.",
            evidence=(TABLE,),
        )
    else:
        not_evaluable(space, AREA, "largest effect of one input", "champion", "no input is a number that varies")
    judged = [one for one in found if one.shock in DEFINED]
    if judged:
        worst = max(judged, key=lambda one: one.unscored)
        verdict(
            space,
            AREA,
            "every shocked applicant is scored",
            "champion",
            f"share without a result ({worst.name})",
            worst.unscored,
            fail="unscored_maximum",
            statement=f"With {worst.name} {worst.shock} ({worst.value}) {worst.unscored:.2%} have no result.",
            remedy="Say in the model what it does with such values.",
            evidence=(TABLE,),
        )


def against(bench: Bench, name: str, trend: str) -> tuple[float, float, float] | None:
    """Return the largest fall of the mean result along a rising risk of one value, relative to the mean, and where.

    The value runs over quantiles of development and the edges of its classes; derived values that read others beside
    it are left as they are. None where it is no number, or has one value.
    """
    space, own = bench.space, bench.probe.base.get(name)
    if own is None or own.kind != "number":
        return None
    one = Characteristic(
        name, space.scored[space.package.champion_id][name], characteristics.specials_of(space, name, "number")
    )
    rows = space.rows.get(DEVELOPMENT, np.zeros(0, dtype=np.int64))
    known = one.value.data[rows][one.ordinary()[rows]]
    if not len(known) or np.min(known) == np.max(known):
        return None
    grid = np.quantile(known, np.linspace(0.0, 1.0, GRID), method="closest_observation")
    edges = [
        float(item["lower"])
        for step in steps_of(bench.probe.model, "classing")
        if step["input"] == name
        for item in step["bins"]
        if item["kind"] == "interval" and item["lower"] is not None
    ]
    grid = np.unique(np.concatenate([grid, edges]))
    grid = np.array([value for value in grid if value not in one.specials])
    skip = shocks.direct_only(bench.probe, name)
    means = []
    for value in grid if SIGNS[trend] > 0 else grid[::-1]:
        result = bench.result(bench.probe.outputs({name: filled(own, value)}, skip))
        scored = np.isfinite(result)
        means.append(float(np.average(result[scored], weights=bench.weight[scored])) if scored.any() else np.nan)
    order = grid if SIGNS[trend] > 0 else grid[::-1]
    falls = -np.diff(means)
    if not np.isfinite(falls).any():
        return None
    place = int(np.nanargmax(falls))
    return max(0.0, float(falls[place])) / abs(float(np.nanmean(means))), float(order[place]), float(order[place + 1])


def _judge_directions(bench: Bench) -> None:
    """The mean result moves with the stated direction of every characteristic that has one."""
    space, test = bench.space, "response against the stated direction"
    trends = declared_trends(space.package.plan)
    told = {name: trend for name, trend in trends.items() if trend in SIGNS and name in bench.probe.base}
    found = {name: value for name, trend in told.items() if (value := against(bench, name, trend)) is not None}
    if not found:
        not_evaluable(space, AREA, test, "champion", "no number that the champion reads has a stated direction")
        return
    limit = space.policy.cuts["response_against_direction_review"].value
    wrong = [name for name, value in found.items() if value[0] > limit]
    worst = max(found, key=lambda name: found[name][0])
    size, start, end = found[worst]
    verdict(
        space,
        AREA,
        test,
        "champion",
        f"relative fall of the mean ({worst})",
        size,
        review="response_against_direction_review",
        fail="response_against_direction_fail",
        statement=f"The risk of {worst} is said to be {told[worst]}, but the mean result falls by {size:.2%} between "
        f"{start:g} and {end:g}. Against their direction: {', '.join(wrong) or 'none'}.",
        remedy="Correct the response, or the statement of the direction with a reason.",
        evidence=(TABLE,),
    )


def riskier(space: Workspace, one: Characteristic) -> int:
    """Return 1 where risk rises with a number, −1 where it falls, 0 where nothing states it or shows it."""
    trend = declared_trends(space.package.plan).get(one.name)
    if trend in SIGNS:
        return SIGNS[trend]
    rows = space.known(DEVELOPMENT)
    rows = rows[one.ordinary()[rows]]
    x, y = one.value.data[rows].astype(np.float64), space.outcome[rows]
    if space.package.outcome_type != "binary":
        y = (y > np.median(y)).astype(np.float64) if len(y) else y
    if len(np.unique(y)) < 2 or min(np.sum(y), np.sum(1 - y)) < 2 or np.min(x) == np.max(x):
        return 0
    area = metrics.auc(y, x, space.weight[rows], space.confidence)
    return 1 if area.lower > 0.5 else -1 if area.upper < 0.5 else 0


def _judge_stress(bench: Bench, inputs: list[Characteristic]) -> None:
    """All numbers moved toward risk by the policy's severity: the mean result must rise."""
    space, test = bench.space, "stress of all inputs"
    severity = space.policy.cuts["stress_severity"].value
    rows = space.rows.get(DEVELOPMENT, np.zeros(0, dtype=np.int64))
    changed = {}
    for one in inputs:
        sign = riskier(space, one) if one.numeric else 0
        ordinary = one.ordinary()[rows]
        if sign and ordinary.any():
            known = one.value.data[rows][ordinary].astype(np.float64)
            size = characteristics.spread(known, space.weight[rows][ordinary])
            changed[one.name] = moved(one, bench.probe.base[one.name], sign * severity * size)
    if not changed:
        not_evaluable(space, AREA, test, "champion", "no number among the inputs has a direction of risk")
        return
    told = f"{severity:g} standard deviations toward risk"
    found = bench.respond("all numbers", "stress", told, changed)
    rows_ = space.ledger.tables[TABLE]
    if isinstance(rows_, list):
        rows_.append(_cells(found))
    ratio = found.after / found.before if found.before else np.nan
    verdict(
        space,
        AREA,
        test,
        "champion",
        "mean after over before",
        ratio,
        fail="stress_response_minimum",
        below=True,
        statement=f"With {len(changed)} inputs moved {told} the mean result goes from {found.before:.4f} to "
        f"{found.after:.4f}.",
        remedy="Find which input lowers the risk where it should raise it.",
        evidence=(TABLE,),
    )


def check_range(space: Workspace) -> None:
    """The score of later samples lies within that of development."""
    value, test = space.output(space.package.champion_id, "linear_score"), "scores beyond those of development"
    if value is None or DEVELOPMENT not in space.rows:
        not_evaluable(space, AREA, test, "champion", "no linear score or no development sample")
        return
    first = value.data[space.rows[DEVELOPMENT]]
    first = first[np.isfinite(first)]
    for sample, rows in space.rows.items():
        own = value.data[rows]
        scored = np.isfinite(own)
        if sample == DEVELOPMENT or not scored.any() or not len(first):
            continue
        slack = 1e-9 * max(1.0, float(np.max(np.abs(first))))
        outside = (own[scored] < first.min() - slack) | (own[scored] > first.max() + slack)
        share = float(np.average(outside, weights=space.weight[rows][scored]))
        verdict(
            space,
            AREA,
            test,
            sample,
            "share of rows",
            share,
            review="outside_range_review",
            fail="outside_range_fail",
            statement=f"{share:.2%} of {sample} have a score beyond the range of development.",
            remedy="Say what the model does beyond its data, and decide such applicants by hand.",
            evidence=("stability.psi",),
        )
