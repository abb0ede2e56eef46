"""The stages of development, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import ModelError
from credit_risk._core.evidence import Evidence
from credit_risk.lifecycle.authored import authored_evidence, identity_evidence
from credit_risk.lifecycle.baselines import baseline_evidence
from credit_risk.lifecycle.candidates import (
    Candidate,
    Training,
    common_evidence,
    fit_candidates,
)
from credit_risk.lifecycle.champion import champion_evidence
from credit_risk.lifecycle.classing import Prepared, class_predictors, prepare
from credit_risk.lifecycle.classing_samples import recounted_evidence
from credit_risk.lifecycle.clustered_notes import told_of_clusters
from credit_risk.lifecycle.data_evidence import (
    classing_evidence,
    clusters_evidence,
    data_evidence,
    joined_evidence,
    overrides_evidence,
    points_evidence,
    selection_evidence,
)
from credit_risk.lifecycle.develop import Development
from credit_risk.lifecycle.explained import explanation_evidence
from credit_risk.lifecycle.exports import exports_evidence
from credit_risk.lifecycle.performance import Scored, evaluate, representativeness_evidence
from credit_risk.lifecycle.progress import Progress, stage
from credit_risk.lifecycle.reason_evidence import reason_evidence
from credit_risk.lifecycle.screening import screen
from credit_risk.models.boosting import defect_faults
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.plan import Plan
from credit_risk.sampling import samples_summary, snapshot_frame, take_in
from credit_risk.sampling.clusters import cluster_numbers, repeats
from credit_risk.scoring.verification import verification_coverage, verification_rows

Floats = NDArray[np.float64]


def run_stages(plan: Plan, progress: Progress, data: Any = None, journal: Path | None = None) -> Development:
    """Intake, samples, classing, candidates, evaluation; the frozen result of all of them.

    data: a frame in memory that stands for the source that the plan names; journal: folder for the trials of a search.
    """
    refuse_defects(plan)
    with stage(progress, "read the data") as detail:
        source = plan.open_source(data)
        named, history = plan.named_columns(), plan.history_path()
        intake = take_in(source, plan.data, plan.outcome, derive=plan.derive, named=named, history=history)
        left_out = len(intake.tables["data.columns_left_out"])
        detail.text = f"{source.rows:,} rows, {len(intake.predictors)} predictors, {left_out} columns left out"
    with stage(progress, "outcome and samples") as detail:
        prepared = prepare(plan, intake)
        intake = prepared.intake
        summary = samples_summary(prepared.labels, intake.outcome, prepared.weights, plan.evaluation.confidence)
        shown = summary[summary["sample"] != "all"]
        detail.text = ", ".join(f"{r.sample} {r.rows:,} ({r.bad_rate:.2%} bad)" for r in shown.itertuples())
    with stage(progress, "classing") as detail:
        training, screened = screen(plan, prepared, class_predictors(plan, prepared))
        detail.text = f"{len(training.tables)} characteristics{_suspected(screened[0])}"
    with stage(progress, "selection and models") as detail:
        selection, candidates = fit_candidates(plan, training, report=detail.say, journal=journal)
        detail.text = ", ".join(_told(candidate) for candidate in candidates)
    with stage(progress, "evaluation") as detail:
        judged = judge(plan, prepared, training, candidates)
        detail.text = judged.headline
    evidence: list[Evidence] = [
        identity_evidence(plan, len(judged.champion.characteristics)),
        *authored_evidence(plan),
        *data_evidence(intake, summary),
        points_evidence(intake, prepared.labels, plan.outcome.windows.performance_months, plan.evaluation.confidence),
        clusters_evidence(plan.samples, prepared.labels, prepared.clusters),
        representativeness_evidence(judged.scored),
        *screened,
        *classing_evidence(training.tables, plan.classing),
        joined_evidence(training.tables),
        *recounted_evidence(plan, prepared, judged.scored, training.tables),
        overrides_evidence(training.overrides),
        selection_evidence(selection),
        *common_evidence(training),
        *(item for candidate in candidates for item in candidate.evidence),
        *judged.evidence,
        exports_evidence(plan),
    ]
    described = {"name": source.name, "sha256": source.sha256, "rows": source.rows, "columns": len(source.columns)}
    snapshot = snapshot_frame(intake, prepared.labels, prepared.weights, prepared.clusters)
    scored, cases = judged.scored, judged.verification
    noted = told_of_clusters(evidence, repeat=repeats(prepared.clusters[pd.notna(prepared.labels)]))
    return Development(plan, described, snapshot, training, selection, candidates, scored, cases, noted)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the candidates are worth: the champion, scored rows, verification cases, evidence, headline in words."""

    champion: Candidate
    scored: Scored
    verification: pd.DataFrame
    evidence: tuple[Evidence, ...]
    headline: str


