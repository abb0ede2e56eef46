"""The contract of the data as evidence: every term of it, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from credit_risk.sampling.derived_spec import DerivedSpec
from credit_risk.sampling.intake_columns import State
from credit_risk.sampling.spec import Code, ColumnSpec

CONTRACT_COLUMNS = (
    *("column", "role", "type", "lower", "upper", "allowed", "order", "specials", "missing_allowed"),
    *("expected_trend", "protected", "forbidden", "personal", "in_snapshot", "read_as", "description"),
)
TEXTS = ("allowed", "order", "specials", "expected_trend", "read_as", "description")


def contract_frame(state: State, roles: Mapping[str, str], kept_back: Iterable[str]) -> pd.DataFrame:
    """One row a column that intake has not left out for what it holds, catalogue columns of `data.contract`."""
    described, protected, out = descriptions(state), state.data.protected_columns, set(kept_back)
    rows = []
    for name in state.source.columns:
        if roles[name] == "left_out":
            continue
        spec = state.spec(name)
        kind = state.columns[name].type if name in state.columns else "key"
        lower, upper = spec.range or (None, None)
        specials = "; ".join(f"{code}: {meaning}" for code, meaning in sorted(spec.specials.items())) or None
        terms = (lower, upper, _codes(spec.allowed), _codes(spec.order), specials)
        missing = spec.missing and roles[name] not in ("key", "outcome")
        there = name not in out and not (roles[name] == "key" and spec.personal)
        flags = (name in protected, name in state.data.forbidden, spec.personal, there)
        texts = (read_as(spec), described.get(name))
        rows.append((name, roles[name], kind, *terms, missing, spec.expected_trend, *flags, *texts))
    return _frame(rows)


def derived_rows(described: Mapping[str, DerivedSpec], types: Mapping[str, str]) -> pd.DataFrame:
    """Rows of `data.contract` for derived characteristics, which stand in the model and not in the snapshot."""
    return _frame(
        [
            (
                name,
                "derived",
                types[name],
                None,
                None,
                None,
                _codes(spec.order),
                None,
                True,
                spec.expected_trend,
                False,
                False,
                False,
                False,
                None,
                spec.words,
            )
            for name, spec in described.items()
        ]
    )


def descriptions(state: State) -> dict[str, str]:
    """What each column means: the words of the plan, else what a column of the history was made of."""
    told = {name: column.description for name, column in state.monthly.items()}
    return told | {name: spec.description for name, spec in state.data.columns.items() if spec.description}


def read_as(spec: ColumnSpec) -> str | None:
    """How texts of the column are read, in words, where the contract says it."""
    told = [f"dates as {spec.date_format}"] if spec.date_format is not None else []
    told += [f"first year {spec.first_year}"] if spec.first_year is not None else []
    told += [f"numbers with {spec.number_format.words}"] if spec.number_format is not None else []
    return ", ".join(told) or None


def _codes(codes: Sequence[Code] | None) -> str | None:
    return None if codes is None else "; ".join(str(code) for code in codes)


def _frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(CONTRACT_COLUMNS))
    numbers = dict.fromkeys(("lower", "upper"), float)
    return frame.astype({**dict.fromkeys(TEXTS, object), **numbers})
