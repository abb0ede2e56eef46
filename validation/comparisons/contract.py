"""The contract of the data: its evidence held against the plan, and its terms against every row of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from validation.rebuild.workspace import Workspace

AREA = "data.contract"
PERSONS_VALUES = ("minimum", "percentile_25", "median", "percentile_75", "maximum", "most_frequent")
Column = Mapping[str, Any]


def compare_contract(space: Workspace) -> None:
    """Compare every term of the contract with plan.json, count its breaches in the snapshot, look for personal data."""
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    data = space.package.plan.get("data") or {}
    columns: Mapping[str, Column] = data.get("columns") or {}
    rows = [row for row in table if row["role"] != "derived"]
    names = [row["column"] for row in rows]
    left = {row["column"] for row in space.package.rows_of("data.columns_left_out") or []}
    told = [name for name in columns if name in {*names, *left}]
    space.ledger.words(AREA, "columns of the plan", told, list(columns), list(columns))
    own = [_terms(space, row, data, columns.get(row["column"], {})) for row in rows]
    for term in own[0] if own else ():
        developer = [row[term] for row in rows]
        space.ledger.words(AREA, term, developer, [terms[term] for terms in own], names)
    _compare_descriptions(space, rows, columns)
    _count_breaches(space, rows, columns)
    _compare_personal(space, rows, columns)


def _terms(space: Workspace, row: Column, data: Mapping[str, Any], column: Column) -> dict[str, Any]:
    """Return what the contract has to say of a column, by the plan and the snapshot."""
    name, role = row["column"], row["role"]
    lower, upper = column.get("range") or (None, None)
    personal = bool(column.get("personal", False))
    specials = "; ".join(f"{code}: {meaning}" for code, meaning in (column.get("specials") or {}).items())
    there = name in space.frame.columns or (role == "key" and not personal)
    windows = (space.package.plan.get("outcome") or {}).get("windows") or {}
    replaced = name == data.get("key") and windows.get("rolling") is not None  # rows made of accounts have another key
    return {
        "lower": lower,
        "upper": upper,
        "allowed": _joined(column.get("allowed")),
        "order": _joined(column.get("order")),
        "specials": specials or None,
        "missing_allowed": column.get("missing", True) and role not in ("key", "outcome"),
        "expected_trend": column.get("expected_trend"),
        "protected": name in _names(data.get("protected")),
        "forbidden": name in _names(data.get("forbidden")) or (replaced and role == "forbidden"),
        "personal": personal,
        "in_snapshot": there,
        "read_as": _reading(column),
    }


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {name for names in value.values() for name in _names(names)}
    return set(value or ())


def _joined(codes: Any) -> str | None:
    return None if codes is None else "; ".join(str(code) for code in codes)


def _reading(column: Column) -> str | None:
    """Return how texts of a column are read, in the words of the contract."""
    told = []
    if (pattern := column.get("date_format")) is not None:
        told.append(f"dates as {pattern}")
    if (year := column.get("first_year")) is not None:
        told.append(f"first year {year}")
    if (form := column.get("number_format")) is not None:
        thousands = form["thousands"]
        signs = [f"decimal '{form['decimal']}'"]
        signs += [f"thousands {'space' if thousands == ' ' else repr(thousands)}"] if thousands else []
        signs += [f"unit '{form['unit']}'"] if form["unit"] else []
        told.append(f"numbers with {', '.join(signs)}")
    return ", ".join(told) or None


def _compare_descriptions(space: Workspace, rows: list[dict[str, Any]], columns: Mapping[str, Column]) -> None:
    """Compare the descriptions that the plan gives; columns made of the history have words of their own."""
    said = [row for row in rows if columns.get(row["column"], {}).get("description")]
    own = [columns[row["column"]]["description"] for row in said]
    names = [row["column"] for row in said]
    space.ledger.words(AREA, "description", [row["description"] for row in said], own, names)


def _count_breaches(space: Workspace, rows: list[dict[str, Any]], columns: Mapping[str, Column]) -> None:
    """Count rows of the snapshot that break a term; intake refuses data with one, so that there is none."""
    named = [row for row in rows if row["column"] in columns and row["column"] in space.frame.columns]
    own = [_breaches(space.frame[row["column"]], columns[row["column"]], row["role"]) for row in named]
    names = [row["column"] for row in named]
    space.ledger.numbers(AREA, "rows that break a term", "rows", [0] * len(named), own, names)


def _breaches(values: pd.Series, column: Column, role: str) -> int:
    missing = values.isna().to_numpy()
    wrong = (
        missing.copy() if column.get("missing", True) is False and role != "outcome" else np.zeros(len(values), bool)
    )
    numeric = pd.api.types.is_numeric_dtype(values)
    special = _among(values, list(column.get("specials") or {}), numeric)
    free = ~missing & ~special
    lower, upper = column.get("range") or (None, None)
    if numeric:
        numbers = values.to_numpy(np.float64)
        wrong |= free & (lower is not None) & (numbers < (-np.inf if lower is None else lower))
        wrong |= free & (upper is not None) & (numbers > (np.inf if upper is None else upper))
    for term in ("allowed", "order"):
        if (codes := column.get(term)) is not None:
            wrong |= free & ~_among(values, list(codes), numeric)
    return int(np.count_nonzero(wrong))


def _among(values: pd.Series, codes: list[Any], numeric: bool) -> np.ndarray:
    """Say of each value whether it is one of the codes, as a plan writes them: 1 is "1" and 1.0, true is "True"."""
    if numeric:
        return values.isin([number for code in codes if (number := _number(code)) is not None]).to_numpy()
    words = {_word(code) for code in codes}
    flags = {str(code).casefold() for code in codes if isinstance(code, bool)}
    return np.array([isinstance(v, str) and (v in words or v.casefold() in flags) for v in values], dtype=bool)


def _word(code: Any) -> str:
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def _number(code: Any) -> float | None:
    try:
        return None if isinstance(code, bool) else float(code)
    except ValueError:
        return None


def _compare_personal(space: Workspace, rows: list[dict[str, Any]], columns: Mapping[str, Column]) -> None:
    """Say of each column of personal data that it is no predictor, and that the profile shows no value of it."""
    personal = {name for name, column in columns.items() if column.get("personal") is True}
    if not personal:
        return
    there = [row for row in rows if row["column"] in personal]
    predictors = [row["role"] == "predictor" for row in there]
    names = [row["column"] for row in there]
    space.ledger.words(AREA, "personal data as predictor", predictors, [False] * len(there), names, rule="identity")
    profile = [row for row in space.package.rows_of("data.profile") or [] if row["column"] in personal]
    shown = [any(row[name] is not None for name in PERSONS_VALUES) for row in profile]
    names = [row["column"] for row in profile]
    space.ledger.words("data.profile", "values of personal columns shown", shown, [False] * len(shown), names)
