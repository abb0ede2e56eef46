"""Strategy as evidence: what is assumed, cut-off curves, the best cut-off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.evidence import Cell, Evidence, absent, key_values, table
from credit_risk._core.randomness import stage_generator
from credit_risk.lifecycle.applicants import ALL, applicants
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored, input_files
from credit_risk.lifecycle.strategy_experiment import EXPERIMENT_IDS, experiment_evidence
from credit_risk.lifecycle.strategy_overrides import OVERRIDE_IDS, override_evidence
from credit_risk.lifecycle.strategy_pairs import PAIR_IDS, pair_evidence
from credit_risk.plan import Plan
from credit_risk.plan.outcome_checks import MEASURES
from credit_risk.sampling import Intake
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.best_cut_off import Aim, best_cut_off_table
from credit_risk.strategy.charts import CHARTS
from credit_risk.strategy.cut_offs import cut_off_table, cut_offs_of
from credit_risk.strategy.spec import ProductSpec

Floats = NDArray[np.float64]
IDS = (
    *PAIR_IDS,
    *EXPERIMENT_IDS,
    *OVERRIDE_IDS,
    "strategy.assumptions",
    "strategy.cut_offs",
    "strategy.acceptance_curve",
    "strategy.profit_curve",
    "strategy.best_cut_off",
)
OF_MEASURES = "a cut-off is of a score, and a model of an amount or a fraction has none"
NO_PROFIT = "not evaluable: the plan does not say what a good earns and a bad loses (strategy.profit)"
NO_AIM = "the plan declares neither a cut-off nor an aim (strategy.cut_off, strategy.aim), and none is assumed"
KNOWN = "outcomes are known of booked accounts only; those of the others are not inferred"
RULES = "policy rules are left aside: who is accepted here is accepted by the score (rules.decisions has both)"
CERTAIN = "profit takes the declared amounts as certain; its interval is of who turns out bad"


def refuse_amounts(plan: Plan, intake: Intake, labels: NDArray[np.object_]) -> None:
    """Raise IntakeError where a column that strategy reads is text, or misses or has negative values in the samples."""
    faults = []
    rows = pd.notna(labels)
    for name, path in plan.strategy.columns().items():
        if path == "strategy.overrides.reason":
            continue
        if intake.types.get(name) != "numeric":
            found = str(intake.types.get(name))
            faults.append(Fault(f"{name!r} is no number", "type", path=path, found=found, allowed="a numeric column"))
            continue
        if path == "strategy.incumbent.column":
            continue
        values = intake.frame[name].to_numpy(float)
        for wrong, words in ((np.isnan(values), "missing"), (values < 0, "below 0")):
            places = np.flatnonzero(wrong & rows)
            if len(places):
                keys = ", ".join(str(intake.key[place]) for place in places[:5])
                message = f"the amount {name!r} is {words} in {len(places):,} rows of the samples"
                remedy = "declare a column that has a value of 0 or more in each row, or a constant"
                faults.append(Fault(message, "amount", path=path, found=f"keys {keys}", allowed="≥ 0", remedy=remedy))
    if faults:
        raise IntakeError(faults)


def strategy_evidence(plan: Plan, intake: Intake, scored: Scored) -> list[Evidence]:
    """What strategy assumes, and the curves and the best cut-off of the champion's score on every sample."""
    if plan.outcome.type in MEASURES:
        return [absent(identifier, "not_applicable", OF_MEASURES) for identifier in IDS]
    groups = applicants(plan, intake, scored, plan.champion.id)
    inputs = input_files(scored, [plan.champion.id], plan.champion.id)
    return [
        key_values("strategy.assumptions", assumptions(plan), inputs=("plan.json",)),
        *_curves(plan, groups, inputs),
        _best(plan, groups, inputs),
        *pair_evidence(plan, intake, scored, groups),
        *experiment_evidence(plan, scored, groups),
        *override_evidence(plan, intake, scored),
    ]


def assumptions(plan: Plan) -> dict[str, Cell]:
    """Items of `strategy.assumptions`: what the plan declares, and what it does not."""
    strategy, undeclared = plan.strategy, "not declared"
    profit, aim = strategy.profit, strategy.aim
    items: dict[str, Cell] = {
        "cut-off": undeclared if strategy.cut_off is None else f"{strategy.cut_off:.15g}",
        "earned of a good": undeclared if profit is None else _amount_words(profit.good),
        "lost of a bad": undeclared if profit is None else _amount_words(profit.bad),
        "currency": undeclared if profit is None or profit.currency is None else profit.currency,
        "source of the amounts": undeclared if profit is None or profit.source is None else profit.source,
        "author of the amounts": undeclared if profit is None or profit.author is None else profit.author,
        "aim": undeclared if aim is None else aim.type.replace("_", " "),
        "limit of the aim": "none" if aim is None or aim.limit is None else f"{aim.limit:.15g}",
        "resamples": str(strategy.resamples),
    }
    return items | _incumbent_items(plan) | _redeployment_items(plan)


