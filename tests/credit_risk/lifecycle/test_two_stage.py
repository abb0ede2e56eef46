"""Two-stage models from the plan to the validator's agreement, on a portfolio with a master score and a bureau."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import xgboost
from scipy.special import expit

import credit_risk as cr
from credit_risk._core import canonical_json
from credit_risk._core.errors import ModelError, ScoringError
from credit_risk.explanation.notice import score_range
from credit_risk.export.pmml import scorecard_pmml
from credit_risk.lifecycle.develop import Development
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import credit_risk, disagreements, done, evidence, findings, frame, write_plan
from tests.credit_risk.export.engine_rows import assert_alike, neighbours, write
from tests.engines import jpmml, pmml4s
from validation import read_package as read_for_validation
from validation import validate

HEAD = """\
model: {id: two, name: Two stages}
data:
  source: table.csv
  key: ID
  columns: {MASTER: {type: numeric, missing: false}, POINTS: {type: numeric, missing: false}}
outcome: {column: BAD, bad: 1}
samples: {out_of_sample: 0.3}
selection: {min_information_value: 0.0001, sign_check: false, method: all}
strategy: {cut_off: 520}
"""
SCALED = "{column: POINTS, points_to_double_odds: 20, base_score: 600, base_odds: 50}"
MODELS = {
    "application": "{id: application, type: scorecard, characteristics: [income, months, housing]}",
    "trees": "{id: trees, type: monotone_boosting, trees: 12, depth: 2, characteristics: [income, months, housing]}",
    "bureau": "{id: bureau, type: scorecard, offset: {model: application}, "
    "characteristics: [bureau, enquiries, months]}",
    "on_trees": "{id: on_trees, type: scorecard, offset: {model: trees}, characteristics: [bureau, enquiries]}",
    "trees_on": "{id: trees_on, type: monotone_boosting, trees: 12, depth: 2, offset: {model: application}}",
    "master": "{id: master, type: scorecard, offset: {column: MASTER}, characteristics: [bureau, enquiries]}",
    "points": f"{{id: points, type: scorecard, offset: {SCALED}, characteristics: [bureau, enquiries]}}",
    "trees_master": "{id: trees_master, type: monotone_boosting, trees: 12, depth: 2, offset: {column: MASTER}, "
    "characteristics: [bureau, enquiries]}",
    "chain": "{id: chain, type: scorecard, offset: {model: bureau}, characteristics: [housing]}",
}
FACTOR = 20 / math.log(2)
SHIFT = 600 - FACTOR * math.log(50)


def portfolio(rows: int = 900, seed: int = 5) -> pd.DataFrame:
    """Applications with a master score, in log-odds of bad and in points, and two variables of the bureau."""
    draw = np.random.default_rng(seed)
    log_income, months = draw.normal(3.3, 0.5, rows), draw.integers(0, 240, rows).astype(float)
    housing = np.array(["own", "rent", "free"])[draw.choice(3, rows, p=[0.5, 0.4, 0.1])]
    bureau, enquiries = draw.normal(0, 1, rows).round(2), draw.poisson(1.5, rows).astype(float)
    known = -(log_income - 3.3) - 0.004 * (months - 120) + 0.5 * (housing == "rent")
    bad = draw.random(rows) < expit(-1.6 + known - 0.7 * bureau + 0.3 * (enquiries - 1.5))
    income = np.where(draw.random(rows) < 0.05, np.nan, np.exp(log_income).round(1))
    master = (-1.6 + 0.9 * known + draw.normal(0, 0.2, rows)).round(4)
    columns = {"income": income, "months": months, "housing": housing, "bureau": bureau, "enquiries": enquiries}
    columns |= {"MASTER": master, "POINTS": np.round(SHIFT - FACTOR * master)}
    return pd.DataFrame({"ID": np.arange(rows) + 1, **columns, "BAD": bad.astype(int)})


def plan(champion: str, *models: str, more: str = "") -> str:
    """A plan of these candidates."""
    listed = [MODELS[name] for name in models]
    chosen = [one.replace("type:", "champion: true, type:") if f"{{id: {champion}," in one else one for one in listed]
    return HEAD + more + "models:\n" + "".join(f"  - {one}\n" for one in chosen)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = plan("bureau", *MODELS)
    return done(tmp_path_factory.mktemp("two_stage"), text, portfolio())


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Development:
    folder = write_plan(tmp_path_factory.mktemp("developed"), plan("bureau", *MODELS), portfolio())
    return cr.develop(cr.read_plan(folder))


def _candidate(development: Development, name: str) -> Any:
    return next(one for one in development.candidates if one.id == name)


def _values(development: Development, name: str) -> dict[str, np.ndarray]:
    return _candidate(development, name).compiled.values(development.training.frame)


# ------------------------------------------------------------------------------------------------ fits and scores
@pytest.mark.parametrize(
    ("second", "first"),
    [("bureau", "application"), ("on_trees", "trees"), ("trees_on", "application"), ("chain", "bureau")],
)
def test_the_first_stage_inside_scores_bit_by_bit_as_by_itself(
    development: Development, second: str, first: str
) -> None:
    candidate = _candidate(development, second)
    inside, alone = _values(development, second), _values(development, first)
    assert candidate.offset.startswith("first.")
    assert np.array_equal(inside[candidate.offset], alone[_candidate(development, first).unrounded])


@pytest.mark.parametrize("name", ["bureau", "on_trees", "master", "points", "chain"])
def test_coefficients_are_those_of_statsmodels_with_the_offset(development: Development, name: str) -> None:
    candidate, training, values = _candidate(development, name), development.training, _values(development, name)
    step = next(s for s in candidate.model["steps"] if s["type"] == "linear" and s["output"] == candidate.unrounded)
    woe = np.column_stack([values[term["input"]] for term in step["terms"]])
    model = sm.GLM(training.y, sm.add_constant(woe), family=sm.families.Binomial(), offset=values[candidate.offset])
    fit = model.fit(tol=1e-14)
    own = [step["intercept"], *(term["coefficient"] for term in step["terms"])]
    np.testing.assert_allclose(own, fit.params, rtol=1e-7, atol=1e-10)
    table = next(e for e in candidate.evidence if e.id == f"scorecard.coefficients.{name}").frame()
    np.testing.assert_allclose(table["standard_error"], fit.bse, rtol=1e-6)


@pytest.mark.parametrize(("name", "column"), [("trees_on", None), ("trees_master", "MASTER")])
def test_trees_on_an_offset_are_those_of_xgboost_with_base_margin(
    development: Development, name: str, column: str | None
) -> None:
    """Trained again by xgboost itself with base_margin, and predicted by it with base_margin."""
    candidate, values = _candidate(development, name), _values(development, name)
    grown, fit = candidate.grown, candidate.boosting
    offset = values[candidate.offset]
    if column is not None:
        assert np.array_equal(offset, development.training.frame[column].to_numpy(float))
    matrix = grown.matrix(values)
    data = xgboost.DMatrix(matrix, label=development.training.y, base_margin=offset, nthread=1)
    parameters = {
        "objective": "binary:logistic", "tree_method": "hist", "max_depth": 2, "eta": 0.1, "min_child_weight": 10.0,
        "lambda": 1.0, "alpha": 0.0, "gamma": 0.0, "max_bin": 256, "nthread": 1, "seed": 0,
        "monotone_constraints": tuple(fit.constraints), "base_score": fit.base_score,
    }  # fmt: skip
    booster = xgboost.train(parameters, data, 12)
    margin = booster.predict(data, output_margin=True)
    np.testing.assert_allclose(values[candidate.unrounded], margin, rtol=0, atol=1e-5)
    without = booster.predict(xgboost.DMatrix(matrix, nthread=1), output_margin=True)
    assert np.abs(without - margin).max() > 0.1  # the offset is no small matter


@pytest.mark.parametrize("name", [n for n in MODELS if n not in ("application", "trees")])
def test_the_score_is_the_linear_score_in_points_up_to_rounding(development: Development, name: str) -> None:
    candidate, values = _candidate(development, name), _values(development, name)
    score = values[candidate.model["outputs"]["score"]]
    exact = SHIFT - FACTOR * values[candidate.unrounded]
    assert np.array_equal(score, np.floor(score))
    rounded = sum(1 if stage.points is None else 1 + len(stage.points.points) for stage in candidate.stages)
    assert np.abs(score - exact).max() <= 0.5 * rounded + 1e-9
    assert candidate.model["model"]["type"] == "two_stage"


def test_a_master_score_in_points_is_turned_to_log_odds_by_its_own_scaling(development: Development) -> None:
    values = _values(development, "points")
    points = development.training.frame["POINTS"].to_numpy(float)
    np.testing.assert_allclose(values["offset"], (SHIFT - points) / FACTOR, rtol=1e-12)
    assert np.array_equal(values["offset_score"], points)  # the plan's scaling is the same, so the points come back


def test_an_offset_column_is_no_predictor_and_stands_so_in_the_contract(package: Path) -> None:
    contract = frame(package, "data.contract").set_index("column")
    assert contract.loc[["MASTER", "POINTS"], "role"].tolist() == ["offset", "offset"]
    assert not {"MASTER", "POINTS"} & set(frame(package, "selection.waterfall")["characteristic"])


# -------------------------------------------------------------------------------------------------------- evidence
def test_evidence_is_written_for_every_candidate_and_tells_what_both_stages_use(package: Path) -> None:
    for kind in ("stages", "gain", "offset_check"):
        assert evidence(package, f"two_stage.{kind}.application")["kind"] == "not_applicable"
    items = dict(evidence(package, "two_stage.stages.bureau")["rows"])
    assert items["Used by both"] == "months"
    assert items["First stage"] == "the candidate application"
    assert dict(evidence(package, "two_stage.stages.on_trees")["rows"])["Used by both"] == "none"
    gain = frame(package, "two_stage.gain.bureau")
    table = frame(package, "performance.discrimination").set_index(["model", "sample"])["auc"]
    for row in gain.itertuples():
        assert row.auc_first == pytest.approx(table["application", row.sample], abs=1e-12)
        assert row.auc == pytest.approx(table["bureau", row.sample], abs=1e-12)


def test_explanations_add_up_over_both_stages(development: Development) -> None:
    """Mean attribution over development is the mean linear score less the base, which is its mean over the approved."""
    background = next(e for e in development.evidence if e.id == "explanation.background").frame()
    bases = background[background["used_for"] == "explanations"].set_index("model")
    for name in ("bureau", "on_trees", "trees_on", "master"):
        table = next(e for e in development.evidence if e.id == f"explanation.importance.{name}").frame()
        candidate = _candidate(development, name)
        linear = candidate.compiled.values(development.training.frame)[candidate.unrounded]
        base = float(bases.loc[name, "base"])
        assert base == pytest.approx(float(bases.loc[name, "mean_linear_score"]), abs=1e-9)
        assert base + table["mean"].sum() == pytest.approx(float(np.mean(linear)), abs=1e-9)
        assert set(table["characteristic"]) == {n for stage in candidate.stages for n in stage.characteristics}


# --------------------------------------------------------------------------------------------------------- reasons
def test_reasons_of_two_scorecards_count_every_stage(development: Development) -> None:
    """By hand: points of a characteristic over both stages, against their mean over development."""
    candidate, training = _candidate(development, "bureau"), development.training
    steps = [s for s in candidate.model["steps"] if s["type"] == "scale" and s["form"] == "points"]
    values = _values(development, "bureau")
    points: dict[str, np.ndarray] = {}
    for step in steps:
        for part in step["characteristics"]:
            own = np.asarray(part["points"])[values[part["input"]].astype(int)]
            points[part["characteristic"]] = points.get(part["characteristic"], 0.0) + own
    assert set(points) == {"income", "months", "housing", "bureau", "enquiries"}
    names = [reason.name for reason in candidate.reasons.reasons]
    shortfall = np.column_stack([points[n].mean() - points[n] for n in names])
    given = candidate.compiled.score(training.frame).filter(regex="^reason_").to_numpy(object)
    for row, told in zip(shortfall, given, strict=True):
        order = [k for k in np.argsort(-row, kind="stable") if row[k] > 1e-5][:4]
        assert [code for code in told if code is not None] == [names[k] for k in order]


def test_a_column_is_a_reason_itself(development: Development) -> None:
    candidate, values = _candidate(development, "master"), _values(development, "master")
    reason = next(one for one in candidate.reasons.reasons if one.name == "MASTER")
    exact = SHIFT - FACTOR * development.training.frame["MASTER"].to_numpy(float)
    assert np.abs(values[reason.value] - exact).max() <= 0.5
    assert reason.reference_points == pytest.approx(float(np.mean(values[reason.value])))
    given = candidate.compiled.score(development.training.frame)
    worst = np.argsort(values[reason.value])[:20]
    assert (given.iloc[worst].filter(regex="^reason_") == "MASTER").any(axis=1).all()


@pytest.mark.parametrize(
    ("champion", "reference", "models"),
    [
        ("on_trees", "above_cut_off, band_width: 40", ["application", "trees", "on_trees", "trees_on"]),
        ("trees_on", "baseline", ["application", "trees_on", "master", "trees_master"]),
        ("points", "maximum", ["application", "bureau", "points"]),
    ],
)
def test_the_validator_agrees_on_reasons_by_every_reference(
    tmp_path: Path, champion: str, reference: str, models: list[str]
) -> None:
    """The validator recomputes the references of every model, and the methods' agreement of the champion."""
    more = (
        f"reason_codes: {{reference: {reference}, groups: {{all of it: [bureau, months]}}}}\n"
        "evaluation: {baselines: false}\nexports: []\nscaling: {probability_from: rounded}\n"
    )
    out = done(tmp_path, plan(champion, *models, more=more), portfolio())
    assert disagreements(out) == []


