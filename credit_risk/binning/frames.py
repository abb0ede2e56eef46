"""Tables as the estimators take them: frames of pandas, polars or Arrow, and arrays; out comes the kind that went in.

Every column of a frame passes through its Arrow type. Numbers, decimals and truth values become float64 with NaN for
missing, text and categories become text with None for missing; whatever else is refused, all columns at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.utils._set_output import _get_output_config

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.scoring.steps import text_of_number

EXACT = 2**53
TAKEN = "numbers, truth values, decimals, text, categories"
CAST = "cast it to numbers or to text, or drop it"


class FrameError(IntakeError, ValueError):
    """The X of an estimator cannot be taken; `faults` names every column with what it holds and the remedy."""


def is_frame(X: Any) -> bool:
    """Whether X is an eager frame (pandas, polars, Arrow, or another that narwhals knows).

    Raises TypeError for a lazy one and for a bare Arrow record batch.
    """
    if isinstance(X, pa.RecordBatch):
        raise TypeError("X is an Arrow record batch: make it a table with pyarrow.Table.from_batches")
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise TypeError(f"X is a lazy frame ({type(X).__module__.split('.')[0]}): collect it first")
    return isinstance(frame, nw.DataFrame)


def columns_of(X: Any, names: Sequence[str]) -> pd.DataFrame:
    """Columns of a frame or of an array (n, k) as float64 (NaN is missing) or object text (None is missing).

    They bear `names` (k,) and rows are numbered from 0. Decimals become the nearest double; categories that are numbers
    become text, `1` and not `1.0`. A column without any value is float64. Raises FrameError where a column holds
    anything but numbers, truth values, decimals, text or categories, mixes them, holds infinite values, or whole
    numbers that a double cannot tell apart.
    """
    read = _reader(X)
    found: dict[str, NDArray[Any]] = {}
    faults: list[Fault] = []
    for i, name in enumerate(names):
        try:
            found[name] = read(i)
        except _Refused as refused:
            faults.append(refused.fault(name))
    if faults:
        raise FrameError(faults)
    return pd.DataFrame(found, columns=list(names), copy=False)


def same_kind(values: NDArray[np.float64], names: Sequence[str], X: Any) -> Any:
    """values (n, k) as a frame of the kind of X with columns `names`, as they are where X is an array.

    A pandas frame keeps the index of X.
    """
    if not is_frame(X):
        return values
    if isinstance(X, pd.DataFrame):
        return pd.DataFrame(values, index=X.index, columns=list(names))
    columns = {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(names)}
    return nw.from_dict(columns, backend=nw.get_native_namespace(X)).to_native()


def chosen_columns(X: Any, places: Sequence[int]) -> Any:
    """The columns at `places` of a frame, untouched: types, categories and index stay."""
    if isinstance(X, pd.DataFrame):
        return X.iloc[:, list(places)]
    frame = nw.from_native(X, eager_only=True)
    return frame.select([frame.columns[i] for i in places]).to_native()


def as_asked(estimator: Any, frame: Any) -> Any:
    """`frame` as `set_output` or the global configuration asks for it, or as it is where neither says anything."""
    kind = _get_output_config("transform", estimator)["dense"]
    if kind == "pandas" and not isinstance(frame, pd.DataFrame):
        return nw.from_native(frame, eager_only=True).to_pandas()
    return nw.from_native(frame, eager_only=True).to_polars() if kind == "polars" else frame


def kind_is_open(estimator: Any) -> bool:
    """Whether neither `set_output` nor the global configuration says what `transform` returns."""
    return bool(_get_output_config("transform", estimator)["dense"] == "default")


class _Refused(Exception):
    def __init__(self, message: str, found: str, *, allowed: str = TAKEN, remedy: str = CAST):
        super().__init__(message)
        self.message, self.found, self.allowed, self.remedy = message, found, allowed, remedy

    def fault(self, name: str) -> Fault:
        code, path = "column_type", f"column {name!r}"
        return Fault(self.message, code, path=path, found=self.found, allowed=self.allowed, remedy=self.remedy)


def _reader(X: Any) -> Callable[[int], NDArray[Any]]:
    """Column by position as float64 or object."""
    if isinstance(X, np.ndarray):
        return lambda i: _of_array(X[:, i])
    if isinstance(X, pd.DataFrame):
        return lambda i: _of_pandas(X.iloc[:, i])
    frame = nw.from_native(X, eager_only=True)
    return lambda i: _of_narwhals(frame[:, i])


def _of_array(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind in "fiub":
        return _doubles(values)
    return _of_pandas(pd.Series(values.astype(object)))


def _of_pandas(series: pd.Series) -> NDArray[Any]:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "fiub":
        return _doubles(series.to_numpy())
    if isinstance(series.dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
    try:
        return _of_arrow(pa.Array.from_pandas(series), str(series.dtype))
    except (pa.ArrowException, OverflowError) as error:
        raise _Refused(*_mixed(series)) from error


def _mixed(series: pd.Series) -> tuple[str, str]:
    held = series.dropna()
    kinds = sorted({type(value).__name__ for value in held}) if series.dtype == object else [str(series.dtype)]
    if len(kinds) > 1:
        return "values of several types", ", ".join(kinds)
    return "values of a type that is no characteristic", ", ".join(kinds)


def _of_narwhals(series: Any) -> NDArray[Any]:
    if series.dtype == nw.Object:
        raise _Refused("values of a type that is no characteristic", "Object")
    try:
        return _of_arrow(series.to_arrow(), str(series.dtype))
    except pa.ArrowException as error:
        raise _Refused("values of a type that is no characteristic", str(series.dtype)) from error


def _of_arrow(column: pa.Array | pa.ChunkedArray, shown: str) -> NDArray[Any]:
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_dictionary(kind):
        return _categories(column, shown)
    if pa.types.is_boolean(kind):
        return _numbers(column.cast(pa.int8()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(column)
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if _is_text(kind):
        return _objects(column)
    if pa.types.is_temporal(kind) or "period" in shown:
        remedy = "make it a number first, such as the months before the decision, or drop it"
        raise _Refused("dates and times are no characteristic", shown, remedy=remedy)
    raise _Refused("values of a type that is no characteristic", shown)


def _objects(column: pa.Array | pa.ChunkedArray) -> NDArray[np.object_]:
    values = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    return np.asarray(values, object)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _categories(column: pa.Array | pa.ChunkedArray, shown: str) -> NDArray[Any]:
    """Text of each category; numbers as codes."""
    column = _one_array(column)
    kind = column.type.value_type
    levels = column.dictionary.to_pylist()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        levels = [None if value is None or value != value else text_of_number(value) for value in levels]
    elif not _is_text(kind):
        raise _Refused("categories that are neither text nor numbers", shown)
    return np.append(np.asarray(levels, object), np.array([None], object))[_codes(column)]


def _codes(column: pa.DictionaryArray) -> NDArray[np.int64]:
    """Positions in the dictionary (n,), −1 where missing."""
    return np.asarray(column.indices.cast(pa.int64()).fill_null(-1))


def _decimals(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    """The nearest doubles (Arrow's own cast misses them by a unit in the last place)."""
    encoded = _one_array(column.dictionary_encode())
    levels = [float(value) for value in encoded.dictionary.to_pylist()]
    return np.append(np.asarray(levels, np.float64), np.nan)[_codes(encoded)]


def _one_array(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """One array of one dictionary from the chunks of a column."""
    if isinstance(column, pa.Array):
        return column
    joined = column.unify_dictionaries().combine_chunks()
    return joined if isinstance(joined, pa.Array) else joined.chunk(0)


def _numbers(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    if pa.types.is_integer(column.type) and len(column) > column.null_count:
        ends = pa.compute.min_max(column).as_py()
        _check_exact(ends["min"], ends["max"])
    missing = np.asarray(column.is_null())
    plain = column.fill_null(0) if column.null_count else column
    values = np.asarray(plain).astype(np.float64)
    values[missing] = np.nan
    return _finite(values)


def _doubles(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind in "iu" and len(values):
        _check_exact(int(values.min()), int(values.max()))
    if values.dtype.itemsize > 8:
        raise _Refused("numbers that a double cannot hold", str(values.dtype), allowed="at most 64 bits")
    return _finite(values.astype(np.float64))


def _check_exact(lowest: int, highest: int) -> None:
    if max(-lowest, highest) > EXACT:
        found = str(highest if highest > EXACT else lowest)
        remedy = "cast it to text where it is a code, or drop it"
        message = "whole numbers beyond 2**53, which a double cannot tell apart"
        raise _Refused(message, found, allowed=f"at most {EXACT} in size", remedy=remedy)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    infinite = int(np.count_nonzero(np.isinf(values)))
    if infinite:
        remedy = "replace them, by a missing value or by a special code"
        raise _Refused("infinity among the values", f"in {infinite} rows", allowed="finite numbers", remedy=remedy)
    return values
