"""Leakage suspicion: what one characteristic tells of the outcome that it should not know, and a model too good."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from validation.battery.cuts import judge, judge_each
from validation.comparisons.leakage import later_share
from validation.rebuild import clustered
from validation.rebuild.screen import Screen, screen
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import sources_of, steps_of

TABLE = "validation.soundness"
FEWEST_FOR_A_GAP = 3
_REMEDY = "Find when the value is known; take the characteristic out if it is known only after the outcome."
_EVIDENCE = ("data.leakage", "classing.summary")
_MEASURES = (
    ("AUC of a single characteristic", "AUC", "auc", "alone_auc", "alone has an AUC of {:.4f}"),
    ("information value", "information value", "information_value", "alone_iv", "has an information value of {:.4f}"),
    (
        "missing values that tell",
        "Gini",
        "missing_gini",
        "missing_gini",
        "has a Gini of {:.4f} by being missing",
    ),
    (
        "values with bads only",
        "share of bads",
        "pure_bads",
        "pure_bads",
        "has {:.4f} of all bads in pure values",
    ),
    (
        "values with goods only",
        "share of goods",
        "pure_goods",
        "pure_goods",
        "has {:.4f} of all goods in pure values",
    ),
)


def check_leakage(space: Workspace) -> None:
    """Screen every input of a model and every characteristic that one classes, on development; judge the best AUC."""
    rows = space.known(DEVELOPMENT)
    y = space.outcome[rows]
    least = space.policy.cuts["minimum_bads"].value
    _check_too_good(space)
    _check_dates(space)
    if min(np.count_nonzero(y == 1), np.count_nonzero(y == 0)) < least:
        space.ledger.not_evaluable("battery: leakage of single characteristics", f"fewer than {least:g} bads or goods")
        return
    found = {name: screen(values, y, space.weight[rows]) for name, values in characteristics(space, rows).items()}
    if not found:
        space.ledger.not_evaluable("battery: leakage of single characteristics", "no model reads a column")
        return
    space.ledger.tables[TABLE] = [
        [name, one.rows, one.auc, one.information_value, one.missing_gini, one.pure_bads, one.pure_goods]
        for name, one in found.items()
    ]
    _judge_screens(space, found)
    _judge_gap(space, found)


def characteristics(space: Workspace, rows: np.ndarray) -> dict[str, pd.Series]:
    """Return by name, over `rows`, the inputs that the models read and the derived values that they class."""
    values: dict[str, pd.Series] = {}
    for model_id, model in space.package.models.items():
        read = sources_of(model)
        for item in model["inputs"]:
            if item["name"] in read and item["name"] not in values:
                values[item["name"]] = space.frame[item["name"]].iloc[rows]
        for step in steps_of(model, "classing"):
            held = space.scored[model_id].get(step["input"])
            if step["input"] not in values and held is not None and held.kind in ("number", "string"):
                values[step["input"]] = pd.Series(held.data[rows])
    return values


def _judge_screens(space: Workspace, found: dict[str, Screen]) -> None:
    for test, quantity, field, cut, words in _MEASURES:
        values = {name: float(getattr(one, field)) for name, one in found.items()}
        judge_each(
            space,
            f"battery: {test}",
            quantity,
            values,
            fail=f"{cut}_fail",
            review=f"{cut}_review",
            sentence=partial(_sentence, words),
            remedy=_REMEDY,
            evidence=_EVIDENCE,
        )


def _sentence(words: str, name: str, value: float) -> str:
    return f"On development {name} {words.format(value)}."


def _judge_gap(space: Workspace, found: dict[str, Screen]) -> None:
    """The best characteristic far above the second is suspected, whatever its AUC."""
    test = "battery: best characteristic against the second"
    if len(found) < FEWEST_FOR_A_GAP:
        space.ledger.not_evaluable(test, f"fewer than {FEWEST_FOR_A_GAP} characteristics")
        return
    ranked = sorted(found, key=lambda name: -found[name].auc)
    gap = 2.0 * (found[ranked[0]].auc - found[ranked[1]].auc)
    judge(
        space,
        test,
        f"Gini of {ranked[0]} over that of {ranked[1]}",
        gap,
        fail="alone_gap_fail",
        review="alone_gap_review",
        statement=f"The Gini of {ranked[0]} alone is {gap:.4f} above that of the second best, {ranked[1]}.",
        remedy=_REMEDY,
        evidence=_EVIDENCE,
    )


def _check_too_good(space: Workspace) -> None:
    """A credit score that hardly errs on test rows has seen the outcome; development stands in where there are none."""
    least = space.policy.cuts["minimum_bads"].value
    for model_id in space.package.models:
        value = space.output(model_id, "linear_score")
        test = f"battery: AUC that is too good ({model_id})"
        areas = {}
        tested = [sample for sample in space.rows if sample != DEVELOPMENT]
        for sample in tested or space.rows:
            rows = space.judged(model_id, sample)
            bad = np.count_nonzero(space.outcome[rows] == 1)
            if value is not None and min(bad, len(rows) - bad) >= least:
                areas[sample] = clustered.auc(
                    space.outcome[rows], value.data[rows], space.cluster[rows], space.weight[rows]
                ).auc
        if not areas:
            space.ledger.not_evaluable(test, f"no sample with a linear score and {least:g} bads and goods")
            continue
        sample = max(areas, key=lambda name: areas[name])
        judge(
            space,
            test,
            f"AUC ({sample})",
            areas[sample],
            fail="auc_suspicious_fail",
            review="auc_suspicious_review",
            statement=f"The AUC of {model_id} on {sample} is {areas[sample]:.4f}.",
            remedy="Look for a characteristic that knows the outcome, and for rows that stand in both samples.",
            evidence=("performance.discrimination",),
        )


def _check_dates(space: Workspace) -> None:
    """A date that a model reads lies before the observation point."""
    test = "battery: dates that models read are known at the observation point"
    date = dated_column(space.package.plan, space.frame)
    rows = space.known(DEVELOPMENT)
    named = {name for model in space.package.models.values() for name in sources_of(model)}
    dated = [
        name
        for name, column in ((space.package.plan.get("data") or {}).get("columns") or {}).items()
        if name in named and name != date and isinstance(column, dict) and column.get("type") == "date"
    ]
    if date is None or not dated:
        reason = "the snapshot has no date of observation" if dated else "no model reads a date"
        space.ledger.not_evaluable(test, reason)
        return
    judge_each(
        space,
        test,
        "share of later dates",
        {name: later_share(space.frame[name].iloc[rows], space.frame[date].iloc[rows]) for name in dated},
        fail="later_date_fail",
        sentence=lambda name, value: f"{name} is later than the observation point ({date}) in {value:.2%} of rows.",
        remedy=_REMEDY,
        evidence=("data.leakage",),
    )
