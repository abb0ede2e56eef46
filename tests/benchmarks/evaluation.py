"""AUC with DeLong's interval and other measures of discrimination on many rows, against scikit-learn and a bootstrap.

Run in the repository: OMP_NUM_THREADS=1 python -m tests.benchmarks.evaluation [rows]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from credit_risk import evaluation

ROWS = 10_000_000
REPLICATES = 3  # of the bootstrap that is timed; its seconds are given for 200


def tell(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time of one call, and what it returned."""
    start = time.process_time()
    found = run()
    return time.process_time() - start, found


def peak() -> float:
    """Peak of memory of the process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main(rows: int) -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    y = (rng.random(rows) < 0.05).astype(float)
    risk, weights = rng.normal(size=rows) + y, rng.uniform(0.5, 2.0, rows)
    score = np.round(600 - 28.85 * risk)
    base, area = timed(lambda: roc_auc_score(y, risk))
    start = peak()
    tell(f"{rows:,} rows, 5 % bad\n\n| | seconds | of roc_auc_score | peak GB |\n| --- | ---: | ---: | ---: |")
    tell(f"| scikit-learn `roc_auc_score`, no interval | {base:.2f} | 1.0 | {start:.2f} |")
    cases: dict[str, Callable[[], Any]] = {
        "`delong_interval`, distinct risks": lambda: evaluation.delong_interval(y, risk),
        "`delong_interval`, whole scores": lambda: evaluation.delong_interval(y, -score),
        "`delong_interval`, weights": lambda: evaluation.delong_interval(y, risk, weights),
        "`ks`": lambda: evaluation.ks(y, risk),
        "`h_measure`": lambda: evaluation.h_measure(y, risk),
        "`partial_auc` to 20 %": lambda: evaluation.partial_auc(y, risk, 0.0, 0.2),
        "`average_precision`": lambda: evaluation.average_precision(y, risk),
    }
    for name, run in cases.items():
        seconds, found = timed(run)
        tell(f"| {name} | {seconds:.2f} | {seconds / base:.2f} | {peak():.2f} |")
        if name == "`delong_interval`, distinct risks" and not abs(found.auc - area) < 1e-10:
            raise SystemExit("the AUC is not scikit-learn's")
    seconds, _ = timed(lambda: average_precision_score(y, risk))
    tell(
        f"| scikit-learn `average_precision_score`, no interval | {seconds:.2f} | {seconds / base:.2f} | {peak():.2f} |"
    )
    ours, _ = timed(lambda: evaluation.auc_bootstrap(y, risk, replicates=REPLICATES))
    sorted_once, _ = timed(lambda: evaluation.auc_bootstrap(y, risk, replicates=2))
    each = (ours - sorted_once) / (REPLICATES - 2)
    whole = ours + (200 - REPLICATES) * each
    tell(f"| `auc_bootstrap`, 200 resamples (from {REPLICATES}) | {whole:.0f} | {whole / base:.0f} | |")

    def resampled() -> float:
        drawn = rng.integers(0, rows, rows)
        return float(roc_auc_score(y[drawn], risk[drawn]))

    seconds, _ = timed(resampled)
    tell(f"| `roc_auc_score` of 200 resamples (from 1) | {200 * seconds:.0f} | {200 * seconds / base:.0f} | |")


if __name__ == "__main__":
    main(int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else ROWS)
