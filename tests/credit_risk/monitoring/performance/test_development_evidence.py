"""Evidence of development read back: standard errors from bounds against those they were made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import delong_interval, discrimination_table
from credit_risk.monitoring.performance.against_development import DEVELOPMENT_COLUMNS
from credit_risk.monitoring.performance.development_evidence import development_at_window, development_rates
from tests.credit_risk.monitoring.performance.vintage_rows import vintages


def test_errors_are_those_of_the_bounds() -> None:
    one = vintages(91, 400)
    frame = discrimination_table({"scorecard": {"out_of_sample": (one.outcome, one.risk)}})
    level = pd.DataFrame([("scorecard", "out_of_sample", 4800, 0.05)], columns=["model", "sample", "rows", "bad_rate"])
    found = development_at_window(frame, level, "scorecard", "out_of_sample", 12.0)
    assert list(found.columns) == DEVELOPMENT_COLUMNS
    told = delong_interval(one.outcome, one.risk)
    by = found.set_index("measure")
    assert by.loc["auc", ["value", "standard_error"]].tolist() == pytest.approx([told.auc, told.standard_error])
    assert by.loc["gini", "standard_error"] == pytest.approx(2 * told.standard_error)
    assert by.loc["bad_rate", "standard_error"] == pytest.approx(np.sqrt(0.05 * 0.95 / 4800))
    assert 0 < by.loc["ks", "standard_error"] < 0.1
    with pytest.raises(CreditRiskError, match="scorecard/out_of_sample"):
        development_at_window(frame, level, "boosting", "out_of_sample", 12.0)


def test_rates_of_the_declared_cut_off_and_of_overrides() -> None:
    cut_offs = pd.DataFrame(
        [
            ("development", 500.0, False, 900, 0.8),
            ("development", 520.0, True, 900, 0.7),
            ("out_of_time", 520.0, True, 90, 0.6),
        ],
        columns=["sample", "cut_off", "declared", "rows", "acceptance_rate"],
    )
    overrides = pd.DataFrame(
        [("low side", 300, 0.02), ("high side", 600, 0.03), ("both sides", 900, None)],
        columns=["direction", "decided", "rate"],
    )
    found = development_rates(cut_offs, overrides).set_index("measure")
    assert found["rate"].to_dict() == {
        "approval_rate": 0.7,
        "model_approval_rate": 0.7,
        "low_side_override_rate": 0.02,
        "high_side_override_rate": 0.03,
    }
    assert found.loc["low_side_override_rate", "rows"] == 300
    assert development_rates(None, None).empty
