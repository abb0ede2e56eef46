"""Charts of the figures of this room: columns and titles, no drawing (SPECIFICATION section 7)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

CHARTS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "strategy.acceptance_curve": {
            "type": "interval",
            "x": "acceptance_rate",
            "y": ["bad_rate"],
            "series": "sample",
            "lower": "bad_rate_lower",
            "upper": "bad_rate_upper",
            "x_title": "Accepted (share of applicants)",
            "y_title": "Bad rate among the accepted",
        },
        "strategy.profit_curve": {
            "type": "interval",
            "x": "cut_off",
            "y": ["profit"],
            "series": "sample",
            "lower": "profit_lower",
            "upper": "profit_upper",
            "x_title": "Cut-off (lowest score that is accepted)",
            "y_title": "Expected profit an applicant",
        },
    }
)
