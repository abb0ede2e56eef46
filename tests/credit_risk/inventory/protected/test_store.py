"""Protected attributes apart: permitted purposes, access recorded first, erasure, retention, secrets, attacks."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from credit_risk.inventory import (
    Inventory,
    ProtectedError,
    ProtectedStore,
    create_protected,
    load_table,
    new_secret,
    open_inventory,
    open_protected,
    open_secret,
    pseudonymise_table,
)
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.protected import acts as acts_module
from credit_risk.inventory.protected.pseudonyms import pseudonyms_of, store_pseudonyms
from credit_risk.inventory.protected.rights import protected_rights_sql
from credit_risk.sampling.source import read_source
from credit_risk.serving.log.secret import Secret
from tests.credit_risk.inventory.conftest import Databases
from tests.credit_risk.inventory.support import Gates, Ticking, staffed

HOSTILE = "x'; DROP TABLE held; -- <script>&\"ü漢"
KEYS = [*(f"applicant-{number:04d}" for number in range(40)), HOSTILE]
TERMS = {"purposes": ["fairness_testing", "validation"], "by": "olga"}
ASK = {"purpose": "fairness_testing", "reason": "Test of cards 1.0", "by": "vera"}
SECRET = Secret(b"correct horse battery staple, 32")


def table() -> pd.DataFrame:
    rows = len(KEYS)
    return pd.DataFrame(
        {
            "ID": KEYS,
            "SEX": ["woman" if number % 3 else "man" for number in range(rows)],
            "INCOME": [1_000.5 + number for number in range(rows)],
            "AGE": [float(20 + number % 50) if number != 5 else None for number in range(rows)],
        }
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a store on each engine."""
    return str(tmp_path / "protected.db") if request.param == "sqlite" else request.getfixturevalue("databases").new()


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    with staffed(tmp_path / "inventory.db") as one:
        yield one


@pytest.fixture
def store(place: str, inventory: Inventory, tmp_path: Path) -> Iterator[ProtectedStore]:
    """A store with the table loaded; the table without attributes is `stripped.parquet`."""
    table().to_parquet(tmp_path / "table.parquet")
    with create_protected(place, SECRET, inventory, by="olga") as one:
        load_table(
            one, tmp_path / "table.parquet", tmp_path / "stripped.parquet", ["SEX", "AGE"], "ID", SECRET, **TERMS
        )
        yield one


@pytest.fixture
def small(inventory: Inventory, tmp_path: Path) -> Iterator[ProtectedStore]:
    """The same on SQLite alone."""
    table().to_parquet(tmp_path / "table.parquet")
    with create_protected(tmp_path / "protected.db", SECRET, inventory, by="olga") as one:
        one.load(read_source(tmp_path / "table.parquet"), ["SEX", "AGE"], "ID", **TERMS)
        yield one


def codes(error: pytest.ExceptionInfo[InventoryError]) -> list[str]:
    return [fault.code for fault in error.value.faults]


def test_attributes_come_back_to_the_right_applicants(store: ProtectedStore, inventory: Inventory,
                                                     tmp_path: Path) -> None:  # fmt: skip
    stripped = pd.read_parquet(tmp_path / "stripped.parquet")
    assert list(stripped.columns) == ["ID", "INCOME"]
    assert stripped["ID"].tolist() == pseudonyms_of(SECRET, KEYS)
    backwards = KEYS[::-1]
    found = store.attach([*backwards, "nobody"], ["SEX", "AGE"], **ASK)
    wanted = table().set_index("ID").loc[backwards].reset_index()
    pd.testing.assert_frame_equal(found.frame[:-1][["SEX", "AGE"]], wanted[["SEX", "AGE"]], check_dtype=False)
    assert (found.absent, found.positions) == ((len(KEYS) + 1,), {"SEX": 1, "AGE": 3})
    again = store.attach(stripped["ID"].tolist(), ["AGE"], pseudonymous=True, **ASK)
    assert again.frame["AGE"].fillna(-1).tolist() == table()["AGE"].fillna(-1).tolist()
    event = inventory.trail.events(kind="protected_attributes_read")[0]
    told = event.payload
    assert (event.actor, told["purpose"], told["reason"]) == ("vera", "fairness_testing", ASK["reason"])
    assert (told["attributes"], told["applicants"]) == (["SEX", "AGE"], len(KEYS))
    assert (event.hash, event.sequence) == (found.event.hash, found.event.sequence)
    assert store.verify() == ()
    assert inventory.trail.verify().intact