def refuse_defects(plan: Plan) -> None:
    """Raise ModelError where a candidate needs what the installed libraries are known to do wrongly."""
    boosted = [spec for spec in plan.models if isinstance(spec, MonotoneBoostingSpec)]
    if faults := [fault for spec in boosted for fault in defect_faults(spec)]:
        raise ModelError(faults)


def judge(plan: Plan, prepared: Prepared, training: Training, candidates: Sequence[Candidate]) -> Judged:
    """Score all samples with every candidate and evaluate them; verification cases are the champion's."""
    intake = prepared.intake
    champion = next(c for c in candidates if c.id == plan.champion.id)
    scored = score_samples(plan, prepared, training, candidates)
    rows = intake.frame.loc[prepared.development, champion.compiled.input_names].reset_index(drop=True)
    cases = verification_rows(champion.compiled, rows)
    performance = evaluate(
        scored,
        champion.id,
        plan.evaluation,
        characteristics=champion.characteristics,
        cut_off=plan.strategy.cut_off,
    )
    linear = np.asarray(champion.compiled.values(intake.frame)[champion.unrounded], float)
    coverage = verification_coverage(champion.compiled, cases)
    reasons = reason_evidence(plan, training, champion, scored)
    explained = explanation_evidence(plan, training, candidates, scored, intake.frame, prepared.weights)
    baselines = baseline_evidence(plan, training, candidates, scored, intake.frame)
    first = champion_evidence(champion, scored, linear, coverage)
    evidence = (*first, *explained, *reasons, *performance, *baselines)
    discrimination = next(e for e in performance if e.id == "performance.discrimination").frame()
    return Judged(champion, scored, cases, evidence, _headline(discrimination, champion.id))


def score_samples(plan: Plan, prepared: Prepared, training: Training, candidates: Sequence[Candidate]) -> Scored:
    """Score all rows with every candidate through the scoring authority."""
    intake = prepared.intake
    predictions = {candidate.id: candidate.predict(intake.frame) for candidate in candidates}
    return Scored(
        intake.outcome,
        prepared.labels,
        predictions,
        intake.frame[list(intake.protected)],
        intake.frame[list(plan.evaluation.subpopulations)],
        {name: table.assign(intake.frame[name].to_numpy()) for name, table in training.tables.items()},
        cluster_numbers(prepared.clusters),
    )


def _told(candidate: Candidate) -> str:
    remark = f" ({candidate.remark})" if candidate.remark else ""
    return f"{candidate.id}: {len(candidate.characteristics)} characteristics{remark}"


def _suspected(leakage: Evidence) -> str:
    """Columns that the leakage screen suspects, in words."""
    rows = leakage.frame()
    suspects = list(dict.fromkeys(rows.loc[rows["flagged"], "characteristic"]))
    return f", suspected of leakage: {', '.join(suspects)}" if suspects else ""


def _headline(discrimination: pd.DataFrame, champion: str) -> str:
    rows = discrimination[discrimination["model"] == champion]
    return ", ".join(f"{row.sample} AUC {row.auc:.4f}" for row in rows.itertuples())
