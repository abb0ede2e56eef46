"""Importance, dependence, interaction and stability of attributions, worked out again for every candidate."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.comparisons.held import held_classings
from validation.comparisons.importance import compare_told, ranks_of
from validation.comparisons.whole import compare_whole
from validation.rebuild import explained as rebuilt
from validation.rebuild.explained import Explained
from validation.rebuild.reference import spaced_rows
from validation.rebuild.segments import is_segmented
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps import attribution
from validation.structure import steps_of

IMPORTANCE, DEPENDENCE = "explanation.importance", "explanation.dependence"
INTERACTION, STABILITY = "explanation.interaction", "explanation.stability"
BACKGROUND = "explanation.background"
INTERACTION_ROWS, LEAST = 500, 1e-12
STABLE = {"rows": "rows", "mean_absolute": "importance", "share": "importance", "difference": "share_difference"}


def compare_explanations(space: Workspace) -> None:
    """Compare what the package tells of the attributions of its models with our own."""
    stated = {(row["model"], row["used_for"]): row for row in space.package.rows_of(BACKGROUND) or []}
    for model_id, name in space.package.candidate_ids.items():
        if is_segmented(space.package.models[model_id]):
            continue  # the scorecard of each segment is explained by itself, on its own rows
        table = space.package.rows_of(f"{IMPORTANCE}.{name}")
        if table is None:
            space.ledger.not_evaluable(f"{IMPORTANCE}.{name}", "the package holds no such table")
            continue
        found = rebuilt.explain(space, model_id, _named(space, name))
        if found is None:
            space.ledger.not_evaluable(
                f"{IMPORTANCE}.{name}",
                "the model is no scorecard, trees or generalised linear model of what the table names",
            )
            continue
        _compare_background(space, name, found, stated.get((name, "explanations")))
        _compare_importance(space, name, found, table)
        _compare_dependence(space, name, found)
        _compare_interaction(space, model_id, name, found)
        _compare_stability(space, name, found)


def _named(space: Workspace, name: str) -> list[str]:
    """The characteristics that some table on the attributions of a model names."""
    tables = (space.package.rows_of(f"{area}.{name}") or [] for area in (IMPORTANCE, STABILITY, DEPENDENCE))
    return list(dict.fromkeys(row["characteristic"] for table in tables for row in table))


def _compare_background(space: Workspace, name: str, found: Explained, row: dict[str, Any] | None) -> None:
    if row is None:
        space.ledger.not_evaluable(f"{BACKGROUND} of {name}", "the package does not tell it")
        return
    count = [float(len(found.background))] * 2
    labels = ["population", "rows"]
    space.ledger.numbers(BACKGROUND, f"applicants of {name}", "rows", [row[key] for key in labels], count, labels)
    space.ledger.numbers(BACKGROUND, f"base of {name}", "explained_base", [row["base"]], [found.base], ["base"])
    weight = space.weight[found.background]
    margin = found.base + found.values[found.background].sum(axis=1)
    mean = [float(weight @ margin / weight.sum())]
    stated = [row["mean_linear_score"]]
    space.ledger.numbers(BACKGROUND, f"mean linear score of {name}", "explained_base", stated, mean, ["mean"])


def _sizes(space: Workspace, found: Explained, rows: np.ndarray) -> np.ndarray:
    """Weighted mean of the absolute attributions of each characteristic over some rows."""
    weight = space.weight[rows]
    return np.array([float(weight @ np.abs(column)) for column in found.values[rows].T]) / weight.sum()


def _compare_importance(space: Workspace, name: str, found: Explained, table: list[dict[str, Any]]) -> None:
    rows = space.rows[DEVELOPMENT]
    size, weight = _sizes(space, found, rows), space.weight[rows]
    compare_whole(space, f"{IMPORTANCE}.{name}", [row["characteristic"] for row in table], found.names)
    compare_told(space, name, table)
    place = {one: k for k, one in enumerate(found.names)}
    labels = [row["characteristic"] for row in table]
    signed = {one: float(weight @ found.values[rows, k] / weight.sum()) for one, k in place.items()}
    own = {
        "mean_absolute": [size[place[one]] for one in labels],
        "share": [size[place[one]] / size.sum() for one in labels],
        "mean": [signed[one] for one in labels],
    }
    for column, values in own.items():
        area = f"{IMPORTANCE}.{name}"
        space.ledger.numbers(area, column, "importance", [row[column] for row in table], values, labels)


def _compare_dependence(space: Workspace, name: str, found: Explained) -> None:
    """Only characteristics whose classing stands in some model of the package, or is read from its table."""
    area = f"{DEPENDENCE}.{name}"
    bins = {one: held.ids for one, held in held_classings(space).items()}
    ids = {candidate: model_id for model_id, candidate in space.package.candidate_ids.items()}
    explained = ids.get(name, space.package.champion_id)
    for step in steps_of(space.package.models[explained], "classing"):
        bins[step["input"]] = space.scored[explained][step["output_bin"]].data
    rows = space.rows[DEVELOPMENT]
    columns: dict[str, tuple[list[Any], list[float]]] = {key: ([], []) for key in ("rows", "mean", "lower", "upper")}
    labels, left_out = [], []
    for row in space.package.rows_of(area) or []:
        one = row["characteristic"]
        if one not in bins or one not in found.names:
            left_out.append(one)
            continue
        here = rows[bins[one][rows] == row["bin_id"]]
        values, weight = found.values[here, found.names.index(one)], space.weight[here]
        low, high = np.quantile(values, [0.1, 0.9]) if len(here) else (np.nan, np.nan)
        mean = float(weight @ values / weight.sum()) if len(here) else np.nan
        for key, value in {"rows": len(here), "mean": mean, "lower": low, "upper": high}.items():
            columns[key][0].append(row[key])
            columns[key][1].append(float(value))
        labels.append(f"{one} bin {row['bin_id']}")
    for key, (stated, own) in columns.items():
        space.ledger.numbers(area, key, "rows" if key == "rows" else "explained_bin", stated, own, labels)
    _compare_bins(space, area, found, bins)
    if left_out:
        names = ", ".join(dict.fromkeys(left_out))
        space.ledger.not_evaluable(f"{area}: {names}", "no model of the package holds their bins")


def _compare_bins(space: Workspace, area: str, found: Explained, bins: dict[str, np.ndarray]) -> None:
    """Every bin with development rows of every characteristic is told, and the figure draws what the table says."""
    table = space.package.rows_of(area)
    if table is None:
        return
    rows = space.rows[DEVELOPMENT]
    known = [name for name in found.names if name in bins]
    wanted = [(name, int(one)) for name in known for one in np.unique(bins[name][rows])]
    compare_whole(
        space, area, [(r["characteristic"], r["bin_id"]) for r in table if r["characteristic"] in known], wanted
    )
    drawn = space.package.rows_of(area.replace(DEPENDENCE, f"{DEPENDENCE}_figure", 1))
    told = {(row["characteristic"], row["label"]): row["mean"] for row in table}
    if drawn is not None:
        labels = [f"{row['characteristic']} {row['label']}" for row in drawn]
        own = [told.get((row["characteristic"], row["label"])) for row in drawn]
        figure = f"{DEPENDENCE}_figure{area.removeprefix(DEPENDENCE)}"
        space.ledger.numbers(figure, "mean", "importance", [row["mean"] for row in drawn], own, labels)
        counts = {(row["characteristic"], row["label"]): float(row["rows"]) for row in table}
        _compare_positions(space, figure, drawn, counts)


def _compare_positions(
    space: Workspace, figure: str, drawn: list[dict[str, Any]], counts: dict[tuple[str, str], float]
) -> None:
    """A point stands where half the applicants of its bin lie below, counted over the bins that are drawn."""
    own: list[float] = []
    for name in dict.fromkeys(row["characteristic"] for row in drawn):
        sizes = np.array([counts.get((name, row["label"]), 0.0) for row in drawn if row["characteristic"] == name])
        own += ((np.cumsum(sizes) - sizes / 2.0) / sizes.sum()).tolist() if sizes.sum() > 0 else [np.nan] * len(sizes)
    labels = [f"{row['characteristic']} {row['label']}" for row in drawn]
    space.ledger.numbers(figure, "position", "share", [row["position"] for row in drawn], own, labels)


def _compare_interaction(space: Workspace, model_id: str, name: str, found: Explained) -> None:
    area = f"{INTERACTION}.{name}"
    table = space.package.rows_of(area)
    if not found.games or table is None:
        reason = "the model is additive" if not found.games else "the package holds no such table"
        space.ledger.not_evaluable(area, reason)
        return
    rows = space.rows[DEVELOPMENT]
    margin = space.scored[model_id][found.linear].data
    places, _ = spaced_rows(margin[rows], space.weight[rows], INTERACTION_ROWS)
    share = space.weight[found.background] / space.weight[found.background].sum()
    own = np.zeros((len(places), len(found.names), len(found.names)))
    for trees, owners in found.games:
        matrix = rebuilt.features_of(space, model_id, trees)
        one = attribution.interaction_indices(trees, owners, matrix[rows][places], matrix[found.background], share)
        if one is None:
            space.ledger.not_evaluable(area, "the coalitions of a tree are too many to write out")
            return
        own[:, : one.shape[1], : one.shape[2]] += one
    size = np.abs(own).mean(axis=0)
    total = _sizes(space, found, rows).sum()
    place = {one: k for k, one in enumerate(found.names)}
    labels = [f"{row['characteristic']} and {row['other']}" for row in table]
    values = [size[place[row["characteristic"]], place[row["other"]]] for row in table]
    space.ledger.numbers(area, "mean_absolute", "importance", [row["mean_absolute"] for row in table], values, labels)
    shares = [value / total for value in values]
    space.ledger.numbers(area, "share", "importance", [row["share"] for row in table], shares, labels)
    pairs = int(np.count_nonzero(np.triu(size) > LEAST))
    space.ledger.numbers(area, "pairs", "rows", [float(len(table))], [float(pairs)], ["pairs"])


def _share(sizes: np.ndarray, k: int) -> float:
    """Part of the whole; none of nothing, where no attribution differs from zero."""
    total = float(sizes.sum())
    return 0.0 if total == 0.0 else float(sizes[k]) / total


def _compare_stability(space: Workspace, name: str, found: Explained) -> None:
    area = f"{STABILITY}.{name}"
    date = dated_column(space.package.plan, space.frame)
    years = None
    if date is not None:
        years = np.array([None if item is None else str(item)[:4] for item in space.frame[date]], dtype=object)
    inside = np.concatenate(list(space.rows.values()))
    first = _sizes(space, found, space.rows[DEVELOPMENT])
    columns: dict[str, tuple[list[Any], list[float]]] = {
        key: ([], []) for key in ("rows", "mean_absolute", "share", "difference")
    }
    labels = []
    known: dict[tuple[str, str], np.ndarray] = {}
    for row in space.package.rows_of(area) or []:
        key = (row["kind"], row["group"])
        if key not in known:
            known[key] = space.rows.get(row["group"], inside[:0])
            if row["kind"] == "year":
                known[key] = inside[:0] if years is None else inside[np.equal(years[inside], row["group"])]
        rows = known[key]
        size = _sizes(space, found, rows) if len(rows) else np.full(len(found.names), np.nan)
        k = found.names.index(row["characteristic"])
        share = _share(size, k)
        own = {
            "rows": len(rows),
            "mean_absolute": size[k],
            "share": share,
            "difference": share - _share(first, k),
        }
        for column, value in own.items():
            columns[column][0].append(row[column])
            columns[column][1].append(float(value))
        labels.append(f"{row['characteristic']} {row['group']}")
    for column, (stated, values) in columns.items():
        space.ledger.numbers(area, column, STABLE[column], stated, values, labels)
    _compare_groups(space, area, found, list(known))


def _compare_groups(space: Workspace, area: str, found: Explained, told: list[tuple[str, str]]) -> None:
    """Every characteristic stands in every group, every sample is one, and the ranks are those of the shares told."""
    table = space.package.rows_of(area)
    if not table:
        return
    samples = [("sample", name) for name, rows in space.rows.items() if len(rows)]
    groups = list(dict.fromkeys([*samples, *told]))
    keys = [(row["characteristic"], row["kind"], row["group"]) for row in table]
    compare_whole(space, area, keys, [(name, *group) for group in groups for name in found.names])
    for group in groups:
        rows = [row for row in table if (row["kind"], row["group"]) == group]
        labels = [f"{row['characteristic']} {row['group']}" for row in rows]
        own = ranks_of([row["share"] for row in rows])
        space.ledger.numbers(area, f"rank in {group[1]}", "rows", [row["rank"] for row in rows], own, labels)
