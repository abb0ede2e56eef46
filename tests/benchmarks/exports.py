"""How long exports take, and how large they are: 500 trees of depth 6.

    OMP_NUM_THREADS=1 python tests/benchmarks/exports.py

Not collected by pytest; the table of a run is kept in tests/benchmarks/README.md.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from credit_risk.export.program import program_of
from credit_risk.export.sql import DIALECTS, sql_export
from tests.credit_risk.export.sql.test_models import grown


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def sql() -> None:
    """SQL of every dialect."""
    program = program_of(grown(500, 6, 20, 1), "0" * 64)
    total = time.process_time()
    for dialect in DIALECTS:
        start = time.process_time()
        found = sql_export(program, dialect)
        seconds = time.process_time() - start
        say(f"sql {dialect:10} {seconds:6.2f} s {len(found.text.encode()) / 1e6:6.2f} MB {len(found.statements)} parts")
    say(f"sql all        {time.process_time() - total:6.2f} s")


if __name__ == "__main__":
    sql()
