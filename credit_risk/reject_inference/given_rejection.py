"""Bivariate probit on the weights of evidence of two scorecards, of the decision and of known outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference.bivariate_probit import (
    bivariate_probit_rows,
    fit_bivariate_probit,
    probability_given_rejection,
)
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows


def of_decision(name: str) -> str:
    """Name of a column of the decision, which the same characteristic's column of the outcome does not have."""
    return f"{name} (decision)"


def probit_rows(
    decided: Decided,
    decision: Floats,
    decision_names: Sequence[str],
    outcome: Floats,
    outcome_names: Sequence[str],
    instrument: str | None,
) -> InferredRows:
    """Rows of the bivariate probit on weights of evidence (n, m) of the decision and (n, k) of the outcome.

    Raises CreditRiskError where the instrument is no term of the decision, ModelError as `fit_bivariate_probit` does.
    """
    z, x = _frames(decision, decision_names, outcome, outcome_names)
    fit = fit_bivariate_probit(decided, z, x, instrument=_term(instrument, decision_names))
    return bivariate_probit_rows(decided, fit, z, x)


def given_rejection(
    decision_names: Sequence[str], outcome_names: Sequence[str], instrument: str | None
) -> Callable[[Decided, Floats, Floats], Floats]:
    """The function of (decided, x, decision_x) that `bootstrap_procedure` takes for the bivariate probit."""

    def of(decided: Decided, outcome: Floats, decision: Floats) -> Floats:
        _term(instrument, decision_names)
        return probability_given_rejection(decided, *_frames(decision, decision_names, outcome, outcome_names))

    return of


def _frames(
    decision: Floats, decision_names: Sequence[str], outcome: Floats, outcome_names: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    z = pd.DataFrame(decision, columns=[of_decision(name) for name in decision_names])
    return z, pd.DataFrame(outcome, columns=list(outcome_names))


def _term(instrument: str | None, decision_names: Sequence[str]) -> str:
    if instrument is None:
        remedy = "name a column that moved the decision and has no effect on the outcome, or use another method"
        raise CreditRiskError(
            Fault("bivariate_probit needs an instrument", "no_instrument", path="instrument", remedy=remedy)
        )
    if instrument not in decision_names:
        raise CreditRiskError(
            Fault(
                "the instrument predicts nothing of the decision",
                "instrument_predicts_nothing",
                path="instrument",
                found=f"{instrument!r} is no term of the model of the decision",
                remedy="use another instrument, or another method",
            )
        )
    return of_decision(instrument)
