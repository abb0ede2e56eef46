"""Files to be scored: a file, a folder or a pattern; each looked at before any row is read, all faults at once."""

from __future__ import annotations

import csv
import glob
import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk._core.errors import CreditRiskError, Fault, IntakeError
from credit_risk._core.hashing import sha256_file
from credit_risk.sampling.csv_source import DELIMITERS
from credit_risk.serving.source import (
    DATE,
    DECIMAL,
    INTEGER,
    NOTHING,
    OTHER,
    REAL,
    SINGLE,
    TEXT,
    TRUTH,
    WHOLE,
    InputFacts,
    Piece,
)

PARQUET, CSV = (".parquet", ".pq"), (".csv", ".csv.gz", ".tsv", ".txt")
HEAD = 1 << 20
EXACT_DIGITS = 15
"""Decimals of at most so many digits become the nearest double in every engine."""


def find_files(path: str) -> tuple[Path, list[Path]]:
    """The root of the names and the files of a path, folder (all below it) or pattern, in the order of their names.

    Names that begin with a dot or an underscore are passed over, as engines do. Raises IntakeError.
    """
    given = Path(path)
    if given.is_file():
        return given.parent, [given]
    if given.is_dir():
        found = [one for one in given.rglob("*") if one.is_file() and not _hidden(one.relative_to(given))]
        root = given
    elif glob.has_magic(path):
        found = [Path(one) for one in glob.glob(path, recursive=True) if Path(one).is_file()]
        root = Path(path[: len(path) - len(path.lstrip("/"))] or ".")
        for part in given.parts:
            if glob.has_magic(part):
                break
            root = root / part
    else:
        remedy = "name a file, a folder, or a pattern in quotation marks"
        raise IntakeError(Fault("there is no such file or folder", "unreadable", path, remedy=remedy))
    if not found:
        remedy = "export the table, or name another folder"
        raise IntakeError(Fault("holds no file to be scored", "empty", path, allowed="Parquet or CSV", remedy=remedy))
    return root, sorted(found, key=lambda one: one.relative_to(root).as_posix())


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def kind_of(path: Path) -> str | None:
    """Parquet or CSV by the name, None for another file."""
    name = path.name.lower()
    return "Parquet" if name.endswith(PARQUET) else "CSV" if name.endswith(CSV) else None


def file_facts(path: str, needed: Sequence[str], key: str | None = None) -> InputFacts:
    """Kinds, rows, columns and hashes of the files; the rows of CSV files are 0, to be counted by the engine.

    The key is needed in all files where one of them has it. Raises IntakeError with every fault: files of two kinds or
    of another one, files that cannot be read or have no row, columns that are absent in a file, stand twice in it, or
    differ from another in the case of letters alone.
    """
    root, files = find_files(path)
    kind_of_file = {one: kind_of(one) for one in files}
    faults = [
        Fault("is neither Parquet nor CSV by its name", "kind", one.name, remedy="move it away, or name a pattern")
        for one, kind in kind_of_file.items()
        if kind is None
    ]
    known = [kind for kind in dict.fromkeys(kind_of_file.values()) if kind]
    if len(known) > 1:
        first = {kind: next(one.name for one in files if kind_of_file[one] == kind) for kind in known}
        shown = ", ".join(f"{name} ({kind})" for kind, name in first.items())
        remedy = "name a pattern that takes one kind, such as 'folder/*.parquet'"
        faults.append(Fault("holds files of two kinds", "mixed_kinds", path, found=shown, remedy=remedy))
    if faults:
        raise IntakeError(faults)
    read = _parquet if known == ["Parquet"] else _csv
    pieces: list[Piece] = []
    columns: dict[str, set[str]] = {}
    found: dict[str, list[str]] = {}
    dialect: dict[str, dict[str, object]] = {}
    for one in files:
        name = one.relative_to(root).as_posix()
        try:
            rows, kinds_of_columns, told = read(one, name)
        except CreditRiskError as error:
            faults += error.faults
            continue
        found[name] = list(kinds_of_columns)
        for column, kind in kinds_of_columns.items():
            columns.setdefault(column, set()).add(kind)
        dialect[name] = dict(told)
        pieces.append(Piece(name, rows, sha256_file(one), str(one.resolve())))
    wanted = list(dict.fromkeys([*needed, *([key] if key in columns else [])]))
    faults += [fault for name, names in found.items() for fault in absent(name, names, wanted)]
    if faults:
        raise IntakeError(faults)
    kinds = {column: frozenset(found) for column, found in columns.items()}
    together = {column: _KINDS.get(found - {NOTHING}, OTHER) for column, found in kinds.items()}
    return InputFacts(known[0], tuple(pieces), together, dialect, kinds)


