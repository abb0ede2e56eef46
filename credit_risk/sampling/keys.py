"""The key of each row."""

from __future__ import annotations

import numpy as np

from credit_risk.sampling.contract import SHOWN, Examples, Failure
from credit_risk.sampling.source import RawColumn

INT64 = np.iinfo(np.int64)


def row_keys(name: str | None, raw: RawColumn | None, rows: int) -> tuple[np.ndarray, list[Failure]]:
    """Keys (n,) of the rows and what is wrong with them; row numbers from 1 without a key, or where one is missing."""
    numbers = np.arange(1, rows + 1, dtype=np.int64)
    if name is None or raw is None:
        return numbers, []
    failures: list[Failure] = []
    missing = raw.codes < 0
    if missing.any():
        message = f"the key {name!r} is missing in some rows"
        remedy = "give every row its key, or name another key; without data.key the row number is the key"
        where = Examples(numbers).of(missing)
        failures.append(Failure(name, "key_missing", message, "data.key", remedy=remedy, **where))
    repeated = _repeated(name, raw)
    return numbers if missing.any() else key_values(raw), [*failures, *repeated]


def _repeated(name: str, raw: RawColumn) -> list[Failure]:
    """Keys of more than one row: how many rows have such a key, and the first of the keys."""
    counts = np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.levels))
    rows = np.append(counts > 1, False)[raw.codes]
    if not rows.any():
        return []
    where = Examples(np.arange(1, len(rows) + 1)).of(rows)
    first = dict.fromkeys(raw.codes[rows].tolist())
    shown = tuple(str(level) for level in key_values(RawColumn(raw.levels, np.array(list(first)[:SHOWN]))))
    found = f"{np.count_nonzero(counts > 1):,} keys of several rows"
    message = f"the key {name!r} stands more than once"
    remedy = "keep one row a key, or name another key; without data.key the row number is the key"
    given = {**where, "examples": shown}
    return [Failure(name, "duplicate_key", message, "data.key", found=found, remedy=remedy, **given)]


def key_values(raw: RawColumn) -> np.ndarray:
    """int64 where every key is there and a plain whole number that fits, else text as written, None where missing."""
    texts = [
        level if isinstance(level, str) else str(int(level)) if level.is_integer() else repr(level)
        for level in raw.levels
    ]
    plain = all(text.lstrip("-").isdigit() and text.isascii() and str(int(text)) == text for text in texts)
    if plain and (raw.codes >= 0).all() and all(INT64.min <= int(text) <= INT64.max for text in texts):
        return np.append(np.array([int(text) for text in texts], dtype=np.int64), 0)[raw.codes]
    return np.append(np.asarray(texts, dtype=object), np.array([None], dtype=object))[raw.codes]
