"""Arrays to tidy frames: keys int64, numbers float64, labels text, dates datetime64[us]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def labelled(positions: NDArray[np.int64], labels: Sequence[str]) -> pd.Series:
    """Text of each position, −1 missing; in pandas' own type for text."""
    # The last label is the missing one, so that −1 names it.
    return pd.Series(pd.Series([*labels, None]).array.take(positions % (len(labels) + 1)))


def nullable(values: NDArray[np.int64], known: NDArray[np.bool_]) -> pd.Series:
    """Whole numbers, missing where not `known` (Int64)."""
    return pd.Series(pd.arrays.IntegerArray(np.where(known, values, 0), ~known))


def joined(pieces: Sequence[Any], name: str) -> NDArray[Any]:
    """Attribute `name` of all pieces, one after another."""
    return np.concatenate([getattr(piece, name) for piece in pieces])
