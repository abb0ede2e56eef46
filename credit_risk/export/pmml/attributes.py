"""Characteristics of a PMML `Scorecard`: one attribute for each way into a bin, the last one for whatever is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml import parts
from credit_risk.export.pmml.xml import Element

Step = Mapping[str, Any]


def characteristic(item: Step, classing: Step, attributes: Mapping[str, str | None]) -> Element:
    """The `Characteristic` of an entry of a `scale` step of form `points`, with further attributes of its own."""
    ways = e.branches(classing)
    children = [
        Element(
            "Attribute",
            {"partialScore": parts.number_text(item["points"][one.bin])},
            [_predicate(classing, one, one is ways[-1])],
        )
        for one in ways
    ]
    return Element("Characteristic", {"name": item["characteristic"], **attributes}, children)


def _predicate(classing: Step, one: e.Branch, last: bool) -> Element:
    field = classing["input"]
    if last:
        return Element("True")
    if one.kind == "missing":
        return Element("SimplePredicate", {"field": field, "operator": "isMissing"})
    if one.upper is not None:
        return Element(
            "SimplePredicate", {"field": field, "operator": "lessThan", "value": parts.number_text(one.upper)}
        )
    values = [parts.number_text(v) if isinstance(v, (int, float)) else v for v in one.listed]
    tests = [Element("SimplePredicate", {"field": field, "operator": "equal", "value": v}) for v in values]
    return tests[0] if len(tests) == 1 else Element("CompoundPredicate", {"booleanOperator": "or"}, tests)
