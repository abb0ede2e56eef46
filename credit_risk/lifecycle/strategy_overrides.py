"""Overrides as evidence: only where the plan declares a policy and its statuses tell the decisions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.applicants import ALL, group_of
from credit_risk.lifecycle.performance import Scored
from credit_risk.plan import Plan
from credit_risk.sampling import Intake
from credit_risk.strategy.overrides import override_effect, override_reasons, override_table

OVERRIDE_IDS = ("strategy.overrides", "strategy.override_effect", "strategy.override_reasons")
NO_POLICY = "the plan declares no policy of overrides (strategy.overrides)"
NO_REASONS = "the plan names no column with reasons of overrides (strategy.overrides.reason)"
OLD = "overrides are of the score that decided then (outcome.status); probabilities and AUC are of the champion"
INPUTS = ("data/snapshot.parquet", "model.json")


def override_evidence(plan: Plan, intake: Intake, scored: Scored) -> list[Evidence]:
    """Rates by direction, what they do to the AUC, and reasons; of all rows that have a score and a status."""
    spec = plan.strategy.overrides
    if spec is None or intake.status is None:
        return [absent(identifier, "not_applicable", NO_POLICY) for identifier in OVERRIDE_IDS]
    frame, confidence = scored.predictions[plan.champion.id], plan.evaluation.confidence
    score = frame["score"].to_numpy(float)
    inside = np.isfinite(score) & pd.notna(intake.status)
    if not np.any(inside & np.isfinite(scored.y)):
        reason = "not evaluable: no row has a score, a status and an outcome"
        return [absent(identifier, "not_applicable", reason) for identifier in OVERRIDE_IDS]
    group = group_of(plan, intake, scored, score, inside, ALL)
    status, probability = intake.status[inside].astype(object), frame["probability"].to_numpy(float)[inside]
    rates = override_table(group, probability, status, spec.policy, confidence)
    effect = override_effect(group, status, plan.strategy.cut_off, confidence)
    found = [
        table(OVERRIDE_IDS[0], rates, inputs=INPUTS, notes=(OLD,)),
        table(OVERRIDE_IDS[1], effect, inputs=INPUTS, notes=(OLD,)),
    ]
    if spec.reason is None:
        return [*found, absent(OVERRIDE_IDS[2], "not_applicable", NO_REASONS)]
    reason = intake.frame[spec.reason].to_numpy(object)[inside]
    return [*found, table(OVERRIDE_IDS[2], override_reasons(group, status, reason), inputs=INPUTS, notes=(OLD,))]
