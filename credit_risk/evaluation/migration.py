"""Migration between grades from one date to the next: how far, and whether nearer grades are likelier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats

COLUMNS = ["from", "to", "count", "rate", "neighbour_rate", "statistic", "p_value"]


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Mean distance of migrations as a share of the greatest possible: to worse (`upper`) and better (`lower`) grades.

    0 where all move to the next grade of very many, 1 where all move as far as they can; NaN where none moves that way.
    """

    upper: float
    lower: float


def migration_matrix(
    first: ArrayLike, second: ArrayLike, grades: Sequence[object], weights: ArrayLike | None = None
) -> Floats:
    """Rows (or weights) that stood in grade i first and stand in grade j now, shape (k, k), in the order of `grades`.

    first, second: grade of each row (n,). Raises CreditRiskError naming grades that are not in `grades`.
    """
    arguments = Arguments()
    pair = [np.asarray(values, dtype=object) for values in (first, second)]
    same = pair[0].shape == pair[1].shape and pair[0].ndim == 1 and len(pair[0]) > 0
    found = f"shapes {pair[0].shape} and {pair[1].shape}"
    arguments.require(same, "first, second", "not two vectors of the same rows", "shape", found=found)
    w = arguments.weights(weights)
    if w is not None and same:
        arguments.require(len(w) == len(pair[0]), "weights", "length differs from the grades", "length")
    place = {grade: index for index, grade in enumerate(grades)}
    for name, values in zip(("first", "second"), pair, strict=True):
        odd = sorted({repr(value) for value in values.ravel() if value not in place})
        arguments.require(not odd, name, "grades that the scale does not have", "choice", found=", ".join(odd[:5]))
    arguments.raise_if_any()
    ids = [np.array([place[value] for value in values], dtype=np.int64) for values in pair]
    k = len(grades)
    return np.bincount(ids[0] * k + ids[1], w, k * k).astype(np.float64).reshape(k, k)


def matrix_weighted_bandwidth(counts: ArrayLike) -> Bandwidth:
    """Σ|i − j|N_ij / Σ max(|i − K|, |i − 1|)N_ij over j > i (upper), and over j < i (lower). counts: (k, k).

    ECB, Instructions for reporting the validation results of internal models (2019), section 2.5.5.1: grade i at first,
    grade j now, 1 the best. Raises CreditRiskError where counts are not a square of numbers that are 0 or more.
    """
    held = _square(counts)
    i, j = np.indices(held.shape)
    last = len(held) - 1
    moved, most = np.abs(i - j) * held, np.maximum(last - i, i) * held
    ends = []
    for side in (j > i, j < i):
        whole = math.fsum(most[side])
        ends.append(math.fsum(moved[side]) / whole if whole > 0 else math.nan)
    return Bandwidth(*ends)


def migration_table(counts: ArrayLike, grades: Sequence[object] | None = None) -> pd.DataFrame:
    """One row a pair of grades, tested against its neighbour nearer to the diagonal. counts: (k, k).

    z = (p_near − p_far)/√([p_far(1 − p_far) + p_near(1 − p_near) + 2·p_far·p_near]/N_i) and p = Φ(z): small where grade
    i moves to the farther grade more often than to the nearer (ECB, same, section 2.5.5.2). `neighbour_rate` is p_near,
    for the diagonal itself and rows without counts missing, as are `statistic` and `p_value`, also where both rates
    are 0. N_i is the sum of counts of row i: scale weighted counts to their effective size.
    """
    held = _square(counts)
    names = list(range(1, len(held) + 1)) if grades is None else list(grades)
    if len(names) != len(held):
        raise CreditRiskError([Fault("grades differ in number from the counts", code="length", path="grades")])
    rows = []
    for i, line in enumerate(held):
        total = math.fsum(line)
        rate = line / total if total > 0 else np.full(len(line), math.nan)
        for j in range(len(line)):
            near = math.nan if i == j else float(rate[j + (1 if j < i else -1)])
            z = _distance(near, float(rate[j]), total)
            p_value = float(special.ndtr(z)) if math.isfinite(z) else math.nan
            cells = (names[i], names[j], float(line[j]), float(rate[j]), near, z, p_value)
            rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _distance(near: float, far: float, total: float) -> float:
    variance = far * (1.0 - far) + near * (1.0 - near) + 2.0 * far * near
    return (near - far) / math.sqrt(variance / total) if variance > 0 else math.nan


def _square(counts: ArrayLike) -> NDArray[np.float64]:
    held = np.asarray(counts, dtype=np.float64)
    if held.ndim != 2 or held.shape[0] != held.shape[1] or len(held) < 2:
        found, allowed = f"shape {held.shape}", "shape (k, k), k >= 2"
        raise CreditRiskError([Fault("not a square matrix", code="shape", path="counts", found=found, allowed=allowed)])
    if not np.all(np.isfinite(held)) or (held < 0).any():
        raise CreditRiskError(
            [Fault("counts that are missing or negative", code="range", path="counts", allowed=">= 0")]
        )
    return held
