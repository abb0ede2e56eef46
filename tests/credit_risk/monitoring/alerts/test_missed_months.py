"""Months in which nobody monitored: what runs at their ends would have told is told by the next run, and once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.monitoring.alerts import acknowledge, evaluate, read_alerts, record_run, watches_of
from credit_risk.monitoring.alerts.log import RunRecorded, judged_before
from credit_risk.monitoring.alerts.rules import Evaluation
from tests.credit_risk.monitoring.alerts.values import MODEL, PACKAGE, monitoring, table

WATCHES = watches_of(monitoring({"metric": "score_psi", "persistence": {"at_least": 2, "of": 3}}))
NOW = pd.Timestamp("2026-11-27", tz="UTC").to_pydatetime()


def run(folder: Path, values: pd.DataFrame, watches: Any = WATCHES) -> tuple[Evaluation, RunRecorded]:
    found = evaluate(values, watches, judged_before(folder, MODEL, watches))
    return found, record_run(folder, found, model=MODEL, package_hash=PACKAGE, clock=lambda: NOW)


def news(folder: Path) -> list[tuple[str, str, Any, Any]]:
    """Events of alerts without the chain, in their order."""
    events = [event for event in read_alerts(folder).events if event["event"] != "run"]
    return [(e["event"], e["period"], e.get("colour"), e.get("last_period")) for e in events]


def test_an_alert_that_came_and_went_while_nobody_looked_is_raised(tmp_path: Path) -> None:
    numbers = [0.0, 0.0, 0.0, 0.3, 0.3, 0.0, 0.0]
    run(tmp_path, table(numbers[:3]))
    found, recorded = run(tmp_path, table(numbers))  # April to June were missed
    assert found.conditions == ()
    assert found.caught_up == ("2026-04", "2026-05", "2026-06")
    assert len(recorded.opened) == 1
    assert recorded.recovered == recorded.opened
    (alert,) = read_alerts(tmp_path).alerts.values()
    assert (alert.state, alert.recovered) == ("open", "2026-07")
    assert (alert.told["first_period"], alert.told["last_period"], alert.told["periods"]) == ("2026-04", "2026-05", 2)
    assert news(tmp_path) == [
        ("opened", "2026-05", "red", "2026-05"),
        ("recovered", "2026-07", None, None),
    ]  # in June two of the latest three still reach the cut


def test_one_month_alone_is_no_alert_however_late(tmp_path: Path) -> None:
    run(tmp_path, table([0.0, 0.0]))
    _, recorded = run(tmp_path, table([0.0, 0.0, 0.3, 0.0, 0.0]))
    assert recorded.opened == ()


def test_a_first_run_raises_what_holds_and_nothing_that_has_passed(tmp_path: Path) -> None:
    found, recorded = run(tmp_path, table([0.3, 0.3, 0.0, 0.0, 0.0]))
    assert (recorded.opened, found.caught_up, len(found.past)) == ((), (), 1)


def test_red_in_a_missed_month_is_news_of_an_alert_that_was_taken_on(tmp_path: Path) -> None:
    numbers = [0.15, 0.15, 0.3, 0.3, 0.15, 0.15]
    (name,) = run(tmp_path, table(numbers[:2]))[1].opened
    acknowledge(tmp_path, [name], by="Ann")
    _, recorded = run(tmp_path, table(numbers))
    assert recorded.escalated == (name,)
    alert = read_alerts(tmp_path).alerts[name]
    assert (alert.state, alert.told["colour"], alert.told["last_period"]) == ("reopened", "yellow", "2026-06")


def test_a_rule_that_is_new_raises_nothing_of_the_past(tmp_path: Path) -> None:
    other = watches_of(monitoring({"metric": "ks", "persistence": {"at_least": 1, "of": 1}}))
    run(tmp_path, table([0.0]))
    values = pd.concat([table([0.0] * 4), table([0.0, 0.5, 0.0, 0.0], "ks")])
    _, recorded = run(tmp_path, values, (*WATCHES, *other))
    assert recorded.opened == ()


def test_a_log_of_before_knows_the_month_of_its_run(tmp_path: Path) -> None:
    found = replace(evaluate(table([0.0, 0.0]), WATCHES), judged={})
    record_run(tmp_path, found, model=MODEL, package_hash=PACKAGE)
    assert judged_before(tmp_path, MODEL, WATCHES) == {"score_psi": "2026-02"}
    assert len(run(tmp_path, table([0.0, 0.0, 0.3, 0.3, 0.0, 0.0]))[1].opened) == 1


def test_months_without_outcomes_yet_do_not_hide_those_that_have_them(tmp_path: Path) -> None:
    """A fall of the AUC is known months later: the latest mature months are judged, and each of them once."""
    watches = watches_of(monitoring({"metric": "auc_drop", "persistence": {"at_least": 2, "of": 3}}))
    fallen = [0.0, 0.0, 0.1, 0.1, 0.0, 0.0, 0.0]

    def seen(mature: int, months: int) -> pd.DataFrame:
        return table([*fallen[:mature], *[None] * (months - mature)], "auc_drop")

    first, recorded = run(tmp_path, seen(2, 5), watches)
    assert recorded.opened == ()
    assert [one.period for one in first.unevaluated] == ["2026-05"]
    assert first.judged == {"auc_drop": "2026-02"}
    assert len(evaluate(seen(4, 7), watches).conditions) == 1
    _, recorded = run(tmp_path, seen(7, 10), watches)
    assert len(recorded.opened) == 1
    assert [event[:2] for event in news(tmp_path)] == [("opened", "2026-04"), ("recovered", "2026-06")]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.15, 0.3, None]), min_size=2, max_size=9),
    st.data(),
)
def test_skipping_runs_tells_what_monthly_runs_tell(numbers: Sequence[float | None], data: st.DataObject) -> None:
    stops = data.draw(st.lists(st.sampled_from(range(2, len(numbers) + 1)), unique=True).map(sorted))
    told = []
    for ends in (range(1, len(numbers) + 1), [1, *[stop for stop in stops if stop > 1], len(numbers)]):
        with TemporaryDirectory() as folder:
            for end in dict.fromkeys(ends):
                run(Path(folder), table(numbers[:end]))
            alerts = [one.as_dict() for one in read_alerts(Path(folder)).alerts.values()]
            told.append((news(Path(folder)), alerts))
    assert told[0] == told[1]
