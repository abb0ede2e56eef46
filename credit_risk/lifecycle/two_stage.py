"""Evidence on two-stage models: the stages, what the second adds on every sample, and the check of the offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Cell, Evidence, absent, key_values, table
from credit_risk.lifecycle.candidates import Candidate, Training
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored
from credit_risk.models.covariance import chosen_covariance
from credit_risk.models.spec import OffsetSpec
from credit_risk.models.two_stage import StagedSample, gain_frame, slope_frame
from credit_risk.plan import Plan

STAGES, GAIN, CHECK = (f"two_stage.{name}.{{model}}" for name in ("stages", "gain", "offset_check"))
IDS = (STAGES, GAIN, CHECK)
SNAPSHOT = "data/snapshot.parquet"
GAIN_NOTE = (
    "both less first stage, same rows; the likelihood ratio is of the coefficients of the second stage, against the "
    "first stage with a constant, and takes rows as independent and the first stage as known"
)
CHECK_NOTE = "1 is what the model takes; below 1 the log-odds of the first stage are too far apart, above 1 too close"


def two_stage_evidence(
    plan: Plan,
    training: object,
    candidates: Sequence[Candidate],
    scored: Scored,
    frame: pd.DataFrame,
) -> list[Evidence]:
    """Evidence of every candidate, not applicable where it has one stage. frame: all rows (n, …)."""
    found: list[Evidence] = []
    for candidate in candidates:
        if not candidate.stages or not isinstance(training, Training):
            reason = "the candidate has one stage: it starts from no offset of another model"
            found += [absent(i, "not_applicable", reason, parameter=candidate.id) for i in IDS]
            continue
        found += _evidence(plan, training, candidate, scored, frame)
    return found


def stage_items(candidate: Candidate, offset: OffsetSpec) -> dict[str, Cell]:
    """Evidence `two_stage.stages.{model}`: what each stage is, what both of them use, and how they come together."""
    first = list(dict.fromkeys(name for stage in candidate.stages[:-1] for name in stage.characteristics))
    own = candidate.stages[-1].characteristics
    given = ("points_to_double_odds", "base_score", "base_odds")
    scaling = ", ".join(f"{key} {getattr(offset, key)!r}" for key in given if getattr(offset, key) is not None)
    scorecard = candidate.points is not None
    return {
        "First stage": offset.words,
        "Scaling of the column": scaling or None,
        "Used by the first stage": ", ".join(first),
        "Second stage": candidate.type,
        "Used by the second stage": ", ".join(own),
        "Used by both": ", ".join(name for name in own if name in first) or "none",
        "Coefficient of the offset": "1, as declared: it is not fitted",
        "Linear score": "log-odds of the first stage plus those of the second",
        "Score": "score of the first stage plus the points of the second"
        if scorecard
        else "linear map of the linear score of both stages",
        "Row without an offset": "an error that names the column and the rows"
        if offset.column is not None
        else "cannot be: the first stage is part of the model",
    }


def _evidence(
    plan: Plan,
    training: Training,
    candidate: Candidate,
    scored: Scored,
    frame: pd.DataFrame,
) -> list[Evidence]:
    spec = next(model for model in plan.models if model.id == candidate.id)
    offset = getattr(spec, "offset", None)
    assert isinstance(offset, OffsetSpec)
    champion = candidate.id == plan.champion.id
    file = "model.json" if champion else f"challengers/{candidate.id}/model.json"
    confidence, fit = plan.evaluation.confidence, candidate.regression
    samples = _samples(candidate, scored, frame)
    gain = gain_frame(samples, fit, confidence)
    options: dict[str, Any] = {}
    if fit is not None:
        names = [term for term, free in zip(fit.terms, fit.free, strict=True) if free][1:]
        rows = scored.rows(DEVELOPMENT)
        woe = [training.tables[name].transform(frame[name].to_numpy()[rows]) for name in names]
        dependence = fit.dependence  # of the rows of reject inference, where these are fitted on: others than these
        if len(training.y) != int(rows.sum()):
            dependence = chosen_covariance(str(getattr(spec, "covariance", "auto")), scored.clusters[rows])
        options = {"woe": np.column_stack(woe), "names": names, "dependence": dependence}
    slopes = slope_frame(samples, confidence, **options)
    inputs = (file, SNAPSHOT)
    return [
        key_values(STAGES, stage_items(candidate, offset), parameter=candidate.id, inputs=("plan.json", file)),
        table(GAIN, gain, parameter=candidate.id, inputs=inputs, notes=(GAIN_NOTE,)),
        table(CHECK, slopes, parameter=candidate.id, inputs=inputs, notes=(CHECK_NOTE,)),
    ]


def _samples(candidate: Candidate, scored: Scored, frame: pd.DataFrame) -> dict[str, StagedSample]:
    values = candidate.compiled.values(frame)
    assert candidate.offset is not None
    first, both = (np.asarray(values[name], dtype=np.float64) for name in (candidate.offset, candidate.unrounded))
    found = {}
    for sample in scored.samples:
        rows = scored.rows(sample)
        weights = None if scored.weights is None else scored.weights[rows]
        found[sample] = StagedSample(scored.y[rows], first[rows], both[rows], scored.clusters[rows], weights)
    return found
