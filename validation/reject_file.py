"""The tables of reject inference: strict types, rows that exist, outcomes, samples and weights that can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from validation.errors import Fault
from validation.tables import SAMPLES

FOLDER = "reject_inference"
ACCEPTANCE, KNOWN_OUTCOMES = f"{FOLDER}/acceptance.json", f"{FOLDER}/known_outcomes.json"
ROWS, APPLICANTS = f"{FOLDER}/rows.parquet", f"{FOLDER}/applicants.parquet"
MODELS, TABLES = (ACCEPTANCE, KNOWN_OUTCOMES), (APPLICANTS, ROWS)
FILES = (*MODELS, *TABLES)
IDS = {ACCEPTANCE: "acceptance", KNOWN_OUTCOMES: "known_outcomes"}
Mask = NDArray[np.bool_]
Rule = tuple[str, Callable[[NDArray[Any]], Mask], str]


def _is_flag(values: NDArray[Any]) -> Mask:
    return np.isin(values, (0, 1))


def _is_probability(values: NDArray[Any]) -> Mask:
    return np.asarray((values >= 0) & (values <= 1))


def _is_positive(values: NDArray[Any]) -> Mask:
    return np.asarray(np.isfinite(values) & (values > 0))


COLUMNS: Mapping[str, Mapping[str, Rule]] = {
    ROWS: {
        "_outcome": ("double", _is_flag, "0.0 or 1.0"),
        "_weight": ("double", _is_positive, "a number above 0"),
        "_inferred": ("int64", _is_flag, "0 or 1"),
    },
    APPLICANTS: {
        "_sample": ("string", lambda values: np.isin(values.astype(str), SAMPLES), ", ".join(SAMPLES)),
        "_accepted": ("int64", _is_flag, "0 or 1"),
        "_acceptance": ("double", _is_probability, "from 0 to 1"),
        "_probability": ("double", _is_probability, "from 0 to 1"),
    },
}


def listing_faults(listed: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each file of reject inference that is absent where another is listed."""
    if not set(listed) & set(FILES):
        return []
    message = "the manifest lists other files of reject inference and not this one"
    return [Fault("file_missing", message, file=name) for name in FILES if name not in listed]


def row_faults(table: pa.Table, file: str, rows: int) -> list[Fault]:
    """Return what is wrong with a table of reject inference; rows: how many the snapshot has."""
    rules: dict[str, Rule] = {
        "row": ("int64", lambda values: np.asarray((values >= 0) & (values < rows)), f"from 0 to {rows - 1}"),
        **COLUMNS[file],
    }
    found = {name: str(table.column(name).type).replace("large_", "") for name in table.column_names}
    wanted = {name: kind for name, (kind, _, _) in rules.items()}
    if list(found.items()) != list(wanted.items()):
        return [Fault("schema", "other columns", file, None, None, str(found), str(wanted))]
    empty = {name: table.column(name).null_count for name in wanted}
    faults = [Fault("schema", f"{count} values are missing", file, name) for name, count in empty.items() if count]
    if faults or not len(table):
        return faults or [Fault("schema", "the table has no rows", file)]
    for name, (_, allows, allowed) in rules.items():
        wrong = ~allows(table.column(name).to_numpy())
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            value = str(table.column(name)[at].as_py())
            faults.append(Fault("schema", "not a value of the format", file, name, at + 1, value, allowed))
    if file == APPLICANTS and not np.all(np.diff(table.column("row").to_numpy()) > 0):
        faults.append(Fault("schema", "the rows are not in ascending order, each once", file, "row"))
    return faults
