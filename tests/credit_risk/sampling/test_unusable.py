"""Columns that cannot be used whatever they hold: left out with the reason, or refused where the plan names them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.plan import read_plan
from credit_risk.sampling import DataContractError, take_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    x = rng.normal(size=400)
    table = pa.table(
        {
            "x": x,
            "nested": [[1, 2]] * 400,
            "blob": [b"\x00\x01"] * 400,
            "wait": [timedelta(days=1)] * 400,
            "_key": np.arange(400),
            "bin(x)": np.arange(400) % 3,
            "y": (rng.random(400) < 1 / (1 + np.exp(1 - x))).astype(np.int64),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    return tmp_path


def plan_of(folder: Path, more: str = "") -> object:
    text = f"model: {{id: m}}\ndata: {{source: t.parquet{more}}}\noutcome: {{column: y, bad: 1}}\n"
    (folder / "plan.yaml").write_text(text, "utf-8")
    return read_plan(folder)


def test_unnamed_ones_are_left_out_with_their_reason(folder: Path) -> None:
    plan = plan_of(folder)
    intake = take_in(plan.open_source(), plan.data, plan.outcome)
    left = intake.tables["data.columns_left_out"].set_index("column")["reason"].to_dict()
    assert left == {
        "nested": "type of values",
        "blob": "type of values",
        "wait": "type of values",
        "_key": "reserved name",
        "bin(x)": "reserved name",
    }
    assert intake.predictors == ("x",)
    assert not set(left) & set(intake.contract_columns)


def test_named_ones_are_refused(folder: Path) -> None:
    plan = plan_of(folder, ", columns: {nested: {description: a list}}")
    with pytest.raises(DataContractError, match="'nested' cannot be used") as caught:
        take_in(plan.open_source(), plan.data, plan.outcome, named=plan.named_columns())
    assert "list<" in str(caught.value)
