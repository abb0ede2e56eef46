"""Features of trees: whose word a direction is, what the data say to it, special codes made explicit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from credit_risk.binning.classing import Trend, class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.models.assemble import Identity, InputColumn, document
from credit_risk.models.tree_features import constraints_frame, declared_unused, tree_features
from credit_risk.scoring import compile_model

CODES = {"x": [-9.0, -8.0]}


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray, dict[str, BinningTable]]:
    rng = np.random.default_rng(8)
    x, z = rng.normal(size=(2, 3000))
    y = (rng.random(3000) < 1 / (1 + np.exp(0.5 - x + z))).astype(float)
    frame = pd.DataFrame({"x": x, "z": z, "c": rng.choice(["a", "b"], 3000)}).astype({"c": object})
    kind = rng.choice(4, 3000, p=[0.7, 0.1, 0.1, 0.1])
    frame["x"] = np.select([kind == 1, kind == 2, kind == 3], [-9.0, -8.0, np.nan], frame["x"])
    frame.loc[:, "c"] = np.where(rng.random(3000) < 0.3 + 0.3 * y, "a", "b")
    tables = class_frame(frame, y, settings=ClassingSpec(), specials=CODES)
    return frame, y, tables


Data = tuple[pd.DataFrame, np.ndarray, dict[str, BinningTable]]


@pytest.mark.parametrize(
    ("declared", "mode", "direction", "source"),
    [
        ({}, "declared_and_mined", -1, "mined"),
        ({}, "declared", 0, "none"),
        ({"z": Trend("ascending", "plan, expectation")}, "declared_and_mined", 1, "plan, expectation"),
        ({"z": Trend("descending", "plan, classing")}, "declared", -1, "plan, classing"),
        ({"z": Trend("peak", "plan, classing")}, "declared_and_mined", 0, "plan, classing"),
        ({"z": Trend("none", "plan, classing")}, "declared_and_mined", 0, "plan, classing"),
    ],
)
def test_the_plans_word_comes_first(data: Data, declared, mode, direction: int, source: str) -> None:
    found = {f.name: f for f in tree_features(data[2], declared, mode)[1]}
    assert (found["z"].direction, found["z"].source) == (direction, source)
    assert (found["woe(c)"].direction, found["woe(c)"].source) == (0, "weight of evidence")
    assert [found[f"special(x, {code})"].direction for code in (-9, -8)] == [0, 0]


def test_special_codes_become_missing_with_an_indicator_each(data: Data) -> None:
    frame, _, tables = data
    steps, features = tree_features(tables, {}, taken={"value(x)"})
    assert [f.name for f in features] == ["model_value(x)", "special(x, -9)", "special(x, -8)", "z", "woe(c)"]
    inputs = [InputColumn(n, "string" if n == "c" else "number", {}, "") for n in frame]
    made = compile_model(document(Identity("m", "m", "1", "", ""), "monotone_boosting", inputs, steps, {}))
    values = made.values(frame)
    x = frame["x"].to_numpy()
    np.testing.assert_array_equal(values["model_value(x)"], np.where(np.isin(x, CODES["x"]), np.nan, x))
    np.testing.assert_array_equal(values["special(x, -9)"], (x == -9).astype(float))
    np.testing.assert_array_equal(values["special(x, -8)"], (x == -8).astype(float))


def test_what_the_data_say_is_told_with_numbers(data: Data) -> None:
    frame, y, tables = data
    declared = {"z": Trend("ascending", "plan, expectation")}
    features = tree_features(tables, declared)[1]
    x = np.where(np.isin(frame["x"], CODES["x"]), np.nan, frame["x"])
    matrix = pd.DataFrame({f.name: np.zeros(len(y)) for f in features}).assign(**{"value(x)": x, "z": frame["z"]})
    told = constraints_frame(features, matrix, y, tables, {"k": "because"}, 0.95).set_index("feature")
    z = told.loc["z"]
    assert (z["direction"], z["suggestion"], z["verdict"]) == ("ascending", "descending", "contradicted by the data")
    assert z["auc"] == pytest.approx(roc_auc_score(y, frame["z"]), abs=1e-12)
    assert z["auc_upper"] < 0.5
    assert z["p_value"] < 1e-10
    mined = told.loc["value(x)"]
    assert (mined["source"], mined["suggestion"]) == ("mined", "ascending")
    assert mined["verdict"].endswith("no rationale")
    known = ~np.isnan(x)
    assert mined["auc"] == pytest.approx(roc_auc_score(y[known], x[known]), abs=1e-12)
    assert not told.loc["k", "used"]
    assert told.loc["k", "verdict"] == "left out: because"


def test_a_declaration_against_the_data_is_told_of_what_is_left_out(data: Data) -> None:
    """Classing keeps the declared trend, so that nothing may be left of the characteristic; the numbers stay."""
    frame, y, tables = data
    declared = {"z": Trend("ascending", "plan, expectation"), "k": Trend("peak", "plan, classing")}
    against = declared_unused(declared, tables, frame, y, np.ones(len(y)), 0.95)
    assert list(against) == ["z"]
    told = constraints_frame([], frame[[]], y, tables, {"z": "one bin", "k": "no"}, 0.95, None, against)
    z = told.set_index("feature").loc["z"]
    assert not z["used"]
    assert (z["direction"], z["source"], z["suggestion"]) == ("none", "plan, expectation", "descending")
    assert z["auc"] == pytest.approx(roc_auc_score(y, frame["z"]), abs=1e-12)
    assert z["auc_upper"] < 0.5
    assert z["verdict"] == "left out: one bin; declared ascending, contradicted by the data"
    assert told.set_index("feature").loc["k", "verdict"] == "left out: no"


def test_a_suggestion_is_made_where_nothing_is_bound(data: Data) -> None:
    frame, y, tables = data
    features = [f for f in tree_features(tables, {}, "declared")[1] if f.name == "z"]
    told = constraints_frame(features, frame[["z"]], y, tables, {}, 0.95).iloc[0]
    assert (told["direction"], told["source"], told["suggestion"]) == ("none", "none", "descending")
    assert told["auc"] > 0.5
    assert told["verdict"] == "not bound: the plan declares no trend"
