"""Points to double the odds against published figures and the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.scaling.points import Scaling


def test_published_factor_and_offset() -> None:
    """600 at 50:1, 20 points to double the odds: 28.8539 and 487.1229; at 30:1 the offset is 501.8622."""
    fifty, thirty = Scaling(20.0, 600.0, 50.0), Scaling(20.0, 600.0, 30.0)
    assert f"{fifty.factor:.4f}" == "28.8539"
    assert f"{fifty.offset:.4f}" == "487.1229"
    assert f"{thirty.offset:.4f}" == "501.8622"


@given(st.floats(1, 100), st.floats(-1000, 1000), st.floats(0.01, 1000), st.floats(0.001, 1000))
def test_doubling_the_odds_adds_the_declared_points(pdo: float, base: float, base_odds: float, odds: float) -> None:
    scaling = Scaling(pdo, base, base_odds)

    def score(good_to_bad: float) -> float:
        return scaling.offset - scaling.factor * -np.log(good_to_bad)

    assert score(2 * odds) - score(odds) == pytest.approx(pdo, rel=1e-9, abs=1e-9)
    assert score(base_odds) == pytest.approx(base, abs=1e-7)


def test_rounding_is_half_away_from_zero() -> None:
    values = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, -0.49])
    expected = [1.0, 2.0, 3.0, -1.0, -2.0, -3.0, 0.0, 0.0]
    assert list(Scaling(20.0, 600.0, 50.0).round(values)) == expected
    assert not np.any(np.signbit(Scaling(20.0, 600.0, 50.0).round(np.array([-0.2, -0.0]))))
    assert list(Scaling(20.0, 600.0, 50.0, rounding="none").round(values)) == list(values)
