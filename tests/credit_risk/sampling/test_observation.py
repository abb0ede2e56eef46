"""Rows at rolling observation points: read literally, never from the future, refused where they cannot be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from credit_risk._core import evidence
from credit_risk._core.errors import IntakeError
from credit_risk.sampling import Intake, read_history, take_in
from credit_risk.sampling.labels import label_rows
from credit_risk.sampling.observation import Observed, observe, point_text, rolling_months
from credit_risk.sampling.observation_points import observation_points_frame, overlapping_rows
from credit_risk.sampling.spec import DataSpec, OutcomeSpec, SamplesSpec
from credit_risk.sampling.table_source import source_of_frame

HISTORY = {"source": "h", "key": "acc", "month": "m", "days_past_due": "dpd"}
Rows = dict[int, dict[int, tuple[int, float, str | None]]]


def specs(windows: dict[str, Any], monthly: dict[str, int], **history: Any) -> tuple[DataSpec, OutcomeSpec]:
    data = DataSpec.model_validate({"source": "t", "key": "id", "monthly": monthly})
    return data, OutcomeSpec.model_validate({"history": {**HISTORY, **history}, "windows": windows})


def history_frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(
        [(key, m, *values) for key, months in rows.items() for m, values in months.items()],
        columns=["acc", "m", "dpd", "balance", "code"],
    )


def accounts(keys: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"id": keys, "income": [k * 37 % 50 * 10.0 for k in keys], "town": [f"t{k % 3}" for k in keys]})


@st.composite
def histories(draw: st.DrawFn) -> Rows:
    found: Rows = {}
    for key in range(1, draw(st.integers(2, 6))):
        first, length = draw(st.integers(-3, 4)), draw(st.integers(1, 9))
        kept = [m for m in range(first, first + length) if m == first or draw(st.integers(0, 9))]
        found[key] = {
            month: (
                draw(st.sampled_from([0, 10, 35, 95])),
                draw(st.sampled_from([0.0, 12.5, 100.0])),
                draw(st.sampled_from(["A", "7", None])),
            )
            for month in kept
        }
    return found


MONTHLY = {"dpd": 3, "balance": 2, "code": 4}


def made(rows: Rows, points: list[int], every: int = 1, keys: list[int] | None = None) -> Observed:
    windows = {"performance_months": 1, "rolling": {"every": every, "first": points[0], "last": points[-1]}}
    data, outcome = specs(windows, MONTHLY, gaps="accept")
    return observe(source_of_frame(accounts(keys or sorted(rows))), data, outcome, history_frame(rows))


@settings(max_examples=40)
@given(histories(), st.integers(-3, 5), st.integers(0, 6), st.integers(1, 3))
def test_rows_are_those_of_a_literal_reading(rows: Rows, first: int, span: int, every: int) -> None:
    points = list(range(first, first + span + 1, every))
    wanted = [(key, t) for key in sorted(rows) for t in points if t in rows[key]]
    keys = sorted(rows, reverse=True)  # rows stand in the order of the source
    wanted = [(key, t) for key in keys for t in points if t in rows[key]]
    if not wanted:
        with pytest.raises(IntakeError):
            made(rows, [first, first + span], every, keys)
        return
    found = made(rows, [first, first + span], every, keys).source
    frame = found.frame
    assert frame["observation_key"].tolist() == [f"{key}@{t}" for key, t in wanted]
    assert frame["observation_point"].tolist() == [str(t) for _, t in wanted]
    assert frame["income"].tolist() == [key * 37 % 50 * 10.0 for key, _ in wanted]
    for place, (name, count) in enumerate(MONTHLY.items()):
        for lag in range(count):
            expected = [rows[key].get(t - lag, (None, None, None))[place] for key, t in wanted]
            assert frame[f"{name}_{lag}"].tolist() == expected, (name, lag)


@settings(max_examples=40)
@given(histories(), st.integers(-2, 5), st.data())
def test_nothing_of_a_later_month_is_in_a_row(rows: Rows, point: int, data: st.DataObject) -> None:
    """Every month after the point is changed or taken away, at random: the rows at the point stay the same."""
    assume(any(point in months for months in rows.values()))
    changed: Rows = {}
    for key, months in rows.items():
        changed[key] = {m: values for m, values in months.items() if m <= point}
        for month in range(point + 1, point + data.draw(st.integers(1, 4))):
            value = (data.draw(st.sampled_from([0, 95])), data.draw(st.sampled_from([0.0, 1e6])), "FUTURE")
            changed[key][month] = value
        if not changed[key]:
            del changed[key]
    assume(max(m for months in changed.values() for m in months) >= point)
    keys = [key for key in sorted(rows) if key in changed]
    before = made(rows, [point], keys=keys).source.frame
    after = made(changed, [point], keys=keys).source.frame
    pd.testing.assert_frame_equal(before, after)


def panel(accounts_: int = 120, months: int = 30) -> pd.DataFrame:
    """Every third account falls 95 days behind in month 20, with 40 days in month 18; balances fall."""
    rows = []
    for key in range(1, accounts_ + 1):
        for m in range(months):
            minor = 10 if (key + m) % 7 == 0 else 0
            late = 95 if key % 3 == 0 and m == 20 + key % 2 else 40 if key % 3 == 0 and m == 18 else minor
            rows.append((key, m, late, 1000.0 - 20 * m - key, "B" if late else "A", key // 2))
    return pd.DataFrame(rows, columns=["acc", "m", "dpd", "balance", "code", "owner"])


DERIVE = {"WORST": "highest(columns('dpd_', 0, 3))", "PAID": "share(balance_0, balance_3)"}
WINDOWS = {"performance_months": 6, "observation_months": 4, "rolling": {"every": 4, "first": 7, "last": 19}}


def taken(history: pd.DataFrame | None = None, **windows: Any) -> Intake:
    data, outcome = specs({**WINDOWS, **windows}, {"dpd": 4, "balance": 4, "code": 1}, obligor="owner")
    source = source_of_frame(accounts(list(range(1, 121))))
    return take_in(source, data, outcome, derive=DERIVE, history=panel() if history is None else history)


def test_derived_characteristics_know_nothing_of_later_months() -> None:
    one = taken(rolling={"first": 15, "last": 15})
    later = panel()
    later.loc[later["m"] > 15, ["dpd", "balance", "code"]] = [0, -1.0, "Z"]
    later.loc[(later["m"] > 15) & (later["acc"] % 5 == 0), "dpd"] = 120
    other = taken(later, rolling={"first": 15, "last": 15})
    pd.testing.assert_frame_equal(one.frame, other.frame)
    assert not np.array_equal(one.outcome, other.outcome)


def test_roles_contract_and_what_is_told() -> None:
    intake = taken()
    assert intake.key_name == "observation_key"
    assert intake.key[:5].tolist() == ["1@7", "1@11", "1@15", "1@19", "2@7"]
    roles = intake.roles
    assert roles["id"] == "account"
    assert roles["observation_point"] == "date"
    assert (roles["dpd_0"], roles["dpd_1"], roles["balance_3"]) == ("predictor", "monthly", "monthly")
    assert set(intake.predictors) == {"income", "town", "dpd_0", "balance_0", "code_0", "WORST", "PAID"}
    assert intake.cluster.tolist()[:8] == [0] * 4 + [1] * 4
    assert intake.descriptions["dpd_0"] == "dpd of the history in the month of the observation point"
    assert intake.descriptions["balance_1"] == "balance of the history 1 month before the observation point"
    facts = intake.source
    assert (facts["rows"], facts["columns"], facts["rows made"]) == (120, 3, 480)
    waterfall = intake.tables["data.waterfall"]
    assert waterfall["step"].iloc[0] == "rows made at observation points"
    assert waterfall["reason"].iloc[0] == (
        "120 of 120 accounts of table in memory at 4 observation points from 7 to 19, wherever the history has a record"
    )
    told = intake.definition
    assert told["observation points with an outcome"] == 4
    assert told["first and last of them"] == "7 to 19"
    assert intake.decided.items["outcome.history"]["accounts without a row at an observation point"] == 0
    assert set(intake.decided.observed) == {"7", "11", "15", "19"}


def test_a_month_that_the_contract_names_may_be_a_characteristic() -> None:
    data, outcome = specs(WINDOWS, {"dpd": 4})
    data = data.model_copy(update={"columns": {"dpd_2": DataSpec.model_validate(
        {"source": "t", "columns": {"c": {"description": "two months before"}}}).columns["c"]}})  # fmt: skip
    intake = take_in(source_of_frame(accounts(list(range(1, 121)))), data, outcome, history=panel())
    assert (intake.roles["dpd_2"], intake.roles["dpd_3"]) == ("predictor", "monthly")
    assert intake.descriptions["dpd_2"] == "two months before"


def test_lags_of_one_column_have_one_type() -> None:
    """Month 5 holds digits only: still text, as the other months of the column are."""
    history = panel()
    history["code"] = np.where(history["m"] == 5, "1", history["code"])
    data, outcome = specs({**WINDOWS, "rolling": {"first": 7, "last": 7}, "performance_months": 14}, {"code": 4})
    intake = take_in(source_of_frame(accounts(list(range(1, 121)))), data, outcome, history=history)
    assert {intake.types[f"code_{lag}"] for lag in range(4)} == {"categorical"}
    assert set(intake.frame["code_2"]) == {"1"}


def test_a_month_that_is_constant_is_there_for_derive_alone() -> None:
    history = panel().assign(flag=lambda f: f["m"].isin([4, 5]).astype(int))
    data, outcome = specs({**WINDOWS, "rolling": {"first": 15, "last": 15}}, {"dpd": 2, "flag": 3})
    source, derive = source_of_frame(accounts(list(range(1, 121)))), {"F": "total(flag_0, flag_1) + dpd_0"}
    intake = take_in(source, data, outcome, derive=derive, history=history)
    assert (intake.roles["flag_0"], intake.roles["flag_1"], intake.roles["F"]) == ("monthly", "monthly", "derived")


def test_an_identifier_of_the_account_is_none_because_rows_repeat_it() -> None:
    table = accounts(list(range(1, 121))).assign(client_no=lambda f: f["id"] + 5000)
    data, outcome = specs(WINDOWS, {"dpd": 2})
    intake = take_in(source_of_frame(table), data, outcome, history=panel())
    assert intake.roles["client_no"] == "left_out"
    assert "identifier-like" in intake.tables["data.columns_left_out"]["reason"].tolist()


def test_rows_of_their_own_may_take_months_too() -> None:
    rows = [(f"{key}/{t}", key, t) for key in range(1, 121) for t in (9, 15)]
    table = pd.DataFrame(rows, columns=["id", "account", "seen"])
    windows = {"performance_months": 8, "observed_at": "seen"}
    data, outcome = specs(windows, {"balance": 2}, account="account")
    intake = take_in(source_of_frame(table), data, outcome, history=panel())
    expected = [1000.0 - 20 * (t - 1) - key for _, key, t in rows]
    assert intake.frame["balance_1"].tolist() == expected
    assert intake.key.tolist() == [row[0] for row in rows]
    assert intake.roles["balance_1"] == "monthly"


def test_defaults_of_the_points_leave_room_for_both_windows() -> None:
    spec = OutcomeSpec.model_validate(
        {"history": HISTORY, "windows": {"performance_months": 12, "observation_months": 6, "rolling": {"every": 5}}}
    )
    history = read_history(panel(), spec.history, spec.definition)
    assert rolling_months(history, spec.windows) == [5, 10, 15]


def test_dated_points_are_the_last_day_of_their_month() -> None:
    assert point_text(2024 * 12 + 1, dated=True) == "2024-02-29"
    assert point_text(-7, dated=False) == "-7"
    months = pd.period_range("2022-01", periods=30, freq="M").strftime("%Y-%m").tolist()
    dated = panel().assign(m=lambda f: [months[m] for m in f["m"]])
    rolling = {"every": 4, "first": "2022-08", "last": "2023-08"}
    windows = {"performance_months": 6, "rolling": rolling}
    data, outcome = specs(windows, {"dpd": 2}, date="m")
    outcome = outcome.model_copy(update={"history": outcome.history.model_copy(update={"month": None})})
    source = source_of_frame(accounts(list(range(1, 121))))
    derive = {"AGE": "month(observation_point)"}
    intake = take_in(source, data, outcome, derive=derive, history=dated)
    assert intake.frame["observation_point"].unique().tolist() == [
        "2022-08-31", "2022-12-31", "2023-04-30", "2023-08-31"
    ]  # fmt: skip
    assert intake.key[0] == "1@2022-08"
    assert set(intake.decided.observed) == {"2022-08", "2022-12", "2023-04", "2023-08"}
    assert intake.frame["AGE"].tolist()[:4] == [8.0, 12.0, 4.0, 8.0]
    samples = SamplesSpec.model_validate({"out_of_time": {"after": "2023-05-01"}})
    labels = label_rows(intake, samples, "observation_point")
    assert set(labels[intake.decided.observed == "2023-08"]) == {"out_of_time"}
    assert "out_of_time" not in set(labels[intake.decided.observed == "2023-04"])


def test_out_of_time_by_whole_months() -> None:
    intake = taken()
    labels = label_rows(intake, SamplesSpec.model_validate({"out_of_time": {"after": 19}}), "observation_point")
    observed = intake.decided.observed
    known = np.isfinite(intake.outcome)
    assert set(labels[(observed == "19") & known]) == {"out_of_time"}
    assert set(labels[(observed != "19") & known]) == {"development", "out_of_sample"}
    frame = pd.DataFrame({"owner": intake.cluster, "label": labels})
    inside = frame[frame["label"].isin(["development", "out_of_sample"])]
    assert (inside.groupby("owner")["label"].nunique() == 1).all()
    for wrong in ("2020-01-01",):
        with pytest.raises(IntakeError, match="not of the kind"):
            label_rows(intake, SamplesSpec.model_validate({"out_of_time": {"after": wrong}}), "observation_point")
    with pytest.raises(ValueError, match="both dates or both"):
        SamplesSpec.model_validate({"out_of_time": {"after": 19, "before": "2020-01-01"}})


def test_months_without_a_day_sort_as_dates(tmp_path: Path) -> None:
    frame = pd.DataFrame({"when": ["2020-03", "2020-04", "2020-05"] * 40, "Y": ["b", "g"] * 60, "x": range(120)})
    data = DataSpec.model_validate({"source": "t", "date": "when"})
    outcome = OutcomeSpec.model_validate({"column": "Y", "bad": "b"})
    samples = SamplesSpec.model_validate({"out_of_time": {"after": "2020-05-01", "before": "2020-04-01"}})
    intake = take_in(source_of_frame(frame), data, outcome)
    labels = label_rows(intake, samples, "when")
    assert (labels[frame["when"] == "2020-05"] == "out_of_time").all()
    assert (labels[frame["when"] == "2020-03"] == "out_of_time_before").all()


def test_rows_and_overlap_by_observation_point() -> None:
    intake = taken()
    labels = label_rows(intake, SamplesSpec.model_validate({"out_of_time": {"after": 19}}), "observation_point")
    frame = observation_points_frame(intake.decided.observed, intake.outcome, labels)
    evidence.table("samples.observation_points", frame)
    assert frame["observation_point"].tolist() == ["7", "11", "15", "19"]
    assert frame["rows"].tolist() == [120] * 4
    assert (frame["good"] + frame["bad"] + frame["neither"] == frame["rows"]).all()
    assert frame.loc[3, "out_of_time"] == frame.loc[3, "good"] + frame.loc[3, "bad"]
    inside = (labels == "development") & (intake.decided.observed == "15")
    assert overlapping_rows(intake.decided.observed, labels, 6) == inside.sum()
    assert overlapping_rows(intake.decided.observed, labels, 4) == 0
    assert observation_points_frame(np.array(["-1", "-10", "2"], object), np.zeros(3), labels[:3])[
        "observation_point"
    ].tolist() == ["-10", "-1", "2"]


def refused(source: pd.DataFrame, windows: dict[str, Any], monthly: dict[str, int], **history: Any) -> list[tuple]:
    data, outcome = specs(windows, monthly, **history)
    with pytest.raises(IntakeError) as caught:
        take_in(source_of_frame(source), data, outcome, history=panel())
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_what_cannot_be_made_is_refused() -> None:
    good = accounts(list(range(1, 121)))
    twice = pd.concat([good, good.head(2)])
    assert refused(twice, WINDOWS, {}) == [("data.key", "duplicate_key")]
    assert refused(good.astype({"id": "Int64"}).assign(id=lambda f: f["id"].where(f["id"] > 1)), WINDOWS, {}) == [
        ("data.key", "key_missing")
    ]
    assert refused(good.assign(id=lambda f: f["id"] + 900), WINDOWS, {}) == [("outcome.windows.rolling", "no_match")]
    assert refused(good.rename(columns={"id": "ID"}), WINDOWS, {}) == [("data.key", "absent")]
    assert refused(good.assign(dpd_1=1), WINDOWS, {"dpd": 2}) == [("data.monthly.dpd", "duplicate_column")]
    assert refused(good.assign(observation_point="x"), WINDOWS, {}) == [("outcome.windows.rolling", "duplicate_column")]
    assert refused(good, WINDOWS, {"balanse": 2}) == [("data.monthly.balanse", "absent")]
    late = {**WINDOWS, "rolling": {"first": 40, "last": 50}}
    assert refused(good, late, {}) == [("outcome.windows.rolling", "window")]
    long = {"performance_months": 40, "rolling": {"every": 1}}
    assert refused(good, long, {}) == [("outcome.windows.performance_months", "window")]
    early = {**WINDOWS, "observation_months": 29, "rolling": {"every": 1}}
    assert refused(good, early, {}) == [("outcome.windows.rolling", "window")]
    immature = {"performance_months": 20, "rolling": {"first": 12, "last": 20}}
    assert refused(good, immature, {}) == [("outcome.windows.performance_months", "window")]
    rows = pd.DataFrame({"id": [1, 2], "seen": ["x", "y"]})
    assert refused(rows, {"observed_at": "seen"}, {"dpd": 1}) == [("outcome.windows.observed_at", "type")]
    assert refused(rows, {"observed_at": "sean"}, {"dpd": 1}) == [("outcome.windows.observed_at", "absent")]
