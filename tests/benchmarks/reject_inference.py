"""Reject inference on a million applicants with 60 % rejects: seconds and memory of every method, on one thread.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/reject_inference.py [APPLICANTS]

Eight numeric characteristics. Each line makes the rows of a method and fits a logistic regression on them by Newton's
method; both models stand in lines of their own. The last lines are `infer_rejects` from raw columns, with scorecards of
the decision and of known outcomes. Not collected by pytest; the table of a run is kept in tests/benchmarks/README.md.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from scipy import special  # noqa: E402

import credit_risk as cr  # noqa: E402
from credit_risk.reject_inference import Decided, RejectInferenceSpec, infer_rows  # noqa: E402
from credit_risk.reject_inference.quick_logit import weighted_logit, with_constant  # noqa: E402

METHODS = (
    *("none", "reweighting", "score_bands", "extrapolation", "fuzzy_augmentation", "parcelling", "hard_cut_off"),
    *("external_outcomes", "self_learning"),
)
SPEC = RejectInferenceSpec(prudence=1.5)


def applicants(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (n, 8), bad (n,) of everyone, accepted (n,) 40 %."""
    random = np.random.default_rng(7)
    x = random.normal(size=(rows, 8))
    bad = -1.3 + x @ np.linspace(0.7, -0.4, 8) + random.normal(size=rows) > 0
    index = -x @ np.linspace(0.7, -0.2, 8) + random.normal(size=rows)
    return x, bad.astype(float), index > np.quantile(index, 0.6)


def timed(name: str, action: Callable[[], Any]) -> Any:
    """Run and tell seconds, and the peak memory of the process so far."""
    start = time.perf_counter()
    result = action()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(f"| {name} | {time.perf_counter() - start:.1f} | {peak:.1f} |\n")
    sys.stdout.flush()
    return result


def main() -> None:
    """Every method in turn."""
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    x, bad, accepted = applicants(rows)
    design, start = with_constant(x), np.zeros(9)
    decided = Decided(np.where(accepted, bad, np.nan), accepted)
    ones = np.ones(rows)
    sys.stdout.write(f"{rows:,} applicants, {1 - accepted.mean():.0%} rejected\n\n")
    sys.stdout.write("| step | seconds | peak GB |\n| --- | ---: | ---: |\n")
    decision = timed("model of the decision", lambda: weighted_logit(design, accepted.astype(float), ones, start))
    known = timed(
        "model of known outcomes", lambda: weighted_logit(design[accepted], bad[accepted], ones[accepted], start)
    )
    given = {
        "acceptance": special.expit(design @ decision),
        "probability": special.expit(design @ known),
        "external": np.where(np.arange(rows) % 3 == 0, bad, np.nan),
        "features": x,
        "seed": 1,
    }

    def fitted(method: Any) -> Any:
        found = infer_rows(SPEC, decided, method=method, **given)
        return weighted_logit(design[found.place], found.y, found.weight, known)

    for method in METHODS:
        assert timed(method, lambda: fitted(method)) is not None  # noqa: B023
    frame, y = pd.DataFrame(x).add_prefix("x"), np.where(accepted, bad, np.nan)
    for method in ("reweighting", "fuzzy_augmentation"):
        timed(f"infer_rejects, {method}", lambda: cr.infer_rejects(frame, y, accepted, method=method))  # type: ignore[arg-type]  # noqa: B023


if __name__ == "__main__":
    main()
