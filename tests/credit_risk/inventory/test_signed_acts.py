"""Acts that decide are signed: by name alone they are refused by the service and the database, and verification finds
those that were written into the trail all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from credit_risk._core.hash_chain import line_of
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import Inventory, Signer, new_key, open_inventory, review_model, verify_lines
from credit_risk.inventory.audit.chain import StoredLine
from credit_risk.inventory.errors import InventoryError, KeyFileError
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.inventory.policy.read import default_policy, policy_of
from credit_risk.inventory.store.rebuild import stored_lines
from tests.credit_risk.inventory.support import FACTS, Ticking, key_of, live, signer, staffed, template, write_package
from tests.credit_risk.inventory.test_tampering import chained

ID = FACTS.id
Act = Callable[[Inventory, Any], object]
DECIDING: list[tuple[str, Act]] = [
    ("assign", lambda book, by: book.versions.assign(ID, "1.0", "olga", "user", by=by)),
    ("unassign", lambda book, by: book.versions.unassign(ID, "1.0", "vera", "validator", by=by)),
    ("register", lambda book, by: book.register_version(ID, "1.0", Path("none"), by=by)),
    ("submit", lambda book, by: book.submit(ID, "1.0", "approved", by=by)),
    ("restrict", lambda book, by: book.restrict(ID, "1.0", "Not for students", by=by)),
    ("retire", lambda book, by: book.retire(ID, "1.0", by=by)),
    ("rollback", lambda book, by: book.rollback(ID, "It declines everybody", by=by)),
    ("provide", lambda book, by: book.models.provide(ID, "exception", "Until June", by=by)),
    ("lift", lambda book, by: book.models.lift(ID, "exception-1", "Met", by=by)),
    ("tier", lambda book, by: book.models.tier(ID, by=by, override="2", reason="I like it better")),
    ("retest", lambda book, by: book.findings.retest(f"{ID}:F1", True, "Good", by=by)),
    ("close", lambda book, by: book.findings.close(f"{ID}:F1", "Done", by=by)),
    ("review", lambda book, by: review_model(book, ID, {}, by=by)),
]


def code(error: pytest.ExceptionInfo[KeyFileError]) -> str:
    return error.value.faults[0].code


def test_by_name_alone_nothing_is_decided(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db", stage="validated") as book:
        before = book.trail.head()
        for name, act in DECIDING:
            with pytest.raises(KeyFileError) as error:
                act(book, "vera")
            assert code(error) == "unsigned", name
        assert book.trail.head() == before


def test_another_persons_key_decides_nothing(version: Inventory) -> None:
    """An impostor who has a key, or one of his own, does not close a finding that blocks."""
    version.findings.raise_finding(ID, "high", "Calibration is off", by="vera", version="1.0")
    finding = f"{ID}:F1"
    version.findings.respond(finding, "Mended", by="dora")
    before = version.trail.head()
    for key, told in ((key_of("dora"), "key_of_another"), (new_key(), "key_unknown")):
        for act in (
            lambda by: version.findings.retest(finding, True, "Good", by=by),
            lambda by: version.versions.assign(ID, "1.0", "olga", "approver", by=by),
            lambda by: version.models.provide(ID, "exception", "Until June", by=by),
            lambda by: version.submit(ID, "1.0", "retired", by=by),
        ):
            with pytest.raises(KeyFileError) as error:
                act(Signer("vera", key))
            assert code(error) == told
    assert version.trail.head() == before
    version.findings.retest(finding, True, "Good", by=signer("vera"))
    assert version.findings.close(finding, "Done", by=signer("vera")).status == "closed"
    found = version.trail.verify()
    assert found.faults == ()
    assert "finding_closed" not in found.unsigned
    assert found.unsigned["finding_responded"] == 1
    (closed,) = version.trail.events(ID, kind="finding_closed")
    assert closed.signed is not None
    assert closed.signed["fingerprint"] == key_of("vera").public.fingerprint


def bodies_of(book: Inventory) -> list[dict[str, Any]]:
    with book.store.reading() as connection:
        return [json.loads(line.line) for line in stored_lines(connection)]


def test_what_is_written_into_the_trail_without_a_key_is_found(tmp_path: Path) -> None:
    """The owner of the database, who writes hashes anew: an act without signature, with one of another act, and with
    one that is used a second time."""
    with staffed(tmp_path / "i.db", stage="validated") as book:
        bodies = bodies_of(book)
    place = next(n for n, body in enumerate(bodies) if body["event"] == "role_given" and "signed" in body)
    assert verify_lines(chained(bodies)).faults == ()
    bare = [*bodies]
    bare[place] = {name: value for name, value in bodies[place].items() if name != "signed"}
    assert ("unsigned", place + 1) in {(one.code, one.row) for one in verify_lines(chained(bare, place)).faults}
    other = [*bodies]
    other[place] = {**bodies[place], "payload": {**bodies[place]["payload"], "person": "olga"}}
    assert ("forged", place + 1) in {(one.code, one.row) for one in verify_lines(chained(other, place)).faults}
    again = [*bodies, {**bodies[place], "at": bodies[-1]["at"]}]
    faults = verify_lines(chained(again, len(bodies))).faults
    assert ("forged", len(again)) in {(one.code, one.row) for one in faults}


def test_the_database_takes_no_deciding_event_without_the_key_of_its_actor(version: Inventory) -> None:
    head, payload = version.trail.head(), {"person": "olga", "role": "approver"}
    body: dict[str, Any] = {"sequence": head.sequence + 1, "previous": head.hash, "event": "role_given"}
    body |= {"at": head.at, "actor": "vera", "model": ID, "version": "1.0", "payload": payload}
    foreign = {"fingerprint": key_of("dora").public.fingerprint, "signature": "00", "statement": {}}
    for more in ({}, {"signed": foreign}):
        line = line_of({**body, **more}).decode()
        row = {name: body[name] for name in ("sequence", "previous", "at", "actor", "model", "version")}
        row |= {"kind": "role_given", "line": line, "hash": sha256_bytes(line.encode())}
        names = ", ".join(row)
        sql = sa.text(f"INSERT INTO events ({names}) VALUES ({', '.join(':' + name for name in row)})")
        with pytest.raises(sa.exc.DBAPIError, match="signs with his active key"), version.store.engine.begin() as one:
            one.execute(sql, row)
    roles = (
        "INSERT INTO roles (sequence, model, version, person, role, since)"
        " VALUES (1, 'pd-retail', '1.0', 'olga', 'approver', '2026-11-27T06:00:00Z')"
    )
    version.findings.raise_finding(ID, "high", "Calibration is off", by="vera", version="1.0")
    closing = "UPDATE findings SET status = 'closed', closed = '2026-11-27T06:00:00Z'"
    for sql_text in (roles, closing):
        with pytest.raises(sa.exc.DBAPIError, match="signed event alone"), version.store.engine.begin() as one:
            one.exec_driver_sql(sql_text)
    assert version.trail.verify().faults == ()


def test_the_policy_says_which_descriptive_acts_need_a_key(tmp_path: Path) -> None:
    held = template("staffed")
    (tmp_path / "i.db").write_bytes(held.data)
    with open_inventory(tmp_path / "i.db", PolicyGatekeeper(), clock=Ticking(held.moment)) as book:
        for act in (
            lambda by: book.propose(FACTS, "1.0", by=by),
            lambda by: book.models.describe(ID, by=by, actual_use="Prices"),
            lambda by: book.findings.raise_finding(ID, "low", "A label is wrong", by=by),
            lambda by: book.findings.respond(f"{ID}:F1", "Mended", by=by),
            lambda by: book.models.set_date(ID, "review", "2027-01-01", by=by),
        ):
            with pytest.raises(KeyFileError) as error:
                act("olga")
            assert code(error) == "unsigned"
            act(signer("olga"))
        assert book.trail.verify().unsigned == {}
    text = default_policy().data.decode().replace("describe: true", "describe: false")
    gates = PolicyGatekeeper(policy_of(text.encode(), "bank.yaml"))
    with open_inventory(tmp_path / "i.db", gates, clock=Ticking(book.store.clock())) as book:
        book.models.describe(ID, by="olga", actual_use="Decides")
        assert book.trail.verify().unsigned == {"model_described": 1, "proposal_changed": 1}
        with pytest.raises(KeyFileError):
            book.models.set_date(ID, "review", None, by="olga")
    start = text.index("signatures:")  # a policy that does not say so asks for all of them
    silent = text[:start] + text[text.index("parties:") :]
    assert PolicyGatekeeper(policy_of(silent.encode(), "bank.yaml")).needs_key("describe")


def test_a_trail_of_the_older_format_verifies_with_a_note(tmp_path: Path) -> None:
    """Acts of a time before they were signed are no faults; from the raising on they are."""
    with staffed(tmp_path / "i.db") as book:
        book.propose(FACTS, "1.0", by="olga")
        book.register_version(ID, "1.0", write_package(tmp_path / "p"), by=signer("dora"), developers=["dora"])
        bodies = bodies_of(book)
    people = sum(body["event"] == "person_registered" for body in bodies)
    created = {**bodies[0], "payload": {**bodies[0]["payload"], "format_version": "0.1"}}
    plain = [{name: value for name, value in body.items() if name != "signed"} for body in bodies]
    old = [created, *plain[1 + people :]]  # keys are signed over the head, which is another now
    found = verify_lines(_numbered(old))
    assert found.faults == ()
    assert [one.code for one in found.notes] == ["older_rules"]
    raised = {**created, "event": "rules_raised", "actor": "system", "payload": {"format_version": "0.2"}}
    late = [created, {**raised, "at": created["at"]}, *plain[1 + people :]]
    assert {one.code for one in verify_lines(_numbered(late)).faults} == {"unsigned"}


def _numbered(bodies: list[dict[str, Any]]) -> list[StoredLine]:
    return chained(bodies)


def test_reading_and_erasing_personal_data_needs_a_key_where_the_policy_says_so(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db") as inventory:
        inventory.privacy._gates = PolicyGatekeeper()
        token = inventory.privacy.pseudonym("APP-1")
        for act in (lambda by: inventory.privacy.read(token, by=by, purpose="A complaint"),
                    lambda by: inventory.privacy.erase([token], by=by, reason="Retention")):  # fmt: skip
            with pytest.raises(KeyFileError, match="needs the key of vera"):
                act("vera")
            act(signer("vera"))
        found = inventory.trail.verify()
        assert (found.faults, dict(found.unsigned)) == ((), {})


def test_a_restriction_is_not_passed_without_its_words(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db") as inventory:
        live(inventory, write_package(tmp_path / "package"))
        before = inventory.trail.head()
        with pytest.raises(InventoryError, match="needs its words"):
            inventory.submit(FACTS.id, "1.0", "restricted", by=signer("olga"))
        assert inventory.trail.head() == before
