"""H-measure and hull against the package hmeasure, brute-force integration, geometry and numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats
from scipy.spatial import ConvexHull

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc, h_measure, roc_curve, roc_hull
from credit_risk.evaluation.hand_measure import BETA_2_2, BETTER_BETA, hull_bias
from tests.credit_risk.evaluation.made_rows import derivative_error, made_weights, tied_rows

# hmeasure 0.1.6 on tied_rows(), severity_ratio −1, 1, 0.3 and its default, the ratio of bads to goods
FROZEN = {
    BETTER_BETA: 0.3989649702327567,
    BETA_2_2: 0.3956696574362434,
    (2.0, 1.0 + 1.0 / 0.3): 0.40813834723970444,
    (2.0, 1.0 + 294.0 / 106.0): 0.40568930395984626,
}


@pytest.mark.parametrize("prior", FROZEN, ids=str)
def test_the_package_hmeasure(prior: str | tuple[float, float]) -> None:
    assert h_measure(*tied_rows(), prior).value == pytest.approx(FROZEN[prior], abs=1e-13)


@pytest.mark.parametrize("prior", [BETTER_BETA, BETA_2_2, (1.0, 3.5)], ids=str)
def test_integration_of_the_least_loss(prior: str | tuple[float, float]) -> None:
    y, risk = tied_rows()
    w = made_weights()
    bad = float(w[y == 1].sum() / w.sum())
    shapes = (bad + 1.0, 2.0 - bad) if isinstance(prior, str) else prior
    cuts = np.append(np.unique(risk), np.inf)
    good_called = np.array([w[(y == 0) & (risk >= cut)].sum() for cut in cuts]) / w.sum()
    bad_missed = np.array([w[(y == 1) & (risk < cut)].sum() for cut in cuts]) / w.sum()
    c = (np.arange(400_000) + 0.5) / 400_000
    density = stats.beta.pdf(c, *shapes)
    least = np.full(len(c), np.inf)
    for called, missed in zip(good_called, bad_missed, strict=True):
        least = np.minimum(least, c * called + (1 - c) * missed)
    loss = integrate.simpson(density * least, x=c)
    most = integrate.simpson(density * np.minimum(c * (1 - bad), (1 - c) * bad), x=c)
    assert h_measure(y, risk, prior, w).value == pytest.approx(1 - loss / most, abs=1e-6)


@pytest.mark.parametrize("prior", [BETTER_BETA, BETA_2_2], ids=str)
def test_error_is_that_of_numerical_derivatives(prior: str | tuple[float, float]) -> None:
    y, risk = tied_rows()
    w, clusters = made_weights(), np.arange(400) // 4
    for codes, count in ((None, 400), (clusters, 100)):
        found = h_measure(y, risk, prior, w, codes).standard_error
        expected = derivative_error(lambda one: h_measure(y, risk, prior, one).value, w, codes)
        assert found == pytest.approx(expected * np.sqrt(count / (count - 1)), rel=1e-6)


@pytest.mark.parametrize("digits", [1, 3])
def test_interval_holds_its_level_and_bias_is_as_predicted(digits: int) -> None:
    rng = np.random.default_rng(3)

    def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(count) < 0.2).astype(float)
        return y, np.round(rng.normal(size=count) + 1.2 * y, digits)

    truth = h_measure(*rows(400_000)).value
    found = [h_measure(*rows(1500)) for _ in range(200)]
    inside = np.mean([one.lower <= truth <= one.upper for one in found])
    assert inside >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)
    shapes = (1.2, 1.8)
    most = 1.2 / 3 * special.betainc(2.2, 1.8, 0.2) * 0.8 + 1.8 / 3 * special.betaincc(1.2, 2.8, 0.2) * 0.2
    predicted = hull_bias(stats.norm.cdf(1.2 / np.sqrt(2)), 0.2, 1500.0, shapes) / most
    bias = np.mean([one.value for one in found]) - truth
    if digits == 3:  # as good as continuous; in steps of 0.1 there are fewer thresholds to choose from
        assert bias == pytest.approx(predicted, abs=4 * 0.025 / np.sqrt(200))
    assert 0.0 < bias < predicted + 4 * 0.025 / np.sqrt(200)


def test_hull_is_the_convex_hull_of_the_corners() -> None:
    y, risk = tied_rows()
    curve, hull = roc_curve(y, risk), roc_hull(y, risk)
    corners = np.column_stack([curve.false_positive_rate, curve.true_positive_rate])
    expected = ConvexHull(np.vstack([corners, [1.0, 0.0]])).volume
    assert hull.area == pytest.approx(expected, abs=1e-12)
    assert hull.area >= auc(y, risk)
    for x, height, cut in zip(hull.false_positive_rate, hull.true_positive_rate, hull.threshold, strict=True):
        assert x == pytest.approx(np.mean(risk[y == 0] >= cut))
        assert height == pytest.approx(np.mean(risk[y == 1] >= cut))


def test_ends() -> None:
    y, risk = tied_rows()
    assert h_measure(y, y).value == pytest.approx(1.0, abs=1e-15)
    for useless in (np.ones(400), -y):
        found = h_measure(y, useless)
        assert (found.value, np.isnan(found.lower)) == (0.0, True)
    with pytest.raises(CreditRiskError, match="not a prior"):
        h_measure(y, risk, (0.0, 2.0))
    with pytest.raises(CreditRiskError, match="missing or infinite"):
        h_measure(y, np.where(risk > 1, np.inf, risk))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_only_the_order_counts_and_weights_repeat_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, risk = np.append([0.0, 1.0], rng.integers(0, 2, 40)), np.round(rng.normal(size=42), 1)
    times = rng.integers(1, 4, 42)
    value = h_measure(y, risk).value
    assert h_measure(y, np.exp(risk)).value == value
    assert 0.0 <= value <= 1.0
    # bads for goods, the order turned: costs turn round too, so the prior is mirrored
    assert h_measure(1 - y, -risk, (3.0, 2.0)).value == pytest.approx(h_measure(y, risk, (2.0, 3.0)).value, abs=1e-12)
    repeated = h_measure(np.repeat(y, times), np.repeat(risk, times)).value
    assert h_measure(y, risk, weights=times).value == pytest.approx(repeated, abs=1e-12)
