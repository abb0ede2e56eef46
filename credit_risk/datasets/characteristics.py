"""What an applicant states and what the bureau says: labels, special codes, and how each value comes about.

Persons have latent standard normal traits, independent of each other: bureau risk g₁, means g₂, indebtedness g₃ and
instability g₄. Characteristics are functions of these, of sex and of age; they are rounded, capped, lost or replaced by
a special code, and only what is left is what anybody sees. Sex and age have no part in the outcome or, but for
`disparity`, in the decision; `occupation` is a proxy of sex, `oldest_trade_months` and `employment` are proxies of age.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.datasets.draws import Block, Floats, count, pick
from credit_risk.datasets.drift import DataQualityBreak, PopulationShift, intensity

Columns = dict[str, NDArray[Any]]

NO_RECORD, THIN_FILE, NO_REVOLVING, NEVER = -9.0, -8.0, -8.0, -7.0

# name: (special codes with their meaning, share of the values that is lost, in units of `missing_share`)
NUMERIC: dict[str, tuple[dict[str, str], float]] = {
    "bureau_score": ({"-9": "no bureau record", "-8": "thin file"}, 0.25),
    "income": ({}, 1.0),
    "utilisation": ({"-8": "no revolving account"}, 0.5),
    "months_at_address": ({}, 0.5),
    "months_at_job": ({"-9": "not employed"}, 0.5),
    "inquiries_6m": ({}, 0.0),
    "delinquencies_24m": ({}, 0.0),
    "months_since_delinquency": ({"-7": "never delinquent in 24 months"}, 0.0),
    "oldest_trade_months": ({"-9": "no bureau record"}, 0.0),
    "open_accounts": ({}, 0.0),
    "dependants": ({}, 0.0),
    "amount_requested": ({}, 0.0),
    "term_months": ({}, 0.0),
}
# name: (labels, share of the values that is lost, in units of `missing_share`)
CATEGORIES: dict[str, tuple[tuple[str, ...], float]] = {
    "employment": (("salaried", "self_employed", "retired", "student", "unemployed"), 0.5),
    "housing": (("owner", "mortgage", "tenant", "with_parents"), 0.0),
    "occupation": (("care_education", "office", "trades", "transport", "hospitality", "management"), 0.75),
    "purpose": (("car", "home_improvement", "consolidation", "other"), 0.0),
    "channel": (("branch", "web", "broker", "phone"), 0.0),
    "region": (("north", "east", "south", "west"), 0.0),
}
PROTECTED: dict[str, tuple[str, ...]] = {
    "sex": ("male", "female"),
    "age_band": ("18-24", "25-34", "35-44", "45-54", "55-64", "65+"),
}
FEMALE = 1
_AGE_EDGES = np.array([25.0, 35.0, 45.0, 55.0, 65.0])
_TERMS = np.array([12.0, 24.0, 36.0, 48.0, 60.0, 72.0])
BROKER = CATEGORIES["channel"][0].index("broker")

# Rows: male, female.
_OCCUPATION = np.array([[0.08, 0.22, 0.28, 0.18, 0.08, 0.16], [0.34, 0.32, 0.04, 0.04, 0.14, 0.12]])
_OCCUPATION_INCOME = np.array([-0.05, 0.0, 0.0, -0.05, -0.15, 0.25])
# Rows: the age bands.
_EMPLOYMENT = np.array(
    [
        [0.60, 0.04, 0.00, 0.28, 0.08],
        [0.78, 0.11, 0.00, 0.05, 0.06],
        [0.78, 0.16, 0.00, 0.01, 0.05],
        [0.76, 0.17, 0.01, 0.01, 0.05],
        [0.62, 0.15, 0.17, 0.00, 0.06],
        [0.10, 0.06, 0.83, 0.00, 0.01],
    ]
)
_HOUSING = np.array(
    [
        [0.02, 0.06, 0.47, 0.45],
        [0.06, 0.30, 0.54, 0.10],
        [0.13, 0.45, 0.38, 0.04],
        [0.22, 0.47, 0.29, 0.02],
        [0.40, 0.32, 0.27, 0.01],
        [0.60, 0.12, 0.27, 0.01],
    ]
)


def true_characteristics(
    block: Block, shifts: Mapping[int, PopulationShift], start: str, months: int, missing_share: float
) -> Columns:
    """What is so: numbers as float64 with NaN for missing, labels as positions in CATEGORIES with −1 for missing.

    shifts: the population shifts by their position among the drift switches.
    """
    bureau, means = block.person_normal("bureau"), block.person_normal("means")
    for shift in shifts.values():
        strength = intensity(shift, start, months)[block.month]
        bureau = bureau + shift.bureau * strength
        means = means + shift.income * strength
    sex = pick(block.person("sex"), np.array([0.52, 0.48]))
    age = 18.0 + 62.0 * block.person("age") ** 1.4
    band = np.searchsorted(_AGE_EDGES, age, side="right").astype(np.int64)
    columns: Columns = {"sex": sex, "age_band": band}
    columns["employment"] = pick(block.person("employment"), _EMPLOYMENT[band])
    columns["housing"] = pick(block.person("housing"), _HOUSING[band])
    columns["occupation"] = pick(block.person("occupation"), _OCCUPATION[sex])
    columns["region"] = pick(block.person("region"), np.array([0.2, 0.25, 0.3, 0.25]))
    _bureau_columns(columns, block, bureau, age)
    _stated_columns(columns, block, means)
    _application_columns(columns, block, shifts, start, months)
    for name, share in _lost_shares().items():
        lost = block.person(f"missing/{name}") < share * missing_share
        columns[name] = np.where(lost, -1 if name in CATEGORIES else np.nan, columns[name])
    return columns


def _lost_shares() -> dict[str, float]:
    """Share lost of each column that is ever lost, in units of `missing_share`."""
    shares = {name: share for name, (_, share) in NUMERIC.items()}
    shares |= {name: share for name, (_, share) in CATEGORIES.items()}
    return {name: share for name, share in shares.items() if share > 0}


def _bureau_columns(columns: Columns, block: Block, bureau: Floats, age: Floats) -> None:
    """Characteristics of the bureau; no record is commoner below 25, a thin file everywhere."""
    score = np.clip(np.rint(650.0 - 80.0 * bureau), 300.0, 900.0)
    file = block.person("bureau_file")
    none = file < np.where(age < 25.0, 0.08, 0.02)
    columns["bureau_score"] = np.where(none, NO_RECORD, np.where(file > 0.97, THIN_FILE, score))
    debt = block.person_normal("indebtedness")
    utilisation = np.clip(np.round(50.0 + 20.0 * debt, 1), 0.0, 130.0)
    columns["utilisation"] = np.where(block.person("revolving") < 0.1, NO_REVOLVING, utilisation)
    columns["inquiries_6m"] = count(block.person("inquiries"), np.exp(0.1 + 0.3 * bureau), 15)
    delinquent = count(block.person("delinquencies"), np.exp(-1.3 + 0.6 * bureau), 12)
    columns["delinquencies_24m"] = delinquent
    since = np.floor(24.0 * block.person("since_delinquency") ** (1.0 + 0.5 * delinquent))
    columns["months_since_delinquency"] = np.where(delinquent > 0, since, NEVER)
    oldest = np.floor(12.0 * (age - 17.5) * (0.2 + 0.75 * block.person("oldest_trade")))
    columns["oldest_trade_months"] = np.where(none, NO_RECORD, oldest)
    columns["open_accounts"] = count(block.person("open_accounts"), np.full(block.rows, 4.0), 20)


def _stated_columns(columns: Columns, block: Block, means: Floats) -> None:
    """Characteristics that the applicant states."""
    occupation = columns["occupation"].astype(np.int64)
    income = np.exp(7.7 + 0.45 * means) * (1.0 + _OCCUPATION_INCOME[occupation])
    columns["income"] = np.maximum(10.0 * np.rint(income / 10.0), 100.0)
    instability = block.person_normal("instability")
    columns["months_at_address"] = np.clip(np.rint(np.exp(3.6 - 0.8 * instability)) - 1.0, 0.0, 600.0)
    job = 0.6 * instability + 0.8 * block.person_normal("job")
    months_at_job = np.clip(np.rint(np.exp(3.3 - 0.9 * job)) - 1.0, 0.0, 540.0)
    columns["months_at_job"] = np.where(columns["employment"] >= 2, NO_RECORD, months_at_job)
    columns["dependants"] = count(block.person("dependants"), np.full(block.rows, 0.9), 6)


def _application_columns(
    columns: Columns, block: Block, shifts: Mapping[int, PopulationShift], start: str, months: int
) -> None:
    """Characteristics of the application, drawn anew in each application of a person."""
    amount = np.exp(8.8 + 0.6 * block.own_normal("amount"))
    columns["amount_requested"] = np.clip(100.0 * np.rint(amount / 100.0), 500.0, 60_000.0)
    columns["term_months"] = _TERMS[pick(block.own("term"), np.array([0.1, 0.2, 0.3, 0.2, 0.15, 0.05]))]
    columns["purpose"] = pick(block.own("purpose"), np.array([0.3, 0.2, 0.3, 0.2]))
    channel = pick(block.own("channel"), np.array([0.35, 0.4, 0.15, 0.1]))
    for position, shift in shifts.items():
        share = shift.broker_share * intensity(shift, start, months)[block.month]
        channel = np.where(block.own(f"drift/{position}/channel") < share, BROKER, channel)
    columns["channel"] = channel


def recorded_characteristics(
    true: Columns, block: Block, breaks: Mapping[int, DataQualityBreak], start: str, months: int
) -> Columns:
    """What is on record: the true values but where a data-quality break strikes, in the order of the switches."""
    columns = dict(true)
    for position, fault in breaks.items():
        share = fault.share * intensity(fault, start, months)[block.month]
        struck = block.own(f"drift/{position}/share") < share
        old = columns[fault.column]
        if fault.fault == "missing":
            new: NDArray[Any] = np.full(block.rows, -1 if fault.column in CATEGORIES else np.nan).astype(old.dtype)
        elif fault.fault == "scaled":
            new = np.where(old >= 0.0, old * fault.factor, old)
        else:
            new = np.full(block.rows, len(CATEGORIES[fault.column][0]), dtype=np.int64)
        columns[fault.column] = np.where(struck, new, old)
    return columns
