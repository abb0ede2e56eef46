"""Derived characteristics from the plan to package, validator, verification rows, PMML and scoring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests import engines
from tests.credit_risk.cli.command import QUICK, REPOSITORY, credit_risk, disagreements, done, frame, model, portfolio
from tests.credit_risk.export.engine_rows import assert_alike

DERIVED = """\
derive:
  UTILISATION: BILL_AMT1 / LIMIT_BAL
  AVERAGE_DELAY:
    expression: average(columns('PAY_', 2, 6))
    description: Mean delay from April to August
    expected_trend: ascending
    reason_text: Payments were late
  WORST: {expression: "highest(PAY_0, columns('PAY_', 2, 6))", expected_trend: ascending, reason_text: Longest delay}
  SINCE: months_since(1, PAY_0, columns('PAY_', 2, 6))
  UNPAID: count_at_most(0, columns('PAY_AMT', 1, 6))
  RISING: share(trend(columns('BILL_AMT', 1, 6)), LIMIT_BAL)
  KIND: cross(EDUCATION, band(LIMIT_BAL, 100000, 200000))
"""


@pytest.fixture(scope="module")
def taiwan() -> pd.DataFrame:
    table = pd.read_csv(REPOSITORY / "scorecards" / "taiwan_credit" / "taiwan_credit.csv.gz")
    return table.sample(6000, random_state=1).reset_index(drop=True)


@pytest.fixture(scope="module")
def package(taiwan: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [line.split(":")[0].strip() for line in DERIVED.splitlines() if line.startswith("  ") and line[2] != " "]
    plan = (
        "model: {id: m}\n"
        "data: {source: table.csv, key: ID, protected: [SEX, AGE, MARRIAGE],"
        " columns: {EDUCATION: {type: categorical}}}\n"
        f"outcome: {{column: DEFAULT, bad: 1}}\n{DERIVED}selection: {{include: [{', '.join(names)}]}}\n{QUICK}"
    )
    return done(tmp_path_factory.mktemp("derived"), plan, taiwan)


def test_the_validator_finds_the_same_numbers(package: Path) -> None:
    assert disagreements(package) == []


def test_values_are_those_of_pandas(package: Path, taiwan: pd.DataFrame) -> None:
    from credit_risk.scoring import compile_model

    frame_of_texts = taiwan.assign(EDUCATION=taiwan["EDUCATION"].astype(str))
    values = compile_model(model(package)).values(frame_of_texts)
    delays = taiwan[["PAY_0", *(f"PAY_{k}" for k in range(2, 7))]]
    expected = {
        "UTILISATION": taiwan["BILL_AMT1"] / taiwan["LIMIT_BAL"],
        "AVERAGE_DELAY": delays.iloc[:, 1:].mean(axis=1),
        "WORST": delays.max(axis=1),
        "SINCE": (delays >= 1).to_numpy().argmax(axis=1) + 6 * (delays < 1).all(axis=1),
        "UNPAID": (taiwan[[f"PAY_AMT{k}" for k in range(1, 7)]] <= 0).sum(axis=1),
    }
    for name, wanted in expected.items():
        np.testing.assert_allclose(values[name], wanted.to_numpy(float), rtol=1e-12, atol=1e-12, err_msg=name)
    bills = taiwan[[f"BILL_AMT{k}" for k in range(6, 0, -1)]].to_numpy(float)
    slope = np.polyfit(np.arange(6), bills.T, 1)[0]
    np.testing.assert_allclose(values["RISING"], slope / taiwan["LIMIT_BAL"], rtol=1e-6, atol=1e-9)
    bands = pd.cut(taiwan["LIMIT_BAL"], [-np.inf, 1e5, 2e5, np.inf], right=False, labels=False)
    labels = np.array(["< 100000", "[100000, 200000)", ">= 200000"])[bands]
    assert values["KIND"].tolist() == [f"{a} & {b}" for a, b in zip(taiwan["EDUCATION"], labels, strict=True)]


def test_texts_of_the_plan_reach_the_package(package: Path) -> None:
    steps = {step["output"]: step for step in model(package)["steps"] if step["type"] == "derive"}
    assert steps["AVERAGE_DELAY"]["description"].startswith("Mean delay from April to August: average(")
    assert steps["AVERAGE_DELAY"]["expression"]["args"] == [{"ref": f"PAY_{k}"} for k in range(2, 7)]
    assert steps["KIND"]["value_type"] == "string"
    contract = frame(package, "data.contract").set_index("column")
    assert contract.loc["WORST", ["role", "expected_trend"]].tolist() == ["derived", "ascending"]
    assert "Payments were late" in (package / "evidence" / "reasons.catalogue.json").read_text("utf-8")


def test_verification_rows_reach_every_bin_of_a_derived_characteristic(package: Path) -> None:
    rows = pd.read_csv(package / "verification.csv")
    for step in model(package)["steps"]:
        if step["type"] == "classing" and step["input"] in ("UTILISATION", "AVERAGE_DELAY", "WORST", "KIND"):
            reached = set(rows[f"bin:{step['input']}"])
            met = {one["id"] for one in step["bins"] if one["kind"] in ("interval", "categories")}
            assert met <= reached, step["input"]


@pytest.mark.java
@pytest.mark.parametrize("engine", [engines.jpmml, engines.pmml4s])
def test_pmml_scores_alike(package: Path, taiwan: pd.DataFrame, engine: object) -> None:
    from credit_risk.scoring import compile_model

    compiled = compile_model(model(package))
    rows = taiwan.assign(EDUCATION=taiwan["EDUCATION"].astype(str))[compiled.input_names].head(1500)
    rows = rows.astype({name: float for name in rows if name != "EDUCATION"})
    (path,) = (package / "exports").glob("*.pmml")
    found = engine(path, engines.records(rows))  # type: ignore[operator]
    assert np.abs(found["score"].astype(float) - compiled.score(rows)["score"].to_numpy()).max() <= 1e-9


@pytest.fixture(scope="module")
def dated() -> pd.DataFrame:
    table = portfolio(900)
    rng = np.random.default_rng(5)
    applied = pd.Timestamp("2024-01-31") + pd.to_timedelta(rng.integers(0, 300, 900), "D")
    opened = applied - pd.to_timedelta((900 - 700 * table["BAD"] + rng.integers(0, 300, 900)).to_numpy(), "D")
    table["APPLIED"] = applied.strftime("%Y-%m-%d")
    table["OPENED"] = np.where(rng.random(900) < 0.1, None, opened.strftime("%Y-%m-%d"))
    return table


DATED = (
    "model: {id: m}\n"
    "data: {source: table.csv, date: APPLIED, columns: {OPENED: {type: date}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
    'derive: {MONTHS_OPEN: "months_between(OPENED, APPLIED)"}\n'
    "selection: {include: [MONTHS_OPEN]}\n" + QUICK
)


def test_dates_from_the_plan_to_scoring(dated: pd.DataFrame, tmp_path: Path) -> None:
    package = done(tmp_path, DATED + "exports: []\n", dated)
    assert disagreements(package) == []
    declared = {item["name"]: item["type"] for item in model(package)["inputs"]}
    assert declared["OPENED"] == declared["APPLIED"] == "string"
    classed = {step["input"] for step in model(package)["steps"] if step["type"] == "classing"}
    assert "MONTHS_OPEN" in classed
    assert not {"OPENED", "APPLIED"} & classed
    ended = credit_risk("score", package, "--input", tmp_path / "table.csv", "--out", tmp_path / "scored.csv")
    assert ended.status == 0, ended.err
    scored = pd.read_csv(tmp_path / "scored.csv")
    written = pd.concat([pd.read_parquet(path) for path in (package / "predictions").glob("*.parquet")])
    assert len(scored) == len(written) == 900
    assert sorted(scored["score"]) == sorted(written["score"])


@pytest.mark.java
@pytest.mark.parametrize("engine", [engines.jpmml, engines.pmml4s])
def test_dates_score_in_pmml_as_in_the_package(engine: Any, dated: pd.DataFrame, tmp_path: Path) -> None:
    package = done(tmp_path, DATED, dated, "--no-validation")
    (path,) = (package / "exports").glob("*.pmml")
    assert_alike(engine, path, model(package), dated[[item["name"] for item in model(package)["inputs"]]].head(200))


def test_the_plan_as_sealed_holds_both_forms(package: Path) -> None:
    derive = json.loads((package / "plan.json").read_text("utf-8"))["derive"]
    assert derive["UTILISATION"] == "BILL_AMT1 / LIMIT_BAL"
    assert derive["AVERAGE_DELAY"]["reason_text"] == "Payments were late"
