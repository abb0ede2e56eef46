"""Boosted trees trained again from the stated settings and the rows alone, and held against model.json node by node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.boosting_folds import compare_folds
from validation.impact import Change, effects_of, impact_of
from validation.materiality import Effects
from validation.rebuild.boosting.differences import Pair, as_stated, importance, pairs
from validation.rebuild.boosting.remembered import trained
from validation.rebuild.boosting.rows import TrainingRows
from validation.rebuild.boosting.settings import Forest, Settings
from validation.rebuild.boosting.stated import OFFSET, settings_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import as_number
from validation.structure import own_trees

Step = Mapping[str, Any]
Floats = NDArray[np.float64]
PLAN = {
    "trees": "rounds",
    "depth": "max_depth",
    "leaves": "max_leaves",
    "learning_rate": "eta",
    "min_child_weight": "min_child_weight",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
    "gamma": "gamma",
    "max_bin": "max_bin",
    "tree_method": "tree_method",
}
TABLE = "validation.trees"
SEARCHED = ("depth", "leaves", "trees", "learning_rate", "min_child_weight", "reg_lambda", "gamma")


def compare_trained(space: Workspace) -> None:
    """Train every boosting of the package again and compare it; the ledger takes the rows of `validation.trees`.

    space: the workspace whose development rows the candidates were fitted on.
    """
    found: list[list[Any]] = []
    for model_id, model in space.package.models.items():
        name = space.package.candidate_ids[model_id]
        for step in own_trees(model):
            found.append([name, *_compare(space, model_id, name, step)])
    space.ledger.tables[TABLE] = found or "no candidate is a boosting"


def _compare(space: Workspace, model_id: str, name: str, step: Step) -> list[Any]:
    area = f"boosting.parameters.{name}"
    test = f"{area}: trees trained again"
    table = space.package.rows_of(area)
    rows = space.known(DEVELOPMENT)
    training = _training(space, model_id, step, rows)
    reason = "the package states no settings of training" if table is None else _unable(training)
    settings = None
    items = {str(row["item"]): str(row["value"]) for row in table or []}
    if not reason:
        try:
            settings = settings_of(items, step["features"], space.package.manifest["libraries"])
        except ValueError as error:
            reason = str(error)
    if settings is None:
        space.ledger.not_evaluable(test, reason)
        return [None, None, None, None, f"not trained again: {reason}"]
    _compare_settings(space, area, name, items)
    _compare_start(space, model_id, area, step, items, training)
    forest = trained(
        training.features,
        training.bad,
        settings,
        share=training.share,
        weight=training.weight,
        offset=training.offset,
    )
    shape = {key: value for key, value in _searched(space, name).items() if key in ("depth", "leaves")}
    clusters = space.cluster[rows]
    compare_folds(space, name, _plan_of(space, name), training, clusters, replace(settings, **shape))
    return _compare_trees(space, model_id, area, step, forest, settings)


def _training(space: Workspace, model_id: str, step: Step, rows: NDArray[np.int64]) -> TrainingRows:
    scored = space.scored[model_id]
    features = np.column_stack([as_number(scored[name]).data[rows] for name in step["features"]])
    offset = None if step["offset"] is None else scored[step["offset"]].data[rows]
    return TrainingRows(features, space.outcome[rows], space.weight[rows], offset)


def _unable(training: TrainingRows) -> str:
    if not 0 < np.count_nonzero(training.bad) < len(training.bad):
        return "development has not both goods and bads"
    if training.offset is not None and not np.isfinite(training.offset).all():
        return "the offset of the trees is missing in rows of development"
    if not (training.weight > 0).all():
        return "rows of development have no positive weight"
    return ""


def _plan_of(space: Workspace, name: str) -> Mapping[str, Any]:
    models: list[Mapping[str, Any]] = space.package.plan.get("models") or []
    return next((m for m in models if isinstance(m, Mapping) and m.get("id") == name), {})


def _searched(space: Workspace, name: str) -> dict[str, Any]:
    """The settings of the plan, or of the chosen trial of its search."""
    plan = _plan_of(space, name)
    found = {key: plan[key] for key in PLAN if key in plan}
    search = _chosen(space, f"boosting.search.{name}")
    return found | {key: search[key] for key in SEARCHED if search is not None and key in found}


def _compare_settings(space: Workspace, area: str, name: str, items: Mapping[str, str]) -> None:
    """The settings must be those of the plan, or of the search, the folds and the comparison that settled them."""
    wanted = _searched(space, name)
    if (stopped := _chosen(space, f"boosting.early_stopping.{name}")) is not None:
        wanted["trees"] = stopped["trees"]
    if (simple := _chosen(space, f"boosting.simplicity.{name}")) is not None:
        wanted |= {"depth": simple["depth"], "leaves": simple["leaves_allowed"], "trees": simple["trees"]}
    labels = [PLAN[key] for key in wanted]
    own = [None if value is None else repr(value) if not isinstance(value, str) else value for value in wanted.values()]
    stated = [_as(items.get(label), value) for label, value in zip(labels, wanted.values(), strict=True)]
    space.ledger.words(area, "settings", stated, own, labels, [area])


def _as(text: str | None, like: Any) -> str | None:
    """A stated setting in the writing of ours: 1 and 1.0 are one number."""
    if text is None or isinstance(like, str) or like is None:
        return text
    try:
        return repr(type(like)(float(text))) if float(text) == float(like) else text
    except ValueError:
        return text


def _chosen(space: Workspace, identifier: str) -> Mapping[str, Any] | None:
    rows = [row for row in space.package.rows_of(identifier) or [] if row["chosen"]]
    return rows[0] if len(rows) == 1 else None


def _compare_start(
    space: Workspace, model_id: str, area: str, step: Step, items: Mapping[str, str], training: TrainingRows
) -> None:
    """What rows start from: the log-odds of the share of bads, or the offset of each row and nothing besides."""
    with_offset = training.offset is not None
    space.ledger.words(area, OFFSET, [OFFSET in items], [with_offset], ["offset"], [area])
    own = 0.0 if with_offset else training.log_odds
    margin = [float(step["base_margin"])]
    impact = impact_of(space, [Change(model_id, step["id"], ("base_margin",), own)])
    space.ledger.numbers(area, "base margin", "tree_leaf", margin, [own], ["model.json"], [area], impact=impact)
    if not with_offset:
        stated = items.get("base_score")
        space.ledger.words(area, "base_score", [stated], [repr(training.share)], ["development"], [area])


def _compare_trees(
    space: Workspace, model_id: str, area: str, step: Step, forest: Forest, settings: Settings
) -> list[Any]:
    """Number of trees, splits, leaves and importance; breaches are graded by what the trees trained again give."""
    name = space.package.candidate_ids[model_id]
    features, stated = list(step["features"]), step["trees"]
    whole = Change(model_id, step["id"], ("trees",), [as_stated(tree) for tree in forest.trees])

    def impact(_: NDArray[np.bool_]) -> Effects:
        return effects_of(space, [whole])

    count = [len(stated)], [settings.rounds]
    space.ledger.numbers(area, "number of trees", "rows", count[0], count[1], [name], [area], impact=impact)
    found = pairs(stated, forest.trees, features)
    splits = [pair for pair in found if pair.values is None]
    labels = [pair.place for pair in splits]
    told, own = [pair.stated for pair in splits], [pair.own for pair in splits]
    space.ledger.words(area, "splits of trees trained again", told, own, labels, [area], "tree_split", impact=impact)
    leaves = [(pair.place, pair.values) for pair in found if pair.values is not None]
    one, two = (np.array([values[k] for _, values in leaves]) for k in range(2))
    places = [place for place, _ in leaves]
    quantity = "leaves of trees trained again"
    compared = space.ledger.numbers(area, quantity, "tree_leaf", one, two, places, [area], impact=impact)
    _compare_importance(space, name, features, forest)
    nodes = sum(pair.nodes for pair in found)
    largest = 0.0 if compared is None else compared.largest
    limit = space.policy.tolerances["tree_leaf"].value
    wrong = [pair for pair in found if not pair.same or _apart(pair) > limit]
    differing = sum(pair.nodes for pair in wrong)
    reading = _reading(wrong, len(stated), settings.rounds)
    return [len(stated), nodes, differing, largest, reading]


def _apart(pair: Pair) -> float:
    return 0.0 if pair.values is None else abs(pair.values[0] - pair.values[1])


def _reading(wrong: list[Pair], stated: int, own: int) -> str:
    """The first difference, in words."""
    if wrong:
        first = wrong[0]
        values = first.values if first.values is not None else (first.stated, first.own)
        words = [f"leaf of {v!r}" if isinstance(v, float) else v for v in values]
        return f"{first.place}: {words[0]} in the package, {words[1]} trained again"
    return "all equal" if stated == own else f"{stated} trees in the package, {own} by the stated settings"


def _compare_importance(space: Workspace, name: str, features: list[str], forest: Forest) -> None:
    """Number of splits and share of gain of each feature, as the trees trained again have them."""
    area = f"boosting.importance.{name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package states no importance of features")
        return
    splits, gain = importance(forest.trees, len(features))
    told = [row["feature"] for row in table]
    space.ledger.words(area, "features", sorted(told), sorted(features), "feature", [area])
    known = [row for row in table if row["feature"] in features]
    place = [features.index(row["feature"]) for row in known]
    labels = [row["feature"] for row in known]
    own = splits[place].astype(np.float64), gain[place]
    for column, rule, values in (("splits", "rows", own[0]), ("gain_share", "gain_share", own[1])):
        space.ledger.numbers(area, column, rule, [row[column] for row in known], values, labels, [area])
