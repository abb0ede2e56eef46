"""Parquet files and prediction logs as partitions: each file looked at by itself, none stops the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk.monitoring.source.columns import columns_in
from credit_risk.monitoring.source.faults import PartitionFault
from credit_risk.monitoring.source.mapping import INPUT, Mapped
from credit_risk.monitoring.source.tables import INPUTS, PREDICTIONS, TABLE, Partition
from credit_risk.package import Package
from credit_risk.serving.files import find_files, kind_of
from credit_risk.serving.log.journal import JOURNAL

Found = tuple[list[Partition], list[PartitionFault]]
LOG = "log.json"
AGAIN = "export the file again"


def is_log(path: str) -> bool:
    """Whether a folder is a prediction log."""
    return (Path(path) / LOG).is_file()


def file_partitions(path: str, mapping: Mapped, package: Package) -> Found:
    """Partitions of a file, folder, pattern, or prediction log. Raises IntakeError where there is no file at all."""
    partitions: list[Partition] = []
    faults: list[PartitionFault] = []
    for name, places in _log_places(Path(path)) if is_log(path) else _places(path):
        one, told = _partition(name, places, mapping, package)
        faults += told
        if one is not None:
            partitions.append(one)
    if is_log(path):
        faults += _backwards(Path(path))
    return partitions, faults


def _places(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    root, files = find_files(path)
    for one in files:
        yield one.relative_to(root).as_posix(), {TABLE: str(one.resolve())}


def _log_places(log: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for one in sorted(log.glob("day=*/batch=*/predictions/part-*.parquet")):
        other = one.parent.parent / INPUTS / one.name
        places = {PREDICTIONS: str(one.resolve())}
        if other.is_file():
            places[INPUTS] = str(other.resolve())
        yield f"{one.parent.parent.relative_to(log).as_posix()}/{one.name}", places


def _partition(
    name: str, places: dict[str, str], mapping: Mapped, package: Package
) -> tuple[Partition | None, list[PartitionFault]]:
    schemas: dict[str, list[tuple[str, pa.DataType]]] = {}
    faults: list[PartitionFault] = []
    rows = 0
    for side, place in list(places.items()):
        if kind_of(Path(place)) != "Parquet":
            return None, [PartitionFault(name, "", "kind", "is no Parquet file by its name", 0, 0, "name a pattern")]
        try:
            with pq.ParquetFile(place) as file:
                schemas[side] = [(one.name, one.type) for one in file.schema_arrow]
                rows = max(rows, file.metadata.num_rows)
        except (pa.ArrowException, OSError, ValueError) as error:
            words = " ".join(str(error).split())[:160]
            message = f"is damaged, or was not written to its end ({side}): {words}"
            faults.append(PartitionFault(name, "", "damaged", message, 0, 0, AGAIN))
            del places[side]
    if not places or (PREDICTIONS not in places and TABLE not in places):
        return None, faults
    if not rows:
        return None, [*faults, PartitionFault(name, "", "no_rows", "there is no row", 0, 0, "leave the file out")]
    logged = PREDICTIONS in places and INPUTS not in schemas
    columns, told = columns_in(name, rows, schemas, mapping, package)
    if logged:
        inputs = {column for column in mapping.columns().values() if column.startswith(INPUT)}
        told = [one for one in told if not any(repr(column) in one.message for column in inputs)]
        message = "the inputs of these rows are not in the log"
        told.append(PartitionFault(name, "", "inputs_absent", message, rows, 0, "score with --log-inputs"))
    return (Partition(name, places, columns, rows) if columns else None), [*faults, *told]


def _backwards(log: Path) -> list[PartitionFault]:
    """Batches whose moment lies before that of a batch that was written before them."""
    faults, latest = [], ""
    try:
        lines = (log / JOURNAL).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [PartitionFault(JOURNAL, "", "damaged", str(error)[:160], 0, 0, "verify the log")]
    for line in lines:
        try:
            event = json.loads(line)
            if event["event"] != "batch":
                continue
            batch, rows = f"day={event['day']}/batch={event['batch']}", int(event["rows"])
        except (ValueError, KeyError, TypeError):
            faults.append(PartitionFault(JOURNAL, "", "damaged", "a line is no event", 0, 0, "verify the log"))
            continue
        try:
            moment = str(json.loads((log / batch / "manifest.json").read_text("utf-8"))["constants"]["timestamp"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            words = " ".join(str(error).split())[:160]
            faults.append(PartitionFault(batch, "", "damaged", f"its manifest: {words}", 0, 0, "verify the log"))
            continue
        if moment < latest:
            message = f"its moment {moment} lies before {latest} of a batch that was written before it"
            remedy = "check the clock of the machine that scored it"
            faults.append(PartitionFault(batch, moment[:7], "clock_backwards", message, rows, 0, remedy))
        latest = max(latest, moment)
    return faults
