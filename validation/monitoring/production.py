"""Rows of production and of outcomes, read by our own code: Parquet files or the prediction log."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from validation.errors import Fault, ValidationInputError
from validation.package import Package

NUMBERS = ("linear_score", "probability", "probability_with_margin", "expected_value", "score")
TEXTS = ("grade", "overall_decision")
PROBABILITIES = ("probability", "probability_with_margin")
INPUT, SEGMENT, CHALLENGER, OTHER = "input:", "segment:", "challenger:", "column:"
APPLICANT = "applicant of the row"
LOG, KEPT, ARM = "log.json", "_inputs_kept", "arm"
FAULTS = ["place", "period", "code", "left_out"]
CODES = {
    "rows without a moment": "time_missing", "rows with a moment after the run": "time_in_future",
    "rows without a key": "key_missing", "rows of another package": "other_package",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """Names in the table: of the key, the moment, the decision, the package hash; `named`: name -> column of inputs
    and results that are called otherwise; segments, challengers (`id:result`), others (that the plan's section on
    monitoring names, by default of that name): name -> column."""

    key: str = "pseudonym"
    time: str = "timestamp"
    decision: str | None = None
    package: str | None = None
    time_zone: str | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    challengers: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Production:
    """frame: key, time (UTC), period, place (of the file), then results, `input:`, `segment:` and `challenger:` columns
    that are there, numbers float64 with NaN, texts objects with None; files: name -> rows read; left: file or reason ->
    rows left out; is_log: whether it is a prediction log; faults: FAULTS of rows, one for each fault that a row has."""

    frame: pd.DataFrame
    files: Mapping[str, int]
    left: Mapping[str, int]
    is_log: bool
    faults: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FAULTS))

    @property
    def whole(self) -> np.ndarray:
        """Rows (n,) whose inputs are at hand: in a log they may be erased, or not kept."""
        if not self.is_log:
            return np.ones(len(self.frame), dtype=bool)
        return np.asarray(self.frame[KEPT].to_numpy(), dtype=bool)

    @property
    def periods(self) -> list[str]:
        """Months with rows, ascending."""
        return sorted(set(self.frame["period"]))


def read_production(place: Path, columns: Columns, package: Package, until: datetime) -> Production:
    """Read a Parquet file, a folder of them, or a prediction log; `until`: moments after it are in the future.

    A file that cannot be read is left out, as are rows without a key or a moment, of another package, in the future,
    and of a key all but the first. Raises ValidationInputError where there is no file, none can be read, or columns of
    key and moment are absent.
    """
    is_log = (place / LOG).is_file()
    names = Columns(segments=columns.segments, package="package_hash") if is_log else columns
    parts, files, left = [], {}, {}
    for name, file in _files(place, is_log):
        try:
            table = _read(file, is_log)
        except (pa.ArrowException, OSError, ValueError) as error:
            left[f"{name}: cannot be read ({str(error).splitlines()[0][:120]})"] = 0
            continue
        files[name] = table.num_rows
        parts.append(_frame(table, names, package, is_log).assign(place=name))
    if not parts:
        message = "no Parquet file of production can be read"
        raise ValidationInputError(Fault("source_invalid", message, str(place)))
    frame = pd.concat(parts, ignore_index=True)
    frame["period"] = frame["time"].dt.strftime("%Y-%m").fillna("")
    faults = [_faults(frame[frame["key"].isna()], "erased", left_out=False)] if is_log else []
    reasons = _wrong(frame, package, until, is_log)
    for reason, wrong in reasons.items():
        faults.append(_faults(frame[wrong], CODES[reason]))
        if wrong.any():
            left[reason] = int(wrong.sum())
    keep = ~np.logical_or.reduce(list(reasons.values()))
    frame = _in_order(frame[keep])
    again = frame["key"].duplicated() & frame["key"].notna()
    several = frame["key"].duplicated(keep=False) & frame["key"].notna()
    faults.append(_faults(frame[several], "duplicate_key", left_out=again[several].to_numpy()))
    if again.any():
        left["the key stands more than once: the first counts"] = int(again.sum())
    frame = frame[~again].sort_index().reset_index(drop=True)
    return Production(frame, files, left, is_log, pd.concat(faults, ignore_index=True))


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order in which the first of a key counts: by moment, by the name of the file, then by what they hold,
    column by column in the order of the columns' names (missing first)."""
    first = {"key": "_key", "time": "_time", "package": "_package"}
    others = [one for one in frame if one not in ("key", "time", "period", "place", "package", KEPT, APPLICANT)]
    several = frame["key"].duplicated(keep=False) & frame["key"].notna()
    by = [
        "time",
        "place",
        *sorted([*others, *(["package"] if "package" in frame else [])], key=lambda n: first.get(n, n)),
    ]
    ordered = frame[several].sort_values(by, kind="stable", na_position="first")
    return pd.concat([frame[~several], ordered])


