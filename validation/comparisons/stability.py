"""Score bands and population stability, counted again on the developer's own edges and bins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from scipy import stats

from validation.comparisons.held import held_classings
from validation.comparisons.shifts import compare_bins, score_shifts, stability_word
from validation.comparisons.whole import compare_whole
from validation.rebuild import metrics
from validation.rebuild.recount import effective_counts
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

BANDS, STABILITY = "performance.score_bands", "stability.psi"
TESTS = ("p_value", "critical_value", "tolerance_p_value")
_INDEX = {
    **dict.fromkeys(("psi", "chance_level", "critical_value"), "psi"),
    **dict.fromkeys(("p_value", "tolerance_p_value"), "p_value"),
    "score_shift": "mean",
}
REPRESENTATIVENESS = "samples.representativeness"
_REPRESENTATIVENESS = {
    "bins": "rows",
    "rows": "rows",
    "psi": "psi",
    "chance_level": "psi",
    "chi_square": "psi",
    "degrees": "rows",
    "p_value": "p_value",
}


def compare_stability(space: Workspace) -> None:
    """Compare the counts of the score bands and the PSI of the score and of every classed characteristic."""
    table = space.package.rows_of(BANDS)
    score = space.output(space.package.champion_id, "score")
    edges: np.ndarray | None = None
    if table is None or score is None:
        space.ledger.not_evaluable(BANDS, "the package holds no such table, or the champion has no score")
    else:
        edges = _edges(table)
        _compare_bands(space, table, score.data, edges)
    _compare_psi(space, edges)
    compare_representativeness(space)


def _edges(table: list[dict[str, Any]]) -> np.ndarray:
    rows = [row for row in table if row["sample"] == DEVELOPMENT and row["lower"] is not None]
    return np.array(sorted(row["lower"] for row in rows), dtype=np.float64)


def _compare_bands(space: Workspace, table: list[dict[str, Any]], score: np.ndarray, edges: np.ndarray) -> None:
    """Bands are `[lower, upper)`, numbered from 1 upwards from the lowest score."""
    rules = {"count": "rows", "good": "rows", "bad": "rows"}
    rules |= {"bad_rate": "share", "bad_rate_lower": "interval", "bad_rate_upper": "interval"}
    rules |= {"mean_probability": "mean_probability", "cumulative_bad_share": "share"}
    developer: dict[str, list[Any]] = {name: [] for name in rules}
    own: dict[str, list[float]] = {name: [] for name in rules}
    labels = []
    probability = space.output(space.package.champion_id, "probability")
    for row in table:
        if row["sample"] not in space.rows:
            continue
        rows = space.judged(space.package.champion_id, row["sample"])
        inside = rows[np.searchsorted(edges, score[rows], side="right") == row["band"] - 1]
        bad = int(np.count_nonzero(space.outcome[inside] == 1))
        w, mean = space.weight[inside], np.nan
        if probability is not None and len(inside):
            mean = float(np.sum(w * probability.data[inside]) / np.sum(w))
        rate = float(np.sum(w * space.outcome[inside]) / np.sum(w)) if len(inside) else np.nan
        found: dict[str, float] = {"count": len(inside), "good": len(inside) - bad, "bad": bad}
        found |= {"bad_rate": rate, "mean_probability": mean}
        size = metrics.effective_size(float(np.sum(w)), float(np.sum(w**2)))
        found["bad_rate_lower"], found["bad_rate_upper"] = metrics.wilson(rate * size, size, space.confidence)
        up_to = rows[np.searchsorted(edges, score[rows], side="right") <= row["band"] - 1]
        bads = [float(np.sum(space.weight[part] * space.outcome[part])) for part in (up_to, rows)]
        found["cumulative_bad_share"] = bads[0] / bads[1] if bads[1] > 0 else np.nan
        for name, value in found.items():
            developer[name].append(row[name])
            own[name].append(value)
        labels.append(f"{row['sample']} band {row['band']}")
    for name, rule in rules.items():
        space.ledger.numbers(BANDS, name, rule, developer[name], own[name], labels)
    _compare_edges(space, table, edges)


def _compare_edges(space: Workspace, table: list[dict[str, Any]], edges: np.ndarray) -> None:
    """The bands of every sample are those of development: none between, none lost, each with its two edges."""
    samples = [sample for sample in space.rows if len(space.judged(space.package.champion_id, sample))]
    wanted = [(sample, band) for sample in samples for band in range(1, len(edges) + 2)]
    compare_whole(space, BANDS, [(row["sample"], row["band"]) for row in table], wanted)
    rows = {place: row for row in table if (place := (row["sample"], row["band"])) in wanted}
    held = [place for place in wanted if place in rows]
    bounds = [None, *edges.tolist(), None]
    labels = [f"{sample} band {band}" for sample, band in held]
    for name, shift in (("lower", 0), ("upper", 1)):
        own = [bounds[band - 1 + shift] for _, band in held]
        space.ledger.numbers(BANDS, name, "mean", [rows[place][name] for place in held], own, labels)


def _compare_psi(space: Workspace, edges: np.ndarray | None) -> None:
    model_id = space.package.champion_id
    score = space.output(model_id, "score")
    ids: dict[str, np.ndarray] = {}
    for step in steps_of(space.package.model, "classing"):
        ids[step["input"]] = space.scored[model_id][step["output_bin"]].data
    named = own_quantity("score", ids)
    if score is not None and edges is not None:
        ids[named] = np.searchsorted(edges, score.data, side="right")
    told = {row["quantity"] for row in space.package.rows_of(STABILITY) or []}
    tabled = {name: held.ids for name, held in held_classings(space).items() if name in told}
    compare_index(space, {**tabled, **ids}, named)


def own_quantity(name: str, characteristics: Collection[str]) -> str:
    """Return the name of the model's own row: `name`, with model_ before it while a characteristic has that name."""
    while name in characteristics:
        name = "model_" + name
    return name


