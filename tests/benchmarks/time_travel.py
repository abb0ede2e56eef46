"""A past decision found in a large prediction log and made again: seconds, peak of memory, what was read.

    OMP_NUM_THREADS=1 python tests/benchmarks/time_travel.py [ROWS ...]

The log is written by `score_input` from rows that DuckDB makes for the scorecard of the corpus, inputs logged. Then
`credit-risk explain` in a process of its own, for a key in the middle; and beside it the time in which every part is
read whole, which is what a search without column and statistics takes. Not collected by pytest.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

from credit_risk.package import read_package  # noqa: E402
from credit_risk.serving.log.layout import batches, read_table  # noqa: E402

PACKAGE = ROOT / "scorecards/format/corpus/valid/scorecard"
SCORE = """
import sys
from pathlib import Path
from credit_risk.serving import Options, score_input
from credit_risk.serving.log import read_secret
folder = Path(sys.argv[1])
options = Options(str(folder / "rows.parquet"), folder / "out", key="_key", log=folder / "log", log_inputs=True,
                  secret=read_secret(folder / "secret"))
score_input(Path(sys.argv[2]), options)
"""
EXPLAIN = """
import json, sys, time
from pathlib import Path
from credit_risk.cli.main import main
start, used = time.perf_counter(), time.process_time()
status = main(sys.argv[1:])
told = Path("/proc/self/status").read_text()
peak = int(told.split("VmHWM:")[1].split()[0]) / 2**10
print(json.dumps([status, time.perf_counter() - start, time.process_time() - used, peak]))
"""


def make_rows(rows: int, path: Path) -> None:
    """Numbers and codes that the model of the corpus takes, a key each."""
    columns = []
    for one in read_package(PACKAGE).model["inputs"]:
        name = one["name"].replace('"', '""')
        value = "'own'" if one["type"] == "string" else "round(random() * 5000, 2)"
        columns.append(f'{value} AS "{name}"')
    query = f"SELECT 'K' || i AS _key, {', '.join(columns)} FROM range({rows}) AS t(i)"
    with duckdb.connect(config={"memory_limit": "1GB", "threads": "1"}) as database:
        database.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def run(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def main() -> None:
    write = sys.stdout.write
    for rows in [int(text) for text in sys.argv[1:]] or [1_000_000, 10_000_000]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "secret").write_text("the secret of the benchmark", "utf-8")
            make_rows(rows, folder / "rows.parquet")
            run(SCORE, folder, PACKAGE)
            size = sum(one.stat().st_size for one in (folder / "log").rglob("*.parquet")) / 2**20
            given = ["--log", folder / "log", "--package", PACKAGE, "--secret-file", folder / "secret"]
            *told, last = run(EXPLAIN, "explain", "--key", f"K{rows // 2}", *given).splitlines()
            status, seconds, used, peak = json.loads(last)
            write(
                f"{rows:,} rows, log of {size:,.0f} MB: status {status}, {seconds:.1f} s ({used:.1f} s of the "
                f"processor), peak {peak:.0f} MB\n"
            )
            write("".join(f"  {line}\n" for line in told if "checked" in line or "looked for" in line))
            start = time.perf_counter()
            for batch in batches(folder / "log"):
                for path in sorted(batch.path.glob("predictions/*.parquet")):
                    read_table(path, path.name)
            write(f"  every part of the predictions read whole: {time.perf_counter() - start:.1f} s\n")


if __name__ == "__main__":
    main()
