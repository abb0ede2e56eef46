"""Strategy from plan to package: the validator counts every number again, and finds each that was changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.contract.test_evidence_mutations import changed, serious
from tests.credit_risk.cli.command import done, evidence, frame, portfolio

PLAN = """model: {id: m}
data: {source: table.csv, key: ID, forbidden: [LGD, OLD]}
outcome: {column: BAD, bad: 1}
samples: {weight: W}
evaluation: {baselines: false}
strategy:
  cut_off: 520
  cut_offs: 6
  profit: {good: {columns: [AMOUNT], rate: 0.1}, bad: {columns: [AMOUNT, LGD]}, source: Finance, currency: EUR}
  aim: {type: maximum_profit}
  matrix_bands: 3
  incumbent: {column: OLD, cut_off: -35, direction: ascending}
  redeployment:
    auto_accept: {min_auc_difference: -0.02, max_calibration_gap: 0.1, max_psi: 0.1, max_inversions: 0}
    reject: {max_auc_difference: 0.0, min_psi: 0.25, min_calibration_gap: 0.5, min_inversions: 3}
    manual_review: The model committee, by segment
  experiment: {measure: auc, difference: 0.03, looks: 4, rows_per_month: 500, performance_months: 12}
models:
  - {id: card, type: scorecard, champion: true}
  - {id: trees, type: monotone_boosting, trees: 10}
