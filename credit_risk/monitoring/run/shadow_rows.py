"""Rows of all months with the probabilities of champion and challenger, on disk, and what was known on a day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.challenger.shadow import ON_ACCEPTS, RANDOM, accepted_by_plan
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.calibration import SCORE_BAND
from credit_risk.monitoring.performance.labels import label_outcomes
from credit_risk.monitoring.rows.measures import group_of
from credit_risk.monitoring.rows.spool import Folder, Records, Sorted, Spool
from credit_risk.monitoring.rows.tally import Coding, Tally
from credit_risk.monitoring.run.columns import NEVER, OUTCOMES, Whole, clusters_of, dates_of, days_in, numbers_of
from credit_risk.monitoring.run.settings import Settings, held, truth
from credit_risk.monitoring.source import SqlSource
from credit_risk.strategy.cut_offs import SLACK
from credit_risk.strategy.matrix import bands

BANDS = 10


@dataclass(slots=True)
class ShadowRows:
    """spool: `start`, `bad`, `until` (days since 1970, NEVER where there is none), `champion`, `challenger`, and where
    they are needed `random`, `score`, `cluster`; first decision, and the last day to which any row was looked at."""

    spool: Spool
    first: pd.Timestamp | None = None
    until: pd.Timestamp | None = None


def shadow_rows(source: SqlSource, column: str, settings: Settings, folder: Folder) -> ShadowRows:
    """Rows that have both probabilities, month by month."""
    spec = settings.spec.challengers
    random = held(source, None if spec is None else spec.random_accepts)
    weighted = spec is not None and spec.random_share is not None and "score" in source.quantities
    own = held(source, settings.applicant)
    wanted = ["_time", *OUTCOMES, "probability", column, *random, *own, *(["score"] if weighted else [])]
    kinds = [("start", "i8"), ("bad", "i8"), ("until", "i8"), ("champion", "f8"), ("challenger", "f8")]
    kinds += [("random", "?")] * len(random) + [("score", "f8")] * weighted + [("cluster", "u8")] * len(own)
    found, number = ShadowRows(folder.spool(kinds)), 0
    for period in source.periods:
        for table in source.batches(period, list(dict.fromkeys(wanted))):
            p, q = (numbers_of(table, name) for name in ("probability", column))
            days = {"start": days_in(table, "_time"), "bad": days_in(table, OUTCOMES[0])}
            columns: dict[str, Any] = {**days, "until": days_in(table, OUTCOMES[1]), "champion": p, "challenger": q}
            if random:
                columns["random"] = truth(table[random[0]].to_pandas()) == True  # noqa: E712
            if weighted:
                columns["score"] = numbers_of(table, "score")
            if own:
                columns["cluster"] = clusters_of(table[own[0]], number)
                number += table.num_rows
            use = np.isfinite(p) & np.isfinite(q)
            columns = {name: values[use] for name, values in columns.items()}
            found.spool.add(columns)
            _seen(found, columns["start"], columns["until"])
    return found


def _seen(found: ShadowRows, start: Whole, until: Whole) -> None:
    first, last = start[start != NEVER], until[until != NEVER]
    if len(first):
        least = pd.Timestamp(int(first.min()), unit="D", tz="UTC")
        found.first = least if found.first is None else min(found.first, least)
    if len(last):
        most = pd.Timestamp(int(last.max()), unit="D", tz="UTC")
        found.until = most if found.until is None else max(found.until, most)


@dataclass(frozen=True, slots=True)
class Known:
    """What was known on a day. plain: all rows, each once; kept: those of the comparison, with their weights (`plain`
    where these are all); every: class (-1: no follow-up) and probability of the challenger of every row."""

    plain: Tally
    kept: Tally
    every: Spool
    mean: float
    basis: str
    warning: str | None

    def by_band(self, window: float, policy: GradePolicy) -> list[tuple[Any, ...]]:
        """CALIBRATION_COLUMNS of the tenths of the challenger's probabilities."""
        edges, folder = tenths(self.every, "challenger"), self.every.folder
        clustered = self.plain.clustered
        tallies: dict[int, Tally] = {}
        sums: dict[int, list[float]] = {}
        for records in self.every.chunks():
            band = bands(records["challenger"], edges)
            for one in np.unique(band).tolist():
                own = records[band == one]
                if one not in tallies:
                    tallies[one] = Tally.empty(folder, self.plain.coding, [], clustered=clustered)
                tallies[one].rows += len(own)
                sums.setdefault(one, []).append(math.fsum(own["challenger"]))
                _put(tallies[one], own[own["cls"] >= 0])
        rows = []
        for one in sorted(tallies):
            tally = tallies[one]
            told = group_of(tally, math.fsum(sums[one]) / tally.rows, window, policy)
            rows.append((ALL, ALL, SCORE_BAND, str(one), *told))
            tally.drop()
        return rows


