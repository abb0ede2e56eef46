"""What scikit-learn asks of the X and y of an estimator, for frames of any kind and for arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d, validate_data

from credit_risk.binning.frames import columns_of, is_frame


def checked_columns(estimator: Any, X: Any, *, reset: bool, numeric: bool = False) -> pd.DataFrame:
    """X (n, k) as float64 and object columns under the names that scikit-learn gives them.

    Sets `n_features_in_` and `feature_names_in_` where `reset`, else holds X against them. Raises ValueError where
    there are no rows or columns, names differ or stand twice, FrameError (a ValueError) where a column cannot be taken.
    numeric: an array of anything but finite numbers is refused; what a frame holds is for the caller to look at.
    """
    if is_frame(X):
        same_columns(estimator, X, reset=reset)
        return columns_of(X, input_names(estimator))
    options: dict[str, Any] = {} if numeric else {"dtype": None, "ensure_all_finite": "allow-nan"}
    return columns_of(validate_data(estimator, X, reset=reset, **options), input_names(estimator))


def same_columns(estimator: Any, X: Any, *, reset: bool = False) -> None:
    """Hold the shape and the names of a frame against those of fit, or set them. Raises ValueError where they differ.

    What the columns hold is not looked at.
    """
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    _check_shape(*X.shape)


def of_kinds(frame: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """`frame` with columns of the kinds (`numeric` or `categorical`) that fit met; one without any value fits both.

    Raises ValueError, naming every column of another kind.
    """
    found, wrong = {}, []
    for name, kind in kinds.items():
        column = frame[name]
        is_numeric = pd.api.types.is_numeric_dtype(column)
        if is_numeric != (kind == "numeric") and column.notna().any():
            wrong.append(
                f"{name!r} ({'numeric' if is_numeric else 'text'}, in fit {'text' if is_numeric else 'numeric'})"
            )
        empty = is_numeric and kind != "numeric"
        found[name] = np.full(len(frame), None, object) if empty else column.to_numpy()
    if wrong:
        raise ValueError(f"columns are of another type than in fit: {', '.join(wrong)}")
    return pd.DataFrame(found, copy=False)


def input_names(estimator: Any) -> list[str]:
    """Names of the columns of fit: `feature_names_in_`, or x0, x1, … where they had none that are text."""
    named = getattr(estimator, "feature_names_in_", None)
    return [str(n) for n in named] if named is not None else [f"x{i}" for i in range(estimator.n_features_in_)]


def binary_outcome(y: ArrayLike | None, rows: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The two classes in sorted order, and y (n,) as 0.0 and 1.0; 1.0 is the second class.

    Raises ValueError where y is no column of `rows` values, has missing values, or has other than two classes.
    """
    if y is None:
        raise ValueError("the estimator requires y to be passed, but the target y is None")
    values = column_or_1d(y, warn=True)
    if pd.isna(values).any():
        raise ValueError(f"Input y contains NaN: {int(pd.isna(values).sum())} rows have no outcome; leave them out")
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise ValueError("Input y contains infinity, which is no class")
    _check_length(values, rows)
    check_classification_targets(values)
    classes, codes = np.unique(values, return_inverse=True)
    count = len(classes)
    if count != 2:
        raise ValueError(f"Only binary classification is supported: y needs two classes, it has {count} class(es)")
    return classes, codes.astype(np.float64)


def checked_weights(sample_weight: ArrayLike | None, frame: pd.DataFrame) -> NDArray[np.float64] | None:
    """Weights (n,), None where none are given. Raises ValueError where one is negative or all are zero."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, frame, dtype=np.float64, ensure_non_negative=True)
    if not weights.sum() > 0:
        raise ValueError("sample_weight is zero in every row")
    return weights


def checked_labels(labels: ArrayLike, rows: int, name: str) -> NDArray[np.object_]:
    """Labels of the rows as text (n,), None where missing. Raises ValueError where they are not one for each row."""
    values = np.asarray(column_or_1d(labels), object)
    _check_length(values, rows, name)
    return np.array([None if absent else str(v) for v, absent in zip(values, pd.isna(values), strict=True)], object)


def _check_length(values: NDArray[Any], rows: int, name: str = "y") -> None:
    if len(values) != rows:
        check_consistent_length(np.empty(rows), values)
        raise ValueError(f"{name} has {len(values)} values for {rows} rows")


def _check_shape(rows: int, columns: int) -> None:
    for count, what in ((columns, "feature"), (rows, "sample")):
        if count == 0:
            shape = f"(shape=({rows}, {columns}))"
            raise ValueError(f"Found array with 0 {what}(s) {shape} while a minimum of 1 is required.")