"""
CUT_OFFS, BEST, ASSUMED = "strategy.cut_offs", "strategy.best_cut_off", "strategy.assumptions"


def applicants(rows: int = 900) -> pd.DataFrame:
    """The small portfolio with weights, a loan amount, and what share of it would be lost."""
    random = np.random.default_rng(1)
    table = portfolio(rows).assign(ID=np.arange(rows) + 1, W=1.0 + np.arange(rows) % 3 / 2)
    table["OLD"] = np.where(np.arange(rows) % 50 == 3, np.nan, random.normal(-table["AGE"], 12).round(1))
    return table.assign(AMOUNT=random.integers(1, 50, rows) * 100.0, LGD=random.uniform(0.2, 0.8, rows).round(2))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return without_annexes(done(tmp_path_factory.mktemp("strategy"), PLAN, applicants(), "--no-validation"))


def without_annexes(package: Path) -> Path:
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def test_the_validator_disagrees_with_no_number(good: Path) -> None:
    assert serious(good) == {}
    roles = frame(good, "data.contract").set_index("column")["role"]
    assert roles["AMOUNT"] == "strategy"  # named there alone: no predictor
    assert roles["LGD"] == "forbidden"
    assert "AMOUNT" not in set(frame(good, "classing.summary")["characteristic"])


def test_profit_is_that_of_the_file(good: Path) -> None:
    told = frame(good, CUT_OFFS).query("sample == 'out_of_sample' and declared").iloc[0]
    table = applicants().set_index("ID")
    held = pd.read_parquet(good / "predictions/out_of_sample.parquet").set_index("_key")["score"]
    rows = table.loc[held.index]
    earned = np.where(rows["BAD"] == 1, -rows["AMOUNT"] * rows["LGD"], 0.1 * rows["AMOUNT"])
    assert told["profit"] == pytest.approx(np.average(np.where(held >= 520, earned, 0.0), weights=rows["W"]))
    assert told["accepted"] == (held >= 520).sum()


CASES: list[tuple[str, str, int, Any, str]] = [
    *((CUT_OFFS, column, 2, lambda v: v + 1, column) for column in ("rows", "accepted", "known", "bad")),
    *(
        (CUT_OFFS, column, 3, lambda v: v * 1.0001, column)
        for column in ("acceptance_rate", "acceptance_lower", "bad_rate", "bad_rate_upper", "bads_avoided")
    ),
    *(
        (CUT_OFFS, c, 9, lambda v: v * 1.0001, c)
        for c in ("goods_declined", "goods_declined_lower", "bads_avoided_upper")
    ),
    *(
        (CUT_OFFS, column, 4, lambda v: v + 1.0, column)
        for column in ("profit", "profit_lower", "profit_upper", "cut_off")
    ),
    (CUT_OFFS, "declared", 1, lambda v: not v, "rows"),
    ("strategy.acceptance_curve", "bad_rate", 3, lambda v: v + 0.001, "bad_rate"),
    ("strategy.profit_curve", "profit", 3, lambda v: v + 1.0, "profit"),
    (BEST, "cut_off", 2, lambda v: v + 1, "cut_off"),
    (BEST, "own_cut_off", 3, lambda v: v - 1, "own_cut_off"),
    (BEST, "own_value", 3, lambda v: v * 1.01, "own_value"),
    (BEST, "own_lower", 3, lambda v: v - 20, "bounds of best cut-offs, in widths"),
    (BEST, "reached", 0, lambda v: not v, "rows"),
    (ASSUMED, "value", 1, lambda _: "AMOUNT × 0.2", "as the plan declares"),
]


SWAPS, CHANGES, MATRIX = "strategy.swap_sets", "strategy.swap_changes", "strategy.matrix"
ORDER, COMPARISON, RULED = "strategy.matrix_order", "strategy.comparison", "strategy.redeployment"
EXPERIMENT, LOOKS = "strategy.experiment", "strategy.experiment_looks"
TOGETHER: list[tuple[str, str, int, Any, str]] = [
    *((SWAPS, column, 1, lambda v: v + 1, column) for column in ("rows", "known", "bad", "profit")),
    *((SWAPS, column, 2, lambda v: v * 1.001, column) for column in ("share", "bad_rate", "lower", "upper")),
    *((CHANGES, c, 0, lambda v: v + 1, c) for c in ("rows", "unknown", "base_cut_off", "candidate_cut_off")),
    *((CHANGES, c, 1, lambda v: v + 1e-4, c) for c in ("base_acceptance", "candidate_acceptance", "base_bad_rate")),
    *((CHANGES, c, 2, lambda v: v + 1e-4, c) for c in ("candidate_bad_rate", "bad_rate_change", "change_lower")),
    *((CHANGES, c, 3, lambda v: v + 1e-2, c) for c in ("change_upper", "change_p_value", "profit_change")),
    *((CHANGES, c, 3, lambda v: v + 1e-2, c) for c in ("profit_lower", "profit_upper", "profit_p_value")),
    *((MATRIX, c, 4, lambda v: v + 1, c) for c in ("rows", "known", "bad", "base_band", "candidate_from", "base_from")),
    *((MATRIX, c, 5, lambda v: v + 1e-3, c) for c in ("share", "bad_rate", "lower", "upper")),
    *((ORDER, c, 0, lambda v: v + 1, c) for c in ("compared", "inversions", "significant", "least_p_value")),
    *((COMPARISON, c, 3, lambda v: v + 1e-3, c) for c in ("auc_base", "auc_candidate", "auc_difference", "auc_lower")),
    *((COMPARISON, c, 3, lambda v: v + 1e-3, c) for c in ("auc_upper", "auc_p_value", "log_loss_difference")),
    *((COMPARISON, c, 2, lambda v: v + 1e-3, c) for c in ("log_loss_lower", "log_loss_upper", "log_loss_p_value")),
    *((COMPARISON, c, 2, lambda v: v + 1e-3, c) for c in ("brier_difference", "brier_p_value", "decisions_p_value")),
    *((COMPARISON, c, 1, lambda v: v + 1, c) for c in ("only_base_right", "only_candidate_right", "rows", "bad")),
    (RULED, "value", 0, lambda v: v + 1e-3, "value"),
    *((EXPERIMENT, c, 0, lambda v: v * 1.01, c) for c in ("baseline", "variance", "fixed_rows", "inflation", "months")),
    *((EXPERIMENT, c, 0, lambda v: v + 1, c) for c in ("sample_rows", "intake_months")),
    *((LOOKS, c, 1, lambda v: v * 1.01, c) for c in ("information", "month", "nominal_p_value", "spent")),
    *((LOOKS, c, 2, lambda v: v * 1.01, c) for c in ("stops_without_difference", "stops_with_difference")),
    (LOOKS, "rows", 2, lambda v: v + 1, "rows"),
    (LOOKS, "z", 0, lambda v: v - 0.5, "error that the boundaries spend"),
]


def test_changes_of_two_scores_are_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    for name, column, row, change, _ in TOGETHER:
        changed(package, name, column, row, change)
    found = serious(package)
    assert {f"{name}: {quantity}" for name, *_, quantity in TOGETHER} <= set(found)


@pytest.mark.parametrize(
    ("column", "row", "change"),
    [
        ("condition", -1, lambda v: v.replace("manual_review", "auto_accept").replace("reject:", "auto_accept:")),
        ("limit", 0, lambda v: v + 0.1),
        ("met", 1, lambda v: not v),
    ],
)
def test_another_outcome_of_the_rules_is_found(good: Path, tmp_path: Path, column: str, row: int, change: Any) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    changed(package, RULED, column, row, change)
    assert f"{RULED}: conditions and outcome" in serious(package)


@pytest.mark.parametrize(("measure", "difference"), [("bad_rate", -0.03), ("profit", 20.0), ("acceptance_rate", 0.05)])
def test_other_measures_are_designed_and_recomputed(tmp_path: Path, measure: str, difference: float) -> None:
    test = f"experiment: {{measure: {measure}, difference: {difference}, looks: 3, spending: pocock, "
    test += "rows_per_month: 900, performance_months: 6}"
    plan = PLAN.replace("experiment: {measure: auc, difference: 0.03, looks: 4, rows_per_month: 500, ", test + " # ")
    plan = plan.replace("  - {id: trees, type: monotone_boosting, trees: 10}\n", "")
    plan = plan[: plan.index("  redeployment")] + plan[plan.index("  experiment") :]
    package = without_annexes(done(tmp_path, plan, applicants(), "--no-validation"))
    assert serious(package) == {}
    told = frame(package, EXPERIMENT).iloc[0]
    assert told["measure"] == measure
    assert told["rows"] == np.ceil(told["fixed_rows"] * told["inflation"])
    assert frame(package, LOOKS)["stops_with_difference"].sum() == pytest.approx(0.8)


def test_two_arms_with_their_own_scores_looked_at_at_any_time(tmp_path: Path) -> None:
    plan = PLAN.replace("measure: auc, ", "measure: auc_unpaired, spending: always_valid, ")
    package = without_annexes(done(tmp_path, plan, applicants(), "--no-validation"))
    assert serious(package) == {}
    told, looks = frame(package, EXPERIMENT).iloc[0], frame(package, LOOKS)
    assert told["inflation"] > 1.5
    assert (looks["z"] == looks["always_valid_z"]).all()
    assert any("at any time" in note for note in evidence(package, LOOKS)["notes"])
    for table, column, factor in ((EXPERIMENT, "variance", 1.01), (LOOKS, "z", 1.001), (LOOKS, "always_valid_z", 1.01)):
        changed(package, table, column, 0, lambda v, factor=factor: v * factor)
    assert {f"{EXPERIMENT}: variance", f"{LOOKS}: z", f"{LOOKS}: always_valid_z"} <= set(serious(package))


def test_rows_without_the_incumbent_are_told(good: Path) -> None:
    item = evidence(good, SWAPS)
    assert any("rows without a score of the incumbent are left out" in note for note in item["notes"])
    cells = frame(good, SWAPS).query("sample == 'out_of_sample'").groupby(["base", "basis"])["rows"].sum()
    table = applicants().set_index("ID")
    held = pd.read_parquet(good / "predictions/out_of_sample.parquet")["_key"]
    there = table.loc[held, "OLD"].notna()
    assert cells["incumbent"].tolist() == [there.sum()] * 2
    assert cells["card", "equal acceptance"] == len(there)
    changes = frame(good, CHANGES).query("base == 'incumbent' and sample == 'out_of_sample'")
    rate = np.average(table.loc[held, "OLD"][there] <= -35, weights=table.loc[held, "W"][there])
    assert changes["base_acceptance"].tolist() == pytest.approx([rate] * 2)  # ascending: accepted up to the cut-off
    assert changes["base_cut_off"].tolist() == [-35.0] * 2


@pytest.mark.parametrize(("name", "column", "row", "change", "quantity"), CASES)
def test_a_change_is_found(
    good: Path, tmp_path: Path, name: str, column: str, row: int, change: Any, quantity: str
) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    changed(package, name, column, row, change)
    assert f"{name}: {quantity}" in serious(package)


def test_what_is_not_declared_is_not_evaluable(tmp_path: Path) -> None:
    plan = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: BAD, bad: 1}\nevaluation: {baselines: false}\n"
    plan += "models: [{id: card, type: scorecard, champion: true}]\n"
    package = done(tmp_path, plan, portfolio(600))
    assert evidence(package, "strategy.profit_curve")["kind"] == "not_applicable"
    assert "strategy.profit" in evidence(package, "strategy.profit_curve")["reason"]
    assert evidence(package, BEST)["kind"] == "not_applicable"
    table = frame(package, CUT_OFFS)
    assert table["profit"].isna().all()
    assert not table["declared"].any()
    assert len(table) == 2 * 20
    assert serious(without_annexes(package)) == {}
