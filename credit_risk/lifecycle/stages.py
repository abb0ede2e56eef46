"""The stages of development, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence
from credit_risk.binning.classing import Trend, class_frame
from credit_risk.binning.overrides import apply_overrides
from credit_risk.binning.report import gini_of_bins
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.stability import bin_counts, population_stability_index
from credit_risk.lifecycle.authored import authored_evidence, identity_evidence
from credit_risk.lifecycle.candidates import (
    Candidate,
    Training,
    common_evidence,
    fit_monotone_boosting,
    fit_scorecard,
)
from credit_risk.lifecycle.champion import champion_evidence
from credit_risk.lifecycle.data_evidence import classing_evidence, data_evidence, overrides_evidence, selection_evidence
from credit_risk.lifecycle.develop import Development
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored, evaluate
from credit_risk.lifecycle.progress import Progress, stage
from credit_risk.models.assemble import Identity, InputColumn
from credit_risk.models.spec import ModelSpec, ScorecardSpec
from credit_risk.plan import Plan
from credit_risk.sampling import Intake, samples_summary, snapshot_frame, split_samples, take_in
from credit_risk.scaling.points import Scaling
from credit_risk.scoring.verification import verification_coverage, verification_rows
from credit_risk.selection.waterfall import Screened, Selection, select_characteristics

Floats = NDArray[np.float64]
DIRECTIONS = ("ascending", "descending", "peak", "valley", "none")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data with roles, sample labels (n,) and weights (n,), and the development rows (n,)."""

    intake: Intake
    labels: NDArray[np.object_]
    weights: Floats
    development: NDArray[np.bool_]


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
        summary = samples_summary(prepared.labels, intake.outcome, prepared.weights, plan.evaluation.confidence)
        shown = summary[summary["sample"] != "all"]
        detail.text = ", ".join(f"{r.sample} {r.rows:,} ({r.bad_rate:.2%} bad)" for r in shown.itertuples())
    with stage(progress, "classing") as detail:
        training = class_predictors(plan, prepared)
        detail.text = f"{len(training.tables)} characteristics"
    with stage(progress, "selection and models") as detail:
        selection, candidates = fit_candidates(plan, training)
        detail.text = ", ".join(f"{c.id}: {len(c.characteristics)} characteristics" for c in candidates)
    with stage(progress, "evaluation") as detail:
        champion = next(c for c in candidates if c.id == plan.champion.id)
        scored = score_samples(plan, prepared, training, candidates)
        rows = intake.frame.loc[prepared.development, champion.compiled.input_names].reset_index(drop=True)
        verification = verification_rows(champion.compiled, rows)
        performance = evaluate(
            scored,
            champion.id,
            plan.evaluation,
            tables=training.tables,
            characteristics=champion.characteristics,
            cut_off=plan.strategy.cut_off,
        )
        linear = np.asarray(champion.compiled.values(intake.frame)[champion.unrounded], float)
        discrimination = next(e for e in performance if e.id == "performance.discrimination").frame()
        detail.text = _headline(discrimination, champion.id)
    fitted = [item for candidate in candidates for item in candidate.evidence]
    evidence: list[Evidence] = [
        identity_evidence(plan),
        *authored_evidence(plan),
        *data_evidence(intake, summary),
        *classing_evidence(training.tables, plan.classing),
        overrides_evidence(training.overrides),
        selection_evidence(selection),
        *common_evidence(training),
        *fitted,
        *champion_evidence(
            champion,
            {item.id for item in fitted},
            scored,
            linear,
            verification_coverage(champion.compiled, verification),
        ),
        *performance,
    ]
    described = {"name": source.name, "sha256": source.sha256, "rows": source.rows, "columns": len(source.columns)}
    snapshot = snapshot_frame(intake, prepared.labels, prepared.weights)
    return Development(
        plan, described, snapshot, training, selection, candidates, scored, verification, tuple(evidence)
    )


def prepare(plan: Plan, intake: Intake) -> Prepared:
    """Divide the rows into samples. Every row weighs 1."""
    labels = split_samples(intake.outcome, plan.samples)
    return Prepared(intake, labels, np.ones(len(labels)), labels == DEVELOPMENT)


