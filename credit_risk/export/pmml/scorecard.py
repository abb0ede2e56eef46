"""A scorecard as a PMML 4.4 `Scorecard` with reason codes, from model.json alone.

Points are the `Scorecard`; the linear score, the probability and the grade are outputs computed from the same bins,
because the published probability may follow the unrounded linear score. The document uses only what two open engines
evaluate alike: doubles and text as inputs, NaN declared missing, missing and special codes before ordered intervals, a
last `<True/>`, no `Array`, no `Discretize`, each reason code compared with the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_risk._core.characters import fits_xml
from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml import parts
from credit_risk.export.pmml.attributes import characteristic
from credit_risk.export.pmml.baselines import portable_baselines
from credit_risk.export.pmml.derived import date_notes, derived_fields
from credit_risk.export.pmml.staged import one_scorecard
from credit_risk.export.pmml.xml import Element
from credit_risk.scoring import check_model
from credit_risk.scoring.expressions import references
from credit_risk.scoring.steps import most_reasons

Step = Mapping[str, Any]
_COMPUTED = ("linear", "link", "calibrate", "switch", "grade")
_STEP_TYPES = {"derive", "classing", "scale", "reasons", "guard", *_COMPUTED}
_RESULTS = ("scale", *_COMPUTED)
OTHERWISE = "score with the package itself (`credit-risk score`), and write exports: [] in the plan"
CHARACTERS = "take the character out of the data, forbid the column (data.forbidden), or write exports: [] in the plan"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the document is made of: the steps by role, and the names of its output fields."""

    model: Mapping[str, Any]
    classings: dict[str, Step]
    scale: Step
    reasons: Step | None
    names: dict[str, str]

    @property
    def reason_names(self) -> list[str]:
        count = most_reasons(self.reasons) if self.reasons else 0
        return [self.names[f"reason_{k + 1}"] for k in range(count)]


def scorecard_pmml(model: Mapping[str, Any], package_hash: str, verification: pd.DataFrame | None = None) -> bytes:
    """The PMML 4.4 document of a scorecard, or of a scorecard on top of a scorecard.

    `model` is a model.json that `compile_model` accepts; `package_hash` is written into the header; `verification`
    (the frame of verification.csv) is embedded as `ModelVerification`. Output fields: `score`, `linear_score`,
    `probability`, `probability_with_margin`, `grade`, `reason_1` …, `decision:<guard>` (1.0 or 0.0) and
    `overall_decision` as far as the model has them (with `model_` before a name that an input column has). Numbers
    agree with `CompiledModel.score` to 1e-9. Raises PackageError with every reason why the model cannot be written.
    """
    model = one_scorecard(model)
    if faults := scorecard_faults(model):
        raise PackageError(faults)
    plan = _plan(model)
    inputs = _used_inputs(plan)
    body = [
        parts.mining_schema(inputs),
        Element("Output", {}, list(_outputs(plan))),
        Element("LocalTransformations", {}, list(_derived(plan))),
        Element("Characteristics", {}, list(_characteristics(plan))),
        *parts.verification(inputs, _published(plan), verification),
    ]
    attributes = {
        "modelName": model["model"]["id"],
        "functionName": "regression",
        "initialScore": parts.number_text(plan.scale["base_points"]),
        "useReasonCodes": "true" if plan.reasons else "false",
    }
    if plan.reasons:
        word = plan.reasons["reference"].split(" ")[0]
        method = {"mean": "mean", "most": "max"}.get(word, "other")
        attributes.update({"reasonCodeAlgorithm": "pointsBelow", "baselineMethod": method})
    notes = date_notes(model["steps"])
    return parts.document(model, package_hash, inputs, Element("Scorecard", attributes, body), notes)


def fits_scorecard(model: Mapping[str, Any]) -> bool:
    """Whether `scorecard_pmml` can write the model, however its names are spelled."""
    try:
        whole = one_scorecard(model)
        if not scorecard_faults(whole):
            plan = _plan(whole)
            return plan.reasons is None or bool(portable_baselines(plan.reasons, plan.scale))
    except PackageError:
        pass
    return False


