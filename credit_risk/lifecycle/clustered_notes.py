"""A note on every table whose intervals, tests or chance levels take rows as independent, where obligors repeat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from credit_risk._core.evidence import Evidence

NOTE = (
    "intervals, tests and chance levels of this table take rows as independent; rows of one obligor, account or group "
    "repeat (samples.clusters), so they are too narrow, too often significant and too low"
)
INDEPENDENT = (
    "samples.summary",
    "samples.representativeness",
    "samples.observation_points",
    "classing.table.",
    "classing.samples.",
    "classing.figure.",
    "classing.stability",
    "classing.periods.",
    "classing.period_stability",
    "classing.expectations",
    "classing.means.",
    "classing.mean_figure.",
    "classing.mean_expectations",
    "selection.stability",
    "glm.fit.",
    "glm.variance_power.",
    "glm.residual_means.",
    "boosting.constraints.",
    "calibration.parameters",
    "calibration.segment_parameters",
    "calibration.external",
    "calibration.external_fit",
    "performance.score_bands",
    "performance.calibration",
    "performance.calibration_curve",
    "long_run.cohorts",
    "long_run.figure",
    "rating.scale",
    "rating.low_default",
    "rating.design",
    "rating.validation",
    "rating.portfolio",
    "rating.monotonicity",
    "rating.heterogeneity",
    "rating.homogeneity",
    "rating.figure",
    "rating.migration",
    "rating.concentration",
    "performance.reliability",
    "performance.decomposition",
    "performance.calibration_errors",
    "performance.calibration_tests",
    "performance.hosmer_lemeshow_groups",
    "stability.psi",
    "fairness.adverse_impact",
    "fairness.error_rates",
    "fairness.curves",
    "fairness.intersections",
    "fairness.proxies",
    "expert.agreement.",
    "expert.ordering.",
    "strategy.matrix_order",
    *("reject_inference.acceptance_model", "reject_inference.probit_tests", "reject_inference.correlation_profile"),
    *("reject_inference.applicant_evaluation", "reject_inference.self_learning"),
    "rules.hits",
    "rules.decisions",
)
"""Ids, or their beginnings where they end with a full stop."""
SEGMENTS = "segmentation.segments."
SEGMENTS_NOTE = (
    "the interval of the AUC allows for clusters, that of the intercept takes rows as independent, and rows of one "
    "obligor, account or group repeat (samples.clusters), so it is too narrow"
)
FAIRNESS = ("fairness.calibration", "fairness.age")
FAIRNESS_NOTE = (
    "the intervals of the gap and of the difference of means allow for clusters, those of slope, intercept and ratio "
    "and the p-value take rows as independent, and rows of one obligor, account or group repeat (samples.clusters)"
)
OVERRIDES = "strategy.overrides"
OVERRIDES_NOTE = (
    "the intervals allow for clusters, the p-value takes rows as independent, and rows of one obligor, account or "
    "group repeat (samples.clusters), so it is too often significant"
)
RANKING = "performance.ranking"
RANKING_NOTE = (
    "resamples are of clusters; the interval of the rank correlation takes rows as independent, and rows of one "
    "obligor, account or group repeat (samples.clusters), so it is too narrow"
)


def told_of_clusters(evidence: Iterable[Evidence], *, repeat: bool) -> tuple[Evidence, ...]:
    """`evidence`, with the note where `repeat` says that clusters repeat in the samples."""
    if not repeat:
        return tuple(evidence)
    return tuple(_noted(item) for item in evidence)


def _independent(item: Evidence) -> bool:
    return item.kind in ("table", "figure") and any(
        item.id.startswith(name) if name.endswith(".") else item.id == name for name in INDEPENDENT
    )


def _noted(item: Evidence) -> Evidence:
    if item.id == RANKING and item.kind == "table":
        return replace(item, notes=(*item.notes, RANKING_NOTE))
    if item.id.startswith(SEGMENTS) and item.kind == "table":
        return replace(item, notes=(*item.notes, SEGMENTS_NOTE))
    if item.id == OVERRIDES and item.kind == "table":
        return replace(item, notes=(*item.notes, OVERRIDES_NOTE))
    if item.id in FAIRNESS and item.kind == "table":
        return replace(item, notes=(*item.notes, FAIRNESS_NOTE))
    return replace(item, notes=(*item.notes, NOTE)) if _independent(item) else item
