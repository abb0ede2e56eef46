"""Simpler boosting: what is compared, what it costs, which one a rule takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from credit_risk.models.boosting import Bounds, fit_boosting
from credit_risk.models.boosting_folds import make_folds
from credit_risk.models.boosting_rows import boosting_rows
from credit_risk.models.boosting_spec import SimplicitySpec
from credit_risk.models.simplicity import (
    Comparison,
    Simpler,
    compare_simpler,
    simplest_within,
    simplicity_frame,
    stages,
    variants,
)
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.scoring.steps import evaluate_trees


def spec(**settings: object) -> MonotoneBoostingSpec:
    return MonotoneBoostingSpec(id="b", type="monotone_boosting", **{"trees": 20, **settings})


@pytest.mark.parametrize(
    ("settings", "asked", "found"),
    [
        ({"depth": 3}, {}, [(1, None), (2, None), (3, 4), (3, None)]),
        ({"depth": 1}, {}, [(1, None)]),
        ({"depth": 4, "leaves": 6}, {}, [(1, 6), (2, 6), (3, 6), (4, 3), (4, 6)]),
        ({"depth": 3}, {"depths": (2,), "leaves": (3, 5)}, [(2, None), (3, 3), (3, 5), (3, None)]),
        ({"depth": 2}, {"depths": (), "leaves": ()}, [(2, None)]),
    ],
)
def test_what_is_compared_ends_with_the_model_itself(settings: dict, asked: dict, found: list) -> None:
    assert variants(spec(**settings), SimplicitySpec(**asked)) == found


def test_shares_of_the_trees_are_rounded_up() -> None:
    assert stages(20, (0.05, 0.51, 1.0)) == [1, 11, 20]
    assert stages(3, (0.1, 0.2, 0.5)) == [1, 2, 3]


@pytest.fixture(scope="module")
def compared() -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, Comparison]:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(1200, 3)).round(1), columns=list("abc"))
    risk = frame["a"] + 1.5 * (frame["b"] > 0) * (frame["c"] > 0) - 1
    y = (rng.random(1200) < 1 / (1 + np.exp(-risk))).astype(float)
    asked = SimplicitySpec(trees=(0.25, 1.0), rule="one_standard_error")
    rows, bounds = boosting_rows(frame, y), Bounds((1, 0, 0))
    found = compare_simpler(rows, make_folds(y, 4, 9), bounds, spec(depth=3), asked)
    return frame, y, simplicity_frame(found), found


def test_fewer_trees_are_partial_sums_of_the_same_model(compared) -> None:
    frame, y, table, _ = compared
    for row in table.itertuples():
        leaves = None if np.isnan(row.leaves_allowed) else int(row.leaves_allowed)
        settings = {"depth": row.depth, "leaves": leaves, "trees": row.trees}
        fit = fit_boosting(frame, y, [1, 0, 0], spec(**settings))
        assert row.leaves == sum(left == -1 for tree in fit.trees for left in tree["left"])
        assert row.features == len({f for tree in fit.trees for f in tree["feature"]} - {-1})
        area = roc_auc_score(y, evaluate_trees(fit.step(), frame.to_numpy()))
        assert row.gini_development == pytest.approx(2 * area - 1, abs=1e-12)


def test_cost_is_against_the_models_own_and_the_rule_is_told(compared) -> None:
    _, _, table, found = compared
    own = table.iloc[-1]
    assert (own["depth"], own["trees"], own["cost"]) == (3, 20, 0.0)
    np.testing.assert_allclose(table["cost"], own["gini_folds"] - table["gini_folds"])
    assert table["chosen"].sum() == 1
    best = table.loc[table["gini_folds"].idxmax()]
    limit = best["gini_folds"] - best["standard_error"]
    np.testing.assert_array_equal(table["within_one_standard_error"], table["gini_folds"] >= limit)
    taken = table[table["chosen"]].iloc[0]
    assert taken["leaves"] == table.loc[table["within_one_standard_error"], "leaves"].min()
    assert found.models[found.taken].leaves == taken["leaves"]


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(-20, 20), st.integers(0, 5)), min_size=1, max_size=12),
)
def test_one_standard_error_takes_the_fewest_leaves_within_the_limit(made: list[tuple[int, int, int]]) -> None:
    models = tuple(Simpler(1, None, trees, 2 * trees, 1, 0.5, gini / 100, error / 100) for trees, gini, error in made)
    taken = models[simplest_within(Comparison(models, 0, 0))]
    top = max(m.gini_folds for m in models)
    best = min((m for m in models if m.gini_folds == top), key=lambda m: m.leaves)
    assert taken.gini_folds >= top - best.standard_error
    assert not any(m.leaves < taken.leaves and m.gini_folds >= top - best.standard_error for m in models)
