"""Calibration of a plan: sample, choice, the branch in model.json, evidence; what is refused; the validator agrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from credit_risk import read_package
from credit_risk.calibration import fit_map
from credit_risk.scoring import compile_model
from credit_risk.scoring.steps import inverse_link
from tests.credit_risk.cli.command import (
    PLAN,
    QUICK,
    disagreements,
    done,
    evidence,
    frame,
    model,
    portfolio,
    run,
    write_plan,
)

QUICKLY = "evaluation: {baselines: false}\n"
SAMPLES = "samples: {out_of_sample: 0.3, calibration: 0.25}\n"
BOTH = "models:\n  - {id: card, type: scorecard, champion: true}\n  - {id: trees, type: monotone_boosting}\n"
ALL = "none, intercept_shift, logistic, beta, isotonic, centred_isotonic, venn_abers"


def planned(spec: str, samples: str = SAMPLES, models: str = QUICK) -> str:
    return PLAN + models + samples + QUICKLY + f"calibration: {spec}\n"


def test_probability_is_calibrated_and_the_score_stays_as_it_is(tmp_path: Path) -> None:
    table = portfolio(1200)
    plain = done(tmp_path / "plain", PLAN + QUICK + SAMPLES + QUICKLY, table, "--no-validation")
    package = done(tmp_path / "calibrated", planned("{methods: [logistic]}"), table)
    assert disagreements(package) == []
    for sample in ("development", "calibration", "out_of_sample"):
        one, other = (pd.read_parquet(p / "predictions" / f"{sample}.parquet") for p in (plain, package))
        pd.testing.assert_frame_equal(one.drop(columns="probability"), other.drop(columns="probability"))
        assert (one["probability"] == inverse_link("logit", one["linear_score"].to_numpy())).all()
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    inside = pd.read_parquet(package / "predictions" / "calibration.parquet")
    y = snapshot.loc[snapshot["_sample"] == "calibration", "_outcome"].to_numpy()
    fit = fit_map("logistic", inside["linear_score"].to_numpy(), y)
    np.testing.assert_allclose(fit.map.probability(inside["linear_score"].to_numpy()), inside["probability"], rtol=0)
    assert inside["probability"].mean() == pytest.approx(y.mean(), abs=1e-12)
    values = compile_model(model(package)).values(table)
    assert (values["uncalibrated_probability"] == inverse_link("logit", values["linear_score"])).all()


def test_a_map_of_steps_agrees_with_the_validator(tmp_path: Path) -> None:
    package = done(tmp_path, planned("{methods: [venn_abers]}"), portfolio(900))
    assert disagreements(package) == []
    assert frame(package, "calibration.method")["method"].tolist() == ["venn_abers"]
    curve = frame(package, "calibration.map")
    after = curve.loc[curve["curve"] == "after", "probability"].to_numpy()
    assert (np.diff(after) >= 0).all()


def test_every_candidate_has_its_own_choice_among_all_methods(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    table = portfolio(1200)
    table["W"] = rng.choice([0.5, 1.0, 3.0], len(table))
    table["WHO"] = rng.integers(0, 700, len(table))
    samples = "samples: {out_of_sample: 0.3, calibration: 0.3, weight: W, group: WHO}\n"
    package = done(tmp_path, planned(f"{{methods: [{ALL}], criterion: brier, folds: 3}}", samples, BOTH), table)
    assert disagreements(package) == []
    means, folds = frame(package, "calibration.choice"), frame(package, "calibration.folds")
    assert means.groupby("model")["chosen"].sum().tolist() == [1, 1]
    assert (len(means), len(folds)) == (14, 42)
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    inside = snapshot[snapshot["_sample"] == "calibration"]
    assert folds.loc[folds["method"] == "beta", "rows"].sum() == 2 * len(inside)
    others = snapshot[snapshot["_sample"] != "calibration"]
    assert not set(inside["_cluster"]) & set(others["_cluster"])
    assert "rows have the weight" in " ".join(evidence(package, "calibration.method")["notes"])


def test_a_calibration_on_a_test_sample_is_told(tmp_path: Path) -> None:
    spec = "{methods: [logistic], sample: out_of_sample}"
    package = done(tmp_path, planned(spec, samples=""), portfolio(900))
    assert disagreements(package) == []
    told = frame(package, "calibration.samples").set_index("sample")["calibration_tests"]
    assert told.to_dict() == {
        "development": "not independent: the models are fitted on it",
        "out_of_sample": "not independent: the calibration is fitted on it",
    }
    notes = " ".join(evidence(package, "performance.calibration")["notes"])
    assert "fitted on out_of_sample: what is said of it is not independent" in notes
    assert "G - 2 on development, out_of_sample" in notes


def test_rounded_points_are_calibrated_on_their_own_log_odds(tmp_path: Path) -> None:
    plan = planned("{methods: [isotonic]}") + "scaling: {probability_from: rounded}\n"
    package = done(tmp_path, plan, portfolio(900))
    assert disagreements(package) == []
    held = read_package(package)
    step = next(s for s in held.model["steps"] if s["id"] == held.model["outputs"]["probability"])
    assert (step["method"], step["input"]) == ("piecewise_constant", "linear_score_of_points")


def test_names_that_the_data_use_are_not_taken(tmp_path: Path) -> None:
    table = portfolio(900).rename(columns={"INCOME": "uncalibrated_probability", "AGE": "calibration.log_odds"})
    package = done(tmp_path, planned("{methods: [logistic]}"), table)
    assert disagreements(package) == []
    outputs = [step.get("output") for step in model(package)["steps"]]
    assert {"model_uncalibrated_probability", "model_calibration.log_odds"} <= set(outputs)


@pytest.mark.parametrize("method", ["none", "beta", "isotonic"])
def test_the_mean_probability_is_anchored_to_a_declared_rate(tmp_path: Path, method: str) -> None:
    package = done(tmp_path, planned(f"{{methods: [{method}], target: 0.1}}"), portfolio(900))
    assert disagreements(package) == []
    inside = pd.read_parquet(package / "predictions" / "calibration.parquet")
    assert inside["probability"].mean() == pytest.approx(0.1, abs=1e-9)
    row = frame(package, "calibration.anchor").iloc[0]
    assert row["mean_by_odds_shift"] - row["target"] > 1e-4  # Bayes' rule misses the target
    assert row["shift"] < row["odds_shift"] < 0
    assert frame(package, "calibration.order").loc[0, "distinct_probabilities"] > 2


def test_the_long_run_average_is_a_target(tmp_path: Path) -> None:
    table = portfolio(1500)
    years = np.random.default_rng(3).integers(2015, 2021, len(table))
    table["OPENED"] = [f"{year}-{month:02d}-15" for year, month in zip(years, np.arange(1500) % 12 + 1, strict=True)]
    dated = planned("{methods: [logistic], target: long_run_average}") + "long_run: {min_rows: 20, window_months: 12}\n"
    package = done(tmp_path, dated.replace("table.csv}", "table.csv, date: OPENED}"), table)
    assert disagreements(package) == []
    row = frame(package, "calibration.anchor").iloc[0]
    averages = frame(package, "long_run.average").set_index("estimate")["value"]
    assert row["target"] == averages["mean_of_cohorts"]
    assert row["mean_after"] == pytest.approx(row["target"], abs=1e-9)


def test_a_long_run_average_that_is_none_is_refused(tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, planned("{target: long_run_average}"), portfolio(600)), "--no-validation")
    assert ended.status != 0
    assert "no long-run average to calibrate to" in ended.err


def test_bayes_rule_is_for_resampled_samples(tmp_path: Path) -> None:
    package = done(tmp_path, planned("{resampling: {population_rate: 0.05}}"), portfolio(900))
    assert disagreements(package) == []
    row = frame(package, "calibration.anchor").iloc[0]
    rate = frame(package, "calibration.method").loc[0, "bad_rate"]
    assert row["shift"] == pytest.approx(np.log(0.05 / 0.95) - np.log(rate / (1 - rate)), abs=1e-12)
    both = frame(package, "performance.calibration").set_index("sample")["mean_probability"]
    assert both["calibration"] == pytest.approx(row["mean_after"], abs=1e-12)


def test_a_map_that_would_break_the_order_is_refused(tmp_path: Path) -> None:
    """Bads and goods are swapped where the calibration sample stands."""
    table = portfolio(1200)
    folder = write_plan(tmp_path, planned("{methods: [logistic]}"), table)
    assert run(folder, "--no-validation").status == 0
    snapshot = pd.read_parquet(folder / "out" / "data" / "snapshot.parquet")
    inside = (snapshot["_sample"] == "calibration").to_numpy()
    swapped = table.assign(BAD=np.where(inside, 1 - table["BAD"], table["BAD"]))
    ended = run(write_plan(tmp_path / "swapped", planned("{methods: [logistic]}"), swapped), "--no-validation")
    assert "break the order" in ended.err
    assert "candidate scorecard, sample calibration" in ended.err
    assert not (tmp_path / "swapped" / "out").exists()


AGES = (
    "[{upper: 35, rate: 0.30, count: 9000}, {lower: 35, upper: 55, rate: 0.2, count: 8000}, "
    "{lower: 55, rate: 0.1, count: 3000}]"
)
HOMES = "[{value: own, rate: 0.2}, {value: rent, rate: 0.45}]"


def external(column: str, bands: str, method: str = "shift", more: str = "") -> str:
    named = f"column: {column}, source: A bureau, date: 2025-01-31, method: {method}, bands: {bands}"
    return f"{{external: {{{named}}}{more}}}"


def least_deviance(make: Callable[[np.ndarray], np.ndarray], rates: np.ndarray, counts: np.ndarray, start: list[float]):
    """Parameters of least binomial deviance of band means, without derivatives."""

    def deviance(beta: np.ndarray) -> float:
        mean = make(beta)
        return float(-(counts @ (rates * np.log(mean) + (1 - rates) * np.log1p(-mean))))

    return minimize(deviance, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}).x


@pytest.mark.parametrize("method", ["shift", "line"])
def test_band_means_of_all_rows_come_nearest_to_external_rates(tmp_path: Path, method: str) -> None:
    table = portfolio(1200)
    table.loc[:199, "BAD"] = np.nan  # declined: matched, though their outcome is not known
    table.loc[200:219, "AGE"] = -9
    text = planned(external("AGE", AGES, method)).replace("bad: 1}", "bad: 1, missing: exclude}")
    text = text.replace("table.csv}", "table.csv, columns: {AGE: {specials: {'-9': none}}}}", 1)
    package = done(tmp_path, text, table)
    assert disagreements(package) == []
    values = compile_model(model(package)).values(pd.read_parquet(package / "data" / "snapshot.parquet"))
    score, probability = values["linear_score"], values[model(package)["outputs"]["probability"]]
    age = table["AGE"].to_numpy()
    inside = [(age >= 0) & (age < 35), (age >= 35) & (age < 55), age >= 55]
    rates, counts = np.array([0.3, 0.2, 0.1]), np.array([9000.0, 8000.0, 3000.0])

    def means(beta: np.ndarray) -> np.ndarray:
        p = expit((score if method == "shift" else beta[0] * score) + beta[-1])
        return np.array([p[rows].mean() for rows in inside])

    beta = least_deviance(means, rates, counts, [0.0] if method == "shift" else [1.0, 0.0])
    fit, bands = frame(package, "calibration.external_fit").iloc[0], frame(package, "calibration.external")
    assert fit["intercept"] == pytest.approx(beta[-1], abs=1e-5)
    assert fit["slope"] == pytest.approx(1.0 if method == "shift" else beta[0], abs=1e-5)
    assert fit[["rows", "unbanded", "unscored", "degrees"]].tolist() == [1180, 20, 0, 2 if method == "shift" else 1]
    np.testing.assert_allclose(bands["mean_after"], [probability[rows].mean() for rows in inside], atol=1e-9)
    np.testing.assert_allclose(bands["mean_before"], means(np.array([1.0, 0.0])), atol=1e-9)
    assert bands["band"].tolist() == ["below 35", "[35, 55)", "55 and above"]
    assert bands["rows"].tolist() == [int(rows.sum()) for rows in inside]


def test_values_of_a_text_are_bands_and_a_map_comes_before(tmp_path: Path) -> None:
    table = portfolio(900)
    table["W"] = np.random.default_rng(2).choice([0.5, 1.0, 3.0], len(table))
    samples = "samples: {out_of_sample: 0.3, calibration: 0.25, weight: W}\n"
    spec = external("HOUSING", HOMES, more=", methods: [beta]")
    package = done(tmp_path, planned(spec, samples, BOTH), table)
    assert disagreements(package) == []
    fit = frame(package, "calibration.external_fit")
    assert fit["model"].tolist() == ["card", "trees"]
    assert fit["p_value"].isna().all()
    assert (fit["unbanded"] == (table["HOUSING"] == "other").sum()).all()
    assert "counts of the external rates are not known" in " ".join(evidence(package, "calibration.external")["notes"])
    assert frame(package, "calibration.method")["method"].tolist() == ["beta", "beta"]


@pytest.mark.parametrize(
    ("column", "bands", "said"),
    [
        ("HOUSING", AGES, "not of the kind of the column 'HOUSING'"),
        ("AGE", HOMES, "not of the kind of the column 'AGE'"),
        ("NOWHERE", AGES, "NOWHERE"),
        ("AGE", "[{lower: 200, rate: 0.2}]", "no row with a score is in any band"),
    ],
)
def test_bands_that_the_column_has_not_are_refused(tmp_path: Path, column: str, bands: str, said: str) -> None:
    ended = run(write_plan(tmp_path, planned(external(column, bands)), portfolio(300)), "--no-validation")
    assert ended.status != 0
    assert said in ended.err
    assert not (tmp_path / "out").exists()


def test_all_faults_of_external_rates_are_told_at_once(tmp_path: Path) -> None:
    bands = "[{lower: 1, upper: 9, rate: 0.1, count: 5}, {lower: 5, rate: 0.2}]"
    more = ", methods: [beta], target: 0.1"
    ended = run(write_plan(tmp_path, planned(external("AGE", bands, "line", more)), portfolio(60)))
    for said in ("bands overlap", "count is given for some bands only", "no other map comes before", "both move"):
        assert said in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (planned(external("AGE", "[]")), "calibration.external.bands"),
        (planned(external("AGE", "[{lower: 3, upper: 2, rate: 0.1}]")), "lower is below upper"),
        (planned(external("AGE", "[{rate: 0.1}]")), "a band needs a value"),
        (planned(external("AGE", "[{value: 3, upper: 2, rate: 0.1}]")), "not both"),
        (planned(external("AGE", "[{upper: 2, rate: 1.1}]")), "calibration.external.bands"),
        (planned(external("AGE", "[{upper: 2, rate: 0}]")), "no finite shift"),
        (planned(external("AGE", "[{upper: 2, rate: 0.1}]", "line")), "a line needs two bands"),
        (planned(external("AGE", "[{value: 2, rate: 0.1}, {value: 2, rate: 0.1}]")), "stands twice"),
        (planned(external("AGE", "[{value: 2, rate: 0.1}, {upper: 2, rate: 0.1}]")), "use one form"),
        (planned(external("AGE", "[{value: 2, rate: 0.1}, {value: two, rate: 0.1}]")), "others numbers"),
        (planned(external("TWICE", AGES)) + "derive: {TWICE: AGE * 2}\n", "is a derived characteristic"),
        (planned("{methods: [logistic]}", samples=""), "which sample the calibration is fitted on"),
        (planned("{sample: calibration}", samples=""), "the plan makes no sample of that name"),
        (planned("{methods: [beta, beta]}"), "methods that stand twice: beta"),
        (planned("{methods: [platt]}"), "calibration.methods"),
        (planned("{methods: []}"), "calibration.methods"),
        (planned("{target: 0}"), "calibration.target"),
        (planned("{target: 1.0}"), "calibration.target"),
        (planned("{target: 0.1, resampling: {population_rate: 0.1}}"), "both move the level"),
        (planned("{target: 0.1}", samples=""), "which sample the calibration is fitted on"),
        (planned("{folds: 1}"), "calibration.folds"),
        (PLAN + QUICK + "samples: {out_of_sample: 0.6, calibration: 0.5}\n", "leave no development"),
        (PLAN.replace("BAD, bad: 1", "BAD, type: fraction") + SAMPLES, "probabilities are of a binary outcome"),
    ],
)
def test_faults_of_a_plan(tmp_path: Path, text: str, said: str) -> None:
    ended = run(write_plan(tmp_path, text, portfolio(60)))
    assert ended.status != 0
    assert said in ended.err
