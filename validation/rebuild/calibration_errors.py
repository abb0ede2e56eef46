"""Standard errors of the parameters of calibration maps by numerical second derivatives of their likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild.linear_models import LinearModel
from validation.rebuild.numerical import standard_errors

Floats = NDArray[np.float64]
COLUMNS: Final[dict[str, str]] = {
    "shift": "one",
    "slope": "score",
    "intercept": "one",
    "a": "log_probability",
    "b": "log_rest",
    "c": "one",
}
"""What each parameter multiplies in the log-odds of the map."""


def numerical_errors(
    estimates: Mapping[str, float], held: frozenset[str], score: Floats, y: Floats, weight: Floats, *, robust: bool
) -> dict[str, float]:
    """Errors by name of the parameters at their estimates, NaN of those held at a bound.

    score (n,) in log-odds, outcome y (n,) 0 or 1, weight (n,); robust: the sandwich with squared weights (HC0). A shift
    has the score beside it as it is. Raises numpy.linalg.LinAlgError where the information is singular, KeyError for a
    parameter that no map has.
    """
    of = {
        "one": np.ones(len(y)),
        "score": score,
        "log_probability": special.log_expit(score),
        "log_rest": -special.log_expit(-score),
    }
    free = [name for name in estimates if name not in held]
    at = np.array([estimates[name] for name in free], dtype=np.float64)
    model = LinearModel(
        name="calibration",
        family="logistic",
        link="logit",
        power=np.nan,
        terms=tuple(free),
        x=np.column_stack([of[COLUMNS[name]] for name in free]),
        y=y,
        weight=weight,
        offset=score if "shift" in estimates else np.zeros(len(y)),
        clusters=np.arange(len(y), dtype=np.int64),
        covariance="hc0" if robust else "nonrobust",
        coefficient=at,
        standard_error=np.full(len(free), np.nan),
        own_coefficient=at,
        own_error=np.full(len(free), np.nan),
        evidence="calibration.parameters",
    )
    return dict.fromkeys(estimates, np.nan) | dict(zip(free, standard_errors(model).tolist(), strict=True))
