"""A plan whose rows repeat obligors: clustered errors from the plan to package, validation and dossier."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import PlanError
from credit_risk._core.evidence import catalogue
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.lifecycle.clustered_notes import INDEPENDENT, RANKING, SEGMENTS
from credit_risk.lifecycle.develop import develop
from credit_risk.plan import Plan, read_plan
from tests.credit_risk.cli.command import QUICK, disagreements, done, evidence
from tests.validation.toy_package import builders
from validation import read_package, validate

PREDICTIONS = "predictions/development.parquet"
PLAN = """
model: {id: m}
data: {source: table.csv}
outcome: {column: BAD, bad: 1}
samples: {group: WHO}
"""


def table(seed: int = 1, obligors: int = 400, rows: int = 4) -> pd.DataFrame:
    """Each obligor at several points: its own level of risk, characteristics that hardly move."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(obligors), rows)
    steady = rng.normal(size=(obligors, 3))[who] + 0.3 * rng.normal(size=(len(who), 3))
    eta = -1.0 + steady @ [0.8, 0.5, 0.25] + rng.normal(size=obligors)[who]
    bad = (rng.random(len(who)) < 1 / (1 + np.exp(-eta))).astype(int)
    columns = {name: np.round(steady[:, place], 3) for place, name in enumerate("ABC")}
    return pd.DataFrame({"WHO": who, **columns, "BAD": bad})


def test_the_covariance_is_told_and_the_validator_finds_the_same(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN + QUICK, table())
    told = dict(evidence(package, "scorecard.covariance.scorecard")["rows"])
    assert (told["covariance"], told["declared in the plan"]) == ("cluster", "auto")
    assert float(told["standard errors over those of independent rows, greatest"]) > 1.1
    assert any(
        "standard errors clustered" in note for note in evidence(package, "scorecard.coefficients.scorecard")["notes"]
    )
    assert json.loads((package / "plan.json").read_text("utf-8"))["models"][0]["covariance"] == "auto"
    assert disagreements(package) == []
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in compared}
    assert {"scorecard.coefficients.scorecard", "scorecard.covariance.scorecard", "samples.clusters"} <= areas
    coverage = json.loads((package / "validation/evidence/validation.coverage.json").read_text("utf-8"))["rows"]
    tests = {row[0]: row[1] for row in coverage}
    assert tests["battery: standard errors allow for rows of one obligor"] == "pass"
    assert tests["battery: development and out_of_sample share no cluster"] == "pass"


def test_intervals_of_independent_rows_are_told_or_found_out(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN + QUICK, table())
    notes = evidence(package, "performance.discrimination")["notes"]
    assert any("Obuchowski" in note for note in notes)
    told = ("samples.summary", "performance.calibration", "classing.table.A", "stability.psi", "selection.stability")
    for name in told:
        assert any("take rows as independent" in note for note in evidence(package, name)["notes"]), name
    assert not any("take rows as independent" in note for note in notes)
    snapshot, scores = (pd.read_parquet(package / name) for name in ("data/snapshot.parquet", PREDICTIONS))
    y = snapshot.loc[snapshot["_sample"] == "development", "_outcome"]
    independent = delong_interval(y.to_numpy(), scores["linear_score"].to_numpy())

    def change(item: dict) -> None:
        place = [column["name"] for column in item["columns"]].index("auc_lower")
        assert item["rows"][0][place] < independent.lower
        item["rows"][0][place] = independent.lower

    for annex in ("exports", "validation"):
        shutil.rmtree(package / annex)
    builders.change_json(package, "evidence/performance.discrimination.json", change)
    found = validate(read_package(package)).findings["findings"]
    compared = [f["test"] for f in found if f["severity"] != "observation" and not f["test"].startswith("battery")]
    assert compared == ["performance.discrimination: auc_lower"]


