"""The likeliest cause by its stated rules."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.drift.cause import CauseRules, likeliest_cause
from credit_risk.monitoring.drift.columns import CAUSE_COLUMNS, MOVED_COLUMNS
from credit_risk.monitoring.drift.quality import quality_frame
from credit_risk.monitoring.drift.stability import stability_frame
from credit_risk.monitoring.frames import ALL
from tests.credit_risk.monitoring.drift.made import counts, reference

KINDS = {"x": ["interval", "interval", "missing"], "y": ["interval", "interval"], "score": ["interval", "interval"]}
BASE = reference({"x": [4500, 4500, 1000], "y": [5000, 5000], "score": [5000, 5000]}, kinds=KINDS)
STILL = {"x": [450, 450, 100], "y": [500, 500], "score": [500, 500]}
MOVED = {"x": [700, 200, 100], "score": [750, 250]}
BROKEN = {"x": [200, 200, 600], "score": [700, 300]}


def cause(changed: dict[str, list[int]], rules: CauseRules | None = None, **moved: bool | None) -> pd.Series:
    own = counts({("2026-01", ALL, name): rows for name, rows in (STILL | changed).items()})
    cells = [("2026-01", ALL, measure, value, "") for measure, value in moved.items()]
    performance = pd.DataFrame(cells, columns=MOVED_COLUMNS) if moved else None
    stability, quality = stability_frame(BASE, own), quality_frame(BASE, own)
    frame = likeliest_cause(stability, quality, performance, rules or CauseRules())
    assert list(frame.columns) == CAUSE_COLUMNS
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("changed", "moved", "expected", "also"),
    [
        ({}, {}, "none", ""),
        ({}, {"calibration": False, "ranking": False}, "none", ""),
        (MOVED, {}, "population", ""),
        (MOVED, {"calibration": False, "ranking": True}, "population", ""),
        (MOVED, {"calibration": True}, "concept", "population"),
        ({}, {"calibration": True, "ranking": None}, "concept", ""),
        ({}, {"calibration": None, "ranking": True}, "concept", ""),
        (BROKEN, {"calibration": True, "ranking": True}, "data_quality", ""),
        (BROKEN | {"y": [800, 200]}, {}, "data_quality", "population"),
    ],
)
def test_rules(changed: dict[str, list[int]], moved: dict[str, Any], expected: str, also: str) -> None:
    found = cause(changed, **moved)
    assert (found["cause"], found["also"]) == (expected, also)


def test_reasons_name_what_moved_and_what_is_not_known() -> None:
    assert cause(MOVED)["variables"] == "x"
    assert "concept drift is not excluded" in cause(MOVED)["reason"]
    assert "which another spread of risk explains" in cause(MOVED, calibration=False, ranking=True)["reason"]
    broken = cause(BROKEN)
    assert broken["variables"] == "x"
    assert "x missing: 60 % of rows, 10 % in development" in broken["reason"]
    assert cause(MOVED, CauseRules(persistent=True))["cause"] == "none"  # one month of three


def test_a_month_just_below_the_cut_does_not_hide_what_the_others_told() -> None:
    near = [560, 340, 100]  # beyond chance, at 0.05
    frames = [counts({(f"2026-0{k}", ALL, "x"): rows}) for k, rows in enumerate(([700, 200, 100],) * 2 + (near,), 1)]
    own = pd.concat(frames)
    base = BASE[BASE["variable"] == "x"]
    stability = stability_frame(base, own)
    last = stability[stability["period"] == "2026-03"].iloc[0]
    assert 0.02 < last["psi"] < 0.1
    assert bool(last["beyond_chance"])
    found = likeliest_cause(stability, quality_frame(base, own)).set_index("period")
    assert found["cause"].tolist() == ["population"] * 3
    alone = stability_frame(base, counts({("2026-03", ALL, "x"): near}))
    assert likeliest_cause(alone, quality_frame(base, own[own["period"] == "2026-03"]))["cause"].tolist() == ["none"]


def test_a_month_of_ten_rows_has_no_cause() -> None:
    assert cause({"x": [5, 5, 0], "y": [5, 5], "score": [5, 5]})["cause"] == "not_evaluable"


def test_faults() -> None:
    with pytest.raises(CreditRiskError, match="no such measure"):
        cause({}, gini=True)
    with pytest.raises(CreditRiskError, match="column is absent"):
        likeliest_cause(pd.DataFrame(), pd.DataFrame())
