"""Scoring where the data lie: an engine reads, partitions and hands on, the package's own arithmetic scores.

DuckDB, Spark and PostgreSQL give the same bits, since each gives Arrow tables to one function (`part.Work`).
"""

from __future__ import annotations

from credit_risk.serving.run import Options, Outcome, score_input

__all__ = ["Options", "Outcome", "score_input"]
