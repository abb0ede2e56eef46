"""The kinds of exports by name: what a plan and the command line may ask for."""

from __future__ import annotations

from typing import Literal, get_args

ExportKind = Literal["pmml", "sql", "spreadsheet", "c", "java", "sas", "cobol", "onnx"]
EXPORT_KINDS: tuple[str, ...] = get_args(ExportKind)
