"""Samples of applicants without an outcome: by date, by the rows of their cluster, else drawn (SPECIFICATION 5.1)."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Objects = NDArray[np.object_]
DRAWN = ("out_of_sample", "calibration")
MONTH = re.compile(r"(\d{4})-?(\d{2})\Z")
SHARE = 0.3


def draws_of(seed: int, rows: int) -> NDArray[np.uint64]:
    """The 64-bit number of every row of the snapshot: PCG64, seeded by the SHA-256 of `<seed>/samples`."""
    start = int(hashlib.sha256(f"{seed}/samples".encode()).hexdigest()[:8], 16)
    return np.asarray(np.random.PCG64(start).random_raw(rows), dtype=np.uint64)


def late_sample(value: Any, bounds: Mapping[str, Any]) -> str | None:
    """The sample out of time that a date falls into by the plan's bounds, or None."""
    after, before = bounds.get("after"), bounds.get("before")
    given = after if after is not None else before
    time: Any = value
    if isinstance(given, str):
        text = str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
        month = MONTH.match(text)
        time = f"{month[1]}-{month[2]}-01" if month else text
    if after is not None and time >= after:
        return "out_of_time"
    return "out_of_time_before" if before is not None and time < before else None


def drawn_samples(
    place: NDArray[np.int64],
    cluster: NDArray[np.int64],
    accepted: NDArray[np.bool_],
    draws: NDArray[np.uint64],
    shares: Mapping[str, float],
) -> Objects:
    """(n,) samples of applicants that nothing else places; place (n,): row of the snapshot, ascending.

    Whole clusters go in the order of the draw of their first row, apart for those whose first row was accepted and
    rejected, until the share of the sample would be passed.
    """
    found = np.full(len(place), "development", dtype=object)
    members: dict[int, list[int]] = {}
    for number, one in enumerate(cluster.tolist()):
        members.setdefault(one, []).append(number)
    for decision in (False, True):
        groups = [rows for rows in members.values() if bool(accepted[rows[0]]) is decision]
        groups.sort(key=lambda rows: int(draws[place[rows[0]]]))
        whole = sum(len(rows) for rows in groups)
        at = 0
        for sample in DRAWN:
            limit, taken = math.floor(shares.get(sample, 0.0) * whole + 0.5), 0
            while at < len(groups) and taken + len(groups[at]) <= limit:
                found[groups[at]] = sample
                taken += len(groups[at])
                at += 1
    return found


def settled_samples(known: Objects, cluster: NDArray[np.int64]) -> dict[int, str]:
    """The sample inside the development period of each cluster that has a row with an outcome there."""
    settled: dict[int, str] = {}
    for sample, one in zip(known.tolist(), cluster.tolist(), strict=True):
        if sample is not None and not str(sample).startswith("out_of_time"):
            settled.setdefault(one, str(sample))
    return settled
