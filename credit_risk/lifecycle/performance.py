"""Evaluation of the candidates on every sample, as evidence of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.evaluation.bands import score_band_table, score_distribution
from credit_risk.evaluation.binned import band_edges, bin_counts
from credit_risk.evaluation.calibration import calibration_curve, calibration_table
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.curves import roc_table
from credit_risk.evaluation.discrimination import comparison_table, discrimination_table
from credit_risk.evaluation.representativeness import representativeness_table
from credit_risk.evaluation.samples import ScoredSample
from credit_risk.evaluation.spec import EvaluationSpec
from credit_risk.lifecycle.candidates.training import Classed
from credit_risk.sampling.samples import SAMPLES

Floats = NDArray[np.float64]
DEVELOPMENT = "development"
SNAPSHOT = "data/snapshot.parquet"
RISK_NOTE = "risk is the linear score (log-odds of bad); its order is that of the probability"


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows of all samples. y, sample, clusters (n,), the last as whole numbers; predictions: by model, frame (n, …).

    weights: (n,), None where the plan names none; calibrated_on: sample that calibrations were fitted on, or None.
    attributes, subpopulations: (n, …) protected columns, and those that the plan names for evaluation.
    """

    y: Floats
    sample: NDArray[np.object_]
    predictions: Mapping[str, pd.DataFrame]
    attributes: pd.DataFrame
    subpopulations: pd.DataFrame
    bin_ids: Mapping[str, NDArray[np.int64]]
    clusters: NDArray[np.int64]
    weights: Floats | None = None
    calibrated_on: str | None = None

    @property
    def fitted_samples(self) -> tuple[str, ...]:
        """Samples on which tests of calibration are not independent."""
        own = self.calibrated_on
        return (DEVELOPMENT,) if own in (None, DEVELOPMENT) else (DEVELOPMENT, str(own))

    @property
    def samples(self) -> list[str]:
        """Samples that occur, development first."""
        return [name for name in SAMPLES if np.any(self.sample == name)]

    def rows(self, sample: str) -> NDArray[np.bool_]:
        """(n,) rows of a sample with a known outcome."""
        return (self.sample == sample) & np.isfinite(self.y)

    def pairs(self, model: str, column: str) -> dict[str, tuple[Floats, Floats]]:
        """By sample: outcome and a column of the model's predictions."""
        values = self.predictions[model][column].to_numpy(float)
        return {s: (self.y[self.rows(s)], values[self.rows(s)]) for s in self.samples}

    def clusters_by_sample(self) -> dict[str, NDArray[np.int64]]:
        """By sample: clusters of its rows with a known outcome."""
        return {s: self.clusters[self.rows(s)] for s in self.samples}

    def weights_by_sample(self) -> dict[str, Floats] | None:
        """By sample: weights of its rows with a known outcome; None where the plan names none."""
        if self.weights is None:
            return None
        return {s: self.weights[self.rows(s)] for s in self.samples}

    def all_weights_by_sample(self) -> dict[str, Floats] | None:
        """By sample: weights of all its rows; None where the plan names none."""
        return None if self.weights is None else {s: self.weights[self.sample == s] for s in self.samples}

    def bin_counts(self, ids: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """By sample: rows by bin, ids (n,); with weights scaled to effective rows."""
        return bin_counts({s: ids[self.sample == s] for s in self.samples}, self.all_weights_by_sample())

    @property
    def sizes(self) -> dict[str, int]:
        """By sample: number of rows."""
        return {s: int(np.count_nonzero(self.sample == s)) for s in self.samples}

    def scored_samples(self, model: str) -> dict[str, ScoredSample]:
        """By sample: outcome, score and probability of a model."""
        frame, found = self.predictions[model], {}
        for s in self.samples:
            rows = self.rows(s)
            found[s] = ScoredSample(
                self.y[rows],
                frame["score"].to_numpy(float)[rows],
                frame["probability"].to_numpy(float)[rows],
                risk=frame["linear_score"].to_numpy(float)[rows],
                clusters=self.clusters[rows],
                weights=None if self.weights is None else self.weights[rows],
            )
        return found


def with_classing(scored: Scored, tables: Mapping[str, Classed] | None, frame: pd.DataFrame) -> Scored:
    """`scored` with the bins of a candidate's own classing, if any. frame: all rows, as taken in."""
    own = {name: one.assign(frame[name].to_numpy()) for name, one in (tables or {}).items()}
    return replace(scored, bin_ids={**scored.bin_ids, **own}) if own else scored


def evaluate(
    scored: Scored,
    champion: str,
    spec: EvaluationSpec,
) -> list[Evidence]:
    """Discrimination, calibration, bands and subpopulation tables of all samples."""
    return [
        *_discrimination(scored, champion, spec),
        *_bands(scored, champion, spec),
        *_calibration(scored, champion, spec),
    ]


def representativeness_evidence(scored: Scored) -> Evidence:
    """Evidence `samples.representativeness`: every classed characteristic, each sample against development."""
    counts = {name: scored.bin_counts(ids) for name, ids in scored.bin_ids.items()}
    frame = representativeness_table(counts, rows=scored.sizes)
    return table("samples.representativeness", frame, inputs=(SNAPSHOT,))


def input_files(scored: Scored, models: Sequence[str], champion: str) -> tuple[str, ...]:
    """Files of the package that tables of these models come from."""
    files = [SNAPSHOT]
    for model in models:
        folder = "" if model == champion else f"challengers/{model}/"
        files += [f"{folder}predictions/{sample}.parquet" for sample in scored.samples]
    return tuple(files)


def _discrimination(scored: Scored, champion: str, spec: EvaluationSpec) -> list[Evidence]:
    models = [champion, *(m for m in scored.predictions if m != champion)]
    pairs = {model: scored.pairs(model, "linear_score") for model in models}
    inputs, clusters = input_files(scored, models, champion), scored.clusters_by_sample()
    weights = scored.weights_by_sample()
    found = [
        table(
            "performance.discrimination",
            discrimination_table(pairs, spec.confidence, clusters, weights),
            inputs=inputs,
            notes=(RISK_NOTE,),
        )
    ]
    if len(models) > 1:
        compared = comparison_table(champion, pairs, spec.confidence, clusters, weights)
        found.append(table("performance.comparison", compared, inputs=inputs, notes=(RISK_NOTE,)))
    else:
        found.append(absent("performance.comparison", "not_applicable", "the plan has no challenger"))
    roc = roc_table(pairs[champion], weights=weights)
    chart = CHARTS["performance.roc"]
    found.append(table("performance.roc", roc, inputs=input_files(scored, [champion], champion), chart=chart))
    return found


def _bands(scored: Scored, champion: str, spec: EvaluationSpec) -> list[Evidence]:
    samples = scored.scored_samples(champion)
    first = samples[DEVELOPMENT]
    edges = band_edges(first.score, spec.bands, first.weights)
    inputs = input_files(scored, [champion], champion)
    bands = table("performance.score_bands", score_band_table(samples, edges, spec.confidence), inputs=inputs)
    frame = score_distribution(first.y, first.score, first.weights)
    chart = CHARTS["performance.score_distribution"]
    return [bands, table("performance.score_distribution", frame, inputs=inputs, chart=chart)]


def _calibration(scored: Scored, champion: str, spec: EvaluationSpec) -> list[Evidence]:
    models = [champion, *(m for m in scored.predictions if m != champion)]
    pairs = {model: scored.pairs(model, "probability") for model in models}
    weights = scored.weights_by_sample()
    rows = calibration_table(pairs, spec.confidence, fitted_samples=scored.fitted_samples, weights=weights)
    curve = calibration_curve(pairs[champion], spec.confidence, weights=weights)
    chart, own = CHARTS["performance.calibration_curve"], input_files(scored, [champion], champion)
    told = f"the calibration is fitted on {scored.calibrated_on}: what is said of it is not independent"
    notes = () if scored.calibrated_on is None else (told,)
    return [
        table("performance.calibration", rows, inputs=input_files(scored, models, champion), notes=notes),
        table("performance.calibration_curve", curve, inputs=own, notes=notes, chart=chart),
    ]


def score_bands(scored: Scored, champion: str, bands: int) -> tuple[Floats, NDArray[np.int64]]:
    """Edges of the score bands of development, and band 0, 1, … of all rows (n,)."""
    first = scored.scored_samples(champion)[DEVELOPMENT]
    edges = band_edges(first.score, bands, first.weights)
    score = scored.predictions[champion]["score"].to_numpy(float)
    return edges, np.searchsorted(edges, score, side="right").astype(np.int64)


def by_sample(scored: Scored, columns: pd.DataFrame) -> dict[str, dict[str, NDArray[np.object_]]]:
    """Values of each column (n,) by sample, of rows with a known outcome."""
    return {
        str(name): {s: columns[name].to_numpy()[scored.rows(s)] for s in scored.samples} for name in columns.columns
    }