def test_whole_reads_have_no_key_and_no_pseudonym_of_tables(store: ProtectedStore) -> None:
    frame = store.read(**ASK).frame
    assert len(frame) == len(KEYS)
    assert not set(frame["pseudonym"]) & {*KEYS, *pseudonyms_of(SECRET, KEYS)}
    assert frame["SEX"].value_counts().to_dict() == table()["SEX"].value_counts().to_dict()


def test_no_public_way_gives_attributes_without_an_event(small: ProtectedStore, inventory: Inventory,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    ways = {"read": lambda: small.read(**ASK), "attach": lambda: small.attach(KEYS, **ASK)}
    silent = {"close", "log", "verify", "load", "erase", "retain", "rekey", "place"}
    assert {name for name in dir(small) if not name.startswith("_")} == {*ways, *silent}
    for way in ways.values():
        before = inventory.trail.head().sequence
        way()
        assert inventory.trail.head().sequence == before + 1
    order: list[str] = []
    values, record = ProtectedStore._values, acts_module.record_access
    monkeypatch.setattr(ProtectedStore, "_values", lambda *a: order.append("values") or values(*a))
    monkeypatch.setattr(
        "credit_risk.inventory.protected.store.record_access", lambda *a: order.append("event") or record(*a)
    )
    small.read(**ASK)
    assert order == ["event", "values"]


def test_nothing_is_read_or_changed_where_the_trail_cannot_be_written(small: ProtectedStore, inventory: Inventory,
                                                                      tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "inventory.db").rename(tmp_path / "away.db")
    (tmp_path / "inventory.db").mkdir()
    for way in (
        lambda: small.read(**ASK),
        lambda: small.attach(KEYS, **ASK),
        lambda: small.erase(KEYS[0], by="olga", reason="asked for it"),
        lambda: small.retain(by="olga"),
    ):
        with pytest.raises(InventoryError):
            way()
    (tmp_path / "inventory.db").rmdir()
    (tmp_path / "away.db").rename(tmp_path / "inventory.db")
    assert small.verify() == ()
    assert len(small.read(**ASK).frame) == len(KEYS)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"purpose": "marketing"}, ["purpose"]),
        ({"purpose": "regulator"}, []),  # permitted, and nothing was loaded for it
        ({"reason": " "}, ["text_empty"]),
        ({"reason": "", "purpose": "x'; --"}, ["text_empty", "purpose"]),
        ({"by": "nobody"}, ["unknown_person"]),
    ],
)
def test_what_is_refused_and_limited_by_purpose(small: ProtectedStore, changes: dict[str, str],
                                                wanted: list[str]) -> None:  # fmt: skip
    if not wanted:
        assert small.read(**ASK | changes).frame.empty
        return
    with pytest.raises(InventoryError) as error:
        small.read(**ASK | changes)
    assert codes(error) == wanted


def test_erasure_leaves_the_chain_valid_and_no_bytes(small: ProtectedStore, inventory: Inventory,
                                                     tmp_path: Path) -> None:  # fmt: skip
    mark = "a-group-of-one-person"
    one = pd.DataFrame({"ID": ["single"], "GROUP": [mark]})
    one.to_csv(tmp_path / "one.csv", index=False)
    small.load(read_source(tmp_path / "one.csv"), ["GROUP"], "ID", **TERMS)
    assert mark.encode() in (tmp_path / "protected.db").read_bytes()
    with pytest.raises(ProtectedError) as error:
        small.erase("single", by="olga", reason="single asked for it")
    assert codes(error) == ["reason_key"]
    small.erase("single", by="olga", reason="request 17")
    assert mark.encode() not in (tmp_path / "protected.db").read_bytes()
    assert small.verify() == ()
    assert inventory.trail.verify().intact
    ways = {
        "unknown_applicant": lambda: small.erase("single", by="olga", reason="request 17"),
        "erased": lambda: small.load(read_source(tmp_path / "one.csv"), ["GROUP"], "ID", **TERMS),
    }
    for code, again in ways.items():
        with pytest.raises(ProtectedError) as error:
            again()
        assert codes(error) == [code]
    left = small.load(read_source(tmp_path / "one.csv"), ["GROUP"], "ID", leave_out_erased=True, **TERMS)
    assert (left.values, left.erased) == (0, 1)


