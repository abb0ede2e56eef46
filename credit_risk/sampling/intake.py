"""Intake: from a source and a plan to typed columns with roles, and the evidence of what was found and done."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import IntakeError
from credit_risk.sampling.column_types import CATEGORICAL, REWRITTEN, TypedColumn
from credit_risk.sampling.contract import DataContractError, Examples, Failure, order_failures, special_codes
from credit_risk.sampling.contract_frame import contract_frame, derived_rows, descriptions
from credit_risk.sampling.derive import Derived, derive_columns
from credit_risk.sampling.derived_spec import DerivedSpec, derived_specs
from credit_risk.sampling.expressions import Expression, parse_expression
from credit_risk.sampling.intake_columns import (
    APART,
    GROUPS,
    HIDDEN,
    PERSONAL,
    State,
    take_column,
    without_personal_values,
)
from credit_risk.sampling.keys import row_keys
from credit_risk.sampling.left_out import IDENTIFIER_LIKE
from credit_risk.sampling.observation import OBSERVATION_KEY, observe
from credit_risk.sampling.outcome import Outcome
from credit_risk.sampling.profile import duplicates_frame, profile_frame
from credit_risk.sampling.row_outcome import decide_outcomes
from credit_risk.sampling.rules import rule_conditions
from credit_risk.sampling.source import Conversion, Source
from credit_risk.sampling.spec import DataSpec, OutcomeSpec
from credit_risk.scoring.expressions import references

OF_ACCOUNTS = ("future_month", "duplicate_month", "gap", "duplicate_key", "no_match")
NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Intake:
    """The data as the model sees them. Rows stand in the order of the source, n of them.

    `frame`: columns of the contract in the order of the source, then derived ones; float64 (NaN is missing) or
    text (object, None is missing). The key is not among them. `key`: int64 or object (n,). `outcome`: 1.0 bad,
    0.0 good (an amount or fraction where `kind` says so), NaN in no sample (n,); `decided` says how. `roles`: column
    to key, date, outcome, exposure, status, account, protected, personal, forbidden, predictor, monthly (for derive
    only), strategy (named there alone), derived or left_out.
    `types`: column to numeric, categorical or date. `specials`: column to code (float in numeric columns) to
    meaning. `derived`: name to expression tree (SPECIFICATION 3.1), in order; `rules`: condition of each policy rule
    by id. `tables`: evidence frames by catalogue id. `source`, `definition`: items of `data.source` and
    `outcome.definition`. `left_out`: columns that the plan does not name and that are no characteristics, as read, for
    the leakage screen; those that could not be typed are not among them.
    `kept_back`: columns of personal data, and of a store of protected attributes, that do not go into the package.
    `personal_clusters`: the columns that name clusters, of those that hold personal data; None is the obligor or
    account of the history.
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
    kept_back: tuple[str, ...] = ()
    personal_clusters: frozenset[str | None] = frozenset()
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
        apart = set(self.kept_back)
        return tuple(name for name in self.frame.columns if self.roles[name] != "derived" and name not in apart)

    def _repr_html_(self) -> str:
        mean = float(np.nanmean(self.outcome))
        told = f"bad rate {mean:.2%}" if self.kind == "binary" else f"mean {self.kind} {mean:,.6g}"
        head = f"<p>{len(self.outcome):,} rows, {len(self.predictors)} possible characteristics, {told}</p>"
        left = self.tables["data.columns_left_out"]
        return head + self.tables["data.contract"]._repr_html_() + (left._repr_html_() if len(left) else "")


