"""Searches for segments: rows placed by the divisions that were made, each division counted, measured and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.segment_decision import (
    AREA as DECISION,
)
from validation.comparisons.segment_decision import (
    REFUSED,
    binned_rows,
    derived,
    kept_rows,
    p_value_of,
    predictors,
    seed_of,
    spec_of,
)
from validation.rebuild import segment_gain as gains
from validation.rebuild.segment_tree import Read, Sides, leaves, levels_of, node_rows, sides
from validation.rebuild.segments import switch_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace

SEARCH, MADE = "segmentation.search", "made"
MOST_CELLS = 300_000
"""Divisions times rows beyond which only the divisions that were chosen are measured again."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Search:
    """A search over the rows that were fitted on. inside: which of them it used; names: of the characteristics; known:
    categories by division, in the order of the table, None where its words do not tell; placed: its sides (n,)."""

    space: Workspace
    area: str
    spec: Row
    table: Sequence[Row]
    inside: NDArray[np.int64]
    names: list[str]
    known: list[list[str]]
    placed: list[Sides | None]

    @property
    def made(self) -> list[Row]:
        """The divisions that were made."""
        return [row for row in self.table if row["decision"] == MADE]

    @property
    def made_sides(self) -> list[Sides]:
        """Sides of the divisions that were made; nowhere where they cannot be read."""
        return [
            np.full(len(self.space.frame), -1) if side is None else side
            for row, side in zip(self.table, self.placed, strict=True)
            if row["decision"] == MADE
        ]


def compare_searches(space: Workspace, whole: Workspace | None = None) -> None:
    """Hold every search against itself: the best division of a node is the chosen one, made where its test says so.

    What was made leads to as many segments as the model has, none to one scorecard. Rows are placed, counted and judged
    again. space: of the rows that were fitted on; whole: of the snapshot, where these are others.
    """
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items()}
    for item in space.package.plan.get("models") or []:
        if isinstance(item, dict) and item.get("type") == "segmented_scorecard" and item.get("id") in ids:
            name = str(item["id"])
            _compare_search(space, name, space.package.models[ids[name]], float(item["segments"]["level"]))
            table = space.package.rows_of(f"{SEARCH}.{name}")
            if table:
                _compare_rows(space, whole or space, name, ids[name], table)


def _compare_search(space: Workspace, name: str, model: Mapping[str, Any], level: float) -> None:
    area, switch = f"{SEARCH}.{name}", switch_of(model, "linear_score")
    table = space.package.rows_of(area)
    if table is None:
        return
    chosen = [row for row in table if row["chosen"]]
    labels = [row["node"] for row in chosen]
    gains_of = {node: [row["gain"] for row in table if row["node"] == node] for node in labels}
    best = [max((gain for gain in gains_of[node] if gain is not None), default=np.nan) for node in labels]
    space.ledger.numbers(area, "gain of the best", "log_likelihood", [row["gain"] for row in chosen], best, labels)
    _compare_divided(space, name, area, table)
    tested = [row for row in chosen if row["test_p_value"] is not None]
    own = [MADE if row["test_p_value"] <= level else "refused" for row in tested]
    named = [row["node"] for row in tested]
    space.ledger.words(area, "decision", [row["decision"] for row in tested], own, named)
    p_values = [p_value_of(row["test_gain"], row["test_standard_error"]) for row in tested]
    space.ledger.numbers(area, "test_p_value", "p_value", [row["test_p_value"] for row in tested], p_values, named)
    made = sum(row["decision"] == MADE for row in chosen)
    count = 1 if switch is None else len(switch["cases"])
    space.ledger.numbers(area, "segments", "rows", [made + 1], [count], ["divisions made and one"])
    if switch is None:
        row = (space.package.rows_of(f"{DECISION}.{name}") or [{}])[0]
        space.ledger.words(f"{DECISION}.{name}", "decision", [row.get("decision")], [REFUSED], ["decision"])


def _compare_divided(space: Workspace, name: str, area: str, table: Sequence[Row]) -> None:
    """Both sides of every division of all rows are the development rows that the search uses, and their bads."""
    whole = [row for row in table if row["node"] == "all"]
    rows, labels = kept_rows(space, spec_of(space, name)), [f"{row['left']} | {row['right']}" for row in whole]
    weight = _declared(space, rows)
    own = {"rows": float(len(rows)), "bads": float(np.sum(weight * space.outcome[rows]))}
    for what, total in own.items():
        stated = [row[f"left_{what}"] + row[f"right_{what}"] for row in whole]
        rule = "rows" if what == "rows" else "count"
        space.ledger.numbers(area, f"{what} of both sides", rule, stated, [total] * len(whole), labels)


