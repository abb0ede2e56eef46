"""Numbers and dates in text, as the contract of the plan reads them (SPECIFICATION 5.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from validation.steps.values import text_of_number

NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
LEADING_ZERO = re.compile(r"\s*[+-]?0[0-9]")
NO_VALUE = frozenset(
    (
        *("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "NULL", "Null", "null", "None", "none", "NaT"),
        *("?", ".", "-"),
    )
)
EXACT = 2**53
SPACES = {" ": "\u0020\u00a0\u2009\u202f", "'": "'\u2019"}
DAYS = "%Y-%m-%d"
FORMATS = (
    *("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"),
    *("%Y%m%d", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M"),
    *("%d.%m.%Y %H:%M:%S", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b-%Y", "%b-%y", "%b %Y", "%d%b%Y"),
    *("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"),
)
ISO_FORMATS = tuple(form for form in FORMATS if form.startswith(DAYS) and not form.lower().endswith("z"))
ISO_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[T ].*)?)?")
SHORTEST, LONGEST = 6, 32


@dataclass(frozen=True, slots=True)
class Number:
    """How one text reads as a number: `value` None where it is none, and why, or what was passed over."""

    value: float | None
    no_value: bool = False
    blank: bool = False
    infinite: bool = False
    leading_zero: bool = False
    padded: bool = False
    inexact: bool = False
    rewritten: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it is neither a number nor a word for none."""
        return self.value is None and not self.no_value and not self.blank


def read_number(level: Any, form: Mapping[str, Any] | None) -> Number:
    """How a value of the file reads as a number; `form`: the notation that the plan declares, None: 1234.5."""
    if not isinstance(level, str):
        finite = level - level == 0.0
        return Number(float(level) + 0.0 if finite else None, infinite=not finite)
    text = level if form is None else plain_text(level, form)
    if text is None or NUMBER.fullmatch(text) is None:
        word = level.strip()
        return Number(None, no_value=word in NO_VALUE, blank=not word)
    word = text.strip()
    value = float(word)
    if value in (float("inf"), float("-inf")):
        return Number(None, infinite=True)
    digits = word.lstrip("+-").lstrip("0") or "0"  # thousands of leading zeros are more than int() takes
    return Number(
        value + 0.0,
        leading_zero=LEADING_ZERO.match(text) is not None,
        padded=word != text,
        inexact=digits.isdigit() and abs(value) > EXACT and int(digits) != abs(int(value)),
        rewritten=text != level,
    )


def plain_text(text: str, form: Mapping[str, Any]) -> str | None:
    """The number of a text in the declared notation as 1234.5, with the spaces around it; None where it is none."""
    body = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    unit = re.escape((form.get("unit") or "").strip())
    head = rf"(?P<sign>[+-]?)\s*(?:{unit}\s*)?" if unit else r"(?P<sign>[+-]?)"
    tail = rf"(?:\s*{unit})?" if unit else ""
    decimal, thousands = re.escape(form.get("decimal") or "."), form.get("thousands")
    signs = re.escape(SPACES.get(thousands, thousands)) if thousands else ""
    whole = rf"[0-9]{{1,3}}(?:[{signs}][0-9]{{3}})+|[0-9]*" if thousands else "[0-9]*"
    match = re.fullmatch(
        rf"(?:{head})(?P<whole>{whole})(?P<rest>{decimal}[0-9]*)?(?P<power>[eE][+-]?[0-9]+)?{tail}", body
    )
    if match is None:
        number = rf"(?P<whole>{whole})(?P<rest>{decimal}[0-9]*)?(?P<power>[eE][+-]?[0-9]+)?"
        match = re.fullmatch(rf"(?:{unit}\s*)(?P<sign>[+-]?){number}", body)
    if match is None:
        return None
    digits = re.sub("[^0-9]", "", match["whole"])
    rest = "" if match["rest"] is None else match["rest"][1:]
    if not digits + rest:
        return None
    plain = digits if match["rest"] is None else f"{digits}.{rest}"
    return f"{before}{match['sign']}{plain}{match['power'] or ''}{after}"


@dataclass(frozen=True, slots=True)
class Dates:
    """The format in which all values of a column are dates; `certain` where no other reading of them is a date."""

    pattern: str
    first_year: int | None = None
    certain: bool = True


def date_of(text: str, pattern: str, first_year: int | None = None) -> datetime | None:
    """The date of a text from 1900 to 2100, None where it is none; two digits mean `first_year` or later."""
    if pattern == "%Y%m%d" and not re.fullmatch("[0-9]{8}", text):
        return None
    try:
        found = datetime.strptime(text, pattern)  # noqa: DTZ007 - dates of a source have no zone but their own
        if first_year is not None and "%y" in pattern:
            found = found.replace(year=first_year + (found.year - first_year) % 100)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2100 else None


def text_of(level: Any) -> str:
    """A value of the file as text: 20261120, not 20261120.0."""
    return level if isinstance(level, str) else text_of_number(level)


def read_dates(levels: Sequence[Any], declared: str | None, first_year: int | None) -> Dates | None:
    """How all values are dates: in the declared format, else in the first of FORMATS that reads all; else None.

    Dates in ISO 8601, some with a time of day and some without, are of one format.
    """
    texts = [text_of(level) for level in levels]
    if declared is not None:
        return Dates(declared, first_year) if all(date_of(t, declared, first_year) is not None for t in texts) else None
    if not texts:
        return None
    fitting = []
    if all(SHORTEST <= len(text) <= LONGEST for text in texts):
        tried = [form for form in FORMATS if all(date_of(text, form) is not None for text in texts[:5])]
        fitting = [form for form in tried if all(date_of(text, form) is not None for text in texts)]
    if not fitting:
        mixed = all(ISO_TEXT.fullmatch(t) and any(date_of(t, form) is not None for form in ISO_FORMATS) for t in texts)
        return Dates(DAYS) if mixed else None
    first = [date_of(text, fitting[0]) for text in texts]
    alike = all([date_of(text, form) for text in texts] == first for form in fitting[1:])
    return Dates(fitting[0], None, alike and "%y" not in fitting[0])


def sorts_as_time(texts: Sequence[str]) -> bool:
    """Whether texts in a format that begins as ISO 8601 stand as they are: months and days have two digits."""
    return all(ISO_TEXT.fullmatch(text) is not None for text in texts)
