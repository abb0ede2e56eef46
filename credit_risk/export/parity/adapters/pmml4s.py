"""PMML4S, the open PMML engine that its licence lets us load (pypmml, Apache 2.0), on a Java runtime."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program

BATCH = 2_000
PREFIX = "model_"
"""Before the name of an output field that an input has too."""


class Pmml4s:
    """PMML4S through its JSON call: a frame would be rounded to ten decimals on the way."""

    name = "pmml4s"
    export = "pmml"

    def version(self) -> str | None:
        """Version of pypmml."""
        if importlib.util.find_spec("pypmml") is None or shutil.which("java") is None:
            return None
        return importlib.metadata.version("pypmml")

    def why_not(self) -> str:
        """Which of the two is not here."""
        return "java is not on the PATH" if shutil.which("java") is None else "pypmml is not installed"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Score in batches; PMML4S gives no path."""
        import pypmml

        path = folder / "model.pmml"
        path.write_bytes(next(data for name, data in files.items() if name.endswith(".pmml")))
        try:
            model = pypmml.Model.fromFile(str(path))
            start = time.perf_counter()
            parts = [_scored(model, frame.iloc[k : k + BATCH]) for k in range(0, len(frame), BATCH)]
            seconds = time.perf_counter() - start
        except Exception as error:
            raise EngineError(str(error)[:500]) from error
        found = pd.concat(parts, ignore_index=True)
        inputs = {one.name for one in program.inputs}
        fields = {
            one.column: f"{PREFIX}{one.column}" if one.column in inputs else one.column for one in program.published
        }
        return EngineRun(_published(found, fields), None, seconds)


def _scored(model: Any, frame: pd.DataFrame) -> pd.DataFrame:
    columns = list(frame)
    values = [
        [None if value is None or value != value else value for value in frame[name].tolist()] for name in columns
    ]
    request = {"columns": columns, "data": [list(row) for row in zip(*values, strict=True)]}
    answer = json.loads(str(model.call("predict", json.dumps(request))))
    return pd.DataFrame(answer["data"], columns=answer["columns"])


def _plain(value: Any) -> Any:
    """A value as JSON has it: missing is null."""
    return None if value is None or value != value else value


def _published(found: pd.DataFrame, fields: Mapping[str, str]) -> pd.DataFrame:
    """The published columns that the engine gave, numbers as doubles, missing texts as None."""
    result = {}
    for column, field in fields.items():
        if field not in found:
            continue
        values = found[field]
        text = column in ("grade", "overall_decision") or column.startswith("reason_")
        result[column] = (
            values.astype(object).where(values.notna(), None) if text else pd.to_numeric(values).astype("float64")
        )
    return pd.DataFrame(result, index=found.index)