def compare_index(space: Workspace, ids: Mapping[str, np.ndarray], score: str = "score") -> None:
    """Compare the index of every quantity whose bins (n,) over the snapshot are known; score: the score's quantity."""
    table = space.package.rows_of(STABILITY)
    if table is None:
        space.ledger.not_evaluable(STABILITY, "the package holds no such table")
        return
    columns: dict[str, tuple[list[Any], list[float]]] = {
        "psi": ([], []),
        "chance_level": ([], []),
        "bins": ([], []),
        "expected_rows": ([], []),
        "actual_rows": ([], []),
        "empty_cells": ([], []),
        **{name: ([], []) for name in (*TESTS, "score_shift")},
    }
    labels, left_out, verdicts = [], [], []
    held = {row["quantity"] for row in table}
    wanted = ids if len(space.rows) > 1 else ()
    space.ledger.words(STABILITY, "quantities", sorted(held & set(wanted)), sorted(wanted), "of the table")
    shifts = score_shifts(space, ids, score)
    for row in table:
        counts = _counts(space, ids.get(row["quantity"]), row["sample"])
        if counts is None or row["zero_cell_rule"] not in ("no empty cell", "0.5 added to every cell"):
            left_out.append(row["quantity"])
            continue
        found = metrics.population_stability(*counts)
        mine = {"psi": found.psi, "chance_level": found.chance_level, "bins": float(found.bins)}
        mine |= {"expected_rows": len(space.rows[DEVELOPMENT]), "actual_rows": len(space.rows[row["sample"]])}
        mine["empty_cells"] = float(2 * found.bins - sum(np.count_nonzero(part) for part in counts))
        tests = metrics.stability_tests(found.psi, found.bins, sum(1.0 / float(part.sum()) for part in counts))
        mine |= {
            **dict(zip(TESTS, tests, strict=True)),
            "score_shift": shifts.get((row["quantity"], row["sample"]), np.nan),
        }
        verdicts.append((row["verdict"], stability_word(found.psi, found.chance_level, tests[1])))
        for name, value in mine.items():
            columns[name][0].append(row[name])
            columns[name][1].append(value)
        labels.append(f"{row['quantity']} {row['sample']}")
    for name, (developer, own) in columns.items():
        space.ledger.numbers(STABILITY, name, _INDEX.get(name, "rows"), developer, own, labels)
    space.ledger.words(STABILITY, "verdict", [one[0] for one in verdicts], [one[1] for one in verdicts], labels)
    compare_bins(space, ids)
    if left_out:
        names = ", ".join(dict.fromkeys(left_out))
        space.ledger.not_evaluable(
            f"{STABILITY}: {names}", "its bins or its rule of empty cells are not in the package"
        )


def compare_representativeness(space: Workspace) -> None:
    """Index and chi-square of each characteristic whose bins are known, every sample against development."""
    table = space.package.rows_of(REPRESENTATIVENESS)
    if table is None:
        space.ledger.not_evaluable(REPRESENTATIVENESS, "the package holds no such table")
        return
    ids = {name: held.ids for name, held in held_classings(space).items()}
    rows = [row for row in table if row["characteristic"] in ids and row["sample"] in space.rows]
    labels = [f"{row['characteristic']} {row['sample']}" for row in rows]
    own = [_shift(space, ids[row["characteristic"]], row["sample"]) for row in rows]
    for name, rule in _REPRESENTATIVENESS.items():
        space.ledger.numbers(
            REPRESENTATIVENESS, name, rule, [row[name] for row in rows], [item[name] for item in own], labels
        )


def _shift(space: Workspace, ids: np.ndarray, sample: str) -> dict[str, float]:
    bins = int(ids.max()) + 1
    pair = [effective_counts(ids[space.rows[n]], space.weight[space.rows[n]], bins) for n in (DEVELOPMENT, sample)]
    found = metrics.population_stability(*pair)
    statistic, degrees = metrics.chi_square(*pair)
    p_value = float(stats.chi2.sf(statistic, degrees)) if degrees else 1.0
    return {
        "bins": found.bins,
        "rows": len(space.rows[sample]),
        "psi": found.psi,
        "chance_level": found.chance_level,
        "chi_square": statistic,
        "degrees": degrees,
        "p_value": p_value,
    }


def _counts(space: Workspace, ids: np.ndarray | None, sample: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the counts of development and of the sample over bins (n,)."""
    if ids is None or sample not in space.rows:
        return None
    bins = int(ids.max()) + 1
    first, second = (
        effective_counts(ids[space.rows[name]], space.weight[space.rows[name]], bins) for name in (DEVELOPMENT, sample)
    )
    return first, second
