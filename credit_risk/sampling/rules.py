"""Conditions of policy rules read against the columns of the data: each a flag, or told why it is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from credit_risk.sampling.column_types import TypedColumn
from credit_risk.sampling.contract import Failure
from credit_risk.sampling.derive import derive_columns
from credit_risk.sampling.expressions import Expression

FLAG_REMEDY = "write a comparison, such as INCOME < 1000"


def rule_conditions(
    texts: Mapping[str, str],
    columns: Mapping[str, TypedColumn],
    specials: Mapping[str, Iterable[float | str]],
    rows: int,
    rewritten: Collection[str] = (),
) -> tuple[dict[str, Expression], list[Failure]]:
    """Expression tree of each rule's condition by id, and what is wrong with the others.

    texts: conditions by id, in the order of the plan; columns: of the source and derived ones. Special codes are read
    as missing where a column is calculated with or put in order, as in derived characteristics.
    """
    found: dict[str, Expression] = {}
    failures: list[Failure] = []
    for index, (identifier, text) in enumerate(texts.items()):
        name = f"rule({identifier})"
        wrapped = derive_columns({name: f"if(({text}), 1, 0)"}, columns, specials, rows, rewritten)
        path = f"rules[{index}].when"
        failures += [_told(failure, path, text) for failure in wrapped.failures]
        if name in wrapped.expressions:
            found[identifier] = wrapped.expressions[name]["args"][0]
    return found, failures


def _told(failure: Failure, path: str, text: str) -> Failure:
    is_kind = failure.rule == "expression" and failure.remedy is None
    return replace(failure, path=path, found=text, remedy=FLAG_REMEDY if is_kind else failure.remedy)
