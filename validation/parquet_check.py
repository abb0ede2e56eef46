"""What a Parquet file says it will become in memory, looked at before anything of it is decoded.

Runs and dictionaries make a small file stand for billions of values. So the rows, the chunks and their sizes in the
footer must agree with each other, the decoded size must be in proportion to the file, and texts are read as
dictionaries and measured before they are written out.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from validation.errors import Fault

MAXIMUM_CELLS = 2_000_000_000
MAXIMUM_COLUMNS = 100_000
FREE_BYTES = 256 * 1024**2
TIMES_THE_FILE = 512
_TYPES = ("double", "string", "large_string", "int64", "null")


def metadata_faults(source: pq.ParquetFile, size: int, file: str, code: str) -> list[Fault]:
    """Return what the footer of a snapshot of `size` bytes contradicts or promises too much of."""
    return (
        _too_large(source, file, code)
        or [
            Fault(code, "neither float64, string nor int64", file, item.name, None, str(item.type))
            for item in source.schema_arrow
            if str(item.type) not in _TYPES
        ]
        or size_faults(source, size, file, code, source.schema_arrow.names)
    )


def size_faults(source: pq.ParquetFile, size: int, file: str, code: str, names: Sequence[str]) -> list[Fault]:
    """Return what the footer of a file of `size` bytes contradicts or promises too much of, in the columns `names`.

    The columns are flat: one value a row.
    """
    meta, faults = source.metadata, _too_large(source, file, code)
    if faults:
        return faults
    rows, stored, read = 0, 0, set(names)
    for number in range(meta.num_row_groups):
        group = meta.row_group(number)
        rows += group.num_rows
        for place in range(group.num_columns):
            chunk = group.column(place)
            if chunk.path_in_schema not in read:
                continue
            stored += max(0, chunk.total_uncompressed_size)
            if chunk.num_values != group.num_rows:
                found, allowed = str(chunk.num_values), str(group.num_rows)
                faults.append(
                    Fault(code, "other number of values than rows", file, chunk.path_in_schema, None, found, allowed)
                )
    if rows != meta.num_rows:
        faults.append(Fault(code, "the row groups hold other rows", file, None, None, str(rows), str(meta.num_rows)))
    decoded = max(stored, 8 * meta.num_rows * meta.num_columns)
    if decoded > allowance(size):
        faults.append(_bomb(decoded, size, file, code))
    return faults


def _too_large(source: pq.ParquetFile, file: str, code: str) -> list[Fault]:
    meta = source.metadata
    if meta.num_columns > MAXIMUM_COLUMNS:
        return [Fault(code, "the table has too many columns", file, None, None, str(meta.num_columns))]
    if meta.num_rows < 0 or meta.num_rows * max(meta.num_columns, 1) > MAXIMUM_CELLS:
        return [Fault(code, "the table is too large", file, None, None, f"{meta.num_rows} rows")]
    return []


def text_faults(table: pa.Table, size: int, file: str, code: str) -> list[Fault]:
    """Return a fault where texts, read as dictionaries, would be out of proportion to the file when written out."""
    decoded = 0
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            for chunk in column.chunks:
                lengths = pc.binary_length(chunk.dictionary)
                counts = pc.value_counts(chunk.indices.drop_null())
                total = pc.sum(
                    pc.multiply(pc.take(lengths, counts.field("values")).cast("int64"), counts.field("counts"))
                )
                decoded += total.as_py() or 0
    return [_bomb(decoded, size, file, code)] if decoded > allowance(size) else []


def allowance(size: int) -> int:
    """Return how many bytes a file of `size` bytes may become in memory."""
    return FREE_BYTES + TIMES_THE_FILE * size


def _bomb(decoded: int, size: int, file: str, code: str) -> Fault:
    message = "the table is out of proportion to its file"
    found, allowed = f"{decoded} bytes of {size} in the file", f"{allowance(size)} bytes"
    return Fault(code, message, file, None, None, found, allowed, "write it again as Parquet with plain pages")
