"""From the inventory to the documents: one file of governance, printed, carried, verified, taken back as an anchor."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from credit_risk._core.evidence import catalogue
from credit_risk.cli.main import main as credit_risk
from credit_risk.inventory import Inventory, read_anchor_file
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.errors import AuditError, InventoryError
from credit_risk.inventory.service.development import PlannedRun
from credit_risk.inventory.view.governance import governance, governance_bytes
from credit_risk.package.evidence_checks import evidence_faults
from credit_risk.package.layout import evidence_file
from docs_templates import strict_json
from docs_templates.clauses import registry
from docs_templates.cli import main as credit_dossier
from docs_templates.compose import compose
from docs_templates.document import Document, EvidenceIndex, Heading, Table, plain
from docs_templates.dossier import make_documents, with_governance
from docs_templates.errors import DocumentError
from docs_templates.language import speaking
from docs_templates.language_files import read_language
from docs_templates.package import Package, read_package
from docs_templates.templates import DOCUMENTS, read_template
from docs_templates.verify.reading import read_pdf
from docs_templates.verify.run import verify
from tests.credit_risk.inventory.support import Gates, Ticking, key_of, signer, staffed
from tests.docs_templates.builders import all_evidence, write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.test_signing import PASSPHRASE, make_key

Json = Any
ID, VERSION = "toy", "1.2.3"
MARKUP = "<b>R&D</b>; \"quoted\" 'and' {{ value:x }} | Ω"
RENDERED = ("executive_summary", "model_card", "change_log", "sign_off_sheet")
WITH_IT = ("sign_off_sheet", "change_log", "validation_report", "development_dossier")


@dataclass(frozen=True)
class World:
    """A package, the inventory that knows it, and the governance file of its version. Read only."""

    package: Path
    place: Path
    file: Path
    clock: Ticking

    def content(self) -> Json:
        return json.loads(self.file.read_text("utf-8"))

    def rows(self, name: str) -> list[dict[str, Json]]:
        (item,) = [one for one in self.content()["evidence"] if one["id"] == f"governance.{name}"]
        names = [column["name"] for column in item["columns"]]
        return [dict(zip(names, row, strict=True)) for row in item["rows"]]


def lead(inventory: Inventory, package: Path) -> None:
    """A version that was rejected, mended in its findings and approved with a condition."""
    facts = ModelFacts(ID, f"Toy {MARKUP}", purpose="Decide", intended_use="Cards", boundaries=MARKUP, owner="olga",
                       products=("cards",), tier_inputs={"exposure": 2e9})  # fmt: skip
    inventory.propose(facts, VERSION, by="olga")
    inventory.models.tier(ID, by="olga")
    inventory.register_version(ID, VERSION, package, by=signer("dora"), developers=["dora", "david"])
    inventory.versions.assign(ID, VERSION, "vera", "validator", by=signer("olga"))
    inventory.versions.assign(ID, VERSION, "anton", "approver", by=signer("olga"))
    begun = inventory.development.begin(PlannedRun(ID, VERSION, "a" * 64, {"/seed": 1}, {}), by=signer("dora"))
    inventory.development.fail(begun.id, KeyboardInterrupt(), by=signer("dora"))
    inventory.development.begin(PlannedRun(ID, VERSION, "b" * 64, {"/seed": 2}, {}), by=signer("david"))
    inventory.development.decide(ID, VERSION, f"Seed {MARKUP}", "It does not matter", by=signer("david"), decision="2",
                                 rejects=["1", "3"])  # fmt: skip
    inventory.approve(ID, VERSION, signer=signer("dora"), role="developer")
    inventory.reject(ID, VERSION, signer=signer("vera"), role="validator", comment=f"Not yet: {MARKUP}")
    (found,) = inventory.findings.import_validation(ID, VERSION, package, by="vera")
    inventory.findings.respond(found.id, "Mended", by="dora")
    inventory.findings.retest(found.id, True, "Within tolerance", by=signer("vera"))
    inventory.findings.close(found.id, "Done", by=signer("vera"))
    inventory.approve(ID, VERSION, signer=signer("vera"), role="validator")
    inventory.models.provide(ID, "exception", "Until the new bureau data", by=signer("olga"), expires="2027-06-30")
    assert inventory.approve(ID, VERSION, signer=signer("anton"), role="approver",
                             conditions=["Watch calibration monthly"], expires="2027-10-31").passed  # fmt: skip
    inventory.propose(ID, "2.0", by="olga")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("governed")
    package = write_package(folder / "package", all_evidence(("UTILISATION",)))
    clock = Ticking()
    with staffed(folder / "inventory.db", clock) as inventory:
        lead(inventory, package)
        (folder / "governance.json").write_bytes(governance_bytes(inventory, ID, VERSION))
    return World(package, folder / "inventory.db", folder / "governance.json", clock)


@pytest.fixture(scope="module")
def documents(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short documents with the governance file. Read only."""
    out = tmp_path_factory.mktemp("out") / "documents"
    make_documents(world.package, RENDERED, governance=world.file, out=out, clock=lambda: MOMENT)
    return out


