"""What is refused, with one clear error each: unknown names, controls, dates, fields; and what is text as any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.inventory import Inventory, read_anchor_text, read_anchors, read_trail
from credit_risk.inventory.audit.anchors import Anchor, append_anchor
from credit_risk.inventory.audit.event import Head, next_event, read_event
from credit_risk.inventory.contracts import InputFacts, ModelFacts
from credit_risk.inventory.errors import AuditError, InventoryError
from tests.credit_risk.inventory.support import BEGIN, FACTS, key_of, signer, staffed

ID = FACTS.id
HOSTILE = "<script>alert('x')</script> \"; DROP TABLE events; -- %_\\ Ümlaut 漢字 👩‍🔬"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Inventory]:
    with staffed(tmp_path / "inventory.db") as one:
        yield one


def codes(error: pytest.ExceptionInfo[InventoryError]) -> list[str]:
    return [fault.code for fault in error.value.faults]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (ModelFacts("Not An Id", "x"), ["identifier"]),
        (ModelFacts("m'; DROP TABLE models; --", "x"), ["identifier"]),
        (ModelFacts("m", ""), ["text_empty"]),
        (ModelFacts("m", "a\x00b"), ["text_control"]),
        (ModelFacts("m", "a\x1bb", purpose="\ud800"), ["text_control", "text_control"]),
        (ModelFacts("m", "x" * 20_001), ["text_long"]),
        (ModelFacts("m", "x", owner="nobody"), ["unknown_person"]),
        (ModelFacts("m", "x", upstream=("m",)), ["unknown_model", "loop"]),
        (ModelFacts("m", "x", products=("a", "a"), inputs=(InputFacts("i"), InputFacts("i"))), ["twice", "twice"]),
        (ModelFacts("m", "x", tier_inputs={"exposure": float("nan")}), ["not_json"]),
        (ModelFacts("m", "x", objectives=({"a": "\x00"},)), ["nul"]),
    ],
)
def test_a_proposal_that_cannot_be(book: Inventory, facts: ModelFacts, wanted: list[str]) -> None:
    before = book.trail.head()
    with pytest.raises(InventoryError) as error:
        book.propose(facts, "1", by="olga")
    assert codes(error) == wanted
    assert book.trail.head() == before


def test_names_that_are_not_known(book: Inventory) -> None:
    book.propose(FACTS, "1.0", by="olga")
    with pytest.raises(InventoryError) as error:
        book.models.get("pd-retial")
    assert codes(error) == ["unknown_model"]
    assert "did you mean pd-retail?" in str(error.value)
    for act, code in (
        (lambda: book.versions.get(ID, "2.0"), "unknown_version"),
        (lambda: book.versions.state(ID, "1.0", "retirde"), "choice"),
        (lambda: book.versions.assign(ID, "1.0", "dora", "boss", by=signer("olga")), "choice"),
        (lambda: book.versions.assign(ID, "1.0", "nobody", "user", by=signer("olga")), "unknown_person"),
        (lambda: book.findings.get("F9"), "unknown_finding"),
        (lambda: book.findings.raise_finding(ID, "grave", "x", by="olga"), "choice"),
        (lambda: book.findings.raise_finding(ID, "low", "x", by="olga", due="2026-13-01"), "date"),
        (lambda: book.models.set_date(ID, "review", "27.11.2026", by="olga"), "date"),
        (lambda: book.models.describe(ID, by="olga", stage="live"), "field"),
        (lambda: book.models.provide(ID, "remark", "x", by=signer("olga")), "choice"),
        (lambda: book.models.lift(ID, "restriction-1", "x", by=signer("olga")), "provision"),
        (lambda: book.models.tier(ID, by=signer("olga"), override="3"), "text_empty"),
        (lambda: book.propose(FACTS, "1.0", by="olga"), "model_known"),
        (lambda: book.propose(ID, "1.0", by="olga"), "version_known"),
        (lambda: book.rollback(ID, "x", by=signer("olga")), "not_live"),
        (lambda: book.privacy.erase(["0" * 64], by="olga", reason="x"), "unknown_token"),
        (lambda: book.people.register("Dora!", "x", key_of("x"), by=signer("registrar")), "identifier"),
        (lambda: book.people.register("dora", "x", key_of("x"), by=signer("registrar")), "person_known"),
        (lambda: book.approve(ID, "1.0", gate="live", signer=signer("olga"), role="owner"), "transition"),
        (lambda: book.override(ID, "1.0", "live", "x", signer=signer("olga")), "no_package"),
        (lambda: book.reject(ID, "1.0", signer=signer("olga"), role="owner", comment=" "), "text_empty"),
    ):
        with pytest.raises(InventoryError) as error:
            act()
        assert code in codes(error)
    assert book.trail.verify().faults == ()


def test_the_tier_and_its_override(book: Inventory) -> None:
    book.propose(ModelFacts("m", "M"), "1", by="olga")
    with pytest.raises(InventoryError) as error:
        book.models.tier("m", by="olga")
    assert codes(error) == ["tier_inputs"]
    book.models.describe("m", by="olga", tier_inputs={"exposure": 10.0})
    assert book.models.tier("m", by="olga").tier == "2"
    tier = book.models.tier("m", by=signer("vera"), override="1", reason="The regulator looks at it")
    assert (tier.tier, tier.computed, tier.override_by) == ("1", "2", "vera")
    assert book.models.get("m").tier == tier


def test_text_of_any_kind_comes_back(version: Inventory) -> None:
    version.models.describe(ID, by="olga", name=HOSTILE, purpose=HOSTILE, products=(HOSTILE,))
    facts = version.models.get(ID)
    assert (facts.name, facts.purpose, facts.products) == (HOSTILE, HOSTILE, (HOSTILE,))
    for text in ("%_\\", "drop table", "ümlaut", "漢字", "'x'"):
        assert [row.model for row in version.models.find("2026-12-01", text=text)] == [ID]
    assert version.models.find("2026-12-01", text="%x%") == ()
    assert version.models.find("2026-12-01", product=HOSTILE, stage="validated", owner="olga")[0].name == HOSTILE
    assert version.trail.verify().faults == ()


def test_anchors_in_files_and_texts(tmp_path: Path, book: Inventory) -> None:
    path = tmp_path / "anchors.jsonl"
    anchor = book.trail.anchor(path)
    book.trail.anchor(path)
    assert [one.hash for one in read_anchors(path)] == [anchor.hash, anchor.hash]
    text = f"Signed.\n{anchor.text()[:90]}\n   {anchor.text()[90:]}\nEnd"
    assert [(one.sequence, one.hash, one.log) for one in read_anchor_text(text)] == [
        (anchor.sequence, anchor.hash, anchor.log)
    ]
    assert read_anchor_text("audit trail of nothing") == ()
    path.write_text("{}\nnothing\n")
    with pytest.raises(AuditError) as error:
        read_anchors(path)
    assert [fault.row for fault in error.value.faults] == [1, 2]
    with pytest.raises(AuditError):  # a file of something else gets no anchor
        append_anchor(path, anchor)
    assert path.read_text() == "{}\nnothing\n"
    with pytest.raises(AuditError):
        read_trail(tmp_path / "none.jsonl")
    with pytest.raises(AuditError):
        book.trail.export(tmp_path / "no" / "audit.jsonl")


def test_erasure_leaves_the_trail_valid(version: Inventory) -> None:
    token = version.privacy.pseudonym("APP-4711", keep_until="2026-12-31")
    assert version.privacy.pseudonym("APP-4711") == token
    version.trail.note("decision", {"applicant": token, "declined": True}, by="dora", model=ID, version="1.0")
    assert version.privacy.read(token, by="vera", purpose="A complaint") == "APP-4711"
    assert [event.payload["purpose"] for event in version.trail.events(kind="personal_data_read")] == ["A complaint"]
    assert "APP-4711" not in "".join(event.line for event in version.trail.events())
    assert version.privacy.past_retention("2026-12-31") == []
    assert version.privacy.past_retention("2027-01-01") == [token]
    names = [event.payload["name_token"] for event in version.trail.events(kind="person_registered")]
    assert version.privacy.erase([token, names[1]], by="olga", reason="Retention has ended") == 2
    assert version.privacy.read(token, by="vera", purpose="A second look") is None
    assert version.people.get("dora").name is None
    assert version.people.get("vera").name == "Vera Test"
    assert version.privacy.pseudonym("APP-4711") != token
    found = version.trail.verify()
    assert found.faults == ()
    version.trail.rebuild(by="olga")
    assert version.trail.verify().faults == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(payload=st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), JSON, max_size=4))
def test_an_event_reads_back_as_it_was_written(payload: dict[str, Any]) -> None:
    event = next_event(Head(), BEGIN, "noted", payload, actor="dora")
    assert read_event(event.line) == event


def test_an_anchor_has_one_text() -> None:
    anchor = Anchor("a" * 64, 12, "b" * 64, "2026-11-27T05:00:00Z")
    assert read_anchor_text(anchor.text(), "x")[0] == Anchor("a" * 64, 12, "b" * 64, "2026-11-27T05:00:00Z", "x")