def scorecard_faults(model: Mapping[str, Any]) -> list[Fault]:
    """Every step and value that a `Scorecard` with its own reason codes cannot hold."""
    faults: list[Fault] = []

    def complain(path: str, message: str, remedy: str = OTHERWISE) -> None:
        faults.append(Fault(message, code="export_unsupported", file="model.json", path=path, remedy=remedy))

    kind = model["model"]["type"]
    if kind not in ("scorecard", "expert"):
        complain("/model/type", f"PMML export is not supported for a champion of type {kind}; it takes a scorecard")
    outputs = model["outputs"]
    if grouped := [s["output"] for s in model["steps"] if s["type"] == "sum" and s["output"] in _reason_inputs(model)]:
        complain("/steps", f"PMML ranks characteristics, not groups of them, as reasons ({', '.join(grouped)})")
    for i, step in enumerate(model["steps"]):
        if step["type"] not in _STEP_TYPES and step.get("output") not in grouped:
            complain(f"/steps/{i}", f"step type {step['type']} is not supported in PMML")
        elif step["type"] in ("derive", "guard"):
            for path, message in _expression_faults(model, step):
                complain(f"/steps/{i}/{path}", message)
        elif step["type"] == "switch" and step["default"] is None:
            complain(f"/steps/{i}", f"switch {step['id']} has no default: a row in error is not supported in PMML")
    faults += category_faults(model)
    scales = [step for step in model["steps"] if step["type"] == "scale"]
    if len(scales) != 1 or scales[0]["form"] != "points" or outputs.get("score") != scales[0]["output"]:
        complain("/outputs/score", "one scale step of form `points` must produce the published score")
    return faults


def _expression_faults(model: Mapping[str, Any], step: Step) -> Iterator[tuple[str, str]]:
    """What of an expression a `Scorecard` cannot hold: results of the score before they are there."""
    path = "expression" if step["type"] == "derive" else "condition"
    results = {one["output"] for one in model["steps"] if one["type"] in _RESULTS}
    late = [name for name in references(step[path]) if name in results]
    if late and step["output"] != model["outputs"].get("overall_decision"):
        yield path, f"{step['output']!r} reads {', '.join(late)}: PMML derives fields before it scores"


def category_faults(model: Mapping[str, Any]) -> list[Fault]:
    """Categories and codes of classings with a character that XML cannot hold."""
    return [
        Fault(
            f"{step['input']!r} has the category {value!r}: XML cannot hold its control character",
            code="export_unsupported",
            file="model.json",
            path=f"/steps/{i}/bins/{j}",
            remedy=CHARACTERS,
        )
        for i, step in enumerate(model["steps"])
        for j, one in enumerate(step["bins"] if step["type"] == "classing" else ())
        for value in (*one.get("values", ()), *one.get("codes", ()))
        if isinstance(value, str) and not fits_xml(value)
    ]


def _reason_inputs(model: Mapping[str, Any]) -> set[str]:
    return {item["input"] for s in model["steps"] if s["type"] == "reasons" for item in s["characteristics"]}


def _plan(model: Mapping[str, Any]) -> _Plan:
    steps, outputs = model["steps"], model["outputs"]
    classings = {step["output_bin"]: step for step in steps if step["type"] == "classing"}
    scale = next(step for step in steps if step["type"] == "scale")
    reasons = next((s for s in steps if s["type"] == "reasons" and s["output"] == outputs.get("reasons")), None)
    taken = {item["name"] for item in model["inputs"]} | {step["output_woe"] for step in classings.values()}
    late = outputs.get("overall_decision")
    taken |= {s["output"] for s in steps if s["type"] in ("derive", "guard") and s["output"] != late}
    names: dict[str, str] = {}
    for key in ("score", "linear_score", "probability", "probability_with_margin", "grade"):
        if outputs.get(key) is not None:
            names[outputs[key]] = parts.unused(key, taken)
    for step in steps:
        if step["type"] in _COMPUTED and step["output"] not in names:
            names[step["output"]] = parts.unused(step["output"], taken)
    for name in outputs.get("decision", ()):
        names[f"decision:{name}"] = parts.unused(f"decision:{name}", taken)
    if outputs.get("overall_decision") is not None:
        names[outputs["overall_decision"]] = parts.unused("overall_decision", taken)
    for k in range(most_reasons(reasons) if reasons else 0):
        names[f"reason_{k + 1}"] = parts.unused(f"reason_{k + 1}", taken)
    for k in range(_ranks(reasons) if reasons else 0):
        names[f"raw_{k + 1}"] = parts.unused(f"reason_{k + 1}_raw", taken)
    return _Plan(model, classings, scale, reasons, names)


def _ranks(reasons: Step) -> int:
    """How many ranked codes the document lists: all of them where an inquiry may have to be found further down."""
    most = int(reasons["maximum"])
    return max(most, len(reasons["characteristics"])) if "inquiries" in reasons else most


