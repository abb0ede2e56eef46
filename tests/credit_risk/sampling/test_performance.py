"""Outcomes from performance history: against a literal reading on random histories, and worked by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.sampling import performance_outcome, read_history, rolling_points
from credit_risk.sampling.history_spec import (
    CureSpec,
    DefinitionSpec,
    HistorySpec,
    IndeterminateSpec,
    MaterialitySpec,
    WindowsSpec,
)
from tests.credit_risk.sampling import literal_history as literal

COLUMNS = {
    "days_past_due": "dpd",
    "past_due": "past_due",
    "balance": "balance",
    "unlikely_to_pay": ("flag",),
    "obligor": "obligor",
}


def history_spec(**settings_: Any) -> HistorySpec:
    return HistorySpec(source="x", key="key", month="month", **{**COLUMNS, **settings_})


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for key in range(draw(st.integers(1, 6))):
        first, length = draw(st.integers(-6, 3)), draw(st.integers(1, 12))
        obligor = draw(st.sampled_from(["a", "b", "c"]))
        for month in range(first, first + length):
            if month > first and draw(st.integers(0, 9)) == 0:
                continue  # a gap
            dpd = draw(st.sampled_from([0, 0, 0, 5, 30, 60, 90, 120]))
            past_due = draw(st.sampled_from([0, 50, 100, 101, 400])) if dpd else 0
            balance = draw(st.sampled_from([0, 1000, 4000, 10100]))
            flag = draw(st.integers(0, 14)) == 0
            rows.append(
                {"key": key, "month": month, "dpd": dpd, "past_due": past_due, "balance": balance, "flag": flag,
                 "obligor": obligor}
            )  # fmt: skip
    return rows


definitions = st.builds(
    DefinitionSpec,
    days_past_due=st.sampled_from([60, 90]),
    ever=st.booleans(),
    indeterminate=st.sampled_from([None, IndeterminateSpec(days_past_due=30)]),
    cure=st.sampled_from([None, CureSpec(months=1), CureSpec(months=3)]),
    level=st.sampled_from(["facility", "obligor"]),
    contagion_share=st.sampled_from([None, 0.2, 0.0]),
    ended_early=st.sampled_from(["good", "indeterminate", "excluded"]),
)
windows_ = st.builds(
    WindowsSpec,
    performance_months=st.integers(1, 7),
    observation_months=st.integers(0, 3),
    observation_points=st.sampled_from([None, (-2, 0, 2)]),
)
materials = st.sampled_from([None, MaterialitySpec(absolute=100.0, relative=0.01), MaterialitySpec(absolute=50.0)])


@settings(max_examples=120)
@given(histories(), definitions, windows_, materials, st.sampled_from([None, (-2, 0, 2), (-8, 1)]))
def test_outcomes_are_those_of_a_literal_reading(rows, definition, windows, materiality, at) -> None:
    spec = history_spec(gaps="accept", materiality=materiality)
    history = read_history(pd.DataFrame(rows), spec, definition)
    expected = literal.marked(rows, spec, definition)
    found = history.rows_of("SELECT key, month, days, event FROM months")
    assert {(k, m): (d, e) for k, m, d, e in found} == {
        (key, month): value for key, months in expected.items() for month, value in months.items()
    }
    points = None if at is None else pd.DataFrame(
        [(key, t) for key in expected for t in at], columns=["account", "observation_month"]
    )  # fmt: skip
    frame = performance_outcome(history, definition, windows, points)
    assert len(frame) == (len(expected) if points is None else len(points))
    for row in frame.itertuples():
        months = expected[row.account]
        t = int(row.observation_month)
        assert t == (min(months) if points is None else points["observation_month"][row.row])
        assert row.outcome == literal.outcome(months, t, history.until, definition, windows), row
        if row.outcome == "bad":
            assert months[t + row.months_to_bad][1]
            assert not any(months.get(t + k, (0, False))[1] for k in range(1, row.months_to_bad))


def account(days: list[int | None], key: int = 1, first: int = 0, **more: Any) -> list[dict[str, Any]]:
    rows = [{"key": key, "month": first + k, "dpd": d, **more} for k, d in enumerate(days)]
    return [row for row in rows if row["dpd"] is not None]


def outcomes(
    rows: list[dict[str, Any]], definition: DefinitionSpec, points: list[tuple[int, int]] | None = None, **windows: Any
) -> list[tuple[str, str]]:
    frame = pd.DataFrame(rows)
    present = {name: column for name, column in COLUMNS.items() if column in frame.columns}
    if "flag" in frame.columns:
        present["unlikely_to_pay"] = ("flag",)
    spec = HistorySpec(source="x", key="key", month="month", **present)
    history = read_history(frame, spec, definition)
    where = None if points is None else pd.DataFrame(points, columns=["account", "observation_month"])
    found = performance_outcome(history, definition, WindowsSpec(**windows), where)
    return list(zip(found["outcome"], found["reason"], strict=True))


def test_by_hand_ever_and_at_the_end() -> None:
    cured = account([0, 30, 60, 90, 60, 30, 0])
    ever, end = DefinitionSpec(), DefinitionSpec(ever=False, indeterminate=IndeterminateSpec())
    assert outcomes(cured, ever, performance_months=6) == [("bad", "an event in the performance window")]
    assert outcomes(cured, end, performance_months=6) == [("indeterminate", "30 or more days past due, and not bad")]
    assert [o for o, _ in outcomes(cured, end, performance_months=3)] == ["bad"]
    # 90 days past due in month 3; months 4 and 5 are probation of three months, month 6 is cured
    probation = DefinitionSpec(ever=False, cure=CureSpec(months=3))
    assert [outcomes(cured, probation, performance_months=months)[0][0] for months in (3, 4, 5, 6)] == [
        *("bad", "bad", "bad"),
        "good",
    ]


def test_by_hand_default_and_probation_at_the_observation_point() -> None:
    rows = account([0, 90, 0, 0, 0, 0, 90])
    points = [(1, t) for t in range(6)]
    behavioural = {"performance_months": 1, "observation_points": tuple(range(6))}
    without = [o for o, _ in outcomes(rows, DefinitionSpec(), points, **behavioural)]
    assert without == ["bad", "excluded", "good", "good", "good", "bad"]
    with_cure = [o for o, _ in outcomes(rows, DefinitionSpec(cure=CureSpec(months=3)), points, **behavioural)]
    assert with_cure == ["bad", "excluded", "excluded", "excluded", "good", "bad"]


def test_by_hand_materiality_of_account_and_obligor() -> None:
    one = {"key": 1, "month": 1, "dpd": 90, "past_due": 60.0, "balance": 1000.0, "obligor": "a"}
    two = {"key": 2, "month": 1, "dpd": 90, "past_due": 70.0, "balance": 1000.0, "obligor": "a"}
    before = [{**row, "month": 0, "dpd": 0, "past_due": 0.0} for row in (one, two)]
    for level, expected in (("facility", ["good", "good"]), ("obligor", ["bad", "bad"])):
        definition = DefinitionSpec(level=level)
        spec = HistorySpec(
            source="x", key="key", month="month", days_past_due="dpd", past_due="past_due", balance="balance",
            obligor="obligor", materiality=MaterialitySpec(absolute=100.0, relative=0.01),
        )  # fmt: skip
        history = read_history(pd.DataFrame([*before, one, two]), spec, definition)
        found = performance_outcome(history, definition, WindowsSpec(performance_months=1))
        assert found["outcome"].tolist() == expected


def test_by_hand_contagion_is_above_the_share() -> None:
    """20 of 100 is not above 20 %; 20 of 99 is."""
    for other, expected in ((80, ["bad", "good"]), (79, ["bad", "bad"])):
        rows = [
            *account([0, 90], key=1, balance=20, obligor="a", past_due=1),
            *account([0, 0], key=2, balance=other, obligor="a", past_due=0),
        ]
        definition = DefinitionSpec(contagion_share=0.2)
        assert [o for o, _ in outcomes(rows, definition, performance_months=1)] == expected


def test_every_reason_to_be_excluded() -> None:
    rows = [*account([0] * 20), *account([0, 0, 0], key=2), *account([0] * 15, key=3, first=5)]
    points = [(1, 0), (1, 5), (1, 15), (2, 5), (3, 2), (9, 5)]
    found = outcomes(
        rows, DefinitionSpec(), points, performance_months=6, observation_months=3, observation_points=(0, 2, 5, 15)
    )
    assert [reason for _, reason in found] == [
        "history before the observation point shorter than the observation window",
        "the whole performance window without a reason to be another",
        "the performance window ends after the last month of observation",
        "observation point after the account's history",
        "observation point before the account's history",
        "no performance history",
    ]
    assert [outcome for outcome, _ in found].count("good") == 1


def test_rolling_points_are_the_accounts_with_a_record() -> None:
    rows = [*account([0] * 4), *account([0, 0], key=2, first=3)]
    history = read_history(pd.DataFrame(rows), HistorySpec(source="x", key="key", month="month", days_past_due="dpd"))
    points = rolling_points(history, [0, 3, 4])
    assert points.to_numpy().tolist() == [[1, 0], [1, 3], [2, 3], [2, 4]]
    frame = performance_outcome(history, DefinitionSpec(), WindowsSpec(performance_months=1), points)
    assert frame["account"].tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("key", ["007", "x"])
def test_accounts_may_be_text(key: str) -> None:
    rows = [{**row, "key": key} for row in account([0, 90])]
    assert outcomes(rows, DefinitionSpec(), performance_months=1)[0][0] == "bad"
