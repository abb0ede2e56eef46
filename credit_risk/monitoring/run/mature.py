"""Rows of the last mature months, on disk: discrimination, level and calibration by group of all of them together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.calibration import (
    CALIBRATION_COLUMNS,
    LEVEL_COLUMNS,
    calibration_notes,
)
from credit_risk.monitoring.performance.labels import Labels, no_labels
from credit_risk.monitoring.performance.vintages import (
    PERFORMANCE_COLUMNS,
    Least,
    cluster_notes,
    performance_notes,
)
from credit_risk.monitoring.rows.measures import group_of, level_of, performance_rows
from credit_risk.monitoring.rows.scores import SpooledScores
from credit_risk.monitoring.rows.spool import Folder, Records, Spool
from credit_risk.monitoring.rows.tally import Coding, Tally

TWELVE = 12
"""Months whose mature rows count, for tests of grades and for all of them together (the period `all`): a year."""
NUMBERS = ("probability", "risk")
Names = NDArray[np.object_]


class MatureRows:
    """Rows with a follow-up of the last months that were kept, at most twelve; the first goes where there are more."""

    def __init__(self, folder: Folder, window: float):
        self._folder, self._window = folder, window
        self._months: deque[Spool] = deque()
        self._month: Spool | None = None
        self._words: dict[str, dict[str, int]] = {}
        self._clustered = False

    def __bool__(self) -> bool:
        return bool(self._months)

    def add(
        self,
        labels: Labels,
        probability: Floats,
        risk: Floats,
        groups: Mapping[str, Names],
        cluster: NDArray[np.uint64] | None,
    ) -> None:
        """Some rows (n,) of the month; groups: of each row by scheme, None where it has none; cluster: of applicant."""
        use = labels.usable
        columns: dict[str, NDArray[Any]] = {"time": labels.time[use], "event": labels.event[use]}
        columns |= {"probability": probability[use], "risk": risk[use]}
        columns |= {scheme: self._codes(scheme, values[use]) for scheme, values in groups.items()}
        if cluster is not None:
            columns["cluster"] = cluster[use]
            self._clustered = True
        if self._month is None:
            kinds = [("time", "f8"), ("event", "?"), *((one, "f8") for one in NUMBERS), *((o, "i4") for o in groups)]
            self._month = self._folder.spool([*kinds, *([("cluster", "u8")] if cluster is not None else [])])
        self._month.add(columns)

    def end_month(self, *, keep: bool) -> None:
        """The rows added since the last end are those of a month; keep: whether they count."""
        month, self._month = self._month, None
        if month is None:
            return
        if not keep:
            month.drop()
            return
        self._months.append(month)
        if len(self._months) > TWELVE:
            self._months.popleft().drop()

    def performance(self, least: Least) -> pd.DataFrame:
        """PERFORMANCE_COLUMNS of all of them."""
        tally = self._tally(self._chunks())
        rows = performance_rows((ALL, ALL), tally, self._window, "risk", least)
        tally.drop()
        frame = pd.DataFrame(rows, columns=PERFORMANCE_COLUMNS)
        frame.attrs["notes"] = performance_notes(no_labels(self._window, clustered=self._clustered), least)
        return frame

    def level(self, correlation: float, least: Least) -> pd.DataFrame:
        """LEVEL_COLUMNS of all of them."""
        tally = self._tally(self._chunks())
        row = level_of(tally, "probability", math.nan, self._window, correlation, least)
        tally.drop()
        frame = pd.DataFrame([(ALL, ALL, *row)], columns=LEVEL_COLUMNS)
        told = calibration_notes(GradePolicy(asset_correlation=correlation), 0)
        frame.attrs["notes"] = (*told, *cluster_notes(no_labels(self._window, clustered=self._clustered)))
        return frame

    def by_group(self, scheme: str, order: Sequence[str] | None, policy: GradePolicy) -> pd.DataFrame | None:
        """CALIBRATION_COLUMNS of the groups of a scheme, in their order (None: sorted); None where no row has one."""
        words = self._words.get(scheme, {})
        counts = np.zeros(len(words), np.int64)
        without, sums = 0, {one: [0.0] for one in words}
        for records in self._chunks():
            own = records[scheme]
            without += int((own < 0).sum())
            counts += np.bincount(own[own >= 0], minlength=len(counts))
            for word, code in words.items():
                sums[word].append(math.fsum(records["probability"][own == code]))
        if not counts.any():
            return None
        rows = []
        for word in sorted(words) if order is None else order:
            if word not in words or not counts[words[word]]:
                continue
            code = words[word]
            tally = self._tally(one[one[scheme] == code] for one in self._chunks())
            told = group_of(tally, math.fsum(sums[word]) / tally.rows, self._window, policy)
            rows.append((ALL, ALL, scheme, word, *told))
            tally.drop()
        frame = pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)
        frame.attrs["notes"] = (
            *calibration_notes(policy, without),
            *cluster_notes(no_labels(self._window, clustered=self._clustered)),
        )
        return frame

    def scores(self) -> SpooledScores:
        """The column that ranks, of all of them."""
        every = self._folder.spool([("risk", "f8")])
        for records in self._chunks():
            every.add({"risk": records["risk"]})
        return SpooledScores(every, "risk")

    def schemes(self) -> tuple[str, ...]:
        """Schemes of groups."""
        return tuple(self._words)

    def _codes(self, scheme: str, values: Names) -> NDArray[np.int32]:
        words = self._words.setdefault(scheme, {})
        codes, found = pd.factorize(values)
        numbers = np.array([words.setdefault(str(one), len(words)) for one in found] + [-1], np.int32)
        return numbers[codes]

    def _chunks(self) -> Iterator[Records]:
        for spool in self._months:
            yield from spool.chunks()

    def _tally(self, chunks: Iterator[Records]) -> Tally:
        made = Tally.empty(self._folder, Coding(), list(NUMBERS), clustered=self._clustered)
        for records in chunks:
            labels = Labels(records["time"], records["event"], np.zeros(len(records), bool), self._window)
            columns = {name: records[name] for name in (*NUMBERS, *(["cluster"] if self._clustered else []))}
            made.add(labels, columns)
        return made
