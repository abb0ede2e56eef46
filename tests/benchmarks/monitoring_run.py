"""A whole run of monitoring with outcomes and a challenger: seconds and peak of memory as the rows grow.

    OMP_NUM_THREADS=1 python tests/benchmarks/monitoring_run.py [--rows 1000000 10000000] [--package PACKAGE]
        [--one-month]

Production is the year of scorecards/through_the_door (scripts/through_the_door_year.py), each applicant as often as it
takes, with a key of his own and probabilities that differ in the tenth digit, so that no two are alike; outcomes of
those who were accepted. With --one-month all of it is decided in the first month. The command runs in a process of its
own, whose peak is that of the kernel (ru_maxrss). What the peak is compared with is the production itself as one frame
in memory: what a tool takes that reads it whole. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import duckdb

import credit_risk as cr

ROOT = Path(__file__).resolve().parents[2]
NAMED = (
    *("--population", "applicants", "--key", "application_id", "--time", "decided_at", "--package-column", "package"),
    *("--decision", "decision", "--approved", "accepted", "--declined", "rejected", "--segment", "channel=channel"),
    *("--challenger", "boosting:probability=boosting_probability", "--no-documents", "--quiet"),
)
READ = """
import sys, pandas as pd, resource
frames = [pd.read_parquet(path) for path in sys.argv[1:]]
whole = pd.concat(frames, ignore_index=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def replicated(year: Path, folder: Path, times: int, *, one_month: bool = False) -> tuple[Path, Path, int]:
    """Decisions and outcomes `times` over, and how many decisions there are."""
    (folder / "decisions").mkdir(parents=True)
    database = duckdb.connect()
    database.execute("SET threads = 1")
    database.execute("SET TimeZone = 'UTC'")
    total, files = 0, sorted((year / "decisions").glob("*.parquet"))
    first = files[0].stem.split("-")
    moment = f"make_timestamptz({int(first[0])}, {int(first[1])}, 1 + day(decided_at)::BIGINT % 28, 12, 0, 0.0)"
    for file in files:
        names = [row[0] for row in database.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()]
        changed = ", ".join(
            ["application_id::VARCHAR || '-' || k AS application_id"]
            + ([f"{moment} AS decided_at"] if one_month else [])
            + [f"{one} + k * 1e-10 * {one} AS {one}" for one in ("probability", "boosting_probability") if one in names]
        )
        target = folder / "decisions" / file.name
        sql = f"SELECT * REPLACE ({changed}) FROM '{file}', range({times}) t(k)"
        database.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 120000)")
        total += database.sql(f"SELECT count(*) FROM '{target}'").fetchall()[0][0]
    late = folder / "outcomes.parquet"
    sql = f"SELECT * REPLACE (key::VARCHAR || '-' || k AS key) FROM '{year / 'outcomes.parquet'}', range({times}) t(k)"
    database.execute(f"COPY ({sql}) TO '{late}' (FORMAT parquet)")
    return folder / "decisions", late, total


def measured(command: list[str]) -> tuple[float, float, int]:
    """Seconds, those of the processor, and peak in MB of a command."""
    begun = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[3:5]} ended with {status}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def main() -> None:
    """Print a line for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--package", type=Path, help="package of scorecards/through_the_door, where it is there")
    parser.add_argument("--one-month", action="store_true", help="all is decided in the first month")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        package = options.package
        if package is None:
            package = folder / "package"
            cr.run_plan(ROOT / "scorecards" / "through_the_door", package, with_validation=False, with_documents=False)
        runpy.run_path(str(ROOT / "scripts" / "through_the_door_year.py"))["main"](package, folder / "year")
        once = replicated(folder / "year", folder / "once", 1)[2]
        _line("rows", "seconds", "of the processor", "peak MB", "one frame, MB", "ratio")
        for rows in options.rows:
            times = max(1, round(rows / once))
            decisions, late, total = replicated(folder / "year", folder / str(rows), times, one_month=options.one_month)
            command = [sys.executable, "-m", "credit_risk", "monitor", str(package), "--table", str(decisions)]
            out = ["--outcomes", str(late), "--out", str(folder / f"run{rows}"), *NAMED]
            seconds, work, peak = measured([*command, *out])
            files = [str(path) for path in sorted(decisions.iterdir())]
            told = subprocess.run([sys.executable, "-c", READ, *files], capture_output=True, text=True, check=True)
            whole = int(told.stdout)
            _line(f"{total:,}", f"{seconds:.0f}", f"{work:.0f}", f"{peak:,}", f"{whole:,}", f"{peak / whole:.2f}")


def _line(*cells: str) -> None:
    sys.stdout.write("| " + " | ".join(cells) + " |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
