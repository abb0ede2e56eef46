"""Everything of a package of amounts or fractions recomputed and compared; the battery that judges it."""

from __future__ import annotations

from dataclasses import dataclass

from validation.battery import check_use, inputs, losses, soundness, stability, texts
from validation.comparisons import data, explanation, observation, scoring
from validation.comparisons.performance import Headline
from validation.measures import battery, classing, performance, regression, samples, selection
from validation.measures.fit import GlmFit
from validation.measures.structure import Glm, glm_of
from validation.rebuild.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Refitted:
    """A generalised linear model of the package, and our fit of it (None where it could not be made)."""

    glm: Glm
    fit: GlmFit | None


def compare_measures(space: Workspace) -> tuple[list[Headline], tuple[Refitted, ...]]:
    """Recompute and compare; return headline numbers and refits, the champion's first."""
    data.compare_snapshot(space)
    observation.compare_points(space)
    samples.compare_samples(space)
    samples.compare_leakage(space)
    classing.compare_classing(space)
    found = [glm for model_id in space.package.models if (glm := glm_of(space, model_id)) is not None]
    refitted = tuple(Refitted(glm, regression.compare_glm(space, glm)) for glm in found)
    champion = next((r for r in refitted if r.glm.model_id == space.package.champion_id), None)
    glm, fit = (None, None) if champion is None else (champion.glm, champion.fit)
    selection.compare_selection(space, glm, fit)
    explanation.compare_explanations(space)
    scoring.compare_predictions(space)
    scoring.compare_verification(space)
    return performance.compare_performance(space, glm), refitted


def judge_measures(space: Workspace, refitted: tuple[Refitted, ...]) -> None:
    """Run every check of the battery on amounts and fractions."""
    inputs.check_inputs(space)
    inputs.check_overlap(space)
    soundness.check_soundness(space)
    battery.check_outcomes(space)
    for item in refitted:
        if item.fit is None:
            reason = "the model was not refitted"
            space.ledger.not_evaluable(f"battery: terms of {item.glm.name}", reason)
        else:
            battery.check_terms(space, item.glm, item.fit)
    battery.check_performance(space)
    losses.check_losses(space)
    stability.check_stability(space)
    check_use(space)
    texts.check_texts(space.package, space.policy, space.ledger)
