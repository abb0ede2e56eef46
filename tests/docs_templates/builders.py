"""Packages made by hand: evidence for everything in the catalogue, with names that try to break the page."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
SAMPLES = ("development", "out_of_sample")
ALL_SAMPLES = (*SAMPLES, "out_of_time", "out_of_time_before")
PERIODS = tuple(f"20{15 + i // 12}-{1 + i % 12:02d}" for i in range(30))
MODELS = ("scorecard", "boosting")
GREEK, POLISH, MARKUP = "Εισόδημα μηνιαίο", "Dochód miesięczny – źródło żółć", "<b>&amp; 'bold' \"x\" </b>"
LONG = "a_name_of_two_hundred_characters_" * 6 + "the_end"
NASTY = (GREEK, POLISH, MARKUP, LONG, "中文 ☂\u202e")
CHARACTERISTICS = ("UTILISATION", *NASTY)
BINS = 40
AUTHORED = ("purpose", "rationale", "uses", "prohibited_uses", "limitations", "owner", "tier")


def canonical(value: Any) -> bytes:
    """Bytes as SPECIFICATION section 2 wants them."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2)
    return (text + "\n").encode("utf-8")


def evidence_name(identifier: str) -> str:
    """File name of an evidence id, written here a second time from SPECIFICATION section 7."""
    text = quote(identifier, safe="").replace("~", "%7E")
    if len(text) > 180:
        text = text[:150] + "~" + hashlib.sha256(identifier.encode()).hexdigest()[:16]
    return text + ".json"


def catalogue() -> dict[str, Json]:
    """The evidence catalogue by id."""
    text = (files("docs_templates") / "schemas" / "evidence_catalogue.json").read_text("utf-8")
    return {entry["id"]: entry for entry in json.loads(text)["entries"]}


def number(unit: str | None, i: int) -> float:
    """A number that looks like its unit, different for each `i`."""
    spread = ((i * 37) % 97) / 97
    base = {"share": spread, "auc": 0.6 + spread / 4, "p_value": spread * 1e-3, "points": float((i * 7) % 90)}
    tiny = {"difference": spread * 1e-12, "tolerance": 1e-9, "correlation": spread - 0.5, "ratio": 0.5 + spread}
    if unit == "count":
        return float(100 + 1234 * (i % 50))
    return {**base, **tiny}.get(unit or "", spread * 3 - 1.2345)


def cell(column: Json, i: int) -> Any:
    """A cell of the column's type."""
    if column["type"] == "integer":
        return int(number("count", i)) if column["unit"] == "count" else i
    if column["type"] == "number":
        return number(column["unit"], i)
    if column["type"] == "boolean":
        return i % 2 == 0
    return f"{column['name']} {i}"


