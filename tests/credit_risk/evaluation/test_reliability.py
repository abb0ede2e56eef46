"""CORP curve, decomposition and errors: against model-diagnostics, scikit-learn, brute force and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_diagnostics.scoring import LogLoss, SquaredError, decompose
from sklearn.isotonic import IsotonicRegression

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.calibration import brier_score, log_loss
from credit_risk.evaluation.decomposition import calibration_errors, decomposition_table, errors_table
from credit_risk.evaluation.isotonic import RULES, recalibrate, score_decomposition
from credit_risk.evaluation.reliability import draws_under_calibration, reliability_table

rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 20), st.sampled_from([0.5, 1.0, 3.0])), min_size=2, max_size=60
)


def sample(count: int, seed: int = 0, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    margin = random.normal(-2.5, 1.0, count)
    y = (random.random(count) < 1 / (1 + np.exp(-margin - drift))).astype(float)
    return y, 1 / (1 + np.exp(-margin)), random.choice([0.5, 1.0, 4.0], count)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("digits", [2, 12])
def test_equals_other_libraries(weighted: bool, digits: int) -> None:
    y, p, w = sample(3000, digits)
    p = np.round(p, digits)
    w_ = w if weighted else None
    fit = recalibrate(y, p, w_)
    other = IsotonicRegression(out_of_bounds="clip").fit(p, y, sample_weight=w_).predict(fit.probability)
    assert fit.recalibrated == pytest.approx(other, abs=1e-10)
    for rule, scoring in (("brier", SquaredError()), ("log_loss", LogLoss())):
        found = score_decomposition(y, p, rule, w_)  # type: ignore[arg-type]
        told = decompose(y, p, weights=w_, scoring_function=scoring).to_dicts()[0]
        for name in ("miscalibration", "discrimination", "uncertainty", "score"):
            assert getattr(found, name) == pytest.approx(told[name], abs=1e-10), (rule, name)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_invariants(given_rows: list[tuple[int, int, float]]) -> None:
    y, place, w = (np.array(part, dtype=float) for part in zip(*given_rows, strict=True))
    p = (place + 1) / 22
    fit = recalibrate(y, p, w)
    assert np.all(np.diff(fit.recalibrated) >= 0)
    assert fit.weight @ fit.recalibrated == pytest.approx(fit.bad.sum(), rel=1e-12)
    again = recalibrate(y, fit.recalibrated[np.searchsorted(fit.probability, p)], w)
    assert again.recalibrated == pytest.approx(again.probability, abs=1e-12)
    for rule, score in zip(RULES, (brier_score, log_loss), strict=True):
        found = score_decomposition(y, p, rule, w)
        assert found.score == pytest.approx(score(y, p, w), rel=1e-12)
        assert min(found.miscalibration, found.discrimination) >= 0
        told = found.miscalibration - found.discrimination + found.uncertainty
        assert told == pytest.approx(found.score, abs=1e-12)
        monotone = score_decomposition(y, p**3, rule, w)
        assert monotone.discrimination == pytest.approx(found.discrimination, abs=1e-12)
    whole = recalibrate(np.repeat(y, (2 * w).astype(int)), np.repeat(p, (2 * w).astype(int)))
    assert whole.recalibrated == pytest.approx(fit.recalibrated, abs=1e-12)


def test_pooling_is_the_greatest_of_least_means() -> None:
    y, p, w = sample(60, 4)
    fit = recalibrate(y, p, w)
    cut = [np.append(0, np.cumsum(part)) for part in (fit.bad, fit.weight)]
    k = len(fit.weight)
    brute = [
        max(min((cut[0][j] - cut[0][i]) / (cut[1][j] - cut[1][i]) for j in range(at + 1, k + 1)) for i in range(at + 1))
        for at in range(k)
    ]
    assert fit.recalibrated == pytest.approx(brute, abs=1e-12)


def test_errors_by_hand() -> None:
    p = np.array([0.1, 0.1, 0.1, 0.1, 0.5, 0.5])
    found = calibration_errors([1, 0, 0, 0, 1, 0], p)
    assert found.ici == pytest.approx((4 * 0.15 + 0) / 6)
    assert (found.e50, found.e90, found.e_max) == pytest.approx((0.15, 0.15, 0.15))
    assert found.ece == pytest.approx(4 * 0.15 / 6)


@pytest.mark.parametrize("weighted", [False, True])
def test_band_covers_calibrated_rows_and_not_others(weighted: bool) -> None:
    inside = []
    for seed in range(12):
        y, p, w = sample(2500, seed)
        frame = reliability_table({"s": (y, p)}, replicates=150, seed=seed, weights={"s": w} if weighted else None)
        inside.append(1 - frame["outside"].mean())
        assert frame.eval("lower <= upper and recalibrated >= 0 and recalibrated <= 1").all()
    assert 0.88 < np.mean(inside) < 0.985
    y, p, _ = sample(20_000, 3, drift=0.3)
    assert reliability_table({"s": (y, p)}, replicates=150)["outside"].mean() > 0.4


def test_band_of_one_probability_is_that_of_the_binomial() -> None:
    draws = draws_under_calibration(np.full(400, 0.05), replicates=20_000, generator=np.random.default_rng(1))
    low, high = draws.bounds(np.array([0]), 0.9)
    assert (low[0] * 400, high[0] * 400) == pytest.approx((13, 27), abs=1.01)  # binomial(400, .05): 13 and 27


def test_cells_change_nothing_that_matters() -> None:
    y, p, _ = sample(12_000, 5)
    alone, pooled = (
        decomposition_table({"m": {"s": (y, values)}}, replicates=200).set_index("rule")
        for values in (np.round(p, 3), p)
    )
    assert alone["chance_miscalibration"].to_numpy() == pytest.approx(
        pooled["chance_miscalibration"].to_numpy(), rel=0.2
    )
    frame = reliability_table({"s": (y, p)}, replicates=100)
    fit = recalibrate(y, p)
    assert set(fit.probability[fit.ends]) <= set(frame["probability"])
    assert len(frame) < 60 + 2 * (fit.block[-1] + 1)


def test_chance_of_miscalibration_has_its_size() -> None:
    below = []
    for seed in range(60):
        y, p, _ = sample(2000, seed)
        below.append(decomposition_table({"m": {"s": (y, p)}}, replicates=99, seed=seed)["p_value"].iloc[0] <= 0.2)
    assert 3 <= np.sum(below) <= 22  # 99.9 % of a binomial(60, .2)
    y, p, _ = sample(20_000, 1, drift=0.2)
    assert decomposition_table({"m": {"s": (y, p)}}, replicates=99)["p_value"].max() == 0.01
    told = errors_table({"m": {"s": (y, p)}}, replicates=99).set_index("measure")
    assert told.loc["ici", "p_value"] == 0.01
    assert told.loc["ici", "value"] > 2 * told.loc["ici", "chance_mean"]


def test_the_stream_of_a_sample_is_its_own() -> None:
    y, p, _ = sample(500)
    one = reliability_table({"b": (y, p)}, replicates=50)
    both = reliability_table({"a": (y[:300], p[:300]), "b": (y, p)}, replicates=50)
    told = both[both["sample"] == "b"].reset_index(drop=True)
    assert one.equals(told)


@pytest.mark.parametrize("p", [[0.3] * 4, [0.0, 0.0, 1.0, 1.0]])
def test_constant_and_certain_predictions(p: list[float]) -> None:
    found = score_decomposition([0, 0, 1, 1], p, "log_loss")
    assert np.isfinite(found.score) == np.isfinite(found.miscalibration)
    assert found.discrimination == pytest.approx(0.0 if p[0] else found.uncertainty)
    wrong = decomposition_table({"m": {"s": ([0, 1, 1, 1], [0.0, 0.0, 1.0, 1.0])}}, replicates=20)
    assert wrong["score"].isna().tolist() == [False, True]
    assert any("log loss is infinite" in note for note in wrong.attrs["notes"])


def test_one_class_is_recalibrated_to_it() -> None:
    assert recalibrate([0, 0, 0], [0.1, 0.2, 0.3]).recalibrated.tolist() == [0, 0, 0]
    assert score_decomposition([1, 1], [0.5, 0.7], "log_loss").uncertainty == 0.0


def test_refusals_tell_all_faults() -> None:
    with pytest.raises(CreditRiskError) as caught:
        decomposition_table(
            {"m": {"s": ([0, 2], [0.1, 1.2])}, "n": {"s": ([0, 1], [0.1, 0.2])}}, weights={"s": [0.0, 1.0]}
        )
    assert [fault.path for fault in caught.value.faults] == ["m.s.y", "m.s.probability", "m.s.weights", "n.s.weights"]
    for call in (
        lambda: score_decomposition([0, 1], [0.1, 0.2], "accuracy"),  # type: ignore[arg-type]
        lambda: reliability_table({"s": ([0, 1], [0.1, 0.2])}, 1.5),
        lambda: reliability_table({"s": ([0, 1], [0.1, 0.2])}, replicates=3),
        lambda: recalibrate([0, 1], [0.1, float("nan")]),
        lambda: recalibrate([0, 1], [0.1, 0.2], [1.0, -1.0]),
    ):
        with pytest.raises(CreditRiskError):
            call()