def test_retention_deletes_what_is_past_its_day(store: ProtectedStore, inventory: Inventory, tmp_path: Path) -> None:
    late = table().rename(columns={"SEX": "ORIGIN"})[["ID", "ORIGIN"]]
    late.to_csv(tmp_path / "late.csv", index=False)
    store.load(read_source(tmp_path / "late.csv"), ["ORIGIN"], "ID", keep_until="2026-11-28", **TERMS)
    assert store.retain(by="olga").applicants == 0
    clock = inventory.store.clock
    assert isinstance(clock, Ticking)
    clock.moment = clock.moment.replace(day=29)
    assert store.read(["ORIGIN"], **ASK).frame.empty  # before anybody has deleted it
    assert store.retain(by="olga").applicants == len(KEYS)
    assert len(store.read(["SEX"], **ASK).frame) == len(KEYS)
    assert store.verify() == ()
    assert inventory.trail.verify().intact
    with pytest.raises(ProtectedError) as error:
        store.retain(by="olga", as_of="2030-01-01")
    assert codes(error) == ["retention"]


def test_another_secret_fits_only_after_a_rekey(store: ProtectedStore, inventory: Inventory) -> None:
    other = Secret(b"another secret of the same length")
    store.erase(KEYS[7], by="olga", reason="request 3")
    with pytest.raises(ProtectedError) as error:
        open_protected(_place(store), other, inventory)
    assert codes(error) == ["secret_wrong"]
    with pytest.raises(ProtectedError) as error:
        store.rekey(KEYS[:-2], other, by="olga", reason="a year has passed")
    assert codes(error) == ["keys_lacking"]
    store.rekey(KEYS, other, by="olga", reason="a year has passed")
    assert store.verify() == ()
    with pytest.raises(ProtectedError):
        open_protected(_place(store), SECRET, inventory)
    with open_protected(_place(store), other, inventory) as again:
        found = again.attach(KEYS, ["SEX"], **ASK)
        assert found.absent == (8,)
        assert found.frame["SEX"].drop(index=7).tolist() == table()["SEX"].drop(index=7).tolist()


def _place(store: ProtectedStore) -> str:
    return store._engine.url.render_as_string(hide_password=False).removeprefix("sqlite:///")


def test_secrets_that_are_missing_or_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDIT_RISK_PROTECTED_SECRET_FILE", raising=False)
    for path in (None, tmp_path / "gone"):
        with pytest.raises(ProtectedError, match="cannot be recovered") as error:
            open_secret(path)
        assert codes(error) == ["secret_missing"]
    made = new_secret(tmp_path / "secret")
    assert open_secret(tmp_path / "secret") == made
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ProtectedError, match="never overwritten"):
        new_secret(tmp_path / "secret")
    os.chmod(tmp_path / "secret", 0o640)
    with pytest.raises(ProtectedError, match="chmod 600"):
        open_secret(tmp_path / "secret")


