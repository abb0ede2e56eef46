"""Rows of a month on disk, by group: performance, level, estimate without labels, calibration by grade."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.calibration import CALIBRATION_COLUMNS, LEVEL_COLUMNS, calibration_notes
from credit_risk.monitoring.performance.estimate import (
    BLIND_SPOT,
    ESTIMATE_COLUMNS,
    UNPAIRED,
    expected_rows,
)
from credit_risk.monitoring.performance.labels import Labels, no_labels
from credit_risk.monitoring.performance.vintages import PERFORMANCE_COLUMNS, Least, cluster_notes, performance_notes
from credit_risk.monitoring.rows.expected import expected_of
from credit_risk.monitoring.rows.measures import group_of, level_of, performance_rows, reached
from credit_risk.monitoring.rows.scores import SpooledScores
from credit_risk.monitoring.rows.segmented import Segmented
from credit_risk.monitoring.rows.spool import Folder, Spool
from credit_risk.monitoring.rows.tally import Coding, Tally

NUMBERS = ["probability", "risk"]
Names = NDArray[np.object_]
Clusters = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows (n,) with a probability. risk: what ranks, NaN where it is missing: such rows have no performance; cluster
    of the applicant, None where every row stands by itself; segments: values by column; groups: texts by scheme, None
    where a row has none."""

    labels: Labels
    probability: Floats
    risk: Floats
    cluster: Clusters | None
    segments: Mapping[str, Names]
    groups: Mapping[str, Names]

    def part(self, rows: NDArray[np.bool_]) -> Chunk:
        """The rows of a mask (n,)."""
        return Chunk(
            self.labels.part(rows),
            self.probability[rows],
            self.risk[rows],
            None if self.cluster is None else self.cluster[rows],
            {name: values[rows] for name, values in self.segments.items()},
            {name: values[rows] for name, values in self.groups.items()},
        )


@dataclass(slots=True)
class _Group:
    """Rows that rank, with what is known of them, and parts of the sum of their probabilities."""

    tally: Tally
    sums: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return math.fsum(self.sums) / self.tally.rows


@dataclass(slots=True)
class _Segment(_Group):
    """every: probabilities of all rows, also of those that do not rank."""

    every: Spool = field(kw_only=True)


