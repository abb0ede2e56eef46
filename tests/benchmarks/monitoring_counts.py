"""Counts of production by month, segment, variable and bin: processor seconds and peak of memory, ratios to pandas.

    OMP_NUM_THREADS=1 python tests/benchmarks/monitoring_counts.py [--variables N] [ROWS ...]

20 numbers (or N) on 22 bins, 6 months, 5 segments. Ours: `open_production` (which looks at every row and key first) and
`counts`, on DuckDB with one thread; the two are timed apart. pandas: the whole file read, `pd.cut` on the same edges
and `groupby`, and the same with `np.histogram` in each of the 30 cells. All counts are compared. Each in a process of
its own; memory is the peak of the process, and what it is above that of the imports. With more than a million rows
pandas is left out. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import duckdb

COMMON = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
import pandas as pd
import pyarrow as pa
NAMES = [f"x{k}" for k in range(int(sys.argv[-1]))]
EDGES = np.linspace(-2.0, 2.0, 20)
def memory(what):
    return int(Path("/proc/self/status").read_text().split(what + ":")[1].split()[0]) / 2**10
def tell(seconds, base, total):
    print(json.dumps({"seconds": seconds, "peak": memory("VmHWM"), "base": base, "rows": int(total)}))
"""
OURS = """
import dataclasses
import credit_risk.monitoring.source as source
from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.monitoring.variables import Variable, banded
from credit_risk.package import read_package
package = read_package(Path(sys.argv[1]) / "scorecards/format/corpus/valid/scorecard")
inputs = [{"name": name, "type": "number", "specials": []} for name in NAMES]
package = dataclasses.replace(package, model={**package.model, "inputs": inputs})
bins = banded(list(EDGES))
none = tuple(float("nan") for _ in bins)
variables = tuple(
    Variable(name, "characteristic", name, True, bins, none, "benchmark", inputs=frozenset({name})) for name in NAMES
)
reference = Reference(package.package_hash, package.model, variables, {}, (), {})
mapping = source.ProductionTable("key", "at", inputs={n: n for n in NAMES}, segments={"region": "region"})
import duckdb, sqlglot
base = memory("VmRSS")
start = time.process_time()
given = {"reference": reference, "threads": 1, "least_rows": 0}
with source.open_production(sys.argv[2], mapping, package, **given) as production:
    opened = time.process_time() - start
    counts = production.counts(segments=["region"])
    seconds = [opened, time.process_time() - start - opened]
part = counts[counts["segment"] != "all"]
checked = part.assign(region=part["segment"].str.removeprefix("region="))
checked[["period", "region", "variable", "bin", "rows"]].to_parquet(sys.argv[3])
tell(seconds, base, part["rows"].sum())
"""
PANDAS = """
base = memory("VmRSS")
start = time.process_time()
frame = pd.read_parquet(sys.argv[2], columns=["at", "region", *NAMES])
frame["period"] = frame["at"].dt.strftime("%Y-%m")
parts = []
edges = np.concatenate([[-np.inf], EDGES, [np.inf]])
if sys.argv[4] == "cut":
    for name in NAMES:
        codes = pd.cut(frame[name], edges, right=False, labels=False).fillna(21).astype(int)
        told = frame.groupby(["period", "region", codes.rename("bin")]).size().rename("rows").reset_index()
        parts.append(told.assign(variable=name))
else:
    for (period, region), cell in frame.groupby(["period", "region"]):
        for name in NAMES:
            x = cell[name].to_numpy()
            counted = np.append(np.histogram(x[~np.isnan(x)], edges)[0], np.isnan(x).sum())
            parts.append(pd.DataFrame({"period": period, "region": region, "variable": name, "bin": range(22),
                                       "rows": counted}))
counts = pd.concat(parts)
counts = counts[counts["rows"] > 0]
seconds = time.process_time() - start
columns = ["period", "region", "variable", "bin"]
ours = pd.read_parquet(sys.argv[3])
left, right = (one.sort_values(columns)[[*columns, "rows"]].reset_index(drop=True) for one in (counts, ours))
pd.testing.assert_frame_equal(left, right, check_dtype=False)
tell([seconds], base, counts["rows"].sum())
"""


def make_rows(rows: int, variables: int, path: Path) -> None:
    """Normal numbers to three digits, 3 % of them missing, with keys as long as pseudonyms."""
    normal = "round(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()), 3)"
    numbers = ", ".join(f"CASE WHEN random() < 0.03 THEN NULL ELSE {normal} END AS x{k}" for k in range(variables))
    query = (
        "SELECT sha256(i::VARCHAR) AS key,"
        " TIMESTAMPTZ '2026-01-01 00:00:00+00' + INTERVAL 1 SECOND * (random() * 15638399)::BIGINT AS at,"
        f" 'region ' || (i % 5) AS region, {numbers} FROM range({rows}) AS t(i)"
    )
    database = duckdb.connect(config={"memory_limit": "1GB", "threads": "1"})
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SELECT setseed(0.5)")
    database.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def run(code: str, *arguments: str) -> dict:
    """What a process of its own says."""
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", COMMON + code, root, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    write = sys.stdout.write
    write(f"DuckDB {duckdb.__version__}, one thread\n")
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--variables", type=int, default=20)
    chosen = parser.parse_args()
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory() as folder:
            path, counts = Path(folder) / "rows.parquet", str(Path(folder) / "counts.parquet")
            make_rows(rows, chosen.variables, path)
            ours = run(OURS, str(path), counts, str(chosen.variables))
            above = ours["peak"] - ours["base"]
            opened, counted = ours["seconds"]
            write(
                f"{rows:,} rows x {chosen.variables}: looked at in {opened:.1f} s, counted in {counted:.1f} s, "
                f"peak {ours['peak']:.0f} MB, {above:.0f} MB above the imports\n"
            )
            for how in ["cut", "histogram"] if rows <= 1_000_000 else []:
                other = run(PANDAS, str(path), counts, how, str(chosen.variables))
                theirs = other["peak"] - other["base"]
                write(
                    f"  pandas {how}: {other['seconds'][0]:.1f} s, peak {other['peak']:.0f} MB, {theirs:.0f} MB above "
                    f"the imports; ours: {other['seconds'][0] / counted:.2f} times as fast, "
                    f"{ours['peak'] / other['peak']:.2f} of the peak, {above / theirs:.2f} of that above the imports\n"
                )


if __name__ == "__main__":
    main()