def _faults(rows: pd.DataFrame, code: str, left_out: bool | np.ndarray = True) -> pd.DataFrame:
    """FAULTS of rows with a fault."""
    return rows[["place", "period"]].assign(code=code, left_out=left_out)


def _files(place: Path, is_log: bool) -> list[tuple[str, Path]]:
    if not place.exists():
        raise ValidationInputError(Fault("file_missing", "there is no such file or folder", str(place)))
    if place.is_file():
        return [(place.name, place)]
    pattern = "day=*/batch=*/predictions/part-*.parquet" if is_log else "**/*.parquet"
    found = [one for one in sorted(place.glob(pattern)) if not any(part.startswith(".") for part in one.parts)]
    if is_log:
        return [(f"{one.parent.parent.relative_to(place).as_posix()}/{one.name}", one) for one in found]
    return [(one.relative_to(place).as_posix(), one) for one in found]


def _read(file: Path, is_log: bool) -> pa.Table:
    """One file; of a log the predictions beside their inputs, by the number of the row."""
    table = pq.ParquetFile(file).read()
    other = file.parent.parent / "inputs" / file.name
    if is_log and other.is_file():
        inputs = pq.ParquetFile(other).read().drop_columns(["pseudonym"])
        inputs = inputs.append_column(KEPT, pa.array([True] * inputs.num_rows))
        table = table.join(inputs, "row", join_type="left outer").sort_by("row")
    return table


def _frame(table: pa.Table, names: Columns, package: Package, is_log: bool) -> pd.DataFrame:
    held = set(table.column_names)
    lost = [one for one in (names.key, names.time) if one not in held]
    if lost:
        raise ValidationInputError([Fault("source_invalid", "there is no such column", path=one) for one in lost])
    found: dict[str, Any] = {"key": _texts(table[names.key]), "time": _moments(table[names.time], names.time_zone)}
    for name in (*NUMBERS, *TEXTS):
        column = names.named.get(name, name)
        if package.model["outputs"].get(name) and column in held:
            found[name] = _numbers(table[column]) if name in NUMBERS else _texts(table[column])
            if name in PROBABILITIES:
                found[name] = _possible(found[name])
    for item in package.model["inputs"]:
        column = f"{INPUT}{item['name']}" if is_log else names.named.get(item["name"], item["name"])
        if column in held:
            number = item["type"] == "number"
            found[INPUT + item["name"]] = _numbers(table[column]) if number else _texts(table[column])
    if is_log:
        kept = table[KEPT].to_pylist() if KEPT in held else [None] * table.num_rows
        found[KEPT] = np.array([one is True for one in kept], dtype=bool)
    single = {"decision": names.decision, "package": names.package}
    for name, asked in single.items():
        if asked is not None and asked in held:
            found[name] = _texts(table[asked])
    found |= {SEGMENT + name: _texts(table[column]) for name, column in names.segments.items() if column in held}
    for name, column in names.challengers.items():
        if column in held:
            values = _numbers(table[column])
            found[CHALLENGER + name] = _possible(values) if name.rpartition(":")[2] in PROBABILITIES else values
    arm = ((package.plan.get("monitoring") or {}).get("challengers") or {}).get("arm")
    for name, number in declared_columns(package.plan).items():
        column = names.others.get(name, name)
        if is_log:
            column = f"{INPUT}{name}" if f"{INPUT}{name}" in held else ARM if name == arm else column
        if column in held:
            found[OTHER + name] = _numbers(table[column]) if number else _texts(table[column])
    applicant = applicant_of(package.plan)
    if applicant is not None and OTHER + applicant in found:
        found[APPLICANT] = found[OTHER + applicant]
    # As objects: pandas would make texts of its own of them, whose missing values are NaN.
    texts = {name: pd.Series(one, dtype=object) for name, one in found.items() if one.dtype == object}
    return pd.DataFrame({**found, **texts})


def applicant_of(plan: Mapping[str, Any]) -> str | None:
    """Column that names the applicant: of the section on monitoring, else the group of the samples."""
    name = (plan.get("monitoring") or {}).get("applicant") or (plan.get("samples") or {}).get("group")
    return None if name in (None, "duplicates") else str(name)


def declared_columns(plan: Mapping[str, Any]) -> dict[str, bool]:
    """Columns that the section on monitoring names, each with whether it holds numbers."""
    own: Mapping[str, Any] = plan.get("monitoring") or {}
    test, amounts = own.get("challengers") or {}, own.get("profit") or {}
    found: dict[str, bool] = {}
    if amounts.get("amount"):
        found[str(amounts["amount"])] = True
    for name in (applicant_of(plan), test.get("arm"), test.get("random_accepts"), amounts.get("reviewed")):
        if name:
            found.setdefault(str(name), False)
    for one in own.get("objectives") or []:
        value = one.get("value")
        text = one["measure"] == "share" and isinstance(value, (str, bool))
        for name in one["columns"]:
            found.setdefault(str(name), not text)
    return found


