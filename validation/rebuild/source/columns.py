"""Columns of the source with their type: numbers, categories or dates, as the plan says or the values decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.source.files import RawColumn, objects
from validation.rebuild.source.readings import Dates, Number, date_of, read_dates, read_number, sorts_as_time, text_of
from validation.steps import values
from validation.steps.values import Value, text_of_number

NUMERIC, CATEGORICAL, DATE = "numeric", "categorical", "date"
RESERVED = re.compile(r"_(?:key|sample|outcome|status|weight|cluster)|(?:bin|woe|points|in)[:(].*", re.DOTALL)
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
IDENTIFIER = re.compile(r"(\A|[_\W])(id|ids|key|uuid|guid|index|idx|ref|reference|rownum|rowid|nr|no|serial)\Z", re.I)
CAMEL = re.compile(r"[a-z0-9](ID|Id|Key|No|Nr)\Z")
IDENTIFIER_LIKE = "identifier-like"


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its type. `levels` are distinct and ascending (doubles or text), `codes` (n,) -1 where missing.

    `done`: what was done while it was read, in the words of the format, and in how many rows; `doubtful`: whether it
    could be read otherwise.
    """

    type: str
    levels: NDArray[Any]
    codes: NDArray[np.int64]
    done: Mapping[str, int]
    doubtful: bool = False

    @property
    def counts(self) -> NDArray[np.int64]:
        """(k,) rows of each level."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    def values(self) -> NDArray[Any]:
        """(n,) doubles with NaN, or objects with None."""
        if self.type == NUMERIC:
            return np.append(self.levels.astype(np.float64), np.nan)[self.codes]
        return objects([*self.levels, None])[self.codes]

    def as_value(self) -> Value:
        """The column as expressions read it."""
        data = self.values()
        error = np.zeros(len(data), dtype=bool)
        if self.type == NUMERIC:
            return values.number(data, error, np.isnan(data))
        return values.string(data, error)


def declared_type(spec: Mapping[str, Any]) -> str | None:
    """The type that the contract gives a column; None where it is left to the values."""
    if spec.get("type") is not None:
        return str(spec["type"])
    if spec.get("order") is not None:
        return CATEGORICAL
    if spec.get("date_format") is not None:
        return DATE
    return NUMERIC if spec.get("number_format") is not None else None


def typed(raw: RawColumn, spec: Mapping[str, Any], form: Mapping[str, Any] | None) -> Column:
    """The column by the terms of its contract; `form`: the notation of numbers of the whole source."""
    declared = declared_type(spec)
    notation = None if raw.kind == "number" or declared in (CATEGORICAL, DATE) else spec.get("number_format") or form
    dates = None if raw.kind == "date" else read_dates(raw.levels, spec.get("date_format"), spec.get("first_year"))
    unsaid = declared is None and dates is None
    if notation is None and (unsaid or declared == NUMERIC) and _all_plain(raw):
        levels, place = np.unique(np.array(list(map(float, raw.levels))) + 0.0, return_inverse=True)
        return Column(NUMERIC, levels, np.append(place, -1)[raw.codes], {})
    numbers = [read_number(level, notation) for level in raw.levels]
    kind, kept = _decided(raw, numbers, dates)
    kind, kept = (declared, None) if declared is not None else (kind, kept)
    if kind == NUMERIC:
        return _numeric(raw, numbers, notation)
    return _text(raw, numbers, kind, dates, kept)


def _all_plain(raw: RawColumn) -> bool:
    """Whether every value is a finite number without anything to tell of: a short cut for most columns."""
    if raw.kind == "number":
        return bool(raw.levels) and bool(np.isfinite(raw.levels).all())
    return raw.kind == "text" and bool(raw.levels) and all(PLAIN.fullmatch(level) for level in raw.levels)


def _decided(raw: RawColumn, numbers: list[Number], dates: Dates | None) -> tuple[str, str | None]:
    if raw.kind == "date" or dates is not None:
        return DATE, None
    some = any(one.value is not None for one in numbers)
    if some and not any(one.is_word for one in numbers):
        if any(one.leading_zero for one in numbers):
            return CATEGORICAL, "kept as text: numbers with leading zeros are codes"
        if any(one.inexact for one in numbers):
            return CATEGORICAL, "kept as text: whole numbers too long for a double"
        return NUMERIC, None
    return CATEGORICAL, "kept as text: numbers and other text together" if some else None


def _numeric(raw: RawColumn, numbers: list[Number], form: Mapping[str, Any] | None) -> Column:
    known = np.array([one.value is not None for one in numbers], dtype=bool)
    levels, inverse = np.unique([one.value for one in numbers if one.value is not None], return_inverse=True)
    place = np.full(len(numbers) + 1, -1, dtype=np.int64)
    place[:-1][known] = inverse
    words = sorted({str(level).strip() for level, one in zip(raw.levels, numbers, strict=True) if one.no_value})
    told = {
        f"word for no value read as missing: {', '.join(words)}": [one.no_value for one in numbers],
        "blank text read as missing": [one.blank for one in numbers],
        f"number in the notation {_words(form)}": [one.rewritten for one in numbers],
        "spaces around a number passed over": [one.padded for one in numbers],
        "leading zeros of a number passed over": [one.leading_zero for one in numbers],
        "whole number read as the nearest double": [one.inexact for one in numbers],
    }
    return Column(NUMERIC, levels.astype(np.float64), place[raw.codes], _done(raw, told))


def _words(form: Mapping[str, Any] | None) -> str:
    if form is None:
        return ""
    thousands = form.get("thousands")
    told = [f"decimal '{form['decimal']}'"]
    told += [f"thousands {'space' if thousands == ' ' else repr(thousands)}"] if thousands else []
    return ", ".join([*told, *([f"unit '{form['unit']}'"] if form.get("unit") else [])])


def _text(raw: RawColumn, numbers: list[Number], kind: str, dates: Dates | None, kept: str | None) -> Column:
    whole = {kept: [True] * len(numbers)} if kept is not None else {}
    if kind == DATE and raw.kind != "date" and dates is not None:
        texts = [text_of(level) for level in raw.levels]
        if not (dates.pattern.startswith("%Y-%m") and sorts_as_time(texts)):
            moments = [date_of(text, dates.pattern, dates.first_year) for text in texts]
            texts = [one.isoformat().removesuffix("T00:00:00") for one in moments if one is not None]
            whole[f"date in the format {dates.pattern}"] = [True] * len(texts)
        return _of_texts(kind, raw, texts, whole, doubtful=not dates.certain)
    plain = raw.kind != "date" and not any(one.value is None or one.leading_zero or one.inexact for one in numbers)
    if plain:
        texts = [text_of_number(one.value) for one in numbers if one.value is not None]
        changed = [text != level for text, level in zip(texts, raw.levels, strict=True)]
        whole["number written as a code: 1, not 1.0"] = changed
    else:
        texts = [str(level) for level in raw.levels]
    return _of_texts(kind, raw, texts, whole)


def _of_texts(
    kind: str, raw: RawColumn, texts: list[str], told: Mapping[str, list[bool]], *, doubtful: bool = False
) -> Column:
    levels = sorted(set(texts))
    number = {text: place for place, text in enumerate(levels)}
    place = np.array([*(number[text] for text in texts), -1], dtype=np.int64)
    return Column(kind, objects(levels), place[raw.codes], _done(raw, told), doubtful)


def _done(raw: RawColumn, told: Mapping[str, list[bool]]) -> dict[str, int]:
    """Rows by what was done to them, where there are any."""
    found = {}
    for words, mask in told.items():
        if any(mask):
            found[words] = int(np.count_nonzero(np.append(np.array(mask, dtype=bool), False)[raw.codes]))
    return {words: rows for words, rows in found.items() if rows}


def reason_to_leave_out(name: str, column: Column) -> str | None:
    """Why a column that the plan does not name is no characteristic, None where it may be one (SPECIFICATION 5.0)."""
    there = column.codes >= 0
    rows, distinct = int(np.count_nonzero(there)), int(np.count_nonzero(column.counts))
    if rows == 0:
        return "entirely missing"
    if distinct == 1 and rows == len(column.codes):
        return "constant"
    if column.type == DATE:
        return DATE
    many = rows >= 10 and distinct / rows > 0.95
    if column.type == CATEGORICAL:
        if many:
            return IDENTIFIER_LIKE
        crowded = distinct > 1000 or (distinct > 50 and rows / distinct < 10.0)
        return "too many levels" if crowded else None
    return IDENTIFIER_LIKE if many and _numbers_rows(name, column.levels[column.codes[there]], distinct) else None


def _numbers_rows(name: str, found: NDArray[np.float64], distinct: int) -> bool:
    """Whether whole numbers, nearly all distinct, look like those of rows."""
    if not np.array_equal(np.floor(found), found):
        return False
    lowest, highest = float(found.min()), float(found.max())
    if np.all(found[1:] > found[:-1]) or np.all(found[1:] < found[:-1]):
        return True
    if highest - lowest + 1 <= 2.0 * len(found) or IDENTIFIER.search(name) or CAMEL.search(name):
        return True
    width = len(str(int(abs(lowest))))
    same = width == len(str(int(abs(highest)))) and width >= 6 and lowest > 0
    return same and distinct == len(found) >= 100
