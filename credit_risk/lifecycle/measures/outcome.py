"""Amounts and fractions: means of classes, generalised linear models, level and ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.binning.mean_report import MEAN_FIGURE_CHART, mean_figure_frame, mean_policy_items, mean_summary_frame
from credit_risk.lifecycle.binary import suspected
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.data_evidence import SNAPSHOT, selection_evidence
from credit_risk.lifecycle.fitted import Fitted, Told, Trained
from credit_risk.lifecycle.long_run import IDS as LONG_RUN
from credit_risk.lifecycle.measures.glm import fit_glm_candidate
from credit_risk.lifecycle.measures.performance import evaluate_measures
from credit_risk.lifecycle.measures.screening import screen_measures
from credit_risk.lifecycle.measures.training import MeasureTraining, class_measures
from credit_risk.lifecycle.performance import Scored
from credit_risk.models.glm_spec import GlmSpec
from credit_risk.plan import Plan
from credit_risk.sampling.clusters import cluster_numbers
from credit_risk.sampling.measure import measures_summary

REASONS = MappingProxyType(
    {
        "goods and bads are of a binary outcome": (
            "samples.summary",
            "classing.expectations",
            "performance.discrimination",
            "performance.comparison",
            "performance.roc",
            "performance.calibration",
            "performance.calibration_curve",
            "performance.measures",
            "performance.initial_auc",
            "performance.cap",
            "performance.precision_recall",
            "performance.lift",
            "performance.reliability",
            "performance.decomposition",
            "performance.calibration_errors",
            "performance.calibration_tests",
            "performance.hosmer_lemeshow_groups",
            "performance.subpopulations",
            "performance.baselines",
            "performance.baseline_differences",
            "classing.stability",
            "classing.period_stability",
            "fairness.jurisdictions",
            "fairness.groups",
            *LONG_RUN,
            "fairness.calibration",
            "fairness.proxies",
            "fairness.alternatives",
            "fairness.alternative_terms",
            "fairness.proxy_models",
            "fairness.intersections",
        ),
        "points are of a binary outcome": (
            "scaling.parameters",
            "performance.cut_offs",
            "performance.score_bands",
            "performance.score_distribution",
            "fairness.adverse_impact",
            "fairness.error_rates",
            "fairness.curves",
            "fairness.age",
        ),
        "probabilities are of a binary outcome": (
            "calibration.samples",
            "calibration.method",
            "calibration.parameters",
            "calibration.segments",
            "calibration.segment_samples",
            "calibration.segment_parameters",
            "calibration.segment_maps",
            "calibration.choice",
            "calibration.folds",
            "calibration.anchor",
            "calibration.external",
            "calibration.external_fit",
            "calibration.quasi_moments",
            "calibration.knots",
            "calibration.order",
            "calibration.map",
        ),
        "bins changed by hand or joined are of a binary outcome": ("classing.overrides", "classing.joined"),
    }
)
"""Evidence of a binary outcome that amounts and fractions have not, by its reason."""


class MeasuredOutcome:
    """An amount or a fraction."""

    def summarise(self, plan: Plan, prepared: Prepared) -> Told:
        """Evidence `samples.measures`."""
        intake = prepared.intake
        summary = measures_summary(
            prepared.labels,
            intake.outcome,
            prepared.weights,
            intake.kind,
            exposure=intake.decided.exposure,
            clusters=cluster_numbers(prepared.clusters),
            confidence=plan.evaluation.confidence,
        )
        shown = summary[summary["sample"] != "all"]
        detail = ", ".join(f"{r.sample} {r.rows:,} (mean {r.mean:.4g})" for r in shown.itertuples())
        notes = ("mean, deviation and shares are weighted; least, median and greatest are of rows",)
        return Told((table("samples.measures", summary, inputs=SNAPSHOT, notes=notes), *_absent("samples.")), detail)

    def train(self, plan: Plan, prepared: Prepared) -> Trained:
        """Value of every bin of every predictor; leakage, expectations, stability."""
        training, screened = screen_measures(plan, prepared, class_measures(plan, prepared))
        evidence = (*screened, *_absent("classing."), *_classing(plan, training))
        return Trained(training, evidence, f"{len(training.tables)} characteristics{suspected(screened[0])}")

    def fit(self, plan: Plan, training: MeasureTraining, report: Callable[[str], None], journal: Path | None) -> Fitted:
        """Generalised linear models, each with its waterfall."""
        made = {s.id: fit_glm_candidate(plan, s, training) for s in plan.models if isinstance(s, GlmSpec)}
        waterfalls = {name: waterfall for name, (_, waterfall) in made.items()}
        why = "every characteristic enters as it is (raw terms); none is classed and selected"
        evidence = (selection_evidence(waterfalls, why), *_absent("scaling."))
        return Fitted(tuple(candidate for candidate, _ in made.values()), None, evidence)

    def calibrate(self, plan: Plan, prepared: Prepared, fitted: Fitted) -> Fitted:
        """Nothing: an expected amount or fraction is no probability."""
        return replace(fitted, evidence=(*fitted.evidence, *_absent("calibration.")))

    def evaluate(
        self, plan: Plan, prepared: Prepared, training: MeasureTraining, candidates: Sequence[Candidate], scored: Scored
    ) -> Told:
        """Level, ranking, bands, stability, groups."""
        champion = next(c for c in candidates if c.id == plan.champion.id)
        found = evaluate_measures(plan, prepared, scored, champion)
        level = next(e for e in found if e.id == "performance.level").frame()
        ranking = next(e for e in found if e.id == "performance.ranking").frame()
        apart = (*_absent("performance."), *_absent("fairness."), *_absent("long_run."))
        return Told((*found, *apart), _headline(level, ranking, champion.id))


def _absent(prefix: str) -> list[Evidence]:
    """What a binary outcome would have of a room of evidence."""
    told = [(identifier, reason) for reason, identifiers in REASONS.items() for identifier in identifiers]
    return [
        absent(i, "not_applicable", f"{reason}, and this one is an amount or a fraction")
        for i, reason in told
        if i.startswith(prefix)
    ]


def _classing(plan: Plan, training: MeasureTraining) -> list[Evidence]:
    """Evidence `classing.*`: policy, summary, and table and figure of each characteristic."""
    rated = training.exposure is not None
    items = mean_policy_items(plan.classing, training.kind, exposure=rated)
    found = [key_values("classing.policy", dict(items), inputs=("plan.json",))]
    note = (
        "information value and Gini index are those of means: see the rules of classing; no bound of its loss is told"
    )
    found.append(table("classing.summary", mean_summary_frame(training.tables), inputs=SNAPSHOT, notes=(note,)))
    per = ("means are per unit of exposure",) if rated else ()
    for name, classed in training.tables.items():
        figure, bars = "classing.mean_figure.{characteristic}", mean_figure_frame(classed)
        means = "classing.means.{characteristic}"
        found.append(table(means, classed.frame(), parameter=name, inputs=SNAPSHOT, notes=per))
        found.append(table(figure, bars, parameter=name, inputs=SNAPSHOT, notes=per, chart=dict(MEAN_FIGURE_CHART)))
    return found


def _headline(level: pd.DataFrame, ranking: pd.DataFrame, champion: str) -> str:
    both = level.merge(ranking, on=["model", "sample"])
    rows = both[both["model"] == champion]
    return ", ".join(f"{r.sample} observed/expected {r.ratio:.3f}, Gini {r.gini:.3f}" for r in rows.itertuples())
