"""The columns of a partition held against the mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from credit_risk.monitoring.source.faults import PartitionFault
from credit_risk.monitoring.source.mapping import MOMENT, Mapped, ProductionTable
from credit_risk.monitoring.source.tables import AWARE, EMPTY, FITTING, Column, kind_of
from credit_risk.package import Package
from credit_risk.serving.arms import ARM

Schemas = Mapping[str, Sequence[tuple[str, pa.DataType]]]


def columns_in(
    partition: str, rows: int, schemas: Schemas, mapping: Mapped, package: Package
) -> tuple[dict[str, Column], list[PartitionFault]]:
    """Columns of production that a partition has, and faults of the others; empty where it cannot be used at all.

    schemas: name and type of each column by side of the partition; the first side that has a column is taken.
    """
    found: dict[str, Column] = {}
    faults: list[PartitionFault] = []
    kinds = mapping.kinds(package)

    def tell(name: str, code: str, message: str, remedy: str) -> None:
        gone = rows if name in mapping.needed else 0
        faults.append(PartitionFault(partition, "", code, message, rows, gone, remedy))

    for name, column in mapping.columns().items():
        side = next((s for s, schema in schemas.items() if column in [one for one, _ in schema]), None)
        shown = repr(column) if column == name else f"{column!r} ({name})"
        if side is None:
            remedy = "map another column, or leave it out of the mapping"
            if column == ARM and isinstance(mapping, ProductionTable) and mapping.pseudonymous:
                remedy = "score with --arms"
            tell(name, "column_absent", f"the column {shown} is not there", remedy)
            continue
        alike = [one for one, _ in schemas[side] if one.casefold() == column.casefold()]
        if len(alike) > 1:
            message = f"the column {shown} is there as {', '.join(alike)}, which engines do not tell apart"
            tell(name, "column_case", message, "rename one")
            continue
        field_type = next(kind for one, kind in schemas[side] if one == column)
        kind, wanted = kind_of(field_type), kinds[name]
        if kind not in FITTING[wanted]:
            allowed = " or ".join(one for one in FITTING[wanted] if one != EMPTY)
            tell(name, "column_type", f"the column {shown} holds {kind} ({field_type})", f"write {allowed}")
            continue
        if wanted == MOMENT and kind not in (AWARE, EMPTY) and mapping.time_zone is None:
            message = f"the column {shown} holds {kind}, and nobody knows which"
            tell(name, "time_zone", message, "write moments in UTC, or declare `time_zone`")
            continue
        nanoseconds = pa.types.is_timestamp(field_type) and field_type.unit == "ns"
        found[name] = Column(side, column, kind, nanoseconds)
    return ({} if set(mapping.needed) - set(found) else found), faults