def class_predictors(plan: Plan, prepared: Prepared) -> Training:
    """Class every predictor on development."""
    intake, rows = prepared.intake, prepared.development
    names = list(intake.predictors)
    frame = intake.frame.loc[rows].reset_index(drop=True)
    y, weights = intake.outcome[rows], prepared.weights[rows]
    specials = {name: list(intake.specials.get(name, {})) for name in names}
    tables = class_frame(
        frame[names], y, settings=plan.classing, weights=weights, trends=declared_trends(plan, names), specials=specials
    )
    tables, changes = override_classing(plan, tables, frame, y, weights)
    scaling = Scaling(
        plan.scaling.points_to_double_odds, plan.scaling.base_score, plan.scaling.base_odds, plan.scaling.rounding
    )
    return Training(
        frame,
        y,
        weights,
        tables,
        _inputs(intake),
        _derive_steps(plan, intake),
        scaling,
        _reason_texts(plan, names),
        greatest_psi(prepared, tables),
        changes,
    )


def override_classing(
    plan: Plan, tables: Mapping[str, BinningTable], frame: pd.DataFrame, y: Floats, weights: Floats
) -> tuple[dict[str, BinningTable], tuple[dict[str, Any], ...]]:
    """Classing after the plan's manual changes, and what they cost. Raises ModelError with every one that fails."""
    changed = dict(tables)
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    names = dict.fromkeys(override.characteristic for override in plan.classing.overrides)
    for name in names:
        if name not in tables:
            remedy = f"predictors are {', '.join(list(tables)[:30])}"
            faults.append(Fault(f"{name!r} is no predictor", "override", path="classing.overrides", remedy=remedy))
            continue
        overrides = [o for o in plan.classing.overrides if o.characteristic == name]
        values, zero_cell = frame[name].to_numpy(), plan.classing.zero_cell
        try:
            result = apply_overrides(tables[name], overrides, values, y, weights, zero_cell=zero_cell)
        except ModelError as error:
            faults += error.faults
            continue
        changed[name] = result.table
        rows += result.rows
    if faults:
        raise ModelError(faults)
    return changed, tuple(rows)


def declared_trends(plan: Plan, names: Sequence[str]) -> dict[str, Trend]:
    """Trends that the plan states: for the classing, else the expert's expectation of the column."""
    trends = {}
    for name in names:
        column = plan.data.columns.get(name)
        if name in plan.classing.monotonic:
            trends[name] = Trend(plan.classing.monotonic[name], "plan, classing")
        elif column is not None and column.expected_trend in DIRECTIONS:
            trends[name] = Trend(str(column.expected_trend), "plan, expectation")
    return trends


def _inputs(intake: Intake) -> dict[str, InputColumn]:
    found = {}
    for name in intake.contract_columns:
        if intake.roles[name] != "predictor":
            continue
        kind = "number" if intake.types[name] == "numeric" else "string"
        found[name] = InputColumn(name, kind, intake.specials.get(name, {}), intake.descriptions.get(name, ""))
    return found


def _derive_steps(plan: Plan, intake: Intake) -> dict[str, dict[str, Any]]:
    steps = {}
    for name, expression in intake.derived.items():
        kind = "number" if intake.types[name] == "numeric" else "string"
        steps[name] = {
            "id": f"derive({name})",
            "type": "derive",
            "output": name,
            "value_type": kind,
            "expression": expression,
            "description": plan.derive[name],
        }
    return steps


def _reason_texts(plan: Plan, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Text of each characteristic's reason and where it comes from; the bare name where the plan has no text."""
    texts = {}
    for name in names:
        column = plan.data.columns.get(name)
        if column is not None and column.reason_text:
            texts[name] = (column.reason_text, "plan, reason_text")
        elif column is not None and column.description:
            texts[name] = (column.description, "plan, description")
        else:
            texts[name] = (name, "name (no text in plan)")
    return texts


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


def greatest_psi(prepared: Prepared, tables: Mapping[str, BinningTable]) -> dict[str, float]:
    """Greatest population stability index of each characteristic's bins between development and another sample."""
    labels, found = prepared.labels, {}
    samples = [s for s in dict.fromkeys(labels[pd.notna(labels)]) if s != DEVELOPMENT]
    for name, table in tables.items():
        ids = _bin_ids(table, prepared.intake.frame[name])
        counts = bin_counts({s: ids[labels == s] for s in (DEVELOPMENT, *samples)})
        values = [population_stability_index(counts[DEVELOPMENT], counts[s]).psi for s in samples]
        found[name] = max(values, default=0.0)
    return found


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
        {name: _bin_ids(table, intake.frame[name]) for name, table in training.tables.items()},
    )


def _bin_ids(table: BinningTable, column: pd.Series) -> NDArray[np.int64]:
    return table.assign(column.to_numpy())


def _headline(discrimination: pd.DataFrame, champion: str) -> str:
    rows = discrimination[discrimination["model"] == champion]
    return ", ".join(f"{row.sample} AUC {row.auc:.4f}" for row in rows.itertuples())
