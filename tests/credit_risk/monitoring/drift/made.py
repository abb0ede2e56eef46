"""Reference and count frames made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from credit_risk.monitoring.frames import ALL, COUNT_COLUMNS, REFERENCE_COLUMNS

KINDS = {"missing", "special", "unseen"}


def reference(variables: Mapping[str, Sequence[float]], *, effects: Mapping[str, Sequence[float]] | None = None,
              kinds: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:  # fmt: skip
    """A row each bin: {variable: rows by bin}; bins are numbered from 0."""
    rows = []
    for name, counts in variables.items():
        own = (effects or {}).get(name, [np.nan] * len(counts))
        kind = (kinds or {}).get(name, ["interval"] * len(counts))
        for k, (count, effect, sort) in enumerate(zip(counts, own, kind, strict=True)):
            rows.append((name, k, f"{name} {k}", sort, np.nan, np.nan, float(count), effect))
    return pd.DataFrame(rows, columns=REFERENCE_COLUMNS)


def counts(cells: Mapping[tuple[str, str, str], Sequence[float]]) -> pd.DataFrame:
    """{(period, segment, variable): rows by bin}, without a row for an empty bin, as an engine counts."""
    rows = [
        (period, segment, variable, k, float(count))
        for (period, segment, variable), own in cells.items()
        for k, count in enumerate(own)
        if count > 0
    ]
    return pd.DataFrame(rows, columns=COUNT_COLUMNS)


def month(variable: str, own: Sequence[float], period: str = "2026-01") -> pd.DataFrame:
    """Counts of one variable in one month over all rows."""
    return counts({(period, ALL, variable): own})
