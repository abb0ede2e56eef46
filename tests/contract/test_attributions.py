"""Attribution steps: scoring, which tables the leaves, and the validator, which writes out coalitions, agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import validation.score
from credit_risk._core.errors import PackageError
from credit_risk.package.schema import schema_faults
from credit_risk.scoring import compile_model
from tests.contract import corpus_models
from tests.credit_risk.explanation import games
from validation import model_check, schema_check
from validation.steps import attribution as theirs


def model_of(seed: int, features: int, trees: int, depth: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    step = games.random_step(rng, features, trees, depth)
    background = games.random_rows(rng, 6, features)
    rows = [[None if value != value else value for value in row] for row in background.tolist()]
    groups = [[0, *range(3, features)], *([k] for k in range(1, min(3, features)))]
    players = [
        {"characteristic": f"c{k}", "features": [f"f{f}" for f in group], "output": f"phi {k}"}
        for k, group in enumerate(groups)
    ]
    model = corpus_models.boosting()
    model["inputs"] = [{"name": name, "type": "number", "specials": [], "description": ""} for name in step["features"]]
    weights = rng.uniform(0.5, 2.0, size=6).tolist()
    weighed = np.average([games.evaluate_trees(step, row[None, :])[0] for row in background], weights=weights)
    model["steps"] = [
        {**step, "id": "t", "type": "trees", "output": "linear score"},
        model["steps"][1],
        {
            "id": "a",
            "type": "attribution",
            "trees": "t",
            "multiplier": -28.5,
            "base": float(weighed),
            "background": {"description": "six rows", "rows": rows, "weights": weights},
            "characteristics": players,
        },
    ]
    return model


@pytest.mark.parametrize(("features", "trees", "depth"), [(1, 2, 1), (3, 5, 2), (6, 10, 3), (9, 4, 5)])
def test_scoring_and_validator_attribute_alike(
    features: int, trees: int, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(features, features, trees, depth)
    assert schema_faults("model", model, "model.json") == []
    assert schema_check.check(model, "model.schema.json", "model.json") == []
    assert model_check.check_model(model, "model.json") == []
    rows = games.random_rows(np.random.default_rng(1), 40, features)
    frame = pd.DataFrame(rows, columns=[f"f{k}" for k in range(features)])
    ours = compile_model(model).values(frame)
    names = [part["output"] for part in model["steps"][2]["characteristics"]]
    by_coalition = validation.score.score(model, frame)
    monkeypatch.setattr(theirs, "MOST_CODED_NODES", 0)
    by_walk = validation.score.score(model, frame)
    monkeypatch.setattr(theirs, "MOST_EVALUATIONS", 0)
    by_leaf = validation.score.score(model, frame)
    for name in names:
        assert ours[name] == pytest.approx(by_coalition[name].data, abs=1e-10)
        assert by_walk[name].data == pytest.approx(by_coalition[name].data, abs=1e-12)
        assert by_leaf[name].data == pytest.approx(by_coalition[name].data, abs=1e-10)
    total = model["steps"][2]["base"] + sum(ours[name] for name in names) / -28.5
    assert total == pytest.approx(ours["linear score"], abs=1e-9)


def test_a_base_that_is_not_the_mean_is_refused() -> None:
    model = model_of(1, 3, 3, 2)
    model["steps"][2]["base"] += 1e-6
    with pytest.raises(PackageError, match="is not the mean of the trees over the background"):
        compile_model(model)


def test_a_row_whose_features_are_in_error_has_no_attribution() -> None:
    model = model_of(1, 1, 2, 1)
    overflow = {"op": "multiply", "args": [{"ref": "x"}, {"const": 1e300}]}
    model["inputs"] = [{"name": "x", "type": "number", "specials": [], "description": ""}]
    derive = {"id": "d", "type": "derive", "output": "f0", "value_type": "number", "expression": overflow}
    model["steps"].insert(0, {**derive, "description": ""})
    frame = pd.DataFrame({"x": [1.0, 1e300]})
    assert compile_model(model).rows_in_error(frame).tolist() == [False, True]
    assert validation.score.score(model, frame)["phi 0"].error.tolist() == [False, True]
