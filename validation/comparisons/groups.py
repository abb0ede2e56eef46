"""Tables by group of a column: protected groups, adverse impact at the cut-off, counted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from validation.rebuild import clustered, group_rates, metrics
from validation.rebuild.workspace import DEVELOPMENT, Workspace

GROUPS, IMPACT = "fairness.groups", "fairness.adverse_impact"
_GROUPS = {
    "rows": "rows",
    "bad": "rows",
    "evaluable": "rows",
    "bad_rate": "share",
    "mean_probability": "mean_probability",
    "mean_score": "mean",
    "standardised_mean_difference": "difference",
    "difference_lower": "interval",
    "difference_upper": "interval",
    "auc": "auc",
    "auc_lower": "interval",
    "auc_upper": "interval",
}
_IMPACT = {
    "rows": "rows",
    "approved": "rows",
    "approval_rate": "share",
    "adverse_impact_ratio": "mean",
    "lower": "interval",
    "upper": "interval",
    "p_value": "p_value",
    "score_lower": "interval",
    "score_upper": "interval",
    "mid_p_value": "p_value",
}
FEWEST_ROWS, LEAST_SHARE = 30, 0.02
TOGETHER = " × "
RESULTS = {
    "reference group": "reference",
    "not below four-fifths": "pass",
    "below four-fifths, not significant": "pass",
    "below four-fifths and significant": "review",
}
Rows = list[dict[str, Any]]


def compare_groups(space: Workspace) -> None:
    """Compare every group of every named column on every sample, and what the cut-off does to protected groups."""
    table = space.package.rows_of(GROUPS)
    if table is None:
        space.ledger.not_evaluable(GROUPS, "the package holds no such table")
    else:
        kept = found_rows(space, GROUPS, table)
        own = [measures(space, row["sample"], inside) for row, inside in kept]
        compare_columns(space, GROUPS, _GROUPS, [row for row, _ in kept], own)
        compare_whole(space, GROUPS, table)
    _compare_impact(space)


def found_rows(space: Workspace, area: str, table: Rows) -> list[tuple[dict[str, Any], np.ndarray]]:
    """Rows of the table, each with the rows (n,) of its sample, of known outcome, that are in its group."""
    kept = []
    for row in table:
        inside = members(space, row["attribute"], row["group"], row["sample"])
        if inside is not None:
            kept.append((row, inside))
    if len(kept) < len(table):
        space.ledger.not_evaluable(f"{area}: groups", "columns or samples that the snapshot does not hold")
    return kept


def members(space: Workspace, column: str, group: str, sample: str) -> np.ndarray | None:
    if column not in space.frame.columns and TOGETHER in column:
        return _both(space, column, group, sample)
    if column not in space.frame.columns or sample not in space.rows:
        return None
    values = space.frame[column].iloc[space.known(sample)]
    absent = values.isna().to_numpy()
    if group == "missing":
        return absent
    if pd.api.types.is_bool_dtype(values):
        return ~absent & (values == (group == "True")).to_numpy(bool)
    if not pd.api.types.is_numeric_dtype(values):
        text = group[1:-1] if group == '"missing"' else group
        return ~absent & np.equal(values.to_numpy(object), text).astype(bool)
    return ~absent & _in_band(values.to_numpy(np.float64), group)


def _both(space: Workspace, columns: str, group: str, sample: str) -> np.ndarray | None:
    """Rows of a group of two columns together, `A × B`; those of `missing` are missing in one of them or both."""
    names = columns.split(TOGETHER)
    groups = group.split(TOGETHER) if group != "missing" else ["missing"] * len(names)
    parts = [members(space, name, one, sample) for name, one in zip(names, groups, strict=True)]
    if any(part is None for part in parts):
        return None
    first, second = (part for part in parts if part is not None)
    return first | second if group == "missing" else first & second


def _in_band(x: np.ndarray, group: str) -> np.ndarray:
    """Rows of a number, or of a band `< b`, `[a, b)`, `≥ a`, in the words of the table."""
    if group == "all values":
        return np.ones(len(x), dtype=bool)
    if group.startswith("< "):
        return x < float(group[2:])
    if group.startswith("≥ "):
        return x >= float(group[2:])
    if group.startswith("["):
        lower, upper = (float(part) for part in group[1:-1].split(", "))
        return (x >= lower) & (x < upper)
    return x == float(group)


def measures(space: Workspace, sample: str, inside: np.ndarray) -> dict[str, float]:
    model_id, every = space.package.champion_id, space.known(sample)
    rows = every[inside]
    y, w = space.outcome[rows], space.weight[rows]
    bad = int(np.count_nonzero(y == 1))
    found: dict[str, float] = dict.fromkeys(_GROUPS, np.nan) | {"rows": len(rows), "bad": bad}
    found["evaluable"] = float(min(bad, len(rows) - bad) >= max(1, space.package.setting("evaluation", "min_bads", 30)))
    if not found["evaluable"]:
        return found
    found["bad_rate"] = metrics.weighted_mean(y, w)
    outputs = {name: space.output(model_id, name) for name in ("probability", "score", "linear_score")}
    probability, score, linear = outputs["probability"], outputs["score"], outputs["linear_score"]
    if probability is not None:
        found["mean_probability"] = metrics.weighted_mean(probability.data[rows], w)
    if score is not None:
        found["mean_score"] = metrics.weighted_mean(score.data[rows], w)
        parts = (score.data[every], inside, space.weight[every], space.cluster[every])
        apart = group_rates.mean_difference(*parts, space.confidence)
        names = ("standardised_mean_difference", "difference_lower", "difference_upper")
        found |= dict(zip(names, apart, strict=True))
    if linear is not None:
        area = clustered.auc(y, linear.data[rows], space.cluster[rows], w, space.confidence)
        found |= {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper}
    return found


def compare_columns(
    space: Workspace, area: str, columns: Mapping[str, str], rows: Rows, own: list[dict[str, float]]
) -> None:
    labels = [f"{row['attribute']} {row['group']} {row['sample']}" for row in rows]
    for column, rule in columns.items():
        if rows and column in rows[0]:
            stated = [None if row[column] is None else float(row[column]) for row in rows]
            space.ledger.numbers(area, column, rule, stated, [item[column] for item in own], labels)


def _compare_impact(space: Workspace) -> None:
    table, cut_off = space.package.rows_of(IMPACT), (space.package.plan.get("strategy") or {}).get("cut_off")
    score = space.output(space.package.champion_id, "score")
    if table is None or score is None or cut_off is None:
        space.ledger.not_evaluable(IMPACT, "the package holds no such table, or neither score nor cut-off")
        return
    rows, own, words, counted = impacts(space, found_rows(space, IMPACT, table), score.data, cut_off)
    compare_columns(space, IMPACT, _IMPACT, rows, own)
    compare_whole(space, IMPACT, table)
    labels = [f"{row['attribute']} {row['group']} {row['sample']}" for row in rows]
    space.ledger.words(IMPACT, "verdict", [row["verdict"].split(":")[0] for row in rows], words, labels)
    results = [RESULTS.get(word, "not evaluable") for word in words]
    space.ledger.words(IMPACT, "result", [row["result"] for row in rows], results, labels)
    _compare_references(space, table, counted)


def impacts(
    space: Workspace, kept: list[tuple[dict[str, Any], np.ndarray]], score: np.ndarray, cut_off: float
) -> tuple[Rows, list[dict[str, float]], list[str], dict[tuple[Any, Any, Any], dict[str, float]]]:
    """Return the rows, our numbers and verdict of each, and the approvals by attribute, group and sample."""
    counted = {
        (row["attribute"], row["group"], row["sample"]): approvals(
            space, space.known(row["sample"])[inside], score, cut_off
        )
        for row, inside in kept
    }
    plain = {name: bool(np.all(space.weight[space.known(name)] == 1.0)) for name in space.rows}
    rows, own, words = [], [], []
    for row, _ in kept:
        group = counted[row["attribute"], row["group"], row["sample"]]
        base = counted.get((row["attribute"], row["reference_group"], row["sample"]))
        found, verdict = impact(group, base, row, plain[row["sample"]], (space.confidence, fewest_rows(space)))
        rows.append(row)
        own.append(group | found)
        words.append(verdict)
    return rows, own, words, counted


def fewest_rows(space: Workspace) -> int:
    """Return how many rows a group needs, as the plan sets it."""
    return int(space.package.setting("fairness", "min_rows", FEWEST_ROWS))


def compare_whole(space: Workspace, area: str, table: Rows) -> None:
    """Groups of an attribute make up the sample: no row is left out or counted twice."""
    sums: dict[tuple[str, str], int] = {}
    for row in table:
        place = (row["attribute"], row["sample"])
        sums[place] = sums.get(place, 0) + int(row["rows"])
    labels = [f"{attribute} {sample}" for attribute, sample in sums]
    own = [len(space.known(sample)) for _, sample in sums]
    space.ledger.numbers(area, "rows of all groups", "rows", list(sums.values()), own, labels)


def approvals(space: Workspace, rows: np.ndarray, score: np.ndarray, cut_off: float) -> dict[str, float]:
    """Return rows, approved, approval rate and effective size of rows of the snapshot."""
    approved, w = score[rows] >= cut_off, space.weight[rows]
    size = metrics.effective_size(float(np.sum(w)), float(np.sum(w**2)))
    rate = metrics.weighted_mean(approved.astype(np.float64), w)
    return {"rows": len(rows), "approved": int(approved.sum()), "approval_rate": rate, "size": size}


def impact(
    group: Mapping[str, float],
    base: Mapping[str, float] | None,
    row: Mapping[str, Any],
    plain: bool,
    rules: tuple[float, int],
) -> tuple[dict[str, float], str]:
    """Ratio to the reference group, bounds (Katz et al. 1978), p-value and verdict in words (29 CFR 1607.4(D))."""
    none = dict.fromkeys([name for name in _IMPACT if name not in ("rows", "approved", "approval_rate")], np.nan)
    confidence, fewest = rules
    small = min(group["rows"], 0 if base is None else base["rows"]) < fewest
    if base is None or small or base["approved"] == 0:
        return none, "not evaluable"
    if row["group"] == row["reference_group"]:
        return none | {"adverse_impact_ratio": 1.0}, "reference group"
    p, q, n, m = group["approval_rate"], base["approval_rate"], group["size"], base["size"]
    p_value = _exact(group, base) if plain else _two_proportions(p, q, n, m)
    bounds = group_rates.katz(p, n, q, m, confidence)
    found = dict(zip(("adverse_impact_ratio", "lower", "upper"), bounds, strict=True)) | {"p_value": p_value}
    found["score_lower"], found["score_upper"] = group_rates.score_bounds(p, n, q, m, confidence)
    found["mid_p_value"] = _mid(group, base) if plain else np.nan
    if p / q >= 0.8 * (1.0 - 1e-12):
        return found, "not below four-fifths"
    significant = "and significant" if p_value < 1.0 - confidence else ", not significant"
    return found, f"below four-fifths {significant}".replace(" ,", ",")


def _exact(group: Mapping[str, float], base: Mapping[str, float]) -> float:
    table = [[int(side["approved"]), int(side["rows"] - side["approved"])] for side in (group, base)]
    return min(1.0, float(stats.fisher_exact(table).pvalue))


def _mid(group: Mapping[str, float], base: Mapping[str, float]) -> float:
    """Twice the smaller tail of the hypergeometric distribution, the observed count by half."""
    one, rows, other, others = (int(side[name]) for side in (group, base) for name in ("approved", "rows"))
    counts = np.arange(max(0, one + other - others), min(one + other, rows) + 1)
    chances = stats.hypergeom.pmf(counts, rows + others, one + other, rows)
    half = chances[counts == one].sum() / 2.0
    return float(min(1.0, 2.0 * (half + min(chances[counts < one].sum(), chances[counts > one].sum()))))


def _two_proportions(p: float, q: float, n: float, m: float) -> float:
    common = (n * p + m * q) / (n + m)
    variance = common * (1.0 - common) * (n + m) / (n * m)
    return 2.0 * float(special.ndtr(-abs(p - q) / np.sqrt(variance))) if variance > 0 else 1.0


def _compare_references(
    space: Workspace, table: Rows, counted: Mapping[tuple[Any, Any, Any], Mapping[str, float]]
) -> None:
    """The reference group is that of the greatest approval rate on development among those that are large enough.

    Where the plan names a reference group, it is that one.
    """
    named = (space.package.plan.get("fairness") or {}).get("references") or {}
    told = [row for row in table if row["attribute"] in named]
    wanted = [named[row["attribute"]] for row in told]
    space.ledger.words(IMPACT, "reference group", [row["reference_group"] for row in told], wanted, "row")
    names = [name for name in dict.fromkeys(row["attribute"] for row in table) if name not in named]
    stated = [next(row["reference_group"] for row in table if row["attribute"] == name) for name in names]
    best: list[float] = []
    given: list[float | None] = []
    for name, reference in zip(names, stated, strict=True):
        groups = {k[1]: v for k, v in counted.items() if k[0] == name and k[2] == DEVELOPMENT}
        least = max(fewest_rows(space), LEAST_SHARE * sum(one["rows"] for one in groups.values()))
        fit = [one["approval_rate"] for key, one in groups.items() if key != "missing" and one["rows"] >= least]
        best.append(max(fit, default=np.nan))
        given.append(groups[reference]["approval_rate"] if reference in groups else None)
    space.ledger.numbers(IMPACT, "approval rate of the reference group", "share", given, best, names)