@pytest.fixture(scope="module")
def governed(world: World) -> Package:
    """The package with its governance. Read only."""
    return with_governance(read_package(world.package), world.file)


# ---------------------------------------------------------------------------------------------------- the file
def test_the_file_is_what_the_catalogue_says_and_what_happened(world: World) -> None:
    content = world.content()
    names = [name for name in catalogue() if name.startswith("governance.")]
    assert [one["id"] for one in content["evidence"]] == names
    assert not [fault for one in content["evidence"] for fault in evidence_faults(one, evidence_file(one["id"]))]
    assert content["package_hash"] == hashlib.sha256((world.package / "manifest.json").read_bytes()).hexdigest()
    ran = [(one["person"], one["outcome"], one["changed"]) for one in world.rows("experiments")]
    assert ran == [("dora", "interrupted", "the first"), ("david", "not_ended", f"against {ID}:E1: /seed")]
    (decided,) = world.rows("decisions")
    assert (decided["about"], decided["rejected"]) == (f"Seed {MARKUP}", "1; 3")
    signed = [(one["gate"], one["decision"], one["person"], one["counts"]) for one in world.rows("sign_offs")]
    assert signed == [
        ("developed", "approve", "dora", True),
        ("validated", "reject", "vera", False),
        ("validated", "approve", "vera", True),
        ("approved", "approve_with_conditions", "anton", True),
    ]
    assert [one["step"] for one in world.rows("finding_steps")] == ["raised", "responded", "retested", "closed"]
    assert [(one["nature"], one["text"]) for one in world.rows("provisions")] == [
        ("exception", "Until the new bureau data"),
        ("condition", "Watch calibration monthly"),
    ]
    assert [(one["version"], one["current"], one["stage"]) for one in world.rows("versions")] == [
        (VERSION, True, "approved"),
        ("2.0", False, "proposed"),
    ]
    held = {one["fact"]: one["value"] for one in world.rows("model")}
    assert (held["tier"], held["owner"], held["boundaries"]) == ("1", "olga", MARKUP)
    entered = [one["after"] for one in world.rows("history") if one["event"] == "stage_entered"]
    assert entered == ["developed", "validated", "approved"]


def test_the_same_store_gives_the_same_bytes_and_its_events_are_those_of_the_trail(world: World) -> None:
    with staffed_at(world) as inventory:
        assert governance_bytes(inventory, ID, VERSION) == world.file.read_bytes()
        hashes = {one.sequence: one.hash for one in inventory.trail.events(ID)}
        head = inventory.trail.head()
    assert all(hashes[one["event_number"]] == one["event_hash"] for one in world.rows("history"))
    assert world.content()["anchor"]["text"] == head.text()


def staffed_at(world: World) -> Inventory:
    from credit_risk.inventory import open_inventory

    return open_inventory(world.place, Gates(), clock=world.clock)


