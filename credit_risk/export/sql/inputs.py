"""Input columns in a table: what they are called there, and how the first step reads them."""

from __future__ import annotations

from credit_risk.export.names import identifiers
from credit_risk.export.program import Program
from credit_risk.export.sql.dialects import Dialect

TABLE = "applications"
KEY = "application_id"


def input_columns(program: Program, dialect: Dialect) -> dict[str, str]:
    """The column of the table that holds each input: its own name, where the dialect can bear that.

    Names that are too long, hold characters that the dialect refuses, or are alike but for case where the dialect
    does not tell these apart, stand under a plain identifier, and the head of the export tells which.
    """
    seen: dict[str, int] = {}
    for one in program.inputs:
        seen[_folded(one.name, dialect)] = seen.get(_folded(one.name, dialect), 0) + 1
    fits = {
        one.name: seen[_folded(one.name, dialect)] == 1 and _fits(one.name, dialect) and one.name.casefold() != KEY
        for one in program.inputs
    }
    kept = {name for name, good in fits.items() if good}
    others = identifiers(
        [name for name, good in fits.items() if not good], most=30, prefix="column", taken=[*kept, KEY]
    )
    return {name: name if good else others[name].lower() for name, good in fits.items()}


def _folded(name: str, d: Dialect) -> str:
    return name.casefold() if d.case_blind else name


def _fits(name: str, d: Dialect) -> bool:
    size = len(name.encode()) if d.name_bytes else len(name)
    plain = name == name.strip() and all(c.isprintable() for c in name)
    return bool(name) and plain and size <= d.most_name and not set(name) & set(d.refused)
