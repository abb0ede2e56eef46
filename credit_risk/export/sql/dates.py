"""Dates in texts: what `YYYY-MM-DD`, perhaps with a time of day, names, in arithmetic that every dialect has."""

from __future__ import annotations

from credit_risk.export.sql.dialects import Dialect

DIGIT = "[0123456789]"
_DAY = "-".join((DIGIT * 4, DIGIT * 2, DIGIT * 2))
_HOUR = f"([01]{DIGIT}|2[0123])"
_SIXTY = f"[012345]{DIGIT}"
PATTERN = f"{_DAY}([T ]{_HOUR}:{_SIXTY}(:{_SIXTY}([.]{DIGIT}+)?)?(Z|[+-]{DIGIT}{DIGIT}:{DIGIT}{DIGIT})?)?"
_ZONE = f"[+-]{DIGIT}{DIGIT}:{DIGIT}{DIGIT}"
_TIMES = [f"[T ]{hour}:{_SIXTY}" for hour in (f"[01]{DIGIT}", "2[0123]")]


def is_written(d: Dialect, x: str) -> str:
    """A condition: a text column has the form of a date; the day itself need not be one."""
    if d.matches:
        start = "^" if d.ending else ""
        group = f"{start}{PATTERN}{d.ending}"
        return d.matches.format(x=x, pattern=d.string(group))
    if d.key == "sqlite":
        return _by_patterns(d, x, "GLOB", "*", "?")
    return _by_patterns(d, x, "LIKE", "%", "_")


def _by_patterns(d: Dialect, x: str, like: str, any_text: str, one: str) -> str:
    """The form without regular expressions: fixed patterns, and a fraction of a second that holds digits only."""

    def fits(text: str, pattern: str) -> str:
        compared = d.compared.format(x=text) if like == "LIKE" else text
        return f"{compared} {like} {d.string(pattern)}"

    size = d.length.format(x=x)
    tails = ("", "Z", _ZONE)
    found = [fits(x, _DAY)]
    found += [fits(x, _DAY + time + tail) for time in _TIMES for tail in tails]
    found += [fits(x, f"{_DAY}{time}:{_SIXTY}{tail}") for time in _TIMES for tail in tails]
    fractions = []
    for tail, cut in zip(tails, (0, 1, 6), strict=True):
        digits = d.part.format(x=x, start=21, length=f"{size} - {20 + cut}")
        other = fits(digits, f"{any_text}[^0123456789]{any_text}")
        shape = [fits(x, f"{_DAY}{time}:{_SIXTY}[.]{DIGIT}{any_text}{tail}") for time in _TIMES]
        shape = shape if like == "GLOB" else [one_.replace("[.]", ".") for one_ in shape]
        fractions.append(f"(({' OR '.join(shape)}) AND {size} > {20 + cut} AND NOT ({other}))")
    return "(" + " OR ".join([*found, *fractions]) + ")"


def part(d: Dialect, x: str, start: int, length: int) -> str:
    """Digits of a text as a double."""
    digits = d.part.format(x=x, start=start, length=length)
    return f"CAST({digits} AS {d.integer}) * {d.literal(1.0)}"


def last_day(d: Dialect, year: str, month: str) -> str:
    """How many days the month has."""
    n = d.literal
    leap = f"{_multiple(d, year, 4)} AND (NOT ({_multiple(d, year, 100)}) OR {_multiple(d, year, 400)})"
    short = ", ".join(n(float(one)) for one in (4, 6, 9, 11))
    return (
        f"CASE WHEN {month} IN ({short}) THEN {n(30.0)} WHEN {month} <> {n(2.0)} THEN {n(31.0)}"
        f" WHEN {leap} THEN {n(29.0)} ELSE {n(28.0)} END"
    )


def _multiple(d: Dialect, year: str, by: int) -> str:
    return f"{_whole(d, year, by)} * {d.literal(float(by))} = {year}"


def _whole(d: Dialect, year: str, by: int) -> str:
    """`floor(year / by)` of a year that is a whole number from 0 to 9999: exact in doubles."""
    return "(" + d.floor.format(x=f"({year} / {d.literal(float(by))})", whole=d.literal(2.0**52)) + ")"


def day_number(d: Dialect, year: str, month: str, day: str) -> str:
    """The number of the day from 0001-01-01, which is 1, in the Gregorian calendar; months counted from March."""
    n = d.literal
    shifted = f"({month} + CASE WHEN {month} > {n(2.0)} THEN {n(-3.0)} ELSE {n(9.0)} END)"
    y = f"({year} - CASE WHEN {month} > {n(2.0)} THEN {n(0.0)} ELSE {n(1.0)} END)"
    months = d.floor.format(x=f"(({shifted} * {n(153.0)} + {n(2.0)}) / {n(5.0)})", whole=n(2.0**52))
    return (
        f"{y} * {n(365.0)} + {_whole(d, y, 4)} - {_whole(d, y, 100)} + {_whole(d, y, 400)} + ({months})"
        f" + {day} - {n(306.0)}"
    )


def is_day(d: Dialect, year: str, month: str, day: str, last: str) -> str:
    """A condition: year, month and day are those of a day from 0001-01-01 to 9999-12-31."""
    n = d.literal
    return f"{year} >= {n(1.0)} AND {month} BETWEEN {n(1.0)} AND {n(12.0)} AND {day} BETWEEN {n(1.0)} AND {last}"
