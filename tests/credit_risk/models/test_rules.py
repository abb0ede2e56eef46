"""Rules as steps: every combination of flags and score decides as the words say."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest

from credit_risk.models.rules import Rule, precedence, with_rules
from credit_risk.scoring import compile_model
from validation.model_check import check_model
from validation.score import score

ACTIONS = ("accept", "decline", "refer", "decline")
NAMES = ("a", "b", "c", "d")


def plain(inputs: list[str]) -> dict[str, Any]:
    """A model whose score is its input `x`."""
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "m", "name": "m", "version": "1", "type": "scorecard"},
        "outcome": {"type": "binary", "probability_name": "PD", "event": "bad"},
        "inputs": [{"name": name, "type": "number", "specials": [], "description": ""} for name in inputs],
        "steps": [
            {"id": "s", "type": "sum", "inputs": ["x"], "output": "score"},
            {"id": "p", "type": "link", "function": "logit", "input": "x", "output": "p"},
        ],
        "outputs": {
            "linear_score": "x",
            "probability": "p",
            "score": "score",
            "probability_name": "PD",
            "decision": [],
        },
    }


def decided(flags: dict[str, bool], score_value: float, cut_off: float | None) -> str | None:
    for action in ("decline", "refer", "accept"):
        if any(flags[name] for name, given in zip(NAMES, ACTIONS, strict=True) if given == action):
            return action
    if cut_off is None:
        return None
    return "accept" if score_value >= cut_off else "decline"


@pytest.mark.parametrize("cut_off", [None, 0.5])
def test_every_combination_of_flags_and_score(cut_off: float | None) -> None:
    rules = [
        Rule(name, action, name.upper(), {"op": "greater", "args": [{"ref": name}, {"const": 0.0}]})
        for name, action in zip(NAMES, ACTIONS, strict=True)
    ]
    base = plain(["x", *NAMES])
    model = with_rules(base, rules, base["inputs"], [], cut_off)
    assert check_model(model, "model.json") == []
    rows = [(*flags, x) for flags in product([0.0, 1.0], repeat=4) for x in (0.25, 0.5, 0.75)]
    frame = pd.DataFrame(rows, columns=[*NAMES, "x"])
    expected = [decided(dict(zip(NAMES, map(bool, row[:4]), strict=True)), row[4], cut_off) for row in rows]
    ours = compile_model(model).score(frame)
    assert ours["overall_decision"].tolist() == expected
    for name in NAMES:
        assert ours[f"decision:rule({name})"].tolist() == frame[name].astype(bool).tolist()
    theirs = score(model, frame)
    assert theirs["overall_decision"].data.tolist() == expected
    frame[list(NAMES)] = float("nan")  # what cannot be decided does not hit
    none = [decided(dict.fromkeys(NAMES, False), x, cut_off) for x in frame["x"]]
    assert compile_model(model).score(frame)["overall_decision"].tolist() == none
    assert score(model, frame)["overall_decision"].data.tolist() == none


def test_order_of_precedence() -> None:
    assert [NAMES[k] for k in precedence(ACTIONS)] == ["b", "d", "c", "a"]


def test_names_that_are_taken_give_way() -> None:
    base = plain(["x", "rule(a)", "overall_decision"])
    rule = Rule("a", "refer", "A", {"op": "is_missing", "args": [{"ref": "rule(a)"}]})
    model = with_rules(base, [rule], base["inputs"], [], None)
    assert model["outputs"]["decision"] == ["model_rule(a)"]
    assert model["outputs"]["overall_decision"] == "model_overall_decision"
    compile_model(model)
