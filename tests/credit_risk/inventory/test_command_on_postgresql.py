"""The same commands on PostgreSQL: a model from its proposal to use, what is refused, and an edit that is found."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from credit_risk.inventory.store.engine import make_engine
from credit_risk.inventory.store.guards import drop_statements
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.cli.test_inventory import DESCRIPTION, PEOPLE, SECRET, Bank, package, propose
from tests.credit_risk.inventory.conftest import Databases


class Elsewhere(Bank):
    """A bank whose inventory is a database."""

    def __init__(self, folder: Path, address: str):
        super().__init__(folder)
        self.place = address  # type: ignore[assignment]


@pytest.fixture
def bank(databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    for name in ("CREDIT_RISK_PASSPHRASE", "CREDIT_RISK_REGISTRAR_PASSPHRASE"):
        monkeypatch.setenv(name, SECRET)
    made = Elsewhere(tmp_path, databases.new())
    made.must("create")
    for person in PEOPLE:
        key = tmp_path / f"{person}.pem"
        assert credit_risk("inventory", "key", key).status == 0
        own = ["--registrar"] if person == "rita" else ["--by", "rita", "--by-key", tmp_path / "rita.pem"]
        made.must("register", person, "--name", person.title(), "--key", key, *own)
    (tmp_path / "cards.yaml").write_text(DESCRIPTION, "utf-8")
    return made


def test_from_proposal_to_use(bank: Elsewhere) -> None:
    propose(bank)
    made = package(bank, "p")
    bank.must("submit", "cards", "1.0", "--package", made, "--developer", "dora", "--by", "dora")
    assert bank.sign("approve", "dora", "validator").status == 2  # developed it
    assert bank.sign("approve", "dora", "developer").status == 0
    for person, role in (("vera", "validator"), ("anton", "approver")):
        bank.must("assign", "cards", "1.0", person, role, "--by", "olga")
    for person, role, stage in (("vera", "validator", "validated"), ("olga", "owner", "validated"),
                                ("anton", "approver", "approved")):  # fmt: skip
        assert f"the version is {stage}" in bank.sign("approve", person, role).out
    assert bank.sign("approve", "olga", "owner", "--gate", "live").status == 0
    assert "cards 1.0 is live" in bank.must("submit", "cards", "1.0", "--gate", "live", "--by", "olga")
    assert "1 model, 0 overdue" in bank.must("list", "--text", "applicants")
    bank.must("export", "--out", bank.folder / "out.xlsx")
    bank.must("page", "--out", bank.folder / "page.html")
    verified = bank.audit("verify", "--package", f"cards:1.0={made}")
    assert (verified.status, verified.out.splitlines()[-1]) == (0, "intact")
    engine = make_engine(bank.place)
    with engine.begin() as connection:
        for statement in drop_statements("postgresql", ("events",)):
            connection.execute(sa.text(statement))
        connection.execute(sa.text("UPDATE events SET line = replace(line, 'Rank applicants', 'Rank everybody!')"))
    engine.dispose()
    edited = bank.audit("verify")
    assert (edited.status, "NOT intact" in edited.out) == (1, True)
    assert "was edited" in edited.out


def test_bad_input_is_told_with_status_2(bank: Elsewhere, databases: Databases) -> None:
    assert bank("create").status == 2  # something is in this database
    assert bank("show", "cards").status == 2
    none = credit_risk("inventory", "list", "--inventory", databases.address("no_such_database"))
    assert none.status == 2
    assert "no_such_database" in none.err
