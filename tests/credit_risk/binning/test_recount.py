"""A classing counted on other rows: what it says, and what it does not say because there is too little."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import credit_risk as cr
from credit_risk.binning.recount import STABILITY_COLUMNS, RecountRules, rank_order
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.cells import Cells, count_cells, plain_cells
from credit_risk.evaluation.intervals import wilson_interval

ROWS = 4000


def population(seed: int, effect: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Values with missing and a special code, outcome, quarter, weight."""
    random = np.random.default_rng(seed)
    x = random.normal(size=ROWS)
    y = (random.random(ROWS) < 1 / (1 + np.exp(1.5 - effect * x))).astype(float)
    x[random.random(ROWS) < 0.05] = np.nan
    x[random.random(ROWS) < 0.03] = -9.0
    quarter = np.array([f"2020-Q{1 + i % 4}" for i in range(ROWS)], object)
    return x, y, quarter, random.uniform(0.5, 2.0, ROWS)


@pytest.fixture(scope="module")
def table() -> BinningTable:
    x, y, _, _ = population(1)
    return cr.class_frame(pd.DataFrame({"x": x}), y, settings=cr.ClassingSpec(), specials={"x": [-9.0]})["x"]


def test_each_group_is_recounted_by_itself(table: BinningTable) -> None:
    x, y, quarter, w = population(2)
    frame = cr.recount_by(table, x, y, by=quarter, weights=w, rules=RecountRules(min_rows=1))
    assert list(frame["by"].drop_duplicates()) == ["2020-Q1", "2020-Q2", "2020-Q3", "2020-Q4"]
    for name, part in frame.groupby("by"):
        inside = quarter == name
        alone = table.recount(x[inside], y[inside], w[inside]).frame()
        for column in ("bin_id", "label", "count", "count_share", "good", "bad", "bad_rate", "woe"):
            assert part[column].tolist() == alone[column].tolist(), column
        assert part["bad_rate_upper"].to_numpy() == pytest.approx(alone["bad_rate_upper"].to_numpy())
        assert part["information_value"].sum() == pytest.approx(alone["information_value"].sum())


def test_what_has_too_few_rows_has_counts_and_no_rate(table: BinningTable) -> None:
    x, y, _, _ = population(3)
    group = np.where(np.arange(ROWS) < 100, "small", "large")
    frame = cr.recount_by(table, x, y, by=group, rules=RecountRules(min_rows=20)).set_index(["by", "bin_id"])
    small = frame["count"] < 20
    assert 0 < small.sum() < len(frame)
    told = frame[["bad_rate", "bad_rate_lower", "bad_rate_upper", "woe", "information_value"]]
    assert told[small].isna().all(axis=None)
    assert told[~small].notna().all(axis=None)
    assert frame[["count", "count_share", "good", "bad"]].notna().all(axis=None)
    assert "fewer than 20 rows" in cr.recount_by(table, x, y, by=group).attrs["notes"][0]


def test_one_outcome_only_has_rates_and_no_weight_of_evidence(table: BinningTable) -> None:
    x, _, quarter, _ = population(4)
    frame = cr.recount_by(table, x, np.zeros(ROWS), by=quarter)
    assert frame["bad_rate"].dropna().eq(0).all()
    assert frame[["woe", "information_value"]].isna().all(axis=None)
    stability = cr.stability_by(table, x, np.zeros(ROWS), by=quarter)
    assert stability["psi"].notna().all()
    assert stability[["information_value", "gini", "reversal_p_value"]].isna().all(axis=None)
    assert stability["rank_order_kept"].tolist() == [None] * 4


def test_rows_of_no_group_are_left_out_and_wrong_input_is_refused(table: BinningTable) -> None:
    x, y, quarter, _ = population(5)
    some = quarter.copy()
    some[::2] = None
    assert cr.recount_by(table, x, y, by=some)["count"].sum() == ROWS / 2
    with pytest.raises(ValueError, match="4000, 4000 and 3999 rows"):
        cr.recount_by(table, x, y, by=quarter[1:])
    with pytest.raises(ValueError, match="neither 0"):
        cr.recount_by(table, x, y * 2, by=quarter)