def yes(values: np.ndarray) -> np.ndarray:
    """Whether texts (n,) say yes; None where they say neither yes nor no."""
    words = {"true": True, "yes": True, "y": True, "t": True, "1": True}
    words |= {"false": False, "no": False, "n": False, "f": False, "0": False}
    return np.array([None if one is None else words.get(str(one).lower()) for one in values] + [None], object)[:-1]


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pd.to_numeric(column.to_pandas(), errors="coerce"), np.float64)


def _possible(p: np.ndarray) -> np.ndarray:
    """Probabilities (n,); a finite number outside [0, 1] is none, and missing."""
    return np.where(np.isfinite(p) & ((p < 0) | (p > 1)), np.nan, p)


def _texts(column: pa.ChunkedArray) -> np.ndarray:
    """Texts; whole numbers in decimal digits, an empty text missing."""
    kind = column.type
    if pa.types.is_floating(kind):
        values = [None if one is None or one != one else _plain(one) for one in column.to_pylist()]
    else:
        values = [None if one is None or one == "" else str(one) for one in column.to_pylist()]
    return np.array([*values, None], dtype=object)[:-1]


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _moments(column: pa.ChunkedArray, zone: str | None) -> pd.Series:
    """Moments in UTC; those without a zone are of `zone`, UTC where none is given."""
    moments = pd.to_datetime(column.to_pandas())
    if moments.dt.tz is None:
        moments = moments.dt.tz_localize(zone or "UTC", ambiguous="NaT", nonexistent="NaT")
    return moments.dt.tz_convert("UTC").astype("datetime64[us, UTC]").reset_index(drop=True)


def _wrong(frame: pd.DataFrame, package: Package, until: datetime, is_log: bool) -> dict[str, np.ndarray]:
    found = {
        "rows without a moment": frame["time"].isna().to_numpy(),
        "rows with a moment after the run": (frame["time"] > until.astimezone(UTC)).to_numpy(),
    }
    if not is_log:
        found["rows without a key"] = frame["key"].isna().to_numpy()
    if "package" in frame:
        found["rows of another package"] = (frame["package"] != package.hash).to_numpy()
    return found


@dataclass(frozen=True, slots=True)
class OutcomeFiles:
    """Files or folders, names of their columns, and the secret of a log's pseudonyms where their keys are plain."""

    places: Sequence[Path] = ()
    key: str = "key"
    bad_date: str = "bad_date"
    observed_until: str = "observed_until"
    secret: bytes | None = field(default=None, repr=False)

    def pseudonym(self, key: str) -> str:
        """HMAC-SHA-256(secret, UTF-8 of the key) in hexadecimal (PREDICTION_LOG.md, section 2)."""
        return key if self.secret is None else hmac.new(self.secret, key.encode("utf-8"), "sha256").hexdigest()


def read_outcomes(files: OutcomeFiles, until: datetime) -> pd.DataFrame:
    """bad_date and observed_until (UTC days) by key: of a key the row that was looked at last, then the earliest bad.

    Rows without a key or a last look, looked at after `until`, or bad after the last look are left out. Raises
    ValidationInputError where no file can be read.
    """
    parts = []
    for place in files.places:
        for _, file in _files(place, False):
            try:
                table = pq.ParquetFile(file).read(columns=[files.key, files.bad_date, files.observed_until])
                days = (_days(table[one]) for one in (files.bad_date, files.observed_until))
                told = dict(zip(("bad_date", "observed_until"), days, strict=True))
                parts.append(pd.DataFrame({"key": _texts(table[files.key]), **told}))
            except (pa.ArrowException, OSError, ValueError, KeyError):
                continue
    if not parts:
        message = "no Parquet file of outcomes with these columns can be read"
        raise ValidationInputError(Fault("source_invalid", message, ", ".join(str(one) for one in files.places)))
    frame = pd.concat(parts, ignore_index=True)
    last_day = pd.Timestamp(until.date())
    fine = frame["key"].notna() & frame["observed_until"].notna() & (frame["observed_until"] <= last_day)
    frame = frame[fine & ~(frame["bad_date"] > frame["observed_until"])]
    frame = frame.assign(key=[files.pseudonym(str(key)) for key in frame["key"]])
    frame = frame.sort_values(["observed_until", "bad_date"], ascending=[False, True], kind="stable")
    return frame.drop_duplicates("key", keep="first").set_index("key")


def _days(column: pa.ChunkedArray) -> pd.Series:
    moments = pd.to_datetime(column.to_pandas(date_as_object=False), utc=True)
    return moments.dt.tz_localize(None).dt.floor("D").astype("datetime64[s]")


def moment_of(manifest: Mapping[str, Any]) -> datetime:
    """When a run was made, as its manifest says."""
    return datetime.strptime(str(manifest["created"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
