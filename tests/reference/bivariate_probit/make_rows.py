"""Rows of the reference: `python make_rows.py` in this folder writes rows.csv anew. 400 applicants, seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def rows() -> str:
    rng = np.random.default_rng(20261126)
    n = 400
    x1, x2 = np.round(rng.normal(size=n), 3), np.round(rng.normal(size=n), 3)
    lean, weight = rng.integers(0, 3, n), rng.integers(1, 4, n)
    u, e = rng.multivariate_normal([0, 0], [[1, -0.5], [-0.5, 1]], n).T
    accepted = (-0.5 - 0.6 * x1 + 0.7 * lean + u > 0).astype(int)
    bad = (-0.6 + 0.7 * x1 - 0.4 * x2 + e > 0).astype(int)
    outcome = ["" if not a or i % 11 == 0 else str(b) for i, (a, b) in enumerate(zip(accepted, bad, strict=True))]
    lines = [
        f"{a},{y},{b!r},{c!r},{z},{w}"
        for a, y, b, c, z, w in zip(accepted, outcome, x1.tolist(), x2.tolist(), lean, weight, strict=True)
    ]
    return "\n".join(["accepted,bad,x1,x2,lean,w", *lines]) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "rows.csv").write_text(rows(), "utf-8")
