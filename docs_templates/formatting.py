"""Numbers as documents print them, by unit; the only place that rounds. Missing is an en dash, minus is U+2212."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from docs_templates.evidence import Cell, Column

MISSING = "–"
SMALLEST_P_VALUE = 0.0001
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FIXED_DECIMALS = {"auc": 4, "woe": 3, "coefficient": 4, "correlation": 3, "ratio": 3, "log_odds": 4, "linear_score": 4}
TINY = 5e-5
DECIMALS_BY_NAME = {f"information_value{end}": 4 for end in ("", "_before", "_after", "_apart")}

SAMPLE_WORDS = {
    "all": "All",
    "development": "Development",
    "calibration": "Calibration",
    "out_of_sample": "Out of sample",
    "out_of_time": "Out of time",
    "out_of_time_before": "Out of time, before",
    "in no sample": "In no sample",
}
VERDICT_WORDS = {"not_evaluable": "not evaluable", "approve_with_conditions": "approve with conditions"}
MEASURE_WORDS = {
    "ici": "integrated calibration index",
    "e50": "distance, median",
    "e90": "distance, nine tenths are below",
    "e_max": "distance, greatest",
    "ece": "expected calibration error",
    "mean_difference": "mean difference",
    "adverse_impact": "adverse impact",
    "error_rates": "error rates",
    "less_discriminatory_alternatives": "less discriminatory alternatives",
    "true_positive_rate": "true positive rate",
    "false_positive_rate": "false positive rate",
    "positive_predictive_value": "positive predictive value",
    "decision_auc": "AUC of the decision",
    "rejected_share": "share of applicants rejected",
    "rejected_below_floor": "rejected below the floor of acceptance",
    "rejected_below_known": "rejected below every known outcome",
    "rejected_below_percentile": "rejected below nearly all known outcomes",
    "effective_rows": "effective rows",
    "effective_share": "effective rows over rows",
    "largest_weight_share": "largest share of weight on one row",
    "trimmed_share": "known outcomes that are trimmed",
    "newly_approved_bad_rate": "bad rate of the newly approved",
    "approved_bad_rate": "bad rate of the approved",
    "equal_acceptance_bad_rate": "bad rate at equal acceptance",
    "bad_rate_approved": "bad rate of the approved",
    "reweighting_p_value": "test of reweighted coefficients, p-value",
    "reweighting_shift": "mean shift of the log-odds of the rejected",
    "curvature_p_value": "test of squares, p-value",
    "instrument_chi_square": "Wald chi-square of the instrument",
    "selection_p_value": "instrument among known outcomes, p-value",
    "tipping_factor": "tipping factor",
    "known_outcomes": "known outcomes alone",
    "mend_model": "mend the model",
    "obtain_outcomes": "obtain outcomes",
    "external_outcomes": "external outcomes",
    "bivariate_probit": "bivariate probit",
    "auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier score",
    "log_loss": "log loss",
}
TEST_WORDS = {
    "hosmer_lemeshow": "Hosmer–Lemeshow",
    "spiegelhalter": "Spiegelhalter",
    "jeffreys": "Jeffreys",
    "instrument_likelihood_ratio": "instrument, likelihood ratio",
}
INFERENCE_WORDS = {
    "score_bands": "score bands",
    "fuzzy_augmentation": "fuzzy augmentation",
    "hard_cut_off": "hard cut-off",
    "bivariate_probit": "bivariate probit",
    "self_learning": "self-learning",
    "external_outcomes": "external outcomes",
}
METHOD_WORDS = {
    "intercept_shift": "shift of the intercept",
    "centred_isotonic": "centred isotonic",
    "venn_abers": "Venn–Abers",
    **INFERENCE_WORDS,
}
ESTIMATE_WORDS = {
    "mean_of_cohorts": "mean of cohorts",
    "mean_of_rows": "mean of rows",
    "sampling_error_alone": "error of chance alone",
}
THRESHOLD_WORDS = {
    "few_rejected": "few rejected",
    "weak_decision_auc": "weak selection",
    "no_overlap_auc": "no overlap, AUC",
    "no_overlap_share": "no overlap, share",
    "below_floor_share": "rejected below the floor",
    "effective_share": "effective rows over rows",
    "largest_weight_share": "largest share of weight",
    "balance": "balance",
    "sparse_bin": "sparse bin",
    "support_quantile": "quantile of support",
    "outside_support": "outside the support",
    "misspecified_p_value": "wrong form, p-value",
    "moved_log_odds": "moved log-odds",
    "instrument_chi_square": "strong instrument, chi-square",
    "selection_p_value": "selection, p-value",
}
STATUS_WORDS = {
    "booked": "booked",
    "not_taken_up": "not taken up",
    "withdrawn": "withdrawn",
    "rejected": "rejected",
    "overridden_high": "rejected by override",
    "overridden_low": "accepted by override",
}
SOURCE_WORDS = {
    "mean_probability": "mean of the predictions",
    "observed": "observed bad rate",
    "long_run": "mean of yearly bad rates",
    "midpoint": "middle of the bounds",
    "pluto_tasche": "bound of Pluto and Tasche",
}
QUANTITY_WORDS = {
    "following_log_odds": "following, of log-odds",
    "following_less_sampling": "following, less chance within cohorts",
    "sampling_share": "share of chance within cohorts",
    "multi_period_z": "z of several periods",
    "reference_years": "years of the cycle",
    "reference_downturn_years": "bad years of the cycle",
    "reference_downturn_share": "share of bad years in the cycle",
    "observed_years": "years of the cycle with cohorts",
    "observed_downturn_years": "bad years with cohorts",
    "observed_downturn_share": "share of bad years with cohorts",
    "years_outside_reference": "years with cohorts outside the cycle",
    "mean_rate_downturn": "mean rate of bad years",
    "mean_rate_other": "mean rate of other years",
    "reference_indicator_mean": "mean of the indicator, cycle",
    "observed_indicator_mean": "mean of the indicator, years with cohorts",
    "indicator_range_covered": "share of the range of the indicator",
    "indicator_correlation": "correlation of rates and indicator",
    "reweighted_average": "average weighted to the cycle",
    "asset_correlation_moments": "asset correlation, moments",
    "asset_correlation_likelihood": "asset correlation, likelihood",
    "central_probability_likelihood": "central probability, likelihood",
    "asset_correlation_large_cohorts": "asset correlation, likelihood of infinitely large cohorts",
    "central_probability_large_cohorts": "central probability, likelihood of infinitely large cohorts",
}
WORDS = {
    "sample": SAMPLE_WORDS,
    "series": SAMPLE_WORDS,
    "method": METHOD_WORDS,
    "model": INFERENCE_WORDS,
    "base": INFERENCE_WORDS,
    "candidate": INFERENCE_WORDS,
    "status": STATUS_WORDS,
    "threshold": THRESHOLD_WORDS,
    "source": SOURCE_WORDS,
    "outcome": VERDICT_WORDS,
    "verdict": VERDICT_WORDS,
    "measure": MEASURE_WORDS,
    "test": TEST_WORDS,
    "quantity": QUANTITY_WORDS,
    "estimate": ESTIMATE_WORDS,
    "rule": {"brier": "Brier score", "log_loss": "log loss"},
}


def fixed(value: float, decimals: int) -> str:
    """Decimals fixed, thousands separated by commas, no negative zero."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]
    return text.replace("-", "−")


