"""How the texts of a column are to be read: the notation of numbers, and the format of dates."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from credit_risk._core.spec import Spec

DIRECTIVES = frozenset("YymdbBjHIpMSfz%")
FIRST_YEAR = "First year that years of two digits (%y) mean: 1930 reads 30 as 1930 and 29 as 2029."
DATE_FORMAT = (
    "Format of the dates, in codes of strptime: %Y year, %y year of two digits (with first_year), %m month, %d day, %b "
    "Jan, %B January, %H:%M:%S time; null: found from the values, which must be dates in one format alone."
)


class NumberFormatSpec(Spec):
    """Notation of numbers in text, where it is not 1234.5."""

    decimal: Literal[".", ","] = Field(default=".", description="Sign before the decimals.")
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        default=None,
        description="Sign that may stand between groups of three digits; a space is also a no-break or thin one, ' "
        "also its typographic form. Null: none.",
    )
    unit: str | None = Field(
        default=None,
        min_length=1,
        description="Text that may stand before or after the number, such as % or EUR. It is passed over and nothing "
        "is divided: 5 % is 5. Null: none.",
    )

    @model_validator(mode="after")
    def _apart(self) -> NumberFormatSpec:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        if self.unit is not None and (re.search(r"[0-9]", self.unit) or self.unit.strip() in ("", "+", "-", ".", ",")):
            raise ValueError("a unit is a text without digits, and no sign of a number")
        return self

    @property
    def words(self) -> str:
        """The notation in words."""
        told = [f"decimal '{self.decimal}'"]
        told += [f"thousands {'space' if self.thousands == ' ' else repr(self.thousands)}"] if self.thousands else []
        return ", ".join([*told, *([f"unit '{self.unit}'"] if self.unit else [])])


PLAIN = NumberFormatSpec()


def format_fault(pattern: str | None, first_year: int | None) -> str | None:
    """What is wrong with a declared format of dates, in words, or None."""
    if pattern is None:
        return None if first_year is None else "first_year speaks of the years of date_format, which is not declared"
    codes = re.findall(r"%(.?)", pattern.replace("%%", ""))
    unknown = [code for code in codes if code not in DIRECTIVES or not code]
    if unknown:
        return f"date_format has unknown codes: {', '.join(f'%{code}' for code in dict.fromkeys(unknown))}"
    if twice := [code for code in dict.fromkeys(codes) if codes.count(code) > 1]:
        return f"date_format has a code twice: {', '.join(f'%{code}' for code in twice)}"
    years, months = [code for code in codes if code in "Yy"], [code for code in codes if code in "mbBj"]
    if len(years) != 1 or len(months) != 1:
        return "date_format names one year (%Y or %y) and one month (%m, %b or %B), or the day of the year (%j)"
    if years == ["y"] and first_year is None:
        return "years of two digits need first_year, the first year that they mean"
    return "first_year has no effect on years of four digits" if years == ["Y"] and first_year is not None else None
