"""Errors of the whole procedure: against fit_logistic, against worlds drawn again, clusters, determinism, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk.models.logistic import fit_logistic
from credit_risk.reject_inference import Decided, RejectInferenceSpec, bootstrap_procedure, infer_rows
from credit_risk.reject_inference.procedure_errors import PROCEDURE_COLUMNS
from tests.credit_risk.reject_inference.worlds import NAMES, decision_model, known_outcomes_model, world

SPEC = RejectInferenceSpec(prudence=1.5)


@pytest.mark.parametrize("method", ["none", "reweighting", "score_bands", "fuzzy_augmentation", "parcelling"])
def test_coefficients_and_naive_errors_are_those_of_the_regression_on_the_rows(method: str) -> None:
    one = world(3_000, 11)
    w = np.random.default_rng(3).choice([0.5, 2.0], 3_000)
    found = bootstrap_procedure(SPEC, one.decided(w), one.x, NAMES, method=method, replicates=5, seed=4)
    rows = infer_rows(
        SPEC,
        one.decided(w),
        acceptance=decision_model(one, w),
        probability=known_outcomes_model(one, w),
        seed=4,
        method=method,
    )
    fit = fit_logistic(one.x[rows.place], rows.y, NAMES, weights=rows.weight)
    np.testing.assert_allclose(found.coef, fit.coef, atol=1e-8)
    np.testing.assert_allclose(found.naive_error, fit.standard_error, rtol=1e-6)
    frame = found.frame()
    assert tuple(frame.columns) == PROCEDURE_COLUMNS
    assert frame["term"].tolist() == ["intercept", *NAMES]
    assert (found.replicates, found.left_out) == (5, 0)


def test_without_inference_the_errors_are_those_of_the_regression() -> None:
    one = world(4_000, 12)
    found = bootstrap_procedure(SPEC, one.decided(), one.x, NAMES, method="none", replicates=300, seed=1)
    np.testing.assert_allclose(found.standard_error / found.naive_error, 1.0, atol=0.2)


@pytest.mark.parametrize("method", ["fuzzy_augmentation", "reweighting"])
def test_naive_errors_understate_and_the_bootstrap_covers(method: str) -> None:
    """40 worlds: deviation of the coefficients from world to world against both errors; coverage of their mean."""
    coef, naive, again, inside = [], [], [], []
    for seed in range(40):
        one = world(1_000, 1_000 + seed)
        found = bootstrap_procedure(SPEC, one.decided(), one.x, NAMES, method=method, replicates=30, seed=seed)
        coef.append(found.coef)
        naive.append(found.naive_error)
        again.append(found.standard_error)
        inside.append((found.lower, found.upper))
    true = np.std(coef, axis=0, ddof=1)
    assert (np.mean(naive, axis=0) / true).mean() < 0.8
    assert abs((np.mean(again, axis=0) / true).mean() - 1) < 0.2
    centre = np.mean(coef, axis=0)
    covered = np.mean([(lower <= centre) & (centre <= upper) for lower, upper in inside])
    naively = np.mean([np.abs(c - centre) <= 1.96 * n for c, n in zip(coef, naive, strict=True)])
    assert covered > 0.87
    assert naively < covered - 0.05


def test_the_same_seed_gives_the_same_bits_and_clusters_are_drawn_whole() -> None:
    one = world(1_500, 13)
    first, second = (
        bootstrap_procedure(SPEC, one.decided(), one.x, NAMES, method="parcelling", replicates=20, seed=9)
        for _ in range(2)
    )
    assert first.frame().equals(second.frame())
    twin = np.tile(np.arange(1_500), 2)
    y, accepted, x = np.tile(one.y, 2), np.tile(one.accepted, 2), np.tile(one.x, (2, 1))
    alone = bootstrap_procedure(SPEC, Decided(y, accepted), x, NAMES, method="reweighting", replicates=60)
    whole = bootstrap_procedure(
        SPEC, Decided(y, accepted, clusters=twin), x, NAMES, method="reweighting", replicates=60
    )
    assert whole.drawn == "whole clusters of applicants"
    assert (whole.standard_error / alone.standard_error).mean() == pytest.approx(np.sqrt(2), rel=0.15)


def test_what_cannot_be_repeated_is_refused() -> None:
    one = world(300, 14)
    x = one.x.copy()
    for values, names, replicates, code in (
        (x[:, :2], NAMES, 5, "shape"),
        (np.where(x > 2, np.nan, x), NAMES, 5, "missing"),
        (x, NAMES, 1, "range"),
    ):
        with pytest.raises(CreditRiskError) as told:
            bootstrap_procedure(SPEC, one.decided(), values, names, method="none", replicates=replicates)
        assert code in {fault.code for fault in told.value.faults}
    separated = np.column_stack([x[:, :3], one.accepted])
    with pytest.raises(ModelError, match="model of the decision"):
        bootstrap_procedure(SPEC, one.decided(), separated, NAMES, method="reweighting", replicates=5)
    rare = np.column_stack([x[:, :3], np.zeros(300)])
    for outcome in (0, 1):
        rare[np.flatnonzero(one.accepted & (one.bad == outcome))[:2], 3] = 1.0
    found = bootstrap_procedure(SPEC, one.decided(), rare, NAMES, method="none", replicates=40)
    assert found.left_out > 3
    assert found.replicates + found.left_out == 40
