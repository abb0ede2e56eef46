"""A sample of the rows of a month that depends on their keys alone: neither on their order nor on how they are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from credit_risk.monitoring.challenger.assignment import number_of
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import KEY
from credit_risk.scoring import CompiledModel

NUMBER = "_number"
BY_NUMBER = [(NUMBER, "ascending"), (KEY, "ascending")]


class Sample:
    """Of the rows that are added some at a time, the `cap` whose keys have the least numbers (bottom-k sampling: Cohen
    and Kaplan 2007, PODC, 225-234).

    The number of a key is that of the live split, with the seed as salt: the first 8 bytes of SHA-256 of the seed as
    text, a zero byte and the key. Twice `cap` rows and some are held at most. Rows without a key are of erased
    applicants, have no inputs, and are left out.
    """

    def __init__(self, cap: int, seed: int):
        self._cap, self._salt = cap, str(seed)
        self._held: list[pa.Table] = []
        self._rows = 0
        self._most: int | None = None

    def add(self, table: pa.Table) -> None:
        """Rows with their key."""
        keys = table[KEY].to_pylist()
        numbers = np.array([0 if key is None else number_of(key, self._salt) for key in keys], np.uint64)
        use = np.array([key is not None for key in keys], bool)
        if self._most is not None:
            use &= numbers <= np.uint64(self._most)
        if not use.any() and self._held:
            return
        own = table.append_column(NUMBER, pa.array(numbers, pa.uint64())).filter(pa.array(use))
        self._held.append(own)
        self._rows += own.num_rows
        if self._rows > 2 * self._cap:
            self._least()

    def rows(self) -> pa.Table | None:
        """The sample in the order of its keys; None where no table was added."""
        if not self._held:
            return None
        self._least()
        held = self._held[0]
        return held.take(pc.sort_indices(held, [(KEY, "ascending")])).drop_columns([NUMBER])

    def _least(self) -> None:
        """Let go of all rows but the sample of those so far."""
        held = pa.concat_tables(self._held)
        if held.num_rows > self._cap:
            held = held.take(pc.sort_indices(held, BY_NUMBER)[: self._cap])
            self._most = held[NUMBER][-1].as_py()
        self._held, self._rows = [held.combine_chunks()], held.num_rows


def sample_of(source: SqlSource, period: str, columns: Sequence[str], cap: int, seed: int) -> pd.DataFrame:
    """Columns of all rows of a month, or of a sample of `cap` of them, in the order of their keys."""
    sample = Sample(cap, seed)
    for table in source.batches(period, list(dict.fromkeys([KEY, *columns])), ordered=False):
        sample.add(table)
    found = sample.rows()
    if found is None:
        return pd.DataFrame(columns=list(columns))
    return found.select(list(columns)).to_pandas()


def scored_rows(compiled: CompiledModel, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Places of the rows (n,) of inputs that a model scores: it refuses infinite numbers, and rows in error."""
    numbers = frame.select_dtypes("number")
    finite = np.flatnonzero(~np.isinf(numbers.to_numpy(np.float64, na_value=np.nan)).any(axis=1))
    refused = compiled.rows_in_error(frame.iloc[finite].reset_index(drop=True))
    return np.asarray(finite[~refused], np.int64)


__all__ = ["Sample", "sample_of", "scored_rows"]
