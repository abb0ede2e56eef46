"""Performance by subpopulation, counted again: level, discrimination and the difference to all other rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.groups import compare_whole, found_rows
from validation.comparisons.ranking import least_bads
from validation.rebuild import calibration, clustered, metrics, rates
from validation.rebuild.ranking import Rows
from validation.rebuild.workspace import Workspace

SUBPOPULATIONS = "performance.subpopulations"
COLUMNS = {
    "rows": "rows",
    "bad": "rows",
    "evaluable": "rows",
    "bad_rate": "share",
    "bad_rate_lower": "interval",
    "bad_rate_upper": "interval",
    "mean_probability": "mean_probability",
    "ratio": "mean",
    "ratio_lower": "interval",
    "ratio_upper": "interval",
    "jeffreys_p_value": "p_value",
    "auc": "auc",
    "auc_lower": "interval",
    "auc_upper": "interval",
    "gini": "gini",
    "gini_lower": "gini",
    "gini_upper": "gini",
    "ks": "ks",
    "ks_lower": "ks",
    "ks_upper": "ks",
    "auc_difference": "difference",
    "difference_lower": "difference",
    "difference_upper": "difference",
    "difference_p_value": "p_value",
}


def compare_subpopulations(space: Workspace) -> None:
    """Compare every group, that groups cover each sample once, and that declared edges are those of the table."""
    table = space.package.rows_of(SUBPOPULATIONS)
    if table is None:
        space.ledger.not_evaluable(SUBPOPULATIONS, "the package holds no such table")
        return
    kept = found_rows(space, SUBPOPULATIONS, table)
    own = [_measures(space, row["sample"], inside) for row, inside in kept]
    labels = [f"{row['attribute']} {row['group']} {row['sample']}" for row, _ in kept]
    for column, rule in COLUMNS.items():
        stated = [None if row[column] is None else float(row[column]) for row, _ in kept]
        space.ledger.numbers(SUBPOPULATIONS, column, rule, stated, [mine[column] for mine in own], labels)
    words = [row["reading"].split(":")[0].split(";")[0] for row, _ in kept]
    mine = ["evaluated" if one["evaluable"] else "not evaluable" for one in own]
    space.ledger.words(SUBPOPULATIONS, "reading", words, mine, labels)
    _compare_cover(space, [row for row, _ in kept])
    _compare_edges(space, table)


def _compare_cover(space: Workspace, table: list[dict[str, Any]]) -> None:
    compare_whole(space, SUBPOPULATIONS, table)
    places = list(dict.fromkeys((row["attribute"], row["sample"]) for row in table))
    evaluation, data = (space.package.plan.get(key) or {} for key in ("evaluation", "data"))
    protected = data.get("protected") or []
    listed = (
        protected if isinstance(protected, list) else [name for names in protected.values() for name in names or ()]
    )
    wanted = {name for name in (*evaluation.get("subpopulations", ()), *listed) if name in space.frame.columns}
    samples = [(name, sample) for name in sorted(wanted) for sample in space.rows]
    space.ledger.words(
        SUBPOPULATIONS, "columns and samples", sorted(map(str, places)), sorted(map(str, samples)), "place"
    )


def _compare_edges(space: Workspace, table: list[dict[str, Any]]) -> None:
    declared = (space.package.plan.get("evaluation") or {}).get("subpopulation_edges") or {}
    for name, edges in declared.items():
        groups = {row["group"] for row in table if row["attribute"] == name} - {"missing"}
        ends = {float(part) for group in groups for part in group.strip("<≥ [)").split(", ")}
        space.ledger.words(SUBPOPULATIONS, f"edges of {name}", [ends <= set(map(float, edges))], [True], "edges")


def _measures(space: Workspace, sample: str, inside: np.ndarray) -> dict[str, float]:
    model_id, every = space.package.champion_id, space.known(sample)
    rows = every[inside]
    bad = int(np.count_nonzero(space.outcome[rows] == 1))
    found: dict[str, float] = dict.fromkeys(COLUMNS, np.nan) | {"rows": len(rows), "bad": bad}
    found["evaluable"] = float(min(bad, len(rows) - bad) >= least_bads(space))
    linear, probability = (space.output(model_id, name) for name in ("linear_score", "probability"))
    if not found["evaluable"] or linear is None or probability is None:
        return found
    w, level = space.weight[rows], space.confidence
    part = Rows(space.outcome[rows], linear.data[rows], w, space.cluster[rows])
    all_rows = np.ones(len(rows), dtype=bool)
    rate = rates.share(part, part.bad, all_rows, level)
    mean, size = metrics.weighted_mean(probability.data[rows], w), rates.independent_rows(part, part.bad, all_rows)
    found |= dict(zip(("bad_rate", "bad_rate_lower", "bad_rate_upper"), rate, strict=True))
    found |= {f"ratio{end}": one / mean for end, one in zip(("", "_lower", "_upper"), rate, strict=True)}
    tail = float(special.betainc(rate[0] * size + 0.5, (1.0 - rate[0]) * size + 0.5, mean))
    found |= {"mean_probability": mean, "jeffreys_p_value": tail}
    area = clustered.auc(part.outcome, part.risk, part.cluster, w, level)
    for end, bound in (("", area.auc), ("_lower", area.lower), ("_upper", area.upper)):
        found |= {f"auc{end}": bound, f"gini{end}": 2.0 * bound - 1.0}
    found["ks"] = metrics.kolmogorov_smirnov(part.outcome, part.risk, w)
    found["ks_lower"], found["ks_upper"] = calibration.distance_bounds(part.outcome, part.risk, w, part.cluster, level)
    return found | _difference(space, area, every[~inside], linear.data)


def _difference(space: Workspace, area: metrics.Auc, others: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    """AUC of the group less that of the others, taken as independent; nothing where they are too few."""
    y = space.outcome[others]
    bad = int(np.count_nonzero(y == 1))
    if min(bad, len(y) - bad) < least_bads(space):
        return {}
    rest = clustered.auc(y, risk[others], space.cluster[others], space.weight[others], space.confidence)
    difference, error = area.auc - rest.auc, float(np.hypot(area.standard_error, rest.standard_error))
    if not error > 0:
        return {"auc_difference": difference}
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    return {
        "auc_difference": difference,
        "difference_lower": max(difference - half, -1.0),
        "difference_upper": min(difference + half, 1.0),
        "difference_p_value": 2.0 * float(special.ndtr(-abs(difference) / error)),
    }
