"""Triggers of the database: append-only events, four eyes by person, keys and sign-offs that stay as they are.

They hold against everybody who does not own the tables, and against the owner until he takes them off; verification
says when one is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory.kinds import DECIDING, FINDING_CLOSED, ROLE_GIVEN, TIER_SET

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ANY = "1 = 1"
_LAST_HASH = "(SELECT hash FROM events ORDER BY sequence DESC LIMIT 1)"
_LAST = "(SELECT MAX(sequence) FROM events)"
_IS_DEVELOPER = (
    "EXISTS (SELECT 1 FROM roles r WHERE r.model = NEW.model AND r.version = NEW.version"
    " AND r.person = NEW.person AND r.role = 'developer')"
)
_IS_INDEPENDENT = (
    "EXISTS (SELECT 1 FROM roles r WHERE r.model = NEW.model AND r.version = NEW.version"
    " AND r.person = NEW.person AND r.role IN ('validator', 'approver'))"
    " OR EXISTS (SELECT 1 FROM sign_offs s WHERE s.model = NEW.model AND s.version = NEW.version"
    " AND s.person = NEW.person AND (s.gate IN ('validated', 'approved') OR s.role IN ('validator', 'approver')))"
)


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger before `act` (INSERT, UPDATE, DELETE) on `table` that refuses rows of which `condition` is true.

    postgresql: a further condition of that database alone. locks: the trigger first waits for other writers there.
    """

    name: str
    table: str
    act: str
    condition: str
    message: str
    postgresql: str | None = None
    locks: bool = False


def _changed(*columns: str) -> str:
    """Whether an update changes one of the columns; missing and empty text are the same here."""
    one = "COALESCE(CAST(OLD.{0} AS VARCHAR), '') <> COALESCE(CAST(NEW.{0} AS VARCHAR), '')"
    return " OR ".join(one.format(column) for column in columns)


_FOUR_EYES = "four eyes: who developed a part of a version neither validates nor approves it"


def _guards() -> Iterator[Guard]:
    yield from _of_trail()
    yield from _of_roles()
    yield from _of_sign_offs()
    yield from _of_people()
    yield from _of_findings()


def _of_trail() -> Iterator[Guard]:
    append = "audit: events are append-only"
    yield Guard("events_no_update", "events", "UPDATE", ANY, append)
    yield Guard("events_no_delete", "events", "DELETE", ANY, append)
    follows = (
        f"NEW.sequence <> COALESCE({_LAST}, 0) + 1 OR NEW.previous <> COALESCE({_LAST_HASH}, '{'0' * 64}')"
        " OR LENGTH(NEW.hash) <> 64"
    )
    yield Guard(
        "events_follow", "events", "INSERT", follows, "audit: an event follows the last one, with its hash",
        postgresql="NEW.hash <> encode(sha256(convert_to(NEW.line, 'UTF8')), 'hex')",
    )  # fmt: skip
    signs_acts = (
        "NOT EXISTS (SELECT 1 FROM keys k WHERE k.person = NEW.actor AND k.state = 'active' AND k.expires >= NEW.at"
        ' AND REPLACE(NEW.line, \'"signed":{"fingerprint":"\' || k.fingerprint || \'","signature":"\', \'\')'
        " <> NEW.line)"
    )
    deciding = ", ".join(f"'{kind}'" for kind in DECIDING)
    raised = f"NEW.kind = '{TIER_SET}' AND REPLACE(NEW.line, '\"override_by\":\"', '') <> NEW.line"
    yield Guard(
        "events_signed", "events", "INSERT", f"(NEW.kind IN ({deciding}) OR ({raised})) AND {signs_acts}",
        "audit: who decides signs with his active key",
    )  # fmt: skip
    yield Guard("head_no_delete", "head", "DELETE", ANY, "audit: the head is never deleted")
    yield Guard("head_rises", "head", "UPDATE", "NEW.sequence <= OLD.sequence", "audit: the head only rises")


def _of_roles() -> Iterator[Guard]:
    developer_then = f"NEW.role IN ('validator', 'approver') AND {_IS_DEVELOPER}"
    independent_then = f"NEW.role = 'developer' AND ({_IS_INDEPENDENT})"
    both = f"({developer_then}) OR ({independent_then})"
    yield Guard("roles_four_eyes", "roles", "INSERT", both, _FOUR_EYES, locks=True)
    of_event = (
        f"NOT EXISTS (SELECT 1 FROM events e WHERE e.sequence = NEW.sequence AND e.kind = '{ROLE_GIVEN}'"
        " AND e.model = NEW.model AND e.version = NEW.version AND e.at = NEW.since)"
    )
    yield Guard(
        "roles_of_event", "roles", "INSERT", f"NOT ({both}) AND {of_event}",
        "roles: a role is given by a signed event alone",
    )  # fmt: skip
    held = "roles: a role is ended, not changed or deleted"
    kept = _changed("sequence", "model", "version", "person", "role", "since")
    yield Guard("roles_no_update", "roles", "UPDATE", f"OLD.until IS NOT NULL OR {kept}", held)
    yield Guard("roles_no_delete", "roles", "DELETE", ANY, held)
    again = "EXISTS (SELECT 1 FROM roles r WHERE r.sequence = NEW.sequence)"
    yield Guard("roles_no_replace", "roles", "INSERT", again, held)


