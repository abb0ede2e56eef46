"""The validator's own training of boosted trees beside xgboost's, processor time on one core.

`OMP_NUM_THREADS=1 python -m tests.benchmarks.tree_rebuild`; data from the folder that CREDIT_RISK_TEST_DATA names. Each
side makes its bins and trains 200 trees of depth 4, monotone in part; the ratio is printed, with the nodes that differ
in any bit. Nothing is asserted. The table of a run is kept in tests/benchmarks/README.md.
"""

from __future__ import annotations

import time

import numpy as np

from tests.validation.boosted_tables import OUTCOMES, by_xgboost, data_folder, differing, share_of, table, version
from validation.rebuild.boosting.settings import Settings
from validation.rebuild.boosting.training import train

ROWS, FEATURES, TREES, DEPTH = 30_000, 25, 200, 4


def simulated(missing: float) -> tuple[np.ndarray, np.ndarray]:
    """Normal features, of which eight matter; a share of the values is missing."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, FEATURES))
    y = (rng.random(ROWS) < 1.0 / (1.0 + np.exp(2.0 - 0.4 * x[:, :8].sum(axis=1)))).astype(float)
    x[rng.random(x.shape) < missing] = np.nan
    return x, y


def main() -> None:
    """Print a row for each table."""
    cases = {name: table(data_folder(), name) for name in OUTCOMES}
    cases |= {f"simulated, {share:.0%} missing": simulated(share) for share in (0.0, 0.1)}
    print("| table | rows × features | xgboost s | rebuild s | ratio | nodes | differing |")  # noqa: T201
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")  # noqa: T201
    for name, (x, y) in cases.items():
        directions = tuple((1, -1, 0, 0, 0)[k % 5] for k in range(x.shape[1]))
        settings = Settings(TREES, 0.1, DEPTH, least_hessian=10.0, directions=directions, version=version())
        raw, _, theirs = by_xgboost(x, y, settings)
        started = time.process_time()
        own = train(x, y, settings, share=share_of(y, None))
        ours = time.process_time() - started
        wrong, nodes = differing(raw, own)
        row = (
            name,
            f"{len(x):,} × {x.shape[1]}",
            f"{theirs:.2f}",
            f"{ours:.2f}",
            f"{ours / theirs:.1f}",
            f"{nodes:,}",
            len(wrong),
        )
        print("| " + " | ".join(map(str, row)) + " |")  # noqa: T201


if __name__ == "__main__":
    main()
