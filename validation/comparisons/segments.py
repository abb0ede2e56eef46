"""Segments: each scorecard refitted on its own rows, what they gain over one model, and how each is calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons import classing, explanation, points, reasons, regression
from validation.comparisons.segment_decision import compare_decision
from validation.comparisons.segment_search import compare_searches
from validation.comparisons.whole import compare_whole
from validation.findings import Finding, Outcome
from validation.rebuild import clustered
from validation.rebuild.logistic import LogisticFit, fit_logistic
from validation.rebuild.reasons import told_by
from validation.rebuild.segment_gain import paired
from validation.rebuild.segments import PUBLISHED, Part, has_events, is_segmented, one_model, parts_of, switch_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import text_of_number
from validation.structure import steps_of

GAIN, SEGMENTS = "segmentation.gain", "segmentation.segments"
CHARACTERISTICS, REASONS = "segmentation.characteristics", "segmentation.reasons"
GAIN_RULES = {
    "rows": "rows",
    "bads": "rows",
    "log_likelihood_one": "log_likelihood",
    "log_likelihood_segments": "log_likelihood",
    "gain": "log_likelihood",
    "gain_lower": "log_likelihood",
    "gain_upper": "log_likelihood",
    "p_value": "p_value",
    "auc_one": "auc",
    "auc_segments": "auc",
    "auc_difference": "difference",
    "auc_lower": "difference",
    "auc_upper": "difference",
    "auc_p_value": "p_value",
    "gini_difference": "difference",
}
SEGMENT_RULES = {
    "rows": "rows",
    "share": "share",
    "bads": "rows",
    "bad_rate": "share",
    "mean_probability": "mean_probability",
    "mean_score": "mean_probability",
    "calibration_intercept": "calibration_test",
    "intercept_lower": "calibration_test",
    "intercept_upper": "calibration_test",
    "auc": "auc",
    "auc_lower": "interval",
    "auc_upper": "interval",
}
Fits = dict[str, LogisticFit]


def compare_segments(space: Workspace, fitted: Workspace | None = None) -> list[tuple[Workspace, Fits]]:
    """Compare every model of segments: its scorecards as models of their own, its choices, gains and tables.

    fitted: the workspace of the rows that were fitted on, where these are others than those of `space`. Returns the
    workspace of each segment with our refits in it.
    """
    fitted = space if fitted is None else fitted
    refitted: list[tuple[Workspace, Fits]] = []
    for model_id, model in space.package.models.items():
        if not is_segmented(model):
            continue
        _compare_choices(space, model_id, model)
        _compare_placing(space, model_id)
        parts = parts_of(space, model_id)
        for part, known in zip(parts_of(fitted, model_id), parts, strict=True):
            refitted.append((part.space, _compare_part(part, known)))
        name = space.package.candidate_ids[model_id]
        _compare_table(space, f"{SEGMENTS}.{name}", SEGMENT_RULES, _segments(space, model_id, parts))
        against = one_model(space, model_id)
        if against is None:
            space.ledger.not_evaluable(f"{GAIN}.{name}", "the package has not the scorecard that it is held against")
        else:
            _compare_table(space, f"{GAIN}.{name}", GAIN_RULES, gains_of(space, model_id, against))
        if model_id == space.package.champion_id:
            _compare_reasons(space, parts)
            _compare_given(space, name, parts)
        _compare_selected(space, f"{CHARACTERISTICS}.{name}", parts)
        compare_decision(fitted, model_id)
    compare_searches(fitted, space)
    return refitted


def _compare_choices(space: Workspace, model_id: str, model: Mapping[str, Any]) -> None:
    """Linear score, score and reasons of a segment must be of one scorecard: what they are made of, case by case."""
    switches = {key: switch_of(model, key) for key in PUBLISHED}
    file, absent = space.package.file_of(model_id), [key for key, step in switches.items() if step is None]
    if absent:
        space.ledger.not_evaluable(f"{file}: segments", f"no choice gives {', '.join(absent)}")
    known = {key: step for key, step in switches.items() if step is not None}
    names = [case["equals"] for case in known["linear_score"]["cases"]]
    for key, step in known.items():
        own = [case["equals"] for case in step["cases"]]
        space.ledger.words(file, f"segments of {key}", own, names, [str(name) for name in names])
        space.ledger.words(file, f"variable that chooses {key}", [step["input"]], [known["linear_score"]["input"]], key)
    made = {name: step for step in model["steps"] for name in _made(step)}
    mixed = []
    for part in parts_of(space, model_id):
        classed = [set(_classings(made, part.space.package.model["outputs"][key])) for key in known]
        if any(found != classed[0] for found in classed[1:] if found):
            mixed.append(part.name)
    if mixed:
        _record_mixed(space, file, mixed)


def _made(step: Mapping[str, Any]) -> list[str]:
    names = [step[key] for key in ("output", "output_bin", "output_woe") if key in step]
    return names + [item["output"] for item in step.get("characteristics", []) if "output" in item]


def _classings(made: Mapping[str, Any], name: str | None) -> list[str]:
    """Return the ids of the classing steps that a value goes back to."""
    step = made.get(name or "")
    if step is None:
        return []
    if step["type"] == "classing":
        return [step["id"]]
    read = [item["input"] for key in ("terms", "characteristics") for item in step.get(key, [])]
    read += [*step.get("inputs", []), *([step["input"]] if "input" in step else [])]
    return [found for each in read for found in _classings(made, each)]


def _record_mixed(space: Workspace, file: str, names: list[str]) -> None:
    test = f"{file}: one scorecard a segment"
    finding = Finding(
        test=test,
        severity=space.policy.fixed("identity"),
        quantity="segments",
        developer_value=len(names),
        validator_value=0,
        tolerance=0.0,
        statement=f"Linear score, score and reasons come of different scorecards in: {', '.join(names)}.",
        remedy="Let every choice name the values of the segment's own scorecard.",
        evidence=(file,),
    )
    space.ledger.check(Outcome(test, "fail", len(names), "one scorecard", None, finding))


def _compare_part(part: Part, known: Part) -> Fits:
    """Weights of evidence, regression, points, references and attributions of one segment, on its rows alone.

    known: the same on the rows of the snapshot, of which attributions are told whatever it was fitted on.
    """
    space, key = part.space, part.key
    if not _has_events(part):
        return {}
    steps = steps_of(space.package.model, "classing")
    counts = {(key, step["id"]): classing.recount_step(space, key, step) for step in steps}
    classing.compare_models(space, counts)
    fits = regression.compare_regressions(space)
    points.compare_points(space)
    told = told_by(space, key)
    if told is not None:
        reasons.compare_references(space, told)
    explanation.compare_explanations(known.space)
    return fits


def _has_events(part: Part) -> bool:
    """Say whether development has goods and bads in a segment, and record a finding where it has not."""
    if has_events(part):
        return True
    y = part.space.outcome[part.space.known(DEVELOPMENT)]
    bads = int(np.count_nonzero(y == 1))
    test = f"segments: goods and bads of {part.key}"
    finding = Finding(
        test=test,
        severity=part.space.policy.checks["sample_one_class"],
        quantity="bads of development",
        developer_value=None,
        validator_value=bads,
        tolerance=None,
        statement=f"The segment {part.name} has {len(y)} development rows, {bads} of them bad: nothing could teach it.",
        remedy="Join it with another segment.",
        evidence=(f"scorecard.coefficients.{part.key}",),
    )
    part.space.ledger.check(Outcome(test, "fail", len(y), "both classes", None, finding))
    return False


def _compare_placing(space: Workspace, model_id: str) -> None:
    """Place every row by the values that the plan gives a segment, and compare with the segment of the model."""
    name, model = space.package.candidate_ids[model_id], space.package.models[model_id]
    listed = [item for item in space.package.plan.get("models") or [] if isinstance(item, dict)]
    given = next((item for item in listed if item.get("id") == name), {}).get("segments") or {}
    switch, column = switch_of(model, "linear_score"), given.get("column")
    if switch is None or column is None:
        return
    area = f"{space.package.file_of(model_id)}: segments of the plan"
    values = space.frame[column].to_numpy() if column in space.frame.columns else None
    if values is None:
        made = space.scored[model_id].get(column)
        if made is None:
            space.ledger.not_evaluable(area, f"no step makes {column}")
            return
        values = made.data
    groups = given.get("groups") or {str(case["equals"]): [case["equals"]] for case in switch["cases"]}
    place = {_text(value): group for group, listed in groups.items() for value in listed}
    texts = [_text(value) for value in values.tolist()]
    declared = given.get("otherwise")
    stated = space.scored[model_id][switch["input"]].data.tolist()
    own = [place.get(text, declared if declared in groups else None) for text in texts]
    if declared == "largest":
        own = [mine if mine is not None else one for mine, one in zip(own, stated, strict=True)]
    space.ledger.words(area, "segment of the row", stated, own, "row", rule="applicant")


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else text_of_number(float(value))


def _compare_reasons(space: Workspace, parts: list[Part]) -> None:
    """The champion's catalogue, a block of rows a segment, the texts of all of them, and how often each is given."""
    item = space.package.evidence.get(reasons.CATALOGUE)
    if item is None or item["kind"] != "table":
        space.ledger.not_evaluable(reasons.CATALOGUE, "the package holds no such table")
        return
    at, every = 0, dict[str, Any]()
    for part in parts:
        told = told_by(part.space, part.key)
        if told is None:
            continue
        own = told.step["characteristics"]
        block = {**item, "rows": item["rows"][at : at + len(own)]}
        package = part.space.package
        held = replace(package, evidence={**package.evidence, reasons.CATALOGUE: block})
        reasons.compare_catalogue(replace(part.space, package=held), told)
        at += len(own)
        for one in own:
            every.setdefault(one["reason_code"], one)
    space.ledger.numbers(reasons.CATALOGUE, "rows", "rows", [len(item["rows"])], [at], ["all segments"])
    reasons.compare_texts(space, list(every.values()))
    reasons.compare_frequency(space, space.package.champion_id)


