"""Intake: from a source and a plan to typed columns with roles, and the evidence of what was found and done."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.sampling.column_types import (
    CATEGORICAL,
    DATE,
    NUMERIC,
    REWRITTEN,
    TypedColumn,
    as_numeric,
    as_text,
    date_format,
    decide_type,
    read_numbers,
)
from credit_risk.sampling.contract import (
    DataContractError,
    Examples,
    Failure,
    constant_failure,
    date_failure,
    order_failures,
    special_codes,
    type_failures,
    value_failures,
)
from credit_risk.sampling.derive import Derived, derive_columns
from credit_risk.sampling.derived_spec import DerivedSpec, derived_specs
from credit_risk.sampling.expressions import Expression, parse_expression
from credit_risk.sampling.left_out import IDENTIFIER_LIKE, reason_to_leave_out
from credit_risk.sampling.names import RESERVED_WORDS, is_reserved
from credit_risk.sampling.observation import MonthlyColumn, observe
from credit_risk.sampling.outcome import Outcome
from credit_risk.sampling.profile import duplicates_frame, profile_frame
from credit_risk.sampling.row_outcome import decide_outcomes
from credit_risk.sampling.rules import rule_conditions
from credit_risk.sampling.source import Conversion, RawColumn, Source
from credit_risk.sampling.spec import ColumnSpec, DataSpec, OutcomeSpec
from credit_risk.scoring.expressions import references

INT64 = np.iinfo(np.int64)
MAY_BE_CONSTANT = ("data.forbidden", "selection.exclude", "outcome.", "rules[")
FOR_DERIVE_ONLY = ("derive.", "rules[")
NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Intake:
    """The data as the model sees them. Rows stand in the order of the source, n of them.

    `frame`: columns of the contract in the order of the source, then derived ones; float64 (NaN is missing) or
    text (object, None is missing). The key is not among them. `key`: int64 or object (n,). `outcome`: 1.0 bad,
    0.0 good (an amount or fraction where `kind` says so), NaN in no sample (n,); `decided` says how. `roles`: column
    to key, date, outcome, exposure, status, account, protected, forbidden, predictor, monthly (for derive only),
    derived or left_out.
    `types`: column to numeric, categorical or date. `specials`: column to code (float in numeric columns) to
    meaning. `derived`: name to expression tree (SPECIFICATION 3.1), in order; `rules`: condition of each policy rule
    by id. `tables`: evidence frames by catalogue id. `source`, `definition`: items of `data.source` and
    `outcome.definition`. `left_out`: columns that the plan does not name and that are no characteristics, as read, for
    the leakage screen; those that could not be typed are not among them.
    """

    frame: pd.DataFrame
    key: np.ndarray
    key_name: str | None
    outcome: np.ndarray
    roles: dict[str, str]
    types: dict[str, str]
    specials: dict[str, dict[float | str, str]]
    descriptions: dict[str, str]
    derived: dict[str, Expression]
    tables: dict[str, pd.DataFrame]
    source: dict[str, str | int]
    definition: dict[str, str | int | float]
    decided: Outcome
    left_out: dict[str, TypedColumn] = field(default_factory=dict)
    rules: dict[str, Expression] = field(default_factory=dict)

    @property
    def status(self) -> np.ndarray | None:
        """What became of each applicant, object (n,), or None where the plan does not say."""
        return self.decided.status

    @property
    def kind(self) -> str:
        """Type of the outcome: binary, amount or fraction."""
        return self.decided.kind

    @property
    def cluster(self) -> np.ndarray | None:
        """Obligor or account of each row, object (n,): rows that share it belong together. None without history."""
        return self.decided.cluster

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns that may be characteristics of a model, derived ones last."""
        return tuple(name for name, role in self.roles.items() if role in ("predictor", "derived"))

    @property
    def protected(self) -> tuple[str, ...]:
        """Protected columns, in the order of the source."""
        return tuple(name for name, role in self.roles.items() if role == "protected")

    @property
    def contract_columns(self) -> tuple[str, ...]:
        """Columns of the source that go into the snapshot, in order."""
        return tuple(name for name in self.frame.columns if self.roles[name] != "derived")

    def _repr_html_(self) -> str:
        mean = float(np.nanmean(self.outcome))
        told = f"bad rate {mean:.2%}" if self.kind == "binary" else f"mean {self.kind} {mean:,.6g}"
        head = f"<p>{len(self.outcome):,} rows, {len(self.predictors)} possible characteristics, {told}</p>"
        left = self.tables["data.columns_left_out"]
        return head + self.tables["data.contract"]._repr_html_() + (left._repr_html_() if len(left) else "")