def test_anybody_verifies_the_signed_statements_with_the_public_keys_alone(world: World) -> None:
    told = {one["event_number"]: one for one in world.rows("sign_offs")}
    assert len(told) == 4
    for one in world.content()["sign_offs"]:
        data = strict_json.write(one["statement"])
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(one["public_key"]))
        key.verify(bytes.fromhex(one["signature"]), data)
        assert hashlib.sha256(data).hexdigest() == told[one["sequence"]]["statement_sha256"]
        assert hashlib.sha256(bytes.fromhex(one["public_key"])).hexdigest() == told[one["sequence"]]["key_fingerprint"]
        assert one["public_key"] == key_of(one["person"]).public.hex
        with pytest.raises(InvalidSignature):
            key.verify(bytes.fromhex(one["signature"]), data.replace(b'"decision": "', b'"decision": "un'))


def test_a_version_without_a_package_and_an_unknown_one_are_refused(world: World, tmp_path: Path) -> None:
    with staffed_at(world) as inventory:
        with pytest.raises(InventoryError, match="no package of the version"):
            governance(inventory, ID, "2.0")
        with pytest.raises(InventoryError, match="no such version"):
            governance(inventory, ID, "9")
    out = tmp_path / "governance.json"
    asked = ["inventory", "governance", ID, VERSION, "--inventory", str(world.place), "--out", str(out)]
    assert credit_risk(asked) == 0
    assert json.loads(out.read_text("utf-8"))["evidence"] == world.content()["evidence"]
    assert credit_risk([*asked[:3], "2.0", *asked[4:-1], str(tmp_path / "none.json")]) == 2
    assert not (tmp_path / "none.json").exists()


# ------------------------------------------------------------------------------------------------- the documents
def _text(file: Path) -> str:
    with read_pdf(file.read_bytes()) as reading:
        return "".join(mark.text for view in reading.views() for mark in view.marks if mark.kind == "text")


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_every_document_has_the_anchor_on_its_control_page_and_in_its_manifests(world: World, documents: Path) -> None:
    anchor = world.content()["anchor"]["text"]
    files = sorted(documents.glob("*.pdf"))
    assert len(files) == len(RENDERED)
    for file in files:
        assert _squeezed(anchor) in _squeezed(_text(file)), file.name
        with pikepdf.open(file) as pdf:
            assert pdf.attachments["governance.json"].get_file().read_bytes() == world.file.read_bytes()
            manifest = json.loads(pdf.attachments["evidence_manifest.json"].get_file().read_bytes())
        assert manifest["anchor"] == anchor
    annex = json.loads((documents / "manifest.json").read_text("utf-8"))
    assert annex["anchor"] == anchor
    assert (documents / "governance.json").read_bytes() == world.file.read_bytes()
    assert annex["files"]["governance.json"]["sha256"] == hashlib.sha256(world.file.read_bytes()).hexdigest()


def _composed(package: Package, name: str) -> Document:
    return compose(read_template(name), package, registry(), MOMENT)


def _tables(document: Document) -> dict[str, list[Table]]:
    found: dict[str, list[Table]] = {}
    for block in document.blocks:
        if isinstance(block, Table) and (block.evidence or "").startswith("governance."):
            found.setdefault(str(block.evidence).removeprefix("governance."), []).append(block)
    return found


