"""The classings of the package against the greatest information value that the plan allows, found by another
formulation than a search along the values: an integer programme."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.held import Held, held_classings
from validation.comparisons.limits import ONE_BIN
from validation.comparisons.placing import category, ordered_by, settings_of
from validation.findings import Finding, Outcome
from validation.rebuild.directions import declared_trends
from validation.rebuild.edges import column
from validation.rebuild.fine_classes import FineClasses, of_groups, of_numbers, order_of
from validation.rebuild.optimal_classing import INFEASIBLE, OPTIMAL, UNSOLVED, Best, Limits, best_classing
from validation.rebuild.workspace import DEVELOPMENT, Workspace

Floats = NDArray[np.float64]
TEST = "classing: greatest information value by an integer programme"
TABLE = "validation.classing"
CHOICES = {
    "auto": ("ascending", "descending", "peak", "valley"),
    "auto_monotonic": ("ascending", "descending"),
}
SHAPED = ("peak", "valley")
SHAPE_GAIN = 0.1
"""Share by which a peak or a valley must be better than a monotone trend under `auto`, as the plan's schema says."""
DOUBT = 0.01
"""Share of information value within which the choice between a monotone trend and a shape is not held against it."""
ROUNDING = 1e-9
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A classing as it is solved anew. stated: information value of the bins of ordinary values that the package holds;
    loss: share that the package says may be lost, None where it says nothing; trend: as the summary states it."""

    name: str
    classes: FineClasses
    totals: tuple[float, float]
    limits: Limits
    trend: str
    trends: tuple[str, ...]
    rule: str
    stated: float
    loss: float | None

    @property
    def bins(self) -> int:
        """Bins of ordinary values with rows."""
        return len(np.unique(self.classes.held))

    @property
    def most(self) -> float:
        """The greatest information value that the stated loss allows."""
        if self.loss is None or not 0 <= self.loss < 1:
            return self.stated
        return self.stated / (1 - self.loss)

    def solved(self, trend: str, above: float = -math.inf) -> Best:
        """The best classing of the fine classes under a trend."""
        return best_classing(self.classes.good, self.classes.bad, self.totals, trend, self.limits, above)


def compare_optimality(space: Workspace) -> None:
    """Solve every classing anew.

    One that gives more than the stated loss allows contradicts it. What a change by hand costs is told, and what is
    lost with good reason where it is much.
    """
    summary = {row["characteristic"]: row for row in space.package.rows_of("classing.summary") or []}
    changed = {item.get("characteristic") for item in (space.package.plan.get("classing") or {}).get("overrides") or []}
    rows: list[Row] = []
    kept = 0
    for name, held in held_classings(space).items():
        problem = None if name not in summary else _problem(space, held, summary[name])
        if problem is None:
            continue
        row, passed = _judged(space, problem, name in changed, str(summary[name]["solver_status"]))
        rows.append(row)
        kept += passed
    if kept:
        space.ledger.check(Outcome(TEST, "pass", kept, "no better than the stated loss allows", None))
    nothing = "no classing with goods and bads stands in a model or can be read"
    if not rows:
        space.ledger.not_evaluable(TEST, nothing)
    space.ledger.tables[TABLE] = rows or nothing


def _judged(space: Workspace, problem: Problem, by_hand: bool, status: str) -> tuple[Row, bool]:
    """The row of a classing, and whether it passed; what did not is recorded."""
    one_bin = status.startswith(ONE_BIN)
    trend, best = _best(problem, problem.trends if one_bin or by_hand else _rivals(problem))
    value = best.information_value if best.status == OPTIMAL else None
    lost = None if value is None or value <= 0 else max(1 - problem.stated / value, 0.0)
    if value is None:
        outcome, reason = _without(best, one_bin)
    elif one_bin:
        outcome, reason = "fail", "the package says that no classing keeps the limits, so that it has one bin"
    else:
        outcome, reason = _verdict(problem, value, by_hand, space.policy.cuts["classing_loss"].value)
    if outcome == "not_evaluable":
        space.ledger.not_evaluable(f"{TEST} ({problem.name})", str(reason))
    elif outcome != "pass":
        _record(space, problem, best, trend, outcome, reason)
    numbers = [len(problem.classes.good), problem.stated, value, problem.loss, lost]
    return [problem.name, problem.trend, trend, best.method, *numbers, outcome, reason], outcome == "pass"


def _without(best: Best, one_bin: bool) -> tuple[str, str | None]:
    """Outcome and reason where there is no answer."""
    if best.status == UNSOLVED:
        return "not_evaluable", best.method
    if one_bin:
        return "pass", "as the package says, no classing keeps the limits"
    return "not_evaluable", "no classing of the fine classes keeps the limits"


def _verdict(problem: Problem, value: float, by_hand: bool, cut: float) -> tuple[str, str | None]:
    """Outcome and reason from the greatest information value that was found."""
    if problem.bins > 1 and problem.trend not in problem.trends and not by_hand:
        return "fail", f"the trend {problem.trend} is none that the plan allows ({', '.join(problem.trends)})"
    if by_hand:
        return ("review" if value > problem.stated * (1 + ROUNDING) else "pass"), "changed by hand"
    if problem.loss is not None and value > problem.most * (1 + ROUNDING):
        return "fail", None
    if (choice := _other_choice(problem)) is not None:
        return "fail", choice
    if problem.stated < value * (1 - cut):
        return "review", f"more than {cut:.3g} of the information value is lost"
    return "pass", None


def _best(problem: Problem, trends: tuple[str, ...]) -> tuple[str, Best]:
    """The best over trends, the stated one first; an answer that is not there counts only where there is no other."""
    found: tuple[str, Best] | None = None
    for trend in sorted(trends, key=lambda item: item != problem.trend):
        above = -math.inf if found is None or found[1].status != OPTIMAL else found[1].information_value
        one = problem.solved(trend, above)
        if found is None or (one.status == OPTIMAL and one.information_value > above) or found[1].status == INFEASIBLE:
            found = trend, one
    assert found is not None
    return found


def _rivals(problem: Problem) -> tuple[str, ...]:
    """Trends between which information value alone chooses: those of the rule that are shapes, or that are not."""
    if problem.trend not in problem.trends:
        return problem.trends
    return tuple(trend for trend in problem.trends if (trend in SHAPED) == (problem.trend in SHAPED))


def _other_choice(problem: Problem) -> str | None:
    """Why `auto` should have chosen among the other trends, None where it should not."""
    others = tuple(trend for trend in problem.trends if trend not in _rivals(problem))
    if not others or problem.loss is None:
        return None
    gain = (1 + SHAPE_GAIN) * (1 + DOUBT)
    shaped = problem.trend in SHAPED
    needed = problem.most * (1 + DOUBT) / (1 + SHAPE_GAIN) if shaped else problem.most * gain
    for trend in others:
        other = problem.solved(trend, needed)
        if other.status == OPTIMAL and other.information_value > needed:
            told = "is not clearly worse" if shaped else "is clearly better"
            return f"{trend} {told}: it has {other.information_value:.6g}"
    return None


def _problem(space: Workspace, held: Held, summary: Mapping[str, Any]) -> Problem | None:
    """The classing over development rows; None where its ordinary values lack goods or bads."""
    rows = space.known(DEVELOPMENT)
    settings, outcome, weight = settings_of(space, held.name), space.outcome[rows], space.weight[rows]
    values = held.source.data[rows]
    ordinary = ~held.source.missing()[rows]
    for code in (code for item in held.step["bins"] for code in item.get("codes", ())):
        ordinary &= ~np.equal(values, code).astype(bool)
    totals = float(np.sum(weight[outcome == 0])), float(np.sum(weight[outcome == 1]))
    found = _classes(space, held, settings, ordinary, totals)
    if found is None or not np.sum(found[0].good) > 0 or not np.sum(found[0].bad) > 0:
        return None
    classes, taken, used = found
    w = weight[ordinary] if used is None else weight[ordinary & np.isin(values, used)]
    declared = declared_trends(space.package.plan).get(held.name)
    ordered = held.step["kind"] == "numeric" or ordered_by(space, held.name) != ()
    trend = str(summary["trend"]) if ordered else "ascending"
    rule = str(settings.get("trend") or trend) if declared is None else declared
    chosen = CHOICES.get(rule, (rule,)) if ordered and str(settings.get("engine", "exact")) == "exact" else (trend,)
    return Problem(
        name=held.name,
        classes=classes,
        totals=totals,
        limits=_limits(settings, sum(totals), taken, float(np.sum(w) / np.sum(w**2)), classes.fixed),
        trend=trend,
        trends=chosen,
        rule=rule,
        stated=_value_of(classes, totals),
        loss=summary.get("information_value_loss"),
    )


def _limits(settings: Mapping[str, Any], total: float, taken: int, scale: float, fixed: tuple[int, ...]) -> Limits:
    """The limits of the plan in the unit of the rows; taken: bins that are there already."""
    least, most = float(settings.get("min_share") or 0.0), settings.get("max_share")
    p_value = settings.get("max_p_value")
    return Limits(
        min_bins=max(int(settings.get("min_bins") or 1) - taken, 1),
        max_bins=None if settings.get("max_bins") is None else int(settings["max_bins"]) - taken,
        least=least * total,
        most=math.inf if most is None or most == 1 else float(most) * total,
        min_good=float(settings.get("min_goods") or 0.0),
        min_bad=float(settings.get("min_bads") or 0.0),
        difference=float(settings.get("min_rate_difference") or 0.0),
        max_p_value=None if p_value is None else float(p_value),
        scale=scale,
        fixed=fixed,
    )


def _classes(
    space: Workspace, held: Held, settings: Mapping[str, Any], ordinary: NDArray[np.bool_], totals: tuple[float, float]
) -> tuple[FineClasses, int, list[str] | None] | None:
    """Fine classes, the number of bins besides that are given as they are, and the categories that are classed."""
    rows = space.known(DEVELOPMENT)
    values, outcome, weight = held.source.data[rows], space.outcome[rows], space.weight[rows]
    if not np.any(ordinary):
        return None
    splits = {key: settings.get(f"{key}_splits") for key in ("fixed", "candidate")}
    if held.step["kind"] == "numeric":
        of = column(values, outcome, weight, ordinary)
        edges = [item["upper"] for item in held.step["bins"] if item["kind"] == "interval"][:-1]
        numbers = {key: None if given is None else [float(one) for one in given] for key, given in splits.items()}
        return of_numbers(of, edges, numbers["fixed"] or (), numbers["candidate"]), 0, None
    counts = dict(_by_category(values[ordinary], outcome[ordinary], weight[ordinary]))
    bins = [item["values"] for item in held.step["bins"] if item["kind"] == "categories"]
    order = ordered_by(space, held.name)
    if order:
        texts = {key: None if given is None else [category(one) for one in given] for key, given in splits.items()}
        opens = {key: None if given is None else _observed(order, counts, given) for key, given in texts.items()}
        alone = [(value,) for value in order if value in counts]
        return of_groups(alone, counts, bins, opens["fixed"] or (), opens["candidate"]), 0, None
    given = {
        key: [tuple(category(one) for one in group) for group in settings.get(key) or ()]
        for key in ("groups", "fixed_groups")
    }
    least = float(settings.get("rare_share") or 0.0) * sum(totals)
    own = {value for group in given["fixed_groups"] for value in group}
    groups = order_of(counts, least, [*given["groups"], *given["fixed_groups"]])
    free = [group for group in groups if not own & set(group)]
    if not free:
        return None
    return of_groups(free, counts, bins), len(given["fixed_groups"]), [value for group in free for value in group]


def _by_category(values: Any, outcome: Floats, weight: Floats) -> Iterator[tuple[str, tuple[float, float]]]:
    """Goods and bads of each category with rows, in the order of text."""
    distinct, place = np.unique(values.astype(str), return_inverse=True)
    good, bad = (np.bincount(place, np.where(outcome == kind, weight, 0.0), len(distinct)) for kind in (0, 1))
    yield from ((str(v), (float(g), float(b))) for v, g, b in zip(distinct, good, bad, strict=True) if g + b > 0)


def _observed(order: tuple[str, ...], counts: Mapping[str, Any], splits: list[str]) -> list[str]:
    """The first category with rows from each split on."""
    found = (next((v for v in order[order.index(one) :] if v in counts), None) for one in splits if one in order)
    return [value for value in found if value is not None]


def _value_of(classes: FineClasses, totals: tuple[float, float]) -> float:
    """Information value of the bins that the package holds; a bin that lacks goods or bads counts nothing."""
    bins = int(np.max(classes.held)) + 2
    good, bad = (np.bincount(classes.held + 1, part, bins) for part in (classes.good, classes.bad))
    p, q = good[good * bad > 0] / totals[0], bad[good * bad > 0] / totals[1]
    return float(np.sum((p - q) * np.log(p / q)))


def _record(space: Workspace, problem: Problem, best: Best, trend: str, outcome: str, reason: str | None) -> None:
    check = "classing_cost" if outcome == "review" else "loss_understated"
    cuts = ", ".join(problem.classes.name(cut) for cut in best.cuts) or "no edge"
    told = (
        f"With bins of {problem.name} that open at {cuts} (trend {trend}), the information value of ordinary values is "
        f"{best.information_value:.6g} under the limits of the plan; the bins of the package have {problem.stated:.6g}"
    )
    told += "." if problem.loss is None else f", of which the package says that at most {problem.loss:.3g} is lost."
    finding = Finding(
        test=TEST,
        severity=space.policy.checks[check],
        quantity=problem.name,
        developer_value=problem.stated,
        validator_value=best.information_value,
        tolerance=None,
        statement=told + ("" if reason is None else f" {reason[0].upper()}{reason[1:]}."),
        remedy="Class the characteristic again, or state what may be lost and why.",
        evidence=("classing.summary", f"classing.table.{problem.name}"),
    )
    space.ledger.check(Outcome(f"{TEST} ({problem.name})", outcome, 1, "as the stated loss allows", reason, finding))