def take_in(
    source: Source,
    data: DataSpec,
    outcome: OutcomeSpec,
    *,
    derive: Mapping[str, str | DerivedSpec] = NO_TEXTS,
    named: Mapping[str, str] = NO_TEXTS,
    needed: Mapping[str, str] = NO_TEXTS,
    xml: bool = False,
    history: Any = None,
    rules: Mapping[str, str] = NO_TEXTS,
) -> Intake:
    """Check `source` against the contract, give every column a type and a role, and record what was done.

    `derive` are the derived characteristics of the plan; `named` further columns that the plan names, each with its
    key path (`Plan.named_columns`); `needed` those that samples and evaluation read, with how:
    `values`, so that they stay in the package though they hold personal data, or `groups`; `xml`: categories must be
    such as XML can hold (PMML is asked for); `history` the performance history of `outcome.history`: a path or a table.
    With rolling observation points, or columns of the history, the rows are first those that `observe` makes of the
    source. `rules` are the conditions of the policy rules, by id.
    Raises DataContractError (an IntakeError) with all breaches; its `failures` is a table.
    """
    described = derived_specs(derive)
    texts = {name: spec.expression for name, spec in described.items()}
    personal = _personal_clusters(data, outcome)
    state = State(source, data, outcome, {}, needed=needed, xml=xml)
    if outcome.history is not None and (outcome.windows.rolling is not None or data.monthly):
        try:
            made = observe(source, data, outcome, history)
        except IntakeError as error:
            raise _without_accounts(error, personal) from error
        source, data, outcome, history = made.source, made.data, made.outcome, made.history
        state = State(source, data, outcome, {}, made.monthly, made.first, needed, xml)
    state.named |= _named(data, outcome, texts, named)
    _absent(state, texts)
    key, hidden = _key(state, personal)
    numbers = np.arange(1, source.rows + 1, dtype=np.int64)
    state.examples = Examples(numbers if hidden else key)
    for name, raw in source.raw.items():
        if name != data.key:
            take_column(state, name, raw)
    specials = {
        name: special_codes(data.columns[name].specials, column.type)
        for name, column in state.columns.items()
        if name in data.columns and data.columns[name].specials
    }
    derived, conditions = _derive(state, described, specials, rules)
    defined, failures, faults = decide_outcomes(
        state.columns, key, state.examples, data.key, data.date, outcome, specials, source, history
    )
    state.failures += failures
    if state.failures or faults or defined is None:
        failures = without_personal_values(state, _in_order(state), accounts=bool(personal))
        faults = list(_without_accounts(IntakeError(faults), personal).faults)
        raise DataContractError([*(failure.fault(source.name) for failure in failures), *faults], failures)
    intake = _intake(state, numbers if hidden else key, defined, derived, specials)
    intake = replace(intake, personal_clusters=_cluster_columns(state, personal), rules=conditions)
    return _with_derived(intake, described)


def _derive(
    state: State,
    described: Mapping[str, DerivedSpec],
    specials: Mapping[str, Mapping[float | str, str]],
    rules: Mapping[str, str],
) -> tuple[Derived, dict[str, Expression]]:
    """The derived characteristics and the conditions of the rules; what is wrong with them is told in `state`."""
    texts = {name: spec.expression for name, spec in described.items()}
    rewritten = {told.column for told in state.conversions if told.conversion.endswith(REWRITTEN)}
    derived = derive_columns(texts, state.columns, specials, state.source.rows, rewritten)
    state.failures += [*_derived_collisions(state, texts), *derived.failures]
    for name, column in derived.columns.items():
        if (order := described[name].order) is not None and column.type == CATEGORICAL:
            state.failures += order_failures(name, column, order, {}, f"derive.{name}", state.examples)
    known = {**state.columns, **derived.columns}
    conditions, failures = rule_conditions(rules, known, specials, state.source.rows, rewritten)
    state.failures += failures
    return derived, conditions


def _with_derived(intake: Intake, described: Mapping[str, DerivedSpec]) -> Intake:
    """`intake` with the derived characteristics in its contract and descriptions."""
    contract = intake.tables["data.contract"]
    if described:
        more = derived_rows(described, intake.types).astype(contract.dtypes.to_dict())
        intake.tables["data.contract"] = pd.concat([contract, more], ignore_index=True)
    intake.descriptions.update({name: spec.words for name, spec in described.items()})
    return intake


def _personal_clusters(data: DataSpec, outcome: OutcomeSpec) -> str | None:
    """The column with the accounts of the history, or the key, where it holds personal data; else None."""
    account = outcome.history.account if outcome.history is not None else None
    personal = {name for name, spec in data.columns.items() if spec.personal}
    return next((name for name in (account or data.key, data.key) if name in personal), None)


def _cluster_columns(state: State, owner: str | None) -> frozenset[str | None]:
    personal: set[str | None] = {name for name, spec in state.data.columns.items() if spec.personal}
    return frozenset(personal | ({None} if owner is not None else set()))


def _without_accounts(error: IntakeError, personal: str | None) -> IntakeError:
    """The error without numbers of accounts, where these are personal data."""
    if personal is None:
        return error
    return IntakeError([replace(f, found=HIDDEN) if f.code in OF_ACCOUNTS and f.found else f for f in error.faults])


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


