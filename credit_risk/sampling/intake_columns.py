"""Columns of a source one by one: type, role, contract; what is left out, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from credit_risk._core.characters import fits_xml
from credit_risk.sampling.column_types import (
    CATEGORICAL,
    DATE,
    NUMERIC,
    TypedColumn,
    as_numeric,
    as_text,
    decide_type,
)
from credit_risk.sampling.contract import (
    Examples,
    Failure,
    character_failure,
    constant_failure,
    date_failure,
    doubt_failure,
    type_failures,
    value_failures,
)
from credit_risk.sampling.date_formats import DateReading
from credit_risk.sampling.doubtful import Doubt, doubtful_dates, doubtful_text
from credit_risk.sampling.left_out import reason_to_leave_out
from credit_risk.sampling.names import RESERVED_WORDS, is_reserved
from credit_risk.sampling.observation import MonthlyColumn
from credit_risk.sampling.readings import PLAIN_COLUMN, dates_of, declared_type, numbers_of
from credit_risk.sampling.source import Conversion, RawColumn, Source
from credit_risk.sampling.spec import ColumnSpec, DataSpec, OutcomeSpec

NEVER_USED = ("data.forbidden", "selection.exclude")
MAY_BE_CONSTANT = (*NEVER_USED, "outcome.", "rules[")
FOR_DERIVE_ONLY = ("derive.", "rules[")
TEXT_WILL_DO = (*NEVER_USED, "outcome.history.account", "outcome.status", "samples.group")
CONTROL = "control characters"
NEEDED_ROLES = ("outcome", "exposure", "date", "status", "protected")
VALUES, GROUPS = "values", "groups"  # what a column is needed for: its values, or which rows share one
PERSONAL, HIDDEN = "personal data", "not shown: personal data"
APART = "kept in a store of protected attributes"


@dataclass
class State:
    """What intake gathers column by column.

    monthly: columns that were made of the history; first: a row of each account, where rows were made of accounts;
    needed: columns that samples and evaluation read, with how (values or groups); xml: whether categories go into
    an XML document.
    """

    source: Source
    data: DataSpec
    outcome: OutcomeSpec
    named: dict[str, str]
    monthly: Mapping[str, MonthlyColumn] = field(default_factory=dict)
    first: np.ndarray | None = None
    needed: Mapping[str, str] = field(default_factory=dict)
    xml: bool = False
    examples: Examples = field(default_factory=lambda: Examples(np.empty(0)))
    columns: dict[str, TypedColumn] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def spec(self, name: str) -> ColumnSpec:
        """What the contract says of a column; all defaults where it says nothing."""
        return self.data.columns.get(name, PLAIN_COLUMN)

    def text_will_do(self, name: str) -> bool:
        """Whether it does not matter that texts could be numbers or dates: nothing uses them, or as names alone."""
        return name not in self.named or self.named[name].startswith(TEXT_WILL_DO)

    def kept_back(self, name: str) -> bool:
        """Whether the column stays out of the package: it is apart, or personal data that nothing in there needs."""
        if name in self.source.apart:
            return True
        apart = self.roles.get(name) not in NEEDED_ROLES and self.needed.get(name) != VALUES
        return self.spec(name).personal and apart


def take_column(state: State, name: str, raw: RawColumn) -> None:
    """Type, role and checks of one column."""
    if (why := _unusable(state, name, raw)) is not None:
        _leave_out_or_refuse(state, name, *why)
        return
    spec = state.spec(name)
    path = f"data.columns.{name}.type" if spec.type else state.named.get(name, name)
    reading = numbers_of(state.data, name, raw)
    dates = dates_of(state.data, name, raw)
    kind, told = decide_type(raw, reading, dates)
    declared = declared_type(spec)
    if _not_of_type(state, name, raw, dates, declared, path):
        return
    kind, told = (declared, None) if declared is not None else (kind, told)
    infinite = np.append(reading.infinite, False)[raw.codes]
    if raw.is_number and infinite.any() and name not in state.named:
        _leave_out_or_refuse(state, name, "infinite values", f"in {np.count_nonzero(infinite):,} rows")
        return
    doubt = doubtful_dates(raw, dates) if kind == DATE else None
    if kind == CATEGORICAL and declared is None:
        doubt = doubtful_text(raw, reading)
    broken = type_failures(name, raw, reading, kind, path, state.examples) if kind == NUMERIC else []
    if kind == NUMERIC:
        column, conversions = as_numeric(name, raw, reading)
    else:
        column, conversions = as_text(name, raw, reading, kind, dates)
        if told is not None:
            conversions.append(Conversion(name, told, int(np.count_nonzero(raw.codes >= 0))))
    state.columns[name], state.roles[name] = column, _role(state, name, column)
    state.conversions += [*conversions, *_passed_over(name, raw, spec)]
    if doubt is not None and not state.text_will_do(name):
        broken.append(doubt_failure(name, doubt, raw, state.named[name], state.examples))
    elif doubt is not None and kind == CATEGORICAL:
        rows = int(np.count_nonzero(np.append(doubt.levels, False)[raw.codes]))
        state.conversions.append(Conversion(name, f"kept as text: {doubt.reason}", rows))
    state.failures += broken
    if not broken:
        _check_column(state, name, column, doubt)


def _unusable(state: State, name: str, raw: RawColumn) -> tuple[str, str] | None:
    """Why a column cannot be used whatever it holds: reason and detail."""
    if is_reserved(name):
        return "reserved name", f"the package uses such names itself: {RESERVED_WORDS}"
    if state.xml and not fits_xml(name):
        return CONTROL, f"the name {name!r} cannot stand in PMML"
    return ("type of values", raw.unusable) if raw.unusable else None


def _leave_out_or_refuse(state: State, name: str, reason: str, detail: str) -> None:
    """A column that the plan does not name is left out with its reason; one that it names is refused."""
    if name in state.named:
        message = f"{name!r} cannot be used ({reason})"
        remedy = "rename or convert it, or take it out of the plan"
        state.failures.append(Failure(name, "column_type", message, state.named[name], found=detail, remedy=remedy))
        return
    state.roles[name] = "left_out"
    state.left_out.append((name, reason, detail))


def _passed_over(name: str, raw: RawColumn, spec: ColumnSpec) -> list[Conversion]:
    """Declared ways of reading text, where the source holds no text."""
    told = []
    if raw.is_date and spec.date_format is not None:
        told.append("date_format passed over: the source holds dates")
    if raw.is_number and spec.number_format is not None:
        told.append("number_format passed over: the source holds numbers")
    return [Conversion(name, words, 0) for words in told]


def _not_of_type(
    state: State, name: str, raw: RawColumn, dates: DateReading | None, declared: str | None, path: str
) -> bool:
    """Whether the type that the plan says cannot be given to the column at all; the failures are told."""
    present, spec = bool((raw.codes >= 0).any()), state.spec(name)
    if (declared == DATE or name == state.data.date) and not raw.is_date and present and dates is None:
        place = "data.date" if declared != DATE else f"data.columns.{name}.date_format" if spec.date_format else path
        state.failures.append(date_failure(name, raw, spec, place, state.examples))
        return True
    if declared == NUMERIC and raw.is_date:
        message = f"{name!r} is declared {NUMERIC}, and the source holds dates"
        remedy = "declare type: date, or name another column"
        state.failures.append(Failure(name, "type", message, path, found=DATE, remedy=remedy))
        return True
    return False


def _role(state: State, name: str, column: TypedColumn) -> str:
    if name == state.outcome.column:
        return "outcome"
    if name == state.outcome.exposure:
        return "exposure"
    if name == state.data.date or name == state.outcome.windows.observed_at:
        return "date"
    if state.outcome.status is not None and name == state.outcome.status.column:
        return "status"
    if state.outcome.history is not None and name == state.outcome.history.account:
        return "account"
    if name in state.data.protected_columns:
        return "protected"
    if state.spec(name).personal:
        return "personal"
    if name in state.data.forbidden:
        return "forbidden"
    if name in state.monthly and _for_derive_only(state, name):
        return "monthly"
    if state.named.get(name, "").startswith("strategy."):
        return "strategy"
    if name in state.named:
        return "date" if column.type == DATE else "predictor"
    return "predictor"


def _for_derive_only(state: State, name: str) -> bool:
    """Whether a month before the observation point is named by nothing but derived characteristics, if at all."""
    asked = state.named.get(name, "derive.").startswith(FOR_DERIVE_ONLY)
    return state.monthly[name].lag > 0 and asked and name not in state.data.columns


def _check_column(state: State, name: str, column: TypedColumn, doubt: Doubt | None) -> None:
    """Contract of a column that the plan names; otherwise whether it is left out."""
    role, spec = state.roles[name], state.data.columns.get(name)
    if role == "outcome":
        if spec is not None:
            state.failures += value_failures(name, column, spec, state.examples)
        return
    if role == "monthly":
        return
    if name not in state.named:
        _leave_out(state, name, column, doubt)
        return
    path = state.named[name]
    if name in state.monthly and path.startswith(FOR_DERIVE_ONLY) and constant_failure(name, column, path) is not None:
        state.roles[name] = "monthly"  # tells nothing by itself, and what is derived from it may
        return
    failure = None if path.startswith(MAY_BE_CONSTANT) else constant_failure(name, column, path)
    if failure is not None:
        state.failures.append(failure)
    if role == "date" and path.startswith(("classing", "selection.include")):
        message = f"{name!r} is a date, which is no characteristic"
        state.failures.append(Failure(name, "type", message, path, remedy="take it out of the plan here"))
    has_order = spec is not None and spec.order is not None
    if column.type == CATEGORICAL and path.startswith("classing.monotonic") and not has_order:
        message = f"{name!r} is not numeric, so its bins have no order"
        state.failures.append(Failure(name, "type", message, path, remedy="leave the trend out"))
    if spec is not None:
        state.failures += value_failures(name, column, spec, state.examples)
    if role == "predictor" and state.xml and (found := character_failure(name, column, path, state.examples)):
        state.failures.append(found)


def _leave_out(state: State, name: str, column: TypedColumn, doubt: Doubt | None) -> None:
    """Leave out a column that the plan does not name, where it is no characteristic or cannot be read for certain."""
    seen = column
    if state.first is not None and name not in state.monthly:  # judged on accounts, which rows repeat
        seen = TypedColumn(column.type, column.levels, column.codes[state.first])
    why = reason_to_leave_out(name, seen)
    empty = why is not None and why[0] in ("constant", "entirely missing")
    if doubt is not None and column.type == CATEGORICAL and not empty:
        why = doubt.reason, f"{doubt.found}; {doubt.remedy(name)}"
    elif doubt is not None and why is not None:
        why = why[0], f"{why[1]}; {doubt.found}"
    elif why is None and state.xml and (found := character_failure(name, column, name, state.examples)):
        why = CONTROL, f"{found.found} in {found.rows:,} rows, which PMML cannot hold"
    if why is not None:
        state.roles[name] = "left_out"
        state.left_out.append((name, *why))


def without_personal_values(state: State, failures: list[Failure], *, accounts: bool) -> list[Failure]:
    """Failures without values of personal columns; accounts: whether account numbers are personal too."""
    hidden = {name for name, spec in state.data.columns.items() if spec.personal} | state.source.apart
    return [
        replace(failure, found=HIDDEN)
        if failure.found is not None and (failure.column in hidden or (accounts and failure.rule == "no_match"))
        else failure
        for failure in failures
    ]
