"""The stages of development, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import ModelError
from credit_risk._core.evidence import Evidence
from credit_risk.lifecycle.authored import authored_evidence, identity_evidence
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.candidates.training import Classed, own_training
from credit_risk.lifecycle.champion import champion_evidence
from credit_risk.lifecycle.classing import Prepared, prepare
from credit_risk.lifecycle.clustered_notes import told_of_clusters
from credit_risk.lifecycle.data_evidence import clusters_evidence, data_evidence, points_evidence
from credit_risk.lifecycle.develop import Attach, Development
from credit_risk.lifecycle.explained import explanation_evidence
from credit_risk.lifecycle.exports import exports_evidence
from credit_risk.lifecycle.fitted import Trained
from credit_risk.lifecycle.kinds import KINDS, OutcomeKind
from credit_risk.lifecycle.margins import margined, margins_of, margins_told
from credit_risk.lifecycle.performance import Scored, representativeness_evidence
from credit_risk.lifecycle.progress import Progress, stage
from credit_risk.lifecycle.rating import rate_candidates, rating_evidence
from credit_risk.lifecycle.reason_evidence import reason_evidence
from credit_risk.lifecycle.registers import register_evidence
from credit_risk.lifecycle.rejects import infer
from credit_risk.lifecycle.rejects.calibration import weighed_for_calibration
from credit_risk.lifecycle.rejects.evidence import inference_evidence
from credit_risk.lifecycle.rejects.notes import told_of_inference
from credit_risk.lifecycle.rules import rules_evidence
from credit_risk.lifecycle.segment_reasons import segment_reason_evidence
from credit_risk.lifecycle.strategy import refuse_amounts, strategy_evidence
from credit_risk.lifecycle.two_stage import two_stage_evidence
from credit_risk.lifecycle.weighted_notes import told_of_weights
from credit_risk.models.boosting import defect_faults
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.plan import Plan
from credit_risk.plan.intake import take_in_plan
from credit_risk.sampling import snapshot_frame
from credit_risk.sampling.clusters import cluster_numbers, repeats
from credit_risk.sampling.source import Source
from credit_risk.scoring.verification import verification_coverage, verification_rows

Floats = NDArray[np.float64]


def run_stages(
    plan: Plan, progress: Progress, data: Any = None, journal: Path | None = None, attached: Attach | None = None
) -> Development:
    """Intake, samples, classing, candidates, evaluation; the frozen result of all of them.

    data: a frame in memory that stands for the source that the plan names; journal: folder for the trials of a search;
    attached: gives the source its protected attributes, where these lie in a store of their own.
    """
    refuse_defects(plan)
    kind = KINDS[plan.outcome.type]
    with stage(progress, "read the data") as detail:
        source = (attached or _as_it_is)(plan.open_source(data))
        intake = take_in_plan(plan, source)
        left_out = len(intake.tables["data.columns_left_out"])
        detail.text = f"{source.rows:,} rows, {len(intake.predictors)} predictors, {left_out} columns left out"
    with stage(progress, "outcome and samples") as detail:
        prepared = prepare(plan, intake)
        intake = prepared.intake
        refuse_amounts(plan, intake, prepared.labels)
        summary = kind.summarise(plan, prepared)
        detail.text = summary.detail
    with stage(progress, "classing") as detail:
        inference = infer(plan, prepared, detail.say)
        trained = kind.train(plan, prepared if inference is None else inference.prepared)
        detail.text = trained.detail if inference is None else f"{trained.detail}; {inference.detail}"
    with stage(progress, "selection and models") as detail:
        calibrated_on = prepared if inference is None else weighed_for_calibration(plan, prepared, inference)
        fitted = kind.calibrate(plan, calibrated_on, kind.fit(plan, trained.training, detail.say, journal))
        margins = margins_of(plan, prepared)
        candidates = margined(plan, fitted.candidates, margins)
        rated = rate_candidates(plan, prepared, candidates)
        candidates = rated.candidates
        detail.text = ", ".join(_told(candidate) for candidate in candidates) + fitted.detail
    with stage(progress, "evaluation") as detail:
        judged = judge(plan, prepared, trained, candidates, kind)
        detail.text = judged.headline
    window = plan.outcome.windows.performance_months
    evidence: list[Evidence] = [
        identity_evidence(plan, len(judged.champion.characteristics)),
        *authored_evidence(plan),
        *register_evidence(plan),
        *data_evidence(intake),
        *summary.evidence,
        points_evidence(intake, prepared.labels, window, plan.evaluation.confidence, prepared.weights),
        clusters_evidence(plan.samples, prepared.labels, prepared.clusters),
        representativeness_evidence(judged.scored),
        *inference_evidence(plan, prepared, inference, candidates, judged.scored),
        *trained.evidence,
        *fitted.evidence,
        *(item for candidate in candidates for item in candidate.evidence),
        *judged.evidence,
        margins_told(plan, prepared, margins, judged.scored),
        *rating_evidence(plan, rated, judged.scored, intake),
        exports_evidence(plan),
    ]
    snapshot = snapshot_frame(intake, prepared.labels, prepared.weights, prepared.clusters)
    scored, cases = judged.scored, judged.verification
    noted = _noted(plan, prepared, evidence)
    made = (plan, _described(source), snapshot, trained.training, fitted.selection, candidates, scored, cases, noted)
    return Development(*made, inference=inference)


def _as_it_is(source: Source) -> Source:
    return source


def _noted(plan: Plan, prepared: Prepared, evidence: list[Evidence]) -> tuple[Evidence, ...]:
    """The evidence with what is said of clusters, weights and inference on each item."""
    noted = told_of_clusters(evidence, repeat=repeats(prepared.clusters[pd.notna(prepared.labels)]))
    return told_of_inference(told_of_weights(noted, plan.samples.weight), plan)


def _described(source: Source) -> dict[str, Any]:
    """What the manifest says of the source: columns are those of the file, without those of another store."""
    columns = len(source.columns) - len(source.apart)
    return {"name": source.name, "sha256": source.sha256, "rows": source.rows, "columns": columns}


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


def judge(
    plan: Plan, prepared: Prepared, trained: Trained, candidates: Sequence[Candidate], kind: OutcomeKind
) -> Judged:
    """Score all samples with every candidate and evaluate them; verification cases are the champion's."""
    intake = prepared.intake
    champion = next(c for c in candidates if c.id == plan.champion.id)
    scored = score_samples(plan, prepared, trained.training.tables, candidates)
    rows = intake.frame.loc[prepared.development, champion.compiled.input_names].reset_index(drop=True)
    cases = verification_rows(champion.compiled, rows)
    performance = kind.evaluate(plan, prepared, trained.training, candidates, scored)
    linear = np.asarray(champion.compiled.values(intake.frame)[champion.unrounded], float)
    coverage = verification_coverage(champion.compiled, cases)
    training = trained.training if champion.tables is None else own_training(trained.training, champion.tables)
    reasons = (
        reason_evidence(plan, training, champion, scored)
        if champion.divided is None
        else segment_reason_evidence(plan, champion, scored)
    )
    explained = explanation_evidence(plan, trained.training.tables, candidates, scored, intake.frame, prepared.weights)
    rules = rules_evidence(plan, intake, scored)
    staged = two_stage_evidence(plan, trained.training, candidates, scored, intake.frame)
    strategy = strategy_evidence(plan, intake, scored)
    made = (*champion_evidence(champion, scored, linear, coverage), *staged, *explained, *reasons, *rules, *strategy)
    evidence = (*made, *performance.evidence)
    return Judged(champion, scored, cases, evidence, performance.detail)


def score_samples(
    plan: Plan, prepared: Prepared, tables: Mapping[str, Classed], candidates: Sequence[Candidate]
) -> Scored:
    """Score all rows with every candidate through the scoring authority."""
    intake = prepared.intake
    predictions = {candidate.id: candidate.predict(intake.frame) for candidate in candidates}
    return Scored(
        intake.outcome,
        prepared.labels,
        predictions,
        intake.frame[list(intake.protected)],
        intake.frame[list(plan.evaluation.subpopulations)],
        {name: table.assign(intake.frame[name].to_numpy()) for name, table in tables.items()},
        cluster_numbers(prepared.clusters),
        None if plan.samples.weight is None else prepared.weights,
        plan.calibration.fitted_on,
    )


def _told(candidate: Candidate) -> str:
    remark = f" ({candidate.remark})" if candidate.remark else ""
    return f"{candidate.id}: {len(candidate.characteristics)} characteristics{remark}"
