"""From performance history to the outcome of each application, with the tables that show how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.sampling.column_types import NUMERIC, TypedColumn
from credit_risk.sampling.contract import Failure
from credit_risk.sampling.history import History, read_history
from credit_risk.sampling.history_columns import dates_to_months, month_number
from credit_risk.sampling.history_spec import HistorySpec
from credit_risk.sampling.history_tables import roll_rate_matrix, vintage_curves
from credit_risk.sampling.maturity import bad_rate_maturity
from credit_risk.sampling.observation_points import point_order
from credit_risk.sampling.openings import date_openings, opening_note, openings
from credit_risk.sampling.outcome import Outcome, class_items
from credit_risk.sampling.performance import BAD, EARLY, GOOD, IMMATURE, NO_HISTORY, performance_outcome
from credit_risk.sampling.spec import OutcomeSpec
from credit_risk.scoring.steps import text_of_number

NO_POINT = "observation point missing"
OTHER_POINT = "not at an observation point of the plan"
NO_ACCOUNT = "account missing"
DEFINITION = "outcome.definition"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Points:
    """Account and observation month of each row, and why a row cannot have an outcome, else None; all (n,)."""

    accounts: np.ndarray
    months: np.ndarray | None
    reasons: np.ndarray
    told: str


def outcome_of_history(
    columns: Mapping[str, TypedColumn],
    key: np.ndarray,
    key_name: str | None,
    date: str | None,
    spec: OutcomeSpec,
    reasons: np.ndarray,
    source: Any,
) -> tuple[Outcome | None, list[Failure]]:
    """The outcome of each row of the applications, or None with what is wrong.

    reasons (n,): why a row has left already, else None; source: what `read_history` takes, or a history that has been
    read. Raises IntakeError with the faults of the history itself.
    """
    assert spec.history is not None
    history = source if isinstance(source, History) else read_history(source, spec.history, spec.definition)
    points, failures = _points(columns, key, key_name, date, spec, history)
    if points is None:
        return None, failures
    reasons = np.where(pd.isna(reasons), points.reasons, reasons)
    asked = np.flatnonzero(pd.isna(reasons))
    months = [None] * len(asked) if points.months is None else points.months[asked].tolist()
    frame = pd.DataFrame({"account": pd.Series(points.accounts[asked], dtype=object), "observation_month": months})
    found = performance_outcome(history, spec.definition, spec.windows, frame)
    values = np.full(len(reasons), np.nan)
    outcome, told = found["outcome"].to_numpy(), found["reason"].to_numpy()
    values[asked] = np.where(outcome == BAD, 1.0, np.where(outcome == GOOD, 0.0, np.nan))
    neither = np.isnan(values[asked])
    words = np.array([f"{name}: {reason}" for name, reason in zip(outcome, told, strict=True)], dtype=object)
    reasons[asked[neither]] = words[neither]
    failures = _failures(history, found, spec, frame)
    if failures:
        return None, failures
    bad, good = int(np.count_nonzero(values == 1.0)), int(np.count_nonzero(values == 0.0))
    clusters, observed = _clusters(history, spec, points.accounts), _observed(history, points.months)
    definition = {**_definition(spec, points.told), **_points_told(spec, observed, reasons), **_early(found, spec)}
    definition |= class_items(bad, good, spec)
    made = Outcome(values, reasons, definition, cluster=clusters, observed=observed)
    opened = _opened(columns, date, history, points.accounts)
    made.items["outcome.history"] = {**history.items(), **opened, **_unmatched(history, frame, points.accounts, spec)}
    _add_tables(made, history, spec)
    return made, []


def _observed(history: History, months: np.ndarray | None) -> np.ndarray | None:
    """Observation month of each row as the history writes it, None where missing, object (n,)."""
    if months is None:
        return None
    texts = {month: None if month is None else history.month_text(month) for month in dict.fromkeys(months.tolist())}
    return np.array([texts[month] for month in months.tolist()], dtype=object)


def _clusters(history: History, spec: OutcomeSpec, accounts: np.ndarray) -> np.ndarray:
    """What rows have in common: their obligor where the history names it, else their account; object (n,)."""
    if spec.history is None or spec.history.obligor is None:
        return accounts
    obligors = dict(history.rows_of("SELECT key, obligor FROM obligors"))
    return np.array([obligors.get(account) for account in accounts.tolist()], dtype=object)


def _opened(
    columns: Mapping[str, TypedColumn], date: str | None, history: History, accounts: np.ndarray
) -> dict[str, str | int]:
    """Month 0 of the accounts from the rows' date, where the history is dated and does not know it; what is told."""
    if date is None or date not in columns or not history.calendar or openings(history).known:
        return {}
    months, _ = months_of_rows(columns[date], date, "data.date", history)
    if months is None or all(month is None for month in months.tolist()):
        return {}
    return date_openings(history, accounts.tolist(), months.tolist())


