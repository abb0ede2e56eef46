"""Changes of the files and the evidence of reject inference, each of which the validator must find."""

from __future__ import annotations

from typing import Any

DECISIONS, MODEL = "reject_inference.decisions", "reject_inference.acceptance_model"
POWER, WEIGHTS = "reject_inference.acceptance_power", "reject_inference.weights"

# evidence, column, row, change, and the quantity that the finding names
TABLES: list[tuple[str, str, int, Any, str]] = [
    *((DECISIONS, c, 1, lambda v: v + 1, c) for c in ("rows", "known", "bad")),
    (DECISIONS, "share", 0, lambda v: v * 1.001, "share"),
    (DECISIONS, "bad_rate", 0, lambda v: v * 1.001, "bad_rate"),
    (DECISIONS, "decision", 0, lambda v: "rejected", "decision"),
    (DECISIONS, "status", 0, lambda v: "withdrawn", "rows"),
    *((MODEL, c, 1, lambda v: v * 1.001, c) for c in ("coefficient", "standard_error", "z", "lower", "upper")),
    (MODEL, "p_value", 0, lambda v: v + 0.01, "p_value"),
    (MODEL, "term", 1, lambda v: "other", "terms"),
    (MODEL, "bins", 1, lambda v: v + 1, "bins"),
    *((POWER, c, 0, lambda v: v + 1, c) for c in ("applicants", "rejected")),
    *((POWER, c, 0, lambda v: v - 0.001, c) for c in ("accept_rate", "mean_acceptance", "auc", "lower", "upper")),
    (POWER, "sample", 0, lambda v: "out_of_time_before", "rows"),
    *((WEIGHTS, c, 0, lambda v: v + 1, c) for c in ("rows", "known_rows", "inferred_rows")),
    *((WEIGHTS, c, 1, lambda v: v * 1.001, c) for c in ("least", "p05", "median", "p95", "greatest")),
    *((WEIGHTS, c, 1, lambda v: v * 1.001, c) for c in ("known_weight", "effective_rows", "effective_share")),
    *((WEIGHTS, c, 0, lambda v: v * 1.001, c) for c in ("inferred_weight", "inferred_bad_rate")),
    (WEIGHTS, "trimmed_rows", 1, lambda v: v + 1, "trimmed_rows"),
    (WEIGHTS, "trimmed_share", 1, lambda v: v + 0.001, "trimmed_share"),
    (WEIGHTS, "method", 0, lambda v: "extrapolation", "methods"),
]

OVERLAP, BANDS, BALANCE = (f"reject_inference.{name}" for name in ("overlap", "overlap_bands", "balance"))
SUPPORT, JOINT = "reject_inference.support", "reject_inference.joint_support"
SENSITIVITY, TIPPING = "reject_inference.sensitivity", "reject_inference.tipping"
DIAGNOSIS: list[tuple[str, str, int, Any, str]] = [
    *((OVERLAP, "value", row, lambda v: v + 0.001, "value") for row in range(9)),
    *((OVERLAP, c, 0, lambda v: v + 0.001, c) for c in ("lower", "upper")),
    (OVERLAP, "measure", 3, lambda v: "other", "measures"),
    *((BANDS, c, 5, lambda v: v + 1, c) for c in ("rows", "accepted", "rejected", "known", "bad")),
    *((BANDS, c, 5, lambda v: v * 1.001, c) for c in ("share", "acceptance_rate", "mean_acceptance", "bad_rate")),
    *((BANDS, c, 5, lambda v: v * 1.001, c) for c in ("bad_rate_lower", "bad_rate_upper", "least", "greatest")),
    *((BALANCE, c, 0, lambda v: v + 0.001, c) for c in ("mean_applicants", "mean_known", "mean_reweighted")),
    *((BALANCE, c, 1, lambda v: v + 0.001, c) for c in ("difference_known", "difference_reweighted")),
    *((SUPPORT, c, 0, lambda v: v + 0.001, c) for c in ("known_least", "known_greatest", "rejected_below")),
    *((SUPPORT, c, 0, lambda v: v + 0.001, c) for c in ("rejected_above", "rejected_missing_unseen")),
    *((SUPPORT, c, 0, lambda v: v + 0.001, c) for c in ("rejected_unseen", "rejected_in_sparse", "rejected_outside")),
    *((SUPPORT, c, 0, lambda v: v + 1, c) for c in ("bins", "sparse_bins")),
    (SUPPORT, "kind", 0, lambda v: "category", "kind"),
    *((JOINT, c, 1, lambda v: v + 0.001, c) for c in ("known_median", "known_quantile", "known_greatest")),
    *((JOINT, c, 2, lambda v: v + 0.001, c) for c in ("rejected_median", "rejected_beyond_quantile")),
    (JOINT, "rejected_beyond_greatest", 0, lambda v: v + 0.001, "rejected_beyond_greatest"),
    *(
        (SENSITIVITY, c, 2, lambda v: v + 0.0001, c)
        for c in (
            *("prudence", "rejected_bad_rate", "applicant_bad_rate", "mean_probability", "probability_over_bad_rate"),
            *("auc", "gini", "newly_approved", "newly_approved_bad_rate", "approved", "approved_bad_rate"),
            *("equal_acceptance_approved", "equal_acceptance_bad_rate"),
        )
    ),
    (SENSITIVITY, "auc", -1, lambda v: v + 0.0001, "bounds of the AUC"),
    (SENSITIVITY, "gini", -2, lambda v: v + 0.0001, "bounds of the Gini"),
    *((TIPPING, c, 1, lambda v: v + 0.001, c) for c in ("at_least_prudence", "all_good", "all_bad", "limit")),
    (TIPPING, "tipping_factor", 1, lambda v: 1.5 if v is None else None, "tipping_factor"),
    (TIPPING, "decision", 0, lambda v: "keep the cut-off", "decisions"),
    (TIPPING, "measure", 0, lambda v: "profit", "measure"),
]

