"""Cells in one hue, their numbers in them: legible in greyscale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DARK = 0.55  # a cell this far up the scale is dark, and its number white
EMPTY = "–"
Floats = NDArray[np.float64]


def draw_heat_map(ax: Axes, rates: Floats, counts: Floats, shaded: Floats | None = None) -> None:
    """Draw shares and counts (r, c) in cells, the first row at the foot; a share that is missing has a dash.

    shaded (r, c): what the shade is of, from 0 to the greatest, by default `rates`; no shade where missing.
    """
    shaded = rates if shaded is None else shaded
    top = (float(np.nanmax(shaded)) if np.isfinite(shaded).any() else 1.0) or 1.0
    ax.pcolormesh(np.ma.masked_invalid(shaded), cmap="Blues", vmin=0, vmax=top, edgecolors="white", linewidth=1)
    for (i, j), value in np.ndenumerate(rates):
        dark = np.isfinite(shaded[i, j]) and value > DARK * top
        text = f"{value:.1%}\nn={counts[i, j]:,.0f}" if np.isfinite(value) else EMPTY
        ax.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    ax.grid(visible=False)
