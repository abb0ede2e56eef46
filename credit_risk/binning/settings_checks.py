"""What must hold between the settings of a classing. Works on plain values, beside other faults that are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.binning.spec import CharacteristicSpec, ClassingSpec

Path = tuple[str, ...]
Found = Iterator[tuple[Path, Fault]]
EXACT_ONLY = ("max_p_value",)
DEFAULTS = {name: field.default for name, field in ClassingSpec.model_fields.items()}


def settings_faults(classing: Mapping[str, Any]) -> Found:
    """Faults between the settings of `classing`, each with its path within it."""
    own = classing.get("characteristics")
    settings = {name: one for name, one in own.items() if isinstance(one, dict)} if isinstance(own, dict) else {}
    for name, told in settings.items():
        path = ("characteristics", name)
        effective = {**classing, **{key: value for key, value in told.items() if value is not None}}
        yield from _limits(effective, told, path)
        yield from _engine(classing, told, path, CharacteristicSpec)
        yield from _joining(effective, told, path)
        yield from _trend_twice(classing, told, name)
        yield from _given_twice(told, path)
    yield from _limits(classing, classing, ())
    yield from _engine(classing, classing, (), ClassingSpec)
    if not any(_joins(told) for told in settings.values()):
        yield from _joining(classing, classing, ())


def _value(settings: Mapping[str, Any], key: str) -> Any:
    """What is set, or the default of the general setting."""
    value = settings.get(key)
    return DEFAULTS[key] if value is None else value


def _limits(effective: Mapping[str, Any], told: Mapping[str, Any], path: Path) -> Found:
    """Limits that no column can keep together, told where one of them is written; what is out of its own bounds is told
    by its specification."""
    pairs = (
        ("max_bins", "max_prebins", 20, "more coarse classes than fine classes"),
        ("min_bins", "max_bins", 20, "more coarse classes at least than at most"),
        ("min_share", "max_share", 0.5, "a coarse class would be larger at least than at most"),
    )
    for low, high, bound, message in pairs:
        if low == "max_bins" and effective.get("engine") != "optbinning":
            continue
        small, great = _value(effective, low), _value(effective, high)
        if not (_is_number(small) and _is_number(great)) or small <= great or small > bound:
            continue
        place = low if low in told else high
        if place in told:
            found = f"{low} {small}, {high} {great}"
            yield (*path, place), Fault(message, "bins", found=found, allowed=f"{low} up to {high}")


def _engine(classing: Mapping[str, Any], told: Mapping[str, Any], path: Path, spec: type[Any]) -> Found:
    """Settings that optbinning would pass over."""
    if classing.get("engine") != "optbinning":
        return
    remedy = "write engine: exact, or leave it out"
    for key in EXACT_ONLY:
        default = spec.model_fields[key].default
        if key in told and told[key] != default and told[key] != DEFAULTS[key]:
            message = f"the engine optbinning does not keep {key}"
            yield (*path, key), Fault(message, "engine", found=str(told[key]), remedy=remedy)
    given = {str(v) for key in ("fixed_splits", "candidate_splits") for v in told.get(key) or ()}
    most = _value(classing, "max_prebins")
    if told.get("candidate_splits") and _is_number(most) and len(given) >= most:
        message = "more splits than optbinning is given fine classes, max_prebins"
        found, allowed = f"{len(given)} splits", f"fewer than {most}"
        yield (*path, "candidate_splits"), Fault(message, "engine", found=found, allowed=allowed, remedy=remedy)
    if told.get("trend") == "auto":
        message = "the engine optbinning does not choose among peak, valley and the monotone trends"
        remedy = "write engine: exact, or trend: auto_monotonic"
        yield (*path, "trend"), Fault(message, "engine", found="auto", remedy=remedy)


def _joining(effective: Mapping[str, Any], told: Mapping[str, Any], path: Path) -> Found:
    if told.get("nearest_woe_below") is not None and not _joins(effective):
        message = "a share is given, and neither missing nor special is nearest_woe, so that it has no effect"
        remedy = "write missing: nearest_woe or special: nearest_woe, or leave the share out"
        yield (
            (*path, "nearest_woe_below"),
            Fault(message, "classing", found=str(told["nearest_woe_below"]), remedy=remedy),
        )


def _joins(settings: Mapping[str, Any]) -> bool:
    return "nearest_woe" in (settings.get("missing"), settings.get("special"))


def _trend_twice(classing: Mapping[str, Any], told: Mapping[str, Any], name: str) -> Found:
    general, own = classing.get("monotonic"), told.get("trend")
    other = general.get(name) if isinstance(general, dict) else None
    if own is not None and other is not None and own != other:
        message, remedy = f"classing.monotonic.{name} says {other}", "say it in one of the two places"
        yield ("characteristics", name, "trend"), Fault(message, "trend", found=str(own), remedy=remedy)


def _given_twice(told: Mapping[str, Any], path: Path) -> Found:
    """A split that stands twice, a category in two groups."""
    for key in ("fixed_splits", "candidate_splits"):
        listed = told.get(key)
        for value in _twice(listed if isinstance(listed, list | tuple) else ()):
            yield (*path, key), Fault(f"{value} stands twice", "classing", remedy="name it once")
    groups = [g for key in ("groups", "fixed_groups") for g in told.get(key) or () if isinstance(g, list | tuple)]
    for value in _twice([value for group in groups for value in group]):
        place = "groups" if told.get("groups") else "fixed_groups"
        message = f"the category {value} stands in two groups, or twice in one"
        yield (*path, place), Fault(message, "classing", remedy="name it once")


def _twice(values: Sequence[Any]) -> list[str]:
    return [text for text, count in Counter(map(str, values)).items() if count > 1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
