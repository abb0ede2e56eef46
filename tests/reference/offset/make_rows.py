"""Rows of the reference: `python make_rows.py` in this folder writes rows.csv anew. 400 rows, 80 clusters, seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def rows() -> str:
    rng = np.random.default_rng(20261126)
    n, clusters = 400, 80
    cluster = np.sort(rng.integers(0, clusters, n))
    offset = np.round(rng.normal(-1.2, 0.8, n), 4)
    x1, x2 = np.round(rng.normal(size=n), 3), np.round(rng.normal(size=n), 3)
    weight = rng.integers(1, 4, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(offset + 0.2 - 0.7 * x1 + 0.3 * x2)))).astype(int)
    lines = [
        f"{a},{b!r},{c!r},{o!r},{w},c{g}"
        for a, b, c, o, w, g in zip(y, x1.tolist(), x2.tolist(), offset.tolist(), weight, cluster, strict=True)
    ]
    return "\n".join(["y,x1,x2,offset,w,cluster", *lines]) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "rows.csv").write_text(rows(), "utf-8")
