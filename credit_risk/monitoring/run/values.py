"""The tidy values that rules are held against, from the tables of a run (`metrics.VALUE_COLUMNS`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from credit_risk.monitoring.alerts.watches import OBJECTIVE
from credit_risk.monitoring.drift.tables import aligned
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.metrics import VALUE_COLUMNS
from credit_risk.monitoring.performance.metric_values import calibration_values, decision_values, performance_values
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.run.compared import Compared
from credit_risk.monitoring.run.drifted import Drifted
from credit_risk.monitoring.run.labelled import Labelled
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.variables import CHARACTERISTIC, GRADE

SUBJECT = "score"
Row = tuple[Any, ...]
OF_KINDS = {"missing_share": "missing", "special_share": "special", "unseen_share": "unseen"}


def values_of(
    source: SqlSource,
    reference: Reference,
    drift: Drifted,
    performance: Labelled,
    compare: Compared,
    settings: Settings,
) -> pd.DataFrame:
    """VALUE_COLUMNS, sorted: every metric that this run can tell."""
    level = settings.spec.significance
    rows: list[Row] = [
        *_stability(drift.score, reference),
        *_stability(drift.characteristics, reference),
        *_distances(drift.distances, level),
        *_means(drift.moments),
        *_shares(reference, drift.counts, settings),
        *_partitions(source),
        *_volume(drift.counts),
        *_of_objectives(compare.objectives),
    ]
    last = source.periods[-1] if source.periods else None
    parts = [pd.DataFrame(rows, columns=VALUE_COLUMNS), *_of_performance(performance, compare, settings, last)]
    frame = pd.concat([one.astype(object) for one in parts], ignore_index=True)
    return frame.sort_values(["period", "segment", "metric", "subject"], kind="stable").reset_index(drop=True)


def _records(frame: pd.DataFrame | str) -> list[dict[str, Any]]:
    """Rows of months; what is of all of them together is no value of a month."""
    return [] if isinstance(frame, str) else frame[frame["period"] != ALL].to_dict("records")


def _stability(frame: pd.DataFrame | str, reference: Reference) -> Iterator[Row]:
    roles = {one.name: one.role for one in reference.variables}
    for row in _records(frame):
        role = roles[row["variable"]]
        metric = {CHARACTERISTIC: "characteristic_psi", GRADE: "grade_psi"}.get(role, "score_psi")
        subject = row["variable"] if role == CHARACTERISTIC else SUBJECT if metric == "score_psi" else "grade"
        known = row["verdict"] != "grey"
        reason = None if known else row["reason"]
        head = (row["period"], row["segment"], metric, subject, row["psi"], None, None, int(row["actual_rows"]))
        yield (*head, known, reason, bool(row["beyond_chance"]))


def _distances(frame: pd.DataFrame | str, level: float) -> Iterator[Row]:
    for row in _records(frame):
        head = (row["period"], row["segment"])
        rows, p = int(row["actual_rows"]), row["ks_p_value"]
        known = not math.isnan(p)
        reason = None if known else row["ks_method"]
        yield (*head, "ks", row["variable"], row["ks"], None, None, rows, known, reason, known and p <= level)
        yield (*head, "wasserstein", row["variable"], row["wasserstein"], None, None, rows, True, None, None)


def _means(moments: pd.DataFrame) -> Iterator[Row]:
    for row in moments[moments["quantity"] == "probability"].to_dict("records"):
        base, rows = row["development_mean"], int(row["rows"])
        known = rows > 0 and base > 0
        ratio = row["mean"] / base if known else math.nan
        reason = None if known else "development's mean is not held" if rows else "no row has a probability"
        yield (row["period"], row["segment"], "mean_probability", SUBJECT, ratio, None, None, rows, known, reason, None)


def _shares(reference: Reference, counts: pd.DataFrame, settings: Settings) -> Iterator[Row]:
    """Shares of missing, special and unseen values, less those of development; unseen as they are."""
    frame = reference.frame()
    rows = frame[frame["rows"].notna() & frame["variable"].isin(set(counts["variable"]))]
    if counts.empty or rows.empty:
        return
    of = {one.name for one in reference.variables if one.role == CHARACTERISTIC}
    held = aligned(rows, counts)
    for variable in held.variables:
        if variable.name not in of:
            continue
        expected, _ = variable.expected_of(held.groups["segment"].to_numpy(object))
        for metric, kind in OF_KINDS.items():
            mine = (variable.bins["kind"] == kind).to_numpy()
            if mine.any():
                yield from _share(metric, variable.name, held.groups, expected, variable.actual, mine, settings)


def _share(
    metric: str,
    name: str,
    groups: pd.DataFrame,
    expected: np.ndarray,
    actual: np.ndarray,
    mine: np.ndarray,
    settings: Settings,
) -> Iterator[Row]:
    base, now = expected[:, mine].sum(axis=1), actual[:, mine].sum(axis=1)
    m, n = expected.sum(axis=1), actual.sum(axis=1)
    for place, group in enumerate(groups.to_dict("records")):
        rows = int(n[place])
        known = rows >= settings.spec.min_rows and m[place] > 0
        share = now[place] / rows if rows else math.nan
        was = base[place] / m[place] if m[place] else math.nan
        p = _two_shares(base[place], m[place], now[place], n[place]) if known else math.nan
        value = share if metric == "unseen_share" else share - was
        reason = None if known else f"fewer than {settings.spec.min_rows} rows"
        beyond = bool(p <= settings.spec.significance) if known else None
        yield (group["period"], group["segment"], metric, name, value, None, None, rows, known, reason, beyond)


def _two_shares(a: float, m: float, b: float, n: float) -> float:
    """Two-sided p-value of equal shares a/m and b/n, pooled variance (Fleiss, Levin and Paik 2003, section 3.3)."""
    pooled = (a + b) / (m + n)
    variance = pooled * (1.0 - pooled) * (1.0 / m + 1.0 / n)
    if variance <= 0.0:
        return 1.0
    z = (b / n - a / m) / math.sqrt(variance)
    return float(2.0 * special.ndtr(-abs(z)))


def _partitions(source: SqlSource) -> Iterator[Row]:
    """Partitions of which nothing is counted; of a period that is not known they are told at the last one."""
    if not source.periods:
        return
    whole = source.partitions[(source.partitions["counted"] == 0) & (source.partitions["left_out"] > 0)]
    unread = source.faults[source.faults["code"].isin(UNREADABLE)]
    names = set(whole["partition"]) | set(unread["partition"])
    last = source.periods[-1]
    for period in source.periods:
        count = len(names) if period == last else 0
        yield (period, ALL, "bad_partitions", ALL, float(count), None, None, None, True, None, None)


UNREADABLE = ("damaged", "kind", "other_package", "no_rows")
"""Faults for which a partition, or all rows of it that they concern, are left out as a whole."""


def _volume(counts: pd.DataFrame) -> Iterator[Row]:
    if counts.empty:
        return
    first = counts["variable"].iloc[0]
    whole = counts[(counts["variable"] == first) & (counts["segment"] == ALL)]
    rows = whole.groupby("period", sort=True)["rows"].sum()
    for place, (period, number) in enumerate(rows.items()):
        before = rows.iloc[:place]
        known = len(before) > 0
        value = float(number / before.mean()) if known else math.nan
        reason = None if known else "there is no month before it"
        yield (period, ALL, "volume", ALL, value, None, None, int(number), known, reason, None)


def _of_performance(
    performance: Labelled, compare: Compared, settings: Settings, last: str | None
) -> list[pd.DataFrame]:
    """Values of outcomes and decisions; grades are of the mature months of a year, told at the last month."""
    found = []
    if not isinstance(performance.performance, str) and settings.window is not None:
        found.append(performance_values(_months(performance.performance), float(settings.window)))
    if not isinstance(performance.level, str):
        grades = None if isinstance(performance.calibration, str) else performance.calibration
        if grades is not None:
            grades = grades[grades["scheme"] == GRADE].assign(period=last)
        found.append(calibration_values(_months(performance.level), grades))
    if not isinstance(compare.decisions, str):
        found.append(decision_values(compare.decisions))
    return [one for one in found if len(one)]


def _of_objectives(frame: pd.DataFrame | str) -> Iterator[Row]:
    for row in _records(frame):
        known = row["verdict"] != "not evaluable"
        bounds = (row["value"], row["lower"], row["upper"])
        head = (row["period"], row["segment"], OBJECTIVE, row["objective"])
        yield (*head, *bounds, int(row["rows"]), known, None if known else row["reason"], bool(row["beyond_chance"]))


def _months(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["period"] != ALL]
