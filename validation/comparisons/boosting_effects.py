"""Boosted trees: interactions, missing values and special codes, and how the settings were chosen, computed again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.findings import Finding, Outcome
from validation.rebuild.absent import Effect, state_effect
from validation.rebuild.tree_paths import partial_margins, paths, size, weighted_auc
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.classing import place_of_missing
from validation.steps.values import as_number
from validation.structure import steps_of

Step = Mapping[str, Any]


def compare_interactions(space: Workspace, name: str, step: Step) -> None:
    """Compare counts of paths by group of features, the groups being the plan's."""
    area = f"boosting.interactions.{name}"
    groups = _groups(space, name, step)
    table = space.package.rows_of(area)
    if groups is None or table is None:
        if groups is not None:
            space.ledger.words(area, "groups of the plan", [None], [f"{len(groups)} groups"], [name], [area])
        else:
            space.ledger.not_evaluable(area, "the plan lets every characteristic interact with every other")
        return
    counts = np.zeros((len(groups) + 1, 3), dtype=np.int64)
    for tree in step["trees"]:
        met = set()
        for used in paths(tree):
            place = next((i for i, group in enumerate(groups) if used <= group), len(groups))
            counts[place] += (1, len(used) > 1, 0)
            met |= {place} if len(used) > 1 else set()
        for place in met:
            counts[place, 2] += 1
    features = list(step["features"])
    labels = [*(", ".join(features[i] for i in sorted(group)) for group in groups), "no group"]
    stated = [", ".join(sorted(row["group"].split(", "))) for row in table]
    space.ledger.words(area, "groups", stated, [", ".join(sorted(x.split(", "))) for x in labels], labels, [area])
    outside = [float(counts[-1, 0])]
    space.ledger.numbers(area, "paths that no group holds", "monotone", [0.0], outside, ["all trees"], [area])
    if len(table) != len(counts):
        return
    for place, column in enumerate(("paths", "interacting_paths", "trees")):
        own = counts[:, place].astype(np.float64)
        space.ledger.numbers(area, column, "rows", [row[column] for row in table], own, labels, [area])


def _groups(space: Workspace, name: str, step: Step) -> list[frozenset[int]] | None:
    """The plan's groups as numbers of features; a characteristic that none names stands alone."""
    spec = _spec(space, name)
    if spec.get("interactions") is None:
        return None
    owner = _characteristics(space, name)
    numbers: dict[str, set[int]] = {}
    for place, feature in enumerate(step["features"]):
        numbers.setdefault(owner.get(feature, feature), set()).add(place)
    named = {item for group in spec["interactions"] for item in group}
    groups = [*spec["interactions"], *([item] for item in numbers if item not in named)]
    found = [frozenset(n for item in group for n in numbers.get(item, ())) for group in groups]
    return [group for group in found if group]


def _spec(space: Workspace, name: str) -> Mapping[str, Any]:
    """What the plan says of a candidate."""
    models = space.package.plan.get("models") or []
    return next((model for model in models if isinstance(model, Mapping) and model.get("id") == name), {})


def _characteristics(space: Workspace, name: str) -> dict[str, str]:
    rows = space.package.rows_of(f"boosting.constraints.{name}") or []
    return {row["feature"]: row["characteristic"] for row in rows if row["used"]}


def compare_missing(space: Workspace, model_id: str, name: str, step: Step) -> None:
    """Compare what missing values and special codes do to the margin; what was never seen and is safer is told."""
    area = f"boosting.missing.{name}"
    table = space.package.rows_of(area)
    owner = _characteristics(space, name)
    if table is None or not owner:
        space.ledger.not_evaluable(area, "the package states nothing on missing values")
        return
    stated = {(row["characteristic"], row["state"]): row for row in table}
    own = _effects(space, model_id, step, owner)
    labels = [f"{characteristic} {state}" for characteristic, state in own]
    told = [list(key) if key in stated else None for key in own]
    space.ledger.words(area, "states", told, [list(key) for key in own], labels, [area])
    both = [key for key in own if key in stated]
    labels = [f"{characteristic} {state}" for characteristic, state in both]
    for column, rule in _COLUMNS.items():
        developer = [stated[key][column] for key in both]
        space.ledger.numbers(area, column, rule, developer, [own[key][column] for key in both], labels, [area])
    _tell_unseen(space, area, name, own)


