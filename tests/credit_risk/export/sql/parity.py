"""A model scored by SQL engines, against the package's own scoring."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.export.parity.compare import compare, expected_results
from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.parity.run import engines_at_hand
from credit_risk.export.program import program_of
from credit_risk.export.sql import sql_export
from credit_risk.scoring import compile_model

HASH = "0123456789abcdef" * 4
ENGINES = ("duckdb", "sqlite", "postgres")


def run(model: Mapping[str, Any], frame: pd.DataFrame, engine: str) -> EngineRun:
    """The model's SQL, run by an engine on rows."""
    program = program_of(model, HASH)
    files = {f"sql/{program.model_id}.{engine}.sql": sql_export(program, engine).text.encode()}
    (found,) = engines_at_hand([engine])
    assert found.version() is not None, found.why_not()
    with tempfile.TemporaryDirectory() as folder:
        return found.run(program, files, frame, Path(folder))


def assert_parity(model: Mapping[str, Any], frame: pd.DataFrame, engine: str, tolerance: float = 1e-13) -> None:
    """Same paths, numbers, grades, reasons, decisions and rows in error as the package gives."""
    program = program_of(model, HASH)
    expected = expected_results(compile_model(model), program, frame)
    found = run(model, frame, engine)
    assert found.trace is not None
    assert set(expected.trace) <= set(found.trace)
    assert list(found.results) == [*expected.results, "in_error"]
    parity = compare(expected, found)
    assert parity.path_differs == 0, parity
    assert parity.agrees(tolerance), parity
    for name in expected.results:
        if name.startswith("decision:") and (~expected.refused).any():
            ours, theirs = (one[name][~expected.refused].astype(float) for one in (expected.results, found.results))
            assert np.array_equal(ours, theirs), name
