"""Diagnosis of reject inference: seconds of processor time of every table.

    OMP_NUM_THREADS=1 python tests/benchmarks/reject_diagnosis.py [ROWS ...]

Twelve normal characteristics, probit outcome and decision, about 55 % accepted; four models are compared by 100 draws.
Not collected by pytest; the table of a run is kept in tests/benchmarks/README.md.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
from scipy.special import expit  # noqa: E402

import credit_risk.reject_inference as ri  # noqa: E402
from tests.credit_risk.reject_inference.four_worlds import logistic  # noqa: E402

CHARACTERISTICS = 12


def seconds(rows: int) -> dict[str, float]:
    random = np.random.default_rng(1)
    x = random.normal(size=(rows, CHARACTERISTICS))
    pull = np.where(np.arange(CHARACTERISTICS) % 2, 0.3, -0.25)
    bad = (-1.0 + x @ pull + random.normal(size=rows) > 0).astype(float)
    accepted = 0.2 - x @ pull + random.normal(size=rows) > 0
    decided = ri.Decided(np.where(accepted, bad, np.nan), accepted)
    table = np.column_stack([np.ones(rows), x])
    pi = expit(table @ logistic(table, accepted.astype(float)))
    s = expit(table @ logistic(table[accepted], bad[accepted]))
    w = expit(table @ logistic(table[accepted], bad[accepted], 1 / np.maximum(pi[accepted], 0.02)))
    names = [f"x{k}" for k in range(CHARACTERISTICS)]
    values = dict(zip(names, x.T, strict=True))
    bins = {name: np.digitize(one, [-1.0, 0.0, 1.0]) for name, one in values.items()}
    models = {"none": s, "reweighting": w, "c": s**1.5, "d": np.sqrt(s)}
    tables: dict[str, Callable[[], Any]] = {
        "overlap": lambda: ri.overlap_table(decided, pi),
        "bands": lambda: ri.overlap_bands(decided, pi),
        "balance": lambda: ri.balance_table(decided, pi, values),
        "support by characteristic": lambda: ri.support_table(decided, values, bins),
        "joint support": lambda: ri.joint_support_table(decided, x, s),
        "sensitivity, 6 factors and bounds": lambda: ri.sensitivity_table(decided, s, w),
        "tipping factors": lambda: ri.tipping_table(decided, s, w),
        "recommendation": lambda: ri.recommend(decided, x, pi, names),
        "evaluation, 4 models": lambda: ri.applicant_evaluation(decided, models, s),
        "kickout": lambda: ri.kickout_table(decided, "none", models, s),
        "comparison, 4 models": lambda: ri.comparison_table(decided, models, s, pi),
    }
    taken = {}
    for name, make in tables.items():
        start = time.process_time()
        make()
        taken[name] = time.process_time() - start
    return taken


def main() -> None:
    sizes = [int(one) for one in sys.argv[1:]] or [100_000, 1_000_000]
    found = [seconds(rows) for rows in sizes]
    print(f"| table | {' | '.join(f'{rows:,} rows' for rows in sizes)} |")  # noqa: T201
    print(f"| --- |{' ---: |' * len(sizes)}")  # noqa: T201
    for name in found[0]:
        print(f"| {name} | {' | '.join(f'{one[name]:.2f} s' for one in found)} |")  # noqa: T201
    print(f"| all | {' | '.join(f'{sum(one.values()):.1f} s' for one in found)} |")  # noqa: T201


if __name__ == "__main__":
    main()
