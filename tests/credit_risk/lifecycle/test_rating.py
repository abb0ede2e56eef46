"""The rating scale of a plan: in every model, in predictions and verification rows, in the evidence, and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import norm

from credit_risk.calibration import pluto_tasche
from credit_risk.scoring import compile_model
from tests import engines
from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import (
    PLAN,
    disagreements,
    done,
    evidence,
    frame,
    model,
    portfolio,
    run,
    write_plan,
)

MODELS = (
    "models:\n  - {id: card, type: scorecard, champion: true}\n"
    "  - {id: trees, type: monotone_boosting, trees: 20}\n"
    "selection: {method: all}\nevaluation: {baselines: false}\n"
)
CARD = "models: [{id: card, type: scorecard, champion: true}]\nevaluation: {baselines: false}\n"
GIVEN = "rating_scale: {bounds: [0.2, 0.35, 0.6], names: [A, B, C, D], min_rows: 20}\n"
DESIGNED = "rating_scale: {design: {min_grades: 3, max_grades: 6}, asset_correlation: 0.1}\n"
IDS = ("scale", "validation", "portfolio", "concentration", "monotonicity", "heterogeneity", "homogeneity", "figure")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return portfolio(1500, seed=11)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Path:
    return done(tmp_path_factory.mktemp("given"), PLAN + MODELS + GIVEN, table)


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Path:
    return done(tmp_path_factory.mktemp("designed"), PLAN + MODELS + DESIGNED, table)


def predictions(package: Path, sample: str, folder: str = ".") -> pd.DataFrame:
    return pd.read_parquet(package / folder / "predictions" / f"{sample}.parquet")


def test_the_validator_agrees(given: Path, designed: Path) -> None:
    assert disagreements(given) == []
    assert disagreements(designed) == []


def test_every_candidate_is_graded_on_one_scale(given: Path) -> None:
    champion, trees = model(given), model(given / "challengers" / "trees")
    steps = [next(s for s in one["steps"] if s["type"] == "grade") for one in (champion, trees)]
    assert steps[0]["grades"] == steps[1]["grades"]
    for one, step, folder in ((champion, steps[0], "."), (trees, steps[1], "challengers/trees")):
        assert step["input"] == one["outputs"]["probability"]
        assert one["outputs"]["grade"] == step["output"]
        for sample in ("development", "out_of_sample"):
            found = predictions(given, sample, folder)
            p = found["probability"].to_numpy()
            expected = np.select([p < 0.2, p < 0.35, p < 0.6], ["A", "B", "C"], "D")
            assert found["grade"].tolist() == expected.tolist()


def test_probabilities_are_means_of_development(given: Path) -> None:
    found = predictions(given, "development")
    means = found.groupby("grade")["probability"].mean()
    scale = frame(given, "rating.scale").set_index("grade")
    assert scale["probability"].tolist() == pytest.approx(means[scale.index].tolist(), rel=1e-12)
    assert scale["rows"].tolist() == found["grade"].value_counts()[scale.index].tolist()
    assert evidence(given, "rating.design")["kind"] == "not_applicable"


def test_verification_rows_stand_on_both_sides_of_every_edge(given: Path) -> None:
    rows = pd.read_csv(given / "verification.csv")
    assert set(rows["grade"]) == {"A", "B", "C", "D"}
    p = predictions(given, "development")["probability"].to_numpy()
    for edge in (0.2, 0.35, 0.6):
        assert rows["probability"][rows["probability"] < edge].max() == p[p < edge].max()
        assert rows["probability"][rows["probability"] >= edge].min() == p[p >= edge].min()


def test_a_design_is_told_with_what_was_tried(designed: Path) -> None:
    tried = frame(designed, "rating.design")
    assert tried["grades"].tolist() == [3, 4, 5, 6]
    chosen = tried[tried["chosen"]]
    assert chosen["grades"].tolist() == [tried.loc[tried["feasible"], "grades"].max()]
    scale = frame(designed, "rating.scale")
    assert len(scale) == chosen["grades"].iloc[0]
    assert scale["share"].max() <= 0.30
    told = [float(edge) for edge in str(chosen["bounds"].iloc[0]).split(", ")]
    assert scale["lower"].dropna().tolist() == pytest.approx(told, rel=1e-5)
    policy = dict(frame(designed, "rating.policy").itertuples(index=False))
    assert policy["grades"] == "3 to 6"
    assert policy["asset correlation"] == "0.1"


@pytest.mark.parametrize("engine", [pytest.param(e, marks=pytest.mark.java) for e in (engines.jpmml, engines.pmml4s)])
def test_grades_are_exported(engine: Any, designed: Path, table: pd.DataFrame) -> None:
    champion = model(designed)
    rows = table[[item["name"] for item in champion["inputs"]]].head(300)
    expected = compile_model(champion).score(rows)["grade"].tolist()
    found = engine(next((designed / "exports").glob("*.pmml")), engines.records(rows))
    assert len(set(expected)) > 2
    assert found["grade"].tolist() == expected


def test_a_plan_without_a_scale_has_none(tmp_path: Path, table: pd.DataFrame) -> None:
    package = done(tmp_path, PLAN + CARD, table)
    assert model(package)["outputs"]["grade"] is None
    assert "grade" not in predictions(package, "development")
    for name in (*IDS, "policy", "design", "migration", "migration_summary"):
        assert evidence(package, f"rating.{name}")["kind"] == "not_applicable"


@pytest.mark.parametrize(
    "scale",
    [
        "{geometric: {lower: 0.15, upper: 0.7, grades: 4}, probability: midpoint}",
        "{bounds: [0.25, 0.5], probability: observed, sample: development}",
        "{bounds: [0.25, 0.5], probability: given, probabilities: [0.1, 0.4, 0.7]}",
        "{bounds: [0.25, 0.5], probability: long_run}",
    ],
)
def test_other_sources_and_weights(tmp_path: Path, table: pd.DataFrame, scale: str) -> None:
    rng = np.random.default_rng(4)
    dates = rng.choice(["2019-03-01", "2020-07-15", "2021-11-30"], len(table))
    weighted = table.assign(WEIGHT=rng.choice([0.5, 1.0, 2.5], len(table)), DATE=dates)
    plan = PLAN.replace("data: {", "data: {date: DATE, ")
    plan += "samples: {weight: WEIGHT}\n" + CARD
    package = done(tmp_path, plan + f"rating_scale: {scale}\n", weighted)
    assert disagreements(package) == []
    assert evidence(package, "rating.validation")["notes"][-1].startswith("rows have the weight 'WEIGHT'")
    if "long_run" in scale:
        scored = pd.concat([predictions(package, s) for s in ("development",)])
        snapshot = pd.read_parquet(package / "data" / "snapshot.parquet").set_index("_key")
        rows = snapshot.loc[scored["_key"]].assign(grade=scored["grade"].to_numpy())
        rows["year"] = rows["DATE"].str[:4]
        sums = rows.assign(wy=rows["_weight"] * rows["_outcome"]).groupby(["grade", "year"])[["wy", "_weight"]].sum()
        means = (sums["wy"] / sums["_weight"]).groupby("grade").mean()
        assert frame(package, "rating.scale")["probability"].tolist() == pytest.approx(means.tolist(), rel=1e-12)


def test_the_sample_for_calibration_is_taken_where_there_is_one(tmp_path: Path, table: pd.DataFrame) -> None:
    plan = PLAN + "samples: {calibration: 0.2}\n" + CARD
    package = done(tmp_path, plan + "rating_scale: {bounds: [0.3, 0.5]}\n", table)
    assert disagreements(package) == []
    assert frame(package, "rating.scale")["rows"].sum() == len(predictions(package, "calibration"))
    degrees = frame(package, "rating.portfolio").set_index("sample")["degrees"]
    assert degrees.to_dict() == {"development": 3, "calibration": 1, "out_of_sample": 3}


def test_the_same_plan_makes_the_same_scale(designed: Path, tmp_path: Path, table: pd.DataFrame) -> None:
    again = done(tmp_path, PLAN + MODELS + DESIGNED, table, "--no-validation")
    for name in IDS:
        assert_frame_equal(frame(again, f"rating.{name}"), frame(designed, f"rating.{name}"))


@pytest.mark.parametrize("correlation", [0.0, 0.12])
def test_bounds_of_few_bads(tmp_path: Path, table: pd.DataFrame, correlation: float) -> None:
    """The published figures of the bounds stand in tests of `low_default`; here they reach the model."""
    asked = f"probability: pluto_tasche, low_default: {{confidence: 0.75, asset_correlation: {correlation}}}"
    package = done(tmp_path, PLAN + CARD + f"rating_scale: {{bounds: [0.25, 0.5], {asked}}}\n", table)
    assert disagreements(package) == []
    scale = frame(package, "rating.scale")
    expected = pluto_tasche(scale["rows"], scale["bad"], 0.75, correlation).table["upper_bound"]
    assert scale["probability"].tolist() == pytest.approx(expected.tolist(), rel=1e-12)
    entries = next(step for step in model(package)["steps"] if step["type"] == "grade")["grades"]
    assert [one["probability"] for one in entries] == scale["probability"].tolist()
    weighted = PLAN + "samples: {weight: WEIGHT}\n" + CARD + f"rating_scale: {{bounds: [0.25, 0.5], {asked}}}\n"
    ended = run(write_plan(tmp_path / "weighted", weighted, table.assign(WEIGHT=np.where(table.index % 2, 1.0, 2.0))))
    assert ended.status == 2
    assert "count whole rows" in ended.err


def test_bounds_of_few_bads_over_correlated_years(tmp_path: Path, table: pd.DataFrame) -> None:
    """The bound is of one year; the grade has the probability of the window, as its bads do."""
    several = "years: 3, asset_correlation: 0.12, factor_correlation: 0.3, draws: 4000, seed: 5"
    text = (
        PLAN + CARD + f"rating_scale: {{bounds: [0.25, 0.5], probability: pluto_tasche, low_default: {{{several}}}}}\n"
    )
    package = done(tmp_path, text, table)
    assert disagreements(package) == []
    scale, told = frame(package, "rating.scale"), frame(package, "rating.low_default")
    expected = pluto_tasche(
        scale["rows"], scale["bad"], 0.9, 0.12, years=3, factor_correlation=0.3, draws=4000, seed=5
    ).table
    assert told["upper_bound"].tolist() == expected["upper_bound"].tolist()
    assert scale["probability"].tolist() == told["window_bound"].tolist()
    assert (told["window_bound"] > 1.5 * told["upper_bound"]).all()
    assert (scale["probability"] > scale["bad_rate"]).all()
    random = np.random.default_rng(1)
    factor, alive = random.normal(size=200_000), np.ones(200_000)
    for year in range(3):
        factor = 0.3 * factor + np.sqrt(1 - 0.3**2) * random.normal(size=len(factor)) if year else factor
        alive *= 1 - norm.cdf((norm.ppf(told["upper_bound"][0]) - np.sqrt(0.12) * factor) / np.sqrt(0.88))
    assert told["window_bound"][0] == pytest.approx(1 - alive.mean(), rel=0.02)
    settings = frame(package, "rating.policy").set_index("item")["value"]
    assert settings["correlation of the factor from year to year"] == "0.3"
    for column in ("bound", "window_bound"):
        change = cell(0, column, lambda v: v * 1.2)
        found = failures(altered(package, tmp_path / column, "evidence/rating.low_default.json", change))
        assert f"rating.low_default: {column}" in found

    def fewer(item: Any) -> None:
        item["rating_scale"]["low_default"]["years"] = 2

    assert "rating.low_default: bound" in failures(altered(package, tmp_path / "years", "plan.json", fewer))


@pytest.mark.parametrize(
    ("scale", "told"),
    [
        ("{bounds: [0.2], low_default: {factor_correlation: 0.2}}", "factor_correlation is of years above 1"),
        ("{bounds: [0.5, 0.2]}", "bounds are not ascending (0.5 before 0.2)"),
        ("{bounds: [0.2, 1.5]}", "bounds outside (0, 1) (1.5)"),
        ("{bounds: [0.2], names: [A, A]}", "names: 'A' stands 2 times"),
        ("{bounds: [0.2], names: [A]}", "names: 1 for 2 grades"),
        ("{bounds: [0.2], design: {}}", "bounds and design: name one of them"),
        ("{bounds: [0.2], probability: given, probabilities: [0.4, 0.3]}", "grades cross: probability 0.3 follows 0.4"),
        ("{bounds: [0.2], probability: given, probabilities: [0.3, 0.4]}", "lies outside its grade, 0 to 0.2"),
        ("{probability: given, probabilities: [0.3, 0.4]}", "cannot be given of a scale that is designed"),
        ("{bounds: [0.2], probability: long_run}", "nothing dates the rows"),
        ("{geometric: {lower: 0.5, upper: 0.1, grades: 4}}", "lower 0.5 is not below upper 0.1"),
        ("{design: {min_grades: 9, max_grades: 4}}", "min_grades 9 is above max_grades 4"),
        ("{bounds: [0.2], low_default: {confidence: 1.0}}", "low_default.confidence"),
        ("{bounds: [0.2], review: 0.01, fail: 0.05}", "fail 0.05 is above review 0.01"),
        ("{bounds: [0.2], sample: calibration}", "no sample for calibration"),
        ("{bounds: [0.0001]}", "grades without a row have no mean_probability"),
        ("{design: {min_grades: 11}}", "what binds: heterogeneity 0.05"),
        ("{design: {min_bads: 200}}", "what binds: min_bads 200"),
    ],
)
def test_bad_input_is_refused(tmp_path: Path, table: pd.DataFrame, scale: str, told: str) -> None:
    plan = PLAN + CARD + f"rating_scale: {scale}\n"
    ended = run(write_plan(tmp_path, plan, table))
    assert ended.status == 2
    assert told in ended.err
    assert "rating_scale" in ended.err
    assert not (tmp_path / "out").exists()


def test_an_amount_has_no_grades(tmp_path: Path, table: pd.DataFrame) -> None:
    plan = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: NOISE, type: amount}\nrating_scale: {}\n"
    ended = run(write_plan(tmp_path, plan, table))
    assert ended.status == 2
    assert "grades are of a probability" in ended.err
