"""A calibration or its evidence that was changed, its hashes made right again, is found by the validator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk import read_package
from credit_risk.calibration import fit_map
from credit_risk.scoring import compile_model
from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import PLAN, done, frame, portfolio

TEXT = PLAN + (
    "models:\n  - {id: card, type: scorecard, champion: true}\n"
    "  - {id: free, type: scorecard, characteristics: [INCOME]}\n"
    "selection: {method: all}\nsamples: {out_of_sample: 0.3, calibration: 0.3}\n"
    "evaluation: {baselines: false}\n"
)
STAGED = TEXT.replace("  - {id: card, type: scorecard, champion: true}\n", "").replace(
    "{id: free, type: scorecard, characteristics: [INCOME]}\n",
    "{id: first, type: scorecard, characteristics: [INCOME]}\n"
    "  - {id: card, type: scorecard, champion: true, offset: {model: first}}\n",
)
LOGISTIC, STEPS = "calibration: {methods: [logistic, beta], folds: 3}\n", "calibration: {methods: [isotonic]}\n"
CHANGES: list[tuple[str, str, int, Callable[[Any], Any], str]] = [
    ("samples", "fits_calibration", 1, lambda v: not v, "what is fitted on each sample"),
    ("samples", "calibration_tests", 1, lambda v: "independent", "what is fitted on each sample"),
    ("method", "sample", 0, lambda v: "out_of_sample", "sample"),
    ("method", "rows", 0, lambda v: v + 1, "rows"),
    ("method", "bads", 0, lambda v: v + 1, "bads"),
    *(("method", c, 0, lambda v: v * 1.0001, c) for c in ("bad_rate", "mean_before", "mean_after", "brier_after")),
    *(("method", c, 1, lambda v: v * 1.0001, c) for c in ("log_loss_before", "log_loss_after", "brier_before")),
    ("parameters", "estimate", 0, lambda v: v * 1.001, "estimate"),
    ("parameters", "standard_error", 1, lambda v: v * 1.001, "standard_error"),
    ("parameters", "robust_standard_error", 1, lambda v: v * 1.001, "robust_standard_error"),
    ("parameters", "at_bound", 0, lambda v: not v, "bounds"),
    ("choice", "mean", 0, lambda v: v * 1.0001, "mean"),
    ("choice", "standard_error", 1, lambda v: v * 1.0001, "standard_error"),
    ("choice", "difference", 0, lambda v: v + 0.0001, "difference"),
    ("choice", "difference_standard_error", 0, lambda v: v + 0.0001, "difference_standard_error"),
    ("choice", "chosen", 0, lambda v: not v, "chosen"),
    ("folds", "value", 3, lambda v: v * 1.0001, "value"),
    ("folds", "rows", 2, lambda v: v + 1, "rows"),
    ("folds", "bads", 2, lambda v: v + 1, "bads"),
    ("order", "order", 0, lambda v: "non decreasing", "order"),
    ("order", "distinct_scores", 0, lambda v: v + 1, "distinct scores"),
    ("order", "distinct_probabilities", 0, lambda v: v - 1, "distinct probabilities"),
    ("order", "merged", 0, lambda v: v + 1, "merged"),
    ("map", "probability", 150, lambda v: v * 1.001, "probability"),
    ("map", "linear_score", 0, lambda v: v - 1.0, "range of the linear score"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("calibrated"), TEXT + LOGISTIC, portfolio(900), "--no-validation")


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("stepped"), TEXT + STEPS, portfolio(900), "--no-validation")


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = "calibration: {methods: [logistic], target: 0.2}\n"
    return done(tmp_path_factory.mktemp("anchored"), TEXT + spec, portfolio(900), "--no-validation")


@pytest.mark.parametrize("column", ["target", "shift", "mean_before", "mean_after", "odds_shift", "mean_by_odds_shift"])
def test_changed_anchors_are_found(anchored: Path, tmp_path: Path, column: str) -> None:
    change = cell(0, column, lambda v: v * 1.0001)
    found = failures(altered(anchored, tmp_path / "package", "evidence/calibration.anchor.json", change))
    assert f"calibration.anchor: {column}" in found


def test_an_anchor_that_misses_the_target_is_found(anchored: Path, tmp_path: Path) -> None:
    """Bayes' rule in place of the solved shift."""
    assert failures(anchored) == {}
    row = frame(anchored, "calibration.anchor").iloc[0]

    def change(item: Any) -> None:
        step = next(step for step in item["steps"] if step.get("method") == "intercept_shift")
        assert step["shift"] == pytest.approx(row["shift"], abs=1e-12)
        step["shift"] = row["odds_shift"]

    found = failures(altered(anchored, tmp_path / "package", "model.json", change))
    assert found["calibration.anchor: published mean of the probability"] == "high"


