"""What must hold between reject inference and the rest of the plan. Works on plain values, as `checks` does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.plan.outcome_checks import MEASURES
from credit_risk.sampling.applicants import ACCEPTED, REJECTED
from credit_risk.sampling.expressions import parse_expression
from credit_risk.scoring.expressions import references

Found = Iterator[tuple[Path, Fault]]
KEY = "reject_inference"


def reject_faults(plan: dict[str, Any], roles: dict[str, str]) -> Found:
    """All faults of `reject_inference`; parts of the wrong type are passed over.

    roles: columns that may never be predictors, with why.
    """
    spec = plan.get(KEY)
    if not isinstance(spec, dict):
        return
    tried = [spec.get("method", "none"), *_texts(spec.get("compare"))]
    if spec.get("method", "none") != "none" or len(tried) > 1:
        yield from _decisions(plan)
    for name in sorted({name for name in tried[1:] if tried[1:].count(name) > 1}):
        yield (KEY, "compare"), _fault(f"{name!r} stands twice", "duplicate_name", remedy="name it once")
    yield from _calibration(plan, spec)
    yield from _instrument(plan, spec, tried, roles)
    yield from _external(plan, spec, tried, roles)
    yield from _acceptance(spec, roles)


def _decisions(plan: dict[str, Any]) -> Found:
    """Reject inference needs to know who was rejected, and a binary outcome of applications."""
    outcome = _part(plan, "outcome")
    if outcome.get("type") in MEASURES:
        message = f"reject inference is of a binary outcome, and the outcome is of type {outcome['type']}"
        yield (KEY,), _fault(message, "outcome", remedy="leave reject_inference out")
        return
    if _part(outcome, "windows").get("rolling") is not None:
        message = "reject inference is of applications, and rolling observation points make rows of accounts"
        yield (KEY,), _fault(message, "outcome", remedy="leave rolling out, or reject_inference")
    status = outcome.get("status")
    if not isinstance(status, dict):
        message = "nothing says which applicants were rejected"
        yield (KEY,), _fault(message, "missing_key", remedy="name the column of statuses in outcome.status")
        return
    values = status.get("values")
    means = {value for value in values.values() if isinstance(value, str)} if isinstance(values, dict) else set()
    if not means:
        return
    for needed, words in ((REJECTED, "rejected"), (ACCEPTED, "accepted")):
        if not means & set(needed):
            message = f"no status means {words}, so there is no decision to model"
            path: Path = ("outcome", "status", "values")
            yield path, _fault(message, "missing_key", found=", ".join(sorted(means)), allowed=", ".join(needed))


def _calibration(plan: dict[str, Any], spec: dict[str, Any]) -> Found:
    """Labels of extremes pull probabilities apart, so that what is fitted on them has to be calibrated."""
    methods = _part(plan, "calibration").get("methods", ["none"])
    if spec.get("method") == "self_learning" and "none" in _texts(methods):
        message = "self_learning labels extremes, which damages probabilities, and they may stay uncalibrated"
        remedy = "name maps in calibration.methods, such as logistic, and not none"
        yield ("calibration", "methods"), _fault(message, "calibration", remedy=remedy)


def _instrument(plan: dict[str, Any], spec: dict[str, Any], tried: list[Any], roles: dict[str, str]) -> Found:
    name, path = spec.get("instrument"), (KEY, "instrument")
    if name is None:
        if "bivariate_probit" in tried:
            message = "bivariate_probit needs an instrument: without one the correlation rests on the normal law alone"
            remedy = "name a column that moved the decision and not the outcome, or choose another method"
            yield path, _fault(message, "missing_key", remedy=remedy)
        if spec.get("instrument_reason") is not None:
            yield (KEY, "instrument_reason"), _fault("there is no instrument", "reference", remedy="name it")
        return
    if spec.get("instrument_reason") is None:
        message = f"nothing says why {name!r} cannot bear on the outcome"
        yield (KEY, "instrument_reason"), _fault(message, "missing_key", remedy="give the reason in words")
    if not isinstance(name, str):
        return
    yield from _apart(plan, name, path, "instrument", roles)
    if name in _texts(_part(spec, "acceptance").get("characteristics")):
        message = f"{name!r} is the instrument, which comes on top of the characteristics"
        yield (KEY, "acceptance", "characteristics"), _fault(message, "role", remedy="leave it out here")


def _external(plan: dict[str, Any], spec: dict[str, Any], tried: list[Any], roles: dict[str, str]) -> Found:
    external, path = spec.get("external"), (KEY, "external")
    if not isinstance(external, dict):
        if "external_outcomes" in tried:
            message = "external_outcomes needs the outcomes that were observed elsewhere"
            yield path, _fault(message, "missing_key", remedy="describe them in reject_inference.external")
        return
    name, told = external.get("column"), external.get("date")
    if isinstance(name, str):
        yield from _apart(plan, name, (*path, "column"), "external outcome", roles)
        if name == spec.get("instrument"):
            message = f"{name!r} is the instrument too"
            yield (*path, "column"), _fault(message, "role", remedy="a column has one role")
    if isinstance(told, str) and not _is_date(told):
        yield (*path, "date"), _fault("not a date", "value", found=told, allowed="YYYY-MM-DD")


def _acceptance(spec: dict[str, Any], roles: dict[str, str]) -> Found:
    """The model of the decision reads what a model of the outcome may read, and nothing else."""
    path: Path = (KEY, "acceptance", "characteristics")
    names = _texts(_part(spec, "acceptance").get("characteristics"))
    for index, name in enumerate(names):
        if name in roles:
            message = f"{name!r} cannot enter the model of the decision: it is {roles[name]}"
            yield (*path, index), _fault(message, "role", remedy="leave it out here")
        if name in names[:index]:
            yield (*path, index), _fault(f"{name!r} stands twice", "duplicate_name", remedy="name it once")


def _apart(plan: dict[str, Any], name: str, path: Path, words: str, roles: dict[str, str]) -> Found:
    """A column that stays out of every model is a column of the source without any other role."""
    if name in roles:
        yield path, _fault(f"{name!r} is {roles[name]}, which no {words} is", "role", remedy="a column has one role")
    derived = _part(plan, "derive")
    if name in derived:
        message = f"{name!r} is derived, and the {words} is a column of the source"
        yield path, _fault(message, "role", remedy="bring it as a column of the source")
    for key, where in _uses(plan):
        if key == name:
            message = f"{name!r} is the {words} and stands in {where}, and it stays out of every model"
            yield path, _fault(message, "role", remedy="take it out there, or name another column")


def _uses(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Columns that something of the plan makes part of a model, or of its fit, with where."""
    for name, given in _part(plan, "derive").items():
        text = given.get("expression") if isinstance(given, dict) else given
        parsed = parse_expression(text)[0] if isinstance(text, str) else None
        for column in references(parsed) if parsed is not None else ():
            yield column, f"derive.{name}"
    include = _part(plan, "selection").get("include")
    for item in include if isinstance(include, list | tuple) else ():
        named = item.get("name") if isinstance(item, dict) else item
        if isinstance(named, str):
            yield named, "selection.include"
    models = plan.get("models")
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        if not isinstance(model, dict):
            continue
        listed = model.get("characteristics")
        for named in listed if isinstance(listed, list | tuple | dict) else ():
            if isinstance(named, str):
                yield named, f"models[{index}].characteristics"
        for part, key in (("offset", "column"), ("segments", "column")):
            if isinstance(named := _part(model, part).get(key), str):
                yield named, f"models[{index}].{part}.{key}"
    for key in ("group", "weight"):
        if isinstance(named := _part(plan, "samples").get(key), str):
            yield named, f"samples.{key}"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _part(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)
