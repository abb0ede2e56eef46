"""Scaling: factor and offset, and the points of every bin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from validation.comparisons.classing import recount_step
from validation.comparisons.whole import compare_whole
from validation.impact import Change, impact_of
from validation.rebuild import scaling
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, scorecard_of, steps_of

BY_OTHERS = ("segmented", "expert")
"""Types of models whose points other comparisons hold against plan or segments."""


def compare_points(space: Workspace) -> None:
    """Compare the scaling of every model and the points of every scorecard with our own."""
    for model_id, model in space.package.models.items():
        for step in steps_of(model, "scale"):
            _compare_scaling(space, model_id, step)
        card = scorecard_of(model)
        area = f"scorecard.points.{space.package.candidate_ids[model_id]}"
        if card is not None and card.points is not None:
            _compare_step(space, model_id, area, card)
            _compare_evidence(space, model_id, area, card)
            compare_bounds(space, model_id, card.points)
        elif card is not None or (model_id == space.package.champion_id and model["model"]["type"] not in BY_OTHERS):
            space.ledger.not_evaluable(area, "the model has no points table on a regression on weights of evidence")


def _compare_scaling(space: Workspace, model_id: str, step: Any) -> None:
    stated = step["scaling"]
    factor, offset = scaling.factor_and_offset(
        stated["points_to_double_odds"], stated["base_score"], stated["base_odds"]
    )
    developer, own = [stated["factor"], stated["offset"]], [factor, offset]
    labels = [f"{model_id} factor", f"{model_id} offset"]
    paths: list[tuple[str, ...]] = [("scaling", "factor"), ("scaling", "offset")]
    if step["form"] == "linear":
        developer += [step["factor"], step["offset"]]
        own += [factor, offset]
        labels += [f"{model_id} factor used", f"{model_id} offset used"]
        paths += [("factor",), ("offset",)]
    changes = [Change(model_id, step["id"], path, value) for path, value in zip(paths, own, strict=True)]
    space.ledger.numbers(
        "scale step",
        f"factor and offset of {model_id}",
        "scaling",
        developer,
        own,
        labels,
        ["scaling.parameters"],
        impact=impact_of(space, changes),
    )


def _own_points(card: Scorecard) -> tuple[float, dict[str, np.ndarray]]:
    """Return the unrounded base points and points of the bins, from coefficients, WoE, factor and offset."""
    assert card.points is not None
    stated = card.points["scaling"]
    factor, offset = scaling.factor_and_offset(
        stated["points_to_double_odds"], stated["base_score"], stated["base_odds"]
    )
    points = {
        term.characteristic: scaling.points_of(
            np.array([item["woe"] for item in term.classing["bins"]]), term.coefficient, factor
        )
        for term in card.terms
    }
    start = 0.0 if card.offset is not None else offset  # the score of the first stage holds it
    return scaling.base_points(card.intercept, factor, start), points


def _rule(rounding: str) -> str:
    return "points_unrounded" if rounding == "none" else "points_rounded"


def _compare_step(space: Workspace, model_id: str, area: str, card: Scorecard) -> None:
    assert card.points is not None
    file, step_id = space.package.file_of(model_id), card.points["id"]
    base, points = _own_points(card)
    rounding = card.points["rounding"]
    developer, own, labels = (
        [card.points["base_points"]],
        [float(scaling.rounded(np.array([base]), rounding)[0])],
        ["base points"],
    )
    by_bin = {term.classing["output_bin"]: term.characteristic for term in card.terms}
    changes = [Change(model_id, step_id, ("base_points",), own[0])]
    used = []
    for place, item in enumerate(card.points["characteristics"]):
        name = by_bin.get(item["input"])
        if name is None:
            continue
        used.append(name)
        mine = scaling.rounded(points[name], rounding)
        for number, (given, value) in enumerate(zip(item["points"], mine, strict=True)):
            developer.append(given)
            own.append(float(value))
            labels.append(f"{name} bin {number}")
            changes.append(Change(model_id, step_id, ("characteristics", place, "points", number), float(value)))
    space.ledger.words(file, "characteristics with points", sorted(used), sorted(points), "characteristic")
    if not _near_half(base, points) or rounding == "none":
        space.ledger.numbers(
            file, "points", _rule(rounding), developer, own, labels, [area], impact=impact_of(space, changes)
        )
        return
    _compare_near_half(space, (file, area), developer, own, labels, changes, _near_half(base, points))


def _near_half(base: float, points: dict[str, np.ndarray]) -> list[str]:
    """Return the places whose unrounded points lie within 1e-9 of a half, where one ulp decides the rounding."""
    values = [("base points", base)]
    values += [(f"{name} bin {number}", float(v)) for name, item in points.items() for number, v in enumerate(item)]
    return [name for name, value in values if abs(abs(value) - math.floor(abs(value)) - 0.5) < 1e-9]


def _compare_near_half(
    space: Workspace,
    told: tuple[str, str],
    developer: list[float],
    own: list[float],
    labels: list[str],
    changes: list[Change],
    near: list[str],
) -> None:
    """Compare all but the places where rounding hangs on the last bit; tell which were left out."""
    file, area = told
    open_places = set(near)
    kept = [place for place, label in enumerate(labels) if label not in open_places]
    given, mine = ([column[place] for place in kept] for column in (developer, own))
    places = [labels[place] for place in kept]
    impact = impact_of(space, [changes[place] for place in kept])
    space.ledger.numbers(file, "points", "points_rounded", given, mine, places, [area], impact=impact)
    names = ", ".join(sorted(open_places))
    space.ledger.not_evaluable(f"{file}: points on a half", f"rounding hangs on the last bit: {names}")


def _compare_evidence(space: Workspace, model_id: str, area: str, card: Scorecard) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    assert card.points is not None
    base, points = _own_points(card)
    bins = {term.characteristic: term.classing["bins"] for term in card.terms}
    step = {item["characteristic"]: item["points"] for item in card.points["characteristics"]}
    told = ("woe", "unrounded_points", "points", "development_share", "bad_rate")
    columns: dict[str, tuple[list[Any], list[Any]]] = {name: ([], []) for name in told}
    counted = {term.characteristic: _counted(space, model_id, term.classing) for term in card.terms}
    labels: dict[str, list[str]] = {name: [] for name in columns}
    for row in table:
        name, number = row["characteristic"], row["bin_id"]
        if number is None:
            own = {"unrounded_points": base, "points": card.points["base_points"]}
        elif name in points and number < len(points[name]):
            own = {
                "woe": bins[name][number]["woe"],
                "unrounded_points": points[name][number],
                "points": step[name][number],
                **{column: values[number] for column, values in counted[name].items()},
            }
        else:
            own = {}
        for column in columns:
            value = own.get(column)
            columns[column][0].append(row[column])
            columns[column][1].append(value)
            labels[column].append(f"{name} bin {number}")
    rules = {"woe": "woe", "unrounded_points": "points_unrounded", "points": _rule(card.points["rounding"])}
    rules |= {"development_share": "share", "bad_rate": "share"}
    for column, (developer, mine) in columns.items():
        space.ledger.numbers(area, column, rules[column], developer, mine, labels[column])
    known = [row for row in table if row["bin_id"] in range(len(bins.get(row["characteristic"], ())))]
    own_labels = [bins[row["characteristic"]][row["bin_id"]]["label"] for row in known]
    names = [f"{row['characteristic']} bin {row['bin_id']}" for row in known]
    space.ledger.words(area, "label", [row["label"] for row in known], own_labels, names)
    keys = [(row["characteristic"], row["bin_id"]) for row in table]
    first = next((key for key in keys if key[1] is None), ("base points", None))
    compare_whole(
        space, area, keys, [first, *((name, k) for name, values in points.items() for k in range(len(values)))]
    )


def _counted(space: Workspace, model_id: str, step: Any) -> dict[str, np.ndarray]:
    """Share of the development rows and bad rate of each bin of a classing."""
    counts = recount_step(space, model_id, step)
    total = counts.good + counts.bad
    with np.errstate(invalid="ignore"):
        return {"development_share": total / np.sum(total), "bad_rate": counts.bad / total}


def compare_bounds(space: Workspace, model_id: str, step: Any) -> None:
    """Compare neutral points and bounds of the score with our own, from the bins of the development rows.

    The points of a second stage are not the score, and are told as what they are.
    """
    area = f"scorecard.bounds.{space.package.candidate_ids[model_id]}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    rows = space.known(DEVELOPMENT)
    weight, base = space.weight[rows], float(step["base_points"])
    total, least, greatest = np.full(len(rows), base), base, base
    made: list[tuple[str, list[float]]] = [("base points", [base] * 5)]
    for item in step["characteristics"]:
        points = np.asarray(item["points"], dtype=np.float64)
        mine = points[space.scored[model_id][item["input"]].data[rows].astype(np.int64)]
        total, least, greatest = total + mine, least + points.min(), greatest + points.max()
        ends = [np.average(mine, weights=weight), points.min(), points.max(), *_ends(mine)]
        made.append((str(item["characteristic"]), ends))
    published = space.package.models[model_id]["outputs"].get("score")
    whole = "score" if step["output"] == published else "points of this stage"
    made.append((whole, [np.average(total, weights=weight), least, greatest, *_ends(total)]))
    names = [row["item"] for row in table]
    space.ledger.words(area, "items", sorted(names), sorted(name for name, _ in made), "item")
    # A characteristic may be called as the sum is: the first of a name is the first of it on the other side.
    own = dict(zip(_numbered([name for name, _ in made]), (values for _, values in made), strict=True))
    known = [(key, row) for key, row in zip(_numbered(names), table, strict=True) if key in own]
    columns = ("neutral_points", "least", "greatest", "least_occurring", "greatest_occurring")
    for place, column in enumerate(columns):
        mine_of = [float(own[key][place]) for key, _ in known]
        labels = [row["item"] for _, row in known]
        space.ledger.numbers(area, column, "points_unrounded", [row[column] for _, row in known], mine_of, labels)


def _numbered(names: list[str]) -> list[tuple[str, int]]:
    """Each name with how many of the same stand before it."""
    return [(name, names[:place].count(name)) for place, name in enumerate(names)]


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())
