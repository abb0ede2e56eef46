"""Evidence on data, classing and selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.binning.overrides import overrides_frame
from credit_risk.binning.report import FIGURE_CHART, figure_frame, policy_items, summary_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.sampling import Intake
from credit_risk.selection.waterfall import Selection

SNAPSHOT = ("data/snapshot.parquet",)


def data_evidence(intake: Intake, summary: pd.DataFrame) -> list[Evidence]:
    """Evidence `data.*`, `outcome.definition`, `samples.summary`."""
    tables = [table(identifier, frame, inputs=SNAPSHOT) for identifier, frame in intake.tables.items()]
    return [
        key_values("data.source", dict(intake.source)),
        *tables,
        key_values("outcome.definition", dict(intake.definition)),
        table("samples.summary", summary, inputs=SNAPSHOT),
    ]


def classing_evidence(tables: Mapping[str, BinningTable], spec: ClassingSpec) -> list[Evidence]:
    """Evidence `classing.*`: policy, summary, and table and figure of each characteristic."""
    found = [key_values("classing.policy", dict(policy_items(spec)), inputs=("plan.json",))]
    found.append(table("classing.summary", summary_frame(tables), inputs=SNAPSHOT))
    for name, binning in tables.items():
        rows, bars = binning.frame(), figure_frame(binning)
        figure = "classing.figure.{characteristic}"
        found.append(table("classing.table.{characteristic}", rows, parameter=name, inputs=SNAPSHOT))
        found.append(table(figure, bars, parameter=name, inputs=SNAPSHOT, chart=FIGURE_CHART))
    return found


def overrides_evidence(rows: Sequence[dict[str, Any]]) -> Evidence:
    """Evidence `classing.overrides`."""
    if not rows:
        return absent("classing.overrides", "not_applicable", "the plan changes no classing by hand")
    return table("classing.overrides", overrides_frame(rows), inputs=("plan.json",))


def selection_evidence(selection: Selection | None) -> Evidence:
    """Evidence `selection.waterfall`."""
    if selection is None:
        return absent("selection.waterfall", "not_applicable", "no candidate is a scorecard; all predictors are used")
    return table("selection.waterfall", selection.waterfall, inputs=SNAPSHOT)
