"""Rows by period and segment: each vintage and all of them, each subpopulation and all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.monitoring.frames import ALL

MISSING = "missing"
Places = NDArray[np.int64]
NO_SEGMENTS: Mapping[str, Any] = {}


def groups_of(
    rows: int, period: ArrayLike | None = None, segments: Mapping[str, ArrayLike] = NO_SEGMENTS
) -> Iterator[tuple[str, str, Places]]:
    """(period, segment, places of its rows): all periods together as `all`, then each, in order of their texts.

    period (n,): YYYY-MM, or None where there is only `all`; segments: values (n,) by column, a missing one is
    `column=missing`. Raises CreditRiskError where lengths differ or a period is missing.
    """
    faults = []
    given = {"period": period, **segments} if period is not None else dict(segments)
    for name, values in given.items():
        if len(np.asarray(values)) != rows:
            found, allowed = f"{len(np.asarray(values))} rows", f"{rows} rows"
            faults.append(Fault("length differs from the rows", "length", path=name, found=found, allowed=allowed))
    if period is not None and bool(pd.isna(np.asarray(period, dtype=object)).any()):
        faults.append(Fault("rows without a period", "missing", path="period", allowed="YYYY-MM"))
    if faults:
        raise CreditRiskError(faults)
    every = np.arange(rows, dtype=np.int64)
    whole = {ALL: every} | {f"{name}={word}": where for name, v in segments.items() for word, where in _split(v, every)}
    months = None if period is None else np.asarray(period, dtype=object)
    for segment, places in whole.items():
        yield ALL, segment, places
        if months is not None:
            for month, inside in _split(months[places], places):
                yield month, segment, inside


def _split(values: ArrayLike, places: Places) -> list[tuple[str, Places]]:
    """Text of each distinct value and the places of its rows, in order of the texts; values of one text are one, as is
    the text `missing` with what is missing."""
    codes, found = pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=True)
    words = [*(str(one) for one in found), MISSING]
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(-1, len(found) + 1))
    parts = [(words[code], places[order[ends[code + 1] : ends[code + 2]]]) for code in range(-1, len(found))]
    found_of: dict[str, Places] = {}
    for word, where in parts:
        if len(where):
            found_of[word] = np.sort(np.concatenate([found_of[word], where])) if word in found_of else where
    return sorted(found_of.items(), key=lambda one: one[0])
