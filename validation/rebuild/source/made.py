"""The snapshot made again from the source rows and the plan alone (SPECIFICATION 5.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.rebuild.clusters import cluster_codes, repeat
from validation.rebuild.source import decided as deciding
from validation.rebuild.source.columns import RESERVED, Column, reason_to_leave_out, typed
from validation.rebuild.source.decided import Decided
from validation.rebuild.source.derived import Codes, derive, special_codes
from validation.rebuild.source.drawn import draw_samples
from validation.rebuild.source.files import RawColumn, SourceTable, equal, objects
from validation.rebuild.source.history import History, HistoryError, read_history
from validation.rebuild.source.performance import (
    KEY,
    NEVER,
    POINT,
    Points,
    monthly_columns,
    outcomes,
    placed,
    rolled,
    row_months,
)
from validation.rebuild.source.readings import text_of
from validation.rebuild.times import time_column
from validation.steps.values import text_of_number

INT64 = np.iinfo(np.int64)


class NotMadeError(ValueError):
    """The rows cannot be made again; the text says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """n rows in the order of the source.

    `key`, `sample`, `weight`, `cluster` (n,) as the snapshot has them; `columns` of the source (and those made of the
    history) with their types, the key not among them; `left_out` columns that are no characteristics unless the plan
    names them, with the reason. `missing` fields of the file without a value, by column; `derived` characteristics.
    """

    table: SourceTable
    history_table: SourceTable | None
    history: History | None
    points: Points | None
    key: NDArray[Any] = field(repr=False)
    sample: NDArray[np.object_] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    cluster: NDArray[np.object_] = field(repr=False)
    decided: Decided = field(repr=False)
    columns: Mapping[str, Column] = field(repr=False)
    left_out: Mapping[str, str]
    missing: Mapping[str, int]
    specials: Codes
    derived: Mapping[str, Column] = field(repr=False)
    monthly: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Rows:
    """Raw columns of the rows, the source row of each (None: as in the file), and what the history adds."""

    raw: dict[str, RawColumn]
    key: str | None
    missing: dict[str, int]
    history: History | None = None
    points: Points | None = None
    first: NDArray[np.int64] | None = None
    monthly: frozenset[str] = frozenset()


def make(plan: Mapping[str, Any], table: SourceTable, history_table: SourceTable | None) -> Made:
    """The rows that the plan makes of the source. Raises NotMadeError where it cannot be followed."""
    try:
        return _make(plan, table, history_table)
    except (HistoryError, deciding.OutcomeError, KeyError, ValueError) as error:
        told = f"the source has no column {error}" if isinstance(error, KeyError) else str(error)
        raise NotMadeError(told) from error


def _make(plan: Mapping[str, Any], table: SourceTable, history_table: SourceTable | None) -> Made:
    data, outcome = plan["data"], plan["outcome"]
    rows = _rows(plan, table, history_table)
    specs = data["columns"]
    usable = {n: raw for n, raw in rows.raw.items() if n != rows.key and raw.kind != "unusable"}
    plain: Mapping[str, Any] = {}
    columns = {n: typed(raw, specs.get(n, plain), data["number_format"]) for n, raw in usable.items()}
    key, shown = _keys(rows, plan)
    specials = special_codes(columns, specs)
    decided = deciding.begin(len(key), rows.first is not None)
    deciding.leave_by_status(decided, columns, outcome)
    deciding.leave_by_exclusions(decided, columns, specials, outcome)
    points, own = rows.points, None
    if outcome["history"] is None:
        deciding.decide_column(decided, columns, outcome)
    else:
        assert rows.history is not None
        reasons = objects([None] * len(key))
        if rows.first is None:
            points, reasons = placed(columns, rows.raw, key, plan, rows.history)
        assert points is not None
        deciding.decide_history(decided, reasons, outcomes(rows.history, points, outcome))
        own = _owners(rows.history, points, rows, key, plan)
    deciding.finish(decided)
    left_out = _left_out(rows, columns)
    kept = [name for name in columns if name not in left_out or name in _needed(plan)]
    cluster = _clusters(plan, columns, key, own, kept)
    groups = cluster_codes(cluster.tolist())
    known = np.isfinite(decided.values)
    times = _times(plan, columns)
    grouped = groups if repeat(groups[known]) else None
    sample = draw_samples(decided.values, times, grouped, plan["samples"], outcome["type"])
    deciding.leave_samples(decided, int(np.count_nonzero(known & equal(sample, None))))
    return Made(
        table=table,
        history_table=history_table,
        history=rows.history,
        points=points,
        key=shown,
        sample=sample,
        weight=_weights(plan, columns, len(key)),
        cluster=_numbered(cluster, plan),
        decided=decided,
        columns=columns,
        left_out=left_out,
        missing=rows.missing,
        specials=specials,
        derived=derive(plan, columns, specials, len(key)),
        monthly=rows.monthly,
    )


