"""onnxruntime on the processor: the ONNX model, all rows of a block at once."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program
from credit_risk.scoring.steps import is_absent, text_of_number

BLOCK = 5_000


class Onnx:
    """onnxruntime; it tells no path."""

    name = "onnx"
    export = "onnx"

    def version(self) -> str | None:
        """Version of onnxruntime."""
        if importlib.util.find_spec("onnxruntime") is None:
            return None
        return importlib.metadata.version("onnxruntime")

    def why_not(self) -> str:
        """That it is not installed."""
        return "onnxruntime is not installed"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Score in blocks of rows."""
        import onnxruntime

        del folder
        seconds, parts = 0.0, []
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                next(data for name, data in files.items() if name.endswith(".onnx")), options
            )
            names = [one.name for one in session.get_outputs()]
            for start in range(0, len(frame), BLOCK):
                feed = _feed(program, frame.iloc[start : start + BLOCK])
                began = time.perf_counter()
                found = session.run(names, feed)
                seconds += time.perf_counter() - began
                parts.append(pd.DataFrame(dict(zip(names, found, strict=True))))
        except Exception as error:
            raise EngineError(str(error)[:500]) from error
        results = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
        for one in program.published:
            if one.kind == "text" and one.column in results:
                results[one.column] = [text or None for text in results[one.column]]
                results[one.column] = results[one.column].astype(object).where(results[one.column].notna(), None)
        return EngineRun(results, None, seconds)


def _feed(program: Program, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    found = {}
    for one in program.inputs:
        values = [None if is_absent(value) else value for value in frame[one.name].tolist()]
        if one.kind == "text":
            texts = ["" if v is None else v if isinstance(v, str) else text_of_number(v) for v in values]
            found[f"in:{one.name}"] = np.array(texts, dtype=object)
        else:
            found[f"in:{one.name}"] = np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
    return found
