"""Rules of alerts: cuts, chance, persistence, populations, frequency, what cannot be judged; against brute force."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.alerts import evaluate, watches_of
from credit_risk.monitoring.alerts.watches import OBJECTIVE
from tests.credit_risk.monitoring.alerts.values import monitoring, months, table

PSI: dict[str, Any] = {"metric": "score_psi", "persistence": {"at_least": 2, "of": 3}}


def told(values: pd.DataFrame, *rules: dict[str, Any], **more: Any) -> list[tuple[str, str, str, str, int]]:
    found = evaluate(values, watches_of(monitoring(*rules, **more)))
    return [(c.segment, c.colour, c.first, c.last, c.reached) for c in found.conditions]


def test_an_alert_waits_until_it_persists() -> None:
    assert told(table([0.0, 0.0, 0.3]), PSI) == []
    assert told(table([0.0, 0.3, 0.0, 0.3]), PSI) == [("all", "red", "2026-02", "2026-04", 2)]
    assert told(table([0.3, 0.0, 0.0, 0.3]), PSI) == []
    assert told(table([0.0, 0.15, 0.3]), PSI) == [("all", "yellow", "2026-02", "2026-03", 2)]  # one red is not two
    once = {**PSI, "persistence": {"at_least": 1, "of": 1}}
    assert told(table([0.0, 0.3]), once) == [("all", "red", "2026-02", "2026-02", 1)]


def test_a_month_that_cannot_be_judged_is_told_and_reaches_no_cut() -> None:
    found = evaluate(table([0.3, None, 0.3, None]), watches_of(monitoring(PSI)))
    assert [c.holds for c in found.past] == [False]
    assert [(c.first, c.last, c.recovered) for c in found.past] == [("2026-01", "2026-03", "2026-04")]
    assert [(u.watch, u.period, u.reason) for u in found.unevaluated] == [("score_psi", "2026-04", "too few rows")]


def test_a_rule_without_values_is_told() -> None:
    found = evaluate(table([0.3]), watches_of(monitoring(PSI, {"metric": "auc_drop"})))
    assert [(u.watch, u.segment) for u in found.unevaluated] == [("auc_drop", None)]


def test_a_subject_that_disappears_is_told() -> None:
    values = pd.concat([table([0.0, 0.0]), table([0.3], "characteristic_psi", subject="INCOME")])
    found = evaluate(values, watches_of(monitoring({"metric": "characteristic_psi"})))
    assert [(u.subject, u.period, u.reason) for u in found.unevaluated] == [
        ("INCOME", "2026-02", "no value came for this period")
    ]


def test_what_chance_explains_reaches_no_tested_cut() -> None:
    values = table([0.3, 0.3, 0.3], beyond_chance=False)
    assert told(values, PSI) == []
    assert told(values, {**PSI, "beyond_chance": False}) != []
    assert told(table([0.3, 0.3], beyond_chance=True), PSI) != []


def test_populations() -> None:
    segments = ["all", "REGION=n", "REGION=s", "SEX=f", "OTHER=x"]
    values = pd.concat([table([0.3, 0.3], segment=segment) for segment in segments])
    more = {"segments": ["REGION", "SEX"]}
    for population, expected in (
        ("all", ["all"]),
        ("segments", ["REGION=n", "REGION=s"]),  # SEX is protected: compared for fairness only
        ("REGION", ["REGION=n", "REGION=s"]),
        ("REGION=s", ["REGION=s"]),
    ):
        watches = watches_of(monitoring({**PSI, "population": population}, **more), protected=["SEX"])
        assert [c.segment for c in evaluate(values, watches).conditions] == expected, population
    approvals = pd.concat([table([0.2, 0.2], "approval_rate", segment=segment) for segment in segments])
    fair = watches_of(monitoring({"metric": "approval_rate", "population": "segments"}, **more), protected=["SEX"])
    assert [c.segment for c in evaluate(approvals, fair).conditions] == ["REGION=n", "REGION=s", "SEX=f"]


def test_a_quarterly_rule_is_judged_at_the_end_of_quarters() -> None:
    rule = {**PSI, "frequency": "quarterly"}
    assert told(table([0.3, 0.3, 0.0, 0.3, 0.3, 0.0]), rule) == []
    assert told(table([0.0, 0.0, 0.3, 0.0, 0.0, 0.3]), rule) == [("all", "red", "2026-03", "2026-06", 2)]
    assert told(table([0.3, 0.3]), rule) == []


def test_subjects_are_those_that_are_named() -> None:
    values = pd.concat([table([0.3, 0.3], "characteristic_psi", subject=name) for name in ("A", "B")])
    watches = watches_of(monitoring({"metric": "characteristic_psi", "subjects": ["B"]}))
    assert [c.subject for c in evaluate(values, watches).conditions] == ["B"]


def test_an_objective_is_missed_beyond_its_target() -> None:
    objective = {"id": "ms", "area": "operational", "measure": "mean", "columns": ["MS"], "target": 200.0}
    objective |= {"persistence": {"at_least": 1, "of": 1}}
    watches = watches_of(monitoring(objectives=[{**objective, "direction": "at_most"}]))
    watches = tuple(one for one in watches if one.metric == OBJECTIVE)
    for value, missed in ((199.0, 0), (200.0, 0), (200.5, 1)):
        assert len(evaluate(table([value], OBJECTIVE, subject="ms"), watches).conditions) == missed
    watches = watches_of(monitoring(objectives=[{**objective, "direction": "at_least"}]))
    for value, missed in ((199.0, 1), (200.0, 0), (200.5, 0)):
        assert len(evaluate(table([value], OBJECTIVE, subject="ms"), watches).conditions) == missed


def test_all_faults_of_a_table_at_once() -> None:
    values = pd.concat([table([0.1, 0.2]), table([0.1]), table([0.1], "nonsense"), table([float("nan")], "ks")])
    values.loc[values["metric"] == "ks", "evaluable"] = True
    values.iloc[1, 0] = "2026-13"
    with pytest.raises(CreditRiskError) as caught:
        evaluate(values, watches_of(monitoring(PSI)))
    assert {fault.code for fault in caught.value.faults} == {"metric", "period", "duplicate", "value"}
    with pytest.raises(CreditRiskError, match="lacks columns"):
        evaluate(values.drop(columns="value"), watches_of(monitoring(PSI)))
    with pytest.raises(CreditRiskError, match="no values"):
        evaluate(values.iloc[:0], watches_of(monitoring(PSI)))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.15, 0.3, None]), min_size=1, max_size=14),
    st.integers(1, 4).flatmap(lambda of: st.tuples(st.integers(1, of), st.just(of))),
)
def test_against_brute_force(numbers: list[float | None], persistence: tuple[int, int]) -> None:
    """Month by month: a condition is met where it began and `at_least` of the latest `of` reach the cut."""
    at_least, of = persistence
    rule = {"metric": "score_psi", "persistence": {"at_least": at_least, "of": of}}
    reached = [number is not None and number >= 0.1 for number in numbers]
    begun = False
    for at in range(len(numbers)):
        met = sum(reached[max(0, at - of + 1) : at + 1]) >= at_least
        begun = met and (begun or reached[at])
    red = sum(number is not None and number >= 0.25 for number in numbers[-of:]) >= at_least
    last = max((at for at in range(len(numbers)) if reached[at]), default=-1)
    found = told(table(numbers), rule)
    assert [(colour, end) for _, colour, _, end, _ in found] == (
        [("red" if red else "yellow", months(len(numbers))[last])] if begun else []
    )
