"""Performance history of 10 million account-months: seconds and memory, on one thread.

Run: python tests/benchmarks/history.py [ACCOUNT_MONTHS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk.sampling import (
    bad_rate_maturity,
    performance_outcome,
    read_history,
    roll_rate_matrix,
    rolling_points,
    vintage_curves,
)
from credit_risk.sampling.history_spec import (
    CureSpec,
    DefinitionSpec,
    HistorySpec,
    IndeterminateSpec,
    MaterialitySpec,
    WindowsSpec,
)

MONTHS = 60
DEFINITION = DefinitionSpec(indeterminate=IndeterminateSpec(), cure=CureSpec())
SPEC = HistorySpec(
    source="history.parquet",
    key="account",
    month="month",
    days_past_due="days",
    past_due="past_due",
    balance="balance",
    materiality=MaterialitySpec(absolute=100.0, relative=0.01),
    unlikely_to_pay=("utp",),
    obligor="obligor",
)


def history(rows: int, seed: int = 1) -> pa.Table:
    """Accounts opened over 60 months, observed 20 months on average; arrears move up or fall back to 0."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(4, 37, rows // 20 + rows // 200)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), rows)) + 1]
    account = np.repeat(np.arange(len(lengths)), lengths)[:rows]
    step = np.arange(len(account)) - np.repeat(np.cumsum(lengths) - lengths, lengths)[:rows]
    opened = rng.integers(-MONTHS + 1, 1, len(lengths)) - 36
    worsens, state, days = rng.random(len(account)) < 0.3, 0, np.zeros(len(account), np.int32)
    falls = rng.random(len(account)) < 0.93
    for index in range(len(account)):
        state = 0 if step[index] == 0 or falls[index] else min(state + 30, 180) if worsens[index] else state
        days[index] = state
    balance = rng.lognormal(8, 1, len(account)).round(2)
    return pa.table(
        {
            "account": account + 10_000_000,
            "month": (opened[account] + step).astype(np.int32),
            "days": days,
            "past_due": np.where(days > 0, balance * 0.1, 0.0),
            "balance": balance,
            "utp": rng.random(len(account)) < 0.0005,
            "obligor": account // 2,
        }
    )


def timed(name: str, action: Callable[[], Any]) -> Any:
    """Run and tell seconds, and the peak memory of the process so far."""
    start = time.perf_counter()
    result = action()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(f"| {name} | {time.perf_counter() - start:.1f} | {peak:.1f} |\n")
    sys.stdout.flush()
    return result


def main() -> None:
    """Write a history, read it and make every table."""
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.parquet"
        table = history(rows)
        pq.write_table(table, path)
        accounts = len(set(table["account"].unique().to_pylist()))
        del table
        sys.stdout.write(f"{rows:,} account-months of {accounts:,} accounts\n\n")
        sys.stdout.write("| step | seconds | peak GB |\n| --- | ---: | ---: |\n")
        timed("before", lambda: None)
        read = timed("read, check and mark, facility", lambda: read_history(path, SPEC, DEFINITION))
        timed("roll rates, 1 month", lambda: roll_rate_matrix(read))
        timed("roll rates, 3 months", lambda: roll_rate_matrix(read, months=3))
        timed("vintages", lambda: vintage_curves(read))
        timed("maturity", lambda: bad_rate_maturity(read))
        timed("outcome of every account", lambda: performance_outcome(read, DEFINITION, WindowsSpec()))
        points = timed("4 rolling observation points", lambda: rolling_points(read, [-60, -48, -36, -24]))
        windows = WindowsSpec(observation_points=(-60, -48, -36, -24), observation_months=3)
        timed(f"outcome of {len(points):,} rows", lambda: performance_outcome(read, DEFINITION, windows, points))
        obligor = DEFINITION.model_copy(update={"level": "obligor"})
        timed("read, check and mark, obligor", lambda: read_history(path, SPEC, obligor))


if __name__ == "__main__":
    main()
