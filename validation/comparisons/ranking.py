"""Further measures of discrimination, the AUC against its initial value, CAP and precision-recall, computed again."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from validation.rebuild import clustered, metrics, ranking
from validation.rebuild.workspace import DEVELOPMENT, Workspace

MEASURES, INITIAL = "performance.measures", "performance.initial_auc"
CAP, PRECISION = "performance.cap", "performance.precision_recall"
SEED = 271_828
NOT_EVALUABLE = "not evaluable"
_INITIAL = {
    "rows": "rows",
    "bad": "rows",
    "initial_auc": "auc",
    "auc": "auc",
    "auc_lower": "interval",
    "auc_upper": "interval",
    "standard_error": "standard_error",
    "statistic": "z",
    "p_value": "p_value",
}
Table = list[dict[str, Any]]


def compare_ranking(space: Workspace) -> None:
    """Compare every measure of every model and sample, and the curves of the champion."""
    for area, compare in (
        (MEASURES, _compare_measures),
        (INITIAL, _compare_initial),
        (CAP, _compare_cap),
        (PRECISION, _compare_precision),
    ):
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
            continue
        compare(space, table)


def sample_rows(space: Workspace, model_id: str, sample: str) -> ranking.Rows | None:
    """Return the judged rows of a sample by the linear score of a model; None where it publishes none."""
    risk, rows = space.output(model_id, "linear_score"), space.judged(model_id, sample)
    if risk is None:
        return None
    return ranking.Rows(space.outcome[rows], risk.data[rows], space.weight[rows], space.cluster[rows])


def least_bads(space: Workspace) -> int:
    """Return the fewest bads (and goods) that the plan wants for a measure."""
    return max(1, int(space.package.setting("evaluation", "min_bads", 30)))


def few(space: Workspace, rows: ranking.Rows) -> bool:
    """Say whether a sample has fewer bads or goods than the plan wants."""
    bad = int(np.count_nonzero(rows.bad))
    return min(bad, len(rows.bad) - bad) < least_bads(space)


def _compare_measures(space: Workspace, table: Table) -> None:
    stated, own = [], []
    for model_id, name in space.package.candidate_ids.items():
        for sample in space.rows:
            rows = sample_rows(space, model_id, sample)
            if rows is None:
                space.ledger.not_evaluable(f"{MEASURES}: {name} {sample}", "the model publishes no linear score")
                continue
            told = [row for row in table if (row["model"], row["sample"]) == (name, sample)]
            mine = _measures(space, model_id, sample, rows, champion=model_id == space.package.champion_id)
            space.ledger.words(MEASURES, f"measures ({name} {sample})", [r["measure"] for r in told], list(mine), "row")
            kept = [row for row in told if row["measure"] in mine]
            stated += kept
            own += [{"rows": len(rows.bad), "bad": rows.bad.sum(), **mine[row["measure"]]} for row in kept]
    labels = [f"{row['model']} {row['sample']} {row['measure']}" for row in stated]
    for column, rule in (("rows", "rows"), ("bad", "rows"), ("value", "auc")):
        space.ledger.numbers(MEASURES, column, rule, [r[column] for r in stated], [m[column] for m in own], labels)
    places = [k for k, row in enumerate(stated) if "bootstrap" not in row["measure"]]
    for column in ("lower", "upper"):
        developer, mine_ = [stated[k][column] for k in places], [own[k][column] for k in places]
        space.ledger.numbers(MEASURES, column, "standard_error", developer, mine_, [labels[k] for k in places])
    _compare_bootstrap(space, [(stated[k], own[k]) for k in range(len(stated)) if k not in places])
    words = [row["method"].startswith(NOT_EVALUABLE) for row in stated]
    space.ledger.words(MEASURES, "not evaluable", words, [bool(np.isnan(m["value"])) or m["none"] for m in own], labels)


def _compare_bootstrap(space: Workspace, pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    developer, own, labels = [], [], []
    for row, mine in pairs:
        width = mine["upper"] - mine["lower"]
        for end in ("lower", "upper"):
            value = row[end]
            developer.append(None if value is None else value / width if width > 0 else value)
            own.append(mine[end] / width if width > 0 else mine[end])
            labels.append(f"{row['sample']} {end}")
    space.ledger.numbers(MEASURES, "bootstrap bounds, in widths", "resampled_bound", developer, own, labels)


def _measures(
    space: Workspace, model_id: str, sample: str, rows: ranking.Rows, *, champion: bool
) -> dict[str, dict[str, Any]]:
    """Return our own measures by the name that the table gives them, in its order."""
    level = space.confidence
    reach = space.package.setting("evaluation", "partial_area", 0.2)
    none = ranking.Measure(np.nan, np.nan, np.nan, np.nan)
    partial = f"Partial AUC, false positive rate to {reach:.0%}, standardised"
    names = ["H-measure, Beta(π₁ + 1, π₀ + 1)", "H-measure, Beta(2, 2)", "Average precision", partial]
    names += ["Partial AUC of the accepts at the cut-off, standardised", "Area under the convex hull"]
    names += ["AUC, Hanley–McNeil interval", *(["AUC, bootstrap interval"] if champion else [])]
    if few(space, rows):
        return {name: _as_dict(none) for name in names}
    area = metrics.auc(rows.outcome, rows.risk, rows.weight).auc
    sizes = [float(np.sum(w)) ** 2 / float(np.sum(w**2)) for w in (rows.weight[rows.bad], rows.weight[~rows.bad])]
    found = [
        ranking.h_measure(rows, None, area, level),
        ranking.h_measure(rows, (2.0, 2.0), area, level),
        ranking.average_precision(rows, level),
        ranking.partial_area(rows, 0.0, reach, level),
        _accepts(space, model_id, sample, rows) or none,
        ranking.Measure(ranking.hull_area(rows), np.nan, np.nan, np.nan),
        ranking.Measure(area, np.nan, np.nan, np.nan)
        if rows.clustered
        else ranking.hanley_mcneil(area, sizes[0], sizes[1], level),
    ]
    if champion:
        draws = int(space.policy.cuts["resamples"].value)
        found.append(ranking.Measure(area, np.nan, *ranking.resampled_bounds(rows, draws, level, SEED)))
    told = {name: _as_dict(one) for name, one in zip(names, found, strict=True)}
    told["AUC, Hanley–McNeil interval"]["none"] = rows.clustered
    return told


def _as_dict(one: ranking.Measure) -> dict[str, Any]:
    return {"value": one.value, "lower": one.lower, "upper": one.upper, "none": False}


def _accepts(space: Workspace, model_id: str, sample: str, rows: ranking.Rows) -> ranking.Measure | None:
    """Partial area beyond the rate of goods that the plan's cut-off rejects; None without a cut-off or such goods."""
    cut_off, score = (space.package.plan.get("strategy") or {}).get("cut_off"), space.output(model_id, "score")
    if cut_off is None or score is None:
        return None
    rejected = (score.data[space.judged(model_id, sample)] < cut_off) & ~rows.bad
    least = float(np.sum(rows.weight[rejected]) / np.sum(rows.weight[~rows.bad]))
    return None if rejected[~rows.bad].all() else ranking.partial_area(rows, least, 1.0, space.confidence)


