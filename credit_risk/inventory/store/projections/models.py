"""Projections of models: what they are, what they are made of, their tier, dates and provisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from credit_risk._core.hash_chain import line_of
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.store.tables import dates, inputs, models, products, provisions, upstream

Json = Any
TEXTS = ("name", "purpose", "intended_use", "actual_use", "boundaries", "vendor", "owner")
DOCUMENTS = ("objectives", "tier_inputs")
LISTS = ("products", "inputs", "upstream")
SEARCHED = ("name", "purpose", "intended_use", "vendor", "owner")
_TABLES = {"products": products, "inputs": inputs, "upstream": upstream}


def as_text(value: Json) -> str:
    """JSON as one line."""
    return line_of(value).decode("utf-8")


def entered(connection: sa.Connection, event: Event) -> None:
    """A model that was not in the inventory."""
    told = event.payload
    row = {name: told[name] for name in TEXTS} | {name: as_text(told[name]) for name in DOCUMENTS}
    search = _search([event.model, *(told[name] for name in SEARCHED)], told["products"])
    connection.execute(sa.insert(models).values(model=event.model, **row, search=search))
    for name in LISTS:
        _insert(connection, event.model, name, told[name])


def described(connection: sa.Connection, event: Event) -> None:
    """What changed of a model; what is not named stays."""
    told = event.payload
    row = {name: told[name] for name in TEXTS if name in told}
    row |= {name: as_text(told[name]) for name in DOCUMENTS if name in told}
    if row:
        connection.execute(sa.update(models).where(models.c.model == event.model).values(**row))
    _lists(connection, event.model, told)
    _index(connection, event.model)


def tier_set(connection: sa.Connection, event: Event) -> None:
    """Tier in force, with all that gave it."""
    values = {"tier": event.payload["tier"], "tier_facts": as_text(dict(event.payload))}
    connection.execute(sa.update(models).where(models.c.model == event.model).values(**values))


def date_set(connection: sa.Connection, event: Event) -> None:
    """A next date; None takes it away."""
    set_date(connection, event.model, event.payload["kind"], event.payload["due"])


def reviewed(connection: sa.Connection, event: Event) -> None:
    """A review; it sets the next one."""
    set_date(connection, event.model, "review", event.payload["next_review"])


def set_date(connection: sa.Connection, model: str | None, kind: str, due: str | None) -> None:
    """Write a next date of a model in the place of the one before."""
    connection.execute(sa.delete(dates).where((dates.c.model == model) & (dates.c.kind == kind)))
    if due is not None:
        connection.execute(sa.insert(dates).values(model=model, kind=kind, due=due))


def provision_added(connection: sa.Connection, event: Event) -> None:
    """A restriction, an exception, a limitation or a condition."""
    told = event.payload
    row = {name: told[name] for name in ("provision", "kind", "text", "expires")}
    connection.execute(
        sa.insert(provisions).values(**row, model=event.model, version=event.version, by=event.actor, since=event.at)
    )


def provision_ended(connection: sa.Connection, event: Event) -> None:
    """A provision that was lifted."""
    which = (provisions.c.model == event.model) & (provisions.c.provision == event.payload["provision"])
    connection.execute(sa.update(provisions).where(which).values(ended=event.at))


def _lists(connection: sa.Connection, model: str | None, told: Mapping[str, Json]) -> None:
    for name in LISTS:
        if name in told:
            table = _TABLES[name]
            connection.execute(sa.delete(table).where(table.c.model == model))
            _insert(connection, model, name, told[name])


def _insert(connection: sa.Connection, model: str | None, name: str, items: Sequence[Json]) -> None:
    rows = [{"model": model, **_row(name, item)} for item in items]
    if rows:
        connection.execute(sa.insert(_TABLES[name]), rows)


def _row(name: str, item: Json) -> dict[str, Json]:
    if name == "inputs":
        return {"input": item["name"], "source": item["source"], "kind": item["kind"]}
    return {"product" if name == "products" else "upstream": item}


def _index(connection: sa.Connection, model: str | None) -> None:
    row = connection.execute(sa.select(models).where(models.c.model == model)).one()._mapping
    of_model = connection.execute(sa.select(products.c.product).where(products.c.model == model)).scalars()
    text = _search([model, *(row[name] for name in SEARCHED)], list(of_model))
    connection.execute(sa.update(models).where(models.c.model == model).values(search=text))


def _search(texts: Sequence[str | None], of_model: Sequence[str]) -> str:
    """The text that a search looks through: names and words, in one case."""
    return "\n".join(text for text in [*texts, *sorted(of_model)] if text).casefold()
