"""The search of segments: sizes, sides, order of divisions; rules against the expression that a model would hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from credit_risk.models.assemble import Identity, InputColumn, document
from credit_risk.models.segment_gain import GainRows, gain_rows, quick_bins, quick_categories
from credit_risk.models.segment_rules import (
    Division,
    Leaf,
    Rule,
    Tree,
    Variable,
    given_expression,
    segment_names,
    tree_expression,
    tree_variables,
    with_default,
)
from credit_risk.models.segment_search import SearchRules, candidate_rules, search_half, search_segments
from credit_risk.scoring import compile_model

RULES = SearchRules(min_share=0.05, min_bads=20, min_goods=20)


def _world(rows: int = 6000, seed: int = 1) -> tuple[GainRows, list[Variable], np.ndarray]:
    """Relations turn with the region; within region c they turn again at age 40."""
    random = np.random.default_rng(seed)
    x, age = random.normal(size=(rows, 3)), random.integers(18, 80, rows).astype(float)
    region = random.choice(["a", "b", "c"], rows).astype(object)
    sign = np.where(region == "a", 1.0, np.where((region == "c") & (age >= 40), 2.0, -1.0))
    y = (random.random(rows) < special.expit(-1.0 + 1.2 * sign * x[:, 0] + 0.6 * x[:, 1])).astype(float)
    none = np.zeros(rows, bool)
    binned = [quick_bins(column, none) for column in (*x.T, age)] + [quick_categories(region, none)]
    made = gain_rows(np.column_stack([ids for ids, _ in binned]), [size for _, size in binned], y)
    return made, [Variable("region", "categorical", region), Variable("age", "numeric", age)], y


def test_segments_within_segments_are_found() -> None:
    rows, variables, _ = _world()
    found = search_segments(rows, variables, RULES, seed=3)
    assert set(tree_variables(found.tree)) == {"region", "age"}
    assert 3 <= len(segment_names(found.tree)) <= 4
    assert len(set(segment_names(found.tree))) == len(segment_names(found.tree))
    for one in found.tried:
        assert (one.decision != "") == (one.test is not None) or one.chosen
        if one.decision == "made":
            assert one.test is not None
            assert one.test.p_value <= 0.05
            assert set(one.test.tested.tolist()) <= set(np.flatnonzero(~found.searched).tolist())
    chosen = [one for one in found.tried if one.chosen]
    for one in chosen:
        rivals = [other.gain or -np.inf for other in found.tried if other.node == one.node]
        assert one.gain == max(rivals)


def test_outcomes_of_the_judging_half_do_not_change_what_is_tried() -> None:
    rows, variables, y = _world(3000)
    half = search_half(rows, 3)
    other = gain_rows(rows.bins, rows.sizes, np.where(half, y, 1.0 - y))
    first = search_segments(rows, variables, SearchRules(max_segments=2, min_bads=1, min_goods=1), seed=3)
    second = search_segments(other, variables, SearchRules(max_segments=2, min_bads=1, min_goods=1), seed=3)
    gains = [[one.gain for one in found.tried if one.node == "all"] for found in (first, second)]
    assert gains[0] == gains[1]


def test_no_segment_is_smaller_than_allowed() -> None:
    rows, variables, _ = _world(3000)
    for one in search_segments(rows, variables, SearchRules(min_share=0.3), seed=1).tried:
        assert min(one.rows) >= 0.3 * 3000
    assert search_segments(rows, variables, SearchRules(min_bads=5000), seed=1).tried == ()


def test_the_search_is_the_same_each_time() -> None:
    rows, variables, _ = _world(2000)
    first, second = (search_segments(rows, variables, RULES, seed=9) for _ in range(2))
    assert first.tree == second.tree
    assert [one.gain for one in first.tried] == [one.gain for one in second.tried]


def test_rows_of_a_cluster_stand_in_one_half() -> None:
    rows, _, y = _world(2000)
    clustered = gain_rows(rows.bins, rows.sizes, y, clusters=np.arange(2000) // 4)
    half = search_half(clustered, 0).reshape(-1, 4)
    assert np.all(half.min(axis=1) == half.max(axis=1))


def test_few_categories_are_divided_in_every_way_and_many_one_by_one() -> None:
    values = np.array(list("abcd") * 50, dtype=object)
    rules = list(candidate_rules(Variable("v", "categorical", values), np.ones(200, bool), RULES, np.ones(200)))
    sides = {frozenset((frozenset(rule.left), frozenset(rule.right))) for rule in rules}
    assert len(sides) == len(rules) == 2 ** (4 - 1) - 1
    many = np.array(list("abcdefgh") * 50 + ["z"], dtype=object)
    found = list(candidate_rules(Variable("v", "categorical", many), np.ones(401, bool), RULES, np.ones(401)))
    assert [rule.left for rule in found] == [(name,) for name in "abcdefgh"]


def test_rows_without_a_value_go_to_either_side() -> None:
    values = np.array([np.nan, -9.0, *range(100)])
    variable = Variable("v", "numeric", values, (-9.0,))
    rules = list(candidate_rules(variable, np.ones(102, bool), RULES, np.ones(102)))
    assert {rule.without for rule in rules} == {"left", "right"}
    assert all(rule.place(variable)[:2].tolist() == [int(rule.without == "right")] * 2 for rule in rules)
    assert all(a.cut <= b.cut for a, b in pairwise(rules))  # type: ignore[operator]


NUMBER, TEXT = st.sampled_from([None, -9.0, -1.0, 0.0, 0.5, 1.0, 2.0]), st.sampled_from([None, "x", "a", "b", "c", "d"])


@st.composite
def trees(draw: st.DrawFn, depth: int = 2, names: list[int] | None = None) -> Tree:
    names = [0] if names is None else names
    if depth == 0 or draw(st.booleans()):
        names[0] += 1
        return Leaf(f"s{names[0]}")
    without = draw(st.sampled_from(["left", "right", None]))
    if draw(st.booleans()):
        rule = Rule("n", "numeric", draw(st.sampled_from([0.0, 0.5, 2.0])), without=without, codes=(-9.0,))
    else:
        rule = Rule("t", "categorical", None, ("a", "b"), ("c",), without, ("x",))
    return Division(rule, draw(trees(depth - 1, names)), draw(trees(depth - 1, names)))


@settings(max_examples=120)
@given(tree=trees(), rows=st.lists(st.tuples(NUMBER, TEXT), min_size=1, max_size=20))
def test_the_expression_of_a_tree_places_rows_as_its_rules_do(
    tree: Tree, rows: list[tuple[float | None, str | None]]
) -> None:
    frame = pd.DataFrame(
        {
            "n": pd.Series([np.nan if n is None else n for n, _ in rows], dtype=float),
            "t": pd.Series([t for _, t in rows], dtype=object),
        }
    )
    variables = {
        "n": Variable("n", "numeric", frame["n"].to_numpy(), (-9.0,)),
        "t": Variable("t", "categorical", np.array([None, *(t for _, t in rows)], dtype=object)[1:], ("x",)),
    }

    def place(node: Tree, row: int) -> str | None:
        if isinstance(node, Leaf):
            return node.name
        side = node.rule.place(variables[node.rule.variable])[row]
        return None if side < 0 else place(node.right if side else node.left, row)

    own = [place(tree, row) for row in range(len(rows))]
    assert _segments(tree_expression(tree), frame) == own
    assert _segments(with_default(tree_expression(tree), "other"), frame) == [name or "other" for name in own]


def test_given_groups_place_numbers_and_texts() -> None:
    frame = pd.DataFrame({"n": [1.0, 2.0, np.nan, 7.0], "t": ["a", None, "b", "q"]})
    assert _segments(given_expression("t", {"A": ["a", "b"], "Q": ["q"]}), frame) == ["A", None, "A", "Q"]
    assert _segments(given_expression("n", {"low": [1.0, 2.0], "high": [7.0]}), frame) == ["low", "low", None, "high"]


def _segments(expression: dict, frame: pd.DataFrame) -> list[str | None]:
    step = {"id": "s", "type": "derive", "output": "s", "value_type": "string", "expression": expression}
    inputs = [InputColumn("n", "number", {}, ""), InputColumn("t", "string", {}, "")]
    model = document(Identity("m", "m", "0", "", ""), "segmented", inputs, [{**step, "description": ""}], {})
    return compile_model(model).values(frame)["s"].tolist()


def test_words_of_rules() -> None:
    assert Rule("age", "numeric", 40.0).words("left") == "age < 40"
    assert Rule("age", "numeric", 40.5, without="right").words("right") == "(age >= 40.5 or without a value)"
    many = Rule("v", "categorical", None, ("a",), tuple("bcdefghi"))
    assert many.words("left") == "v = a"
    assert many.words("right") == "v in {b, c, d, e, f, g and 2 more}"


def test_values_of_a_variable_that_no_side_lists_are_placed_nowhere() -> None:
    rule = Rule("v", "categorical", None, ("a",), ("b",))
    placed = rule.place(Variable("v", "categorical", np.array(["a", "b", "new", None], dtype=object)))
    assert placed.tolist() == [0, 1, -1, -1]
