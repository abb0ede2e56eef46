"""Amounts and fractions from the plan to package, validation and dossier."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import spearmanr

from credit_risk._core.errors import ScoringError
from credit_risk.lifecycle.weighted_notes import NO_ROWS
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import disagreements, evidence, findings, frame, model

BINARY_ONLY = ("samples.summary", "performance.discrimination", "performance.calibration", "scaling.parameters")


def predicted(package: Path, sample: str, challenger: str | None = None) -> pd.DataFrame:
    """Snapshot and predictions of a sample."""
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    folder = package if challenger is None else package / "challengers" / challenger
    scores = pd.read_parquet(folder / "predictions" / f"{sample}.parquet")
    return snapshot[snapshot["_sample"] == sample].merge(scores, on="_key", validate="one_to_one")


def made_with() -> Any:
    """The module that made the losses."""
    path = Path(__file__).parents[2] / "plans" / "loss_amounts" / "make_data.py"
    spec = importlib.util.spec_from_file_location("make_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def one(package: Path, table: str, **wanted: object) -> pd.Series:
    """The row of a table of evidence that has these values."""
    rows = frame(package, table)
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("name", ["lgd_package", "loss_package"])
def test_the_validator_finds_the_same(name: str, request: pytest.FixtureRequest) -> None:
    package = request.getfixturevalue(name)
    assert disagreements(package) == []
    assert not any(f["severity"] in ("critical", "high") for f in findings(package))
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    assert len(compared) > 120
    areas = {row[0] for row in compared}
    champion = json.loads((package / "plan.json").read_text("utf-8"))["models"][0]["id"]
    wanted = {
        "classing.means",
        "performance.level",
        "performance.ranking",
        "performance.mean_bands",
        "verification.csv",
    }
    wanted |= {
        f"glm.{part}.{champion}" for part in ("coefficients", "fit", "parameters", "residuals", "residual_means")
    }
    assert wanted <= areas


@pytest.mark.parametrize("name", ["lgd_package", "loss_package"])
def test_what_is_binary_is_told_not_to_apply(name: str, request: pytest.FixtureRequest) -> None:
    package = request.getfixturevalue(name)
    for identifier in BINARY_ONLY:
        item = evidence(package, identifier)
        assert item["kind"] == "not_applicable"
        assert "an amount or a fraction" in item["reason"]
    outputs = model(package)["outputs"]
    assert "probability" not in outputs
    assert "score" not in outputs


@pytest.mark.poppler
@pytest.mark.parametrize("name", ["lgd_package", "loss_package"])
def test_the_documents_speak_of_the_outcome(name: str, request: pytest.FixtureRequest) -> None:
    package = request.getfixturevalue(name)
    texts = {}
    for document in ("development_dossier", "validation_report"):
        command = ["pdftotext", "-layout", str(package / "documents" / f"{document}.pdf"), "-"]
        raw = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        texts[document] = re.sub(r"\s+", " ", raw)
    dossier, report = texts["development_dossier"], texts["validation_report"]
    level = one(
        package, "performance.level", sample="out_of_sample", model=evidence(package, "performance.level")["rows"][0][0]
    )
    assert f"observed over expected {level['ratio']:.3f}" in dossier
    for words in ("ordered Lorenz curve", "Generalised linear models", "Mean deviance residual", "Lift"):
        assert words in dossier
    assert "points to double" not in dossier.lower()
    assert "Kolmogorov" not in dossier
    assert "glm.coefficients" in report
    assert "validation.glm" in report


# ------------------------------------------------------------------------------------------------- fractions
def test_lgd_coefficients_are_those_of_statsmodels(lgd_package: Path) -> None:
    """Quasi-binomial on the published values of the bins, with the sandwich times n/(n − k)."""
    rows = predicted(lgd_package, "development")
    values = compile_model(model(lgd_package)).values(rows)
    names = [name for name in frame(lgd_package, "glm.coefficients.fractional")["term"] if name != "intercept"]
    design = sm.add_constant(np.column_stack([values[f"woe({name})"] for name in names]))
    fit = sm.GLM(rows["_outcome"], design, family=sm.families.Binomial()).fit(tol=1e-13)
    told = frame(lgd_package, "glm.coefficients.fractional")
    np.testing.assert_allclose(told["coefficient"], fit.params, rtol=1e-9)
    pull = design * (rows["_outcome"] - fit.fittedvalues).to_numpy()[:, None]
    bread = np.linalg.inv(design.T @ (design * (fit.fittedvalues * (1 - fit.fittedvalues)).to_numpy()[:, None]))
    n, k = design.shape
    error = np.sqrt(np.diag(bread @ pull.T @ pull @ bread) * n / (n - k))
    np.testing.assert_allclose(told["standard_error"], error, rtol=1e-9)


def test_lgd_bins_are_differences_of_log_odds(lgd_package: Path) -> None:
    rows = predicted(lgd_package, "development")
    table = frame(lgd_package, "classing.means.LTV")
    bins = compile_model(model(lgd_package)).values(rows)["bin(LTV)"]
    overall = rows["_outcome"].mean()
    for line in table[table["count"] > 0].itertuples():
        mean = rows.loc[bins == line.bin_id, "_outcome"].mean()
        value = np.log(mean / (1 - mean)) - np.log(overall / (1 - overall))
        assert (line.mean, line.value) == (pytest.approx(mean), pytest.approx(value))
    ordinary = table[table["kind"] == "interval"]
    assert (np.diff(ordinary["mean"]) > 0).all()


def test_lgd_level_and_ranking_by_hand(lgd_package: Path) -> None:
    rows = predicted(lgd_package, "out_of_sample")
    y, expected = rows["_outcome"].to_numpy(), rows["expected_value"].to_numpy()
    level = one(lgd_package, "performance.level", model="fractional", sample="out_of_sample")
    assert level["ratio"] == pytest.approx(y.mean() / expected.mean())
    assert level["mean_absolute_error"] == pytest.approx(np.abs(y - expected).mean())
    assert level["root_mean_squared_error"] == pytest.approx(np.sqrt(((y - expected) ** 2).mean()))
    assert level["loss_shortfall"] == pytest.approx(1 - expected.sum() / y.sum())
    ranking = one(lgd_package, "performance.ranking", model="fractional", sample="out_of_sample")
    assert ranking["spearman"] == pytest.approx(spearmanr(y, expected).statistic)
    pairs = (y[:, None] - y[None, :]) * np.sign(expected[:, None] - expected[None, :])
    assert ranking["gini"] == pytest.approx(pairs.sum() / (2 * len(y) ** 2 * y.mean()))
    assert ranking["gini_lower"] < ranking["gini"] < ranking["gini_upper"]


# --------------------------------------------------------------------------------------------------- amounts
def test_the_variance_power_of_the_losses_is_found(loss_package: Path) -> None:
    profile = frame(loss_package, "glm.variance_power.tweedie")
    chosen = profile[profile["chosen"]].iloc[0]
    told = dict(evidence(loss_package, "glm.parameters.tweedie")["rows"])
    assert float(told["variance power"]) == pytest.approx(made_with().POWER, abs=0.05)
    assert chosen["log_likelihood"] == profile["log_likelihood"].max()
    lower, upper = (float(v) for v in re.findall(r"[\d.]+", told["variance power, source"].split("interval")[1])[:2])
    assert lower < made_with().POWER < upper


def test_loss_coefficients_are_those_of_statsmodels(loss_package: Path) -> None:
    rows = predicted(loss_package, "development")
    compiled = compile_model(model(loss_package))
    values = compiled.values(rows)
    told = frame(loss_package, "glm.coefficients.tweedie")
    design = sm.add_constant(np.column_stack([values[f"woe({name})"] for name in told["term"][1:]]))
    power = float(dict(evidence(loss_package, "glm.parameters.tweedie")["rows"])["variance power"])
    family = sm.families.Tweedie(link=sm.families.links.Log(), var_power=power)
    options = {"offset": rows["base_ln_loss"] + np.log(rows["years"]), "var_weights": rows["_weight"]}
    fit = sm.GLM(rows["_outcome"], design, family=family, **options).fit(tol=1e-13)
    np.testing.assert_allclose(told["coefficient"], fit.params, rtol=1e-8)
    np.testing.assert_allclose(rows["expected_value"], fit.fittedvalues, rtol=1e-8)


def test_twice_the_exposure_is_twice_the_expected_loss(loss_package: Path) -> None:
    rows = predicted(loss_package, "out_of_time").drop(columns="expected_value")
    compiled = compile_model(model(loss_package))
    once = compiled.score(rows)["expected_value"]
    twice = compiled.score(rows.assign(years=2 * rows["years"]))["expected_value"]
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-12)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("base_ln_loss", np.nan, "base_ln_loss"), ("years", np.nan, "years"), ("years", 0.0, "years")],
)
def test_a_missing_offset_or_exposure_is_refused(loss_package: Path, column: str, value: float, words: str) -> None:
    rows = predicted(loss_package, "out_of_time").head(5)
    rows.loc[rows.index[2], column] = value
    with pytest.raises(ScoringError) as caught:
        compile_model(model(loss_package)).score(rows)
    (fault,) = caught.value.faults
    assert words in str(fault)
    assert "3" in str(fault)
    with pytest.raises(ScoringError, match=column):
        compile_model(model(loss_package)).score(rows.drop(columns=column))


def test_raw_terms_are_steps_of_the_package(loss_package: Path) -> None:
    """The challenger's numbers and indicators, made by hand, give its linear score."""
    path = loss_package / "challengers" / "raw" / "model.json"
    rows = predicted(loss_package, "out_of_sample", "raw")
    told = frame(loss_package, "glm.coefficients.raw").set_index("term")["coefficient"]
    development = predicted(loss_package, "development")
    weight = development["_weight"]

    def standard(name: str, ordinary: pd.Series, of: pd.Series) -> pd.Series:
        mean = np.average(ordinary.dropna(), weights=weight[ordinary.notna()])
        deviation = np.sqrt(np.average((ordinary.dropna() - mean) ** 2, weights=weight[ordinary.notna()]))
        return ((of.fillna(mean) - mean) / deviation) * told[name]

    def ordinary(part: pd.DataFrame) -> pd.Series:
        return part["utilisation"].where(part["utilisation"] >= 0)

    linear = told["intercept"] + np.log(rows["years"])
    linear += standard("utilisation", ordinary(development), ordinary(rows))
    linear += (rows["utilisation"] == -1) * told["utilisation special -1"]
    linear += standard("months_on_book", development["months_on_book"], rows["months_on_book"])
    held = development["turnover"].notna()
    mean = np.average(development.loc[held, "turnover"], weights=weight[held])
    linear += rows["turnover"].fillna(mean) * told["turnover"]
    linear += rows["turnover"].isna() * told["turnover missing"]
    for name in ("construction", "farming", "retail", "shipping", "transport"):
        linear += (rows["sector"] == name) * told[f"sector = {name}"]
    np.testing.assert_allclose(rows["linear_score"], linear, rtol=1e-10)
    assert json.loads(path.read_text("utf-8"))["model"]["type"] == "glm"


