"""Generated scorecards, bins that also hold codes and missing among them: scoring and validator, value by value."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import validation.score
from credit_risk.package.schema import schema_faults
from credit_risk.scoring import compile_model
from credit_risk.scoring.verification import verification_rows
from tests.credit_risk.scoring.strategies import rows, scorecards
from tests.credit_risk.scoring.test_model import table
from validation import model_check, schema_check


def published(model: dict[str, Any], frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {name: values.tolist() for name, values in compile_model(model).values(frame).items()}


@settings(max_examples=60)
@given(data=st.data())
def test_any_scorecard_scores_the_same_in_the_validator(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    assert schema_faults("model", model, "model.json") == []
    assert schema_check.check(model, "model.schema.json", "model.json") == []
    assert model_check.check_model(model, "model.json") == []
    frame = table(model, data.draw(rows(model)))
    cases = verification_rows(model, frame)
    boundary = pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in model["inputs"]})
    frame = pd.concat([frame, boundary], ignore_index=True)
    frame = frame[~compile_model(model).rows_in_error(frame)].reset_index(drop=True)
    ours, theirs = published(model, frame), validation.score.score(model, frame)
    for step in model["steps"]:
        names = [step[key] for key in ("output", "output_bin", "output_woe") if key in step]
        names += [item["output"] for item in step.get("characteristics", ()) if "output" in item]
        for name in names:
            found = theirs[name]
            assert not found.error.any(), name
            for one, other in zip(ours[name], found.data.tolist(), strict=True):
                if isinstance(other, tuple):
                    one, other = [code for code in one if code is not None], list(other)
                both_missing = one != one and other != other
                assert one == other or both_missing, name
