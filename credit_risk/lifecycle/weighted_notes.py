"""A note on every table that counts rows: whether they count by their weight, and what its intervals make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from credit_risk._core.evidence import Evidence

KISH = "Kish's effective size (Σw)²/Σw²"
AREA = "AUC and Gini are of weighted rows, their variances count each row with its squared share of the weight"
BINS = f"counts, shares and rates are weighted, intervals at {KISH} of the bin"
HELD = f"counts and rates are weighted, their intervals, index and chance levels at {KISH}; {AREA}"
GROUPS = f"rates and means are weighted; {AREA}; rows and bads are counted"
CALIBRATION = (
    f"rates, means and losses are weighted; Hosmer-Lemeshow over weighted quantiles at {KISH} of the group; "
    "Spiegelhalter's z with squared weights in its variance; slope and intercept by weighted likelihood, covariance "
    "A⁻¹BA⁻¹ with squared weights in B; rows are counted"
)
COUNTED = "rows are counted, not weighted"
RATES = f"bad rates are weighted, their intervals at {KISH}; rows, goods and bads are counted"
RATIOS = "means and ratios are weighted, their errors are linearised from weighted sums; rows are counted"
FITTED = (
    "of the weighted likelihood; nonrobust errors and likelihood tests take a row of weight w for w rows, "
    "covariances hc0, hc1 and cluster do not (models.covariance)"
)
PRIOR = "weights are prior weights: a row of weight w has the variance of the family over w"
FOLDS = "losses and Gini of the folds are of weighted rows; errors are over folds"
IMPACT = (
    "approval rates and their ratio are weighted; its bounds and the p-value, of two proportions with pooled variance, "
    f"are at {KISH} of the groups; rows and approved are counted"
)
CUT_OFFS = f"rates and profit are weighted, intervals of rates at {KISH}; rows, accepted, known and bads are counted"
EXPLAINED = "means are weighted; rows are counted"
NOTES: Mapping[str, str] = MappingProxyType(
    {
        "data.profile": COUNTED,
        "data.conversions": COUNTED,
        "data.waterfall": COUNTED,
        "data.leakage": f"the measure of fine classes is weighted; of the other checks {COUNTED}",
        "data.duplicates": COUNTED,
        "outcome.exclusions": COUNTED,
        "outcome.status": COUNTED,
        "outcome.roll_rates": "accounts are counted, not weighted",
        "outcome.vintages": "accounts are counted, not weighted",
        "outcome.maturity": "accounts are counted, not weighted",
        "samples.summary": RATES,
        "samples.measures": "means, deviation and shares are weighted; rows, minimum, median and maximum are of rows",
        "samples.observation_points": RATES,
        "samples.clusters": COUNTED,
        "samples.representativeness": f"shares are weighted; index, chance level and chi-square at {KISH}",
        "classing.summary": "information value, Gini and shares are weighted",
        "classing.overrides": "information values are weighted",
        "classing.joined": "counts, shares and information values are weighted",
        "classing.expectations": AREA,
        "classing.table.": BINS,
        "classing.samples.": BINS,
        "classing.figure.": BINS,
        "classing.periods.": BINS,
        "classing.means.": "counts, shares and means are weighted, errors are linearised from weighted sums",
        "classing.mean_figure.": "shares and means are weighted, errors are linearised from weighted sums",
        "classing.mean_expectations": f"ranks and their correlation are weighted, its interval at {KISH}",
        "classing.stability": HELD,
        "classing.period_stability": HELD,
        "selection.stability": f"shares are weighted; index and chance level at {KISH}; rows are counted",
        "selection.waterfall": "information value, Gini, shares, correlations and fits are weighted",
        "scorecard.coefficients.": FITTED,
        "scorecard.covariance.": FITTED,
        "scorecard.constraints.": FITTED,
        "scorecard.fit.": FITTED,
        "scorecard.correlation.": "correlations are weighted",
        "scorecard.points.": "shares and bad rates are weighted",
        "scorecard.bounds.": "neutral points are weighted means",
        "expert.agreement.": f"counts, rates and ratios are weighted, intervals at {KISH} of goods and of bads",
        "expert.ordering.": f"rates and ratios are weighted, intervals at {KISH} of goods and of bads",
        "expert.calibration.": FITTED,
        "calibration.samples": COUNTED,
        "calibration.method": "rates, means and losses are weighted; rows and bads are counted",
        "calibration.parameters": "of the weighted likelihood; standard errors take a row of weight w for w rows, "
        "robust ones do not",
        "calibration.segments": "rates, means and losses are weighted; rows and bads are counted",
        "calibration.segment_samples": "rates, means and losses are weighted; rows and bads are counted",
        "calibration.segment_parameters": "of the weighted likelihood; standard errors take a row of weight w for w "
        "rows, robust ones do not",
        "calibration.segment_maps": "the maps are fitted to weighted rows",
        "calibration.choice": "losses are of weighted rows, folds count by their weight; errors are over folds",
        "calibration.folds": "losses and bads are of weighted rows; rows are counted",
        "reject_inference.decisions": f"bad rates and shares are weighted; {COUNTED}",
        "reject_inference.acceptance_model": "the model is fitted to weighted applicants",
        "reject_inference.acceptance_power": f"{AREA}; accept rates and means are weighted; applicants are counted",
        "reject_inference.weights": "weights are of the method times the sampling weight; rows are counted",
        "reject_inference.overlap": f"shares and means are weighted; {AREA}; effective rows are Kish's",
        "reject_inference.overlap_bands": f"shares and rates are weighted, intervals at {KISH}; {COUNTED}",
        "reject_inference.balance": "means and deviations are weighted",
        "reject_inference.support": "shares are weighted; sparse bins are of counted rows",
        "reject_inference.joint_support": "quantiles, shares, covariance and information are weighted",
        "reject_inference.recommendation": "shares and tests are of weighted rows",
        "reject_inference.probit": "the likelihood is weighted",
        "reject_inference.probit_tests": "the likelihood is weighted; likelihood ratios take weights as counts",
        "reject_inference.correlation_profile": "the likelihood is weighted",
        "reject_inference.self_learning": "shares that are labelled are of weights; rejects are counted",
        "reject_inference.comparison": f"{AREA}; rates and scores are weighted; rows and bads are counted",
        "reject_inference.applicant_evaluation": "measures are weighted; applicants are drawn one by one",
        "reject_inference.kickout": "goods, bads and shares are weighted",
        "reject_inference.sensitivity": "rates, means and areas are weighted",
        "reject_inference.tipping": "rates and profit are weighted",
        "reject_inference.coefficients": "fits are weighted; applicants are drawn one by one, with their weights",
        "calibration.anchor": "means are weighted",
        "calibration.external": f"shares and means are weighted, sampling variances at {KISH}; rows are counted",
        "calibration.external_fit": f"means are weighted, errors and the statistic at {KISH}; rows are counted",
        "calibration.quasi_moments": "means and AUC are of weighted rows; rows are counted",
        "calibration.knots": "rates are weighted",
        "calibration.order": "distinct values are counted",
        "calibration.map": "the map is fitted to weighted rows",
        "scaling.rounding_effect": "the Gini is of weighted rows",
        "glm.coefficients.": PRIOR,
        "glm.fit.": PRIOR,
        "glm.variance_power.": PRIOR,
        "glm.residuals.": PRIOR,
        "glm.residual_means.": f"{PRIOR}; groups and their means are of rows",
        "glm.residual_quantiles.": PRIOR,
        "segmentation.decision.": f"likelihoods and AUC are of weighted rows; {COUNTED}",
        "segmentation.search.": f"likelihoods are of weighted rows; {COUNTED}",
        "segmentation.gain.": f"likelihoods are weighted, weights scaled to {KISH}; {AREA}; rows are counted",
        "segmentation.segments.": f"shares, rates, means and intercept are weighted; {AREA}; rows and bads are counted",
        "segmentation.characteristics.": "information value, Gini, shares, correlations and fits are weighted",
        "segmentation.reasons.": "reference points are weighted means; applicants are counted",
        "boosting.constraints.": AREA,
        "boosting.categories.": "bad rates are weighted; rows and bads are counted, and rows choose the categories",
        "boosting.importance.": "gains are of weighted rows",
        "boosting.missing.": "rates and margins are weighted; rows are counted",
        "boosting.early_stopping.": FOLDS,
        "boosting.search.": FOLDS,
        "boosting.simplicity.": FOLDS,
        "two_stage.gain.": f"{AREA}; log losses and likelihoods are weighted; rows and bads are counted",
        "two_stage.offset_check.": FITTED,
        "performance.discrimination": f"{AREA}; KS is of weighted rows, its interval at {KISH}; rows are counted",
        "performance.comparison": AREA,
        "performance.baselines": f"{AREA}; log loss is weighted; rows and bads are counted",
        "performance.baseline_differences": AREA,
        "performance.roc": "rates are weighted",
        "performance.measures": "measures are of weighted rows, variances count each row with its squared share of the "
        "weight; resamples draw rows with their weights; rows and bads are counted",
        "performance.initial_auc": f"{AREA}; rows and bads are counted",
        "performance.cap": "shares are weighted",
        "performance.precision_recall": "precision and recall are weighted",
        "performance.lift": f"parts, rates and lifts are weighted, intervals at {KISH}; rows and bads are counted",
        "performance.cut_offs": f"rates, and the cut-offs of accept rates, are weighted, intervals at {KISH}, of F1 "
        "and lift by squared weights; rows, bads and accepted are counted",
        "performance.score_bands": f"rates, means and edges are weighted, intervals at {KISH}; rows are counted",
        "performance.score_distribution": "shares are weighted",
        "performance.calibration": CALIBRATION,
        "performance.calibration_curve": f"groups, means and rates are weighted, intervals at {KISH} of the group",
        "long_run.cohorts": f"rates and means are weighted, their intervals at {KISH}; rows and bads are counted",
        "long_run.figure": f"rates and means are weighted, their intervals at {KISH}",
        "long_run.average": f"rates of cohorts are weighted, the error of sampling alone is at {KISH} of each",
        "long_run.cycle_years": "rates of cohorts are weighted; rows are counted",
        "long_run.cycle": "rates of cohorts are weighted",
        "calibration.margin_of_conservatism": "means are weighted",
        "long_run.philosophy": f"rates and means of cohorts are weighted, sampling variances at {KISH}",
        "performance.reliability": "rates are weighted; rows are drawn one by one, with their weights, and counted",
        "performance.decomposition": "scores are weighted; every row is drawn by itself, with its weight",
        "performance.calibration_errors": "distances are weighted; every row is drawn by itself, with its weight",
        "performance.calibration_tests": f"statistics of weighted rows; binomial and Jeffreys at {KISH}",
        "performance.hosmer_lemeshow_groups": f"groups, rates and means are weighted, counts are {KISH}",
        "performance.level": RATIOS,
        "performance.ranking": f"Gini indices are weighted, resampled with the weights; the rank correlation is of "
        f"weighted ranks, its interval at {KISH}; rows are counted",
        "performance.mean_bands": f"edges are of weights; {RATIOS}",
        "performance.mean_curve": RATIOS,
        "performance.lorenz": "shares are weighted",
        "performance.subpopulations": f"rates, means and ratios are weighted, their intervals and the Jeffreys p-value "
        f"at {KISH}; {AREA}; KS is of weighted rows; rows and bads are counted",
        "performance.measure_groups": RATIOS,
        "rating.scale": f"shares, rates and means are weighted, intervals at {KISH} of the grade; rows and bads are "
        "counted",
        "rating.low_default": COUNTED,
        "rating.design": f"shares and rates are weighted, likelihoods and tests at {KISH}; bads are counted",
        "rating.validation": f"rates are weighted, their intervals and tests at {KISH} of the grade; rows and bads are "
        "counted",
        "rating.portfolio": f"rates and means are weighted, their intervals and tests at {KISH}; rows and bads are "
        "counted",
        "rating.concentration": "shares are weighted",
        "rating.monotonicity": COUNTED,
        "rating.heterogeneity": f"rates are weighted, tests at {KISH} of the grade; rows and bads are counted",
        "rating.homogeneity": f"rates and the split are weighted, tests at {KISH} of each half; rows are counted",
        "rating.figure": f"rates are weighted, intervals at {KISH} of the grade; shares are of rows",
        "rating.migration": COUNTED,
        "rating.migration_summary": COUNTED,
        "stability.psi": f"shares are weighted; index and chance level at {KISH}; rows are counted",
        "stability.bins": "shares are weighted",
        "fairness.groups": GROUPS,
        "fairness.measures": RATIOS,
        "fairness.adverse_impact": f"{IMPACT}; the score interval is of such rows too, the mid-p-value is not told",
        "fairness.error_rates": f"shares are weighted, their intervals at {KISH}; rows and events are counted",
        "fairness.calibration": f"rates, means and gap are weighted; of slope and intercept: {CALIBRATION}",
        "fairness.proxies": f"tables are weighted, scaled to {KISH}; {AREA}; rows are counted",
        "fairness.proxy_models": f"the classifier is fitted to weighted rows; {AREA}; rows are counted",
        "fairness.alternatives": f"fits, rates and differences are weighted; {AREA}; rows and bads are counted",
        "fairness.curves": f"cut-offs, rates and ratios are weighted, intervals at {KISH}; rows are counted",
        "fairness.intersections": f"{GROUPS}; {IMPACT}",
        "fairness.age": f"means and their difference are weighted; {IMPACT}",
        "explanation.background": "means are weighted; applicants are counted",
        "explanation.importance.": EXPLAINED,
        "explanation.importance_figure.": EXPLAINED,
        "explanation.dependence.": EXPLAINED,
        "explanation.dependence_figure.": EXPLAINED,
        "explanation.interaction.": "the applicants are evenly spaced in weight, and count alike",
        "explanation.stability.": EXPLAINED,
        "reasons.catalogue": "reference points are weighted means; least and most points are of rows",
        "reasons.frequency": "shares are weighted; applicants are counted",
        "reasons.agreement": "shares are weighted; applicants are counted",
        "rules.hits": f"shares and bad rates are weighted, intervals at {KISH}; rows, hits and bads are counted",
        "rules.overlaps": "shares are weighted; rows are counted",
        "strategy.overrides": f"rates and means are weighted, intervals at {KISH}; rows are counted",
        "strategy.override_effect": AREA,
        "strategy.override_reasons": "shares and bad rates are weighted; rows are counted",
        "strategy.experiment": "the baseline and the variance are weighted; rows of the test have weight 1",
        "strategy.swap_sets": f"shares, bad rates and profit are weighted, intervals at {KISH}; rows are counted",
        "strategy.swap_changes": "rates and profit are weighted, errors of the influence of weighted rows",
        "strategy.matrix": f"shares and bad rates are weighted, intervals at {KISH}; rows and bads are counted",
        "strategy.matrix_order": f"bad rates are weighted, tests at {KISH} of the cells",
        "strategy.comparison": f"{AREA}; losses are weighted; decisions by the weighted mean of being right",
        "strategy.redeployment": f"{AREA}; calibration is weighted, the index and inversions at {KISH}",
        "strategy.cut_offs": CUT_OFFS,
        "strategy.acceptance_curve": CUT_OFFS,
        "strategy.profit_curve": CUT_OFFS,
        "strategy.best_cut_off": f"{CUT_OFFS}; resamples are of rows (clusters) with their weights",
        "rules.decisions": f"shares and bad rates are weighted, intervals at {KISH}; rows and bads are counted",
    }
)
"""By id, or its beginning where it ends with a full stop."""
NO_ROWS = (
    *("model.identity", "data.source", "data.contract", "data.columns_left_out", "outcome.definition"),
    *("outcome.history", "outcome.window", "classing.policy", "scaling.parameters", "rating.policy", "glm.parameters."),
    *("boosting.parameters.", "boosting.interactions.", "boosting.monotonicity.", "reasons.method", "reasons.texts"),
    *("reject_inference.choice", "reject_inference.thresholds"),
    *("two_stage.stages.", "judgement.overlays", "limitations.register"),
    *("strategy.assumptions", "strategy.experiment_looks"),
    *("rules.declared", "rules.texts", "verification.coverage", "verification.exports"),
    *("exports.engines", "exports.parity"),
    "fairness.jurisdictions",
    "fairness.alternative_terms",
)
"""Tables that count no rows of the samples."""


def told_of_weights(evidence: Iterable[Evidence], column: str | None) -> tuple[Evidence, ...]:
    """`evidence`, with the notes where the plan names a column of weights."""
    if column is None:
        return tuple(evidence)
    return tuple(_noted(item, column) for item in evidence)


def _noted(item: Evidence, column: str) -> Evidence:
    if item.kind not in ("table", "figure"):
        return item
    note = NOTES.get(item.id) or next((t for n, t in NOTES.items() if n.endswith(".") and item.id.startswith(n)), None)
    return item if note is None else replace(item, notes=(*item.notes, f"rows have the weight {column!r}: {note}"))
