"""What must hold within `calibration.external` and between it and the rest of a plan. Works on plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path

Found = Iterator[tuple[Path, Fault]]
AT: Path = ("calibration", "external")


def external_faults(plan: Mapping[str, Any], external: Any, methods: list[Any], roles: Mapping[str, str]) -> Found:
    """One thing that moves the level, a column of the source, a line without a map, bands that fit together.

    roles: columns that may never be predictors, with why: none of them tells probabilities apart band by band.
    """
    spec = plan["calibration"]
    if not isinstance(external, Mapping):
        return
    for key in ("target", "resampling"):
        if spec.get(key) is not None:
            message = f"both move the level of the probability: external rates by band, and {key}"
            yield AT, Fault(message, "exclusive", remedy="keep one of them")
    line = external.get("method") == "line"
    if line and methods != ["none"]:
        message = "a line is fitted to the linear score itself, so that no other map comes before it"
        yield (*AT, "method"), Fault(message, "conflict", remedy="leave methods at none, or use method shift")
    column, derived = external.get("column"), plan.get("derive")
    if isinstance(column, str) and isinstance(derived, Mapping) and column in derived:
        message = f"{column!r} is a derived characteristic"
        yield (*AT, "column"), Fault(message, "reference", remedy="name a column of the source")
    own = external.get("method") == "intercept_by_band"
    if own and isinstance(column, str) and column in roles:
        message = f"{column!r} may not tell probabilities apart: it is {roles[column]}"
        yield (*AT, "column"), Fault(message, "never_a_predictor", remedy="name another column, or use method shift")
    given = external.get("bands")
    bands = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list | tuple) else []
    if bands:
        yield from _bands(bands, line=line)
    closed = [one["rate"] for one in bands if one.get("rate") in (0, 1)]
    if own and closed and len(closed) < len(bands):
        message, remedy = "no finite shift of a band reaches a rate of 0 or 1", "join the band with another"
        yield (*AT, "bands"), Fault(message, "range", found=str(closed[0]), remedy=remedy)


def _bands(bands: list[Mapping[str, Any]], *, line: bool) -> Found:
    at: Path = (*AT, "bands")
    if line and len(bands) < 2:
        yield at, Fault("a line needs two bands at least", "range", remedy="use method shift")
    for key in ("count", "share"):
        with_any = [one.get(key) is not None for one in bands]
        if any(with_any) and not all(with_any):
            yield at, Fault(f"{key} is given for some bands only", "missing_key", remedy="give it for all or for none")
    rates = {one.get("rate") for one in bands}
    if rates in ({0}, {1}):
        message = f"all rates are {next(iter(rates))}: no finite shift of the log-odds reaches them"
        yield at, Fault(message, "range")
    yield from _places(bands, at)


def _places(bands: list[Mapping[str, Any]], at: Path) -> Found:
    values = [one["value"] for one in bands if one.get("value") is not None]
    if values and len(values) < len(bands):
        yield at, Fault("some bands have a value, others lower and upper", "conflict", remedy="use one form")
        return
    if len({isinstance(value, str) for value in values}) > 1:
        yield at, Fault("some values are texts, others numbers", "type", remedy="write them as the column holds them")
        return
    for value in dict.fromkeys(value for value in values if values.count(value) > 1):
        yield at, Fault(f"the value {value!r} stands twice", "duplicate_name", remedy="give it one rate")
    if values:
        return
    ends = sorted((_end(one.get("lower"), -math.inf), _end(one.get("upper"), math.inf)) for one in bands)
    for (_, upper), (lower, _) in pairwise(ends):
        if lower < upper:
            yield at, Fault(f"bands overlap: one begins at {lower:g}, before another ends at {upper:g}", "overlap")


def _end(given: Any, otherwise: float) -> float:
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else otherwise
