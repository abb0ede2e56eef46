"""What moved by bin: shares, contributions to the index and shifts of the mean score, counted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.rebuild.recount import effective_counts
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

BINS = "stability.bins"
REVIEW, FAIL = 0.1, 0.25
_COLUMNS = {
    "expected_share": "share",
    "actual_share": "share",
    "difference": "difference",
    "contribution": "psi",
    "points": "mean",
    "score_shift": "shift",
}
Key = tuple[str, str]


def stability_word(psi: float, chance_level: float, critical: float) -> str:
    """Return the verdict of the rule of thumb; none where chance reaches its first cut and the index is within."""
    if chance_level >= REVIEW and psi <= critical:
        return "not evaluable"
    return "fail" if psi >= FAIL else "review" if psi >= REVIEW else "pass"


def score_shifts(space: Workspace, ids: Mapping[str, np.ndarray], score: str) -> dict[Key, float]:
    """Return the shift of the mean score by quantity and sample: of the score, and Σ of share gaps times points."""
    found: dict[Key, float] = {}
    worth = _points(space)
    value = space.output(space.package.champion_id, "score")
    for sample in space.rows:
        if sample == DEVELOPMENT:
            continue
        if value is not None:
            means = [np.average(value.data[rows], weights=space.weight[rows]) for rows in _pair(space, sample)]
            found[score, sample] = float(means[1] - means[0])
        for name in set(ids) & set(worth):
            shares = _shares(space, ids[name], sample, len(worth[name]))
            found[name, sample] = float(np.sum((shares[1] - shares[0]) * worth[name]))
    return found


def compare_bins(space: Workspace, ids: Mapping[str, np.ndarray]) -> None:
    """Compare every bin of every quantity whose bins (n,) over the snapshot are known."""
    table = space.package.rows_of(BINS)
    if table is None:
        space.ledger.not_evaluable(BINS, "the package holds no such table")
        return
    groups: dict[Key, list[dict[str, Any]]] = {}
    for row in table:
        groups.setdefault((row["quantity"], row["sample"]), []).append(row)
    wanted = {(name, sample) for name in ids for sample in space.rows if sample != DEVELOPMENT}
    space.ledger.words(BINS, "quantities and samples", sorted(wanted & set(groups)), sorted(wanted), "of the table")
    stated: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    own: dict[str, list[float]] = {name: [] for name in _COLUMNS}
    labels: list[str] = []
    places: tuple[list[Any], list[Any]] = ([], [])
    names: tuple[list[Any], list[Any]] = ([], [])
    for key in sorted(wanted & set(groups)):
        mine = _bins(space, key, ids[key[0]])
        rows = groups[key]
        places[0].append([row["bin"] for row in rows])
        places[1].append(list(range(1, len(mine["label"]) + 1)))
        if len(rows) != len(mine["label"]):
            continue
        labels += [f"{key[0]} {key[1]} bin {row['bin']}" for row in rows]
        names[0].extend(row["label"] for row in rows)
        names[1].extend(one or row["label"] for one, row in zip(mine["label"], rows, strict=True))
        for name in _COLUMNS:
            stated[name] += [row[name] for row in rows]
            own[name] += list(mine[name])
    space.ledger.words(BINS, "bins", *places, sorted(str(key) for key in wanted & set(groups)))
    space.ledger.words(BINS, "label", *names, labels)
    for name, rule in _COLUMNS.items():
        space.ledger.numbers(BINS, name, "mean" if rule == "shift" else rule, stated[name], own[name], labels)


def _bins(space: Workspace, key: Key, ids: np.ndarray) -> dict[str, Any]:
    """Our own columns of one quantity and sample; labels of a classing are those of its step, of bands none."""
    name, sample = key
    whole = np.concatenate([space.rows[one] for one in space.rows])
    present = np.unique(ids[whole])
    size = int(present[-1]) + 1
    counts = [effective_counts(ids[rows], space.weight[rows], size)[present] for rows in _pair(space, sample)]
    shares = [one / one.sum() for one in counts]
    used = counts[0] + counts[1] > 0
    filled = [one[used] + (0.5 if any(np.any(c[used] == 0) for c in counts) else 0.0) for one in counts]
    first, second = (one / one.sum() for one in filled)
    contribution = np.zeros(len(present))
    contribution[used] = (second - first) * np.log(second / first)
    worth = _points(space).get(name, np.full(size, np.nan))[present]
    step = next((one for one in steps_of(space.package.model, "classing") if one["input"] == name), None)
    gap = shares[1] - shares[0]
    return {
        "label": [None if step is None else step["bins"][place]["label"] for place in present],
        "expected_share": shares[0],
        "actual_share": shares[1],
        "difference": gap,
        "contribution": contribution,
        "points": worth,
        "score_shift": gap * worth,
    }


def _pair(space: Workspace, sample: str) -> tuple[np.ndarray, np.ndarray]:
    return space.rows[DEVELOPMENT], space.rows[sample]


def _shares(space: Workspace, ids: np.ndarray, sample: str, size: int) -> list[np.ndarray]:
    counts = [effective_counts(ids[rows], space.weight[rows], size) for rows in _pair(space, sample)]
    return [one / one.sum() for one in counts]


def _points(space: Workspace) -> dict[str, np.ndarray]:
    """Points by bin id of each characteristic; of the stages of a model they add."""
    found: dict[str, np.ndarray] = {}
    for step in steps_of(space.package.model, "scale"):
        for part in step["characteristics"] if step["form"] == "points" else ():
            own = np.array(part["points"], dtype=np.float64)
            found[part["characteristic"]] = found.get(part["characteristic"], 0.0) + own
    return found
