"""What accounts earned and cost, month by month, by the amounts that the plan declares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk.monitoring.performance.decisions import YES, approved_of
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import OUTCOMES, clusters_of, labels_in, numbers_of, texts_of
from credit_risk.monitoring.run.profit_rows import Accounts, ProfitRows
from credit_risk.monitoring.run.settings import Settings, held, truth
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import DECISION, OTHER
from credit_risk.monitoring.spec import ProfitSpec

UNDECLARED = "the plan does not say what accounts earn and cost (monitoring.profit)"


def profit_of(
    source: SqlSource, late: bool, settings: Settings, segments: Sequence[str], words: Words
) -> pd.DataFrame | str:
    """PROFIT_COLUMNS by month and segment, or why there is none.

    Accounts are the applications approved, where production holds decisions and their words are named, else all rows.
    Without outcomes the cost of review alone is known.
    """
    spec = settings.spec.profit
    if spec is None:
        return UNDECLARED
    if not settings.binary:
        return "the outcome is an amount or a fraction: what is lost on a bad is not defined"
    lost = [name for name in (spec.amount, spec.reviewed) if name is not None and not held(source, name)]
    if lost:
        return f"production does not hold the column {', '.join(map(repr, lost))}"
    known = late and settings.window is not None
    decided = DECISION in source.columns and words.declared
    parts = [
        _of_month(source, period, spec, settings, segments, words if decided else None, known)
        for period in source.periods
    ]
    if not parts:
        return "production has no counted row"
    found = pd.concat(parts, ignore_index=True)
    found.attrs["notes"] = (*parts[-1].attrs.get("notes", ()), *_notes(spec, decided, known))
    return found


def _of_month(
    source: SqlSource,
    period: str,
    spec: ProfitSpec,
    settings: Settings,
    segments: Sequence[str],
    words: Words | None,
    known: bool,
) -> pd.DataFrame:
    """PROFIT_COLUMNS of a month, as of `profit_table`; words: None where all rows are accounts."""
    own = held(source, settings.applicant)
    asked = [
        *("_key", *(["_time", *OUTCOMES] if known else []), *([DECISION] if words is not None else [])),
        *(["probability"] if "probability" in source.quantities else []),
        *held(source, spec.amount, spec.reviewed),
        *own,
        *segments,
    ]
    window, number = float(settings.window or 1), 0
    with TemporaryDirectory(prefix="credit-risk-") as place:
        likely = "probability" in source.quantities
        rows = ProfitRows(Folder(Path(place)), spec, window, likely=likely, clustered=bool(own))
        for table in source.batches(period, list(dict.fromkeys(asked))):
            cluster = clusters_of(table[own[0]], number) if own else None
            number += table.num_rows
            by = {name: texts_of(table, name) for name in segments}
            rows.add(_accounts(table, spec, words), _labels(table, settings), by, cluster)
        return rows.frame(period, settings.least)


def _accounts(table: pa.Table, spec: ProfitSpec, words: Words | None) -> Accounts:
    booked = np.ones(table.num_rows, bool)
    if words is not None:
        booked = approved_of(texts_of(table, DECISION), words.approved, words.declined).approved == YES
    amount, p = np.ones(table.num_rows), np.zeros(table.num_rows)
    if spec.amount is not None:
        amount = numbers_of(table, OTHER + spec.amount)
        booked &= np.isfinite(amount) & (amount >= 0)
    if "probability" in table.column_names:
        p = numbers_of(table, "probability")
        booked &= np.isfinite(p)
    reviewed = np.zeros(table.num_rows, bool)
    if spec.reviewed is not None:
        reviewed = np.asarray(truth(table[OTHER + spec.reviewed].to_pandas()) == True, bool)  # noqa: E712
    return Accounts(booked, amount, p, reviewed)


def _labels(table: pa.Table, settings: Settings) -> Labels:
    if "_time" not in table.column_names or settings.window is None:
        nothing = np.zeros(table.num_rows, bool)
        return Labels(np.full(table.num_rows, np.nan), nothing, nothing, float(settings.window or 1))
    return labels_in(table, settings.window)[0]


def _notes(spec: ProfitSpec, decided: bool, known: bool) -> tuple[str, ...]:
    unit = "of each account" if spec.amount is None else f"times the column {spec.amount!r}"
    told = [
        f"earned on a good {spec.margin:g}, lost on a bad {spec.loss_given_default:g}, {unit}; a review by hand costs "
        f"{spec.review_cost:g}; rows without an amount of 0 or more, or without a probability, count for neither",
        "accounts are the applications approved" if decided else "accounts are all rows with an outcome: no decisions",
    ]
    return (*told, *(() if known else ("no outcomes: the cost of review alone is known",)))