def _rows(plan: Mapping[str, Any], table: SourceTable, history_table: SourceTable | None) -> _Rows:
    outcome, data = plan["outcome"], plan["data"]
    missing = {name: int(np.count_nonzero(raw.codes < 0)) for name, raw in table.columns.items()}
    missing = {name: rows for name, rows in missing.items() if rows}
    if outcome["history"] is None:
        return _Rows(dict(table.columns), data["key"], missing)
    if history_table is None:
        raise NotMadeError("the performance history was not given")
    history = read_history(history_table, outcome)
    rolling, wanted = outcome["windows"]["rolling"], data["monthly"]
    if rolling is not None:
        raw, source_row, points = rolled(table, plan, history)
        first = np.flatnonzero(np.append(True, source_row[1:] != source_row[:-1]))
        more, empty = monthly_columns(history, history_table, points, wanted)
        return _Rows({**raw, **more}, KEY, {**missing, **empty}, history, points, first, frozenset(more))
    if not wanted:
        return _Rows(dict(table.columns), data["key"], missing, history)
    place = outcome["windows"]["observed_at"]
    column = typed(table.columns[place], data["columns"].get(place, {}), data["number_format"])
    name = outcome["history"]["account"] or data["key"]
    accounts = [history.accounts.get(text_of(level), -1) for level in table.columns[name].levels]
    account = np.array([*accounts, -1], dtype=np.int64)[table.columns[name].codes]
    more, empty = monthly_columns(history, history_table, Points(account, row_months(column, history)), wanted)
    return _Rows({**table.columns, **more}, data["key"], {**missing, **empty}, history, None, None, frozenset(more))


