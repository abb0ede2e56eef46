"""Challengers that were scored in shadow, month by month and by segment, from rows on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from credit_risk.monitoring.challenger.shadow import (
    ACCEPTS,
    NO_RANDOM,
    ON_ACCEPTS,
    RANDOM,
    SHADOW_COLUMNS,
    accepted_by_plan,
    shadow_notes,
)
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.groups import groups_of
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.rows.measures import two_scores
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.rows.tally import Coding, Tally
from credit_risk.monitoring.run.columns import OUTCOMES, clusters_of, labels_in, numbers_of, texts_of
from credit_risk.monitoring.run.settings import Settings, held, truth
from credit_risk.monitoring.source import SqlSource

Floats = NDArray[np.float64]
BOTH = ["champion", "challenger"]


@dataclass(slots=True)
class _Month:
    """Rows of a month by challenger and segment: segments by column in the order of the plan."""

    folder: Folder
    clustered: bool
    tallies: dict[tuple[str, str, str], Tally] = field(default_factory=dict)

    def tally(self, challenger: str, column: str, segment: str) -> Tally:
        """The rows of a group, none yet at first."""
        key = (challenger, column, segment)
        if key not in self.tallies:
            self.tallies[key] = Tally.empty(self.folder, Coding(), BOTH, clustered=self.clustered)
        return self.tallies[key]

    def groups(self, challenger: str, columns: Sequence[str]) -> Iterator[tuple[str, Tally]]:
        """Groups of a challenger: all rows, then those of each value of each column."""
        for column in (ALL, *columns):
            names = sorted(one for who, of, one in self.tallies if (who, of) == (challenger, column))
            for name in names:
                yield name, self.tallies[challenger, column, name]


def shadow_months(
    source: SqlSource, settings: Settings, names: Mapping[str, str], segments: Sequence[str]
) -> pd.DataFrame | str:
    """SHADOW_COLUMNS with `challenger`, as of `shadow_comparison` of each month; names: columns by challenger."""
    assert settings.window is not None
    rows: list[tuple[Any, ...]] = []
    basis, warning, clustered = ACCEPTS, None, bool(held(source, settings.applicant))
    for period in source.periods:
        with TemporaryDirectory(prefix="credit-risk-") as place:
            month = _Month(Folder(Path(place)), clustered)
            basis = _gather(month, source, period, settings, names, segments)
            warning = ON_ACCEPTS if basis == ACCEPTS else None
            for identifier in names:
                for segment, tally in month.groups(identifier, segments):
                    told = two_scores(tally, "champion", "challenger", float(settings.window), settings.least)
                    if not tally.rows and basis == RANDOM:
                        told = (*told[:-1], NO_RANDOM)
                    head = (period, segment, basis, float(settings.window), tally.rows)
                    rows.append((*head, *told, warning, identifier))
    if not rows:
        return "production has no counted row"
    frame = pd.DataFrame(rows, columns=[*SHADOW_COLUMNS, "challenger"])
    frame.attrs["notes"] = shadow_notes(clustered, warning)
    return frame


def _gather(
    month: _Month,
    source: SqlSource,
    period: str,
    settings: Settings,
    names: Mapping[str, str],
    segments: Sequence[str],
) -> str:
    """Rows of a month into the tallies; of whom the comparison holds."""
    spec = settings.spec.challengers
    random = held(source, None if spec is None else spec.random_accepts)
    share = None if spec is None else spec.random_share
    score = ["score"] if share is not None and "score" in source.quantities else []
    own = held(source, settings.applicant)
    asked = ["_time", *OUTCOMES, "probability", *names.values(), *random, *own, *score, *segments]
    nothing, number = np.zeros(0), 0
    empty = (nothing.astype(bool) if random else None, nothing if score else None)
    basis = accepted_by_plan(*empty, settings.cut_off, share).basis
    assert settings.window is not None
    for table in source.batches(period, list(dict.fromkeys(asked))):
        labels, _ = labels_in(table, settings.window)
        cluster = clusters_of(table[own[0]], number) if own else None
        number += table.num_rows
        keep, mass = np.ones(table.num_rows, bool), None
        if basis == RANDOM:
            keep = np.asarray(truth(table[random[0]].to_pandas()) == True, bool)  # noqa: E712
        elif basis != ACCEPTS:
            told = accepted_by_plan(None, numbers_of(table, "score"), settings.cut_off, share).probability
            mass = 1.0 / np.asarray(told, np.float64)
        for identifier, name in names.items():
            _add(month, identifier, table, name, labels, cluster, keep, mass, segments)
    return basis


def _add(
    month: _Month,
    identifier: str,
    table: pa.Table,
    name: str,
    labels: Labels,
    cluster: NDArray[np.uint64] | None,
    keep: NDArray[np.bool_],
    mass: Floats | None,
    segments: Sequence[str],
) -> None:
    """Rows that both have scored, into all groups that they are of."""
    first, second = numbers_of(table, "probability"), numbers_of(table, name)
    rows = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    values = {one: texts_of(table, one)[rows] for one in segments}
    for _, segment, places in groups_of(len(rows), None, values):
        column = ALL if segment == ALL else next(one for one in segments if segment.startswith(f"{one}="))
        inside = rows[places]
        tally = month.tally(identifier, column, segment)
        inside = inside[keep[inside]]
        columns: dict[str, Any] = {"champion": first[inside], "challenger": second[inside]}
        columns |= {} if cluster is None else {"cluster": cluster[inside]}
        tally.add(labels.part(inside), columns, None if mass is None else mass[inside])
