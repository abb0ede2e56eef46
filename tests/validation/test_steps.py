"""Every step type of the format, against values worked out one row at a time in plain Python."""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from toy_package import builders as b

from validation.rebuild.monotonicity import prove
from validation.score import score
from validation.steps.classing import assign
from validation.steps.expressions import evaluate
from validation.steps.points import round_half_away
from validation.steps.values import number

NUMBER = {"name": "x", "type": "number", "specials": [], "description": ""}
OTHER = {**NUMBER, "name": "y"}
TEXT = {"name": "t", "type": "string", "specials": [], "description": ""}


def run(steps: list[dict[str, Any]], **columns: list[Any]) -> dict[str, Any]:
    inputs = [item for item in (NUMBER, OTHER, TEXT) if item["name"] in columns]
    frame = pd.DataFrame({name: np.array(values, float if name != "t" else object) for name, values in columns.items()})
    outputs = {"linear_score": None, "probability": None}
    return score(b.shell(inputs, steps, outputs), frame)


def values_of(found: Any) -> list[float | None]:
    assert not found.error.any()
    return [None if math.isnan(item) else item for item in found.data.tolist()]


# --- expressions against a reference of one row -------------------------------------------------------------------

finite = st.one_of(st.none(), st.integers(-5, 5).map(float))
leaf = st.one_of(st.just({"ref": "x"}), st.just({"ref": "y"}), st.integers(-3, 3).map(lambda v: {"const": float(v)}))


def node(children: Any) -> Any:
    return st.one_of(
        st.tuples(st.sampled_from(["add", "multiply", "minimum", "maximum", "coalesce"]), children, children),
        st.tuples(st.sampled_from(["subtract", "divide"]), children, children),
        st.tuples(st.sampled_from(["negate", "absolute", "floor"]), children),
        st.tuples(st.just("if_less"), children, children),
    ).map(build)


def build(parts: tuple[Any, ...]) -> dict[str, Any]:
    operation, *arguments = parts
    if operation == "if_less":
        first, second = arguments
        flag = {"op": "or", "args": [{"op": "less", "args": [first, second]}, {"op": "is_missing", "args": [first]}]}
        return {"op": "if", "args": [flag, first, second]}
    return {"op": operation, "args": arguments}


def reference(node: dict[str, Any], row: dict[str, float | None]) -> Any:
    """The rules of SPECIFICATION 3.1, one value at a time."""
    if "const" in node:
        return node["const"]
    if "ref" in node:
        return row[node["ref"]]
    given = [reference(item, row) for item in node["args"]]
    operation = node["op"]
    if operation == "is_missing":
        return given[0] is None
    if operation == "or":
        return True if True in given else None if None in given else False
    if operation == "coalesce":
        return next((item for item in given if item is not None), None)
    if operation == "if":
        return None if given[0] is None else given[1] if given[0] else given[2]
    if None in given:
        return None
    if operation == "divide":
        return None if given[1] == 0 else given[0] / given[1]
    table = {
        "add": lambda a, c: a + c,
        "multiply": lambda a, c: a * c,
        "subtract": lambda a, c: a - c,
        "minimum": min,
        "maximum": max,
        "negate": lambda a: -a,
        "absolute": abs,
        "floor": math.floor,
        "less": lambda a, c: a < c,
    }
    return table[operation](*given)


@settings(max_examples=200, deadline=None)
@given(st.recursive(leaf, node, max_leaves=8), st.lists(st.tuples(finite, finite), min_size=1, max_size=8))
def test_expressions(expression: dict[str, Any], pairs: list[tuple[float | None, float | None]]) -> None:
    columns = {
        name: np.array([math.nan if pair[place] is None else pair[place] for pair in pairs])
        for place, name in enumerate("xy")
    }
    clean = np.zeros(len(pairs), dtype=bool)
    names = {name: number(data, clean, np.isnan(data)) for name, data in columns.items()}
    found = values_of(evaluate(expression, names, len(pairs)))
    expected = [reference(expression, {"x": x, "y": y}) for x, y in pairs]
    assert found == expected