def _compare_given(space: Workspace, name: str, parts: list[Part]) -> None:
    """The champion's reasons in each segment: their references, and how many are given them first or at all."""
    area = f"{REASONS}.{name}"
    table, column = space.package.rows_of(area), space.package.model["outputs"].get("reasons")
    if table is None or column is None:
        space.ledger.not_evaluable(area, "the package holds no such table, or the champion has no reasons")
        return
    given = space.scored[space.package.champion_id][column].data
    own: dict[tuple[str, str], dict[str, float]] = {}
    for part in parts:
        told = told_by(part.space, part.key)
        codes = [given[row] or () for row in part.space.rows[DEVELOPMENT]]
        for one in () if told is None else told.step["characteristics"]:
            code = one["reason_code"]
            held = {key: float(one[key]) for key in ("reference_points", "baseline")}
            held |= {"first": sum(item[:1] == (code,) for item in codes), "any": sum(code in item for item in codes)}
            own[part.name, code] = held
    keys = [(row["segment"], row["reason_code"]) for row in table]
    compare_whole(space, area, keys, list(own))
    rows = [row for row in table if (row["segment"], row["reason_code"]) in own]
    labels = [f"{row['segment']} {row['reason_code']}" for row in rows]
    for key, rule in (("reference_points", "mean"), ("baseline", "mean"), ("first", "rows"), ("any", "rows")):
        mine = [own[row["segment"], row["reason_code"]][key] for row in rows]
        space.ledger.numbers(area, key, rule, [row[key] for row in rows], mine, labels)


