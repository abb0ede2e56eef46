"""The column dictionary: what each column of each table means, its type, its codes, and what it may be used for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_risk.datasets.accounts import FIRST_DEFAULT
from credit_risk.datasets.characteristics import CATEGORIES, NUMERIC, PROTECTED
from credit_risk.datasets.decisions import DECISIONS, OVERRIDES, STATUSES, SYSTEM_DECISIONS
from credit_risk.datasets.drivers import INSTRUMENT
from credit_risk.datasets.history import STATES

OUTCOMES = ("good", "bad", "not_yet")
RESOLUTIONS = ("cured", "written_off", "open")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. role: key, date, characteristic, protected, instrument, decision, performance, outcome or truth."""

    name: str
    type: str
    role: str
    description: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    missing: bool = False


_KEY = Column("application_id", "integer", "key", "Application; the account has the same number")
_CHARACTERISTICS = {
    "bureau_score": ("Score of the credit bureau, 300 to 900; higher is better", "points"),
    "income": ("Net income a month as stated", "currency"),
    "utilisation": ("Balance over limit of revolving accounts", "per cent"),
    "months_at_address": ("Months at the present address", "months"),
    "months_at_job": ("Months in the present job", "months"),
    "inquiries_6m": ("Inquiries at the bureau in the last 6 months", "count"),
    "delinquencies_24m": ("Payments 30 or more days late in the last 24 months, at other lenders", "count"),
    "months_since_delinquency": ("Months since the last of these", "months"),
    "oldest_trade_months": ("Age of the oldest account at the bureau; a proxy of age", "months"),
    "open_accounts": ("Open accounts at the bureau", "count"),
    "dependants": ("Dependants", "count"),
    "amount_requested": ("Amount applied for", "currency"),
    "term_months": ("Term applied for", "months"),
    "employment": ("Employment; a proxy of age", ""),
    "housing": ("Housing", ""),
    "occupation": ("Field of occupation; a proxy of sex", ""),
    "purpose": ("Purpose of the loan", ""),
    "channel": ("Channel of the application", ""),
    "region": ("Region", ""),
}
_PROTECTED = {"sex": "Sex", "age_band": "Age at application in years, by band"}
_DECISION = (
    Column(INSTRUMENT, "numeric", "instrument", "Leniency of the underwriter, who is assigned at random", "sd"),
    Column("old_score", "numeric", "decision", "Old score; cut-off 600, grey zone 576 to 624", "points"),
    Column("system_decision", "categorical", "decision", "Decision of old score and policy", "", SYSTEM_DECISIONS),
    Column("decision", "categorical", "decision", "Final decision; none where withdrawn", "", DECISIONS),
    Column(
        "override", "categorical", "decision",
        "Final against system decision: high_side rejected in spite of accept, low_side accepted in spite of decline",
        "", OVERRIDES,
    ),
    Column(
        "status", "categorical", "decision",
        "What became of the application; booked and overridden_low have accounts", "", STATUSES,
    ),
)  # fmt: skip
_TABLES: dict[str, tuple[Column, ...]] = {
    "outcomes": (
        _KEY,
        Column("booking_date", "date", "date", "First day of the month of booking, that of the application"),
        Column("loan_amount", "numeric", "performance", "Amount lent", "currency"),
        Column("interest_rate", "numeric", "performance", "Interest a year, by the old score", "per cent"),
        Column("instalment", "numeric", "performance", "Instalment a month", "currency"),
        Column("observed_until", "date", "date", "First day of the last month observed"),
        Column("months_observed", "integer", "performance", "Months from booking to observed_until", "months"),
        Column(
            "outcome", "categorical", "outcome",
            "bad: 90 or more days past due within 12 months and by observed_until; not_yet: neither bad nor mature",
            "", OUTCOMES,
        ),
        Column("bad", "integer", "outcome", "1 bad, 0 good, missing where not yet known", missing=True),
    ),
    "history": (
        _KEY,
        Column("month", "date", "date", "First day of the month; values are those at its end"),
        Column("months_on_book", "integer", "performance", "1 is the month after booking", "months"),
        Column("days_past_due", "integer", "performance", "Days past due", "days"),
        Column("amount_past_due", "numeric", "performance", "Instalments due and unpaid", "currency"),
        Column("balance", "numeric", "performance", "Principal owed, amount past due included", "currency"),
        Column("state", "categorical", "performance", "State; written_off and closed are last months", "", STATES),
        Column("cured", "boolean", "performance", "Returned from default in this month"),
        Column("written_off", "boolean", "performance", "Written off in this month"),
        Column("write_off_amount", "numeric", "performance", "Amount written off", "currency"),
    ),
    "losses": (
        _KEY,
        Column("default_date", "date", "date", "First month with 90 or more days past due"),
        Column("default_month_on_book", "integer", "performance", "The same, counted from booking", "months"),
        Column("exposure_at_default", "numeric", "performance", "Balance at default", "currency"),
        Column("resolution", "categorical", "performance", "How it ended by observed_until", "", RESOLUTIONS),
        Column("resolution_date", "date", "date", "Month of resolution; missing where open", missing=True),
        Column("lgd", "numeric", "outcome", "Share of the exposure lost; missing where open", "share", (), True),
        Column("loss", "numeric", "outcome", "lgd × exposure_at_default", "currency", (), True),
    ),
    "truth": (
        _KEY,
        Column("true_pd", "numeric", "truth", "P(bad | true characteristics, month)", "share"),
        Column("bad", "integer", "truth", "Bad within 12 months, were the loan granted; known for everyone"),
        Column("outcome_index", "numeric", "truth", "Probit index of true_pd"),
        Column(
            "acceptance_probability", "numeric", "truth",
            "P(accepted | record, sex, instrument), of those who do not withdraw", "share",
        ),
        Column("acceptance_index", "numeric", "truth", "Probit index of acceptance_probability, hard policy apart"),
        Column("unobserved_decision", "numeric", "truth", "u: accepted where acceptance_index + u > 0"),
        Column("unobserved_outcome", "numeric", "truth", "e: bad where outcome_index + e > 0"),
        Column(
            "months_to_default", "integer", "truth",
            f"Month on book of default, {FIRST_DEFAULT} to 12; none where good", "months", (), True,
        ),
        Column("exposure_at_default", "numeric", "truth", "Balance at default; none where good", "currency", (), True),
        Column("lgd", "numeric", "truth", "Share of it lost in the end; none where good", "share", (), True),
        Column("loss", "numeric", "truth", "lgd × exposure; 0 where good", "currency"),
    ),
    "macro": (
        Column("month", "date", "date", "First day of the month"),
        Column("cycle", "numeric", "performance", "Economic cycle; upwards is recession"),
        Column("unemployment_rate", "numeric", "performance", "6 + 2·cycle", "per cent"),
    ),
}  # fmt: skip


