"""model.json of the estimators: valid for both readers, scored alike by the independent validator, value by value."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import credit_risk as cr
import validation.score
from credit_risk._core import canonical_json
from credit_risk.export.pmml import model_pmml
from credit_risk.package.schema import schema_faults
from validation import model_check, schema_check

OFFSET = np.random.default_rng(5).normal(-0.5, 0.6, 1200)


def applications() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(12)
    n = len(OFFSET)
    frame = pd.DataFrame({"income": rng.lognormal(8, 0.5, n).round(2), "age": rng.integers(18, 80, n).astype(float)})
    frame["home"] = rng.choice(["own", "rent", "parents"], n)
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.1, "income"] = -9.0
    risk = (
        -0.8 * (np.log(frame["income"].clip(1)) - 8) + 0.7 * (frame["home"] == "rent") - 0.02 * frame["age"].fillna(40)
    )
    return frame, (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(int)


CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "plain": ({}, False),
    "from rounded points": ({"probability_from": "rounded"}, False),
    "bounded, not rounded": ({"coefficients": "negative", "rounding": "none"}, False),
    "second stage": ({}, True),
    "second stage, from rounded points": ({"probability_from": "rounded"}, True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_scorecard_scores_the_same_in_the_validator(case: str) -> None:
    frame, y = applications()
    options, second = CASES[case]
    classing = cr.Binner(max_bins=4, specials={"income": [-9]})
    more = {"offset": OFFSET} if second else {}
    card = cr.ScorecardClassifier(classing, **options).fit(frame, y, **more)
    model = json.loads(canonical_json.to_bytes(card.to_model()))
    assert schema_faults("model", model, "model.json") == []
    assert schema_check.check(model, "model.schema.json", "model.json") == []
    assert model_check.check_model(model, "model.json") == []
    rows = frame.assign(home=frame["home"].where(frame.index % 7 > 0, "boat"))
    theirs = validation.score.score(model, rows.assign(**more))
    given = list(more.values())
    outputs = model["outputs"]
    for name, mine in (
        ("linear_score", card.decision_function(rows, *given)),
        ("probability", card.predict_proba(rows, *given)[:, 1]),
        ("score", card.score_points(rows, *given)),
    ):
        assert not theirs[outputs[name]].error.any()
        np.testing.assert_array_equal(theirs[outputs[name]].data, mine, err_msg=name)
    points = card.transform(rows)
    for column in points:
        np.testing.assert_array_equal(theirs[column].data, points[column], err_msg=column)


def test_pmml_of_a_scorecard_and_of_one_with_an_offset() -> None:
    frame, y = applications()
    text = model_pmml(cr.ScorecardClassifier().fit(frame, y).to_model(), "0" * 64)
    assert b"<Scorecard" in text
    second = cr.ScorecardClassifier().fit(frame, y, offset=OFFSET).to_model()
    assert b"<RegressionModel" in model_pmml(second, "0" * 64)
