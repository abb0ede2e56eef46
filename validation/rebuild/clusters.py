"""Clusters of the snapshot: rows that one obligor, account or group has in common."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def cluster_codes(names: Iterable[str | None]) -> Integers:
    """Return a whole number for each row, equal where the names are; a row without a name has one of its own."""
    known: dict[str | None, int] = {}
    codes: list[int] = []
    for name in names:
        number = len(known) if name is None else known.get(name, len(known))
        known[f"\0{number}" if name is None else name] = number
        codes.append(number)
    return np.array(codes, dtype=np.int64)


def repeat(codes: Integers) -> bool:
    """Say whether two rows share a cluster."""
    if np.all(codes[1:] > codes[:-1]):  # as where every row has its own
        return False
    return len(np.unique(codes)) < len(codes)


def dense(codes: Integers) -> tuple[Integers, int]:
    """Return the codes numbered from 0 without gaps, and how many clusters there are."""
    found, numbers = np.unique(codes, return_inverse=True)
    return numbers.astype(np.int64), len(found)
