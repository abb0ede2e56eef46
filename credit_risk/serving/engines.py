"""Engines by name."""

from __future__ import annotations

from credit_risk._core.errors import Fault, ScoringError
from credit_risk.serving.source import Engine

ENGINES = ("duckdb", "spark", "postgres")


def make_engine(name: str, path: str, dsn: str | None, master: str | None) -> Engine:
    """The engine, ready to look at its input. Raises MissingExtraError where it is not installed, ScoringError."""
    if name == "duckdb":
        from credit_risk.serving.duckdb_engine import DuckDB

        return DuckDB(path)
    if name == "spark":
        from credit_risk.serving.spark_engine import Spark

        return Spark(path, master)
    if name == "postgres":
        from credit_risk.serving.postgres_engine import Postgres

        return Postgres(path, dsn)
    raise ScoringError(Fault("there is no such engine", "engine", found=name, allowed=", ".join(ENGINES)))
