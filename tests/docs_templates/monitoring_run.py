"""A run of monitoring with made-up numbers: what a real one holds, as large as one asks."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

from tests.docs_templates.builders import canonical, catalogue, evidence_name, item, rows_of

Json = dict[str, Any]
VERDICTS = ("green", "amber", "red", "grey")
CHARTS: dict[str, Json] = {
    "monitoring.figure.score_stability": {"type": "line", "x": "period", "y": ["psi", "chance_level"]},
    "monitoring.figure.performance": {
        "type": "interval", "x": "period", "y": ["auc"], "series": "method", "lower": "lower", "upper": "upper",
    },
    "monitoring.figure.level": {"type": "line", "x": "period", "y": ["rate"], "series": "series"},
}  # fmt: skip

OF_EACH: dict[str, tuple[str, tuple[str, ...]]] = {
    "moments": ("quantity", ("linear_score", "probability", "score")),
    "decisions": ("measure", ("approval_rate", "model_approval_rate", "override_rate")),
    "performance": ("measure", ("bad_rate", "auc", "gini", "ks")),
    "label_free": ("measure", ("auc", "gini", "bad_rate")),
    "distances": ("variable", ("score", "probability")),
    "objectives": ("objective", ("profit", "cost")),
    "challengers": ("challenger", ("trees", "logit")),
    "domain_classifier": ("method", ("logistic",)),
}


def months(count: int) -> list[str]:
    """Months from January 2025 on."""
    return [f"{2025 + place // 12}-{place % 12 + 1:02d}" for place in range(count)]


def monitoring_evidence(
    variables: int = 4, count: int = 6, segments: tuple[str, ...] = ("channel=web",)
) -> dict[str, Json]:
    """Evidence for every entry `monitoring.*` of the catalogue."""
    names = [f"CHARACTERISTIC_{place:02d}" for place in range(variables)]
    found = {}
    for identifier, entry in catalogue().items():
        if identifier.startswith("monitoring."):
            keys = _keys(identifier.removeprefix("monitoring."), names, months(count), ("all", *segments))
            chart = {"chart": CHARTS[identifier]} if entry["kind"] == "figure" else {}
            found[identifier] = item(identifier, entry, rows_of(entry, keys), **chart)
    return found


def _numbers(place: int) -> Json:
    """What plots draw, between bounds."""
    at = round(0.5 + 0.3 * math.sin(place), 6)
    return {"horizon": 6.0, "status": "evaluable", "lower": at - 0.05, "upper": at + 0.05, "ratio": at} | dict.fromkeys(
        ("rate", "value", "estimate", "difference", "auc", "predicted", "observed", "shift"), at
    )


def _keys(name: str, names: list[str], periods: list[str], segments: tuple[str, ...]) -> list[Json]:
    each = [{"period": p, "segment": s} for p in periods for s in segments]

    def verdict(place: int) -> str:
        return VERDICTS[place % 7 % 4]

    if name == "characteristic_stability":
        every = [{**one, "variable": v} for one in each for v in names]
        return [{**one, "verdict": verdict(i), "psi": abs(math.sin(i)) / 4} for i, one in enumerate(every)]
    if name == "score_stability":
        every = [{**one, "variable": q} for one in each for q in ("score", "grade")]
        return [{**one, "verdict": verdict(i), "psi": abs(math.sin(i)) / 4} for i, one in enumerate(every)]
    if name == "figure.score_stability":
        return [{"period": p, "psi": abs(math.sin(i)) / 4, "chance_level": 0.03} for i, p in enumerate(periods)]
    if name == "figure.performance":
        return [
            {"period": p, "method": "mature" if i < len(periods) / 2 else "censoring weights", "auc": 0.75,
             "lower": 0.71, "upper": 0.79}
            for i, p in enumerate(periods)
        ]  # fmt: skip
    if name == "figure.level":
        return [
            {"period": p, "series": s, "rate": 0.05 + i / 500}
            for i, p in enumerate(periods)
            for s in ("bad rate", "mean probability")
        ]
    if name == "verdict":
        areas = ("score", "characteristics", "performance", "calibration")
        return [{"area": a, "period": periods[-1], "verdict": VERDICTS[i]} for i, a in enumerate(areas)]
    if name in OF_EACH:
        column, values = OF_EACH[name]
        every = [{**one, column: v, **_numbers(i)} for one in each for i, v in enumerate(values)]
        return [{**one, "verdict": verdict(i)} for i, one in enumerate(every)]
    if name in ("level", "metrics", "attribution_totals", "cause"):
        return [{**one, "verdict": verdict(i), **_numbers(i)} for i, one in enumerate(each)]
    if name in ("attribution", "quality"):
        every = [{**one, "variable": v, "rule": "missing", **_numbers(i)} for one in each for i, v in enumerate(names)]
        return [{**one, "verdict": verdict(i)} for i, one in enumerate(every)]
    if name == "calibration_months":
        grades = [f"grade {place:02d}" for place in range(12)]
        return [{"period": p, "segment": "all", "scheme": "grade", "group": g} for p in periods for g in grades]
    if name == "bins":
        last = {"period": periods[-1], "segment": "all"}
        return [{**last, "variable": v, "verdict": verdict(i)} for i, v in enumerate(names)]
    if name in ("run", "calibration", "alerts", "advice", "partitions", "faults"):
        return [{"verdict": verdict(i), "item": f"item {i}"} for i in range(4)]
    return [{"period": p, "verdict": verdict(i)} for i, p in enumerate(periods)]


def write_run(folder: Path, package_hash: str, evidence: dict[str, Json] | None = None) -> Path:
    """The folder of a run, sealed for the package of this hash."""
    contents = {
        "evidence/" + evidence_name(identifier): canonical(value)
        for identifier, value in (evidence if evidence is not None else monitoring_evidence()).items()
    }
    files = {n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in contents.items()}
    manifest = {
        "format": "credit-risk-annex", "format_version": "0.1", "kind": "monitoring", "producer": "test",
        "package_hash": package_hash, "created": "2026-11-20T10:00:00Z", "files": files,
    }  # fmt: skip
    for name, data in {**contents, "manifest.json": canonical(manifest)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
