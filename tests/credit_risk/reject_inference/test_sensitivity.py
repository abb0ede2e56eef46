"""Sensitivity against all labels of the rejected, against draws, and in closed form."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.augmentation import prudent_odds
from credit_risk.reject_inference.sensitivity import (
    COLUMNS,
    TIPPING_COLUMNS,
    area_bounds,
    sensitivity_table,
    tipping_table,
)
from tests.credit_risk.reject_inference.four_worlds import world

NAN = np.nan
Y = np.array([0, 1, 0, 0, 1, NAN, NAN, NAN, NAN, NAN, NAN])
ACCEPTED = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
RISK = np.array([0.1, 0.5, 0.2, 0.45, 0.15, 0.3, 0.6, 0.7, 0.25, 0.05, 0.4])
S = np.array([0.1, 0.5, 0.2, 0.45, 0.15, 0.35, 0.5, 0.8, 0.3, 0.1, 0.4])


def all_labels() -> np.ndarray:
    return np.array(list(product([0.0, 1.0], repeat=6)))


def test_area_is_exact_over_all_labels_of_the_rejected():
    table = sensitivity_table(Decided(Y, ACCEPTED), S, RISK, prudence=(1.0, 2.0)).set_index("case")
    for k, case in ((1.0, "1 times the odds"), (2.0, "2 times the odds")):
        q = prudent_odds(S, k)[5:]
        in_order = pairs = rate = 0.0
        for labels in all_labels():
            chance = np.prod(np.where(labels == 1, q, 1 - q))
            y = np.append(Y[:5], labels)
            count = y.sum() * (1 - y).sum()
            in_order += chance * count * auc(y, RISK)
            pairs += chance * count
            rate += chance * y.mean()
        assert table["auc"][case] == pytest.approx(in_order / pairs, rel=1e-12)
        assert table["applicant_bad_rate"][case] == pytest.approx(rate, rel=1e-12)
        assert table["gini"][case] == pytest.approx(2 * in_order / pairs - 1, rel=1e-12)


def test_bounds_of_the_area_are_those_over_all_labels():
    decided = Decided(Y, ACCEPTED)
    areas = [auc(np.append(Y[:5], labels), RISK) for labels in all_labels()]
    assert area_bounds(decided, S, RISK) == pytest.approx((min(areas), max(areas)), rel=1e-12)
    table = sensitivity_table(decided, S, RISK).set_index("case")
    assert table["auc"]["least AUC"] == pytest.approx(min(areas))
    assert table["auc"]["greatest AUC"] == pytest.approx(max(areas))
    for name, bad in (("all rejected good", 0.0), ("all rejected bad", 1.0)):
        assert table["auc"][name] == pytest.approx(auc(np.append(Y[:5], np.full(6, bad)), RISK))
        assert table["applicant_bad_rate"][name] == pytest.approx((2 + 6 * bad) / 11)


def test_area_agrees_with_draws():
    one = world("mar", 3_000, 2, weights=np.random.default_rng(1).uniform(0.5, 2, 3_000))
    table = sensitivity_table(one.decided, one.probability, one.probability, prudence=(2.0,))
    q, random = prudent_odds(one.probability, 2.0), np.random.default_rng(3)
    drawn = [
        auc(np.where(one.accepted, one.bad, random.random(3_000) < q), one.probability, one.decided.weights)
        for _ in range(60)
    ]
    assert table["auc"][0] == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / np.sqrt(60))


def test_rates_of_the_approved_are_those_of_counting():
    w = np.array([1.0, 2, 1, 3, 1, 2, 1, 1, 2, 1, 1])
    y = np.where(np.arange(11) == 2, NAN, Y)  # accepted, not taken up
    approved = (RISK < 0.42).astype(float)
    decided = Decided(y, ACCEPTED, w)
    table = sensitivity_table(decided, S, RISK, prudence=(3.0,), approved=approved, good=10.0, bad=100.0)
    assert list(table.columns) == COLUMNS
    row = table.iloc[0]
    q = np.where(np.isfinite(y), y, np.where(ACCEPTED == 1, S, prudent_odds(S, 3.0)))
    new = (approved == 1) & (ACCEPTED == 0)
    assert row["newly_approved"] == pytest.approx(w[new].sum() / w.sum())
    assert row["newly_approved_bad_rate"] == pytest.approx(np.average(q[new], weights=w[new]))
    assert row["approved_bad_rate"] == pytest.approx(np.average(q[approved == 1], weights=w[approved == 1]))
    assert row["profit"] == pytest.approx(np.sum((w * (10 * (1 - q) - 100 * q))[new]) / w.sum())
    assert row["mean_probability"] == pytest.approx(np.average(RISK, weights=w))
    order, left, mass = np.argsort(RISK), 8.0 / 16.0 * w.sum(), 0.0
    for i in order:  # equal acceptance: 8 of 16 by weight
        part = min(w[i], left)
        left, mass = left - part, mass + part * q[i]
    assert row["equal_acceptance_bad_rate"] == pytest.approx(mass / 8.0)
    assert row["equal_acceptance_approved"] == pytest.approx(0.5)
    assert "not taken up" in table.attrs["notes"][1]


def test_ties_at_the_cut_off_do_not_depend_on_the_order_of_rows():
    one = world("mar", 500, 4)
    risk, turn = np.round(one.probability, 1), np.random.default_rng(5).permutation(500)
    first = sensitivity_table(one.decided, one.probability, risk)
    turned = Decided(one.decided.y[turn], one.accepted[turn])
    second = sensitivity_table(turned, one.probability[turn], risk[turn])
    np.testing.assert_allclose(first.iloc[:, 1:], second.iloc[:, 1:], rtol=1e-12, equal_nan=True)


def test_tipping_factor_in_closed_form():
    """Newly approved of one probability s tip at odds(tolerated)/odds(s)."""
    y = np.array([0, 0, 0, 1, NAN, NAN])
    decided = Decided(y, [1, 1, 1, 1, 0, 0])
    s, approved = np.array([0.1, 0.1, 0.1, 0.1, 0.2, 0.9]), np.array([1, 1, 1, 1, 1, 0])
    frame = tipping_table(decided, s, s, approved=approved, tolerated=0.5, good=100.0, bad=300.0)
    assert list(frame.columns) == TIPPING_COLUMNS
    assert "finite sample" in frame.attrs["notes"][0]
    table = frame.set_index("measure")
    assert table["tipping_factor"]["newly_approved_bad_rate"] == pytest.approx(4.0, rel=1e-8)
    assert "4.00 times" in table["reading"]["newly_approved_bad_rate"]
    assert table["verdict"]["approved_bad_rate"] == "no factor changes it"  # (1 + 1)/5 at worst
    assert "however bad" in table["reading"]["approved_bad_rate"]
    # 100 (1 - q) = 300 q at q = 1/4: odds 1/3 over 1/4
    assert table["tipping_factor"]["profit"] == pytest.approx(4 / 3, rel=1e-8)
    default = tipping_table(decided, np.where(s == 0.2, 0.3, s), s, approved=approved).set_index("measure")
    assert default["limit"]["newly_approved_bad_rate"] == 0.25
    assert default["verdict"]["newly_approved_bad_rate"] == "changed at 1 already"
    assert np.isnan(default["tipping_factor"]["newly_approved_bad_rate"])
    nobody = tipping_table(decided, s, s, approved=np.array([1, 1, 1, 1, 0, 0])).set_index("measure")
    assert nobody["verdict"]["newly_approved_bad_rate"] == "not evaluable"


def test_at_the_tipping_factor_the_measure_is_at_its_limit():
    one = world("mar", 2_000, 6)
    approved = (one.probability < 0.25).astype(float)
    table = tipping_table(one.decided, one.probability, one.probability, approved=approved, tolerated=0.2)
    for _, row in table[table["tipping_factor"].notna()].iterrows():
        at = sensitivity_table(
            one.decided, one.probability, one.probability, prudence=(row["tipping_factor"],), approved=approved
        )
        assert at[row["measure"]][0] == pytest.approx(row["limit"], abs=1e-8)
    assert table["tipping_factor"].notna().sum() >= 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 20.0), st.floats(1.0, 20.0))
def test_riskier_rejects_make_worse_rates(seed: int, first: float, second: float):
    random = np.random.default_rng(seed)
    accepted = np.append([1, 1, 0], random.integers(0, 2, 20))
    y = np.where(accepted == 1, np.append([0, 1, 0], random.integers(0, 2, 20)), NAN)
    s, risk = random.uniform(0.01, 0.99, 23), np.round(random.uniform(0.01, 0.99, 23), 1)
    low, high = sorted((first, second))
    table = sensitivity_table(Decided(y, accepted), s, risk, prudence=(low, high))
    for name in ("rejected_bad_rate", "applicant_bad_rate", "equal_acceptance_bad_rate"):
        worst, best = (table.set_index("case")[name][f"all rejected {one}"] for one in ("bad", "good"))
        assert best - 1e-12 <= table[name][0] <= table[name][1] + 1e-12 <= worst + 2e-12
    least, greatest = (table.set_index("case")["auc"][f"{one} AUC"] for one in ("least", "greatest"))
    assert least <= table["auc"][0] + 0.15  # expectations over labels lie within, but for ties at one risk
    assert table["auc"][0] <= greatest + 0.15


def test_the_truth_lies_within_the_bounds_and_at_its_factor():
    """Selection on the unobserved: the rejected are riskier than accepted ones alike; some factor says by how much."""
    one = world("mnar", 20_000, 7)
    table = sensitivity_table(one.decided, one.probability, one.probability, prudence=(1.0, 3.0, 10.0))
    truth = one.bad[~one.accepted].mean()
    assert table["rejected_bad_rate"][0] < truth < table["rejected_bad_rate"][2]
    rates = table.set_index("case")["applicant_bad_rate"]
    assert rates["all rejected good"] < one.bad.mean() < rates["all rejected bad"]
    areas = table.set_index("case")["auc"]
    assert areas["least AUC"] < auc(one.bad, one.probability) < areas["greatest AUC"]
    mar = world("mar", 20_000, 7)
    plain = sensitivity_table(mar.decided, mar.probability, mar.probability, prudence=(1.0,))
    assert plain["rejected_bad_rate"][0] == pytest.approx(mar.bad[~mar.accepted].mean(), abs=0.02)


def test_bad_input_is_told_at_once():
    decided = Decided(Y, ACCEPTED)
    with pytest.raises(CreditRiskError) as told:
        sensitivity_table(decided, S, RISK, prudence=(0.5, 1.0, NAN))
    assert [fault.found for fault in told.value.faults] == ["0.5", "nan"]
    assert "factors below 1" in str(told.value)
    with pytest.raises(CreditRiskError) as told:
        sensitivity_table(decided, S[:4], RISK + 1, approved=np.full(11, 0.5), good=3.0)
    assert [fault.path for fault in told.value.faults] == ["probability", "risk", "approved", "good"]
    with pytest.raises(CreditRiskError, match="not a bad rate"):
        tipping_table(decided, S, RISK, tolerated=1.5)
    with pytest.raises(CreditRiskError, match="no factor"):
        sensitivity_table(decided, S, RISK, prudence=())
