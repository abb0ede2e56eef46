"""Changes of the evidence of calibration and of shifts, each of which the validator must find."""

from __future__ import annotations

from typing import Any

CURVE, PARTS = "performance.reliability", "performance.decomposition"
ERRORS, TESTS = "performance.calibration_errors", "performance.calibration_tests"
GROUPS, INDEX, BINS = "performance.hosmer_lemeshow_groups", "stability.psi", "stability.bins"

# evidence, column, row, change, and the quantity that the finding names
CASES: list[tuple[str, str, int, Any, str]] = [
    (CURVE, "probability", 3, lambda v: v + 1e-4, "probability"),
    (CURVE, "recalibrated", 5, lambda v: v + 1e-6, "recalibrated"),
    (CURVE, "lower", 20, lambda v: v - 0.2, "lower"),
    (CURVE, "lower", 20, lambda v: v + 0.1, "lower"),
    (CURVE, "upper", 20, lambda v: v + 0.2, "upper"),
    (CURVE, "upper", 20, lambda v: v - 0.1, "upper"),
    (CURVE, "block", 8, lambda v: v + 1, "block"),
    (CURVE, "block_rows", 8, lambda v: v + 1, "block_rows"),
    (CURVE, "outside", 0, lambda v: not v, "outside"),
    (CURVE, "sample", 0, lambda v: "another", "ends of blocks"),
    *((PARTS, c, 0, lambda v: v + 1e-6, c) for c in ("score", "miscalibration", "discrimination", "uncertainty")),
    *((PARTS, "chance_miscalibration", 0, lambda v, by=by: v * by, "chance_miscalibration") for by in (0.3, 3.0)),
    (PARTS, "p_value", 2, lambda v: v - 0.4, "p_value"),
    (PARTS, "rule", 0, lambda v: "log_loss", "rows of the table"),
    (ERRORS, "value", 4, lambda v: v + 1e-6, "value"),
    (ERRORS, "chance_mean", 0, lambda v: v * 1.5, "chance_mean"),
    (ERRORS, "chance_level", 1, lambda v: v * 4.0, "chance_level"),
    (ERRORS, "p_value", 0, lambda v: v - 0.5, "p_value"),
    (ERRORS, "sample", 0, lambda v: "another", "rows of the table"),
    (TESTS, "statistic", 5, lambda v: v + 0.01, "statistic"),
    *((TESTS, "p_value", row, lambda v: v * 0.99, "p_value") for row in (4, 5, 6, 7)),
    *((TESTS, "correlated_p_value", row, lambda v: v * 0.99, "correlated_p_value") for row in (4, 5, 6, 7)),
    (TESTS, "asset_correlation", 0, lambda v: v + 0.01, "asset_correlation"),
    (TESTS, "verdict", 7, lambda v: "fail", "verdict"),
    (TESTS, "test", 7, lambda v: "binomial", "rows of the table"),
    (GROUPS, "p_value", 3, lambda v: v * 0.99, "p_value"),
    (GROUPS, "statistic", 20, lambda v: v * 0.99, "statistic"),
    (GROUPS, "degrees", 0, lambda v: v + 2, "degrees"),
    (GROUPS, "made", 0, lambda v: v + 1, "made"),
    (GROUPS, "groups", 0, lambda v: 20, "numbers of groups"),
    *((INDEX, c, 1, lambda v: v + 1e-4, c) for c in ("p_value", "critical_value", "score_shift")),
    (INDEX, "tolerance_p_value", 1, lambda v: v - 1e-4, "tolerance_p_value"),
    (INDEX, "verdict", 1, lambda v: "review", "verdict"),
    *((BINS, c, 12, lambda v: v + 1e-4, c) for c in ("expected_share", "actual_share", "difference", "contribution")),
    *((BINS, c, 12, lambda v: v + 1e-2, c) for c in ("points", "score_shift")),
    (BINS, "label", 12, lambda v: "other", "label"),
    (BINS, "bin", 12, lambda v: v + 1, "bins"),
    (BINS, "quantity", 0, lambda v: "other", "bins"),
]