def test_kleene_logic_and_membership() -> None:
    flags = {"op": "less", "args": [{"ref": "x"}, {"const": 1.0}]}
    others = {"op": "less", "args": [{"ref": "y"}, {"const": 1.0}]}
    kinds = {name: {"op": name, "args": [flags, others]} for name in ("and", "or")}
    inside = {"op": "in", "args": [{"ref": "t"}, {"const": "a"}, {"const": "b"}]}
    steps = [
        {"id": name, "type": "derive", "output": name, "value_type": "flag", "expression": expression}
        for name, expression in {**kinds, "inside": inside, "not": {"op": "not", "args": [flags]}}.items()
    ]
    nan = math.nan
    found = run(steps, x=[0, 0, 2, nan, nan], y=[0, nan, nan, 0, 2], t=["a", "c", None, "b", ""])
    assert found["and"].data.tolist() == [1, -1, 0, -1, 0]
    assert found["or"].data.tolist() == [1, 1, -1, 1, -1]
    assert found["not"].data.tolist() == [0, 0, 1, -1, -1]
    assert found["inside"].data.tolist() == [1, 0, -1, 1, -1]


def test_overflow_is_an_error_but_not_where_not_chosen() -> None:
    big = {"op": "exponential", "args": [{"ref": "x"}]}
    steps = [
        {"id": "e", "type": "derive", "output": "e", "value_type": "number", "expression": big},
        {"id": "z", "type": "derive", "output": "z", "value_type": "number", "expression": {"const": 0.0}},
        {
            "id": "s",
            "type": "switch",
            "input": "t",
            "cases": [{"equals": "big", "value": "e"}],
            "default": "z",
            "output": "s",
        },
    ]
    found = run(steps, x=[1000.0, 1000.0, 1.0], t=["big", "small", "big"])
    assert found["e"].error.tolist() == [True, True, False]
    assert found["s"].error.tolist() == [True, False, False]
    assert found["s"].data[1] == 0.0
    assert found["s"].data[2] == math.e


# --- classing -----------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=6, unique=True).map(sorted),
    st.lists(st.one_of(st.none(), st.floats(-120, 120), st.just(-9.0)), min_size=1, max_size=20),
)
def test_numeric_classing(edges: list[float], values: list[float | None]) -> None:
    ends = [None, *edges, None]
    bins = [b.interval(i, ends[i], ends[i + 1], float(i)) for i in range(len(edges) + 1)]
    bins += [b.plain(len(bins), "special", 0.5, codes=[-9]), b.plain(len(bins) + 1, "missing", 0.25)]
    step = {"input": "x", "kind": "numeric", "bins": bins}
    everything = [*values, *edges, *(math.nextafter(edge, -math.inf) for edge in edges)]
    data = np.array([math.nan if value is None else value for value in everything])
    found = assign(step, number(data, np.zeros(len(data), dtype=bool), np.isnan(data)))
    last = len(edges) + 1
    expected = [
        last + 1 if value is None else last if value == -9.0 else bisect.bisect_right(edges, value)
        for value in everything
    ]
    assert found.tolist() == expected


def test_bins_that_also_hold_codes_and_missing() -> None:
    low, high = b.interval(0, None, 1.0, 0.5), b.interval(1, 1.0, None, 0.25)
    names = {"id": "c", "type": "classing", "output_bin": "bin", "output_woe": "woe"}
    numeric = {"input": "x", "kind": "numeric", "bins": [{**low, "codes": [-9, 7]}, {**high, "takes_missing": True}]}
    bins = [
        b.plain(0, "categories", 1.0, values=["a"], takes_missing=True),
        b.plain(1, "categories", 2.0, values=["b"], codes=["?"]),
        b.plain(2, "unseen", 2.0, woe_of=1),
    ]
    text = {**names, "id": "d", "input": "t", "kind": "categorical", "bins": bins}
    steps = [{**names, **numeric}, {**text, "output_bin": "bin t", "output_woe": "woe t"}]
    found = run(steps, x=[-9.0, 7.0, 7.5, math.nan, 0.0], t=["a", None, "?", "b", "c"])
    assert found["bin"].data.tolist() == [0, 0, 1, 1, 0]
    assert found["bin t"].data.tolist() == [0, 0, 1, 1, 2]
    assert found["woe t"].data.tolist() == [1.0, 1.0, 2.0, 2.0, 2.0]