def _keys(rows: _Rows, plan: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The key of each row, and as the snapshot shows it: the number of the row where it holds personal data."""
    count = len(next(iter(rows.raw.values())).codes)
    numbers = np.arange(1, count + 1, dtype=np.int64)
    if rows.key is None:
        return numbers, numbers
    raw = rows.raw[rows.key]
    if (raw.codes < 0).any():
        raise NotMadeError(f"the key {rows.key!r} is missing in some rows")
    texts = [text_of(level) for level in raw.levels]
    whole = all(t.lstrip("-").isdigit() and t.isascii() and str(int(t)) == t for t in texts)
    if whole and all(INT64.min <= int(text) <= INT64.max for text in texts):
        key: NDArray[Any] = np.array([int(text) for text in texts], dtype=np.int64)[raw.codes]
    else:
        key = objects(texts)[raw.codes]
    return key, numbers if _personal_key(rows.key, plan) else key


def _personal_key(name: str, plan: Mapping[str, Any]) -> bool:
    personal = _personal(plan)
    history, key = plan["outcome"]["history"], plan["data"]["key"]
    return name in personal or (name == KEY and (key in personal or (history or {}).get("account") in personal))


def _personal(plan: Mapping[str, Any]) -> set[str]:
    return {name for name, spec in plan["data"]["columns"].items() if spec["personal"]}


def _owners(
    history: History, points: Points, rows: _Rows, key: NDArray[Any], plan: Mapping[str, Any]
) -> NDArray[np.object_]:
    """What rows have in common by the history: their obligor where it names one, else their account."""
    if plan["outcome"]["history"]["obligor"] is not None:
        return np.append(history.obligor, objects([None]))[points.account]
    name = plan["outcome"]["history"]["account"] or plan["data"]["key"]
    if name is None:
        return objects(map(str, key.tolist()))
    raw = rows.raw[name]
    whole = all(t.lstrip("-").isdigit() and str(int(t)) == t for t in history.accounts)
    texts = [text_of(level) for level in raw.levels]
    fits = [not whole or (t.lstrip("-").isdigit() and str(int(t)) == t) for t in texts]
    return objects([*(t if fit else None for t, fit in zip(texts, fits, strict=True)), None])[raw.codes]


def _left_out(rows: _Rows, columns: Mapping[str, Column]) -> dict[str, str]:
    """Columns that would leave unless the plan names them, with the reason; of accounts each is looked at once."""
    found = {}
    for name, raw in rows.raw.items():
        if name == rows.key:
            continue
        if RESERVED.fullmatch(name):
            found[name] = "reserved name"
        elif raw.kind == "unusable":
            found[name] = "type of values"
        elif not (name in rows.monthly and not name.endswith("_0")):
            column = columns[name]
            if rows.first is not None and name not in rows.monthly:
                column = Column(column.type, column.levels, column.codes[rows.first], {}, column.doubtful)
            reason = reason_to_leave_out(name, column)
            if reason is not None:
                found[name] = reason
    return found


def _needed(plan: Mapping[str, Any]) -> set[str]:
    """Columns that stay whatever they hold, as samples, outcome and contract need them."""
    data, outcome, samples = plan["data"], plan["outcome"], plan["samples"]
    status, history = outcome["status"] or {}, outcome["history"] or {}
    named = [outcome["column"], outcome["exposure"], data["date"], outcome["windows"]["observed_at"]]
    named += [status.get("column"), history.get("account"), samples["weight"], samples["group"]]
    if outcome["windows"]["rolling"] is not None:
        named += [POINT, data["key"]]
    protected = data["protected"]
    listed = protected.values() if isinstance(protected, Mapping) else [protected]
    named += [*data["columns"], *data["forbidden"], *(name for names in listed for name in names)]
    return {name for name in named if name is not None}


def _clusters(
    plan: Mapping[str, Any],
    columns: Mapping[str, Column],
    key: NDArray[Any],
    own: NDArray[np.object_] | None,
    kept: list[str],
) -> NDArray[np.object_]:
    """What rows have in common, as text: the group of the plan, else the obligor or account."""
    group = plan["samples"]["group"]
    if group is None:
        return objects([None] * len(key)) if own is None else own
    if group == "duplicates":
        codes = pd.DataFrame({str(place): columns[name].codes for place, name in enumerate(kept)})
        number = codes.groupby(list(codes.columns), sort=False).ngroup().to_numpy()
        _, first = np.unique(number, return_index=True)
        return objects(str(one) for one in key[first[number]].tolist())
    return objects(
        None if value is None or value != value else value if isinstance(value, str) else text_of_number(value)
        for value in columns[group].values().tolist()
    )


def _numbered(cluster: NDArray[np.object_], plan: Mapping[str, Any]) -> NDArray[np.object_]:
    """Clusters of personal data as numbers in the order of the rows."""
    group, personal = plan["samples"]["group"], _personal(plan)
    account = (plan["outcome"]["history"] or {}).get("account")
    hidden = group in personal or (group is None and bool({account, plan["data"]["key"]} & personal))
    if not hidden:
        return cluster
    numbers: dict[str, str] = {}
    return objects(None if c is None else numbers.setdefault(c, str(len(numbers) + 1)) for c in cluster.tolist())


def _times(plan: Mapping[str, Any], columns: Mapping[str, Column]) -> NDArray[Any] | None:
    """What places rows in time: the observation point, else the date; None where the plan names neither."""
    name = time_column(plan)
    if name is None or name not in columns:
        return None
    return objects(None if v is None or v != v else v for v in columns[name].values().tolist())


def _weights(plan: Mapping[str, Any], columns: Mapping[str, Column], rows: int) -> NDArray[np.float64]:
    name = plan["samples"]["weight"]
    return np.ones(rows) if name is None else columns[name].values().astype(np.float64)


__all__ = ["NEVER", "Made", "NotMadeError", "make"]
