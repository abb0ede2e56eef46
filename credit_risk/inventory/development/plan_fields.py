"""A plan as fields: what changed from one run to the next, and the decisions that it states with reasons.

Fields are named by JSON pointers. Long texts, authored texts, addresses and names of persons stand as their SHA-256:
that they changed is told, what they say stands in the package alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.hashing import sha256_bytes

Json = Any
LONGEST = 200
PERSONS = frozenset({"author", "owner", "approved_by", "contact"})
ADDRESSES = frozenset({"url", "sql", "query"})
NOT_DECIDED = ("/strategy", "/monitoring")
"""Sections where `reason` is the name of a column, or nothing that development decided."""


def plan_fields(plan: Mapping[str, Json]) -> dict[str, Json]:
    """Every field of a plan with all defaults: pointer to value; empty lists and mappings are values."""
    return dict(_fields(plan, "", hidden=False))


def plan_changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Fields that differ, in order of their pointers: `field`, `before`, `after`; None where there is no such field.

    `before` and `after` are results of `plan_fields`. A field that is there and null differs from one that is not
    only where its neighbours do.
    """
    names = sorted({*before, *after})
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if not _same(before.get(name), after.get(name))
    ]


def changed_plan(before: Mapping[str, Json], changes: list[Mapping[str, Json]]) -> dict[str, Json]:
    """The fields after changes; those that became None stay as such where they are told."""
    fields = dict(before)
    for one in changes:
        fields[one["field"]] = one["after"]
    return {name: value for name, value in fields.items() if value is not None}


def stated_decisions(plan: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Decisions of the plan: what has a `reason` beside it, in the order of the plan's fields, and the champion.

    Each is `about` (pointer), `decision` (what is set there, as one line of `key value`), `reason` (None for a
    champion without rationale, and a characteristic that is left out by its name alone). Reasons are told in whole.
    """
    found = list(_reasoned(plan, ""))
    for place, name in enumerate((plan.get("selection") or {}).get("exclude") or ()):
        if isinstance(name, str):
            told: dict[str, Json] = {"about": f"/selection/exclude/{place}", "decision": f"name {name}"}
            found.append({**told, "reason": None, "rejects": [name]})
    champion = next((one for one in plan.get("models") or () if one.get("champion")), None)
    if champion is not None:
        rationale = (plan.get("model") or {}).get("rationale")
        text = rationale.get("text") if isinstance(rationale, Mapping) else rationale
        others = [str(one["id"]) for one in plan["models"] if one is not champion]
        told = {"about": "/models", "decision": f"champion {champion['id']} ({champion['type']})", "reason": text}
        found.append({**told, "rejects": others})
    return found


def _fields(value: Json, path: str, *, hidden: bool) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            inside = hidden or key in PERSONS or key in ADDRESSES
            yield from _fields(value[key], f"{path}/{_escaped(key)}", hidden=inside)
    elif isinstance(value, list | tuple) and value:
        for place, item in enumerate(value):
            yield from _fields(item, f"{path}/{place}", hidden=hidden)
    elif isinstance(value, str) and (hidden or len(value) > LONGEST):
        yield path, f"sha256:{sha256_bytes(value.encode('utf-8'))}"
    else:
        yield path, list(value) if isinstance(value, tuple) else value


def _reasoned(value: Json, path: str) -> Iterator[dict[str, Json]]:
    if path.startswith(NOT_DECIDED):
        return
    if isinstance(value, Mapping):
        if isinstance(value.get("reason"), str):
            held = [(key, item) for key, item in value.items() if key not in {"reason", *PERSONS} and item is not None]
            decision = ", ".join(f"{key} {_line(item)}" for key, item in held)
            yield {"about": path, "decision": decision, "reason": value["reason"], "rejects": []}
        for key in sorted(value):
            yield from _reasoned(value[key], f"{path}/{_escaped(key)}")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _reasoned(item, f"{path}/{place}")


def _line(value: Json) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_line(one) for one in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_line(one)}" for key, one in value.items())
    return str(value)


def _same(one: Json, two: Json) -> bool:
    return type(one) is type(two) and bool(one == two)


def _escaped(key: str) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