def _compare_selected(space: Workspace, area: str, parts: list[Part]) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    for part in parts:
        stated = sorted(r["characteristic"] for r in table if r["segment"] == part.name and r["decision"] == "selected")
        own = sorted({step["input"] for step in steps_of(part.space.package.model, "classing")})
        space.ledger.words(area, f"selected in {part.name}", stated, own, "name")


def _compare_table(
    space: Workspace, area: str, rules: Mapping[str, str], own: Mapping[str, Mapping[str, float | None]]
) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    stated = {" ".join(row[key] for key in ("segment", "sample") if key in row): row for row in table}
    space.ledger.words(area, "rows", sorted(stated), sorted(own), "row")
    labels = [label for label in stated if label in own]
    for column, rule in rules.items():
        mine = [own[label].get(column) for label in labels]
        space.ledger.numbers(area, column, rule, [stated[label][column] for label in labels], mine, labels)


def gains_of(space: Workspace, model_id: str, against: str) -> dict[str, dict[str, float | None]]:
    """Return by sample what the segments gain over the one model."""
    found: dict[str, dict[str, float | None]] = {}
    one, own = (space.output(name, "linear_score") for name in (against, model_id))
    assert one is not None
    assert own is not None
    z = float(special.ndtri(0.5 + space.confidence / 2.0))
    for sample in space.rows:
        rows = space.known(sample)
        y, w, groups = space.outcome[rows], space.weight[rows], space.cluster[rows]
        scaled = w * (w.sum() / float(w @ w))
        likely = [scaled * (y * x - np.logaddexp(0.0, x)) for x in (one.data[rows], own.data[rows])]
        total, error = paired(likely[1] - likely[0], groups)
        difference, deviation, p_value = clustered.auc_difference(y, one.data[rows], own.data[rows], groups, w)
        areas = [clustered.auc(y, x.data[rows], groups, w, space.confidence).auc for x in (one, own)]
        found[sample] = {
            "rows": len(rows),
            "bads": float(y.sum()),
            "log_likelihood_one": float(likely[0].sum()),
            "log_likelihood_segments": float(likely[1].sum()),
            "gain": total,
            "gain_lower": total - z * error,
            "gain_upper": total + z * error,
            "p_value": float(special.ndtr(-total / error)) if error > 0 else 1.0,
            "auc_one": areas[0],
            "auc_segments": areas[1],
            "auc_difference": difference,
            "auc_lower": difference - z * deviation,
            "auc_upper": difference + z * deviation,
            "auc_p_value": p_value,
            "gini_difference": 2.0 * difference,
        }
    return found


