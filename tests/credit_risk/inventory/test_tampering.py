"""Two hundred seeded tamperings of trail, signatures, keys, packages and clocks: all found, where they are; none on
clean stores. Whoever tampers here owns the database, knows the format and writes hashes anew where it helps him."""

from __future__ import annotations

import datetime
import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from credit_risk._core.hash_chain import START, line_of
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import Anchor, Inventory, create_inventory, new_key, read_anchors, read_trail, verify_lines
from credit_risk.inventory.audit.chain import StoredLine
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.keys.statements import sign
from credit_risk.inventory.store.guards import create_statements, drop_statements, missing_guards
from credit_risk.inventory.store.rebuild import compare_projections, stored_lines
from tests.credit_risk.inventory.support import (
    FACTS,
    KEYS,
    PEOPLE,
    Gates,
    Ticking,
    fill,
    key_of,
    signer,
    staffed,
    write_annex,
    write_package,
)

ID = FACTS.id
SEEDS = range(200)
Body = dict[str, Any]


@dataclass(frozen=True)
class Clean:
    """A store as it was kept: its lines, anchors on the way and at the end, keys kept apart, its package."""

    lines: tuple[StoredLine, ...]
    anchors: tuple[Anchor, ...]
    keys: dict[str, frozenset[PublicKey]]
    package: Path
    inventory: Inventory

    @property
    def bodies(self) -> list[Body]:
        return [json.loads(line.line) for line in self.lines]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    folder = tmp_path_factory.mktemp("clean")
    package = write_package(folder / "package")
    inventory = staffed(folder / "i.db")
    anchors = folder / "anchors.jsonl"
    inventory.propose(FACTS, "1.0", by="olga")
    inventory.trail.anchor(anchors)
    inventory.register_version(ID, "1.0", package, by=signer("dora"), developers=["dora", "david"])
    for person, role in (("vera", "validator"), ("anton", "approver")):
        inventory.versions.assign(ID, "1.0", person, role, by=signer("olga"))
    write_annex(package, "documents", {"dossier.pdf": b"%PDF-1.7 dossier %%EOF"})
    inventory.register_version(ID, "1.0", package, by=signer("dora"))
    inventory.approve(ID, "1.0", signer=signer("dora"), role="developer")
    inventory.trail.note("experiment", {"gini": 0.5, "trees": [1, 2]}, by="david", model=ID, version="1.0")
    inventory.trail.anchor(anchors)
    inventory.approve(ID, "1.0", signer=signer("vera"), role="validator")
    inventory.findings.raise_finding(ID, "low", "A label is wrong", by="vera")
    inventory.approve(ID, "1.0", signer=signer("anton"), role="approver")
    inventory.submit(ID, "1.0", "live", by=signer("olga"))
    inventory.models.set_date(ID, "monitoring", "2026-12-31", by="olga")
    inventory.trail.anchor(anchors)
    with inventory.store.reading() as connection:
        lines = tuple(stored_lines(connection))
    keys = {person: frozenset({key_of(person).public}) for person in PEOPLE}
    return Clean(lines, read_anchors(anchors), keys, package, inventory)


def chained(bodies: Sequence[Body], start: int = 0) -> list[StoredLine]:
    """Lines whose numbers and hashes were written anew from place `start` on."""
    lines: list[StoredLine] = []
    previous = START
    for place, body in enumerate(bodies):
        if place >= start:
            body = {**body, "sequence": place + 1, "previous": previous}
        data = line_of(body)
        previous = sha256_bytes(data)
        columns = (body["previous"], body["at"], body["actor"], body["event"], body["model"], body["version"])
        lines.append(StoredLine(data.decode(), body["sequence"], previous, columns))
    return lines


def edited_body(body: Body, rng: random.Random) -> Body:
    """A body in which one thing is another."""
    which = rng.choice(["actor", "payload", "event"])
    if which == "actor":
        return {**body, "actor": "mallory"}
    if which == "event":
        return {**body, "event": "noted"} if body["event"] != "noted" else {**body, "event": "date_set"}
    return {**body, "payload": {**body["payload"], "reason": "as I like it"}}


Found = tuple[list[StoredLine], int, set[str]]
"""Tampered lines, the number of the event that was tampered with, and the codes that tell it."""