# ------------------------------------------------------------------------------------------------------- validator
def test_the_validator_agrees_with_everything(package: Path) -> None:
    assert disagreements(package) == []
    run = validate(read_for_validation(package))
    compared = {f"{one.area}" for one in run.comparisons}
    for name in ("bureau", "on_trees", "trees_on", "master", "points", "trees_master", "chain"):
        assert {f"two_stage.gain.{name}", f"two_stage.offset_check.{name}", f"two_stage.stages.{name}"} <= compared
    for name in ("bureau", "on_trees", "master", "points", "chain"):
        assert {f"scorecard.coefficients.{name}", f"scorecard.fit.{name}", f"scorecard.bounds.{name}"} <= compared


def _step(model: dict[str, Any], identifier: str) -> dict[str, Any]:
    return next(step for step in model["steps"] if step["id"] == identifier)


def _table(row: int, column: str) -> Callable[[dict[str, Any]], None]:
    def apply(item: dict[str, Any]) -> None:
        place = [one["name"] for one in item["columns"]].index(column)
        item["rows"][row][place] += 0.01

    return apply


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "coefficient": (
        "model.json",
        lambda m: _step(m, "linear_score")["terms"][0].update(coefficient=-0.5),
        "coefficients",
    ),
    "first stage": (
        "model.json",
        lambda m: _step(m, "first.linear_score").update(intercept=-2.0),
        "log-odds of the first stage",
    ),
    "base points": ("model.json", lambda m: _step(m, "stage_score").update(base_points=9.0), "points"),
    "gain": ("evidence/two_stage.gain.bureau.json", _table(0, "auc_difference"), "auc_difference"),
    "likelihood": ("evidence/two_stage.gain.bureau.json", _table(0, "likelihood_ratio"), "likelihood_ratio"),
    "slope": ("evidence/two_stage.offset_check.bureau.json", _table(1, "slope"), "slope"),
    "held slope": ("evidence/two_stage.offset_check.bureau.json", _table(2, "upper"), "upper"),
    "reference": (
        "model.json",
        lambda m: _step(m, "reasons")["characteristics"][0].update(reference_points=0.0),
        "reference points",
    ),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_change_is_found_by_the_validator(package: Path, tmp_path: Path, name: str) -> None:
    file, change, quantity = CHANGES[name]
    copy = tmp_path / "package"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("validation", "exports"))
    document = json.loads((copy / file).read_bytes())
    change(document)
    reseal(copy, file, document)
    run = validate(read_for_validation(copy))
    assert quantity in {one.quantity for one in run.comparisons if one.breaches}