def test_each_fact_stands_where_it_belongs_and_names_its_evidence(world: World, governed: Package) -> None:
    sheet = _tables(_composed(governed, "sign_off_sheet"))
    signs, statements = sheet["sign_offs"]
    assert [row[4] for row in signs.rows] == ["dora", "vera", "vera", "anton"]
    assert [row[2] for row in signs.rows][-1] == "approve with conditions"
    assert [row[4] for row in statements.rows] == [one["statement_sha256"] for one in world.rows("sign_offs")]
    assert {row[1] for row in sheet["persons"][0].rows} == {"dora", "david", "vera", "anton", "olga"}
    assert len(sheet["provisions"][0].rows) == 2
    changes = _tables(_composed(governed, "change_log"))
    assert [row[0] for row in changes["versions"][0].rows] == [VERSION, "2.0"]
    assert len(changes["history"][0].rows) == len(world.rows("history"))
    for name in ("validation_report", "development_dossier"):
        document = _composed(governed, name)
        held = _tables(document)
        assert len(held["findings"][0].rows) == 1
        assert len(held["finding_steps"][0].rows) == 4
        (index,) = [one for one in document.blocks if isinstance(one, EvidenceIndex)]
        cited = {one.id: one for one in index.items if one.id.startswith("governance.")}
        assert {"governance.findings", "governance.finding_steps"} <= cited.keys()
        digest = hashlib.sha256(world.file.read_bytes()).hexdigest()
        assert {(one.file, one.sha256) for one in cited.values()} == {("documents/governance.json", digest)}
    lines = dict(_composed(governed, "development_dossier").control)
    assert lines["In the inventory"].startswith("approved, since ")
    assert lines["In the inventory"].endswith("approval ends on 2027-11-27")
    assert lines["Tier in the inventory"] == "1 (by rule test-1)"
    assert "validator: vera" in lines["Persons"]
    assert lines["Next dates"] == "review: 2027-05-27"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_control_pages_of_all_documents_tell_the_anchor(name: str, governed: Package, world: World) -> None:
    document = _composed(governed, name)
    told = list(dict(document.control).values())
    assert world.content()["anchor"]["text"] in told
    assert f"{hashlib.sha256(world.file.read_bytes()).hexdigest()}, of 2026-11-27" in told
    assert not [one for one in told if "{" in one and MARKUP not in one]
    assert document.anchor == world.content()["anchor"]["text"]


@pytest.mark.parametrize("name", ["sign_off_sheet", "change_log"])
def test_documents_verify_against_the_file_and_not_without_it(name: str, world: World, documents: Path) -> None:
    file = documents / f"{name}.pdf"
    report = verify(file, world.package, governance=world.file)
    assert report.intact, [str(one) for one in report.alterations][:5]
    with pytest.raises(DocumentError, match="made with a governance file"):
        verify(file, world.package)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["validation_report", "development_dossier"])
def test_long_documents_verify_too(name: str, world: World, tmp_path: Path) -> None:
    (made,) = make_documents(world.package, [name], governance=world.file, out=tmp_path / "o", clock=lambda: MOMENT)
    report = verify(made.path, world.package, governance=world.file)
    assert report.intact, [str(one) for one in report.alterations][:5]


def test_another_governance_is_told_by_value(world: World, documents: Path, tmp_path: Path) -> None:
    other = tmp_path / "governance.json"
    content = world.content()
    for item in content["evidence"]:
        if item["id"] == "governance.persons":
            item["rows"][0][1] = "mallory"
    other.write_bytes(strict_json.write(content))
    report = verify(documents / "sign_off_sheet.pdf", world.package, governance=other)
    assert [one for one in report.alterations if "mallory" in str(one)]


def test_german_pages_say_it_in_german(world: World, governed: Package, tmp_path: Path) -> None:
    german = read_language("de")
    (made,) = make_documents(
        world.package, ["sign_off_sheet"], governance=world.file, out=tmp_path, clock=lambda: MOMENT, language=german
    )
    text = _text(made.path)
    for word in ("Modellinventar", "Freigabe mit Auflagen", "Modellentwickler", "Ausnahme", "Risikoklasse 1"):
        assert _squeezed(word) in _squeezed(text), word
    assert "approve with conditions" not in text
    assert verify(made.path, world.package, governance=world.file).intact
    with speaking(german):
        for block in _composed(governed, "sign_off_sheet").blocks:
            if isinstance(block, Table) and (block.evidence or "").startswith("governance."):
                english = {c["title"] for c in catalogue()[str(block.evidence)].columns} - {"Person", "Text", "Version"}
                assert not english & {column.title for column in block.columns}