def edited_row(clean: Clean, rng: random.Random) -> Found:
    place = rng.randrange(len(clean.lines))
    line = clean.lines[place]
    data = line_of(edited_body(json.loads(line.line), rng)).decode()
    lines = list(clean.lines)
    lines[place] = StoredLine(data, line.sequence, line.hash, line.columns)
    return lines, place + 1, {"edited"}


def edited_column(clean: Clean, rng: random.Random) -> Found:
    place = rng.randrange(len(clean.lines))
    line = clean.lines[place]
    assert line.columns is not None
    columns = list(line.columns)
    columns[rng.randrange(6)] = "mallory"
    lines = list(clean.lines)
    lines[place] = StoredLine(line.line, line.sequence, line.hash, tuple(columns))
    return lines, place + 1, {"edited"}


def deleted_row(clean: Clean, rng: random.Random) -> Found:
    place = rng.randrange(len(clean.lines))
    lines = [line for number, line in enumerate(clean.lines) if number != place]
    return lines, place + 1, {"cut"} if place == len(clean.lines) - 1 else {"deleted"}


def swapped_rows(clean: Clean, rng: random.Random) -> Found:
    first, second = sorted(rng.sample(range(len(clean.lines)), 2))
    lines = list(clean.lines)
    one, two = lines[first], lines[second]
    lines[first] = StoredLine(two.line, one.sequence, two.hash, two.columns)
    lines[second] = StoredLine(one.line, two.sequence, one.hash, one.columns)
    return lines, first + 1, {"reordered"}


def rechained_tail(clean: Clean, rng: random.Random) -> Found:
    bodies = clean.bodies
    place = rng.randrange(len(bodies))
    bodies[place] = edited_body(bodies[place], rng)
    return chained(bodies, place), place + 1, {"rechained", "forged"}


def rechained_without(clean: Clean, rng: random.Random) -> Found:
    bodies = clean.bodies
    place = rng.randrange(len(bodies))
    del bodies[place]
    return chained(bodies, place), place + 1, {"rechained", "cut"}


def forged_signature(clean: Clean, rng: random.Random) -> Found:
    """A sign-off whose decision, person or signature is another; the tail is written anew."""
    bodies = clean.bodies
    place = rng.choice([number for number, body in enumerate(bodies) if body["event"] == "signed_off"])
    payload = json.loads(json.dumps(bodies[place]["payload"]))
    how = rng.choice(["decision", "person", "signature", "resigned"])
    if how == "decision":
        payload["statement"]["decision"] = "reject"
    elif how == "person":
        payload["statement"]["person"] = "olga"
    elif how == "signature":
        payload["signature"] = f"{rng.getrandbits(512):0128x}"
    else:  # signed with a key that the forger has
        payload["statement"]["decision"] = "reject"
        payload["signature"] = sign(payload["statement"], new_key()).signature
    bodies[place] = {**bodies[place], "payload": payload}
    return chained(bodies, place), place + 1, {"forged"}


def swapped_key(clean: Clean, rng: random.Random) -> Found:
    """Another public key of a person, with proof and signatures by it, the tail written anew."""
    bodies = clean.bodies
    places = [number for number, body in enumerate(bodies) if body["event"] == "person_registered"]
    place = rng.choice(places)
    forger = new_key()
    payload = json.loads(json.dumps(bodies[place]["payload"]))
    payload |= {"public_key": forger.public.hex, "fingerprint": forger.public.fingerprint}
    payload["statement"]["public_key"] = forger.public.hex
    signed = sign(payload["statement"], forger)
    payload["proof"] = signed.signature
    if payload["statement"]["person"] == payload["person"]:
        payload |= {"by_fingerprint": signed.fingerprint, "signature": signed.signature}
    bodies[place] = {**bodies[place], "payload": payload}
    return chained(bodies, place), place + 1, {"swapped_key"}


def clock_moved(clean: Clean, rng: random.Random) -> Found:
    """An event that is said to have been earlier."""
    bodies = clean.bodies
    place = rng.randrange(1, len(bodies))
    bodies[place] = {**bodies[place], "at": "2026-11-2" + f"{rng.randrange(7)}T05:00:00Z"}
    return chained(bodies, place), place + 1, {"clock"}


