"""Classing of whole columns: specials, missing, categories, recounts through pandas."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from credit_risk.binning.classing import Trend, class_categorical, class_frame, class_numeric, mined_trend
from credit_risk.binning.coarse import trend_holds
from credit_risk.binning.report import gini_of_bins, summary_frame
from credit_risk.binning.sorted_column import sorted_column
from credit_risk.binning.spec import ClassingSpec

SPEC = ClassingSpec()


@pytest.fixture(scope="module")
def portfolio() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(7)
    n = 6000
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - x))).astype(float)
    x[rng.random(n) < 0.05] = np.nan
    x[rng.random(n) < 0.04] = -9.0
    c = pd.Series(rng.choice(["a", "b", "c", "d, e"], n), dtype=object)
    c[rng.random(n) < 0.03] = None
    return pd.DataFrame({"x": x, "c": c}), y


def test_bins_recount_the_rows(portfolio: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = portfolio
    table = class_numeric("x", frame["x"].to_numpy(), y, settings=SPEC, specials=(-9.0,))
    frame_of = table.frame().set_index("bin_id")
    ids = table.assign(frame["x"].to_numpy())
    np.testing.assert_array_equal(frame_of["count"], np.bincount(ids, minlength=len(table.bins)))
    np.testing.assert_array_equal(frame_of["bad"], np.bincount(ids, y, len(table.bins)))
    special = next(b for b in table.bins if b.kind == "special")
    missing = next(b for b in table.bins if b.kind == "missing")
    assert frame_of.loc[special.id, "count"] == (frame["x"] == -9).sum()
    assert frame_of.loc[missing.id, "count"] == frame["x"].isna().sum()
    regular = frame_of[frame_of["kind"] == "interval"]
    assert trend_holds(regular["bad_rate"].to_numpy(), "ascending")
    assert (regular["count_share"] >= SPEC.min_share).all()


def test_declared_trend_binds(portfolio: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = portfolio
    against = class_numeric(
        "x", frame["x"].to_numpy(), y, settings=SPEC, specials=(-9.0,), trend=Trend("descending", "plan")
    )
    rates = against.frame().query("kind == 'interval'")["bad_rate"].to_numpy()
    assert trend_holds(rates, "descending")
    assert against.trend_source == "plan"


def test_categories_cover_every_value_once(portfolio: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = portfolio
    table = class_categorical("c", frame["c"].to_numpy(object), y, settings=SPEC)
    values = [v for b in table.bins for v in b.values]
    assert sorted(values) == ["a", "b", "c", "d, e"]
    kinds = [b.kind for b in table.bins]
    assert kinds.count("missing") == 1
    assert kinds.count("unseen") == 1
    unseen = table.assign(np.array(["never seen"], object))[0]
    assert table.bins[unseen].kind == "unseen"
    assert table.result.woe[unseen] == 0.0


def test_gini_of_bins_equals_gini_of_rows(portfolio: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = portfolio
    table = class_numeric("x", frame["x"].to_numpy(), y, settings=SPEC, specials=(-9.0,))
    woe = table.transform(frame["x"].to_numpy())
    assert gini_of_bins(table) == pytest.approx(2 * roc_auc_score(y, -woe) - 1, abs=1e-12)


def test_summary_is_sorted_by_information_value(portfolio: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = portfolio
    summary = summary_frame(class_frame(frame, y, settings=SPEC, specials={"x": (-9.0,)}))
    assert summary["information_value"].is_monotonic_decreasing
    assert set(summary["kind"]) == {"numeric", "categorical"}


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_mined_trend_is_the_sign_of_the_rank_correlation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 8, 200).astype(float)
    y = (rng.random(200) < 0.2 + 0.04 * rng.integers(-4, 5) * x / 8).astype(float)
    if 0 < y.sum() < 200 and np.ptp(x) > 0:
        rho = spearmanr(x, y).statistic
        if abs(rho) > 1e-9:
            assert mined_trend(sorted_column(x, y)).name == ("ascending" if rho > 0 else "descending")


def test_labels_never_collide() -> None:
    rng = np.random.default_rng(3)
    x = 1 + rng.random(4000) * 1e-9
    y = (rng.random(4000) < 0.2 + 0.3 * (x > np.median(x))).astype(float)
    labels = [b.label for b in class_numeric("x", x, y, settings=SPEC).bins]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("column", [np.full(50, np.nan), np.full(50, -9.0)])
def test_all_missing_and_all_special_have_no_information(column: np.ndarray) -> None:
    y = np.r_[np.zeros(30), np.ones(20)]
    table = class_numeric("x", column, y, settings=SPEC, specials=(-9.0,))
    assert table.information_value == pytest.approx(0.0, abs=1e-12)


def test_rare_categories_are_pooled_before_they_are_ordered() -> None:
    """Five hundred categories of noise: ordered one by one they would look informative."""
    rng = np.random.default_rng(9)
    values = np.array([f"c{i}" for i in rng.integers(0, 500, 5000)], object)
    y = (rng.random(5000) < 0.2).astype(float)
    pooled = class_categorical("c", values, y, settings=SPEC)
    fitted = class_categorical("c", values, y, settings=ClassingSpec(rare_share=0.0))
    assert pooled.information_value < 0.01
    assert fitted.information_value > 0.2
    assert sorted(v for b in pooled.bins for v in b.values) == sorted(set(values))


def test_fine_gini_of_a_perfect_separator_is_one() -> None:
    y = np.r_[np.zeros(500), np.ones(300)]
    table = class_numeric("x", np.arange(800.0), y, settings=ClassingSpec(max_prebins=16))
    assert table.fine_gini == pytest.approx(1.0, abs=0.02)
    values = np.where(y == 1, 2.0, 1.0)
    assert class_numeric("x", values, y, settings=SPEC).fine_gini == 1.0


def test_the_table_under_the_names_of_optbinning_is_its_table() -> None:
    optbinning = pytest.importorskip("optbinning")
    rng = np.random.default_rng(8)
    x = np.where(rng.random(4000) < 0.05, np.nan, rng.normal(size=4000))
    y = (rng.random(4000) < 1 / (1 + np.exp(1.2 - np.nan_to_num(x)))).astype(float)
    spec = ClassingSpec(max_bins=5)
    ours = class_frame(pd.DataFrame({"x": x}), y, settings=spec)["x"]
    cuts = [b.lower for b in ours.bins if b.kind == "interval" and b.lower is not None]
    solver = optbinning.OptimalBinning(user_splits=cuts, user_splits_fixed=[True] * len(cuts), monotonic_trend=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optbinning's own, of pandas
        theirs = solver.fit(x, y.astype(int)).binning_table.build()
    found = ours.optbinning_frame()
    assert list(found.columns) == list(theirs.columns)
    theirs = theirs[theirs["Bin"] != "Special"]
    assert found["Bin"].tolist()[-2:] == ["missing", ""]
    assert found.index[-1] == theirs.index[-1] == "Totals"
    for column in theirs.columns[1:-2]:
        wanted = pd.to_numeric(theirs[column], errors="coerce").to_numpy(float)
        np.testing.assert_allclose(found[column].to_numpy(float), wanted, rtol=1e-12, err_msg=column)
    for column in ("IV", "JS"):
        np.testing.assert_allclose(found[column].to_numpy(float), theirs[column].to_numpy(float), rtol=1e-9)
    assert found.attrs["notes"] == ours.frame().attrs["notes"]
    assert "goods / share of bads" in found.attrs["notes"][0]
