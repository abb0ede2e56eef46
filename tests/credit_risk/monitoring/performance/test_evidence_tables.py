"""Frames in the columns of the catalogue, and verdicts: red only where material and beyond chance."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.challenger.evidence_tables import challengers_evidence, looks_evidence
from credit_risk.monitoring.challenger.looks import open_looks, planned_looks
from credit_risk.monitoring.challenger.recommendation import challenger_measures, recommend
from credit_risk.monitoring.challenger.shadow import Accepted, shadow_comparison
from credit_risk.monitoring.performance.against_development import (
    DEVELOPMENT_COLUMNS,
    against_development,
    development_performance,
)
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.decisions import DEVELOPMENT_RATE_COLUMNS, decision_table
from credit_risk.monitoring.performance.estimate import estimate_table
from credit_risk.monitoring.performance.evidence_tables import (
    calibration_evidence,
    decisions_evidence,
    label_free_evidence,
    labels_evidence,
    level_evidence,
    month_on_book_evidence,
    objectives_evidence,
    performance_evidence,
)
from credit_risk.monitoring.performance.labels import Labels, labels_of_months
from credit_risk.monitoring.performance.objectives import Objective, objective_table
from credit_risk.monitoring.performance.vintages import Least, performance_table
from credit_risk.strategy.redeployment import Rules
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, Vintages, vintages


def entries(node: Any) -> dict[str, list[str]]:
    """Columns by id of every entry of the catalogue."""
    if isinstance(node, list):
        return {key: value for one in node for key, value in entries(one).items()}
    if not isinstance(node, dict):
        return {}
    own = {node["id"]: [one["name"] for one in node["columns"]]} if "id" in node and "columns" in node else {}
    return own | {key: value for one in node.values() for key, value in entries(one).items()}


CATALOGUE = entries(
    json.loads((resources.files("credit_risk.package") / "schemas" / "evidence_catalogue.json").read_text())
)


def seen(one: Vintages) -> tuple[Labels, np.ndarray]:
    period = np.array([f"2025-{1 + number:02d}" for number in one.vintage], dtype=object)
    return labels_of_months(one.time, one.event, WINDOW), period


@pytest.fixture(scope="module")
def development() -> pd.DataFrame:
    one = vintages(71)
    labels = labels_of_months(np.minimum(one.bad_month, WINDOW), one.bad_month <= WINDOW, WINDOW)
    return development_performance(performance_table(labels, one.risk, months=tuple(range(1, 12))))


def check(name: str, frame: pd.DataFrame) -> None:
    assert list(frame.columns) == CATALOGUE[f"monitoring.{name}"]
    if "verdict" in frame:
        assert set(frame["verdict"]) <= {"green", "amber", "red", "grey"}


def test_maturity_of_outcomes() -> None:
    labels, period = seen(vintages(72, 400))
    frame = labels_evidence(labels, period)
    check("labels", frame)
    found = frame.set_index("period")
    assert found.loc["2025-01", "state"] == "mature"
    assert found.loc["2025-01", "mature_share"] == 1.0
    assert found.loc["2025-04", "state"] == "month 9 of 12"
    assert found.loc["2025-04", "months_observed"] == 9.0
    assert (found["good"] + found["bad"] + found["not_yet"] == found["rows"]).all()


def test_decay_is_red_and_none_is_not(development: pd.DataFrame) -> None:
    for slope, expected in ((1.2, {"green"}), (0.6, {"red"})):
        one = vintages(73, slope=slope)
        labels, period = seen(one)
        frame = performance_table(labels, one.risk, period, months=(6.0,))
        compared = against_development(frame, development)
        told = performance_evidence(compared, WINDOW)
        check("performance", told)
        found = told.set_index(["period", "method"])["verdict"]
        assert {found["all", "censoring weights"], found["2025-01", "mature"], found["all", "month 6"]} == expected
        assert found["2025-12", "censoring weights"] == "grey"
        months = month_on_book_evidence(compared)
        check("month_on_book", months)
        assert set(months["month"]) <= set(range(1, 13))
        assert set(months[months["period"] == "all"]["verdict"]) == {"green"} if slope > 1 else True


def test_level_and_calibration_and_estimates(development: pd.DataFrame) -> None:
    one = vintages(74)
    labels, period = seen(one)
    frame = performance_table(labels, one.risk, period)
    for p, expected in ((0.0528, "green"), (0.0264, "red")):
        level = calibration_level(labels, np.full(len(one.risk), p), period=period)
        told = level_evidence(level, frame)
        check("level", told)
        assert told.set_index("period").loc["all", "verdict"] == expected
        assert told.set_index("period").loc["2025-11", "verdict"] == "grey"
        grade = np.where(one.risk < 0, "low", "high")
        own = np.where(one.risk < 0, p * 0.4, p * 1.6)
        table = calibration_table(labels, own, grade)
        groups, alone = calibration_evidence(table), calibration_evidence(table, correlated=False)
        check("calibration", groups)
        assert ("green" in set(groups["verdict"])) == (expected == "green")  # one bad year may be a common factor
        assert set(alone["verdict"]) == {expected}
    free = label_free_evidence(estimate_table(np.clip(0.05 * np.exp(one.risk), 0, 1), one.risk, period), frame)
    check("label_free", free)
    assert free.set_index("period")["realised_auc"].notna().sum() == 2  # all periods together, and the mature one
    assert free["blind_spot"].str.contains("blind to ranking decay").all()


def test_decisions_and_objectives() -> None:
    done = np.array([1] * 600 + [0] * 400)
    base = pd.DataFrame([("all", "approval_rate", np.nan, 0.75)], columns=DEVELOPMENT_RATE_COLUMNS)
    told = decisions_evidence(decision_table(done, done, development=base))
    check("decisions", told)
    found = told.set_index("measure")
    assert found.loc["approval_rate", "verdict"] == "red"
    assert found.loc["override_rate", "verdict"] == "grey"
    assert found.loc["override_rate", "reason"] == "development has no such rate"
    aims = [
        Objective("v", "operational", "rows", "at_least", 5),
        Objective("m", "business", "mean", "at_most", 1, ("x",)),
    ]
    frame = objectives_evidence(objective_table(aims, {"x": [np.nan] * 3}, 3), {"m": "EUR"}, {"v": "B. Owner"})
    check("objectives", frame)
    assert frame["met"].tolist() == [False, None]


def test_challengers_and_looks() -> None:
    one = vintages(75)
    labels, period = seen(one)
    frame = shadow_comparison(labels, one.risk, one.risk, Accepted(), period, least=Least(bads=50))
    told = challengers_evidence({"boosting": frame})
    check("challengers", told)
    assert set(told["population"]) == {"champion's accepts"}
    error = 0.01 / np.sqrt([0.25, 0.5])
    args = ([0.01, 0.02], error, 0.01)
    planned, open_ = planned_looks(*args, at=["2025-03", "2025-06"]), open_looks(*args)
    whole = frame[frame["period"] == "all"]
    rules = Rules({"min_auc_difference": 0.0}, {})
    found = recommend("boosting", rules, challenger_measures(whole, looks=planned), whole, planned)
    looks = looks_evidence(planned, open_, found)
    check("looks", looks)
    assert looks["recommendation"].tolist() == [None, "go on"]
    assert looks["period"].tolist() == ["2025-03", "2025-06"]


def test_development_columns_are_what_comparison_reads(development: pd.DataFrame) -> None:
    assert list(development.columns) == DEVELOPMENT_COLUMNS
