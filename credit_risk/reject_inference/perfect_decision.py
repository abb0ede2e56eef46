"""Characteristics that decide by themselves, which classing hides: bins of one class only are merged with others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_risk.reject_inference.rows import Mask

FEW_VALUES = 50


def perfect_predictors(frame: pd.DataFrame, accepted: Mask) -> list[str]:
    """Columns of `frame` (n, k) that tell accepted (n,) from rejected without exception, in order.

    A threshold separates the numbers, or no value (missing is one) of 50 different ones or fewer stands on both sides.
    A characteristic that is constant is none.
    """
    return [str(name) for name in frame.columns if _decides(frame[name], accepted)]


def _decides(column: pd.Series, accepted: Mask) -> bool:
    one, other = column[accepted], column[~accepted]
    if not len(one) or not len(other):
        return False
    ordered = pd.api.types.is_numeric_dtype(column) and not column.isna().any()
    if ordered and (float(one.max()) < float(other.min()) or float(other.max()) < float(one.min())):
        return True
    codes, values = pd.factorize(column, use_na_sentinel=False)
    if len(values) > FEW_VALUES:
        return False
    seen = np.unique(codes[accepted]), np.unique(codes[~accepted])
    return not np.intersect1d(*seen).size
