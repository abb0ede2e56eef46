"""What must hold between the parts of a plan. Works on plain values, so that it can be told beside other faults."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.models.candidate_spec import IDENTIFIER
from credit_risk.package.layout import hostile
from credit_risk.plan.boosting_checks import boosting_faults
from credit_risk.plan.calibration_checks import calibration_faults
from credit_risk.plan.classing_checks import UNCONSTRAINED, classing_faults, order_faults
from credit_risk.plan.expert_checks import expert_faults
from credit_risk.plan.fairness_checks import fairness_faults
from credit_risk.plan.long_run_checks import long_run_faults, margin_faults
from credit_risk.plan.measure_checks import columns_beside, measure_faults
from credit_risk.plan.monitoring_checks import monitoring_faults
from credit_risk.plan.outcome_checks import outcome_faults
from credit_risk.plan.rating_checks import rating_faults
from credit_risk.plan.reason_checks import personal_columns, reason_faults, undisclosable
from credit_risk.plan.reject_checks import reject_faults
from credit_risk.plan.rule_checks import rule_faults
from credit_risk.plan.segmented_checks import segmented_faults
from credit_risk.plan.strategy_checks import strategy_faults
from credit_risk.plan.two_stage_checks import offset_columns, two_stage_faults
from credit_risk.sampling.expressions import DATE_DIFFERENCES, dates_apart, parse_expression
from credit_risk.sampling.names import RESERVED_WORDS, is_reserved
from credit_risk.sampling.spec import OBSERVATION_POINT
from credit_risk.scoring.expressions import references

Found = Iterator[tuple[Path, Fault]]
DATED = (("data", "date"), ("outcome", "windows", "observed_at"))


def cross_faults(plan: dict[str, Any]) -> list[tuple[Path, Fault]]:
    """All faults between the parts of `plan`, each with its key path.

    `plan` is a mapping as YAML gives it or as `Plan.as_dict` writes it; parts of the wrong type are passed over, since
    their own specification tells them.
    """
    checks: tuple[Callable[[dict[str, Any]], Found], ...] = (
        _candidates,
        _file_names,
        _covariance,
        _exports,
        _roles,
        _columns,
        _outcome,
        outcome_faults,
        measure_faults,
        long_run_faults,
        margin_faults,
        _derived,
        _predictors,
        _classing,
        _information,
        _over_time,
        reason_faults,
        fairness_faults,
        rating_faults,
        lambda whole: boosting_faults(whole, role_of_columns(whole)),
        lambda whole: expert_faults(whole, role_of_columns(whole)),
        lambda whole: rule_faults(whole, role_of_columns(whole), _dates(whole)),
        lambda whole: segmented_faults(whole, role_of_columns(whole)),
        lambda whole: two_stage_faults(whole, role_of_columns(whole)),
        lambda whole: strategy_faults(whole, role_of_columns(whole)),
        lambda whole: calibration_faults(whole, role_of_columns(whole)),
        lambda whole: reject_faults(whole, role_of_columns(whole)),
        lambda whole: monitoring_faults(whole, role_of_columns(whole)),
    )
    return [item for check in checks for item in check(plan)]


def _at(plan: Any, *path: str | int) -> Any:
    """The value at `path`, or None."""
    for part in path:
        if isinstance(plan, dict):
            plan = plan.get(part)
        elif isinstance(plan, list | tuple) and isinstance(part, int):
            plan = plan[part]
        else:
            return None
    return plan


def _mapping(plan: Any, *path: str) -> dict[str, Any]:
    value = _at(plan, *path)
    return value if isinstance(value, dict) else {}


def _forced(plan: Any, key: str) -> list[str]:
    """Names of `selection.include` or `selection.exclude`, in their short and long form, in order."""
    items = _at(plan, "selection", key)
    names = [item.get("name") if isinstance(item, dict) else item for item in items] if isinstance(items, list) else []
    return [name if isinstance(name, str) else "" for name in names]


def _texts(plan: Any, *path: str) -> list[str]:
    value = _at(plan, *path)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _protected(plan: dict[str, Any]) -> list[tuple[Path, str]]:
    value = _at(plan, "data", "protected")
    lists = (
        {(): value}
        if isinstance(value, list | tuple)
        else {(k,): v for k, v in _mapping(plan, "data", "protected").items()}
    )
    return [
        (("data", "protected", *where, index), name)
        for where, names in lists.items()
        if isinstance(names, list | tuple)
        for index, name in enumerate(names)
        if isinstance(name, str)
    ]


def role_of_columns(plan: dict[str, Any]) -> dict[str, str]:
    """Columns that may never be predictors, with why: their role in words."""
    roles = dict.fromkeys(_texts(plan, "data", "forbidden"), "forbidden (data.forbidden)")
    roles |= {name: f"personal data (data.columns.{name}.personal)" for name in personal_columns(plan)}
    roles |= {name: f"not disclosable (data.columns.{name}.disclosable)" for name in undisclosable(plan)}
    roles |= {name: "protected (data.protected)" for _, name in _protected(plan)}
    named = (
        (("data", "date"), "the date"),
        (("data", "key"), "the key"),
        (("outcome", "status", "column"), "the status"),
        (("outcome", "history", "account"), "the account"),
        (("outcome", "windows", "observed_at"), "the observation point"),
        (("outcome", "column"), "the outcome"),
    )
    for path, words in named:
        if isinstance(name := _at(plan, *path), str):
            roles[name] = f"{words} ({'.'.join(path)})"
    if _rolls(plan):
        roles[OBSERVATION_POINT] = "the observation point (outcome.windows.rolling)"
    return roles


def _rolls(plan: dict[str, Any]) -> bool:
    """Whether the run makes rows at rolling observation points."""
    return isinstance(_at(plan, "outcome", "windows", "rolling"), dict)


def _candidates(plan: dict[str, Any]) -> Found:
    models = _at(plan, "models")
    if not isinstance(models, list | tuple) or not models:
        return
    listed = [model for model in models if isinstance(model, dict)]
    champions = [model.get("id") for model in listed if model.get("champion") is True]
    if len(champions) != 1:
        found = "none" if not champions else ", ".join(map(str, champions))
        remedy = "write champion: true at one of the models"
        message = "the plan has not exactly one champion"
        yield ("models",), _fault(message, "champion", found=found, allowed="exactly one model", remedy=remedy)
    counts = Counter(model["id"] for model in listed if isinstance(model.get("id"), str))
    for index, model in enumerate(models):
        name = _at(model, "id")
        if isinstance(name, str) and counts[name] > 1 and _ids_before(models, index, name):
            yield ("models", index, "id"), _fault(f"the id {name!r} stands twice", "duplicate_id", remedy="rename one")


def _file_names(plan: dict[str, Any]) -> Found:
    """Ids that name folders and files of a package, on any system."""
    models = _at(plan, "models")
    places: list[Path] = [("model", "id")]
    places += [("models", index, "id") for index in range(len(models) if isinstance(models, list | tuple) else 0)]
    for path in places:
        name = _at(plan, *path)
        reason = hostile(name) if isinstance(name, str) and re.fullmatch(IDENTIFIER, name) else None
        if reason is not None:
            message = f"the id {name!r} names files of the package, and as such it {reason}"
            yield path, _fault(message, "file_name", found=name, remedy="give it another id")


def _covariance(plan: dict[str, Any]) -> Found:
    """Clustered standard errors need something that makes clusters."""
    if isinstance(_at(plan, "outcome", "history"), dict) or isinstance(_at(plan, "samples", "group"), str):
        return
    models = _at(plan, "models")
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        if _at(model, "covariance") == "cluster":
            message = "nothing says which rows belong together, so standard errors cannot be clustered"
            remedy = "name the obligor in samples.group, or describe a performance history; or write covariance: auto"
            yield ("models", index, "covariance"), _fault(message, "missing_key", remedy=remedy)


def _ids_before(models: Any, index: int, name: str) -> bool:
    return any(_at(model, "id") == name for model in models[:index])


def _exports(plan: dict[str, Any]) -> Found:
    yield from _twice(("exports",), _texts(plan, "exports"))
    yield from _twice(("documents",), _texts(plan, "documents"))


def _twice(path: Path, names: list[str]) -> Found:
    for name, count in Counter(names).items():
        if count > 1:
            yield path, _fault(f"{name!r} stands {count} times", "duplicate_name", remedy="name it once")


def _roles(plan: dict[str, Any]) -> Found:
    """One role a column: key, date, outcome, protected and forbidden exclude one another where they conflict."""
    outcome, key, date = _at(plan, "outcome", "column"), _at(plan, "data", "key"), _at(plan, "data", "date")
    pairs: tuple[tuple[Any, Any, Path, str], ...] = (
        (outcome, key, ("outcome", "column"), "the key (data.key)"),
        (outcome, date, ("outcome", "column"), "the date (data.date)"),
        (key, date, ("data", "date"), "the key (data.key)"),
    )
    for one, other, path, words in pairs:
        if isinstance(one, str) and one == other:
            yield path, _fault(f"the column {one!r} is also {words}", "role", remedy="a column has one role")
    for path, name in _protected(plan):
        if name == outcome:
            yield path, _fault(f"the outcome {name!r} cannot be protected", "role", remedy="leave it out")
        if name == key:
            yield path, _fault(f"the key {name!r} cannot be protected", "role", remedy="leave it out")
    for index, name in enumerate(_texts(plan, "data", "forbidden")):
        if name in (outcome, key) and isinstance(name, str):
            message = f"{name!r} is the {'outcome' if name == outcome else 'key'}, which is never a predictor"
            yield ("data", "forbidden", index), _fault(message, "role", remedy="leave it out")
    yield from _twice(("data", "forbidden"), _texts(plan, "data", "forbidden"))
    yield from _twice(("selection", "include"), _forced(plan, "include"))
    yield from _twice(("selection", "exclude"), _forced(plan, "exclude"))
    yield from _twice(("evaluation", "subpopulations"), _texts(plan, "evaluation", "subpopulations"))
    yield from _bands(plan)


def _bands(plan: dict[str, Any]) -> Found:
    """Declared edges are of a column that the table of subpopulations shows, and ascend."""
    shown = {*_texts(plan, "evaluation", "subpopulations"), *(name for _, name in _protected(plan))}
    for name, edges in _mapping(plan, "evaluation", "subpopulation_edges").items():
        path: Path = ("evaluation", "subpopulation_edges", name)
        if name not in shown:
            message = f"{name!r} is neither a subpopulation nor a protected column"
            yield path, _fault(message, "reference", remedy="name it in evaluation.subpopulations or data.protected")
        numbers = [edge for edge in edges if _is_number(edge)] if isinstance(edges, list | tuple) else []
        if any(a >= b for a, b in pairwise(numbers)):
            yield path, _fault("edges do not ascend", "order", found=str(list(edges)))


def _columns(plan: dict[str, Any]) -> Found:
    for name, column in _mapping(plan, "data", "columns").items():
        path: Path = ("data", "columns", name)
        if is_reserved(name):
            yield path, _fault("the package uses this name itself", "reserved_name", allowed=f"not {RESERVED_WORDS}")
        kind, bounds = _at(column, "type"), _at(column, "range")
        if (
            isinstance(bounds, list | tuple)
            and len(bounds) == 2
            and all(_is_number(b) for b in bounds)
            and bounds[0] > bounds[1]
        ):
            message = "the lowest value allowed is above the highest"
            yield (*path, "range"), _fault(message, "range", found=str(list(bounds)), remedy="write [lowest, highest]")
        if kind in ("categorical", "date") and bounds is not None:
            yield (
                (*path, "range"),
                _fault(f"a {kind} column has no range", "range", remedy="use allowed, or leave it out"),
            )
        if kind == "numeric":
            yield from _numeric_codes(path, column)
        has_order = _at(column, "order") is not None
        if kind in ("categorical", "date") and not has_order and _at(column, "expected_trend") not in UNCONSTRAINED:
            message = f"a {kind} column has no order, so no trend can be expected"
            yield (*path, "expected_trend"), _fault(message, "trend", remedy="leave it out, or make the column numeric")


def _numeric_codes(path: Path, column: Any) -> Found:
    seen: dict[float, str] = {}
    for code in _mapping(column, "specials"):
        number = _number(code)
        if number is None:
            message = "a special code of a numeric column is a number"
            yield (*path, "specials", code), _fault(message, "special", found=repr(code), allowed="a number")
        elif number in seen:
            message = f"the same number as the special code {seen[number]}"
            yield (*path, "specials", code), _fault(message, "special", found=code, remedy="keep one of them")
        else:
            seen[number] = code
    allowed = _at(column, "allowed")
    for index, value in enumerate(allowed if isinstance(allowed, list | tuple) else ()):
        if not _is_number(value):
            message = "an allowed value of a numeric column is a number"
            yield (*path, "allowed", index), _fault(message, "allowed", found=repr(value), allowed="a number")


def _outcome(plan: dict[str, Any]) -> Found:
    bad, good = (_as_list(_at(plan, "outcome", key)) for key in ("bad", "good"))
    for name, codes in (("bad", bad), ("good", good)):
        if isinstance(_at(plan, "outcome", name), list | tuple) and not codes:
            yield ("outcome", name), _fault("no value is named", "outcome", allowed="one value or more")
    both = [value for value in bad if any(_same(value, other) for other in good)]
    if both:
        message = "the same value means both bad and good"
        yield ("outcome", "good"), _fault(message, "outcome", found=", ".join(map(str, both)))
    name = _at(plan, "outcome", "column")
    if isinstance(name, str) and name in _mapping(plan, "derive"):
        message = "the outcome is a derived characteristic"
        yield ("outcome", "column"), _fault(message, "outcome", found=name, allowed="a column of the source")


def _derived(plan: dict[str, Any]) -> Found:
    derived, columns, roles = _mapping(plan, "derive"), _mapping(plan, "data", "columns"), role_of_columns(plan)
    known: set[str] = set()
    dates = _dates(plan)
    for name, given in derived.items():
        path: Path = ("derive", name)
        text = _at(given, "expression") if isinstance(given, dict) else given
        if name in columns or name in roles:
            message = f"{name!r} is also the name of a column of the source"
            yield path, _fault(message, "derive_name", remedy="choose a name that no column has")
        if is_reserved(name):
            yield path, _fault("the package uses this name itself", "reserved_name", allowed=f"not {RESERVED_WORDS}")
        if isinstance(text, str):
            parsed, faults = parse_expression(text)
            yield from ((path, fault) for fault in faults)
            measured, elsewhere = dates_apart(parsed, DATE_DIFFERENCES) if parsed is not None else (set(), set())
            for column in references(parsed) if parsed is not None else ():
                if column in dates and column in measured - elsewhere:
                    continue
                if column in roles:
                    message = f"{column!r} may not be used: it is {roles[column]}"
                    remedy = "take it out of the expression"
                    remedy += ", or measure from it with months_between()" if column in dates else ""
                    yield path, _fault(message, "never_a_predictor", remedy=remedy)
                elif column in derived and column not in known:
                    message = f"{column!r} is derived {'from itself' if column == name else 'only later'}"
                    yield path, _fault(message, "derive_order", remedy="write it before it is used")
        has_order = _at(given, "order") is not None
        if _is_text(plan, {"ref": name}) and not has_order and _at(given, "expected_trend") not in UNCONSTRAINED:
            message = f"{name!r} is text, which has no order, so no trend can be expected"
            yield (*path, "expected_trend"), _fault(message, "trend", remedy="leave it out")
        known.add(name)


def _dates(plan: dict[str, Any]) -> set[Any]:
    """Columns that are no predictors and that expressions may measure from."""
    return {_at(plan, *path) for path in DATED} | ({OBSERVATION_POINT} if _rolls(plan) else set())


def _is_text(plan: dict[str, Any], expression: dict[str, Any], depth: int = 0) -> bool:
    """Whether an expression gives text, as far as the plan tells: by its operations and the types it declares."""
    if isinstance(name := expression.get("ref"), str):
        given = _at(plan, "derive", name)
        text = _at(given, "expression") if isinstance(given, dict) else given
        if isinstance(text, str) and depth < len(_mapping(plan, "derive")):
            parsed, _ = parse_expression(text)
            return parsed is not None and _is_text(plan, parsed, depth + 1)
        return _at(plan, "data", "columns", name, "type") in ("categorical", "date")
    if expression.get("op") in ("if", "coalesce"):
        branches = expression["args"][1:] if expression["op"] == "if" else expression["args"]
        return any(_is_text(plan, branch, depth) for branch in branches)
    return expression.get("op") in ("cross", "band") or isinstance(expression.get("const"), str)


def _predictors(plan: dict[str, Any]) -> Found:
    beside = {name: f"an offset ({where})" for name, where in offset_columns(plan).items()}
    roles, exclude = beside | columns_beside(plan) | role_of_columns(plan), set(_forced(plan, "exclude"))
    yield from _beside(plan, roles)
    for index, name in enumerate(_forced(plan, "include")):
        path: Path = ("selection", "include", index)
        if name in roles:
            message = f"{name!r} may not be a predictor: it is {roles[name]}"
            yield path, _fault(message, "never_a_predictor", remedy="take it out of selection.include")
        if name in exclude:
            message = f"{name!r} is also in selection.exclude"
            yield path, _fault(message, "selection", remedy="keep it in one of the two lists")


def _beside(plan: dict[str, Any], roles: dict[str, str]) -> Found:
    """Exposure, offsets, characteristics and raw terms of models, each of a column that may be used so."""
    never = role_of_columns(plan)
    named: list[tuple[Path, Any, dict[str, str]]] = [(("outcome", "exposure"), _at(plan, "outcome", "exposure"), never)]
    models = _at(plan, "models")
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        named.append((("models", index, "offset"), _at(model, "offset"), never))
        characteristics = enumerate(_texts(model, "characteristics"))
        named += [(("models", index, "characteristics", place), name, roles) for place, name in characteristics]
        named += [(("models", index, "raw", name), name, roles) for name in _mapping(model, "raw")]
    for path, name, refused in named:
        if isinstance(name, str) and name in refused:
            message = f"{name!r} may not enter a model here: it is {refused[name]}"
            yield path, _fault(message, "never_a_predictor", remedy="name another column")


def _classing(plan: dict[str, Any]) -> Found:
    yield from order_faults(plan)
    yield from classing_faults(plan, role_of_columns(plan), lambda name: _is_text(plan, {"ref": name}))


def _information(plan: dict[str, Any]) -> Found:
    least, most = (_at(plan, "selection", f"{end}_information_value") for end in ("min", "max"))
    least = 0.02 if least is None else least
    if _is_number(least) and _is_number(most) and least >= most:
        message = "the least information value is not below the greatest"
        path: Path = ("selection", "max_information_value")
        yield path, _fault(message, "range", found=str(most), allowed=f"above min_information_value, {least}")


def _over_time(plan: dict[str, Any]) -> Found:
    windows = ("outcome", "windows")
    dated = (("data", "date"), (*windows, "observed_at"), (*windows, "rolling"))
    given = _at(plan, "selection", "max_psi_over_time")
    if given is not None and all(_at(plan, *path) is None for path in dated):
        message = "stability over time needs the date of each row"
        remedy = "name the column in data.date, or leave max_psi_over_time out"
        yield ("selection", "max_psi_over_time"), _fault(message, "no_date", remedy=remedy)


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None
