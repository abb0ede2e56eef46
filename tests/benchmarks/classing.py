"""Classing against optbinning and toad: time, memory and information value, in one run, on one thread each.

    OMP_NUM_THREADS=1 python tests/benchmarks/classing.py [--toad PYTHON] [PART ...]

PART: `table100k`, `table1m`, `kinds`, `ushaped`, `large`, `loss`; all but `large` by default. toad stands in an
environment of its own (its wheel declares no dependencies), whose interpreter --toad names. Not collected by pytest;
the ratios of a run are kept in tests/benchmarks/README.md.

What is timed first is the public way, `class_frame`: from a frame to tables with counts and weights of evidence of all
bins, the Gini of the fine classes and the bound of what may be lost. The engine alone stands below it.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
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

from credit_risk.binning.classing import Trend, class_frame  # noqa: E402
from credit_risk.binning.exact import exact_cuts  # noqa: E402
from credit_risk.binning.levels import ordered_levels  # noqa: E402
from credit_risk.binning.limits import Limits  # noqa: E402
from credit_risk.binning.refine import exact_classing  # noqa: E402
from credit_risk.binning.sorted_column import sorted_column  # noqa: E402
from credit_risk.binning.spec import ClassingSpec  # noqa: E402
from credit_risk.binning.table import BinningTable  # noqa: E402
from credit_risk.binning.woe import weight_of_evidence  # noqa: E402

MAX_BINS, MIN_SHARE = 6, 0.05
RARE_SHARE = 0.01
TOAD = """
import sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd, toad
frame = pd.read_parquet(sys.argv[1])
for c in frame.columns:
    if not pd.api.types.is_numeric_dtype(frame[c]): frame[c] = frame[c].astype(object)
best = 1e9
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    toad.transform.Combiner().fit(frame, "y", method="quantile", n_bins=6)
    best = min(best, time.process_time() - start)