_COLUMNS = {
    "rows_in_state": "rows",
    "rows": "rows",
    "bad_rate": "mean_probability",
    "bad_rate_ordinary": "mean_probability",
    "margin": "log_odds_mean",
    "margin_ordinary": "log_odds_mean",
    "difference": "log_odds_mean",
    "share_higher": "mean_probability",
}
Measured = dict[tuple[str, str], dict[str, float | None]]


def _effects(space: Workspace, model_id: str, step: Step, owner: Mapping[str, str]) -> Measured:
    rows = space.rows[DEVELOPMENT]
    scored = space.scored[model_id]
    features = list(step["features"])
    matrix = np.column_stack([as_number(scored[f]).data[rows] for f in features])
    margin = scored[step["output"]].data[rows]
    weight, outcome = space.weight[rows], space.outcome[rows]
    found: Measured = {}
    for characteristic in dict.fromkeys(owner[f] for f in features if f in owner):
        columns = [i for i, f in enumerate(features) if owner.get(f) == characteristic]
        raw = scored[characteristic]
        states = _states(space.package.models[model_id], characteristic, raw, [features[i] for i in columns])
        members = {name: mask[rows] for name, (mask, _) in states.items()}
        ordinary = ~np.logical_or.reduce(list(members.values()))
        for name, (_, values) in states.items():
            inside = members[name]
            effect = state_effect(step, matrix, margin, weight, columns, values, inside, ordinary)
            rates = [_mean(outcome, weight, part) for part in (inside, ordinary)]
            found[characteristic, name] = _row(int(np.count_nonzero(inside)), rates, effect)
    return found


def _row(count: int, rates: list[float | None], effect: Effect | None) -> dict[str, float | None]:
    head = {"rows_in_state": count, "bad_rate": rates[0], "bad_rate_ordinary": rates[1]}
    if effect is None:
        return {**head, "rows": count, **dict.fromkeys(("margin", "margin_ordinary", "difference", "share_higher"))}
    rest = {"rows": effect.rows, "margin": effect.margin, "margin_ordinary": effect.margin_ordinary}
    return {**head, **rest, "difference": effect.difference, "share_higher": effect.share_higher}


def _mean(outcome: np.ndarray, weight: np.ndarray, part: np.ndarray) -> float | None:
    return float(np.average(outcome[part], weights=weight[part])) if part.any() else None


def _states(
    model: Mapping[str, Any], characteristic: str, raw: Any, features: list[str]
) -> dict[str, tuple[np.ndarray, list[float]]]:
    """Missing and each special code: rows in it, and what the features of the characteristic then are."""
    classing = next((s for s in steps_of(model, "classing") if s["output_woe"] == features[0]), None)
    if classing is not None:
        bins, zeros = classing["bins"], [0.0] * (len(features) - 1)
        found = {"missing": (raw.missing(), [bins[place_of_missing(classing)]["woe"], *zeros])}
        for one in bins:
            for code in one.get("codes", []):
                found[f"special {code}"] = (np.equal(raw.data, code), [one["woe"], *zeros])
        return found
    nothing = [math.nan, *[0.0] * (len(features) - 1)]
    found = {"missing": (raw.missing(), list(nothing))}
    for place, feature in enumerate(features[1:], start=1):
        code = _code(next(s for s in steps_of(model, "derive") if s["output"] == feature)["expression"])
        values = list(nothing)
        values[place] = 1.0
        found[f"special {code:g}" if code != int(code) else f"special {int(code)}"] = (raw.data == code, values)
    return found


def _code(expression: Mapping[str, Any]) -> float:
    """The constant that an indicator compares with."""
    if expression.get("op") == "equal":
        return float(next(a["const"] for a in expression["args"] if "const" in a))
    for argument in expression.get("args", []):
        code = _code(argument) if "op" in argument else math.nan
        if not math.isnan(code):
            return code
    return math.nan