def edited_package(clean: Clean, folder: Path, rng: random.Random) -> set[str]:
    """One byte of a core file, with or without a manifest that fits."""
    path = folder / rng.choice(["plan.yaml", "model.json", "evidence/limits.json"])
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(7)
    path.write_bytes(bytes(data))
    if rng.random() < 0.5:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        manifest["files"][path.relative_to(folder).as_posix()]["sha256"] = sha256_bytes(bytes(data))
        (folder / "manifest.json").write_text(json.dumps(manifest))
    return {"hash_mismatch", "other_hash", "annex_of_another", "json_invalid"}


def edited_pdf(clean: Clean, folder: Path, rng: random.Random) -> set[str]:
    """One byte of a document of a signed annex, with or without a manifest of the annex that fits."""
    path = folder / "documents" / "dossier.pdf"
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(7)
    path.write_bytes(bytes(data))
    if rng.random() < 0.5:
        write_annex(folder, "documents", {"dossier.pdf": bytes(data)})
    return {"hash_mismatch", "other_annex"}


TRAIL: tuple[Callable[[Clean, random.Random], Found], ...] = (
    *(edited_row, edited_column, deleted_row, swapped_rows, rechained_tail, rechained_without),
    *(forged_signature, swapped_key, clock_moved),
)
EXACT = (edited_row, edited_column, deleted_row, swapped_rows, forged_signature)
FOLDER = (edited_package, edited_pdf)


def test_all_are_found_and_none_on_the_clean_store(clean: Clean, tmp_path: Path) -> None:
    sound = verify_lines(clean.lines, clean.anchors, clean.keys)
    assert (sound.faults, sound.notes, sound.unanchored) == ((), (), 0)
    acts = sum("signed" in body for body in clean.bodies)
    assert acts >= 10
    assert sound.signatures == len(PEOPLE) + 3 + acts
    missed = []
    for seed in SEEDS:
        rng = random.Random(seed)
        kind = seed % (len(TRAIL) + len(FOLDER))
        if kind < len(TRAIL):
            lines, place, codes = TRAIL[kind](clean, rng)
            faults = verify_lines(lines, clean.anchors, clean.keys).faults
            rows = [fault.row or 0 for fault in faults if fault.code in codes]
            # What follows from a change is told too, but nothing before it.
            good = bool(rows) and min(fault.row or 0 for fault in faults) >= place
            good = good and (TRAIL[kind] not in EXACT or min(rows) == place)
        else:
            folder = tmp_path / str(seed)
            shutil.copytree(clean.package, folder)
            wanted = FOLDER[kind - len(TRAIL)](clean, folder, rng)
            faults = clean.inventory.versions.check_package(ID, "1.0", folder)
            good = bool({fault.code for fault in faults} & wanted)
        if not good:
            missed.append((seed, faults))
    assert missed == []


def test_a_trail_that_was_made_anew_as_a_whole_shows_by_keys_and_by_anchors(clean: Clean, tmp_path: Path) -> None:
    """Everything in it agrees: it was made by the program itself, with other keys for the same people."""
    kept = dict(KEYS)
    KEYS.update({person: new_key() for person in PEOPLE})
    try:
        with create_inventory(tmp_path / "forged.db", Gates(), clock=Ticking()) as forged:
            fill(forged, "staffed", tmp_path)
            forged.trail.export(tmp_path / "audit.jsonl")
    finally:
        KEYS.update(kept)
    lines = read_trail(tmp_path / "audit.jsonl")
    assert verify_lines(lines).faults == ()
    assert {fault.code for fault in verify_lines(lines, public_keys=clean.keys).faults} == {"swapped_key"}
    assert {fault.code for fault in verify_lines(lines, clean.anchors).faults} == {"rechained"}


def test_a_tail_after_the_last_anchor_shows_by_what_was_signed_later(clean: Clean) -> None:
    """No anchor but those in signed statements: who rewrites what lies before a signature contradicts it."""
    bodies = clean.bodies
    last = max(number for number, body in enumerate(bodies) if body["event"] == "signed_off")
    for place in range(1, last):
        changed = [*bodies]
        changed[place] = {**bodies[place], "actor": "mallory"}
        faults = verify_lines(chained(changed, place)).faults
        assert "rechained" in {fault.code for fault in faults}, place
    assert verify_lines(chained(bodies)).faults == ()


