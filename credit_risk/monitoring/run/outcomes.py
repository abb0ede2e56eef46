"""Outcomes that come late: where they lie, and their keys where production is a log of pseudonyms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.monitoring.source import OutcomesTable
from credit_risk.serving.log import Secret


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """A Parquet file, folder or pattern (of an engine: a table, a URL), and its columns. A text is taken as it is.

    The keys are those of production; with `secret` they are plain ones, and production is a log with its pseudonyms.
    """

    path: Path | str
    key: str = "key"
    bad_date: str = "bad_date"
    observed_until: str = "observed_until"
    secret: Secret | None = None

    @property
    def columns(self) -> OutcomesTable:
        """The columns as the source of production takes them."""
        return OutcomesTable(self.key, self.bad_date, self.observed_until)


@contextmanager
def at_hand(table: OutcomeTable) -> Iterator[str]:
    """Where the outcomes can be read: with a secret a copy whose keys are pseudonyms, removed at the end.

    A file that cannot be read is copied as it is, so that it is told as the others are. Raises IntakeError where there
    is no file.
    """
    if table.secret is None:
        yield str(table.path)
        return
    path = Path(table.path)
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise IntakeError(Fault("there is no such file or folder", "outcomes", str(table.path)))
    with TemporaryDirectory() as folder:
        for place, file in enumerate(files):
            _pseudonymised(file, Path(folder) / f"{place:05d}-{file.name}", table)
        yield folder


def _pseudonymised(file: Path, copy: Path, table: OutcomeTable) -> None:
    """Batch by batch, so that a batch is held at once."""
    secret = table.secret
    assert secret is not None
    try:
        source = pq.ParquetFile(file)
        if table.key not in source.schema_arrow.names:
            raise pa.ArrowInvalid("no column of keys")
        place = source.schema_arrow.get_field_index(table.key)
        schema = source.schema_arrow.set(place, pa.field(table.key, pa.string()))
        with pq.ParquetWriter(copy, schema) as writer:
            for batch in source.iter_batches():
                keys = [None if pd.isna(key) else secret.pseudonym(str(key)).hex() for key in batch[place].to_pylist()]
                columns = [pa.array(keys, pa.string()) if k == place else one for k, one in enumerate(batch.columns)]
                writer.write_batch(pa.record_batch(columns, schema=schema))
    except (pa.ArrowException, OSError):
        copy.write_bytes(file.read_bytes())
