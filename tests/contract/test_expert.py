"""Expert scorecards from plan to package, validation, PMML and notice, as champion and as challenger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import credit_risk as cr
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests import engines
from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import disagreements, done, evidence, frame, model, portfolio, run, write_plan

HEAD = """model: {id: m, name: Consumer loans}
data:
  source: table.csv
  columns:
    INCOME: {type: numeric, specials: {"-1": not stated}, expected_trend: descending, reason_text: Income}
    AGE: {type: numeric, expected_trend: descending, reason_text: Age}
    HOUSING: {reason_text: Kind of housing}
    NOISE: {type: numeric, expected_trend: ascending, reason_text: Noise}
outcome: {column: BAD, bad: 1}
derive: {PER_YEAR: {expression: INCOME / AGE, reason_text: Income for the age}}
rules: [{id: young, when: AGE < 20, action: decline, reason: Too young}]
scaling: {base_score: 500, base_odds: 1.6}
strategy: {cut_off: 500}
selection: {include: [INCOME, AGE, HOUSING]}
"""
CARD = """    base_points: 490
    characteristics:
      PER_YEAR: {bins: [{below: 40, points: -5}, {at_least: 40, points: 4}, {missing: true, points: 1}]}
      INCOME:
        bins:
          - {at_least: 4000, points: 25}
          - {below: 2000, points: -20}
          - {at_least: 2000, below: 4000, points: 2}
          - {special: [-1], points: -12, missing: true}
      HOUSING:
        bins:
          - {categories: [own, other], points: 11}
          - {categories: [rent], points: -14, missing: true}
          - {unseen: true, points: -3}
"""
CHAMPION = f"models:\n  - id: expert\n    type: expert\n    champion: true\n{CARD}"
CHALLENGER = f"""models:
  - {{id: scorecard, type: scorecard, champion: true}}
  - id: expert
    type: expert
    calibrate: {{method: logistic}}
{CARD}"""


def applicants(rows: int = 900, seed: int = 3) -> pd.DataFrame:
    """The small portfolio with a special code, and weights."""
    table = portfolio(rows, seed)
    table.loc[table.index % 50 == 1, "INCOME"] = -1.0
    return table


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("champion"), HEAD + CHAMPION, applicants())


@pytest.fixture(scope="module")
def challenger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weighted = applicants().assign(W=1.0 + np.arange(900) % 3 / 2)
    return done(tmp_path_factory.mktemp("challenger"), f"{HEAD}samples: {{weight: W}}\n{CHALLENGER}", weighted)


def points(table: pd.DataFrame) -> pd.Series:
    """The score by plain pandas, out of the plan's text."""
    income = table["INCOME"].where(table["INCOME"] != -1.0)
    per_year = income / table["AGE"]
    own = np.select([per_year.isna(), per_year < 40], [1, -5], 4)
    of_income = np.select([income.isna(), income < 2000, income < 4000], [-12, -20, 2], 25)
    housing = table["HOUSING"].map({"own": 11, "other": 11, "rent": -14}).fillna(-3)
    housing = housing.where(table["HOUSING"].notna(), -14)
    return 490.0 + own + of_income + housing


def test_points_and_probability_are_those_of_the_plan(champion: Path, challenger: Path) -> None:
    table = pd.concat(
        [applicants(200, 8), pd.DataFrame({"INCOME": [np.nan], "AGE": [30], "HOUSING": ["boat"], "NOISE": [0]})]
    )
    table = table.reset_index(drop=True)
    table.loc[3, "HOUSING"] = None
    scored = compile_model(model(champion)).score(table)
    assert scored["score"].tolist() == points(table).tolist()
    odds = 1.6 * 2 ** ((scored["score"] - 500) / 20)
    np.testing.assert_allclose(scored["probability"], 1 / (1 + odds), rtol=1e-12)
    document = json.loads((challenger / "challengers/expert/model.json").read_text("utf-8"))
    assert compile_model(document).score(table)["score"].tolist() == points(table).tolist()
    assert document["model"]["type"] == "expert"


