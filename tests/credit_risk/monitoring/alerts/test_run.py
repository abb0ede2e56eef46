"""A run of the rules of a package: log, document and delivery together, once for the same values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk.monitoring.alerts import judge, read_alerts
from credit_risk.monitoring.alerts.log import ALERTS_FILE
from credit_risk.monitoring.alerts.run import DOCUMENT_FILE
from credit_risk.monitoring.spec import MonitoringSpec
from credit_risk.package import Package, read_package
from credit_risk.package.schema import schema_faults
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.monitoring.alerts.test_delivery import webhook
from tests.credit_risk.monitoring.alerts.values import table
from tests.credit_risk.serving.cases import CORPUS


@pytest.fixture
def package() -> Package:
    """The scorecard of the corpus with a plan that watches."""
    read = read_package(CORPUS / "scorecard")
    delivery = [{"id": "desk", "url": "${DESK}", "at_least": "low"}]
    rules = [{"metric": "score_psi", "population": "segments"}, {"metric": "approval_rate", "population": "segments"}]
    spec = MonitoringSpec.model_validate({"segments": ["sex"], "metrics": rules, "delivery": delivery})
    plan: dict[str, Any] = {**read.plan, "monitoring": spec.model_dump(mode="json")}
    return replace(read, plan={**plan, "data": {**plan["data"], "protected": {"eu": ["sex"]}}})


def test_a_run_writes_tells_and_delivers_once(package: Package, tmp_path: Path) -> None:
    values = pd.concat([table([0.3, 0.3], name, segment="sex=f") for name in ("score_psi", "approval_rate")])
    with webhook([500, 200]) as (port, came):
        environ = {"DESK": f"http://127.0.0.1:{port}/"}
        first = judge(tmp_path, values, package, environ=environ)
        assert first is not None
        assert [alert.told["metric"] for alert in first.log.alerts.values()] == ["approval_rate"]
        (failed,) = first.deliveries
        assert "answered 500" in str(failed.failure)
        again = judge(tmp_path, values, package, environ=environ)
        assert again is not None
        assert again.recorded.again
        assert [one.failure for one in again.deliveries] == [None]
        third = judge(tmp_path, values, package, environ=environ)
        assert third is not None
        assert third.deliveries == ()
    assert len(came) == 2
    document = json.loads((tmp_path / DOCUMENT_FILE).read_bytes())
    assert schema_faults("alerts", document, DOCUMENT_FILE) == []
    assert document["head"] == read_alerts(tmp_path).head
    assert {path.name for path in tmp_path.iterdir()} == {ALERTS_FILE, DOCUMENT_FILE}


def test_without_rules_nothing_is_written(tmp_path: Path) -> None:
    assert judge(tmp_path, table([0.3, 0.3]), read_package(CORPUS / "scorecard")) is None
    assert not list(tmp_path.iterdir())
    ended = credit_risk("alerts", "deliver", tmp_path, "--package", CORPUS / "scorecard")
    assert (ended.status, "names no channel" in ended.out) == (0, True)