MOMENTS = (
    *("rows", "target_rate", "mean_before", "mean_after", "bad_rate", "target_auc", "auc_before", "auc_after"),
    *("observed_auc", "slope", "intercept"),
)


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = "calibration: {quasi_moments: {rate: 0.2, auc: 0.72}}\n"
    return done(tmp_path_factory.mktemp("moments"), TEXT + spec, portfolio(900), "--no-validation")


def test_changed_quasi_moments_are_found(moments: Path, tmp_path: Path) -> None:
    """Every column is a check of its own, so that all may be changed in one package."""
    assert failures(moments) == {}

    def change(item: Any) -> None:
        for column in MOMENTS:
            cell(1, column, lambda v: v + 1 if isinstance(v, int) else v * 1.0001)(item)

    found = failures(altered(moments, tmp_path / "package", "evidence/calibration.quasi_moments.json", change))
    assert {f"calibration.quasi_moments: {column}" for column in MOMENTS} <= set(found)


def test_a_slope_or_a_target_that_is_not_matched_is_found(moments: Path, tmp_path: Path) -> None:
    """A slope a thousandth off keeps neither the mean nor the AUC; a target that the plan does not name."""
    row = frame(moments, "calibration.quasi_moments").set_index("model").loc["card"]

    def target(item: Any) -> None:
        item["calibration"]["quasi_moments"]["auc"] = 0.73

    slope = with_map(slope=float(row["slope"]) * 1.001)
    for file, change, severity in (("model.json", slope, "low"), ("plan.json", target, "critical")):
        found = failures(altered(moments, tmp_path / file, file, change))
        assert found["model.json: calibrated probability"] == severity
        assert "calibration.quasi_moments: published implied AUC" in found


BANDS = (
    "[{upper: 2400, rate: 0.5, count: 900, share: 0.5}, {lower: 2400, upper: 3600, rate: 0.3, count: 800, share: 0.3}, "
    "{lower: 3600, rate: 0.2, count: 300, share: 0.2}]"
)
EXTERNAL_FIT = (
    *("slope", "slope_standard_error", "intercept", "intercept_standard_error", "statistic", "p_value"),
    *("rows", "unbanded", "unscored", "degrees", "mean_before", "mean_after"),
)
EXTERNAL = (
    *("rows", "share", "external_rate", "external_count", "external_share", "mean_before", "mean_after"),
    *("difference", "relative_difference", "standardised_difference"),
)