def _incumbent_items(plan: Plan) -> dict[str, Cell]:
    incumbent = plan.strategy.incumbent
    if incumbent is None:
        return {"incumbent": "not declared"}
    cut_off = "as many as the champion" if incumbent.cut_off is None else f"{incumbent.cut_off:.15g}"
    direction = f"the bad rate is {incumbent.direction}"
    return {"incumbent": incumbent.column, "cut-off of the incumbent": cut_off, "direction of the incumbent": direction}


def _redeployment_items(plan: Plan) -> dict[str, Cell]:
    rules = plan.strategy.redeployment
    if rules is None:
        return {"rules of redeployment": "not declared"}
    items: dict[str, Cell] = {"rules of redeployment": f"on {rules.sample.replace('_', ' ')}"}
    for name, part in (("all to accept", rules.auto_accept), ("one to reject", rules.reject)):
        named = [f"{key} {value:.15g}" for key, value in part.model_dump().items() if value is not None]
        items[name] = ", ".join(named) or "none"
    return items | {"manual review": rules.manual_review, "on accepts only": rules.accepts_only}


def _amount_words(amount: float | ProductSpec) -> str:
    if isinstance(amount, ProductSpec):
        return " × ".join([*amount.columns, *([] if amount.rate == 1.0 else [f"{amount.rate:.15g}"])])
    return f"{amount:.15g}"


def _curves(plan: Plan, groups: Mapping[str, Applicants], inputs: tuple[str, ...]) -> list[Evidence]:
    strategy, first = plan.strategy, groups[DEVELOPMENT]
    given = strategy.cut_offs
    points = cut_offs_of(first.score, given, first.weights) if isinstance(given, int) else np.array(given)
    frame = cut_off_table(groups, points, declared=strategy.cut_off, confidence=plan.evaluation.confidence)
    notes = [CERTAIN if strategy.profit is not None else NO_PROFIT]
    notes += [KNOWN] if ALL in groups else []
    notes += [RULES] if plan.rules else []
    notes += outside(first, np.unique(frame["cut_off"]))
    found = [table("strategy.cut_offs", frame, inputs=inputs, notes=tuple(notes))]
    curve = frame.loc[frame["bad_rate"].notna(), ACCEPTANCE]
    chart, told = CHARTS["strategy.acceptance_curve"], (KNOWN,) if ALL in groups else ()
    found.append(table("strategy.acceptance_curve", curve, inputs=inputs, chart=chart, notes=told))
    if strategy.profit is None:
        return [*found, absent("strategy.profit_curve", "not_applicable", NO_PROFIT)]
    earned = frame.loc[frame["profit"].notna(), PROFIT]
    chart = CHARTS["strategy.profit_curve"]
    return [*found, table("strategy.profit_curve", earned, inputs=inputs, chart=chart, notes=(CERTAIN,))]


ACCEPTANCE = ["sample", "acceptance_rate", "bad_rate", "bad_rate_lower", "bad_rate_upper"]
PROFIT = ["sample", "acceptance_rate", "cut_off", "profit", "profit_lower", "profit_upper"]


def outside(first: Applicants, points: Floats) -> list[str]:
    """A note where cut-offs lie outside the scores of development, so that all are accepted there, or none."""
    least, greatest = float(first.score.min()), float(first.score.max())
    notes = []
    for wrong, words in ((points < least, "all"), (points > greatest, "none")):
        if wrong.any():
            listed = ", ".join(f"{point:.6g}" for point in points[wrong])
            notes.append(
                f"cut-offs outside the scores of development ({least:.6g} to {greatest:.6g}) accept {words}: {listed}"
            )
    return notes


def _best(plan: Plan, groups: Mapping[str, Applicants], inputs: tuple[str, ...]) -> Evidence:
    strategy, identifier = plan.strategy, "strategy.best_cut_off"
    if strategy.cut_off is None and strategy.aim is None:
        return absent(identifier, "not_applicable", NO_AIM)
    samples = {name: one for name, one in groups.items() if name != ALL}
    aim = None if strategy.aim is None else Aim(strategy.aim.type, strategy.aim.limit)
    frame = best_cut_off_table(
        samples,
        aim,
        declared=strategy.cut_off,
        replicates=strategy.resamples,
        generator=stage_generator(plan.samples.seed, "strategy"),
        confidence=plan.evaluation.confidence,
    )
    notes = [CERTAIN] if strategy.profit is not None else []
    if aim is not None:
        notes.append(
            f"bounds of best cut-offs are percentiles of {strategy.resamples:,} seeded resamples; what a sample "
            "reaches by its own best cut-off is optimistic, what it reaches by that of development is not"
        )
    return table(identifier, frame, inputs=inputs, notes=tuple(notes))