def rows_of(entry: Json, keys: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """One row for each mapping of fixed cells; the other cells are made up."""
    return [
        [fixed.get(c["name"], cell(c, i + 11 * k)) for k, c in enumerate(entry["columns"])]
        for i, fixed in enumerate(keys)
    ]


def _keys(identifier: str, characteristics: tuple[str, ...]) -> list[Json]:
    both = [{"model": m, "sample": s} for m in MODELS for s in SAMPLES]
    samples = [{"sample": s} for s in SAMPLES]
    names = [{"characteristic": c} for c in characteristics]
    special: dict[str, list[Json]] = {
        "performance.discrimination": both,
        "performance.calibration": both,
        "performance.level": both,
        "performance.ranking": both,
        "performance.mean_bands": [{"sample": s, "band": b} for s in SAMPLES for b in range(1, 11)],
        "performance.roc": [
            {"sample": s, "false_positive_rate": i / 9, "true_positive_rate": (i / 9) ** 0.5}
            for s in SAMPLES
            for i in range(10)
        ],
        "performance.measures": [{**k, "measure": f"measure {i}"} for k in both for i in range(8)],
        "performance.initial_auc": both,
        "performance.lift": [{"sample": s, "part": p} for s in SAMPLES for p in range(1, 11)],
        "performance.cut_offs": [{"sample": s, "basis": f"accept {p}0%"} for s in SAMPLES for p in range(2, 10)],
        "performance.cap": [
            {"sample": s, "row_share": i / 9, "bad_share": (i / 9) ** 0.4} for s in SAMPLES for i in range(10)
        ],
        "performance.precision_recall": [
            {"sample": s, "recall": (i + 1) / 10, "precision": 0.9 - i / 12} for s in SAMPLES for i in range(10)
        ],
        "performance.score_bands": [{"sample": s, "band": b} for s in SAMPLES for b in range(1, 11)],
        "performance.score_distribution": [
            {"outcome": o, "score": 400.0 + 10 * i} for o in ("good", "bad") for i in range(30)
        ],
        "performance.calibration_curve": [
            {"sample": s, "mean_probability": i / 10, "bad_rate": i / 11, "lower": i / 12, "upper": i / 10}
            for s in SAMPLES
            for i in range(10)
        ],
        "calibration.segment_maps": [
            {"segment": segment, "curve": curve, "linear_score": float(x), "probability": x / 10.0 + 0.5}
            for segment in ("broker", "branch")
            for curve in ("pooled", "segment")
            for x in range(-3, 4)
        ],
        "calibration.map": [
            {"curve": c, "linear_score": -3.0 + i / 10, "probability": i / 60}
            for c in ("before", "after")
            for i in range(50)
        ],
        "performance.reliability": [
            {"sample": s, "probability": i / 90, "recalibrated": i / 85, "lower": i / 120, "upper": i / 60}
            for s in SAMPLES
            for i in range(60)
        ],
        "performance.decomposition": both,
        "performance.calibration_tests": both,
        "stability.bins": [{"quantity": "score", "sample": s} for s in SAMPLES],
        "model.identity": [
            {"item": "Champion"},
            {"item": "Characteristics of the champion", "value": "6"},
            {"item": "Challengers"},
        ],
        "validation.summary": [{"item": i} for i in ("tests", "tests passed", "tests failed")],
        "reject_inference.correlation_profile": [{"rho": (i - 9) / 10, "relative": -i / 5.0} for i in range(19)],
        "reject_inference.choice": [
            {"item": "Method", "value": "fuzzy augmentation"},
            *({"item": i, "value": f"{i} told"} for i in ("Assumes", "Applicants of development", "Accepted")),
            *({"item": i, "value": f"{i} told"} for i in ("Rejected", "Known outcomes", "Instrument")),
        ],
        "samples.summary": samples,
        "scaling.rounding_effect": samples,
        "classing.summary": names,
        "classing.stability": [{"characteristic": c, "sample": s} for c in characteristics for s in SAMPLES],
        "classing.period_stability": [{"characteristic": c, "period": p} for c in characteristics for p in PERIODS],
        "selection.waterfall": names,
        "scorecard.points.": [{"characteristic": c, "bin_id": b} for c in characteristics for b in range(3)],
        "scorecard.coefficients.": [{"term": c} for c in ("intercept", *characteristics)],
        "data.profile": [{"column": f"COLUMN_{i}"} for i in range(60)],
        "rating.validation": [{"sample": s, "grade": g} for s in SAMPLES for g in "ABCD"],
        "rating.figure": [{"series": s, "grade": g} for s in ("scale", *SAMPLES) for g in "ABCD"],
        "validation.conclusion": [
            {"item": item, "value": f"{item} told"} for item in ("validator", "role", "recommendation", "date")
        ],
        "validation.findings": [{"id": "VAL-1", "severity": "high", "statement": f"Differs for {MARKUP}"}],
    }
    return special.get(identifier, [{} for _ in range(5)])


def _groups(identifier: str) -> list[Json]:
    """What the bins of a characteristic are counted on."""
    if identifier.startswith("classing.periods"):
        return [{"period": p} for p in PERIODS]
    by_sample = identifier.startswith(("classing.samples", "classing.figure"))
    return [{"sample": s} for s in ALL_SAMPLES] if by_sample else [{}]


_MEANS: Json = {"type": "interval", "y": ["observed_mean"], "lower": "lower", "upper": "upper"}
_RATES: Json = {"type": "interval", "x": "acceptance_rate", "y": ["bad_rate"], "series": "sample"}
_PROFIT: Json = {"type": "interval", "x": "cut_off", "y": ["profit"], "series": "sample"}
CHARTS: dict[str, Json] = {
    "strategy.acceptance_curve": {**_RATES, "lower": "bad_rate_lower", "upper": "bad_rate_upper"},
    "strategy.profit_curve": {**_PROFIT, "lower": "profit_lower", "upper": "profit_upper"},
    "boosting.early_stopping.": {"type": "line", "x": "trees", "y": ["mean", "lower", "upper"]},
    "performance.mean_curve": {**_MEANS, "x": "expected_mean", "series": "sample", "reference": "diagonal"},
    "performance.cap": {"type": "line", "x": "row_share", "y": ["bad_share"], "series": "sample"},
    "performance.precision_recall": {"type": "line", "x": "recall", "y": ["precision"], "series": "sample"},
    "performance.lorenz": {"type": "line", "x": "base_share", "y": ["outcome_share"], "series": "sample"},
    "glm.variance_power.": {"type": "line", "x": "variance_power", "y": ["log_likelihood"]},
    "glm.residuals.": {"type": "scatter", "x": "linear_predictor", "y": ["deviance_residual"], "reference": "zero"},
    "glm.residual_means.": {**_MEANS, "x": "linear_predictor", "y": ["mean_residual"], "reference": "zero"},
    "glm.residual_quantiles.": {"type": "scatter", "x": "normal_quantile", "y": ["residual"]},
    "classing.mean_figure.": {
        "type": "bar_line",
        "x": "label",
        "y": ["count_share"],
        "line": ["mean"],
        "lower": "mean_lower",
        "upper": "mean_upper",
    },
    "performance.roc": {"type": "line", "x": "false_positive_rate", "y": ["true_positive_rate"], "series": "sample"},
    "performance.score_distribution": {"type": "step", "x": "score", "y": ["share"], "series": "outcome"},
    "performance.calibration_curve": {
        "type": "interval",
        "x": "mean_probability",
        "y": ["bad_rate"],
        "series": "sample",
        "lower": "lower",
        "upper": "upper",
        "reference": "diagonal",
    },
    "long_run.figure": {
        "type": "interval",
        "x": "cohort",
        "y": ["rate"],
        "series": "series",
        "lower": "lower",
        "upper": "upper",
    },
    "fairness.curves": {
        "type": "line",
        "x": "approval_rate",
        "y": ["adverse_impact_ratio"],
        "series": "group",
        "panels": "attribute",
        "reference": "one",
    },
    "reject_inference.correlation_profile": {"type": "line", "x": "rho", "y": ["relative"]},
    "calibration.map": {"type": "line", "x": "linear_score", "y": ["probability"], "series": "curve"},
    "calibration.segment_maps": {
        "type": "line",
        "x": "linear_score",
        "y": ["probability"],
        "series": "curve",
        "panels": "segment",
    },
    "performance.reliability": {
        "type": "line",
        "x": "probability",
        "y": ["recalibrated"],
        "series": "sample",
        "lower": "lower",
        "upper": "upper",
        "reference": "diagonal",
    },
    "outcome.vintages": {"type": "line", "x": "month_on_book", "y": ["bad_rate"], "series": "cohort"},
    "outcome.maturity": {"type": "line", "x": "month_on_book", "y": ["bad_rate"]},
    "explanation.importance_figure.": {"type": "bar", "x": "characteristic", "y": ["mean_absolute"]},
    "explanation.dependence_figure.": {
        "type": "line",
        "x": "position",
        "y": ["mean"],
        "series": "characteristic",
        "reference": "zero",
    },
    "classing.periods.": {
        "type": "interval",
        "x": "period",
        "y": ["bad_rate"],
        "panels": "label",
        "lower": "bad_rate_lower",
        "upper": "bad_rate_upper",
    },
    "rating.figure": {
        "type": "bar_line",
        "x": "grade",
        "y": ["share"],
        "line": ["bad_rate"],
        "series": "series",
        "lower": "bad_rate_lower",
        "upper": "bad_rate_upper",
    },
    "reject_inference.overlap_bands": {
        "type": "bar_line",
        "x": "band",
        "y": ["accepted", "rejected"],
        "line": ["bad_rate"],
        "lower": "bad_rate_lower",
        "upper": "bad_rate_upper",
    },
    "reject_inference.sensitivity": {
        "type": "line",
        "x": "prudence",
        "y": ["rejected_bad_rate", "newly_approved_bad_rate", "applicant_bad_rate", "approved_bad_rate"],
    },
    "classing.figure.": {
        "type": "bar_line",
        "x": "label",
        "y": ["count_share"],
        "line": ["bad_rate"],
        "series": "sample",
        "lower": "bad_rate_lower",
        "upper": "bad_rate_upper",
    },
}


def item(identifier: str, entry: Json, rows: list[list[Any]] | None, parameter: str = "", **more: Any) -> Json:
    """One item of evidence."""
    head = {"format": "credit-risk-evidence", "format_version": "0.1", "id": identifier, "inputs": ["data/s.parquet"]}
    title = entry["title"].replace("{characteristic}", parameter).replace("{model}", parameter)
    body = {"kind": entry["kind"], "title": title, "producer": entry["producer"], "notes": []}
    table = {"columns": entry["columns"], "rows": rows} if rows is not None else {}
    return {**head, **body, **table, **more}


def all_evidence(characteristics: tuple[str, ...] = CHARACTERISTICS, *, authored: bool = True) -> dict[str, Json]:
    """Evidence for every entry of the catalogue."""
    found: dict[str, Json] = {}
    for identifier, entry in catalogue().items():
        if identifier.startswith(("monitoring.", "governance.")):  # of a run and of the inventory, beside the package
            continue
        stem = identifier.partition("{")[0]
        if identifier.startswith("authored."):
            more = {"text": f"Text of {identifier} {POLISH}.", "author": "A. Autor", "date": "2026-01-31"}
            given = item(identifier, entry, None, **more)
            absent = item(identifier, {**entry, "kind": "not_provided"}, None, reason="the plan has none")
            found[identifier] = given if authored else absent
        elif "{" not in identifier:
            chart = {"chart": CHARTS[identifier]} if entry["kind"] == "figure" else {}
            found[identifier] = item(identifier, entry, rows_of(entry, _keys(identifier, characteristics)), **chart)
        else:
            names = (
                characteristics
                if "{characteristic}" in identifier
                else ("card",)
                if stem.startswith("scorecard.")
                else ("boosting",)
            )
            for name in names:
                count = BINS if "classing" in identifier else 5
                bins = [{"label": f"[{i}, {i + 1}) {name[:30]}", "bin_id": i} for i in range(count)]
                keys = [{**one, **group} for group in _groups(identifier) for one in bins]
                keys = _keys(stem, characteristics) if stem.startswith("scorecard.") else keys
                chart = {"chart": CHARTS[stem]} if entry["kind"] == "figure" else {}
                found[stem + name] = item(stem + name, entry, rows_of(entry, keys), name, **chart)
    return found


def toy_model() -> Json:
    """A scorecard of two characteristics, one of them with a name that tries to break the page."""
    bins = [
        {"id": 0, "kind": "interval", "label": "< 0.1", "lower": None, "upper": 0.1, "woe": 0.30000000000000004},
        {"id": 1, "kind": "interval", "label": "≥ 0.1", "lower": 0.1, "upper": None, "woe": -1e-05},
        {"id": 2, "kind": "special", "label": "special -9", "codes": [-9.0], "woe": 0.1},
        {"id": 3, "kind": "missing", "label": "missing", "woe": 0.0},
    ]
    texts = [
        {"id": 0, "kind": "categories", "label": MARKUP, "values": [MARKUP, GREEK], "woe": 0.25, "takes_missing": True},
        {"id": 1, "kind": "unseen", "label": "unseen", "woe": 0.25, "woe_of": 0},
    ]
    scaled = [
        {"characteristic": name, "input": f"bin({name})", "points": points, "output": f"points({name})"}
        for name, points in (("UTILISATION", [9.0, 0.0, 3.0, 0.0]), (POLISH, [7.0, 7.0]))
    ]
    told = [
        {"characteristic": one["characteristic"], "input": one["output"], "reason_code": f"R{rank}",
         "reference_points": 4.5, "baseline": 4.5 - 1e-06 * rank}
        for rank, one in enumerate(scaled, start=1)
    ]  # fmt: skip
    terms = [{"input": "woe(UTILISATION)", "coefficient": -0.7}, {"input": f"woe({POLISH})", "coefficient": -0.9}]
    scaling = {"points_to_double_odds": 20.0, "base_score": 600.0, "base_odds": 50.0, "factor": 28.85390081777927,
               "offset": 487.1228762045055}  # fmt: skip
    steps = [
        {"id": "c1", "type": "classing", "input": "UTILISATION", "kind": "numeric", "bins": bins,
         "output_bin": "bin(UTILISATION)", "output_woe": "woe(UTILISATION)"},
        {"id": "c2", "type": "classing", "input": POLISH, "kind": "categorical", "bins": texts,
         "output_bin": f"bin({POLISH})", "output_woe": f"woe({POLISH})"},
        {"id": "s1", "type": "linear", "intercept": 0.1, "offset": None, "output": "linear_score", "terms": terms},
        {"id": "s2", "type": "link", "function": "logit", "input": "linear_score", "output": "probability"},
        {"id": "s3", "type": "scale", "form": "points", "base_points": 490.0, "rounding": "half_away_from_zero",
         "scaling": scaling, "characteristics": scaled, "output": "score"},
        {"id": "s4", "type": "reasons", "method": "points_below_reference", "reference": "mean of all", "maximum": 4,
         "rank_step": 1e-06, "characteristics": told, "output": "reasons"},
    ]  # fmt: skip
    special = [{"code": -9.0, "meaning": "no line"}]
    return {
        "outcome": {"type": "binary", "event": "90 days past due", "probability_name": "probability of bad",
                    "value_name": "Loss"},
        "inputs": [
            {"name": "UTILISATION", "type": "number", "specials": special, "description": "Balance over limit"},
            {"name": POLISH, "type": "string", "specials": [], "description": GREEK},
        ],
        "steps": steps,
        "model": {"id": "toy", "name": "Toy", "type": "scorecard", "version": "1.2.3"},
        "outputs": {"linear_score": "linear_score", "probability": "probability", "score": "score", "grade": None,
                    "reasons": "reasons", "decision": [], "probability_name": "probability of bad"},
    }  # fmt: skip


def toy_verification() -> bytes:
    """verification.csv of the toy model: a base case and two that differ from it."""
    head = ["case", "in:UTILISATION", f"in:{POLISH}", "bin:UTILISATION", "woe:UTILISATION", f"bin:{POLISH}"]
    head += [f"woe:{POLISH}", "points:UTILISATION", f"points:{POLISH}", "linear_score", "probability", "score"]
    head += ["reason_1", "reason_2", "reason_3", "reason_4"]
    rows = []
    for case, x, bin_id, woe, points in (
        ("base: first complete row", "0.05", "0", "0.30000000000000004", "9.0"),
        ("threshold: UTILISATION at 0.1", "0.1", "1", "-1e-05", "0.0"),
        ("special code: UTILISATION -9.0", "-9.0", "2", "0.1", "3.0"),
    ):
        linear = (0.1 - 0.7 * float(woe)) - 0.9 * 0.25
        probability = 1 / (1 + math.exp(-linear))
        score = 490.0 + float(points) + 7.0
        reason = '"R1"' if float(points) < 4.4 else ""
        text = f'"{GREEK}"'
        rows.append([f'"{case}"', x, text, bin_id, woe, "0", "0.25", points, "7.0", repr(linear), repr(probability),
                     repr(score), reason, "", "", ""])  # fmt: skip
    lines = [",".join(f'"{name}"' for name in head), *(",".join(row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def findings(package_hash: str) -> Json:
    """A findings file with one high finding."""
    finding = {
        "id": "VAL-1", "severity": "high", "test": "replication", "quantity": "gini", "developer_value": 0.5,
        "validator_value": 0.4, "tolerance": 1e-9, "statement": "Differs", "remedy": "Explain", "evidence": [],
        "owner": None, "due": None, "status": "open",
    }  # fmt: skip
    return {
        "format": "credit-risk-findings", "format_version": "0.1", "package_hash": package_hash,
        "model": {"id": "toy", "name": "Toy", "version": "1.2.3"},
        "policy": {"name": "House policy", "version": "3", "sha256": "a" * 64},
        "validator": {"program": "credit-validate", "version": "0.1.0", "libraries": {"numpy": "2.0"}},
        "findings": [finding], "coverage": [], "recommendation": "approve_with_conditions",
        "counts": {"critical": 0, "high": 1, "medium": 0, "low": 0, "observation": 0},
    }  # fmt: skip


def _entries(contents: Mapping[str, bytes]) -> Json:
    return {n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in contents.items()}


def write_package(
    folder: Path,
    evidence: Mapping[str, Json] | None = None,
    *,
    validated: bool = True,
    name: str = f"Toy {GREEK}",
    texts: Mapping[str, Json] | None = None,
) -> Path:
    """Write a package with its validation annex, without snapshot and predictions: documents do not read them."""
    evidence = dict(evidence if evidence is not None else all_evidence())
    plan = {
        "models": [{"id": "scorecard", "champion": True}, {"id": "boosting", "champion": False}],
        "scaling": {"points_to_double_odds": 20.0, "base_score": 600.0, "base_odds": 50.0,
                    "rounding": "half_away_from_zero", "probability_from": "unrounded"},
        "reason_codes": {"maximum": 4}, "evaluation": {"confidence": 0.95},
        **({"model": texts} if texts is not None else {}),
    }  # fmt: skip
    model = toy_model()
    contents = {"plan.json": canonical(plan), "model.json": canonical(model), "plan.yaml": b"model: {id: toy}\n"}
    contents["verification.csv"] = toy_verification()
    for identifier, value in evidence.items():
        if not identifier.startswith("validation."):
            contents["evidence/" + evidence_name(identifier)] = canonical(value)
    manifest = {
        "format": "credit-risk-model-package", "format_version": "0.1", "files": _entries(contents),
        "model": {"id": "toy", "name": name, "version": "1.2.3"}, "libraries": {"numpy": "2.0"},
        "plan_sha256": "b" * 64, "seeds": {"samples": 1},
        "snapshot": {"included": False, "rows": 1000, "sha256": "c" * 64},
        "source": {"name": "toy.csv", "rows": 1000, "columns": 7, "sha256": "d" * 64},
    }  # fmt: skip
    _write(folder, {**contents, "manifest.json": canonical(manifest)})
    if validated:
        package_hash = hashlib.sha256(canonical(manifest)).hexdigest()
        annex = {"findings.json": canonical(findings(package_hash))}
        for identifier, value in evidence.items():
            if identifier.startswith("validation."):
                annex["evidence/" + evidence_name(identifier)] = canonical(value)
        head = {
            "format": "credit-risk-annex", "format_version": "0.1", "kind": "validation", "producer": "test",
            "package_hash": package_hash, "created": "2026-11-20T10:00:00Z", "files": _entries(annex),
        }  # fmt: skip
        _write(folder / "validation", {**annex, "manifest.json": canonical(head)})
    return folder


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