@dataclass
class _State:
    """What intake gathers column by column. `monthly`: columns that were made of the history; `first`: a row of each

    account, where rows were made of accounts.
    """

    source: Source
    data: DataSpec
    outcome: OutcomeSpec
    named: dict[str, str]
    monthly: Mapping[str, MonthlyColumn] = field(default_factory=dict)
    first: np.ndarray | None = None
    examples: Examples = field(default_factory=lambda: Examples(np.empty(0)))
    columns: dict[str, TypedColumn] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def take_in(
    source: Source,
    data: DataSpec,
    outcome: OutcomeSpec,
    *,
    derive: Mapping[str, str | DerivedSpec] = NO_TEXTS,
    named: Mapping[str, str] = NO_TEXTS,
    history: Any = None,
    rules: Mapping[str, str] = NO_TEXTS,
) -> Intake:
    """Check `source` against the contract, give every column a type and a role, and record what was done.

    `derive` are the derived characteristics of the plan; `named` further columns that the plan names, each with its
    key path (`Plan.named_columns`); `history` the performance history of `outcome.history`: a path or a table. With
    rolling observation points, or columns of the history, the rows are first those that `observe` makes of the source.
    `rules` are the conditions of the policy rules, by id.
    Raises DataContractError (an IntakeError) with all breaches; its `failures` is a table.
    """
    described = derived_specs(derive)
    texts = {name: spec.expression for name, spec in described.items()}
    monthly: Mapping[str, MonthlyColumn] = {}
    first: np.ndarray | None = None
    if outcome.history is not None and (outcome.windows.rolling is not None or data.monthly):
        made = observe(source, data, outcome, history)
        source, data, outcome, history = made.source, made.data, made.outcome, made.history
        monthly, first = made.monthly, made.first
    state = _State(source, data, outcome, _named(data, outcome, texts, named), monthly, first)
    _absent(state, texts)
    key = _key(state)
    state.examples = Examples(key)
    for name, raw in source.raw.items():
        if name != data.key:
            _take_column(state, name, raw)
    specials = {
        name: special_codes(data.columns[name].specials, column.type)
        for name, column in state.columns.items()
        if name in data.columns and data.columns[name].specials
    }
    rewritten = {told.column for told in state.conversions if told.conversion.endswith(REWRITTEN)}
    derived = derive_columns(texts, state.columns, specials, source.rows, rewritten)
    state.failures += [*_derived_collisions(state, texts), *derived.failures]
    for name, column in derived.columns.items():
        if (order := described[name].order) is not None and column.type == CATEGORICAL:
            state.failures += order_failures(name, column, order, {}, f"derive.{name}", state.examples)
    conditions, failures = rule_conditions(
        rules, {**state.columns, **derived.columns}, specials, source.rows, rewritten
    )
    state.failures += failures
    defined, failures, faults = decide_outcomes(
        state.columns, key, data.key, data.date, outcome, specials, source, history
    )
    state.failures += failures
    if state.failures or faults or defined is None:
        failures = _in_order(state)
        raise DataContractError([*(failure.fault(source.name) for failure in failures), *faults], failures)
    return replace(_with_derived(_intake(state, key, defined, derived, specials), described), rules=conditions)


def _with_derived(intake: Intake, described: Mapping[str, DerivedSpec]) -> Intake:
    """`intake` with the derived characteristics in its contract and descriptions."""
    told = [
        (name, "derived", intake.types[name], None, True, spec.expected_trend, spec.words)
        for name, spec in described.items()
    ]
    contract = intake.tables["data.contract"]
    if told:
        more = pd.DataFrame(told, columns=contract.columns).astype(contract.dtypes.to_dict())
        intake.tables["data.contract"] = pd.concat([contract, more], ignore_index=True)
    intake.descriptions.update({name: spec.words for name, spec in described.items()})
    return intake


