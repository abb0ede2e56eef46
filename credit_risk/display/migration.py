"""Migration between grades as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.display.base import Display, series_names
from credit_risk.display.heat_map import draw_heat_map
from credit_risk.evaluation.migration import migration_matrix, migration_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class MigrationDisplay(Display):
    """Frame of evidence `rating.migration`: of each grade, the share that stands in each grade a year later.

    Shares and counts stand in the cells; the best grade is at the top and at the left.
    """

    columns = ("from", "to", "count", "rate")
    default_title = "Migration between grades"

    @classmethod
    def from_predictions(
        cls,
        first: ArrayLike,
        second: ArrayLike,
        grades: Sequence[object],
        weights: ArrayLike | None = None,
        *,
        title: str | None = None,
    ) -> MigrationDisplay:
        """Of the grade of each row at first and later (n,), in the order of `grades`, by `migration_table`."""
        return cls(migration_table(migration_matrix(first, second, grades, weights), list(grades)), title=title)

    def _size(self) -> tuple[float, float]:
        grades = self._frame["from"].nunique()
        return max(5.0, 1.6 + 0.72 * grades), max(3.4, 1.4 + 0.46 * grades)

    def _draw(self, ax: Axes) -> None:
        grades = series_names(self._frame["from"])
        rates, counts = (self._square(name, grades) for name in ("rate", "count"))
        draw_heat_map(ax, rates, counts)
        ax.set_xticks(np.arange(len(grades)) + 0.5, grades)
        ax.set_yticks(np.arange(len(grades)) + 0.5, grades)
        ax.invert_yaxis()
        ax.set(xlabel="To grade", ylabel="From grade")

    def _square(self, name: str, grades: list[str]) -> NDArray[np.float64]:
        """A column by grade at first and later."""
        cells = self._frame.assign(**{end: self._frame[end].astype(str) for end in ("from", "to")})
        return cells.set_index(["from", "to"])[name].astype(float).unstack().reindex(grades, columns=grades).to_numpy()
