"""The decision on segments worked out again: rows drawn, models fitted, gain tested, against the stated decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.rebuild import metrics
from validation.rebuild import segment_gain as gains
from validation.rebuild.segments import switch_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace

AREA = "segmentation.decision"
RULES = {
    "segments": "rows",
    "rows": "rows",
    "bads": "count",
    "log_likelihood_one": "log_likelihood",
    "log_likelihood_segments": "log_likelihood",
    "gain": "log_likelihood",
    "standard_error": "log_likelihood",
    "p_value": "p_value",
    "auc_one": "auc",
    "auc_segments": "auc",
    "level": "count",
}
PAY, NOT_SHOWN, REFUSED = "separate models pay", "separate models are not shown to pay", "refused: one model"


def compare_decision(space: Workspace, model_id: str) -> None:
    """Compare the test of a model's segments with our own, and the decision with what our p-value says."""
    name = space.package.candidate_ids[model_id]
    area = f"{AREA}.{name}"
    table = space.package.rows_of(area)
    if not table:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    spec = spec_of(space, name)
    names = predictors(space, spec)
    lacking = [one for one in names if one not in space.frame.columns and derived(space, one) is None]
    if lacking:
        space.ledger.not_evaluable(area, f"no model makes the derived characteristics {', '.join(lacking)}")
        return
    switch = switch_of(space.package.models[model_id], "linear_score")
    assert switch is not None
    cases, value = [case["equals"] for case in switch["cases"]], space.scored[model_id][switch["input"]].data
    if set(value[space.known(DEVELOPMENT)].tolist()) != set(cases):
        space.ledger.not_evaluable(area, "development rows are not in all of the segments, or in others")
        return
    own = _own(space, (cases, value), spec, names)
    row = table[0]
    for column, rule in RULES.items():
        space.ledger.numbers(area, column, rule, [row[column]], [own.get(column)], [column])
    space.ledger.words(area, "decision", [row["decision"]], [own["decision"]], ["decision"])


def p_value_of(gain: float | None, error: float | None) -> float:
    """Return the upper tail of a stated gain and its stated error; NaN where one is absent, 1 without an error."""
    if gain is None or error is None:
        return float("nan")
    return float(special.ndtr(-gain / error)) if error > 0 else 1.0


def spec_of(space: Workspace, name: str) -> Mapping[str, Any]:
    """Return what the plan says of a candidate."""
    listed = [item for item in space.package.plan.get("models") or [] if isinstance(item, dict)]
    return next(item for item in listed if item.get("id") == name)


def predictors(space: Workspace, spec: Mapping[str, Any]) -> list[str]:
    """Return the characteristics of the test: those of the candidate and what may divide."""
    waterfall = [row["characteristic"] for row in space.package.rows_of("selection.waterfall") or []]
    kept = list(spec.get("characteristics") or sorted(waterfall))
    segments = spec["segments"]
    search = segments.get("search") or {}
    more = [*(search.get("variables") or []), *([segments["column"]] if segments.get("column") else [])]
    return list(dict.fromkeys([*kept, *more]))


def derived(space: Workspace, name: str) -> np.ndarray | None:
    """Return the values of a derived characteristic that some model makes, None where none does."""
    for values in space.scored.values():
        if name in values:
            return np.asarray(values[name].data)
    return None


def _own(
    space: Workspace, segments: tuple[list[Any], np.ndarray], spec: Mapping[str, Any], names: list[str]
) -> dict[str, Any]:
    search, seed = spec["segments"].get("search"), seed_of(space)
    kept = kept_rows(space, spec)
    rows = binned_rows(space, names, kept)
    cases, value = segments
    segment = np.array([cases.index(name) for name in value[kept]], dtype=np.int64)
    part = gains.drawn(rows.cluster, seed, gains.PARTS, "judge")
    if search is not None:
        part = np.where(gains.drawn(rows.cluster, seed, 2, "half") == 0, -1, part)
    found = gains.crossed(rows, segment, part)
    level = float(spec["segments"]["level"])
    own: dict[str, Any] = {"segments": len(cases), "level": level, "decision": NOT_SHOWN}
    return own if found is None else own | _told(rows, found, level)


def seed_of(space: Workspace) -> int:
    """Return the seed of the plan."""
    return int((space.package.plan.get("samples") or {}).get("seed", 0))


def kept_rows(space: Workspace, spec: Mapping[str, Any]) -> np.ndarray:
    """Return the development rows that search and test use: all, or whole clusters that are drawn."""
    search, known = spec["segments"].get("search"), space.known(DEVELOPMENT)
    parts = 1 if search is None else -(-len(known) // int(search["max_rows"]))
    return known if parts == 1 else known[gains.drawn(space.cluster[known], seed_of(space), parts, "rows") == 0]


def _told(rows: gains.Rows, found: gains.Gain, level: float) -> dict[str, Any]:
    y, w = rows.outcome[found.tested], rows.weight[found.tested]
    likely = [w * (y * eta - np.logaddexp(0.0, eta)) for eta in (found.one, found.separate)]
    total, error = gains.paired(likely[1] - likely[0], rows.cluster[found.tested])
    p_value = float(special.ndtr(-total / error)) if error > 0 else 1.0
    return {
        "rows": len(y),
        "bads": float(w @ y),
        "log_likelihood_one": float(likely[0].sum()),
        "log_likelihood_segments": float(likely[1].sum()),
        "gain": total,
        "standard_error": error,
        "p_value": p_value,
        "auc_one": metrics.auc(y, found.one, w).auc,
        "auc_segments": metrics.auc(y, found.separate, w).auc,
        "decision": PAY if p_value <= level else NOT_SHOWN,
    }


def binned_rows(space: Workspace, names: list[str], kept: np.ndarray) -> gains.Rows:
    """Return the rows of search and test: few bins a characteristic, made without the outcome."""
    declared = (space.package.plan.get("data") or {}).get("columns") or {}
    binned = []
    for name in names:
        codes = list((declared.get(name) or {}).get("specials") or {})
        made = None if name in space.frame.columns else derived(space, name)
        values = space.frame[name].to_numpy() if made is None else made
        if values.dtype.kind == "f":
            binned.append(gains.number_bins(values[kept].astype(np.float64), [float(code) for code in codes]))
        else:
            texts = np.array([None if v is None or v != v else v for v in values[kept].tolist()], dtype=object)
            binned.append(gains.text_bins(texts, [str(code) for code in codes]))
    weight = space.weight[kept]
    effective = weight * (weight.sum() / float(weight @ weight))
    return gains.Rows(tuple(binned), space.outcome[kept], effective, space.cluster[kept])