def test_the_portable_file_alone(clean: Clean, tmp_path: Path) -> None:
    """Lines without hashes beside them: an edit shows at the next line, that of the last line by its anchor."""
    path = tmp_path / "audit.jsonl"
    head = clean.inventory.trail.export(path)
    assert head == clean.inventory.trail.head()
    text = path.read_text()
    assert verify_lines(read_trail(path), clean.anchors, clean.keys).faults == ()
    lines = text.splitlines()
    for place in range(len(lines)):
        changed = [*lines]
        changed[place] = lines[place].replace('"actor":"', '"actor":"x', 1)
        path.write_text("\n".join(changed) + "\n")
        faults = verify_lines(read_trail(path), clean.anchors).faults
        assert {fault.code for fault in faults} & {"edited", "rechained"}
        assert min(fault.row or 0 for fault in faults) in (1, place + 1, place + 2)
    path.write_text(text[:-5])
    assert {fault.code for fault in verify_lines(read_trail(path)).faults} == {"edited"}
    path.write_text("")
    assert [fault.code for fault in verify_lines(read_trail(path)).faults] == ["cut"]


def test_a_clock_that_moved_back_is_recorded_and_told(tmp_path: Path) -> None:
    clock = Ticking()
    with staffed(tmp_path / "i.db", clock) as inventory:
        clock.moment -= datetime.timedelta(days=400)
        event = inventory.trail.note("data", {}, by="dora")
        found = inventory.trail.verify()
        assert found.faults == ()
        assert [(note.code, note.row) for note in found.notes] == [("clock_back", event.sequence)]
        assert event.clock is not None
        assert event.clock < event.at
        clock.moment += datetime.timedelta(days=401)
        assert inventory.trail.note("data", {}, by="dora").clock is None


OWNER = (
    ("UPDATE events SET actor = 'mallory' WHERE sequence = 9", "edited", 9),
    ("UPDATE events SET line = replace(line, 'developer', 'validator') WHERE kind = 'role_given'", "edited", None),
    ("DELETE FROM events WHERE sequence = 8", "deleted", 8),
    ("DELETE FROM events WHERE sequence = (SELECT MAX(sequence) FROM events)", "projection", None),
    ("UPDATE keys SET public_key = '{0}' WHERE person = 'vera'", "projection", None),
    ("UPDATE sign_offs SET person = 'anton' WHERE person = 'vera'", "projection", None),
    ("UPDATE sign_offs SET decision = 'reject'", "projection", None),
    ("UPDATE versions SET stage = 'live'", "projection", None),
)


def test_an_owner_of_the_database_who_puts_the_guards_back(version: Inventory) -> None:
    """On each engine: guards off, a change, guards on; each is found, and undone again for the next."""
    engine = version.store.engine
    dialect = engine.dialect.name
    every = ("events", "keys", "sign_offs", "versions", "roles")
    assert version.trail.verify().faults == ()
    for sql, code, row in OWNER:
        with engine.connect() as connection, connection.begin() as transaction:
            for statement in drop_statements(dialect, every):
                connection.exec_driver_sql(statement)
            if dialect == "postgresql" and "DELETE FROM events" in sql:
                connection.exec_driver_sql("ALTER TABLE roles DROP CONSTRAINT roles_sequence_fkey")
                connection.exec_driver_sql("ALTER TABLE sign_offs DROP CONSTRAINT sign_offs_sequence_fkey")
            elif dialect == "sqlite":
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(sql.format("0" * 64))
            for statement in create_statements(dialect):
                if any(f" ON {name} " in statement for name in every):
                    connection.exec_driver_sql(statement)
            faults = _verified(version, connection)
            transaction.rollback()
        assert code in {fault.code for fault in faults}, sql
        assert row in (None, faults[0].row), sql
    assert version.trail.verify().faults == ()


def _verified(inventory: Inventory, connection: Any) -> list[Any]:
    """The verification inside the transaction that is rolled back after it."""
    assert missing_guards(connection) == ()
    found = verify_lines(stored_lines(connection))
    return list(found.faults) or list(compare_projections(connection, found.events))
