"""Exports of a package, as the annex `exports/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from credit_risk import __version__
from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.evidence import Evidence, table
from credit_risk.export import EXPORTERS, export_package, pmml_notes
from credit_risk.package import read_package, write_annex
from credit_risk.plan import Plan

PLAN = "plan.json"
ANNEX, EVIDENCE = "exports", "evidence/"


def exports_evidence(plan: Plan) -> Evidence:
    """Evidence `verification.exports`: which formats the run writes, and why it does not write the others."""
    rows = [
        (kind, kind in plan.exports, "in the plan" if kind in plan.exports else "not in the plan") for kind in EXPORTERS
    ]
    return table("verification.exports", pd.DataFrame(rows, columns=["format", "written", "reason"]), inputs=(PLAN,))


def write_exports(
    package: Path,
    kinds: Sequence[str] | None = None,
    clock: Clock = system_clock,
    anchor: str | None = None,
) -> list[Path]:
    """Write the exports of the kinds asked for, of the plan where None, and return their paths.

    `anchor` is the head of an inventory's audit trail, for the manifest of the annex. Exports of other kinds stay as
    they are; what engines gave for earlier ones (evidence) is taken out. Raises
    PackageError with every reason where one does not apply, and writes nothing.
    """
    read = read_package(package)
    files = export_package(read, read.plan["exports"] if kinds is None else list(kinds))
    held = {**exported_files(package), **files}
    folder = write_annex(package, ANNEX, held, f"credit_risk {__version__}", clock, anchor=anchor)
    return [folder / name for name in sorted(files)]


def exported_files(package: Path) -> dict[str, bytes]:
    """The files of the annex `exports` but its manifest and evidence, by name."""
    folder = Path(package) / ANNEX
    found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    names = {path.relative_to(folder).as_posix(): path for path in found}
    kept = {name: path for name, path in names.items() if name != "manifest.json" and not name.startswith(EVIDENCE)}
    return {name: path.read_bytes() for name, path in kept.items()}


def export_notes(path: Path) -> list[str]:
    """What an export tells of results that it leaves out."""
    return pmml_notes(path.read_bytes()) if path.suffix == ".pmml" else []
