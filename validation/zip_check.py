"""What a zip says of itself, looked at before and after its directory is read: how large, and whose bytes are whose."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from validation.errors import Fault

END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
END_BYTES, LOCATOR_BYTES, HEADER_BYTES = 22, 20, 30
LONGEST_COMMENT = 65_535
LONGEST_ENTRY = 46 + 3 * 1024


def directory_fault(path: Path, most: int) -> Fault | None:
    """Return a fault where the directory of the zip, by its own end record, is larger than `most` members need.

    Reading a directory takes memory by its size, before any of its members can be looked at (APPNOTE 4.3.16).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - END_BYTES - LONGEST_COMMENT - LOCATOR_BYTES))
        tail = file.read()
        place = tail.rfind(END)
        if place < 0 or len(tail) - place < END_BYTES:
            return Fault("zip_invalid", "not a readable zip: it has no end record", file=path.name)
        count, length = struct.unpack("<HL", tail[place + 10 : place + 16])
        locator = tail[place - LOCATOR_BYTES : place] if place >= LOCATOR_BYTES else b""
        if locator[:4] == LOCATOR_64:
            (offset,) = struct.unpack("<Q", locator[8:16])
            file.seek(min(offset, size))
            record = file.read(56)
            if len(record) < 56 or record[:4] != END_64:
                return Fault("zip_invalid", "not a readable zip: its 64-bit end record is not where it says", path.name)
            count, length = struct.unpack("<QQ", record[32:48])
    if count > most or length > min(size, most * LONGEST_ENTRY):
        found = f"{count} members, a directory of {length} bytes"
        return Fault("zip_invalid", "too many members", path.name, None, None, found, f"{most} members")
    return None


def overlap_faults(members: Sequence[zipfile.ZipInfo], size: int, file: str) -> list[Fault]:
    """Return a fault for each member whose bytes are those of another, or lie beyond the end (a bomb by overlap)."""
    faults = []
    ordered = sorted(members, key=lambda member: member.header_offset)
    ends = [member.header_offset for member in ordered[1:]] + [size]
    for member, end in zip(ordered, ends, strict=True):
        least = HEADER_BYTES + len(member.orig_filename.encode("utf-8", "surrogateescape")) + member.compress_size
        if member.header_offset < 0 or member.header_offset + least > end:
            message = "the bytes of the member overlap another's, or lie beyond the end"
            faults.append(Fault("zip_invalid", message, file=member.orig_filename))
    return faults
