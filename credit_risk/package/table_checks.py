"""Tables of a package: snapshot and predictions (SPECIFICATION section 5), verification rows (section 6)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk._core.errors import Fault, PackageError
from credit_risk.package.layout import SAMPLES
from credit_risk.scoring.steps import published_reasons

Json = dict[str, Any]
_KEY = (pa.int64(), pa.string())
_HEAD = {
    "_key": _KEY,
    "_sample": (pa.string(),),
    "_outcome": (pa.float64(),),
    "_status": (pa.string(),),
    "_weight": (pa.float64(),),
    "_cluster": (pa.string(),),
}
_TYPES = (pa.float64(), pa.string())


def read_parquet(data: bytes, file: str, code: str) -> pa.Table:
    """A Parquet table from bytes. Raises PackageError with `code` where it cannot be read."""
    try:
        return pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PackageError(Fault(f"is not readable Parquet ({error})", code, file)) from error


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A frame: doubles as float64 with NaN for null, text as str, whole numbers as int64 (Int64 where null occurs)."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_integer(column.type):
            columns[name] = pd.Series(column.to_pylist(), dtype="Int64" if column.null_count else "int64")
        elif pa.types.is_floating(column.type):
            columns[name] = pd.Series(column.to_numpy(), dtype="float64")
        else:
            columns[name] = pd.Series(
                column.to_pylist(), dtype="boolean" if pa.types.is_boolean(column.type) else "str"
            )
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def snapshot_faults(table: pa.Table, rows: int, model: Json | None, file: str) -> list[Fault]:
    """Faults of the snapshot: leading columns, types, NaN, infinity, samples, outcomes, row count, model inputs."""
    code = "snapshot_invalid"
    faults = list(_column_faults(table, _HEAD, _TYPES, code, file))
    head = table.column_names[: len(_HEAD)]
    if head != list(_HEAD):
        faults.append(
            Fault(
                "does not begin with the columns it must",
                code,
                file,
                found=str(head),
                allowed=str(list(_HEAD)),
            )
        )
    if table.num_rows != rows:
        faults.append(Fault(f"has {table.num_rows} rows, the manifest says {rows}", code, file))
    faults += _value_faults(table, "_sample", set(SAMPLES), code, file)
    faults += _outcome_faults(table, "binary" if model is None else model["outcome"]["type"], code, file)
    if "_key" in table.column_names and table["_key"].null_count:
        faults.append(Fault("has rows without a key", code, file, "_key"))
    inputs = [] if model is None else model["inputs"]
    absent = sorted({declared["name"] for declared in inputs} - set(table.column_names))
    if absent:
        faults.append(Fault("lacks inputs of the model", code, file, found=", ".join(absent)))
    return faults


def predictions_faults(table: pa.Table, model: Json, file: str) -> list[Fault]:
    """Faults of the predictions of one sample of one model."""
    code = "schema"
    columns = {"_key": _KEY, **dict.fromkeys(_result_columns(model), (pa.float64(),))}
    columns |= {name: (pa.string(),) for name in columns if _is_text(name)}
    faults = list(_column_faults(table, columns, (), code, file))
    if table.column_names != list(columns):
        found, allowed = str(table.column_names), str(list(columns))
        faults.append(Fault("does not have the columns it must", code, file, found=found, allowed=allowed))
    return faults


def verification_columns(model: Json) -> list[str]:
    """The header of verification.csv for a model; what is classed or scored more than once bears the id of its step."""
    columns = ["case", *(f"in:{declared['name']}" for declared in model["inputs"])]
    classed = [(step["input"], step["id"]) for step in model["steps"] if step["type"] == "classing"]
    columns += [f"{what}:{name}" for name in _tagged(classed) for what in ("bin", "woe")]
    for kind, what in (("scale", "points"), ("attribution", "attribution")):
        steps = [step for step in model["steps"] if step["type"] == kind]
        parts = [(part["characteristic"], step["id"]) for step in steps for part in step.get("characteristics", [])]
        columns += [f"{what}:{name}" for name in _tagged(parts)]
    return columns + _result_columns(model)


def _tagged(named: list[tuple[str, str]]) -> list[str]:
    """Names, each with `@<step id>` where it stands more than once."""
    names = [name for name, _ in named]
    return [name if names.count(name) == 1 else f"{name}@{step}" for name, step in named]


def verification_rows(data: bytes, model: Json, file: str) -> tuple[list[str], list[list[str]], list[Fault]]:
    """Header, rows and faults (`verification_invalid`) of verification.csv."""
    code = "verification_invalid"
    try:
        text = data.decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return [], [], [Fault(f"is not readable CSV ({error})", code, file)]
    header = verification_columns(model)
    if not rows or rows[0] != header:
        found = str(rows[0]) if rows else "nothing"
        return (
            [],
            [],
            [Fault("does not have the header it must", code, file, row=1, found=found, allowed=str(header))],
        )
    faults = [] if text.endswith("\n") and "\r\n" not in text else [Fault("lines do not end in LF", code, file)]
    if len(rows) == 1:
        faults.append(Fault("has no cases", code, file))
    textual = {"case"} | {f"in:{i['name']}" for i in model["inputs"] if i["type"] == "string"}
    textual |= {name for name in header if _is_text(name)}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            faults.append(Fault(f"row has {len(row)} fields, not {len(header)}", code, file, row=number))
            continue
        for name, value in zip(header, row, strict=True):
            if name not in textual and value and not _number(value):
                faults.append(Fault("is not a finite number", code, file, name, number, found=repr(value)))
    return header, rows[1:], faults


def verification_frame(header: list[str], rows: list[list[str]], model: Json) -> pd.DataFrame:
    """The cases as a frame: `case`, string inputs and results that are text, the rest float64; empty is missing."""
    textual = {"case"} | {f"in:{i['name']}" for i in model["inputs"] if i["type"] == "string"}
    columns = {}
    for position, name in enumerate(header):
        values = [row[position] or None for row in rows]
        text = name in textual or _is_text(name)
        numbers = [math.nan if value is None or text else float(value) for value in values]
        columns[name] = pd.Series(values, dtype="str") if text else pd.Series(numbers, dtype="float64")
    return pd.DataFrame(columns)


def _result_columns(model: Json) -> list[str]:
    outputs = model["outputs"]
    keys = ("linear_score", "probability", "probability_with_margin", "expected_value", "score", "grade")
    columns = [key for key in keys if outputs.get(key) is not None]
    if outputs.get("reasons") is not None:
        columns += [f"reason_{rank}" for rank in range(1, published_reasons(model) + 1)]
    columns += [f"decision:{name}" for name in outputs.get("decision", ())]
    return columns + ["overall_decision"] * (outputs.get("overall_decision") is not None)


def _is_text(name: str) -> bool:
    """Whether a published result is text."""
    return name in ("grade", "overall_decision") or name.startswith("reason_")


def _column_faults(
    table: pa.Table,
    known: dict[str, tuple[pa.DataType, ...]],
    others: tuple[pa.DataType, ...],
    code: str,
    file: str,
) -> Iterator[Fault]:
    for name in sorted({n for n in table.column_names if table.column_names.count(n) > 1}):
        yield Fault("column stands twice", code, file, name)
    for name, column in zip(table.column_names, table.columns, strict=True):
        allowed = known.get(name, others)
        if allowed and column.type not in allowed:
            yield Fault(f"column is {column.type}", code, file, name, allowed=" or ".join(map(str, allowed)))
        if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column), min_count=0).as_py():
            yield Fault("column holds NaN or infinity; missing is null", code, file, name)


def _value_faults(table: pa.Table, name: str, allowed: set[Any], code: str, file: str) -> Iterator[Fault]:
    if name not in table.column_names or table.column_names.count(name) > 1:
        return
    found = set(pc.unique(table[name]).to_pylist()) - allowed - {None}
    if found:
        shown = ", ".join(sorted(map(repr, found))[:5])
        yield Fault("has values that are not allowed", code, file, name, found=shown, allowed=str(sorted(allowed)))


def _outcome_faults(table: pa.Table, kind: str, code: str, file: str) -> Iterator[Fault]:
    """Outcomes that the type does not have: binary 0.0 and 1.0, amounts from 0.0, fractions from 0.0 to 1.0."""
    if kind == "binary":
        yield from _value_faults(table, "_outcome", {0.0, 1.0}, code, file)
        return
    if "_outcome" not in table.column_names or not pa.types.is_floating(table["_outcome"].type):
        return
    least, greatest = pc.min_max(table["_outcome"]).as_py().values()
    if least is not None and (least < 0.0 or (kind == "fraction" and greatest > 1.0)):
        allowed = "0.0 or more" if kind == "amount" else "0.0 to 1.0"
        found = f"{least!r} to {greatest!r}"
        yield Fault(f"has values that no {kind} has", code, file, "_outcome", found=found, allowed=allowed)


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text and text.strip() == text
    except ValueError:
        return False
