"""Rows of the reference: `python make_rows.py` in this folder writes rows.csv anew. 420 rows, 70 clusters, seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def rows() -> str:
    rng = np.random.default_rng(20261121)
    n, clusters = 420, 70
    cluster = np.sort(rng.integers(0, clusters, n))
    common, shift = rng.normal(scale=0.9, size=clusters)[cluster], rng.normal(size=clusters)[cluster]
    x1, x2 = np.round(shift + 0.5 * rng.normal(size=n), 3), np.round(rng.normal(size=n), 3)
    weight = rng.integers(1, 4, n)
    y = (rng.random(n) < 1 / (1 + np.exp(0.7 - 0.6 * x1 + 0.4 * x2 - common))).astype(int)
    lines = [f"{a},{b!r},{c!r},{w},c{g}" for a, b, c, w, g in zip(y, x1.tolist(), x2.tolist(), weight, cluster)]
    return "\n".join(["y,x1,x2,w,cluster", *lines]) + "\n"


if __name__ == "__main__":
    Path("rows.csv").write_text(rows(), "utf-8")