@pytest.mark.parametrize("name", ["champion", "challenger"])
def test_the_validator_disagrees_with_no_number(name: str, request: pytest.FixtureRequest) -> None:
    package = request.getfixturevalue(name)
    assert disagreements(package) == []
    rows = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in rows}
    assert {"expert.calibration.expert", "expert.agreement.expert", "scorecard.points.expert"} <= areas
    assert {"scorecard.bounds.expert", "explanation.importance.expert", "rules.hits"} <= areas
    if name == "champion":
        assert {"reasons.catalogue", "reasons.agreement", "stability.psi"} <= areas


def test_the_calibration_is_a_logistic_regression_on_what_the_points_state(challenger: Path) -> None:
    snapshot = pd.read_parquet(challenger / "data/snapshot.parquet")
    told = pd.read_parquet(challenger / "challengers/expert/predictions/development.parquet")
    rows = snapshot.set_index("_key").loc[told["_key"]]
    stated = -(np.log(1.6) + (told["score"].to_numpy() - 500) * np.log(2) / 20)
    design, y = sm.add_constant(stated), rows["_outcome"].to_numpy()
    fit = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=rows["_weight"].to_numpy()).fit(tol=1e-12)
    items = dict(evidence(challenger, "expert.calibration.expert")["rows"])
    assert [float(items["intercept"]), float(items["slope"])] == pytest.approx(fit.params.tolist(), rel=1e-8)
    assert float(items["slope, standard error"]) == pytest.approx(fit.bse[1], rel=1e-6)
    np.testing.assert_allclose(told["linear_score"], design @ fit.params, rtol=1e-8)
    assert items["origin of the probability"].startswith("fitted on development")
    mean = np.average(told["probability"], weights=rows["_weight"])
    assert mean == pytest.approx(np.average(y, weights=rows["_weight"]))


def test_what_is_stated_is_told_as_stated(champion: Path) -> None:
    items = dict(evidence(champion, "expert.calibration.expert")["rows"])
    assert items["origin of the probability"].startswith("stated by the points")
    assert (items["intercept used"], items["slope used"]) == ("0.0", "1.0")
    assert evidence(champion, "scaling.rounding_effect")["kind"] == "not_applicable"
    assert not [step for step in model(champion)["steps"] if step["type"] == "calibrate"]
    agreement = frame(champion, "expert.agreement.expert").set_index(["characteristic", "label"])
    assert agreement.loc[("HOUSING", "rent + missing"), "verdict"] == "agrees"
    assert agreement.loc[("HOUSING", "unseen"), "verdict"] == "no rows"
    catalogue = frame(champion, "reasons.catalogue").set_index("reason_code")
    assert catalogue["direction"].to_dict() == {"PER_YEAR": "low values", "INCOME": "low values", "HOUSING": "category"}


def test_reasons_are_of_points_below_the_reference(champion: Path) -> None:
    table = applicants()
    read = read_package(champion)
    scored = compile_model(read.model).score(table)
    rows = table[(scored["score"] < 500) & (table["HOUSING"] == "rent") & (table["AGE"] >= 20)]
    notice = cr.adverse_action(read, rows.iloc[0])
    assert "HOUSING" in {factor.code for factor in notice.key_factors}
    assert (notice.score_lowest, notice.score_highest) == (490 - 5 - 20 - 14, 490 + 4 + 25 + 11)


@pytest.mark.java
@pytest.mark.parametrize("engine", [engines.jpmml, engines.pmml4s])
def test_pmml_scores_as_the_package(champion: Path, engine: Any) -> None:
    rows = applicants(300, 9)[[item["name"] for item in model(champion)["inputs"]]]
    rows.loc[3:6, "INCOME"], rows.loc[5:9, "HOUSING"], rows.loc[10, "HOUSING"] = np.nan, None, "boat"
    mine = compile_model(model(champion)).score(rows)
    given = engine(champion / "exports" / "m.pmml", engines.records(rows))
    assert given["score"].astype(float).tolist() == mine["score"].tolist()
    np.testing.assert_allclose(given["probability"].astype(float), mine["probability"], rtol=1e-9)
    for name in ("reason_1", "reason_2", "reason_3", "overall_decision"):
        assert [None if pd.isna(x) else x for x in given[name]] == [None if pd.isna(x) else x for x in mine[name]]


