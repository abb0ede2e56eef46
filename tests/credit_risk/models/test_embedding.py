"""A model inside another scores as it does by itself, whatever its steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.models.embedding import embedded_steps, free_prefix, needed_steps
from credit_risk.scoring import compile_model
from credit_risk.scoring.expressions import references
from tests.contract import corpus_models

KINDS = ("scorecard", "joined", "boosting", "attributed", "every_step", "amount", "fraction")
MODELS = {kind: getattr(corpus_models, kind)() for kind in KINDS}
TEXTS = ["own", "rent", "car", "gambling", "house", "never met", None]


def _rows(model: dict[str, Any], seed: int, rows: int = 40) -> pd.DataFrame:
    """Numbers on and off the codes and edges, texts seen and unseen, and missing of each."""
    draw = np.random.default_rng(seed)
    columns = {}
    for item in model["inputs"]:
        if item["type"] == "number":
            odd = np.array([-9.0, -8.0, 0.0, 1000.0, np.nan])[draw.integers(0, 5, rows)]
            columns[item["name"]] = np.where(draw.random(rows) < 0.3, odd, np.exp(draw.normal(4, 3, rows)))
        else:
            columns[item["name"]] = pd.Series([TEXTS[k] for k in draw.integers(0, len(TEXTS), rows)], dtype="str")
    return pd.DataFrame(columns)


def _outer(model: dict[str, Any], prefix: str, shared: set[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The outer model: what is shared, the embedded steps, and a value of its own under a name of the inner one."""
    own = [step for step in model["steps"] if step["type"] == "derive" and step["output"] in shared]
    steps, renamed = embedded_steps(model, prefix, shared)
    linear = renamed[model["outputs"]["linear_score"]]
    bearing = model["outputs"]["linear_score"]
    added = {"id": "linear score", "type": "sum", "inputs": [linear], "output": bearing}
    outputs = {k: _renamed(v, renamed) if k != "probability_name" else v for k, v in model["outputs"].items()}
    return {**model, "steps": [*own, *steps, added], "outputs": outputs}, dict(renamed)


def _renamed(value: Any, renamed: dict[str, str]) -> Any:
    return [renamed[each] for each in value] if isinstance(value, list) else renamed[value]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind == "f":
        return one.tobytes() == other.tobytes()
    return one.tolist() == other.tolist()


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32 - 1), sharing=st.booleans())
def test_embedded_scores_bit_by_bit_as_by_itself(kind: str, seed: int, sharing: bool) -> None:
    model = MODELS[kind]
    derived = _of_inputs(model) if sharing else set()
    outer, renamed = _outer(model, "first", derived)
    alone, inside = compile_model(model), compile_model(outer)
    frame = _rows(model, seed)
    frame = frame[~alone.rows_in_error(frame)]
    assert len(frame)
    own, other = alone.values(frame), inside.values(frame)
    assert {name for step in model["steps"] for name in _given(step)} == set(renamed)
    for name, here in renamed.items():
        assert (here == name) == (name in derived)
        assert _same(own[name], other[here]), name
    published, again = alone.score(frame), inside.score(frame)
    for column in published:
        there = column if ":" not in column else f"decision:{renamed[column.split(':')[1]]}"
        assert _same(published[column].to_numpy(), again[there].to_numpy()), column


def _of_inputs(model: dict[str, Any]) -> set[str]:
    """Derived characteristics: outputs of derive steps that read inputs and one another, not scores or decisions."""
    known = {item["name"] for item in model["inputs"]}
    derived = [step for step in model["steps"] if step["type"] == "derive"]
    for step in derived:
        if set(references(step["expression"])) <= known:
            known.add(step["output"])
    return known - {item["name"] for item in model["inputs"]}


def _given(step: dict[str, Any]) -> list[str]:
    """Produced names, read off the format's own words."""
    parts = step["characteristics"] if step["type"] in ("attribution", "scale") and "characteristics" in step else []
    return [step[k] for k in ("output", "output_bin", "output_woe") if k in step] + [part["output"] for part in parts]


def test_embedding_twice_keeps_both_apart() -> None:
    model = MODELS["attributed"]
    once = {**model, "steps": embedded_steps(model, "a", ()).steps}
    steps = [*once["steps"], *embedded_steps(model, "b", ()).steps]
    outputs = {"linear_score": "b.linear score", "probability": None, "probability_name": "probability of bad"}
    compiled = compile_model({**model, "steps": steps, "outputs": outputs})
    assert {step["trees"] for step in steps if step["type"] == "attribution"} == {"a.trees", "b.trees"}
    values = compiled.values(_rows(model, 7))
    assert np.array_equal(values["a.linear score"], values["b.linear score"])


def test_only_derive_steps_are_shared() -> None:
    """An input of the outer model that bears the name of a value of the inner one does not stand in for it."""
    embedded = embedded_steps(MODELS["boosting"], "first", {"linear score", "probability"})
    assert embedded.renamed == {"linear score": "first.linear score", "probability": "first.probability"}


def test_the_model_itself_is_left_as_it_is() -> None:
    model = corpus_models.every_step()
    embedded_steps(model, "first", ())
    assert model == MODELS["every_step"]


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ((), "first"),
        (("first", "firsts.x"), "first"),
        (("first.x",), "model_first"),
        (("first.x", "model_first.y"), "model_model_first"),
    ],
)
def test_free_prefix(taken: tuple[str, ...], free: str) -> None:
    assert free_prefix("first", taken) == free


def test_needed_steps_leaves_out_what_is_not_read() -> None:
    steps = MODELS["attributed"]["steps"]
    assert [s["id"] for s in needed_steps(steps, ["linear score"])] == ["trees"]
    assert [s["id"] for s in needed_steps(steps, ["reasons"])] == ["trees", "attribution", "reasons"]
    every = MODELS["every_step"]["steps"]
    assert "g1" not in [s["id"] for s in needed_steps(every, ["score"])]
