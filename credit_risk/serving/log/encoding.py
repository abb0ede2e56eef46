"""Canonical bytes and digests of the rows of a log (PREDICTION_LOG.md, section 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk._core import canonical_json

INPUTS, COMMITMENT, LEAF, PART = b"\x01", b"\x02", b"\x03", b"\x04"
SALT = 16
_MISSING = b"\x7f\xf8" + bytes(6)


def encoded(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Bytes (n, width) of a column: 8 of a double or whole number, big-endian, 32 of a text (its SHA-256).

    A missing number is the quiet NaN 7FF8000000000000, a missing text 32 zero bytes.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_floating(column.type):
        gone = column.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
        values = column.fill_null(0.0).to_numpy(zero_copy_only=False).astype(">f8")
        result = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), 8)
        if gone.any():
            result = result.copy()
            result[gone] = np.frombuffer(_MISSING, np.uint8)
        return result
    if pa.types.is_integer(column.type):
        return np.ascontiguousarray(column.to_numpy(zero_copy_only=False).astype(">i8")).view(np.uint8).reshape(-1, 8)
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    levels = coded.dictionary.to_pylist()
    table = np.zeros((len(levels) + 1, 32), np.uint8)
    for place, level in enumerate(levels):
        if level is not None:
            table[place] = np.frombuffer(hashlib.sha256(level.encode("utf-8")).digest(), np.uint8)
    places = pc.fill_null(coded.indices.cast(pa.int64()), len(levels)).to_numpy(zero_copy_only=False)
    return table[places]


def row_hashes(tag: bytes, parts: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """SHA-256 (n, 32) of the tag and the bytes of each row; parts: (n, width) each, side by side."""
    kinds = [f"V{part.shape[1]}" if part.shape[1] != 8 else "u8" for part in parts]  # 8 bytes are copied as one number
    packed = np.empty(rows, np.dtype([("tag", "S1"), *((f"f{place}", kind) for place, kind in enumerate(kinds))]))
    packed["tag"] = tag
    for place, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
        packed[f"f{place}"] = np.ascontiguousarray(part).view(kind)[:, 0]
    width, data, sha256 = packed.dtype.itemsize, packed.tobytes(), hashlib.sha256
    joined = b"".join([sha256(data[at : at + width]).digest() for at in range(0, rows * width, width)])
    return as_rows(joined, 32)


def as_rows(data: bytes, width: int) -> np.ndarray:
    """Bytes as rows (n, width)."""
    return np.frombuffer(data, np.uint8).reshape(-1, width) if data else np.zeros((0, width), np.uint8)


def inputs_hashes(columns: Sequence[pa.Array], rows: int) -> np.ndarray:
    """Hash of the inputs of each row, (n, 32): the columns in the order of model.json."""
    return row_hashes(INPUTS, [encoded(column) for column in columns], rows)


def commitments(salts: np.ndarray, pseudonyms: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """What binds the personal fields of each row and stays when they are erased, (n, 32)."""
    return row_hashes(COMMITMENT, [salts, pseudonyms, inputs], len(salts))


def leaves(bound: np.ndarray, row: pa.Array, outputs: Sequence[pa.Array]) -> np.ndarray:
    """Hash of each row of the log, (n, 32): its commitment, number and results."""
    return row_hashes(LEAF, [bound, encoded(row), *(encoded(column) for column in outputs)], len(bound))


def part_digest(constants: dict[str, str], rows: np.ndarray) -> str:
    """Digest of a part: over what is the same in all rows of the batch, and the hashes of its rows in order."""
    head = hashlib.sha256(canonical_json.to_bytes(constants)).digest()
    return hashlib.sha256(PART + head + rows.tobytes()).hexdigest()


def salts(seed: bytes, part: int, rows: int) -> np.ndarray:
    """Salts (n, 16) of the rows of a part: SHAKE-256 of the seed of the batch and the number of the part."""
    return as_rows(hashlib.shake_256(seed + part.to_bytes(8, "big")).digest(SALT * rows), SALT)


def as_hex(values: np.ndarray, digits: int | None = None) -> pa.Array:
    """Rows of bytes as text of hexadecimal digits, the first `digits` of them."""
    text = np.frombuffer(values.tobytes().hex().encode("ascii"), np.uint8).reshape(len(values), 2 * values.shape[1])
    taken = np.ascontiguousarray(text[:, :digits])
    offsets = np.arange(len(values) + 1, dtype=np.int32) * np.int32(taken.shape[1])
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(taken.tobytes()))


def from_hex(column: pa.Array | pa.ChunkedArray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (n, width) of a column of hexadecimal text, zeros where missing, and which are missing.

    Raises ValueError where a text is not of that form.
    """
    texts = column.to_pylist()
    gone = np.array([one is None for one in texts], dtype=bool)
    filled = ["0" * (2 * width) if one is None else one for one in texts]
    if any(len(one) != 2 * width for one in filled):
        raise ValueError(f"not {2 * width} hexadecimal digits")
    return as_rows(bytes.fromhex("".join(filled)), width), gone
