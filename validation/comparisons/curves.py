"""Figures of the champion counted again: calibration, ROC, distribution of the score; what rounding costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons.whole import compare_whole
from validation.rebuild import calibration, metrics
from validation.rebuild.scaling import factor_and_offset
from validation.rebuild.segments import is_segmented, parts_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import scorecard_of, steps_of

CURVE, ROC, DISTRIBUTION = "performance.calibration_curve", "performance.roc", "performance.score_distribution"
ROUNDING = "scaling.rounding_effect"
_CURVE = {"mean_probability": "mean_probability", "bad_rate": "share", "lower": "interval", "upper": "interval"}


def compare_curves(space: Workspace) -> None:
    """Compare the figures of the champion, and the Gini before and after rounding."""
    for area, compare in (
        (CURVE, _compare_calibration),
        (ROC, _compare_roc),
        (DISTRIBUTION, _compare_distribution),
        (ROUNDING, _compare_rounding),
    ):
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
            continue
        compare(space, table)


def _rows(space: Workspace, table: list[dict[str, Any]], sample: str) -> list[dict[str, Any]]:
    return [row for row in table if row["sample"] == sample]


def _compare_calibration(space: Workspace, table: list[dict[str, Any]]) -> None:
    probability = space.output(space.package.champion_id, "probability")
    if probability is None:
        space.ledger.not_evaluable(CURVE, "the champion publishes no probability")
        return
    stated: dict[str, list[Any]] = {name: [] for name in _CURVE}
    own: dict[str, list[float]] = {name: [] for name in _CURVE}
    labels = []
    for sample in space.rows:
        rows = space.judged(space.package.champion_id, sample)
        p = probability.data[rows]
        parts = calibration.grouped(p, space.outcome[rows], p, space.weight[rows])
        sizes = zip(parts["rate"], parts["size"], strict=True)
        bounds = [metrics.wilson(rate * size, size, space.confidence) for rate, size in sizes]
        values = {"mean_probability": parts["mean"].tolist(), "bad_rate": parts["rate"].tolist()}
        values |= {"lower": [one[0] for one in bounds], "upper": [one[1] for one in bounds]}
        told = _rows(space, table, sample)
        labels += [f"{sample} group {k + 1}" for k in range(len(told))]
        for name, mine in values.items():
            stated[name] += [row[name] for row in told]
            own[name] += mine
    for name, rule in _CURVE.items():
        space.ledger.numbers(CURVE, name, rule, stated[name], own[name], labels)


def _compare_roc(space: Workspace, table: list[dict[str, Any]]) -> None:
    """Every point is a corner of our own curve: the one as far along it, in the sum of both rates."""
    risk = space.output(space.package.champion_id, "linear_score")
    if risk is None:
        space.ledger.not_evaluable(ROC, "the champion publishes no linear score")
        return
    names = ("false_positive_rate", "true_positive_rate")
    stated: dict[str, list[float]] = {name: [] for name in names}
    own: dict[str, list[float]] = {name: [] for name in names}
    labels = []
    for sample in space.rows:
        told = _rows(space, table, sample)
        rows = space.judged(space.package.champion_id, sample)
        y, w = space.outcome[rows], space.weight[rows]
        if not told or len(np.unique(y)) < 2:
            continue
        corners = _corners(risk.data[rows], y, w)
        along = corners[0] + corners[1]
        wanted = np.array([sum(float(row[name]) for name in names) for row in told])
        after = np.clip(np.searchsorted(along, wanted), 1, len(along) - 1)
        place = np.where(wanted - along[after - 1] < along[after] - wanted, after - 1, after)
        for name, mine in zip(names, corners, strict=True):
            stated[name] += [float(row[name]) for row in told]
            own[name] += mine[place].tolist()
        labels += [f"{sample} point {k + 1}" for k in range(len(told))]
    for name in names:
        space.ledger.numbers(ROC, name, "share", stated[name], own[name], labels)


def _corners(risk: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates (k,) of goods and of bads at or above every distinct risk, from the greatest, with (0, 0) before."""
    order = np.argsort(-risk, kind="stable")
    last = np.append(np.diff(risk[order]) != 0, True)
    sums = [np.cumsum(np.where(y[order] == value, w[order], 0.0))[last] for value in (0.0, 1.0)]
    first, second = (np.concatenate([[0.0], one / one[-1]]) for one in sums)
    return first, second


