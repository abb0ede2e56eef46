"""Development where the outcome is bad or good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.baselines import baseline_evidence
from credit_risk.lifecycle.calibration import calibrate_candidates, told
from credit_risk.lifecycle.calibration_evidence import calibration_evidence
from credit_risk.lifecycle.candidates import Candidate, Training, common_evidence, fit_candidates
from credit_risk.lifecycle.classing import Prepared, class_predictors
from credit_risk.lifecycle.classing_samples import recounted_evidence
from credit_risk.lifecycle.data_evidence import (
    SNAPSHOT,
    classing_evidence,
    joined_evidence,
    overrides_evidence,
    selection_evidence,
)
from credit_risk.lifecycle.discrimination import discrimination_evidence
from credit_risk.lifecycle.fairness_evidence import fairness_evidence
from credit_risk.lifecycle.fitted import Fitted, Told, Trained
from credit_risk.lifecycle.long_run import long_run_evidence
from credit_risk.lifecycle.performance import Scored, evaluate, input_files, score_bands, with_classing
from credit_risk.lifecycle.reliability import reliability_evidence
from credit_risk.lifecycle.screening import screen
from credit_risk.lifecycle.segmentation import segmentation_evidence
from credit_risk.lifecycle.shifts import SCORE, band_labels, points_of, stability_evidence
from credit_risk.plan import Plan
from credit_risk.sampling import samples_summary
from credit_risk.scoring.step_names import free_name

OF_MEASURES = "the outcome is binary; this is told of amounts and fractions"
SUMMARY, CLASSING = ("samples.measures",), ("classing.mean_expectations",)
EVALUATION = (
    "performance.level",
    "performance.ranking",
    "performance.mean_bands",
    "performance.mean_curve",
    "performance.lorenz",
    "performance.measure_groups",
    "fairness.measures",
)


class BinaryOutcome:
    """Goods and bads: weights of evidence, scorecards and boosting, discrimination and calibration."""

    def summarise(self, plan: Plan, prepared: Prepared) -> Told:
        """Evidence `samples.summary`."""
        outcome, confidence = prepared.intake.outcome, plan.evaluation.confidence
        summary = samples_summary(prepared.labels, outcome, prepared.weights, confidence)
        shown = summary[summary["sample"] != "all"]
        detail = ", ".join(f"{r.sample} {r.rows:,} ({r.bad_rate:.2%} bad)" for r in shown.itertuples())
        return Told((table("samples.summary", summary, inputs=SNAPSHOT), *not_of_binary(SUMMARY)), detail)

    def train(self, plan: Plan, prepared: Prepared) -> Trained:
        """Weights of evidence of every predictor; leakage, expectations, stability."""
        training, screened = screen(plan, prepared, class_predictors(plan, prepared))
        evidence = (
            *screened,
            *not_of_binary(CLASSING),
            *classing_evidence(training.tables, plan.classing),
            joined_evidence(training.tables),
            overrides_evidence(training.overrides, [m.id for m in plan.models if m.type == "segmented_scorecard"]),
        )
        return Trained(training, evidence, f"{len(training.tables)} characteristics{suspected(screened[0])}")

    def fit(self, plan: Plan, training: Training, report: Callable[[str], None], journal: Path | None) -> Fitted:
        """Scorecards and boosting."""
        selection, candidates = fit_candidates(plan, training, report=report, journal=journal)
        waterfalls = {c.id: c.selection.waterfall for c in candidates if c.selection is not None}
        chosen = selection_evidence(waterfalls, "no candidate is a scorecard; all predictors are used")
        return Fitted(candidates, selection, (chosen, *common_evidence(training)))

    def calibrate(self, plan: Plan, prepared: Prepared, fitted: Fitted) -> Fitted:
        """A map of the linear score for every candidate."""
        candidates, rows, calibrated = calibrate_candidates(plan, prepared, fitted.candidates)
        evidence = (*fitted.evidence, *calibration_evidence(plan, prepared, rows, calibrated))
        return replace(fitted, candidates=candidates, evidence=evidence, detail=told(calibrated, rows))

    def evaluate(
        self, plan: Plan, prepared: Prepared, training: Training, candidates: Sequence[Candidate], scored: Scored
    ) -> Told:
        """Discrimination, calibration, bands, stability, fairness; classing on every sample; baselines."""
        champion = next(c for c in candidates if c.id == plan.champion.id)
        own = with_classing(scored, champion.tables, prepared.intake.frame)
        found = evaluate(own, champion.id, plan.evaluation)
        edges = {**plan.fairness.edges, **plan.evaluation.subpopulation_edges}
        cut_off, seed = plan.strategy.cut_off, plan.samples.seed
        found += discrimination_evidence(own, champion.id, plan.evaluation, edges=edges, cut_off=cut_off, seed=seed)
        found += reliability_evidence(plan, own, champion.id)
        found += _stability(plan, own, champion, training)
        discrimination = next(e for e in found if e.id == "performance.discrimination").frame()
        recounted = recounted_evidence(plan, prepared, scored, training.tables)
        baselines = baseline_evidence(plan, training, candidates, scored, prepared.intake.frame)
        divided = segmentation_evidence(plan, candidates, scored, prepared.intake.frame)
        probability = scored.predictions[champion.id]["probability"].to_numpy(float)
        long_run = long_run_evidence(plan, prepared, probability, input_files(scored, [champion.id], champion.id))
        fair = (*found, *fairness_evidence(plan, champion, scored, training.tables))
        evidence = (*fair, *divided, *recounted, *baselines, *long_run, *not_of_binary(EVALUATION))
        return Told(evidence, _headline(discrimination, champion.id))


def _stability(plan: Plan, scored: Scored, champion: Candidate, training: Training) -> list[Evidence]:
    """Evidence `stability.psi` and `stability.bins` of the score and the champion's characteristics."""
    edges, bands = score_bands(scored, champion.id, plan.evaluation.bands)
    tables = {**training.tables, **(champion.tables or {})}
    own = free_name(SCORE, champion.characteristics)
    ids = {own: bands, **{name: scored.bin_ids[name] for name in champion.characteristics}}
    labels = {name: [one.label for one in tables[name].bins] for name in champion.characteristics}
    score = scored.predictions[champion.id]["score"].to_numpy(float)
    return stability_evidence(
        scored,
        ids,
        {own: band_labels(edges), **labels},
        input_files(scored, [champion.id], champion.id),
        points=points_of(champion.model) if champion.divided is None else None,
        score=score,
        score_name=own,
    )


def not_of_binary(identifiers: tuple[str, ...]) -> list[Evidence]:
    """Evidence that amounts and fractions have, and a binary outcome has not."""
    return [absent(identifier, "not_applicable", OF_MEASURES) for identifier in identifiers]


def suspected(leakage: Evidence) -> str:
    """Columns that the leakage screen suspects, in words."""
    rows = leakage.frame()
    suspects = list(dict.fromkeys(rows.loc[rows["flagged"].astype(bool), "characteristic"]))
    return f", suspected of leakage: {', '.join(suspects)}" if suspects else ""


def _headline(discrimination: pd.DataFrame, champion: str) -> str:
    rows = discrimination[discrimination["model"] == champion]
    return ", ".join(f"{row.sample} AUC {row.auc:.4f}" for row in rows.itertuples())
