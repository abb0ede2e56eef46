"""Derived characteristics computed by the scoring authority, so that development and production cannot differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from credit_risk.sampling.column_types import CATEGORICAL, DATE, NUMERIC, TypedColumn
from credit_risk.sampling.contract import Failure
from credit_risk.sampling.expressions import Expression, dates_apart, parse_expression, without_specials
from credit_risk.sampling.source import Conversion
from credit_risk.scoring.columns import FLAG, NUMBER, STRING, Column, Run
from credit_risk.scoring.dates import parse_date
from credit_risk.scoring.expressions import SEPARATOR, evaluate, expression_kind, references

SHOWN = 5
ISO = "dates such as 2026-11-20, or 2026-11-20T08:30:00"
DATE_REMEDY = "write the dates in the source as ISO 8601 text: the model will read them so in production"
VALUE_TYPES = {NUMERIC: NUMBER, CATEGORICAL: STRING}


@dataclass(slots=True)
class Derived:
    """Expression trees and columns by name, what was recorded on the way, and what cannot be derived."""

    expressions: dict[str, Expression] = field(default_factory=dict)
    columns: dict[str, TypedColumn] = field(default_factory=dict)
    conversions: list[Conversion] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def derive_columns(
    texts: Mapping[str, str],
    columns: Mapping[str, TypedColumn],
    specials: Mapping[str, Iterable[float | str]],
    rows: int,
    rewritten: Collection[str] = (),
) -> Derived:
    """Evaluate the expressions of a plan in order; each may read columns of the source and what was derived before.

    `rewritten` are columns whose dates intake turned to ISO 8601. No expression measures them: a model reads its
    inputs as they come, so that in production the same dates would be missing.
    """
    result = Derived()
    run = Run(rows, {})
    kinds = {name: VALUE_TYPES.get(column.type, STRING) for name, column in columns.items()}
    for name, text in texts.items():
        path = f"derive.{name}"
        parsed, faults = parse_expression(text)
        told = [fault.message for fault in faults]
        if parsed is None:
            result.failures += [Failure(name, "expression", message, path, found=text) for message in told]
            continue
        expression = without_specials(parsed, specials)
        absent = [column for column in references(parsed) if column not in kinds]
        if absent:
            continue  # told by the caller, with the names that come near
        kind = expression_kind(expression, kinds, told.append)
        if kind == FLAG and not told:
            told.append("the expression is true or false, not a value: write if(condition, 1, 0)")
        told += _crossing(parsed, columns)
        dated = _dated(parsed, columns, specials, rewritten, path)
        if dated:
            result.failures += dated
            continue
        if told:
            result.failures += [Failure(name, "expression", message, path, found=text) for message in told]
            continue
        for column in references(parsed):
            if column not in run.columns:
                run.columns[column] = _scoring_column(columns[column])
            result.conversions += _masked(name, column, expression != parsed, columns, specials)
        value = evaluate(expression, run, name)
        if value.error.any():
            message = f"{name!r} is not finite in some rows"
            count, first = int(value.error.sum()), int(np.flatnonzero(value.error)[0]) + 1
            remedy = "guard the expression, for instance with if()"
            result.failures.append(
                Failure(name, "not_finite", message, path, count, (str(first),), first, text, remedy=remedy)
            )
            continue
        run.columns[name], kinds[name] = value, kind
        result.expressions[name] = expression
        result.columns[name] = _typed(value)
    return result


def _dated(
    parsed: Expression,
    columns: Mapping[str, TypedColumn],
    specials: Mapping[str, Iterable[float | str]],
    rewritten: Collection[str],
    path: str,
) -> list[Failure]:
    """What is wrong with columns of dates, and with columns taken as dates, in an expression."""
    measured, elsewhere = dates_apart(parsed)
    failures = []
    for name, column in columns.items():
        if name in elsewhere and column.type == DATE:
            message = f"{name!r} is a date; expressions only measure dates"
            allowed = "days_between(), months_between(), year(), month(), is_missing()"
            failures.append(Failure(name, "expression", message, path, allowed=allowed))
        if name not in measured or column.type == NUMERIC:
            continue
        if name in rewritten:
            message = f"{name!r} is taken as a date, and the source has its dates in another format"
            failures.append(Failure(name, "date", message, path, allowed=ISO, remedy=DATE_REMEDY))
            continue
        codes = set(specials.get(name, ()))
        wrong = np.array([level not in codes and parse_date(level) is None for level in column.levels], bool)
        rows = np.append(wrong, False)[column.codes]
        if rows.any():
            message = f"{name!r} is taken as a date, and some of its values are not"
            found = ", ".join(map(repr, column.levels[wrong][:SHOWN]))
            first, count = int(np.flatnonzero(rows)[0]) + 1, int(rows.sum())
            failures.append(Failure(name, "date", message, path, count, (str(first),), first, found, ISO, DATE_REMEDY))
    return failures


def _crossing(parsed: Expression, columns: Mapping[str, TypedColumn]) -> list[str]:
    """Columns of text that are crossed and hold the separator, so that two pairs would be one value."""
    if parsed.get("op") != "cross":
        return [message for one in parsed.get("args", []) for message in _crossing(one, columns)]
    crossed = [columns[name] for one in parsed["args"] if (name := one.get("ref")) in columns]
    joined = [level for column in crossed for level in column.levels if SEPARATOR in str(level)]
    return [f"cross() joins with {SEPARATOR!r}, and a column holds {joined[0]!r}"] if joined else []


def _masked(
    name: str,
    column: str,
    changed: bool,
    columns: Mapping[str, TypedColumn],
    specials: Mapping[str, Iterable[float | str]],
) -> list[Conversion]:
    codes = set(specials.get(column, ()))
    if not changed or not codes or column not in columns:
        return []
    typed = columns[column]
    rows = int(typed.counts[np.array([level in codes for level in typed.levels], bool)].sum())
    return [Conversion(name, f"special codes of {column} read as missing in the expression", rows)] if rows else []


def _scoring_column(column: TypedColumn) -> Column:
    values, missing = column.series().to_numpy(), column.missing
    kind = NUMBER if column.type == NUMERIC else STRING
    return Column(kind, values, missing, np.zeros(len(missing), bool))


def _typed(value: Column) -> TypedColumn:
    present = ~value.missing
    codes = np.full(len(present), -1, dtype=np.int64)
    kind = NUMERIC if value.kind == NUMBER else CATEGORICAL
    levels, inverse = np.unique(value.data[present], return_inverse=True)
    codes[present] = inverse
    return TypedColumn(kind, levels, codes)
