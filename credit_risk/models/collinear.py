"""Characteristics that are linear combinations of others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Drop = Callable[[str, str, float | None, float | None, str], None]
NAMES_SHOWN = 10
COLLINEAR = 1e-8


def independent(names: Sequence[str], columns: Mapping[str, Floats], drop: Drop, *, kept: Collection[str]) -> list[str]:
    """Leave out what is a linear combination of those before it, as the last of a set of indicator columns is.

    columns: (n,) by name, none constant. Those in `kept` come first and always stay.
    """
    left: list[str] = []
    basis = np.empty((0, 0))
    for name in sorted(names, key=lambda n: n not in kept):
        centred = columns[name] - columns[name].mean()
        rest = centred if not left else centred - basis @ (basis.T @ centred)
        rest = rest if not left else rest - basis @ (basis.T @ rest)
        if np.linalg.norm(rest) < COLLINEAR * np.linalg.norm(centred) and name not in kept:
            drop(name, "collinearity", None, None, f"a linear combination of {listed(left)}")
            continue
        left.append(name)
        direction = (rest / np.linalg.norm(rest))[:, None]
        basis = direction if basis.size == 0 else np.hstack([basis, direction])
    return [name for name in names if name in left]


def listed(names: Sequence[str]) -> str:
    """Names in words, the first ten and how many more."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
