"""What moved the mean score and the mean probability: from counts of bins where a model adds up over them, from the
attributions of rows where it holds trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.monitoring.development import Development
from credit_risk.monitoring.drift.attribution import (
    LINEAR_SCORE,
    PROBABILITY,
    contribution_frame,
    shift_frame,
    shift_totals,
)
from credit_risk.monitoring.drift.link import mean_probability_of, probability_link
from credit_risk.monitoring.frames import MOMENT_COLUMNS
from credit_risk.monitoring.performance.groups import groups_of
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.run.sampled import sample_of, scored_rows
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.counting import NOTHING
from credit_risk.monitoring.source.mapping import INPUT
from credit_risk.scoring import compile_model

Floats = NDArray[np.float64]
NO_SUM = "the model does not add up over the bins of characteristics, and holds no attribution of its trees"
NO_SCORES = "production holds no linear score and no probability to hold the shifts against"
NO_ROWS = "attributions are of rows: production holds not every input, or development does not travel with the package"
CAP, SEED = 5_000, 20261127
"""Most rows of a month, and of development, whose attributions are computed; of more a sample is drawn: of a month by
the hashes of its keys."""
CLOSE = 1e-6
"""Of the linear score, in log-odds: attributions that do not add up to it as closely are not those of the score."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """Frames by SHIFT_COLUMNS and SHIFT_TOTAL_COLUMNS, or why there is none."""

    shifts: pd.DataFrame | str
    totals: pd.DataFrame | str


def attributed(
    source: SqlSource,
    reference: Reference,
    development: Development,
    rows: pd.DataFrame,
    counts: pd.DataFrame,
    moments: pd.DataFrame,
    segments: Sequence[str],
) -> Attributed:
    """rows: REFERENCE_COLUMNS of what is counted; counts: COUNT_COLUMNS; moments with development's means. Raises
    IntakeError where the engine fails."""
    step = next((one for one in reference.model["steps"] if one["type"] == "attribution"), None)
    found = None if step is None else _of_rows(source, reference.model, development, step, segments)
    return found or _of_counts(reference, development, rows, counts, moments)


# --------------------------------------------------------------------------------------------------------------- counts
def _of_counts(
    reference: Reference, development: Development, rows: pd.DataFrame, counts: pd.DataFrame, moments: pd.DataFrame
) -> Attributed:
    link, scores = probability_link(reference.model), development.outputs.get(LINEAR_SCORE)
    probability, notes = None, ["the linear score: changes of shares of bins times what a bin adds"]
    if link is not None and scores is not None and len(scores):
        probability, grouped = mean_probability_of(scores.astype(np.float64), development.weights, link)
        notes.append(
            "the probability: development moved as a whole by the shift of the mean score, shared by shifts; spread "
            "and shape are left in the remainder, since counts of single characteristics do not tell them"
        )
        notes += [] if grouped is None else [grouped]
    elif reference.model["outputs"].get(PROBABILITY):
        notes.append("the probability is no function of the linear score alone: its shift is not shared out")
    shifts = shift_frame(rows, counts, probability=probability)
    if shifts.empty:
        return Attributed(NO_SUM, NO_SUM)
    shifts.attrs["notes"] = tuple(notes)
    by = dict(zip(moments["quantity"], moments["development_mean"], strict=True))
    if not {LINEAR_SCORE, PROBABILITY} <= set(by):
        return Attributed(shifts, NO_SCORES)
    frame = moments.drop(columns="development_mean")
    means = {"development_score": by[LINEAR_SCORE], "development_probability": by[PROBABILITY]}
    return Attributed(shifts, shift_totals(shifts, frame, **means))


# ----------------------------------------------------------------------------------------------------------------- rows
@dataclass(frozen=True, slots=True)
class _Parts:
    """Contributions (n, k) to the linear score, the score less their sum (n,), and the probability (n,) or None."""

    contributions: Floats
    rest: Floats
    probability: Floats | None


def _of_rows(
    source: SqlSource,
    model: Mapping[str, Any],
    development: Development,
    step: Mapping[str, Any],
    segments: Sequence[str],
) -> Attributed | None:
    """None where the attributions do not add up to the linear score: other terms are in it."""
    inputs = [str(item["name"]) for item in model["inputs"]]
    outputs = [part["output"] for part in step["characteristics"]]
    if not set(outputs) <= set(development.values) or not all(INPUT + name in source.columns for name in inputs):
        return Attributed(NO_ROWS, NO_ROWS)
    base, weights, drawn = _development(model, development, step)
    constant = float(np.median(base.rest))
    if np.abs(base.rest - constant).max() > CLOSE * max(1.0, abs(constant)):
        return None
    groups, moments = _production(source, model, step, inputs, segments)
    if not groups:
        return Attributed(NO_ROWS, NO_ROWS)
    names = [str(part["characteristic"]) for part in step["characteristics"]]
    shifts = contribution_frame(
        names,
        base.contributions,
        groups,
        development_weights=weights,
        constant=constant,
        link=None if base.probability is None else probability_link(model),
    )
    shifts.attrs["notes"] = (
        f"attributions of rows (Shapley values of the trees, interventional), at most {CAP:,} rows a month drawn by "
        f"the hash of their keys, against {drawn:,} of development; they add up to the linear score row by row",
        "the probability: location and spread of the linear score, shared by shifts and by covariances",
    )
    mean = float(np.average(constant + base.contributions.sum(axis=1), weights=weights))
    likely = np.nan if base.probability is None else float(np.average(base.probability, weights=weights))
    totals = shift_totals(shifts, moments, development_score=mean, development_probability=likely)
    totals.attrs["notes"] = ("observed of the same rows, as the package scores their inputs",)
    return Attributed(shifts, totals)


def _parts(model: Mapping[str, Any], step: Mapping[str, Any], values: Mapping[str, NDArray[Any]]) -> _Parts:
    told = np.column_stack([values[part["output"]] for part in step["characteristics"]]).astype(np.float64)
    contributions = told / float(step["multiplier"])
    names = model["outputs"]
    rest = values[names["linear_score"]].astype(np.float64) - contributions.sum(axis=1)
    probability = names.get("probability")
    return _Parts(contributions, rest, values[probability].astype(np.float64) if probability else None)


def _development(
    model: Mapping[str, Any], development: Development, step: Mapping[str, Any]
) -> tuple[_Parts, Floats | None, int]:
    """Of development's rows, or of a sample of them; their weights, and how many they are."""
    count = len(development.values[step["characteristics"][0]["output"]])
    chosen = _drawn(count)
    names = [part["output"] for part in step["characteristics"]]
    names += [model["outputs"][one] for one in ("linear_score", "probability") if model["outputs"].get(one)]
    parts = _parts(model, step, {name: development.values[name][chosen] for name in names})
    weights = None if development.weights is None else development.weights[chosen]
    return parts, weights, len(chosen)


