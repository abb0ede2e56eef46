"""What accounts earned and cost, month by month, by the amounts that the plan declares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from credit_risk.monitoring.performance.decisions import YES, approved_of
from credit_risk.monitoring.performance.labels import Labels, label_outcomes
from credit_risk.monitoring.performance.profit import Amounts, profit_table
from credit_risk.monitoring.run.columns import OUTCOMES
from credit_risk.monitoring.run.settings import Settings, applicants, held, truth
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
    asked = [
        *("_key", *(["_time", *OUTCOMES] if known else []), *([DECISION] if decided else [])),
        *(["probability"] if "probability" in source.quantities else []),
        *held(source, spec.amount, spec.reviewed, settings.applicant),
        *segments,
    ]
    parts = []
    for period in source.periods:
        frame = source.rows(period, list(dict.fromkeys(asked))).to_pandas()
        parts.append(_of_month(frame, spec, settings, segments, words if decided else None).assign(period=period))
    if not parts:
        return "production has no counted row"
    found = pd.concat(parts, ignore_index=True)
    found.attrs["notes"] = (*parts[-1].attrs.get("notes", ()), *_notes(spec, decided, known))
    return found


def _of_month(
    frame: pd.DataFrame, spec: ProfitSpec, settings: Settings, segments: Sequence[str], words: Words | None
) -> pd.DataFrame:
    rows = len(frame)
    booked = np.ones(rows, bool)
    if words is not None:
        booked = approved_of(frame[DECISION].to_numpy(object), words.approved, words.declined).approved == YES
    amount = np.ones(rows)
    if spec.amount is not None:
        amount = frame[OTHER + spec.amount].to_numpy(np.float64)
        booked &= np.isfinite(amount) & (amount >= 0)
        amount = np.where(booked, amount, 0.0)
    p = frame["probability"].to_numpy(np.float64) if "probability" in frame else None
    if p is not None:
        booked &= np.isfinite(p)
        p = np.where(booked, p, 0.0)
    reviewed = None if spec.reviewed is None else truth(frame[OTHER + spec.reviewed]) == True  # noqa: E712
    amounts = Amounts(spec.margin * amount, spec.loss_given_default * amount, spec.review_cost, spec.currency)
    by = {name: frame[name].to_numpy(object) for name in segments}
    labels = _labels(frame, settings)
    return profit_table(labels, amounts, p, reviewed, segments=by, booked=booked, least=settings.least)


def _labels(frame: pd.DataFrame, settings: Settings) -> Labels:
    if "_time" not in frame or settings.window is None:
        nothing = np.zeros(len(frame), bool)
        return Labels(np.full(len(frame), np.nan), nothing, nothing, float(settings.window or 1))
    labels, _ = label_outcomes(frame["_time"], frame["bad_date"], frame["observed_until"], settings.window)
    return labels.of_applicants(applicants(frame, settings))


def _notes(spec: ProfitSpec, decided: bool, known: bool) -> tuple[str, ...]:
    unit = "of each account" if spec.amount is None else f"times the column {spec.amount!r}"
    told = [
        f"earned on a good {spec.margin:g}, lost on a bad {spec.loss_given_default:g}, {unit}; a review by hand costs "
        f"{spec.review_cost:g}; rows without an amount of 0 or more, or without a probability, count for neither",
        "accounts are the applications approved" if decided else "accounts are all rows with an outcome: no decisions",
    ]
    return (*told, *(() if known else ("no outcomes: the cost of review alone is known",)))