@pytest.fixture(scope="module")
def external(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = f"{{column: INCOME, source: A bureau, date: 2025-01-31, method: line, bands: {BANDS}}}"
    text = TEXT + f"calibration: {{external: {spec}}}\n"
    return done(tmp_path_factory.mktemp("external"), text, portfolio(900), "--no-validation")


@pytest.mark.parametrize(("name", "columns"), [("external_fit", EXTERNAL_FIT), ("external", EXTERNAL)])
def test_changed_external_rates_are_found(external: Path, tmp_path: Path, name: str, columns: tuple[str, ...]) -> None:
    """Every column is a check of its own, so that all may be changed in one package."""

    def change(item: Any) -> None:
        for column in columns:
            cell(1, column, lambda v: v + 1 if isinstance(v, int) else v * 1.0001)(item)

    found = failures(altered(external, tmp_path / "package", f"evidence/calibration.{name}.json", change))
    assert {f"calibration.{name}: {column}" for column in columns} <= set(found)


def test_a_line_that_is_not_that_of_the_external_rates_is_found(external: Path, tmp_path: Path) -> None:
    """A slope a thousandth off; external rates that the plan does not name; a band left out."""
    assert failures(external) == {}
    fit = frame(external, "calibration.external_fit").set_index("model")

    def rate(item: Any) -> None:
        item["calibration"]["external"]["bands"][0]["rate"] = 0.31

    slope = with_map(slope=float(fit.loc["card", "slope"]) * 1.001)
    for file, change, severity in (("model.json", slope, "low"), ("plan.json", rate, "critical")):
        found = failures(altered(external, tmp_path / file, file, change))
        assert found["model.json: calibrated probability"] == severity
    found = failures(
        altered(external, tmp_path / "less", "evidence/calibration.external.json", lambda item: item["rows"].pop())
    )
    assert "calibration.external: models and bands" in found


def test_the_packages_as_made_have_no_finding(good: Path, stepped: Path) -> None:
    assert failures(good) == {}
    assert failures(stepped) == {}


@pytest.fixture(scope="module", params=["logistic", "isotonic", "external"])
def later(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A champion that is no first candidate of the plan, here the second stage of the candidate before it."""
    external = f"{{column: INCOME, source: A bureau, date: 2025-01-31, bands: {BANDS}}}"
    given = {"external": f"{{external: {external}}}"}.get(request.param, f"{{methods: [{request.param}]}}")
    text = STAGED + f"calibration: {given}\n"
    package = done(tmp_path_factory.mktemp("later"), text, portfolio(900), "--no-validation")
    return {"logistic": "parameters", "isotonic": "knots"}.get(request.param, request.param), package


def test_tables_are_compared_by_model_in_whatever_order(later: tuple[str, Path], tmp_path: Path) -> None:
    """Rows stand as the plan lists the models; turned about they tell the same, repeated or exchanged they do not."""
    name, package = later
    assert failures(package) == {}
    table = frame(package, f"calibration.{name}")
    assert list(dict.fromkeys(table["model"])) == ["first", "card"]
    assert (table["model"] == "card").sum() > 1

    def repeat(item: Any) -> None:
        item["rows"].append(item["rows"][-1])

    def exchange(item: Any) -> None:
        other = {"first": "card", "card": "first"}
        item["rows"] = [[other.get(value, value) for value in row] for row in item["rows"]]

    file = f"evidence/calibration.{name}.json"
    assert failures(altered(package, tmp_path / "turned", file, lambda item: item["rows"].reverse())) == {}
    for change in (repeat, exchange):
        found = failures(altered(package, tmp_path / change.__name__, file, change))
        assert any(test.startswith(f"calibration.{name}: ") for test in found)


@pytest.mark.parametrize(("name", "column", "row", "change", "quantity"), CHANGES)
def test_changed_evidence_is_found(
    good: Path, tmp_path: Path, name: str, column: str, row: int, change: Callable[[Any], Any], quantity: str
) -> None:
    file = f"evidence/calibration.{name}.json"
    found = failures(altered(good, tmp_path / "package", file, cell(row, column, change)))
    assert f"calibration.{name}: {quantity}" in found


def test_changed_knots_are_found(stepped: Path, tmp_path: Path) -> None:
    for column, quantity in (("from_linear_score", "linear score"), ("probability", "probability")):
        change = cell(1, column, lambda v: v * 1.001)
        found = failures(altered(stepped, tmp_path / column, "evidence/calibration.knots.json", change))
        assert f"calibration.knots: {quantity}" in found


def with_map(**given: float) -> Callable[[Any], None]:
    """Other parameters of the logistic map in a model.json."""

    def change(item: Any) -> None:
        step = next(step for step in item["steps"] if step["type"] == "calibrate")
        assert set(given) <= set(step)
        step.update(given)

    return change


def fitted(package: Path, sample: str, score: str = "card") -> dict[str, float]:
    """The logistic map that a sample gives to the linear scores of a candidate."""
    held = read_package(package)
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    rows = snapshot[snapshot["_sample"] == sample]
    document = held.model if score == "card" else held.challengers[score]
    linear = compile_model(document).score(rows)["linear_score"].to_numpy()
    found = fit_map("logistic", linear, rows["_outcome"].to_numpy()).map.as_dict()
    return {key: found[key] for key in ("slope", "intercept")}


def test_the_maps_of_the_package_are_logistic(good: Path) -> None:
    """What the mutations below rest on."""
    step = next(s for s in read_package(good).model["steps"] if s["type"] == "calibrate")
    assert {key: step[key] for key in ("slope", "intercept")} == pytest.approx(fitted(good, "calibration"), abs=1e-12)


def test_an_altered_slope_is_found(good: Path, tmp_path: Path) -> None:
    slope = fitted(good, "calibration")["slope"]
    found = failures(altered(good, tmp_path / "package", "model.json", with_map(slope=slope * 1.001)))
    assert found["model.json: calibrated probability"] == "low"


def test_a_stale_calibration_is_found(good: Path, tmp_path: Path) -> None:
    """Fitted to the scores of another model."""
    stale = fitted(good, "calibration", "free")
    found = failures(altered(good, tmp_path / "package", "model.json", with_map(**stale)))
    assert found["model.json: calibrated probability"] == "critical"


@pytest.mark.parametrize("sample", ["out_of_sample", "development"])
def test_a_calibration_of_a_sample_that_is_told_as_independent_is_found(
    good: Path, tmp_path: Path, sample: str
) -> None:
    other = fitted(good, sample)
    found = failures(altered(good, tmp_path / "package", "model.json", with_map(**other)))
    assert found["calibration.method: sample of the calibration of card"] == "critical"


def test_a_probability_that_is_calibrated_though_the_plan_asks_for_none_is_found(good: Path, tmp_path: Path) -> None:
    def change(item: Any) -> None:
        item["calibration"]["methods"] = ["none"]

    found = failures(altered(good, tmp_path / "package", "plan.json", change))
    assert "model.json: probability without calibration" in found
