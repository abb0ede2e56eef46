"""What a column holds: numbers, categories or dates, decided from its distinct values; each conversion recorded."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.sampling.date_formats import DateReading, iso_text, moment_of, read_dates, texts_of, well_written
from credit_risk.sampling.notation import plain_number
from credit_risk.sampling.reading_spec import NumberFormatSpec
from credit_risk.sampling.source import Conversion, RawColumn
from credit_risk.scoring.steps import text_of_number

NUMERIC, CATEGORICAL, DATE = "numeric", "categorical", "date"
NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*\Z")
LEADING_ZERO = re.compile(r"\s*[+-]?0[0-9]")
# Words for "no value" that programs write into columns of numbers; in a column of text they are categories.
MISSING_WORDS = frozenset(
    ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "NULL", "Null", "null", "None", "none", "NaT", "?", ".", "-")
)
INFINITE_WORDS = frozenset(("inf", "infinity", "+inf", "-inf", "+infinity", "-infinity"))
EXACT = 2**53
REWRITTEN = "written as ISO 8601"


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """`levels` (k,) are distinct, ascending: float64 (numeric) or text; `codes` (n,) as in RawColumn."""

    type: str
    levels: np.ndarray
    codes: np.ndarray

    @property
    def missing(self) -> np.ndarray:
        """Which rows have no value, bool (n,)."""
        return self.codes < 0

    @property
    def counts(self) -> np.ndarray:
        """Rows of each level, (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    def series(self) -> pd.Series:
        """float64 with NaN (numeric) or object with None (text), n rows."""
        if self.type == NUMERIC:
            return pd.Series(np.append(self.levels.astype(np.float64), np.nan)[self.codes])
        return pd.Series(
            np.append(self.levels.astype(object), np.array([None], dtype=object))[self.codes], dtype=object
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """Numbers of the levels of a column: `values` (k,) NaN where none; the masks say why a level is no number.

    rewritten: levels that are numbers in the declared notation, `words`, and not as they stand.
    """

    values: np.ndarray
    missing_word: np.ndarray
    blank: np.ndarray
    infinite: np.ndarray
    leading_zero: np.ndarray
    padded: np.ndarray
    inexact: np.ndarray
    rewritten: np.ndarray
    words: str = ""

    @property
    def not_number(self) -> np.ndarray:
        """Levels that are neither a number nor a word for none."""
        return np.isnan(self.values) & ~self.missing_word & ~self.blank


def read_numbers(raw: RawColumn, form: NumberFormatSpec | None = None) -> Reading:
    """How each level of `raw` reads as a finite number; `form`: the notation of texts, None: 1234.5."""
    size = len(raw.levels)
    values = np.full(size, np.nan)
    masks = {name: np.zeros(size, bool) for name in Reading.__dataclass_fields__ if name not in ("values", "words")}
    for place, level in enumerate(raw.levels):
        if not isinstance(level, str):
            masks["infinite"][place] = math.isinf(level)
            values[place] = level if math.isfinite(level) else np.nan
            continue
        number = level if form is None else plain_number(level, form)
        if number is not None and NUMBER.match(number):
            word = number.strip()
            value = float(word)
            masks["infinite"][place] = math.isinf(value)
            values[place] = value if math.isfinite(value) else np.nan
            masks["leading_zero"][place] = LEADING_ZERO.match(number) is not None
            masks["padded"][place] = word != number
            masks["inexact"][place] = abs(value) > EXACT and word.lstrip("+-").isdigit() and int(word) != int(value)
            masks["rewritten"][place] = number != level
        else:
            word = level.strip()
            masks["missing_word"][place] = word in MISSING_WORDS
            masks["blank"][place] = not word
            masks["infinite"][place] = word.lower() in INFINITE_WORDS
    values += 0.0  # −0.0 and 0.0 are one value: 0.0
    return Reading(values, **masks, words="" if form is None else form.words)


def decide_type(raw: RawColumn, reading: Reading, dates: DateReading | None) -> tuple[str, str | None]:
    """Type of a column whose type the plan leaves open, and why it is text though it holds numbers, or None.

    Numeric: at least one number, and every other value a number, blank, or a word for no value; no leading zeros, no
    whole number that a double would change. Date: every value a date of one format (`dates`). Otherwise categorical.
    """
    numbers = ~np.isnan(reading.values)
    if raw.is_date or dates is not None:
        return DATE, None
    if numbers.any() and not reading.not_number.any():
        if reading.leading_zero.any():
            return CATEGORICAL, "kept as text: numbers with leading zeros are codes"
        if reading.inexact.any():
            return CATEGORICAL, "kept as text: whole numbers too long for a double"
        return NUMERIC, None
    return CATEGORICAL, "kept as text: numbers and other text together" if numbers.any() else None


def as_numeric(name: str, raw: RawColumn, reading: Reading) -> tuple[TypedColumn, list[Conversion]]:
    """The column as doubles; levels that are no number become missing, so the caller has refused those that may not."""
    told = [
        *_told(name, raw, reading.missing_word, "word for no value read as missing", with_levels=True),
        *_told(name, raw, reading.blank, "blank text read as missing"),
        *_told(name, raw, reading.rewritten, f"number in the notation {reading.words}"),
        *_told(name, raw, reading.padded, "spaces around a number passed over"),
        *_told(name, raw, reading.leading_zero, "leading zeros of a number passed over"),
        *_told(name, raw, reading.inexact, "whole number read as the nearest double"),
    ]
    keep = ~np.isnan(reading.values)
    unique, inverse = np.unique(reading.values[keep], return_inverse=True)
    moved = np.full(len(raw.levels) + 1, -1, dtype=np.int64)
    moved[:-1][keep] = inverse
    return TypedColumn(NUMERIC, unique, moved[raw.codes]), told


def as_text(
    name: str, raw: RawColumn, reading: Reading, kind: str, dates: DateReading | None = None
) -> tuple[TypedColumn, list[Conversion]]:
    """The column as text. Where all its values are plain numbers they are written as codes (`1`, not `1.0`); dates in

    one format other than ISO 8601 are written in ISO 8601, so that their text sorts as time. Both are told.
    dates: how they are read; None: as their texts say.
    """
    found = (dates or read_dates(raw)) if kind == DATE and not raw.is_date else None
    if found is not None and not (found.pattern.startswith("%Y-%m") and well_written(raw.levels)):
        return _as_iso_dates(name, raw, found)
    plain = not raw.is_date and not (np.isnan(reading.values) | reading.leading_zero | reading.inexact).any()
    texts = [text_of_number(value) for value in reading.values] if plain else [str(level) for level in raw.levels]
    changed = np.array([text != level for text, level in zip(texts, raw.levels, strict=True)], bool)
    told = _told(name, raw, changed, "number written as a code: 1, not 1.0")
    return _of_texts(kind, raw, texts), told


def _as_iso_dates(name: str, raw: RawColumn, dates: DateReading) -> tuple[TypedColumn, list[Conversion]]:
    moments = [moment_of(text, dates.pattern, dates.first_year) for text in texts_of(raw)]
    texts = [iso_text(moment) for moment in moments if moment is not None]
    rows = int(np.count_nonzero(raw.codes >= 0))
    doubt = f", though {dates.doubt}" if dates.doubt else ""
    since = f", from {dates.first_year} on," if dates.first_year is not None else ""
    told = [Conversion(name, f"date in the format {dates.pattern}{doubt}{since} {REWRITTEN}", rows)]
    return _of_texts(DATE, raw, texts), told


def _of_texts(kind: str, raw: RawColumn, texts: list[str]) -> TypedColumn:
    """A column of text; texts (k,), one a level, equal ones made one."""
    unique = sorted(set(texts))
    place = {text: index for index, text in enumerate(unique)}
    moved = np.append(np.array([place[text] for text in texts], dtype=np.int64), -1)
    return TypedColumn(kind, np.asarray(unique, dtype=object), moved[raw.codes])


def _told(name: str, raw: RawColumn, mask: np.ndarray, words: str, *, with_levels: bool = False) -> list[Conversion]:
    rows = int(np.count_nonzero(np.append(mask, False)[raw.codes]))
    if with_levels and rows:
        words += ": " + ", ".join(sorted({str(level).strip() for level in raw.levels[mask]}))
    return [Conversion(name, words, rows)] if rows else []
