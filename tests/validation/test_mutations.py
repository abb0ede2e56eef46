"""A good package passes; a package that was changed, with its hashes made right again, is found out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import statsmodels.api as sm
from toy_package import builders as b
from toy_package import scorecard
from toy_package.boosted import challenger

from validation import ValidationRun, read_package, validate


def severity(run: ValidationRun, test: str) -> str | None:
    """The severity of the finding of a test, or None where it has none."""
    for item in run.findings["findings"]:
        if item["test"] == test:
            return str(item["severity"])
    return None


def breaches(run: ValidationRun) -> dict[str, int]:
    return {f"{item.area}: {item.quantity}": item.breaches for item in run.comparisons if item.breaches}


def test_good_package_has_no_breach(good_package: Path) -> None:
    run = validate(read_package(good_package))
    assert breaches(run) == {}
    assert len(run.comparisons) > 45
    assert sum(item.compared for item in run.comparisons) > 10_000
    found = [item["test"] for item in run.findings["findings"] if item["severity"] != "observation"]
    assert found == ["battery: evidence is complete"]


def model(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    return lambda folder: b.change_json(folder, "model.json", change)


def table(name: str, row: int, column: int, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def apply(evidence: dict[str, Any]) -> None:
        evidence["rows"][row][column] = change(evidence["rows"][row][column])

    return lambda folder: b.change_json(folder, f"evidence/{name}.json", apply)


def predictions(column: str, change: Callable[[Any], Any], row: int = 17) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "predictions/out_of_sample.parquet"
        found = pq.read_table(path)
        values = found.column(column).to_pylist()
        values[row] = change(values[row])
        place = found.column_names.index(column)
        sink = io.BytesIO()
        pq.write_table(found.set_column(place, column, pa.array(values, found.schema.field(column).type)), sink)
        path.write_bytes(sink.getvalue())
        b.reseal(folder)

    return apply


def verification(text: str, other: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "verification.csv"
        content = path.read_text("utf-8")
        assert text in content
        path.write_text(content.replace(text, other, 1), "utf-8")
        b.reseal(folder)

    return apply


def nudge(value: float) -> float:
    """The smallest relative change that 1e-12 does not pass."""
    return value * (1 + 3e-12)


def _woe(document: dict[str, Any]) -> None:
    document["steps"][0]["bins"][1]["woe"] *= 1 + 1e-4


def _edge(document: dict[str, Any]) -> None:
    document["steps"][0]["bins"][0]["upper"] = document["steps"][0]["bins"][1]["lower"] = 27.0


def _coefficient(document: dict[str, Any]) -> None:
    document["steps"][2]["terms"][0]["coefficient"] *= 1 + 1e-4


def _points(document: dict[str, Any]) -> None:
    document["steps"][4]["characteristics"][0]["points"][2] += 1.0


def _factor(document: dict[str, Any]) -> None:
    document["steps"][4]["scaling"]["factor"] *= 1 + 1e-9


def _baseline(document: dict[str, Any]) -> None:
    document["steps"][5]["characteristics"][0]["baseline"] += 0.5


CASES = {
    "woe": (model(_woe), "model.json: WoE of the bins", "low"),
    "edge": (model(_edge), "classing.table: count", "high"),
    "edge moves rows": (model(_edge), "predictions toy development: linear_score", "low"),
    "coefficient": (model(_coefficient), "model.json: coefficients", "low"),
    "points": (model(_points), "model.json: points", "critical"),
    "scaling factor": (model(_factor), "scale step: factor and offset of toy", "low"),
    "baseline": (model(_baseline), "reasons step: baseline", "high"),
    "table woe": (table("classing.table.INCOME", 1, 10, lambda v: v + 2e-12), "classing.table: woe", "low"),
    "table count": (table("classing.table.REGION", 0, 3, lambda v: v + 1), "classing.table: count", "low"),
    "table rule": (
        table("classing.table.REGION", 0, 12, lambda v: "neutral"),
        "classing.table: rule of the WoE",
        "high",
    ),
    "information value": (table("classing.summary", 0, 5, nudge), "classing.summary: information_value", "low"),
    "share of a sample": (
        table("classing.samples.INCOME", 8, 4, nudge),
        "classing.samples: count_share",
        "low",
    ),
    "bad rate of a sample": (table("classing.samples.REGION", 4, 7, nudge), "classing.samples: bad_rate", "low"),
    "bound of a sample": (
        table("classing.samples.INCOME", 7, 9, lambda v: v + 1e-9),
        "classing.samples: bad_rate_upper",
        "low",
    ),
    "rate of too few rows": (
        table("classing.samples.REGION", 2, 7, lambda v: 0.2),
        "classing.samples: bad_rate",
        "high",
    ),
    "woe of a sample": (table("classing.samples.INCOME", 6, 10, lambda v: v + 3e-12), "classing.samples: woe", "low"),
    "gini of a sample": (
        table("classing.stability", 1, 9, lambda v: v + 1e-9),
        "classing.stability: gini",
        "low",
    ),
    "psi of a sample": (table("classing.stability", 2, 12, lambda v: v * 1.001), "classing.stability: psi", "low"),
    "rank order of a sample": (
        table("classing.stability", 0, 14, lambda v: not v),
        "classing.stability: rank_order_kept",
        "high",
    ),
    "bads of a month": (table("classing.periods.INCOME", 3, 6, lambda v: v + 1), "classing.periods: bad", "high"),
    "reversals of a month": (
        table("classing.period_stability", 4, 15, lambda v: v + 1),
        "classing.period_stability: reversals",
        "high",
    ),
    "name of a month": (
        table("classing.period_stability", 0, 1, lambda v: "2020-11"),
        "classing.period_stability: periods",
        "high",
    ),
    "figure": (
        table("classing.figure.INCOME", 2, 3, nudge),
        "classing.figure (against classing.samples): bad_rate",
        "low",
    ),
    "a loss that another edge contradicts": (
        table("classing.summary", 0, 6, lambda v: 0.0),
        "classing.summary: information value lost at most",
        "medium",
    ),
    "a loss that is none": (
        table("classing.summary", 0, 6, lambda v: 1.5),
        "classing.summary: information value lost at most",
        "medium",
    ),
    "samples": (table("samples.summary", 0, 4, lambda v: v + 1), "samples.summary: bad", "low"),
    "standard error": (
        table("scorecard.coefficients.toy", 1, 2, lambda v: v * 1.001),
        "scorecard.coefficients.toy: standard_error",
        "low",
    ),
    "p-value": (
        table("scorecard.coefficients.toy", 1, 4, lambda v: v + 0.01),
        "scorecard.coefficients.toy: p_value",
        "high",
    ),
    "likelihood": (
        table("scorecard.fit.toy", 0, 1, lambda v: v + 0.01),
        "scorecard.fit.toy: likelihood and criteria",
        "low",
    ),
    "points table": (table("scorecard.points.toy", 1, 5, lambda v: v + 1), "scorecard.points.toy: points", "high"),
    "auc": (table("performance.discrimination", 1, 4, lambda v: v + 1e-9), "performance.discrimination: auc", "low"),
    "ks": (table("performance.discrimination", 0, 10, lambda v: v + 1e-9), "performance.discrimination: ks", "low"),
    "brier": (table("performance.calibration", 0, 5, lambda v: v + 1e-6), "performance.calibration: brier", "low"),
    "linear score": (
        predictions("linear_score", nudge),
        "predictions toy out_of_sample: linear_score",
        "low",
    ),
    "probability": (predictions("probability", nudge), "predictions toy out_of_sample: probability", "low"),
    "score": (predictions("score", lambda v: v + 1), "predictions toy out_of_sample: score", "high"),
    "reason": (predictions("reason_1", lambda v: "R9"), "predictions toy out_of_sample: reasons", "critical"),
    "key": (predictions("_key", lambda v: v + 1), "predictions toy out_of_sample: keys", "critical"),
    "verification bin": (verification("case 0,,north,5,", "case 0,,north,4,"), "verification.csv: bin ids", "critical"),
}


@pytest.mark.parametrize("name", CASES)
def test_change_is_found(package: Path, name: str) -> None:
    change, test, expected = CASES[name]
    change(package)
    run = validate(read_package(package))
    assert severity(run, test) == expected
    assert run.recommendation == ("reject" if run.findings["counts"]["critical"] else "approve_with_conditions")


def plan(**classing: Any) -> Callable[[Path], None]:
    return lambda folder: b.change_json(folder, "plan.json", lambda document: document.update(classing=classing))


PLANS = {
    "missing is not where the plan puts it": (
        {"missing": "nearest_woe"},
        "model.json: place of special codes and missing",
        "critical",
    ),
    "of one characteristic": (
        {"characteristics": {"INCOME": {"special": "nearest_woe", "nearest_woe_below": 0.9}}},
        "model.json: place of special codes and missing",
        "critical",
    ),
    "unseen is not what the plan makes it": (
        {"unseen": "worst"},
        "model.json: weight of evidence of unseen categories",
        "critical",
    ),
    "an edge that the plan asks for is none": (
        {"characteristics": {"INCOME": {"fixed_splits": [33.0]}}},
        "classing: limits of the plan",
        "medium",
    ),
    "more bins than the plan allows": ({"max_bins": 3}, "classing: limits of the plan", "medium"),
    "bins that are too great": ({"max_share": 0.1}, "classing: limits of the plan", "medium"),
    "bins with too few bads": ({"min_bads": 1e4}, "classing: limits of the plan", "medium"),
    "bad rates that are too near": ({"min_rate_difference": 0.5}, "classing: limits of the plan", "medium"),
    "categories whose bad rates are too near": (
        {"characteristics": {"REGION": {"min_rate_difference": 0.5}}},
        "classing: limits of the plan",
        "medium",
    ),
    "bad rates that chance parts": ({"max_p_value": 1e-12}, "classing: limits of the plan", "medium"),
    "edges that are no candidates": (
        {"characteristics": {"INCOME": {"candidate_splits": [25.0, 40.0]}}},
        "classing: limits of the plan",
        "medium",
    ),
    "a group that is torn apart": (
        {"characteristics": {"REGION": {"groups": [["north", "south"]]}}},
        "classing: limits of the plan",
        "medium",
    ),
    "a fixed group that is no bin": (
        {"characteristics": {"REGION": {"fixed_groups": [["north"]]}}},
        "classing: limits of the plan",
        "medium",
    ),
    "another trend than the plan declares": (
        {"monotonic": {"INCOME": "valley"}},
        "classing.summary: trend that the plan declares",
        "high",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_classing_that_is_not_that_of_the_plan_is_found(package: Path, name: str) -> None:
    classing, test, expected = PLANS[name]
    plan(**classing)(package)
    assert severity(validate(read_package(package)), test) == expected


def test_an_order_that_the_bins_do_not_keep_is_found(package: Path) -> None:
    columns = {"REGION": {"order": ["north", "south", "west"]}}
    b.change_json(package, "plan.json", lambda document: document["data"].update(columns=columns))
    assert severity(validate(read_package(package)), "classing: limits of the plan") == "medium"


def test_limits_that_are_kept_pass(package: Path) -> None:
    own = {
        "INCOME": {"fixed_splits": [25.0], "candidate_splits": [40, 60.0]},
        "REGION": {"groups": [["north", "west"]]},
    }
    plan(max_bins=4, min_share=0.05, max_share=0.9, min_bads=5, max_p_value=1.0, characteristics=own)(package)
    run = validate(read_package(package))
    assert severity(run, "classing: limits of the plan") is None
    assert [o.compared for o in run.outcomes if o.test == "classing: limits of the plan"] == [2]


def test_a_share_that_is_too_great_keeps_missing_apart(package: Path) -> None:
    plan(missing="nearest_woe", special="nearest_woe", nearest_woe_below=1e-6)(package)
    assert breaches(validate(read_package(package))) == {}


def test_bad_rates_that_break_the_stated_trend_are_found(package: Path) -> None:
    def change(evidence: dict[str, Any]) -> None:
        column = [item["name"] for item in evidence["columns"]].index("trend")
        for row in evidence["rows"]:
            row[column] = "ascending"

    b.change_json(package, "evidence/classing.summary.json", change)
    assert severity(validate(read_package(package)), "classing: trend of the bad rate") == "medium"


def test_protected_column_in_the_model(package: Path) -> None:
    def change(plan: dict[str, Any]) -> None:
        plan["data"]["protected"] = {"EU": ["SEX"], "UK": ["REGION"]}

    b.change_json(package, "plan.json", change)
    run = validate(read_package(package))
    assert severity(run, "battery: protected column as input of toy") == "critical"
    assert run.recommendation == "reject"


def test_forbidden_column_in_the_model(package: Path) -> None:
    b.change_json(package, "plan.json", lambda plan: plan["data"].update(forbidden=["INCOME"]))
    assert severity(validate(read_package(package)), "battery: forbidden column as input of toy") == "critical"


def add_evidence(folder: Path, item: dict[str, Any]) -> None:
    name = f"evidence/{item['id']}.json"
    (folder / name).write_bytes(b.to_json(item))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = {}
    (folder / "manifest.json").write_bytes(b.to_json(manifest))
    b.reseal(folder)


def clustered(folder: Path, change: Callable[[list[Any], list[Any]], None]) -> None:
    """Give the rows of the snapshot clusters: `change` gets the samples and the clusters, all None."""
    path = folder / "data/snapshot.parquet"
    found = pq.read_table(path)
    clusters: list[Any] = [None] * found.num_rows
    change(found.column("_sample").to_pylist(), clusters)
    place = found.column_names.index("_cluster")
    sink = io.BytesIO()
    pq.write_table(found.set_column(place, "_cluster", pa.array(clusters, pa.string())), sink)
    path.write_bytes(sink.getvalue())
    b.reseal(folder)


def test_an_obligor_in_development_and_out_of_sample(package: Path) -> None:
    def change(samples: list[Any], clusters: list[Any]) -> None:
        for sample in ("development", "out_of_sample"):
            clusters[samples.index(sample)] = "one"

    clustered(package, change)
    run = validate(read_package(package))
    assert severity(run, "battery: development and out_of_sample share no cluster") == "critical"
    assert severity(run, "samples.clusters: samples") == "high"


def test_clusters_that_are_counted_wrongly(package: Path) -> None:
    rows = [["development", 2000, 2000, 1, None, None], ["out_of_sample", 1000, 999, 2, 0, 0]]
    add_evidence(package, b.evidence("samples.clusters", rows))
    assert severity(validate(read_package(package)), "samples.clusters: clusters") == "low"


def _pair_by_outcome(samples: list[Any], clusters: list[Any]) -> None:
    """Clusters of 8 rows of one sample and one outcome: far from independent."""
    y = b.population()["_outcome"]
    for sample in ("development", "out_of_sample"):
        for outcome in (0.0, 1.0):
            rows = [i for i, name in enumerate(samples) if name == sample and y[i] == outcome]
            for place, row in enumerate(rows):
                clusters[row] = f"{sample[0]}{outcome:g}-{place // 8}"


def _clustered_coefficients(folder: Path) -> list[list[Any]]:
    """Rows of scorecard.coefficients.toy with statsmodels' clustered inference in place of the independent one."""
    snapshot = pq.read_table(folder / "data/snapshot.parquet").to_pandas()
    model_ = json.loads((folder / "model.json").read_text("utf-8"))
    inside = snapshot["_sample"] == "development"
    columns = [np.ones(inside.sum())]
    for name, step in zip(("INCOME", "REGION"), model_["steps"], strict=False):
        bins = [scorecard.BIN_OF[name][0](value) for value in snapshot.loc[inside, name]]
        columns.append(np.array([step["bins"][number]["woe"] for number in bins]))
    codes = pd.factorize(snapshot.loc[inside, "_cluster"])[0]
    logit = sm.Logit(snapshot.loc[inside, "_outcome"].to_numpy(), np.column_stack(columns))
    fit = logit.fit(disp=0, tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": codes})
    rows = json.loads((folder / "evidence/scorecard.coefficients.toy.json").read_text("utf-8"))["rows"]
    bounds = fit.conf_int()
    numbers = zip(fit.bse, fit.tvalues, fit.pvalues, bounds[:, 0], bounds[:, 1], strict=True)
    return [[*row[:2], *map(float, found), *row[7:]] for row, found in zip(rows, numbers, strict=True)]


def test_standard_errors_of_independent_rows_passed_off_as_clustered(package: Path) -> None:
    clustered(package, _pair_by_outcome)
    rows = [["development", 2000, 251, 8, None, None], ["out_of_sample", 1000, 126, 8, 0, 0]]
    right = _clustered_coefficients(package)
    stated = [["covariance", "cluster"], ["G, clusters", "251"]]
    add_evidence(package, b.evidence("scorecard.covariance.toy", stated))
    add_evidence(package, b.evidence("samples.clusters", rows))
    run = validate(read_package(package))
    assert severity(run, "scorecard.coefficients.toy: standard_error") == "high"
    assert severity(run, "scorecard.coefficients.toy: p_value") == "low"  # 3e-7 for 1e-8: significant in both
    assert severity(run, "scorecard.covariance.toy: covariance") is None
    b.change_json(package, "evidence/scorecard.coefficients.toy.json", lambda item: item.update(rows=right))
    assert "scorecard.coefficients.toy: standard_error" not in breaches(validate(read_package(package)))
    passed_off = [[*row[:4], 0.04 if row[0] == "REGION" else row[4], *row[5:]] for row in right]
    b.change_json(package, "evidence/scorecard.coefficients.toy.json", lambda item: item.update(rows=passed_off))
    run = validate(read_package(package))
    assert severity(run, "scorecard.coefficients.toy: p_value") == "high"  # that a reader of a 1 % level acts on


def test_a_covariance_that_the_plan_did_not_mean(package: Path) -> None:
    clustered(package, _pair_by_outcome)
    add_evidence(
        package, b.evidence("scorecard.covariance.toy", [["covariance", "nonrobust"], ["G, clusters", "2000"]])
    )
    run = validate(read_package(package))
    assert severity(run, "scorecard.covariance.toy: covariance") == "high"
    assert severity(run, "scorecard.covariance.toy: G, clusters") == "high"


def test_independent_rows_declared_where_obligors_repeat(package: Path) -> None:
    def declare(plan: dict[str, Any]) -> None:
        plan["models"] = [{"id": "card", "type": "scorecard", "champion": True, "covariance": "nonrobust"}]

    clustered(package, _pair_by_outcome)
    b.change_json(package, "plan.json", declare)
    run = validate(read_package(package))
    assert severity(run, "battery: standard errors allow for rows of one obligor") == "medium"
    assert "scorecard.coefficients.toy: standard_error" not in breaches(run)


def test_undisclosable_column_in_the_model(package: Path) -> None:
    told = {"INCOME": {"disclosable": False}, "REGION": {"disclosable": True}}
    b.change_json(package, "plan.json", lambda plan: plan["data"].update(columns=told))
    run = validate(read_package(package))
    assert severity(run, "battery: undisclosable column as input of toy") == "critical"
    assert run.recommendation == "reject"


def test_text_that_is_not_provided(package: Path) -> None:
    missing = b.evidence("authored.purpose", kind="not_provided", reason="the plan has none")
    b.change_json(package, "evidence/authored.purpose.json", lambda _: missing)
    assert severity(validate(read_package(package)), "battery: purpose is stated") == "medium"


def test_discrimination_that_is_not_stated(package: Path) -> None:
    b.change_json(package, "evidence/performance.discrimination.json", lambda item: item["rows"].__delitem__(1))
    run = validate(read_package(package))
    assert severity(run, "performance.discrimination: toy out_of_sample") == "medium"


def test_coefficients_that_are_not_stated(package: Path) -> None:
    (package / "evidence/scorecard.coefficients.toy.json").unlink()
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    del manifest["files"]["evidence/scorecard.coefficients.toy.json"]
    (package / "manifest.json").write_bytes(b.to_json(manifest))
    found = validate(read_package(package)).findings["findings"]
    (incomplete,) = [item for item in found if item["test"] == "battery: evidence is complete"]
    assert "scorecard.coefficients.toy" in incomplete["statement"]
    assert "scorecard.coefficients.toy" not in incomplete["evidence"]  # what is missing cannot be looked up


def test_trees_are_scored_again(package: Path) -> None:
    challenger(package)
    assert breaches(validate(read_package(package))) == {}


def test_changed_leaf_is_found(package: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["steps"][0]["trees"][0]["value"][3] += 1e-11

    challenger(package, change)
    assert severity(validate(read_package(package)), "predictions trees development: linear_score") == "low"


def test_broken_trend_is_found(package: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["steps"][0]["trees"][0]["value"][4] = 0.9

    challenger(package, change)
    test = "boosting.monotonicity.trees: violations of the stated direction"
    assert severity(validate(read_package(package)), test) == "high"


def test_direction_that_was_mined_is_told(package: Path) -> None:
    challenger(package)
    test = "boosting.constraints.trees: directions are declared"
    assert severity(validate(read_package(package)), test) == "observation"


@pytest.mark.parametrize(
    ("plan", "row", "test"),
    [
        ("ascending", {}, "directions that the plan declares"),
        ("descending", {}, "directions that the plan declares"),
        (None, {4: "plan, expectation"}, "directions that the plan declares"),
        (None, {6: 0.7}, "auc"),
        (None, {0: "woe(INCOME)"}, "features"),
    ],
)
def test_directions_are_held_against_the_plan(package: Path, plan: str | None, row: dict[int, Any], test: str) -> None:
    challenger(package)
    if plan is not None:
        b.change_json(package, "plan.json", lambda p: p["data"].update(columns={"INCOME": {"expected_trend": plan}}))
    for place, value in row.items():
        table("boosting.constraints.trees", 0, place, lambda _, value=value: value)(package)
    assert f"boosting.constraints.trees: {test}" in breaches(validate(read_package(package)))


def test_declared_direction_that_is_kept_passes(package: Path) -> None:
    challenger(package)
    b.change_json(package, "plan.json", lambda p: p.update(classing={"monotonic": {"INCOME": "descending"}}))
    table("boosting.constraints.trees", 0, 4, lambda _: "plan, classing")(package)
    table("classing.summary", 0, 2, lambda _: "descending")(package)
    run = validate(read_package(package))
    assert breaches(run) == {}
    assert severity(run, "boosting.constraints.trees: directions are declared") is None


@pytest.mark.parametrize(("column", "name"), [(2, "thresholds"), (3, "leaf_pairs"), (4, "violations")])
def test_proof_that_is_stated_otherwise_is_found(package: Path, column: int, name: str) -> None:
    challenger(package)
    table("boosting.monotonicity.trees", 0, column, lambda value: value + 1)(package)
    assert f"boosting.monotonicity.trees: {name}" in breaches(validate(read_package(package)))
