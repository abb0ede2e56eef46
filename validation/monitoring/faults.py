"""What is wrong with rows of production, counted again by file, month and kind of fault."""

from __future__ import annotations

from collections.abc import Iterator

from validation.monitoring.bench import Bench
from validation.monitoring.tables import not_recomputed

AREA, FEW, REPEATED = "monitoring.faults", "few_rows", "duplicate_key"
CODES = ("key_missing", "erased", "time_missing", "time_in_future", "other_package", REPEATED, FEW)
Key = tuple[str, str, str]
"""File, month and code; empty where a fault is of no file or no month."""


def compare_faults(bench: Bench) -> None:
    """Rows with a fault, and those left out for it; other kinds are told as not recomputed, by their codes."""
    stated, parts = bench.run.table("faults"), bench.run.table("partitions")
    files = bench.production.files
    if parts is None or not set(parts["partition"]) <= set(files):
        not_recomputed(bench.ledger, bench.run, "faults", "the run reads no files, or others than these")
        return
    own = dict(_counted(bench))
    rows = [] if stated is None else stated.to_dict("records")
    told = {_key(row): row for row in rows if row["code"] in CODES and (row["partition"] in files or _few(row))}
    others = sorted({str(row["code"]) for row in rows if _key(row) not in told})
    if others:
        reason = "not recomputed: of outcomes, of columns, or of what only the run can see"
        if not own and not told:
            not_recomputed(bench.ledger, bench.run, "faults", reason.removeprefix("not recomputed: "))
            return
        bench.ledger.not_evaluable(f"{AREA}: {', '.join(others)}", reason)
    keys = sorted({*own, *told})
    by_file = ([sum(key[0] == name for key in side) for name in files] for side in (told, own))
    held, mine = ([*counts, *(key in side for key in keys)] for counts, side in zip(by_file, (told, own), strict=True))
    labels = [*files, *(" ".join(key) for key in keys)]
    bench.ledger.words(AREA, "rows of the table", held, mine, labels)
    both = [key for key in keys if key in own and key in told]
    labels = [" ".join(key) for key in both]
    bench.ledger.words(AREA, "code", [told[key]["code"] for key in both], [key[2] for key in both], labels)
    for place, column in enumerate(("rows", "left_out")):
        cells = [told[key][column] for key in both]
        bench.ledger.numbers(AREA, column, "rows", cells, [own[key][place] for key in both], labels)


def _few(row: dict[str, object]) -> bool:
    return row["code"] == FEW and not row["partition"]


def _key(row: dict[str, object]) -> Key:
    partition, period, code = (str(row[name] or "") for name in ("partition", "period", "code"))
    return partition, period, code


def _counted(bench: Bench) -> Iterator[tuple[Key, tuple[int, int]]]:
    """Rows with each fault and rows left out for it, by key."""
    production = bench.production
    faults = production.faults
    for (place, period, code), part in faults.groupby(["place", "period", "code"], sort=True):
        gone = int(part["left_out"].sum())
        if gone or code != REPEATED:  # of a repeated key the first row counts, and is no fault of its file
            yield (str(place), str(period), str(code)), (len(part), gone)
    counts = production.frame["period"].value_counts()
    for period, n in counts.items():
        if n < bench.settings.min_rows:
            yield ("", str(period), FEW), (int(n), 0)
