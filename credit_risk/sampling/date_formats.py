"""Formats of dates: which one a column of texts is written in, where that is not certain, and the texts in ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from credit_risk.sampling.source import RawColumn
from credit_risk.scoring.steps import text_of_number

DATE_FORMATS = (
    *("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"),
    *("%Y%m%d", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M"),
    *("%d.%m.%Y %H:%M:%S", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b-%Y", "%b-%y", "%b %Y", "%d%b%Y"),
    *("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"),
)
ISO_FORMATS = tuple(
    pattern for pattern in DATE_FORMATS if pattern.startswith("%Y-%m-%d") and "z" not in pattern.lower()
)
CENTURY = 1969  # what strptime takes two digits to mean: 69 is 1969, 68 is 2068
MOSTLY = 0.95
TRIED, PARSED = 40, 0.75
SHORTEST, LONGEST = 6, 32
ISO_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ].*)?)?\Z")


@dataclass(frozen=True, slots=True)
class DateReading:
    """The format in which every value of a column is a date, and what is not certain of it.

    differing (k,): levels that are another date in `other`, a second format in which all are dates; `other` is empty
    where there is none. two_digits: years have two digits. first_year: the first year that two digits mean.
    """

    pattern: str
    other: str
    differing: np.ndarray
    two_digits: bool
    first_year: int | None = None

    @property
    def certain(self) -> bool:
        """Whether the texts say by themselves which dates they are."""
        return not self.other and not self.two_digits

    @property
    def doubt(self) -> str:
        """What is not certain, in words; empty where all is."""
        told = [f"the texts are dates in the format {self.other} too"] if self.other else []
        if self.two_digits:
            told.append(f"years of two digits are read as {CENTURY} to {CENTURY + 99}")
        return "; ".join(told)


def texts_of(raw: RawColumn) -> list[str]:
    """The levels as text: 20261120, not 20261120.0."""
    return [level if isinstance(level, str) else text_of_number(level) for level in raw.levels]


def is_date(text: str, pattern: str) -> bool:
    """Whether `text` is a date between 1900 and 2100 in the format `pattern`."""
    return moment_of(text, pattern) is not None


def moment_of(text: str, pattern: str, first_year: int | None = None) -> datetime | None:
    """The date of `text` in the format `pattern`, from 1900 to 2100, or None; two digits mean `first_year` or later."""
    if pattern == "%Y%m%d" and not (len(text) == 8 and text.isdigit() and text.isascii()):
        return None
    try:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - dates of a source have no zone but their own
        if first_year is not None and "%y" in pattern:
            moment = moment.replace(year=first_year + (moment.year - first_year) % 100)
    except ValueError:
        return None
    return moment if 1900 <= moment.year <= 2100 else None


def iso_text(moment: datetime) -> str:
    """ISO 8601, without a time of day where that is midnight."""
    return moment.isoformat().removesuffix("T00:00:00")


def read_dates(raw: RawColumn, declared: str | None = None, first_year: int | None = None) -> DateReading | None:
    """How the values of `raw` are all dates, or None where they are not; `declared`: the format that the plan says.

    Dates in ISO 8601, some with a time of day and some without, are of one format: they sort as time.
    """
    texts = texts_of(raw)
    none = np.zeros(len(texts), bool)
    if declared is not None:
        fits = all(moment_of(text, declared, first_year) is not None for text in texts)
        return DateReading(declared, "", none, two_digits=False, first_year=first_year) if fits else None
    fitting = _fitting(texts)
    if not fitting:
        iso = bool(texts) and all(ISO_TEXT.match(text) and any(is_date(text, p) for p in ISO_FORMATS) for text in texts)
        return DateReading("%Y-%m-%d", "", none, two_digits=False) if iso else None
    first = [moment_of(text, fitting[0]) for text in texts]
    for pattern in fitting[1:]:
        differing = np.array([one != moment_of(text, pattern) for one, text in zip(first, texts, strict=True)], bool)
        if differing.any():
            return DateReading(fitting[0], pattern, differing, "%y" in fitting[0])
    return DateReading(fitting[0], "", none, "%y" in fitting[0])


def not_dates(raw: RawColumn, pattern: str, first_year: int | None = None) -> np.ndarray:
    """Levels that are no date in the format `pattern`, bool (k,)."""
    return np.array([moment_of(text, pattern, first_year) is None for text in texts_of(raw)], bool)


def dates_in_formats(raw: RawColumn, least: float = MOSTLY) -> dict[str, np.ndarray]:
    """Formats, the one of most rows first, each with the levels, bool (k,), that are dates in it and in none before it.

    Empty where a share below `least` of the rows with a value are dates in any of them.
    """
    texts = texts_of(raw)
    counts = np.bincount(raw.codes[raw.codes >= 0], minlength=len(texts))
    tried = _seen(texts, min(least, PARSED))
    left = np.array([SHORTEST <= len(text) <= LONGEST for text in texts], bool)
    found: dict[str, np.ndarray] = {}
    while tried and left.any():
        best, most = "", np.zeros(len(texts), bool)
        for pattern in tried:
            mask = np.array([here and is_date(text, pattern) for here, text in zip(left, texts, strict=True)], bool)
            if counts[mask].sum() > counts[most].sum():
                best, most = pattern, mask
        if not best:
            break
        found[best], left = most, left & ~most
    dated = np.logical_or.reduce([np.zeros(len(texts), bool), *found.values()])
    return found if counts[dated].sum() >= least * max(counts.sum(), 1) else {}


def _seen(texts: Sequence[str], least: float) -> list[str]:
    """Formats that occur in some texts, spread over all; none where a share below `least` of them are dates."""
    some = texts[:: max(1, len(texts) // TRIED)]
    formats = {pattern: [is_date(text, pattern) for text in some] for pattern in DATE_FORMATS}
    dates = sum(any(there) for there in zip(*formats.values(), strict=True))
    return [pattern for pattern, there in formats.items() if any(there)] if dates >= least * len(some) else []


def well_written(texts: Iterable[str]) -> bool:
    """Whether texts in a format that begins as ISO 8601 sort as time: months and days have two digits."""
    return all(ISO_TEXT.match(text) for text in texts)


def _fitting(texts: Sequence[str]) -> list[str]:
    """Formats in which every text is a date."""
    if not texts or any(not SHORTEST <= len(text) <= LONGEST for text in texts):
        return []
    tried = [pattern for pattern in DATE_FORMATS if all(is_date(text, pattern) for text in texts[:5])]
    return [pattern for pattern in tried if all(is_date(text, pattern) for text in texts)]
