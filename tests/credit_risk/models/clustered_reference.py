"""Frozen results of R's sandwich (tests/reference/clustered) and the rows that R read."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "clustered"
FITS = {
    "nonrobust": ("nonrobust", False),
    "hc0": ("hc0", False),
    "hc1": ("hc1", False),
    "cluster": ("cluster", False),
    "cluster, weighted": ("cluster", True),
    "hc1, weighted": ("hc1", True),
}


@cache
def rows() -> pd.DataFrame:
    """rows.csv; its MD5 must be the one that R stated."""
    stated = (FOLDER / "session_info.txt").read_text("utf-8").splitlines()[0].split()[-1]
    assert hashlib.md5((FOLDER / "rows.csv").read_bytes(), usedforsecurity=False).hexdigest() == stated
    return pd.read_csv(FOLDER / "rows.csv")


def arrays(weighted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x (n, 2), y, weights and clusters (n,)."""
    frame = rows()
    weights = frame["w"].to_numpy(float) if weighted else np.ones(len(frame))
    clusters = pd.factorize(frame["cluster"])[0].astype(np.int64)
    return frame[["x1", "x2"]].to_numpy(float), frame["y"].to_numpy(float), weights, clusters


def expected(name: str) -> pd.DataFrame:
    """R's numbers of one covariance: constant, x1, x2."""
    table = pd.read_csv(FOLDER / "expected.csv")
    return table[table["covariance"] == name]
