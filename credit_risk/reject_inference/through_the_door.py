"""Tables of accepted and of rejected applicants, as two systems keep them, put together through their shared fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference.external import external_values
from credit_risk.reject_inference.rows import Floats, Mask

Fields = Sequence[str] | Mapping[str, tuple[str, str]]
TABLES = ("accepted", "rejected")


@dataclass(frozen=True, slots=True, eq=False)
class ThroughTheDoor:
    """All applicants, the accepted first, with a new index: X (n, k) shared fields, y (n,) 1 bad, 0 good, NaN unknown,

    accepted (n,), weights (n,) sampling weights. `infer_rejects(t.X, t.y, t.accepted, weights=t.weights)`.
    """

    X: pd.DataFrame
    y: Floats
    accepted: Mask
    weights: Floats

    @property
    def acceptance_rate(self) -> float:
        """Weighted share of the accepted."""
        return float(self.weights[self.accepted].sum() / self.weights.sum())


def through_the_door(
    accepted: pd.DataFrame,
    rejected: pd.DataFrame,
    *,
    fields: Fields,
    outcome: str,
    bad: int | float | str | bool,
    weights: Mapping[str, float | str] | None = None,
) -> ThroughTheDoor:
    """Put tables of accepted and rejected applicants together.

    fields: names of columns of both tables, or by name the column of the accepted and that of the rejected. outcome:
    column of `accepted`; its value `bad` is bad, every other one good, missing is not known. weights: by table
    (`accepted`, `rejected`) how many applicants a row stands for, a number or the name of a column; None or an absent
    table: 1. Nothing is cast: raises CreditRiskError, with all faults, where a column is absent, a field holds numbers
    in one table and text, dates or truth values in the other, weights are not above 0, or no value means bad.
    """
    tables = dict(zip(TABLES, (accepted, rejected), strict=True))
    pairs = dict(fields) if isinstance(fields, Mapping) else {name: (name, name) for name in fields}
    faults = [fault for name, pair in pairs.items() for fault in _field_faults(name, pair, tables)]
    if not pairs:
        faults.append(Fault("no shared field", "no_fields", path="fields"))
    if outcome not in accepted.columns:
        faults.append(_absent("accepted", outcome))
    told = dict(weights or {})
    faults += [
        Fault("no such table", "table", path=f"weights.{name}", allowed=" or ".join(TABLES))
        for name in told
        if name not in TABLES
    ]
    w = {name: _weights(table, name, told.get(name, 1.0), faults) for name, table in tables.items()}
    faults += [Fault("a table without rows", "no_rows", path=name) for name, table in tables.items() if not len(table)]
    if faults:
        raise CreditRiskError(faults)
    columns = {
        name: pd.concat([accepted[first], rejected[second]], ignore_index=True)
        for name, (first, second) in pairs.items()
    }
    return ThroughTheDoor(
        X=pd.DataFrame(columns),
        y=np.concatenate([external_values(accepted[outcome], bad), np.full(len(rejected), np.nan)]),
        accepted=np.arange(len(accepted) + len(rejected)) < len(accepted),
        weights=np.concatenate([w["accepted"], w["rejected"]]),
    )


def _field_faults(name: str, pair: tuple[str, str], tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    asked = dict(zip(TABLES, pair, strict=True))
    absent = [_absent(table, column) for table, column in asked.items() if column not in tables[table].columns]
    if absent:
        return absent
    kinds = {table: _kind(tables[table][column]) for table, column in asked.items()}
    if "empty" in kinds.values() or len(set(kinds.values())) == 1:
        return []
    shown = {table: _examples(tables[table][column]) for table, column in asked.items()}
    return [
        Fault(
            "the field holds other types in the two tables",
            "field_type",
            path=name,
            found="; ".join(f"{table}: {kinds[table]} ({shown[table]})" for table in TABLES),
            allowed="the same type in both",
            remedy="cast the column of one table, and say what its codes mean",
        )
    ]


def _absent(table: str, column: str) -> Fault:
    return Fault("column is absent", "column_absent", path=f"{table}.{column}")


def _kind(column: pd.Series) -> str:
    if not column.notna().any():
        return "empty"
    if pd.api.types.is_bool_dtype(column):
        return "truth values"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "dates"
    return "numbers" if pd.api.types.is_numeric_dtype(column) else "text"


def _examples(column: pd.Series) -> str:
    return ", ".join(repr(value) for value in column.dropna().drop_duplicates().tolist()[:3])


def _weights(table: pd.DataFrame, name: str, told: float | str, faults: list[Fault]) -> Floats:
    if isinstance(told, str) and told not in table.columns:
        faults.append(_absent(name, told))
        return np.ones(len(table))
    values: ArrayLike = table[told] if isinstance(told, str) else np.full(len(table), told)
    try:
        w = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        w = np.full(len(table), np.nan)
    odd = ~(np.isfinite(w) & (w > 0))
    if odd.any():
        faults.append(
            Fault(
                "weights that are not numbers above 0",
                "weight",
                path=f"weights.{name}",
                row=int(np.flatnonzero(odd)[0]) + 1,
                found=f"{np.count_nonzero(odd):,} rows",
            )
        )
    return w