def _add_tables(outcome: Outcome, history: History, spec: OutcomeSpec) -> None:
    maturity = bad_rate_maturity(history, spec.windows.maturity)
    vintages = vintage_curves(history)
    outcome.tables["outcome.roll_rates"] = roll_rate_matrix(history)
    outcome.items["outcome.window"] = {
        "performance window, months": spec.windows.performance_months,
        "recommended, months": "not reached" if maturity.months is None else maturity.months,
        "rule": maturity.reason,
    }
    opened = opening_note(history)
    stays = "an account whose history ends early stays among the accounts, without an event"
    if len(vintages):
        falls = "a curve may fall at its end, where the cohort's later accounts are not observed so long (complete)"
        outcome.tables["outcome.vintages"], outcome.notes["outcome.vintages"] = vintages, (opened, falls, stays)
    else:
        outcome.notes["outcome.vintages"] = ("every account was opened before the history begins",)
    if len(maturity.table):
        outcome.tables["outcome.maturity"] = maturity.table
        notes = [maturity.reason, opened, stays]
        if "data.date" in opened:
            notes.append(
                "an account opened before the history begins is at risk from there on, if not in default there"
            )
        if spec.windows.rolling is not None or spec.windows.observed_at is not None:
            notes.append("months are those since opening, not since the observation points of the rows")
        outcome.notes["outcome.maturity"] = tuple(notes)
    else:
        least = spec.windows.maturity.min_accounts
        outcome.notes["outcome.maturity"] = (f"fewer than {least:,} accounts are at risk in any month on book",)


def _points(
    columns: Mapping[str, TypedColumn],
    key: np.ndarray,
    key_name: str | None,
    date: str | None,
    spec: OutcomeSpec,
    history: History,
) -> tuple[_Points | None, list[Failure]]:
    assert spec.history is not None
    name = str(spec.history.account or key_name)
    if name == key_name or name not in columns:
        accounts = account_keys(key, history.integer_key)
    else:
        column = columns[name]
        levels = account_keys(column.levels, history.integer_key)
        accounts = np.append(levels, np.array([None], dtype=object))[column.codes]
    reasons = np.full(len(key), None, dtype=object)
    if name in columns and name != key_name:
        reasons[columns[name].missing] = NO_ACCOUNT
    place = spec.windows.observed_at or (date if history.calendar else None)
    if place is None or place not in columns:
        return _Points(accounts, None, reasons, "the account's first month in the history"), []
    path = "outcome.windows.observed_at" if spec.windows.observed_at else "data.date"
    months, failure = months_of_rows(columns[place], place, path, history)
    if months is None:
        return None, failure
    reasons[np.array([month is None for month in months], bool)] = NO_POINT
    failures: list[Failure] = []
    if spec.windows.observation_points is not None:
        wanted = {month_number(point, calendar=history.calendar) for point in spec.windows.observation_points}
        if None in wanted:
            allowed = "months as 2026-11" if history.calendar else "whole numbers"
            path = "outcome.windows.observation_points"
            failures.append(Failure(place, "value", "not months of this history", path, allowed=allowed))
        elsewhere = np.array([month is not None and month not in wanted for month in months], bool)
        reasons[elsewhere] = OTHER_POINT
    return (None, failures) if failures else (_Points(accounts, months, reasons, f"the month of {place}"), [])