def reseal(package: Path, file: str, document: dict[str, Any]) -> None:
    """Write a changed document, and its hash into the manifest."""
    data = canonical_json.to_bytes(document)
    (package / file).write_bytes(data)
    manifest = json.loads((package / "manifest.json").read_bytes())
    manifest["files"][file] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (package / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))


# -------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize("name", ["master", "points", "trees_master"])
def test_a_missing_offset_is_one_error_that_names_column_and_rows(development: Development, name: str) -> None:
    column = "POINTS" if name == "points" else "MASTER"
    rows = development.training.frame.head(30).copy()
    rows.loc[[4, 17], column] = np.nan
    with pytest.raises(ScoringError) as caught:
        _candidate(development, name).predict(rows)
    (fault,) = caught.value.faults
    assert f"{column!r} is missing in 2 of 30 rows" in fault.message
    assert (fault.row, fault.found) == (5, "rows 5, 18")
    with pytest.raises(ScoringError) as caught:
        _candidate(development, name).predict(rows.drop(columns=column))
    (fault,) = caught.value.faults
    assert column in str(fault)


def test_a_missing_offset_in_training_is_refused_by_the_contract(tmp_path: Path) -> None:
    table = portfolio()
    table.loc[[3, 8], "MASTER"] = np.nan
    folder = write_plan(tmp_path, plan("master", "master"), table)
    ended = credit_risk("run", folder, "--out", tmp_path / "out")
    assert ended.status == 2
    assert "MASTER" in ended.err
    assert not (tmp_path / "out").exists()


