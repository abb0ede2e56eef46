"""The list of models, filtered and searched by the database; the dependency graph; what falls due."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from credit_risk.inventory.contracts import CLOSED, RETIRED
from credit_risk.inventory.store import tables


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of the list: a model, where it stands, and what is open of it. `review` is the next date of review."""

    model: str
    name: str
    owner: str | None
    tier: str | None
    stage: str | None
    live_version: str | None
    review: str | None
    open_findings: int
    overdue_findings: int


@dataclass(frozen=True, slots=True)
class DueDate:
    """A next date of a model that is due: its kind (`review`, `monitoring`, ...) and the date."""

    model: str
    name: str
    tier: str | None
    stage: str | None
    kind: str
    due: str


def list_models(
    connection: sa.Connection,
    as_of: str,
    *,
    text: str | None = None,
    stage: str | None = None,
    tier: str | None = None,
    owner: str | None = None,
    product: str | None = None,
) -> tuple[ModelRow, ...]:
    """Models in order of id. `text`: every word of it stands in id, name, purpose, use, vendor, owner or a product,
    whatever the case; signs of SQL in it mean themselves. Findings are overdue as of `as_of`."""
    m, f, d = tables.models, tables.findings, tables.dates
    open_ = (
        sa.select(
            f.c.model,
            sa.func.count().label("open"),
            sa.func.sum(sa.case((f.c.due < as_of, 1), else_=0)).label("overdue"),
        )
        .where(f.c.status != CLOSED)
        .group_by(f.c.model)
        .subquery()
    )
    review = sa.select(d.c.model, d.c.due).where(d.c.kind == "review").subquery()
    query = (
        sa.select(m.c.model, m.c.name, m.c.owner, m.c.tier, m.c.stage, m.c.live_version, review.c.due,
                  sa.func.coalesce(open_.c.open, 0), sa.func.coalesce(open_.c.overdue, 0))
        .select_from(m.outerjoin(open_, open_.c.model == m.c.model).outerjoin(review, review.c.model == m.c.model))
        .order_by(m.c.model)
    )  # fmt: skip
    for word in (text or "").casefold().split():
        query = query.where(m.c.search.contains(word, autoescape=True))
    for column, value in ((m.c.stage, stage), (m.c.tier, tier), (m.c.owner, owner)):
        if value is not None:
            query = query.where(column == value)
    if product is not None:
        p = tables.products
        query = query.where(m.c.model.in_(sa.select(p.c.model).where(p.c.product == product)))
    return tuple(ModelRow(*row[:7], int(row[7]), int(row[8])) for row in connection.execute(query))


def due_dates(connection: sa.Connection, as_of: str, kind: str | None = None) -> tuple[DueDate, ...]:
    """Dates that were due before `as_of`, of models that are not retired, the longest due first."""
    m, d = tables.models, tables.dates
    query = (
        sa.select(m.c.model, m.c.name, m.c.tier, m.c.stage, d.c.kind, d.c.due)
        .join(d, d.c.model == m.c.model)
        .where((d.c.due < as_of) & (sa.func.coalesce(m.c.stage, "") != RETIRED))
        .order_by(d.c.due, m.c.model, d.c.kind)
    )
    if kind is not None:
        query = query.where(d.c.kind == kind)
    return tuple(DueDate(*row) for row in connection.execute(query))


def links(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """The dependency graph: (model, the model whose results it takes), in order."""
    t = tables.upstream
    return tuple((row.model, row.upstream) for row in connection.execute(sa.select(t).order_by(*t.primary_key)))


def downstream(connection: sa.Connection, model: str) -> tuple[str, ...]:
    """All models that take results of this one, directly or through others, in order of id."""
    t = tables.upstream
    found = sa.select(t.c.model).where(t.c.upstream == model).cte("takers", recursive=True)
    found = found.union(sa.select(t.c.model).join(found, t.c.upstream == found.c.model))
    names = connection.execute(sa.select(found.c.model).where(found.c.model != model).order_by(found.c.model))
    return tuple(names.scalars())