def _used_inputs(plan: _Plan) -> dict[str, str]:
    """Input columns that the steps read, with their type."""
    read = {step["input"] for step in plan.classings.values()}
    read |= {t["input"] for s in plan.model["steps"] if s["type"] == "linear" for t in s["terms"]}
    read |= {s["offset"] for s in plan.model["steps"] if s["type"] == "linear"}
    read |= {s["input"] for s in plan.model["steps"] if s["type"] == "switch"}
    read |= {n for s in plan.model["steps"] if s["type"] == "derive" for n in references(s["expression"])}
    read |= {n for s in plan.model["steps"] if s["type"] == "guard" for n in references(s["condition"])}
    return {item["name"]: item["type"] for item in plan.model["inputs"] if item["name"] in read}


def _derived(plan: _Plan) -> Iterator[Element]:
    """Derived characteristics, flags of rules, and WoE that a linear step reads, in the order of the steps."""
    kinds, late = check_model(plan.model), plan.model["outputs"].get("overall_decision")
    taken = set(kinds) | set(plan.names.values())
    read = {term["input"] for s in plan.model["steps"] if s["type"] == "linear" for term in s["terms"]}
    for step in plan.model["steps"]:
        if step["type"] == "derive" and step["output"] != late:
            yield from derived_fields(step, kinds, taken)
        elif step["type"] == "guard":
            yield from derived_fields(_hits(step), kinds, taken)
        elif step["type"] == "classing" and step["output_woe"] in read:
            attributes = {"name": step["output_woe"], "optype": "continuous", "dataType": "double"}
            yield Element("DerivedField", attributes, [e.by_bin(step, [b["woe"] for b in step["bins"]])])


def _hits(guard: Step) -> Step:
    """A guard as a derivation: 1 where the condition is true, 0 where it is false or missing."""
    condition = {"op": "coalesce", "args": [guard["condition"], {"const": False}]}
    return {"output": guard["output"], "value_type": "flag", "expression": condition}


def _outputs(plan: _Plan) -> Iterator[Element]:
    """The score, then every later value in the order of the steps, then the reasons."""
    yield parts.output(plan.names[plan.scale["output"]], "double", feature="predictedValue")
    for step in plan.model["steps"]:
        if step["type"] in _COMPUTED:
            named = _renamed(step, plan.names)
            value = {
                "linear": lambda s: e.linear(s),
                "link": e.link,
                "calibrate": lambda s: e.calibrate(s),
                "switch": lambda s: e.switch(s),
                "grade": lambda s: e.grade(s, s["input"]),
            }[step["type"]](named)
            kind = "string" if step["type"] == "grade" else "double"
            yield parts.output(plan.names[step["output"]], kind, value)
    if plan.reasons:
        yield from _reason_outputs(plan)
    yield from _decisions(plan)


def _decisions(plan: _Plan) -> Iterator[Element]:
    """The flag of each rule, and the overall decision, whose parts are outputs that are no results."""
    outputs = plan.model["outputs"]
    for name in outputs.get("decision", ()):
        yield parts.output(plan.names[f"decision:{name}"], "double", e.ref(name))
    overall = outputs.get("overall_decision")
    if overall is None:
        return
    step = next(one for one in plan.model["steps"] if one.get("output") == overall)
    kinds = check_model(plan.model)
    taken = set(kinds) | set(plan.names.values())
    kinds |= {new: kinds[old] for old, new in plan.names.items() if old in kinds}
    named = {**step, "output": plan.names[overall], "expression": _with_names(step["expression"], plan.names)}
    for field in derived_fields(named, kinds, taken):
        given = {**field.attributes, "feature": "transformedValue"}
        is_final = field.attributes["name"] == plan.names[overall]
        yield Element("OutputField", given if is_final else {**given, "isFinalResult": "false"}, field.children)


def _with_names(expression: Step, names: Mapping[str, str]) -> dict[str, Any]:
    """The expression with the names of output fields in place of the value names that it reads."""
    if "ref" in expression:
        return {"ref": names.get(expression["ref"], expression["ref"])}
    if "args" not in expression:
        return dict(expression)
    return {**expression, "args": [_with_names(one, names) for one in expression["args"]]}


