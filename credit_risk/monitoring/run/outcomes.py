"""Outcomes that come late: key, day of the bad, and the day to which the account was looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.monitoring.frames import FAULT_COLUMNS
from credit_risk.serving.log import Secret

COLUMNS = ["_key", "bad_date", "observed_until"]
REPEATED = "outcome_repeated"


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """Where outcomes lie: a Parquet file or folder, and its columns.

    The keys are those of production; with `secret` they are plain ones, and production is a log with its pseudonyms.
    """

    path: Path
    key: str = "key"
    bad_date: str = "bad_date"
    observed_until: str = "observed_until"
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """frame: COLUMNS, a row a key, of every file that could be read; faults: FAULT_COLUMNS; sha256 of the files."""

    frame: pd.DataFrame
    faults: pd.DataFrame
    sha256: str

    def of(self, keys: Sequence[str] | pd.Series) -> pd.DataFrame:
        """bad_date and observed_until of keys, in their order; missing where nothing was delivered."""
        return self.frame.reindex(pd.Index(keys))


def read_outcomes(table: OutcomeTable) -> Outcomes:
    """Read every file; one that cannot be read, or lacks a column, is told and left out.

    Of a key that is there more than once the row that was looked at last counts, and it is told. Raises IntakeError
    where there is no file, or none of them can be read.
    """
    files = _files(table.path)
    wanted = [table.key, table.bad_date, table.observed_until]
    found: list[pd.DataFrame] = []
    faults: list[tuple[str, str, str, str, int, int, str]] = []
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
        try:
            schema = pq.read_schema(file)
            lost = [name for name in wanted if name not in schema.names]
            if lost:
                message, remedy = f"columns are absent: {', '.join(lost)}", "name the columns, or deliver them"
                rows = int(pq.read_metadata(file).num_rows)
                faults.append((file.name, "", "column_absent", message, rows, rows, remedy))
                continue
            found.append(_typed(pq.read_table(file, columns=wanted), table))
        except (pa.ArrowException, OSError, ValueError) as error:
            message = f"cannot be read: {str(error).splitlines()[0][:200]}"
            faults.append((file.name, "", "unreadable", message, 0, 0, "export the file again"))
    if not found:
        message = "no file of outcomes can be read"
        told = "; ".join(f"{fault[0]}: {fault[3]}" for fault in faults[:5])
        raise IntakeError(Fault(message, "outcomes", str(table.path), found=told))
    frame = pd.concat(found, ignore_index=True)
    lost_keys = int(frame["_key"].isna().sum())
    if lost_keys:
        faults.append(("outcomes", "", "key_missing", "rows without a key", lost_keys, lost_keys, "deliver the keys"))
    frame = frame[frame["_key"].notna()]
    repeated = int(frame["_key"].duplicated().sum())
    if repeated:
        message = "keys that are there more than once: the row that was looked at last counts"
        faults.append(("outcomes", "", REPEATED, message, repeated, repeated, "deliver one row a key"))
    ordered = frame.sort_values(["_key", "observed_until", "bad_date"], na_position="first", kind="stable")
    kept = ordered.drop_duplicates("_key", keep="last").set_index("_key")
    return Outcomes(kept, pd.DataFrame(faults, columns=FAULT_COLUMNS), digest.hexdigest())


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise IntakeError(Fault("there is no such file or folder", "outcomes", str(path)))
    files = [path] if path.is_file() else [Path(file) for file in sorted(ds.dataset(path, format="parquet").files)]
    if not files:
        raise IntakeError(Fault("holds no Parquet file", "outcomes", str(path)))
    return files


def _typed(table: pa.Table, names: OutcomeTable) -> pd.DataFrame:
    """Keys as text, moments as UTC days. Raises ValueError where a column holds something else."""
    frame = table.rename_columns(COLUMNS).to_pandas(date_as_object=False)
    keys = frame["_key"]
    if pd.api.types.is_float_dtype(keys):
        raise ValueError(f"{names.key} holds fractions, not keys")
    texts = keys.astype(object).map(lambda key: None if pd.isna(key) else str(key))
    secret = names.secret
    frame["_key"] = texts if secret is None else texts.map(lambda t: None if t is None else secret.pseudonym(t).hex())
    for place, name in ((1, names.bad_date), (2, names.observed_until)):
        kind = table.schema.field(place).type
        if pa.types.is_null(kind):
            frame[COLUMNS[place]] = np.datetime64("NaT", "ns")
        elif not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
            raise ValueError(f"{name} holds {kind}, not dates")
        column = pd.to_datetime(frame[COLUMNS[place]], utc=True)
        frame[COLUMNS[place]] = column.dt.tz_localize(None).astype("datetime64[s]")
    return frame