def test_contradictions_tell_all_rows_and_show_nobody(small: ProtectedStore, tmp_path: Path) -> None:
    rows = pd.DataFrame({"ID": ["a", "b", "a", None, "b", KEYS[0]], "SEX": ["m", "w", "w", "w", "w", "woman"]})
    rows.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(ProtectedError) as error:
        small.load(read_source(tmp_path / "bad.csv"), ["SEX"], "ID", **TERMS)
    assert codes(error) == ["key_missing", "contradiction"]
    assert [fault.found for fault in error.value.faults] == [None, "rows 1, 3"]
    rows[1:].dropna().query("ID != 'a'").to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(ProtectedError, match="the store holds another value") as error:
        small.load(read_source(tmp_path / "bad.csv"), ["SEX"], "ID", **TERMS)
    assert [fault.found for fault in error.value.faults] == ["rows 3"]
    assert KEYS[0] not in str(error.value)


def test_a_copy_of_the_inventory_and_another_one_are_refused(small: ProtectedStore, inventory: Inventory,
                                                             tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "copy.db").write_bytes((tmp_path / "inventory.db").read_bytes())
    with staffed(tmp_path / "other.db", stage="validated") as other, pytest.raises(ProtectedError) as error:
        open_protected(tmp_path / "protected.db", SECRET, other)
    assert "belongs to another inventory" in str(error.value)
    copied = open_inventory(tmp_path / "copy.db", Gates(), clock=inventory.store.clock)
    with copied, open_protected(tmp_path / "protected.db", SECRET, copied) as unseen:
        unseen.read(**ASK)
    with pytest.raises(ProtectedError, match="under a copy of this inventory"):
        open_protected(tmp_path / "protected.db", SECRET, inventory)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE held SET value = 'man' WHERE attribute = 'SEX' AND value = 'woman'", "rows_changed"),
        ("DELETE FROM held WHERE attribute = 'SEX'", "rows_changed"),
        ("DELETE FROM acts", "act_lost"),
        ("UPDATE acts SET actor = 'dora', payload = '{}'", "act_changed"),
    ],
)
def test_changes_past_the_trail_are_found(small: ProtectedStore, tmp_path: Path, sql: str, code: str) -> None:
    with sqlite3.connect(tmp_path / "protected.db") as connection:
        connection.execute(sql)
    assert {fault.code for fault in small.verify()} == {code}


def test_a_changed_access_log_is_found(small: ProtectedStore, inventory: Inventory, tmp_path: Path) -> None:
    small.read(**ASK)
    with sqlite3.connect(tmp_path / "inventory.db") as connection:
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("UPDATE events SET line = replace(line, 'fairness_testing', 'validation')"
                           " WHERE kind = 'protected_attributes_read'")  # fmt: skip
    found = inventory.trail.verify()
    assert {fault.code for fault in found.faults} == {"edited", "guard_missing"}


def test_a_program_that_dies_between_store_and_trail_loses_no_event(small: ProtectedStore, inventory: Inventory,
                                                                    tmp_path: Path) -> None:  # fmt: skip
    before = (tmp_path / "inventory.db").read_bytes()
    small.erase(KEYS[1], by="olga", reason="request 9")
    (tmp_path / "inventory.db").write_bytes(before)  # the trail's transaction never ended
    with sqlite3.connect(tmp_path / "protected.db") as connection:
        connection.execute("UPDATE acts SET sequence = NULL, hash = NULL WHERE kind = 'protected_attributes_erased'")
    with open_protected(tmp_path / "protected.db", SECRET, inventory) as again:
        assert again.log()[-1].act == "erased"
        assert again.verify() == ()
    assert inventory.trail.verify().intact


def test_every_access_of_readers_at_once_is_recorded(store: ProtectedStore, inventory: Inventory) -> None:
    errors: list[Exception] = []

    def read(number: int) -> None:
        try:
            for turn in range(3):
                store.read(["SEX"], **ASK | {"reason": f"reader {number} turn {turn}"})
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    assert errors == []
    reasons = [line.reason for line in store.log() if line.act == "read"]
    assert sorted(reasons) == sorted(f"reader {number} turn {turn}" for number in range(4) for turn in range(3))
    assert inventory.trail.verify().intact


