"""Models as SQL in nine dialects: one statement of common table expressions, made from the package's program."""

from __future__ import annotations

from credit_risk.export.program import program_of
from credit_risk.export.sql.dialects import DIALECTS
from credit_risk.export.sql.inputs import KEY, TABLE, input_columns
from credit_risk.export.sql.statement import SqlExport, sql_export
from credit_risk.package import Package

__all__ = ["DIALECTS", "KEY", "TABLE", "SqlExport", "input_columns", "sql_export", "sql_files"]


def sql_files(package: Package) -> dict[str, bytes]:
    """`sql/<id>.<dialect>.sql` of every dialect. Raises PackageError where a dialect's limits cannot be kept."""
    program = program_of(package.model, package.package_hash)
    return {f"sql/{program.model_id}.{key}.sql": sql_export(program, key).text.encode() for key in DIALECTS}
