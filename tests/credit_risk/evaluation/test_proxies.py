"""Predictors and inputs that tell protected groups: against scipy and scikit-learn, planted proxies, weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats.contingency import association as scipy_association
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score, roc_auc_score

from credit_risk._core.evidence import table
from credit_risk.evaluation.proxies import BOTH, NOT_TOLD, PROXY, ProxySample, association, noncentrality, proxy_table
from credit_risk.evaluation.proxy_models import folds_in_turn, proxy_model_table, ridge_logistic

GROUPS = {"SEX": ("f", "m")}


def planted(seed: int, rows: int = 4000, weights: bool = False) -> ProxySample:
    """`only` tells the group and nothing else, `both` the group and bad, `fair` bad alone, `noise` nothing."""
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, rows)
    only = np.where(rng.random(rows) < 0.8, sex, 1 - sex) + 2 * rng.integers(0, 2, rows)
    both = np.clip(np.round(rng.normal(2 + 1.2 * sex, 1.0)), 0, 4).astype(int)
    fair, noise = rng.integers(0, 5, rows), rng.integers(0, 4, rows)
    risk = -1.0 + 0.5 * (both - 2) + 0.4 * (fair - 2)
    y = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(float)
    w = rng.uniform(0.5, 2.0, rows) if weights else None
    return ProxySample(y, {"SEX": sex}, {"only": only, "both": both, "fair": fair, "noise": noise}, w)


def test_association_is_that_of_scipy_and_scikit_learn() -> None:
    counts = np.array([[30, 10, 5], [12, 40, 9], [20, 21, 33], [0, 0, 0]])
    found, kept = association(counts.astype(float)), counts[:3]
    chi = stats.chi2_contingency(kept, correction=False)
    assert (found.statistic, found.degrees) == (pytest.approx(chi.statistic), chi.dof)
    assert found.p_value == pytest.approx(chi.pvalue)
    plain = scipy_association(kept, method="cramer")
    assert found.cramers_v == pytest.approx(math.sqrt(plain**2 - chi.dof / (kept.sum() * 2)))
    rows, columns = np.nonzero(np.ones_like(kept))
    information = mutual_info_score(np.repeat(rows, kept.ravel()), np.repeat(columns, kept.ravel()))
    assert found.mutual_information == pytest.approx(information - chi.dof / (2 * kept.sum()))
    assert found.lower < found.cramers_v < found.upper
    assert math.isnan(association(np.array([[3.0, 4.0]])).cramers_v)


def test_bounds_of_the_information_are_those_of_the_delta_method() -> None:
    table = np.array([[30.0, 10, 5], [12, 40, 9], [20, 21, 33]])
    n, found = table.sum(), association(table)

    def information(counts: np.ndarray) -> float:
        p = counts / counts.sum()
        margins = np.outer(p.sum(axis=1), p.sum(axis=0))
        return float(np.sum(p * np.log(p / margins)))

    step = 1e-5
    slopes = np.array([information(table + step * (np.arange(9).reshape(3, 3) == i)) for i in range(9)])
    slopes = (slopes - information(table)) / step * n  # influence of one more row in each cell
    variance = float(np.sum(table / n * slopes.reshape(3, 3) ** 2)) / n + found.degrees / (2 * n**2)
    half = 1.959963984540054 * math.sqrt(variance)
    assert found.information_upper - found.mutual_information == pytest.approx(half, rel=1e-4)
    assert found.information_lower == pytest.approx(max(found.mutual_information - half, 0.0), rel=1e-3)
    assert math.isnan(association(np.array([[3.0, 4.0]])).information_upper)


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.5, 2.0])
def test_bounds_of_the_information_cover(strength: float) -> None:
    rng = np.random.default_rng(5)
    p = np.exp(strength * np.outer(np.linspace(-1, 1, 6), [-1.0, 0.2, 0.8]))
    p *= rng.dirichlet(np.full(6, 5.0))[:, None]
    p /= p.sum()
    true = float(np.sum(p * np.log(p / np.outer(p.sum(axis=1), p.sum(axis=0)))))
    tables = rng.multinomial(1200, p.ravel(), 400).reshape(400, 6, 3).astype(float)
    found = [association(one, 0.9) for one in tables]
    hits = sum(one.information_lower <= true + 1e-12 <= one.information_upper for one in found)
    assert hits >= 0.865 * 400  # 3 standard errors below 0.9 is 0.855; where nothing is told, nearly all cover
    assert strength < 0.5 or hits <= 0.945 * 400


def test_bounds_of_the_noncentrality_cover() -> None:
    rng = np.random.default_rng(1)
    draws = stats.ncx2.rvs(6, 20.0, size=400, random_state=rng)
    hits = sum(low <= 20.0 <= high for low, high in (noncentrality(float(x), 6, 0.9) for x in draws))
    assert 0.86 <= hits / 400 <= 0.94
    assert noncentrality(0.1, 6, 0.95) == (0.0, 0.0)


@pytest.mark.parametrize("weights", [False, True])
def test_planted_proxies_are_told_apart(weights: bool) -> None:
    samples = {"development": planted(60, weights=weights), "out_of_sample": planted(61, weights=weights)}
    frame = proxy_table(samples, GROUPS, jurisdictions={"SEX": ("eu",)})
    told = frame.set_index(["sample", "predictor"])["verdict"]
    assert told["out_of_sample"].to_dict() == {"only": PROXY, "both": BOTH, "fair": NOT_TOLD, "noise": NOT_TOLD}
    # on development the bins are in the order of their own bad rates, which flatters what they tell of bad
    assert told["development"]["both"] == BOTH
    assert (told["development"][["fair", "noise"]] == NOT_TOLD).all()
    assert set(frame["jurisdiction"]) == {"eu"}
    table("fairness.proxies", frame)
    row = frame.set_index(["sample", "predictor"]).loc[("out_of_sample", "only")]
    base, held = samples["development"], samples["out_of_sample"]
    w = np.ones(4000) if base.weights is None else base.weights
    share = [
        np.average(base.groups["SEX"][base.bins["only"] == k] == 0, weights=w[base.bins["only"] == k]) for k in range(4)
    ]
    if row["group"] == "m":
        share = [1 - s for s in share]
    target = held.groups["SEX"] == (0 if row["group"] == "f" else 1)
    expected = roc_auc_score(target, np.array(share)[held.bins["only"]], sample_weight=held.weights)
    assert row["auc"] == pytest.approx(expected, abs=1e-10)


def test_weights_of_one_are_no_weights_and_few_rows_are_not_evaluable() -> None:
    plain = planted(4, 600)
    weighted = ProxySample(plain.y, plain.groups, plain.bins, np.ones(600))
    frames = [proxy_table({"development": one}, GROUPS) for one in (plain, weighted)]
    pd.testing.assert_frame_equal(*frames)
    told = proxy_table({"development": plain}, GROUPS, min_rows=601)
    assert set(told["result"]) == {"not evaluable"}


def test_the_classifier_of_all_inputs() -> None:
    samples = {"development": planted(5), "out_of_sample": planted(6)}
    frame = proxy_model_table(samples, GROUPS, ("only", "fair", "noise"))
    table("fairness.proxy_models", frame)
    assert set(frame["result"]) == {"review"}
    assert frame["auc"].between(0.77, 0.83).all()
    none = proxy_model_table(samples, GROUPS, ("fair", "noise"))
    assert set(none["result"]) == {"pass"}
    assert none["auc"].between(0.45, 0.55).all()


def test_rows_that_two_optimisers_may_order_differently_tie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two inputs alike in all but their order: rows (i, j) and (j, i) have one risk but for last bits."""
    rng = np.random.default_rng(9)
    one, other = rng.integers(0, 4, (2, 900))
    sex = (rng.random(900) < (1 + one + other) / 9).astype(int)
    both = {"a": np.concatenate([one, other]), "b": np.concatenate([other, one])}
    sample = ProxySample(np.zeros(1800), {"SEX": np.tile(sex, 2)}, both, None)
    samples = {"development": sample, "out_of_sample": sample}
    plain = proxy_model_table(samples, GROUPS, ("a", "b"))

    def elsewhere(*arguments: Any) -> Any:
        return ridge_logistic(*arguments) * (1 + np.array([0.0, 3e-13, -3e-13]))

    monkeypatch.setattr("credit_risk.evaluation.proxy_models.ridge_logistic", elsewhere)
    pd.testing.assert_frame_equal(proxy_model_table(samples, GROUPS, ("a", "b")), plain, check_exact=True)
    monkeypatch.setattr("credit_risk.evaluation.proxy_models.PLACES", 17)
    assert not proxy_model_table(samples, GROUPS, ("a", "b")).equals(plain), "without rounding the order counts"


def test_ridge_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(7)
    x, w = rng.normal(size=(300, 3)), rng.uniform(0.5, 2.0, 300)
    y = (rng.random(300) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    beta = ridge_logistic(np.column_stack([np.ones(300), x]), y, w)
    model = LogisticRegression(C=1.0, tol=1e-12, max_iter=1000).fit(x, y, sample_weight=w)
    assert beta == pytest.approx([model.intercept_[0], *model.coef_[0]], abs=1e-6)


def test_clusters_stay_in_one_fold() -> None:
    clusters = np.array([7, 7, 3, 9, 3, 1, 7])
    assert folds_in_turn(7, clusters).tolist() == [0, 0, 1, 2, 1, 0, 0]
    assert folds_in_turn(4, None).tolist() == [0, 1, 2, 0]
