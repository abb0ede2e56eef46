"""Texts that look like numbers or dates and do not say for certain which: found, and told with what to declare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_risk.sampling.column_types import Reading
from credit_risk.sampling.date_formats import CENTURY, DateReading, dates_in_formats, moment_of, texts_of
from credit_risk.sampling.notation import in_other_notation
from credit_risk.sampling.source import RawColumn

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a column cannot be read for certain: levels (k,) concerned, in words, and the key that settles it."""

    reason: str
    message: str
    found: str
    levels: np.ndarray
    settle: str

    def remedy(self, name: str) -> str:
        """What to do about it."""
        return f"{self.settled(f'data.columns.{name}')}; or type: categorical to keep the texts"

    def settled(self, path: str) -> str:
        """What to declare at the key path of the column, in words."""
        return f"declare {path}: {self.settle}"


def doubtful_text(raw: RawColumn, reading: Reading) -> Doubt | None:
    """Why a column of text is perhaps numbers or dates: nearly all its values are, in notations that are not read."""
    words = reading.missing_word | reading.blank
    other = in_other_notation(raw, reading.not_number & ~reading.infinite, words)
    if other is not None:
        shown = _examples(raw, other.foreign)
        message = "holds numbers that are not written as 1234.5"
        return Doubt("numbers in another notation", message, shown, other.foreign, other.remedy)
    formats = dates_in_formats(raw) if not raw.is_date else {}
    if not formats:
        return None
    main = next(iter(formats))
    found = "; ".join(
        f"{_rows(raw, levels):,} as {pattern}, {_examples(raw, levels, 1)}" for pattern, levels in formats.items()
    )
    rest = ~np.logical_or.reduce(list(formats.values()))
    if _rows(raw, rest):
        found += f"; {_rows(raw, rest):,} in none, {_examples(raw, rest)}"
    message = "holds dates that are not all of one format"
    return Doubt(
        "dates not all of one format",
        message,
        found,
        ~formats[main],
        f"date_format: '{main}' to see the rows that differ",
    )


def doubtful_dates(raw: RawColumn, dates: DateReading | None) -> Doubt | None:
    """Why the dates of a column are not certain: days and months may be exchanged, or the century is not said."""
    if dates is None or dates.certain:
        return None
    if dates.other:
        text = texts_of(raw)[int(np.flatnonzero(dates.differing)[0])]
        one, two = (moment_of(text, pattern) for pattern in (dates.pattern, dates.other))
        assert one is not None
        assert two is not None
        found = f"{text!r} is {one.date()} as {dates.pattern} and {two.date()} as {dates.other}"
        years = ", first_year: 1950" if dates.two_digits else ""
        settle = f"date_format: '{dates.other}'{years} or date_format: '{dates.pattern}'{years}"
        message = "holds dates that read in two ways, and no value tells which"
        return Doubt("dates that read in two ways", message, found, dates.differing, settle)
    text = texts_of(raw)[0]
    found = f"{text!r}; {dates.doubt}, unless first_year says otherwise"
    settle = f"date_format: '{dates.pattern}', first_year: {CENTURY} (or the first year that two digits mean)"
    every = np.ones(len(raw.levels), bool)
    return Doubt(
        "years of two digits", "holds years of two digits, and nothing says their century", found, every, settle
    )


def _rows(raw: RawColumn, levels: np.ndarray) -> int:
    return int(np.count_nonzero(np.append(levels, False)[raw.codes]))


def _examples(raw: RawColumn, levels: np.ndarray, most: int = SHOWN) -> str:
    texts = texts_of(raw)
    return ", ".join(repr(texts[place]) for place in np.flatnonzero(levels)[:most])