def test_text_columns_given_as_numbers_are_read_as_text() -> None:
    bins = [
        b.plain(0, "categories", 1.0, values=["1"]),
        b.plain(1, "categories", 2.0, values=["2.5"]),
        b.plain(2, "missing", 3.0),
        b.plain(3, "unseen", 4.0),
    ]
    names = {"id": "c", "type": "classing", "output_bin": "bin", "output_woe": "woe"}
    step = {**names, "input": "t", "kind": "categorical", "bins": bins}
    frame = pd.DataFrame({"t": [1.0, 2.5, math.nan, 7.0]})
    found = score(b.shell([TEXT], [step], {"linear_score": None, "probability": None}), frame)
    assert found["woe"].data.tolist() == [1.0, 2.0, 3.0, 4.0]


# --- trees --------------------------------------------------------------------------------------------------------


def trees_of(booster: xgboost.Booster, features: list[str]) -> dict[str, Any]:
    """A trees step from xgboost's own table; thresholds moved to the boundary of float32 rounding."""
    table = booster.trees_to_dataframe()
    trees = []
    for _, rows in table.groupby("Tree"):
        rows = rows.sort_values("Node")
        place = {name: number for number, name in enumerate(rows["ID"])}
        tree: dict[str, list[Any]] = {
            key: [] for key in ("feature", "threshold", "left", "right", "default_left", "value")
        }
        for row in rows.itertuples():
            is_leaf = row.Feature == "Leaf"
            tree["feature"].append(-1 if is_leaf else features.index(row.Feature))
            tree["threshold"].append(None if is_leaf else boundary(np.float32(row.Split)))
            tree["left"].append(-1 if is_leaf else place[row.Yes])
            tree["right"].append(-1 if is_leaf else place[row.No])
            tree["default_left"].append(bool(not is_leaf and row.Missing == row.Yes))
            tree["value"].append(float(row.Gain) if is_leaf else 0.0)
        trees.append(tree)
    return {
        "id": "trees",
        "type": "trees",
        "features": features,
        "base_margin": 0.0,
        "offset": None,
        "trees": trees,
        "output": "m",
    }


def boundary(threshold: np.float32) -> float:
    """The smallest double that float32 rounds to the threshold or above."""
    low = (float(np.nextafter(threshold, np.float32(-np.inf))) + float(threshold)) / 2
    return low if np.float32(low) >= threshold else math.nextafter(low, math.inf)


@pytest.fixture(scope="module")
def boosted() -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    matrix = random.normal(size=(1500, 2))
    matrix[random.random((1500, 2)) < 0.1] = np.nan
    logit = np.nan_to_num(matrix[:, 0]) - 0.5 * np.nan_to_num(matrix[:, 1]) ** 2
    y = (random.random(1500) < 1 / (1 + np.exp(-logit))).astype(float)
    data = xgboost.DMatrix(matrix, label=y, feature_names=["x", "y"])
    settings = {
        "objective": "binary:logistic",
        "max_depth": 3,
        "base_score": 0.5,
        "monotone_constraints": "(1,0)",
        "nthread": 1,
    }
    booster = xgboost.train(settings, data, 25)
    return trees_of(booster, ["x", "y"]), matrix, booster.predict(data, output_margin=True)


def test_tree_walker_agrees_with_xgboost(boosted: tuple[dict[str, Any], np.ndarray, np.ndarray]) -> None:
    step, matrix, margin = boosted
    found = run([step], x=matrix[:, 0].tolist(), y=matrix[:, 1].tolist())["m"]
    assert not found.error.any()
    np.testing.assert_allclose(found.data, margin, atol=5e-6)


def test_monotone_constraint_is_confirmed_and_its_absence_found(
    boosted: tuple[dict[str, Any], np.ndarray, np.ndarray],
) -> None:
    step, _, _ = boosted
    bound, free = prove(step, 0, 1), prove(step, 1, 1)
    assert (bound.violations, bound.largest) == (0, 0.0)
    assert min(bound.thresholds, bound.pairs) > 3
    assert free.violations > 10
    assert free.largest > 0.1


# --- the rest -----------------------------------------------------------------------------------------------------


