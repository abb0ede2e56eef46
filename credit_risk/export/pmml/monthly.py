"""Aggregates over monthly columns in PMML: each month counts where it is not missing, in the order of the model."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml.xml import Element

Keep = Callable[[Element], Element]  # puts an expression into a field of its own and gives the reference to it


def aggregate(op: str, args: list[Element], keep: Keep) -> Element:
    """The aggregate `op` of SPECIFICATION section 3.1 of `args`: references or constants."""
    return AGGREGATES[op](args, keep)


def _present(arg: Element) -> Element:
    return e.apply("isNotMissing", arg)


def _where(arg: Element, value: Element, otherwise: float = 0.0) -> Element:
    """`value` where `arg` is there, else a number."""
    if arg.tag == "Constant":
        return value
    return e.apply("if", _present(arg), value, e.number(otherwise))


def _sum(terms: list[Element]) -> Element:
    return reduce(lambda a, b: e.apply("+", a, b), terms)


def _count(args: list[Element]) -> Element:
    return _sum([_where(arg, e.number(1)) for arg in args])


def _if_at_least(count: Element, least: int, value: Element) -> Element:
    return e.apply("if", e.apply("greaterThan", count, e.number(least - 0.5)), value)


def _total(args: list[Element], keep: Keep) -> Element:
    return _if_at_least(keep(_count(args)), 1, _sum([_where(arg, arg) for arg in args]))


def _average(args: list[Element], keep: Keep) -> Element:
    count = keep(_count(args))
    return _if_at_least(count, 1, e.apply("/", _sum([_where(arg, arg) for arg in args]), count))


def _lowest(args: list[Element], keep: Keep) -> Element:
    return _extreme("lessThan", args, keep)


def _highest(args: list[Element], keep: Keep) -> Element:
    return _extreme("greaterThan", args, keep)


def _extreme(better: str, args: list[Element], keep: Keep) -> Element:
    """One month after the other: the better of what was found and the month, where both are there."""
    found = args[0]
    for arg in args[1:]:
        chosen = e.apply("if", e.apply(better, arg, found), arg, found)
        chosen = e.apply("if", _present(found), chosen, arg) if found.tag != "Constant" else chosen
        found = keep(e.apply("if", _present(arg), chosen, found) if arg.tag != "Constant" else chosen)
    return found


def _hits(comparison: str, threshold: Element, months: list[Element]) -> list[Element]:
    """1 for each month that is there and compares with the threshold, else 0."""
    hit = [e.apply("if", e.apply(comparison, month, threshold), e.number(1), e.number(0)) for month in months]
    return [_where(month, one) for month, one in zip(months, hit, strict=True)]


def _against(threshold: Element, months: list[Element], keep: Keep, value: Element) -> Element:
    value = _if_at_least(keep(_count(months)), 1, value)
    return value if threshold.tag == "Constant" else e.apply("if", _present(threshold), value)


def _count_at_least(args: list[Element], keep: Keep) -> Element:
    return _against(args[0], args[1:], keep, _sum(_hits("greaterOrEqual", args[0], args[1:])))


def _count_at_most(args: list[Element], keep: Keep) -> Element:
    return _against(args[0], args[1:], keep, _sum(_hits("lessOrEqual", args[0], args[1:])))


def _months_since(args: list[Element], keep: Keep) -> Element:
    hits = _hits("greaterOrEqual", args[0], args[1:])
    cases = [(e.apply("equal", hit, e.number(1)), e.number(place)) for place, hit in enumerate(hits)]
    return _against(args[0], args[1:], keep, e.choose(cases, e.number(len(hits))))


def _trend(args: list[Element], keep: Keep) -> Element:
    count = keep(_count(args))
    places = keep(_sum([_where(arg, e.number(-k)) for k, arg in enumerate(args)]))
    weights = [keep(e.apply("-", e.apply("*", count, e.number(-k)), places)) for k in range(len(args))]
    above = _sum([_where(arg, e.apply("*", w, arg)) for w, arg in zip(weights, args, strict=True)])
    below = _sum([_where(arg, e.apply("*", w, w)) for w, arg in zip(weights, args, strict=True)])
    return _if_at_least(count, 2, e.apply("/", e.apply("*", count, keep(above)), keep(below)))


AGGREGATES: dict[str, Callable[[list[Element], Keep], Element]] = {
    "count_present": lambda args, keep: _count(args),
    "total": _total,
    "average": _average,
    "lowest": _lowest,
    "highest": _highest,
    "count_at_least": _count_at_least,
    "count_at_most": _count_at_most,
    "months_since": _months_since,
    "trend": _trend,
}