def _named(data: DataSpec, outcome: OutcomeSpec, derive: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Every column of the source that the plan names, with the key path of its first mention."""
    named: dict[str, str] = {}
    for name, path in (
        (outcome.column, "outcome.column"),
        (data.key, "data.key"),
        (data.date, "data.date"),
        (outcome.history.account if outcome.history is not None else None, "outcome.history.account"),
        (outcome.status.column if outcome.status is not None else None, "outcome.status.column"),
        (outcome.windows.observed_at, "outcome.windows.observed_at"),
        (outcome.exposure, "outcome.exposure"),
    ):
        if name is not None:
            named.setdefault(name, path)
    for name in data.columns:
        named.setdefault(name, f"data.columns.{name}")
    for name in data.protected_columns:
        named.setdefault(name, "data.protected")
    for name, text in derive.items():
        for column in references(parsed) if (parsed := parse_expression(text)[0]) is not None else ():
            if column not in derive:
                named.setdefault(column, f"derive.{name}")
    for name, path in more.items():
        named.setdefault(name, path)
    for name in data.forbidden:
        named.setdefault(name, "data.forbidden")
    return named


def _absent(state: _State, derive: Mapping[str, str]) -> None:
    have = state.source.columns
    for name, path in {**state.named, **_excluded_by(state)}.items():
        if name in have or name in derive:
            continue
        near = difflib.get_close_matches(name, have, 1, 0.6)
        near = [other for other in have if other.strip().casefold() == name.strip().casefold()] or near
        remedy = f"did you mean {near[0]!r}?" if near else f"the source has: {', '.join(have[:30])}"
        message = f"the plan names the column {name!r}, and the source has none of this name"
        state.failures.append(Failure(name, "absent", message, path, remedy=remedy))


def _excluded_by(state: _State) -> dict[str, str]:
    """Columns that conditions of exclusions read and the plan names nowhere else, with the key path of each."""
    read: dict[str, str] = {}
    for index, exclusion in enumerate(state.outcome.exclusions):
        parsed, _ = parse_expression(exclusion.condition)
        for column in references(parsed) if parsed is not None else ():
            read.setdefault(column, f"outcome.exclusions[{index}].condition")
    return {name: path for name, path in read.items() if name not in state.named}


def _key(state: _State) -> np.ndarray:
    """The key of each row; the row number from 1 where the plan names none, or where the column is not there."""
    numbers = np.arange(1, state.source.rows + 1, dtype=np.int64)
    name = state.data.key
    raw = state.source.raw.get(name) if name is not None else None
    if name is None or raw is None:
        return numbers
    state.roles[name] = "key"
    rows = Examples(numbers)
    missing = raw.codes < 0
    counts = np.bincount(raw.codes[~missing], minlength=len(raw.levels))
    if missing.any():
        message = f"the key {name!r} is missing in some rows"
        state.failures.append(Failure(name, "key_missing", message, "data.key", **rows.of(missing)))
    keys = key_values(raw)
    repeated = np.append(counts > 1, False)[raw.codes]
    if repeated.any():
        message = f"the key {name!r} stands more than once"
        remedy = "keep one row a key, or name another key; without data.key the row number is the key"
        found = f"{np.count_nonzero(counts > 1):,} keys, such as "
        found += ", ".join(map(str, raw.levels[np.flatnonzero(counts > 1)[:5]]))
        first = int(np.flatnonzero(repeated)[0]) + 1
        state.failures.append(
            Failure(name, "duplicate_key", message, "data.key", first_row=first, found=found, remedy=remedy)
        )
    return numbers if missing.any() else keys


def key_values(raw: RawColumn) -> np.ndarray:
    """int64 where every key is there and a plain whole number that fits, else text as written, None where missing."""
    texts = [
        level if isinstance(level, str) else str(int(level)) if level.is_integer() else repr(level)
        for level in raw.levels
    ]
    plain = all(text.lstrip("-").isdigit() and text.isascii() and str(int(text)) == text for text in texts)
    if plain and (raw.codes >= 0).all() and all(INT64.min <= int(text) <= INT64.max for text in texts):
        return np.append(np.array([int(text) for text in texts], dtype=np.int64), 0)[raw.codes]
    return np.append(np.asarray(texts, dtype=object), np.array([None], dtype=object))[raw.codes]


def _unusable(name: str, raw: RawColumn) -> tuple[str, str] | None:
    """Why a column cannot be used whatever it holds: reason and detail."""
    if is_reserved(name):
        return "reserved name", f"the package uses such names itself: {RESERVED_WORDS}"
    return ("type of values", raw.unusable) if raw.unusable else None


def _leave_out_or_refuse(state: _State, name: str, reason: str, detail: str) -> None:
    """A column that the plan does not name is left out with its reason; one that it names is refused."""
    if name in state.named:
        message = f"{name!r} cannot be used ({reason})"
        remedy = "rename or convert it, or take it out of the plan"
        state.failures.append(Failure(name, "column_type", message, state.named[name], found=detail, remedy=remedy))
        return
    state.roles[name] = "left_out"
    state.left_out.append((name, reason, detail))


def _take_column(state: _State, name: str, raw: RawColumn) -> None:
    """Type, role and checks of one column."""
    if (why := _unusable(name, raw)) is not None:
        _leave_out_or_refuse(state, name, *why)
        return
    spec = state.data.columns.get(name)
    path = f"data.columns.{name}.type" if spec is not None and spec.type else state.named.get(name, name)
    reading = read_numbers(raw)
    kind, told = decide_type(raw, reading)
    conversions: list[Conversion] = []
    if spec is not None and spec.type is not None:
        failure = _type_of_spec(state, name, raw, spec, path)
        if failure:
            return
        kind, told = spec.type, None
    elif spec is not None and spec.order is not None:
        kind, told = CATEGORICAL, None
    infinite = np.append(reading.infinite, False)[raw.codes]
    if raw.is_number and infinite.any() and name not in state.named:
        state.roles[name] = "left_out"
        state.left_out.append((name, "infinite values", f"in {np.count_nonzero(infinite):,} rows"))
        return
    broken = type_failures(name, raw, reading, kind, path, state.examples) if kind == NUMERIC else []
    if kind == NUMERIC:
        column, conversions = as_numeric(name, raw, reading)
    else:
        column, conversions = as_text(name, raw, reading, kind)
        if told is not None:
            conversions.append(Conversion(name, told, int(np.count_nonzero(raw.codes >= 0))))
    state.columns[name], state.roles[name] = column, _role(state, name, column)
    state.conversions += conversions
    state.failures += broken
    if not broken:
        _check_column(state, name, column, spec)


def _type_of_spec(state: _State, name: str, raw: RawColumn, spec: ColumnSpec, path: str) -> bool:
    """Whether the declared type cannot be given to the column at all; the failures are told."""
    if spec.type == DATE and not raw.is_date and (raw.codes >= 0).any() and date_format(raw) is None:
        column = as_text(name, raw, read_numbers(raw), DATE)[0]
        state.failures.append(date_failure(name, column, path, state.examples))
        return True
    if spec.type == NUMERIC and raw.is_date:
        message = f"{name!r} is declared {NUMERIC}, and the source holds dates"
        state.failures.append(Failure(name, "type", message, path, found=DATE))
        return True
    return False


def _role(state: _State, name: str, column: TypedColumn) -> str:
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
    if name in state.data.forbidden:
        return "forbidden"
    if name in state.monthly and _for_derive_only(state, name):
        return "monthly"
    if name in state.named:
        return "date" if column.type == DATE else "predictor"
    return "predictor"


def _for_derive_only(state: _State, name: str) -> bool:
    """Whether a month before the observation point is named by nothing but derived characteristics, if at all."""
    asked = state.named.get(name, "derive.").startswith(FOR_DERIVE_ONLY)
    return state.monthly[name].lag > 0 and asked and name not in state.data.columns


def _check_column(state: _State, name: str, column: TypedColumn, spec: ColumnSpec | None) -> None:
    """Contract of a column that the plan names; otherwise whether it is left out."""
    role = state.roles[name]
    if role == "outcome":
        if spec is not None:
            state.failures += value_failures(name, column, spec, state.examples)
        return
    if role == "monthly":
        return
    if name not in state.named:
        seen = column
        if state.first is not None and name not in state.monthly:  # judged on accounts, which rows repeat
            seen = TypedColumn(column.type, column.levels, column.codes[state.first])
        if (why := reason_to_leave_out(name, seen)) is not None:
            state.roles[name] = "left_out"
            state.left_out.append((name, *why))
        return
    path = state.named[name]
    if name in state.monthly and path.startswith(FOR_DERIVE_ONLY) and constant_failure(name, column, path) is not None:
        state.roles[name] = "monthly"  # tells nothing by itself, and what is derived from it may
        return
    failure = None if path.startswith(MAY_BE_CONSTANT) else constant_failure(name, column, path)
    if failure is not None:
        state.failures.append(failure)
    if role == "date" and name == state.data.date and column.type != DATE and not column.missing.all():
        state.failures.append(date_failure(name, column, "data.date", state.examples))
    if role == "date" and path.startswith(("classing", "selection.include")):
        message = f"{name!r} is a date, which is no characteristic"
        state.failures.append(Failure(name, "type", message, path, remedy="take it out of the plan here"))
    has_order = spec is not None and spec.order is not None
    if column.type == CATEGORICAL and path.startswith("classing.monotonic") and not has_order:
        message = f"{name!r} is not numeric, so its bins have no order"
        state.failures.append(Failure(name, "type", message, path, remedy="leave the trend out"))
    if spec is not None:
        state.failures += value_failures(name, column, spec, state.examples)


def _derived_collisions(state: _State, derive: Mapping[str, str]) -> list[Failure]:
    remedy = "choose a name that no column of the source has"
    return [
        Failure(name, "derive_name", f"{name!r} is a column of the source", f"derive.{name}", remedy=remedy)
        for name in derive
        if name in state.source.raw
    ]


def _in_order(state: _State) -> list[Failure]:
    order = {name: index for index, name in enumerate(state.source.columns)}
    return sorted(state.failures, key=lambda failure: order.get(failure.column, -1))


def _intake(
    state: _State,
    key: np.ndarray,
    outcome: Outcome,
    derived: Derived,
    specials: dict[str, dict[float | str, str]],
) -> Intake:
    roles = {name: state.roles[name] for name in state.source.columns}
    kept = {name: column for name, column in state.columns.items() if roles[name] != "left_out"}
    roles |= dict.fromkeys(derived.columns, "derived")
    every = {**kept, **derived.columns}
    conversions = [*state.source.conversions, *state.conversions, *derived.conversions]
    told = [(item.column, item.conversion, item.rows) for item in conversions]
    tables = {
        "data.contract": _contract(state, roles),
        "data.profile": profile_frame(every, specials),
        "data.columns_left_out": pd.DataFrame(state.left_out, columns=["column", "reason", "detail"]),
        "data.conversions": pd.DataFrame(told, columns=["column", "conversion", "rows"]),
        "data.waterfall": outcome.tables["data.waterfall"],
        "data.duplicates": duplicates_frame(_but_identifiers(state)),
    }
    return Intake(
        frame=pd.DataFrame({name: column.series() for name, column in every.items()}),
        key=key,
        key_name=state.data.key,
        outcome=outcome.values,
        roles=roles,
        types={name: column.type for name, column in every.items()},
        specials=specials,
        descriptions=_descriptions(state),
        derived=derived.expressions,
        tables=tables,
        source=state.source.items(),
        definition=outcome.definition,
        decided=outcome,
        left_out={name: column for name, column in state.columns.items() if roles[name] == "left_out"},
    )


def _descriptions(state: _State) -> dict[str, str]:
    """What each column means: the words of the plan, else what a column of the history was made of."""
    told = {name: column.description for name, column in state.monthly.items()}
    return told | {name: spec.description for name, spec in state.data.columns.items() if spec.description}


def _but_identifiers(state: _State) -> dict[str, TypedColumn]:
    """Columns without those that tell rows apart: the key is none of them, identifier-like ones are taken out."""
    identifiers = {name for name, reason, _ in state.left_out if reason == IDENTIFIER_LIKE}
    return {name: column for name, column in state.columns.items() if name not in identifiers}


def _contract(state: _State, roles: Mapping[str, str]) -> pd.DataFrame:
    """One row a column that is not left out, catalogue columns of `data.contract`."""
    rows, described = [], _descriptions(state)
    for name in state.source.columns:
        if roles[name] == "left_out":
            continue
        spec = state.data.columns.get(name, ColumnSpec())
        kind = state.columns[name].type if name in state.columns else "key"
        specials = "; ".join(f"{code}: {meaning}" for code, meaning in spec.specials.items()) or None
        allowed = spec.missing and roles[name] not in ("key", "outcome")
        rows.append((name, roles[name], kind, specials, allowed, spec.expected_trend, described.get(name)))
    names = ["column", "role", "type", "specials", "missing_allowed", "expected_trend", "description"]
    return pd.DataFrame(rows, columns=names).astype(
        dict.fromkeys(("specials", "expected_trend", "description"), object)
    )
