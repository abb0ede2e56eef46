"""Options of a scorecard candidate, from the plan to the validator's agreement."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from tests.credit_risk.cli.command import (
    PLAN,
    QUICK,
    credit_risk,
    disagreements,
    done,
    evidence,
    frame,
    portfolio,
    run,
    write_plan,
)

TWO = """\
models:
  - {id: card, type: scorecard, champion: true, confidence: 0.9}
  - {id: other, type: scorecard, covariance: hc1}
"""


def test_two_scorecards_each_with_its_own_evidence(tmp_path: Path) -> None:
    ended = credit_risk("run", write_plan(tmp_path, PLAN + TWO, portfolio(900)), "--out", tmp_path / "out")
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    first, second = (frame(package, f"scorecard.coefficients.{name}").set_index("term") for name in ("card", "other"))
    assert first.loc["intercept", "standard_error"] != second.loc["intercept", "standard_error"]
    assert dict(evidence(package, "scorecard.covariance.other")["rows"])["covariance"] == "hc1"
    half = {
        name: (one["upper"] - one["lower"]) / one["standard_error"] / 2
        for name, one in zip("ab", (first, second), strict=True)
    }
    assert half["a"].to_numpy() == pytest.approx(norm.ppf(0.95))
    assert half["b"].to_numpy() == pytest.approx(norm.ppf(0.975))
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in compared}
    for kind in ("coefficients", "fit", "covariance", "correlation", "points"):
        assert {f"scorecard.{kind}.card", f"scorecard.{kind}.other"} <= areas, kind
    assert "challengers/other/model.json" in areas
    assert (package / "documents" / "development_dossier.pdf").is_file()
    assert (package / "documents" / "validation_report.pdf").is_file()


def suppressed(rows: int = 1500) -> pd.DataFrame:
    """B is safe by itself and risky beside A, so that a bound on its sign holds it at zero."""
    rng = np.random.default_rng(5)
    a, c = rng.normal(size=rows), rng.normal(size=rows)
    b = 0.85 * a + 0.5 * rng.normal(size=rows)
    risk = -1.0 - 1.6 * a + 0.9 * b - 0.5 * c
    bad = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
    return pd.DataFrame({"A": a.round(3), "B": b.round(3), "C": c.round(3), "BAD": bad})


def test_bounds_profile_intervals_and_named_characteristics(tmp_path: Path) -> None:
    models = (
        "models:\n"
        "  - {id: card, type: scorecard, champion: true, coefficients: negative, interval: profile}\n"
        "  - {id: free, type: scorecard}\n"
        "  - {id: few, type: scorecard, characteristics: [C, A], interval: profile, confidence: 0.9}\n"
        "selection: {method: all, max_correlation: 1.0, max_variance_inflation: 100, sign_check: false}\n"
    )
    package = done(tmp_path, PLAN + models, suppressed())
    assert disagreements(package) == []
    tables = {n: frame(package, f"scorecard.coefficients.{n}").set_index("term") for n in ("card", "free", "few")}
    assert tables["free"].loc["B", "coefficient"] > 0
    assert tables["card"].loc["B", "coefficient"] == 0
    assert tables["card"].loc["B", ["standard_error", "lower", "upper"]].isna().all()
    assert sorted(tables["few"].index) == ["A", "C", "intercept"]
    bounds = frame(package, "scorecard.constraints.card").set_index("characteristic")
    assert bounds["binds"].to_dict() == {"A": False, "B": True, "C": False}
    assert bounds.loc["B", "derivative"] > 0
    assert evidence(package, "scorecard.constraints.free")["kind"] == "not_applicable"
    # what is not held is as if fitted without what is
    assert tables["card"].loc["A", "coefficient"] == pytest.approx(tables["few"].loc["A", "coefficient"], rel=1e-9)
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    assert {"scorecard.constraints.card", "scorecard.bounds.card", "scorecard.bounds.few"} <= {r[0] for r in compared}


def test_neutral_points_and_bounds_of_the_score(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN + QUICK, portfolio(900))
    told = frame(package, "scorecard.bounds.scorecard").set_index("item")
    score = pd.read_parquet(package / "predictions" / "development.parquet")["score"]
    assert told.loc["score", "least_occurring"] == score.min()
    assert told.loc["score", "greatest_occurring"] == score.max()
    assert told.loc["score", "neutral_points"] == pytest.approx(score.mean(), rel=1e-12)
    parts = told.drop(index="score")
    for column in ("neutral_points", "least", "greatest"):
        assert parts[column].sum() == pytest.approx(told.loc["score", column], rel=1e-12)
    assert told.loc["score", "least"] <= told.loc["score", "least_occurring"]


def test_what_the_bound_holds_leaves_the_search_with_its_reason(tmp_path: Path) -> None:
    models = "models: [{id: card, type: scorecard, champion: true, coefficients: negative}]\n"
    package = done(tmp_path, f"{PLAN}{models}selection: {{max_correlation: 1.0}}\n", suppressed())
    assert disagreements(package) == []
    left = frame(package, "selection.waterfall").set_index("characteristic")
    assert left.loc["B", "step"] == "bound"
    assert not frame(package, "scorecard.constraints.card")["binds"].any()


def test_a_characteristic_that_is_no_predictor_is_refused(tmp_path: Path) -> None:
    models = "models: [{id: card, type: scorecard, champion: true, characteristics: [INCOME, WEALTH]}]\n"
    ended = run(write_plan(tmp_path, PLAN + models, portfolio(300)))
    assert ended.status == 2
    assert "WEALTH" in ended.err
    assert not (tmp_path / "out").exists()


def test_baselines_beside_the_candidates(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN + QUICK, portfolio(900))
    assert disagreements(package) == []
    levels = frame(package, "performance.baselines")
    assert levels.groupby("sample")["baseline"].nunique().eq(2).all()
    own = frame(package, "performance.discrimination").set_index("sample")["auc"]
    stated = levels.set_index(["baseline", "sample"])["auc"]
    for row in frame(package, "performance.baseline_differences").itertuples():
        assert row.lower < row.auc_difference < row.upper
        assert row.auc_difference == pytest.approx(own[row.sample] - stated[row.baseline, row.sample], abs=1e-12)


def test_a_plan_without_baselines(tmp_path: Path) -> None:
    package = done(tmp_path, f"{PLAN}{QUICK}evaluation: {{baselines: false}}\n", portfolio(300))
    assert evidence(package, "performance.baselines")["kind"] == "not_applicable"
    assert disagreements(package) == []
