"""Piecewise calibration in PMML: the expression read by hand gives the scored doubles, and is not deep."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from credit_risk.export.pmml.expressions import calibrate
from credit_risk.export.pmml.xml import Element
from credit_risk.scoring import steps

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "lessThan": operator.lt}


def value(element: Element, x: float) -> Any:
    """The value of an expression of constants, the one field, arithmetic and `if`."""
    if element.tag == "Constant":
        assert element.text is not None
        return float(element.text)
    if element.tag == "FieldRef":
        return x
    function = element.attributes["function"]
    if function == "if":
        condition, yes, no = element.children
        return value(yes if value(condition, x) else no, x)
    first, second = (value(child, x) for child in element.children)
    return OPERATORS[str(function)](first, second)


def depth(element: Element) -> int:
    return 1 + max((depth(child) for child in element.children), default=0)


@pytest.mark.parametrize("method", ["piecewise_linear", "piecewise_constant"])
@pytest.mark.parametrize("cuts", [2, 3, 17, 1000])
def test_pieces_are_the_scored_doubles(method: str, cuts: int) -> None:
    random = np.random.default_rng(cuts)
    x = np.sort(random.normal(size=cuts)).tolist()
    y = np.sort(random.uniform(size=cuts + (method == "piecewise_constant"))).tolist()
    step = {"method": method, "x": x, "y": y, "input": "s"}
    expression = calibrate(step)
    near = np.concatenate([x, np.nextafter(x, 9.0), np.nextafter(x, -9.0), [-9.0, 9.0], random.normal(size=200)])
    assert [value(expression, float(at)) for at in near] == steps.calibrate(step, near).tolist()
    assert depth(expression) <= 6 + np.log2(cuts)
