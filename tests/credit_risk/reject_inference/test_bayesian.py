"""Bayesian evaluation against every possible outcome enumerated, and against the toolkit's own measures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc, brier_score, ks, log_loss
from credit_risk.reject_inference.bayesian import (
    COLUMNS,
    MEASURES,
    approved_parts,
    bayesian_auc,
    bayesian_table,
    expected_auc,
)

NAN = np.nan


def small(weighted: bool):
    """Nine applicants, five of unknown outcome, tied risks."""
    y = np.array([0, 1, NAN, NAN, 0, NAN, 1, NAN, NAN])
    risk = np.array([0.1, 0.4, 0.4, 0.2, 0.3, 0.6, 0.6, 0.1, 0.9])
    prior = np.array([0.5, 0.5, 0.3, 0.2, 0.5, 0.7, 0.5, 0.1, 0.8])
    return y, risk, prior, np.array([1.0, 2, 3, 1, 2, 1, 1, 2, 3]) if weighted else None


def enumerated(y, prior, measure):
    """Mean and standard deviation of a measure over all outcomes that can be, by their probability."""
    places = np.flatnonzero(np.isnan(y))
    values, chances = [], []
    for labels in itertools.product((0.0, 1.0), repeat=len(places)):
        full = y.copy()
        full[places] = labels
        values.append(measure(full))
        chances.append(np.prod(np.where(np.array(labels) == 1, prior[places], 1 - prior[places])))
    mean = np.dot(values, chances)
    return mean, np.sqrt(np.dot(np.square(values), chances) - mean**2)


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_over_draws_is_the_expectation_over_all_outcomes(weighted):
    y, risk, prior, w = small(weighted)
    draws = 4000
    frame = bayesian_table(y, risk, prior, w, draws=draws, seed=3, approved=(0.4,)).set_index("measure")
    measures = {
        "auc": lambda full: auc(full, risk, w),
        "gini": lambda full: 2 * auc(full, risk, w) - 1,
        "ks": lambda full: ks(full, risk, w).statistic,
        "brier": lambda full: brier_score(full, risk, w),
        "log_loss": lambda full: log_loss(full, risk, w),
    }
    for name, measure in measures.items():
        mean, deviation = enumerated(y, prior, measure)
        assert frame.loc[name, "estimate"] == pytest.approx(mean, abs=4 * deviation / np.sqrt(draws)), name
        assert frame.loc[name, "standard_deviation"] == pytest.approx(deviation, rel=0.1), name
    assert tuple(frame.reset_index().columns) == COLUMNS
    assert set(frame.index) == set(MEASURES)


def test_without_unknown_outcomes_it_is_the_measure_itself():
    random = np.random.default_rng(1)
    p = np.round(random.random(400), 2).clip(0.01, 0.99)
    y = (random.random(400) < p).astype(float)
    w = random.uniform(0.5, 2.0, 400)
    for weights in (None, w):
        frame = bayesian_table(y, p, p, weights, draws=2).set_index("measure")["estimate"]
        assert frame["auc"] == pytest.approx(auc(y, p, weights), abs=1e-13)
        assert frame["ks"] == pytest.approx(ks(y, p, weights).statistic, abs=1e-12)
        assert frame["brier"] == pytest.approx(brier_score(y, p, weights), abs=1e-13)
        assert frame["log_loss"] == pytest.approx(log_loss(y, p, weights), abs=1e-13)
        assert bayesian_auc(y, p, p, weights, draws=2).standard_deviation == 0.0
        assert expected_auc(y, p, p, weights) == pytest.approx(auc(y, p, weights), abs=1e-13)


def test_expected_auc_is_where_many_draws_lead():
    random = np.random.default_rng(2)
    n = 3000
    risk = np.round(random.normal(size=n), 1)
    prior = 1 / (1 + np.exp(-risk))
    y = np.where(random.random(n) < 0.4, (random.random(n) < prior).astype(float), NAN)
    w = random.uniform(0.5, 3.0, n)
    for weights in (None, w):
        told = bayesian_auc(y, risk, prior, weights, draws=400, seed=5)
        error = told.standard_deviation / np.sqrt(400)
        assert told.estimate == pytest.approx(expected_auc(y, risk, prior, weights), abs=4 * error + 1 / n)
        assert told.lower < told.estimate < told.upper


def test_two_models_see_the_same_draws():
    """Draws follow the rows, not their risk: an increasing function of the risk gives the same AUC, draw by draw."""
    y, risk, prior, w = small(True)
    one, other = bayesian_auc(y, risk, prior, w, seed=9), bayesian_auc(y, np.exp(risk), prior, w, seed=9)
    assert np.array_equal(one.draws, other.draws)
    reverse = bayesian_auc(y, -risk, prior, w, seed=9)
    assert np.allclose(one.draws + reverse.draws, 1.0, atol=1e-14)


def test_bad_rate_of_the_approved():
    y = np.array([0.0, 1.0, 0.0, 1.0])
    p = np.array([0.1, 0.2, 0.2, 0.9])
    frame = bayesian_table(y, p, p, draws=2, approved=(0.25, 0.5, 1.0))
    rates = frame[frame["measure"] == "bad_rate_approved"]
    assert rates["estimate"].tolist() == pytest.approx([0.0, 0.25, 0.5])
    assert approved_parts(p, 0.5).tolist() == [1.0, 0.5, 0.5, 0.0]
    assert approved_parts(p[::-1], 0.5).tolist() == [0.0, 0.5, 0.5, 1.0]
    assert approved_parts(p, 0.5, [2.0, 1.0, 1.0, 4.0]).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_certain_predictions_that_are_wrong_are_infinite():
    frame = bayesian_table([0.0, 1.0, NAN], [0.0, 1.0, 1.0], [0.5, 0.5, 0.5], draws=20).set_index("measure")
    assert frame.loc["log_loss", "estimate"] == np.inf
    right = bayesian_table([0.0, 1.0, NAN], [0.0, 1.0, 1.0], [0.5, 0.5, 1.0], draws=20).set_index("measure")
    assert right.loc["log_loss", "estimate"] == 0.0


def test_bad_input_is_told_at_once():
    with pytest.raises(CreditRiskError) as told:
        bayesian_table([0.0, NAN, 0.0], [0.1, 1.2, 0.3], [0.1, NAN, 0.3], [1.0, 0.0, 1.0], draws=1, approved=(0.0,))
    assert {fault.code for fault in told.value.faults} == {"range", "missing", "weight", "one_class"}
    with pytest.raises(CreditRiskError, match="length differs"):
        bayesian_auc([0.0, 1.0], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
