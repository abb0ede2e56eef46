"""What is known of the numbers of a program: how great and, other than zero, how small they can be.

So a guard stands only where arithmetic can leave the range of doubles, and terms that cannot matter are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from credit_risk.export.program import Band, Let, Line, Pick, Program, Statement, Tree, TreeSum
from credit_risk.export.program.terms import (
    FALSE,
    NUMBER,
    Call,
    Choose,
    Constant,
    Failed,
    Name,
    Term,
    all_of,
    any_of,
    choose,
    negated,
)

GREATEST = 1.7976931348623157e308
LEAST = 5e-324


@dataclass(frozen=True, slots=True)
class Range:
    """`low` to `high`; `least`: a number that is not zero has at least this absolute value."""

    low: float
    high: float
    least: float

    @property
    def bounded(self) -> bool:
        """Whether it is certainly finite, with room to spare."""
        return self.low > -1e306 and self.high < 1e306

    @property
    def most(self) -> float:
        return max(abs(self.low), abs(self.high))


ANY = Range(-GREATEST, GREATEST, LEAST)
BEYOND = Range(-math.inf, math.inf, LEAST)


def exactly(value: float) -> Range:
    """The range of a constant."""
    return Range(value, value, abs(value) or 1.0)


def hull(ranges: list[Range]) -> Range:
    """The range of one of several."""
    return Range(min(r.low for r in ranges), max(r.high for r in ranges), min(r.least for r in ranges))


def of_values(values: tuple[float, ...]) -> Range:
    """The range of one of several numbers."""
    return hull([exactly(value) for value in values])


def added(a: Range, b: Range) -> Range:
    """The range of a sum: what is left is a multiple of the last place of the smaller."""
    least = max(min(a.least, b.least) * 2.0**-53, LEAST)
    return Range(a.low + b.low, a.high + b.high, least)


def multiplied(a: Range, b: Range) -> Range:
    """The range of a product."""
    ends = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(ends), max(ends), max(a.least * b.least, LEAST))


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y


def divided(a: Range, b: Range) -> Range:
    """The range of a quotient; beyond all bounds where the divisor can come near zero."""
    if b.low <= 0 <= b.high:
        return BEYOND
    if math.isinf(a.most) or math.isinf(b.most):
        return BEYOND
    ends = [x / y for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(ends), max(ends), max(a.least / b.most, LEAST))


def underflows(r: Range) -> bool:
    """Whether a result can be too small to be told from zero."""
    return r.least < 1e-306


def range_of(term: Term, known: Mapping[str, Range]) -> Range:
    """The range of a number term; anything where it is no number."""
    if isinstance(term, Constant):
        return ANY if isinstance(term.value, str) else exactly(float(term.value))
    if isinstance(term, Name):
        return known.get(term.name, ANY)
    if isinstance(term, Choose):
        return hull([range_of(value, known) for _, value in term.cases] + [range_of(term.otherwise, known)])
    if isinstance(term, Call):
        return _of_call(term.operation, [range_of(one, known) for one in term.arguments])
    return ANY


def _of_call(operation: str, parts: list[Range]) -> Range:
    first = parts[0] if parts else ANY
    match operation:
        case "add" | "multiply":
            total = first
            for one in parts[1:]:
                total = added(total, one) if operation == "add" else multiplied(total, one)
            return total
        case "subtract":
            return added(first, _negated(parts[1]))
        case "divide":
            return divided(first, parts[1])
        case "negate":
            return _negated(first)
        case "absolute":
            return Range(0.0, first.most, first.least)
        case "minimum":
            return Range(min(r.low for r in parts), min(r.high for r in parts), min(r.least for r in parts))
        case "maximum":
            return Range(max(r.low for r in parts), max(r.high for r in parts), min(r.least for r in parts))
        case "exponential":
            low, high = _exp(first.low), _exp(first.high)
            return Range(low, high, max(low * 0.999, LEAST))
        case "logarithm":
            return Range(-745.2, 709.8, 1e-17)
        case "normal":
            return Range(0.0, 1.0, 1e-300)
        case "floor" | "round_half_away_from_zero":
            return Range(first.low - 1.0, first.high + 1.0, 1.0)
    return Range(0.0, 4e6, 1.0) if operation.startswith("date_") else ANY


def _negated(a: Range) -> Range:
    return Range(-a.high, -a.low, a.least)


def _exp(x: float) -> float:
    return math.inf if x > 709 else math.exp(x)


def ranges(program: Program) -> dict[str, Range]:
    """The range of every number of a program by its name."""
    known: dict[str, Range] = {one.name: ANY for one in program.inputs if one.kind == NUMBER}
    for statement in program.statements:
        found = _of_statement(statement, known)
        if found is not None:
            known[statement.name] = found  # type: ignore[union-attr]
    return known


def _of_statement(one: Statement, known: Mapping[str, Range]) -> Range | None:
    match one:
        case Let(kind="number"):
            found = range_of(one.value, known)
            return found if found.bounded else Range(max(found.low, -GREATEST), min(found.high, GREATEST), found.least)
        case Pick():
            return of_values(one.values)
        case Tree():
            return of_values(tuple(v for v, left in zip(one.value, one.left, strict=True) if left < 0))
        case TreeSum():
            total = exactly(one.base)
            for name in (*((one.offset,) if one.offset else ()), *one.trees):
                total = added(total, known[name])
            return total
        case Band(kind="number"):
            return of_values(tuple(float(level) for level in one.levels))
        case Line():
            return Range(min(one.levels), max(one.levels), LEAST)
    return None


def never_failing(program: Program, known: Mapping[str, Range]) -> set[str]:
    """Names that are told as ones that can be in error, and that by their ranges cannot."""
    found: set[str] = set()
    for one in program.statements:
        if isinstance(one, Let) and one.name in program.failed:
            fails = simplified(one.failed, found, known) != FALSE
            unbounded = one.checked and not range_of(one.value, known).bounded
            if not fails and not unbounded:
                found.add(one.name)
    return found


def simplified(term: Term, safe: set[str], known: Mapping[str, Range]) -> Term:
    """A term without errors that cannot be and cuts that cut nothing."""
    if isinstance(term, Failed):
        return FALSE if term.name in safe else term
    if isinstance(term, Choose):
        cases = [(simplified(flag, safe, known), simplified(value, safe, known)) for flag, value in term.cases]
        return choose(cases, simplified(term.otherwise, safe, known))
    if not isinstance(term, Call):
        return term
    parts = tuple(simplified(one, safe, known) for one in term.arguments)
    if term.operation == "and":
        return all_of(*parts)
    if term.operation == "or":
        return any_of(*parts)
    if term.operation == "not":
        return negated(parts[0])
    if term.operation in ("minimum", "maximum") and len(parts) == 2 and isinstance(parts[1], Constant):
        first, cut = range_of(parts[0], known), float(parts[1].value)
        if (first.high <= cut) if term.operation == "minimum" else (first.low >= cut):
            return parts[0]
    return Call(term.operation, parts)