def _stripped(text: str) -> str:
    """A template without what stands under governance."""
    return re.sub(r"\n::: when holds package\.governance\n.*?\n:::\n(?=\n```missing|\Z|\n\Z)", "\n", text, flags=re.S)


@pytest.mark.parametrize("name", WITH_IT)
def test_without_the_file_a_document_is_what_it_is_without_these_sections(
    name: str, world: World, governed: Package, tmp_path: Path
) -> None:
    from docs_templates.templates import template_folder

    package = read_package(world.package)
    (tmp_path / name).mkdir()
    cut = 0
    for source in template_folder(name).iterdir():
        text = source.read_text("utf-8")
        cut += text != _stripped(text)
        (tmp_path / name / source.name).write_text(_stripped(text), "utf-8")
    assert cut == 1
    before = compose(read_template(name, tmp_path / name), package, registry(), MOMENT)
    now = _composed(package, name)
    assert now == before
    assert now.anchor is None
    assert not [one for one in now.attachments if one.name == "governance.json"]
    headings = [plain(one.content) for one in _composed(governed, name).blocks if isinstance(one, Heading)]
    assert "In the inventory" in headings


# ----------------------------------------------------------------------------------------------------- bad input
def _other_package(content: Json) -> None:
    content["package_hash"] = "0" * 64


def _other_version(content: Json) -> None:
    content["version"] = "7"


def _no_anchor(content: Json) -> None:
    content["anchor"]["text"] = "none"


def _lacks(content: Json) -> None:
    del content["evidence"][2]


def _columns(content: Json) -> None:
    content["evidence"][0]["columns"][0]["name"] = "thing"


def _ragged(content: Json) -> None:
    content["evidence"][0]["rows"][0].append("more")


def _statement(content: Json) -> None:
    content["sign_offs"][0]["statement"]["decision"] = "reject"


def _decision_in_the_table(content: Json) -> None:
    (item,) = [one for one in content["evidence"] if one["id"] == "governance.sign_offs"]
    assert item["rows"][1][2] == "reject"
    item["rows"][1][2] = "approve"


def _void_in_the_table(content: Json) -> None:
    (item,) = [one for one in content["evidence"] if one["id"] == "governance.sign_offs"]
    place = [column["name"] for column in item["columns"]].index("void")
    item["rows"][1][place] = None


def _statement_gone(content: Json) -> None:
    del content["sign_offs"][1]


