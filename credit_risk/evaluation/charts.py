"""The closed chart types (SPECIFICATION section 7) of the figures of this room: columns and titles, no drawing."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

CHARTS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "performance.roc": {
            "type": "line",
            "x": "false_positive_rate",
            "y": ["true_positive_rate"],
            "series": "sample",
            "x_title": "False positive rate (share of goods)",
            "y_title": "True positive rate (share of bads)",
            "reference": "diagonal",
        },
        "performance.cap": {
            "type": "line",
            "x": "row_share",
            "y": ["bad_share"],
            "series": "sample",
            "x_title": "Share of rows, the riskiest first",
            "y_title": "Share of bads",
            "reference": "diagonal",
        },
        "performance.precision_recall": {
            "type": "line",
            "x": "recall",
            "y": ["precision"],
            "series": "sample",
            "x_title": "Recall (share of bads called bad)",
            "y_title": "Precision (bad rate of those called bad)",
        },
        "performance.score_distribution": {
            "type": "step",
            "x": "score",
            "y": ["share"],
            "series": "outcome",
            "x_title": "Score",
            "y_title": "Share of goods, of bads",
        },
        "performance.calibration_curve": {
            "type": "interval",
            "x": "mean_probability",
            "y": ["bad_rate"],
            "series": "sample",
            "lower": "lower",
            "upper": "upper",
            "x_title": "Mean predicted probability",
            "y_title": "Observed bad rate",
            "reference": "diagonal",
        },
        "rating.figure": {
            "type": "bar_line",
            "x": "grade",
            "y": ["share"],
            "line": ["bad_rate"],
            "series": "series",
            "lower": "bad_rate_lower",
            "upper": "bad_rate_upper",
            "x_title": "Grade",
            "y_title": "Rows, share",
            "line_title": "Bad rate",
        },
        "performance.reliability": {
            "type": "line",
            "x": "probability",
            "y": ["recalibrated"],
            "series": "sample",
            "lower": "lower",
            "upper": "upper",
            "x_title": "Predicted probability",
            "y_title": "Recalibrated probability, and consistency band",
            "reference": "diagonal",
        },
        "performance.mean_curve": {
            "type": "interval",
            "x": "expected_mean",
            "y": ["observed_mean"],
            "series": "sample",
            "lower": "lower",
            "upper": "upper",
            "x_title": "Mean expected",
            "y_title": "Mean observed",
            "reference": "diagonal",
        },
        "performance.lorenz": {
            "type": "line",
            "x": "base_share",
            "y": ["outcome_share"],
            "series": "sample",
            "x_title": "Share of rows or exposure, lowest expected first",
            "y_title": "Share of the outcome",
            "reference": "diagonal",
        },
        "fairness.curves": {
            "type": "line",
            "x": "approval_rate",
            "y": ["adverse_impact_ratio"],
            "series": "group",
            "panels": "attribute",
            "x_title": "Approval rate of all",
            "y_title": "Adverse impact ratio",
            "reference": "one",
        },
    }
)
