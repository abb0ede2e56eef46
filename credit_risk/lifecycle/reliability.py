"""Evidence of calibration beyond its table: the curve with bands, scores taken apart, tests beside their weaknesses."""

from __future__ import annotations

from credit_risk._core.evidence import Evidence, table
from credit_risk._core.randomness import stage_seed
from credit_risk.evaluation.calibration_test_table import calibration_tests_table, group_dependence_table
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.decomposition import decomposition_of_diagnoses, errors_of_diagnoses
from credit_risk.evaluation.reliability import diagnose, reliability_of
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.plan import Plan

STAGE = "consistency"


def reliability_evidence(plan: Plan, scored: Scored, champion: str) -> list[Evidence]:
    """Evidence `performance.reliability`, `.decomposition`, `.calibration_errors`, `.calibration_tests` and
    `.hosmer_lemeshow_groups`: scores and tests of every model, the rest of the champion."""
    spec, weights = plan.evaluation, scored.weights_by_sample()
    models = [champion, *(m for m in scored.predictions if m != champion)]
    pairs = {model: scored.pairs(model, "probability") for model in models}
    seed = stage_seed(plan.samples.seed, STAGE)
    drawn = diagnose(pairs, replicates=spec.consistency_replicates, seed=seed, weights=weights)
    own = [one for one in drawn if one.model == champion]
    fitted = scored.fitted_samples
    tests = calibration_tests_table(
        pairs, spec.asset_correlation, fitted_samples=fitted, min_bads=spec.min_bads, weights=weights
    )
    groups = group_dependence_table(pairs[champion], fitted_samples=fitted, weights=weights)
    everyone, mine = input_files(scored, models, champion), input_files(scored, [champion], champion)
    curve, chart = reliability_of(own, spec.confidence), CHARTS["performance.reliability"]
    return [
        table("performance.reliability", curve, inputs=mine, chart=chart),
        table("performance.decomposition", decomposition_of_diagnoses(drawn), inputs=everyone),
        table("performance.calibration_errors", errors_of_diagnoses(own), inputs=mine),
        table("performance.calibration_tests", tests, inputs=everyone),
        table("performance.hosmer_lemeshow_groups", groups, inputs=mine),
    ]
