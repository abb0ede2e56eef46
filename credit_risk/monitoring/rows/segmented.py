"""What is gathered of all rows and of each value of each segment column, from rows that come some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from numpy.typing import ArrayLike

from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.groups import Places, groups_of

Part = TypeVar("Part")


class Segmented(Generic[Part]):
    """One part of all rows, and one of each segment `column=value` that a row had, in the order of `groups_of`."""

    def __init__(self, make: Callable[[], Part]):
        self._make = make
        self._parts: dict[str, dict[str, Part]] = {ALL: {ALL: make()}}

    @property
    def every(self) -> Part:
        """What is gathered of all rows."""
        return self._parts[ALL][ALL]

    def places(self, rows: int, segments: Mapping[str, ArrayLike]) -> Iterator[tuple[Part, Places]]:
        """Each part that some of the next `rows` rows are of, with their places; segments: values (n,) by column."""
        yield self.every, next(groups_of(rows))[2]
        for column, values in segments.items():
            held = self._parts.setdefault(column, {})
            for _, segment, where in list(groups_of(rows, None, {column: values}))[1:]:
                if segment not in held:
                    held[segment] = self._make()
                yield held[segment], where

    def ordered(self) -> Iterator[tuple[str, Part]]:
        """All rows, then the segments of each column in the order of their texts."""
        for held in self._parts.values():
            for segment in sorted(held):
                yield segment, held[segment]


__all__ = ["Segmented"]
