"""Figures that tables tell a second time, rows that they lose or repeat: changed, the validator finds every one.

One package of each kind of model; all its changes are of other tables, so that one validation tells them apart.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.defects.bases import BASES, Base
from tests.contract.defects.consistent import run_base
from tests.credit_risk.lifecycle import test_segmented as segmented
from tests.credit_risk.lifecycle import test_two_stage as staged
from validation import Package, read_package, validate

SEGMENTED = Base("segmented", segmented.models(segmented.SEARCH), segmented.applications)
STAGED = Base("staged", staged.plan("bureau", "application", "trees", "bureau", "trees_on"), staged.portfolio)
Rows = list[list[Any]]
Change = Callable[[Rows, list[str]], object]


def cell(column: str, change: Callable[[Any], Any], row: int = 0, /, **where: object) -> Change:
    """One cell of the first row, or of row number `row` of those that are as `where` says."""

    def apply(rows: Rows, names: list[str]) -> None:
        known = [one for one in rows if all(one[names.index(name)] == value for name, value in where.items())]
        place = names.index(column)
        known[row][place] = change(known[row][place])

    return apply


def lost(row: int) -> Change:
    return lambda rows, names: rows.pop(row)


def repeated(row: int) -> Change:
    return lambda rows, names: rows.append(list(rows[row]))


def larger(value: float) -> float:
    return value * 1.3 + 0.001


def one_more(value: float) -> float:
    return value + 1


# table, change, what the finding names
CARD: list[tuple[str, Change, str]] = [
    ("scaling.parameters", cell("value", larger, 2), "value"),
    ("scaling.rounding_effect", cell("maximum_difference", larger, 1), "maximum_difference"),
    ("scorecard.points.card", cell("development_share", larger, 3), "development_share"),
    ("scorecard.coefficients.card", cell("sign_agrees", lambda v: not v, 2), "sign_agrees"),
    ("scorecard.fit.card", lost(0), "rows of the table"),
    ("scorecard.correlation.card", lost(2), "rows of the table"),
    ("classing.summary", cell("gini", larger, 1), "gini"),
    ("performance.score_bands", cell("upper", larger, 11), "upper"),
    ("stability.psi", cell("empty_cells", one_more, 4), "empty_cells"),
    ("explanation.importance.card", lost(1), "rows of the table"),
    ("explanation.dependence.card", lost(3), "rows of the table"),
    ("explanation.dependence_figure.card", cell("mean", larger, 1), "mean"),
    ("explanation.stability.card", cell("rank", one_more, 7), "rank in"),
    ("explanation.background", cell("mean_linear_score", larger), "mean linear score of card"),
    ("verification.coverage", cell("covered", lambda v: v - 1), "covered"),
    ("verification.exports", cell("written", lambda v: not v), "written"),
]
LATER: list[tuple[str, Change, str]] = [
    ("scaling.parameters", lost(4), "rows of the table"),
    ("scaling.rounding_effect", lost(1), "rows of the table"),
    ("scorecard.points.card", cell("bad_rate", larger, 3), "bad_rate"),
    ("scorecard.coefficients.card", cell("expected_sign", lambda v: "positive", 2), "expected_sign"),
    ("classing.summary", cell("special_share", larger, 0, characteristic="USED"), "special_share"),
    ("performance.score_bands", lost(11), "rows of the table"),
    ("explanation.importance.card", cell("rank", one_more, 1), "rank"),
    ("explanation.importance_figure.card", cell("share", larger, 1), "share"),
    ("explanation.stability.card", lost(7), "rows of the table"),
    ("verification.coverage", cell("cases", one_more, 1), "cases"),
    ("data.profile", cell("median", larger, column="USED"), "median"),
    ("data.conversions", cell("rows", one_more), "rows read as missing"),
    ("data.duplicates", cell("rows", one_more, 1), "rows"),
    ("data.leakage", cell("threshold", larger, 4), "thresholds"),
    ("explanation.background", cell("rows", lambda v: v - 7, 1), "applicants used for the reasons"),
    ("explanation.dependence_figure.card", cell("position", larger, 3), "position"),
]
WORDS: list[tuple[str, Change, str]] = [
    ("model.identity", cell("value", lambda v: "another", 5), "items"),
    ("outcome.definition", cell("value", lambda v: "PD", item="probability is called"), "items"),
    ("data.source", cell("value", lambda v: v[::-1], item="sha256"), "items"),
    ("classing.policy", cell("value", lambda v: v.replace("6", "8"), item="Bins of ordinary values"), "limits"),
    ("scorecard.points.card", cell("label", lambda v: v.replace("2", "3"), characteristic="DELAYS", bin_id=1), "label"),
    ("stability.psi", lost(4), "rows of the table"),
    ("samples.representativeness", cell("characteristic", lambda v: f"{v} of old", 3), "rows of the table"),
    ("fairness.error_rates", lost(3), "rows of the table"),
    ("fairness.proxies", lost(3), "rows of the table"),
    ("reasons.frequency", lost(2), "rows of the table"),
    ("performance.roc", cell("sample", lambda v: f"{v} of old", 200), "samples that there are"),
]
MUST = "rows that it must have"
LOST: list[tuple[str, Change, str]] = [
    ("classing.policy", lost(8), MUST),
    ("data.source", lost(1), MUST),
    ("rating.policy", lost(4), MUST),
    ("reasons.method", lost(7), MUST),
    ("reasons.agreement", lost(1), MUST),
    ("selection.stability", lost(2), MUST),
    ("classing.expectations", lost(1), MUST),
    ("fairness.proxy_models", lost(1), MUST),
    ("data.waterfall", lost(1), MUST),
    ("data.leakage", lost(5), MUST),
    ("performance.roc", lost(273), "points"),
    ("performance.cap", lost(273), "points"),
    ("performance.precision_recall", lost(182), "points"),
    ("calibration.map", lost(101), "even scores"),
    ("performance.score_distribution", lost(39), "classes of goods and bads"),
]
TREES: list[tuple[str, Change, str]] = [
    ("stability.psi", cell("psi", larger, quantity="USED"), "psi"),
    ("stability.bins", cell("actual_share", larger, quantity="INCOME"), "actual_share"),
    ("samples.representativeness", cell("psi", larger, characteristic="INCOME"), "psi"),
    ("explanation.dependence.trees", cell("mean", larger, characteristic="INCOME"), "mean"),
    ("boosting.parameters.trees", lost(12), MUST),
    ("boosting.constraints.trees", cell("auc_lower", lambda v: v + 0.02, 1), "auc_lower"),
    ("explanation.background", cell("base", larger, 1), "base of the reasons"),
]
SEGMENTS: list[tuple[str, Change, str]] = [
    ("segmentation.gain.seg", cell("auc_upper", larger, 1), "auc_upper"),
    ("segmentation.reasons.seg", cell("first", one_more), "first"),
    ("segmentation.search.seg", cell("left_rows", one_more), "rows of both sides"),
    ("performance.comparison", cell("lower", larger), "lower"),
    ("performance.baselines", cell("gini_lower", lambda v: v + 0.03, 1), "gini_lower"),
    ("performance.baseline_differences", cell("upper", lambda v: v + 0.01, 1), "middle of the bounds"),
    ("scorecard.points.seg.segment_1", cell("development_share", larger, 2), "development_share"),
]
STAGES: list[tuple[str, Change, str]] = [
    ("performance.comparison", lost(1), "rows of the table"),
    ("scorecard.points.bureau", lost(3), "rows of the table"),
    ("explanation.stability.trees_on", lost(1), "rows of the table"),
    ("two_stage.stages.bureau", lost(7), MUST),
    ("two_stage.offset_check.bureau", lost(1), "rows of the table"),
]
CASES = {
    "card": CARD,
    "later": LATER,
    "words": WORDS,
    "lost": LOST,
    "trees": TREES,
    "segmented": SEGMENTS,
    "staged": STAGES,
}


def mutated(package: Package, changes: list[tuple[str, Change, str]]) -> Package:
    evidence = dict(package.evidence)
    for table, change, _ in changes:
        item: Mapping[str, Any] = copy.deepcopy(evidence[table])
        change(item["rows"], [column["name"] for column in item["columns"]])
        evidence[table] = item
    return replace(package, evidence=evidence)


@pytest.fixture(scope="module")
def package_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Package]:
    made: dict[str, Package] = {}

    def package(name: str) -> Package:
        name = {"later": "card", "words": "card", "lost": "card"}.get(name, name)
        if name not in made:
            base = {"segmented": SEGMENTED, "staged": STAGED}.get(name) or BASES[name]
            folder: Path = run_base(base, tmp_path_factory.mktemp(name))
            made[name] = read_package(folder)
        return made[name]

    return package


@pytest.mark.parametrize("name", CASES)
def test_every_change_is_found(name: str, package_of: Callable[[str], Package]) -> None:
    changes = CASES[name]
    assert len({table for table, _, _ in changes}) == len(changes)
    run = validate(mutated(package_of(name), changes))
    tests = [one["test"] for one in run.findings["findings"] if one["severity"] != "observation"]
    for table, _, quantity in changes:
        assert any(one.startswith(f"{table}: {quantity}") for one in tests), f"{table}: {quantity} is not among {tests}"


SETTINGS: list[tuple[str, str, Any, str]] = [
    ("classing", "min_goods", 1.0, "classing.policy: numbers of the plan"),
    ("classing", "min_bads", 1.0, "classing.policy: numbers of the plan"),
    ("classing", "max_share", 0.9, "classing.policy: numbers of the plan"),
    ("classing", "max_p_value", 0.5, "classing.policy: numbers of the plan"),
    ("classing", "zero_cell", 1.0, "classing.policy: numbers of the plan"),
    ("classing", "special", "nearest_woe", "classing.policy: choices of the plan"),
    ("classing", "missing", "nearest_woe", "classing.policy: choices of the plan"),
    ("classing", "unseen", "worst", "classing.policy: choices of the plan"),
    ("classing", "trend", "auto", "classing.policy: rule of the trend"),
    ("classing", "max_prebins", 12, "data.leakage: Gini of the fine classes"),
    ("evaluation", "bands", 12, "performance.score_bands: edges that the plan asks for"),
    ("evaluation", "consistency_replicates", 500, "performance.decomposition: p-values of as many draws as planned"),
    ("rating_scale", "max_share", 0.5, "rating.policy: numbers of the plan"),
]
"""Section and setting of a plan that was changed alone, its new value, and the comparison that finds it."""


def test_a_plan_changed_alone_is_found(package_of: Callable[[str], Package]) -> None:
    package = package_of("card")
    plan: Any = copy.deepcopy(package.plan)
    for section, key, value, _ in SETTINGS:
        assert plan[section][key] != value
        plan[section][key] = value
    run = validate(replace(package, plan=plan))
    wrong: dict[str, int] = {}
    for one in run.comparisons:
        wrong[f"{one.area}: {one.quantity}"] = one.breaches
    found = [test for *_, test in SETTINGS]
    for test in found:
        assert wrong[test] >= min(found.count(test), 2), test
    assert wrong["classing.policy: numbers of the plan"] == found.count("classing.policy: numbers of the plan")
    assert wrong["classing.policy: choices of the plan"] == found.count("classing.policy: choices of the plan")
    idle = next(one for one in run.outcomes if one.test.startswith("plan.json: settings"))
    assert idle.outcome == "not_evaluable"  # what moved nothing is told
    assert "calibration.criterion" in str(idle.reason)


def test_a_row_told_twice_is_found(package_of: Callable[[str], Package]) -> None:
    tables = ("data.source", "rating.policy", "performance.calibration_tests")
    run = validate(mutated(package_of("card"), [(table, repeated(1), "") for table in tables]))
    found = next(one for one in run.findings["findings"] if one["test"] == "evidence: rows told once")
    assert found["severity"] == "medium"
    assert found["developer_value"] == len(tables)
    assert set(found["evidence"]) == set(tables)


def test_words_that_lead_nowhere_are_a_finding_and_stop_nothing(package_of: Callable[[str], Package]) -> None:
    changes = [
        ("performance.cut_offs", cell("basis", lambda v: f"{v} of another"), "cut offs"),
        ("performance.calibration_errors", cell("measure", lambda v: f"{v} of another"), "reliability"),
        ("fairness.error_rates", cell("measure", lambda v: f"{v} of another"), "fairness"),
        ("scaling.parameters", cell("value", larger, 2), ""),
    ]
    run = validate(mutated(package_of("card"), changes))
    found = {one["test"]: one["severity"] for one in run.findings["findings"]}
    assert found["scaling.parameters: value"] == "high"
    for _, _, area in changes[:-1]:
        assert found[f"evidence: what is told of {area}"] == "high"
    assert sum(one.outcome == "pass" for one in run.outcomes) > 250
