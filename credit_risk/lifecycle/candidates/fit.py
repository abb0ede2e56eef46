"""Fit the candidates of a plan in its order, each by the fitter of its type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from credit_risk._core.evidence import Evidence, table
from credit_risk.lifecycle.candidates.boosting import fit_monotone_boosting
from credit_risk.lifecycle.candidates.expert import fit_expert_scorecard
from credit_risk.lifecycle.candidates.ruled import ruled
from credit_risk.lifecycle.candidates.scorecard import fit_scorecard, select
from credit_risk.lifecycle.candidates.segmented import fit_segmented
from credit_risk.lifecycle.candidates.training import Asked, Candidate, FitContext, Floats, Training
from credit_risk.models.boosting_folds import silent
from credit_risk.plan import Plan
from credit_risk.scaling.points import scaling_frame
from credit_risk.selection.waterfall import Selection

FITTERS: dict[str, Callable[[Any, FitContext], Candidate]] = {
    "scorecard": fit_scorecard,
    "segmented_scorecard": fit_segmented,
    "monotone_boosting": fit_monotone_boosting,
    "expert": fit_expert_scorecard,
}
"""By type of the spec. A fitter takes the spec and the context and returns the candidate."""


def fit_candidates(
    plan: Plan, training: Training, *, report: Callable[[str], None] = silent, journal: Path | None = None
) -> tuple[Selection | None, tuple[Candidate, ...]]:
    """Fit every candidate of the plan; report, journal: as in FitContext.

    The selection is the champion's, or that of the first challenger that asks for one;
    None where no candidate asks for one.
    """
    made: dict[Asked, Selection] = {}
    told: dict[bool, Selection] = {}
    fitted: dict[str, Candidate] = {}
    for spec in plan.models:

        def selection(asked: Asked, offset: Floats | None, champion: bool = spec.id == plan.champion.id) -> Selection:
            if asked not in made:
                made[asked] = select(plan, training, asked, offset)
            told.setdefault(champion, made[asked])
            return made[asked]

        context = FitContext(plan, training, dict(fitted), selection, report, journal)
        fitted[spec.id] = FITTERS[spec.type](spec, context)
    candidates = tuple(ruled(candidate, training, plan.strategy.cut_off) for candidate in fitted.values())
    return told.get(True, told.get(False)), candidates


def common_evidence(training: Training) -> list[Evidence]:
    """Evidence on scaling, the same for every candidate."""
    return [table("scaling.parameters", scaling_frame(training.scaling), inputs=("plan.json",))]
