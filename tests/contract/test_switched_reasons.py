"""A choice among reason lists of different lengths: scoring and validator alike, in values, headers and files."""

from __future__ import annotations

import copy
import json
from typing import Any

import pandas as pd
import pytest

import validation.score
from credit_risk.models.embedding import embedded_steps
from credit_risk.package.table_checks import verification_columns
from credit_risk.scoring import compile_model
from credit_risk.scoring.verification import verification_rows, verification_table
from tests.contract.corpus_recipes import CORPUS
from validation import model_check, verification_file


def two_segments(default: str | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A segmented model of the scorecard of the corpus, with all its reasons in one segment, one in the other."""
    whole = json.loads((CORPUS / "valid/scorecard/model.json").read_text("utf-8"))
    short = copy.deepcopy(whole)
    for step in short["steps"]:
        if step["type"] == "reasons":
            step["maximum"] = 1
            step.pop("inquiries", None)
    column = next(item["name"] for item in whole["inputs"] if item["type"] == "number")
    low = {"op": "less", "args": [{"ref": column}, {"const": 1000.0}]}
    name = {"op": "if", "args": [low, {"const": "low"}, {"const": "high"}]}
    parts = {"low": embedded_steps(short, "low", []), "high": embedded_steps(whole, "high", [])}
    head = {"id": "segment", "type": "derive", "output": "segment", "value_type": "string", "expression": name}
    steps = [{**head, "description": ""}, *parts["low"].steps, *parts["high"].steps]
    outputs = {key: value for key, value in whole["outputs"].items() if key == "probability_name"}
    keys = [key for key in ("linear_score", "probability", "score", "reasons") if whole["outputs"].get(key)]
    for key in keys:
        cases = [{"equals": k, "value": part.renamed[whole["outputs"][key]]} for k, part in parts.items()]
        chosen = cases if default is None else cases[:1]
        other = None if default is None else cases[1]["value"]
        switch = {"id": key, "type": "switch", "input": "segment", "cases": chosen, "default": other, "output": key}
        steps.append(switch)
        outputs[key] = key
    model = {**whole, "steps": steps, "outputs": {**outputs, "grade": None, "decision": []}}
    return {**model, "model": {**whole["model"], "type": "segmented"}}, [short, whole]


@pytest.mark.parametrize("default", [None, "high"])
def test_reasons_of_the_segment_are_given_and_shorter_lists_filled(default: str | None) -> None:
    model, (short, whole) = two_segments(default)
    assert model_check.check_model(model, "model.json") == []
    compiled = compile_model(model)
    snapshot = pd.read_parquet(CORPUS / "valid/scorecard/data/snapshot.parquet")
    if default is None:
        snapshot = snapshot[~compiled.rows_in_error(snapshot)].reset_index(drop=True)
    scored = compiled.score(snapshot)
    low = compiled.values(snapshot)["segment"] == "low"
    assert 0 < low.sum() < len(low)
    one, other = compile_model(short).score(snapshot), compile_model(whole).score(snapshot)
    names = [name for name in other.columns if name.startswith("reason_")]
    assert len(names) > 1
    assert [name for name in scored.columns if name.startswith("reason_")] == names
    assert scored.loc[low, "reason_1"].tolist() == one.loc[low, "reason_1"].tolist()
    assert scored.loc[low, names[1:]].isna().all(axis=None)
    assert scored.loc[~low, names].to_numpy().tolist() == other.loc[~low, names].to_numpy().tolist()
    theirs = validation.score.score(model, snapshot)["reasons"].data
    own = [tuple(code for code in row if code is not None) for row in scored[names].to_numpy().tolist()]
    assert theirs.tolist() == own


def test_headers_of_verification_are_the_same_in_writer_and_both_readers() -> None:
    model, _ = two_segments(None)
    snapshot = pd.read_parquet(CORPUS / "valid/scorecard/data/snapshot.parquet")
    compiled = compile_model(model)
    cases = verification_rows(compiled, snapshot[compiled.input_names])
    written = list(verification_table(compiled, cases).columns)
    assert written == verification_columns(model) == verification_file.expected_header(model)
    assert sum(name.startswith("bin:") and "@low." in name for name in written) > 0
