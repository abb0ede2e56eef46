"""A source to be scored: the columns that a model reads, in the types that it declares, and the keys of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.sampling.column_types import CATEGORICAL, NUMERIC, as_numeric, as_text, read_numbers
from credit_risk.sampling.contract import DataContractError, Examples, Failure, type_failures
from credit_risk.sampling.keys import key_values
from credit_risk.sampling.reading_spec import NumberFormatSpec
from credit_risk.sampling.source import Source

PLAIN_NUMBERS: Mapping[str, NumberFormatSpec] = MappingProxyType({})


def declared_notations(plan: Mapping[str, Any], names: Iterable[str]) -> dict[str, NumberFormatSpec]:
    """Notation of the numbers in columns of text, by column, as plan.json declares it; columns without one left out."""
    data = plan["data"]
    columns, general = data.get("columns", {}), data.get("number_format")
    found = {name: columns.get(name, {}).get("number_format") or general for name in names}
    return {name: NumberFormatSpec.model_validate(form) for name, form in found.items() if form is not None}


def typed_frame(
    source: Source, inputs: Iterable[Mapping[str, Any]], notations: Mapping[str, NumberFormatSpec] = PLAIN_NUMBERS
) -> pd.DataFrame:
    """The table with the declared `inputs` of model.json as float64 or text, by the rules of intake; others as read.

    notations: of numbers in columns of text, where they are not written as 1234.5 (`declared_notations`). A declared
    column that is not there is left for the model to tell. Raises DataContractError (an IntakeError) naming every
    column of numbers with values that are none.
    """
    declared = {item["name"]: item["type"] for item in inputs}
    examples = Examples(np.arange(1, source.rows + 1))
    columns: dict[str, pd.Series] = {}
    failures: list[Failure] = []
    for name, raw in source.raw.items():
        form = notations.get(name) if declared.get(name) == "number" and not raw.is_number else None
        reading = read_numbers(raw, form)
        if declared.get(name) == "number":
            failures += type_failures(name, raw, reading, NUMERIC, name, examples)
            columns[name] = as_numeric(name, raw, reading)[0].series()
        elif name in declared:
            columns[name] = as_text(name, raw, reading, CATEGORICAL)[0].series()
        else:
            columns[name] = pd.Series(raw.values(), dtype=object)
    if failures:
        raise DataContractError([failure.fault(source.name) for failure in failures], failures)
    return pd.DataFrame(columns)


def keys(source: Source, name: str | None) -> np.ndarray:
    """Values of the key column `name` as intake reads them, None where missing; the row number where there is none."""
    if name is None:
        return np.arange(1, source.rows + 1, dtype=np.int64)
    return key_values(source.raw[name])