_KINDS = {frozenset({INTEGER}): WHOLE, frozenset({TEXT}): TEXT}
"""What a column of one kind holds; all else is OTHER. A file without any value in a column changes nothing."""


def absent(file: str, columns: Sequence[str], needed: Sequence[str]) -> list[Fault]:
    """What of the needed columns a file lacks, has twice, or has in two spellings that engines do not tell apart."""
    faults = []
    for name in needed:
        alike = [column for column in columns if column.casefold() == name.casefold()]
        if name not in columns:
            remedy = f"rename {alike[0]!r}" if alike else "add the column; values may be missing, the column may not"
            message = "the model needs this column and the table lacks it"
            faults.append(Fault(message, "column_absent", file, name, remedy=remedy))
        elif columns.count(name) > 1:
            faults.append(Fault("stands twice", "column_twice", file, name, remedy="name each column once"))
        elif len(alike) > 1:
            message = "differs from another column in the case of letters alone, which engines do not tell apart"
            faults.append(Fault(message, "column_case", file, name, found=", ".join(alike), remedy="rename one"))
    return faults


def _parquet(path: Path, name: str) -> tuple[int, Mapping[str, str], Mapping[str, object]]:
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        message = "not readable as Parquet: damaged, or not written to its end"
        found = " ".join(str(error).split())[:200]
        raise IntakeError(Fault(message, "damaged", name, found=found, remedy="export the file again")) from error
    twice = [column for column in dict.fromkeys(schema.names) if schema.names.count(column) > 1]
    if twice:
        remedy = "name each column once"
        raise IntakeError([Fault("stands twice", "column_twice", name, column, remedy=remedy) for column in twice])
    if not rows:
        remedy = "leave the file out, or export the table again"
        raise IntakeError(Fault("there is a header and no row", "no_rows", name, remedy=remedy))
    return rows, {field.name: arrow_kind(field.type) for field in schema}, {}


def arrow_kind(kind: pa.DataType) -> str:
    """INTEGER, REAL, SINGLE, DECIMAL, TRUTH, DATE, TEXT, NOTHING or OTHER."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_integer(kind):
        return INTEGER
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return TEXT
    if pa.types.is_decimal(kind):
        return DECIMAL if kind.precision <= EXACT_DIGITS else OTHER
    known = {pa.float64(): REAL, pa.float32(): SINGLE, pa.bool_(): TRUTH, pa.date32(): DATE, pa.null(): NOTHING}
    return known.get(kind, OTHER)


def _csv(path: Path, name: str) -> tuple[int, Mapping[str, str], Mapping[str, object]]:
    """Columns and delimiter of a CSV file, by the rules of intake, from its first record."""
    try:
        with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            head = stream.read(HEAD)
        text = head.decode("utf-8-sig", errors="strict" if len(head) < HEAD else "ignore")
    except (OSError, EOFError) as error:
        raise IntakeError(Fault(f"cannot be read: {error}", "unreadable", name)) from error
    except UnicodeDecodeError as error:
        found = f"byte {error.object[error.start]:#04x}"
        fault = Fault("the text is not UTF-8", "encoding", name, found=found, remedy="save it as UTF-8")
        raise IntakeError(fault) from error
    if not text.strip():
        raise IntakeError(Fault("the file is empty", "empty", name, remedy="export the table again"))
    first = text.lstrip("\r\n").splitlines()[0]
    outside = first.split('"')[::2]
    delimiter = max(DELIMITERS, key=lambda one: sum(piece.count(one) for piece in outside))
    header = next(csv.reader(text.lstrip("\r\n").splitlines(keepends=True), delimiter=delimiter))
    names = [column or f"column_{place}" for place, column in enumerate(header, 1)]
    twice = [column for column in dict.fromkeys(names) if names.count(column) > 1]
    if twice:
        remedy = "name each column once"
        raise IntakeError([Fault("stands twice", "column_twice", name, column, remedy=remedy) for column in twice])
    return 0, dict.fromkeys(names, TEXT), {"delimiter": delimiter, "columns": names}