def _compare_initial(space: Workspace, table: Table) -> None:
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items()}
    wanted = [(name, sample) for name in ids for sample in space.rows if sample != DEVELOPMENT]
    told = [(row["model"], row["sample"]) for row in table]
    space.ledger.words(INITIAL, "models and samples", sorted(map(str, told)), sorted(map(str, wanted)), "row")
    rows = [row for row in table if (row["model"], row["sample"]) in wanted]
    own = [_initial(space, ids[row["model"]], row["sample"]) for row in rows]
    labels = [f"{row['model']} {row['sample']}" for row in rows]
    for column, rule in _INITIAL.items():
        space.ledger.numbers(INITIAL, column, rule, [r[column] for r in rows], [m[column] for m in own], labels)
    readings = [_reading(one, 1.0 - space.confidence) for one in own]
    space.ledger.words(INITIAL, "reading", [row["reading"].split(":")[0] for row in rows], readings, labels)


def _initial(space: Workspace, model_id: str, sample: str) -> dict[str, float]:
    first, now = (sample_rows(space, model_id, name) for name in (DEVELOPMENT, sample))
    found: dict[str, float] = dict.fromkeys(_INITIAL, np.nan)
    if first is None or now is None:
        return found
    initial = metrics.auc(first.outcome, first.risk, first.weight).auc
    found |= {"rows": len(now.bad), "bad": int(now.bad.sum()), "initial_auc": initial}
    if few(space, now):
        return found
    area = clustered.auc(now.outcome, now.risk, now.cluster, now.weight, space.confidence)
    found |= {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper, "standard_error": area.standard_error}
    if area.standard_error > 0:
        found["statistic"] = (initial - area.auc) / area.standard_error
        found["p_value"] = float(special.ndtr(-found["statistic"]))
    return found