def test_without_the_secret_nothing_is_linked(store: ProtectedStore, inventory: Inventory, tmp_path: Path) -> None:
    """Neither keys nor the table's pseudonyms are in the store or the trail; nor is the order of the table."""
    held = store.read(**ASK).frame
    stripped = pd.read_parquet(tmp_path / "stripped.parquet")["ID"]
    guesses = [*KEYS, *stripped, *pseudonyms_of(Secret(b"0" * 16), KEYS),
               *store_pseudonyms(Secret(b"0" * 16), list(stripped))]  # fmt: skip
    assert not set(guesses) & set(held["pseudonym"])
    assert held["pseudonym"].is_monotonic_increasing
    trail = "\n".join(event.line for event in inventory.trail.events())
    assert not [key for key in (*KEYS, *stripped) if key in trail]
    assert "woman" not in trail
    if (tmp_path / "protected.db").exists():
        data = (tmp_path / "protected.db").read_bytes()
        assert not [key for key in (*KEYS, *stripped) if key.encode() in data]
        rows = sqlite3.connect(tmp_path / "protected.db").execute("SELECT pseudonym FROM held ORDER BY rowid")
        assert [one for (one,) in rows] == sorted(2 * list(held["pseudonym"]))


def test_a_developer_of_the_database_is_refused(inventory: Inventory, databases: Databases, tmp_path: Path) -> None:
    address = databases.new()
    table().to_csv(tmp_path / "table.csv", index=False)
    with create_protected(address, SECRET, inventory, by="olga") as one:
        one.load(read_source(tmp_path / "table.csv"), ["SEX"], "ID", **TERMS)
    name = address.split("?", 1)[0].rsplit("/", 1)[1]
    with psycopg.connect(f"host={databases.host} user=postgres dbname={name}", autocommit=True) as connection:
        for statement in protected_rights_sql():
            connection.execute(statement)
        for role, member in (("fair_developer", None), ("fair_reader", "credit_risk_protected")):
            connection.execute(f"CREATE ROLE {role} LOGIN")
            if member:
                connection.execute(f"GRANT {member} TO {role}")
    with psycopg.connect(f"host={databases.host} user=fair_developer dbname={name}", autocommit=True) as connection:
        for what in ("SELECT * FROM", "DELETE FROM", "TRUNCATE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"{what} credit_risk_protected.held")
    with open_protected(databases.address(name, "fair_reader"), SECRET, inventory) as one:
        assert len(one.read(**ASK).frame) == len(KEYS)
        one.erase(KEYS[0], by="olga", reason="request 1")
    with psycopg.connect(f"host={databases.host} user=fair_reader dbname={name}", autocommit=True) as connection:
        for what in ("DELETE FROM credit_risk_protected.acts", "UPDATE credit_risk_protected.acts SET actor = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(what)


def test_a_table_with_pseudonyms_joins_a_prediction_log(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "table.csv", index=False)
    assert pseudonymise_table(tmp_path / "table.csv", tmp_path / "out.csv.gz", "ID", SECRET) == len(KEYS)
    made = pd.read_csv(tmp_path / "out.csv.gz")
    assert made["ID"].tolist() == [SECRET.pseudonym(key).hex() for key in KEYS]
    pd.testing.assert_frame_equal(made.drop(columns="ID"), table().drop(columns="ID"))


def test_all_that_is_wrong_with_a_load_is_told_at_once(small: ProtectedStore, tmp_path: Path) -> None:
    bad = pd.DataFrame({"ID": ["a", "a", None], "SEX": ["man", "woman", "man"]})
    bad.to_csv(tmp_path / "bad.csv", index=False)
    terms = {"purposes": ["marketing"], "by": "olga"}
    with pytest.raises(ProtectedError) as error:
        load_table(small, tmp_path / "bad.csv", tmp_path / "out.csv", ["SEX"], "ID", SECRET, **terms)
    told = codes(error)
    assert len(told) == 3
    assert {"key_missing", "contradiction"} < set(told)
    with pytest.raises(ProtectedError) as error:
        load_table(small, tmp_path / "bad.csv", tmp_path / "out.csv", ["SEXX"], "KEY", SECRET, **terms)
    assert codes(error).count("absent") == 2
    assert not list(tmp_path.glob("out.csv*"))
