"""Wide monthly columns become rows; Taiwan's PAY_* history gives roll rates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from credit_risk._core.errors import IntakeError
from credit_risk.sampling import read_history, roll_rate_matrix, unpivot_months
from credit_risk.sampling.history_spec import HistorySpec

PAY = {"PAY_0": -1, "PAY_2": -2, "PAY_3": -3, "PAY_4": -4, "PAY_5": -5, "PAY_6": -6}
# PAY -2 no consumption, -1 paid in full, 0 revolving, k months of delay.
STATES = {"-2": None, "-1": 0, "0": 0, **{str(months): 30 * months for months in range(1, 9)}}


def test_by_hand() -> None:
    wide = pd.DataFrame({"id": ["a", "b"], "s1": [1, 2], "s2": [3, None], "b1": [10, 20], "b2": [30, None], "z": 0})
    columns = {"state": {"s1": -1, "s2": -2}, "balance": {"b2": -2, "b1": -1}}
    long = unpivot_months(wide, "id", columns)
    assert long.astype(object).where(long.notna(), None).to_numpy().tolist() == [
        ["a", -1, 1.0, 10.0],
        ["a", -2, 3.0, 30.0],
        ["b", -1, 2.0, 20.0],
        ["b", -2, None, None],
    ]
    dropped = unpivot_months(wide, "id", columns, blank="drop")
    assert len(dropped) == 3
    assert dropped.attrs["dropped"] == 1


def test_faults_together() -> None:
    with pytest.raises(IntakeError) as caught:
        unpivot_months(pd.DataFrame({"id": [1]}), "id", {"a": {"x": 1, "y": 1}, "b": {"z": 2}})
    codes = [fault.code for fault in caught.value.faults]
    assert codes == ["absent", "absent", "absent", "duplicate_month", "month"]


def test_taiwan(test_data: Path) -> None:
    wide = pd.read_csv(test_data / "taiwan_credit.csv.gz")
    long = unpivot_months(wide, "ID", {"state": PAY})
    assert len(long) == 6 * len(wide)
    spec = HistorySpec(source="x", key="ID", month="month", state="state", states=STATES)
    matrix = roll_rate_matrix(read_history(long, spec)).set_index(["from_state", "to_state"])["accounts"]
    # Two months late, then three: counted column by column.
    pairs = [("PAY_2", "PAY_0"), ("PAY_3", "PAY_2"), ("PAY_4", "PAY_3"), ("PAY_5", "PAY_4"), ("PAY_6", "PAY_5")]
    worse = sum(int(((wide[before] == 2) & (wide[after] == 3)).sum()) for before, after in pairs)
    cured = sum(int(((wide[before] == 2) & wide[after].isin([-1, 0])).sum()) for before, after in pairs)
    assert matrix[("60-89", "90-119")] == worse
    assert matrix[("60-89", "0")] == cured
    assert matrix.sum() == 5 * len(wide)
