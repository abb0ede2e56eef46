"""The transformers keep scikit-learn's contract; what they give equals the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from credit_risk.binning.transformers import Binner, WoeTransformer

# the transformers claim numpy and pandas only, and scikit-learn skips this check unless scipy is set up for it
NOT_CLAIMED = ("check_array_api_input",)


def contract_checks() -> Iterator[Any]:
    for transformer in (Binner(), WoeTransformer()):
        for estimator, check in estimator_checks_generator(transformer):
            function = check.func if isinstance(check, partial) else check
            if function.__name__ not in NOT_CLAIMED:
                yield pytest.param(estimator, check, id=f"{type(estimator).__name__}-{function.__name__}")


@pytest.mark.parametrize(("estimator", "check"), list(contract_checks()))
def test_scikit_learn_contract(estimator: Binner, check: Callable[[Binner], None]) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=3000)
    frame = pd.DataFrame({"x": np.where(rng.random(3000) < 0.1, np.nan, x), "c": rng.choice(["a", "b", "c"], 3000)})
    frame["c"] = frame["c"].astype(object)
    return frame, np.where(rng.random(3000) < 1 / (1 + np.exp(1 - x)), "bad", "a good")


def test_pipeline_clone_and_pandas_output(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    transformer = WoeTransformer(monotonic={"x": "ascending"}).set_output(transform="pandas")
    woe = clone(transformer).fit_transform(frame, y)
    assert list(woe.columns) == ["x", "c"]
    model = make_pipeline(WoeTransformer(), LogisticRegression()).fit(frame, y)
    assert model.score(frame, y) > 0.6


def test_bins_and_woe_agree(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    binner, transformer = Binner().fit(frame, y), WoeTransformer().fit(frame, y)
    ids, woe = binner.transform(frame), transformer.transform(frame)
    for name in frame.columns:
        table = transformer.tables_[name]
        np.testing.assert_array_equal(woe[name], table.result.woe[ids[name].to_numpy(int)])
    bads = (y == "bad").sum()
    assert sum(binner.tables_["x"].bad) == bads


def test_limits_and_engine_reach_the_classing(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    few = Binner(max_bins=2).fit(frame, y).tables_["x"]
    assert sum(b.kind == "interval" for b in few.bins) == 2
    other = Binner(engine="optbinning").fit(frame, y).tables_["x"]
    assert other.engine == "optbinning"
    assert Binner().fit(frame, y).tables_["x"].information_value >= other.information_value - 1e-12


def test_unknown_columns_are_refused(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    with pytest.raises(ValueError, match="unknown columns"):
        Binner(monotonic={"z": "ascending"}).fit(frame, y)


def test_settings_of_one_column_hold_for_it_alone(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    own = {"x": {"max_bins": 3, "missing": "nearest_woe"}, "c": {"unseen": "worst"}}
    binner = WoeTransformer(characteristics=own).fit(frame, y)
    assert [b.kind for b in binner.tables_["x"].bins] == ["interval"] * 3
    assert "missing" in [b.kind for b in binner.tables_["c"].bins]
    woe = binner.transform(pd.DataFrame({"x": [np.nan], "c": ["never met"]}))
    x, c = binner.tables_["x"], binner.tables_["c"]
    assert woe["x"][0] == next(w for b, w in zip(x.bins, x.result.woe, strict=True) if b.takes_missing)
    assert woe["c"][0] == min(c.result.woe[c.count > 0])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"engine": "optbinning", "max_p_value": 0.05}, "the engine optbinning does not keep max_p_value"),
        ({"characteristics": {"c": {"groups": [["a"], ["a", "b"]]}}}, "the category a stands in two groups"),
        ({"min_bins": 7}, "more coarse classes at least than at most"),
        ({"characteristics": {"x": {"max_bin": 3}}}, "Extra inputs are not permitted"),
        ({"characteristics": {"z": {"max_bins": 3}}}, "unknown columns"),
        ({"monotonic": {"x": "peak"}, "characteristics": {"x": {"trend": "valley"}}}, "says peak"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    parameters: dict[str, Any], words: str, data: tuple[pd.DataFrame, np.ndarray]
) -> None:
    with pytest.raises(ValueError, match=words):
        Binner(**parameters).fit(*data)
