"""Values of expressions of a plan over the columns of the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.source.columns import CATEGORICAL, NUMERIC, Column
from validation.rebuild.source.files import objects
from validation.rebuild.source.language import LanguageError, names_in, parse, without_codes
from validation.steps.expressions import evaluate
from validation.steps.values import Value

Codes = Mapping[str, tuple[Any, ...]]


def special_codes(columns: Mapping[str, Column], specs: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Special codes of each column as it holds them: doubles in a column of numbers."""
    found = {}
    for name, column in columns.items():
        codes = list((specs.get(name) or {}).get("specials") or {})
        if codes:
            found[name] = tuple(map(float, codes)) if column.type == NUMERIC else tuple(codes)
    return found


def text_of_derived(given: Any) -> str:
    """The expression of a derived characteristic in its short or long form."""
    return str(given["expression"]) if isinstance(given, Mapping) else str(given)


def needed(derive: Mapping[str, Any], name: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The derived characteristics that `name` is made of, each before those that read it, and `name` itself."""
    if name not in derive or name in seen:
        return
    try:
        read = names_in(parse(text_of_derived(derive[name])))
    except LanguageError:
        read = []
    for one in read:
        yield from needed(derive, one, (*seen, name))
    yield name


def derive(plan: Mapping[str, Any], columns: Mapping[str, Column], specials: Codes, rows: int) -> dict[str, Column]:
    """Derived characteristics of the plan by name, those left out whose columns are not there or that are no text."""
    names: dict[str, Value] = {}
    found: dict[str, Column] = {}
    texts = plan.get("derive") or {}
    for name in dict.fromkeys(one for each in texts for one in needed(texts, each)):
        value = value_of(text_of_derived(texts[name]), names, columns, specials, rows)
        if value is not None and value.kind in ("number", "string"):
            names[name] = value
            found[name] = _column(value)
    return found


def value_of(
    text: str, names: dict[str, Value], columns: Mapping[str, Column], specials: Codes, rows: int
) -> Value | None:
    """The value of an expression, None where it cannot be read or asks for a column that is not there.

    `names` holds what was read before, and takes what is read.
    """
    try:
        tree = parse(text)
    except LanguageError:
        return None
    for name in names_in(tree):
        if name not in names:
            if name not in columns:
                return None
            names[name] = columns[name].as_value()
    return evaluate(without_codes(tree, specials), names, rows)


def _column(value: Value) -> Column:
    there = ~value.missing() & ~value.error
    codes: NDArray[np.int64] = np.full(len(there), -1, dtype=np.int64)
    if value.kind == "number":
        levels, codes[there] = np.unique(value.data[there], return_inverse=True)
        return Column(NUMERIC, levels, codes, {})
    listed = sorted(set(value.data[there].tolist()))
    place = {level: number for number, level in enumerate(listed)}
    codes[there] = [place[level] for level in value.data[there].tolist()]
    return Column(CATEGORICAL, objects(listed), codes, {})
