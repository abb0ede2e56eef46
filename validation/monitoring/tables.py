"""A table of a run beside our own: the same rows, and in each of them the same cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.compare import Ledger
from validation.monitoring.run_folder import RunFolder


def compare_table(
    ledger: Ledger,
    run: RunFolder,
    name: str,
    own: pd.DataFrame | str,
    keys: Sequence[str],
    numbers: Mapping[str, str],
    words: Sequence[str] = (),
    among: Sequence[tuple[str, Collection[str]]] = (),
) -> None:
    """Compare `monitoring.<name>` cell by cell with `own`, rows found by `keys`; a text says why there is none.

    numbers: rule of the policy by column; words: columns of texts or truths; among: columns, each with those of its
    values that `own` tells of: rows of others are told as not recomputed. Rows that only one side has are told
    together; cells are those of rows that both have.
    """
    area = f"monitoring.{name}"
    stated = run.table(name)
    if stated is None or isinstance(own, str):
        told = ["none" if stated is None or stated.empty else "a table"]
        mine = ["none" if isinstance(own, str) or own.empty else "a table"]
        ledger.words(area, "whether there is one", told, mine, [run.reason(name) if stated is None else str(own)[:120]])
        return
    for column, known in among:
        others = sorted({str(one) for one in stated[column]} - set(known))
        if others:
            ledger.not_evaluable(f"{area}: {', '.join(others)}", f"not recomputed: another {column}")
        stated = stated[stated[column].map(str).isin(list(known))].reset_index(drop=True)
    told_keys, own_keys = ([_key(row) for row in frame[list(keys)].to_numpy(object)] for frame in (stated, own))
    first, second = Counter(told_keys), Counter(own_keys)
    every = sorted({*first, *second})
    ledger.words(area, "rows of the table", [first[key] for key in every], [second[key] for key in every], every)
    place = {key: number for number, key in enumerate(told_keys)}
    both = [(place[key], number, key) for number, key in enumerate(own_keys) if key in place]
    labels = [key for _, _, key in both]
    for column, rule in numbers.items():
        d = [stated[column].iloc[one] for one, _, _ in both]
        v = _finite([own[column].iloc[other] for _, other, _ in both])
        ledger.numbers(area, column, rule, d, v, labels)
    for column in words:
        cells = [stated[column].iloc[one] for one, _, _ in both]
        mine = [_word(own[column].iloc[other]) for _, other, _ in both]
        ledger.words(area, column, cells, mine, labels)


def not_recomputed(ledger: Ledger, run: RunFolder, name: str, reason: str) -> None:
    """Say that a table of the run was not recomputed, where it has it."""
    if run.table(name) is not None:
        ledger.not_evaluable(f"monitoring.{name}", f"not recomputed: {reason}")


KEYS = frozenset(
    ("period", "segment", "variable", "quantity", "measure", "horizon", "scheme", "group", "partition", "challenger",
     "objective", "rule", "bin", "series", "look", "at", "item", "area", "subject")
)  # fmt: skip
"""Columns by which rows are found: a change of one is a row too many and a row too few."""


def tell_columns(ledger: Ledger, run: RunFolder) -> None:
    """Say of every table, and of its columns, which were not recomputed, so that none is left out in silence."""
    compared: dict[str, set[str]] = {}
    for one in ledger.comparisons:
        compared.setdefault(one.area, set()).add(one.quantity)
    told = {one.test.split(":", 1)[0] for one in ledger.outcomes}
    for identifier, item in run.evidence.items():
        if "rows" not in item or identifier in WHOLE:
            continue
        if identifier not in compared:
            if identifier not in told:
                ledger.not_evaluable(identifier, "not recomputed: no rule of ours makes this table")
            continue
        names = [column["name"] for column in item["columns"]]
        left = [name for name in names if name not in compared[identifier] | KEYS]
        if left:
            reason = "not recomputed: no rule of ours makes these columns"
            ledger.not_evaluable(f"{identifier}: {', '.join(left)}", reason)


WHOLE = ("monitoring.metrics", "monitoring.run")
"""Tables compared item by item, whose items that were not recomputed are told."""


def _key(row: Sequence[Any]) -> str:
    return " ".join(f"{one:g}" if isinstance(one, (int, float)) else str(one) for one in row)


def _finite(values: Sequence[Any]) -> np.ndarray:
    found = np.array([np.nan if one is None else float(one) for one in values], np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _word(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    return None if value is None or value != value or value == "" else str(value)