def _of_sign_offs() -> Iterator[Guard]:
    signs = f"(NEW.gate IN ('validated', 'approved') OR NEW.role IN ('validator', 'approver')) AND {_IS_DEVELOPER}"
    yield Guard("sign_offs_four_eyes", "sign_offs", "INSERT", signs, _FOUR_EYES, locks=True)
    signed = "sign-offs: a sign-off is voided, not changed or deleted"
    columns = (
        *("sequence", "model", "version", "gate", "person", "role", "decision", "subject_hash"),
        *("gate_text_sha256", "at", "expires", "fingerprint", "signature", "statement"),
    )
    yield Guard("sign_offs_no_update", "sign_offs", "UPDATE", f"OLD.void IS NOT NULL OR {_changed(*columns)}", signed)
    yield Guard("sign_offs_no_delete", "sign_offs", "DELETE", ANY, signed)
    twice = "EXISTS (SELECT 1 FROM sign_offs s WHERE s.sequence = NEW.sequence OR s.signature = NEW.signature)"
    yield Guard("sign_offs_no_replace", "sign_offs", "INSERT", twice, signed)
    other = (
        "NOT EXISTS (SELECT 1 FROM keys k WHERE k.fingerprint = NEW.fingerprint AND k.person = NEW.person"
        " AND k.state = 'active')"
    )
    yield Guard("sign_offs_own_key", "sign_offs", "INSERT", other, "sign-offs: a person signs with his own active key")


def _of_people() -> Iterator[Guard]:
    one_person = "keys: a key is of one person and never changes"
    same = _changed("fingerprint", "person", "public_key", "since")
    yield Guard("keys_no_update", "keys", "UPDATE", f"OLD.state <> 'active' OR {same}", one_person)
    yield Guard("keys_no_delete", "keys", "DELETE", ANY, one_person)
    known = "EXISTS (SELECT 1 FROM keys k WHERE k.fingerprint = NEW.fingerprint OR k.public_key = NEW.public_key)"
    yield Guard("keys_no_replace", "keys", "INSERT", known, one_person)
    stays = "persons: a person stays registered"
    yield Guard("persons_no_delete", "persons", "DELETE", ANY, stays)
    yield Guard("persons_no_update", "persons", "UPDATE", _changed("person", "identity_token", "registered"), stays)


def _of_findings() -> Iterator[Guard]:
    shut = (
        "NEW.status = 'closed' AND OLD.status <> 'closed' AND NOT EXISTS (SELECT 1 FROM events e"
        f" WHERE e.model = NEW.model AND e.kind = '{FINDING_CLOSED}' AND e.at = NEW.closed)"
    )
    yield Guard("findings_closed_by_event", "findings", "UPDATE", shut,
                "findings: a finding is closed by a signed event alone")  # fmt: skip
    for table in ("findings", "finding_steps", "provisions", "versions", "models"):
        yield Guard(f"{table}_no_delete", table, "DELETE", ANY, f"{table}: nothing is deleted")


GUARDS = tuple(_guards())
GUARDED = tuple(dict.fromkeys(guard.table for guard in GUARDS))


def create_statements(dialect: str) -> list[str]:
    """SQL that puts up all guards."""
    if dialect == SQLITE:
        return [_sqlite(guard) for guard in GUARDS]
    statements = [text for guard in GUARDS for text in _postgresql(guard)]
    return statements + [_truncate(table) for table in GUARDED]


def drop_statements(dialect: str, tables: tuple[str, ...]) -> list[str]:
    """SQL that takes the guards of these tables off (for a rebuild, by the owner of the tables)."""
    there = [guard for guard in GUARDS if guard.table in tables]
    if dialect == SQLITE:
        return [f"DROP TRIGGER IF EXISTS {guard.name}" for guard in there]
    drops = [f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}" for guard in there]
    return drops + [f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}" for table in tables if table in GUARDED]


def missing_guards(connection: sa.Connection) -> tuple[Fault, ...]:
    """Guards that are not there, are turned off, or read otherwise than they should."""
    if connection.dialect.name == SQLITE:
        found = {row.name: row.sql for row in connection.execute(sa.text(_SQLITE_TRIGGERS))}
        wanted = {guard.name: (guard.table, _sqlite(guard)) for guard in GUARDS}
        wrong = [(name, table) for name, (table, sql) in wanted.items() if found.get(name) != sql]
    else:
        rows = connection.execute(sa.text(_POSTGRESQL_TRIGGERS)).all()
        enabled = {row.name: (row.body or "").strip() for row in rows if row.enabled in ("O", "A")}
        wanted = {guard.name: (guard.table, _body(guard)) for guard in GUARDS}
        wrong = [(name, table) for name, (table, body) in wanted.items() if enabled.get(name) != body]
        truncating = [(f"{table}_no_truncate", table) for table in GUARDED]
        wrong += [(name, table) for name, table in truncating if name not in enabled]
    message = "a trigger that guards this table was taken off, turned off or changed"
    return tuple(Fault(message, "guard_missing", path=f"{table}: {name}") for name, table in wrong)


_SQLITE_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
_POSTGRESQL_TRIGGERS = (
    "SELECT t.tgname AS name, t.tgenabled AS enabled, p.prosrc AS body FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
)


def _sqlite(guard: Guard) -> str:
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.act} ON {guard.table} FOR EACH ROW WHEN {guard.condition}"
        f" BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def _body(guard: Guard) -> str:
    condition = guard.condition if guard.postgresql is None else f"({guard.condition}) OR {guard.postgresql}"
    lock = "PERFORM 1 FROM head WHERE one = 1 FOR UPDATE; " if guard.locks else ""
    back = "OLD" if guard.act == "DELETE" else "NEW"
    return f"BEGIN {lock}IF {condition} THEN RAISE EXCEPTION '{guard.message}'; END IF; RETURN {back}; END"


def _postgresql(guard: Guard) -> tuple[str, str]:
    return (
        f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ {_body(guard)} $guard$",
        f"CREATE TRIGGER {guard.name} BEFORE {guard.act} ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {guard.name}()",
    )


def _truncate(table: str) -> str:
    return f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION events_no_delete()"
