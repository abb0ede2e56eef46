"""Directions of the bad rate that the plan declares, read from plan.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIGNS = {"ascending": 1, "descending": -1}
RULES = ("auto", "auto_monotonic")
"""Words in place of a trend that leave it to the data."""


def declared_trends(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return the declared trend by characteristic: of the classing, else the expected trend of the column."""
    columns = (plan.get("data") or {}).get("columns") or {}
    told = {**columns, **(plan.get("derive") or {})}
    found = {
        name: item["expected_trend"]
        for name, item in told.items()
        if isinstance(item, Mapping) and item.get("expected_trend")
    }
    classing = plan.get("classing") or {}
    found |= classing.get("monotonic") or {}
    own = {name: item.get("trend") for name, item in (classing.get("characteristics") or {}).items()}
    found |= {name: trend for name, trend in own.items() if trend is not None}
    return {name: trend for name, trend in found.items() if trend not in RULES}
