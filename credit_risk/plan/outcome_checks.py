"""What must hold inside `outcome`: a ready column or a performance history, and the parts that belong to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.sampling.expressions import parse_expression
from credit_risk.sampling.history_columns import CALENDAR_MONTH, WHOLE, month_number

Found = Iterator[tuple[Path, Fault]]
READY = ("column", "bad", "good", "indeterminate", "missing")
HISTORY = ("definition", "windows")
MEASURES = ("amount", "fraction")
BINARY_ONLY = ("bad", "good", "indeterminate", "history", "default_conformant")
MEASURE_ONLY = ("name", "exposure")


def outcome_faults(plan: dict[str, Any]) -> Found:
    """All faults inside `outcome`, each with its key path; parts of the wrong type are passed over."""
    outcome = plan.get("outcome")
    if not isinstance(outcome, dict):
        return
    if outcome.get("type") in MEASURES:
        yield from _measure(outcome)
    elif isinstance(outcome.get("history"), dict):
        yield from _built(outcome, plan)
    else:
        yield from _ready(outcome)
    yield from _monthly(outcome, plan)
    if outcome.get("type", "binary") == "binary":
        yield from _binary(outcome)
    yield from _indeterminate(outcome)
    exclusions = outcome.get("exclusions")
    for index, item in enumerate(exclusions if isinstance(exclusions, list | tuple) else ()):
        text = item.get("condition") if isinstance(item, dict) else None
        if isinstance(text, str):
            for fault in parse_expression(text)[1]:
                yield ("outcome", "exclusions", index, "condition"), fault


def _measure(outcome: dict[str, Any]) -> Found:
    """What an amount or a fraction needs, and what belongs to a binary outcome."""
    kind = outcome["type"]
    if outcome.get("column") is None:
        remedy = f"name the column with the {kind}s"
        yield ("outcome", "column"), _fault("column is missing", "missing_key", remedy=remedy)
    for key in BINARY_ONLY:
        if outcome.get(key) not in (None, False, [], ()):
            message = f"{key} belongs to a binary outcome, and the outcome is of type {kind}"
            yield ("outcome", key), _fault(message, "outcome", remedy=f"leave {key} out")
    for key in HISTORY:
        if _says_something(outcome.get(key), key):
            message = f"{key} belongs to a performance history, and the outcome is of type {kind}"
            yield ("outcome", key), _fault(message, "outcome", remedy=f"leave {key} out")
    if outcome.get("column") is not None and outcome.get("column") == outcome.get("exposure"):
        message = "the exposure is the outcome itself"
        yield ("outcome", "exposure"), _fault(message, "role", remedy="name another column")


def _binary(outcome: dict[str, Any]) -> Found:
    for key in MEASURE_ONLY:
        if outcome.get(key) is not None:
            message = f"{key} belongs to an outcome of type amount or fraction, and this one is binary"
            yield ("outcome", key), _fault(message, "outcome", remedy=f"leave {key} out, or write the type")


def _ready(outcome: dict[str, Any]) -> Found:
    for key, allowed in (("column", "Column with the outcome."), ("bad", "Value or values that mean bad.")):
        if key not in outcome or (outcome[key] is None and key == "bad"):
            remedy = "or describe a performance history in outcome.history"
            yield ("outcome", key), _fault(f"{key} is missing", "missing_key", allowed=allowed, remedy=remedy)
    if outcome.get("column", "") is None:
        remedy = "name it, or describe a performance history in outcome.history"
        yield ("outcome", "column"), _fault("no column is named", "missing_key", remedy=remedy)
    for key in HISTORY:
        if _says_something(outcome.get(key), key):
            message = f"{key} belongs to a performance history, and the outcome is a ready column"
            yield ("outcome", key), _fault(message, "outcome", remedy=f"leave {key} out, or describe outcome.history")


def _says_something(value: Any, key: str) -> bool:
    """Whether the part differs from its defaults, which a written-out plan holds too."""
    from credit_risk.sampling.history_spec import DefinitionSpec, WindowsSpec

    default = (DefinitionSpec() if key == "definition" else WindowsSpec()).model_dump(mode="json")
    return isinstance(value, dict) and any(name in default and default[name] != item for name, item in value.items())


def _built(outcome: dict[str, Any], plan: dict[str, Any]) -> Found:
    for key in READY:
        if outcome.get(key) not in (None, "refuse", [], ()):
            message = f"{key} belongs to a ready column, and the outcome is built from history"
            yield ("outcome", key), _fault(message, "outcome", remedy=f"leave {key} out, or leave history out")
    history, definition, windows = (_part(outcome, key) for key in ("history", "definition", "windows"))
    yield from _months(history, windows, plan)
    yield from _arrears(history)
    yield from _level(history, definition)
    worse, bad = _part(definition, "indeterminate").get("days_past_due", 30), definition.get("days_past_due", 90)
    if isinstance(definition.get("indeterminate"), dict) and _whole(worse) and _whole(bad) and worse >= bad:
        message = "indeterminate begins where bad does, or later"
        path: Path = ("outcome", "definition", "indeterminate", "days_past_due")
        yield path, _fault(message, "outcome", found=str(worse), allowed=f"less than {bad}")
    data = _part(plan, "data")
    if not history.get("account") and not data.get("key"):
        message = "nothing says which account of the history a row has"
        remedy = "name the column in outcome.history.account, or in data.key"
        yield ("outcome", "history"), _fault(message, "missing_key", remedy=remedy)


def _months(history: dict[str, Any], windows: dict[str, Any], plan: dict[str, Any]) -> Found:
    path: Path = ("outcome", "history")
    if (history.get("month") is None) == (history.get("date") is None):
        message = "exactly one of month and date says the month of a row"
        yield path, _fault(message, "outcome", remedy="name the column with whole numbers as month, with dates as date")
        return
    calendar = history.get("date") is not None
    allowed = "a month as 2026-11" if calendar else "a whole number, as in the column of months"
    pattern = CALENDAR_MONTH if calendar else WHOLE
    points = windows.get("observation_points")
    listed = list(points) if isinstance(points, list | tuple) else []
    yield from _rolling(windows, calendar)
    named: list[tuple[Path, Any]] = [((*path, "observed_until"), history.get("observed_until"))]
    named += [(("outcome", "windows", "observation_points", index), point) for index, point in enumerate(listed)]
    for where, value in named:
        if isinstance(value, str | int) and not isinstance(value, bool) and not pattern.match(str(value)):
            yield where, _fault("not a month of this history", "value", found=str(value), allowed=allowed)
    dated = calendar and _part(plan, "data").get("date") is not None
    rolling = isinstance(windows.get("rolling"), dict)
    if listed and windows.get("observed_at") is None and not dated and not rolling:
        message = "nothing says at which observation point a row stands"
        remedy = "name the column in outcome.windows.observed_at" + (", or in data.date" if calendar else "")
        yield ("outcome", "windows", "observation_points"), _fault(message, "missing_key", remedy=remedy)


def _rolling(windows: dict[str, Any], calendar: bool) -> Found:
    rolling, path = windows.get("rolling"), ("outcome", "windows", "rolling")
    if not isinstance(rolling, dict):
        return
    for key in ("observed_at", "observation_points"):
        if windows.get(key) is not None:
            message = f"rolling observation points are made by the run, and {key} says which rows there are"
            yield ("outcome", "windows", key), _fault(message, "outcome", remedy=f"leave out {key}, or rolling")
    ends = {}
    for key in ("first", "last"):
        value = rolling.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            ends[key] = month_number(value, calendar=calendar)
            if ends[key] is None:
                allowed = "a month as 2026-11" if calendar else "a whole number, as in the column of months"
                yield (*path, key), _fault("not a month of this history", "value", found=str(value), allowed=allowed)
    first, last = ends.get("first"), ends.get("last")
    if first is not None and last is not None and last < first:
        yield (*path, "last"), _fault("no point lies from the first to the last", "outcome", found=str(rolling["last"]))


def _monthly(outcome: dict[str, Any], plan: dict[str, Any]) -> Found:
    """Monthly columns need a history, and rows that stand at an observation point of it."""
    monthly = _part(plan, "data").get("monthly")
    if not isinstance(monthly, dict) or not monthly:
        return
    windows = _part(outcome, "windows")
    if not isinstance(outcome.get("history"), dict):
        message, remedy = (
            "monthly columns come from a performance history, and there is none",
            "describe outcome.history",
        )
        yield ("data", "monthly"), _fault(message, "missing_key", remedy=remedy)
    elif not isinstance(windows.get("rolling"), dict) and windows.get("observed_at") is None:
        message = "nothing says at which observation point a row stands, so no month is the last that it may know"
        remedy = "declare outcome.windows.rolling, or name the rows' own in outcome.windows.observed_at"
        yield ("data", "monthly"), _fault(message, "missing_key", remedy=remedy)


def _arrears(history: dict[str, Any]) -> Found:
    path: Path = ("outcome", "history")
    if history.get("days_past_due") is not None and history.get("state") is not None:
        message = "days_past_due and state both say how far an account is in arrears"
        yield (*path, "state"), _fault(message, "outcome", remedy="keep one of them")
    if not any(history.get(key) for key in ("days_past_due", "state", "unlikely_to_pay", "write_off")):
        message = "nothing in the history can make an account bad"
        allowed = "days_past_due, state, unlikely_to_pay or write_off"
        yield path, _fault(message, "missing_key", allowed=allowed)
    if history.get("state") is not None and not history.get("states"):
        message = "the codes of arrears are not explained"
        remedy = "say in states how many days past due each code means"
        yield (*path, "states"), _fault(message, "missing_key", remedy=remedy)
    if history.get("state") is None and history.get("states"):
        yield (*path, "states"), _fault("there is no column of codes", "outcome", remedy="name it in state")
    material = history.get("materiality")
    if isinstance(material, dict):
        if history.get("past_due") is None:
            message = "materiality is of the amount past due, and no column holds it"
            yield (*path, "materiality"), _fault(message, "missing_key", remedy="name it in past_due")
        if material.get("relative") and history.get("balance") is None:
            message = "the relative threshold is a share of the balance, and no column holds it"
            yield (*path, "materiality", "relative"), _fault(message, "missing_key", remedy="name it in balance")


def _level(history: dict[str, Any], definition: dict[str, Any]) -> Found:
    share, level = definition.get("contagion_share"), definition.get("level", "facility")
    path: Path = ("outcome", "definition")
    if level == "obligor" and history.get("obligor") is None:
        message = "the level is the obligor, and no column of the history names it"
        yield (*path, "level"), _fault(message, "missing_key", remedy="name it in outcome.history.obligor")
    if share is not None and level == "obligor":
        message = "at the level of the obligor all its accounts default together"
        yield (*path, "contagion_share"), _fault(message, "outcome", remedy="leave it out, or write level: facility")
    elif share is not None:
        for key in ("obligor", "balance"):
            if history.get(key) is None:
                message = f"a share of the obligor's balance needs the column of the {key}"
                remedy = f"name it in outcome.history.{key}"
                yield (*path, "contagion_share"), _fault(message, "missing_key", remedy=remedy)


def _indeterminate(outcome: dict[str, Any]) -> Found:
    values = outcome.get("indeterminate")
    for index, value in enumerate(values if isinstance(values, list | tuple) else ()):
        for key in ("bad", "good"):
            other = outcome.get(key)
            codes = other if isinstance(other, list | tuple) else [other]
            if any(value == code and isinstance(value, bool) == isinstance(code, bool) for code in codes):
                message = f"the same value means both indeterminate and {key}"
                yield ("outcome", "indeterminate", index), _fault(message, "outcome", found=str(value))


def _part(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)
