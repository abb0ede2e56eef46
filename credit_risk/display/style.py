"""Colours, line styles, markers and hatches that differ together, so that a plot reads without colour."""

from __future__ import annotations

from typing import Any

# Okabe and Ito (2008), safe for the colour-blind; ordered so that neighbours differ in lightness too.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#CC79A7")
LINES: tuple[Any, ...] = ("solid", (0, (5, 2)), "dashdot", "dotted", (0, (8, 2, 1, 2, 1, 2)), (0, (2, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")
REFERENCE: dict[str, Any] = {"color": "#666666", "linewidth": 1.0, "linestyle": (0, (1, 2)), "zorder": 1}
BAR = "#C9D3DB"
ALERT = "#D55E00"

RC: dict[str, Any] = {
    "figure.figsize": (6.4, 4.2),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.hashsalt": "credit-risk",
}


def line_style(index: int) -> dict[str, Any]:
    """Colour and line style of series `index`."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": LINES[index % len(LINES)], "linewidth": 1.8}


def marker_style(index: int) -> dict[str, Any]:
    """Colour and marker of series `index`."""
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)], "markersize": 5}


def readable(name: object) -> str:
    """A stored name as words: out_of_sample -> out of sample."""
    return str(name).replace("_", " ")
