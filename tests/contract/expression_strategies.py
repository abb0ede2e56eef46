"""Hypothesis strategies: typed expressions over a frame with gaps, and trees that keep no rule of kinds."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

Expression = dict[str, Any]
NUMBERS = ("n1", "n2", "n3", "n4", "n5", "n6")
TEXTS = ("t1", "t2")
DAYS = ("d1", "d2")
KINDS = {**dict.fromkeys(NUMBERS, "number"), **dict.fromkeys((*TEXTS, *DAYS), "string")}

numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 3.0, 20.0, 710.0, 1e308, -1e308, 5e-324, 2.0**53]),
    st.floats(-1e3, 1e3),
    st.integers(-5, 5).map(float),
)
texts = st.sampled_from(["a", "b", "é", "a & b", "1", "missing", " "])
WRITTEN = [
    *("2024-02-29", "2023-02-29", "2024-01-31", "2024-02-28", "2023-02-28", "2023-01-30", "2025-03-31", "0001-01-01"),
    *("9999-12-31", "1900-02-29", "2000-02-29", "2024-12-31T23:59:59Z", "2024-01-31 08:30", "2024-01-31T08:30:15.25"),
    *("2024-01-31T08:30+02:00", "0000-01-01", "2024-13-01", "2024-00-10", "2024-04-31", "20240131", "2024-1-31"),
    *(" 2024-01-31", "2024-01-31 ", "2024-01-31\n", "2024-01-31T24:00", "2024-01-31T08:60", "2024-01-31T08:30:61"),
    *("2024-01-31T08:30:15.", "2024-01-31Z", "2024-01-31T08", "2024-01", "２０２４-01-31", "31.01.2024", "n/a", "-"),
    *("2024-01-31T08:30+0200", "2024-01-31T08:30:15,5", "2024/01/31", "2024-01-31t08:30", "+2024-01-31", "2024--1-31"),
]
days = st.one_of(st.sampled_from(WRITTEN), st.dates().map(lambda day: day.isoformat()), st.text("0-2T:Z ", max_size=16))
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(NUMBERS, st.none() | numbers),
        **dict.fromkeys(TEXTS, st.none() | texts | st.just("")),
        **dict.fromkeys(DAYS, st.none() | days),
    }
)


def op(name: str, *arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """An operation on one value of each strategy."""
    return st.tuples(*arguments).map(lambda found: {"op": name, "args": list(found)})


def many(name: str, least: int, argument: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """An operation on at least `least` values of one strategy."""
    return st.lists(argument, min_size=least, max_size=6).map(lambda found: {"op": name, "args": found})


def constant(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Expression]:
    return values.map(lambda value: {"const": value})


def reference(*names: str) -> st.SearchStrategy[Expression]:
    return st.sampled_from(names).map(lambda name: {"ref": name})


def cuts(value: Expression) -> st.SearchStrategy[Expression]:
    found = st.sets(numbers.map(lambda cut: cut + 0.0), min_size=1, max_size=4)
    return found.map(lambda cut: {"op": "band", "args": [value, *({"const": one} for one in sorted(cut))]})


@cache
def leaves(kind: str) -> st.SearchStrategy[Expression]:
    null = st.just({"const": None})
    if kind == "number":
        return st.one_of(reference(*NUMBERS), constant(numbers), null)
    if kind == "string":
        return st.one_of(reference(*TEXTS, *DAYS), constant(texts), null)
    return st.one_of(constant(st.booleans()), null)


@cache
def typed(kind: str, depth: int) -> st.SearchStrategy[Expression]:
    """Expressions that give a number, string or flag and that both programs accept."""
    if depth == 0:
        return leaves(kind)
    number, text, flag = (typed(one, depth - 1) for one in ("number", "string", "flag"))
    own = {"number": number, "string": text, "flag": flag}[kind]
    choices = [leaves(kind), op("if", flag, own, own), many("coalesce", 1, own)]
    if kind == "number":
        choices += [many(name, 2, number) for name in ("add", "multiply")]
        choices += [op(name, number, number) for name in ("subtract", "divide", "share")]
        choices += [op(name, number) for name in ("negate", "absolute", "floor", "exponential", "logarithm")]
        choices += [many(name, 1, number) for name in ("minimum", "maximum", "total", "average", "lowest", "highest")]
        choices += [many(name, 2, number) for name in ("count_at_least", "count_at_most", "months_since", "trend")]
        choices += [many("count_present", 1, st.one_of(number, text, flag))]
        day = st.one_of(reference(*DAYS), text.filter(lambda one: not isinstance(one.get("const"), str)))
        choices += [op(name, day, day) for name in ("days_between", "months_between")]
        choices += [op(name, day) for name in ("year", "month")]
    if kind == "string":
        choices += [many("cross", 2, text), number.flatmap(cuts)]
    if kind == "flag":
        choices += [op(name, number, number) for name in ("less", "less_or_equal", "greater", "greater_or_equal")]
        choices += [op(name, one, one) for name in ("equal", "not_equal") for one in (number, text)]
        choices += [many("and", 2, flag), many("or", 2, flag), op("not", flag)]
        choices += [op("is_missing", one) for one in (number, text, flag)]
        choices += [op("in", number, constant(numbers), constant(numbers)), op("in", text, constant(texts))]
    return st.one_of(choices)


def untyped(operations: list[str]) -> st.SearchStrategy[Expression]:
    """Trees of known operations with any number of arguments of any kind; most of them are refused."""
    constants = st.one_of(st.none(), st.booleans(), numbers, texts, days, st.just(""), st.integers(-3, 3))
    names = reference(*NUMBERS[:2], TEXTS[0], DAYS[0], "flag", "bin", "reasons", "unknown")
    leaf = st.one_of(names, constant(constants))

    def applied(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        found = st.tuples(st.sampled_from(operations), st.lists(inner, min_size=1, max_size=3))
        return found.map(lambda pair: {"op": pair[0], "args": pair[1]})

    return applied(st.one_of(leaf, applied(leaf)))