def account_keys(values: np.ndarray, integer: bool) -> np.ndarray:
    """Keys of the applications as the history holds them; what cannot be one (missing, too) is no account of it: None.

    values (n,): text, doubles or None; `integer`: whether the history's keys are whole numbers.
    """
    given = values.tolist()
    texts = ["" if v is None else text_of_number(v) if isinstance(v, float) else str(v) for v in given]
    if not integer:
        return np.array([None if v is None else text for v, text in zip(given, texts, strict=True)], dtype=object)
    plain = [text.lstrip("-").isdigit() and text.isascii() and str(int(text)) == text for text in texts]
    fits = [is_plain and -(2**63) <= int(text) < 2**63 for text, is_plain in zip(texts, plain, strict=True)]
    return np.array([int(text) if fit else None for text, fit in zip(texts, fits, strict=True)], dtype=object)


def months_of_rows(
    column: TypedColumn, name: str, path: str, history: History
) -> tuple[np.ndarray | None, list[Failure]]:
    """Month of each row as the history counts them, None where missing, object (n,); or None with what is wrong."""
    levels: list[int] | None = None
    if history.calendar:
        texts = [text_of_number(level) if isinstance(level, float) else level for level in column.levels]
        levels = dates_to_months(texts)[0]
        allowed = "dates of one format, as the history has dates"
    else:
        allowed = "whole numbers, as the history counts months"
        if column.type == NUMERIC and (np.floor(column.levels) == column.levels).all():
            levels = [int(level) for level in column.levels]
    if levels is None:
        found = ", ".join(map(str, column.levels[:SHOWN]))
        message = f"{name!r} does not hold months of the history"
        return None, [Failure(name, "type", message, path, found=found, allowed=allowed)]
    return np.append(np.array(levels, dtype=object), np.array([None], dtype=object))[column.codes], []


def _failures(history: History, found: pd.DataFrame, spec: OutcomeSpec, frame: pd.DataFrame) -> list[Failure]:
    """What leaves nothing to model: no common account, no mature row, no bad or no good."""
    assert spec.history is not None
    column = spec.history.account or "account"
    counts = found.groupby(["outcome", "reason"], sort=False).size().sort_values(ascending=False, kind="stable")
    told = ", ".join(f"{outcome} ({reason}): {rows:,}" for (outcome, reason), rows in counts.items())
    excluded = set(found["reason"][found["outcome"] == "excluded"])
    if len(found) and excluded == {NO_HISTORY} and len(counts) == 1:
        other = [str(row[0]) for row in history.rows_of(f"SELECT key FROM accounts ORDER BY key LIMIT {SHOWN}")]
        mine = [str(value) for value in frame["account"][:SHOWN]]
        shown = f"applications {', '.join(mine)}; history {', '.join(other)}"
        message = "no application has an account in the history"
        remedy = "name in outcome.history.account the column that the history's key refers to"
        return [Failure(column, "no_match", message, "outcome.history.key", found=shown, remedy=remedy)]
    window, span = spec.windows.performance_months, history.until - history.first
    if IMMATURE in excluded and excluded <= {IMMATURE, NO_HISTORY} and not {GOOD, BAD} & set(found["outcome"]):
        message = f"the performance window of {window} months is longer than the data"
        data = f"{span} months from {history.month_text(history.first)} to {history.month_text(history.until)}"
        path = "outcome.windows.performance_months"
        return [Failure(column, "window", message, path, found=data, remedy="shorten the window, or take more data")]
    classes = [name for name in (BAD, GOOD) if (found["outcome"] == name).any()]
    if not classes:
        remedy = "look at outcome.definition.indeterminate, at the windows and the exclusions: they leave no row"
        return [
            Failure(column, "no_outcome", "no row is bad or good", DEFINITION, found=told or "no row", remedy=remedy)
        ]
    if len(classes) == 1:
        message = f"no row is {GOOD if classes == [BAD] else BAD}: the outcome has one class"
        remedy = "look at outcome.definition and outcome.windows, or take more data"
        return [Failure(column, "one_class", message, DEFINITION, found=told, remedy=remedy)]
    return []