def _renamed(step: Step, names: dict[str, str]) -> dict[str, Any]:
    """The step with the names of the output fields in place of the value names that it reads."""
    changed = dict(step)
    if "input" in step:
        changed["input"] = names.get(step["input"], step["input"])
    if step["type"] == "linear":
        changed["terms"] = [{**t, "input": names.get(t["input"], t["input"])} for t in step["terms"]]
        changed["offset"] = names.get(step["offset"], step["offset"])
    if step["type"] == "switch":
        changed["cases"] = [{**c, "value": names.get(c["value"], c["value"])} for c in step["cases"]]
        changed["default"] = names.get(step["default"], step["default"])
    return changed


def _reason_outputs(plan: _Plan) -> Iterator[Element]:
    """Ranked reason codes, then each as the model writes it; a rank that repeats the one before it is missing."""
    assert plan.reasons is not None
    raw = [plan.names[f"raw_{k + 1}"] for k in range(_ranks(plan.reasons))]
    for k, name in enumerate(raw):
        yield parts.output(name, "string", feature="reasonCode", rank=k + 1)
    codes = _codes(plan)
    public = {inner: code for inner, code in codes.values() if inner != code}
    for k, name in enumerate(plan.reason_names):
        if k == plan.reasons["maximum"]:
            yield parts.output(name, "string", _inquiry(plan.reasons, codes, raw))
            continue
        value = e.ref(raw[k])
        if public:
            renamed = [(e.apply("equal", value, e.text(inner)), e.text(code)) for inner, code in public.items()]
            value = e.choose(renamed, value)
        if k == 0:
            condition = e.apply("isNotMissing", e.ref(raw[0]))
        else:
            condition = e.apply("notEqual", e.ref(raw[k - 1]), e.ref(raw[k]), map_missing_to="false")
        yield parts.output(name, "string", e.apply("if", condition, value))


def _inquiry(reasons: Step, codes: Mapping[str, tuple[str, str]], raw: list[str]) -> Element:
    """The one more reason: the first inquiry further down the ranks, where none stands among those told."""
    asked = [c["input"] for c in reasons["characteristics"] if c["characteristic"] in reasons["inquiries"]]

    def is_it(name: str, inner: str) -> Element:
        return e.apply("equal", e.ref(name), e.text(inner), map_missing_to="false")

    most = int(reasons["maximum"])
    value = e.apply("if", e.apply("notEqual", e.number(0), e.number(0)), e.text(""))
    for name in reversed(raw[most:]):
        cases = [(is_it(name, codes[source][0]), e.text(codes[source][1])) for source in asked]
        value = e.choose(cases, value)
    told = e.any_of([is_it(name, codes[source][0]) for name in raw[:most] for source in asked])
    return e.apply("if", e.apply("not", told), value)


def _codes(plan: _Plan) -> dict[str, tuple[str, str]]:
    """By points value: the code inside the document, which is unique, and the code that the model publishes."""
    if plan.reasons is None:
        return {}
    items = plan.reasons["characteristics"]
    published = [item["reason_code"] for item in items]
    taken: set[str] = {code for code in published if published.count(code) == 1}
    result = {}
    for item, code in zip(items, published, strict=True):
        inner = code if published.count(code) == 1 else f"{code} ({item['characteristic']})"
        while inner in taken and published.count(code) != 1:
            inner += "_"
        taken.add(inner)
        result[item["input"]] = (inner, code)
    return result


def _published(plan: _Plan) -> list[tuple[str, str, bool]]:
    """Output fields that verification rows are held against, with their columns."""
    outputs = plan.model["outputs"]
    columns = [
        (plan.names[outputs[key]], key, key in parts.NUMBERS) for key in parts.PUBLISHED if outputs.get(key) is not None
    ]
    columns += [(name, f"reason_{k + 1}", False) for k, name in enumerate(plan.reason_names)]
    columns += [(plan.names[f"decision:{name}"], f"decision:{name}", True) for name in outputs.get("decision", ())]
    if outputs.get("overall_decision") is not None:
        columns.append((plan.names[outputs["overall_decision"]], "overall_decision", False))
    return columns


def _characteristics(plan: _Plan) -> Iterator[Element]:
    codes = _codes(plan)
    baselines = portable_baselines(plan.reasons, plan.scale) if plan.reasons else {}
    for item in plan.scale["characteristics"]:
        attributes: dict[str, str | None] = {}
        if plan.reasons:
            never = (f"no reason: {item['characteristic']}", "")
            attributes["reasonCode"] = codes.get(item["output"], never)[0]
            attributes["baselineScore"] = parts.number_text(baselines.get(item["output"], min(item["points"]) - 1.0))
        yield characteristic(item, plan.classings[item["input"]], attributes)
