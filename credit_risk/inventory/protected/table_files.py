"""Tables without protected columns, with pseudonyms in place of applicants' keys; tables with attributes attached."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.protected.columns import row_keys
from credit_risk.inventory.protected.facts import Loaded
from credit_risk.inventory.protected.pseudonyms import pseudonyms_of
from credit_risk.inventory.protected.store import ProtectedStore
from credit_risk.sampling.source import RawColumn, Source, read_source
from credit_risk.serving.log.secret import Secret

ENDINGS = (".csv", ".csv.gz", ".parquet")


def load_table(
    store: ProtectedStore,
    table: Path,
    out: Path,
    columns: Sequence[str],
    key: str,
    secret: Secret,
    *,
    pseudonymous: bool = False,
    **terms: Any,
) -> Loaded:
    """Take protected columns of a file into the store and write the table without them to `out`, keys as pseudonyms.

    The other columns stay as they are, in their order. terms: those of `ProtectedStore.load`. `out` appears by a
    rename once the load is recorded; nothing is overwritten. Raises ProtectedError, IntakeError.
    """
    source = read_source(table)

    def taken() -> Loaded:
        return store.load(source, columns, key, pseudonymous=pseudonymous, **terms)

    def left() -> pa.Table:
        if pseudonymous or key not in source.raw:
            return _left(source, columns, {})
        keys, _ = row_keys(source, key, pseudonymous=False)  # rows without key are refused by the load, with the rest
        return _left(source, columns, {key: pseudonyms_of(secret, keys)})

    return _published(out, left, taken)


def pseudonymise_table(table: Path, out: Path, key: str, secret: Secret) -> int:
    """Write a table with pseudonyms in place of its keys; how many rows. Raises ProtectedError, IntakeError."""
    source = read_source(table)
    return _published(out, lambda: _left(source, (), {key: _pseudonyms(source, key, secret)}), lambda: source.rows)


def write_frame(frame: pd.DataFrame, out: Path) -> None:
    """Write a table that only its owner may read. Raises ProtectedError where something is there."""
    _published(out, lambda: pa.Table.from_pandas(frame, preserve_index=False), lambda: None)


def check_output(out: Path) -> None:
    """Raise ProtectedError unless a table can be written there: an ending that is known, nothing there."""
    if not out.name.endswith(ENDINGS):
        raise ProtectedError(Fault("is no table that can be written", "output", str(out), allowed=", ".join(ENDINGS)))
    if out.exists():
        raise ProtectedError(Fault("is there; nothing is overwritten", "exists", str(out)))


def _pseudonyms(source: Source, key: str, secret: Secret) -> list[str]:
    if key not in source.raw:
        raise ProtectedError(Fault("the table has no such column", "absent", source.name, key,
                                   allowed=", ".join(source.columns[:30])))  # fmt: skip
    keys, faults = row_keys(source, key, pseudonymous=False)
    if faults:
        raise ProtectedError(faults)
    return pseudonyms_of(secret, keys)


def _left(source: Source, columns: Sequence[str], instead: Mapping[str, list[str]]) -> pa.Table:
    """The table without `columns`, others as read (text of a CSV file, numbers as doubles)."""
    unusable = [name for name, raw in source.raw.items() if raw.unusable and name not in columns]
    if unusable:
        raise ProtectedError([
            Fault("the column cannot be written again", "unusable", source.name, name,
                  found=source.raw[name].unusable, remedy="leave the column out of the table") for name in unusable
        ])  # fmt: skip
    made = {n: instead.get(n) or _array(raw) for n, raw in source.raw.items() if n not in columns}
    return pa.table({name: pa.array(values) if isinstance(values, list) else values for name, values in made.items()})


def _array(raw: RawColumn) -> pa.Array:
    kind = pa.float64() if raw.is_number else pa.large_string()
    return pa.array(raw.values().tolist(), kind)


def _published(out: Path, make: Callable[[], pa.Table], act: Callable[[], Any]) -> Any:
    """Write the table beside `out`, do the act, then rename; where either fails nothing is left."""
    out = Path(out)
    check_output(out)
    data = _bytes(make(), out.name)
    partial = out.with_name(f"{out.name}.partial")
    try:
        number = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise ProtectedError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(out))) from error
    try:
        result = act()
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    os.replace(partial, out)
    return result


def _bytes(table: pa.Table, name: str) -> bytes:
    sink = io.BytesIO()
    if name.endswith(".parquet"):
        pq.write_table(table, sink)
        return sink.getvalue()
    pa_csv.write_csv(table, sink, pa_csv.WriteOptions(quoting_style="needed"))
    return gzip.compress(sink.getvalue(), mtime=0) if name.endswith(".gz") else sink.getvalue()
