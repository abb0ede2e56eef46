"""Drivers: the exact regressors of decision and outcome, each a stated function of one observed characteristic.

A model that is linear in them is correctly specified (but for the square of `bureau` where selection is
`mar_misspecified`), whatever was missing or special: those states have a value of their own. Coefficients follow the
prototype behind METHODS section 1: outcome 0.6, −0.4, 0.3; acceptance −0.8, 0.5, 0, −0.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.datasets.characteristics import CATEGORIES, NO_RECORD, NO_REVOLVING, THIN_FILE
from credit_risk.datasets.draws import Floats

# driver: (coefficient in the outcome index, coefficient in the acceptance index)
COEFFICIENTS: dict[str, tuple[float, float]] = {
    "bureau": (0.6, -0.8),
    "capacity": (-0.4, 0.5),
    "indebtedness": (0.3, -0.1),
    "instability": (0.1, -0.4),
    "inquiries": (0.05, -0.1),
    "employment": (1.0, -1.0),
    "housing": (1.0, -1.0),
    "purpose": (1.0, 0.0),
    "channel": (1.0, -1.0),
    "policy_breach": (0.1, -0.8),
}
QUADRATIC = 0.35
DECAYING = ("bureau", "capacity")
INSTRUMENT = "underwriter_leniency"
INSTRUMENT_COEFFICIENT = 0.7
POLICY_DELINQUENCIES, POLICY_INQUIRIES = 3.0, 4.0

# Effect of each label, in its order in CATEGORIES, and of a label that is missing or unknown.
EFFECTS: dict[str, tuple[tuple[float, ...], float]] = {
    "employment": ((-0.04, 0.12, -0.1, 0.1, 0.3), 0.1),
    "housing": ((-0.12, -0.06, 0.1, 0.04), 0.0),
    "purpose": ((-0.05, -0.08, 0.1, 0.05), 0.0),
    "channel": ((-0.05, 0.0, 0.12, 0.03), 0.0),
}
_USED = (
    "bureau_score",
    "income",
    "utilisation",
    "months_at_address",
    "inquiries_6m",
    "delinquencies_24m",
    *EFFECTS,
)


def outcome_drivers(applications: pd.DataFrame) -> pd.DataFrame:
    """The drivers of `applications` (n rows), from its observed columns alone: (n, 10) float64, same index.

    Raises CreditRiskError naming every column that is absent.
    """
    absent = [name for name in _USED if name not in applications.columns]
    if absent:
        raise CreditRiskError([Fault("column is absent", "column_absent", path=name) for name in absent])
    columns: dict[str, NDArray[Any]] = {}
    for name in _USED:
        if name in CATEGORIES:
            columns[name] = pd.Index(CATEGORIES[name][0]).get_indexer(pd.Index(applications[name]))
        else:
            columns[name] = applications[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.DataFrame(drivers(columns), index=applications.index)


def drivers(columns: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """The drivers from columns as `characteristics` makes them, labels as positions."""
    score = columns["bureau_score"]
    with np.errstate(invalid="ignore", divide="ignore"):
        bureau = np.clip((650.0 - score) / 80.0, -4.0, 4.0)
        capacity = np.clip((np.log(np.maximum(columns["income"], 1.0)) - 7.7) / 0.45, -4.0, 4.0)
        debt = np.clip((columns["utilisation"] - 50.0) / 20.0, -4.0, 4.0)
        instability = np.clip((3.6 - np.log1p(np.maximum(columns["months_at_address"], 0.0))) / 0.8, -4.0, 4.0)
    bureau = np.select([np.isnan(score), score == NO_RECORD, score == THIN_FILE], [0.2, 0.5, 0.25], bureau)
    utilisation = columns["utilisation"]
    inquiries = columns["inquiries_6m"]
    delinquencies = columns["delinquencies_24m"]
    result = {
        "bureau": bureau,
        "capacity": np.where(np.isnan(capacity), -0.25, capacity),
        "indebtedness": np.select([np.isnan(utilisation), utilisation == NO_REVOLVING], [0.0, 0.1], debt),
        "instability": np.where(np.isnan(instability), 0.1, instability),
        "inquiries": np.where(np.isnan(inquiries), 0.0, np.clip((inquiries - 1.2) / 1.2, -1.0, 6.0)),
    }
    for name, (effects, unknown) in EFFECTS.items():
        # A label beyond the known ones is the last but one entry, a missing label (−1) the last.
        result[name] = np.array([*effects, unknown, unknown])[columns[name].astype(np.int64)]
    breach = (delinquencies >= POLICY_DELINQUENCIES) | (inquiries >= POLICY_INQUIRIES)
    result["policy_breach"] = breach.astype(np.float64)
    return {name: result[name] for name in COEFFICIENTS}


def linear(values: Mapping[str, Floats], equation: int) -> Floats:
    """Σ coefficient·driver in the order of COEFFICIENTS; equation 0 is the outcome, 1 the acceptance."""
    total = np.zeros_like(values["bureau"])
    for name, coefficients in COEFFICIENTS.items():
        if coefficients[equation] != 0.0:
            total += coefficients[equation] * values[name]
    return total