def test_development_against_itself(table: BinningTable) -> None:
    x, y, _, _ = population(1)
    (row,) = cr.stability_by(table, x, y, by=np.full(ROWS, "all")).to_dict("records")
    assert row["psi"] == 0.0
    assert row["rank_order_kept"] is True
    assert row["information_value"] == pytest.approx(table.information_value)
    assert row["information_value_chance_level"] < 0.05 < row["information_value"]
    assert row["gini_lower"] < row["gini"] < row["gini_upper"]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_whole_weights_are_repeated_rows_for_every_estimate(table: BinningTable, seed: int) -> None:
    """Counts, rates, WoE, IV and Gini; intervals, empty cells and chance levels speak of effective rows instead."""
    x, y, quarter, _ = population(seed % 1000)
    times = np.random.default_rng(seed).integers(1, 4, ROWS)
    weighted = cr.recount_by(table, x, y, by=quarter, weights=times.astype(float), rules=RecountRules(min_rows=1))
    longer = [np.repeat(part, times) for part in (x, y, quarter)]
    repeated = cr.recount_by(table, *longer[:2], by=longer[2], rules=RecountRules(min_rows=1))
    for column in ("count", "count_share", "good", "bad", "bad_rate", "woe", "information_value"):
        np.testing.assert_allclose(weighted[column], repeated[column], rtol=1e-9, err_msg=column)
    assert (weighted["bad_rate_lower"] <= repeated["bad_rate_lower"]).all()  # weights add no information
    both = [
        cr.stability_by(table, x, y, by=quarter, weights=times.astype(float)),
        cr.stability_by(table, *longer[:2], by=longer[2]),
    ]
    for column in ("count", "bad", "bad_rate", "information_value", "gini", "reversals"):
        np.testing.assert_allclose(*(frame[column].astype(float) for frame in both), rtol=1e-9, err_msg=column)


def cells_of(rates: list[float], rows: int = 1000) -> Cells:
    bad = np.round(np.array(rates) * rows)
    return plain_cells(rows - bad, bad)


def test_rank_order_compares_neighbours_in_the_order_of_development() -> None:
    first = cells_of([0.30, 0.10, 0.20, 0.05])
    every = np.ones(4, bool)
    assert rank_order(first, cells_of([0.9, 0.2, 0.3, 0.1]), every, 20) == rank_order(first, first, every, 20)
    broken = rank_order(first, cells_of([0.25, 0.10, 0.27, 0.12]), every, 20)
    assert (broken.kept, broken.reversals) == (False, 2)
    one = np.array([[120, 880], [100, 900]])  # 3 against 1: the test of two proportions, one-sided, times three pairs
    two = np.array([[270, 730], [250, 750]])
    p = [stats.chi2_contingency(counts, correction=False).pvalue / 2 for counts in (one, two)]
    assert broken.p_value == pytest.approx(min(1.0, 3 * min(p)))
    ordinary = np.array([True, True, True, False])
    assert rank_order(first, cells_of([0.3, 0.1, 0.2, 0.9]), ordinary, 20).kept is True
    assert rank_order(first, cells_of([0.3, 0.1, 0.2, 0.9], 10), every, 20).kept is None


def test_chance_levels_hold_their_five_percent(table: BinningTable) -> None:
    """Where development's classing tells nothing of the outcome, and the population is unchanged."""
    random = np.random.default_rng(11)
    beyond = []
    for _ in range(300):
        x = population(int(random.integers(1e6)))[0]
        y = (random.random(ROWS) < 0.2).astype(float)
        first = table.recount(x[1500:], y[1500:])
        row = cr.stability_by(first, x[:1500], y[:1500], by=np.full(1500, "all")).iloc[0]
        beyond.append([row[name] > row[f"{name}_chance_level"] for name in ("information_value", "psi")])
    assert (np.abs(np.mean(beyond, axis=0) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300)).all()


def test_a_lost_order_is_significant_and_an_unlucky_one_is_not(table: BinningTable) -> None:
    x, y, quarter, _ = population(6, effect=-1.0)
    turned = cr.stability_by(table, x, y, by=quarter)
    assert not turned["rank_order_kept"].any()
    assert (turned["reversal_p_value"] < 0.01).all()
    assert (turned["gini_upper"] < 0).all()


def test_intervals_of_weighted_rates_cover(table: BinningTable) -> None:
    """Bins of about 200 rows at a true rate, weights from 0.2 to 3: the bounds hold it in about 95 % of the draws."""
    random, covered = np.random.default_rng(9), []
    x = population(1)[0]
    ids = table.assign(x)
    for _ in range(200):
        y, w = (random.random(ROWS) < 0.3).astype(float), random.uniform(0.2, 3.0, ROWS)
        _, lower, upper = count_cells(ids, y, w, len(table.bins)).rates()
        covered.append((lower <= 0.3) & (upper >= 0.3))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)
    assert wilson_interval([60], [200])[0][0] < 0.3


def test_public_names() -> None:
    assert cr.RecountRules is RecountRules
    assert cr.period_labels(["2024-02-29"], "quarter").tolist() == ["2024-Q1"]
    assert len(set(STABILITY_COLUMNS)) == 15
