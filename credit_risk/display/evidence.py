"""One item of evidence as a notebook shows it: its table, its plot, its notes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_risk._core.evidence import Evidence, catalogue
from credit_risk._core.html_table import html_table
from credit_risk.display import DISPLAYS
from credit_risk.display.base import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class EvidenceDisplay:
    """Shows an `Evidence`. `table` is its frame, unrounded; `plot()` draws it where its kind has a plot."""

    def __init__(self, evidence: Evidence):
        self.evidence = evidence

    @property
    def id(self) -> str:
        """Identifier in the evidence catalogue."""
        return self.evidence.id

    @property
    def table(self) -> pd.DataFrame:
        """The rows, unrounded. Raises ValueError for evidence that is a text."""
        if self.evidence.kind not in ("table", "figure"):
            raise ValueError(f"{self.id} is {self.evidence.kind}, not a table")
        return self.evidence.frame()

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw it, under its title unless `title` is given. Raises ValueError where this evidence has no plot."""
        display = _display_of(self.id)
        if display is None:
            raise ValueError(f"{self.id} has no plot; plots exist for {', '.join(sorted(DISPLAYS))}")
        return display(self.table, **{"title": self.evidence.title, **options}).plot(ax=ax)

    def __repr__(self) -> str:
        if self.evidence.kind in ("table", "figure"):
            return f"{self.evidence.title} [{self.id}]\n{self.table.to_string()}"
        return f"{self.evidence.title} [{self.id}]: {self._text()}"

    def _repr_html_(self) -> str:
        if self.evidence.kind not in ("table", "figure"):
            return f"<p><b>{escape(self.evidence.title)}</b>: {escape(self._text())}</p>"
        columns = self.evidence.content["columns"]
        shown = html_table(
            self.table,
            units={c["name"]: c["unit"] for c in columns},
            titles={c["name"]: c["title"] for c in columns},
            caption=f"{self.evidence.title} [{self.id}]",
        )
        notes = "<br>".join(escape(note) for note in self.evidence.notes)
        return f"{shown}<p><small>{notes}</small></p>" if notes else shown

    def _text(self) -> str:
        content = self.evidence.content
        return str(content.get("text") or content.get("reason"))


def _display_of(identifier: str) -> type[Display] | None:
    """The display of an id, or of the pattern that it fills."""
    for pattern, entry in catalogue().items():
        head, brace, tail = pattern.partition(f"{{{entry.parameter}}}")
        fits = identifier == pattern if not brace else identifier.startswith(head) and identifier.endswith(tail)
        if fits and pattern in DISPLAYS:
            return DISPLAYS[pattern]
    return None
