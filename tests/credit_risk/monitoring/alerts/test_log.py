"""The log of alerts: raised once, taken on and closed by people, reopened by new data, and never edited unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from credit_risk._core.errors import PackageError
from credit_risk.monitoring.alerts import (
    AlertError,
    acknowledge,
    alerts_document,
    close,
    evaluate,
    read_alerts,
    record_run,
    watches_of,
)
from credit_risk.monitoring.alerts.log import ALERTS_FILE, RunRecorded
from credit_risk.package.output import hold, release
from credit_risk.package.schema import schema_faults
from tests.credit_risk.monitoring.alerts.values import MODEL, PACKAGE, monitoring, table

WATCHES = watches_of(monitoring({"metric": "score_psi", "persistence": {"at_least": 2, "of": 3}, "owner": "Risk"}))


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that goes on by a minute at each look."""
    moment = [datetime(2026, 11, 27, tzinfo=UTC)]

    def tick() -> datetime:
        moment[0] += timedelta(minutes=1)
        return moment[0]

    return tick


def recorded(folder: Path, values: pd.DataFrame, clock: Callable[[], datetime]) -> RunRecorded:
    return record_run(folder, evaluate(values, WATCHES), model=MODEL, package_hash=PACKAGE, clock=clock)


def test_the_same_data_raise_no_second_alert(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    first = recorded(tmp_path, table([0.0, 0.3, 0.3]), clock)
    assert (len(first.opened), first.again) == (1, False)
    before = (tmp_path / ALERTS_FILE).read_bytes()
    again = recorded(tmp_path, table([0.0, 0.3, 0.3]), clock)
    assert again.again
    assert (tmp_path / ALERTS_FILE).read_bytes() == before
    later = recorded(tmp_path, table([0.0, 0.3, 0.3, 0.3]), clock)
    assert (later.opened, later.continued) == ((), first.opened)
    (alert,) = read_alerts(tmp_path).alerts.values()
    assert (alert.state, alert.told["first_period"], alert.told["last_period"]) == ("open", "2026-02", "2026-04")
    assert (alert.opened, alert.told["owner"], alert.told["periods"]) == ("2026-11-27T00:01:00Z", "Risk", 3)
    assert alert.told["text"] == (
        "Stability of the score is 0.3, at or above 0.25 (red); 3 periods, 2026-02 to 2026-04"
    )


def test_states_of_an_alert(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    """Open, acknowledged, recovered, closed; data that are known do not open it again, later ones do."""
    (name,) = recorded(tmp_path, table([0.3, 0.3]), clock).opened
    acknowledge(tmp_path, [name], by="Ann", note="looking", clock=clock)
    assert read_alerts(tmp_path).active("observation") == []
    done = recorded(tmp_path, table([0.3, 0.3, 0.0, 0.0]), clock)
    assert done.recovered == (name,)
    alert = read_alerts(tmp_path).alerts[name]
    assert (alert.state, alert.recovered) == ("acknowledged", "2026-04")
    close(tmp_path, [name], by="Ben", note="a new channel", clock=clock)
    assert recorded(tmp_path, table([0.3, 0.3, 0.0, 0.3]), clock).reopened == (name,)
    alert = read_alerts(tmp_path).alerts[name]
    assert (alert.state, alert.acknowledged, alert.closed, alert.recovered) == ("reopened", None, None, None)
    close(tmp_path, [name], by="Ben", note="known", clock=clock)
    assert recorded(tmp_path, table([0.3, 0.31, 0.0, 0.3]), clock).reopened == ()  # revised, and no later period
    assert read_alerts(tmp_path).alerts[name].state == "closed"


def test_a_graver_value_is_news(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    (name,) = recorded(tmp_path, table([0.15, 0.15]), clock).opened
    acknowledge(tmp_path, [name], by="Ann", clock=clock)
    news = read_alerts(tmp_path).alerts[name].news
    assert recorded(tmp_path, table([0.15, 0.15, 0.3, 0.3]), clock).escalated == (name,)
    alert = read_alerts(tmp_path).alerts[name]
    assert (alert.state, alert.severity, alert.told["colour"]) == ("reopened", "medium", "red")
    assert alert.news > news


def test_what_cannot_be_done_is_refused_at_once(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    (name,) = recorded(tmp_path, table([0.3, 0.3]), clock).opened
    before = (tmp_path / ALERTS_FILE).read_bytes()
    with pytest.raises(AlertError) as caught:
        close(tmp_path, ["A-000000000000", name], by=" ", note="", clock=clock)
    assert [fault.code for fault in caught.value.faults] == ["usage", "usage", "unknown_alert"]
    assert name in str(caught.value.faults[2].allowed)
    assert (tmp_path / ALERTS_FILE).read_bytes() == before
    close(tmp_path, [name], by="Ben", note="done", clock=clock)
    with pytest.raises(AlertError, match="it is closed"):
        acknowledge(tmp_path, [name], by="Ann", clock=clock)
    with pytest.raises(AlertError, match="is no folder"):
        close(tmp_path / "absent", [name], by="Ben", note="done")
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("edit", ["value", "cut out", "last"])
def test_an_edited_log_is_refused(tmp_path: Path, clock: Callable[[], datetime], edit: str) -> None:
    recorded(tmp_path, table([0.3, 0.3]), clock)
    head = recorded(tmp_path, table([0.3, 0.3, 0.3]), clock).head
    path = tmp_path / ALERTS_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    if edit == "value":
        lines[1] = lines[1].replace(b'"value":0.3', b'"value":0.1')
    elif edit == "cut out":
        del lines[1]
    else:
        del lines[-1]  # only a hash that was kept elsewhere tells
    path.write_bytes(b"".join(lines))
    with pytest.raises(AlertError) as caught:
        read_alerts(tmp_path, head)
    assert caught.value.faults[0].code == ("anchor" if edit == "last" else "journal")
    if edit != "last":
        with pytest.raises(AlertError):
            recorded(tmp_path, table([0.3, 0.3, 0.3, 0.3]), clock)


def test_a_kill_within_a_line_loses_nothing_that_stood(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    (name,) = recorded(tmp_path, table([0.3, 0.3]), clock).opened
    with (tmp_path / ALERTS_FILE).open("ab") as stream:
        stream.write(b'{"alert":"A-')
    with pytest.raises(AlertError, match="not complete"):
        read_alerts(tmp_path)
    assert recorded(tmp_path, table([0.3, 0.3, 0.3]), clock).continued == (name,)
    assert len(read_alerts(tmp_path).alerts) == 1


def test_two_do_not_write_at_once(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    lock = hold(tmp_path)
    try:
        with pytest.raises(PackageError, match="another run"):
            recorded(tmp_path, table([0.3, 0.3]), clock)
    finally:
        release(lock)


def test_models_have_alerts_of_their_own(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    found = evaluate(table([0.3, 0.3]), WATCHES)
    one = record_run(tmp_path, found, model="one", package_hash=PACKAGE, clock=clock)
    two = record_run(tmp_path, found, model="two", package_hash=PACKAGE, clock=clock)
    assert set(one.opened).isdisjoint(two.opened)
    assert two.recovered == ()
    assert record_run(tmp_path, found, model="one", package_hash=PACKAGE, clock=clock).again


def test_the_document_follows_its_schema(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    found = evaluate(table([0.3, 0.3, 0.0, 0.0, 0.3, 0.3]), WATCHES)
    (name,) = record_run(tmp_path, found, model=MODEL, package_hash=PACKAGE, clock=clock).opened
    acknowledge(tmp_path, [name], by="Ann", clock=clock)
    log, moment = read_alerts(tmp_path), "2026-11-27T00:00:00Z"
    document = alerts_document(log, model=MODEL, package_hash=PACKAGE, created=moment, evaluation=found)
    assert schema_faults("alerts", json.loads(json.dumps(document)), "alerts.json") == []
    assert document["counts"] == {"open": 0, "reopened": 0, "acknowledged": 1, "closed": 0}
    assert [(one["first_period"], one["recovered"]) for one in document["past"]] == [("2026-01", "2026-04")]
    assert document["alerts"][0]["acknowledged"] == {"by": "Ann", "at": "2026-11-27T00:02:00Z", "note": ""}
    document["alerts"][0]["state"] = "gone"
    assert schema_faults("alerts", document, "alerts.json")
