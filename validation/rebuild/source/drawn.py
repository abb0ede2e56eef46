"""Samples by the recipe of SPECIFICATION 5.0: dates first, then the draw of the seed in each stratum, groups whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.applicant_samples import draws_of, late_sample
from validation.rebuild.source.files import equal, objects

FIFTHS = 5
Integers = NDArray[np.int64]


def strata_of(outcome: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """What is drawn apart: good and bad; of amounts and fractions 0, and fifths of those above it. NaN: unknown."""
    if kind == "binary":
        return outcome
    above = np.sort(outcome[outcome > 0])
    cuts = sorted({float(above[k * len(above) // FIFTHS]) for k in range(1, FIFTHS)}) if len(above) else []
    found = np.where(np.isnan(outcome), np.nan, 0.0)
    over = outcome > 0
    found[over] = 1.0 + sum(((outcome[over] >= cut).astype(np.float64) for cut in cuts), np.zeros(over.sum()))
    return found


def draw_samples(
    outcome: NDArray[np.float64],
    times: NDArray[Any] | None,
    groups: Integers | None,
    spec: Mapping[str, Any],
    kind: str = "binary",
) -> NDArray[np.object_]:
    """(n,) sample of each row, None where it is in none. groups (n,): rows of one are never torn apart."""
    known = np.isfinite(outcome)
    sample = objects([None] * len(outcome))
    bounds = spec["out_of_time"]
    if bounds is not None:
        if times is None:
            raise ValueError("samples out of time need dates")
        late = {value: None if value is None else late_sample(value, bounds) for value in set(times[known].tolist())}
        sample[known] = objects(late[value] for value in times[known].tolist())
    inside = known & equal(sample, None)
    strata = strata_of(outcome, kind)
    draws = draws_of(spec["seed"], len(outcome))
    shares = {"out_of_sample": spec["out_of_sample"], "calibration": spec["calibration"]}
    shares = {name: share for name, share in shares.items() if share is not None}
    if groups is None:
        groups = np.arange(len(outcome))
    elif _apart(spec):
        inside &= ~np.isin(groups, groups[known & ~inside])
    _draw(sample, np.flatnonzero(inside), groups, strata, draws, shares)
    return sample


def _apart(spec: Mapping[str, Any]) -> bool:
    """Whether a group that stands out of time leaves no row in development."""
    declared = (spec["out_of_time"] or {}).get("groups")
    return spec["group"] is not None if declared is None else bool(declared == "apart")


def _draw(
    sample: NDArray[np.object_],
    rows: Integers,
    groups: Integers,
    strata: NDArray[np.float64],
    draws: NDArray[np.uint64],
    shares: Mapping[str, float],
) -> None:
    """Whole groups, by the draw of their first row, in the stratum of their greatest outcome, as far as the share."""
    _, first, number, size = np.unique(groups[rows], return_index=True, return_inverse=True, return_counts=True)
    stratum = np.full(len(first), -np.inf)
    np.maximum.at(stratum, number, strata[rows])
    draw = draws[rows][first]
    labels = objects(["development"] * len(first))
    for one in np.unique(stratum).tolist():
        order = np.flatnonzero(stratum == one)
        order = order[np.argsort(draw[order], kind="stable")]
        whole = int(size[order].sum())
        for name, share in shares.items():
            taken = int(np.count_nonzero(np.cumsum(size[order]) <= math.floor(share * whole + 0.5)))
            labels[order[:taken]] = name
            order = order[taken:]
    sample[rows] = labels[number]
