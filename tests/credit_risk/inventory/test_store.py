"""The database: migrations, stale schemas, rights, guards that were taken off, projections that were edited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from credit_risk.inventory import Inventory, create_inventory, open_inventory, upgrade_inventory
from credit_risk.inventory.errors import AuditError, InventoryError
from credit_risk.inventory.store import schema
from credit_risk.inventory.store.engine import WRITE, make_engine
from credit_risk.inventory.store.rights import APPLICATION, grant_rights, rights_sql
from credit_risk.inventory.store.tables import metadata
from tests.credit_risk.inventory.conftest import Databases
from tests.credit_risk.inventory.support import FACTS, Gates, Ticking, live, staffed, write_package

ID = FACTS.id


def code(error: pytest.ExceptionInfo[InventoryError]) -> str:
    return error.value.faults[0].code


def test_the_migrations_lay_out_the_tables_of_the_program(place: str) -> None:
    with create_inventory(place, Gates()) as inventory, inventory.store.engine.connect() as connection:
        options = {"compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    with pytest.raises(InventoryError) as error:
        create_inventory(place, Gates())
    assert code(error) == "exists"


def test_an_older_schema_is_told_and_raised_by_command_alone(place: str) -> None:
    engine = make_engine(place, create=True)
    with engine.execution_options(**{WRITE: True}).begin() as connection:
        schema.migrate(connection, "0001")
    with pytest.raises(InventoryError) as error:
        open_inventory(place, Gates())
    fault = error.value.faults[0]
    assert (fault.code, fault.found, fault.allowed) == ("schema_stale", "0001", schema.newest())
    assert fault.remedy is not None
    assert fault.remedy.startswith("credit-risk inventory upgrade")
    with engine.connect() as connection:
        assert schema.current(connection) == "0001"  # nothing was raised silently
    assert upgrade_inventory(place) == ("0001", schema.newest())
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InventoryError) as error:
        open_inventory(place, Gates())
    assert code(error) == "schema_stale"
    assert "newer" in str(error.value)
    engine.dispose()


def test_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as error:
        open_inventory(tmp_path / "none.db", Gates())
    assert code(error) == "no_inventory"
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "other.db").write_bytes(b"this is not a database, but a text that is long enough to look at" * 20)
    with pytest.raises(InventoryError):
        open_inventory(tmp_path / "other.db", Gates())
    for address in ("mysql://root@host/db", "://", "postgresql://nobody:secret@localhost:1/none"):
        with pytest.raises(InventoryError) as error:
            open_inventory(address, Gates())
        assert "secret" not in str(error.value)


def test_rights_of_the_application(databases: Databases) -> None:
    """As the application's role everything works that the service does, and nothing of what an attacker would."""
    address, moment = databases.copy("validated")
    engine = make_engine(address)
    with engine.begin() as connection:
        grant_rights(connection)
        connection.execute(sa.text(f"CREATE ROLE clerk LOGIN IN ROLE {APPLICATION}"))
    engine.dispose()
    name = address.split("@/")[1].split("?")[0]
    with open_inventory(databases.address(name, "clerk"), Gates(), clock=Ticking(moment)) as inventory:
        inventory.models.describe(ID, by="olga", products=("loans",), actual_use="Decides")
        inventory.findings.raise_finding(ID, "low", "Something", by="vera")
        inventory.privacy.erase([inventory.privacy.pseudonym("A-1")], by="olga", reason="asked for")
        assert inventory.trail.verify().faults == ()
        for sql in (
            *("UPDATE events SET actor = 'x'", "DELETE FROM events", "TRUNCATE events", "DELETE FROM sign_offs"),
            *("ALTER TABLE events DISABLE TRIGGER ALL", "DROP TRIGGER events_no_update ON events"),
            *("DROP TABLE events", "DELETE FROM head", "CREATE OR REPLACE FUNCTION events_no_update() RETURNS trigger"
              " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$", "UPDATE alembic_version SET version_num = 'x'"),
        ):  # fmt: skip
            with pytest.raises(sa.exc.ProgrammingError) as error, inventory.store.engine.begin() as connection:
                connection.exec_driver_sql(sql)
            assert isinstance(error.value.orig, psycopg.errors.InsufficientPrivilege), sql
    with pytest.raises(InventoryError):
        rights_sql("x; DROP TABLE events")


def test_sqlite_has_no_rights(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db") as inventory, inventory.store.engine.begin() as connection:
        with pytest.raises(InventoryError) as error:
            grant_rights(connection)
        assert code(error) == "no_rights"


def test_a_guard_that_is_gone_is_told(version: Inventory) -> None:
    on = " ON events" if version.store.engine.dialect.name == "postgresql" else ""
    with version.store.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER events_no_update{on}")
        if on:
            connection.exec_driver_sql("ALTER TABLE roles DISABLE TRIGGER roles_four_eyes")
            connection.exec_driver_sql("DROP TRIGGER events_no_truncate ON events")
    faults = version.trail.verify().faults
    told = ["events: events_no_update", "roles: roles_four_eyes", "events: events_no_truncate"]
    assert [fault.path for fault in faults] == (told if on else told[:1])


EDITS = (
    ("UPDATE versions SET stage = 'approved'", "versions: pd-retail, 1.0: stage"),
    ("UPDATE models SET purpose = 'another'", "models: pd-retail: purpose"),
    ("INSERT INTO products (model, product) VALUES ('pd-retail', 'mortgages')", "products: pd-retail, mortgages"),
    ("DELETE FROM products WHERE product = 'cards'", "products: pd-retail, cards"),
)


def test_a_projection_that_was_edited_is_told_and_rebuilt(version: Inventory) -> None:
    for sql, place in EDITS:
        with version.store.engine.begin() as connection:
            connection.exec_driver_sql(sql)
        assert [fault.path for fault in version.trail.verify().faults] == [place]
        version.trail.rebuild(by="olga")
        assert version.trail.verify().faults == ()
    assert version.versions.get(ID, "1.0").stage == "validated"


def test_a_trail_that_does_not_hold_is_not_rebuilt_from(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db", stage="validated") as inventory:
        with inventory.store.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER events_no_update")
            connection.exec_driver_sql(
                "UPDATE events SET line = replace(line, 'vera', 'dora') WHERE kind = 'signed_off'"
            )
        with pytest.raises(AuditError):
            inventory.trail.rebuild(by="olga")


def test_an_act_that_fails_writes_nothing(
    opened: Callable[[str], AbstractContextManager[Inventory]], tmp_path: Path
) -> None:
    with opened("staffed") as inventory:
        live(inventory, write_package(tmp_path / "p"))
        before = inventory.trail.head()

        def fails() -> None:
            with inventory.store.writing() as writer:
                writer.append("noted", {"topic": "x", "content": {}}, actor="olga")
                writer.append("unheard_of", {}, actor="olga")

        with pytest.raises(InventoryError) as error:
            fails()
        assert code(error) == "event_kind"
        assert inventory.trail.head() == before
