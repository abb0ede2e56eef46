"""Values of metrics from the frames of performance: names of the catalogue, signs, and what is not evaluable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.metrics import CATALOGUE, VALUE_COLUMNS
from credit_risk.monitoring.performance.against_development import DEVELOPMENT_COLUMNS, against_development
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.decisions import DEVELOPMENT_RATE_COLUMNS, decision_table
from credit_risk.monitoring.performance.labels import labels_of_months
from credit_risk.monitoring.performance.metric_values import calibration_values, decision_values, performance_values
from credit_risk.monitoring.performance.vintages import performance_table
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages


def test_values_are_of_the_catalogue_and_have_its_signs() -> None:
    one = vintages(81)
    labels = labels_of_months(one.time, one.event, WINDOW)
    period = np.array([f"2025-{1 + number:02d}" for number in one.vintage], dtype=object)
    rows = [("all", 12.0, "auc", 0.85, 0.005), ("all", 6.0, "auc", 0.70, 0.005), ("all", 6.0, "bad_rate", 0.05, 0.001)]
    development = pd.DataFrame(rows, columns=DEVELOPMENT_COLUMNS)
    compared = against_development(performance_table(labels, one.risk, period, months=(6.0,)), development)
    level = calibration_level(labels, np.full(len(one.risk), 0.03), period=period)
    grade = np.where(one.risk < 0, "low", "high")
    values = pd.concat(
        [
            performance_values(compared, WINDOW),
            calibration_values(level, calibration_table(labels, np.full(len(one.risk), 0.03), grade)),
        ]
    )
    assert list(values.columns) == VALUE_COLUMNS
    assert set(values["metric"]) <= set(CATALOGUE)
    tested = {name for name, one_ in CATALOGUE.items() if one_.tested}
    found = values[values["period"] == "all"].set_index("metric")
    for name in set(found.index) - {"grade_test"}:
        assert (found.loc[name, "beyond_chance"] is not None) == (name in tested), name
    area = compared[(compared["measure"] == "auc") & (compared["period"] == "all")].set_index("horizon")
    assert found.loc["auc_drop", "value"] == pytest.approx(0.85 - area.loc[12.0, "value"])
    assert found.loc["auc_drop", "lower"] <= found.loc["auc_drop", "value"] <= found.loc["auc_drop", "upper"]
    assert found.loc["auc_drop", "beyond_chance"]
    assert found.loc["early_auc_drop", "value"] < 0
    assert not found.loc["early_auc_drop", "beyond_chance"]
    assert found.loc["early_arrears", "value"] == pytest.approx(
        compared[(compared["measure"] == "bad_rate") & (compared["horizon"] == 6) & (compared["period"] == "all")][
            "value"
        ].iloc[0]
        / 0.05
    )
    assert found.loc["calibration_in_the_large", "value"] > 1.5
    late = values[(values["period"] == "2025-11") & (values["metric"] == "auc")].iloc[0]
    assert not late["evaluable"]
    assert "immature" in late["reason"]
    assert set(values[values["metric"] == "grade_test"]["subject"]) == {"low", "high"}
    slope = found.loc["calibration_slope"]
    assert not slope["evaluable"]  # all probabilities are alike
    assert "probabilities all alike" in slope["reason"]


def test_rates_of_decisions() -> None:
    done, said = np.array([1] * 130 + [0] * 70), np.array([1] * 120 + [0] * 80)
    base = pd.DataFrame([("all", "approval_rate", 1000.0, 0.75)], columns=DEVELOPMENT_RATE_COLUMNS)
    found = decision_values(decision_table(done, said, development=base)).set_index("metric")
    assert found.loc["approval_rate", "value"] == pytest.approx(-0.1)
    assert found.loc["approval_rate", "beyond_chance"]
    assert found.loc["override_rate", "value"] == pytest.approx(10 / 200)
    alone = decision_values(decision_table(done, said)).set_index("metric")
    assert not alone.loc["approval_rate", "evaluable"]
    assert alone.loc["approval_rate", "reason"] == "development has no such value"
