"""The classing of development counted on every sample and, where the plan has a date, in every period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.binning.recount import (
    STABILITY_COLUMNS,
    RecountRules,
    recount_frame,
    stability_notes,
    stability_rows,
)
from credit_risk.binning.report import FIGURE_CHART, PERIOD_CHART, figure_frame, period_frame, summary_frame
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.cells import Cells, count_cells_by
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import Scored
from credit_risk.lifecycle.screening import dated_column
from credit_risk.plan import Plan
from credit_risk.sampling.periods import TOLD_SHARE, choose_unit, period_labels

SNAPSHOT = ("data/snapshot.parquet",)
NO_DATE = "the plan names no date (data.date)"
Groups = Mapping[str, NDArray[np.int64]]


def recounted_evidence(
    plan: Plan, prepared: Prepared, scored: Scored, tables: Mapping[str, BinningTable]
) -> list[Evidence]:
    """Evidence `classing.samples.*`, `classing.figure.*`, `classing.stability`, and their like over time."""
    spec = plan.evaluation
    ordered = {name: tables[name] for name in summary_frame(tables)["characteristic"]}
    rules = RecountRules(spec.min_rows, spec.min_bads, spec.confidence, plan.classing.zero_cell)
    return [
        *_over_samples(prepared, scored, ordered, rules),
        *_over_periods(plan, prepared, scored, ordered, rules),
    ]


def _over_samples(
    prepared: Prepared, scored: Scored, tables: Mapping[str, BinningTable], rules: RecountRules
) -> list[Evidence]:
    group = pd.Categorical(prepared.labels, categories=scored.samples).codes.astype(np.int64)
    found, rows = [], []
    for name, binning in tables.items():
        cells = _cells(prepared, scored.bin_ids[name], len(binning.bins), group, scored.samples)
        frame = recount_frame(binning.bins, cells, "sample", rules)
        found.append(table("classing.samples.{characteristic}", frame, parameter=name, inputs=SNAPSHOT))
        pattern, bars = "classing.figure.{characteristic}", figure_frame(frame)
        found.append(table(pattern, bars, parameter=name, inputs=SNAPSHOT, chart=FIGURE_CHART))
        rows += _named_rows(name, "sample", binning, cells, rules)
    stability = _stability_frame(rows, "sample")
    return [*found, table("classing.stability", stability, inputs=SNAPSHOT, notes=stability_notes(rules))]


def _over_periods(
    plan: Plan, prepared: Prepared, scored: Scored, tables: Mapping[str, BinningTable], rules: RecountRules
) -> list[Evidence]:
    """What the plan's date allows; the period is the plan's, or chosen by the rule that it declares."""
    identifier = "classing.period_stability"
    date = dated_column(plan, prepared.intake.types)
    if date is None or date not in prepared.intake.frame.columns:
        return [absent(identifier, "not_applicable", NO_DATE)]
    inside = pd.notna(prepared.labels)
    dates = prepared.intake.frame[date]
    chosen = plan.evaluation.period
    unit = choose_unit(dates[inside], prepared.intake.outcome[inside], rules.min_bads) if chosen == "auto" else chosen
    labels = period_labels(dates, unit)
    labels[~inside] = None
    group, present = pd.factorize(labels, sort=True)
    names = [str(name) for name in present]
    undated = int(np.count_nonzero(inside & pd.isna(labels)))
    notes = _period_notes(chosen, unit, undated, rules)
    if not names:
        return [absent(identifier, "not_applicable", f"no row of a sample has a date in {date!r}")]
    found, rows = [], []
    for name, binning in tables.items():
        cells = _cells(prepared, scored.bin_ids[name], len(binning.bins), group.astype(np.int64), names)
        frame = period_frame(recount_frame(binning.bins, cells, "period", rules))
        pattern = "classing.periods.{characteristic}"
        if np.count_nonzero(binning.count > 0) > 1:
            found.append(table(pattern, frame, parameter=name, inputs=SNAPSHOT, notes=notes, chart=PERIOD_CHART))
        rows += _named_rows(name, "period", binning, cells, rules)
    told = (*notes, *stability_notes(rules))
    return [*found, table(identifier, _stability_frame(rows, "period"), inputs=SNAPSHOT, notes=told)]


def _period_notes(chosen: str, unit: str, undated: int, rules: RecountRules) -> tuple[str, ...]:
    rule = (
        f"periods are {unit}s, the shortest of month, quarter and year for which {TOLD_SHARE:.0%} of the rows stand in "
        f"periods with {rules.min_bads} bads and {rules.min_bads} goods"
        if chosen == "auto"
        else f"periods are {unit}s, as the plan says"
    )
    lost = (f"{undated:,} rows without a date belong to no period",) if undated else ()
    return (f"{rule}; all samples together", *lost)


def _cells(
    prepared: Prepared, ids: NDArray[np.int64], bins: int, group: NDArray[np.int64], names: list[str]
) -> dict[str, Cells]:
    """Rows by bin and outcome of each group; rows of no sample (group −1) are left out."""
    counted = count_cells_by(ids, prepared.intake.outcome, prepared.weights, bins, group, len(names))
    return dict(zip(names, counted, strict=True))


def _named_rows(
    name: str, by: str, binning: BinningTable, cells: Mapping[str, Cells], rules: RecountRules
) -> list[dict[str, Any]]:
    rows = stability_rows(binning, cells, rules)
    return [{"characteristic": name, by: group, **row} for group, row in zip(cells, rows, strict=True)]


def _stability_frame(rows: list[dict[str, Any]], by: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["characteristic", by, *STABILITY_COLUMNS])