def _declared(space: Workspace, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights of the rows of a search, raised so that they stand for all of development."""
    weight: NDArray[np.float64] = space.weight[rows]
    return weight * (space.weight[space.known(DEVELOPMENT)].sum() / weight.sum())


def _compare_rows(space: Workspace, whole: Workspace, name: str, model_id: str, table: Sequence[Row]) -> None:
    """Place rows by the words of the divisions; count, measure and judge these again."""
    area, spec = f"{SEARCH}.{name}", spec_of(space, name)
    names = predictors(space, spec)
    asked = dict.fromkeys([*names, *(row["variable"] for row in table)])
    lacking = [one for one in asked if one not in space.frame.columns and derived(space, one) is None]
    if lacking:
        space.ledger.not_evaluable(f"{area}: rows", f"no model makes the characteristics {', '.join(lacking)}")
        return
    search = _read(space, area, spec, table, names)
    unread = [row for row, side in zip(table, search.placed, strict=True) if side is None]
    if unread:
        told = f"{len(unread)} divisions list only some of their values, such as {unread[0]['left']}"
        space.ledger.not_evaluable(f"{area}: divisions", told)
    _compare_counts(search)
    _compare_gains(search)
    if not any(row["decision"] == MADE for row in unread):
        _compare_segments(search, whole, model_id)


def _read(space: Workspace, area: str, spec: Row, table: Sequence[Row], names: list[str]) -> _Search:
    """Follow the divisions in the order in which they were tried: each is of a node that was made before."""
    search = _Search(space, area, spec, table, kept_rows(space, spec), names, [], [])
    kept = np.zeros(len(space.frame), dtype=bool)
    kept[search.inside] = True
    variables = {row["variable"]: read_variable(space, row["variable"]) for row in table}
    made: list[Row] = []
    placed: list[Sides] = []
    for row in table:
        read = variables[row["variable"]]
        known = levels_of(read, kept & node_rows(row["node"], made, placed, len(kept)))
        side = sides(row["variable"], (row["left"], row["right"]), read, known)
        search.known.append(known)
        search.placed.append(side)
        if row["decision"] == MADE:
            made.append(row)
            placed.append(np.full(len(kept), -1) if side is None else side)
    return search


def read_variable(space: Workspace, name: str) -> Read:
    """The values of a variable over the rows of a workspace; special codes are none."""
    declared = ((space.package.plan.get("data") or {}).get("columns") or {}).get(name) or {}
    codes = [str(code) for code in declared.get("specials") or {}]
    made = None if name in space.frame.columns else derived(space, name)
    values = space.frame[name].to_numpy() if made is None else made
    if values.dtype.kind == "f":
        numbers = values.astype(np.float64)
        return Read(numbers, np.isnan(numbers) | np.isin(numbers, [float(code) for code in codes]))
    texts = np.array([*(None if v is None or v != v else v for v in values.tolist()), None], dtype=object)[:-1]
    return Read(texts, np.array([value is None or value in codes for value in texts], dtype=bool))


def _node_side(search: _Search, place: int) -> Sides | None:
    """(m,) side of the rows of the search, -1 of those that lie in another node; None where it cannot be read."""
    side = search.placed[place]
    if side is None:
        return None
    node = node_rows(search.table[place]["node"], search.made, search.made_sides, len(side))
    return np.where(node, side, -1)[search.inside]


def _compare_counts(search: _Search) -> None:
    """Compare rows and weighted bads of both sides of every division."""
    space, inside = search.space, search.inside
    weight = _declared(space, inside)
    own: dict[str, list[float]] = {"left_rows": [], "right_rows": [], "left_bads": [], "right_bads": []}
    told: list[Row] = []
    for place, row in enumerate(search.table):
        side = _node_side(search, place)
        if side is None:
            continue
        told.append(row)
        for key, number in (("left", 0), ("right", 1)):
            here = side == number
            own[f"{key}_rows"].append(float(np.count_nonzero(here)))
            own[f"{key}_bads"].append(float(np.sum((weight * space.outcome[inside])[here])))
    labels = [f"{row['node']}: {row['left']}" for row in told]
    for column, values in own.items():
        rule = "rows" if column.endswith("rows") else "count"
        space.ledger.numbers(search.area, column, rule, [row[column] for row in told], values, labels)


def _compare_gains(search: _Search) -> None:
    """Compare the gain of divisions on the folds of the half that was searched, and of the chosen on the other half."""
    space, spec, seed = search.space, search.spec["segments"], seed_of(search.space)
    rows = binned_rows(space, search.names, search.inside)
    searched = gains.drawn(rows.cluster, seed, 2, "half") == 0
    fold = np.where(searched, gains.drawn(rows.cluster, seed, int(spec["search"]["folds"]), "fold"), -1)
    judge = np.where(searched, -1, gains.drawn(rows.cluster, seed, gains.PARTS, "judge"))
    every = len(search.table) * len(rows.outcome) <= MOST_CELLS
    if not every:
        space.ledger.not_evaluable(f"{search.area}: gains", "only those of the chosen divisions are measured again")
    stated: dict[str, list[Any]] = {"gain": [], "test_gain": [], "test_standard_error": [], "test_p_value": []}
    own: dict[str, list[Any]] = {name: [] for name in stated}
    labels: dict[str, list[str]] = {name: [] for name in stated}
    for place, row in enumerate(search.table):
        side = _node_side(search, place) if every or row["chosen"] else None
        if side is None:
            continue
        found = {"gain": _gained(rows, np.where(searched, side, -1), fold)[0]}
        if row["test_p_value"] is not None:
            total, error = _gained(rows, side, judge)
            found |= {"test_gain": total, "test_standard_error": error, "test_p_value": p_value_of(total, error)}
        for name, value in found.items():
            stated[name].append(row[name])
            own[name].append(value)
            labels[name].append(f"{row['node']}: {row['left']}")
    for name, values in own.items():
        rule = "p_value" if name == "test_p_value" else "log_likelihood"
        space.ledger.numbers(search.area, name, rule, stated[name], values, labels[name])


def _gained(rows: gains.Rows, side: Sides, part: NDArray[np.int64]) -> tuple[float | None, float | None]:
    """Gain of two models over one on the rows with a side, and its standard error; None where it is not measurable."""
    here = side >= 0
    own = gains.Rows(tuple(one[here] for one in rows.bins), rows.outcome[here], rows.weight[here], rows.cluster[here])
    if not np.any(part[here] >= 0):
        return None, None
    found = gains.crossed(own, side[here], part[here])
    if found is None:
        return None, None
    y, w = own.outcome[found.tested], own.weight[found.tested]
    likely = [w * (y * eta - np.logaddexp(0.0, eta)) for eta in (found.one, found.separate)]
    return gains.paired(likely[1] - likely[0], own.cluster[found.tested])


def _compare_segments(search: _Search, whole: Workspace, model_id: str) -> None:
    """Place every row of the snapshot by the divisions that were made, and compare with the segment of the model."""
    switch = switch_of(whole.package.models[model_id], "linear_score")
    if switch is None:
        return
    names = leaves(search.made)
    area = f"{whole.package.file_of(model_id)}: segments of the search"
    whole.ledger.words(area, "names", sorted(case["equals"] for case in switch["cases"]), sorted(names), "segment")
    placed = []
    for row, known in zip(search.table, search.known, strict=True):
        if row["decision"] == MADE:
            side = sides(row["variable"], (row["left"], row["right"]), read_variable(whole, row["variable"]), known)
            assert side is not None
            placed.append(side)
    own = np.full(len(whole.frame) + 1, None, dtype=object)[:-1]
    for name in names:
        own[node_rows(name, search.made, placed, len(own))] = name
    if search.spec["segments"].get("otherwise") == "largest":
        rows = whole.known(DEVELOPMENT)
        weights = [float(whole.weight[rows][np.equal(own[rows], name)].sum()) for name in names]
        own[np.array([one is None for one in own], dtype=bool)] = names[int(np.argmax(weights))]
    stated = whole.scored[model_id][switch["input"]].data.tolist()
    whole.ledger.words(area, "segment of the row", stated, own.tolist(), "row", rule="applicant")
