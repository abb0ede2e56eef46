"""Tests of calibration in a table: each against its own function; verdicts; dependence on the number of groups."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import calibration_tests as alone
from credit_risk.evaluation import common_factor as shared
from credit_risk.evaluation.calibration_test_table import calibration_tests_table, group_dependence_table


def sample(count: int, scale: float = 1.0, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(2.5 - random.normal(size=count)))
    return (random.random(count) < np.minimum(p * scale, 1)).astype(float), p


def test_each_test_is_that_of_its_function() -> None:
    y, p = sample(2000)
    frame = calibration_tests_table({"m": {"out_of_time": (y, p)}}, 0.03).set_index("test")
    bad, count, mean = int(y.sum()), len(y), float(p.mean())
    expected = {
        "hosmer_lemeshow": (
            alone.hosmer_lemeshow(y, p, fitted=False).p_value,
            shared.correlated_hosmer_lemeshow(y, p, 0.03).p_value,
        ),
        "spiegelhalter": (alone.spiegelhalter(y, p).p_value, shared.correlated_spiegelhalter(y, p, 0.03).p_value),
        "binomial": (
            alone.binomial_p_value(bad, count, mean),
            shared.correlated_binomial_p_value(bad, count, mean, 0.03),
        ),
        "jeffreys": (
            alone.jeffreys_p_value(bad, count, mean),
            shared.correlated_jeffreys_p_value(bad, count, mean, 0.03),
        ),
    }
    for test, pair in expected.items():
        assert (frame.loc[test, "p_value"], frame.loc[test, "correlated_p_value"]) == pytest.approx(pair, rel=1e-12)


def test_verdicts_and_what_is_not_evaluable() -> None:
    wrong, few = sample(6000, 1.35), sample(120)
    samples = {"development": wrong, "out_of_time": wrong, "out_of_sample": few}
    declared, undeclared = (calibration_tests_table({"m": samples}, one) for one in (0.2, None))
    for frame in (declared, undeclared):
        told = frame.set_index(["sample", "test"])
        assert set(told.loc["development", "verdict"]) == {"not evaluable"}
        assert set(told.loc["development", "reason"]) == {"fitted on this sample"}
        assert set(told.loc["out_of_sample", "reason"]) == {"fewer than 30 bads or goods"}
    assert set(undeclared.set_index("sample").loc["out_of_time", "verdict"]) == {"fail"}
    assert undeclared["correlated_p_value"].isna().all()
    assert any("declares no asset correlation" in note for note in undeclared.attrs["notes"])
    assert set(declared.set_index("sample").loc["out_of_time", "verdict"]) == {"pass"}
    assert np.isnan(
        declared.set_index(["sample", "test"]).loc[("development", "hosmer_lemeshow"), "correlated_p_value"]
    )


def test_weights_count_at_their_effective_size() -> None:
    y, p = sample(1500)
    w = np.where(y == 1, 2.0, 1.0)
    frame = calibration_tests_table({"m": {"s": (y, p)}}, 0.05, weights={"s": w}).set_index("test")
    size = w.sum() ** 2 / (w * w).sum()
    rate, mean = np.average(y, weights=w), np.average(p, weights=w)
    assert frame.loc["jeffreys", "p_value"] == pytest.approx(alone.jeffreys_p_value(rate * size, size, mean), rel=1e-9)
    whole = alone.binomial_p_value(30, 100, 0.25)
    assert alone.binomial_p_value(30.0001, 100.0002, 0.25) == pytest.approx(whole, rel=1e-3)
    scaled = calibration_tests_table({"m": {"s": (y, p)}}, 0.05, weights={"s": 7 * w}).set_index("test")
    assert scaled["correlated_p_value"].to_numpy() == pytest.approx(frame["correlated_p_value"].to_numpy(), rel=1e-9)


def test_group_dependence_is_the_test_again() -> None:
    y, p = sample(3000)
    frame = group_dependence_table({"out_of_time": (y, p)}).set_index("groups")
    assert frame.index.tolist() == list(range(5, 21))
    for count in (5, 12, 20):
        found = alone.hosmer_lemeshow(y, p, fitted=False, groups=count)
        assert frame.loc[count, "p_value"] == found.p_value
        assert frame.loc[count, "degrees"] == count
    tied = group_dependence_table({"development": (y, np.round(p, 1))})
    assert tied["made"].max() <= len(np.unique(np.round(p, 1)))
    assert (tied["degrees"] == tied["made"] - 2).all()


def test_refusals() -> None:
    with pytest.raises(CreditRiskError) as caught:
        calibration_tests_table({"m": {"a": ([0, 3], [0.1, 0.2]), "b": ([0, 1], [0.1, 2.0])}})
    assert {fault.path for fault in caught.value.faults} == {"m.a.y", "m.b.probability"}
    with pytest.raises(CreditRiskError, match="not an asset correlation"):
        calibration_tests_table({"m": {"a": ([0, 1], [0.1, 0.2])}}, 1.0)