def _segments(space: Workspace, model_id: str, parts: list[Part]) -> dict[str, dict[str, float | None]]:
    """Return by segment and sample: rows, bads, calibration in the large and ranking."""
    found: dict[str, dict[str, float | None]] = {}
    for part in parts:
        for sample in space.rows:
            rows, whole = part.space.known(sample), space.known(sample)
            found[f"{part.name} {sample}"] = _worth(space, model_id, rows, float(space.weight[whole].sum()))
    return found


def _worth(space: Workspace, model_id: str, rows: np.ndarray, total: float) -> dict[str, float | None]:
    y, w = space.outcome[rows], space.weight[rows]
    result: dict[str, float | None] = {"rows": len(rows), "share": float(w.sum()) / total, "bads": float(y.sum())}
    if not len(rows):
        return result
    outputs = {key: space.output(model_id, key) for key in ("probability", "score", "linear_score")}
    values = {key: value.data[rows] for key, value in outputs.items() if value is not None}
    result |= {"bad_rate": float(w @ y / w.sum()), "mean_probability": float(w @ values["probability"] / w.sum())}
    result["mean_score"] = float(w @ values["score"] / w.sum())
    if y.min() == y.max():
        return result
    p, ones = values["probability"], np.ones((len(rows), 1))
    fit = fit_logistic(ones, y, w * (len(w) / w.sum()), offset=np.log(p) - np.log1p(-p))
    shift = float(fit.coefficient[0])
    spread = (q := special.expit(shift + np.log(p) - np.log1p(-p))) * (1.0 - q)
    half = float(special.ndtri(0.5 + space.confidence / 2.0) * np.sqrt(w * w @ spread) / (w @ spread))
    area = clustered.auc(y, values["linear_score"], space.cluster[rows], w, space.confidence)
    result |= {
        "calibration_intercept": shift,
        "intercept_lower": shift - half,
        "intercept_upper": shift + half,
        "auc": area.auc,
        "auc_lower": area.lower,
        "auc_upper": area.upper,
    }
    return result
