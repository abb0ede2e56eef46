"""PMML expressions: constants, references, applied functions, and the steps of model.json that are one expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.export.pmml.xml import Element, survives_as_text

Step = Mapping[str, Any]
MOST_IN_A_ROW = 8


def number(value: float) -> Element:
    """A double constant in shortest round-trip form."""
    return Element("Constant", {"dataType": "double"}, text=repr(float(value)))


def text(value: str) -> Element:
    """A string constant; one that an engine may not read back stands in an attribute, for what is missing."""
    if not survives_as_text(value):
        return apply("concat", no_text(), text(""), map_missing_to=value)
    return Element("Constant", {"dataType": "string"}, text=value)


def ref(name: str) -> Element:
    """The value of a field."""
    return Element("FieldRef", {"field": name})


def apply(function: str, *args: Element, map_missing_to: str | None = None) -> Element:
    """A built-in function of PMML (specification, "Built-in functions")."""
    return Element("Apply", {"function": function, "mapMissingTo": map_missing_to}, args)


def choose(cases: Sequence[tuple[Element, Element]], otherwise: Element) -> Element:
    """The value of the first case whose condition holds: nested `if`, exact in both engines."""
    result = otherwise
    for condition, value in reversed(cases):
        result = apply("if", condition, value, result)
    return result


def any_of(conditions: Sequence[Element]) -> Element:
    """`or`, or the single condition."""
    return conditions[0] if len(conditions) == 1 else apply("or", *conditions)


def if_known(names: Iterable[str], value: Element) -> Element:
    """`value` where none of the fields is missing, else missing."""
    for name in reversed(list(names)):
        value = apply("if", apply("isNotMissing", ref(name)), value)
    return value


def no_text() -> Element:
    """Text that is never there."""
    return apply("if", apply("notEqual", number(0), number(0)), text(""))


def by_bin(classing: Step, values: Sequence[float]) -> Element:
    """`values[bin id]` of a classing: missing, special, then ordered intervals or categories, then the rest.

    Intervals and long lists of categories are halved again and again, so that thousands of bins are not deep.
    """
    name, found = classing["input"], branches(classing)
    intervals = [one for one in found if one.kind == "interval"]
    listed = [one for one in found if one.listed]
    if intervals:
        cuts = [float(one.upper) for one in intervals[:-1] if one.upper is not None]
        rest = _by_interval(ref(name), cuts, [number(values[one.bin]) for one in intervals])
    else:
        rest = number(values[found[-1].bin])
    tests = [([_is(name, code) for code in one.listed], number(values[one.bin])) for one in listed]
    cases = [(apply("isMissing", ref(name)), number(values[one.bin])) for one in found if one.kind == "missing"]
    return choose(cases, _first_of(tests, rest))


def _first_of(cases: Sequence[tuple[list[Element], Element]], otherwise: Element) -> Element:
    """The value of the case one of whose tests holds; no two hold at once."""
    if len(cases) <= MOST_IN_A_ROW:
        return choose([(any_of(tests), value) for tests, value in cases], otherwise)
    half = len(cases) // 2
    first = [test for tests, _ in cases[:half] for test in tests]
    return apply(
        "if", any_of(first), _first_of(cases[: half - 1], cases[half - 1][1]), _first_of(cases[half:], otherwise)
    )


def _is(name: str, code: float | str, missing: str | None = None) -> Element:
    """Whether a field equals a code; missing: what it is of a missing field.

    Text that an engine may not read back as a constant stands in an attribute.
    """
    if isinstance(code, str) and not survives_as_text(code):
        indicator = Element("NormDiscrete", {"field": name, "value": code})
        return apply("equal", indicator, number(1), map_missing_to=missing)
    return apply("equal", ref(name), text(code) if isinstance(code, str) else number(code), map_missing_to=missing)


def switch(step: Step) -> Element:
    """The value of the first case that the input equals, of a missing or another input the default, else missing."""
    cases = [(_is(step["input"], case["equals"], "false"), ref(case["value"])) for case in step["cases"]]
    if step["default"] is not None:
        return choose(cases, ref(step["default"]))
    condition, value = cases[-1]
    return choose(cases[:-1], apply("if", condition, value))


@dataclass(frozen=True, slots=True)
class Branch:
    """One way into a bin. kind: missing, codes, interval, categories or unseen; upper of an interval; listed values."""

    kind: str
    bin: int
    upper: float | None = None
    listed: tuple[float | str, ...] = ()


def branches(classing: Step) -> list[Branch]:
    """Ways into the bins in the order of looking up; the last takes whatever is left. A bin may have several."""
    bins = classing["bins"]
    found = [Branch("missing", one["id"]) for one in bins if one["kind"] == "missing" or "takes_missing" in one]
    found += [Branch("codes", one["id"], listed=tuple(one["codes"])) for one in bins if "codes" in one]
    for one in bins:
        if one["kind"] == "interval":
            found.append(Branch("interval", one["id"], upper=one["upper"]))
        elif one["kind"] == "categories":
            found.append(Branch("categories", one["id"], listed=tuple(one["values"])))
    return found + [Branch("unseen", one["id"]) for one in bins if one["kind"] == "unseen"]


def linear(step: Step) -> Element:
    """`((intercept + offset) + c1·x1) + c2·x2 …`."""
    result = number(step["intercept"])
    if step["offset"] is not None:
        result = apply("+", result, ref(step["offset"]))
    for term in step["terms"]:
        result = apply("+", result, apply("*", number(term["coefficient"]), ref(term["input"])))
    return result


def logistic(x: Element) -> Element:
    """`1 / (1 + exp(−x))`."""
    return apply("/", number(1), apply("+", number(1), apply("exp", apply("*", number(-1), x))))


def link(step: Step) -> Element:
    """The inverse link."""
    x = ref(step["input"])
    links = {"logit": logistic(x), "log": apply("exp", x), "identity": x, "probit": apply("stdNormalCDF", x)}
    return links[step["function"]]


def calibrate(step: Step) -> Element:
    """A `calibrate` step as one expression."""
    x = ref(step["input"])
    if step["method"] == "intercept_shift":
        return apply("+", x, number(step["shift"]))
    complement = apply("-", number(1), x)
    if step["method"] == "beta":
        gain = apply("*", number(step["a"]), apply("ln", x))
        loss = apply("*", number(step["b"]), apply("ln", complement))
        return logistic(apply("+", apply("-", gain, loss), number(step["c"])))
    if step["method"] == "logistic":
        on_probability = step["scale"] == "probability"
        given = apply("ln", apply("/", x, complement)) if on_probability else x
        moved = apply("+", apply("*", number(step["slope"]), given), number(step["intercept"]))
        return logistic(moved) if on_probability else moved
    if step["method"] == "piecewise_constant":
        return _by_interval(x, step["x"], [number(level) for level in step["y"]])
    return _piecewise_linear(x, step["x"], step["y"])


def _by_interval(x: Element, cuts: Sequence[float], values: Sequence[Element]) -> Element:
    """`values[i]` on `[cuts[i − 1], cuts[i])`: nested `if` that halve the cuts, so that a thousand are ten deep."""
    if not cuts:
        return values[0]
    half = len(cuts) // 2
    below = _by_interval(x, cuts[:half], values[: half + 1])
    above = _by_interval(x, cuts[half + 1 :], values[half + 1 :])
    return apply("if", apply("lessThan", x, number(cuts[half])), below, above)


def _piecewise_linear(x: Element, knots: Sequence[float], levels: Sequence[float]) -> Element:
    lines = []
    for k in range(len(knots) - 1):
        slope = (levels[k + 1] - levels[k]) / (knots[k + 1] - knots[k])
        rise = apply("*", apply("-", x, number(knots[k])), number(slope))
        lines.append(apply("+", number(levels[k]), rise))
    return _by_interval(x, knots, [number(levels[0]), *lines, number(levels[-1])])


def half_away_from_zero(x: Element) -> Element:
    """`sign(x)·floor(|x| + 0.5)` of a reference; zero is not negative."""
    whole = apply("floor", apply("+", apply("abs", x), number(0.5)))
    below = apply("+", apply("*", number(-1), whole), number(0.0))
    return apply("if", apply("lessThan", x, number(0)), below, whole)


def grade(step: Step, input_name: str) -> Element:
    """The name of the grade whose interval `[lower, upper)` holds the value."""
    x, grades = ref(input_name), step["grades"]
    cases = [(apply("lessThan", x, number(g["upper"])), text(g["grade"])) for g in grades[:-1]]
    return choose(cases, text(grades[-1]["grade"]))
