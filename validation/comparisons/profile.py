"""The profile of the columns: counts, quartiles and most frequent values, of the source or of the snapshot's rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.rebuild.source.columns import CATEGORICAL, NUMERIC, Column
from validation.rebuild.workspace import Workspace
from validation.steps.values import text_of_number

AREA, TWINS, CONVERSIONS = "data.profile", "data.duplicates", "data.conversions"
EMPTY = re.compile(r"(empty field|null, NaN or empty text) read as missing")
STATISTICS = ("minimum", "percentile_25", "median", "percentile_75", "maximum", "mean")
FEWER = "the snapshot has not all rows or columns of the source, whose rows were not given"
Row = Mapping[str, Any]


def compare_snapshot_profile(space: Workspace) -> None:
    """Where the source is not given and the snapshot has all of its rows: profile, twins and conversions of these."""
    if space.package.source is not None:
        return
    source, frame = space.package.manifest["source"], space.frame
    names = [name for name in frame.columns if not name.startswith("_")]
    for area, complete, compare in (
        (AREA, source["rows"] == len(frame), _compare_profile),
        (CONVERSIONS, source["rows"] == len(frame), _compare_conversions),
        (TWINS, source["rows"] == len(frame) and source["columns"] == len(names) + _keys(space), _compare_twins),
    ):
        table = space.package.rows_of(area)
        if table is None or not complete:
            space.ledger.not_evaluable(area, "the package holds no such table" if table is None else FEWER)
            continue
        compare(space, table, names)


def _keys(space: Workspace) -> int:
    """Columns of the source that the snapshot holds as its key alone."""
    key = space.package.plan["data"].get("key")
    return int(isinstance(key, str) and key not in space.frame.columns)


def _compare_profile(space: Workspace, table: list[dict[str, Any]], names: list[str]) -> None:
    specs = space.package.plan["data"]["columns"]
    rows = [row for row in table if row["column"] in names]
    found = []
    for row in rows:
        codes = list((specs.get(row["column"]) or {}).get("specials") or ())
        column = column_of(space.frame[row["column"]])
        special = [float(code) for code in codes] if column.type == NUMERIC else [str(code) for code in codes]
        found.append(profile_of(column, special) | ({} if column.type == NUMERIC else {"type": row["type"]}))
    compare_profiles(space, rows, found)
    left = [row["column"] for row in table if row["column"] not in names]
    if left:
        space.ledger.not_evaluable(f"{AREA}: {', '.join(left[:10])}", "the snapshot does not hold the columns")


def _compare_conversions(space: Workspace, table: list[dict[str, Any]], names: list[str]) -> None:
    """Empty fields are the values that the snapshot misses, where nothing else became missing in the column."""
    counts = [row["column"] for row in table]
    rows = [row for row in table if EMPTY.match(row["conversion"]) and row["column"] in names]
    rows = [row for row in rows if counts.count(row["column"]) == 1]
    labels = [row["column"] for row in rows]
    own = [int(space.frame[name].isna().sum()) for name in labels]
    space.ledger.numbers(CONVERSIONS, "rows read as missing", "rows", [row["rows"] for row in rows], own, labels)
    if len(rows) < len(table):
        space.ledger.not_evaluable(f"{CONVERSIONS}: other conversions", "the rows of the source were not given")


def _compare_twins(space: Workspace, table: list[dict[str, Any]], names: list[str]) -> None:
    """Rows that repeat an earlier one in every column, and rows with a twin."""
    sizes = space.frame.groupby(names, dropna=False, sort=False).size().to_numpy()
    own = [len(space.frame), int(np.sum(sizes - 1)), int(np.sum(sizes[sizes > 1]))]
    labels = [row["measure"] for row in table]
    space.ledger.numbers(TWINS, "rows", "rows", [row["rows"] for row in table], own, labels)
    shares = [count / len(space.frame) for count in own]
    space.ledger.numbers(TWINS, "share", "share", [row["share"] for row in table], shares, labels)


def column_of(series: pd.Series) -> Column:
    """A column of the snapshot: numbers, or texts (categories and dates alike)."""
    codes, levels = pd.factorize(series, sort=True, use_na_sentinel=True)
    kind = NUMERIC if series.dtype.kind in "fiu" else CATEGORICAL
    values = np.asarray(levels, dtype=np.float64 if kind == NUMERIC else object)
    return Column(kind, values, codes.astype(np.int64), {})


def compare_profiles(space: Workspace, rows: Sequence[Row], own: Sequence[Row]) -> None:
    """Compare rows of the profile with ours of the same columns; values of persons are not shown."""
    names = [row["column"] for row in rows]
    space.ledger.words(AREA, "type", [row["type"] for row in rows], [one["type"] for one in own], names)
    for column in ("count", "missing_count", "special_count", "distinct"):
        space.ledger.numbers(AREA, column, "rows", [r[column] for r in rows], [one[column] for one in own], names)
    for column in ("missing_share", "special_share"):
        space.ledger.numbers(AREA, column, "share", [r[column] for r in rows], [one[column] for one in own], names)
    personal = {n for n, spec in space.package.plan["data"]["columns"].items() if spec["personal"]}
    shown = [(row, one) for row, one in zip(rows, own, strict=True) if row["column"] not in personal]
    labels = [row["column"] for row, _ in shown]
    for column in STATISTICS:
        pairs = [row[column] for row, _ in shown], [one[column] for _, one in shown]
        space.ledger.numbers(AREA, column, "mean", *pairs, labels)
    texts = [row["most_frequent"] for row, _ in shown], [one["most_frequent"] for _, one in shown]
    space.ledger.words(AREA, "most frequent", *texts, labels)
    shares = [row["most_frequent_share"] for row, _ in shown], [one["most_frequent_share"] for _, one in shown]
    space.ledger.numbers(AREA, "most_frequent_share", "share", *shares, labels)


def profile_of(column: Column, specials: Sequence[Any]) -> dict[str, Any]:
    """The cells of one column of the table; statistics are of values that are no special codes."""
    counts, total = column.counts, len(column.codes)
    special = np.array([level in specials for level in column.levels.tolist()], dtype=bool)
    missing = int(np.count_nonzero(column.codes < 0))
    found: dict[str, Any] = {
        "type": column.type,
        "count": total,
        "missing_count": missing,
        "special_count": int(counts[special].sum()),
        "distinct": int(np.count_nonzero(counts)),
        "missing_share": missing / total,
        "special_share": int(counts[special].sum()) / total,
        **dict.fromkeys(STATISTICS),
        "most_frequent": None,
        "most_frequent_share": None,
    }
    if column.type == NUMERIC and counts[~special].any():
        values = np.repeat(column.levels[~special].astype(np.float64), counts[~special])
        found |= dict(zip(STATISTICS[:5], map(float, _quartiles(values)), strict=True))
        found["mean"] = float(np.sum(values) / len(values))
    if counts.any():
        top = int(np.argmax(counts))
        level = column.levels[top]
        found["most_frequent"] = level if isinstance(level, str) else text_of_number(float(level))
        found["most_frequent_share"] = int(counts[top]) / total
    return found


def _quartiles(values: np.ndarray) -> list[float]:
    """Least, quartiles by linear interpolation (Hyndman and Fan 1996, type 7) and greatest of ascending values."""
    found = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        place = share * (len(values) - 1)
        low = int(place)
        high = min(low + 1, len(values) - 1)
        found.append(float(values[low] + (place - low) * (values[high] - values[low])))
    return found
