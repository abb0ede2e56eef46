"""What is known of each classed characteristic before selection: leakage, the expert's expectation, stability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.binning.expectation import expectation_frame
from credit_risk.lifecycle.candidates import Training
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Classed, Screens
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import DEVELOPMENT
from credit_risk.lifecycle.trends import declared_trends
from credit_risk.plan import Plan
from credit_risk.sampling.column_types import DATE, TypedColumn
from credit_risk.sampling.periods import period_labels
from credit_risk.sampling.samples import CALIBRATION
from credit_risk.selection.leakage import LeftOutColumn, leakage_frame, suspicions
from credit_risk.selection.stability import GroupStability, group_stability, stability_frame


def screen(plan: Plan, prepared: Prepared, training: Training) -> tuple[Training, tuple[Evidence, ...]]:
    """`training` with what the screens found, and the evidence `data.leakage`, `classing.expectations`,
    `selection.stability`.
    """
    leakage = leakage_rows(plan, prepared, training)
    expected = expectation_rows(plan, training)
    stable = stability_rows(plan, prepared.observed, training.tables)
    screens = Screens(
        suspicions=suspicions(leakage),
        expectation=known_numbers(expected, "auc_upper"),
        psi=known_numbers(stable, "sample_psi"),
        psi_over_time=known_numbers(stable, "period_psi"),
    )
    evidence = (
        table("data.leakage", leakage, inputs=SNAPSHOT),
        _expectations(expected),
        table("selection.stability", stable, inputs=SNAPSHOT),
    )
    return replace(training, screens=screens), evidence


def leakage_rows(plan: Plan, prepared: Prepared, training: Training) -> pd.DataFrame:
    """Rows of `data.leakage`: what predictors, dates and columns left out know of the outcome, on development."""
    intake, rows = prepared.intake, prepared.development
    point = dated_column(plan, intake.types)
    apart = (point, plan.data.date)
    dates = [name for name in training.frame.columns if intake.types.get(name) == DATE and name not in apart]
    dates = [name for name in dates if intake.roles[name] != "personal"]
    frame = leakage_frame(
        training.frame[list(training.tables)],
        training.y,
        {name: binning.fine_gini for name, binning in training.tables.items()},
        seed=plan.samples.seed,
        decision=training.frame[point] if point in training.frame.columns else None,
        dates=training.frame[dates],
        date_roles={name: intake.roles[name] for name in dates},
        left_out={name: _left_out(column, rows) for name, column in intake.left_out.items()},
        clusters=training.clusters,
    )
    unscreened = {*intake.left_out, *intake.kept_back}
    unread = [name for name in intake.tables["data.columns_left_out"]["column"] if name not in unscreened]
    if unread:
        note = f"not screened, since intake could not read their values: {', '.join(unread)}"
        frame.attrs["notes"] = (*frame.attrs.get("notes", ()), note)
    if personal := [name for name in intake.kept_back if intake.roles[name] != "protected"]:
        note = f"not screened, since they hold personal data: {', '.join(personal)}"
        frame.attrs["notes"] = (*frame.attrs.get("notes", ()), note)
    return frame


def dated_column(plan: Plan, types: Mapping[str, str]) -> str | None:
    """The column with the date of a row: its observation point where that is a date, else `data.date`, or None."""
    point = plan.time_column
    return point if point is not None and types.get(point) == DATE else plan.data.date


def _left_out(column: TypedColumn, rows: np.ndarray) -> LeftOutColumn:
    return LeftOutColumn(replace(column, codes=column.codes[rows]).series(), column.type == DATE)


def expectation_rows(plan: Plan, training: Training) -> pd.DataFrame:
    """Rows of `classing.expectations`: the trends that the expert declared, held against development."""
    expected = {name: trend.name for name, trend in declared_trends(plan, list(training.tables)).items()}
    values = {name: training.frame[name].to_numpy() for name in training.tables}
    weights = training.given_weights(plan.samples.weight)
    return expectation_frame(expected, training.tables, values, training.y, plan.evaluation.confidence, weights)


def _expectations(frame: pd.DataFrame) -> Evidence:
    if frame.empty:
        reason = "the plan declares no ascending or descending trend of a characteristic that has an order"
        return absent("classing.expectations", "not_applicable", reason)
    return table("classing.expectations", frame, inputs=SNAPSHOT)


def stability_rows(plan: Plan, prepared: Prepared, tables: Mapping[str, Classed]) -> pd.DataFrame:
    """Rows of `selection.stability`: samples against development, every period of it against its other rows.

    The calibration sample is not looked at: nothing of it may choose characteristics.
    """
    frame, inside = prepared.intake.frame, prepared.development
    labels = prepared.labels.copy()
    labels[labels == CALIBRATION] = None
    spec, date = plan.selection, dated_column(plan, prepared.intake.types)
    weights = None if plan.samples.weight is None else prepared.weights
    inner = None if weights is None else weights[inside]
    periods = period_labels(frame[date][inside], spec.stability_period) if date in frame.columns else None
    samples: dict[str, list[GroupStability]] = {}
    over_time: dict[str, list[GroupStability]] = {}
    for name, binning in tables.items():
        ids = binning.assign(frame[name].to_numpy())
        samples[name] = group_stability(ids, labels, reference=DEVELOPMENT, weights=weights)
        if periods is not None:
            few = spec.min_period_rows
            over_time[name] = group_stability(ids[inside], periods, min_rows=few, weights=inner)
    rows = stability_frame(samples, over_time)
    notes = ["missing and special codes are bins of their own"]
    if periods is None:
        notes.append("the plan names no date (data.date), so there are no periods")
    rows.attrs["notes"] = tuple(notes)
    return rows


def known_numbers(frame: pd.DataFrame, column: str) -> dict[str, float]:
    """Cells of a column by characteristic, where there is a number."""
    known = frame[frame[column].notna()]
    return {str(n): float(v) for n, v in zip(known["characteristic"], known[column], strict=True)}
