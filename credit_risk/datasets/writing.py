"""A portfolio as files: Parquet or CSV, the same bytes for the same tables, all or nothing."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from credit_risk._core.canonical_json import to_bytes
from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.datasets.spec import PortfolioSpec

FORMATS = ("parquet", "csv")
TRUTH = ("truth", "parameters", "drift")
ROW_GROUP_SIZE = 131_072


def write_tables(
    frames: Mapping[str, pd.DataFrame], spec: PortfolioSpec, description: str, folder: Path, file_format: str
) -> Path:
    """Write every frame, README.md and portfolio.json to `folder`; see Portfolio.write."""
    faults = []
    if file_format not in FORMATS:
        faults.append(
            Fault("unknown format", "choice", path="file_format", found=repr(file_format), allowed=", ".join(FORMATS))
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        faults.append(Fault("exists already", "folder", str(folder), remedy="name a folder that is new or empty"))
    if faults:
        raise CreditRiskError(faults)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise CreditRiskError(Fault(f"cannot be written: {error.strerror}", "folder", str(folder))) from error
    try:
        (partial / "truth").mkdir()
        for name, frame in frames.items():
            place = partial / "truth" if name in TRUTH else partial
            _write_table(frame, place / f"{name}.{file_format}")
        (partial / "README.md").write_bytes((description + "\n").encode("utf-8"))
        (partial / "portfolio.json").write_bytes(to_bytes(arguments(spec)))
        partial.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        raise CreditRiskError(Fault(f"cannot be written: {error.strerror}", "folder", str(folder))) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def arguments(spec: PortfolioSpec) -> dict[str, Any]:
    """The arguments as JSON values; a drift switch carries its `kind`. `chunk_size`, which changes nothing, is out."""
    values = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec) if field.name != "chunk_size"}
    values["drift"] = [{"kind": type(drift).__name__} | dataclasses.asdict(drift) for drift in spec.drift]
    return values


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(position, field.name, table.column(position).cast(pa.date32()))
        elif pa.types.is_large_string(field.type):
            table = table.set_column(position, field.name, table.column(position).cast(pa.string()))
    if path.suffix == ".csv":
        arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="needed"))
        return
    pq.write_table(
        table,
        path,
        row_group_size=ROW_GROUP_SIZE,
        version="2.6",
        compression="zstd",
        compression_level=3,
        store_schema=False,
    )
