"""Overlap against counting, against repeated rows, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.reject_inference import Decided, reweighting
from credit_risk.reject_inference.overlap import (
    BALANCE_COLUMNS,
    BAND_COLUMNS,
    COLUMNS,
    balance_table,
    measure_overlap,
    overlap_bands,
    overlap_table,
)
from credit_risk.reject_inference.thresholds import MEANINGS, Thresholds, threshold_table
from tests.credit_risk.reject_inference.four_worlds import NAMES, world


def test_measures_are_those_of_counting():
    y = np.array([0, 1, 0, 1, np.nan, np.nan, np.nan, np.nan])
    accepted = np.array([1, 1, 1, 1, 1, 0, 0, 0])
    w = np.array([1.0, 2, 1, 3, 1, 2, 1, 1])
    p = np.array([0.9, 0.8, 0.01, 0.4, 0.6, 0.3, 0.005, 0.7])
    decided = Decided(y, accepted, w)
    found = measure_overlap(decided, p, floor=0.02)
    pairs = [
        (wi * wj, 1.0 if pi > pj else 0.5 if pi == pj else 0.0)
        for wi, pi, a in zip(w, p, accepted, strict=True)
        for wj, pj, b in zip(w, p, accepted, strict=True)
        if a and not b
    ]
    mass, won = np.array(pairs).T
    assert found.auc.auc == pytest.approx(mass @ won / mass.sum())
    assert found.rejected_share == pytest.approx(4 / 12)
    assert found.below_floor == pytest.approx(1 / 4)
    assert found.below_known == pytest.approx(1 / 4)
    inverse = np.array([1 / 0.9, 2 / 0.8, 1 / 0.02, 3 / 0.4])
    assert found.effective_rows == pytest.approx(inverse.sum() ** 2 / np.square(inverse).sum())
    assert found.largest_weight_share == pytest.approx(50 / inverse.sum())
    assert found.trimmed_share == pytest.approx(1 / 7)
    assert found.effective_rows == pytest.approx(reweighting(decided, p, floor=0.02).effective_rows)


def test_whole_weights_are_repeated_rows():
    one = world("mar", 400, 3)
    times = np.random.default_rng(1).integers(1, 4, 400)
    weighted = Decided(one.decided.y, one.accepted, times)
    again = np.repeat(np.arange(400), times)
    repeated = Decided(one.decided.y[again], one.accepted[again])
    p = one.acceptance
    shares = ["share", "acceptance_rate", "mean_acceptance", "bad_rate"]
    np.testing.assert_allclose(
        overlap_bands(weighted, p)[shares], overlap_bands(repeated, p[again])[shares], rtol=1e-12, equal_nan=True
    )
    first = balance_table(weighted, p, dict(zip(NAMES, one.x.T, strict=True)))
    second = balance_table(repeated, p[again], dict(zip(NAMES, one.x[again].T, strict=True)))
    np.testing.assert_allclose(first.iloc[:, 1:-1], second.iloc[:, 1:-1], rtol=1e-10, atol=1e-13)
    a, b = measure_overlap(weighted, p), measure_overlap(repeated, p[again])
    for name in ("below_floor", "below_known", "below_percentile", "trimmed_share", "rejected_share"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-15), name
    assert a.auc.auc == pytest.approx(b.auc.auc, rel=1e-12)


def test_repeated_applicants_are_not_taken_for_new_ones():
    one = world("mar", 600, 4)
    twice = np.tile(np.arange(600), 2)
    plain = measure_overlap(one.decided, one.acceptance).auc
    naive = measure_overlap(Decided(one.decided.y[twice], one.accepted[twice]), one.acceptance[twice]).auc
    known = Decided(one.decided.y[twice], one.accepted[twice], clusters=twice)
    clustered = measure_overlap(known, one.acceptance[twice]).auc
    assert clustered.standard_error == pytest.approx(plain.standard_error, rel=0.01)
    assert naive.standard_error < 0.75 * plain.standard_error
    bands = (overlap_bands(known, one.acceptance[twice]), overlap_bands(one.decided, one.acceptance))
    np.testing.assert_allclose(bands[0]["bad_rate_upper"], bands[1]["bad_rate_upper"], rtol=1e-9, equal_nan=True)


def test_bands_hold_everyone_once():
    one = world("mar", 2_000, 5)
    bands = overlap_bands(one.decided, one.acceptance)
    assert list(bands.columns) == BAND_COLUMNS
    assert bands["rows"].sum() == 2_000
    assert bands["share"].sum() == pytest.approx(1.0)
    assert bands["accepted"].sum() == one.accepted.sum()
    assert bands["known"].sum() == one.decided.known.sum()
    assert bands["bad"].sum() == np.sum(one.decided.y == 1)
    p = np.array([0.0, 0.02, 0.1, 1.0])
    few = overlap_bands(Decided([0, 1, np.nan, np.nan], [1, 1, 0, 0]), p)
    assert few.loc[few["rows"] > 0, "band"].tolist() == ["0 to 0.02", "0.02 to 0.1", "0.1 to 0.2", "0.9 to 1"]


def test_the_true_acceptance_balances_and_a_constant_one_changes_nothing():
    one = world("mar", 20_000, 6)
    values = dict(zip(NAMES, one.x.T, strict=True))
    table = balance_table(one.decided, one.acceptance, values).set_index("characteristic")
    assert list(balance_table(one.decided, one.acceptance, values).columns) == BALANCE_COLUMNS
    assert table["difference_known"]["x1"] < -0.3
    assert (table["difference_reweighted"].abs() < 0.1).all()
    assert set(table["verdict"]) == {"balanced"}
    same = balance_table(one.decided, np.full(20_000, 0.55), {**values, "flat": np.ones(20_000)}).set_index(
        "characteristic"
    )
    np.testing.assert_allclose(same["difference_known"][:4], same["difference_reweighted"][:4], atol=1e-12)
    assert same["verdict"].tolist() == ["not balanced"] * 2 + ["balanced", "not balanced", "constant"]
    flat = measure_overlap(one.decided, np.full(20_000, 0.55))
    assert flat.effective_share == pytest.approx(1.0, abs=1e-12)


def test_acceptance_that_is_perfectly_predicted_is_no_overlap():
    x = np.linspace(-3, 3, 600)
    accepted = x > 0
    y = np.where(accepted, (np.arange(600) % 7 == 0).astype(float), np.nan)
    decided = Decided(y, accepted)
    p = 1 / (1 + np.exp(-20 * x))
    found = measure_overlap(decided, p)
    assert found.auc.auc == 1.0
    assert found.verdict == "none"
    table = overlap_table(decided, p).set_index("measure")
    assert "refused" in table["reading"]["verdict"]
    assert table["verdict"]["decision_auc"] == "outside"
    with pytest.raises(CreditRiskError, match="no accepted applicant is like a rejected one"):
        reweighting(decided, p)


def test_weak_overlap_is_told_by_its_limits():
    one = world("mar", 3_000, 7)
    plain = overlap_table(one.decided, one.acceptance)
    assert list(plain.columns) == COLUMNS
    assert plain["verdict"].iloc[-1] == "sufficient"
    for limit in ({"below_floor_share": 0.0}, {"effective_share": 0.99}, {"largest_weight_share": 1e-4}):
        table = overlap_table(one.decided, one.acceptance, thresholds=Thresholds(**limit))
        assert table["verdict"].iloc[-1] == "weak", limit
        assert (table["verdict"] == "outside").sum() == 1


def test_bad_input_is_told_at_once():
    decided = Decided([0, 1, np.nan], [1, 1, 0])
    with pytest.raises(CreditRiskError) as told:
        measure_overlap(decided, [0.2, 1.2, 0.3], floor=0)
    assert [fault.path for fault in told.value.faults] == ["acceptance", "floor"]
    with pytest.raises(CreditRiskError, match="length differs"):
        overlap_bands(decided, [0.2, 0.3])
    with pytest.raises(CreditRiskError) as told:
        balance_table(decided, [0.2, 0.3, 0.4], {"a": [1, 2, np.nan], "b": ["x", "y", "z"]})
    assert [fault.path for fault in told.value.faults] == ["a", "b"]


def test_every_threshold_has_a_meaning_and_a_source():
    table = threshold_table()
    assert set(table["threshold"]) == set(MEANINGS)
    assert (table["meaning"].str.len() > 10).all()
    assert (table["source"].str.len() > 5).all()
    assert threshold_table(Thresholds(balance=0.2)).set_index("threshold")["value"]["balance"] == 0.2
