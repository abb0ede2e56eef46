"""Scoring of a large Parquet file by DuckDB with a package: rows a second, peak of memory, ratio to xgboost's predict.

    OMP_NUM_THREADS=1 python tests/benchmarks/scoring_engines.py PACKAGE [ROWS ...]

DuckDB makes the rows: the snapshot of the package over and over, each with a key of its own. Predictions alone, then
with a prediction log; each in a process of its own, so that the peak of memory is that of scoring. The ratio is to the
time in which xgboost's own booster of 100 trees of depth 4 predicts the same rows, read in batches. Not collected by
pytest.
"""

from __future__ import annotations

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
start = time.perf_counter()
log = Path(sys.argv[5]) if len(sys.argv) > 5 else None
options = Options(sys.argv[3], Path(sys.argv[4]), key="_key", log=log, secret=Secret(b"a secret of the benchmark"))
done = score_input(Path(sys.argv[2]), options)
status = Path("/proc/self/status").read_text()  # of this program alone: ru_maxrss begins with that of the parent
peak = int(status.split("VmHWM:")[1].split()[0]) / 2**10
print(done.rows, time.perf_counter() - start, peak)
"""


def make_rows(package: Path, rows: int, path: Path) -> None:
    """The snapshot repeated, with keys 0 to rows - 1."""
    source = f"(SELECT * EXCLUDE (_key) FROM read_parquet('{package / 'data' / 'snapshot.parquet'}'))"
    count = duckdb.sql(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    query = f"SELECT row_number() OVER () - 1 AS _key, s.* FROM {source} s, range({-(-rows // count)}) LIMIT {rows}"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def predict_seconds(package: Path, path: Path) -> float:
    """Seconds of xgboost's predict over the numeric inputs, batch by batch."""
    model = json.loads((package / "model.json").read_text("utf-8"))
    names = [item["name"] for item in model["inputs"] if item["type"] == "number"]
    first = next(pq.ParquetFile(path).iter_batches(20_000, columns=names)).to_pandas().to_numpy(float)
    outcome = (np.nan_to_num(first[:, 0]) > np.nanmedian(first[:, 0])).astype(float)
    booster = xgboost.train(
        {"max_depth": 4, "objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(first, outcome), 100
    )
    start = time.perf_counter()
    for batch in pq.ParquetFile(path).iter_batches(131_072, columns=names):
        booster.inplace_predict(batch.to_pandas().to_numpy(float))
    return time.perf_counter() - start


def main() -> None:
    """A line for each number of rows, without and with a log."""
    package = Path(sys.argv[1]).resolve()
    for rows in [int(one) for one in sys.argv[2:]] or [10_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            make_rows(package, rows, path)
            theirs = predict_seconds(package, path)
            for logged in (False, True):
                command = [
                    sys.executable,
                    "-c",
                    SCORE,
                    str(Path(__file__).resolve().parents[2]),
                    str(package),
                    str(path),
                ]
                command += [f"{folder}/out{logged}", *([f"{folder}/log"] if logged else [])]
                run = subprocess.run(command, capture_output=True, text=True, check=True)
                done, seconds, peak = map(float, run.stdout.split())
                what = "with a log" if logged else "predictions"
                sys.stdout.write(
                    f"| {done:,.0f} rows, {what} | {done / seconds:,.0f} rows/s | {peak:,.0f} MB "
                    f"| {seconds / theirs:.1f} times xgboost's predict |\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
