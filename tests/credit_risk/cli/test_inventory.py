"""`credit-risk inventory` and `credit-risk audit`: the life of a model by commands alone, and what they refuse."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from credit_risk.cli import main
from tests.credit_risk.cli.command import REPOSITORY, Ended, credit_risk
from tests.credit_risk.inventory.packages import document, validate, write_annex, write_core

SECRET = "correct horse battery"
PEOPLE = ("rita", "dora", "vera", "anton", "olga")
DESCRIPTION = """
id: cards
name: "Cards <b>'; DROP TABLE models; --"
purpose: Rank applicants
intended_use: Decide on cards
boundaries: Cards up to 10,000
owner: olga
products: [cards]
inputs: [{name: income, source: application, kind: data}]
tier_inputs: {exposure: 20.0, purpose: pricing, data: low, method: low, interpretability: low, recalibration: low}
objectives: [{id: auc, measure: AUC on a year of accounts, direction: at_least, target: 0.7}]
"""


class Bank:
    """An inventory with people and keys in a folder; commands of it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.place = folder / "inventory.db"

    def __call__(self, *arguments: object) -> Ended:
        """The command; who acts signs with his key, where the test names no other."""
        more: list[object] = []
        if "--by" in arguments and not {"--key", "--by-key"} & set(arguments):
            more = ["--key", self.folder / f"{arguments[arguments.index('--by') + 1]}.pem"]
        return credit_risk("inventory", *arguments, *more, "--inventory", self.place)

    def must(self, *arguments: object) -> str:
        ended = self(*arguments)
        assert ended.status == 0, ended.out + ended.err
        return ended.out

    def sign(self, act: str, person: str, role: str, *more: object, version: str = "1.0") -> Ended:
        key = self.folder / f"{person}.pem"
        return self(act, "cards", version, "--role", role, "--by", person, "--key", key, *more)

    def audit(self, *arguments: object) -> Ended:
        return credit_risk("audit", *arguments, "--inventory", self.place)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an inventory, its people and their keys."""
    folder = tmp_path_factory.mktemp("bank")
    bank = Bank(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDIT_RISK_PASSPHRASE", SECRET)
        patch.setenv("CREDIT_RISK_REGISTRAR_PASSPHRASE", SECRET)
        bank.must("create")
        for person in PEOPLE:
            bank_key = folder / f"{person}.pem"
            assert credit_risk("inventory", "key", bank_key).status == 0
            own = ["--registrar"] if person == "rita" else ["--by", "rita", "--by-key", folder / "rita.pem"]
            bank.must("register", person, "--name", person.title(), "--key", bank_key, *own)
    (folder / "cards.yaml").write_text(DESCRIPTION, "utf-8")
    return folder


@pytest.fixture
def bank(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    """A copy of it."""
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", SECRET)
    monkeypatch.setenv("CREDIT_RISK_REGISTRAR_PASSPHRASE", SECRET)
    for path in founded.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return Bank(tmp_path)


def propose(bank: Bank) -> None:
    assert "tier 3 by rule 1" in bank.must("propose", bank.folder / "cards.yaml", "1.0", "--by", "olga")
    assert bank.sign("approve", "olga", "owner", "--gate", "proposed").status == 0


def package(bank: Bank, name: str, content: str = "one", recommendation: str = "approve", severity: str | None = None,
            version: str = "1.0") -> Path:  # fmt: skip
    made = write_core(bank.folder / name, version, content)
    document(made, "development_dossier", "validation_report")
    validate(made, recommendation, severity)
    return made


def test_from_proposal_to_retirement_with_a_rejected_validation(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    propose(bank)
    first = package(bank, "p1", recommendation="reject", severity="high")
    told = bank.must("submit", "cards", "1.0", "--package", first, "--developer", "dora", "--by", "dora")
    assert "cards 1.0 is proposed" in told
    gate = bank("gate", "cards", "1.0")
    assert gate.status == 1
    assert "missing: a signed decision of the developer" in gate.out
    assert bank.sign("approve", "dora", "developer").out.startswith("signed by dora (developer) at the gate developed")
    bank.must("assign", "cards", "1.0", "vera", "validator", "--by", "olga")
    bank.must("assign", "cards", "1.0", "anton", "approver", "--by", "olga")
    assert bank.sign("reject", "vera", "validator", "--comment", "Calibration is off").status == 0
    blocked = bank("submit", "cards", "1.0", "--by", "olga")
    assert blocked.status == 1
    for what in (
        "vera (validator) rejected",
        "recommends to reject",
        "findings of the validator are not recorded: 1 high",
    ):
        assert what in blocked.out

    second = package(bank, "p2", "two")
    assert "is proposed" in bank.must("submit", "cards", "1.0", "--package", second, "--by", "dora")
    assert "the version is developed" in bank.sign("approve", "dora", "developer").out
    assert "the version is validated" in bank.sign("approve", "vera", "validator").out
    assert "the version is validated" in bank.sign("approve", "olga", "owner").out
    approved = bank.sign(
        "approve", "anton", "approver", "--condition", "Watch the calibration", "--expires", "2099-01-01"
    )
    assert "the version is approved" in approved.out
    blocked = bank("submit", "cards", "1.0", "--gate", "live", "--by", "olga")
    assert (blocked.status, "a signed decision of the owner" in blocked.out) == (1, True)
    assert bank.sign("approve", "olga", "owner", "--gate", "live").status == 0
    live = bank.must("submit", "cards", "1.0", "--gate", "live", "--by", "olga")
    assert "cards 1.0 is live" in live
    assert "next monitoring " in live
    missed = bank("review", "cards", "--measured", "auc=0.69", "--by", "olga")
    assert (missed.status, missed.out.splitlines()[0]) == (
        1, "auc: missed (AUC on a year of accounts at least 0.7, measured 0.69)",
    )  # fmt: skip
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(time.time()) + 60))
    assert "cards 1.0 is restricted" in bank.sign("restrict", "olga", "owner", "--text", "Not for students").out
    again = bank("submit", "cards", "1.0", "--gate", "live", "--by", "olga")
    assert (again.status, "is of a time before the version came to its stage" in again.out) == (1, True)
    assert bank.sign("approve", "olga", "owner", "--gate", "live").status == 0
    assert "cards 1.0 is live" in bank.must("submit", "cards", "1.0", "--gate", "live", "--by", "olga")
    shown = bank.must("show", "cards")
    assert "condition condition-" in bank.must("show", "cards", "1.0")
    assert "version 1.0: " in shown
    assert "cards 1.0 is retired" in bank.sign("retire", "olga", "owner").out
    verified = bank.audit("verify", "--package", f"cards:1.0={second}")
    assert (verified.status, "intact" in verified.out) == (0, True)


def test_a_developer_cannot_validate_by_any_command(bank: Bank) -> None:
    propose(bank)
    bank.must("submit", "cards", "1.0", "--package", package(bank, "p"), "--developer", "dora", "--by", "dora")
    assert bank.sign("approve", "dora", "developer").status == 0
    assert bank("assign", "cards", "1.0", "dora", "validator", "--by", "olga").status == 2
    assert bank.sign("approve", "dora", "validator").status == 2
    as_vera = bank("approve", "cards", "1.0", "--role", "validator", "--by", "vera", "--key", bank.folder / "dora.pem")
    assert (as_vera.status, "the key is another person's" in as_vera.err) == (2, True)
    second = bank.folder / "second.pem"
    assert credit_risk("inventory", "key", second).status == 0
    bank.must("assign", "cards", "1.0", "vera", "validator", "--by", "olga")
    unknown = bank("approve", "cards", "1.0", "--role", "validator", "--by", "vera", "--key", second)
    assert (unknown.status, "nobody has registered this key" in unknown.err) == (2, True)


def test_an_impostor_neither_acts_by_name_nor_with_his_own_key(bank: Bank) -> None:
    """Dora writes --by vera: without a key, and with her own."""
    propose(bank)
    name = bank.must("finding", "raise", "cards", "high", "Calibration is off", "--by", "vera").split()[0]
    bank.must("finding", "respond", name, "--text", "Mended", "--by", "dora")
    place, dora = ("--inventory", bank.place), bank.folder / "dora.pem"
    for act in (
        ("finding", "retest", name, "--passed", "--text", "Good", "--by", "vera"),
        ("assign", "cards", "1.0", "dora", "approver", "--by", "vera"),
        ("provide", "cards", "exception", "Until June", "--by", "vera"),
        ("review", "cards", "--measured", "auc=0.9", "--by", "vera"),
        ("describe", bank.folder / "cards.yaml", "--by", "vera"),
    ):
        bare = credit_risk("inventory", *act, *place)
        assert (bare.status, "--key" in bare.err) == (2, True)
        stolen = credit_risk("inventory", *act, "--key", dora, *place)
        assert (stolen.status, "the key is another person's" in stolen.err) == (2, True)
    bank.must("finding", "retest", name, "--passed", "--text", "Good", "--by", "vera")
    assert "closed" in bank.must("finding", "close", name, "--text", "Done", "--by", "vera")
    verified = bank.audit("verify")
    assert (verified.status, "without a key" in verified.out) == (0, False)


def test_an_override_needs_the_role_and_leaves_a_finding(bank: Bank) -> None:
    propose(bank)
    bank.must("submit", "cards", "1.0", "--package", package(bank, "p"), "--developer", "dora", "--by", "dora")
    refused = bank("override", "cards", "1.0", "--reason", "Fraud", "--by", "olga", "--key", bank.folder / "olga.pem")
    assert (refused.status, "olga is not approver of this version" in refused.out) == (1, True)
    bank.must("assign", "cards", "1.0", "anton", "approver", "--by", "olga")
    made = bank("override", "cards", "1.0", "--reason", "Fraud", "--by", "anton", "--key", bank.folder / "anton.pem")
    assert (made.status, "cards 1.0 is live by override; high finding" in made.out) == (0, True)
    listed = bank.must("finding", "list")
    name = listed.split()[0]
    told = bank.must("finding", "show", name)
    assert "Fraud. Missing: developed: a signed decision of the developer" in told
    assert "no way leads" not in told  # the gates are passed over in their order
    assert bank("finding", "close", name, "--text", "done", "--by", "vera").status == 2
    bank.must("finding", "respond", name, "--text", "Validated since", "--by", "dora")
    assert bank("finding", "retest", name, "--passed", "--text", "good", "--by", "dora").status == 2
    assert "open" in bank.must("finding", "retest", name, "--failed", "--text", "not yet", "--by", "vera")
    bank.must("finding", "respond", name, "--text", "Validated now", "--by", "dora")
    bank.must("finding", "retest", name, "--passed", "--text", "good", "--by", "vera")
    assert "closed" in bank.must("finding", "close", name, "--text", "done", "--by", "vera")
    assert bank.must("finding", "show", name).count(" by ") >= 6


def test_files_and_page(bank: Bank) -> None:
    propose(bank)
    for option, value, found in (("--text", "applicants", 1), ("--product", "cards", 1), ("--tier", "1", 0)):
        told = f"{found} model{'' if found == 1 else 's'}, 0 overdue\n"
        assert bank.must("list", option, value).endswith(told)
    for name in ("out.csv", "out.xlsx", "out.json"):
        assert (bank.folder / name).is_file() or str(bank.folder / name) in bank.must(
            "export", "--out", bank.folder / name
        )
    told = json.loads((bank.folder / "out.json").read_text("utf-8"))
    assert told["models"][0]["name"] == "Cards <b>'; DROP TABLE models; --"
    bank.must("page", "--out", bank.folder / "page.html")
    page = (bank.folder / "page.html").read_text("utf-8")
    assert "&lt;b&gt;" in page
    head = bank.audit("anchor", "--out", bank.folder / "anchors.jsonl").out.strip()
    assert head in page
    assert bank.audit("verify", "--anchors", bank.folder / "anchors.jsonl", "--anchor", page).status == 0


def test_a_trail_that_was_edited_is_found_in_database_and_file(bank: Bank) -> None:
    propose(bank)
    trail = bank.folder / "audit.jsonl"
    assert bank.audit("export", "--out", trail).status == 0
    assert credit_risk("audit", "verify", "--file", trail).status == 0
    trail.write_bytes(trail.read_bytes().replace(b"Rank applicants", b"Rank everybody!"))
    edited = credit_risk("audit", "verify", "--file", trail)
    assert (edited.status, "NOT intact" in edited.out) == (1, True)
    with sqlite3.connect(bank.place) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE events SET line = replace(line, 'Rank applicants', 'Rank everybody!')")
    assert bank.audit("verify").status == 1


def remedies() -> list[str]:
    """The commands of the inventory that its errors and gates name as what to do."""
    found = set()
    for path in (REPOSITORY / "credit_risk" / "inventory").rglob("*.py"):
        for told in re.findall(r"credit-risk inventory ((?:[\w{}-]+ ?)+)", path.read_text("utf-8")):
            found.add(told.strip())
    return sorted(found)


@pytest.mark.parametrize("told", remedies())
def test_what_errors_and_gates_advise_is_a_command_with_these_options(
    told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [word for word in told.split() if word.isalpha() and word.islower()]
    with pytest.raises(SystemExit) as ended:
        main(["inventory", *names, "--help"])
    assert ended.value.code == 0
    offered = capsys.readouterr().out
    assert f"credit-risk inventory {' '.join(names)} " in offered
    assert [word for word in told.split() if word.startswith("--") and word not in offered] == []


def test_there_are_remedies_with_commands() -> None:
    assert {"finding import", "create --inventory {place}"} <= set(remedies())


CASES: list[tuple[Callable[[Bank], Ended], str]] = [
    (lambda bank: bank("show", "card"), "no such model"),
    (lambda bank: bank("show", "cards", "9"), "no such version"),
    (lambda bank: bank("submit", "cards", "1.0", "--package", bank.folder / "gone", "--by", "dora"), "no package here"),
    (lambda bank: bank("submit", "cards", "1.0", "--developer", "dora", "--by", "dora"), "--developer goes with"),
    (lambda bank: bank("list", "--policy", bank.folder / "cards.yaml"), "policy refused"),
    (lambda bank: bank("review", "cards", "--measured", "auc=high", "--by", "olga"), "is not ID=NUMBER"),
    (lambda bank: bank("review", "cards", "--measured", "ks=1", "--by", "olga"), "is no objective of the model"),
    (lambda bank: bank("tier", "cards", "--override", "9", "--reason", "x", "--by", "olga"), "no such tier"),
    (lambda bank: bank("tier", "cards", "--override", "2", "--by", "olga"), "needs its reason"),
    (lambda bank: bank("export", "--out", bank.folder / "x.ods"), "unknown kind of file"),
    (lambda bank: credit_risk("inventory", "policy", "--write", bank.folder / "cards.yaml"), "cannot be written"),
    (lambda bank: bank("assign", "cards", "1.0", "nobody", "user", "--by", "olga"), "no such person"),
    (lambda bank: credit_risk("inventory", "list", "--inventory", bank.folder / "none.db"), "inventory refused"),
    (lambda bank: credit_risk("inventory", "list"), "no inventory is named"),
    (lambda bank: bank.audit("verify", "--package", "cards"), "is not MODEL:VERSION=PATH"),
    (lambda bank: bank.audit("verify", "--anchor", "none"), "is not an anchor"),
]  # fmt: skip


@pytest.fixture(scope="module")
def proposed(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """A bank with a proposal that the cases do not change."""
    folder = tmp_path_factory.mktemp("proposed")
    for path in founded.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    bank = Bank(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDIT_RISK_PASSPHRASE", SECRET)
        bank.must("propose", folder / "cards.yaml", "1.0", "--by", "olga")
    return bank


@pytest.mark.parametrize(("act", "message"), CASES, ids=[case[1] for case in CASES])
def test_bad_input_is_told_with_status_2(
    act: Callable[[Bank], Ended], message: str, proposed: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDIT_RISK_INVENTORY", raising=False)
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", SECRET)
    ended = act(proposed)
    assert ended.status == 2, ended.out
    assert message in ended.err


def test_a_wrong_passphrase_and_none_are_told(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    propose(bank)
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", "wrong horse battery")
    ended = bank.sign("approve", "olga", "owner", "--gate", "proposed")
    assert (ended.status, "the passphrase is wrong" in ended.err) == (2, True)
    monkeypatch.delenv("CREDIT_RISK_PASSPHRASE")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    ended = bank.sign("approve", "olga", "owner", "--gate", "proposed")
    assert (ended.status, "nobody can be asked for the passphrase" in ended.err) == (2, True)


def test_a_description_at_fault_is_told_with_every_line(bank: Bank) -> None:
    text = DESCRIPTION.replace("direction: at_least", "direction: up").replace("products: [cards]", "product: cards")
    (bank.folder / "bad.yaml").write_text(text, "utf-8")
    ended = bank("propose", bank.folder / "bad.yaml", "1.0", "--by", "olga")
    assert ended.status == 2
    assert "objectives[0].direction" in ended.err
    assert "did you mean products?" in ended.err


def test_a_package_edited_after_sign_off_is_found(bank: Bank) -> None:
    propose(bank)
    made = package(bank, "p")
    bank.must("submit", "cards", "1.0", "--package", made, "--developer", "dora", "--by", "dora")
    assert bank.sign("approve", "dora", "developer").status == 0
    write_annex(made, "validation", {"findings.json": {"changed": 1}})
    ended = bank.audit("verify", "--package", f"cards:1.0={made}")
    assert (ended.status, "the annex is not the one that was registered" in ended.out) == (1, True)


def test_rights_are_printed_for_the_owner_of_the_tables() -> None:
    printed = credit_risk("inventory", "rights", "--role", "scoring_app")
    assert printed.status == 0
    assert "GRANT INSERT ON" in printed.out
    granted = [line for line in printed.out.splitlines() if line.startswith(("GRANT UPDATE", "GRANT DELETE"))]
    assert len(granted) == 2
    assert not any(re.search(r"\bevents\b", line) for line in granted)
    assert all(line.endswith("TO scoring_app;") for line in granted)
    refused = credit_risk("inventory", "rights", "--role", "a; DROP TABLE events")
    assert (refused.status, refused.out) == (2, "")
    assert "is not the name of a role" in refused.err
