"""Tables in a declared notation: developed, scored and validated as the same numbers written plainly."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from credit_risk._core.errors import IntakeError
from credit_risk.lifecycle.score import score_table
from tests.credit_risk.cli.command import QUICK, disagreements, done, frame, model, portfolio

PLAN = """
model: {{id: m}}
data:
  source: table.csv
  date: APPLIED
  {general}
  columns:
    INCOME: {{type: numeric{income}}}
    APPLIED: {{type: date{applied}}}
outcome: {{column: BAD, bad: 1}}
"""
GERMAN = PLAN.format(
    general='number_format: {decimal: ","}',
    income=', number_format: {decimal: ",", thousands: ".", unit: EUR}',
    applied=', date_format: "%d.%m.%y", first_year: 1950',
)


def plain(rows: int = 600) -> pd.DataFrame:
    days = pd.date_range("1998-01-01", periods=rows, freq="9D")
    return portfolio(rows).assign(APPLIED=days.strftime("%Y-%m-%d"))


def german(table: pd.DataFrame) -> pd.DataFrame:
    """The same table as a German spreadsheet writes it."""
    income = [f"{v:,.2f} EUR".replace(",", "_").replace(".", ",").replace("_", ".") for v in table["INCOME"]]
    noise = [str(value).replace(".", ",") for value in table["NOISE"]]
    days = pd.to_datetime(table["APPLIED"]).dt.strftime("%d.%m.%y")
    return table.assign(INCOME=income, NOISE=noise, APPLIED=days)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("readings")
    written = PLAN.format(general="monthly: {}", income="", applied="")
    one = done(folder / "plain", written + QUICK, plain())
    return one, done(folder / "german", GERMAN + QUICK, german(plain()))


def test_the_model_and_the_rows_are_the_same(packages: tuple[Path, Path]) -> None:
    one, other = packages
    assert model(one)["steps"] == model(other)["steps"]
    snapshots = [pd.read_parquet(package / "data" / "snapshot.parquet") for package in packages]
    pd.testing.assert_frame_equal(*snapshots)
    assert [disagreements(package) for package in packages] == [[], []]
    told = frame(other, "data.conversions").set_index("column")["conversion"]
    assert told["INCOME"] == "number in the notation decimal ',', thousands '.', unit 'EUR'"
    assert told["NOISE"] == "number in the notation decimal ','"
    assert told["APPLIED"] == "date in the format %d.%m.%y, from 1950 on, written as ISO 8601"
    assert json.loads((other / "plan.json").read_text("utf-8"))["data"]["number_format"]["decimal"] == ","


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_new_rows_are_scored_as_they_are_written(packages: tuple[Path, Path], suffix: str, tmp_path: Path) -> None:
    one, other = packages
    tables = {"plain": plain(), "german": german(plain())}
    for name, table in tables.items():
        path = tmp_path / f"{name}{suffix}"
        table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    wanted = score_table(one, tmp_path / f"plain{suffix}").predictions
    found = score_table(other, tmp_path / f"german{suffix}").predictions
    pd.testing.assert_frame_equal(found, wanted)
    with pytest.raises(IntakeError, match="not numbers"):
        score_table(one, tmp_path / f"german{suffix}")
