"""Exports of packages of public data in every engine at hand: `parity_real_data.py DATA [NAME ...] [--engine E ...]`.

The packages are those of the slow test `tests/credit_risk/export/parity/test_real_data.py`. A line an engine and
package is printed as it is done: rows compared, those that differ, greatest differences, rows a second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pandas as pd

from credit_risk.export.parity.engines import Engine
from credit_risk.export.parity.report import EngineReport
from credit_risk.export.parity.run import ADAPTERS, MOST_ROWS, engines_at_hand, parity_report
from credit_risk.package import Package, read_package
from tests.credit_risk.export.parity.jpmml import Jpmml
from tests.credit_risk.export.parity.real_packages import METHODS, MOST_OF_TREES, PLANS, build, table_of

COLUMNS = (
    "package", "engine", "rows of the table", "verification rows", "neighbours", "exempt", "other path",
    "other reasons", "|ΔPD|", "rows a second",
)  # fmt: skip
TABLE = "table"


def cells(name: str, report: EngineReport) -> list[str]:
    """The cells of a line."""
    by = {one.population: one for one in report.compared}
    if report.verdict not in ("agrees", "differs"):
        return [name, report.target, *[""] * 6, f"{report.verdict}: {report.reason}", ""]
    rows = [f"{by[key].parity.rows:,}" if key in by else "0" for key in (TABLE, "verification rows")]
    near = by.get("neighbours of thresholds")
    every = [one.parity for one in report.compared]
    reasons = [one.reasons_differ for one in every if one.reasons_differ is not None]
    counts = [sum(one.exempt for one in every), sum(one.path_differs or 0 for one in every)]
    gap = max(one.largest["probability"] for one in every)
    return [
        name, report.target, *rows, f"{near.parity.rows:,}" if near else "0", *map(str, counts),
        str(sum(reasons)) if reasons else "none given", f"{gap:.1e}", f"{by[TABLE].rows_per_second:,.0f}",
    ]  # fmt: skip


def lines(package: Package, name: str, table: pd.DataFrame, engines: list[Engine]) -> Iterator[str]:
    """A line of the table for each engine, as it is done."""
    for engine in engines:
        report = parity_report(package, [engine], {TABLE: table}).engines[0]
        yield f"| {' | '.join(cells(name, report))} |"


def main() -> None:
    """Build, ask, print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("data", type=Path)
    ask.add_argument("names", nargs="*", default=list(METHODS))
    ask.add_argument("--engine", action="append", help="an engine; by default all")
    ask.add_argument("--every", type=int, default=1, help="every how manieth row of the table")
    given = ask.parse_args()
    usual = dict(MOST_ROWS)
    wanted = given.engine or [*ADAPTERS, "jpmml"]
    engines = [Jpmml() if one == "jpmml" else engines_at_hand([one])[0] for one in wanted]
    sys.stdout.write(f"| {' | '.join(COLUMNS)} |\n| --- | --- {'| ---: ' * (len(COLUMNS) - 2)}|\n")
    for name in given.names:
        MOST_ROWS.clear()
        MOST_ROWS.update(usual | (MOST_OF_TREES if name.endswith("boosting") else {}))
        file = given.data / PLANS[name.split("_")[0]][1]
        with tempfile.TemporaryDirectory() as folder:
            package = read_package(build(name, given.data, Path(folder)))
            table = table_of(package, file).iloc[:: given.every].reset_index(drop=True)
            for line in lines(package, name, table, engines):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
