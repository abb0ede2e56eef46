"""JPMML as an engine of the parity report, for the tests alone: its licence (AGPL) keeps it out of the product."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from credit_risk.export.parity.adapters.pmml4s import PREFIX
from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import Program
from tests import engines

TEXTS = ("grade", "overall_decision")


class Jpmml:
    """JPMML in the Java machine of the tests; it tells no path."""

    name = "jpmml"
    export = "pmml"

    def version(self) -> str | None:
        if importlib.util.find_spec("jpmml_evaluator") is None or shutil.which("java") is None:
            return None
        return importlib.metadata.version("jpmml_evaluator")

    def why_not(self) -> str:
        return "jpmml_evaluator or java is not here"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Score, once the embedded verification rows hold."""
        path = folder / "model.pmml"
        path.write_bytes(next(data for name, data in files.items() if name.endswith(".pmml")))
        rows = engines.records(frame)
        engines.jpmml(path, rows[:1])
        start = time.perf_counter()
        found = engines.jpmml(path, rows, verify=False)
        seconds = time.perf_counter() - start
        inputs = {one.name for one in program.inputs}
        results = {}
        for one in program.published:
            field = f"{PREFIX}{one.column}" if one.column in inputs else one.column
            if field not in found:
                continue
            cells = found[field]
            is_text = one.column in TEXTS or one.column.startswith("reason_")
            results[one.column] = cells.astype(object).where(cells.notna(), None) if is_text else cells.astype(float)
        return EngineRun(pd.DataFrame(results, index=range(len(frame))), None, seconds)
