"""The colour space of the documents: an ICC profile of sRGB (IEC 61966-2-1), made here, the same bytes each time."""

from __future__ import annotations

import struct

# White point D50 and the primaries of sRGB adapted to it (Bradford), as in the ICC's own sRGB profiles.
WHITE = (0.9642, 1.0, 0.8249)
PRIMARIES = {"r": (0.43607, 0.22249, 0.01392), "g": (0.38515, 0.71687, 0.09708), "b": (0.14307, 0.06061, 0.71410)}
POINTS = 1024
NAME = "sRGB IEC61966-2.1"
RIGHTS = "No copyright, use freely"
HEADER_SIZE = 128


def srgb_profile() -> bytes:
    """A matrix and curve profile of version 2.1 for display devices."""
    curve = struct.pack(f">4s4xI{POINTS}H", b"curv", POINTS, *(_linear(i / (POINTS - 1)) for i in range(POINTS)))
    tags: list[tuple[bytes, bytes]] = [
        (b"desc", _description(NAME)),
        (b"cprt", b"text" + bytes(4) + RIGHTS.encode() + b"\0"),
        (b"wtpt", _xyz(WHITE)),
    ]
    tags += [(f"{name}XYZ".encode(), _xyz(place)) for name, place in PRIMARIES.items()]
    tags += [(f"{name}TRC".encode(), curve) for name in PRIMARIES]
    return _file(tags)


def _linear(value: float) -> int:
    """Light of a value of sRGB, both from nothing to full; in 65535ths."""
    light = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    return round(light * 65535)


def _fixed(value: float) -> int:
    return round(value * 65536)


def _xyz(place: tuple[float, float, float]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(_fixed(part) for part in place))


def _description(text: str) -> bytes:
    written = text.encode() + b"\0"
    return struct.pack(">4s4xI", b"desc", len(written)) + written + bytes(4 + 4 + 2 + 1 + 67)


def _file(tags: list[tuple[bytes, bytes]]) -> bytes:
    table, body, at = b"", b"", HEADER_SIZE + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for name, data in tags:
        if data not in places:
            places[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, places[data], len(data))
    size = HEADER_SIZE + 4 + len(table) + len(body)
    header = struct.pack(
        ">I4x4s4s4s4s6H4s28x3i",
        size,
        bytes.fromhex("02100000"),
        b"mntr",
        b"RGB ",
        b"XYZ ",
        *(2026, 1, 1, 0, 0, 0),
        b"acsp",
        *(_fixed(part) for part in WHITE),
    )
    return header.ljust(HEADER_SIZE, b"\0") + struct.pack(">I", len(tags)) + table + body
