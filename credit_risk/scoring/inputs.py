"""Reading the input columns of a model from a table: every fault at once, nothing coerced in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, ScoringError
from credit_risk.scoring.columns import NUMBER, STRING, Column
from credit_risk.scoring.steps import is_absent, text_of_number

_EXACT = 2**53
_SHOWN = 5


def as_pandas(frame: Any) -> pd.DataFrame:
    """A pandas frame as it is; a polars frame, an Arrow table or a mapping of columns turned into one."""
    if isinstance(frame, pd.DataFrame):
        return frame
    if hasattr(frame, "to_pandas"):
        return frame.to_pandas()
    if isinstance(frame, Mapping):
        return pd.DataFrame(frame)
    fault = Fault(
        "rows to score are not a table",
        code="not_a_table",
        found=type(frame).__name__,
        allowed="a pandas or polars frame, an Arrow table, or a mapping of columns",
    )
    raise ScoringError(fault)


@dataclass(frozen=True, slots=True)
class Input:
    """One input column of a table, as it was read: columns for blocks of its rows are made when they are wanted.

    Numbers: `data` (n,), NaN missing. Texts: `data` (n,) and `missing` (n,), or `codes` (n,) and `levels` as in
    `Column`.
    """

    kind: str
    data: np.ndarray | None = None
    missing: np.ndarray | None = None
    codes: np.ndarray | None = None
    levels: np.ndarray | None = None

    def rows(self, block: slice, no_error: np.ndarray, *, coded: bool = False) -> Column:
        """The column of a block of rows; no_error: the mask of none of them.

        coded: texts that have codes are not written out, `data` is empty: for those that only classings read.
        """
        if self.codes is not None and self.levels is not None:
            codes = self.codes[block]
            data = self.levels[:0] if coded else self.levels[codes]
            return Column(STRING, data, codes < 0, no_error, codes, self.levels)
        assert self.data is not None
        data = self.data[block]
        missing = np.isnan(data) if self.missing is None else self.missing[block]
        return Column(self.kind, data, missing, no_error)


def read_inputs(declared: list[Mapping[str, Any]], frame: Any) -> dict[str, Column]:
    """Columns of the declared inputs, whole; raises as `open_inputs`."""
    table = as_pandas(frame)
    no_error = np.zeros(len(table), dtype=bool)
    return {name: one.rows(slice(None), no_error) for name, one in open_inputs(declared, table).items()}


def open_inputs(declared: list[Mapping[str, Any]], frame: Any) -> dict[str, Input]:
    """Columns of the declared inputs (`inputs` of model.json); other columns of the table are ignored.

    NaN and the empty string are missing. Raises ScoringError naming every absent column and every column with values
    that the model cannot take (text in a number, infinity, truth values, dates, integers beyond 2**53).
    """
    table = as_pandas(frame)
    faults: list[Fault] = []
    columns: dict[str, Input] = {}
    for item in declared:
        name = item["name"]
        found = int((table.columns == name).sum()) if len(table.columns) else 0
        if found != 1:
            faults.append(_absent(name, found, table))
            continue
        column, column_faults = _read(table[name], name, item["type"])
        faults.extend(column_faults)
        columns[name] = column
    if faults:
        raise ScoringError(faults)
    return columns


def _absent(name: str, found: int, table: pd.DataFrame) -> Fault:
    if found > 1:
        return Fault(f"{found} columns have this name", code="column_twice", path=name, remedy="name each column once")
    near = [str(c) for c in table.columns if str(c).strip().casefold() == name.strip().casefold()]
    hint = (
        f"rename column {near[0]!r}"
        if near
        else "add the column (missing values are allowed, the column must be there)"
    )
    return Fault("the model needs this column and the table lacks it", code="column_absent", path=name, remedy=hint)


def _read(series: pd.Series, name: str, kind: str) -> tuple[Input, list[Fault]]:
    values = series.array
    if kind == NUMBER and series.dtype == np.float64 and not np.isinf(series.to_numpy()).any():
        return Input(NUMBER, series.to_numpy()), []
    if kind == STRING and (encoded := _encoded(series)) is not None:
        return Input(STRING, codes=encoded[0], levels=encoded[1]), []
    if isinstance(series.dtype, pd.CategoricalDtype):
        values = series.astype(object).array
    if pd.api.types.is_float_dtype(series.dtype) or pd.api.types.is_integer_dtype(series.dtype):
        missing = series.isna().to_numpy(dtype=bool)
        problems = _numeric_problems(series, missing)
        clean = np.where(missing, 0, np.asarray(series.array.fillna(0) if missing.any() else series.array))
    else:
        clean, missing, problems = _read_objects(np.asarray(values, dtype=object), kind)
    faults = [_fault(name, kind, code, mask, series) for code, mask in problems.items() if mask.any()]
    if faults:
        return Input(kind), faults
    if kind == NUMBER:
        return Input(NUMBER, np.where(missing, np.nan, clean.astype(np.float64))), []
    return Input(STRING, _texts(clean, missing), missing), []


def _encoded(series: pd.Series) -> tuple[np.ndarray, np.ndarray] | None:
    """Place of each text among the distinct ones (−1 missing), and these, then None; None where a cell is otherwise.

    `pandas.factorize` takes 1 and True for equal, so that only columns of nothing but texts are read so.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        texts = series.cat.categories
        if pd.api.types.infer_dtype(texts, skipna=False) not in ("string", "empty"):
            return None
        codes, levels = series.cat.codes.to_numpy().astype(np.int64), np.asarray(texts, dtype=object)
    elif pd.api.types.infer_dtype(series, skipna=True) in ("string", "empty"):
        codes, found = pd.factorize(series)
        levels = np.asarray(found, dtype=object)
    else:
        return None
    empty = np.flatnonzero(levels == "")
    return np.where(np.isin(codes, empty), -1, codes) if len(empty) else codes, np.array([*levels, None], dtype=object)


