"""Faults of partitions: collected, never raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import pandas as pd

from credit_risk.monitoring.frames import FAULT_COLUMNS


@dataclass(frozen=True, slots=True)
class PartitionFault:
    """A row of FAULT_COLUMNS. partition, period: empty where it is not of one.

    codes: damaged, kind, column_absent, column_type, column_case, time_zone, key_missing, erased, time_missing,
    time_in_future, clock_backwards, other_package, package_unknown, duplicate_key, nan, infinite, not_a_probability,
    few_rows, no_rows, inputs_absent, many_segments, variable_left_out.
    """

    partition: str
    period: str
    code: str
    message: str
    rows: int
    left_out: int
    remedy: str


def fault_frame(faults: Iterable[PartitionFault]) -> pd.DataFrame:
    """FAULT_COLUMNS of faults, in their order."""
    return pd.DataFrame([astuple(one) for one in faults], columns=FAULT_COLUMNS).astype({"rows": int, "left_out": int})
