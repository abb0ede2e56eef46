"""Scoring where the data lie: an engine reads, partitions and hands on, the package's own arithmetic scores.

DuckDB, Spark and PostgreSQL give the same bits, since each gives Arrow tables to one function (`part.Work`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._core.lazy import imported_when_used

__all__ = ["Options", "Outcome", "score_input"]

if TYPE_CHECKING:
    from credit_risk.serving.run import Options, Outcome, score_input
else:
    __getattr__ = imported_when_used(
        __name__,
        {
            "run": ("Options", "Outcome", "score_input"),
        },
    )