def _texts(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Codes as text, None where missing."""
    known: dict[Any, str] = {}
    result = np.full(len(values), None, dtype=object)
    for i in np.flatnonzero(~missing):
        value = values[i]
        if not isinstance(value, str):
            if value not in known:
                known[value] = text_of_number(value)
            value = known[value]
        result[i] = value
    return result


def _numeric_problems(series: pd.Series, missing: np.ndarray) -> dict[str, np.ndarray]:
    if pd.api.types.is_integer_dtype(series.dtype):
        filled = np.asarray(series.array.fillna(0) if missing.any() else series.array)
        return {"integer_too_great": (filled > _EXACT) | (filled < -_EXACT)}
    filled = np.where(missing, 0.0, series.to_numpy(dtype=np.float64, na_value=np.nan))
    return {"infinite": np.isinf(filled)}


def _read_objects(values: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Cells of mixed type: the cleaned cells, which are missing, and the rows of each problem."""
    rows = len(values)
    missing = np.zeros(rows, dtype=bool)
    problems: dict[str, np.ndarray] = {}
    clean = np.full(rows, 0, dtype=object)
    for i, value in enumerate(values):
        if is_absent(value) or (isinstance(value, str) and value == "" and kind == STRING):
            missing[i] = True
            continue
        code = _problem(value, kind)
        if code is not None:
            problems.setdefault(code, np.zeros(rows, dtype=bool))[i] = True
        else:
            clean[i] = value
    return clean, missing, problems


def _problem(value: Any, kind: str) -> str | None:
    if isinstance(value, str):
        return None if kind == STRING else "text_in_number"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return "wrong_type"
    if isinstance(value, (float, np.floating)):
        return "infinite" if np.isinf(value) else None
    return "integer_too_great" if abs(int(value)) > _EXACT else None


_MESSAGES = {
    "text_in_number": (
        "text where the model needs a number",
        "turn the column into numbers; leave missing cells empty",
    ),
    "infinite": ("infinite values", "replace infinities by what they stand for, or by missing"),
    "wrong_type": ("values of a type that the model cannot take", "turn the column into the declared type"),
    "integer_too_great": (
        "integers beyond 2**53, which a double cannot hold",
        "give such codes as text, or divide the unit",
    ),
}


def _fault(name: str, kind: str, code: str, mask: np.ndarray, series: pd.Series) -> Fault:
    rows = np.flatnonzero(mask)
    shown = ", ".join(f"row {i + 1}: {series.iloc[i]!r}" for i in rows[:_SHOWN])
    message, remedy = _MESSAGES[code]
    return Fault(
        f"{message} in {len(rows)} of {len(mask)} rows",
        code=code,
        path=name,
        row=int(rows[0]) + 1,
        found=f"{shown}{', …' if len(rows) > _SHOWN else ''} (column type {series.dtype})",
        allowed="finite numbers or missing" if kind == NUMBER else "text, finite numbers, or missing",
        remedy=remedy,
    )
