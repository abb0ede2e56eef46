"""How the texts of a column are read, as the contract declares it."""

from __future__ import annotations

from credit_risk.sampling.column_types import CATEGORICAL, DATE, NUMERIC, Reading, read_numbers
from credit_risk.sampling.date_formats import DateReading, read_dates
from credit_risk.sampling.source import RawColumn
from credit_risk.sampling.spec import ColumnSpec, DataSpec

PLAIN_COLUMN = ColumnSpec()


def numbers_of(data: DataSpec, name: str, raw: RawColumn) -> Reading:
    """How the levels of a column read as numbers, in the notation that the plan declares for it, if any."""
    spec = data.columns.get(name, PLAIN_COLUMN)
    texts = raw.is_number or declared_type(spec) in (CATEGORICAL, DATE)
    return read_numbers(raw, None if texts else spec.number_format or data.number_format)


def dates_of(data: DataSpec, name: str, raw: RawColumn) -> DateReading | None:
    """How the texts of a column are dates, in the format that the plan declares for it, if any."""
    spec = data.columns.get(name, PLAIN_COLUMN)
    return None if raw.is_date else read_dates(raw, spec.date_format, spec.first_year)


def declared_type(spec: ColumnSpec | None) -> str | None:
    """The type that the contract gives a column, None where it is left to the values."""
    if spec is None or spec.type is not None:
        return None if spec is None else spec.type
    if spec.order is not None:
        return CATEGORICAL
    if spec.date_format is not None:
        return DATE
    return NUMERIC if spec.number_format is not None else None
