"""Every table of this room becomes evidence of the catalogue as it is; every chart is one the schema allows."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from credit_risk._core.evidence import catalogue, table
from credit_risk.evaluation import (
    bands,
    binned,
    calibration,
    calibration_test_table,
    curves,
    cut_offs,
    decomposition,
    discrimination,
    fairness,
    fairness_curves,
    fairness_gaps,
    fairness_intersections,
    initial_auc,
    jurisdictions,
    lift,
    precision_recall,
    protected_groups,
    ranking_measures,
    reliability,
    representativeness,
    stability,
    subpopulations,
)
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.samples import ScoredSample

SCHEMA = Path(__file__).parents[3] / "scorecards" / "format" / "evidence.schema.json"


def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(0)
    samples, ages = {}, {}
    for name in ("development", "out_of_sample"):
        risk = np.round(rng.normal(-1.0, 1.0, 500), 2)
        p = 1 / (1 + np.exp(-risk))
        samples[name] = ScoredSample(rng.random(500) < p, np.round(600 - 28 * risk), p, risk)
        ages[name] = np.where(rng.random(500) < 0.02, np.nan, rng.integers(20, 70, 500))
    risks = {name: (s.y, s.risk) for name, s in samples.items()}
    noisy = {name: (s.y, s.risk + rng.normal(size=500)) for name, s in samples.items()}
    probabilities = {name: (s.y, s.probability) for name, s in samples.items()}
    edges = binned.band_edges(samples["development"].score, 10)
    counts = binned.bin_counts({n: np.searchsorted(edges, s.score, side="right") for n, s in samples.items()})
    kinds = {name: np.where(a > 40, "old", "young").astype(object) for name, a in ages.items()}
    grouped = protected_groups.group_attributes({"AGE": ages, "KIND": kinds})
    options = {"groupings": grouped.groupings, "references": {"AGE": None, "KIND": "old"}}
    both = protected_groups.intersect(grouped)
    told = jurisdictions.jurisdiction_table({"AGE": ("us_ecoa", "xx")}, "AGE")
    told.attrs["notes"] = ()
    return {
        "fairness.jurisdictions": told,
        "fairness.error_rates": fairness_gaps.error_rate_table(samples, grouped.labels, 630.0, **options),
        "fairness.curves": fairness_curves.fairness_curve_table(samples, grouped.labels, **options),
        "fairness.calibration": fairness_gaps.calibration_gap_table(
            samples, grouped.labels, groupings=grouped.groupings
        ),
        "fairness.intersections": fairness_intersections.intersection_table(samples, both, 630.0),
        "fairness.age": fairness_gaps.age_table(samples, "AGE", ages, 630.0),
        "performance.discrimination": discrimination.discrimination_table({"a": risks, "b": noisy}),
        "performance.comparison": discrimination.comparison_table("a", {"a": risks, "b": noisy}),
        "performance.roc": curves.roc_table(risks),
        "performance.measures": ranking_measures.measure_table({"a": samples}, generator=rng, cut_off=620.0),
        "performance.initial_auc": initial_auc.initial_auc_table({"a": samples}),
        "performance.cap": lift.cap_table(risks),
        "performance.precision_recall": precision_recall.precision_recall_table(risks),
        "performance.lift": lift.lift_table(samples),
        "performance.cut_offs": cut_offs.cut_off_table(samples, 620.0),
        "performance.score_bands": bands.score_band_table(samples, edges),
        "performance.score_distribution": bands.score_distribution(
            samples["development"].y, samples["development"].score
        ),
        "performance.calibration": calibration.calibration_table({"a": probabilities}),
        "performance.calibration_curve": calibration.calibration_curve(probabilities),
        "performance.reliability": reliability.reliability_table(probabilities, replicates=30),
        "performance.decomposition": decomposition.decomposition_table({"a": probabilities}, replicates=30),
        "performance.calibration_errors": decomposition.errors_table({"a": probabilities}, replicates=30),
        "performance.calibration_tests": calibration_test_table.calibration_tests_table({"a": probabilities}, 0.05),
        "performance.hosmer_lemeshow_groups": calibration_test_table.group_dependence_table(probabilities),
        "performance.subpopulations": subpopulations.subpopulation_table(samples, {"AGE": ages}),
        "samples.representativeness": representativeness.representativeness_table({"score": counts}),
        "stability.psi": stability.stability_table({"score": counts}),
        "stability.bins": stability.stability_bins_table({"score": counts}, {"score": [f"b{i}" for i in range(10)]}),
        "fairness.groups": fairness.fairness_group_table(samples, {"AGE": ages}),
        "fairness.adverse_impact": fairness.adverse_impact_table(samples, {"AGE": ages}, 630.0),
    }


TABLES = tables()
ELSEWHERE = {
    *("performance.level", "performance.ranking", "performance.mean_bands", "performance.mean_curve"),
    *("performance.lorenz", "performance.measure_groups", "fairness.measures"),
    "performance.baseline_differences",
    *("fairness.proxies", "fairness.proxy_models"),
    *("rules.hits", "rules.overlaps", "rules.decisions"),
    *("rating.validation", "rating.portfolio", "rating.concentration", "rating.figure", "rating.monotonicity"),
    *("rating.heterogeneity", "rating.homogeneity", "rating.migration", "rating.migration_summary"),
}
"""Made, and held against the catalogue, in tests of amounts and fractions, baselines, rules, grades and proxies."""


@pytest.mark.parametrize("pattern", TABLES)
def test_table_is_evidence(pattern: str) -> None:
    frame = TABLES[pattern]
    evidence = table(pattern, frame, notes=frame.attrs["notes"], chart=CHARTS.get(pattern))
    document = evidence.as_dict()
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    json.dumps(document, allow_nan=False)
    assert len(document["rows"]) == len(frame) > 0


def test_every_figure_of_this_room_has_a_chart() -> None:
    figures = {
        name
        for name, entry in catalogue().items()
        if entry.kind == "figure" and entry.producer.startswith("credit_risk.evaluation.")
    }
    assert figures == set(CHARTS)
    mine = {n for n, e in catalogue().items() if e.producer.startswith("credit_risk.evaluation.")}
    assert mine == set(TABLES) | ELSEWHERE
    for pattern, chart in CHARTS.items():
        named = [
            chart["x"],
            *chart["y"],
            chart.get("series"),
            chart.get("panels"),
            chart.get("lower"),
            chart.get("upper"),
        ]
        assert {name for name in named if name} <= {c["name"] for c in catalogue()[pattern].columns}


def test_two_runs_agree_to_the_last_bit() -> None:
    for pattern, again in tables().items():
        pd.testing.assert_frame_equal(TABLES[pattern], again, check_exact=True)
