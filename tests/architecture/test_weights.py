"""Weights everywhere: every public estimator and every public function of rows takes them, or says why it has none."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import credit_risk as cr
from credit_risk import evaluation
from credit_risk.evaluation import ScoredSample

OF_COUNTS = {
    *("adverse_impact_ratio", "binomial_p_value", "jeffreys_interval", "jeffreys_p_value", "wilson_interval"),
    *("correlation_of_cohorts",),
    *("pluto_tasche", "population_stability_index", "stability_table", "weight_of_evidence"),
    *("capped_probability", "correlated_binomial_p_value", "correlated_jeffreys_p_value", "mixed_chi_square"),
    *("mid_p_value", "ratio_score_interval"),
    *("concentration", "concentration_table", "concentration_test", "matrix_weighted_bandwidth", "migration_table"),
    *("stability_bins_table", "stability_tests"),
    *("multi_period_normal_test", "portfolio_normal_test", "vasicek_quantile"),
    *("hanley_mcneil_standard_error", "initial_auc_test", "association"),
}
"""Counts go in, which may be weighted, or scaled to effective rows (`bin_counts` does it)."""
OF_SAMPLES = {
    *("adverse_impact_table", "fairness_group_table", "score_band_table"),
    *("cut_off_table", "initial_auc_table", "lift_table", "measure_table"),
    *("grade_validation_table", "portfolio_table", "grade_concentration_table"),
    *("monotonicity_table", "heterogeneity_table", "homogeneity_table"),
    *("error_rate_table", "calibration_gap_table", "fairness_curve_table", "intersection_table", "age_table"),
    *("subpopulation_table",),
    *("reference_by_score", "proxy_table", "proxy_model_table", "search_alternatives"),
}
"""Samples go in, which hold their weights (`ScoredSample`, `GradedSample`, `ProxySample`, `SearchPart`)."""
OF_NO_ROWS = {
    "bayes_odds_shift": "two rates",
    "linear_shapley": "the background is given by its means",
    "group_attributes": "groups are values, or quantile bands of rows by declared convention",
    "holm": "p-values go in and come out",
    "intersect": "groups of rows go in and come out",
    "jurisdiction_table": "a registry",
    "margin_of_error": "a long-run average with its error",
    "with_margin": "each probability by itself",
    "period_labels": "dates go in, labels come out",
    "protected_grouping": "groups are values, or quantile bands of rows by declared convention",
    **dict.fromkeys(
        ("adverse_action", "check_plan", "compile_model", "develop", "read_package", "read_plan"), "a plan"
    ),
    **dict.fromkeys(("run_plan", "write_zip"), "a plan or a package"),
    **dict.fromkeys(("check_parity", "export_package", "write_exports"), "a package"),
    **dict.fromkeys(
        ("monitor", "monitor_package", "open_production", "prediction_log", "read_reference", "same_names"),
        "a package, and production as it was decided",
    ),
    "read_alerts": "a log",
}


def functions() -> dict[str, Callable[..., Any]]:
    rooms = [(cr, [name for name in cr.__all__ if name != "__version__"]), (evaluation, evaluation.__all__)]
    found = {name: getattr(room, name) for room, names in rooms for name in names}
    return {name: one for name, one in found.items() if inspect.isfunction(one)}


def estimators() -> list[type[BaseEstimator]]:
    found: dict[str, type[BaseEstimator]] = {}
    for module in pkgutil.walk_packages(cr.__path__, "credit_risk."):
        if module.name.endswith("__main__"):
            continue
        for name, one in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(one) and issubclass(one, BaseEstimator) and one.__module__.startswith("credit_risk"):
                found[name] = one
    return [one for name, one in sorted(found.items()) if not name.startswith("_") and hasattr(one, "fit")]


def test_estimators_are_found() -> None:
    assert {"Binner", "WoeTransformer", "MonotoneBoostingClassifier"} <= {one.__name__ for one in estimators()}


@pytest.mark.parametrize("estimator", estimators(), ids=lambda one: one.__name__)
def test_every_estimator_is_fitted_and_judged_with_weights(estimator: type[BaseEstimator]) -> None:
    for method in ("fit", "score"):
        if hasattr(estimator, method):
            assert "sample_weight" in inspect.signature(getattr(estimator, method)).parameters, method


def test_every_function_of_rows_takes_weights() -> None:
    known = OF_COUNTS | OF_SAMPLES | set(OF_NO_ROWS)
    without = {name for name, one in functions().items() if "weights" not in inspect.signature(one).parameters}
    assert without == known


def test_samples_hold_their_weights() -> None:
    random = np.random.default_rng(5)
    y, score, group = (
        random.integers(0, 2, 300).astype(float),
        random.normal(600, 40, 300),
        random.choice(["a", "b"], 300),
    )
    w = np.where(y == 1, 3.0, 1.0)
    tables = []
    for weights in (None, w):
        sample = {"development": ScoredSample(y, score, np.full(300, 0.5), weights=weights)}
        columns = {"G": {"development": group}}
        bands = evaluation.score_band_table(sample, [590.0, 610.0])
        groups = evaluation.fairness_group_table(sample, columns)
        impact = evaluation.adverse_impact_table(sample, columns, 600.0)
        tables.append((bands["bad_rate"], groups["bad_rate"], impact["approval_rate"]))
    for plain, weighted in zip(*tables, strict=True):
        assert not np.allclose(plain, weighted)
        assert isinstance(weighted, pd.Series)
