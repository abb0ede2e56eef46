"""Personal data: never a predictor, no value of a person in evidence, faults or package, rows still told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.plan import check_plan
from credit_risk.sampling import DataContractError
from tests.credit_risk.cli.command import QUICK, done, findings, frame, model, portfolio, write_plan

PLAN = (
    """
model: {id: m}
data:
  source: table.csv
  key: ID_CARD
  protected: [SEX]
  columns:
    ID_CARD: {personal: true, description: Number of the identity card}
    EMAIL: {personal: true}
    BORN: {personal: true, type: date}
    SEX: {personal: true, allowed: [woman, man]}
    CITY: {personal: true}
    HOUSE: {personal: true}
samples: {group: HOUSE}
evaluation: {subpopulations: [CITY]}
outcome: {column: BAD, bad: 1}
"""
    + QUICK
)
TRACES = ("ZZ0", "@mail", "house-", "1964-")


def applicants(rows: int = 400) -> pd.DataFrame:
    """Applications of named people, two of each house, whose cities are known."""
    table, rng = portfolio(rows), np.random.default_rng(2)
    return table.assign(
        ID_CARD=[f"ZZ{index * 7919 % 10**6:06d}" for index in range(rows)],
        EMAIL=[f"p{index}@mail.example" for index in range(rows)],
        BORN=[f"{1964 + index % 30}-0{1 + index % 9}-11" for index in range(rows)],
        SEX=rng.choice(["woman", "man"], rows),
        CITY=rng.choice(["Bergen", "Graz"], rows),
        HOUSE=[f"house-{index // 2}" for index in range(rows)],
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("personal"), PLAN, applicants())


def test_no_value_of_a_person_is_in_the_package(package: Path) -> None:
    read = [*package.rglob("*.json"), *package.rglob("*.csv"), *package.rglob("*.pmml")]
    texts = {path.name: path.read_text("utf-8") for path in read}
    texts |= {path.name: pd.read_parquet(path).to_csv() for path in package.rglob("*.parquet")}
    assert len(texts) > 60
    assert [(name, trace) for name, text in texts.items() for trace in TRACES if trace in text] == []


def test_what_travels_and_what_does_not(package: Path) -> None:
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    assert {"SEX", "CITY"} <= set(snapshot.columns)
    assert not {"ID_CARD", "EMAIL", "BORN", "HOUSE"} & set(snapshot.columns)
    assert snapshot["_key"].tolist() == list(range(1, 401))
    assert snapshot["_cluster"].tolist() == [str(1 + index // 2) for index in range(400)]
    sides = snapshot.groupby("_cluster")["_sample"].nunique()
    assert (sides == 1).all()
    contract = frame(package, "data.contract").set_index("column")
    assert contract.loc[["ID_CARD", "EMAIL", "BORN", "HOUSE", "SEX", "CITY"], "in_snapshot"].tolist() == [
        *(False, False, False, False, True, True)
    ]
    assert contract.index[contract["personal"]].tolist() == ["ID_CARD", "EMAIL", "BORN", "SEX", "CITY", "HOUSE"]
    left = frame(package, "data.columns_left_out").set_index("column")
    assert left["reason"].to_dict() == dict.fromkeys(("EMAIL", "BORN", "HOUSE"), "personal data")
    assert "_cluster" in left.loc["HOUSE", "detail"]
    told = frame(package, "data.conversions").set_index("column")["conversion"]
    assert "number of the row in place of the key" in told["ID_CARD"]


def test_the_profile_counts_and_shows_nobody(package: Path) -> None:
    profile = frame(package, "data.profile").set_index("column")
    assert "EMAIL" not in profile.index
    shown = ["minimum", "percentile_25", "median", "percentile_75", "maximum", "most_frequent"]
    assert profile.loc[["SEX", "CITY"], shown].isna().all(axis=None)
    assert profile.loc["SEX", ["count", "distinct"]].tolist() == [400, 2]
    assert profile.loc["INCOME", shown[:5]].notna().all()


def test_no_model_reads_them_and_the_validator_agrees(package: Path) -> None:
    named = {"ID_CARD", "EMAIL", "BORN", "SEX", "CITY", "HOUSE"}
    assert not named & {item["name"] for item in model(package)["inputs"]}
    assert not named & set(frame(package, "selection.waterfall")["characteristic"])
    found = [(item["severity"], item["test"]) for item in findings(package) if item["severity"] != "observation"]
    assert {severity for severity, _ in found} <= {"medium", "low"}
    assert {test.endswith(" is stated") for _, test in found} == {True}  # texts that the plan lacks, and nothing else
    notes = json.loads((package / "evidence" / "data.leakage.json").read_text("utf-8"))["notes"]
    assert "not screened, since they hold personal data: EMAIL, BORN, HOUSE" in notes


@pytest.mark.parametrize(
    "line",
    [
        "selection: {include: [EMAIL]}",
        "derive: {AGE_YEARS: year(BORN)}",
        "classing: {monotonic: {EMAIL: ascending}}",
        "classing: {characteristics: {EMAIL: {max_bins: 3}}}",
        "models: [{id: scorecard, type: scorecard, champion: true, characteristics: [EMAIL]}]",
    ],
)
def test_as_a_predictor_it_is_refused_by_name(line: str, tmp_path: Path) -> None:
    plan = PLAN.replace(QUICK, "") if line.startswith("models") else PLAN
    faults = check_plan(write_plan(tmp_path, f"{plan}{line}\n", applicants(40)))
    told = [fault for fault in faults if "personal data (data.columns." in fault.message]
    assert [fault.code for fault in told] == ["never_a_predictor"]
    assert told[0].message.startswith(("'EMAIL'", "'BORN'"))
    assert told[0].remedy


def test_faults_count_and_show_nobody(tmp_path: Path) -> None:
    table = applicants(80)
    table.loc[3, "ID_CARD"] = table.loc[2, "ID_CARD"]
    table.loc[5, "BORN"] = "long ago 1964-"
    table.loc[7, "SEX"] = "house-7"
    table.loc[9, "EMAIL"] = None
    plan = PLAN.replace("EMAIL: {personal: true}", "EMAIL: {personal: true, missing: false}")
    faults = check_plan(write_plan(tmp_path, plan, table))
    told = "\n".join(map(str, faults))
    assert {fault.code for fault in faults} == {"duplicate_key", "type", "allowed", "missing"}
    assert not [trace for trace in TRACES if trace in told]
    assert "not shown: personal data in 1 row, with key 6" in told
    (repeated,) = [fault for fault in faults if fault.code == "duplicate_key"]
    assert repeated.row == 3
    assert "2 rows" in str(repeated.found)


def test_accounts_of_a_history_are_not_shown_either(tmp_path: Path) -> None:
    from credit_risk.sampling import take_in
    from credit_risk.sampling.source import Source
    from credit_risk.sampling.spec import DataSpec, OutcomeSpec
    from credit_risk.sampling.table_source import source_of_frame

    def taken(months: list[int], other: str = "") -> Any:
        accounts = [f"ZZ0{index}" for index in range(30)]
        source: Source = source_of_frame(pd.DataFrame({"ID": accounts, "x": np.arange(30) % 5}))
        rows = [(a + other, m, 90 * (i % 3 == 0 and m == 5)) for i, a in enumerate(accounts) for m in months]
        history = pd.DataFrame(rows, columns=["id", "m", "dpd"])
        data = DataSpec.model_validate({"source": "x", "key": "ID", "columns": {"ID": {"personal": True}}})
        described = {"source": "h", "key": "id", "month": "m", "days_past_due": "dpd"}
        windows = {"performance_months": 6}
        return take_in(
            source, data, OutcomeSpec.model_validate({"history": described, "windows": windows}), history=history
        )

    intake = taken(list(range(12)))
    assert intake.key.tolist() == list(range(1, 31))
    for arguments in (([0, 1, 3, 4, 5, 6, 7],), (list(range(12)), "x")):
        with pytest.raises(DataContractError) as caught:
            taken(*arguments)
        assert "ZZ0" not in str(caught.value)
        assert "not shown: personal data" in str(caught.value)
