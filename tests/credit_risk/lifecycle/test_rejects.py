"""Reject inference in a development: rows, models, package, and what supposed outcomes may not touch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from credit_risk._core.errors import CreditRiskError
from credit_risk.lifecycle.classing import prepare
from credit_risk.lifecycle.develop import Development, develop
from credit_risk.lifecycle.rejects import Inference, infer
from credit_risk.lifecycle.run import run_plan
from credit_risk.package import read_package
from credit_risk.plan import read_plan
from credit_risk.plan.intake import take_in_plan
from credit_risk.scoring import compile_model
from tests.credit_risk.lifecycle.through_the_door import PLAN, applicants, write

ASKED = "reject_inference: {method: reweighting, compare: [fuzzy_augmentation], replicates: 20}\n"
EXTERNAL = "external: {column: ELSEWHERE, bad: 1, source: the credit bureau, date: '2021-12-31'}"
FILES = ("acceptance.json", "applicants.parquet", "known_outcomes.json", "rows.parquet")
EXPERT = """\
  - id: expert
    type: expert
    champion: true
    base_points: 500
    characteristics:
      INCOME: {bins: [{below: 3000, points: 10}, {at_least: 3000, points: 40}, {missing: true, points: 0}]}
      AGE: {bins: [{below: 40, points: 0}, {at_least: 40, points: 25}, {missing: true, points: 0}]}
strategy: {cut_off: 530}
"""
OF_PERFORMANCE = ("performance.", "stability.", "strategy.", "rating.", "fairness.", "samples.", "calibration.")

REFITTED = ("performance.baseline", "samples.representativeness")
"""Of models, and of bins, that are fitted anew."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of reweighting, a scorecard and trees."""
    folder = tmp_path_factory.mktemp("door")
    plan = write(folder / "plan", ASKED)
    return run_plan(plan, folder / "out", with_validation=False, with_documents=False).out


def inferred(folder: Path, more: str, table: pd.DataFrame | None = None) -> Inference:
    """What `infer` makes of a plan with the lines `more`."""
    plan = read_plan(write(folder, more, table))
    found = infer(plan, prepare(plan, take_in_plan(plan, plan.open_source())), lambda words: None)
    assert found is not None
    return found


def evidence(package: Path, identifier: str) -> pd.DataFrame:
    """A table of the package."""
    item = json.loads((package / "evidence" / f"{identifier}.json").read_text("utf-8"))
    return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]])


def test_the_package_holds_models_applicants_and_rows(package: Path) -> None:
    read = read_package(package)
    snapshot = read.snapshot()
    held = sorted(name for name in read.manifest["files"] if name.startswith("reject_inference/"))
    assert held == [f"reject_inference/{name}" for name in FILES]
    one = pd.read_parquet(package / "reject_inference" / "applicants.parquet")
    rows = pd.read_parquet(package / "reject_inference" / "rows.parquet")
    status = snapshot["_status"].to_numpy()[one["row"]]
    assert (one["_accepted"] == np.isin(status, ["booked", "not_taken_up"])).all()
    assert not (status == "withdrawn").any()
    assert (snapshot["_status"] != "withdrawn").sum() == len(one)
    known = snapshot["_outcome"].notna().to_numpy()[one["row"]]
    assert (snapshot["_sample"].to_numpy()[one["row"]] == one["_sample"])[known].all()
    assert set(one.loc[~known, "_sample"]) == {"development", "out_of_sample", "out_of_time"}
    for name, column in (("acceptance", "_acceptance"), ("known_outcomes", "_probability")):
        model = json.loads((package / "reject_inference" / f"{name}.json").read_text("utf-8"))
        p = compile_model(model).score(snapshot.iloc[one["row"]], outputs=["probability"])["probability"].to_numpy()
        assert (one[column] == (1.0 - p if name == "acceptance" else p)).all()
    inside = one[(one["_sample"] == "development").to_numpy() & known]
    assert rows["row"].tolist() == inside["row"].tolist()
    assert (rows["_outcome"].to_numpy() == snapshot["_outcome"].to_numpy()[rows["row"]]).all()
    expected = 1.0 / np.maximum(inside["_acceptance"].to_numpy(), 0.02)
    assert rows["_weight"].to_numpy() == pytest.approx(expected * len(rows) / expected.sum(), rel=1e-12)


