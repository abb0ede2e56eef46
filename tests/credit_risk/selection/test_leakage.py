"""The leakage screen finds planted leaks of each kind, and the known one in the SBA loans; honest data raise none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.selection.leakage import leakage_frame


def flagged(frame: pd.DataFrame, y: np.ndarray, **options: object) -> set[tuple[str, str]]:
    tables = class_frame(frame, y, settings=ClassingSpec())
    gini = {name: table.fine_gini for name, table in tables.items()}
    rows = leakage_frame(frame, y, gini, seed=1, **options)
    assert (rows["flagged"] == (rows["value"] > rows["threshold"])).all()
    return {(r.characteristic, r.check) for r in rows[rows["flagged"]].itertuples()}


@pytest.fixture(scope="module")
def honest() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(21)
    x = rng.normal(size=8000)
    y = (rng.random(8000) < 1 / (1 + np.exp(2 - 1.2 * x))).astype(float)
    months = rng.choice([12, 24, 36, 48, 60, 84], 8000).astype(float)
    return pd.DataFrame({"x": x, "months": months, "c": rng.choice(["a", "b"], 8000).astype(object)}), y


def test_honest_predictors_raise_nothing(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    assert flagged(*honest) == set()


def test_each_kind_of_leak_is_found(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    rng = np.random.default_rng(22)
    bad = y == 1
    planted = frame.assign(
        cut_short=np.where(bad & (rng.random(8000) < 0.9), rng.integers(1, 84, 8000), frame["months"]),
        recovered=np.where(bad & (rng.random(8000) < 0.5), rng.gamma(2, 500, 8000), 0.0),
        closed=np.where(bad | (rng.random(8000) < 0.02), 1.0, np.nan),
        knows=y + 0.1 * rng.normal(size=8000),
    )
    found = flagged(planted, y)
    assert ("cut_short", "exact values") in found
    assert ("recovered", "pure values") in found
    assert ("closed", "missing") in found
    assert ("knows", "discrimination") in found
    assert {name for name, _ in found} == {"cut_short", "recovered", "closed", "knows"}


def test_dates_after_the_decision_are_found(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    decision = pd.Series(["2020-01-31"] * len(y), dtype=object)
    dates = pd.DataFrame({"opened": ["2019-05-01"] * len(y), "closed": ["2019-05-01"] * (len(y) - 1) + ["2020-02-01"]})
    assert flagged(frame, y, decision=decision, dates=dates.astype(object)) == {("closed", "later date")}


def test_the_term_of_the_sba_loans_is_found(test_data: Path) -> None:
    data = pd.read_csv(test_data / "sba_loans.csv.gz").dropna(subset="MIS_Status")
    y = (data["MIS_Status"] == "CHGOFF").to_numpy(float)
    names = ["Term", "NoEmp", "NewExist", "CreateJob", "RetainedJob", "DisbursementGross", "GrAppv", "SBA_Appv"]
    found = flagged(data[names].astype(float).reset_index(drop=True), y)
    assert {name for name, _ in found} == {"Term"}
