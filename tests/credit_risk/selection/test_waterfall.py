"""Selection: every characteristic has one row and one reason, and the reasons can be recomputed."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import ModelError
from credit_risk.models.logistic import variance_inflation
from credit_risk.selection.spec import SelectionSpec
from credit_risk.selection.waterfall import select_characteristics


@pytest.fixture(scope="module")
def woe() -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, float]]:
    rng = np.random.default_rng(3)
    n = 5000
    base = rng.normal(size=(n, 4))
    columns = {
        "strong": base[:, 0],
        "twin": base[:, 0] + 0.05 * rng.normal(size=n),
        "second": base[:, 1],
        "noise": base[:, 2],
        "weak": base[:, 3],
    }
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 + base[:, 0] + 0.6 * base[:, 1]))).astype(float)
    return columns, y, {"strong": 0.8, "twin": 0.79, "second": 0.3, "noise": 0.1, "weak": 0.01}


def test_each_leaves_for_its_own_reason(woe: tuple) -> None:
    columns, y, iv = woe
    result = select_characteristics(iv, dict.fromkeys(columns, 0.5), columns, y, SelectionSpec())
    steps = dict(zip(result.waterfall["characteristic"], result.waterfall["step"], strict=True))
    assert result.selected == ("strong", "second")
    assert steps["twin"] == "correlation"
    assert steps["weak"] == "information value"
    assert steps["noise"] in ("p-value", "sign")
    assert sorted(steps) == sorted(columns)


def test_survivors_pass_every_threshold(woe: tuple) -> None:
    columns, y, iv = woe
    spec = SelectionSpec()
    result = select_characteristics(iv, dict.fromkeys(columns, 0.5), columns, y, spec)
    x = np.column_stack([columns[n] for n in result.selected])
    assert np.all(result.fit.coef[1:] < 0)
    assert np.all(result.fit.p_value[1:] <= spec.max_p_value)
    assert np.all(variance_inflation(x) <= spec.max_variance_inflation)


def test_include_and_exclude_bind(woe: tuple) -> None:
    columns, y, iv = woe
    result = select_characteristics(
        iv, dict.fromkeys(columns, 0.5), columns, y, SelectionSpec(include=("noise",), exclude=("strong",))
    )
    assert "noise" in result.selected
    assert "strong" not in result.selected
    assert result.waterfall.set_index("characteristic").loc["strong", "step"] == "plan"


def test_nothing_left_is_one_clear_error(woe: tuple) -> None:
    columns, y, _ = woe
    with pytest.raises(ModelError, match="no characteristic passes the selection"):
        select_characteristics(dict.fromkeys(columns, 0.001), dict.fromkeys(columns, 0.5), columns, y, SelectionSpec())


def test_a_characteristic_that_knows_the_outcome_is_left_out(woe: tuple) -> None:
    columns, y, iv = woe
    gini = {**dict.fromkeys(columns, 0.5), "strong": 0.99}
    result = select_characteristics(iv, gini, columns, y, SelectionSpec())
    assert "strong" not in result.selected
    assert result.waterfall.set_index("characteristic").loc["strong", "step"] == "leakage"
