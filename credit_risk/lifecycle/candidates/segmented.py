"""A scorecard for each segment on one scale of scores: own classing, selection, coefficients, points and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.classing import class_frame
from credit_risk.binning.finish import finished
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.reasons import refuse_untold
from credit_risk.lifecycle.candidates.scorecard import asked_by, scorecard_of, select
from credit_risk.lifecycle.candidates.segmented_evidence import fitted_evidence
from credit_risk.lifecycle.candidates.segments import VALUE, Segments, find_segments, segment_step
from credit_risk.lifecycle.candidates.training import Candidate, Divided, FitContext, SegmentCard, Training
from credit_risk.lifecycle.trends import declared_orders, declared_trends
from credit_risk.models.assemble import ValueNames, document, link_step, value_names
from credit_risk.models.embedding import Embedded, embedded_steps, free_prefix, needed_steps
from credit_risk.models.scorecard_spec import ScorecardOptions, ScorecardSpec
from credit_risk.models.segmented_spec import SegmentedScorecardSpec
from credit_risk.plan import Plan
from credit_risk.scoring import compile_model
from credit_risk.scoring.step_names import free_name

Step = dict[str, Any]
KIND = "segmented"


def fit_segmented(spec: SegmentedScorecardSpec, context: FitContext) -> Candidate:
    """The scorecards of the segments as one model; one scorecard where a search is refused.

    Raises ModelError where a segment has no events or cannot be modelled, with every segment that cannot, and where a
    search is refused and the plan says that this is an error.
    """
    segments = find_segments(spec, context.training, context.plan.samples.seed, context.report)
    evidence = fitted_evidence(spec, segments)
    if segments.refused:
        return _one_model(spec, context, evidence)
    cards = _cards(spec, context, segments)
    if spec.champion:
        for card in cards:
            refuse_untold(context.plan, spec.id, card.candidate.reasons)
    model, unrounded, value = _assembled(spec, context, segments, cards)
    names = tuple(dict.fromkeys(name for card in cards for name in card.candidate.characteristics))
    return Candidate(
        spec.id,
        spec.type,
        model,
        compile_model(model),
        (*evidence, *(item for card in cards for item in card.candidate.evidence)),
        names,
        unrounded,
        remark=_remark(spec, segments),
        divided=Divided(against_of(context.plan, spec), value, cards),
    )


def against_of(plan: Plan, spec: SegmentedScorecardSpec) -> str:
    """Id of the one model that the segments are held against."""
    return spec.against or next(model.id for model in plan.models if isinstance(model, ScorecardSpec))


def _remark(spec: SegmentedScorecardSpec, segments: Segments) -> str:
    gain = segments.gain
    pays = gain is not None and gain.p_value <= spec.segments.level
    told = "pay on unseen rows" if pays else "are not shown to pay on unseen rows"
    return f"{len(segments.names)} segments, which {told}"


def _one_model(spec: SegmentedScorecardSpec, context: FitContext, evidence: Sequence[Any]) -> Candidate:
    if spec.segments.when_refused == "error":
        message = "the search finds no segments whose separate models gain on rows that it has not seen"
        remedy = "write segments.when_refused: one_model, or take the candidate out"
        path = f"models.{spec.id}.segments.search"
        raise ModelError(Fault(message, "segments_refused", path=path, remedy=remedy))
    one = _scorecard_spec(spec, spec.id, champion=spec.champion)
    selection = context.selection(asked_by(one, context.training), None)
    found = scorecard_of(one, context, selection, context.model_file(spec))
    remark = "segments are refused: one scorecard"
    return replace(found, type=spec.type, evidence=(*evidence, *found.evidence), remark=remark, selection=selection)


def _scorecard_spec(spec: SegmentedScorecardSpec, key: str, *, champion: bool = False) -> ScorecardSpec:
    options = {name: getattr(spec, name) for name in ScorecardOptions.model_fields if name not in ("id", "champion")}
    return ScorecardSpec.model_construct(id=key, champion=champion, type="scorecard", **options)


def _cards(spec: SegmentedScorecardSpec, context: FitContext, segments: Segments) -> tuple[SegmentCard, ...]:
    cards, faults = [], []
    for place, name in enumerate(segments.names):
        key = f"{spec.id}.segment_{place + 1}"
        own = _scorecard_spec(spec, key)
        try:
            training = segment_training(context.plan, context.training, segments.member == place)
            selection = select(context.plan, training, asked_by(own, training))
            part = replace(context, training=training)
            candidate = scorecard_of(own, part, selection, context.model_file(spec))
        except ModelError as error:
            rows, bads = (
                int(np.sum(segments.member == place)),
                int(np.sum(context.training.y[segments.member == place])),
            )
            where = f"segment {name!r} ({rows:,} rows, {bads:,} bads)"
            faults += [replace(fault, message=f"{where}: {fault.message}") for fault in error.faults]
            continue
        noted = tuple(replace(item, notes=(f"segment: {name}", *item.notes)) for item in candidate.evidence)
        cards.append(SegmentCard(name, key, training, selection, _of_segment(replace(candidate, evidence=noted), name)))
    if faults:
        raise ModelError(faults)
    return tuple(cards)


def _of_segment(candidate: Candidate, name: str) -> Candidate:
    """The scorecard, whose reasons say that they compare with applicants of the segment alone."""
    codes = candidate.reasons
    if codes is None:
        return candidate
    words, compared = f"{codes.reference} of the segment {name}", codes.compared
    told = replace(compared, applicants=f"{compared.applicants} of the segment {name}")
    steps = [{**step, "reference": words} if step["type"] == "reasons" else step for step in candidate.model["steps"]]
    reasons = replace(codes, reference=words, compared=told)
    return replace(candidate, model={**candidate.model, "steps": steps}, reasons=reasons)


def segment_training(plan: Plan, training: Training, mine: Any) -> Training:
    """What the scorecard of a segment is fitted on: its development rows (mask (n,)), classed by themselves.

    Manual changes of the classing are of the whole and are not made here.
    """
    frame = training.frame.loc[mine].reset_index(drop=True)
    y, weights, names = training.y[mine], training.weights[mine], list(training.tables)
    specials = {n: list(training.inputs[n].specials) if n in training.inputs else [] for n in names}
    tables = class_frame(
        frame[names],
        y,
        settings=plan.classing,
        weights=weights,
        trends=declared_trends(plan, names),
        specials=specials,
        orders=declared_orders(plan),
    )
    tables = {name: finished(table, plan.classing.of(name)) for name, table in tables.items()}
    clusters = None if training.clusters is None else training.clusters[mine]
    return replace(training, frame=frame, y=y, weights=weights, tables=tables, overrides=(), clusters=clusters)


# ------------------------------------------------------------------------------------------------- model.json
def _assembled(
    spec: SegmentedScorecardSpec, context: FitContext, segments: Segments, cards: Sequence[SegmentCard]
) -> tuple[Step, str, str]:
    """model.json, the names of the linear score before rounding and of the segment."""
    training = context.training
    read = [*segments.variables, *(name for card in cards for name in card.candidate.characteristics)]
    derived, inputs = derivations(read, training), read_inputs(read, training)
    taken = taken_names(inputs, derived)
    names, value = value_names({*taken, VALUE}), free_name(VALUE, taken)
    taken |= {value, *(getattr(names, word) for word in ValueNames.__slots__)}
    parts = []
    for place, card in enumerate(cards):
        prefix = free_prefix(f"segment_{place + 1}", taken)
        parts.append(embedded_steps(card.candidate.model, prefix, [step["output"] for step in derived]))
    steps, outputs, unrounded = _chosen(cards, parts, value, names, context.plan.scaling.probability_from)
    model = document(
        context.identity(spec), KIND, inputs, [*derived, segment_step(segments.expression, value), *steps], outputs
    )
    return model, unrounded, value


def _chosen(
    cards: Sequence[SegmentCard], parts: Sequence[Embedded], value: str, names: ValueNames, probability_from: str
) -> tuple[list[Step], Step, str]:
    """Steps of the segments, then the choices among their values; the outputs; the linear score before rounding."""
    published = [
        {key: part.renamed[str(card.candidate.model["outputs"][key])] for key in ("linear_score", "score", "reasons")}
        for card, part in zip(cards, parts, strict=True)
    ]
    unrounded = [part.renamed[card.candidate.unrounded] for card, part in zip(cards, parts, strict=True)]
    rounded = probability_from != "unrounded"
    linear = names.linear_score_of_points if rounded else names.linear_score
    wanted = [name for each in published for name in each.values()]
    steps = [step for part in parts for step in needed_steps(part.steps, [*wanted, *unrounded])]

    def choice(key: str, output: str, chosen: Sequence[str]) -> Step:
        cases = [{"equals": card.name, "value": name} for card, name in zip(cards, chosen, strict=True)]
        return {"id": key, "type": "switch", "input": value, "cases": cases, "default": None, "output": output}

    steps.append(choice("linear_score", linear, [each["linear_score"] for each in published]))
    if rounded:
        steps.append(choice("linear_score_before_rounding", names.linear_score, unrounded))
    steps.append(link_step(linear, names.probability))
    steps.append(choice("score", names.score, [each["score"] for each in published]))
    steps.append(choice("reasons", names.reasons, [each["reasons"] for each in published]))
    outputs: Mapping[str, Any] = {
        "linear_score": linear,
        "probability": names.probability,
        "score": names.score,
        "grade": None,
        "reasons": names.reasons,
    }
    return steps, dict(outputs), names.linear_score