def _unmatched(history: History, frame: pd.DataFrame, accounts: np.ndarray, spec: OutcomeSpec) -> dict[str, str | int]:
    """Accounts that are no application, and rows of the applications that share an account."""
    present = {account for account in accounts.tolist() if account is not None}
    keys = [row[0] for row in history.rows_of("SELECT key FROM accounts")]
    matched = sum(key in present for key in keys)
    if spec.windows.rolling is not None:
        apart: dict[str, str | int] = {"accounts without a row at an observation point": len(keys) - matched}
    else:
        apart = {
            "accounts that are no application": len(keys) - matched,
            "applications without an account in the history": len(present) - matched,
        }
    return apart | {
        "rows whose outcome was asked for": len(frame),
        "accounts of these rows": int(frame["account"].nunique()),
    }


def _definition(spec: OutcomeSpec, observed: str) -> dict[str, str | int | float]:
    history, definition, windows = spec.history, spec.definition, spec.windows
    assert isinstance(history, HistorySpec)
    items: dict[str, str | int | float] = {
        "built from": "performance history",
        "type": spec.type,
        "bad": spec.event,
        "days past due of an event": definition.days_past_due,
        "also an event": ", ".join([*history.unlikely_to_pay, *([history.write_off] if history.write_off else [])])
        or "nothing else",
        "materiality": _materiality(history),
        "level": definition.level,
    }
    if definition.contagion_share is not None:
        items["share of the obligor's balance in default that spreads"] = definition.contagion_share
    items |= {
        "indeterminate": "nothing"
        if definition.indeterminate is None
        else f"{definition.indeterminate.days_past_due} or more days past due in the window, and not bad",
        "probation, months": definition.cure.months if definition.cure else "none",
        "observation point": observed,
        "observation window, months": windows.observation_months,
        "performance window, months": windows.performance_months,
        "history that ends early without an event": definition.ended_early,
    }
    return items


def _points_told(spec: OutcomeSpec, observed: np.ndarray | None, reasons: np.ndarray) -> dict[str, str | int | float]:
    """Items on the observation points of a behavioural sample: those of rows with an outcome."""
    windows = spec.windows
    if observed is None or (windows.rolling is None and windows.observed_at is None):
        return {}
    months = sorted(set(observed[pd.isna(reasons)].tolist()), key=point_order)
    items: dict[str, str | int | float] = {"observation points with an outcome": len(months)}
    if months:
        items["first and last of them"] = f"{months[0]} to {months[-1]}"
    if windows.rolling is not None:
        items["months from one point to the next"] = windows.rolling.every
    if windows.observation_points is not None:
        items["observation points of the plan"] = ", ".join(map(str, windows.observation_points))
    return items


def _early(found: pd.DataFrame, spec: OutcomeSpec) -> dict[str, str | int | float]:
    """How many rows have a history that ends before the window without an event, and what they count as."""
    rows = int(np.count_nonzero(found["reason"] == EARLY))
    return {f"rows whose history ends early without an event, counted as {spec.definition.ended_early}": rows}


def _materiality(history: HistorySpec) -> str:
    if history.materiality is None:
        return "all days past due count"
    amount, share = history.materiality.absolute, history.materiality.relative
    return f"above {amount:g}" + (f" and above {share:g} of the balance" if history.balance else "")
