"""Frames of monitoring as values of metrics: each metric has a source, values are those of the frame, reasons stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring import metric_values as mv
from credit_risk.monitoring.alerts import evaluate, watches_of
from credit_risk.monitoring.drift.columns import BREACH_COLUMNS
from credit_risk.monitoring.drift.domain import domain_frames
from credit_risk.monitoring.drift.quality import quality_frame
from credit_risk.monitoring.drift.stability import stability_frame
from credit_risk.monitoring.frames import ALL, FAULT_COLUMNS, MOMENT_COLUMNS
from credit_risk.monitoring.metrics import METRICS, VALUE_COLUMNS
from credit_risk.monitoring.performance.decisions import decision_table
from credit_risk.monitoring.performance.metric_values import decision_values
from credit_risk.monitoring.performance.objectives import Objective, objective_table
from credit_risk.monitoring.spec import MonitoringSpec
from tests.credit_risk.monitoring.drift.made import counts, reference

BASE = {"score": [500, 500], "grade": [700, 300], "INCOME": [450, 450, 100], "HOUSING": [600, 400, 0]}
KINDS = {"INCOME": ["interval", "interval", "missing"], "HOUSING": ["categories", "categories", "unseen"]}
DEVELOPMENT = reference(BASE, kinds=KINDS)


def by(frame: pd.DataFrame, *key: str) -> dict[Any, Any]:
    """Rows by columns."""
    names = list(key)
    return {tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]: row for _, row in frame.iterrows()}


def production(period: str = "2026-01") -> pd.DataFrame:
    cells = {"score": [800, 200], "grade": [650, 350], "INCOME": [350, 350, 300], "HOUSING": [500, 400, 100]}
    return counts({(period, ALL, name): own for name, own in cells.items()})


def test_every_metric_has_a_source() -> None:
    assert set(mv.SOURCES) | {"replay_differences"} == {metric.name for metric in METRICS}


def test_stability() -> None:
    frame = stability_frame(DEVELOPMENT, pd.concat([production(), counts({("2026-02", ALL, "score"): [5, 5]})]))
    found = by(mv.of_stability(frame), "period", "metric", "subject")
    want = by(frame, "period", "variable")
    for metric, name in (("score_psi", "score"), ("grade_psi", "grade"), ("characteristic_psi", "INCOME")):
        row = found["2026-01", metric, name]
        assert (row["value"], row["evaluable"]) == (want["2026-01", name]["psi"], True)
        assert row["beyond_chance"] == want["2026-01", name]["beyond_chance"]
    few = found["2026-02", "score_psi", "score"]
    assert not few["evaluable"]
    assert "few" in few["reason"]


def test_quality() -> None:
    breaches = pd.DataFrame([("2026-01", ALL, "INCOME", "range", 40, 1000)], columns=BREACH_COLUMNS)
    found = by(mv.of_quality(quality_frame(DEVELOPMENT, production(), breaches=breaches)), "metric", "subject")
    assert found["missing_share", "INCOME"]["value"] == pytest.approx(0.3 - 0.1)
    assert found["missing_share", "INCOME"]["beyond_chance"] is True
    assert found["unseen_share", "HOUSING"]["value"] == pytest.approx(0.1)
    assert found["contract_breaches", "INCOME: range"]["value"] == pytest.approx(0.04)
    constant = counts({("2026-01", ALL, "INCOME"): [1000, 0, 0]})
    broken = by(mv.of_quality(quality_frame(DEVELOPMENT, constant)), "metric", "subject")
    assert broken["record_breaks", "INCOME: constant"]["value"] == 1.0
    rows = pd.concat([production(month) for month in ("2026-01", "2026-02")])
    volume = by(mv.of_quality(quality_frame(DEVELOPMENT, rows)), "metric", "period")
    assert volume["volume", "2026-02"]["value"] == 1.0
    assert not volume["volume", "2026-01"]["evaluable"]


def test_moments_and_domain() -> None:
    rows = [("2026-01", ALL, "probability", 900, 0, 0.06, 0.01), ("2026-01", "R=n", "probability", 90, 0, 0.06, 0.01)]
    rows.append(("2026-01", ALL, "score", 900, 0, 500.0, 9.0))
    moments = pd.DataFrame(rows, columns=MOMENT_COLUMNS)
    found = by(mv.of_moments(moments, {ALL: 0.05, "R=n": 0.06}), "segment")
    assert {name: row["value"] for name, row in found.items()} == {ALL: pytest.approx(1.2), "R=n": 1.0}
    rng = np.random.default_rng(4)
    domain, _ = domain_frames(["A"], rng.normal(size=(400, 1)), [("2026-01", rng.normal(1.0, 1.0, (400, 1)))])
    (one,) = mv.of_domain(domain).to_dict("records")
    assert one["value"] == domain["auc"][0] > 0.7
    assert one["beyond_chance"] is True


def test_adverse_impact() -> None:
    sex = np.repeat(["f", "m", "x"], [1000, 1000, 10])
    approved = np.concatenate([np.repeat([1, 0], [300, 700]), np.repeat([1, 0], [500, 500]), np.repeat([1, 0], [5, 5])])
    frame = decision_table(approved, np.ones(2010, int), np.repeat("2026-01", 2010), {"SEX": sex})
    impact = by(mv.joined([mv.of_adverse_impact(frame, ["SEX"], {})]), "segment")
    assert set(impact) == {"SEX=f", "SEX=x"}
    assert impact["SEX=f"]["value"] == pytest.approx(0.6)
    assert impact["SEX=f"]["beyond_chance"] is True
    assert impact["SEX=x"]["reason"] == "fewer than 30 decided"
    named = by(mv.joined([mv.of_adverse_impact(frame, ["SEX"], {"SEX": "f"})]), "segment")
    assert named["SEX=m"]["value"] == pytest.approx(1 / 0.6)
    rule = {"metric": "adverse_impact", "population": "SEX", "persistence": {"at_least": 1, "of": 1}}
    spec = MonitoringSpec.model_validate({"segments": ["SEX"], "metrics": [rule]})
    (alert,) = evaluate(mv.joined([mv.of_adverse_impact(frame, ["SEX"], {})]), watches_of(spec, ["SEX"])).conditions
    assert (alert.segment, alert.colour) == ("SEX=f", "red")


def test_faults_count_in_their_month_and_the_others_have_none() -> None:
    rows = [
        ("a", "2026-01", "nan", "m", 5, 5, "r"),
        ("a", "2026-01", "time_missing", "m", 2, 2, "r"),
        ("b", "2026-01", "few_rows", "m", 5, 0, "r"),
        ("c", "", "damaged", "m", 0, 0, "r"),
    ]
    frame = pd.DataFrame(rows, columns=FAULT_COLUMNS)
    found = by(mv.of_faults(frame, ["2026-01", "2026-02", "2026-03"]), "period")
    assert {period: row["value"] for period, row in found.items()} == {"2026-01": 1, "2026-02": 0, "2026-03": 1}
    assert mv.of_faults(frame, []).empty


def test_objectives_become_alerts() -> None:
    declared = {"id": "errors", "area": "operational", "measure": "share", "columns": ["STATE"], "value": "error"}
    declared |= {"direction": "at_most", "target": 0.05, "persistence": {"at_least": 1, "of": 1}, "owner": "Ops"}
    spec = MonitoringSpec.model_validate({"objectives": [declared]})
    given = {name: getattr(spec.objectives[0], name) for name in Objective.__slots__}
    state = np.repeat(["error", "fine"], [10, 90])
    frame = objective_table([Objective(**given)], {"STATE": state}, 100, np.repeat("2026-01", 100))
    watches = [watch for watch in watches_of(spec) if watch.id == "errors"]
    (alert,) = evaluate(mv.joined([mv.of_objectives(frame)]), watches).conditions
    assert (alert.value, alert.watch.owner, alert.lower is not None) == (0.1, "Ops", True)


def test_what_is_no_month_is_left_out_and_columns_are_asked_for() -> None:
    frame = decision_table(np.ones(200, int), None, np.repeat("2026-01", 200))
    assert ALL in set(frame["period"])
    assert set(mv.joined([decision_values(frame)])["period"]) == {"2026-01"}
    assert list(mv.joined([]).columns) == VALUE_COLUMNS
    with pytest.raises(CreditRiskError, match="absent"):
        mv.of_adverse_impact(frame.drop(columns="rate"), ["SEX"], {})
