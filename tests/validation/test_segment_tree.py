"""Rows placed by the words of divisions, against the rules that wrote the words."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.models.segment_rules import Rule, Variable
from validation.rebuild.segment_tree import Read, leaves, levels_of, node_rows, sides

LEVELS = ["a", "b", "a, b", "c}", "{d", "e and 2 more", "f", "g", "h", "i"]


def read_of(variable: Variable) -> Read:
    return Read(variable.values, variable.without)


def words(rule: Rule) -> tuple[str, str]:
    return rule.words("left"), rule.words("right")


@pytest.mark.parametrize("without", [None, "left", "right"])
def test_cuts(without: str | None) -> None:
    values = np.array([1.0, 2.5, np.nan, -9.0, 1e-17, 2.5000000000000004])
    variable = Variable("X < 3", "numeric", values, (-9.0,))
    rule = Rule("X < 3", "numeric", 2.5000000000000004, without=without, codes=(-9.0,))
    own = sides("X < 3", words(rule), read_of(variable), [])
    assert own is not None
    assert own.tolist() == rule.place(variable).tolist()


@pytest.mark.parametrize("seed", range(30))
def test_categories(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = sorted(rng.choice(LEVELS, int(rng.integers(2, 11)), replace=False).tolist())
    left = tuple(known[k] for k in range(len(known)) if rng.random() < 0.5)[: len(known) - 1] or (known[0],)
    right = tuple(level for level in known if level not in left)
    without = [None, "left", "right"][int(rng.integers(3))]
    values = np.array([*rng.choice(known, 40).tolist(), *known, None, "unseen", "X9"], dtype=object)
    variable = Variable("C", "categorical", values, ("X9",))
    rule = Rule("C", "categorical", None, left, right, without, ("X9",))
    own = sides("C", words(rule), read_of(variable), known)
    if own is None:  # both sides list some only, or commas in names can be read in several ways
        assert "a, b" in known or min(len(left), len(right)) > 6
    else:
        assert own.tolist() == rule.place(variable).tolist()


def test_words_that_contradict_each_other_place_nothing() -> None:
    read = Read(np.array([1.0, 2.0]), np.zeros(2, dtype=bool))
    assert sides("X", ("X < 1.5", "X >= 1.6"), read, []) is None
    assert sides("X", ("X < 1.5", "Y >= 1.5"), read, []) is None
    assert sides("X", ("X < one", "X >= one"), read, []) is None
    assert sides("X", ("(X < 1 or without a value)", "(X >= 1 or without a value)"), read, []) is None


def test_nodes_below_nodes() -> None:
    made = [
        {"node": "all", "left": "X < 2", "right": "X >= 2"},
        {"node": "X >= 2", "left": "C = a", "right": "C = b"},
    ]
    placed = [np.array([0, 1, 1, 1]), np.array([0, 0, 1, -1])]
    assert leaves(made) == ["X < 2", "X >= 2 & C = a", "X >= 2 & C = b"]
    found = [node_rows(name, made, placed, 4).tolist() for name in ["all", *leaves(made), "nowhere"]]
    assert found[0] == [True] * 4
    assert found[1:4] == [[True, False, False, False], [False, True, False, False], [False, False, True, False]]
    assert found[4] == [False] * 4
    assert leaves([]) == ["all"]


def test_levels_are_those_of_the_rows() -> None:
    read = Read(np.array(["b", None, "a", "c"], dtype=object), np.array([False, True, False, False]))
    assert levels_of(read, np.array([True, True, True, False])) == ["a", "b"]
    assert levels_of(Read(np.array([1.0]), np.zeros(1, dtype=bool)), np.array([True])) == []