def test_an_offset_of_text_is_refused(tmp_path: Path) -> None:
    table = portfolio()
    table["MASTER"] = np.where(table["MASTER"] > -1.6, "high", "low")
    text = plan("master", "master").replace("MASTER: {type: numeric, missing: false}", "MASTER: {missing: false}")
    with pytest.raises(ModelError) as caught:
        cr.develop(cr.read_plan(write_plan(tmp_path, text, table)))
    assert [fault.path for fault in caught.value.faults] == ["models.master.offset.column"]


# ---------------------------------------------------------------------------------------------- package and exports
def test_two_runs_are_the_same_to_the_byte(tmp_path: Path) -> None:
    text = plan("trees_on", "application", "trees_on", "master", more="evaluation: {baselines: false}\n")
    one, other = (done(tmp_path / name, text, portfolio(), "--no-validation") for name in ("one", "other"))
    assert read_package(one).package_hash == read_package(other).package_hash


def test_score_range_holds_every_score_and_is_reached_by_scorecards(development: Development) -> None:
    for name in ("bureau", "on_trees", "trees_on", "chain"):
        candidate = _candidate(development, name)
        low, high, words = score_range(candidate.model)
        score = candidate.compiled.score(development.training.frame)["score"]
        assert low <= score.min() <= score.max() <= high
        assert ("points" in words) == (name in ("bureau", "chain"))
    assert score_range(_candidate(development, "master").model) is None  # a column has no bounds


