"""`credit-risk alerts`: list, acknowledge and close with exit status for schedulers; a log at fault is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from credit_risk.monitoring.alerts import evaluate, record_run, watches_of
from credit_risk.monitoring.alerts.log import ALERTS_FILE
from credit_risk.package.schema import schema_faults
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.monitoring.alerts.values import MODEL, PACKAGE, monitoring, table


@pytest.fixture
def raised(tmp_path: Path) -> tuple[Path, str]:
    """A folder with one alert of severity high, and its identifier."""
    watches = watches_of(monitoring({"metric": "score_psi", "severity": "high", "response": "Find the cause."}))
    done = record_run(tmp_path, evaluate(table([0.3, 0.3]), watches), model=MODEL, package_hash=PACKAGE)
    return tmp_path, done.opened[0]


def test_an_alert_is_listed_taken_on_and_closed(raised: tuple[Path, str]) -> None:
    folder, name = raised
    listed = credit_risk("alerts", "list", folder)
    assert listed.status == 0
    assert f"{name}  open  high  Stability of the score is 0.3" in listed.out
    assert "owner: not declared; response: Find the cause." in listed.out
    assert credit_risk("alerts", "list", folder, "--fail-on", "critical").status == 0
    for severity in ("high", "medium", "observation"):
        assert credit_risk("alerts", "list", folder, "--fail-on", severity).status == 1
    taken = credit_risk("alerts", "acknowledge", folder, name, "--by", "Ann", "--note", "on it")
    assert taken.status == 0
    assert "acknowledged by Ann at" in credit_risk("alerts", "list", folder, "--state", "acknowledged").out
    assert credit_risk("alerts", "list", folder, "--fail-on", "high").status == 0
    unsaid = credit_risk("alerts", "close", folder, name, "--by", "Ben")
    assert unsaid.status == 2
    assert "--note TEXT" in unsaid.err
    assert credit_risk("alerts", "close", folder, name, "--by", "Ben", "--note", "a new channel").status == 0
    assert credit_risk("alerts", "list", folder, "--state", "open").out.startswith("0 of 1 alerts")
    again = credit_risk("alerts", "close", folder, name, "--by", "Ben", "--note", "again")
    assert (again.status, "it is closed" in again.err) == (2, True)


def test_the_document_of_a_folder(raised: tuple[Path, str]) -> None:
    folder, name = raised
    document = json.loads(credit_risk("alerts", "list", folder, "--json").out)
    assert schema_faults("alerts", document, "alerts.json") == []
    assert [(one["id"], one["severity"]) for one in document["alerts"]] == [(name, "high")]
    kept = document["head"]
    assert credit_risk("alerts", "list", folder, "--head", kept).status == 0
    assert credit_risk("alerts", "list", folder, "--head", "0" * 64).status == 2


def test_a_log_at_fault_is_refused(raised: tuple[Path, str], tmp_path: Path) -> None:
    folder, name = raised
    assert credit_risk("alerts", "acknowledge", folder, name, "--by", "Ann").status == 0
    path = folder / ALERTS_FILE
    path.write_bytes(path.read_bytes().replace(b'"severity":"high"', b'"severity":"low"'))
    for arguments in (("list", folder), ("close", folder, name, "--by", "Ann", "--note", "x")):
        ended = credit_risk("alerts", *arguments)
        assert ended.status == 2
        assert "edited" in ended.err
        assert "Traceback" not in ended.err
    gone = credit_risk("alerts", "list", tmp_path / "absent")
    assert (gone.status, "is no folder" in gone.err) == (2, True)