def _production(
    source: SqlSource,
    model: Mapping[str, Any],
    step: Mapping[str, Any],
    inputs: Sequence[str],
    segments: Sequence[str],
) -> tuple[dict[tuple[str, str], Floats], pd.DataFrame]:
    """Contributions by period and segment, and MOMENT_COLUMNS of the same rows."""
    compiled = compile_model(model)
    groups: dict[tuple[str, str], Floats] = {}
    lines: list[tuple[Any, ...]] = []
    for period in source.periods:
        frame = sample_of(source, period, [INPUT + name for name in inputs] + list(segments), CAP, SEED)
        own = frame[[INPUT + name for name in inputs]].set_axis(list(inputs), axis=1)
        fine = scored_rows(compiled, own)
        if not len(fine):
            continue
        parts = _parts(model, step, compiled.values(own.iloc[fine].reset_index(drop=True)))
        by = {name: frame[name].astype(object).where(frame[name].notna(), NOTHING).iloc[fine] for name in segments}
        for _, segment, places in groups_of(len(fine), None, by):
            groups[period, segment] = parts.contributions[places]
            scores = (parts.contributions.sum(axis=1) + parts.rest)[places]
            lines.append(_moments(period, segment, LINEAR_SCORE, scores))
            if parts.probability is not None:
                lines.append(_moments(period, segment, PROBABILITY, parts.probability[places]))
    return groups, pd.DataFrame(lines, columns=MOMENT_COLUMNS)


def _moments(period: str, segment: str, quantity: str, values: Floats) -> tuple[Any, ...]:
    variance = float(values.var(ddof=1)) if len(values) > 1 else np.nan
    return period, segment, quantity, len(values), 0, float(values.mean()), variance


def _drawn(rows: int) -> NDArray[np.int64]:
    """Places of all rows, or of CAP of them, in their order."""
    if rows <= CAP:
        return np.arange(rows, dtype=np.int64)
    return np.sort(np.random.default_rng(SEED).choice(rows, CAP, replace=False)).astype(np.int64)
