"""How the terminal shows a parity report, and how it names engines of the user."""

from __future__ import annotations

from typing import TextIO

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.export import EXPORTERS
from credit_risk.export.parity.external import External
from credit_risk.export.parity.report import ParityReport, agreement_rows, engine_rows

HEAD = ("engine", "rows", "paths", "rows/s", "score", "probability", "grades", "reasons", "verdict")


def read_external(text: str) -> External:
    """An engine of the user from `NAME=EXPORT:COMMAND`. Raises CreditRiskError where it is not of that form."""
    name, _, rest = text.partition("=")
    export, _, command = rest.partition(":")
    if not name or export not in EXPORTERS or not command.strip():
        allowed = f"NAME=EXPORT:COMMAND, EXPORT one of {', '.join(EXPORTERS)}"
        raise CreditRiskError(Fault("an engine is not named so", "usage", found=text, allowed=allowed))
    return External(name, export, command)


def print_report(report: ParityReport, out: TextIO) -> None:
    """The report as a table: a line an engine, the rows that differ and the greatest differences over all rows."""
    lines = [HEAD, *(_line(report, place) for place in range(len(report.engines)))]
    widths = [max(len(line[k]) for line in lines) for k in range(len(HEAD))]
    populations = ", ".join(f"{count:,} {name}" for name, count in report.populations.items())
    print(f"Exports of package {report.package_hash[:16]} on {populations}", file=out)
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip(), file=out)
    for one in engine_rows(report):
        if one["reason"]:
            print(f"{one['engine']}: {one['reason']}", file=out)


def _line(report: ParityReport, place: int) -> tuple[str, ...]:
    engine = report.engines[place]
    rows = [row for row in agreement_rows(report) if row["engine"] == engine.target]
    if not rows:
        return (engine.target, *([""] * (len(HEAD) - 2)), engine.verdict)
    speed = max(one.rows_per_second for one in engine.compared)

    def most(name: str) -> str:
        found = [row[name] for row in rows if row[name] is not None]
        return f"{max(found):.1e}" if found else "–"

    def total(name: str) -> str:
        found = [row[name] for row in rows if row[name] is not None]
        return f"{sum(found):,}" if found else "–"

    return (
        engine.target,
        total("rows"),
        total("path_differs"),
        f"{speed:,.0f}",
        most("largest_score"),
        most("largest_probability"),
        total("grades_differ"),
        total("reasons_differ"),
        engine.verdict,
    )
