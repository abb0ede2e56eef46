"""Follow-up of any number of rows by class: all rows of one time, event and row weight count together.

Months of follow-up are of whole days, so that there are some thousands of them however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.performance.censoring import FollowUp, follow_up_of
from credit_risk.monitoring.performance.labels import Labels, Mask
from credit_risk.monitoring.rows.spool import Folder, Records, Spool
from credit_risk.monitoring.rows.squares import Squares

Classes = NDArray[np.int32]


class Coding:
    """Numbers of classes (time, event, weight) as they come."""

    def __init__(self) -> None:
        self._codes: dict[tuple[float, bool, float], int] = {}

    def codes(self, time: Floats, event: Mask, mass: Floats | None = None) -> Classes:
        """Class (n,) of rows with a known follow-up."""
        own = np.ones(len(time)) if mass is None else mass
        times, first = np.unique(time, return_inverse=True)
        weights, third = np.unique(own, return_inverse=True)
        combined, place = np.unique((first * 2 + event) * len(weights) + third, return_inverse=True)
        found = []
        for one in combined.tolist():
            rest, weight = divmod(one, len(weights))
            moment, bad = divmod(rest, 2)
            key = (float(times[moment]), bool(bad), float(weights[weight]))
            found.append(self._codes.setdefault(key, len(self._codes)))
        return np.array(found, np.int32)[place]

    def table(self) -> tuple[Floats, Mask, Floats]:
        """time, event, weight of each class (c,)."""
        parts = list(self._codes)
        time, event, mass = zip(*parts, strict=True) if parts else ((), (), ())
        return np.array(time, np.float64), np.array(event, bool), np.array(mass, np.float64)


@dataclass(slots=True)
class Tally:
    """Rows of a group: how many, faults among them, and those with a follow-up by class and on disk.

    spool: `cls`, numbers by name and, where rows have clusters, `cluster`.
    """

    coding: Coding
    spool: Spool
    rows: int = 0
    faults: int = 0
    _count: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def empty(cls, folder: Folder, coding: Coding, names: list[str], *, clustered: bool) -> Tally:
        """No rows yet."""
        columns = [("cls", "i4"), *((one, "f8") for one in names), *([("cluster", "u8")] if clustered else [])]
        return cls(coding, folder.spool(columns))

    @property
    def clustered(self) -> bool:
        """Whether rows have clusters."""
        return "cluster" in (self.spool.kind.names or ())

    @property
    def usable(self) -> int:
        """Rows with a follow-up."""
        return len(self.spool)

    @property
    def count(self) -> Floats:
        """Rows of each class (c,)."""
        classes = len(self.coding.table()[0])
        found = np.zeros(classes)
        found[: len(self._count)] = self._count
        return found

    def add(self, labels: Labels, columns: dict[str, NDArray[np.generic]], mass: Floats | None = None) -> None:
        """Rows of `labels` with numbers (n,) by name, `cluster` among them where rows have clusters."""
        self.rows += len(labels)
        self.faults += int(labels.faulty.sum())
        use = labels.usable
        cls = self.coding.codes(labels.time[use], labels.event[use], None if mass is None else mass[use])
        self.spool.add({"cls": cls, **{name: values[use] for name, values in columns.items()}})
        self._add(cls)

    def put(self, records: Records) -> None:
        """Rows with a follow-up, of the type of the spool; `rows` are counted by the caller."""
        self.spool.append(records)
        self._add(records["cls"])

    def _add(self, cls: Classes) -> None:
        own = np.bincount(cls, minlength=len(self._count)).astype(np.int64)
        own[: len(self._count)] += self._count
        self._count = own

    def drop(self) -> None:
        """Remove what is on disk."""
        self.spool.drop()


@dataclass(frozen=True, slots=True)
class Followed:
    """Censoring weights by class (c,), with the rows of each: `count`; `each` (c,): weight of a row of the class."""

    tally: Tally
    follow: FollowUp
    count: Floats
    each: Floats

    @property
    def bad(self) -> int:
        """Bads known by the horizon."""
        return int(self.count[self.follow.bad].sum())

    @property
    def good(self) -> int:
        """Goods known by the horizon."""
        return int(self.count[self.follow.good].sum())

    def influence(self, sums: Floats) -> Floats:
        """What the estimated censoring weights add to the part of each row, by class; sums: of the parts of rows."""
        added = self.follow.influence(sums) - sums
        return np.divide(added, self.count, out=np.zeros(len(added)), where=self.count > 0)

    def kish(self, values: Floats) -> float:
        """Kish's effective number of rows whose weight is that of their class."""
        return float((self.count @ values) ** 2 / (self.count @ (values * values)))

    def chunks(self) -> Iterator[Records]:
        """Rows with a follow-up."""
        return self.tally.spool.chunks()

    def squares_by_class(self, columns: dict[str, Floats], only: Mask | None = None) -> Squares:
        """Of values (c,) that all rows of a class have; only: of the rows of these classes."""
        names, spool = list(columns), self.tally.spool
        found = Squares(spool.folder, names, clustered=self.tally.clustered)
        for records in self.chunks():
            own = records if only is None else records[only[records["cls"]]]
            cluster = own["cluster"] if self.tally.clustered else None
            found.add({name: values[own["cls"]] for name, values in columns.items()}, cluster)
        return found.done()


def followed(tally: Tally, horizon: float) -> Followed:
    """Censoring weights of the rows of a tally with a follow-up, of which there is one at least."""
    time, event, mass = tally.coding.table()
    count = tally.count
    follow = follow_up_of(time, event, count * mass, horizon)
    return Followed(tally, follow, count, follow.weight * mass)
