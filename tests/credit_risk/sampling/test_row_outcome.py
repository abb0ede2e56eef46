"""Outcomes of applications: statuses, exclusions, ready columns with gaps, and performance history."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core import evidence
from credit_risk.sampling import DataContractError, Intake, read_source, snapshot_frame, split_samples, take_in
from credit_risk.sampling.spec import DataSpec, OutcomeSpec, SamplesSpec

HISTORY = {"source": "h.csv", "key": "acc", "month": "m", "days_past_due": "dpd"}
ROWS = 60


def applications() -> pd.DataFrame:
    """Rows 1 to 60; a status, an age and a ready outcome: bad, good, blank or unclear."""
    number = np.arange(1, ROWS + 1)
    return pd.DataFrame(
        {
            "id": number,
            "age": 20 + number % 30,
            "income": number * 100.0,
            "status": np.where(number % 6 == 0, "R", np.where(number % 6 == 1, "O", "B")),
            "Y": np.array(["bad", "good", "good", "unclear", None], dtype=object)[number % 5],
        }
    )


def taken(tmp_path: Path, frame: pd.DataFrame, outcome: dict[str, Any], history: Any = None, **data: Any) -> Intake:
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    spec = DataSpec.model_validate({"source": "t.csv", "key": "id", **data})
    return take_in(read_source(path), spec, OutcomeSpec.model_validate(outcome), history=history)


def refused(*arguments: Any, **options: Any) -> dict[str, Any]:
    with pytest.raises(DataContractError) as caught:
        taken(*arguments, **options)
    return {fault.code: fault for fault in caught.value.faults}


READY = {"column": "Y", "bad": "bad", "good": "good", "indeterminate": ["unclear"], "missing": "exclude"}


def test_ready_column_with_indeterminate_and_blank_values(tmp_path: Path) -> None:
    frame = applications()
    intake = taken(tmp_path, frame, READY)
    expected = frame["Y"].map({"bad": 1.0, "good": 0.0}).to_numpy()
    np.testing.assert_array_equal(intake.outcome, expected)
    found = intake.decided.tables["outcome.exclusions"]
    evidence.table("outcome.exclusions", found)
    assert list(found[["outcome", "reason", "rows"]].itertuples(index=False, name=None)) == [
        ("bad", None, 12),
        ("good", None, 24),
        ("indeterminate", "value of the outcome", 12),
        ("excluded", "outcome missing", 12),
    ]
    waterfall = intake.tables["data.waterfall"]
    assert waterfall["remaining"].tolist() == [60, 48, 36, 36]
    assert intake.definition["rows indeterminate"] == 12
    assert intake.definition["rows in no sample"] == 24
    labels = split_samples(intake.outcome, SamplesSpec())
    snapshot = snapshot_frame(intake, labels)
    left = snapshot["_outcome"].isna()
    assert left.sum() == 24
    assert snapshot["_sample"].isna().tolist() == left.tolist()
    assert snapshot["_status"].isna().all()


def test_blank_and_unknown_values_are_refused_unless_the_plan_says_otherwise(tmp_path: Path) -> None:
    found = refused(tmp_path, applications(), {"column": "Y", "bad": "bad", "good": "good"})
    assert set(found) == {"outcome_missing", "other_codes"}
    assert "outcome.missing: exclude" in found["outcome_missing"].remedy
    # two values besides bad are ambiguous, and one is not once the other is named
    two = refused(tmp_path, applications(), {"column": "Y", "bad": "bad", "missing": "exclude"})
    assert set(two) == {"other_codes"}
    intake = taken(tmp_path, applications(), {k: v for k, v in READY.items() if k != "good"})
    assert intake.definition["good"] == "good (the one other value)"


def test_all_rows_indeterminate(tmp_path: Path) -> None:
    frame = applications().assign(Y="unclear")
    found = refused(tmp_path, frame, READY)
    assert set(found) == {"one_class"}


STATUS = {"column": "status", "values": {"B": "booked", "R": "rejected", "O": "overridden_low"}}
EXCLUSIONS = [
    {"condition": "age < 22", "reason": "under age"},
    {"condition": "income >= 5000 and age > 30", "reason": "own business"},
]


def test_statuses_and_exclusions(tmp_path: Path) -> None:
    frame = applications()
    intake = taken(tmp_path, frame, {**READY, "status": STATUS, "exclusions": EXCLUSIONS})
    rejected = frame["status"] == "R"
    young = ~rejected & (frame["age"] < 22)
    own = ~rejected & ~young & (frame["income"] >= 5000) & (frame["age"] > 30)
    stays = ~rejected & ~young & ~own
    known = stays & frame["Y"].isin(["bad", "good"])
    assert np.isfinite(intake.outcome).tolist() == known.tolist()
    waterfall = intake.tables["data.waterfall"]
    assert waterfall["removed"].tolist()[1:4] == [int(rejected.sum()), int(young.sum()), int(own.sum())]
    assert waterfall["remaining"].tolist()[-1] == int(known.sum())
    assert (waterfall["removed"].sum() + waterfall["remaining"].iloc[-1]) == ROWS
    assert intake.status.tolist() == frame["status"].map(STATUS["values"]).tolist()
    statuses = intake.decided.tables["outcome.status"].set_index("status")
    evidence.table("outcome.status", intake.decided.tables["outcome.status"])
    assert statuses["rows"].to_dict() == dict(Counter(intake.status.tolist()))
    assert statuses.loc["rejected", ["good", "bad"]].tolist() == [0, 0]
    snapshot = snapshot_frame(intake, split_samples(intake.outcome, SamplesSpec()))
    assert snapshot["_status"].tolist() == intake.status.tolist()
    assert intake.roles["status"] == "status"
    assert intake.decided.tables["outcome.exclusions"]["rows"].sum() == ROWS


def test_blank_outcomes_of_the_not_booked_are_no_fault(tmp_path: Path) -> None:
    frame = applications()
    frame["Y"] = np.where(frame["status"] == "R", None, np.where(frame["id"] % 4 == 0, "bad", "good"))
    intake = taken(tmp_path, frame, {"column": "Y", "bad": "bad", "status": STATUS})
    assert int(np.isnan(intake.outcome).sum()) == int((frame["status"] == "R").sum())


def test_faults_of_statuses_and_exclusions_together(tmp_path: Path) -> None:
    frame = applications()
    frame.loc[3, "status"] = "?"
    frame.loc[5, "status"] = None
    exclusions = [{"condition": "AGE < 20", "reason": "a"}, {"condition": "age", "reason": "b"}]
    found = refused(tmp_path, frame, {**READY, "status": STATUS, "exclusions": exclusions})
    assert set(found) == {"status", "status_missing", "absent", "expression"}
    assert found["absent"].path == "outcome.exclusions[0].condition"
    assert found["expression"].path == "outcome.exclusions[1].condition"


def performance() -> pd.DataFrame:
    """Accounts 1 to 50: 14 months each, bad (95 days in month 6) where divisible by 5; account 99 is no applicant."""
    rows = [(key, m, 95 if key % 5 == 0 and m == 6 else 0) for key in (*range(1, 51), 99) for m in range(14)]
    return pd.DataFrame(rows, columns=["acc", "m", "dpd"])


def test_outcome_from_history(tmp_path: Path) -> None:
    intake = taken(tmp_path, applications(), {"history": HISTORY}, performance())
    number = np.arange(1, ROWS + 1)
    expected = np.where(number > 50, np.nan, np.where(number % 5 == 0, 1.0, 0.0))
    np.testing.assert_array_equal(intake.outcome, expected)
    items = intake.decided.items["outcome.history"]
    assert items["accounts that are no application"] == 1
    assert items["applications without an account in the history"] == 10
    assert intake.cluster.tolist() == number.tolist()
    assert intake.definition["bad"] == "90 or more days past due, at any time within 12 months"
    for identifier in ("outcome.history", "outcome.window"):
        evidence.key_values(identifier, intake.decided.items[identifier])
    assert intake.tables["data.waterfall"]["removed"].tolist() == [0, 10, 0]


def test_behavioural_rows_share_a_cluster(tmp_path: Path) -> None:
    """Each account at months 0 and 2, named by a column; month 1 is no observation point of the plan."""
    frame = pd.DataFrame(
        [(f"{key}-{t}", key, t, key % 7 + 0.5) for key in range(1, 51) for t in (0, 1, 2)],
        columns=["id", "customer", "seen", "balance"],
    )
    history = {**HISTORY, "account": "customer"}
    windows = {"performance_months": 5, "observed_at": "seen", "observation_points": [0, 2]}
    intake = taken(tmp_path, frame, {"history": history, "windows": windows}, performance())
    month = frame["seen"].to_numpy()
    late = (frame["customer"] % 5 == 0).to_numpy()
    expected = np.where(month == 1, np.nan, np.where(late & (month == 2), 1.0, 0.0))
    np.testing.assert_array_equal(intake.outcome, expected)
    assert intake.cluster.tolist() == frame["customer"].tolist()
    assert intake.roles["customer"] == "account"
    assert intake.roles["seen"] == "date"
    assert intake.predictors == ("balance",)


def test_observation_is_the_month_of_application_where_the_history_has_dates(tmp_path: Path) -> None:
    months = pd.period_range("2022-01", periods=30, freq="M").strftime("%Y-%m").tolist()
    rows = [
        (key, months[m], 95 if key % 5 == 0 and m == 12 + key % 3 else 0) for key in range(1, 61) for m in range(30)
    ]
    frame = applications().drop(columns="Y").assign(applied=["2022-07-15"] * 30 + ["2021-10-01"] * 30)
    history = {"source": "h", "key": "k", "date": "month", "days_past_due": "dpd"}
    table = pd.DataFrame(rows, columns=["k", "month", "dpd"])
    intake = taken(tmp_path, frame, {"history": history}, table, date="applied")
    # July 2022 is month 6: months 7 to 18 count. October 2021 is month -3: months -2 to 9 count, where none is bad.
    number = np.arange(1, ROWS + 1)
    np.testing.assert_array_equal(intake.outcome, ((number % 5 == 0) & (number <= 30)).astype(float))
    assert intake.definition["observation point"] == "the month of applied"


def test_accounts_of_one_obligor_are_one_cluster(tmp_path: Path) -> None:
    frame = performance().assign(who=lambda f: f["acc"] // 10)
    intake = taken(tmp_path, applications(), {"history": {**HISTORY, "obligor": "who"}}, frame)
    number = np.arange(1, ROWS + 1)
    assert intake.cluster.tolist() == [key // 10 if key <= 50 else None for key in number.tolist()]


def test_history_and_applications_do_not_meet(tmp_path: Path) -> None:
    found = refused(tmp_path, applications(), {"history": HISTORY}, performance().assign(acc=lambda f: f["acc"] + 500))
    assert set(found) == {"no_match"}
    assert found["no_match"].found == "applications 1, 2, 3, 4, 5; history 501, 502, 503, 504, 505"


def test_a_window_longer_than_the_data(tmp_path: Path) -> None:
    outcome = {"history": HISTORY, "windows": {"performance_months": 24}}
    fault = refused(tmp_path, applications(), outcome, performance())["window"]
    assert fault.path == "outcome.windows.performance_months"
    assert fault.found == "13 months from 0 to 13"


def test_all_indeterminate_in_the_history(tmp_path: Path) -> None:
    outcome = {"history": HISTORY, "definition": {"indeterminate": {"days_past_due": 30}}}
    frame = performance().assign(dpd=lambda f: np.where(f["m"] == 3, 40, 0))
    with pytest.raises(DataContractError) as caught:
        taken(tmp_path, applications(), outcome, frame)
    assert [fault.code for fault in caught.value.faults] == ["no_outcome"]
    assert caught.value.faults[0].message == "no row is bad or good"
    assert "they leave no row" in str(caught.value.faults[0].remedy)
    assert "indeterminate (30 or more days past due, and not bad): 50" in caught.value.faults[0].found


def test_faults_of_both_sources_are_told_together(tmp_path: Path) -> None:
    frame = applications()
    frame.loc[0, "id"] = 2
    broken = pd.concat([performance(), performance().head(1)])
    found = refused(tmp_path, frame, {"history": HISTORY}, broken)
    assert set(found) == {"duplicate_key", "duplicate_month"}


def test_observation_points_of_the_wrong_kind(tmp_path: Path) -> None:
    outcome = {"history": HISTORY, "windows": {"observed_at": "status"}}
    fault = refused(tmp_path, applications(), outcome, performance())["type"]
    assert fault.path == "outcome.windows.observed_at"
