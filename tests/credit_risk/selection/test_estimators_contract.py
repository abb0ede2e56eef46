"""The selectors keep scikit-learn's contract, each in more than one of its settings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import credit_risk as cr

# the selectors claim numpy and frames, and scikit-learn skips this check unless scipy is set up for it
NOT_CLAIMED = ("check_array_api_input",)
SELECTORS = {
    "information_value": cr.InformationValueSelector(),
    "correlation": cr.CorrelationSelector(),
    "clusters": cr.CorrelationSelector(max_correlation=0.5, method="clusters"),
    "inflation": cr.VarianceInflationSelector(),
    "stability": cr.StabilitySelector(),
    "stepwise": cr.StepwiseSelector(),
    "backward": cr.StepwiseSelector(method="backward", criterion="aic", sign=None, max_variance_inflation=5.0),
    "forward": cr.StepwiseSelector(method="forward", criterion="bic", sign="positive"),
    "whole": cr.CharacteristicSelector(),
}
EXPECTED_FAILURES: dict[tuple[str, str], str] = {}


def contract_checks() -> Iterator[Any]:
    for label, selector in SELECTORS.items():
        for number, (estimator, check) in enumerate(estimator_checks_generator(selector)):
            name = (check.func if isinstance(check, partial) else check).__name__
            if name not in NOT_CLAIMED:
                reason = EXPECTED_FAILURES.get((label, name))
                marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
                yield pytest.param(estimator, check, id=f"{label}-{number}-{name}", marks=marks)


# both warnings are the selectors' answer to the data of the checks: noise selects nothing, and no samples are given
@pytest.mark.filterwarnings("ignore:No features were selected", "ignore:fit was given no samples")
@pytest.mark.parametrize(("estimator", "check"), list(contract_checks()))
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)
