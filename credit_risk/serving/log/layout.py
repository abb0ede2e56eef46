"""Where things stand in a log, and what its tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, ScoringError
from credit_risk.package.parquet import OPTIONS, ROW_GROUP_SIZE
from credit_risk.serving.arms import ARM

MANIFEST, PREDICTIONS, INPUTS = "manifest.json", "predictions", "inputs"
BATCH_FORMAT = "credit-risk-prediction-batch"
STAGED = ".erasing"
CONSTANTS = ("batch", "model_id", "model_version", "package_hash", "key_id", "engine", "method", "timestamp")
PERSONAL = ("pseudonym", "inputs_hash", "salt")


@dataclass(frozen=True, slots=True)
class BatchFolder:
    """A batch of a log: its folder and manifest."""

    path: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        """Name of the batch."""
        return str(self.manifest["batch"])

    @property
    def day(self) -> str:
        """Day of the batch, UTC."""
        return self.path.parent.name.removeprefix("day=")

    @property
    def outputs(self) -> list[str]:
        """Names of the columns of results, in order."""
        return [one["name"] for one in self.manifest["outputs"]]

    @property
    def results(self) -> list[str]:
        """Those of them that the model gives: all but the arm of a live split."""
        return [name for name in self.outputs if name != ARM]

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs, in the order of model.json."""
        return [one["name"] for one in self.manifest["inputs"]]


def batch_path(log: Path, day: str, batch: str) -> Path:
    """Folder of a batch."""
    return log / f"day={day}" / f"batch={batch}"


def batches(log: Path) -> Iterator[BatchFolder]:
    """Batches that stand in the log, by day and name. Raises PackageError where a manifest is not strict JSON."""
    for path in sorted(log.glob("day=*/batch=*")):
        if (path / MANIFEST).is_file():
            yield read_batch(log, path)


def read_batch(log: Path, path: Path) -> BatchFolder:
    """A batch of the log that has a manifest. Raises PackageError where that is not strict JSON."""
    name = (path / MANIFEST).relative_to(log).as_posix()
    return BatchFolder(path, canonical_json.from_bytes((path / MANIFEST).read_bytes(), name))


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet by the rules of packages: the same table gives the same bytes."""
    pq.write_table(table, path, row_group_size=ROW_GROUP_SIZE, **OPTIONS)


def read_table(path: Path, shown: str) -> pa.Table:
    """A part of the log. Raises ScoringError where it is not readable."""
    try:
        with pq.ParquetFile(path) as file:
            return file.read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        found = " ".join(str(error).split())[:200]
        raise ScoringError(Fault("cannot be read as Parquet", "log_damaged", shown, found=found)) from error