def application_columns(instrument: bool) -> tuple[Column, ...]:
    """The columns of the applications, in order."""
    found = [
        _KEY,
        Column("applicant_id", "integer", "key", "Person; the same in all applications of one person"),
        Column("application_date", "date", "date", "First day of the month of application"),
    ]
    for name, (_, lost) in NUMERIC.items():
        text, unit = _CHARACTERISTICS[name]
        found.append(Column(name, "numeric", "characteristic", text, unit, (), lost > 0))
    for name, (labels, lost) in CATEGORIES.items():
        found.append(Column(name, "categorical", "characteristic", _CHARACTERISTICS[name][0], "", labels, lost > 0))
    found += [
        Column(name, "categorical", "protected", _PROTECTED[name], "", labels) for name, labels in PROTECTED.items()
    ]
    return (*found, *(column for column in _DECISION if instrument or column.name != INSTRUMENT))


def column_dictionary(instrument: bool) -> pd.DataFrame:
    """One row a column: table, column, type, role, unit, allowed, specials, missing, description."""
    tables = {"applications": application_columns(instrument)} | _TABLES
    rows = [
        {
            "table": table,
            "column": column.name,
            "type": column.type,
            "role": column.role,
            "unit": column.unit,
            "allowed": ", ".join(column.allowed),
            "specials": _specials(column) if table == "applications" else "",
            "missing": column.missing,
            "description": column.description,
        }
        for table, columns in tables.items()
        for column in columns
    ]
    return pd.DataFrame(rows)


def _specials(column: Column) -> str:
    codes = NUMERIC.get(column.name, ({}, 0.0))[0]
    return "; ".join(f"{code}: {meaning}" for code, meaning in codes.items())


def plan_columns(instrument: bool) -> dict[str, dict[str, Any]]:
    """The contract of the characteristics and protected columns, as `data.columns` of a plan."""
    contract: dict[str, dict[str, Any]] = {}
    for column in application_columns(instrument):
        if column.role not in ("characteristic", "protected"):
            continue
        entry: dict[str, Any] = {"type": column.type, "missing": column.missing, "description": column.description}
        specials = NUMERIC.get(column.name, ({}, 0.0))[0]
        if specials:
            entry["specials"] = dict(specials)
        if column.allowed:
            entry["allowed"] = list(column.allowed)
        if column.role == "protected":
            entry["personal"] = True
        contract[column.name] = entry
    return contract
