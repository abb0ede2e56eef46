"""The one authority on what model.schema.json cannot say of a model (SPECIFICATION section 3). All faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credit_risk._core.errors import Fault, PackageError
from credit_risk.scoring.columns import NUMBER, REASONS, STRING
from credit_risk.scoring.names import Names
from credit_risk.scoring.scorable import unscorable_faults
from credit_risk.scoring.step_checks import check_step

Model = Mapping[str, Any]
FORMAT, FORMAT_VERSION = "credit-risk-model", "0.1"
_PUBLISHED = {
    "linear_score": NUMBER,
    "probability": NUMBER,
    "probability_with_margin": NUMBER,
    "expected_value": NUMBER,
    "score": NUMBER,
    "grade": STRING,
    "reasons": REASONS,
    "overall_decision": STRING,
}


def check_model(model: Model) -> dict[str, str]:
    """Kinds of all names of a model that keeps model.schema.json and can be scored.

    Raises PackageError with every fault, each with a stable code: those of `model_faults`, and `schema` for what
    the format allows and scoring refuses.
    """
    names = _checked(model, "model.json")
    faults = names.faults or unscorable_faults(model, names.file)
    if faults:
        raise PackageError(faults)
    return names.kinds


def model_faults(model: Model, file: str) -> list[Fault]:
    """Every fault of a model that keeps model.schema.json; `file` is named in each. The codes are stable:

    version_unknown, step_unknown, name_unknown, name_repeated, bins_overlap, bins_gap, bins_order, bin_ids,
    missing_bin, unseen_bin, category_repeated, special_repeated, tree_shape, attribution_shape, calibration_order,
    grades_order, and schema for values of a kind that does not fit.
    """
    return _checked(model, file).faults


def _checked(model: Model, file: str) -> Names:
    names = Names(file)
    found = (model.get("format"), model.get("format_version"))
    if found != (FORMAT, FORMAT_VERSION):
        message = f"unknown format; this reader knows {FORMAT} {FORMAT_VERSION}"
        names.fault(message, "version_unknown", "/format_version", found)
        return names
    for index, declared in enumerate(model["inputs"]):
        path = f"/inputs/{index}"
        names.produce(declared["name"], declared["type"], f"{path}/name")
        _specials(names, declared, path)
    seen: set[str] = set()
    for index, step in enumerate(model["steps"]):
        path = f"/steps/{index}"
        if step["id"] in seen:
            names.fault("step id stands twice", "name_repeated", f"{path}/id", step["id"])
        seen.add(step["id"])
        check_step(names, step, path)
    _outputs(names, model)
    return names


def _specials(names: Names, declared: Mapping[str, Any], path: str) -> None:
    codes = [special["code"] for special in declared["specials"]]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            names.fault("special code stands twice", "special_repeated", f"{path}/specials/{index}", code)
        if isinstance(code, str) != (declared["type"] == STRING):
            names.fault(f"special code of a {declared['type']} input", "schema", f"{path}/specials/{index}", code)


def _outputs(names: Names, model: Model) -> None:
    outputs = model["outputs"]
    for key, kind in _PUBLISHED.items():
        if outputs.get(key) is not None:
            names.read(outputs[key], f"/outputs/{key}", kind)
    guards = {step["output"] for step in model["steps"] if step["type"] == "guard"}
    for index, name in enumerate(outputs.get("decision", [])):
        if names.read(name, f"/outputs/decision/{index}") is not None and name not in guards:
            names.fault("is not the output of a guard", "schema", f"/outputs/decision/{index}", name)