def _compare_distribution(space: Workspace, table: list[dict[str, Any]]) -> None:
    score = space.output(space.package.champion_id, "score")
    rows = space.judged(space.package.champion_id, DEVELOPMENT)
    middles = sorted({float(row["score"]) for row in table})
    if score is None or len(middles) < 2:
        space.ledger.not_evaluable(DISTRIBUTION, "the champion has no score, or one class of it")
        return
    width = middles[1] - middles[0]
    place = np.floor(score.data[rows] / width).astype(np.int64)
    own = []
    for row in table:
        inside = space.outcome[rows] == (1.0 if row["outcome"] == "bad" else 0.0)
        w = space.weight[rows][inside]
        here = place[inside] == round(float(row["score"]) / width - 0.5)
        own.append(float(np.sum(w[here]) / np.sum(w)))
    labels = [f"{row['outcome']} {row['score']}" for row in table]
    space.ledger.numbers(DISTRIBUTION, "share", "share", [row["share"] for row in table], own, labels)


def _compare_rounding(space: Workspace, table: list[dict[str, Any]]) -> None:
    """Gini of the linear score before rounding, which the coefficients give, and of the score as it is."""
    model_id = space.package.champion_id
    linear, score = _unrounded(space), space.output(model_id, "score")
    if linear is None or score is None:
        space.ledger.not_evaluable(ROUNDING, "the champion is not a regression on weights of evidence alone")
        return
    told = [row for row in table if row["sample"] in space.rows]
    own: Mapping[str, list[float]] = {"gini_unrounded": [], "gini_rounded": []}
    judged = [name for name in space.rows if len(space.judged(model_id, name))]
    compare_whole(space, ROUNDING, [row["sample"] for row in told], judged)
    _compare_greatest(space, told, linear, score.data)
    for row in told:
        rows = space.judged(model_id, row["sample"])
        for name, risk in (("gini_unrounded", linear), ("gini_rounded", -score.data)):
            area = metrics.auc(space.outcome[rows], risk[rows], space.weight[rows])
            own[name].append(2.0 * area.auc - 1.0)
    for name, values in own.items():
        labels = [row["sample"] for row in told]
        space.ledger.numbers(ROUNDING, name, "gini", [row[name] for row in told], values, labels)


def _compare_greatest(space: Workspace, told: list[dict[str, Any]], linear: np.ndarray, score: np.ndarray) -> None:
    """The greatest distance in points between the score and the one that is rounded nowhere."""
    model_id = space.package.champion_id
    scale = next((step for step in steps_of(space.package.model, "scale") if step["scaling"] is not None), None)
    if scale is None:
        space.ledger.not_evaluable(f"{ROUNDING}: maximum_difference", "the champion has no scaling")
        return
    stated = scale["scaling"]
    factor, offset = factor_and_offset(stated["points_to_double_odds"], stated["base_score"], stated["base_odds"])
    away = np.abs(offset - factor * linear - score)
    own = [float(np.max(away[space.judged(model_id, row["sample"])])) for row in told]
    names = [row["sample"] for row in told]
    given = [row["maximum_difference"] for row in told]
    space.ledger.numbers(ROUNDING, "maximum_difference", "score_difference", given, own, names)


def _unrounded(space: Workspace) -> np.ndarray | None:
    """Linear score (n,) from the coefficients, of segments each on its own rows; None of other models."""
    if is_segmented(space.package.model):
        linear = np.full(len(space.outcome), np.nan)
        for part in parts_of(space, space.package.champion_id):
            own, rows = _of_card(part.space), np.concatenate([*part.space.rows.values()])
            if own is None:
                return None
            linear[rows] = own[rows]
        return linear
    return _of_card(space)


def _of_card(space: Workspace) -> np.ndarray | None:
    card = scorecard_of(space.package.model)
    if card is None or card.offset is not None:
        return None
    linear = np.full(len(space.outcome), card.intercept)
    for term in card.terms:
        linear = linear + term.coefficient * space.scored[space.package.champion_id][term.classing["output_woe"]].data
    return linear
