"""Support against statsmodels, scipy, and cases that are seen at a glance."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.spatial.distance import cdist

from credit_risk._core.errors import CreditRiskError
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.support import (
    COLUMNS,
    JOINT_COLUMNS,
    joint_support_table,
    leverage,
    mahalanobis,
    support_table,
)
from tests.credit_risk.reject_inference.four_worlds import world


def test_leverage_is_that_of_the_fit():
    one = world("mar", 500, 1, weights=np.random.default_rng(2).integers(1, 4, 500))
    known = one.decided.known
    fit = sm.GLM(
        one.bad[known],
        sm.add_constant(one.x[known]),
        family=sm.families.Binomial(),
        freq_weights=one.decided.weights[known],
    ).fit(tol=1e-14)
    p = 1 / (1 + np.exp(-sm.add_constant(one.x) @ fit.params))
    found = leverage(one.decided, one.x, p)
    design = sm.add_constant(one.x)
    np.testing.assert_allclose(found, np.einsum("ij,jk,ik->i", design, fit.cov_params(), design), rtol=1e-6)
    plain = Decided(one.decided.y, one.accepted)
    hat = sm.GLM(one.bad[known], design[known], family=sm.families.Binomial()).fit(tol=1e-14)
    q = 1 / (1 + np.exp(-design @ hat.params))
    expected = hat.get_influence().hat_matrix_diag
    np.testing.assert_allclose((leverage(plain, one.x, q) * q * (1 - q))[known], expected, rtol=1e-6)


def test_distance_is_mahalanobis():
    one = world("mar", 400, 2)
    known = one.decided.known
    inverse = np.linalg.inv(np.cov(one.x[known].T, bias=True))
    expected = cdist(one.x, one.x[known].mean(axis=0)[None], "mahalanobis", VI=inverse)[:, 0] ** 2
    np.testing.assert_allclose(mahalanobis(one.decided, one.x), expected, rtol=1e-9)


def test_characteristics_tell_who_is_outside():
    y = [0, 1, 0, 1, np.nan, np.nan, np.nan, np.nan, np.nan]
    decided = Decided(y, [1, 1, 1, 1, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 2, 3, 4, 9])
    values = {
        "age": [20.0, 30, 40, 50, 19, 51, np.nan, 35, 99],
        "job": ["a", "b", "a", "b", "a", "c", None, "b", "z"],
        "debt": [1.0, np.nan, 3, 4, np.nan, 2, 2, 2, np.nan],
    }
    table = support_table(decided, values, {"debt": ["u", "u", "u", "v", "u", "v", "w", "w", "w"]}).set_index(
        "characteristic"
    )
    assert list(support_table(decided, values).columns) == COLUMNS
    age, job, debt = (table.loc[name] for name in values)
    assert (age["known_least"], age["known_greatest"]) == (20.0, 50.0)
    assert (age["rejected_below"], age["rejected_above"]) == pytest.approx((0.1, 0.2))
    assert age["rejected_missing_unseen"] == pytest.approx(0.3)
    assert age["rejected_outside"] == pytest.approx(0.6)
    assert age["verdict"] == "extrapolation"
    assert job["kind"] == "category"
    assert job["rejected_unseen"] == pytest.approx(0.2)
    assert job["rejected_missing_unseen"] == pytest.approx(0.3)
    assert debt["rejected_missing_unseen"] == 0.0
    assert (debt["bins"], debt["sparse_bins"]) == (3, 3)
    assert debt["rejected_in_sparse"] == 1.0


def test_bins_with_enough_known_outcomes_are_not_sparse():
    accepted = np.repeat([1, 0], 50)
    decided = Decided(np.where(accepted, np.arange(100) % 2, np.nan), accepted)
    bins = np.where(np.arange(100) % 50 < 30, "often", "seldom")
    table = support_table(decided, {"x": np.arange(100) % 50}, {"x": bins})
    assert table["sparse_bins"][0] == 1
    assert table["rejected_in_sparse"][0] == pytest.approx(0.4)


def test_rejected_far_away_are_extrapolation_jointly_though_not_alone():
    random = np.random.default_rng(3)
    a = random.normal(size=2_000)
    known = np.column_stack([a, a + 0.1 * random.normal(size=2_000)])
    rejected = np.column_stack([a[:500], -a[:500]])
    x = np.vstack([known, rejected])
    accepted = np.repeat([1, 0], [2_000, 500])
    bad = (random.random(2_500) < 0.2).astype(float)
    decided = Decided(np.where(accepted == 1, bad, np.nan), accepted)
    alone = support_table(decided, {"a": x[:, 0], "b": x[:, 1]})
    assert set(alone["verdict"]) == {"inside"}
    table = joint_support_table(decided, x, np.full(2_500, 0.2)).set_index("measure")
    assert list(table.reset_index().columns) == JOINT_COLUMNS
    assert table["verdict"].to_dict() == {"risk": "inside", "distance": "extrapolation", "leverage": "extrapolation"}
    assert table["rejected_beyond_greatest"]["leverage"] > 0.5


def test_bad_input_is_told_at_once():
    one = world("mar", 100, 4)
    with pytest.raises(CreditRiskError, match="combination of others"):
        joint_support_table(one.decided, np.column_stack([one.x, one.x[:, 0]]), one.probability)
    with pytest.raises(CreditRiskError, match="missing or infinite"):
        joint_support_table(one.decided, np.where(one.x > 2, np.nan, one.x), one.probability)
    with pytest.raises(CreditRiskError) as told:
        support_table(one.decided, {"a": np.zeros(99), "b": np.zeros((100, 2))}, {"a": np.zeros(3)})
    assert [fault.path for fault in told.value.faults] == ["a", "b", "bins of a"]
