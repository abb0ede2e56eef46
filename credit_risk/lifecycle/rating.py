"""The rating scale of the plan: made on the champion's published probability, carried by every candidate, validated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.calibration.master_scale import MasterScale, given_scale, scale_frame
from credit_risk.calibration.rating_spec import RatingScaleSpec, ScaleDesignSpec
from credit_risk.calibration.scale_design import ScaleDesign, design_scale
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.grade_order import heterogeneity_table, homogeneity_table, monotonicity_table
from credit_risk.evaluation.graded import GradedSample
from credit_risk.evaluation.grades import (
    grade_concentration_table,
    grade_figure,
    grade_validation_table,
    portfolio_table,
)
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import DEVELOPMENT, SNAPSHOT, Scored, input_files
from credit_risk.lifecycle.rating_low_default import LOW_DEFAULT, low_default_evidence, low_default_items
from credit_risk.lifecycle.rating_migration import migration_evidence
from credit_risk.plan import Plan
from credit_risk.sampling.intake import Intake
from credit_risk.sampling.periods import period_labels
from credit_risk.scoring import compile_model
from credit_risk.scoring.step_names import free_name, produced_names

RATING = (
    *("rating.policy", "rating.scale", LOW_DEFAULT, "rating.design", "rating.validation", "rating.portfolio"),
    *("rating.concentration", "rating.monotonicity", "rating.heterogeneity", "rating.homogeneity", "rating.figure"),
    *("rating.migration", "rating.migration_summary"),
)
NO_SCALE = "the plan has no rating scale (rating_scale)"
GIVEN = "the bounds of the scale are given by the plan"
CALIBRATION = "calibration"
SOURCES = {
    "mean_probability": "mean of the predictions in it",
    "observed": "its observed bad rate",
    "long_run": "mean of its yearly bad rates",
    "midpoint": "geometric middle of its bounds",
    "pluto_tasche": "upper bound of Pluto and Tasche",
    "given": "given by the plan",
}


@dataclass(frozen=True, slots=True)
class Rated:
    """Candidates with the scale, and how it was made. sample: whose rows it was made on; design: None where given.

    graded: that sample's rows, with their grades by the champion.
    """

    candidates: tuple[Candidate, ...]
    scale: MasterScale | None = None
    design: ScaleDesign | None = None
    sample: str = DEVELOPMENT
    graded: GradedSample | None = None


def rate_candidates(plan: Plan, prepared: Prepared, candidates: Sequence[Candidate]) -> Rated:
    """Make the scale on the champion's probability, and add the grade to every candidate that has a probability.

    Raises ModelError where a design keeps no constraint, or where grades cross.
    """
    spec = plan.rating_scale
    if spec is None:
        return Rated(tuple(candidates))
    champion = next(c for c in candidates if c.id == plan.champion.id)
    sample = _sample(spec, prepared)
    rows = (prepared.labels == sample) & np.isfinite(prepared.intake.outcome)
    scored = champion.compiled.score(prepared.intake.frame.loc[rows], outputs=["probability"])
    p, y = scored["probability"].to_numpy(float), prepared.intake.outcome[rows]
    w = None if plan.samples.weight is None else prepared.weights[rows]
    edges, design = spec.edges, None
    if edges is None:
        design = design_scale(p, y, spec.rules, w)
        edges = design.edges
    scale = given_scale(
        edges,
        p,
        y,
        source=spec.probability,
        names=spec.names_of(len(edges) + 1),
        probabilities=spec.probabilities,
        periods=_years(plan, prepared, rows) if spec.probability == "long_run" else None,
        low_default=spec.low_default.settings,
        weights=w,
    )
    rated = tuple(with_grade(candidate, scale) for candidate in candidates)
    return Rated(rated, scale, design, sample, GradedSample(y, scale.index(p), p, w))


def with_grade(candidate: Candidate, scale: MasterScale) -> Candidate:
    """The candidate whose model.json grades its published probability; unchanged where it publishes none."""
    model = candidate.model
    source = model["outputs"].get("probability")
    if source is None:
        return candidate
    taken = {item["name"] for item in model["inputs"]}
    taken |= {name for step in model["steps"] for name in produced_names(step)}
    name = free_name("grade", taken)
    ids = {step["id"] for step in model["steps"]}
    step = {"id": free_name("grade", ids), "type": "grade", "input": source, "grades": scale.entries(), "output": name}
    graded = {**model, "steps": [*model["steps"], step], "outputs": {**model["outputs"], "grade": name}}
    return replace(candidate, model=graded, compiled=compile_model(graded))


def rating_evidence(plan: Plan, rated: Rated, scored: Scored, intake: Intake) -> list[Evidence]:
    """Evidence `rating.*`: the scale and how it came about, and its validation in every sample by the champion."""
    spec, scale = plan.rating_scale, rated.scale
    if spec is None or scale is None or rated.graded is None:
        return [absent(identifier, "not_applicable", NO_SCALE) for identifier in RATING]
    confidence, policy, names, values = plan.evaluation.confidence, spec.policy, scale.grades, scale.probabilities
    champion = plan.champion.id
    samples, files = graded_samples(scored, champion, scale), input_files(scored, [champion], champion)
    validation = grade_validation_table(samples, names, values, policy, confidence)
    tables = {
        "rating.validation": validation,
        "rating.portfolio": portfolio_table(samples, names, values, policy, confidence, rated.sample),
        "rating.concentration": grade_concentration_table(samples, names, policy),
        "rating.monotonicity": monotonicity_table(samples, names, values, policy),
        "rating.heterogeneity": heterogeneity_table(samples, names, values, policy),
        "rating.homogeneity": homogeneity_table(samples, names, values, policy),
    }
    figure = grade_figure(validation)
    return [
        key_values("rating.policy", _items(spec, rated), inputs=("plan.json",)),
        table("rating.scale", scale_frame(scale, rated.graded, confidence), inputs=("model.json", SNAPSHOT)),
        low_default_evidence(spec, scale, rated.graded),
        _design(rated),
        *(table(identifier, frame, inputs=files) for identifier, frame in tables.items()),
        table("rating.figure", figure, inputs=files, chart=CHARTS["rating.figure"]),
        *migration_evidence(intake, scored, champion, scale, plan.outcome.windows.rolling is not None),
    ]


def graded_samples(scored: Scored, model: str, scale: MasterScale) -> dict[str, GradedSample]:
    """By sample: rows with a known outcome, graded as the model publishes it."""
    frame, places = scored.predictions[model], {name: k for k, name in enumerate(scale.grades)}
    grade = np.array([places[name] for name in frame["grade"]], dtype=np.int64)
    p, found = frame["probability"].to_numpy(float), {}
    for sample in scored.samples:
        rows = scored.rows(sample)
        w = None if scored.weights is None else scored.weights[rows]
        found[sample] = GradedSample(scored.y[rows], grade[rows], p[rows], w)
    return found


def _sample(spec: RatingScaleSpec, prepared: Prepared) -> str:
    held = bool(np.any(prepared.labels == CALIBRATION))
    if spec.sample == CALIBRATION and not held:
        message, remedy = "the plan has no sample for calibration", "write sample: development"
        raise ModelError(Fault(message, "no_rows", path="rating_scale.sample", remedy=remedy))
    return CALIBRATION if held and spec.sample != DEVELOPMENT else DEVELOPMENT


def _years(plan: Plan, prepared: Prepared, rows: NDArray[np.bool_]) -> NDArray[np.object_]:
    column = plan.time_column
    if column is None:
        message, remedy = "a long-run rate needs dates", "name data.date, or take another rating_scale.probability"
        raise ModelError(Fault(message, "missing", path="rating_scale.probability", remedy=remedy))
    years = period_labels(prepared.intake.frame[column].to_numpy()[rows], "year")
    if undated := int(np.count_nonzero(pd.isna(years))):
        message, remedy = "rows have no date, so their year is not known", "take another rating_scale.probability"
        found = f"{undated} of {len(years)} rows"
        raise ModelError(Fault(message, "missing", path="rating_scale.probability", found=found, remedy=remedy))
    return years


def _items(spec: RatingScaleSpec, rated: Rated) -> dict[str, Any]:
    """Settings in words; of a design, its constraints."""
    way = "designed" if rated.design is not None else "geometric" if spec.geometric is not None else "given"
    items: dict[str, Any] = {
        "bounds": way,
        "sample": rated.sample,
        "probability of a grade": SOURCES[spec.probability],
        "review at p-value": f"{spec.review:g}",
        "fail at p-value": f"{spec.fail:g}",
        "fewest rows for a pass": spec.min_rows,
        "fewest expected bads for a pass": f"{spec.min_expected:g}",
        "largest share": f"{spec.max_share:g}",
        "asset correlation": f"{spec.asset_correlation:g}",
    }
    if spec.probability == "pluto_tasche":
        items |= low_default_items(spec.low_default)
    if rated.design is None:
        return items
    d = spec.design or ScaleDesignSpec()
    return items | {
        "objective": "most grades; of those, fewest mixed where they are avoided; of those, greatest likelihood",
        "grades": f"{d.min_grades} to {d.max_grades}",
        "least share": f"{d.min_share:g}",
        "fewest bads": d.min_bads,
        "neighbours differ at": "not asked for" if d.heterogeneity is None else f"{d.heterogeneity:g}",
        "halves of a grade differ at": f"{d.homogeneity:g}",
        "mixed grades": d.mixed,
        "greatest Herfindahl index": "not asked for" if d.herfindahl is None else f"{d.herfindahl:g}",
        "fine bins": rated.design.fine_bins,
    }


def _design(rated: Rated) -> Evidence:
    if rated.design is None:
        return absent("rating.design", "not_applicable", GIVEN)
    rows = [
        {
            "grades": one.grades,
            "feasible": one.edges is not None,
            "log_likelihood": one.log_likelihood,
            "information_criterion": one.information_criterion,
            "herfindahl": one.herfindahl,
            "largest_share": one.largest_share,
            "mixed": one.mixed,
            "greatest_p_value": one.greatest_p,
            "bounds": None if one.edges is None else ", ".join(f"{edge:.6g}" for edge in one.edges),
            "chosen": one.grades == rated.design.grades,
        }
        for one in rated.design.tried
    ]
    note = "bounds are shown to six digits here; those of the scale are exact"
    return table("rating.design", pd.DataFrame(rows), inputs=(SNAPSHOT, "model.json"), notes=(note,))
