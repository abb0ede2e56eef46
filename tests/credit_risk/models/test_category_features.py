"""Which categories have a feature of their own in trees, and what is told of them: against counts made row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.models.assemble import Identity, InputColumn, document
from credit_risk.models.boosting_spec import CategoriesSpec
from credit_risk.models.category_features import categories_frame, chosen_levels
from credit_risk.models.tree_features import CATEGORY, constraints_frame, tree_features
from credit_risk.scoring import compile_model

TOWNS = [f"town {i:02d}" for i in range(12)]
SPEC = CategoriesSpec(min_rows=120, max_levels=5)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(4)
    n = 3000
    place = rng.choice(12, n, p=[0.2, *[0.08] * 6, *[0.064] * 5])
    y = (rng.random(n) < 0.1 + 0.03 * place).astype(float)
    town = np.array(TOWNS, dtype=object)[place]
    town[rng.random(n) < 0.05] = None
    grade = np.array(["low", "mid", "high"], dtype=object)[np.minimum(place // 4, 2)]
    frame = pd.DataFrame({"town": town, "grade": grade})
    weights = rng.integers(1, 4, n).astype(float)
    orders = {"grade": ("low", "mid", "high")}
    tables = class_frame(frame, y, settings=ClassingSpec(max_bins=4), weights=weights, orders=orders)
    return frame, y, weights, tables


def test_the_most_frequent_categories_that_share_a_class_are_chosen(data) -> None:
    frame, _, _, tables = data
    shared = {v for b in tables["town"].bins if len(b.values) > 1 for v in b.values}
    assert len(shared) > 6
    counts = {town: int((frame["town"] == town).sum()) for town in shared}
    able = sorted((t for t in shared if counts[t] >= 120), key=lambda t: (-counts[t], t))
    assert len(able) > 5
    assert chosen_levels(tables, frame, SPEC) == {"town": tuple(sorted(able[:5]))}
    assert chosen_levels(tables, frame, CategoriesSpec(max_levels=0)) == {"town": ()}
    assert chosen_levels(tables, frame, CategoriesSpec(min_rows=10_000)) == {"town": ()}


@pytest.mark.parametrize("bound", [False, True])
def test_features_are_unbound_and_weights_of_evidence_as_the_plan_says(data, bound: bool) -> None:
    frame, y, weights, tables = data
    levels = chosen_levels(tables, frame, SPEC)
    first = f"category(town, {levels['town'][0]})"
    steps, features = tree_features(tables, {}, taken={first}, levels=levels, bind_unordered=bound)
    own = [f for f in features if f.source == CATEGORY]
    assert [f.category for f in own] == list(levels["town"])
    assert [f.name for f in own][:1] == [f"model_{first}"]
    assert {f.direction for f in own} == {0}
    directions = {f.name: f.direction for f in features if f.source != CATEGORY}
    assert directions == {"woe(town)": -1 if bound else 0, "woe(grade)": -1}
    inputs = [InputColumn(n, "string", {}, "") for n in frame]
    made = compile_model(document(Identity("m", "m", "1", "", ""), "monotone_boosting", inputs, steps, {}))
    values = made.values(frame)
    for feature in own:
        np.testing.assert_array_equal(values[feature.name], (frame["town"] == feature.category).astype(float))
    matrix = pd.DataFrame({f.name: np.asarray(values[f.name], float) for f in features})
    told = constraints_frame(features, matrix, y, tables, {}, 0.95, weights).set_index("feature")["verdict"]
    assert told["woe(grade)"] == "falls with risk by definition"
    assert told[own[0].name] == "not bound"
    unbound = "not bound: the categories have no declared order"
    assert told["woe(town)"] == ("falls with risk by definition" if bound else unbound)


def test_rows_bads_and_rates_are_told_of_each_and_of_the_others(data) -> None:
    frame, y, weights, tables = data
    levels = chosen_levels(tables, frame, SPEC)
    features = tree_features(tables, {}, levels=levels)[1]
    told = categories_frame(features, tables, frame, y, weights)
    assert told["category"].tolist()[:-1] == list(levels["town"])
    assert pd.isna(told["category"].iloc[-1])
    assert told["categories"].tolist() == [1] * 5 + [7]
    for row in told.to_dict("records"):
        town = None if pd.isna(row["category"]) else row["category"]
        inside = frame["town"].notna() & ~frame["town"].isin(levels["town"]) if town is None else frame["town"] == town
        held = inside.to_numpy(bool)
        assert (row["rows"], row["bads"]) == (held.sum(), y[held].sum())
        assert row["bad_rate"] == pytest.approx((weights * y)[held].sum() / weights[held].sum(), abs=1e-15)
        if town is not None:
            (one,) = (b for b in tables["town"].bins if town in b.values)
            assert (row["bin_id"], row["woe"]) == (one.id, tables["town"].result.woe[one.id])


def test_a_category_alone_in_its_class_needs_none() -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b"], 2000).astype(object)
    y = (rng.random(2000) < np.where(group == "a", 0.2, 0.5)).astype(float)
    frame = pd.DataFrame({"group": group})
    assert chosen_levels(class_frame(frame, y, settings=ClassingSpec()), frame, CategoriesSpec()) == {"group": ()}
