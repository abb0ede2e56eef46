"""Development and out-of-sample: stratified by outcome, exact shares in each class, settled by the seed alone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.randomness import stage_generator
from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.sampling.spec import SamplesSpec

DEVELOPMENT, OUT_OF_SAMPLE = "development", "out_of_sample"
SAMPLES = (DEVELOPMENT, OUT_OF_SAMPLE)
SUMMARY_COLUMNS = ("sample", "rows", "weight", "good", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper")
STAGE = "samples"


def split_samples(outcome: np.ndarray, spec: SamplesSpec) -> np.ndarray:
    """Label of each row, object (n,): `development`, `out_of_sample`, or None where `outcome` is NaN.

    Each row draws a 64-bit number; in each class the floor(share * rows + 1/2) rows with the smallest numbers are held
    out. Raises IntakeError where a sample would have no bads or no goods.
    """
    draws = stage_generator(spec.seed, STAGE).bit_generator.random_raw(len(outcome))
    labels = np.full(len(outcome), None, dtype=object)
    faults = []
    for value, words in ((1.0, "bads"), (0.0, "goods")):
        rows = np.flatnonzero(outcome == value)
        held = math.floor(spec.out_of_sample * len(rows) + 0.5)
        labels[rows] = DEVELOPMENT
        labels[rows[np.argsort(draws[rows], kind="stable")[:held]]] = OUT_OF_SAMPLE
        for sample, count in ((DEVELOPMENT, len(rows) - held), (OUT_OF_SAMPLE, held)):
            if count == 0:
                found = f"{len(rows):,} {words} in all, share held out {spec.out_of_sample:g}"
                remedy = "take more rows, or change samples.out_of_sample"
                message = f"the sample {sample} would have no {words}"
                faults.append(Fault(message, "empty_class", path="samples.out_of_sample", found=found, remedy=remedy))
    if faults:
        raise IntakeError(faults)
    return labels


def samples_summary(
    labels: np.ndarray, outcome: np.ndarray, weights: np.ndarray | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """One row a sample and one for all, catalogue columns of `samples.summary`; intervals of the bad rate by Wilson."""
    weights = np.ones(len(outcome)) if weights is None else weights
    groups = [(sample, labels == sample) for sample in SAMPLES if (labels == sample).any()]
    groups.append(("all", pd.notna(labels)))
    rows = []
    for sample, mask in groups:
        bad, count = int(np.count_nonzero(outcome[mask] == 1.0)), int(np.count_nonzero(mask))
        lower, upper = wilson_interval([bad], [count], confidence)
        weight = math.fsum(weights[mask])
        rows.append((sample, count, weight, count - bad, bad, bad / count, float(lower[0]), float(upper[0])))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
