"""Margins of conservatism as steps of a model: the best estimate stays, each margin is a step of its own after it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import Fault, ModelError
from credit_risk.calibration.long_run import Mean
from credit_risk.calibration.margin_spec import MarginKind
from credit_risk.evaluation._arrays import Arguments, Floats

OUTPUT = "probability_with_margin"
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Margin:
    """kind: relative (p (1 + size)), absolute (p + size) or log_odds (log-odds of bad + size); size is 0 or more."""

    kind: MarginKind
    size: float


def margin_of_error(mean: Mean, confidence: float) -> float:
    """Relative margin for the error of estimation: t of `confidence` times the standard error, over the average.

    The upper one-sided bound of the long-run average is then the average times 1 + margin. Raises ModelError where the
    average is 0, or has no error (one cohort, one year).
    """
    if mean.degrees < 1 or not math.isfinite(mean.standard_error) or mean.value <= 0.0:
        message = "the error of the long-run average is not known, so that no margin can be computed from it"
        remedy = "declare the size of the margin, or more years"
        raise ModelError(Fault(message, "margin", path="margin_of_conservatism", remedy=remedy))
    return float(special.stdtrit(mean.degrees, confidence)) * mean.standard_error / mean.value


def with_margin(probability: ArrayLike, margin: Margin) -> Floats:
    """Probabilities (n,) with a margin; relative and absolute ones end at 1. Raises CreditRiskError outside [0, 1]."""
    arguments = Arguments()
    p = arguments.probabilities(probability)
    arguments.raise_if_any()
    if margin.kind == "log_odds":
        return special.expit(special.logit(p) + margin.size)
    return np.minimum(1.0, p * (1.0 + margin.size) if margin.kind == "relative" else p + margin.size)


def margin_step(margin: Margin, identifier: str, source: str, output: str) -> Step:
    """The `calibrate` step of a margin: a shift of log-odds, or lines that end at 1."""
    step: Step = {"id": identifier, "type": "calibrate", "input": source, "output": output}
    if margin.kind == "log_odds":
        return step | {"method": "logistic", "scale": "probability", "slope": 1.0, "intercept": margin.size}
    full = 1.0 / (1.0 + margin.size) if margin.kind == "relative" else 1.0 - margin.size
    first = 0.0 if margin.kind == "relative" else margin.size
    x, y = ([0.0, full, 1.0], [first, 1.0, 1.0]) if full < 1.0 else ([0.0, 1.0], [0.0, 1.0])
    return step | {"method": "piecewise_linear", "x": x, "y": y}


def with_margins(model: Mapping[str, Any], margins: Sequence[tuple[str, Margin]], taken: Collection[str]) -> Step:
    """model.json with a step for each (identifier, margin) after its own, and the last as its output.

    The output `probability` stays the best estimate. taken: names that occur in the model.
    """
    if not margins:
        return dict(model)
    used, steps, source = set(taken), [], str(model["outputs"]["probability"])
    for place, (identifier, margin) in enumerate(margins):
        name = OUTPUT if place == len(margins) - 1 else identifier
        while name in used:
            name += "_"
        used.add(name)
        steps.append(margin_step(margin, identifier, source, name))
        source = name
    return {**model, "steps": [*model["steps"], *steps], "outputs": {**model["outputs"], OUTPUT: source}}
