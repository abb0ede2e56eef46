"""A narrowed range is no fall: development's AUC among scores as those of production, by simulation and by counting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.monitoring.drift.columns import MOVED_COLUMNS
from credit_risk.monitoring.drift.moved import GAP_COLUMNS, moved_frame
from credit_risk.monitoring.performance.against_development import DEVELOPMENT_COLUMNS, against_development
from credit_risk.monitoring.performance.labels import labels_of_months
from credit_risk.monitoring.performance.like_for_like import (
    LIKE_COLUMNS,
    HeldOut,
    development_like,
    like_frame,
    like_weights,
)
from credit_risk.monitoring.performance.metric_values import performance_values
from credit_risk.monitoring.performance.vintages import performance_table

CENTRE, SPREAD = -1.8, 1.1


def people(rng: np.random.Generator, rows: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Scores (log-odds of bad) and outcomes; slope below 1: the order of risk has become weaker."""
    risk = rng.normal(CENTRE, SPREAD, rows)
    return risk, rng.random(rows) < expit(CENTRE + slope * (risk - CENTRE))


def looked_at(seed: int, *, slope: float = 1.0, overridden: float = 0.0) -> tuple[float, float]:
    """z of the AUC of accepts (the better 60 %, and a share of the others) against development: as it stands, alike."""
    rng = np.random.default_rng(seed)
    risk, bad = people(rng, 3000)
    own, late = people(rng, 2500, slope)
    accepted = (own <= CENTRE + SPREAD * stats.norm.ppf(0.6)) | (rng.random(len(own)) < overridden)
    own, late = own[accepted], late[accepted]
    area, plain = delong_interval(late.astype(float), own), delong_interval(bad.astype(float), risk)
    like = development_like(bad, risk, own)
    return (
        (area.auc - plain.auc) / np.hypot(area.standard_error, plain.standard_error),
        (area.auc - like.auc) / np.hypot(area.standard_error, like.standard_error),
    )


@pytest.mark.parametrize("overridden", [0.0, 0.05])
def test_a_model_that_works_as_developed_is_not_told_to_have_fallen(overridden: float) -> None:
    """Level 5 % two-sided, 250 seeds: at most so many calls as the binomial reaches in one of 1,000 tests."""
    z = np.array([looked_at(seed, overridden=overridden) for seed in range(250)])
    most = stats.binom.ppf(0.999, 250, 0.05)
    assert (np.abs(z[:, 1]) > 1.96).sum() <= most
    assert abs(z[:, 1].mean()) < 0.25  # 4 standard errors of the mean of 250
    assert (z[:, 0] < -1.96).mean() > 0.7  # held against all of development's scores it is told to have fallen


def test_an_order_that_did_fail_is_found_in_the_narrow_range() -> None:
    z = np.array([looked_at(seed, slope=0.3)[1] for seed in range(100)])
    assert (z < -1.96).mean() > 0.85


def test_weights_give_development_the_scores_of_production() -> None:
    rng = np.random.default_rng(2)
    risk, _ = people(rng, 4000)
    own = people(rng, 3000)[0]
    own = own[own < -1.5]
    w = like_weights(risk, own)
    assert (w[(risk < own.min()) | (risk > own.max())] == 0).all()
    assert w.sum() == pytest.approx((w > 0).sum())
    share = np.cumsum(w[np.argsort(risk)]) / w.sum()
    place = np.searchsorted(np.sort(own), np.sort(risk), side="right") / len(own)
    assert np.abs(share - place).max() < 0.03
    assert np.average(risk, weights=w) == pytest.approx(own.mean(), abs=0.01)


def test_in_the_range_of_development_itself_nothing_is_weighted() -> None:
    risk, bad = people(np.random.default_rng(3), 2000)
    assert np.allclose(like_weights(risk, risk), 1.0)
    found = development_like(bad, risk, risk)
    assert found.auc == pytest.approx(roc_auc_score(bad, risk), abs=1e-12)
    assert (found.rows, found.bad, found.unused, found.outside) == (2000, bad.sum(), 0.0, 0.0)


