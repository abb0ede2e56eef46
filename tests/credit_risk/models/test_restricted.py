"""Bounds, profile intervals, offset and separation against other optimisers and brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.special import expit
from scipy.stats import chi2

from credit_risk._core.errors import ModelError
from credit_risk.models.covariance import Rows
from credit_risk.models.logistic import fit_bounded, fit_logistic, with_profile
from credit_risk.models.separation import find_separation
from tests.credit_risk.models.clustered_reference import FOLDER, rows

NAMES = ("a", "b", "c", "d")


def world(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    x[:, 3] = 0.8 * x[:, 0] + 0.5 * rng.normal(size=rows)
    eta = -0.8 + x @ rng.normal(scale=0.7, size=4)
    y = (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    return x, y, rng.integers(1, 4, rows).astype(float)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_bounded_maximum_is_that_of_another_optimiser(seed: int) -> None:
    x, y, w = world(seed)
    design = np.column_stack([np.ones(len(y)), x])

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        eta = design @ b
        return -float(w @ (y * eta - np.logaddexp(0, eta))), -design.T @ (w * (y - expit(eta)))

    bounds = [(None, None), *[(None, 0.0)] * 4]
    options = {"ftol": 1e-15, "maxiter": 500}
    found = optimize.minimize(loss, np.zeros(5), jac=True, bounds=bounds, method="SLSQP", options=options)
    if not np.any(found.x[1:] < -1e-6):
        with pytest.raises(ModelError, match="held at zero by its bound"):
            fit_bounded(x, y, NAMES, weights=w)
        return
    fit = fit_bounded(x, y, NAMES, weights=w)
    assert np.all(fit.coef[1:] <= 0)
    assert fit.log_likelihood >= -found.fun - 1e-9
    assert fit.log_likelihood == pytest.approx(-found.fun, rel=1e-4)
    held = ~fit.free
    assert np.all(fit.score[held] >= 0)
    assert np.max(np.abs(fit.score[~held])) < 1e-7


def left_by_dropping(x: np.ndarray, y: np.ndarray) -> float:
    """Log likelihood of what is left when the greatest wrong coefficient leaves until none is wrong."""
    columns = list(range(4))
    while columns:
        plain = fit_logistic(x[:, columns], y, [NAMES[i] for i in columns])
        if np.all(plain.coef[1:] < 0):
            return plain.log_likelihood
        columns.pop(int(np.argmax(plain.coef[1:])))
    return -np.inf


def test_dropping_wrong_signs_one_by_one_is_never_better_and_sometimes_worse() -> None:
    gains = []
    for seed in range(7):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
        eta = x @ rng.normal(scale=0.6, size=4)
        y = (rng.random(200) < 1 / (1 + np.exp(-eta))).astype(float)
        try:
            gains.append(fit_bounded(x, y, NAMES).log_likelihood - left_by_dropping(x, y))
        except ModelError:
            continue
    assert min(gains) > -1e-9
    assert max(gains) > 1.0


@pytest.mark.parametrize("weighted", [False, True])
def test_profile_intervals_by_brute_force(weighted: bool) -> None:
    x, y, w = world(3)
    weights = w if weighted else np.ones(len(y))
    fit = with_profile(fit_logistic(x, y, NAMES, weights=weights), x, y, weights=weights, confidence=0.9)
    design = np.column_stack([np.ones(len(y)), x])
    for j in range(5):
        rest = np.delete(design, j, axis=1)

        def fall(value: float, j: int = j, rest: np.ndarray = rest) -> float:
            model = sm.GLM(y, rest, family=sm.families.Binomial(), freq_weights=weights, offset=design[:, j] * value)
            return 2 * (fit.log_likelihood - model.fit(tol=1e-12).llf) - chi2.ppf(0.9, 1)

        for bound, far in ((fit.lower[j], -1.5), (fit.upper[j], 1.5)):
            assert bound == pytest.approx(optimize.brentq(fall, fit.coef[j], fit.coef[j] + far, xtol=1e-11), abs=1e-8)


@pytest.mark.parametrize("case", ["plain", "weighted", "offset", "weighted, offset"])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_profile_intervals_and_offsets_of_r(case: str, level: float) -> None:
    """tests/reference/profile: roots of R's glm with the coefficient held by an offset."""
    table = pd.read_csv(FOLDER.parent / "profile" / "expected.csv")
    expected = table[(table["case"] == case) & np.isclose(table["level"], level)]
    data = rows()
    x, y = data[["x1", "x2"]].to_numpy(float), data["y"].to_numpy(float)
    more = {"weights": data["w"].to_numpy(float)} if "weighted" in case else {}
    more |= {"offset": 0.3 * x[:, 0] ** 2 - 0.2} if "offset" in case else {}
    fit = with_profile(fit_logistic(x, y, ["x1", "x2"], **more), x, y, confidence=level, **more)
    assert list(fit.terms) == expected["term"].tolist()
    for column, mine in (("coefficient", fit.coef), ("lower", fit.lower), ("upper", fit.upper)):
        assert mine == pytest.approx(expected[column].to_numpy(), abs=1e-8), column
    assert fit.standard_error == pytest.approx(expected["standard_error"].to_numpy(), rel=1e-8)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"].iloc[0], abs=1e-9)
    assert fit.null_log_likelihood == pytest.approx(expected["null_log_likelihood"].iloc[0], abs=1e-9)