def test_scorecard_and_trees_are_fitted_with_the_weights(package: Path) -> None:
    read = read_package(package)
    snapshot, rows = read.snapshot(), pd.read_parquet(package / "reject_inference" / "rows.parquet")
    frame, y, w = snapshot.iloc[rows["row"]], rows["_outcome"].to_numpy(), rows["_weight"].to_numpy()
    values = compile_model(read.model).values(frame)
    step = next(step for step in read.model["steps"] if step["type"] == "linear")
    x = np.column_stack([np.ones(len(y)), *(values[term["input"]] for term in step["terms"])])

    def loss(b: np.ndarray) -> float:
        return float(np.sum(w * (np.logaddexp(0, x @ b) - y * (x @ b))))

    def slope(b: np.ndarray) -> np.ndarray:
        return x.T @ (w * (1 / (1 + np.exp(-(x @ b))) - y))

    best = minimize(loss, np.zeros(x.shape[1]), jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    told = [step["intercept"], *(term["coefficient"] for term in step["terms"])]
    assert told == pytest.approx(best, abs=1e-6)
    (classing, *_) = (step for step in read.model["steps"] if step["type"] == "classing")
    bins = np.asarray(values[classing["output_bin"]])
    shares = [
        [w[(bins == one["id"]) & (y == side)].sum() / w[y == side].sum() for side in (0, 1)] for one in classing["bins"]
    ]
    for one, (good, bad) in zip(classing["bins"], shares, strict=True):
        if good > 0 and bad > 0:
            assert one["woe"] == pytest.approx(np.log(good / bad), rel=1e-9)
    (trees,) = (step for step in read.challengers["boosting"]["steps"] if step["type"] == "trees")
    assert trees["base_margin"] == pytest.approx(np.log(w @ y / (w @ (1 - y))), rel=1e-5)


def test_the_evidence_counts_what_the_files_hold(package: Path) -> None:
    decisions = evidence(package, "reject_inference.decisions")
    table = applicants()
    assert decisions["rows"].sum() == len(table)
    assert decisions.loc[decisions["decision"] == "none", "rows"].sum() == (table["STATUS"] == "withdrawn").sum()
    assert decisions["bad"].sum() == table["BAD"].sum()
    power = evidence(package, "reject_inference.acceptance_power").set_index("sample")
    assert power.loc["development", "accept_rate"] == pytest.approx(
        power.loc["development", "mean_acceptance"], abs=1e-9
    )
    assert (power["lower"] < power["auc"]).all()
    weights = evidence(package, "reject_inference.weights").set_index("method")
    assert weights.index.tolist() == ["reweighting", "fuzzy_augmentation"]
    assert weights["inferred_rows"].tolist() == [0, 2 * power.loc["development", "rejected"]]
    w = pd.read_parquet(package / "reject_inference" / "rows.parquet")["_weight"]
    assert weights.loc["reweighting", "effective_rows"] == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert weights.loc["reweighting", "greatest"] == w.max()


def test_two_runs_give_the_same_bytes(package: Path, tmp_path: Path) -> None:
    plan = write(tmp_path / "plan", ASKED)
    again = run_plan(plan, tmp_path / "out", with_validation=False, with_documents=False)
    assert (again.out / "manifest.json").read_bytes() == (package / "manifest.json").read_bytes()


def test_a_plan_that_only_compares_fits_as_one_without(tmp_path: Path) -> None:
    plain, beside = (
        develop(read_plan(write(tmp_path / name, more)))
        for name, more in (("plain", ""), ("beside", "reject_inference: {compare: [reweighting]}\n"))
    )
    assert plain.inference is None
    assert [c.model for c in plain.candidates] == [c.model for c in beside.candidates]
    assert plain.snapshot.equals(beside.snapshot)
    assert plain["reject_inference.choice"].evidence.kind == "not_applicable"
    assert {e.id for e in plain.evidence} == {e.id for e in beside.evidence}


def test_supposed_outcomes_enter_no_table_of_performance(tmp_path: Path) -> None:
    """The points of an expert's scorecard hang on no data, so nothing but the tables could tell the methods apart."""
    head = PLAN[: PLAN.index("models:")] + "models:\n" + EXPERT
    made: list[Development] = [
        develop(read_plan(write(tmp_path / str(place), f"reject_inference: {{{more}, replicates: 0}}\n", plan=head)))
        for place, more in enumerate(
            ("method: none", "method: hard_cut_off", "method: fuzzy_augmentation, prudence: 5")
        )
    ]
    tables = [
        {
            e.id: e.content["rows"]
            for e in one.evidence
            if e.id.startswith(OF_PERFORMANCE) and "rows" in e.content and not e.id.startswith(REFITTED)
        }
        for one in made
    ]
    assert len(tables[0]) > 20
    for other in tables[1:]:
        assert other == tables[0]
    assert made[1].training.y.mean() > made[0].training.y.mean() + 0.05
    assert made[1]["classing.table.AGE"].table["count"].sum() > made[0]["classing.table.AGE"].table["count"].sum()


@pytest.mark.parametrize(
    "method", ["score_bands", "extrapolation", "parcelling", "hard_cut_off", "fuzzy_augmentation", "external_outcomes"]
)
def test_every_method_makes_rows_of_development_alone(method: str, tmp_path: Path) -> None:
    table = applicants(1000)
    rng = np.random.default_rng(1)
    table["ELSEWHERE"] = pd.Series(rng.integers(0, 2, len(table))).where(rng.random(len(table)) < 0.3).astype("Int64")
    found = inferred(tmp_path, f"reject_inference: {{method: {method}, {EXTERNAL}}}\n", table)
    development = found.applicants.row[found.applicants.of("development")]
    assert np.isin(found.place, development).all()
    fitted = found.prepared
    inside = fitted.development
    assert fitted.intake.outcome[inside].tolist() == found.rows.y.tolist()
    assert fitted.weights[inside].tolist() == found.rows.weight.tolist()
    assert fitted.intake.frame["INCOME"][inside].tolist() == table["INCOME"].iloc[found.place].tolist()
    assert "ELSEWHERE" not in fitted.intake.predictors
    assert (~inside).sum() == (found.prepared.observed.labels != "development").sum() - pd.isna(
        fitted.observed.labels
    ).sum()
    twice = pd.Series(found.place).duplicated(keep=False).to_numpy()
    clusters = pd.Series(fitted.clusters[inside])
    assert clusters[~twice].isna().all()
    assert (clusters[twice].groupby(found.place[twice]).nunique() == 1).all()


def test_the_instrument_stays_out_of_every_model_but_that_of_the_decision(tmp_path: Path) -> None:
    more = "reject_inference: {method: reweighting, replicates: 0, instrument: BRANCH, instrument_reason: by lot}\n"
    found = develop(read_plan(write(tmp_path, more)))
    assert found.inference is not None
    contract = found["data.contract"].table.set_index("column")
    assert contract.loc["BRANCH", "role"] == "instrument"
    assert "BRANCH" in found.snapshot.columns
    assert "BRANCH" in {column["name"] for column in found.inference.acceptance.model["inputs"]}
    models = [found.inference.known.candidate.model, *(one.model for one in found.candidates)]
    assert not any("BRANCH" in {column["name"] for column in model["inputs"]} for model in models)


PROBIT = "instrument: LOT, instrument_reason: drawn, replicates: 0"


def test_an_instrument_that_predicts_nothing_is_refused_and_only_told_in_a_comparison(tmp_path: Path) -> None:
    table = applicants(1500)
    table["LOT"] = np.random.default_rng(0).normal(size=len(table)).round(3)
    with pytest.raises(CreditRiskError, match="predicts nothing of the decision"):
        inferred(tmp_path / "asked", f"reject_inference: {{method: bivariate_probit, {PROBIT}}}\n", table)
    beside = f"reject_inference: {{method: reweighting, compare: [bivariate_probit], {PROBIT}}}\n"
    found = inferred(tmp_path / "beside", beside, table)
    assert list(found.tried) == ["reweighting"]
    assert "predicts nothing" in found.failed["bivariate_probit"]
    assert found.probit is None


def test_the_probit_gives_its_rows_and_is_kept_for_the_evidence(tmp_path: Path) -> None:
    more = "instrument: BRANCH, instrument_reason: drawn"
    found = inferred(tmp_path, f"reject_inference: {{method: bivariate_probit, {more}}}\n", applicants(2000))
    assert found.probit is not None
    rejects = int(found.decided.rejected.sum())
    assert found.rows.inferred.sum() == 2 * rejects
    weight = pd.Series(found.rows.weight[found.rows.inferred]).groupby(found.place[found.rows.inferred]).sum()
    assert weight.to_numpy() == pytest.approx(np.ones(rejects))


def perfect(table: pd.DataFrame) -> pd.DataFrame:
    """A rule of two values that says who is rejected."""
    return table.assign(RULE=np.where(table["STATUS"] == "rejected", "out", "in"))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda table: table[table["STATUS"] != "rejected"], "no_rejects", "no applicant was rejected"),
        (lambda table: table[table["STATUS"] == "rejected"], "one_class", "the outcome has one class"),
        (perfect, "no_overlap", "perfectly predicted"),
        (lambda table: table.assign(AGE=table["AGE"] + 100 * (table["STATUS"] == "rejected")), "no_overlap", "AGE"),
    ],
)
def test_applicants_that_cannot_serve_are_told_and_nothing_is_written(
    change: object, code: str, words: str, tmp_path: Path
) -> None:
    table = change(applicants(900))  # type: ignore[operator]
    plan = write(tmp_path / "plan", "reject_inference: {method: reweighting}\n", table)
    with pytest.raises(CreditRiskError) as caught:
        run_plan(plan, tmp_path / "out", with_validation=False, with_documents=False)
    assert code in {fault.code for fault in caught.value.faults}
    assert words in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan"]


def test_a_second_stage_is_checked_on_known_outcomes(tmp_path: Path) -> None:
    head = PLAN[: PLAN.index("models:")]
    models = """\
models:
  - {id: first, type: scorecard, characteristics: [INCOME]}
  - {id: scorecard, type: scorecard, champion: true, offset: {model: first}}
"""
    more = "reject_inference: {method: fuzzy_augmentation, prudence: 2, replicates: 0}\n"
    found = develop(read_plan(write(tmp_path, models + more, applicants(2000), head)))
    checked = found["two_stage.offset_check.scorecard"].table
    known = found["samples.summary"].table.set_index("sample")["rows"]
    assert checked["rows"].tolist() == known[checked["sample"]].tolist()
    assert len(found.training.y) > known["development"]