def _absent(state: State, derive: Mapping[str, str]) -> None:
    have = state.source.columns
    for name, path in {**state.named, **_excluded_by(state)}.items():
        if name in have or name in derive:
            continue
        near = difflib.get_close_matches(name, have, 1, 0.6)
        near = [other for other in have if other.strip().casefold() == name.strip().casefold()] or near
        remedy = f"did you mean {near[0]!r}?" if near else f"the source has: {', '.join(have[:30])}"
        message = f"the plan names the column {name!r}, and the source has none of this name"
        state.failures.append(Failure(name, "absent", message, path, remedy=remedy))


def _excluded_by(state: State) -> dict[str, str]:
    """Columns that conditions of exclusions read and the plan names nowhere else, with the key path of each."""
    read: dict[str, str] = {}
    for index, exclusion in enumerate(state.outcome.exclusions):
        parsed, _ = parse_expression(exclusion.condition)
        for column in references(parsed) if parsed is not None else ():
            read.setdefault(column, f"outcome.exclusions[{index}].condition")
    return {name: path for name, path in read.items() if name not in state.named}


def _key(state: State, personal: str | None) -> tuple[np.ndarray, bool]:
    """The key of each row, and whether it holds personal data, so that the row number stands in its place."""
    name = state.data.key
    raw = state.source.raw.get(name) if name is not None else None
    key, failures = row_keys(name, raw, state.source.rows)
    if name is None or raw is None:
        return key, False
    state.roles[name] = "key"
    hidden = state.spec(name).personal or (name == OBSERVATION_KEY and personal is not None)
    if hidden:
        words = f"{PERSONAL}: the package holds the number of the row in place of the key"
        state.conversions.append(Conversion(name, words, state.source.rows))
        failures = [replace(failure, examples=()) for failure in failures]
    state.failures += failures
    return key, hidden


def _derived_collisions(state: State, derive: Mapping[str, str]) -> list[Failure]:
    remedy = "choose a name that no column of the source has"
    return [
        Failure(name, "derive_name", f"{name!r} is a column of the source", f"derive.{name}", remedy=remedy)
        for name in derive
        if name in state.source.raw
    ]


def _in_order(state: State) -> list[Failure]:
    order = {name: index for index, name in enumerate(state.source.columns)}
    return sorted(state.failures, key=lambda failure: order.get(failure.column, -1))


def _intake(
    state: State,
    key: np.ndarray,
    outcome: Outcome,
    derived: Derived,
    specials: dict[str, dict[float | str, str]],
) -> Intake:
    roles = {name: state.roles[name] for name in state.source.columns}
    kept_back = tuple(name for name in state.columns if roles[name] != "left_out" and state.kept_back(name))
    out = {name for name in kept_back if name not in state.needed and name not in state.source.apart}
    kept = {name: column for name, column in state.columns.items() if roles[name] != "left_out" and name not in out}
    roles |= dict.fromkeys(derived.columns, "derived")
    every = {**kept, **derived.columns}
    conversions = [*state.source.conversions, *state.conversions, *derived.conversions]
    told = [(item.column, item.conversion, item.rows) for item in conversions]
    personal = {name for name, spec in state.data.columns.items() if spec.personal}
    told_out = [(name, *_why_out(state, name)) for name in kept_back]
    shown = {name: column for name, column in every.items() if name not in state.source.apart}
    tables = {
        "data.contract": contract_frame(state, roles, kept_back),
        "data.profile": profile_frame(shown, specials, personal),
        "data.columns_left_out": pd.DataFrame([*state.left_out, *told_out], columns=["column", "reason", "detail"]),
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
        descriptions=descriptions(state),
        derived=derived.expressions,
        tables=tables,
        source=state.source.items(),
        definition=outcome.definition,
        decided=outcome,
        left_out={name: column for name, column in state.columns.items() if roles[name] == "left_out"},
        kept_back=kept_back,
    )


def _why_out(state: State, name: str) -> tuple[str, str]:
    """Why a column stays out of the package, and what the package holds of it."""
    if name in state.source.apart:
        return APART, "the package holds what evaluation counts of its groups, and no value of an applicant"
    return PERSONAL, f"nothing that the package holds needs it{_instead(state, name)}"


def _instead(state: State, name: str) -> str:
    """What the package holds in place of a personal column, in words."""
    grouped = state.needed.get(name) == GROUPS or state.roles[name] == "account"
    return "; which rows belong together stands in _cluster, as numbers" if grouped else ""


def _but_identifiers(state: State) -> dict[str, TypedColumn]:
    """Columns that the package holds without those that tell rows apart: neither key nor identifier-like ones."""
    identifiers = {name for name, reason, _ in state.left_out if reason == IDENTIFIER_LIKE} | state.source.apart
    return {name: column for name, column in state.columns.items() if name not in identifiers}
