"""Level of a model of amounts or fractions: observed over expected, errors, deviance explained, loss shortfall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.measured import MeasuredSample, positive_interval, ratio_error

Deviance = Callable[[Floats, Floats], Floats]
LEVEL_COLUMNS = [
    *("model", "sample", "rows", "weight", "observed_mean", "expected_mean", "ratio", "ratio_lower", "ratio_upper"),
    *("mean_absolute_error", "root_mean_squared_error", "mean_deviance", "deviance_explained", "loss_shortfall"),
]


def level_table(
    models: Mapping[str, Mapping[str, MeasuredSample]],
    deviance: Deviance,
    *,
    sizes: Mapping[str, Floats] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `performance.level`, a row a model and sample. deviance: unit deviance of y (n,) at means (n,).

    ratio: Σ w·y/Σ w·expected, its interval normal on the scale of ln. deviance_explained is 1 − D(y, expected)/D(y,
    level), level the mean of the sample itself (per unit of exposure), as R² is for squares (Cameron & Windmeijer
    1997). loss_shortfall (of fractions, where `sizes` gives for each sample what they are of, (n,)): 1 − Σ expected·
    size/Σ y·size, negative where the model expects too much (Li, Bhariok, Keenan & Santilli 2009).
    """
    rows = []
    for model, samples in models.items():
        for name, sample in samples.items():
            size = None if sizes is None else sizes[name]
            rows.append({"model": model, "sample": name, **_level(sample, deviance, size, confidence)})
    return pd.DataFrame(rows, columns=LEVEL_COLUMNS)


def _level(sample: MeasuredSample, deviance: Deviance, size: Floats | None, confidence: float) -> dict[str, Any]:
    w, y, mu = sample.weights, sample.y, sample.expected
    whole = float(np.sum(w))
    ratio, error = ratio_error(w * y, w * mu, sample.clusters)
    lower, upper = positive_interval(ratio, error, confidence)
    level = float(np.sum(w * y) / np.sum(sample.base)) * sample.exposure
    told, null = float(np.sum(w * deviance(y, mu))), float(np.sum(w * deviance(y, level)))
    return {
        "rows": len(y),
        "weight": whole,
        "observed_mean": float(np.sum(w * y)) / whole,
        "expected_mean": float(np.sum(w * mu)) / whole,
        "ratio": ratio,
        "ratio_lower": lower,
        "ratio_upper": upper,
        "mean_absolute_error": float(np.sum(w * np.abs(y - mu))) / whole,
        "root_mean_squared_error": float(np.sqrt(np.sum(w * (y - mu) ** 2) / whole)),
        "mean_deviance": told / whole,
        "deviance_explained": 1 - told / null if null > 0 else float("nan"),
        "loss_shortfall": float("nan") if size is None else loss_shortfall(y, mu, w * size),
    }


def loss_shortfall(y: Floats, expected: Floats, size: Floats) -> float:
    """1 − Σ expected·size/Σ y·size (n,): share of the loss that the model did not expect."""
    return float(1 - np.sum(expected * size) / np.sum(y * size))
