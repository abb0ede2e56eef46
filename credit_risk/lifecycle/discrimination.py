"""Further evidence of discrimination: measures with intervals, initial AUC, curves, lift, cut-offs, subpopulations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk._core.randomness import stage_generator
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.cut_offs import cut_off_table
from credit_risk.evaluation.initial_auc import initial_auc_table
from credit_risk.evaluation.lift import cap_table, lift_table
from credit_risk.evaluation.precision_recall import precision_recall_table
from credit_risk.evaluation.ranking_measures import measure_table
from credit_risk.evaluation.spec import EvaluationSpec
from credit_risk.evaluation.subpopulations import subpopulation_table
from credit_risk.lifecycle.performance import RISK_NOTE, Scored, by_sample, input_files

STAGE = "auc_bootstrap"


def discrimination_evidence(
    scored: Scored,
    champion: str,
    spec: EvaluationSpec,
    *,
    edges: Mapping[str, Sequence[float]],
    cut_off: float | None,
    seed: int,
) -> list[Evidence]:
    """`performance.` `measures`, `initial_auc`, `cap`, `precision_recall`, `lift`, `cut_offs` and `subpopulations`.

    edges: declared edges of bands, by column; seed: that of the samples, from which the resamples of the AUC are drawn.
    """
    models = [champion, *(m for m in scored.predictions if m != champion)]
    samples = {model: scored.scored_samples(model) for model in models}
    everyone, own = input_files(scored, models, champion), input_files(scored, [champion], champion)
    measures = measure_table(
        samples,
        generator=stage_generator(seed, STAGE),
        cut_off=cut_off,
        most=spec.partial_area,
        replicates=spec.replicates,
        min_bads=spec.min_bads,
        confidence=spec.confidence,
    )
    initial = initial_auc_table(samples, min_bads=spec.min_bads, confidence=spec.confidence)
    pairs, weights = scored.pairs(champion, "linear_score"), scored.weights_by_sample()
    cuts = cut_off_table(samples[champion], cut_off, min_bads=spec.min_bads, confidence=spec.confidence)
    return [
        table("performance.measures", measures, inputs=everyone, notes=(RISK_NOTE,)),
        _initial(initial, everyone),
        _figure("performance.cap", cap_table(pairs, weights=weights), own),
        _figure("performance.precision_recall", precision_recall_table(pairs, weights=weights), own),
        table("performance.lift", lift_table(samples[champion], confidence=spec.confidence), inputs=own),
        table("performance.cut_offs", cuts, inputs=(*own, "plan.json")),
        _subpopulations(scored, champion, spec, edges),
    ]


def _initial(frame: pd.DataFrame, inputs: tuple[str, ...]) -> Evidence:
    if frame.empty:
        return absent("performance.initial_auc", "not_applicable", "there is no sample beside development")
    return table("performance.initial_auc", frame, inputs=inputs, notes=(RISK_NOTE,))


def _figure(identifier: str, frame: pd.DataFrame, inputs: tuple[str, ...]) -> Evidence:
    return table(identifier, frame, inputs=inputs, chart=CHARTS[identifier])


def _subpopulations(
    scored: Scored, champion: str, spec: EvaluationSpec, edges: Mapping[str, Sequence[float]]
) -> Evidence:
    """By every column that the plan names for it, and by protected attribute."""
    identifier = "performance.subpopulations"
    protected = [name for name in scored.attributes.columns if name not in scored.subpopulations.columns]
    columns = pd.concat([scored.subpopulations, scored.attributes[protected]], axis=1)
    if columns.shape[1] == 0:
        reason = "the plan names neither subpopulations (evaluation.subpopulations) nor protected attributes"
        return absent(identifier, "not_applicable", reason)
    frame = subpopulation_table(
        scored.scored_samples(champion),
        by_sample(scored, columns),
        edges=edges,
        min_bads=spec.min_bads,
        confidence=spec.confidence,
    )
    return table(identifier, frame, inputs=input_files(scored, [champion], champion), notes=(RISK_NOTE,))
