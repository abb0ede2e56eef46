"""The contract of the plan on rows of production: how many rows break each rule of each column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.monitoring.drift.columns import BREACH_COLUMNS
from credit_risk.monitoring.frames import ALL

INPUT = "input:"
PERIOD = "_period"


@dataclass(frozen=True, slots=True)
class ColumnContract:
    """numeric or not; lower, upper: range, both included (infinite: open); allowed: the only values but specials, or
    None; specials: codes exempt from both; missing: whether a value may be missing. Codes are numbers of a numeric
    column, else texts."""

    numeric: bool
    lower: float = -math.inf
    upper: float = math.inf
    allowed: tuple[float | str, ...] | None = None
    specials: tuple[float | str, ...] = ()
    missing: bool = True


def contracts_of_plan(
    columns: Mapping[str, Mapping[str, Any]], numeric: Mapping[str, bool]
) -> dict[str, ColumnContract]:
    """Contracts of the inputs `numeric` ({name: whether it is a number}) from `data.columns` of plan.json.

    A column that the plan says nothing of has the contract of its type alone. `order` is `allowed`.
    """
    found = {}
    for name, is_number in numeric.items():
        own = columns.get(name, {})
        low, high = own.get("range") or (None, None)
        allowed = own.get("allowed") or own.get("order")
        found[name] = ColumnContract(
            is_number,
            -math.inf if low is None else float(low),
            math.inf if high is None else float(high),
            None if allowed is None else tuple(_code(code, is_number) for code in allowed),
            tuple(_code(code, is_number) for code in own.get("specials") or ()),
            bool(own.get("missing", True)),
        )
    return found


def contract_breaches(
    table: pd.DataFrame, contracts: Mapping[str, ColumnContract], *, segments: Sequence[str] = ()
) -> pd.DataFrame:
    """BREACH_COLUMNS of a production table (columns `_period`, `input:<name>`, and the segment columns).

    Every rule that a contract has is counted, 0 too, so that tables of parts may be added. A rule that a value breaks
    by not being a number is not broken again by its range. Raises CreditRiskError with every column that is absent: a
    column gone is a fault of the partition and no breach of rows.
    """
    wanted = [PERIOD, *segments, *(INPUT + name for name in contracts)]
    lost = [name for name in wanted if name not in table.columns]
    if lost:
        raise CreditRiskError([Fault("column is absent", "column_absent", path=name) for name in lost])
    parts = []
    for name, contract in contracts.items():
        broken = _broken(table[INPUT + name], contract)
        for rule, mask in broken.items():
            own = pd.DataFrame(
                {"rows": mask.astype(np.float64), "total": 1.0, "period": table[PERIOD].to_numpy(object)}
            )
            sums = [own.groupby("period")[["rows", "total"]].sum().reset_index().assign(segment=ALL)]
            for column in segments:
                named = [f"{column}={value}" for value in table[column]]
                held = own.assign(segment=named)[table[column].notna().to_numpy()]
                sums.append(held.groupby(["period", "segment"])[["rows", "total"]].sum().reset_index())
            parts.append(pd.concat(sums).assign(variable=name, rule=rule))
    if not parts:
        return pd.DataFrame(columns=BREACH_COLUMNS)
    return pd.concat(parts, ignore_index=True)[BREACH_COLUMNS]


def _broken(values: pd.Series, contract: ColumnContract) -> dict[str, np.ndarray]:
    """{rule: rows (n,) that break it}."""
    absent = values.isna().to_numpy()
    found: dict[str, np.ndarray] = {}
    if contract.numeric:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        found["type"] = np.isnan(numbers) & ~absent
        found["not_finite"] = np.isinf(numbers)
        special = np.isin(numbers, [float(code) for code in contract.specials])
        plain = np.isfinite(numbers) & ~special
        if contract.lower > -math.inf or contract.upper < math.inf:
            found["range"] = plain & ((numbers < contract.lower) | (numbers > contract.upper))
        if contract.allowed is not None:
            found["allowed"] = plain & ~np.isin(numbers, [float(code) for code in contract.allowed])
    elif contract.allowed is not None:
        known = values.isin([*contract.allowed, *contract.specials]).to_numpy()
        found["allowed"] = ~known & ~absent
    if not contract.missing:
        found["missing_forbidden"] = absent
    return found


def _code(code: Any, is_number: bool) -> float | str:
    return float(code) if is_number else str(code)