def percent(value: float, decimals: int) -> str:
    """A share as a percentage, with a narrow space before the sign."""
    return fixed(100 * value, decimals) + "\u202f%"


def scientific(value: float, digits: int = 2) -> str:
    """`1.2 × 10⁻¹³`; zero is `0`."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.replace('-', '−')}\u202f×\u202f10{str(int(exponent)).translate(SUPERSCRIPT)}"


def p_value(value: float) -> str:
    """Four decimals, or `< 0.0001`."""
    if 0 <= value < SMALLEST_P_VALUE:
        return f"<\u202f{SMALLEST_P_VALUE:.4f}"
    return fixed(value, 4)


def general(value: float) -> str:
    """Any number of unknown unit: whole numbers whole, others with up to six significant digits."""
    if value == int(value) and abs(value) < 1e15:
        return fixed(value, 0)
    if not TINY <= abs(value) < 1e12:
        return scientific(value, 3)
    decimals = max(0, 5 - math.floor(math.log10(abs(value))))
    text = fixed(value, min(decimals, 6))
    return text.rstrip("0").rstrip(".") if "." in text else text


def statistic_decimals(values: Iterable[float]) -> int:
    """Decimals that give about four significant digits to the largest of `values`."""
    largest = max((abs(v) for v in values), default=0.0)
    if largest == 0:
        return 0
    return min(4, max(1, 3 - math.floor(math.log10(largest))))


def statistic(value: float, decimals: int) -> str:
    """A statistic; one that the decimals would show as zero is written in powers of ten."""
    if value != 0 and abs(value) < 0.5 * 10**-decimals:
        return scientific(value)
    return fixed(value, decimals)


def _share_decimals(values: list[float]) -> int:
    return 2 if max((abs(v) for v in values), default=0.0) < 0.1 else 1


def formatter(column: Column, values: Iterable[Cell], *, mixed: bool = False) -> Callable[[Cell], str]:
    """The way to write the cells of a column. `mixed` says that its cells are different quantities (item, value)."""
    numbers = [float(v) for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    number = _number_format(column, numbers, mixed)
    words = WORDS.get(column.name, {})

    def write(cell: Cell) -> str:
        if cell is None:
            return MISSING
        if isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, str):
            return words.get(cell, cell) or MISSING
        return number(float(cell))

    return write


def _number_format(column: Column, numbers: list[float], mixed: bool) -> Callable[[float], str]:
    unit = column.unit
    if unit is None and column.name in DECIMALS_BY_NAME:
        return _fixed(DECIMALS_BY_NAME[column.name])
    if mixed and unit in (None, "statistic"):
        return lambda v: general(v) if v == int(v) else statistic(v, statistic_decimals([v]))
    if unit == "share":
        decimals = _share_decimals(numbers)
        return lambda v: percent(v, decimals)
    if unit == "count":
        whole = all(v == int(v) for v in numbers)
        return lambda v: fixed(v, 0 if whole else 1)
    if unit == "points":
        whole = all(v == int(v) for v in numbers)
        return lambda v: fixed(v, 0 if whole else 1)
    if unit == "p_value":
        return p_value
    if unit in ("difference", "tolerance"):
        return scientific
    if unit == "statistic":
        decimals = statistic_decimals(numbers)
        return lambda v: statistic(v, decimals)
    if unit in FIXED_DECIMALS:
        decimals = FIXED_DECIMALS[unit]
        return lambda v: fixed(v, decimals)
    return general


def _percent(decimals: int) -> Callable[[float], str]:
    return lambda value: percent(value, decimals)


def _fixed(decimals: int) -> Callable[[float], str]:
    return lambda value: fixed(value, decimals)


NAMED: dict[str, Callable[[float], str]] = {
    **{f"percent{d}": _percent(d) for d in range(4)},
    **{f"decimal{d}": _fixed(d) for d in range(1, 7)},
    "integer": _fixed(0),
    "count": _fixed(0),
    "p_value": p_value,
    "scientific": scientific,
    "general": general,
}


def named(value: Cell, name: str) -> str:
    """A cell in a format that a template names. Raises KeyError for an unknown name, TypeError for text."""
    write = NAMED[name]
    if value is None:
        return MISSING
    if isinstance(value, (str, bool)):
        raise TypeError(f"{value!r} is not a number")
    return write(float(value))
