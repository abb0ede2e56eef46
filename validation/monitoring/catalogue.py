"""What the format says of metrics that rules watch: their names, usual cuts, severities, and what they wait for."""

from __future__ import annotations

from typing import Any

TITLES = {
    "missing_share": "Missing values", "unseen_share": "Categories that development has not seen",
    "contract_breaches": "Rows outside the contract of data", "record_breaks": "Record that is wrong",
    "bad_partitions": "Partitions that cannot be read",
    "replay_differences": "Scores that the package does not reproduce", "auc_drop": "Fall of the AUC",
    "calibration_in_the_large": "Observed over expected", "score_psi": "Stability of the score",
    "characteristic_psi": "Stability of characteristics",
}  # fmt: skip
"""Of the metrics that the advice reads."""
LATE = frozenset(
    ("auc", "gini", "outcome_ks", "auc_drop", "early_auc_drop", "calibration_in_the_large", "calibration_slope",
     "grade_test", "early_arrears", "bad_rate", "profit", "profit_per_account", "loss")
)  # fmt: skip
"""Metrics that wait for outcomes: they are judged up to the last month that is evaluable."""
OF_FAIRNESS = frozenset(
    ("mean_probability", "auc", "gini", "auc_drop", "calibration_in_the_large", "approval_rate", "override_rate",
     "adverse_impact", "approved_share", "bad_rate")
)  # fmt: skip
"""Metrics that are asked of protected groups too."""
AT_ONCE = {"at_least": 1, "of": 1}
USUAL: tuple[dict[str, Any], ...] = (
    {"metric": "score_psi", "cut": ("above", 0.1, 0.25), "tested": True, "severities": ("low", "medium")},
    {"metric": "characteristic_psi", "cut": ("above", 0.1, 0.25), "tested": True, "severities": ("low", "medium")},
    {"metric": "mean_probability", "cut": ("away", 0.15, 0.3), "neutral": 1.0, "severities": ("low", "medium"),
     "binary": True},
    {"metric": "missing_share", "cut": ("away", 0.05, 0.1), "tested": True, "severities": ("medium", "high")},
    {"metric": "unseen_share", "cut": ("above", 0.01, 0.05), "severities": ("medium", "high")},
    {"metric": "contract_breaches", "cut": ("above", 0.001, 0.01), "severities": ("medium", "high"), "once": True},
    {"metric": "record_breaks", "cut": ("above", 1.0, 1.0), "severities": ("medium", "high"), "once": True},
    {"metric": "bad_partitions", "cut": ("above", 1.0, 1.0), "severities": ("medium", "high"), "once": True},
    {"metric": "replay_differences", "cut": ("above", 1.0, 1.0), "severities": ("critical", "critical"), "once": True},
    {"metric": "auc_drop", "cut": ("above", 0.03, 0.05), "tested": True, "severities": ("medium", "high"),
     "binary": True},
    {"metric": "calibration_in_the_large", "cut": ("away", 0.1, 0.25), "neutral": 1.0, "tested": True,
     "severities": ("medium", "high"), "binary": True},
)  # fmt: skip
"""Rules where a plan has no section on monitoring: side with yellow and red cuts, and severities of both."""


def usual_rules(*, binary: bool) -> list[dict[str, Any]]:
    """The usual rules as a plan tells rules; without `binary` those that any outcome has."""
    return [_rule(one) for one in USUAL if binary or not one.get("binary")]


def _rule(one: dict[str, Any]) -> dict[str, Any]:
    side, yellow, red = one["cut"]
    low, high = one["severities"]
    cut = {"side": side, "neutral": one.get("neutral", 0.0), "yellow": yellow, "red": red}
    head = {"id": one["metric"], "metric": one["metric"], "population": "all", "subjects": None, "cut": cut}
    told = {"frequency": None, "persistence": AT_ONCE if one.get("once") else None, "owner": None, "response": None}
    return {**head, **told, "beyond_chance": one.get("tested", False), "severity": high, "yellow_severity": low}
