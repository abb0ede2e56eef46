"""Sources that are no file: an embedded DuckDB database, or any database that SQLAlchemy reaches."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from credit_risk._core.spec import Spec

Text = Annotated[str, StringConstraints(min_length=1)]


class DuckDBSource(Spec):
    """A table or a query of a DuckDB database file, opened read-only."""

    duckdb: Text = Field(description="Database file, relative to the plan; ${VAR} is an environment variable.")
    table: Text | None = Field(default=None, description="Table or view to read whole.")
    query: Text | None = Field(default=None, description="SELECT statement to read instead of a table.")

    @model_validator(mode="after")
    def _one_of_two(self) -> DuckDBSource:
        if (self.table is None) == (self.query is None):
            raise ValueError("name a table or a query, one of the two")
        return self


class SqlSource(Spec):
    """A query of a database that SQLAlchemy reaches by URL."""

    url: Text = Field(description="SQLAlchemy URL; passwords belong into ${VAR}, which the package keeps as written.")
    query: Text = Field(description="SELECT statement.")


AnySource = Text | DuckDBSource | SqlSource


def source_texts(source: str | DuckDBSource | SqlSource) -> tuple[str, ...]:
    """Every text of a source in which ${VAR} may stand."""
    if isinstance(source, str):
        return (source,)
    return (source.duckdb,) if isinstance(source, DuckDBSource) else (source.url,)