COMPARISON, KICKOUT = "reject_inference.comparison", "reject_inference.kickout"
EVALUATION, PROBIT = "reject_inference.applicant_evaluation", "reject_inference.probit"
TESTS, PROFILE = "reject_inference.probit_tests", "reject_inference.correlation_profile"
METHODS: list[tuple[str, str, int, Any, str]] = [
    *((COMPARISON, c, 1, lambda v: v + 1, c) for c in ("rows", "bad")),
    *((COMPARISON, c, 1, lambda v: v + 0.0001, c) for c in ("auc", "auc_lower", "auc_upper", "gini", "brier")),
    *((COMPARISON, c, 2, lambda v: v + 0.0001, c) for c in ("reweighted_auc", "reweighted_auc_lower")),
    *((COMPARISON, c, 2, lambda v: v + 0.0001, c) for c in ("reweighted_auc_upper", "reweighted_gini")),
    *((COMPARISON, c, 2, lambda v: v + 0.0001, c) for c in ("reweighted_brier", "mean_probability")),
    *((COMPARISON, c, 2, lambda v: v + 0.0001, c) for c in ("known_bad_rate", "approved_bad_rate")),
    *((COMPARISON, c, 2, lambda v: v + 0.0001, c) for c in ("rank_correlation", "changed_decisions", "largest_shift")),
    *((COMPARISON, c, 1, lambda v: v + 0.1, c) for c in ("bayesian_auc", "bayesian_auc_lower", "bayesian_auc_upper")),
    (COMPARISON, "method", 1, lambda v: "self_learning", "rows"),
    *((KICKOUT, c, 0, lambda v: v + 0.0001, c) for c in ("approved", "selected_good", "selected_bad", "kickout")),
    *((KICKOUT, c, 0, lambda v: v + 0.0001, c) for c in ("kicked_out_good", "kicked_out_bad", "swapped")),
    *((KICKOUT, c, 0, lambda v: v + 0.0001, c) for c in ("swapped_in_bad_rate", "swapped_out_bad_rate")),
    (EVALUATION, "estimate", 0, lambda v: v + 0.1, "estimate"),
    (EVALUATION, "standard_deviation", 0, lambda v: 2.0 * v, "standard_deviation"),
    *((EVALUATION, "estimate", row, lambda v: v + 0.1, "estimate") for row in range(1, 6)),
    *((EVALUATION, "standard_deviation", row, lambda v: 2.0 * v, "standard_deviation") for row in range(1, 6)),
    *((EVALUATION, c, row, lambda v: v + 0.1, c) for row in range(6) for c in ("lower", "upper")),
    (EVALUATION, "draws", 0, lambda v: 200, "draws"),
    (EVALUATION, "approved", 5, lambda v: v + 0.01, "approved"),
    (EVALUATION, "measure", 2, lambda v: "auc", "rows"),
    *((PROBIT, "estimate", row, lambda v: v + 0.01, "derivative") for row in (1, -3)),
    *((PROBIT, "estimate", row, lambda v: v + 0.01, "estimate") for row in (1, -1)),
    *((PROBIT, c, 1, lambda v: v * 1.01, c) for c in ("standard_error", "z", "lower", "upper")),
    (PROBIT, "p_value", -1, lambda v: v + 0.01, "p_value"),
    *((PROBIT, c, -1, lambda v: 0.95 * v, "fall of the likelihood") for c in ("lower", "upper")),
    (PROFILE, "log_likelihood", 0, lambda v: v + 0.01, "log_likelihood"),
    *((TESTS, "statistic", row, lambda v: v + 0.01, "statistic") for row in range(4)),
    *((TESTS, "p_value", row, lambda v: v + 0.01, "p_value") for row in range(4)),
    *((TESTS, "degrees_of_freedom", row, lambda v: v + 1, "degrees_of_freedom") for row in range(4)),
    (TESTS, "strength", 0, lambda v: 2.0 * v, "strength"),
    (TESTS, "strength", 2, lambda v: 12.0, "strength"),
    (TESTS, "test", 3, lambda v: "other", "tests"),
]

