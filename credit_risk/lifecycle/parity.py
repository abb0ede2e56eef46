"""The parity report of a package, written into its annex `exports/` as evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk import __version__
from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock
from credit_risk._core.evidence import Evidence, table
from credit_risk.export.parity.engines import Engine
from credit_risk.export.parity.external import External
from credit_risk.export.parity.report import ParityReport
from credit_risk.export.parity.run import engines_at_hand, parity_report
from credit_risk.lifecycle.exports import ANNEX, EVIDENCE, exported_files
from credit_risk.package import Package, read_package, write_annex
from credit_risk.sampling import read_source
from credit_risk.sampling.production import declared_notations, typed_frame
from credit_risk.scoring.inputs import open_inputs

Row = dict[str, Any]
SNAPSHOT = "rows of the snapshot"
AGREEMENT, ENGINES = "exports.parity", "exports.engines"


def check_parity(
    package: Path,
    *,
    engines: Sequence[str] | None = None,
    external: Sequence[External] = (),
    table: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ParityReport:
    """Hold every engine at hand, or those named, against the package; writes nothing.

    external: engines that are commands of the user. table: a CSV or Parquet file whose rows are scored besides the
    verification rows, the neighbours of thresholds and the snapshot. Raises PackageError, IntakeError.
    """
    read = read_package(package)
    asked: list[Engine] = [*engines_at_hand(engines), *external]
    return parity_report(read, asked, _tables(read, table), exported_files(Path(package)), progress)


def write_parity(package: Path, report: ParityReport, clock: Clock, anchor: str | None = None) -> list[Path]:
    """Write the report as evidence beside the exports of the annex, which stay as they are; returns the files."""
    files = {
        **exported_files(package),
        **{_file(one): canonical_json.to_bytes(one.as_dict()) for one in parity_evidence(report)},
    }
    folder = write_annex(package, ANNEX, files, f"credit_risk {__version__}", clock, anchor=anchor)
    return [folder / name for name in sorted(files) if name.startswith(EVIDENCE)]


def parity_evidence(report: ParityReport) -> list[Evidence]:
    """Evidence `exports.engines` (who ran, who could not) and `exports.parity` (agreement by engine and rows)."""
    inputs = ("model.json", "verification.csv")
    agreement = report.frame().drop(columns="verdict")
    frames = {ENGINES: report.engines_frame(), AGREEMENT: agreement}
    return [table(name, frame, inputs=inputs) for name, frame in frames.items()]


def _tables(package: Package, file: Path | None) -> dict[str, pd.DataFrame]:
    """Rows of the snapshot, where it travels with the package, and of a file."""
    inputs = package.model["inputs"]
    names = [item["name"] for item in inputs]
    found: dict[str, pd.DataFrame] = {}
    if "data/snapshot.parquet" in package.manifest["files"]:
        found[SNAPSHOT] = package.snapshot()[names].reset_index(drop=True)
    if file is not None:
        source = read_source(file)
        rows = typed_frame(source, inputs, declared_notations(package.plan, names))
        open_inputs(inputs, rows)  # every column that is absent or that the model cannot take, at once
        found[f"rows of {file.name}"] = rows
    return found


def _file(one: Evidence) -> str:
    return f"{EVIDENCE}{one.id}.json"
