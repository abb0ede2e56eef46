"""Terms of an export program: arithmetic, comparisons and choices that every target language has.

A term is strict and two-valued: it is read only where what it reads is there. Whether a value is missing or in error
stands beside it, as flags of their own, so no target needs to know about NULL, NaN or SAS's missing, which all differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NUMBER, TEXT, FLAG, BIN = "number", "text", "flag", "bin"

OPERATIONS = {
    # numbers to a number; `add`, `multiply`, `minimum`, `maximum` take two or more, left to right
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "minimum", "maximum"), NUMBER),
    **dict.fromkeys(("negate", "absolute", "floor", "exponential", "logarithm", "normal"), NUMBER),
    "round_half_away_from_zero": NUMBER,
    # numbers to a flag
    **dict.fromkeys(("less", "less_or_equal", "equal"), FLAG),
    # a number and constants, a text and constants; two texts
    **dict.fromkeys(("one_of", "text_one_of", "text_equal"), FLAG),
    **dict.fromkeys(("and", "or", "not"), FLAG),
    "join": TEXT,
    # of a text that is an ISO 8601 date (SPECIFICATION section 3.1): `date_day` is the number of the day from
    # 0001-01-01, which is 1; the others are read only where `is_date`
    "is_date": FLAG,
    **dict.fromkeys(("date_day", "date_year", "date_month", "date_day_of_month"), NUMBER),
    "date_ends_month": FLAG,
}
"""Operations and the kind of what they give. `normal` is the standard normal distribution function."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number (an IEEE double), a text or a flag."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Name:
    """The value of a name: an input, or what a statement before gave."""

    name: str


@dataclass(frozen=True, slots=True)
class Absent:
    """A flag: the named value is missing (and not in error)."""

    name: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A flag: the named value is in error."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of OPERATIONS."""

    operation: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """The value of the first case whose flag is true, else `otherwise`."""

    cases: tuple[tuple[Term, Term], ...]
    otherwise: Term


Term = Constant | Name | Absent | Failed | Call | Choose
TRUE, FALSE, ZERO = Constant(True), Constant(False), Constant(0.0)


def call(operation: str, *arguments: Term) -> Term:
    """An operation on terms."""
    return Call(operation, arguments)


def number(value: float) -> Constant:
    """A constant number; the sign of a zero has no meaning."""
    return Constant(float(value) + 0.0)


def all_of(*flags: Term) -> Term:
    """`and` of flags, each once, constants taken out."""
    left = [flag for flag in dict.fromkeys(flags) if flag != TRUE]
    if FALSE in left:
        return FALSE
    return _joined("and", left, TRUE)


def any_of(*flags: Term) -> Term:
    """`or` of flags, each once, constants taken out."""
    left = [flag for flag in dict.fromkeys(flags) if flag != FALSE]
    if TRUE in left:
        return TRUE
    return _joined("or", left, FALSE)


def _joined(operation: str, flags: list[Term], empty: Term) -> Term:
    if not flags:
        return empty
    return flags[0] if len(flags) == 1 else Call(operation, tuple(flags))


def negated(flag: Term) -> Term:
    """`not` of a flag; twice is not at all."""
    if isinstance(flag, Constant):
        return FALSE if flag.value else TRUE
    if isinstance(flag, Call) and flag.operation == "not":
        return flag.arguments[0]
    return Call("not", (flag,))


def choose(cases: list[tuple[Term, Term]], otherwise: Term) -> Term:
    """A choice without cases that can never be, cut at the first that always is."""
    left: list[tuple[Term, Term]] = []
    for flag, value in cases:
        if flag == TRUE:
            otherwise = value
            break
        if flag != FALSE:
            left.append((flag, value))
    if not left or all(value == otherwise for _, value in left):
        return otherwise
    return Choose(tuple(left), otherwise)


def parts(term: Term) -> tuple[Term, ...]:
    """The terms that a term is made of directly."""
    if isinstance(term, Call):
        return term.arguments
    if isinstance(term, Choose):
        return (*(one for case in term.cases for one in case), term.otherwise)
    return ()


def names_read(term: Term) -> Iterator[str]:
    """Names that a term reads in any way, with repetition, left to right."""
    if isinstance(term, Name | Absent | Failed):
        yield term.name
    for part in parts(term):
        yield from names_read(part)


def operations(term: Term) -> Iterator[str]:
    """Operations in a term, with repetition."""
    if isinstance(term, Call):
        yield term.operation
    for part in parts(term):
        yield from operations(part)
