"""From one column a month to one row a month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, IntakeError

Month = str | int


def unpivot_months(
    table: pd.DataFrame,
    key: str,
    columns: Mapping[str, Mapping[str, Month]],
    *,
    month: str = "month",
    blank: Literal["keep", "drop"] = "keep",
) -> pd.DataFrame:
    """Rows `key`, `month` and one column for each name of `columns`, from a table with a column for each month.

    columns: new name to {column of `table`: month}, each over the same months, for example
    {"state": {"PAY_0": -1, "PAY_2": -2}, "balance": {"BILL_AMT1": -1, "BILL_AMT2": -2}}. Rows stand in the order of
    `table`, months in the order of the first mapping. `blank` says whether a month without any value is kept; the
    number of months dropped is in `attrs["dropped"]`. Raises IntakeError with every column that is absent, every month
    that stands twice, and every name whose months are not those of the first.
    """
    faults = _faults(table, key, columns, month)
    if faults:
        raise IntakeError(faults)
    months = list(next(iter(columns.values())).values())
    by_month: dict[str, dict[Month, str]] = {
        name: {when: column for column, when in mapping.items()} for name, mapping in columns.items()
    }
    rows, count = len(table), len(months)
    place = np.arange(rows * count).reshape(count, rows).T.ravel()  # row by row, months within a row
    long: dict[str, Any] = {
        key: table[key].repeat(count).reset_index(drop=True),
        month: pd.Series(months * rows),
    }
    for name, mapping in by_month.items():
        stacked = pd.concat([table[mapping[when]] for when in months], ignore_index=True)
        long[name] = stacked.iloc[place].reset_index(drop=True)
    frame = pd.DataFrame(long)
    empty = frame[list(columns)].isna().all(axis=1)
    if blank == "drop":
        frame = frame[~empty].reset_index(drop=True)
    frame.attrs["dropped"] = int(empty.sum()) if blank == "drop" else 0
    return frame


def _faults(table: pd.DataFrame, key: str, columns: Mapping[str, Mapping[str, Month]], month: str) -> list[Fault]:
    have = list(table.columns)
    absent = [name for name in (key, *(column for m in columns.values() for column in m)) if name not in have]
    faults = [Fault(f"the table has no column {name!r}", "absent", path=name) for name in dict.fromkeys(absent)]
    first = list(next(iter(columns.values()), {}).values())
    if not first:
        faults.append(Fault("no month is named", "missing_key", allowed="{new name: {column: month}}"))
    if len({key, month, *columns}) < 2 + len(columns):
        faults.append(Fault("key, month and new columns need different names", "duplicate_column"))
    for name, mapping in columns.items():
        months = list(mapping.values())
        twice = sorted({str(when) for when in months if months.count(when) > 1})
        if twice:
            faults.append(Fault(f"a month stands twice for {name!r}", "duplicate_month", found=", ".join(twice)))
        if set(months) != set(first):
            told = ", ".join(map(str, months))
            faults.append(Fault(f"{name!r} has other months than the first", "month", found=told, allowed=str(first)))
    return faults
