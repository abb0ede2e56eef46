"""Rows of the store as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from credit_risk.inventory.protected.digest import HeldRow
from credit_risk.inventory.protected.facts import NUMBER, ProtectedAttributes, Recorded

KEY = "pseudonym"
Columns = Mapping[str, tuple[str, int]]


def whole_frame(
    wanted: Sequence[str], rows: Sequence[HeldRow], columns: Columns, event: Recorded
) -> ProtectedAttributes:
    """A row a pseudonym of the store."""
    return asked_frame(list(wanted), {one: one for one in wanted}, rows, columns, event)


def asked_frame(
    keys: Sequence[str], mine: Mapping[str, str], rows: Sequence[HeldRow], columns: Columns, event: Recorded
) -> ProtectedAttributes:
    """A row a key, in the order of the keys."""
    found: dict[str, dict[str, str | None]] = {}
    for row in rows:
        found.setdefault(row.pseudonym, {})[row.attribute] = row.value
    frame = {KEY: pd.Series(list(keys), dtype=object)}
    for name, (kind, _) in columns.items():
        values = [found.get(mine[key], {}).get(name) for key in keys]
        frame[name] = _series(values, kind)
    absent = tuple(number for number, key in enumerate(keys, 1) if mine[key] not in found)
    kinds, positions = {n: kind for n, (kind, _) in columns.items()}, {n: place for n, (_, place) in columns.items()}
    return ProtectedAttributes(pd.DataFrame(frame), event, kinds, positions, absent)


def _series(values: Sequence[str | None], kind: str) -> pd.Series:
    if kind == NUMBER:
        return pd.Series([np.nan if one is None else float(one) for one in values], dtype=np.float64)
    return pd.Series(list(values), dtype=object)
