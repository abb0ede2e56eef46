"""Profile of the columns, and rows that repeat another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from credit_risk.sampling.column_types import NUMERIC, TypedColumn
from credit_risk.scoring.steps import text_of_number

PROFILE_COLUMNS = (
    *("column", "type", "count", "missing_count", "missing_share", "special_count", "special_share", "distinct"),
    *("minimum", "percentile_25", "median", "percentile_75", "maximum", "mean"),
    *("most_frequent", "most_frequent_share"),
)
STATISTICS = PROFILE_COLUMNS[8:14]


def profile_frame(
    columns: Mapping[str, TypedColumn], specials: Mapping[str, Iterable[float | str]], personal: Collection[str] = ()
) -> pd.DataFrame:
    """One row a column, catalogue columns of `data.profile`.

    Minimum to mean are of numeric values without special codes, percentiles by linear interpolation (Hyndman and Fan
    1996, type 7). `distinct` counts special codes, not missing. Shares are of all rows.
    Of `personal` columns it tells counts and the mean, and nothing that is the value of a person.
    """
    rows = [_profile(name, column, set(specials.get(name, ()))) for name, column in columns.items()]
    rows = [_counts_alone(row) if row[0] in personal else row for row in rows]
    frame = pd.DataFrame(rows, columns=list(PROFILE_COLUMNS))
    return frame.astype({"most_frequent": object})


def _profile(name: str, column: TypedColumn, specials: set[float | str]) -> list[object]:
    counts, total = column.counts, len(column.codes)
    is_special = np.array([level in specials for level in column.levels], bool)
    special, missing = int(counts[is_special].sum()), int(np.count_nonzero(column.missing))
    head: list[object] = [name, column.type, total, missing, missing / total, special, special / total]
    head.append(int(np.count_nonzero(counts)))
    statistics: list[float | None] = [None] * len(STATISTICS)
    if column.type == NUMERIC and counts[~is_special].any():
        levels = column.levels.astype(np.float64)
        values = levels[column.codes[(column.codes >= 0) & ~np.append(is_special, False)[column.codes]]]
        quartiles = np.quantile(values, [0.0, 0.25, 0.5, 0.75, 1.0])
        statistics = [*map(float, quartiles), float(values.mean())]
    if not counts.any():
        return [*head, *statistics, None, None]
    top = int(np.argmax(counts))
    level = column.levels[top]
    shown = level if isinstance(level, str) else text_of_number(level)
    return [*head, *statistics, shown, int(counts[top]) / total]


def _counts_alone(row: list[object]) -> list[object]:
    shown = ("minimum", "percentile_25", "median", "percentile_75", "maximum", "most_frequent", "most_frequent_share")
    return [None if name in shown else value for name, value in zip(PROFILE_COLUMNS, row, strict=True)]


def duplicates_frame(columns: Mapping[str, TypedColumn]) -> pd.DataFrame:
    """Rows alike in all the given columns (the key left out by the caller), catalogue columns of `data.duplicates`."""
    codes = pd.DataFrame({str(index): column.codes for index, column in enumerate(columns.values())})
    repeats, alike = codes.duplicated(keep="first"), codes.duplicated(keep=False)
    rows = [
        ("rows", len(codes), 1.0),
        ("rows that repeat an earlier one in all but the key", int(repeats.sum()), float(repeats.mean())),
        ("rows with a twin, the first of each group included", int(alike.sum()), float(alike.mean())),
    ]
    return pd.DataFrame(rows, columns=["measure", "rows", "share"])
