"""Evaluation of candidates of an amount or a fraction on every sample, as evidence of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk._core.randomness import stage_generator
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.measure_bands import even_edges, mean_band_table, mean_curve
from credit_risk.evaluation.measure_groups import measure_group_table
from credit_risk.evaluation.measure_level import level_table
from credit_risk.evaluation.measure_ranking import lorenz_table, ranking_table
from credit_risk.evaluation.measured import MeasuredSample
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored, by_sample, input_files
from credit_risk.lifecycle.shifts import band_labels, stability_evidence
from credit_risk.plan import Plan
from credit_risk.scoring.step_names import free_name

Floats = NDArray[np.float64]
BANDS_STAGE = "bootstrap"
EXPECTED = "expected value"


def measured_samples(
    scored: Scored, prepared: Prepared, exposure: Floats | None, model: str
) -> dict[str, MeasuredSample]:
    """By sample: outcome, expected value, weight, exposure of amounts and cluster of its rows."""
    expected, found = scored.predictions[model]["expected_value"].to_numpy(float), {}
    for sample in scored.samples:
        rows = scored.rows(sample)
        given = None if exposure is None else exposure[rows]
        parts = (scored.y[rows], expected[rows], prepared.weights[rows], given, scored.clusters[rows])
        found[sample] = MeasuredSample(*parts)
    return found


def evaluate_measures(plan: Plan, prepared: Prepared, scored: Scored, champion: Candidate) -> list[Evidence]:
    """Level, ranking, bands, curves, stability, subpopulations and protected groups."""
    spec, kind = plan.evaluation, plan.outcome.type
    exposure = prepared.intake.decided.exposure
    amounts = exposure if kind == "amount" else None
    order = [champion.id, *(m for m in scored.predictions if m != champion.id)]
    models = {m: measured_samples(scored, prepared, amounts, m) for m in order}
    samples, everyone = models[champion.id], input_files(scored, order, champion.id)
    files = input_files(scored, [champion.id], champion.id)
    assert champion.glm is not None
    family = champion.glm.family
    sizes = (
        {s: exposure[scored.rows(s)] for s in scored.samples} if kind == "fraction" and exposure is not None else None
    )
    if kind == "fraction" and sizes is None:
        sizes = {s: np.ones(len(samples[s])) for s in scored.samples}
    level = level_table(models, family.deviance, sizes=sizes, confidence=spec.confidence)
    generator = stage_generator(plan.samples.seed, BANDS_STAGE)
    ranking = ranking_table(models, replicates=spec.replicates, generator=generator, confidence=spec.confidence)
    edges = even_edges(samples[DEVELOPMENT].rate, samples[DEVELOPMENT].base, spec.bands)
    bands = mean_band_table(samples, edges, kind, spec.confidence)
    per = "means are per unit of exposure" if amounts is not None else "means are per row, weighted"
    return [
        table("performance.level", level, inputs=everyone, notes=(f"deviance of the family {family.label}",)),
        table("performance.ranking", ranking, inputs=everyone),
        table("performance.mean_bands", bands, inputs=files, notes=(per, "edges are those of development")),
        _figure("performance.mean_curve", mean_curve(bands), files, (per,)),
        _figure("performance.lorenz", lorenz_table(samples), files, ()),
        *_stability(scored, champion, edges, files, amounts),
        _groups(plan, scored, samples, files, "performance.measure_groups", scored.subpopulations),
        _groups(plan, scored, samples, files, "fairness.measures", scored.attributes),
    ]


def _figure(identifier: str, frame: pd.DataFrame, inputs: tuple[str, ...], notes: tuple[str, ...]) -> Evidence:
    return table(identifier, frame, inputs=inputs, notes=notes, chart=CHARTS[identifier])


def _stability(
    scored: Scored, champion: Candidate, edges: Floats, files: tuple[str, ...], exposure: Floats | None
) -> list[Evidence]:
    """Evidence `stability.*`: bands of what is expected, and bins of the champion's classed characteristics."""
    expected = scored.predictions[champion.id]["expected_value"].to_numpy(float)
    bands = np.searchsorted(edges, expected if exposure is None else expected / exposure, side="right")
    steps = {step["input"]: step for step in champion.model["steps"] if step["type"] == "classing"}
    own = free_name(EXPECTED, steps)
    ids = {own: bands.astype(np.int64), **{name: scored.bin_ids[name] for name in steps}}
    labels = {name: [one["label"] for one in step["bins"]] for name, step in steps.items()}
    return stability_evidence(scored, ids, {own: band_labels(edges), **labels}, files)


def _groups(
    plan: Plan,
    scored: Scored,
    samples: Mapping[str, MeasuredSample],
    files: Sequence[str],
    identifier: str,
    columns: pd.DataFrame,
) -> Evidence:
    if columns.shape[1] == 0:
        named = "subpopulations (evaluation.subpopulations)" if "performance" in identifier else "protected attributes"
        return absent(identifier, "not_applicable", f"the plan names no {named}")
    spec = plan.evaluation
    values = by_sample(scored, columns)
    frame = measure_group_table(samples, values, min_rows=spec.min_bads, confidence=spec.confidence)
    return table(identifier, frame, inputs=tuple(files))