def test_the_level_of_development_in_the_range() -> None:
    """A model whose probabilities are too near the mean: the level is right over all scores and not among the best."""
    rng = np.random.default_rng(8)
    risk, bad = people(rng, 4000)
    probability = 0.5 * expit(risk) + 0.5 * expit(risk).mean()
    own = people(rng, 3000)[0]
    whole = development_like(bad, risk, own, None, probability)
    assert whole.ratio == pytest.approx(1.0, abs=4 * whole.ratio_error)
    own = own[own < -2.0]
    among = development_like(bad, risk, own, None, probability)
    truth = expit(own).mean() / (0.5 * expit(own) + 0.5 * expit(risk).mean()).mean()
    assert truth < 0.7
    assert np.log(among.ratio / truth) == pytest.approx(0.0, abs=3 * among.ratio_error)
    draws = [
        np.log(development_like(bad[k], risk[k], own, None, probability[k]).ratio)
        for k in (rng.integers(0, 4000, 4000) for _ in range(200))
    ]
    assert np.std(draws) == pytest.approx(among.ratio_error, rel=0.2)


def test_scores_that_development_never_had() -> None:
    risk, bad = people(np.random.default_rng(4), 1000)
    found = development_like(bad, risk, np.linspace(risk.max() + 1, risk.max() + 2, 500))
    assert (found.rows, found.outside) == (0, 1.0)
    assert np.isnan(found.auc)
    with pytest.raises(CreditRiskError, match="no scores to compare"):
        development_like(bad, risk, np.array([np.nan]))


def test_the_table_and_what_rules_are_held_against() -> None:
    rng = np.random.default_rng(5)
    risk, bad = people(rng, 3000)
    own, late = people(rng, 3000)
    own, late = own[own < -1.5], late[own < -1.5]
    plain = delong_interval(bad.astype(float), risk)
    development = pd.DataFrame([("all", 12.0, "auc", plain.auc, plain.standard_error)], columns=DEVELOPMENT_COLUMNS)
    labels = labels_of_months(np.where(late, 3.0, 12.0), late, 12.0)
    compared = against_development(performance_table(labels, own, ["2026-01"] * len(own)), development)
    held = HeldOut(bad, {"linear_score": risk}, None, "out_of_sample")
    found = {period: development_like(bad, risk, own) for period in ("2026-01", "all")}
    like = like_frame(compared, found, held, "linear_score", window=12.0, least_bads=100)
    assert list(like.columns) == LIKE_COLUMNS
    row = like.set_index("period").loc["2026-01"]
    assert row["range_effect"] < -0.05
    assert row["verdict"] == "no difference"
    assert compared.query("measure == 'auc' and period == '2026-01'")["verdict"].item() == "worse"
    values = performance_values(compared, 12.0, like=like).query("metric == 'auc_drop' and period == '2026-01'")
    assert values["value"].item() == -row["difference"]
    assert not values["beyond_chance"].item()
    few = like_frame(compared, found, held, "linear_score", window=12.0, least_bads=10_000)
    assert set(few["status"]) == {"not evaluable"}
    assert "in the range of these scores, fewer than 10000" in few["reason"].iloc[0]


def gaps(z: np.ndarray) -> pd.DataFrame:
    names = ("ranking", "calibration", "calibration")
    rows = [
        (f"{k:04d}", "all", name, value, 1.0, 0.0, "") for k, own in enumerate(z) for name, value in zip(names, own)
    ]
    return pd.DataFrame(rows, columns=GAP_COLUMNS)


def test_three_measures_together_keep_the_level() -> None:
    """1 % of periods though three tests are made: 4,000 periods, at most what the binomial reaches in 1 of 1,000."""
    found = moved_frame(gaps(np.random.default_rng(6).normal(size=(4000, 3))), level=0.01)
    assert list(found.columns) == MOVED_COLUMNS
    told = found.groupby("period")["moved"].any().sum()
    assert stats.binom.ppf(0.001, 4000, 0.01) <= told <= stats.binom.ppf(0.999, 4000, 0.01)


def test_small_gaps_do_not_count_and_unknown_ones_are_unknown() -> None:
    own = gaps(np.array([[9.0, 0.0, np.nan], [np.nan, np.nan, np.nan]])).assign(least=10.0)
    found = moved_frame(own).set_index(["period", "measure"])["moved"]
    assert found["0000", "ranking"] is False
    assert found["0001", "ranking"] is None
    assert moved_frame(own.assign(least=9.0)).iloc[0]["moved"] is True
