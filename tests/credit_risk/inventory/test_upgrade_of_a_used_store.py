"""A bank's store of an older format that holds events is raised, verifies, and asks for keys from then on."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from credit_risk.inventory import Inventory, InventoryError, KeyFileError, open_inventory, upgrade_inventory
from credit_risk.inventory.audit.event import Head
from credit_risk.inventory.kinds import CREATED, ROLE_GIVEN
from credit_risk.inventory.store import schema, tables
from credit_risk.inventory.store.engine import WRITE, make_engine
from credit_risk.inventory.store.guards import missing_guards
from credit_risk.inventory.store.rebuild import compare_projections
from credit_risk.inventory.store.writer import Store, Writer
from tests.credit_risk.inventory.support import FACTS, Gates, Ticking, fill, signer


def older(place: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """A store as the first release laid it out, with people, a proposal and a role that was given by name alone."""
    engine, clock = make_engine(place, create=True), Ticking()
    with engine.execution_options(**{WRITE: True}).connect() as connection, connection.begin():
        schema.migrate(connection, "0001")
        connection.execute(sa.insert(tables.head).values(one=1, sequence=0, hash=Head().hash, at=""))
        told = {"format": "credit-risk-audit", "format_version": "0.1", "nonce": "0" * 32}
        Writer(connection, clock).append(CREATED, told, actor="system")
    patch.setattr(schema, "check", lambda connection, place: None)
    with Inventory(Store(engine, clock), Gates()) as inventory:
        fill(inventory, "staffed", folder)
        inventory.propose(FACTS, "1.0", by="olga")
        with inventory.store.writing() as writer:
            given = {"person": "vera", "role": "validator"}
            writer.append(ROLE_GIVEN, given, actor="olga", model=FACTS.id, version="1.0")
    patch.undo()


def test_events_of_before_hold_and_those_after_are_signed(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older(place, tmp_path, monkeypatch)
    with pytest.raises(InventoryError, match="older than this program"):
        open_inventory(place, Gates()).close()
    assert upgrade_inventory(place) == ("0001", schema.newest())
    assert upgrade_inventory(place) == (schema.newest(), schema.newest())  # nothing is raised twice
    with open_inventory(place, Gates()) as inventory:
        found = inventory.trail.verify()
        assert found.faults == ()
        assert [note.code for note in found.notes] == ["older_rules"]
        assert found.unsigned[ROLE_GIVEN] == 1
        with inventory.store.reading() as connection:
            assert missing_guards(connection) == ()
            assert compare_projections(connection, inventory.trail.events()) == ()
        assert [one.kind for one in inventory.trail.events()].count("rules_raised") == 1
        with pytest.raises(KeyFileError, match="needs the key"):
            inventory.versions.assign(FACTS.id, "1.0", "anton", "approver", by="olga")
        inventory.versions.assign(FACTS.id, "1.0", "anton", "approver", by=signer("olga"))
        assert inventory.trail.verify().faults == ()
        statement = "UPDATE events SET actor = 'mallory' WHERE sequence = 3"
        with pytest.raises(sa.exc.DBAPIError), inventory.store.engine.begin() as connection:
            connection.execute(sa.text(statement))  # the guards that the first release lacked