print(best)
"""


# -------------------------------------------------------------------------------------------------------- data
def portfolio(n: int, seed: int = 20261120) -> tuple[pd.DataFrame, np.ndarray, dict[str, str]]:
    """20 numbers (monotone, U-shaped, spiked, rounded, with missing values) and 5 texts; 6 % bad; declared trends."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 4))
    signal = -3.1 + 0.5 * hidden[:, 0] - 0.4 * hidden[:, 1] + 0.25 * (hidden[:, 2] ** 2 - 1) + 0.3 * hidden[:, 3]
    y = (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(np.int64)
    columns: dict[str, Any] = {}
    trends: dict[str, str] = {}
    for i in range(20):
        source = i % 4
        x = 0.8 * hidden[:, source] + 0.6 * rng.normal(size=n)
        trends[f"x{i:02d}"] = ("ascending", "descending", "valley", "ascending")[source]
        if i % 5 == 1:
            x = np.exp(x)
        if i % 5 == 2:
            x = np.round(x, 2)
        if i % 5 == 3:
            x = np.where(rng.random(n) < 0.3, -3.0 if source != 2 else 0.0, x)
        if i % 5 == 4:
            x = np.where(rng.random(n) < 0.08, np.nan, x)
        columns[f"x{i:02d}"] = x
    for i in range(5):
        levels = 8 + 6 * i
        position = np.clip(
            ((hidden[:, i % 4] + rng.normal(size=n)) * levels / 6 + levels / 2).astype(int), 0, levels - 1
        )
        columns[f"c{i}"] = np.array([f"level {j:02d}" for j in range(levels)], object)[position]
    return pd.DataFrame(columns), y, trends


# --------------------------------------------------------------------------------------------------- the engines
def class_publicly(
    frame: pd.DataFrame, y: np.ndarray, trends: dict[str, str], weights: np.ndarray | None = None
) -> dict[str, BinningTable]:
    """The public way, as a run of a plan goes it."""
    settings = ClassingSpec(max_bins=MAX_BINS, min_share=MIN_SHARE, rare_share=RARE_SHARE)
    declared = {name: Trend(trend, "declared") for name, trend in trends.items()}
    return class_frame(frame, y, settings=settings, trends=declared, weights=weights)


def class_number(values: np.ndarray, y: np.ndarray, trend: str) -> dict[str, Any]:
    """One column to its table: cuts, counts of bins and missing, weight of evidence."""
    n, missing = len(y), np.isnan(values)
    x, outcome = (values, y) if not missing.any() else (values[~missing], y[~missing])
    bad_total = float(y.sum())
    limits = Limits(max_bins=MAX_BINS, min_count=MIN_SHARE * n)
    answer = exact_classing(sorted_column(x, outcome), trend=trend, limits=limits, totals=(n - bad_total, bad_total))
    rest_bad = bad_total - answer.bad.sum()
    good, bad = np.append(answer.good, len(y) - len(x) - rest_bad), np.append(answer.bad, rest_bad)
    return {"cuts": answer.cuts, "woe": weight_of_evidence(good, bad), "iv": answer.information_value, "answer": answer}


def class_text(values: pd.Series, y: np.ndarray) -> dict[str, Any]:
    """One text column: categories counted, rare ones pooled, put in order of their rate, merged exactly."""
    codes, levels = pd.factorize(values)
    count = np.bincount(codes, minlength=len(levels)).astype(float)
    bad = np.bincount(codes, y, len(levels))
    groups = ordered_levels([str(v) for v in levels], count - bad, bad, RARE_SHARE * len(y)).groups
    g, b = (np.array([part[group].sum() for group in groups]) for part in (count - bad, bad))
    answer = exact_cuts(g, b, trend="ascending", limits=Limits(max_bins=MAX_BINS, min_count=MIN_SHARE * len(y)))
    woe = weight_of_evidence(answer.merged(g), answer.merged(b))
    return {"cuts": answer.cuts, "woe": woe, "iv": answer.information_value}


def class_table(frame: pd.DataFrame, y: np.ndarray, trends: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Every column of a frame."""
    numbers = {name: class_number(frame[name].to_numpy(), y, trend) for name, trend in trends.items()}
    return numbers | {name: class_text(frame[name], y) for name in frame if name not in trends}


def optbinning_table(frame: pd.DataFrame, y: np.ndarray, trends: dict[str, str]) -> Any:
    """BinningProcess with the same trends, most bins and least share; its own prebinning."""
    module = optbinning()
    settings = {name: {"monotonic_trend": trend} for name, trend in trends.items()}
    settings |= {name: {"cat_cutoff": RARE_SHARE} for name in frame if name not in trends}
    process = module.BinningProcess(
        list(frame.columns),
        max_n_bins=MAX_BINS,
        min_bin_size=MIN_SHARE,
        categorical_variables=[name for name in frame if name not in trends],
        binning_fit_params=settings,
        n_jobs=1,
    )
    with redirect_stdout(io.StringIO()):
        process.fit(frame, y)
    return process


def optbinning() -> Any:
    """optbinning, without what its import prints."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        import optbinning as module
    return module


def seconds(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least seconds of processor time of a call, and what it returned."""
    best, result = np.inf, None
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def say(*cells: object) -> None:
    """A line of the table."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


# -------------------------------------------------------------------------------------------------------- parts
def interval_value(values: np.ndarray, y: np.ndarray, cuts: np.ndarray) -> float:
    """Information value of the ordinary values under cuts, against the totals of the whole column."""
    known = ~np.isnan(values)
    index = np.searchsorted(cuts, values[known], side="right")
    bad = np.bincount(index, y[known], len(cuts) + 1)
    good = np.bincount(index, 1 - y[known], len(cuts) + 1)
    p, q = good / np.sum(1 - y), bad / np.sum(y)
    return float(np.sum((p - q) * np.log(p / q)))


def table(n: int, repeats: tuple[int, int], toad: str | None) -> None:
    """25 columns × n rows."""
    frame, y, trends = portfolio(n)
    ours, tables = seconds(lambda: class_publicly(frame, y, trends), repeats[0])
    alone, _ = seconds(lambda: class_table(frame, y, trends), repeats[0])
    theirs, process = seconds(lambda: optbinning_table(frame, y, trends), repeats[1])
    size = f"25 × {n:,}"
    losses = [t.iv_loss for t in tables.values()]
    proved = f"{losses.count(0.0)} of {len(losses)} proved the best, lost at most {max(x or 0.0 for x in losses):.4%}"
    say(size, "class_frame", f"{ours:.3f} s", "", proved)
    say(size, "engine alone", f"{alone:.3f} s", f"{theirs / alone:.1f}×", "BinningProcess against it")
    wanted = "least wanted: " + ("10×" if n < 5e5 else "25×")
    say(size, "optbinning BinningProcess", f"{theirs:.3f} s", f"{theirs / ours:.1f}×", wanted)
    compare_values(size, frame, y, trends, tables, process)
    if toad:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.parquet"
            frame.assign(y=y).to_parquet(path)
            run = subprocess.run(
                [toad, "-c", TOAD, str(path), str(repeats[1])], capture_output=True, text=True, check=True
            )
        took = float(run.stdout.strip().splitlines()[-1])
        say(size, "toad quantile", f"{took:.3f} s", f"{took / ours:.1f}×", "least wanted: over 1×")


def compare_values(
    size: str,
    frame: pd.DataFrame,
    y: np.ndarray,
    trends: dict[str, str],
    tables: dict[str, BinningTable],
    process: Any,
) -> None:
    """Information value of the ordinary values at equal limits, wherever optbinning's answer is OPTIMAL."""
    total, other, lower, compared = 0.0, 0.0, [], 0
    for name, trend in trends.items():
        binning = process.get_binned_variable(name)
        if binning.status != "OPTIMAL":
            continue
        cuts = np.array([b.lower for b in tables[name].bins if b.kind == "interval"][1:], float)
        value = interval_value(frame[name].to_numpy(), y, np.asarray(binning.splits, float))
        mine = interval_value(frame[name].to_numpy(), y, cuts)
        total, other, compared = total + mine, other + value, compared + 1
        if mine < value - 1e-9:
            lower.append(f"{name} {trend} {mine:.5f} < {value:.5f}")
    told = f"optbinning {other:.4f}; lower: {lower or 'none'}"
    say(size, f"total IV of {compared} numbers", f"{total:.4f}", f"{total / other:.4f}×", told)


def kinds(n: int = 1_000_000) -> None:
    """The same frame with text as Python objects, as categories, and with weights."""
    frame, y, trends = portfolio(n)
    texts = [name for name in frame if name not in trends]
    weights = np.random.default_rng(2).uniform(0.5, 2.0, n)
    plain = frame.dtypes[texts[0]]
    for label, kind, w in (
        (f"text as {plain}", None, None),
        ("text as object", object, None),
        ("text as category", "category", None),
        (f"text as {plain}, weighted", None, weights),
    ):
        given = frame if kind is None else frame.astype(dict.fromkeys(texts, kind))
        took, _ = seconds(lambda g=given, w=w: class_publicly(g, y, trends, w), 3)
        only, _ = seconds(lambda g=given, w=w: class_publicly(g[texts], y, {}, w), 3)
        say(f"25 × {n:,}", label, f"{took:.3f} s", f"of it 5 texts {only:.3f} s", "")


def ushaped(sizes: tuple[int, ...] = (60, 80, 100), limit: float = 120.0) -> None:
    """One U-shaped variable, quantile prebins given to both: the solver alone."""
    module = optbinning()
    rng = np.random.default_rng(1)
    n = 100_000
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(3.2 - 0.5 * x**2))).astype(np.int64)
    for prebins in sizes:
        cuts = np.quantile(x, np.arange(1, prebins) / prebins)
        index = np.searchsorted(cuts, x, side="right")
        bad = np.bincount(index, y, prebins)
        good = np.bincount(index, 1 - y, prebins)
        limits = Limits(max_bins=8, min_count=MIN_SHARE * n)
        took, answer = seconds(lambda g=good, b=bad, li=limits: exact_cuts(g, b, trend="valley", limits=li), 9)
        solver = module.OptimalBinning(
            user_splits=cuts,
            max_n_prebins=prebins,
            min_prebin_size=1e-4,
            monotonic_trend="valley",
            max_n_bins=8,
            min_bin_size=MIN_SHARE,
            solver="cp",
            time_limit=limit,
        )
        before = time.process_time()
        with redirect_stdout(io.StringIO()):
            solver.fit(x, y)
        their = min(time.process_time() - before, solver._time_solver)  # elsewhere the machine may be busy
        ours_iv = interval_value(x, y, cuts[np.array(answer.cuts) - 1])
        their_iv = interval_value(x, y, np.asarray(solver.splits, float))
        say(
            f"U-shaped, {prebins} prebins",
            f"exact {took * 1e3:.2f} ms",
            f"optbinning cp {their:.2f} s ({solver.status})",
            f"{their / took:.0f}×",
            f"IV {ours_iv:.5f} against {their_iv:.5f}",
        )


def loss() -> None:
    """What is told to be lost at most, and lost in truth where every distinct value can be tried."""
    for n in (1_000, 2_000, 20_000, 100_000, 1_000_000):
        frame, y, trends = portfolio(n, seed=7)
        told, true = [], []
        spent = 0.0
        for name, trend in trends.items():
            values = frame[name].to_numpy()
            column = sorted_column(values[~np.isnan(values)], y[~np.isnan(values)])
            limits = Limits(max_bins=MAX_BINS, min_count=MIN_SHARE * n)
            took, answer = seconds(lambda c=column, t=trend, li=limits: exact_classing(c, trend=t, limits=li), 1)
            told.append(answer.iv_loss)
            spent += took
            if n <= 2_000:
                best = exact_classing(column, trend=trend, limits=limits, classes=n)
                true.append(1 - answer.information_value / best.information_value)
        in_truth = f"in truth {max(true):.4%}" if true else ""
        proved = f"{told.count(0.0)} of {len(told)} proved the best"
        say(f"{n:,} rows, 20 numbers", proved, f"told at most {max(told):.4%}", in_truth, f"{spent:.2f} s")


def large(rows: tuple[int, ...] = (1_000_000, 3_000_000, 10_000_000), columns: int = 25) -> None:
    """A frame of 25 columns of numbers, classed publicly: time by rows, and the peak of memory."""
    before, last = 0.0, 0
    for n in rows:
        rng = np.random.default_rng(3)
        y = (rng.random(n) < 0.06).astype(np.int64)
        made = {f"x{i:02d}": rng.normal(size=n) + (0.1 + 0.02 * i) * y for i in range(columns)}
        frame = pd.DataFrame(made, copy=False)
        del made
        held = float(frame.memory_usage().sum()) / 2**30
        spent, tables = seconds(lambda f=frame, y=y: class_publicly(f, y, dict.fromkeys(f, "ascending")), 1)
        lost = max(t.iv_loss if t.iv_loss is not None else np.nan for t in tables.values())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        growth = f"{spent / before:.2f}× for {n / last:.2f}× the rows" if before else ""
        size = f"{columns} × {n:,}"
        pace = f"{spent / n * 1e9 / columns:.1f} ns a value"
        say(size, f"{spent:.2f} s", pace, growth, f"peak {peak:.2f} GB, frame {held:.2f} GB; lost at most {lost:.4%}")
        before, last = spent, n
        del frame, tables


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--toad")
    parser.add_argument("--prebins", type=int, nargs="+", default=[60, 80, 100], help="of the part ushaped")
    asked = parser.parse_args()
    parts = asked.parts or ["table100k", "ushaped", "table1m", "kinds", "loss"]
    todo: dict[str, Callable[[], None]] = {
        "table100k": lambda: table(100_000, (7, 3), asked.toad),
        "table1m": lambda: table(1_000_000, (3, 1), asked.toad),
        "ushaped": lambda: ushaped(tuple(asked.prebins)),
        "kinds": kinds,
        "loss": loss,
        "large": large,
    }
    for part in parts:
        todo[part]()


if __name__ == "__main__":
    main()
