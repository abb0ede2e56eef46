"""The severity that the policy demands of a defect: from its measured size by the matrix, or fixed where a rule breaks.

Sizes are measured here from the predictions of the good package and of the wrong one, not by the validator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

POLICY: Mapping[str, Any] = json.loads((files("validation") / "policy.json").read_text("utf-8"))
ORDER = ("observation", "low", "medium", "high", "critical")
REFUSED = "refused"
MODEL_EFFECTS = ("probability", "ranking", "decisions")
Floats = NDArray[np.float64]


def material(effect: str) -> float:
    """The size from which an effect is material; of a figure in the unit of its tolerance."""
    name, _, rule = effect.partition(" ")
    given = POLICY["tolerances"][rule].get("material") if rule else None
    return float(POLICY["materiality"][name]["value"] if given is None else given)


def demanded(effect: str, size: float | None) -> str:
    """The severity of an effect of the matrix by its size; of a broken rule that of its check, cut or tolerance.

    A package that is to be refused: critical.
    """
    kind, _, name = effect.partition(" ")
    if size is not None:
        row, times = POLICY["materiality"][kind], size / material(effect)
        return str(row["under" if times < 1 else "material" if times < row["gross_from"] else "gross"])
    if effect == REFUSED:
        return ORDER[-1]
    found = POLICY[{"check": "checks", "cut": "cuts", "tolerance": "tolerances"}[kind]][name]
    return str(found if kind == "check" else found["severity"])


def at_least(severity: str, other: str) -> bool:
    """Whether a severity is as grave as another one."""
    return ORDER.index(severity) >= ORDER.index(other)


def predictions(package: Path) -> pd.DataFrame:
    """The champion's predictions on all samples, by key, with outcome and sample."""
    parts = [pd.read_parquet(path) for path in sorted((package / "predictions").glob("*.parquet"))]
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet").set_index("_key")
    found = pd.concat(parts).set_index("_key").sort_index()
    return found.join(snapshot[["_outcome", "_sample"]])


def measured(effect: str, good: Path, wrong: Path) -> float:
    """The size of an effect between two packages of the same rows, as `materiality` of the policy defines it."""
    ours, theirs = predictions(good), predictions(wrong)
    both = ours.index.intersection(theirs.index)
    ours, theirs = ours.loc[both], theirs.loc[both]
    if "probability_with_margin" in ours:
        ours, theirs = (one.assign(probability=one["probability_with_margin"]) for one in (ours, theirs))
    if effect == "probability":
        return float(np.mean(np.abs(theirs["probability"] / ours["probability"] - 1)))
    if effect == "ranking":
        return max(abs(auc(a) - auc(b)) for a, b in zip(_samples(ours), _samples(theirs), strict=True))
    told = [name for name in ours if name in ("score", "grade") or name.startswith(("reason_", "decision"))]
    return max(float(np.mean(_texts(ours[name]) != _texts(theirs[name]))) for name in told)


def auc(rows: pd.DataFrame) -> float:
    """Area under the curve of the probability, ties half."""
    y = rows["_outcome"].to_numpy(float)
    rank = stats.rankdata(rows["probability"].to_numpy(float))
    bads = y.sum()
    return float((rank[y == 1].sum() - bads * (bads + 1) / 2) / (bads * (len(y) - bads)))


def _samples(rows: pd.DataFrame) -> list[pd.DataFrame]:
    return [part for _, part in rows[rows["_outcome"].notna()].groupby("_sample")]


def _texts(column: pd.Series) -> NDArray[np.object_]:
    return np.array([str(value) for value in column], dtype=object)
