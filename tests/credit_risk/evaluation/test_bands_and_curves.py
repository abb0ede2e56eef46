"""Score bands, the score's distribution and the ROC curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation._groups import class_numbers, quantile_edges
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.evaluation.bands import score_band_table, score_distribution
from credit_risk.evaluation.binned import band_edges
from credit_risk.evaluation.curves import roc_curve, roc_table, thin
from credit_risk.evaluation.kolmogorov_smirnov import ks
from credit_risk.evaluation.samples import ScoredSample


def scored(seed: int, rows: int = 3000, digits: int = 0) -> ScoredSample:
    rng = np.random.default_rng(seed)
    risk = rng.normal(-1.0, 1.0, rows)
    p = 1 / (1 + np.exp(-risk))
    y = (rng.random(rows) < p).astype(float)
    return ScoredSample(y, np.round(600 - 28.85 * risk, digits), p, risk)


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=60), st.integers(2, 12))
def test_quantile_edges_leave_no_empty_class(values: list[int], classes: int) -> None:
    x = np.array(values, dtype=float)
    edges = quantile_edges(x, classes)
    counts = np.bincount(class_numbers(x, edges), minlength=len(edges) + 1)
    assert len(counts) <= classes
    assert (counts > 0).all()
    assert set(edges) <= set(x)
    assert len(edges) > 0 or len(set(values)) == 1 or counts.max() >= len(values) / classes


def test_edges_of_distinct_scores_make_equal_bands() -> None:
    x = np.random.default_rng(0).permutation(1000).astype(float)
    assert band_edges(x, 10).tolist() == [100.0 * k for k in range(1, 10)]
    assert len(band_edges([5.0] * 30, 10)) == 0


def test_bands_are_lower_inclusive_and_add_up() -> None:
    development, other = scored(1), scored(2, rows=700)
    edges = band_edges(development.score, 10)
    frame = score_band_table({"development": development, "other": other}, edges)
    for name, sample in (("development", development), ("other", other)):
        part = frame[frame["sample"] == name]
        assert part["band"].tolist() == list(range(1, len(edges) + 2))
        assert part["count"].sum() == len(sample)
        assert (part["good"] + part["bad"] == part["count"]).all()
        for row in part.to_dict("records"):
            low = -np.inf if np.isnan(row["lower"]) else row["lower"]
            high = np.inf if np.isnan(row["upper"]) else row["upper"]
            inside = (sample.score >= low) & (sample.score < high)
            assert row["count"] == inside.sum()
            assert row["bad_rate"] == pytest.approx(sample.y[inside].mean())
            assert row["mean_probability"] == pytest.approx(sample.probability[inside].mean())
            upto = sample.y[sample.score < high].sum() / sample.y.sum()
            assert row["cumulative_bad_share"] == pytest.approx(upto)
            assert row["bad_rate_lower"] <= row["bad_rate"] <= row["bad_rate_upper"]
    assert frame["bad_rate"].iloc[0] > frame["bad_rate"].iloc[9]  # band 1 is the riskiest


def test_empty_band_keeps_its_line_and_weights_count() -> None:
    sample = ScoredSample([1, 0, 0], [1.0, 2.0, 9.0], [0.5, 0.2, 0.1], weights=[3.0, 1.0, 1.0])
    frame = score_band_table({"s": sample}, [5.0, 7.0])
    assert frame["count"].tolist() == [2, 0, 1]
    assert frame["bad_rate"].iloc[0] == 0.75
    assert frame.iloc[1][["bad_rate", "bad_rate_lower", "mean_probability"]].isna().all()
    assert frame["mean_probability"].iloc[0] == pytest.approx((3 * 0.5 + 0.2) / 4)


def test_bands_refuse() -> None:
    sample = scored(1)
    with pytest.raises(CreditRiskError, match="ascend"):
        score_band_table({"s": sample}, [3.0, 2.0])
    with pytest.raises(CreditRiskError, match="without bads"):
        score_band_table({"s": ScoredSample([0, 0], [1, 2], [0.1, 0.2])}, [1.5])
    with pytest.raises(CreditRiskError, match="too few bands"):
        band_edges([1.0, 2.0], 1)
    with pytest.raises(CreditRiskError) as caught:
        ScoredSample([0, 2], [1, None], [0.5, 7.0], weights=[0.0, 1.0])
    assert {fault.path for fault in caught.value.faults} == {"y", "score", "probability", "weights"}


def test_scored_sample_is_frozen() -> None:
    y = np.array([0.0, 1.0])
    sample = ScoredSample(y, [1, 2], [0.1, 0.2])
    y[0] = 1.0
    assert sample.y.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        sample.y[0] = 1.0


@pytest.mark.parametrize("digits", [0, 6])
def test_distribution_sums_to_one_and_counts_rows(digits: int) -> None:
    sample = scored(3, digits=digits)
    frame = score_distribution(sample.y, sample.score)
    for outcome, chosen in (("good", sample.y == 0), ("bad", sample.y == 1)):
        part = frame[frame["outcome"] == outcome]
        assert part["share"].sum() == pytest.approx(1.0)
        assert len(part) <= 40
        width = part["score"].diff().iloc[1]
        middle = part["score"].to_numpy()
        inside = [(abs(sample.score[chosen] - m + 1e-12) < width / 2).mean() for m in middle]
        if digits:
            assert part["share"].to_numpy() == pytest.approx(inside, abs=1e-12)
        else:
            assert width == int(width)


def test_distribution_of_few_whole_scores_and_a_constant() -> None:
    frame = score_distribution([0, 1, 0, 1], [1, 2, 2, 3])
    assert frame.loc[frame["outcome"] == "good", "share"].tolist() == [0.5, 0.5, 0.0]
    assert score_distribution([0, 1], [5, 5])["share"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("seed", range(4))
def test_roc_is_scikit_learns_and_its_area_the_auc(seed: int) -> None:
    sample = scored(seed, rows=500)
    curve = roc_curve(sample.y, -sample.score)
    fpr, tpr, _ = metrics.roc_curve(sample.y, -sample.score, drop_intermediate=False)
    along = curve.false_positive_rate + curve.true_positive_rate  # strictly ascending along the path
    assert np.interp(fpr + tpr, along, curve.true_positive_rate) == pytest.approx(tpr, abs=1e-12)
    ours = set(zip(curve.false_positive_rate, curve.true_positive_rate))
    assert ours <= set(zip(fpr, tpr))
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(auc(sample.y, -sample.score), abs=1e-12)
    at = curve.threshold[5]
    assert curve.true_positive_rate[5] == np.mean(-sample.score[sample.y == 1] >= at)


def test_only_straight_corners_are_dropped() -> None:
    curve = roc_curve([1, 1, 0, 0], [4, 3, 2, 1])
    assert curve.false_positive_rate.tolist() == [0.0, 0.0, 1.0]
    assert curve.true_positive_rate.tolist() == [0.0, 1.0, 1.0]
    assert roc_curve([0, 1], [1, 1]).threshold.tolist() == [np.inf, 1.0]


def test_thinning_keeps_the_shape() -> None:
    sample = scored(9, rows=30000, digits=9)
    full = roc_curve(sample.y, sample.risk)
    curve = thin(full, 500)
    assert 400 < len(curve.threshold) <= 500 < len(full.threshold)
    whole = set(zip(full.false_positive_rate, full.true_positive_rate))
    assert set(zip(curve.false_positive_rate, curve.true_positive_rate)) <= whole
    assert (curve.false_positive_rate[0], curve.true_positive_rate[0]) == (0.0, 0.0)
    assert (curve.false_positive_rate[-1], curve.true_positive_rate[-1]) == (1.0, 1.0)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(auc(sample.y, sample.risk), abs=2e-4)
    gap = np.max(np.abs(curve.true_positive_rate - curve.false_positive_rate))
    assert gap == pytest.approx(ks(sample.y, sample.risk).statistic, abs=1e-12)
    between = np.interp(full.false_positive_rate, curve.false_positive_rate, curve.true_positive_rate)
    assert np.max(np.abs(between - full.true_positive_rate)) < 3 * 2 / 500
    table = roc_table({"development": (sample.y, sample.risk)})
    assert len(table) == len(curve.threshold)
    assert "corners are shown" in table.attrs["notes"][-1]
