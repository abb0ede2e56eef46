"""Declared trends: confirmed, contradicted, or neither; the same bins counted on other rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from credit_risk.binning.classing import Trend, class_numeric
from credit_risk.binning.expectation import expectation_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable


def made(slope: float, trend: str, seed: int = 1, n: int = 6000) -> tuple[BinningTable, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - slope * x))).astype(float)
    x[:50], x[50:100] = np.nan, -9.0
    table = class_numeric("x", x, y, settings=ClassingSpec(), specials=(-9.0,), trend=Trend(trend, "plan"))
    return table, x, y


@pytest.mark.parametrize(
    ("slope", "trend", "verdict"),
    [
        (0.8, "ascending", "confirmed"),
        (0.8, "descending", "contradicted by the data"),
        (-0.8, "descending", "confirmed"),
    ],
)
def test_the_data_confirm_or_contradict(slope: float, trend: str, verdict: str) -> None:
    table, x, y = made(slope, trend)
    row = expectation_frame({"x": trend}, {"x": table}, {"x": x}, y, 0.95).iloc[0]
    known = np.isfinite(x) & (x != -9)
    bad, good = x[known & (y == 1)], x[known & (y == 0)]
    area = mannwhitneyu(bad, good).statistic / (len(bad) * len(good))
    assert row["verdict"] == verdict
    assert row["auc"] == pytest.approx(area if trend == "ascending" else 1 - area, abs=1e-12)


def test_noise_confirms_nothing_more_often_than_chance() -> None:
    verdicts = []
    for seed in range(200):
        table, x, y = made(0.0, "ascending", seed, n=800)
        verdicts.append(expectation_frame({"x": "ascending"}, {"x": table}, {"x": x}, y, 0.95)["verdict"].iloc[0])
    told = np.mean([v != "neither confirmed nor contradicted" for v in verdicts])
    assert told == pytest.approx(0.05, abs=0.045)


def test_recount_moves_no_bin() -> None:
    table, x, y = made(0.8, "ascending")
    _, x2, y2 = made(0.8, "ascending", seed=2)
    again = table.recount(x2, y2)
    assert again.bins == table.bins
    ids = table.assign(x2)
    np.testing.assert_array_equal(again.bad, np.bincount(ids, y2, len(table.bins)))
    same = table.recount(x, y)
    np.testing.assert_array_equal(same.result.woe, table.result.woe)
