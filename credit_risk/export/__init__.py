"""Exports of a model package to other technology: from the package alone, to score there as here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.code import c_source, cobol_source, java_source, sas_source
from credit_risk.export.pmml import model_pmml, pmml_notes, scorecard_pmml
from credit_risk.export.program import Program, program_of
from credit_risk.package import Package, read_package

__all__ = ["EXPORTERS", "export_package", "model_pmml", "pmml_notes", "scorecard_pmml"]


def _pmml(package: Package) -> dict[str, bytes]:
    document = model_pmml(package.model, package.package_hash, package.verification())
    return {f"{package.model['model']['id']}.pmml": document}


def _code(folder: str, source: Callable[[Program, pd.DataFrame], dict[str, bytes]]) -> Callable[..., dict[str, bytes]]:
    """An exporter of source code into `folder` of the annex."""

    def export(package: Package) -> dict[str, bytes]:
        files = source(program_of(package.model, package.package_hash), package.verification())
        return {f"{folder}/{name}": data for name, data in files.items()}

    return export


def _spreadsheet(package: Package) -> dict[str, bytes]:
    from credit_risk.export.spreadsheet.workbook import spreadsheet_export

    return spreadsheet_export(package)


def _sql(package: Package) -> dict[str, bytes]:
    from credit_risk.export.sql import sql_files

    return sql_files(package)


def _onnx(package: Package) -> dict[str, bytes]:
    from credit_risk.export.onnx.model import onnx_model

    return {f"{package.model['model']['id']}.onnx": onnx_model(program_of(package.model, package.package_hash))}


EXPORTERS: dict[str, Callable[[Package], dict[str, bytes]]] = {
    "pmml": _pmml,
    "c": _code("c", c_source),
    "java": _code("java", java_source),
    "spreadsheet": _spreadsheet,
    "sql": _sql,
    "sas": _code("sas", sas_source),
    "cobol": _code("cobol", cobol_source),
    "onnx": _onnx,
}


def export_package(package: Path | Package, kinds: Sequence[str]) -> dict[str, bytes]:
    """File name to bytes of the exports `kinds` of a package; the same package gives the same bytes.

    Nothing is written: `credit_risk.package.write_annex` puts the files into the annex `exports`. Raises PackageError
    where a kind is unknown, the package is not valid, or its champion cannot be written in that format.
    """
    unknown = [kind for kind in kinds if kind not in EXPORTERS]
    if unknown:
        allowed = ", ".join(EXPORTERS)
        raise PackageError([Fault(f"no export {kind!r}", code="export_unknown", allowed=allowed) for kind in unknown])
    opened = package if isinstance(package, Package) else read_package(package)
    files: dict[str, bytes] = {}
    for kind in dict.fromkeys(kinds):
        files.update(EXPORTERS[kind](opened))
    return files
