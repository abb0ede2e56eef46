"""Two tables put together: LendingClub's samples of accepted and rejected applications, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import credit_risk as cr
from credit_risk._core.errors import CreditRiskError
from credit_risk.reject_inference.inference import infer_rejects
from credit_risk.reject_inference.through_the_door import through_the_door

ACCEPTED = pd.DataFrame(
    {"amount": [1.0, 2.0, 3.0], "when": pd.to_datetime(["2020-01-01"] * 3), "paid": ["no", "yes", None], "dti": 1.0}
)
REJECTED = pd.DataFrame({"sum": [5.0, 6.0], "when": pd.to_datetime(["2020-02-01"] * 2), "w": [2.0, 3.0], "dti": "1%"})


def test_shared_fields_outcomes_and_weights() -> None:
    fields = {"amount": ("amount", "sum"), "when": ("when", "when")}
    door = through_the_door(
        ACCEPTED, REJECTED, fields=fields, outcome="paid", bad="no", weights={"accepted": 0.5, "rejected": "w"}
    )
    assert door.X["amount"].tolist() == [1, 2, 3, 5, 6]
    np.testing.assert_array_equal(door.y, [1, 0, np.nan, np.nan, np.nan])
    assert door.accepted.tolist() == [True] * 3 + [False] * 2
    assert door.weights.tolist() == [0.5, 0.5, 0.5, 2, 3]
    assert door.acceptance_rate == pytest.approx(1.5 / 6.5)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CreditRiskError) as told:
        through_the_door(
            ACCEPTED,
            REJECTED,
            fields={"dti": ("dti", "dti"), "when": ("amount", "when"), "age": ("age", "born")},
            outcome="late",
            bad=1,
            weights={"accepted": 0.0, "rejected": "weight", "withdrawn": 1.0},
        )
    assert sorted((fault.code, fault.path) for fault in told.value.faults) == [
        ("column_absent", "accepted.age"),
        ("column_absent", "accepted.late"),
        ("column_absent", "rejected.born"),
        ("column_absent", "rejected.weight"),
        ("field_type", "dti"),
        ("field_type", "when"),
        ("table", "weights.withdrawn"),
        ("weight", "weights.accepted"),
    ]
    found = next(fault.found for fault in told.value.faults if fault.path == "dti")
    assert found == "accepted: numbers (1.0); rejected: text ('1%')"


def test_lending_club_at_its_true_ratio(test_data: Path) -> None:
    """5,000 and 5,000 rows where the lender rejected about ten for each that it accepted: weights say so."""
    accepted = pd.read_csv(test_data / "lc_accepted.csv.gz")
    rejected = pd.read_csv(test_data / "lc_rejected.csv.gz")
    shared = ["loan_amnt", "dti", "emp_length", "zip_code"]
    options = {"fields": shared, "outcome": "loan_status", "bad": "Charged Off"}
    with pytest.raises(CreditRiskError, match="other types in the two tables") as told:
        through_the_door(accepted, rejected, **options)
    assert [fault.path for fault in told.value.faults] == ["dti"]

    percent = pd.to_numeric(rejected["dti"].str.rstrip("%"))
    rejected = rejected.assign(dti=percent.where(percent != -1.0))  # -1% means not known
    weights = {"accepted": 1.0, "rejected": 10.0 * len(accepted) / len(rejected)}
    door = through_the_door(accepted, rejected, **(options | {"fields": shared[:3], "weights": weights}))
    assert door.acceptance_rate == pytest.approx(1 / 11)
    assert np.nanmean(door.y) == pytest.approx(0.2198, abs=1e-4)

    inferred = infer_rejects(
        door.X,
        door.y,
        door.accepted,
        weights=door.weights,
        method="reweighting",
        known_outcomes_model=cr.ScorecardClassifier(cr.Binner(max_bins=5)),
        decision_model=cr.ScorecardClassifier(cr.Binner(max_bins=5)),
    )
    # the model of the decision is of the applicants, not of the two files: one in eleven is accepted
    assert np.average(inferred.acceptance, weights=door.weights) == pytest.approx(1 / 11, rel=1e-6)
    assert inferred.weight.sum() == pytest.approx(len(accepted))
    w = inferred.weight
    assert w.sum() ** 2 / (w**2).sum() < 0.9 * len(w)
    reweighted = np.average(inferred.y, weights=w)
    assert 0.1 < reweighted < 0.5
    final = cr.ScorecardClassifier(cr.Binner(max_bins=5)).fit(inferred.take(door.X), inferred.y, sample_weight=w)
    assert len(final.tables_) == 3