def test_profile_intervals_know_no_clusters() -> None:
    x, y, _ = world(3)
    fit = fit_logistic(x, y, NAMES, dependence=Rows("cluster", np.arange(len(y)) // 3))
    with pytest.raises(ModelError, match="take rows as independent"):
        with_profile(fit, x, y)


def test_an_offset_is_a_term_whose_coefficient_is_one() -> None:
    x, y, w = world(8)
    full = fit_logistic(x, y, NAMES, weights=w)
    part = fit_logistic(x[:, :3], y, NAMES[:3], weights=w, offset=full.coefficient("d") * x[:, 3])
    assert part.coef == pytest.approx(full.coef[:4], abs=1e-9)
    ones = sm.GLM(
        y, np.ones(len(y)), family=sm.families.Binomial(), freq_weights=w, offset=full.coefficient("d") * x[:, 3]
    )
    assert part.null_log_likelihood == pytest.approx(ones.fit(tol=1e-12).llf, abs=1e-9)


def test_separation_names_what_separates() -> None:
    x, y, _ = world(1)
    assert find_separation(x, y, NAMES) is None
    whole = find_separation(np.column_stack([x, np.where(y > 0, 1.0, -1.0)]), y, (*NAMES, "knows"))
    assert whole is not None
    assert (whole.kind, list(whole.direction), whole.apart) == ("complete", ["knows"], len(y))
    some = np.where((y > 0) & (x[:, 0] > 0), 1.0, 0.0)
    part = find_separation(np.column_stack([x, some]), y, (*NAMES, "knows"))
    assert part is not None
    assert (part.kind, part.values, part.apart) == ("quasi-complete", {"knows": (1.0,)}, int(some.sum()))
    with pytest.raises(ModelError, match="separates good from bad") as caught:
        fit_logistic(np.column_stack([x, 0.05 * some]), y, (*NAMES, "knows"))
    assert f"quasi-complete separation of {int(some.sum())} of {len(y)} rows, at values 0.05" in str(caught.value)


def test_separation_is_told_in_the_labels_of_bins() -> None:
    x, y, _ = world(1)
    some = np.where((y > 0) & (x[:, 0] > 0), 1.0, 0.0)
    labels = {"knows": {0.05: ["A40", "A41"], 0.0: ["others"]}}
    with pytest.raises(ModelError) as caught:
        fit_logistic(np.column_stack([x, 0.05 * some]), y, (*NAMES, "knows"), labels=labels)
    assert f"separation of {int(some.sum())} of {len(y)} rows, in the bins 'A40', 'A41'" in str(caught.value)


def test_separation_is_found_where_a_coefficient_stays_small() -> None:
    """A weight of evidence of -7 needs a coefficient of -4 only to predict its rows all but surely."""
    x, y, _ = world(1)
    pure = np.where((y > 0) & (x[:, 0] > 0), -7.0, 0.3)
    with pytest.raises(ModelError) as caught:
        fit_logistic(np.column_stack([x, pure]), y, (*NAMES, "knows"))
    assert [fault.path for fault in caught.value.faults] == ["knows"]
    assert f"quasi-complete separation of {int((pure < 0).sum())} of {len(y)} rows, at values -7" in str(caught.value)


def test_rows_that_are_all_but_sure_need_no_separation() -> None:
    """A steep slope with overlap has a finite maximum, which is found as before."""
    rng = np.random.default_rng(6)
    x = np.r_[rng.normal(size=3000), 9.0][:, None]
    y = np.r_[(rng.random(3000) < 1 / (1 + np.exp(-4 * x[:-1, 0]))).astype(float), 1.0]
    fit = fit_logistic(x, y, ["steep"])
    assert fit.intercept + 9 * fit.coefficient("steep") > 20
    assert sm.Logit(y, sm.add_constant(x)).fit(disp=0, tol=1e-12).params == pytest.approx(fit.coef, abs=1e-7)


def test_separation_under_bounds_is_told() -> None:
    x, y, _ = world(1)
    knows = np.where(y > 0, -1.0, 1.0)
    with pytest.raises(ModelError) as caught:
        fit_bounded(np.column_stack([x, knows]), y, (*NAMES, "knows"))
    assert {fault.code for fault in caught.value.faults} == {"separation"}
    assert f"complete separation of {len(y)} of {len(y)} rows" in str(caught.value)


def test_a_huge_coefficient_of_a_column_of_small_spread_is_no_separation() -> None:
    x, y, _ = world(1)
    small = x * np.array([1.0, 1.0, 1.0, 1e-4])
    fit, plain = fit_logistic(small, y, NAMES), fit_logistic(x, y, NAMES)
    assert abs(fit.coefficient("d")) > 1000
    assert fit.coefficient("d") == pytest.approx(1e4 * plain.coefficient("d"), rel=1e-8)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-9)
