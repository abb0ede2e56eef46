"""What is told of bounds on the sign of coefficients."""

from __future__ import annotations

import pandas as pd

from credit_risk.models.logistic import LogisticFit

CONDITIONAL = (
    "maximum likelihood under b <= 0: the derivative of the log likelihood is zero where a coefficient is below zero, "
    "and not negative where the bound holds one at zero; errors, tests and intervals take those as known to be zero. "
    "What the search for the model left out because its bound holds it stands in selection.waterfall"
)


def constraints_frame(fit: LogisticFit) -> pd.DataFrame:
    """Evidence `scorecard.constraints.{model}`: bound, coefficient and derivative of the log likelihood, by term."""
    held = ~fit.free[1:]
    return pd.DataFrame(
        {
            "characteristic": fit.terms[1:],
            "upper_bound": 0.0,
            "coefficient": fit.coef[1:],
            "derivative": [float(s) if h else 0.0 for s, h in zip(fit.score[1:], held, strict=True)],
            "binds": held,
        }
    )
