"""What a run of monitoring tells of the inventory: findings and dates that are overdue."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from credit_risk.inventory.errors import InventoryError
from credit_risk.lifecycle.governance import overdue_frame, verdict_row
from tests.credit_risk.inventory.support import FACTS, staffed

DAY = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A model with two findings and a date; another model with a finding."""
    path = tmp_path / "inventory.db"
    with staffed(path) as inventory:
        inventory.propose(FACTS, "1.0", by="olga")
        inventory.findings.raise_finding(FACTS.id, "high", "Calibration drifts", by="vera", due="2027-01-30")
        later = inventory.findings.raise_finding(FACTS.id, "medium", "A text is old", by="vera", due="2027-06-01")
        assert later.due == "2027-06-01"
        inventory.models.set_date(FACTS.id, "review", "2027-02-01", by="olga")
        inventory.models.set_date(FACTS.id, "monitoring", "2027-03-01", by="olga")
    return path


def test_what_is_overdue_is_told_the_longest_due_first(place: Path) -> None:
    frame = overdue_frame(str(place), FACTS.id, lambda: DAY)
    assert isinstance(frame, pd.DataFrame)
    told = frame[["indicator", "title", "severity", "due", "days_overdue"]].astype(object)
    told = told.where(told.notna(), None).values.tolist()
    assert told == [
        ["finding", "Calibration drifts", "high", "2027-01-30", 30],
        ["review", "next review", None, "2027-02-01", 28],
    ]  # due on the day itself is not overdue
    row = verdict_row(frame, "2027-03-01")
    assert (row["verdict"], row["reason"]) == ("red", "1 findings and 1 dates are overdue")
    assert verdict_row(frame[frame["indicator"] != "finding"], "2027-03-01")["verdict"] == "amber"


def test_nothing_overdue_and_an_inventory_without_the_model(place: Path, tmp_path: Path) -> None:
    early = overdue_frame(str(place), FACTS.id, lambda: datetime(2026, 12, 1, tzinfo=UTC))
    assert early == "no finding and no date of the model is overdue on 2026-12-01"
    assert verdict_row(early, "2026-12-01")["verdict"] == "green"
    with pytest.raises(InventoryError, match="no such model"):
        overdue_frame(str(place), "pd-corporate", lambda: DAY)
    with pytest.raises(InventoryError):
        overdue_frame(str(tmp_path / "none.db"), FACTS.id, lambda: DAY)
