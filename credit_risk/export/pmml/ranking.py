"""Reason codes in PMML by expressions: engines rank differently by themselves, and alike by arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml.xml import Element

Step = Mapping[str, Any]
Keep = Callable[[str, str, Element], str]  # role, kind and value of a field; gives the field's name


def ranked_reasons(step: Step, keep: Keep) -> list[str]:
    """Names of fields with the reason codes of a `reasons` step, the greatest shortfall first; missing where fewer.

    Rank by rank: the greatest shortfall that is left and is positive, of equal ones the first of the list, which then
    counts as zero.
    """
    items = step["characteristics"]
    shortfalls = [
        keep("shortfall", "double", e.apply("-", e.number(item["baseline"]), e.ref(item["input"]))) for item in items
    ]
    left, places, codes = shortfalls, [], []
    most = min(int(step["maximum"]), len(items))
    for rank in range(most):
        place = keep("place", "double", _first_greatest(keep("greatest", "double", _greatest(left)), left))
        places.append(place)
        codes.append(keep("reason", "string", _code_at(place, items)))
        if rank + 1 < most:
            left = [keep("left", "double", _unless(place, k, name)) for k, name in enumerate(left)]
    empty = [keep("reason", "string", e.no_text()) for _ in range(int(step["maximum"]) - most)]
    return [*codes, *empty, *([_inquiry(step, shortfalls, places, keep)] if "inquiries" in step else [])]


def _greatest(names: Sequence[str]) -> Element:
    return e.apply("max", *[e.ref(name) for name in names]) if len(names) > 1 else e.ref(names[0])


def _first_greatest(greatest: str, names: Sequence[str]) -> Element:
    """Place from 1 of the first field that equals the greatest; 0 where that is not positive."""
    last = e.number(len(names))
    cases = [(e.apply("equal", e.ref(name), e.ref(greatest)), e.number(k + 1)) for k, name in enumerate(names[:-1])]
    return e.apply("if", e.apply("greaterThan", e.ref(greatest), e.number(0)), e.choose(cases, last), e.number(0))


def _unless(place: str, k: int, name: str) -> Element:
    return e.apply("if", e.apply("equal", e.ref(place), e.number(k + 1)), e.number(0), e.ref(name))


def _code_at(place: str, items: Sequence[Step]) -> Element:
    cases = [(e.apply("equal", e.ref(place), e.number(k + 1)), _code(item)) for k, item in enumerate(items[:-1])]
    there = e.choose(cases, _code(items[-1]))
    return e.apply("if", e.apply("greaterThan", e.ref(place), e.number(0)), there)


def _code(item: Step) -> Element:
    return e.text(item["reason_code"])


def _inquiry(step: Step, shortfalls: Sequence[str], places: Sequence[str], keep: Keep) -> str:
    """The one more reason: the greatest positive shortfall among inquiries, where none of them is told already."""
    asked = [k for k, item in enumerate(step["characteristics"]) if item["characteristic"] in step["inquiries"]]
    names = [shortfalls[k] for k in asked]
    place = keep("place", "double", _first_greatest(keep("greatest", "double", _greatest(names)), names))
    told = [e.apply("equal", e.ref(rank), e.number(k + 1)) for rank in places for k in asked]
    untold = e.apply("if", e.apply("not", e.any_of(told)), e.ref(place), e.number(0))
    return keep(
        "reason", "string", _code_at(keep("place", "double", untold), [step["characteristics"][k] for k in asked])
    )
