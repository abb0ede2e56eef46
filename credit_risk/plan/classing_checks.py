"""What must hold between `classing` and the other parts of a plan. Works on plain values, as `cross_faults` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.binning.given import as_category
from credit_risk.binning.settings_checks import settings_faults

Found = Iterator[tuple[Path, Fault]]
UNCONSTRAINED = (None, "none")
RULES = ("auto", "auto_monotonic")


def classing_faults(plan: dict[str, Any], roles: dict[str, str], is_text: Callable[[str], bool]) -> Found:
    """Faults of `classing`. roles: columns that may never be predictors, with why; is_text: whether a name is text."""
    classing = plan.get("classing")
    if not isinstance(classing, dict):
        return
    own, trends = classing.get("characteristics"), classing.get("monotonic")
    for name in trends if isinstance(trends, dict) else ():
        if name in roles:
            message = f"{name!r} may not be a predictor: it is {roles[name]}"
            remedy = "take it out of classing.monotonic"
            yield ("classing", "monotonic", name), Fault(message, "never_a_predictor", remedy=remedy)
    for name, settings in own.items() if isinstance(own, dict) else ():
        if name in roles:
            message = f"{name!r} may not be a predictor: it is {roles[name]}"
            remedy = "take it out of classing.characteristics"
            yield ("classing", "characteristics", name), Fault(message, "never_a_predictor", remedy=remedy)
        if isinstance(settings, dict):
            yield from _given(plan, name, settings, is_text)
    yield from ((("classing", *path), fault) for path, fault in settings_faults(classing))
    yield from _trends(plan, classing, is_text)


def _given(plan: dict[str, Any], name: str, own: dict[str, Any], is_text: Callable[[str], bool]) -> Found:
    """Splits and groups that do not fit what the plan says of the column; what it leaves open is told at classing."""
    told = _described(plan, name)[1]
    order, numeric = told.get("order"), told.get("type") == "numeric"
    splits = {key: own[key] for key in ("fixed_splits", "candidate_splits") if isinstance(own.get(key), list | tuple)}
    groups = [key for key in ("groups", "fixed_groups") if own.get(key)]
    path: Path = ("classing", "characteristics", name)
    for key in groups if numeric or order is not None else ():
        words = "is numeric and has no categories to group" if numeric else "has an order, so it is split, not grouped"
        yield (*path, key), Fault(f"{name!r} {words}", "classing", remedy="give fixed_splits or candidate_splits")
    for key, values in splits.items():
        wrong: list[Any] = []
        if isinstance(order, list | tuple):
            texts = [as_category(code) for code in order]
            wrong = [value for value in values if as_category(value) not in texts]
            message = f"splits of {name!r} name no category of the declared order"
        elif is_text(name):
            wrong, message = list(values), f"the categories of {name!r} have no order, so there is nothing to split"
        elif numeric:
            wrong = [value for value in values if isinstance(value, str)]
            message = f"{name!r} is numeric, so its splits are numbers"
        if wrong:
            yield (*path, key), Fault(message, "classing", found=", ".join(map(str, wrong)))


def order_faults(plan: dict[str, Any]) -> Found:
    """Faults of declared orders of categories: what is no category, stands twice, or is a special code too."""
    for section, holds in ((("data", "columns"), "type"), (("derive",), None)):
        found: Any = plan
        for part in section:
            found = found.get(part) if isinstance(found, dict) else None
        for name, told in found.items() if isinstance(found, dict) else ():
            order = told.get("order") if isinstance(told, dict) else None
            if not isinstance(order, list | tuple):
                continue
            path: Path = (*section, name, "order")
            kind = told.get(holds) if holds is not None else None
            if kind not in (None, "categorical"):
                message = f"a {kind} column has no order of categories"
                yield path, Fault(message, "order", remedy="leave the order out, or write type: categorical")
            texts = [as_category(code) for code in order]
            for text, count in Counter(texts).items():
                if count > 1:
                    yield path, Fault(f"{text!r} stands {count} times", "order", remedy="name it once")
            for key in ("specials", "allowed"):
                yield from _beside_order(path, texts, told.get(key), key)


def _beside_order(path: Path, order: list[str], told: Any, key: str) -> Found:
    """Special codes have no place in the order; every allowed value has one."""
    texts = [as_category(code) for code in told] if isinstance(told, dict | list | tuple) else []
    if key == "specials":
        for text in [text for text in texts if text in order]:
            message = f"{text!r} is a special code, which has no place in the order"
            yield path, Fault(message, "order", remedy="keep it in one of the two")
    elif lost := [text for text in texts if text not in order]:
        message = "allowed values have no place in the order"
        yield path, Fault(message, "order", found=", ".join(lost), remedy="name each in both, or leave allowed out")


def _trends(plan: dict[str, Any], classing: dict[str, Any], is_text: Callable[[str], bool]) -> Found:
    """The trend that the expert expects, wherever the classing declares one, and none of what has no order."""
    monotonic = classing.get("monotonic")
    monotonic = monotonic if isinstance(monotonic, dict) else {}
    own = classing.get("characteristics")
    declared: dict[str, list[tuple[Path, Any]]] = {}
    for name, trend in monotonic.items():
        declared.setdefault(name, []).append((("classing", "monotonic", name), trend))
    for name, settings in own.items() if isinstance(own, dict) else ():
        if isinstance(settings, dict) and settings.get("trend") is not None:
            path: Path = ("classing", "characteristics", name, "trend")
            declared.setdefault(name, []).append((path, settings["trend"]))
    for name, places in declared.items():
        where, expected = _expected(plan, name)
        for path, trend in places:
            against = trend not in UNCONSTRAINED and expected not in UNCONSTRAINED and trend != expected
            if against or (trend in RULES and expected == "none"):  # a declared trend leaves a rule nothing to choose
                message = f"{'.'.join(map(str, where))} says {expected}"
                remedy = "say the same in both places, or in one"
                yield path, Fault(message, "trend", found=str(trend), remedy=remedy)
            if is_text(name) and trend not in UNCONSTRAINED and not _ordered(plan, name):
                message = f"{name!r} is not numeric, so its bins have no order"
                remedy = "leave it out, or declare the order of the categories"
                yield path, Fault(message, "trend", remedy=remedy)


def _expected(plan: dict[str, Any], name: str) -> tuple[Path, Any]:
    """Where the expert's expectation of a characteristic stands, and what it is."""
    path, told = _described(plan, name)
    return (*path, "expected_trend"), told.get("expected_trend")


def _ordered(plan: dict[str, Any], name: str) -> bool:
    return _described(plan, name)[1].get("order") is not None


def _described(plan: dict[str, Any], name: str) -> tuple[Path, dict[str, Any]]:
    """Where the plan describes a characteristic, and what it says there."""
    derived = plan.get("derive")
    path: Path = ("derive", name) if isinstance(derived, dict) and name in derived else ("data", "columns", name)
    found: Any = plan
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return path, found if isinstance(found, dict) else {}
