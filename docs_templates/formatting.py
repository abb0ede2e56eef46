"""Numbers as documents print them, by unit; the only place that rounds. Missing is an en dash, minus is U+2212."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from docs_templates.evidence import Cell, Column
from docs_templates.language import current, day, say

MISSING = "–"
SMALLEST_P_VALUE = 0.0001
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FIXED_DECIMALS = {"auc": 4, "woe": 3, "coefficient": 4, "correlation": 3, "ratio": 3, "log_odds": 4, "linear_score": 4}
TINY = 5e-5
DAYS = frozenset({"date", "expiry"})
"""Columns of days."""
DECIMALS_BY_NAME = {f"information_value{end}": 4 for end in ("", "_before", "_after", "_apart")}


def fixed(value: float, decimals: int) -> str:
    """Decimals fixed, thousands parted, no negative zero; signs as the language has them."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]
    return _signs(text)


def whole(value: int) -> str:
    """A whole number, thousands parted."""
    return fixed(value, 0)


def _signs(text: str) -> str:
    forms = current().forms
    return "".join({".": forms.decimal, ",": forms.group, "-": forms.minus}.get(c, c) for c in text)


def percent(value: float, decimals: int) -> str:
    """A share as a percentage, with a narrow space before the sign."""
    return fixed(100 * value, decimals) + current().forms.percent


def scientific(value: float, digits: int = 2) -> str:
    """`1.2 × 10⁻¹³`; zero is `0`."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{_signs(mantissa)}{current().forms.times}10{str(int(exponent)).translate(SUPERSCRIPT)}"


def p_value(value: float) -> str:
    """Four decimals, or `< 0.0001`."""
    if 0 <= value < SMALLEST_P_VALUE:
        return f"<\u202f{fixed(SMALLEST_P_VALUE, 4)}"
    return fixed(value, 4)


def general(value: float) -> str:
    """Any number of unknown unit: whole numbers whole, others with up to six significant digits."""
    if value == int(value) and abs(value) < 1e15:
        return fixed(value, 0)
    if not TINY <= abs(value) < 1e12:
        return scientific(value, 3)
    decimals = max(0, 5 - math.floor(math.log10(abs(value))))
    text, mark = fixed(value, min(decimals, 6)), current().forms.decimal
    return text.rstrip("0").rstrip(mark) if mark in text else text


def statistic_decimals(values: Iterable[float]) -> int:
    """Decimals that give about four significant digits to the largest of `values`."""
    largest = max((abs(v) for v in values), default=0.0)
    if largest == 0:
        return 0
    return min(4, max(1, 3 - math.floor(math.log10(largest))))


def statistic(value: float, decimals: int) -> str:
    """A statistic; one that the decimals would show as zero is written in powers of ten."""
    if value != 0 and abs(value) < 0.5 * 10**-decimals:
        return scientific(value)
    return fixed(value, decimals)


def _share_decimals(values: list[float]) -> int:
    return 2 if max((abs(v) for v in values), default=0.0) < 0.1 else 1


def truth(value: bool) -> str:
    """A truth in words."""
    return say("format.yes") if value else say("format.no")


def word(column: str, cell: str) -> str:
    """The word of the language for a cell of a column, or the cell as it stands."""
    return current().values.get(column, {}).get(cell, cell)


def formatter(column: Column, values: Iterable[Cell], *, mixed: bool = False) -> Callable[[Cell], str]:
    """The way to write the cells of a column. `mixed` says that its cells are different quantities (item, value)."""
    numbers = [float(v) for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    number = _number_format(column, numbers, mixed)
    words = current().values.get(column.name, {})

    def write(cell: Cell) -> str:
        if cell is None:
            return MISSING
        if isinstance(cell, bool):
            return truth(cell)
        if isinstance(cell, str):
            return (day(cell) if column.name in DAYS else words.get(cell, cell)) or MISSING
        return number(float(cell))

    return write


def _number_format(column: Column, numbers: list[float], mixed: bool) -> Callable[[float], str]:
    unit = column.unit
    if unit is None and column.name in DECIMALS_BY_NAME:
        return _fixed(DECIMALS_BY_NAME[column.name])
    if mixed and unit in (None, "statistic"):
        return lambda v: general(v) if v == int(v) else statistic(v, statistic_decimals([v]))
    if unit == "share":
        decimals = _share_decimals(numbers)
        return lambda v: percent(v, decimals)
    if unit == "count":
        whole = all(v == int(v) for v in numbers)
        return lambda v: fixed(v, 0 if whole else 1)
    if unit == "points":
        whole = all(v == int(v) for v in numbers)
        return lambda v: fixed(v, 0 if whole else 1)
    if unit == "p_value":
        return p_value
    if unit in ("difference", "tolerance"):
        return scientific
    if unit == "statistic":
        decimals = statistic_decimals(numbers)
        return lambda v: statistic(v, decimals)
    if unit in FIXED_DECIMALS:
        decimals = FIXED_DECIMALS[unit]
        return lambda v: fixed(v, decimals)
    return general


def _percent(decimals: int) -> Callable[[float], str]:
    return lambda value: percent(value, decimals)


def _fixed(decimals: int) -> Callable[[float], str]:
    return lambda value: fixed(value, decimals)


NAMED: dict[str, Callable[[float], str]] = {
    **{f"percent{d}": _percent(d) for d in range(4)},
    **{f"decimal{d}": _fixed(d) for d in range(1, 7)},
    "integer": _fixed(0),
    "count": _fixed(0),
    "p_value": p_value,
    "scientific": scientific,
    "general": general,
}


def named(value: Cell, name: str) -> str:
    """A cell in a format that a template names. Raises KeyError for an unknown name, TypeError for text."""
    write = NAMED[name]
    if value is None:
        return MISSING
    if isinstance(value, (str, bool)):
        raise TypeError(f"{value!r} is not a number")
    return write(float(value))
