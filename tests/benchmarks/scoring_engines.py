"""Scoring of a large Parquet file by DuckDB with a package: rows a second, peak of memory, ratio to xgboost's predict.

    OMP_NUM_THREADS=1 python tests/benchmarks/scoring_engines.py PACKAGE [--rows N ...] [--method M ...] [--log]

DuckDB makes the rows: the snapshot of the package over and over, each with a key of its own. Each run is a process of
its own, so that the peak of memory is that of scoring; `--log` adds runs with a prediction log. The ratio is to the
time in which xgboost's own booster of 100 trees of depth 4 predicts the same rows, read in batches. Processor time
beside the clock's tells how busy the machine was. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import duckdb
import numpy as np
import pyarrow.parquet as pq
import xgboost

SCORE = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from credit_risk.serving import Options, score_input
from credit_risk.serving.log import Secret
start, used = time.perf_counter(), time.process_time()
log = Path(sys.argv[6]) if len(sys.argv) > 6 else None
secret = Secret(b"a secret of the benchmark")
options = Options(sys.argv[3], Path(sys.argv[4]), key="_key", log=log, secret=secret, method=sys.argv[5])
done = score_input(Path(sys.argv[2]), options)
status = Path("/proc/self/status").read_text()  # of this program alone: ru_maxrss begins with that of the parent
peak = int(status.split("VmHWM:")[1].split()[0]) / 2**10
print(done.rows, time.perf_counter() - start, time.process_time() - used, peak)
"""


def make_rows(package: Path, rows: int, path: Path) -> None:
    """The snapshot repeated, with keys 0 to rows - 1."""
    source = f"(SELECT * EXCLUDE (_key) FROM read_parquet('{package / 'data' / 'snapshot.parquet'}'))"
    count = duckdb.sql(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    query = f"SELECT row_number() OVER () - 1 AS _key, s.* FROM {source} s, range({-(-rows // count)}) LIMIT {rows}"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def predict_seconds(package: Path, path: Path) -> tuple[float, float]:
    """Seconds, of the clock and of the processor, of xgboost's predict over the numeric inputs, batch by batch."""
    model = json.loads((package / "model.json").read_text("utf-8"))
    names = [item["name"] for item in model["inputs"] if item["type"] == "number"]
    first = next(pq.ParquetFile(path).iter_batches(20_000, columns=names)).to_pandas().to_numpy(float)
    outcome = (np.nan_to_num(first[:, 0]) > np.nanmedian(first[:, 0])).astype(float)
    booster = xgboost.train(
        {"max_depth": 4, "objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(first, outcome), 100
    )
    start, used = time.perf_counter(), time.process_time()
    for batch in pq.ParquetFile(path).iter_batches(131_072, columns=names):
        booster.inplace_predict(batch.to_pandas().to_numpy(float))
    return time.perf_counter() - start, time.process_time() - used


def score(package: Path, path: Path, folder: str, method: str, *, logged: bool) -> tuple[float, float, float, float]:
    """Rows, seconds of the clock and of the processor, and peak of memory (MB) of a run in a process of its own."""
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", SCORE, root, str(package), str(path), f"{folder}/{method}{logged}", method]
    command += [f"{folder}/log {method}"] if logged else []
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    done, seconds, used, peak = map(float, run.stdout.split())
    return done, seconds, used, peak


def main() -> None:
    """A line for each number of rows and method, without and with a log."""
    parser = argparse.ArgumentParser()
    parser.add_argument("package")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--method", nargs="+", default=["arrow", "sql"])
    parser.add_argument("--log", action="store_true")
    options = parser.parse_args()
    package = Path(options.package).resolve()
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            make_rows(package, rows, path)
            clock, processor = predict_seconds(package, path)
            for method in options.method:
                for logged in (False, True) if options.log else (False,):
                    done, seconds, used, peak = score(package, path, folder, method, logged=logged)
                    sys.stdout.write(
                        f"| {done:,.0f} | {method}{', with a log' if logged else ''} | {seconds:,.0f} s "
                        f"| {done / seconds:,.0f} | {used:,.0f} s | {peak:,.0f} MB | {seconds / clock:.1f} "
                        f"| {used / processor:.1f} |\n"
                    )
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
