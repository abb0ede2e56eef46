"""The plans that are shipped use what their README says, and the validator disagrees with no number of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.credit_risk.cli.command import credit_risk, differing_cells, disagreements, findings, frame, model


def test_taiwan_is_approved_with_nothing_above_an_observation(taiwan_package: Path) -> None:
    assert {one["severity"] for one in findings(taiwan_package)} <= {"observation"}
    assert differing_cells(taiwan_package) == 0


def test_taiwan_classes_codes_orders_and_round_amounts_as_its_readme_says(taiwan_package: Path) -> None:
    summary = frame(taiwan_package, "classing.summary").set_index("characteristic")
    assert summary.loc["EDUCATION", "kind"] == "ordered"
    joined = frame(taiwan_package, "classing.joined").set_index(["characteristic", "part"])["fate"]
    assert joined["PAY_0", "special -2"] == joined["PAY_0", "special 0"] == "apart: not below the share"
    assert joined["PAID_SHARE", "missing"] == joined["EDUCATION", "special 4"] == "nearest_woe"
    changed = frame(taiwan_package, "classing.overrides").set_index("characteristic")
    cost = changed["information_value_before"] - changed["information_value_after"]
    assert cost.between(0, 0.003).all()
    assert set(cost.index) == {"PAY_AMT1", "PAY_AMT2", "PAY_AMT3"}
    edges = {
        step["input"]: {item["lower"] for item in step["bins"] if item.get("lower") is not None}
        for step in model(taiwan_package)["steps"]
        if step["type"] == "classing"
    }
    assert {1.0, 2.0} <= edges["PAY_0"]
    assert 1.0 in edges["PEAK_UTILISATION"]
    assert 15000.0 in edges["PAY_AMT1"] & edges["PAY_AMT2"] & edges["PAY_AMT3"]


def test_taiwan_keeps_its_promises(taiwan_package: Path) -> None:
    told = frame(taiwan_package, "selection.waterfall").set_index("characteristic")["decision"]
    assert (told == "selected").sum() == 8
    assert told["MONTHS_LATE"] == "selected"
    area = frame(taiwan_package, "performance.discrimination").set_index(["model", "sample"])["auc"]
    assert area["scorecard", "out_of_sample"] == pytest.approx(0.777, abs=0.001)
    clusters = frame(taiwan_package, "samples.clusters").set_index("sample")
    assert clusters.loc["out_of_sample", "shared_clusters"] == 0
    assert (clusters["largest"] == 2).all()


@pytest.fixture(scope="module")
def sba_package(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("sba") / "package"
    plan = Path(__file__).parents[2] / "scorecards" / "sba_loans"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDIT_RISK_TEST_DATA", str(test_data))
        ended = credit_risk("run", plan, "--out", package, "--no-documents")
    assert ended.status == 0, ended.err
    return package


def test_the_dated_plan_is_rebuilt_and_told_where_it_does_not_hold(sba_package: Path) -> None:
    assert disagreements(sba_package) == []
    assert differing_cells(sba_package) == 0
    high = [item["test"] for item in findings(sba_package) if item["severity"] in ("critical", "high")]
    assert high == ["battery: discrimination (out_of_time_before)"]


def test_the_dated_plan_holds_out_of_time_what_its_readme_says(sba_package: Path) -> None:
    snapshot = pd.read_parquet(sba_package / "data/snapshot.parquet")
    years = snapshot.groupby("_sample")["ApprovalDate"].agg(lambda dates: sorted(set(dates.str[:4])))
    assert years["development"] == ["2004"]
    assert years["out_of_time"] == ["2005", "2006"]
    assert years["out_of_time_before"][0] == "1996"
    assert years["out_of_time_before"][-1] == "2003"
    told = frame(sba_package, "selection.waterfall").set_index("characteristic")
    assert told.loc["NoEmp", "step"] == "declared trend"
    assert set(told.index[told["step"] == "stability over time"]) == {"State", "BankState"}
    assert (told["decision"] == "selected").sum() == 5
    (changed,) = frame(sba_package, "classing.overrides").to_dict("records")
    assert changed["information_value_before"] - changed["information_value_after"] == pytest.approx(0.37, abs=0.01)
    area = frame(sba_package, "performance.discrimination").set_index(["model", "sample"])["auc"]["scorecard"].round(2)
    assert area[["development", "out_of_sample", "out_of_time"]].tolist() == [0.68, 0.67, 0.64]
