"""The stages of development, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence
from credit_risk.binning.report import gini_of_bins
from credit_risk.lifecycle.authored import authored_evidence, identity_evidence
from credit_risk.lifecycle.candidates import (
    Candidate,
    Training,
    common_evidence,
    fit_monotone_boosting,
    fit_scorecard,
)
from credit_risk.lifecycle.champion import champion_evidence
from credit_risk.lifecycle.classing import Prepared, class_predictors, expectations, prepare, screen_leakage
from credit_risk.lifecycle.data_evidence import classing_evidence, data_evidence, overrides_evidence, selection_evidence
from credit_risk.lifecycle.develop import Development
from credit_risk.lifecycle.performance import Scored, evaluate, representativeness_evidence
from credit_risk.lifecycle.progress import Progress, stage
from credit_risk.models.assemble import Identity
from credit_risk.models.spec import ModelSpec, ScorecardSpec
from credit_risk.plan import Plan
from credit_risk.sampling import samples_summary, snapshot_frame, take_in
from credit_risk.scoring.verification import verification_coverage, verification_rows
from credit_risk.selection.waterfall import Screened, Selection, select_characteristics

Floats = NDArray[np.float64]


def run_stages(plan: Plan, progress: Progress, data: Any = None) -> Development:
    """Intake, samples, classing, candidates, evaluation; the frozen result of all of them.

    data: a frame in memory that stands for the source that the plan names.
    """
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
        training = class_predictors(plan, prepared)
        leakage = screen_leakage(plan, prepared, training)
        suspects = [row[0] for row in leakage.content["rows"] if row[4]]
        told = f", suspected of leakage: {', '.join(dict.fromkeys(suspects))}" if suspects else ""
        detail.text = f"{len(training.tables)} characteristics{told}"
    with stage(progress, "selection and models") as detail:
        selection, candidates = fit_candidates(plan, training)
        detail.text = ", ".join(f"{c.id}: {len(c.characteristics)} characteristics" for c in candidates)
    with stage(progress, "evaluation") as detail:
        judged = judge(plan, prepared, training, candidates)
        detail.text = judged.headline
    evidence: list[Evidence] = [
        identity_evidence(plan),
        *authored_evidence(plan),
        *data_evidence(intake, summary),
        representativeness_evidence(judged.scored),
        leakage,
        *classing_evidence(training.tables, plan.classing),
        overrides_evidence(training.overrides),
        expectations(plan, training),
        selection_evidence(selection),
        *common_evidence(training),
        *(item for candidate in candidates for item in candidate.evidence),
        *judged.evidence,
    ]
    described = {"name": source.name, "sha256": source.sha256, "rows": source.rows, "columns": len(source.columns)}
    snapshot = snapshot_frame(intake, prepared.labels, prepared.weights)
    scored, cases = judged.scored, judged.verification
    return Development(plan, described, snapshot, training, selection, candidates, scored, cases, tuple(evidence))


@dataclass(frozen=True, slots=True)
class Judged:
    """What the candidates are worth: scored rows, verification cases, evidence, and the headline in words."""

    scored: Scored
    verification: pd.DataFrame
    evidence: tuple[Evidence, ...]
    headline: str


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
    told = {item.id for candidate in candidates for item in candidate.evidence}
    coverage = verification_coverage(champion.compiled, cases)
    evidence = (*champion_evidence(champion, told, scored, linear, coverage), *performance)
    discrimination = next(e for e in performance if e.id == "performance.discrimination").frame()
    return Judged(scored, cases, evidence, _headline(discrimination, champion.id))


def fit_candidates(plan: Plan, training: Training) -> tuple[Selection | None, tuple[Candidate, ...]]:
    """Fit every candidate of the plan. The selection is None where no candidate is a scorecard."""
    selection = None
    candidates = []
    for spec in plan.models:
        identity = _identity(plan, spec)
        if isinstance(spec, ScorecardSpec):
            selection = select(plan, training, spec.confidence)
            candidate = fit_scorecard(
                spec,
                training,
                selection,
                identity,
                probability_from=plan.scaling.probability_from,
                maximum_reasons=plan.reason_codes.maximum,
                rank_step=plan.reason_codes.rank_step,
            )
        else:
            candidate = fit_monotone_boosting(spec, boosting_training(plan, training), identity)
        candidates.append(candidate)
    return selection, tuple(candidates)


def boosting_training(plan: Plan, training: Training) -> Training:
    """What boosting may use: what the plan includes, and what is neither excluded by it, nor suspected to know the

    outcome, nor left without a trend by classing, which leaves it one weight of evidence only.
    """
    limits = plan.selection
    kept = {
        name: table
        for name, table in training.tables.items()
        if name in limits.included
        or (name not in limits.excluded and table.fine_gini <= limits.max_gini and table.information_value > 0)
    }
    if not kept:
        remedy = "add predictors, or name one in selection.include"
        message = "no characteristic is left for boosting after classing and the screen for leakage"
        raise ModelError(Fault(message, code="nothing_selected", path="selection", remedy=remedy))
    return replace(training, tables=kept)


def _identity(plan: Plan, spec: ModelSpec) -> Identity:
    """The champion carries the model's identifier; a challenger its own."""
    return Identity(
        plan.model.id if spec.champion else spec.id,
        str(plan.model.name) if spec.champion else f"{plan.model.name}, challenger {spec.id}",
        plan.model.version,
        "PD" if plan.outcome.default_conformant else "probability of bad",
        plan.outcome.event,
    )


def select(plan: Plan, training: Training, confidence: float) -> Selection:
    """Selection of characteristics on development."""
    tables = training.tables
    woe = {name: table.transform(training.frame[name].to_numpy()) for name, table in tables.items()}
    candidates = {
        name: Screened(
            table.information_value,
            gini_of_bins(table),
            table.fine_gini,
            table.share_of("missing"),
            training.stability.get(name),
        )
        for name, table in tables.items()
    }
    return select_characteristics(
        candidates, woe, training.y, plan.selection, weights=training.weights, confidence=confidence
    )


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
    )


def _headline(discrimination: pd.DataFrame, champion: str) -> str:
    rows = discrimination[discrimination["model"] == champion]
    return ", ".join(f"{row.sample} AUC {row.auc:.4f}" for row in rows.itertuples())
