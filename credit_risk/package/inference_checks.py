"""The tables of reject inference in a package (SPECIFICATION section 5): columns, types, values, order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit_risk._core.errors import Fault
from credit_risk.package.layout import APPLICANTS_FILE, REJECT_INFERENCE, ROWS_FILE, SAMPLES

Rule = tuple[tuple[pa.DataType, ...], Callable[[NDArray[Any]], NDArray[np.bool_]], str]
CODE = "schema"
_NUMBER, _WHOLE, _TEXT = (pa.float64(),), (pa.int64(),), (pa.string(), pa.large_string())


def _flag(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isin(values, (0, 1))


def _probability(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((values >= 0.0) & (values <= 1.0), dtype=bool)


def _positive(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(values) & (values > 0.0), dtype=bool)


def _sample(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isin(values.astype(str), SAMPLES)


COLUMNS: Mapping[str, Mapping[str, Rule]] = {
    APPLICANTS_FILE: {
        "_sample": (_TEXT, _sample, ", ".join(SAMPLES)),
        "_accepted": (_WHOLE, _flag, "0 or 1"),
        "_acceptance": (_NUMBER, _probability, "from 0.0 to 1.0"),
        "_probability": (_NUMBER, _probability, "from 0.0 to 1.0"),
    },
    ROWS_FILE: {
        "_outcome": (_NUMBER, _flag, "0.0 or 1.0"),
        "_weight": (_NUMBER, _positive, "above 0.0"),
        "_inferred": (_WHOLE, _flag, "0 or 1"),
    },
}


def absent_files(listed: Mapping[str, Any]) -> list[str]:
    """Files of reject inference that are not listed though others are."""
    return [name for name in REJECT_INFERENCE if name not in listed] if set(listed) & set(REJECT_INFERENCE) else []


def inference_faults(table: pa.Table, rows: int, file: str) -> list[Fault]:
    """Faults of `applicants.parquet` or `rows.parquet`; rows: of the snapshot."""
    place: Rule = (_WHOLE, lambda values: np.asarray((values >= 0) & (values < rows)), f"from 0 to {rows - 1}")
    rules: dict[str, Rule] = {"row": place, **COLUMNS[file]}
    if table.column_names != list(rules):
        found, allowed = str(table.column_names), str(list(rules))
        return [Fault("does not have the columns it must", CODE, file, found=found, allowed=allowed)]
    faults = [fault for name, rule in rules.items() for fault in _column(table, name, rule, file)]
    if not table.num_rows:
        faults.append(Fault("has no rows", CODE, file))
    if not faults and file == APPLICANTS_FILE and np.any(np.diff(table["row"].to_numpy()) <= 0):
        faults.append(Fault("rows do not ascend, each once", CODE, file, "row"))
    return faults


def _column(table: pa.Table, name: str, rule: Rule, file: str) -> Iterator[Fault]:
    types, allows, allowed = rule
    column = table[name]
    if column.type not in types:
        yield Fault(f"column is {column.type}", CODE, file, name, allowed=str(types[0]))
    elif column.null_count:
        yield Fault("has missing values", CODE, file, name, found=f"{column.null_count:,} rows")
    elif (wrong := ~allows(column.to_numpy())).any():
        row = int(np.flatnonzero(wrong)[0])
        yield Fault("has values that are not allowed", CODE, file, name, row + 1, str(column[row].as_py()), allowed)
