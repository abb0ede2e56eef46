"""The snapshot as a table, of rows made of the source, and its bytes (SPECIFICATION 5 and 5.0)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from validation.rebuild.source.language import LanguageError, names_in, parse
from validation.rebuild.source.made import Made

NOT_JUDGED: Final = ("reserved name", "type of values")
PERSONAL: Final = "personal data"
JUDGED: Final = frozenset(("constant", "entirely missing", "date", "identifier-like", "too many levels", *NOT_JUDGED))
ROW_GROUP: Final = 65_536


@dataclass(frozen=True, slots=True)
class MadeSnapshot:
    """What the source gave in place of a snapshot that did not travel.

    `made`: the rows, None where they could not be made; `failure` why; `differs`: whether the source or the plan is at
    fault, and not what was given. `sha256` of the snapshot in the encoding of the format.
    """

    made: Made | None = field(repr=False)
    failure: str | None = None
    differs: bool = False
    sha256: str | None = None


def snapshot_table(
    made: Made, plan: Mapping[str, Any], stated: Mapping[str, str], there: Mapping[str, bool]
) -> pa.Table:
    """The table of the snapshot. stated: reasons of `data.columns_left_out`; there: `in_snapshot` of `data.contract`.

    The reasons decide only what the format leaves to the developer's words, `in_snapshot` only of personal data.
    """
    status = [None] * len(made.key) if made.decided.status is None else made.decided.status.tolist()
    columns: dict[str, pa.Array] = {
        "_key": pa.array(made.key.tolist(), type=pa.int64() if made.key.dtype.kind == "i" else pa.string()),
        "_sample": _texts(made.sample.tolist()),
        "_outcome": _numbers(made.decided.values),
        "_status": _texts(status),
        "_weight": _numbers(made.weight),
        "_cluster": _texts(made.cluster.tolist()),
    }
    for name in kept_columns(made, plan, stated, there):
        values = made.columns[name].values()
        columns[name] = _numbers(values) if values.dtype.kind == "f" else _texts(values.tolist())
    return pa.table(columns)


def kept_columns(
    made: Made, plan: Mapping[str, Any], stated: Mapping[str, str], there: Mapping[str, bool]
) -> Iterator[str]:
    """The columns of the source that the snapshot holds, in their order."""
    personal = {name for name, spec in plan["data"]["columns"].items() if spec["personal"]}
    named = names_of_plan(plan)
    for name in made.columns:
        reason = stated.get(name)
        judged = name in made.left_out and (reason is not None or name not in named)
        told = reason is not None and reason not in JUDGED and reason != PERSONAL
        apart = name in personal and not there.get(name, False)
        if not (judged or told or apart):
            yield name


def names_of_plan(plan: Mapping[str, Any]) -> set[str]:
    """Every text of the plan, and every name in its expressions: a column that is none of them is not named."""
    found: set[str] = set()
    pending: list[Any] = [plan]
    while pending:
        one = pending.pop()
        if isinstance(one, Mapping):
            pending += [*one, *one.values()]
        elif isinstance(one, list):
            pending += one
        elif isinstance(one, str):
            found.add(one)
    for text in (*_expressions(plan), *(rule["when"] for rule in plan.get("rules") or [])):
        try:
            found.update(names_in(parse(text)))
        except LanguageError:
            continue
    if plan["outcome"]["windows"]["rolling"] is not None:
        found.add("observation_point")
    return found


def _expressions(plan: Mapping[str, Any]) -> Iterator[str]:
    for given in (plan.get("derive") or {}).values():
        yield str(given["expression"]) if isinstance(given, Mapping) else str(given)


def encoded(table: pa.Table) -> bytes:
    """The table in the encoding that the format states, so that equal rows have equal bytes."""
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        row_group_size=ROW_GROUP,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        store_schema=False,
        write_page_index=False,
    )
    return sink.getvalue()


def _numbers(values: NDArray[Any]) -> pa.Array:
    return pa.array(np.asarray(values, dtype=np.float64), type=pa.float64(), from_pandas=True)


def _texts(values: list[Any]) -> pa.Array:
    return pa.array(values, type=pa.string())
