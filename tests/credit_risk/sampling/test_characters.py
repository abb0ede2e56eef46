"""Keys that repeat and characters that a document cannot hold: told early, with column, rows, values and remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import PackageError
from credit_risk.export import model_pmml
from credit_risk.plan import check_plan, read_plan
from credit_risk.plan.intake import take_in_plan
from credit_risk.sampling import DataContractError
from tests.credit_risk.cli.command import done, frame, model, portfolio, write_plan

BELL = "ow\x07n"
PLAN = "model: {{id: m}}\ndata: {{source: table.csv{more}}}\noutcome: {{column: BAD, bad: 1}}\n"
QUICK = "models: [{id: scorecard, type: scorecard, champion: true}]\n"


def rung(rows: int = 300) -> pd.DataFrame:
    table = portfolio(rows)
    return table.assign(HOUSING=np.where(table["HOUSING"] == "own", BELL, table["HOUSING"]))


def test_a_named_column_is_refused_with_value_rows_and_remedy(tmp_path: Path) -> None:
    plan = PLAN.format(more=", columns: {HOUSING: {description: Housing}}")
    (fault,) = check_plan(write_plan(tmp_path, plan, rung()))
    rows = int((portfolio(300)["HOUSING"] == "own").sum())
    first = int(np.flatnonzero(portfolio(300)["HOUSING"] == "own")[0]) + 1
    assert (fault.code, fault.path, fault.row) == ("control_character", "data.columns.HOUSING", first)
    assert fault.message.startswith("'HOUSING' holds control characters")
    assert str(fault.found).startswith(f"{BELL!r} in {rows} rows, with key {first}")
    assert "exports: []" in str(fault.remedy)


def test_where_no_pmml_is_written_the_characters_do_not_matter(tmp_path: Path) -> None:
    plan = PLAN.format(more=", columns: {HOUSING: {description: Housing}}") + "exports: []\n"
    assert check_plan(write_plan(tmp_path, plan, rung())) == []


def test_an_unnamed_column_is_left_out_and_said_to(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN.format(more="") + QUICK, rung(), "--no-validation")
    left = frame(package, "data.columns_left_out").set_index("column")
    assert left.loc["HOUSING", "reason"] == "control characters"
    assert repr(BELL) in left.loc["HOUSING", "detail"]
    assert (package / "exports" / "m.pmml").is_file()


def test_a_name_with_one_is_left_out_too(tmp_path: Path) -> None:
    plan = read_plan(write_plan(tmp_path, PLAN.format(more=""), rung().rename(columns={"NOISE": "NO\x01SE"})))
    left = take_in_plan(plan, plan.open_source()).tables["data.columns_left_out"].set_index("column")["reason"]
    assert left.to_dict() == {"HOUSING": "control characters", "NO\x01SE": "control characters"}


def test_the_export_of_a_package_names_the_column(tmp_path: Path) -> None:
    plan = PLAN.format(more=", columns: {HOUSING: {description: Housing}}") + QUICK + "exports: []\n"
    plan += "selection: {include: [{name: HOUSING, reason: test}]}\n"
    package = done(tmp_path, plan, rung(), "--no-validation")
    with pytest.raises(PackageError) as caught:
        model_pmml(model(package), "0" * 64)
    (fault,) = caught.value.faults
    assert fault.message == f"'HOUSING' has the category {BELL!r}: XML cannot hold its control character"
    assert str(fault.path).startswith("/steps/")
    assert "data.forbidden" in str(fault.remedy)


def test_repeated_keys_are_counted_and_named(tmp_path: Path) -> None:
    table = portfolio(60).assign(ID=[f"K{index:02d}" for index in range(60)])
    table.loc[[5, 9], "ID"] = "K01"
    table.loc[20, "ID"] = "K07"
    plan = read_plan(write_plan(tmp_path, PLAN.format(more=", key: ID"), table))
    with pytest.raises(DataContractError) as caught:
        take_in_plan(plan, plan.open_source())
    assert caught.value.failures.to_numpy().tolist() == [["ID", "duplicate_key", 5, "K01, K07"]]
    (fault,) = caught.value.faults
    assert (fault.row, fault.path) == (2, "data.key")
    assert fault.found == "2 keys of several rows in 5 rows, with key K01, K07, …"
    assert "keep one row a key" in str(fault.remedy)
