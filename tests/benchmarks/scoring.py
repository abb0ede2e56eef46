"""Scoring against optbinning's Scorecard, and batch scoring of a large Parquet file: time and memory, in one run.

    OMP_NUM_THREADS=1 python tests/benchmarks/scoring.py [PART ...]

PART: `rows` (a frame in memory), `batch` (10 million rows from Parquet to Parquet, with reason codes, in a process of
its own, so that the peak of memory is that of scoring). Not collected by pytest; the table of a run is kept in
tests/benchmarks/README.md.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

import credit_risk as cr  # noqa: E402

NUMBERS, TEXTS = 16, 4
NAMES = [f"x{i:02d}" for i in range(NUMBERS)] + [f"c{i}" for i in range(TEXTS)]


def applicants(n: int, seed: int) -> pd.DataFrame:
    """16 numbers, a twentieth of each missing, and 4 texts of 6 categories; 12 % bad, every column with a say."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    signal = np.full(n, -2.3)
    for i in range(NUMBERS):
        x = rng.normal(size=n)
        signal += 0.2 * x
        columns[f"x{i:02d}"] = np.where(rng.random(n) < 0.05, np.nan, np.exp(x) if i % 2 else x)
    for i in range(TEXTS):
        place = rng.integers(0, 6, n)
        signal += 0.15 * (place - 2.5)
        columns[f"c{i}"] = np.array(["A", "B", "C", "D", "E", "F"], object)[place]
    columns["DEFAULT"] = (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float)
    return pd.DataFrame(columns)


def develop(frame: pd.DataFrame) -> Any:
    """Our scorecard on all 20 characteristics."""
    models = [{"id": "scorecard", "type": "scorecard", "champion": True}]
    selection = {"include": [{"name": name, "reason": "benchmark"} for name in NAMES]}
    written = {
        "model": {"id": "benchmark"},
        "data": {"source": "frame.parquet"},
        "outcome": {"column": "DEFAULT", "bad": 1},
        "models": models,
        "selection": selection,
    }
    return cr.develop(cr.Plan.model_validate(written), frame)


def optbinning_scorecard(frame: pd.DataFrame) -> Any:
    """optbinning's Scorecard of the same characteristics, at its defaults."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        import optbinning
        from sklearn.linear_model import LogisticRegression

        texts = [name for name in NAMES if name.startswith("c")]
        process = optbinning.BinningProcess(NAMES, categorical_variables=texts)
        card = optbinning.Scorecard(
            process,
            LogisticRegression(C=1e6, max_iter=500),
            scaling_method="pdo_odds",
            scaling_method_params={"pdo": 20, "odds": 50, "scorecard_points": 600},
        )
        card.fit(frame[NAMES], frame["DEFAULT"])
    return card


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Least seconds of processor time of a call."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def say(*cells: object) -> None:
    """A line of the table."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


def rows(n: int = 1_000_000) -> None:
    """A frame of a million rows: our score with and without reasons against optbinning's score alone."""
    sample = applicants(20_000, 1)
    model = develop(sample).champion.compiled
    card = optbinning_scorecard(sample)
    frame = applicants(n, 2)[NAMES]
    theirs = seconds(lambda: card.score(frame), 2)
    ours = seconds(lambda: model.score(frame), 3)
    alone = seconds(lambda: model.score(frame, outputs=("score",)), 3)
    say("optbinning Scorecard.score", f"{n / theirs:,.0f}", "1.0")
    say("score alone", f"{n / alone:,.0f}", f"{theirs / alone:.1f}")
    say("linear score, probability, score, four reasons", f"{n / ours:,.0f}", f"{theirs / ours:.1f}")


SCORE = """
import resource, sys, time
sys.path.insert(0, sys.argv[1])
from credit_risk.lifecycle.score import score_file
start = time.process_time()
done = score_file(*map(__import__("pathlib").Path, sys.argv[2:5]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(done.rows, time.process_time() - start, peak)
"""


def batch(sizes: tuple[int, ...] = (1_000_000, 10_000_000)) -> None:
    """Parquet to Parquet, the package on disk, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        applicants(20_000, 1).to_parquet(root / "applicants.parquet")
        plan = develop(applicants(20_000, 1)).plan.as_dict()
        plan["data"]["source"], plan["documents"], plan["exports"] = "applicants.parquet", [], []
        (root / "plan.yaml").write_text(__import__("json").dumps(plan))
        with redirect_stdout(io.StringIO()):
            cr.run_plan(root / "plan.yaml", root / "package")
        for n in sizes:
            with pq.ParquetWriter(root / "large.parquet", _schema()) as writer:
                for seed in range(n // 500_000):
                    table = pa.Table.from_pandas(applicants(500_000, 10 + seed)[NAMES], _schema(), preserve_index=False)
                    writer.write_table(table)
            command = [sys.executable, "-c", SCORE, str(Path(__file__).resolve().parents[2]), str(root / "package")]
            run = subprocess.run(
                [*command, str(root / "large.parquet"), str(root / "out.parquet")],
                capture_output=True,
                text=True,
                check=True,
            )
            done, took, peak = map(float, run.stdout.split())
            say(
                f"{done:,.0f} rows, Parquet to Parquet", f"{took:.0f} s", f"{done / took:,.0f} rows/s", f"{peak:.2f} GB"
            )


def _schema() -> pa.Schema:
    numbers = [(name, pa.float64()) for name in NAMES if name.startswith("x")]
    return pa.schema([*numbers, *((name, pa.string()) for name in NAMES if name.startswith("c"))])


def main() -> None:
    """Run the parts that were asked for."""
    todo: dict[str, Callable[[], None]] = {"rows": rows, "batch": batch}
    for part in sys.argv[1:] or list(todo):
        todo[part]()


if __name__ == "__main__":
    main()