def _scale(document: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in document["steps"] if step["type"] == "scale")


def _point(document: dict[str, Any]) -> None:
    _scale(document)["characteristics"][1]["points"][0] += 1.0


def _base(document: dict[str, Any]) -> None:
    _scale(document)["base_points"] += 5.0


def _edge(document: dict[str, Any]) -> None:
    bins = next(s for s in document["steps"] if s["type"] == "classing" and s["input"] == "INCOME")["bins"]
    bins[0]["upper"] = bins[1]["lower"] = 2100.0


def _missing(document: dict[str, Any]) -> None:
    bins = next(s for s in document["steps"] if s["type"] == "classing" and s["input"] == "HOUSING")["bins"]
    del bins[1]["takes_missing"]
    bins[0]["takes_missing"] = True


def _slope(document: dict[str, Any]) -> None:
    next(step for step in document["steps"] if step["type"] == "calibrate")["slope"] *= 1.01


def _planned(document: dict[str, Any]) -> None:
    document["models"][0]["characteristics"]["HOUSING"]["bins"][1]["points"] = -15.0


def _other(value: Any) -> str:
    return "agrees" if value != "agrees" else "contradicted"


FILE = "challengers/expert/model.json"
HAND = "bins and points given by hand"
FORGERIES: dict[str, tuple[str, str, Callable[[Any], None], str]] = {
    "points": ("champion", "model.json", _point, f"model.json: {HAND}"),
    "base points": ("champion", "model.json", _base, f"model.json: {HAND}"),
    "edge": ("champion", "model.json", _edge, f"model.json: {HAND}"),
    "where missing goes": ("champion", "model.json", _missing, f"model.json: {HAND}"),
    "plan": ("champion", "plan.json", _planned, f"model.json: {HAND}"),
    "points of a challenger": ("challenger", FILE, _point, f"{FILE}: {HAND}"),
    "slope": ("challenger", FILE, _slope, f"{FILE}: calibration"),
    "stated slope": (
        "challenger",
        "evidence/expert.calibration.expert.json",
        cell(6, "value", lambda v: repr(float(v) * 1.001)),
        "expert.calibration.expert: fit",
    ),
    "origin": (
        "champion",
        "evidence/expert.calibration.expert.json",
        cell(0, "value", lambda v: "fitted on development"),
        "expert.calibration.expert: origin of the probability",
    ),
    "verdict": (
        "champion",
        "evidence/expert.agreement.expert.json",
        cell(0, "verdict", _other),
        "expert.agreement.expert: bins and verdicts",
    ),
    "observed": (
        "challenger",
        "evidence/expert.agreement.expert.json",
        cell(1, "observed", lambda v: v * 1.001),
        "expert.agreement.expert: observed",
    ),
    "stated": (
        "champion",
        "evidence/expert.agreement.expert.json",
        cell(1, "stated", lambda v: v * 1.001),
        "expert.agreement.expert: stated",
    ),
    "printed points": (
        "champion",
        "evidence/scorecard.points.expert.json",
        cell(2, "points", lambda v: v + 1),
        "scorecard.points.expert: points",
    ),
    "bounds": (
        "champion",
        "evidence/scorecard.bounds.expert.json",
        cell(1, "neutral_points", lambda v: v + 0.01),
        "scorecard.bounds.expert: neutral_points",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_forged_is_found(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    package, file, change, test = FORGERIES[name]
    found = failures(altered(request.getfixturevalue(package), tmp_path / "p", file, change))
    assert test in found, sorted(found)


REFUSED = {
    "categories that have no points": (("own, other", "own"), "categories of development stand in no bin"),
    "bins of another kind": (("categories: [rent]", "below: 3"), "HOUSING"),
    "points the wrong way": (("-20}", "90}"), "the more points, the more bads"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_data_refuse(name: str, tmp_path: Path) -> None:
    (old, new), words = REFUSED[name]
    ended = run(write_plan(tmp_path, (HEAD + CHALLENGER).replace(old, new), applicants(400)), "--no-validation")
    assert ended.status == 2
    assert words in ended.err
    assert not (tmp_path / "out").exists()
