"""What every display shares: a checked frame, a plot, and a notebook view of both."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault, MissingExtraError
from credit_risk._core.extras import optional_import
from credit_risk._core.html_table import html_table
from credit_risk.display.style import RC

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Display:
    """A frame that another room has computed, with a plot of it. Subclasses name their columns and draw them."""

    columns: ClassVar[tuple[str, ...]] = ()
    default_title: ClassVar[str] = ""
    title_pad: ClassVar[float | None] = None

    def __init__(self, frame: pd.DataFrame, *, title: str | None = None):
        """Keep a copy of `frame`; raises CreditRiskError naming every column that is absent."""
        absent = [name for name in self.columns if name not in frame.columns]
        if absent:
            found = ", ".join(str(name) for name in frame.columns)
            faults = [Fault("column is absent", code="column_absent", path=name, found=found) for name in absent]
            raise CreditRiskError(faults)
        self._frame = frame.copy()
        self.title = self.default_title if title is None else title

    def frame(self) -> pd.DataFrame:
        """The data, unrounded; a copy."""
        return self._frame.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw on `ax`, or on a new figure; returns the axes, for the caller to change."""
        pyplot: Any = optional_import("matplotlib.pyplot", "model")
        with pyplot.rc_context(RC):
            if ax is None:
                _, ax = pyplot.subplots(figsize=self._size(), layout="constrained")
            assert ax is not None
            self._draw(ax)
            ax.set_title(self.title, pad=self.title_pad)
            interactive = pyplot.isinteractive()
        # A notebook's backend turns it on with the first figure, which the end of the context has undone.
        pyplot.matplotlib.interactive(interactive)
        return ax

    def svg(self) -> bytes:
        """The plot as SVG: the same bytes on every call, without date."""
        matplotlib: Any = optional_import("matplotlib", "model")
        figures: Any = optional_import("matplotlib.figure", "model")
        buffer = io.BytesIO()
        with matplotlib.rc_context(RC):
            figure = figures.Figure(figsize=self._size(), layout="constrained")  # outside pyplot: nothing stays open
            self.plot(figure.add_subplot())
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    def _size(self) -> tuple[float, float]:
        """Width and height in inches of a figure of its own."""
        return RC["figure.figsize"]  # type: ignore[no-any-return]

    def _draw(self, ax: Axes) -> None:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        table = html_table(self._frame)
        try:
            picture = base64.b64encode(self.svg()).decode("ascii")
        except MissingExtraError:
            return table
        image = f'<img alt="{escape(self.title)}" src="data:image/svg+xml;base64,{picture}"/>'
        return f"<div>{image}<details><summary>Data ({len(self._frame):,} rows)</summary>{table}</details></div>"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.title!r}, {len(self._frame)} rows)"


def percent_axis(axis: Any, decimals: int | None = 0) -> None:
    """Ticks of a share as percent; `decimals` None leaves them to the range."""
    ticker: Any = optional_import("matplotlib.ticker", "model")
    axis.set_major_formatter(ticker.PercentFormatter(xmax=1.0, decimals=decimals))


def series_names(column: pd.Series) -> list[str]:
    """Distinct names in the order of the rows."""
    return [str(name) for name in column.drop_duplicates()]
