"""The tables of a run as evidence: every item `monitoring.*` of the catalogue, or why it does not apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, catalogue, table
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.run.label_counts import MATURE
from credit_risk.monitoring.variables import SCORE

PREFIX = "monitoring."
LINE: Mapping[str, Any] = {"type": "line", "x": "period", "x_title": "Month"}
CHARTS: Mapping[str, dict[str, Any]] = {
    "figure.score_stability": {**LINE, "y": ["psi", "chance_level"], "y_title": "Index"},
    "figure.performance": {
        "type": "interval", "x": "period", "y": ["auc"], "series": "method", "lower": "lower", "upper": "upper",
        "x_title": "Month", "y_title": "AUC",
    },
    "figure.level": {**LINE, "y": ["rate"], "series": "series", "y_title": "Rate"},
}  # fmt: skip


def evidence_of(frames: Mapping[str, pd.DataFrame | str]) -> tuple[Evidence, ...]:
    """Evidence of frames by name without the prefix; a text says why there is none. Every entry must be there."""
    names = [name.removeprefix(PREFIX) for name in catalogue() if name.startswith(PREFIX)]
    missing = sorted(set(names) - set(frames))
    if missing:
        raise ValueError(f"a run without {', '.join(missing)}")
    return tuple(_item(name, frames[name]) for name in names)


def _item(name: str, frame: pd.DataFrame | str) -> Evidence:
    if isinstance(frame, str):
        return absent(PREFIX + name, "not_applicable", frame)
    entry = catalogue()[PREFIX + name]
    columns = [str(column["name"]) for column in entry.columns]
    kinds = {str(column["name"]): str(column["type"]) for column in entry.columns}
    rows = pd.DataFrame({column: _cells(frame[column], kinds[column]) for column in columns}, columns=columns)
    return table(PREFIX + name, rows, notes=tuple(frame.attrs.get("notes", ())), chart=CHARTS.get(name))


def _cells(column: pd.Series, kind: str) -> pd.Series:
    """Cells as the catalogue wants them: missing is None, an empty text too; infinite bounds are missing."""
    found = [_cell(value, kind) for value in column.tolist()]
    return pd.Series(found, index=column.index, dtype=object)


def _cell(value: Any, kind: str) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)) or value is pd.NA:
        return None
    if kind == "string":
        return str(value) or None
    if kind == "boolean":
        return bool(value)
    if kind == "integer":
        return round(float(value))
    return float(value)


def score_figure(frame: pd.DataFrame | str) -> pd.DataFrame | str:
    """Index of the score over all rows, by month, beside what chance reaches."""
    if isinstance(frame, str):
        return frame
    mine = frame[(frame["segment"] == ALL) & (frame["variable"] != "grade")]
    first = mine["variable"].iloc[0] if len(mine) else SCORE
    kept = mine[(mine["variable"] == first) & mine["psi"].notna()]
    return kept[["period", "psi", "chance_level"]] if len(kept) else "the package holds no bands of a score"


def performance_figure(frame: pd.DataFrame | str, labels: pd.DataFrame | str, window: int | None) -> pd.DataFrame | str:
    """AUC of all rows by month, at the window; immature months by weights of censoring."""
    if isinstance(frame, str) or isinstance(labels, str):
        return frame if isinstance(frame, str) else str(labels)
    mine = frame[(frame["segment"] == ALL) & (frame["measure"] == "auc") & (frame["horizon"] == window)]
    mine = mine[mine["value"].notna() & (mine["period"] != ALL)]
    if mine.empty:
        return "no month has an AUC at the end of the window"
    mature = set(labels.loc[labels["state"] == MATURE, "period"])
    method = [MATURE if period in mature else "censoring weights" for period in mine["period"]]
    drawn = mine.rename(columns={"value": "auc"}).assign(method=method)
    return drawn[["period", "method", "auc", "lower", "upper"]]


def level_figure(frame: pd.DataFrame | str) -> pd.DataFrame | str:
    """Bad rate at the end of the window and mean probability, all rows, by month."""
    if isinstance(frame, str):
        return frame
    mine = frame[(frame["segment"] == ALL) & (frame["period"] != ALL) & frame["observed"].notna()]
    if mine.empty:
        return "no month has a bad rate at the end of the window"
    parts: Iterable[tuple[str, str]] = (("bad rate", "observed"), ("mean probability", "predicted"))
    drawn = [
        mine.rename(columns={name: "rate"}).assign(series=title)[["period", "series", "rate"]] for title, name in parts
    ]
    return pd.concat(drawn, ignore_index=True)
