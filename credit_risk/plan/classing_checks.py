"""What must hold between `classing` and the other parts of a plan. Works on plain values, as `cross_faults` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.binning.settings_checks import settings_faults
from credit_risk.plan.document import Path

Found = Iterator[tuple[Path, Fault]]
UNCONSTRAINED = (None, "none")


def classing_faults(plan: dict[str, Any], roles: dict[str, str], is_text: Callable[[str], bool]) -> Found:
    """Faults of `classing`. roles: columns that may never be predictors, with why; is_text: whether a name is text."""
    classing = plan.get("classing")
    if not isinstance(classing, dict):
        return
    own = classing.get("characteristics")
    for name in own if isinstance(own, dict) else ():
        if name in roles:
            message = f"{name!r} may not be a predictor: it is {roles[name]}"
            remedy = "take it out of classing.characteristics"
            yield ("classing", "characteristics", name), Fault(message, "never_a_predictor", remedy=remedy)
    yield from ((("classing", *path), fault) for path, fault in settings_faults(classing))
    yield from _trends(plan, classing, is_text)


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
            if trend not in UNCONSTRAINED and expected not in UNCONSTRAINED and trend != expected:
                message = f"{'.'.join(map(str, where))} says {expected}"
                remedy = "say the same in both places, or in one"
                yield path, Fault(message, "trend", found=str(trend), remedy=remedy)
            if is_text(name) and trend not in UNCONSTRAINED:
                message = f"{name!r} is not numeric, so its bins have no order"
                yield path, Fault(message, "trend", remedy="leave it out")


def _expected(plan: dict[str, Any], name: str) -> tuple[Path, Any]:
    """Where the expert's expectation of a characteristic stands, and what it is."""
    derived = plan.get("derive")
    parts: Path = ("derive", name) if isinstance(derived, dict) and name in derived else ("data", "columns", name)
    found: Any = plan
    for part in parts:
        found = found.get(part) if isinstance(found, dict) else None
    return (*parts, "expected_trend"), found.get("expected_trend") if isinstance(found, dict) else None
