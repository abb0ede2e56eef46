"""Exports of a package, as the annex `exports/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from credit_risk import __version__
from credit_risk._core.clock import Clock
from credit_risk.export import export_package
from credit_risk.package import write_annex


def write_exports(package: Path, kinds: Sequence[str], clock: Clock) -> list[Path]:
    """Write the exports of the kinds asked for and return their paths. Raises PackageError where one does not apply."""
    files = export_package(package, list(kinds))
    folder = write_annex(package, "exports", files, f"credit_risk {__version__}", clock)
    return [folder / name for name in sorted(files)]