def test_weights_count_in_every_table_of_amounts(loss_package: Path) -> None:
    for path in (loss_package / "evidence").iterdir():
        item = json.loads(path.read_text("utf-8"))
        notes = [note for note in item["notes"] if note.startswith("rows have the weight 'sampling_weight': ")]
        free = item["kind"] not in ("table", "figure") or item["id"].startswith(NO_ROWS)
        assert len(notes) == (0 if free else 1), item["id"]
    rows = predicted(loss_package, "out_of_time")
    times = rows["_weight"].to_numpy(float)
    rate, observed = rows["expected_value"] / rows["years"], rows["_outcome"] / rows["years"]
    ranks = [np.array([times[v < x].sum() + times[v == x].sum() / 2 for x in v]) for v in (rate, observed)]
    expected = np.cov(np.vstack(ranks), aweights=times)
    row = one(loss_package, "performance.ranking", model="tweedie", sample="out_of_time")
    assert row["spearman"] == pytest.approx(expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1]), rel=1e-9)
    assert abs(row["spearman"] - spearmanr(rate, observed)[0]) > 1e-4
    snapshot = pd.read_parquet(loss_package / "data" / "snapshot.parquet")
    step = next(step for step in model(loss_package)["steps"] if step["type"] == "classing")
    ids = compile_model(model(loss_package)).values(snapshot)[step["output_bin"]]
    counts = snapshot.groupby(["_sample", ids])["_weight"].sum().unstack()
    e, a = counts.div(counts.sum(axis=1), axis=0).loc[["development", "out_of_time"]].to_numpy()
    for identifier, name in (("samples.representativeness", "characteristic"), ("stability.psi", "quantity")):
        told = one(loss_package, identifier, **{name: step["input"], "sample": "out_of_time"})
        assert told["psi"] == pytest.approx(np.sum((a - e) * np.log(a / e)))
