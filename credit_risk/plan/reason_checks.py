"""What must hold of reason codes: references, groups, codes, and nothing that may not be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path

Found = Iterator[tuple[Path, Fault]]
NEVER_PREDICTORS = (("data", "key"), ("data", "date"), ("outcome", "column"))


def undisclosable(plan: dict[str, Any]) -> list[str]:
    """Columns that no applicant may be told of (`data.columns.NAME.disclosable: false`)."""
    columns = _mapping(_mapping(plan.get("data")).get("columns"))
    return [name for name, column in columns.items() if _mapping(column).get("disclosable") is False]


def personal_columns(plan: dict[str, Any]) -> list[str]:
    """Columns that hold personal data (`data.columns.NAME.personal: true`)."""
    columns = _mapping(_mapping(plan.get("data")).get("columns"))
    return [name for name, column in columns.items() if _mapping(column).get("personal") is True]


def reason_faults(plan: dict[str, Any]) -> Found:
    """All faults of `reason_codes` and of what may not be told; parts of the wrong type are passed over."""
    yield from _undisclosable(plan)
    spec = _mapping(plan.get("reason_codes"))
    yield from _reference(plan, spec)
    yield from _groups(plan, spec)
    yield from _inquiries(spec)
    yield from _codes(plan, spec)
    languages = _names(spec.get("languages"))
    for index, name in enumerate(languages):
        if name in languages[:index]:
            yield ("reason_codes", "languages", index), _fault(f"{name!r} stands twice", "language")


def _undisclosable(plan: dict[str, Any]) -> Found:
    """No principal reason may be left out (comment 9(b)(2)-4), so a factor that may not be told may not be scored."""
    data = _mapping(plan.get("data"))
    protected = data.get("protected")
    listed = protected.values() if isinstance(protected, dict) else [protected]
    apart = {name for names in (data.get("forbidden"), *listed) for name in _names(names)}
    apart |= {str(_at(plan, *path)) for path in NEVER_PREDICTORS} | set(personal_columns(plan))
    for name in undisclosable(plan):
        if name not in apart:
            yield (
                ("data", "columns", name, "disclosable"),
                _fault(
                    f"{name!r} could enter a model, whose principal reasons must all be told",
                    "not_disclosable",
                    remedy="write it in data.forbidden",
                ),
            )


def _reference(plan: dict[str, Any], spec: dict[str, Any]) -> Found:
    reference, cut_off = spec.get("reference"), _at(plan, "strategy", "cut_off")
    path: Path = ("reason_codes", "reference")
    if reference == "above_cut_off" and cut_off is None:
        message = "the plan declares no cut-off, and none is assumed"
        yield path, _fault(message, "reference", found="above_cut_off", remedy="write strategy.cut_off")
    if reference == "above_cut_off" and spec.get("band_width") is None:
        message = "how far above the cut-off is just above it"
        yield path, _fault(message, "reference", found="above_cut_off", remedy="write reason_codes.band_width")
    if spec.get("band_width") is not None and cut_off is None:
        message = "a band above a cut-off that the plan does not declare"
        yield ("reason_codes", "band_width"), _fault(message, "reference", remedy="write strategy.cut_off")
    models = plan.get("models")
    listed = [m for m in models if isinstance(m, dict)] if isinstance(models, list | tuple) else []
    champion = next((m for m in listed if m.get("champion") is True), {})
    if reference == "maximum" and champion.get("type") not in (None, "scorecard", "segmented_scorecard", "expert"):
        message = f"a {champion['type']} has no most points of a characteristic"
        allowed = "mean_development, above_cut_off or baseline"
        yield path, _fault(message, "reference", found="maximum", allowed=allowed)


def _groups(plan: dict[str, Any], spec: dict[str, Any]) -> Found:
    seen: dict[str, str] = {}
    known = {*_mapping(_mapping(plan.get("data")).get("columns")), *_mapping(plan.get("derive"))}
    inquiries = set(_names(spec.get("inquiries")))
    for name, members in _mapping(spec.get("groups")).items():
        path: Path = ("reason_codes", "groups", name)
        own = _names(members)
        if isinstance(members, list | tuple) and not members:
            yield path, _fault("the group has no members", "group", remedy="name them, or leave it out")
        if name in known:
            message = f"the group {name!r} bears the name of a characteristic"
            yield path, _fault(message, "group_name", remedy="choose a name that no column has")
        for index, member in enumerate(own):
            if member in seen:
                message = f"{member!r} is also in the group {seen[member]!r}"
                yield (*path, index), _fault(message, "group", remedy="keep it in one group")
            seen.setdefault(member, name)
        if inquiries & set(own) and set(own) - inquiries:
            others = ", ".join(sorted(set(own) - inquiries))
            message = f"inquiries are grouped with others ({others}), so they could not be told by themselves"
            yield path, _fault(message, "group", remedy="group inquiries with inquiries only")


def _inquiries(spec: dict[str, Any]) -> Found:
    names = _names(spec.get("inquiries"))
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("reason_codes", "inquiries", index), _fault(f"{name!r} stands twice", "duplicate_name")


def _codes(plan: dict[str, Any], spec: dict[str, Any]) -> Found:
    """Two reasons with one code could not be told apart, and one of them would be hidden."""
    catalogue = _mapping(spec.get("catalogue"))
    members = {member for names in _mapping(spec.get("groups")).values() for member in _names(names)}
    names = {*_mapping(_mapping(plan.get("data")).get("columns")), *_mapping(plan.get("derive"))} - members
    taken = {name: name for name in sorted(names - set(catalogue))}
    for name, entry in catalogue.items():
        if name in members:
            continue
        given = _mapping(entry).get("code")
        code = given if isinstance(given, str) else name
        if code in taken:
            path: Path = ("reason_codes", "catalogue", name)
            message = f"the code {code!r} is also that of {taken[code]!r}"
            yield path, _fault(message, "reason_code", remedy="give each its own, or make them one group")
        taken.setdefault(code, name)


def _names(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _at(plan: Any, *path: str) -> Any:
    for part in path:
        plan = plan.get(part) if isinstance(plan, dict) else None
    return plan


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)
