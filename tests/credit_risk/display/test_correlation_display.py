"""Plots of the bivariate probit show what its frames hold."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.display import CorrelationProfileDisplay, ProbitDisplay
from credit_risk.reject_inference import correlation_profile_table, fit_bivariate_probit, probit_table
from tests.credit_risk.reject_inference.probit_worlds import world


@pytest.fixture(scope="module")
def fit():
    of = world(0, n=1500)
    return fit_bivariate_probit(of.decided, of.z, of.x, instrument="officer")


def test_profile_is_drawn_with_its_interval(fit) -> None:
    shown = CorrelationProfileDisplay.from_fit(fit)
    assert shown.frame().equals(correlation_profile_table(fit))
    ax = shown.plot()
    lines = {line.get_label(): line for line in ax.get_lines()}
    frame = shown.frame()
    assert np.array_equal(lines["inside the interval"].get_xdata(), frame["rho"][frame["inside"]])
    assert f"estimate {fit.rho:.3f}" in lines
    assert shown.svg() == shown.svg()


def test_parameters_are_drawn_by_equation(fit) -> None:
    shown = ProbitDisplay.from_fit(fit)
    assert shown.frame().equals(probit_table(fit))
    ax = shown.plot()
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [*fit.decision_terms[1:], *fit.outcome_terms[1:], "rho"]
    marks = {line.get_label(): line.get_xdata() for line in ax.get_lines()}
    assert np.array_equal(marks["outcome"], fit.beta[1:])