def _put(tally: Tally, records: Records) -> None:
    own = np.empty(len(records), tally.spool.kind)
    for name in tally.spool.kind.names or ():
        own[name] = records[name]
    tally.put(own)


def as_of(rows: ShadowRows, day: pd.Timestamp, settings: Settings) -> Known | None:
    """What was known at the end of a day: what was observed later is taken back. None where nothing was decided."""
    assert settings.window is not None
    spec, names = settings.spec.challengers, rows.spool.kind.names or ()
    share, cut = None if spec is None else spec.random_share, settings.cut_off
    nothing, clustered = np.zeros(0), "cluster" in names
    basis = accepted_by_plan(
        nothing.astype(bool) if "random" in names else None, nothing if "score" in names else None, cut, share
    ).basis
    folder, both = rows.spool.folder, ["champion", "challenger"]
    plain = Tally.empty(folder, Coding(), both, clustered=clustered)
    special = basis == RANDOM or (share is not None and "score" in names and cut is not None)
    kept = Tally.empty(folder, Coding(), both, clustered=clustered) if special else plain
    every = folder.spool([("cls", "i4"), ("challenger", "f8"), *([("cluster", "u8")] if clustered else [])])
    last, sums = int(day.normalize().tz_localize(None).to_datetime64().astype("datetime64[D]").astype(np.int64)), []
    for records in rows.spool.chunks():
        own = records[(records["start"] <= last) & (records["start"] != NEVER)]
        bad = np.where(own["bad"] <= last, own["bad"], NEVER)
        until = np.minimum(own["until"], last)
        start, end, seen = (pd.Series(dates_of(one)) for one in (own["start"], bad, until))
        labels, _ = label_outcomes(start, end, seen, settings.window)
        columns = {name: own[name] for name in [*both, *(["cluster"] if clustered else [])]}
        before = plain.usable
        plain.add(labels, columns)
        cls = np.full(len(own), -1, np.int32)
        if plain.usable > before:
            cls[labels.usable] = plain.coding.codes(labels.time[labels.usable], labels.event[labels.usable])
        every.add({"cls": cls, **{name: own[name] for name in every.kind.names or () if name != "cls"}})
        sums.append(math.fsum(own["challenger"]))
        if basis == RANDOM:
            chosen = own["random"]
            kept.add(labels.part(chosen), {name: values[chosen] for name, values in columns.items()})
        elif special:
            told = accepted_by_plan(None, own["score"], cut, share).probability
            kept.add(labels, columns, 1.0 / np.asarray(told, np.float64))
    if not len(every):
        return None
    warning = None if special else ON_ACCEPTS
    return Known(plain, kept, every, math.fsum(sums) / len(every), basis, warning)


def tenths(spool: Spool, column: str, parts: int = BANDS) -> NDArray[np.float64]:
    """As `cut_offs_of`, of rows on disk."""
    wanted, found, before = np.arange(parts) / parts - SLACK, [], 0
    ordered = Sorted(spool, column)
    place = 0
    for values, count in ordered.counts():
        below = (before + np.append(0, np.cumsum(count)[:-1])) / len(spool)
        end = int(np.searchsorted(wanted, below[-1], side="right"))
        found.append(values[np.searchsorted(below, wanted[place:end], side="left")])
        place, before = end, before + int(count.sum())
    ordered.drop()
    return np.unique(np.concatenate(found))


__all__ = [
    "BANDS",
    "Known",
    "ShadowRows",
    "as_of",
    "shadow_rows",
    "tenths",
]