def test_linear_sum_link_calibrate_grade() -> None:
    steps = [
        {"id": "l", "type": "linear", "intercept": 0.5, "offset": "y",
         "terms": [{"input": "x", "coefficient": -2.0}], "output": "l"},
        {"id": "s", "type": "sum", "inputs": ["l", "x"], "output": "s"},
        *({"id": f, "type": "link", "function": f, "input": "l", "output": f}
          for f in ("logit", "log", "identity", "probit")),
        {"id": "c", "type": "calibrate", "method": "logistic", "scale": "probability", "slope": 0.8, "intercept": 0.1,
         "input": "logit", "output": "c"},
        {"id": "d", "type": "calibrate", "method": "beta", "a": 1.2, "b": 0.9, "c": 0.1,
         "input": "logit", "output": "d"},
        {"id": "i", "type": "calibrate", "method": "intercept_shift", "shift": -0.3, "input": "l", "output": "i"},
        {"id": "p", "type": "calibrate", "method": "piecewise_linear", "x": [0.1, 0.5, 0.9], "y": [0.2, 0.2, 0.8],
         "input": "logit", "output": "p"},
        {"id": "g", "type": "grade", "input": "logit", "output": "g", "grades": [
            {"grade": "A", "lower": None, "upper": 0.5, "probability": None},
            {"grade": "B", "lower": 0.5, "upper": None, "probability": None}]},
    ]  # fmt: skip
    xs, ys = [1.0, -0.5, 0.25, -40.0], [0.0, 1.0, 0.0, 0.0]
    found = run(steps, x=xs, y=ys)
    for row, (x, y) in enumerate(zip(xs, ys, strict=True)):
        eta = (0.5 + y) + -2.0 * x
        p = 1 / (1 + math.exp(-eta))
        assert found["l"].data[row] == eta
        assert found["s"].data[row] == eta + x
        assert found["logit"].data[row] == pytest.approx(p, rel=1e-15)
        assert found["log"].data[row] == pytest.approx(math.exp(eta), rel=1e-15)
        assert found["probit"].data[row] == pytest.approx(stats.norm.cdf(eta), rel=1e-12)
        assert found["i"].data[row] == eta - 0.3
        assert found["p"].data[row] == pytest.approx(float(np.interp(p, [0.1, 0.5, 0.9], [0.2, 0.2, 0.8])), rel=1e-12)
        assert found["g"].data[row] == ("A" if p < 0.5 else "B")
        if p < 1:
            odds = math.log(p / (1 - p))
            assert found["c"].data[row] == pytest.approx(1 / (1 + math.exp(-(0.8 * odds + 0.1))), rel=1e-12)
            beta = 1.2 * math.log(p) - 0.9 * math.log(1 - p) + 0.1
            assert found["d"].data[row] == pytest.approx(1 / (1 + math.exp(-beta)), rel=1e-12)
        else:
            assert found["c"].data[row] == found["d"].data[row] == 1.0


def test_missing_term_is_an_error() -> None:
    step = {
        "id": "l",
        "type": "linear",
        "intercept": 0.0,
        "offset": None,
        "terms": [{"input": "x", "coefficient": 1.0}],
        "output": "l",
    }
    assert run([step], x=[1.0, math.nan])["l"].error.tolist() == [False, True]


@pytest.mark.parametrize(("value", "expected"), [(2.5, 3.0), (-2.5, -3.0), (0.49, 0.0), (-0.5, -1.0), (7.0, 7.0)])
def test_rounding_half_away_from_zero(value: float, expected: float) -> None:
    assert round_half_away(np.array([value]))[0] == expected


def test_reasons_order_ties_and_limit() -> None:
    items = [
        {"characteristic": name, "input": source, "reason_code": name, "reference_points": 10.0, "baseline": 10.0}
        for name, source in (("A", "x"), ("B", "y"), ("C", "x"))
    ]
    step = {"id": "r", "type": "reasons", "method": "points_below_reference", "reference": "mean", "maximum": 2,
            "rank_step": 0.1, "characteristics": items, "output": "r"}  # fmt: skip
    found = run([step], x=[5.0, 8.0, 10.0, 12.0], y=[5.0, 3.0, 11.0, 1.0])["r"]
    assert found.data.tolist() == [("A", "B"), ("B", "A"), (), ("B",)]
