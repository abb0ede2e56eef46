"""What selection is told besides the classing: leakage of columns left out, expectations, stability over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.lifecycle.candidates import Training, fit_candidates
from credit_risk.lifecycle.candidates.scorecard import select
from credit_risk.lifecycle.candidates.training import Asked
from credit_risk.lifecycle.classing import Prepared, class_predictors, prepare
from credit_risk.lifecycle.screening import screen
from credit_risk.plan import Plan, read_plan
from credit_risk.sampling import take_in

SBA = """
model: {id: sba}
data:
  source: "SOURCE"
  key: LoanNr_ChkDgt
  date: ApprovalDate
  columns:
    ApprovalDate: {type: date}
    NAICS: {type: categorical}
    NewExist: {type: categorical}
    UrbanRural: {type: categorical}
outcome: {column: MIS_Status, bad: CHGOFF, good: P I F, missing: exclude}
samples: {out_of_sample: 0.3, seed: 20261121, out_of_time: {after: "2005-01-01", before: "1997-01-01"}}
selection: {max_psi_over_time: 1.0, stability_period: year}
"""


def screened(folder: Path, text: str, data: pd.DataFrame | None = None) -> tuple[Plan, Prepared, Training, dict]:
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    plan = read_plan(folder / "plan.yaml")
    source = plan.open_source(data)
    intake = take_in(source, plan.data, plan.outcome, derive=plan.derive, named=plan.named_columns())
    prepared = prepare(plan, intake)
    training, evidence = screen(plan, prepared, class_predictors(plan, prepared))
    return plan, prepared, training, {item.id: item for item in evidence}


@pytest.fixture(scope="module")
def sba(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Prepared, Training, dict]:
    """The SBA loans under a plan that forbids and declares none of the columns that know the outcome."""
    text = SBA.replace("SOURCE", (test_data / "sba_loans.csv.gz").as_posix())
    return screened(tmp_path_factory.mktemp("sba"), text)


def test_undeclared_dates_after_the_decision_are_suspects(sba: tuple[Plan, Prepared, Training, dict]) -> None:
    _, prepared, _, evidence = sba
    assert {prepared.intake.roles[n] for n in ("ChgOffDate", "DisbursementDate")} == {"left_out"}
    rows = evidence["data.leakage"].frame()
    flagged = rows[rows["flagged"]]
    found = set(zip(flagged["characteristic"], flagged["role"], flagged["check"], strict=True))
    assert {
        ("ChgOffDate", "left out", "later date"),
        ("ChgOffDate", "left out", "missing"),
        ("DisbursementDate", "left out", "later date"),
    } <= found
    assert {name for name, role, _ in found if role == "predictor"} == {"Term", "ChgOffPrinGr"}
    assert {name for name, role, _ in found if role == "left out"} == {"ChgOffDate", "DisbursementDate"}


def test_the_waterfall_tells_the_suspicion_and_the_least_stable_leave(
    sba: tuple[Plan, Prepared, Training, dict],
) -> None:
    plan, prepared, training, evidence = sba
    told = select(plan, training, Asked(0.95, "auto")).waterfall.set_index("characteristic")
    assert told["suspicion"].dropna().to_dict() == {
        "Term": "discrimination, exact values",
        "ChgOffPrinGr": "discrimination, exact values, pure values",
    }
    stable = evidence["selection.stability"].frame().set_index("characteristic")
    moved = told[told["step"] == "stability over time"]
    assert {"UrbanRural", "ApprovalFY"} <= set(moved.index)
    assert (moved["value"] > 1.0).all()
    assert (stable.loc[moved.index, "period_psi"] == moved["value"]).all()
    dates = prepared.intake.frame["ApprovalDate"][prepared.development].str[:4].value_counts()
    assert stable.loc["UrbanRural", "period_rows"] == dates[stable.loc["UrbanRural", "period"]]
    assert stable.loc["UrbanRural", "periods_judged"] == int((dates >= 200).sum())


PLAN = """
model: {id: small}
data:
  source: none.csv
  columns:
    x: {type: numeric, expected_trend: TREND}
    z: {type: numeric}
outcome: {column: y, bad: 1}
"""


@pytest.mark.parametrize(("trend", "step"), [("ascending", "final"), ("descending", "declared trend")])
def test_a_contradicted_expectation_is_the_reason(trend: str, step: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x, z = rng.normal(size=(2, 3000))
    y = (rng.random(3000) < 1 / (1 + np.exp(1.5 - x - z))).astype(int)
    absent = rng.random(3000) < 0.2
    table = pd.DataFrame({"x": np.where(absent & (y == 1), np.nan, x), "z": z, "y": y})
    plan, _, training, evidence = screened(tmp_path, PLAN.replace("TREND", trend), table)
    told = select(plan, training, Asked(0.95, "auto")).waterfall.set_index("characteristic")
    assert told.loc["x", "step"] == step
    verdict = evidence["classing.expectations"].frame().set_index("characteristic").loc["x"]
    if step != "final":
        assert told.loc["x", "value"] == verdict["auc_upper"] < told.loc["x", "threshold"] == 0.5
        assert verdict["verdict"] == "contradicted by the data"
    assert "no date (data.date)" in evidence["selection.stability"].notes[1]


def test_columns_that_cannot_be_read_are_named_as_not_screened(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"x": rng.normal(size=800), "endless": np.inf, "lists": [[1]] * 800, "in:z": 1.0})
    table["y"] = (rng.random(800) < 0.3).astype(int)
    text = "model: {id: small}\ndata: {source: none.csv}\noutcome: {column: y, bad: 1}\n"
    *_, evidence = screened(tmp_path, text, table)
    notes = evidence["data.leakage"].notes
    assert notes == ("not screened, since intake could not read their values: endless, lists, in:z",)


def test_the_selection_that_is_told_is_the_champions(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3000, 3))
    table = pd.DataFrame(x, columns=["a", "b", "c"])
    table["y"] = (rng.random(3000) < 1 / (1 + np.exp(1.3 - x[:, 0] - 0.4 * x[:, 1]))).astype(int)
    models = "[{id: one, type: scorecard, champion: true}, {id: two, type: scorecard, confidence: 0.5}]"
    text = f"model: {{id: small}}\ndata: {{source: none.csv}}\noutcome: {{column: y, bad: 1}}\nmodels: {models}\n"
    plan, _, training, _ = screened(tmp_path, text, table)
    selection, candidates = fit_candidates(plan, training)
    assert selection is not None
    wald = selection.fit.coef[1] + 1.959963984540054 * selection.fit.standard_error[1]
    assert selection.fit.upper[1] == pytest.approx(wald, rel=1e-12)
    assert candidates[0].characteristics == selection.selected
