"""Rows of a package whose snapshot did not travel, made of its source by the plan."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from validation import tables
from validation.input_check import input_faults
from validation.rebuild.source.made import NotMadeError, make
from validation.rebuild.source.snapshot import MadeSnapshot, encoded, snapshot_table

UNREADABLE: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
NO_HISTORY: Final = "the performance history was not given (--source, once more)"


def make_rows(content: Mapping[str, Any], name: str, rows: int) -> tuple[pd.DataFrame | None, MadeSnapshot]:
    """The snapshot that the source gives, and how it was made; None where it cannot be made, with the reason.

    content: what the reader found of the package; name: the file of the source; rows: as the manifest states them.
    """
    plan, source = content["plan"], content["source"]
    if (plan.get("outcome") or {}).get("history") is not None and source.history is None:
        return None, MadeSnapshot(None, NO_HISTORY)
    try:
        made = make(plan, source.table, source.history)
        table = snapshot_table(made, plan, *_stated(content["evidence"]))
    except NotMadeError as error:
        return None, MadeSnapshot(None, str(error), differs=True)
    except (pa.ArrowException, *UNREADABLE) as error:
        told = f"the rows are no table of the format: {type(error).__name__}: {error}"[:300]
        return None, MadeSnapshot(None, told, differs=True)
    if table.num_rows != rows:
        told = f"the plan makes {table.num_rows:,} rows of the source, and the manifest states {rows:,}"
        return None, MadeSnapshot(None, told, differs=True)
    inferred = content["reject_inference"]
    models = [content["model"], *content["challengers"].values()]
    models += [] if inferred is None else [inferred.acceptance, inferred.known_outcomes]
    faults = tables.snapshot_faults(table, name, content["model"]["outcome"]["type"])
    faults += input_faults(table, models, name)
    if faults:
        told = "; ".join(f"{fault.path or 'the rows'}: {fault.message}" for fault in faults[:10])
        return None, MadeSnapshot(None, told, differs=True)
    return tables.to_frame(table), MadeSnapshot(made, sha256=hashlib.sha256(encoded(table)).hexdigest())


def _stated(evidence: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, bool]]:
    """Reasons of the columns left out, and of the columns of the contract whether the snapshot has them."""
    left = {row["column"]: row["reason"] for row in _rows(evidence, "data.columns_left_out")}
    return left, {row["column"]: bool(row["in_snapshot"]) for row in _rows(evidence, "data.contract")}


def _rows(evidence: Mapping[str, Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    found = evidence.get(name)
    if found is None or found["kind"] != "table":
        return []
    names = [column["name"] for column in found["columns"]]
    return [dict(zip(names, row, strict=True)) for row in found["rows"]]
