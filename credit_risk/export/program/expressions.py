"""Expressions of `derive` and `guard` (SPECIFICATION section 3.1) as terms with their flags of missing and of error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.export.program.terms import (
    FALSE,
    FLAG,
    NUMBER,
    TEXT,
    TRUE,
    ZERO,
    Call,
    Constant,
    Name,
    Term,
    all_of,
    any_of,
    call,
    choose,
    negated,
    number,
)
from credit_risk.scoring.expressions import SEPARATOR, band_labels


@dataclass(frozen=True, slots=True)
class Value:
    """A term with its kind, and the flags that it is missing and that it is in error (never both).

    empty: it is nothing but null, which fits every kind; its own kind says nothing.
    """

    kind: str
    term: Term
    absent: Term = FALSE
    failed: Term = FALSE
    checked: bool = False
    empty: bool = False

    @property
    def plain(self) -> bool:
        """Whether it may be read many times without being calculated many times."""
        return isinstance(self.term, Name | Constant) and not self.checked


Bind = Callable[[Value], Value]
Read = Callable[[str], Value]
NOTHING = Value(NUMBER, ZERO, TRUE, empty=True)
_STRICT = {"negate", "absolute", "floor", "exponential", "logarithm", "minimum", "maximum"}
_FINITE = {"negate", "absolute", "floor", "minimum", "maximum", "logarithm"}


def lowered(expression: Mapping[str, Any], read: Read, bind: Bind) -> Value:
    """The value of an expression. `read` gives that of a name; `bind` names a value, so that it is calculated once."""
    if "const" in expression:
        return _constant(expression["const"])
    if "ref" in expression:
        return read(expression["ref"])
    arguments = [lowered(one, read, bind) for one in expression["args"]]
    plain = [one if one.plain else bind(one) for one in arguments]
    return _OPERATIONS[expression["op"]](expression["op"], plain)


def _constant(value: Any) -> Value:
    if value is None or value == "":
        return NOTHING if value is None else Value(TEXT, Constant(""), TRUE)
    if isinstance(value, bool):
        return Value(FLAG, TRUE if value else FALSE)
    return Value(TEXT, Constant(value)) if isinstance(value, str) else Value(NUMBER, number(value))


def _absent(values: Sequence[Value]) -> Term:
    return any_of(*(one.absent for one in values))


def _failed(values: Sequence[Value]) -> Term:
    return any_of(*(one.failed for one in values))


def _strictly(kind: str, term: Term, values: Sequence[Value], also: Term = FALSE, checked: bool = False) -> Value:
    """A value that is missing where an argument is, or `also`, unless an argument is in error."""
    failed = _failed(values)
    return Value(kind, term, all_of(any_of(_absent(values), also), negated(failed)), failed, checked)


def _arithmetic(op: str, values: list[Value]) -> Value:
    terms = [_of_kind(one, NUMBER) for one in values]
    also: Term = FALSE
    if op in ("divide", "share"):
        also = call("equal", terms[1], ZERO) if op == "divide" else call("less_or_equal", terms[1], ZERO)
        op = "divide"
    if op == "logarithm":
        also = call("less_or_equal", terms[0], ZERO)
    term = terms[0] if len(terms) == 1 and op in ("minimum", "maximum") else Call(op, tuple(terms))
    return _strictly(NUMBER, term, values, also, checked=op not in _FINITE)


def _comparison(op: str, values: list[Value]) -> Value:
    a, b = (one.term for one in values)
    if any(one.empty for one in values):
        return _strictly(FLAG, FALSE, values)
    if op in ("equal", "not_equal"):
        texts = TEXT in (values[0].kind, values[1].kind)
        same = call("text_equal" if texts else "equal", a, b)
        return _strictly(FLAG, same if op == "equal" else negated(same), values)
    swapped = {"greater": "less", "greater_or_equal": "less_or_equal"}
    term = call(swapped[op], b, a) if op in swapped else call(op, a, b)
    return _strictly(FLAG, term, values)


def _in(_: str, values: list[Value]) -> Value:
    if values[0].empty:
        return _strictly(FLAG, FALSE, values)
    operation = "text_one_of" if values[0].kind == TEXT else "one_of"
    return _strictly(FLAG, Call(operation, tuple(one.term for one in values)), values)


def _not(_: str, values: list[Value]) -> Value:
    return _strictly(FLAG, negated(_of_kind(values[0], FLAG)), values)


def _kleene(op: str, values: list[Value]) -> Value:
    """Kleene `and` (False decides) or `or` (True decides)."""
    failed = _failed(values)
    terms = [_of_kind(one, FLAG) for one in values]
    deciding = [term if op == "or" else negated(term) for term in terms]
    known = [all_of(negated(one.absent), flag) for one, flag in zip(values, deciding, strict=True)]
    decided = any_of(*known)
    absent = all_of(negated(decided), _absent(values), negated(failed))
    return Value(FLAG, decided if op == "or" else negated(decided), absent, failed)


def _if(_: str, values: list[Value]) -> Value:
    flag, *ways = values
    kind = next((one.kind for one in ways if not one.empty), NUMBER)
    there = all_of(negated(flag.absent), negated(flag.failed))
    true = all_of(there, _of_kind(flag, FLAG))

    def chosen(sides: list[Term]) -> Term:
        return choose([(true, sides[0])], sides[1])

    failed = any_of(flag.failed, all_of(there, chosen([one.failed for one in ways])))
    absent = all_of(any_of(flag.absent, chosen([one.absent for one in ways])), negated(failed))
    empty = all(one.empty for one in ways)
    return Value(kind, chosen([_of_kind(one, kind) for one in ways]), absent, failed, empty=empty)


def _coalesce(_: str, values: list[Value]) -> Value:
    kind = next((one.kind for one in values if not one.empty), NUMBER)
    there = [negated(one.absent) for one in values]
    last = _of_kind(values[-1], kind)
    term = choose([(flag, _of_kind(one, kind)) for flag, one in zip(there, values, strict=True)], last)
    failed = choose([(flag, one.failed) for flag, one in zip(there, values, strict=True)], FALSE)
    absent = all_of(*(one.absent for one in values))
    return Value(kind, term, absent, failed, empty=all(one.empty for one in values))


def _of_kind(value: Value, kind: str) -> Term:
    """The term of a value, or any constant of that kind where it is nothing."""
    if not value.empty:
        return value.term
    return {NUMBER: ZERO, TEXT: Constant(""), FLAG: FALSE}[kind]


def _is_missing(_: str, values: list[Value]) -> Value:
    return Value(FLAG, values[0].absent, FALSE, values[0].failed)


def _count(flags: Sequence[Term]) -> Term:
    """How many flags are true, as a number."""
    ones = tuple(choose([(flag, number(1.0))], ZERO) for flag in flags)
    return ones[0] if len(ones) == 1 else Call("add", ones)


def _count_present(_: str, values: list[Value]) -> Value:
    return Value(NUMBER, _count([negated(one.absent) for one in values]), FALSE, _failed(values))


def _none(values: Sequence[Value]) -> Term:
    return all_of(*(one.absent for one in values))


def _aggregated(term: Term, values: Sequence[Value], also: Term, checked: bool = False) -> Value:
    failed = _failed(values)
    return Value(NUMBER, term, all_of(also, negated(failed)), failed, checked)


def _total_term(values: Sequence[Value]) -> Term:
    """Sum of the present, left to right from 0: what is missing adds 0, which changes nothing."""
    filled = (choose([(negated(one.absent), _of_kind(one, NUMBER))], ZERO) for one in values)
    return Call("add", (ZERO, *filled))


def _total(op: str, values: list[Value]) -> Value:
    term = _total_term(values)
    if op == "average":
        count = _count([negated(one.absent) for one in values])
        term = call("divide", term, call("maximum", count, number(1.0)))
    return _aggregated(term, values, _none(values), checked=True)


def _extreme(op: str, values: list[Value]) -> Value:
    """Least or greatest of the present; what is missing is put as the largest or smallest double."""
    end = number(1.7976931348623157e308 if op == "lowest" else -1.7976931348623157e308)
    filled = tuple(choose([(negated(one.absent), one.term)], end) for one in values)
    term = filled[0] if len(filled) == 1 else Call("minimum" if op == "lowest" else "maximum", filled)
    return _aggregated(term, values, _none(values))


def _against(op: str, values: list[Value]) -> Value:
    """`count_at_least`, `count_at_most`, `months_since`: months against a threshold."""
    threshold, months = values[0], values[1:]

    def reached(one: Value) -> Term:
        pair = (one.term, threshold.term) if op == "count_at_most" else (threshold.term, one.term)
        return all_of(negated(one.absent), call("less_or_equal", *pair))

    hits = [reached(one) for one in months]
    if op == "months_since":
        term = choose([(hit, number(place)) for place, hit in enumerate(hits)], number(len(months)))
    else:
        term = _count(hits)
    return _aggregated(term, values, any_of(threshold.absent, _none(months)))


def _trend(_: str, values: list[Value]) -> Value:
    """`m·Σ w·y / Σ w²` with w = m·t − T over the present (SPECIFICATION section 3.1, Trend)."""
    there = [negated(one.absent) for one in values]
    count = _count(there)
    places = Call("add", (ZERO, *(choose([(flag, number(-k))], ZERO) for k, flag in enumerate(there))))
    weights = [call("subtract", call("multiply", count, number(-k)), places) for k in range(len(values))]
    above = Call(
        "add",
        (
            ZERO,
            *(
                choose([(flag, call("multiply", weight, one.term))], ZERO)
                for flag, weight, one in zip(there, weights, values, strict=True)
            ),
        ),
    )
    squares = (
        choose([(flag, call("multiply", weight, weight))], ZERO) for flag, weight in zip(there, weights, strict=True)
    )
    few = call("less", count, number(2.0))
    below = choose([(few, number(1.0))], Call("add", (ZERO, *squares)))
    return _aggregated(call("divide", call("multiply", count, above), below), values, few, checked=True)


def _cross(_: str, values: list[Value]) -> Value:
    joined: list[Term] = [_of_kind(values[0], TEXT)]
    for one in values[1:]:
        joined += [Constant(SEPARATOR), _of_kind(one, TEXT)]
    return _strictly(TEXT, Call("join", tuple(joined)), values)


def _band(_: str, values: list[Value]) -> Value:
    value, cuts = values[0], [float(one.term.value) for one in values[1:] if isinstance(one.term, Constant)]
    labels = band_labels(cuts)
    term = _of_kind(value, NUMBER)
    cases = [(call("less", term, number(cut)), Constant(label)) for cut, label in zip(cuts, labels, strict=False)]
    return _strictly(TEXT, choose([(flag, label) for flag, label in cases], Constant(labels[-1])), [value])


def _date(op: str, values: list[Value]) -> Value:
    texts = [_of_kind(one, TEXT) for one in values]
    invalid = negated(all_of(*(call("is_date", text) for text in texts)))
    if op in ("year", "month"):
        return _strictly(NUMBER, call(f"date_{op}", texts[0]), values, invalid)
    a, b = texts
    days = call("subtract", call("date_day", b), call("date_day", a))
    if op == "days_between":
        return _strictly(NUMBER, days, values, invalid)
    before = call("less", call("date_day", b), call("date_day", a))
    whole = choose([(before, call("negate", _whole_months(b, a)))], _whole_months(a, b))
    return _strictly(NUMBER, whole, values, invalid)


def _whole_months(a: Term, b: Term) -> Term:
    """Whole months from `a` to a later `b`; the last day of a month completes a month."""
    years = call("multiply", number(12.0), call("subtract", call("date_year", b), call("date_year", a)))
    apart = call("subtract", call("add", years, call("date_month", b)), call("date_month", a))
    later = call("less_or_equal", call("date_day_of_month", a), call("date_day_of_month", b))
    complete = any_of(later, call("date_ends_month", b))
    return call("subtract", apart, choose([(complete, ZERO)], number(1.0)))


_OPERATIONS: dict[str, Callable[[str, list[Value]], Value]] = {
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "share", *_STRICT), _arithmetic),
    **dict.fromkeys(
        ("equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal"),
        _comparison,
    ),
    "in": _in,
    "not": _not,
    "and": _kleene,
    "or": _kleene,
    "if": _if,
    "coalesce": _coalesce,
    "is_missing": _is_missing,
    "count_present": _count_present,
    "total": _total,
    "average": _total,
    "lowest": _extreme,
    "highest": _extreme,
    **dict.fromkeys(("count_at_least", "count_at_most", "months_since"), _against),
    "trend": _trend,
    "cross": _cross,
    "band": _band,
    **dict.fromkeys(("days_between", "months_between", "year", "month"), _date),
}
