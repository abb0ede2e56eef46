"""Streams of an archive file: none ends in a byte that could be of the end of line before `endstream` (ISO 19005-3,
6.1.7.1), and what codes of a font mean is told for the codes that mean something.

A stream of Flate ends in the lowest byte of a checksum. Where that is a carriage return or a line feed, the same data
are written with a predictor, which changes the checksum alone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name

ENDS_OF_LINE = b"\r\n"
UP, NONE = b"\x02", b"\x00"
PNG = 12
CODE = re.compile(rb"<([0-9A-F]{2})> <([0-9A-F]+)>")
BLOCK = 100
"""Entries of one section of a character map, at most (Adobe technical note 5014)."""
MEANING = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<00> <FF>
endcodespacerange
{sections}
endcmap
CMapName currentdict /CMap defineresource pop
end
end"""
LENGTH = re.compile(rb"/Length (\d+)")
OPENED = b"\nstream\n"
CLOSED = b"\nendstream"


# ------------------------------------------------------------------------------------------ before the file is written
def settle(pdf: pikepdf.Pdf) -> None:
    """Write each stream whose checksum ends in an end of line with a predictor; mend what codes of fonts mean.
    To be called when all streams are there."""
    for found in pdf.objects:
        if isinstance(found, Dictionary) and found.get("/Type") == "/Font" and "/ToUnicode" in found:
            found.ToUnicode.write(meaning(found.ToUnicode.read_bytes()))
    for found in pdf.objects:
        if isinstance(found, pikepdf.Stream) and found.get("/Type") != "/Metadata":
            data = found.read_bytes()
            if _lowest(data) in ENDS_OF_LINE:
                _predicted(found, data)


def meaning(cmap: bytes) -> bytes:
    """The character map of reportlab without codes that mean nothing (U+0000), in UTF-16 and in sections of a size
    that is allowed."""
    codes = [(code, int(value, 16)) for code, value in CODE.findall(cmap[cmap.index(b"beginbfchar") :])]
    entries = [f"<{code.decode()}> <{chr(value).encode('utf-16-be').hex().upper()}>" for code, value in codes if value]
    blocks = [entries[start : start + BLOCK] for start in range(0, len(entries), BLOCK)]
    sections = "\n".join("\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"]) for block in blocks)
    return MEANING.format(sections=sections).encode()


def _lowest(data: bytes) -> int:
    """The last byte of `data` compressed."""
    return zlib.adler32(data) & 0xFF


def _predicted(stream: Any, data: bytes) -> None:
    """One row of the predictor: `Up` of the first row is the row itself, its mark adds two to the checksum."""
    parameters = Dictionary(Predictor=PNG, Columns=len(data))
    stream.write(zlib.compress(UP + data), filter=Name.FlateDecode, decode_parms=parameters)


# ------------------------------------------------------------------------------------------------ in the written file
def ended(data: bytes) -> bytes:
    """A file of qpdf in which no stream ends in an end of line: object streams and cross-references, which qpdf makes
    when it writes, are written anew. Nothing in the file moves but what follows the cross-references."""
    written = bytearray(data)
    for start, begin, end in _streams(data):
        if begin == end or data[end - 1] not in ENDS_OF_LINE:
            continue
        head, body = data[start : begin - len(OPENED)], data[begin:end]
        closing = end + len(CLOSED)
        if b"/ObjStm" in head:
            written[start:closing] = _other_spaces(head, body)
        elif b"/XRef" in head:
            written[start:closing] = _other_rows(head, body)
        else:
            raise RuntimeError("a stream ends in an end of line")
    return bytes(written)


def _streams(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Where the dictionary of each stream begins, and where its data begin and end."""
    position = 0
    while (opened := data.find(OPENED, position)) >= 0:
        start = data.rindex(b" obj\n", position, opened) + len(b" obj\n")
        length = LENGTH.search(data, start, opened)
        if length is None:
            raise RuntimeError("a stream has no length")
        begin = opened + len(OPENED)
        position = begin + int(length[1])
        yield start, begin, position


def _other_spaces(head: bytes, body: bytes) -> bytes:
    """An object stream of the same size in the file. Numbers at its head are parted by line feeds in place of spaces,
    as many as it takes; what it is shorter or longer is made up for in its dictionary."""
    plain = zlib.decompress(body)
    first = int(re.search(rb"/First (\d+)", head)[1])  # type: ignore[index]
    room = len(head) + len(body)
    for count in range(1, plain.count(b" ", 0, first) + 1):
        other = plain[:first].replace(b" ", b"\n", count) + plain[first:]
        if _lowest(other) in ENDS_OF_LINE:
            continue
        for level in (6, 9):
            packed = zlib.compress(other, level)
            dense = re.sub(rb" ?(<<|>>|/) ?", rb"\1", LENGTH.sub(b"/Length %d" % len(packed), head))
            if (spare := room - len(packed) - len(dense)) >= 0:
                return dense + b" " * spare + OPENED + packed + CLOSED
    raise RuntimeError("an object stream ends in an end of line however it is written")


def _other_rows(head: bytes, body: bytes) -> bytes:
    """Cross-references whose first row, which has none above it, is marked to be as it is."""
    packed = zlib.compress(NONE + zlib.decompress(body)[1:])
    return LENGTH.sub(b"/Length %d" % len(packed), head) + OPENED + packed + CLOSED
