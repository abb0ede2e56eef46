"""CSV as text: no value is changed; an empty field is missing, and that is recorded."""

from __future__ import annotations

import csv
import io
import re
import zlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.source import TABLE, Conversion, RawColumn, check_names, refuse

GZIP = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
OTHER_FILES = {
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"SQLite": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}
BLANK_LINE = re.compile(rb"(?:\A|\n|\r(?!\n))(?=\r?\n|\r)")
SHOWN = 20


def read_csv(data: bytes, file: str) -> tuple[str, dict[str, RawColumn], tuple[Conversion, ...]]:
    """Layout in words, columns and conversions of CSV bytes, gzip-compressed or not. Raises IntakeError."""
    packed = data[:2] == GZIP
    text = _unpack(data, file) if packed else data
    text, conversions = _decoded(text, file)
    delimiter = _delimiter(text)
    table = _parse(text, delimiter, file)
    names, renamed = _names(table)
    conversions += renamed
    check_names(names, file)
    if len(names) == 1 and _looks_like_prose(names[0]):
        raise refuse(file, "not a table: one column, and no delimiter in the first line", "not_a_table")
    columns = [_column(table.column(index)) for index in range(table.num_columns)]
    if blank := _blank_lines(text, delimiter, len(names), len(columns[0].codes)):
        columns = [_column(_parse(text, delimiter, file, skip_blank=True).column(i)) for i in range(len(names))]
        conversions.append(Conversion(TABLE, "blank lines passed over", blank))
    for name, column in zip(names, columns, strict=True):
        if missing := int(np.count_nonzero(column.codes < 0)):
            conversions.append(Conversion(name, "empty field read as missing", missing))
    layout = f"CSV, {DELIMITER_NAMES[delimiter]}-separated, UTF-8{', gzip' if packed else ''}"
    return layout, dict(zip(names, columns, strict=True)), tuple(conversions)


def _unpack(data: bytes, file: str) -> bytes:
    """All members of a gzip file; a truncated or damaged one is refused."""
    parts: list[bytes] = []
    rest = data
    while rest:
        decoder = zlib.decompressobj(wbits=31)
        try:
            parts.append(decoder.decompress(rest))
        except zlib.error as error:
            if parts and not rest.strip(b"\0"):
                break  # zero padding after the last member, as gzip(1) allows
            raise refuse(
                file, "the gzip file is damaged", "damaged", found=str(error), remedy="copy it again"
            ) from error
        if not decoder.eof:
            remedy = "copy or export the file again"
            raise refuse(file, "the gzip file is truncated", "truncated", found=f"{len(data):,} bytes", remedy=remedy)
        rest = decoder.unused_data
    return b"".join(parts)


def _decoded(text: bytes, file: str) -> tuple[bytes, list[Conversion]]:
    """UTF-8 without byte-order mark."""
    for magic, words in OTHER_FILES.items():
        if text.startswith(magic):
            raise refuse(file, f"not a table that can be read: {words}", "not_a_table", allowed="CSV, CSV.gz, Parquet")
    if not text.strip():
        raise refuse(file, "the file is empty", "empty", remedy="export the table again")
    conversions: list[Conversion] = []
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
        conversions.append(Conversion(TABLE, "byte-order mark passed over", 0))
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise refuse(file, "the text is UTF-16", "encoding", allowed="UTF-8", remedy="save it as UTF-8")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        found = f"byte {text[error.start]:#04x}: perhaps Windows-1252 or Latin-1"
        raise refuse(
            file, "the text is not UTF-8", "encoding", row=line, found=found, remedy="save it as UTF-8"
        ) from error
    if (where := text.find(b"\0")) >= 0:
        line = text[:where].count(b"\n") + 1
        raise refuse(file, "a NUL byte: not a text file", "not_a_table", row=line, allowed="CSV, CSV.gz, Parquet")
    if text.count(b'"') % 2:
        _refuse_open_quote(text, file)
    return text, conversions


def _refuse_open_quote(text: bytes, file: str) -> None:
    reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), delimiter=_delimiter(text), strict=True)
    begin = 1
    try:
        for _ in reader:
            begin = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            remedy = 'the file is truncated, or a quotation mark inside a text is not doubled ("")'
            raise refuse(file, "a quotation mark is never closed", "truncated", row=begin, remedy=remedy) from error


def _delimiter(text: bytes) -> str:
    """The delimiter that cuts the first line into most fields; a comma where none does."""
    first = text.lstrip(b"\r\n").splitlines()[0].decode("utf-8")
    outside = re.sub(r'"[^"]*"', "", first)
    return max(DELIMITERS, key=outside.count)


def _parse(text: bytes, delimiter: str, file: str, *, skip_blank: bool = False) -> pa.Table:
    """All rows, the header among them, as text."""
    ragged: list[Any] = []

    def keep(row: Any) -> str:
        ragged.append(row)
        return "skip"

    width = len(next(csv.reader([_first_record(text)], delimiter=delimiter)))
    names = [f"f{index}" for index in range(width)]
    try:
        table = pa_csv.read_csv(
            io.BytesIO(text),
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=max(len(text) + 1, 4096), column_names=names),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=skip_blank,
                invalid_row_handler=keep,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise refuse(file, f"not readable as CSV: {error}", "not_a_table") from error
    if ragged:
        raise IntakeError(_ragged(ragged, file))
    return table


def _first_record(text: bytes) -> str:
    """The header, which may hold line ends inside quotation marks."""
    start = len(text) - len(text.lstrip(b"\r\n"))
    end, quoted = start, False
    while end < len(text) and (quoted or text[end] not in b"\r\n"):
        quoted ^= text[end] == 0x22
        end += 1
    return text[start:end].decode("utf-8").replace("\r", " ").replace("\n", " ")


def _ragged(rows: list[Any], file: str) -> list[Fault]:
    faults = [
        Fault(
            "the row has not as many fields as the header",
            code="ragged",
            file=file,
            row=row.number,
            found=f"{row.actual_columns} fields",
            allowed=f"{row.expected_columns}",
            remedy="the file is truncated here, or a text with the delimiter stands without quotation marks",
        )
        for row in rows[:SHOWN]
    ]
    if len(rows) > SHOWN:
        faults.append(Fault(f"and {len(rows) - SHOWN:,} rows more of this kind", code="ragged", file=file))
    return faults


def _names(table: pa.Table) -> tuple[list[str], list[Conversion]]:
    """The header; a column without a name is called by its place."""
    names, conversions = [], []
    for index in range(table.num_columns):
        name = table.column(index)[0].as_py()
        if not name.strip():
            name = f"column_{index + 1}"
            conversions.append(Conversion(name, f"column {index + 1} has no name and is called so", 0))
        names.append(name)
    return names, conversions


def _looks_like_prose(name: str) -> bool:
    return len(name) > 100 or name.lstrip().startswith(("{", "[", "<"))


def _blank_lines(text: bytes, delimiter: str, width: int, rows: int) -> int:
    """Blank lines in a table of two columns or more, where they cannot be a row."""
    if width < 2 or not BLANK_LINE.search(text):
        return 0
    return rows - (_parse(text, delimiter, "", skip_blank=True).num_rows - 1)


def _column(column: pa.ChunkedArray) -> RawColumn:
    """Without the header; the empty text becomes missing."""
    encoded = pc.dictionary_encode(column.slice(1)).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.large_string()).dictionary_encode()
    levels = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    empty = np.flatnonzero(levels == "")
    if len(empty):
        place = int(empty[0])
        codes = np.where(codes == place, -1, codes - (codes > place))
        levels = np.delete(levels, place)
    return RawColumn(levels, codes)
