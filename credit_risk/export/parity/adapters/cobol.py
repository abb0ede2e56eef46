"""COBOL compiled by GnuCOBOL: the self-test, then the batch program over records of fixed length."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.export.code.cobol import COMPILE, layout_of, program_id
from credit_risk.export.parity.adapters.streamed import (
    COMPILE_SECONDS,
    RUN_SECONDS,
    first_version,
    input_columns,
    run_command,
)
from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Classify, Program, Tree
from credit_risk.export.program.terms import FLAG, TEXT

WARNINGS = ("-Wall", "-Werror")
Column = tuple[str, str]


class GnuCobol:
    """The COBOL sources as programs of GnuCOBOL."""

    name = "cobol"
    export = "cobol"

    def version(self) -> str | None:
        """Version of GnuCOBOL."""
        return first_version(["cobc", "--version"]) if shutil.which("cobc") else None

    def why_not(self) -> str:
        """What is missing."""
        return "cobc (GnuCOBOL) is not on the PATH"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Compile, run the self-test, score."""
        name = program_id(program.model_id)
        for file in (f"{name}.cbl", f"{name}R.cpy", f"{name}T.cbl", f"{name}B.cbl"):
            (folder / file).write_bytes(files[f"cobol/{file}"])
        layout = layout_of(program)
        run_command(["cobc", "-c", *WARNINGS, f"{name}.cbl"], folder, COMPILE_SECONDS)
        self.compiled(name, "T", "TEST", folder)
        run_command(["./TEST"], folder, COMPILE_SECONDS)
        self.compiled(name, "B", "BATCH", folder)
        (folder / "ROWS").write_bytes(records_of(program, frame, layout.text_size))
        start = time.perf_counter()
        run_command(["./BATCH"], folder, RUN_SECONDS)
        seconds = time.perf_counter() - start
        data = (folder / "SCORED").read_bytes()
        results, trace = read_records(layout.program, data, len(frame), layout.text_size)
        return EngineRun(results, trace, seconds)

    def compiled(self, name: str, end: str, target: str, folder: Path) -> None:
        """Compile one of the programs, and link the model to it."""
        command = [*COMPILE.split(), *WARNINGS, "-o", target, f"{name}{end}.cbl", f"{name}.o"]
        run_command(command, folder, COMPILE_SECONDS)


def records_of(program: Program, frame: pd.DataFrame, text_size: int) -> bytes:
    """The inputs as records: numbers with a flag of missing, texts after their length in bytes."""
    columns = input_columns(program, frame)
    fields = [
        (f"{k}{part}", kind) for k, one in enumerate(program.inputs) for part, kind in _given(one.kind, text_size)
    ]
    table = np.zeros(len(frame), dtype=np.dtype(fields))
    for k, one in enumerate(program.inputs):
        cells = columns[one.name]
        if one.kind == TEXT:
            data = [b"" if cell is None else str(cell).encode("utf-8") for cell in cells.tolist()]
            table[f"{k}n"] = [len(cell) for cell in data]
            table[f"{k}v"] = [cell[:text_size].ljust(text_size) for cell in data]
        else:
            missing = np.isnan(cells)
            table[f"{k}v"] = np.where(missing, 0.0, cells)
            table[f"{k}n"] = np.where(missing, -1, 0)
    return table.tobytes()


def _given(kind: str, text_size: int) -> list[Column]:
    if kind == TEXT:
        return [("n", "<i4"), ("v", f"S{text_size}")]
    return [("v", "<i2" if kind == FLAG else "<f8"), ("n", "<i2")]


def read_records(program: Program, data: bytes, rows: int, text_size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results and trace from records. Raises EngineError where rows are lost."""
    told = program.published[:-1]
    bins = [one.name for one in program.statements if isinstance(one, Classify)]
    leaves = [one.name for one in program.statements if isinstance(one, Tree)]
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    fields += [(f"{k}{part}", kind) for k, one in enumerate(told) for part, kind in _given(one.kind, text_size)]
    fields += [("error", "<i2"), ("bin", "<i4", (max(len(bins), 1),)), ("leaf", "<f8", (max(len(leaves), 1),))]
    kind = np.dtype(fields)
    if len(data) != rows * kind.itemsize:
        raise EngineError(f"{len(data)} bytes came back, not {rows} records of {kind.itemsize}")
    table = np.frombuffer(data, dtype=kind)
    results = {one.column: _column(table, k, one.kind) for k, one in enumerate(told)}
    results[program.published[-1].column] = pd.Series(table["error"].astype(np.float64))
    trace = {name: table["bin"][:, k].astype(np.float64) for k, name in enumerate(bins)}
    trace |= {name: table["leaf"][:, k] for k, name in enumerate(leaves)}
    return pd.DataFrame(results), pd.DataFrame(trace, index=range(rows))


def _column(table: np.ndarray, place: int, kind: str) -> pd.Series:
    values, flags = table[f"{place}v"], table[f"{place}n"]
    if kind != TEXT:
        return pd.Series(np.where(flags == 0, values.astype(np.float64), np.nan))
    # numpy takes zero bytes from the end of texts: their length puts them back
    texts = [
        bytes(value).ljust(size, b"\0")[:size].decode("utf-8") if size else None
        for value, size in zip(values.tolist(), flags.tolist(), strict=True)
    ]
    return pd.Series(texts, dtype=object)
