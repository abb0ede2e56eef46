"""A run whose protected attributes lie in their store: the same fairness evidence as from the file, the access recorded
before a value is read, and neither keys nor values in the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit_risk.inventory import Inventory, ProtectedStore, create_inventory, open_inventory, write_key
from credit_risk.inventory.contracts import ModelFacts
from tests.credit_risk.cli.command import credit_risk, differing_cells, disagreements, frame, portfolio, write_plan
from tests.credit_risk.inventory.support import Gates, key_of, signer

PLAN = """model: {id: m}
data: {source: table.csv, key: ID, protected: [SEX, AGE]%s}
outcome: {column: BAD, bad: 1}
models: [{id: scorecard, type: scorecard, champion: true}]
scaling: {points_to_double_odds: 20, base_score: 600, base_odds: 50}
strategy: {cut_off: 510}
"""
PERSONAL = ", columns: {ID: {personal: true}}"
ROWS = 700


def applicants() -> pd.DataFrame:
    """The portfolio with keys and a second protected attribute, which one applicant lacks."""
    made = portfolio(ROWS)
    made.insert(0, "ID", [f"applicant-{number:05d}" for number in range(ROWS)])
    sex = np.where(np.random.default_rng(8).random(ROWS) < 0.5, "woman", "man").astype(object)
    sex[3] = None
    made.insert(2, "SEX", sex)
    return made


class Desk:
    """An inventory, a store with the attributes, and the table without them, keys as pseudonyms."""

    def __init__(self, folder: Path):
        self.folder, self.table = folder, applicants()
        with create_inventory(folder / "i.db", Gates()) as inventory:
            inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
            for person in ("dora", "olga"):
                inventory.people.register(person, person.title(), key_of(person), by=signer("registrar"))
                write_key(key_of(person), folder / f"{person}.pem", "correct horse battery")
            inventory.propose(ModelFacts("m", "Model", purpose="Decide", owner="olga"), "0.1.0", by="olga")
        self.whole = write_plan(folder / "whole", PLAN % "", self.table)
        secret = folder / "secret"
        assert credit_risk("protected", "secret", secret).status == 0
        self.secret = ("--secret-file", secret)
        self.place = ("--inventory", folder / "i.db")
        nameless = ("--store", folder / "p.db", *self.secret, *self.place, "--by", "olga")
        bare = credit_risk("protected", "create", *nameless)
        assert (bare.status, "needs the key of olga" in bare.err) == (2, True)
        assert not (folder / "p.db").exists()
        store = (*nameless, "--key", folder / "olga.pem")
        assert credit_risk("protected", "create", *store).status == 0
        self.apart = write_plan(folder / "apart", PLAN % "")
        named = ("--columns", "SEX,AGE", "--key-column", "ID", "--purpose", "fairness_testing")
        stripped = ("--out", self.apart / "table.csv")
        loaded = credit_risk("protected", "load", self.whole / "table.csv", *named, *stripped, *store)
        assert loaded.status == 0, loaded.err

    def run(self, plan: Path, out: str, *more: object) -> Any:
        return credit_risk("run", plan, "--out", self.folder / out, "--no-documents", "--quiet", *more)

    @property
    def protected(self) -> tuple[object, ...]:
        by = ("--by", "dora", "--key", self.folder / "dora.pem")
        return ("--protected", self.folder / "p.db", *self.secret, *self.place, *by)

    def reads(self) -> list[Any]:
        with open_inventory(self.folder / "i.db", Gates()) as inventory:
            return list(inventory.trail.events(kind="protected_attributes_read"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", "correct horse battery")
    return Desk(tmp_path)


def test_the_same_fairness_as_from_the_file(desk: Desk) -> None:
    whole = desk.run(desk.whole, "whole_package", "--no-validation")
    assert whole.status == 0, whole.err
    ended = desk.run(desk.apart, "package", *desk.protected)
    assert ended.status == 0, ended.err
    first, second = desk.folder / "whole_package", desk.folder / "package"
    names = sorted(path.stem for path in (first / "evidence").glob("fairness.*.json"))
    compared = 0
    for name in names:
        one, two = (json.loads((p / "evidence" / f"{name}.json").read_text("utf-8")) for p in (first, second))
        assert {**one, "inputs": 0} == {**two, "inputs": 0}, name
        compared += len(one.get("rows") or ())
    assert compared > 50
    assert set(frame(first, "fairness.groups")["attribute"]) == {"SEX", "AGE"}
    assert disagreements(second) == []
    assert differing_cells(second) == 0  # from the table that lacks them
    _holds_nothing(second, desk.table)
    (event,) = desk.reads()
    assert (event.actor, event.model, event.payload["applicants"]) == ("dora", "m", ROWS)
    assert event.payload["reason"] == "Development (experiment m:E1) of m 0.1.0"
    assert event.signed is not None  # the access, by the key of who developed
    with open_inventory(desk.folder / "i.db", Gates()) as inventory:
        verified = inventory.trail.verify()
    assert verified.faults == ()
    assert not {kind for kind in verified.unsigned if kind.startswith("protected")}
    again = desk.run(desk.apart, "again", "--no-validation", *desk.protected)
    assert again.status == 0
    manifests = [(desk.folder / one / "manifest.json").read_bytes() for one in ("again", "package")]
    assert manifests[0] == manifests[1]  # the number of an access is not in the core
    made = credit_risk("reproduce", second, "--plan", desk.apart, "--quiet", *desk.protected)
    assert (made.status, made.out.startswith("bit-identical: ")) == (0, True), made.err
    assert desk.reads()[-1].payload["reason"] == "Reproduction of m 0.1.0"
    lacking = credit_risk("reproduce", second, "--plan", desk.apart, "--quiet", "--protected", desk.folder / "p.db")
    assert (lacking.status, "go with --protected" in lacking.err) == (2, True)


def _holds_nothing(package: Path, table: pd.DataFrame) -> None:
    snapshot = pq.read_table(package / "data" / "snapshot.parquet").to_pandas()
    assert not {"SEX", "AGE", "ID"} & set(snapshot.columns)
    for path in package.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"applicant-0" not in data, path
            assert b"woman" not in data or path.parent.name in ("evidence", "validation"), path
    left = frame(package, "data.columns_left_out").set_index("column")
    assert left.loc[["SEX", "AGE"], "reason"].unique().tolist() == ["kept in a store of protected attributes"]


def test_the_access_stands_in_the_trail_before_values_are_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    read = ProtectedStore._values

    def values(store: ProtectedStore, *given: Any) -> Any:
        inventory: Inventory = store._inventory
        seen.append(len(inventory.trail.events(kind="protected_attributes_read")))
        return read(store, *given)

    monkeypatch.setattr(ProtectedStore, "_values", values)
    assert desk.run(desk.apart, "package", "--no-validation", *desk.protected).status == 0
    assert seen == [1]


def test_what_cannot_be_taken_is_told_and_nothing_is_read(desk: Desk) -> None:
    twice = desk.run(desk.whole, "twice", *desk.protected)
    assert twice.status == 2
    for words in (
        "the source holds the protected column 'SEX' itself",
        "'AGE' itself",
        "would hold keys of applicants",
    ):
        assert words in twice.err
    other = desk.run(desk.apart, "other", *desk.protected, "--purpose", "marketing")
    assert (other.status, "the policy permits no such purpose" in other.err) == (2, True)
    alone = desk.run(desk.apart, "alone", "--protected", desk.folder / "p.db", *desk.secret)
    assert (alone.status, "--protected goes with --inventory" in alone.err) == (2, True)
    assert desk.reads() == []
    strangers = desk.table.drop(columns=["SEX", "AGE"]).assign(ID=[f"nobody-{number}" for number in range(ROWS)])
    plan = write_plan(desk.folder / "strangers", PLAN % PERSONAL, strangers)
    none = desk.run(plan, "none", *desk.protected)
    assert (none.status, "nothing for this purpose of any applicant" in none.err) == (2, True)


def test_keys_that_are_personal_stay_out(desk: Desk) -> None:
    plan = write_plan(desk.folder / "keys", PLAN % PERSONAL, desk.table.drop(columns=["SEX", "AGE"]))
    ended = desk.run(plan, "package", *desk.protected)
    assert ended.status == 0, ended.err
    assert disagreements(desk.folder / "package") == []
    _holds_nothing(desk.folder / "package", desk.table)