def _reading(found: dict[str, float], level: float) -> str:
    if np.isnan(found["p_value"]):
        return NOT_EVALUABLE
    return "lower at this level" if found["p_value"] < level else "not lower at this level"


def _compare_cap(space: Workspace, table: Table) -> None:
    """Every point lies on our own curve, which is straight between its corners."""
    for sample in space.rows:
        rows = sample_rows(space, space.package.champion_id, sample)
        points = [row for row in table if row["sample"] == sample]
        if rows is None or not points or len(np.unique(rows.outcome)) < 2:
            space.ledger.not_evaluable(f"{CAP}: {sample}", "no points, no linear score, or one class")
            continue
        taken, caught = _running(rows)
        x, y = (np.append(0.0, part) / part[-1] for part in (taken, caught))
        own = np.interp([row["row_share"] for row in points], x, y)
        space.ledger.numbers(CAP, f"share of bads ({sample})", "gini", [r["bad_share"] for r in points], own, "point")
        ends = [points[0]["row_share"], points[-1]["row_share"]]
        space.ledger.numbers(CAP, f"ends ({sample})", "share", ends, [0.0, 1.0], "end")


def _compare_precision(space: Workspace, table: Table) -> None:
    """Every point is one of ours: the last with its recall."""
    for sample in space.rows:
        rows = sample_rows(space, space.package.champion_id, sample)
        points = [row for row in table if row["sample"] == sample]
        if rows is None or not points or len(np.unique(rows.outcome)) < 2:
            space.ledger.not_evaluable(f"{PRECISION}: {sample}", "no points, no linear score, or one class")
            continue
        taken, caught = _running(rows)
        recall, precision = caught / caught[-1], caught / taken
        keep = np.flatnonzero(np.append(np.diff(caught) > 0, True))  # the last point of each recall
        told = np.array([row["recall"] for row in points])
        where = keep[np.argmin(np.abs(recall[keep][None, :] - told[:, None]), axis=1)]
        labels = [f"{sample} point {k + 1}" for k in range(len(points))]
        space.ledger.numbers(PRECISION, f"recall ({sample})", "share", told, recall[where], labels)
        stated = [row["precision"] for row in points]
        space.ledger.numbers(PRECISION, f"precision ({sample})", "share", stated, precision[where], labels)


def _running(rows: ranking.Rows) -> tuple[np.ndarray, np.ndarray]:
    """Weight of all rows and of bads at least as risky as each distinct risk, the riskiest first."""
    order = np.argsort(-rows.risk, kind="stable")
    last = np.append(np.diff(rows.risk[order]) != 0, True)
    taken, caught = np.cumsum(rows.weight[order])[last], np.cumsum((rows.weight * rows.bad)[order])[last]
    return taken, caught