def test_selection_uses_the_same_covariance(tmp_path: Path) -> None:
    """A characteristic that only the independent errors call significant leaves under clustered ones."""
    rng = np.random.default_rng(3)
    frame = table(seed=8, obligors=250, rows=8)
    frame["NOISE"] = np.round(rng.normal(size=250)[frame["WHO"]], 2)
    found = {}
    for covariance in ("auto", "nonrobust"):
        models = f"models: [{{id: card, type: scorecard, champion: true, covariance: {covariance}}}]\n"
        rules = "selection: {include: [A, B], min_information_value: 0.0, max_p_value: 0.01}\nexports: []\n"
        (tmp_path / "plan.yaml").write_text(PLAN + models + rules, "utf-8")
        development = develop(read_plan(tmp_path), frame)
        row = development["selection.waterfall"].table.set_index("characteristic").loc["NOISE"]
        found[covariance] = (row["decision"], row["step"])
        if row["step"] == "p-value":
            assert row["value"] > 0.01
    assert found == {"auto": ("left out", "p-value"), "nonrobust": ("selected", "final")}


def test_clustered_errors_without_clusters_are_refused_in_the_plan(tmp_path: Path) -> None:
    models = "models: [{id: card, type: scorecard, champion: true, covariance: cluster}]\n"
    (tmp_path / "plan.yaml").write_text(PLAN.replace("samples: {group: WHO}", "") + models, "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path)
    assert [(f.path, f.code) for f in caught.value.faults] == [("models[0].covariance", "missing_key")]
    (tmp_path / "plan.yaml").write_text(PLAN + models, "utf-8")
    assert isinstance(read_plan(tmp_path), Plan)


ALLOWS_FOR_CLUSTERS = (
    *("performance.discrimination", "performance.comparison", "performance.subpopulations", "fairness.groups"),
    *("performance.measures", "performance.initial_auc", "performance.lift", "performance.cut_offs"),
    *(
        "scorecard.coefficients.",
        "scorecard.fit.",
        "glm.coefficients.",
        "performance.baselines",
        "performance.baseline_differences",
    ),
    *("boosting.early_stopping.", "boosting.search.", "boosting.simplicity."),
    *("samples.measures", "performance.level", "performance.mean_bands", "performance.mean_curve"),
    *("performance.measure_groups", "fairness.measures", RANKING, SEGMENTS),
    *("segmentation.decision.", "segmentation.search.", "segmentation.gain."),
    *("fairness.calibration", "fairness.age"),  # of the gap and the mean difference; a note says what does not
    *("fairness.proxy_models", "fairness.alternatives"),
    "calibration.choice",  # folds of whole clusters
    *("long_run.average", "long_run.philosophy"),  # errors over cohorts, which may be correlated
    *("strategy.acceptance_curve", "strategy.best_cut_off", "strategy.comparison", "strategy.cut_offs"),
    *("strategy.matrix", "strategy.override_effect", "strategy.overrides", "strategy.profit_curve"),
    *("strategy.swap_changes", "strategy.swap_sets"),
    *("reject_inference.acceptance_power", "reject_inference.overlap", "reject_inference.overlap_bands"),
    *("reject_inference.probit", "reject_inference.comparison", "reject_inference.coefficients"),
    *("two_stage.gain.", "two_stage.offset_check."),  # its likelihood ratio says that it takes rows as independent
)
NO_ROWS_OF_SAMPLES = ("outcome.vintages", "explanation.dependence.", "data.contract", "strategy.experiment_looks")
"""Accounts, each once; edges of bins; the least and greatest values of a column; a schedule of looks."""


def test_every_table_with_intervals_or_tests_allows_for_clusters_or_says_that_it_does_not() -> None:
    """By name and by unit of the columns; `inside` tells of an interval of the likelihood."""
    words = ("lower", "p_value", "standard_error", "chance_level", "chi_square", "spiegelhalter", "hosmer", "inside")
    words = (*words, "standardised_difference", "window_bound")
    tables = {
        pattern: entry
        for pattern, entry in catalogue().items()
        if not pattern.startswith(("validation.", "monitoring.", "governance."))
        and (
            any(word in str(column["name"]) for column in entry.columns for word in words)
            or any(column["unit"] == "p_value" for column in entry.columns)
            or ".fit." in pattern
        )
    }
    known = (*INDEPENDENT, *ALLOWS_FOR_CLUSTERS, *NO_ROWS_OF_SAMPLES)

    def of(name: str) -> set[str]:
        return {p for p in catalogue() if (p.startswith(name) if name.endswith(".") else p == name)}

    assert len(set(known)) == len(known)
    assert set(tables) - {pattern for name in known for pattern in of(name)} == set()
    assert [name for name in known if not of(name) & set(tables)] == []
