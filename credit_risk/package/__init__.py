"""Write, read and verify model packages (scorecards/format/SPECIFICATION.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._core.lazy import imported_when_used

__all__ = [
    "Package",
    "PackageWriter",
    "TableWriter",
    "check_output",
    "flags_as_numbers",
    "library_versions",
    "read_package",
    "table_bytes",
    "verification_columns",
    "write_annex",
    "write_zip",
]

if TYPE_CHECKING:
    from credit_risk.package.annex import write_annex
    from credit_risk.package.archive import write_zip
    from credit_risk.package.manifest import library_versions
    from credit_risk.package.output import check_output
    from credit_risk.package.parquet import TableWriter, flags_as_numbers, table_bytes
    from credit_risk.package.reader import Package, read_package
    from credit_risk.package.table_checks import verification_columns
    from credit_risk.package.writer import PackageWriter

__getattr__ = imported_when_used(
    __name__,
    {
        "annex": ["write_annex"],
        "archive": ["write_zip"],
        "manifest": ["library_versions"],
        "output": ["check_output"],
        "parquet": ["TableWriter", "flags_as_numbers", "table_bytes"],
        "reader": ["Package", "read_package"],
        "table_checks": ["verification_columns"],
        "writer": ["PackageWriter"],
    },
)
