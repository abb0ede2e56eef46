"""Rows of one month of a book, as a behavioural model reads them: made by the same hand as those of development."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core.errors import Fault, ScoringError
from credit_risk.lifecycle.score import KINDS
from credit_risk.package import table_bytes
from credit_risk.package.output import partial_path, told, write_file
from credit_risk.plan import Plan, read_plan
from credit_risk.sampling.history_spec import RollingSpec
from credit_risk.sampling.observation import OBSERVATION_KEY, observe, typed_column


def rows_at(plan: Plan, month: str | int, data: Any = None, history: Any = None) -> pd.DataFrame:
    """The accounts with a record in `month`, one row each: account, observation point, columns of the source, and the

    monthly columns of the plan up to that month. No outcome is made, and no month after it is needed.

    data, history: frames in memory that stand for the source and the history that the plan names. Raises ScoringError
    where the plan has no rolling observation points, IntakeError as a run does.
    """
    windows = plan.outcome.windows
    if windows.rolling is None:
        remedy = "rows of a plan whose source has its own observation points are those of the source"
        message = "the plan makes no rows at rolling observation points"
        raise ScoringError(Fault(message, "no_rolling", path="outcome.windows.rolling", remedy=remedy))
    point = windows.model_copy(update={"rolling": RollingSpec(every=1, first=month, last=month)})
    outcome = plan.outcome.model_copy(update={"windows": point})
    found = observe(plan.open_source(data), plan.data, outcome, plan.history_path() if history is None else history)
    columns = {
        name: typed_column(name, raw, plan.data).series()
        for name, raw in found.source.raw.items()
        if name != OBSERVATION_KEY
    }
    return pd.DataFrame(columns)


def write_rows_at(plan: Path, month: str | int, out: Path) -> int:
    """Write `rows_at` as CSV or Parquet, by the name of `out`; returns how many there are. Raises as `rows_at`."""
    if out.suffix not in KINDS:
        raise ScoringError(Fault("unknown kind of output", "output_kind", str(out), allowed=" or ".join(KINDS)))
    rows = rows_at(read_plan(plan), month)
    if out.suffix == ".csv":
        data = rows.to_csv(index=False, lineterminator="\n").encode("utf-8")
    else:
        data = table_bytes(rows, out.name)
    partial = partial_path(out)
    with told(out):
        try:
            partial.unlink(missing_ok=True)
            write_file(partial, data)
            os.replace(partial, out)
        finally:
            partial.unlink(missing_ok=True)
    return len(rows)