class MonthRows:
    """Rows of one month, added some at a time; the tables are those of the array functions that they are named after.

    clustered: whether chunks have clusters, all of them or none.
    """

    def __init__(self, folder: Folder, window: float, *, clustered: bool):
        self._folder, self._window, self._clustered = folder, window, clustered
        self._segments: Segmented[_Segment] = Segmented(self._segment)
        self._grades: dict[str, dict[str, _Group]] = {}
        self._without: dict[str, int] = {}

    def __len__(self) -> int:
        """Rows with a probability."""
        return len(self._segments.every.every)

    def add(self, chunk: Chunk) -> None:
        """Some more rows."""
        for segment, places in self._segments.places(len(chunk.labels), chunk.segments):
            self._put(segment, chunk, places)
        ranked = chunk.part(np.isfinite(chunk.risk))
        for scheme, values in ranked.groups.items():
            self._grade_rows(scheme, values, ranked)

    def performance(self, period: str, least: Least) -> pd.DataFrame:
        """PERFORMANCE_COLUMNS, as `performance_table`: at the window, and at the month that is reached."""
        rows: list[tuple[Any, ...]] = []
        for segment, one in self._segments.ordered():
            if not one.tally.rows:
                continue
            month = reached(one.tally, self._window, least.reached)
            horizons = {self._window, *([] if month is None else [float(month)])}
            for horizon in sorted(horizons, reverse=True):
                rows += performance_rows((period, segment), one.tally, horizon, "risk", least)
        frame = pd.DataFrame(rows, columns=PERFORMANCE_COLUMNS)
        frame.attrs["notes"] = performance_notes(no_labels(self._window, clustered=self._clustered), least)
        return frame

    def level(self, period: str, correlation: float, least: Least) -> pd.DataFrame:
        """LEVEL_COLUMNS, as `calibration_level`."""
        rows = []
        for segment, one in self._segments.ordered():
            if one.tally.rows:
                told = level_of(one.tally, "probability", one.mean, self._window, correlation, least)
                rows.append((period, segment, *told))
        frame = pd.DataFrame(rows, columns=LEVEL_COLUMNS)
        told = calibration_notes(GradePolicy(asset_correlation=correlation), 0)
        frame.attrs["notes"] = (*told, *cluster_notes(no_labels(self._window, clustered=self._clustered)))
        return frame

    def estimate(self, period: str) -> pd.DataFrame:
        """ESTIMATE_COLUMNS, as `estimate_table` of the probabilities."""
        rows: list[tuple[Any, ...]] = []
        for segment, one in self._segments.ordered():
            if len(one.every):
                rows += expected_rows((period, segment), len(one.every), expected_of(one.every, "probability"))
        frame = pd.DataFrame(rows, columns=ESTIMATE_COLUMNS)
        frame.attrs["notes"] = (BLIND_SPOT, UNPAIRED)
        return frame

    def calibration(
        self, period: str, scheme: str, order: Sequence[str] | None, policy: GradePolicy
    ) -> pd.DataFrame | None:
        """CALIBRATION_COLUMNS, as `calibration_table`; order: of the groups, None: sorted. None without a row."""
        held = self._grades.get(scheme, {})
        if not held:
            return None
        rows = []
        for word in sorted(held) if order is None else order:
            if word in held:
                told = group_of(held[word].tally, held[word].mean, self._window, policy)
                rows.append((period, ALL, scheme, word, *told))
        frame = pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)
        frame.attrs["notes"] = (
            *calibration_notes(policy, self._without[scheme]),
            *cluster_notes(no_labels(self._window, clustered=self._clustered)),
        )
        return frame

    def schemes(self) -> tuple[str, ...]:
        """Schemes of groups that chunks had."""
        return tuple(self._without)

    def scores(self) -> SpooledScores:
        """What ranks, of the rows with an outcome, be it not yet."""
        return SpooledScores(self._segments.every.tally.spool, "risk")

    def _segment(self) -> _Segment:
        tally = Tally.empty(self._folder, Coding(), NUMBERS, clustered=self._clustered)
        return _Segment(tally, every=self._folder.spool([("probability", "f8")]))

    def _put(self, segment: _Segment, chunk: Chunk, rows: NDArray[np.int64]) -> None:
        segment.every.add({"probability": chunk.probability[rows]})
        inside = rows[np.isfinite(chunk.risk[rows])]
        columns: dict[str, NDArray[Any]] = {"probability": chunk.probability[inside], "risk": chunk.risk[inside]}
        if chunk.cluster is not None:
            columns["cluster"] = chunk.cluster[inside]
        segment.tally.add(chunk.labels.part(inside), columns)
        segment.sums.append(math.fsum(columns["probability"]))

    def _grade_rows(self, scheme: str, values: Names, chunk: Chunk) -> None:
        held = self._grades.setdefault(scheme, {})
        codes, words = pd.factorize(values, use_na_sentinel=True)
        self._without[scheme] = self._without.get(scheme, 0) + int(np.sum(codes < 0))
        for code, word in enumerate(map(str, words)):
            inside = np.flatnonzero(codes == code)
            if word not in held:
                held[word] = _Group(Tally.empty(self._folder, Coding(), [], clustered=self._clustered))
            columns: dict[str, NDArray[Any]] = {} if chunk.cluster is None else {"cluster": chunk.cluster[inside]}
            held[word].tally.add(chunk.labels.part(inside), columns)
            held[word].sums.append(math.fsum(chunk.probability[inside]))


__all__ = ["Chunk", "MonthRows"]