@pytest.mark.java
@pytest.mark.parametrize("name", [name for name in MODELS if name != "application"])
def test_pmml_of_stages_gives_the_same_results_in_two_engines(
    development: Development, tmp_path: Path, name: str
) -> None:
    candidate, rows = _candidate(development, name), development.training.frame
    cases = write(candidate.model, tmp_path / "model.pmml", rows)
    inputs = rows[candidate.compiled.input_names]
    every = pd.concat([inputs.head(150), cases, neighbours(candidate.model, inputs, 100)], ignore_index=True)
    for engine in (jpmml, pmml4s):
        assert_alike(engine, tmp_path / "model.pmml", candidate.model, every)
    document = (tmp_path / "model.pmml").read_bytes()
    assert (b"<Scorecard" in document) == (name in ("bureau", "chain"))


@pytest.mark.parametrize("name", ["master", "on_trees"])
def test_a_scorecard_of_pmml_takes_no_column_and_no_trees(development: Development, name: str) -> None:
    with pytest.raises(Exception, match="whose first stage is a column or trees") as caught:
        scorecard_pmml(_candidate(development, name).model, "0" * 64)
    assert len(caught.value.faults) == 1  # type: ignore[attr-defined]


def test_a_notice_tells_reasons_of_the_first_stage(tmp_path: Path) -> None:
    columns = ["income", "months", "housing", "bureau", "enquiries"]
    texts = ", ".join(f"{name}: {{text: {{en: about {name}}}}}" for name in columns)
    more = f"reason_codes: {{notices: true, catalogue: {{{texts}}}}}\nevaluation: {{baselines: false}}\n"
    out = done(tmp_path, plan("bureau", "application", "bureau", more=more), portfolio(), "--no-validation")
    table = portfolio()
    model = compile_model(read_package(out).model)
    score = model.score(table)
    first = score[(score["reason_1"] == "income") & (score["score"] < 520)].index[0]
    notice = cr.adverse_action(out, table.loc[first, columns].to_dict())
    assert notice.key_factors[0].text == "about income"
    assert notice.score_lowest < notice.score < notice.score_highest
    assert [f.shortfall for f in notice.key_factors] == sorted((f.shortfall for f in notice.key_factors), reverse=True)


def test_german_credit_in_two_stages(tmp_path: Path) -> None:
    """What the applicant says, then the checking account on top; in the package, validated, written as PMML."""
    text = (Path(__file__).resolve().parents[2] / "plans/german_credit/plan.yaml").read_text("utf-8")
    text += (
        "models:\n"
        "  - {id: applicant, type: scorecard, characteristics: [duration_months, credit_history, purpose, "
        "savings_status, employment_since, property]}\n"
        "  - {id: account, type: scorecard, champion: true, offset: {model: applicant}, "
        "characteristics: [checking_status]}\n"
    )
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    ended = credit_risk("run", tmp_path, "--out", tmp_path / "out", "--no-documents")
    assert ended.status == 0, ended.err
    assert disagreements(tmp_path / "out") == []
    assert list((tmp_path / "out" / "exports").glob("*.pmml"))
    gain = frame(tmp_path / "out", "two_stage.gain.account")
    assert (gain["lower"] > 0).all()  # the checking account is the strongest characteristic of these data
    assert [one["test"] for one in findings(tmp_path / "out") if "two_stage" in one["test"]] == []