RECOMMENDATION, THRESHOLDS = "reject_inference.recommendation", "reject_inference.thresholds"
RECOMMENDED: list[tuple[str, str, int, Any, str]] = [
    *((RECOMMENDATION, "value", row, lambda v: v + 0.0001, "value") for row in (0, 1, 2, 4, 6, 9, 10, 11, 12)),
    *((RECOMMENDATION, "value", row, lambda v: v + 0.0001, "p-value") for row in (3, 5, 8)),
    (RECOMMENDATION, "value", 7, lambda v: v + 0.01, "chi-square"),
    *((RECOMMENDATION, "limit", row, lambda v: v + 0.01, "limit") for row in (0, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    *((RECOMMENDATION, "finding", row, lambda v: "other", "finding") for row in range(15)),
    (RECOMMENDATION, "measure", 14, lambda v: "known_outcomes", "measure"),
    (RECOMMENDATION, "question", 5, lambda v: "other?", "rows"),
    (RECOMMENDATION, "reading", 3, lambda v: v.replace("chi-square 1", "chi-square 9"), "statistics in words"),
    (RECOMMENDATION, "reading", 5, lambda v: v.replace(" degrees", "9 degrees"), "statistics in words"),
    (RECOMMENDATION, "reading", 8, lambda v: v.replace("z +", "z -"), "statistics in words"),
    (RECOMMENDATION, "reading", 14, lambda v: "Fit on known outcomes alone: do nothing.", "recommendation in words"),
    (THRESHOLDS, "threshold", 3, lambda v: "other", "limits"),
    *((OVERLAP, "limit", row, lambda v: v * 1.01, "limit") for row in (0, 2, 3, 6, 7)),
    *((OVERLAP, "verdict", row, lambda v: "outside", "verdict") for row in range(9)),
    (OVERLAP, "verdict", 9, lambda v: "weak", "verdict"),
    (BALANCE, "verdict", 0, lambda v: "balanced" if v == "not balanced" else "not balanced", "verdict"),
    (SUPPORT, "verdict", 0, lambda v: "inside" if v == "extrapolation" else "extrapolation", "verdict"),
    (JOINT, "verdict", 0, lambda v: "inside" if v == "extrapolation" else "extrapolation", "verdict"),
    *((TIPPING, "verdict", row, lambda v: "no factor changes it", "verdict") for row in range(3)),
]


def _set(column: str, row: int, change: Any) -> Any:
    def apply(frame: Any) -> Any:
        values = frame[column].to_numpy().copy()
        values[row] = change(values[row])
        return frame.assign(**{column: values})

    return apply


def _last(frame: Any, sample: str) -> Any:
    return frame.index[frame["_sample"] == sample][-1]


APPLICANTS, ROWS = "reject_inference/applicants.parquet", "reject_inference/rows.parquet"
# file, change of its frame, and the comparisons that find it
PARQUET: list[tuple[str, Any, str]] = [
    (APPLICANTS, _set("_acceptance", 3, lambda v: v * (1 - 1e-6)), f"{APPLICANTS}: _acceptance"),
    (APPLICANTS, _set("_probability", 3, lambda v: v * (1 - 1e-6)), f"{APPLICANTS}: _probability"),
    (APPLICANTS, _set("_accepted", 0, lambda v: 1 - v), f"{APPLICANTS}: decision by status"),
    (APPLICANTS, lambda f: f.drop(index=_last(f, "out_of_time")), f"{DECISIONS}: rows"),
    (ROWS, _set("_weight", 5, lambda v: v * 1.0001), f"{ROWS}: weights"),
    (ROWS, _set("_outcome", 5, lambda v: 1 - v), f"{ROWS}: known outcomes"),
    (ROWS, _set("_outcome", -1, lambda v: 1 - v), f"{ROWS}: outcomes"),
    (ROWS, _set("_inferred", -1, lambda v: 0), f"{ROWS}: supposed"),
    (ROWS, lambda f: f.drop(index=f.index[-1]), f"{ROWS}: applicants"),
    (ROWS, lambda f: f.drop(index=f.index[2]), f"{ROWS}: applicants with known outcomes"),
]


def _model(key: str, change: Any) -> Any:
    def apply(model: Any) -> None:
        step = next(item for item in model["steps"] if item["type"] == key)
        change(step)

    return apply


def _coefficient(step: Any) -> None:
    step["terms"][0]["coefficient"] *= 1.001


def _woe(step: Any) -> None:
    step["bins"][0]["woe"] += 1e-6


MODELS: list[tuple[str, Any, str]] = [
    (f"reject_inference/{name}.json", _model(kind, change), f"reject_inference/{name}.json: {what}")
    for name in ("acceptance", "known_outcomes")
    for kind, change, what in (("linear", _coefficient, "coefficients"), ("classing", _woe, "WoE of the bins"))
]
