"""What the plan says of monitoring, or what the format takes where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from validation.package import Package

REVIEW, FAIL, TOLERANCE = 0.1, 0.25, 0.1
"""Cuts of an index (Siddiqi 2017, chapter 15), and the index that the tolerance test allows the population."""
CORRELATION = 0.04


@dataclass(frozen=True, slots=True)
class Settings:
    """window: months of the outcome, None where no one declares them; cut_off: of the score; words of decisions."""

    segments: tuple[str, ...]
    most_segments: int
    window: int | None
    min_bads: int
    min_rows: float
    correlation: float
    significance: float
    at_least: int
    of: int
    zero_cells: str | float
    cut_off: float | None
    confidence: float


def settings_of(package: Package) -> Settings:
    """The settings of the package's plan."""
    plan = package.plan
    own: Mapping[str, Any] = plan.get("monitoring") or {}
    evaluation: Mapping[str, Any] = plan.get("evaluation") or {}
    windows: Mapping[str, Any] = plan["outcome"].get("windows") or {}
    persistence: Mapping[str, Any] = own.get("persistence") or {}
    window = own.get("window_months") or windows.get("performance_months")
    correlation = own.get("asset_correlation")
    if correlation is None:
        correlation = evaluation.get("asset_correlation")
    cut_off = (plan.get("strategy") or {}).get("cut_off")
    return Settings(
        segments=tuple(own.get("segments") or ()),
        most_segments=int(own.get("max_segment_values", 50)),
        window=None if window is None else int(window),
        min_bads=int(own.get("min_bads", 100)),
        min_rows=float(own.get("min_rows", 200)),
        correlation=CORRELATION if correlation is None else float(correlation),
        significance=float(own.get("significance", 0.05)),
        at_least=int(persistence.get("at_least", 2)),
        of=int(persistence.get("of", 3)),
        zero_cells=own.get("zero_cells", "half_everywhere"),
        cut_off=None if cut_off is None else float(cut_off),
        confidence=float(evaluation.get("confidence", 0.95)),
    )