def _tell_unseen(space: Workspace, area: str, name: str, own: Measured) -> None:
    """A state that no row of development is in, and that the trees score as safer than ordinary values.

    Missing values that the plan's contract refuses are passed over.
    """
    columns = (space.package.plan.get("data") or {}).get("columns") or {}
    refused = {(name, "missing") for name, told in columns.items() if told.get("missing") is False}
    safer = [
        f"{characteristic} {state}"
        for (characteristic, state), row in own.items()
        if row["rows_in_state"] == 0
        and row["difference"] is not None
        and row["difference"] < -1e-12
        and (characteristic, state) not in refused
    ]
    test = f"{area}: what was never seen is not safer"
    finding = None
    if safer:
        finding = Finding(
            test=test,
            severity=space.policy.checks["unseen_state_safer"],
            quantity="states never seen in development and scored as safer",
            developer_value=len(safer),
            validator_value=0,
            tolerance=None,
            statement=f"{name} scores as safer than ordinary what development has no row of: {', '.join(safer)}.",
            remedy="Refuse such rows (data.columns.*.missing: false), or say why the model may be used on them.",
            evidence=(area,),
        )
    space.ledger.check(Outcome(test, "fail" if safer else "pass", len(own), "none", None, finding))


def compare_choice(space: Workspace, model_id: str, name: str, step: Step) -> None:
    """Are the settings those that the folds and trials as stated point to, and is the model of that size?"""
    trees = len(step["trees"])
    simplicity = space.package.rows_of(f"boosting.simplicity.{name}")
    stopping = space.package.rows_of(f"boosting.early_stopping.{name}")
    search = space.package.rows_of(f"boosting.search.{name}")
    if simplicity is not None:
        _compare_simplicity(space, model_id, name, step, simplicity)
    elif stopping is not None:
        area = f"boosting.early_stopping.{name}"
        chosen = [row["trees"] for row in stopping if row["chosen"]]
        space.ledger.numbers(area, "trees of the model", "rows", chosen, [trees], [name], [area])
    if search is not None:
        _compare_search(space, name, search)


def _compare_search(space: Workspace, name: str, table: list[dict[str, Any]]) -> None:
    area = f"boosting.search.{name}"
    spec = _spec(space, name).get("search") or {}
    space.ledger.numbers(area, "trials", "rows", [len(table)], [spec.get("trials", math.nan)], [name], [area])
    done = [row for row in table if row["mean"] is not None]
    labels = [f"trial {row['trial']}" for row in done]
    folds = [np.array([float(v) for v in row["folds"].split("; ")]) for row in done]
    means = [float(np.mean(v)) for v in folds]
    errors = [float(np.std(v, ddof=1) / math.sqrt(len(v))) for v in folds]
    space.ledger.numbers(area, "mean", "auc", [row["mean"] for row in done], means, labels, [area])
    space.ledger.numbers(area, "standard_error", "auc", [row["standard_error"] for row in done], errors, labels, [area])
    sign = 1.0 if spec.get("metric") == "log_loss" else -1.0
    best = min(range(len(done)), key=lambda i: (sign * means[i], i)) if done else None
    ours = [i == best for i in range(len(done))]
    space.ledger.words(area, "chosen", [row["chosen"] for row in done], ours, labels, [area])


def _compare_simplicity(space: Workspace, model_id: str, name: str, step: Step, table: list[dict[str, Any]]) -> None:
    """The rows of the model's own shape are partial sums of its trees: counted and measured again."""
    area = f"boosting.simplicity.{name}"
    chosen = [row for row in table if row["chosen"]]
    trees = len(step["trees"])
    space.ledger.numbers(area, "trees of the model", "rows", [r["trees"] for r in chosen], [trees], [name], [area])
    shape = [(row["depth"], row["leaves_allowed"]) for row in chosen]
    own = [row for row in table if (row["depth"], row["leaves_allowed"]) in shape and row["trees"] <= trees]
    rows = space.rows[DEVELOPMENT]
    matrix = np.column_stack([as_number(space.scored[model_id][f]).data[rows] for f in step["features"]])
    offset = None if step["offset"] is None else space.scored[model_id][step["offset"]].data[rows]
    margins = partial_margins(step, matrix, offset, {row["trees"] for row in own})
    outcome, weight = space.outcome[rows], space.weight[rows]
    sizes = [size(step["trees"][: row["trees"]]) for row in own]
    areas = [2.0 * weighted_auc(outcome, margins[row["trees"]], weight) - 1.0 for row in own]
    labels = [f"{row['trees']} trees" for row in own]
    for column, rule, values in (
        ("leaves", "rows", [float(leaves) for leaves, _ in sizes]),
        ("features", "rows", [float(features) for _, features in sizes]),
        ("gini_development", "gini", areas),
    ):
        space.ledger.numbers(area, column, rule, [row[column] for row in own], values, labels, [area])
