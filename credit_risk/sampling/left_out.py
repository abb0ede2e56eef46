"""Columns that a plan does not name and that are no characteristics: constant, identifiers, dates, many levels."""

from __future__ import annotations

import re

import numpy as np

from credit_risk.sampling.column_types import CATEGORICAL, DATE, NUMERIC, TypedColumn

IDENTIFIER_LIKE = "identifier-like"
IDENTIFIER_SHARE = 0.95
IDENTIFIER_ROWS = 10
DENSITY = 2.0
FIXED_WIDTH_ROWS = 100
FIXED_WIDTH_DIGITS = 6
MAX_LEVELS = 1_000
FEW_LEVELS = 50
ROWS_A_LEVEL = 10.0
IDENTIFIER_NAME = re.compile(
    r"(\A|[_\W])(id|ids|key|uuid|guid|index|idx|ref|reference|rownum|rowid|nr|no|serial)\Z", re.I
)
CAMEL_IDENTIFIER = re.compile(r"[a-z0-9](ID|Id|Key|No|Nr)\Z")


def reason_to_leave_out(name: str, column: TypedColumn) -> tuple[str, str] | None:
    """Reason and detail, with the figure that decided, or None where the column may be a characteristic.

    Identifier-like is text with more than 95 % distinct values, or whole numbers with more than 95 % distinct values
    that also rise or fall from row to row, lie close together (range at most twice the number of rows), are named like
    an identifier, or are all distinct with the same number of digits, six or more. Text with over 1,000 levels, or over
    50 levels and fewer than 10 rows a level on average, has too many levels.
    """
    present = column.codes >= 0
    rows = int(np.count_nonzero(present))
    distinct = int(np.count_nonzero(column.counts))
    if rows == 0:
        return "entirely missing", f"no value in {len(column.codes):,} rows"
    if distinct == 1 and rows == len(column.codes):
        return "constant", f"one value in {rows:,} rows: {_shown(column)}"
    if column.type == DATE:
        return "date", f"every value is a date, as {_shown(column)}"
    share = distinct / rows
    if column.type == CATEGORICAL:
        return _too_many(rows, distinct, share)
    if column.type == NUMERIC and rows >= IDENTIFIER_ROWS and share > IDENTIFIER_SHARE:
        values = column.levels[column.codes[present]]
        if (how := _like_identifier(name, values, distinct)) is not None:
            return IDENTIFIER_LIKE, f"{distinct:,} distinct whole numbers in {rows:,} rows ({share:.1%}), {how}"
    return None


def _too_many(rows: int, distinct: int, share: float) -> tuple[str, str] | None:
    figure = f"{distinct:,} distinct values in {rows:,} rows"
    if rows >= IDENTIFIER_ROWS and share > IDENTIFIER_SHARE:
        return IDENTIFIER_LIKE, f"{figure} ({share:.1%})"
    if distinct > MAX_LEVELS:
        return "too many levels", f"{figure}; at most {MAX_LEVELS:,} levels"
    if distinct > FEW_LEVELS and rows / distinct < ROWS_A_LEVEL:
        return "too many levels", f"{figure}: {rows / distinct:.1f} rows a level, at least {ROWS_A_LEVEL:.0f}"
    return None


def _like_identifier(name: str, values: np.ndarray, distinct: int) -> str | None:
    if not (np.floor(values) == values).all():
        return None
    steps = np.diff(values)
    if (steps > 0).all() or (steps < 0).all():
        return "in order from row to row"
    if values.max() - values.min() + 1 <= DENSITY * len(values):
        return "close together"
    if IDENTIFIER_NAME.search(name) or CAMEL_IDENTIFIER.search(name):
        return "named like an identifier"
    digits = {len(str(int(abs(value)))) for value in (values.min(), values.max())}
    fixed = len(digits) == 1 and digits.pop() >= FIXED_WIDTH_DIGITS and values.min() > 0
    if fixed and distinct == len(values) >= FIXED_WIDTH_ROWS:
        return "all distinct and with the same number of digits"
    return None


def _shown(column: TypedColumn) -> str:
    return str(column.levels[column.codes[column.codes >= 0][0]])[:60]
