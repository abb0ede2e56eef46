"""The classing of development on samples and periods: in the package, and agreed to by the validator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import QUICK, disagreements, done, evidence, findings, frame, portfolio

ROWS = 3000
PLAN = (
    "model: {id: m}\n"
    "data: {source: table.csv, date: OPENED, columns: {OPENED: {type: date}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
)
OUT_OF_TIME = "samples: {out_of_time: {after: '2021-04-01', before: '2020-04-01'}}\n"


def dated(rows: int = ROWS) -> pd.DataFrame:
    """The portfolio over eighteen months, with a category of thirty values."""
    table = portfolio(rows)
    rng = np.random.default_rng(2)
    months = pd.date_range("2020-01-01", periods=18, freq="MS")
    table["OPENED"] = (months[np.arange(rows) % 18] + pd.to_timedelta(rng.integers(0, 28, rows), "D")).strftime(
        "%Y-%m-%d"
    )
    table["REGION"] = rng.choice([f"region {i:02d}" for i in range(30)], rows)
    return table


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("dated"), PLAN + OUT_OF_TIME + QUICK, dated())


def test_the_validator_counts_the_same(package: Path) -> None:
    assert disagreements(package) == []
    coverage = {one["test"] for one in findings(package)}
    assert not any("classing" in test for test in coverage)


def test_tables_are_counts_of_the_snapshot(package: Path) -> None:
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    table = frame(package, "classing.samples.HOUSING")
    assert set(table["sample"]) == {"development", "out_of_sample", "out_of_time", "out_of_time_before"}
    for label in ("own", "rent"):
        here = table[table["label"].str.split(", ").map(lambda parts, name=label: name in parts)]
        values = snapshot["HOUSING"].isin(here["label"].iloc[0].split(", "))
        counts = snapshot[values].groupby("_sample")["_outcome"].agg(["size", "sum"])
        for row in here.itertuples():
            assert row.bad == counts.loc[row.sample, "sum"]
            assert row.bad_rate == pytest.approx(counts.loc[row.sample, "sum"] / counts.loc[row.sample, "size"])
            assert row.bad_rate_lower < row.bad_rate < row.bad_rate_upper
    periods = frame(package, "classing.periods.HOUSING").groupby("period")["count"].sum()
    assert periods.to_dict() == snapshot.dropna(subset="_sample").groupby(snapshot["OPENED"].str[:7]).size().to_dict()


def test_stability_says_what_chance_explains(package: Path) -> None:
    samples = frame(package, "classing.stability").set_index(["characteristic", "sample"])
    first = samples.xs("development", level="sample")
    assert first["psi"].eq(0).all()
    assert first["rank_order_kept"].dropna().eq(True).all()
    summary = frame(package, "classing.summary").set_index("characteristic")["information_value"]
    assert first["information_value"].to_dict() == pytest.approx(summary.to_dict())
    months = frame(package, "classing.period_stability")
    assert months["period"].nunique() == 18
    assert (months["psi"] > months["psi_chance_level"]).mean() < 0.15  # the population does not change
    kept = months.query("characteristic == 'INCOME' and rank_order_kept == False")
    assert (kept["reversal_p_value"] > 0.001).all()  # nor does the relation


def test_months_become_quarters_or_what_the_plan_says(package: Path, tmp_path: Path) -> None:
    notes = evidence(package, "classing.period_stability")["notes"]
    assert "periods are months" in notes[0]
    thin = done(tmp_path / "thin", PLAN + QUICK, dated(900), "--no-validation")
    assert "periods are quarters" in evidence(thin, "classing.period_stability")["notes"][0]
    plan = PLAN + QUICK + "evaluation: {period: year, min_rows: 60, confidence: 0.9}\n"
    years = done(tmp_path / "years", plan, dated(900))
    assert disagreements(years) == []
    assert set(frame(years, "classing.period_stability")["period"]) == {"2020", "2021"}
    small = frame(years, "classing.samples.INCOME").query("count < 60")
    assert len(small)
    assert small["bad_rate"].isna().all()


def test_without_a_date_there_is_no_time(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN.replace("date: OPENED, ", "") + QUICK, dated(800), "--no-validation")
    item = evidence(package, "classing.period_stability")
    assert (item["kind"], item["reason"]) == ("not_applicable", "the plan names no date (data.date)")
    assert not list((package / "evidence").glob("classing.periods*"))


def test_a_classing_that_does_not_hold_is_told(tmp_path: Path) -> None:
    """In the last quarter the effect of income is turned round."""
    table = dated()
    late = table["OPENED"] >= "2021-04-01"
    rich = table["INCOME"] > table["INCOME"].median()
    table.loc[late, "BAD"] = (np.random.default_rng(1).random(late.sum()) < np.where(rich[late], 0.5, 0.2)).astype(int)
    package = done(tmp_path, PLAN + "samples: {out_of_time: {after: '2021-04-01'}}\n" + QUICK, table, "--no-validation")
    held = frame(package, "classing.stability").set_index(["characteristic", "sample"]).loc["INCOME"]
    assert held.loc["out_of_sample", "gini"] > 0.2 > -0.1 > held.loc["out_of_time", "gini"]
    assert held.loc["out_of_time", "rank_order_kept"] == False  # noqa: E712 - of a frame
    assert held.loc["out_of_time", "reversal_p_value"] < 0.001
