"""Scoring by the package's generated SQL within an engine: how values are read there, and the query that scores."""

from __future__ import annotations

from credit_risk.serving.sql.query import SqlScoring, sql_scoring

__all__ = ["SqlScoring", "sql_scoring"]