BAD: dict[str, tuple[Callable[[Json], None], str]] = {
    "another package": (_other_package, "of another package"),
    "another version": (_other_version, "another model or version"),
    "an anchor that is none": (_no_anchor, "does not match"),
    "a table that lacks": (_lacks, "the file lacks"),
    "other columns": (_columns, "columns are not those"),
    "a ragged row": (_ragged, "3 cells for 2 columns"),
    "an altered statement": (_statement, "does not have its SHA-256"),
    "a decision that was not signed": (_decision_in_the_table, "another decision than was signed"),
    "a void that is not told": (_void_in_the_table, "another void"),
    "a statement that is gone": (_statement_gone, "not those of the table"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_wrong_is_refused_with_nothing_written(name: str, world: World, tmp_path: Path) -> None:
    change, told = BAD[name]
    content = world.content()
    change(content)
    file, out = tmp_path / "governance.json", tmp_path / "out"
    file.write_bytes(strict_json.write(content))
    with pytest.raises(DocumentError, match=told):
        make_documents(world.package, ["sign_off_sheet"], governance=file, out=out, clock=lambda: MOMENT)
    assert not out.exists()


def test_a_file_that_is_no_json_or_not_there_ends_with_two(world: World, tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("{'no': json}", "utf-8")
    for name in ("text.json", "none.json"):
        asked = [str(world.package), "--governance", str(tmp_path / name), "--out", str(tmp_path / "out"), "--quiet"]
        assert credit_dossier(asked) == 2
    assert not (tmp_path / "out").exists()


def test_documents_that_sign_offs_bind_are_not_replaced(tmp_path: Path) -> None:
    package = write_package(tmp_path / "package", all_evidence(("UTILISATION",)))
    make_documents(package, ["change_log"], clock=lambda: MOMENT)
    before = {one.name: one.read_bytes() for one in (package / "documents").iterdir()}
    file = tmp_path / "governance.json"
    with staffed(tmp_path / "inventory.db") as inventory:
        lead(inventory, package)
        file.write_bytes(governance_bytes(inventory, ID, VERSION))
    with pytest.raises(DocumentError, match="would void them"):
        make_documents(package, ["sign_off_sheet"], governance=file, clock=lambda: MOMENT)
    assert {one.name: one.read_bytes() for one in (package / "documents").iterdir()} == before
    (made,) = make_documents(package, ["sign_off_sheet"], governance=file, out=tmp_path / "o", clock=lambda: MOMENT)
    assert made.path.is_file()


# ----------------------------------------------------------------------------------------------------- the anchor
def test_a_document_its_annex_and_the_file_are_anchors(world: World, documents: Path, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    held = world.content()["anchor"]
    for file in (documents / "sign_off_sheet.pdf", documents / "manifest.json", world.file):
        (anchor,) = read_anchor_file(file)
        assert (anchor.log, anchor.sequence, anchor.hash, anchor.at) == tuple(
            held[key] for key in ("log", "sequence", "hash", "at")
        )
        place = ["--inventory", str(world.place)]
        assert credit_risk(["audit", "verify", "--anchor", str(file), *place]) == 0
        assert "1 anchors" in capsys.readouterr().out
    plain_file = tmp_path / "plain.json"
    plain_file.write_text("{}", "utf-8")
    with pytest.raises(AuditError, match="holds no anchor"):
        read_anchor_file(plain_file)
    assert credit_risk(["audit", "verify", "--anchor", str(plain_file), "--inventory", str(world.place)]) == 2
    assert credit_risk(["audit", "verify", "--anchor", "no such thing", "--inventory", str(world.place)]) == 2


def test_a_trail_written_anew_is_found_by_the_document_alone(
    world: World, documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another inventory of the same persons and acts, a second later: every hash of it holds, and none is the one."""
    package = tmp_path / "package"
    shutil.copytree(world.package, package)
    place = tmp_path / "inventory.db"
    with staffed(place, Ticking(step=2)) as inventory:
        lead(inventory, package)
    assert credit_risk(["audit", "verify", "--inventory", str(place)]) == 0
    capsys.readouterr()
    asked = ["audit", "verify", "--inventory", str(place), "--anchor", str(documents / "sign_off_sheet.pdf")]
    assert credit_risk(asked) == 1
    assert "sign_off_sheet.pdf" in capsys.readouterr().out


def test_a_signed_document_and_the_pack_keep_the_anchor(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795681800")
    out, pack = tmp_path / "out", tmp_path / "pack"
    given = ["--governance", str(world.file)]
    asked = [str(world.package), "--document", "change_log", "--out", str(out), "--pack", str(pack), "--quiet", *given]
    assert credit_dossier(asked) == 0
    key, _ = make_key(tmp_path, "Olga Owner")
    (tmp_path / "passphrase").write_text(PASSPHRASE, "utf-8")
    signed = tmp_path / "signed.pdf"
    words = ["sign", str(out / "change_log.pdf"), "--package", str(world.package), "--key", str(key)]
    words += ["--role", "Model owner", "--out", str(signed), "--passphrase-file", str(tmp_path / "passphrase")]
    assert credit_dossier(words) == 2
    assert credit_dossier([*words, *given]) == 0
    (kept,) = [one for one in pack.iterdir() if one.is_dir()]
    assert (kept / "documents" / "governance.json").read_bytes() == world.file.read_bytes()
    wanted = read_anchor_file(world.file)[0].text()
    for file in (signed, kept / "documents" / "change_log.pdf", kept / "documents" / "manifest.json"):
        assert [one.text() for one in read_anchor_file(file)] == [wanted]
