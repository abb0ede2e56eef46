"""The margin of conservatism of a plan: sizes, steps of the champion, and the evidence of both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration.long_run import MEAN, Mean
from credit_risk.calibration.margins import Margin, margin_of_error, with_margin, with_margins
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.long_run import LongRun, long_run_of
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.lifecycle.registers import expired
from credit_risk.plan import Plan
from credit_risk.scoring import compile_model
from credit_risk.scoring.check import check_model

Floats = NDArray[np.float64]
ID = "calibration.margin_of_conservatism"
COLUMNS = (
    *("margin", "category", "deficiency", "kind", "size", "quantified", "confidence", "owner", "date", "expiry"),
    *("expired", "applied", "mean_before", "mean_after"),
)
NOTE = (
    "means of the champion's probability over development: before the first margin that of the best estimate, after "
    "the last that of the probability with margin; tests of calibration are of the best estimate"
)


def margins_of(plan: Plan, prepared: Prepared) -> tuple[Margin, ...]:
    """Margins of the plan in its order, sizes computed where it asks for that. Raises ModelError where none can be."""
    entries = plan.margin_of_conservatism
    if not entries:
        return ()
    mean = _average(plan, prepared) if any(one.size is None for one in entries) else None
    found = []
    for one in entries:
        if one.size is not None:
            found.append(Margin(one.kind, one.size))
            continue
        assert mean is not None
        assert one.confidence is not None
        found.append(Margin("relative", margin_of_error(mean, one.confidence)))
    return tuple(found)


def _average(plan: Plan, prepared: Prepared) -> Mean:
    found = long_run_of(plan, prepared)
    reason = found if isinstance(found, str) else found.too_few
    if reason is not None:
        message = f"no margin can be computed without a long-run average: {reason}"
        remedy = "declare the size of the margin"
        raise ModelError(Fault(message, "margin", path="margin_of_conservatism", remedy=remedy))
    assert isinstance(found, LongRun)
    rows = found.averages.set_index("estimate")
    row = rows.loc["adjusted" if "adjusted" in rows.index else MEAN]
    value, error, lower, upper = (float(row[name]) for name in ("value", "standard_error", "lower", "upper"))
    return Mean(value, error, lower, upper, int(row["lags"]), int(row["degrees"]))


def margined(plan: Plan, candidates: Sequence[Candidate], margins: Sequence[Margin]) -> tuple[Candidate, ...]:
    """Candidates, the champion with a step for each margin that the plan applies."""
    applied = [
        (f"margin_{place + 1}_{entry.category}", margin)
        for place, (entry, margin) in enumerate(zip(plan.margin_of_conservatism, margins, strict=True))
        if entry.applied
    ]
    if not applied:
        return tuple(candidates)
    found = []
    for candidate in candidates:
        if candidate.id == plan.champion.id:
            model = with_margins(candidate.model, applied, check_model(candidate.model))
            candidate = replace(candidate, model=model, compiled=compile_model(model))
        found.append(candidate)
    return tuple(found)


def margins_told(plan: Plan, prepared: Prepared, margins: Sequence[Margin], scored: Scored) -> Evidence:
    """Evidence `calibration.margin_of_conservatism`, with the means of the champion's probability on development."""
    if not plan.margin_of_conservatism:
        return absent(ID, "not_applicable", "the plan declares no margin of conservatism (margin_of_conservatism)")
    here, champion = prepared.development, plan.champion.id
    weights, p = prepared.weights[here], scored.predictions[champion]["probability"].to_numpy(float)[here]
    inputs, rows = input_files(scored, [champion], champion), list[Mapping[str, Any]]()
    for place, (entry, margin) in enumerate(zip(plan.margin_of_conservatism, margins, strict=True)):
        row = {**entry.model_dump(), "margin": place + 1, "size": margin.size, "mean_before": None, "mean_after": None}
        row["expired"] = expired(entry.expiry, plan.model.as_of)
        if entry.applied:
            moved = with_margin(p, margin)
            row |= {"mean_before": _mean(p, weights), "mean_after": _mean(moved, weights)}
            p = moved
        rows.append(row)
    frame = pd.DataFrame([[row[name] for name in COLUMNS] for row in rows], columns=list(COLUMNS))
    return table(ID, frame, inputs=(*inputs, "plan.json"), notes=(NOTE,))


def _mean(p: Floats, weights: Floats) -> float:
    return math.fsum(p * weights) / math.fsum(weights)
