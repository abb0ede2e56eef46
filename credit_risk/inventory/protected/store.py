"""The store of protected attributes: loaded, read for permitted purposes with the access recorded, erased, retained."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from credit_risk._core.clock import timestamp
from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.book import Inventory
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.policy.read import Policy, default_policy
from credit_risk.inventory.protected import tables
from credit_risk.inventory.protected.acts import check_trail, events_of, record_access, record_change, settle
from credit_risk.inventory.protected.columns import Taken, take
from credit_risk.inventory.protected.digest import HeldRow, as_text, digest_of
from credit_risk.inventory.protected.facts import Loaded, LogLine, ProtectedAttributes, Recorded
from credit_risk.inventory.protected.frames import asked_frame, whole_frame
from credit_risk.inventory.protected.loading import addition, contradicted, ever_erased
from credit_risk.inventory.protected.log import log_line, verify_faults
from credit_risk.inventory.protected.permits import all_told, check_access, check_reason, terms_of
from credit_risk.inventory.protected.pseudonyms import check_value, pseudonyms_of, set_hash, store_pseudonyms
from credit_risk.inventory.protected.rekeying import rekeyed
from credit_risk.inventory.service.signing import Actor, asked_key, person_of
from credit_risk.inventory.store.engine import shown
from credit_risk.sampling.source import Source
from credit_risk.serving.log.secret import Secret

Json = Any
ASKED_AT_ONCE = 5_000
"""Pseudonyms of one question to the database."""


class ProtectedStore:
    """Protected attributes of applicants. Made by `create_protected` and `open_protected`.

    What it gives out and changes is recorded in the audit trail of the inventory that it was made with. Use it as a
    context manager, or call `close()`; the inventory is closed by whoever opened it.
    """

    def __init__(self, engine: sa.Engine, secret: Secret, inventory: Inventory, policy: Policy):
        self._engine, self._secret, self._inventory, self._policy = engine, secret, inventory, policy
        self.place = shown(engine)
        with tables.reading(engine) as connection:
            self._id: str = tables.read_settings(connection, self.place).store

    def __enter__(self) -> ProtectedStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of the store."""
        self._engine.dispose()

    def load(
        self,
        source: Source,
        columns: Sequence[str],
        key: str,
        *,
        purposes: Sequence[str],
        by: Actor,
        basis: str | None = None,
        keep_until: str | None = None,
        pseudonymous: bool = False,
        leave_out_erased: bool = False,
    ) -> Loaded:
        """Take the protected `columns` of a table into the store, for the purposes named and no other.

        key: column of the applicants; pseudonymous: it holds pseudonyms of tables. leave_out_erased: applicants that
        were erased before are counted and left out, in place of a refusal. Raises ProtectedError with all that is
        wrong: rows that contradict each other or the store, keys that are missing, purposes that the policy lacks.
        """
        today = self._today()
        terms, taken = all_told(
            lambda: terms_of(self._policy, purposes, basis, keep_until, today),
            lambda: take(source, key, columns, pseudonymous=pseudonymous),
        )
        names = list(taken.rows)
        mine = dict(zip(names, self._rows_of(names, pseudonymous), strict=True))
        load = secrets.token_hex(16)
        counts: dict[str, int] = {}

        def change(connection: sa.Connection) -> dict[str, Json]:
            gone = [one for one in names if set_hash([mine[one]]) in erased]
            if gone and not leave_out_erased:
                raise ProtectedError(_erased(source.name, key, taken, gone))
            kept = {one: mine[one] for one in names if one not in set(gone)}
            held = list(self._held(connection, sorted(kept.values()), list(columns)))
            faults = contradicted(source.name, taken, kept, held)
            if faults:
                raise ProtectedError(faults)
            row = {"load": load, "at": timestamp(self._inventory.store.clock()), "actor": person_of(by)}
            row |= {"purposes": json.dumps(terms[0]), "basis": terms[1], "keep_until": terms[2]}
            new = addition(connection, taken, kept, held, row)
            counts.update(values=len(new), known=len(kept) * len(columns) - len(new), erased=len(gone))
            return {
                "load": load,
                **_terms(columns, kept.values()),
                "purposes": list(terms[0]),
                "basis": terms[1],
                "keep_until": terms[2],
                "left_out_erased": len(gone),
                "rows": self._told(new),
            }

        erased = self._erased()
        event = self._record(kinds.PROTECTED_LOADED, by, change)
        return Loaded(_recorded(event), load, counts["values"], terms[2], terms[0], terms[1], counts["known"],
                      counts["erased"])  # fmt: skip

    def read(
        self,
        attributes: Sequence[str] | None = None,
        *,
        purpose: str,
        reason: str,
        by: Actor,
        model: str | None = None,
    ) -> ProtectedAttributes:
        """All that the store holds for a purpose, under the store's own pseudonyms, after the access is recorded.

        attributes: all where none are named. model: for which the access is, as the event tells it. Raises
        ProtectedError: purpose or person not permitted, no reason, unknown attribute.
        """
        check_access(self._policy, purpose, reason, person_of(by))
        names = self._names(attributes)
        wanted = sorted(self._permitted(names, purpose, None))
        event = self._access(names, wanted, purpose, reason, by, model)
        rows = self._values(names, purpose, wanted)
        return whole_frame(wanted, rows, self._columns(names), _recorded(event))

    def attach(
        self,
        keys: Sequence[str],
        attributes: Sequence[str] | None = None,
        *,
        purpose: str,
        reason: str,
        by: Actor,
        pseudonymous: bool = False,
        model: str | None = None,
    ) -> ProtectedAttributes:
        """The attributes of the applicants with these keys (n,), in their order, after the access is recorded.

        pseudonymous: keys are pseudonyms of tables. Raises ProtectedError as `read`. Applicants of whom the store
        holds nothing for the purpose are told in `absent`; their values are missing.
        """
        check_access(self._policy, purpose, reason, person_of(by))
        if len(set(keys)) == 1 and not pseudonymous:
            check_reason(reason, keys[0])
        names = self._names(attributes)
        mine = dict(zip(dict.fromkeys(keys), self._rows_of(list(dict.fromkeys(keys)), pseudonymous), strict=True))
        wanted = sorted(self._permitted(names, purpose, sorted(mine.values())))
        event = self._access(names, wanted, purpose, reason, by, model)
        rows = self._values(names, purpose, wanted)
        return asked_frame(list(keys), mine, rows, self._columns(names), _recorded(event))

    def erase(self, applicant: str, *, by: Actor, reason: str, pseudonymous: bool = False) -> Recorded:
        """Erase all that is held of an applicant. The trail stays valid: it holds no key and no value.

        Raises ProtectedError where nothing is held, or the reason names the applicant.
        """
        check_reason(reason, applicant)
        (mine,) = self._rows_of([applicant], pseudonymous)

        def change(connection: sa.Connection) -> dict[str, Json]:
            held = [HeldRow(*row) for row in connection.execute(_all().where(tables.held.c.pseudonym == mine))]
            if not held:
                message = "the store holds nothing of this applicant"
                raise ProtectedError(Fault(message, "unknown_applicant", self.place))
            connection.execute(sa.delete(tables.held).where(tables.held.c.pseudonym == mine))
            return {**_terms(sorted({row.attribute for row in held}), [mine]), "reason": reason,
                    "rows": self._told(held)}  # fmt: skip

        return _recorded(self._record(kinds.PROTECTED_ERASED, by, change))

    def retain(self, *, by: Actor, as_of: str | None = None) -> Recorded:
        """Delete what is past its last day before `as_of` (today), and record of how many applicants; of none too.

        Raises ProtectedError where `as_of` is later than today.
        """
        today = self._today()
        day = today if as_of is None else as_of
        if day > today:
            remedy = "erase by applicant what is to go before its last day"
            raise ProtectedError(Fault("is later than today", "retention", path="as_of", found=day, allowed=today,
                                       remedy=remedy))  # fmt: skip

        def change(connection: sa.Connection) -> dict[str, Json]:
            past = sa.select(tables.loads.c.load).where(tables.loads.c.keep_until < day)
            held = [HeldRow(*row) for row in connection.execute(_all().where(tables.held.c.load.in_(past)))]
            connection.execute(sa.delete(tables.held).where(tables.held.c.load.in_(past)))
            gone = {row.pseudonym for row in held}
            return {**_terms(sorted({row.attribute for row in held}), gone), "as_of": day, "values": len(held),
                    "rows": self._told(held)}  # fmt: skip

        return _recorded(self._record(kinds.PROTECTED_EXPIRED, by, change))

    def rekey(self, keys: Sequence[str], new: Secret, *, by: Actor, reason: str) -> Recorded:
        """Give the store another secret. keys: of all applicants it holds, since it has none itself.

        From then on the store opens with the new secret alone, and tables need its pseudonyms (`pseudonymised`).
        Raises ProtectedError where the store holds applicants who are not among the keys.
        """
        check_reason(reason)
        names = list(dict.fromkeys(keys))
        olds = self._rows_of(names, False)
        news = store_pseudonyms(new, pseudonyms_of(new, names))
        erased = self._erased()

        def change(connection: sa.Connection) -> dict[str, Json]:
            moved = rekeyed(connection, dict(zip(olds, news, strict=True)), check_value(new), self.place)
            again = sorted(set_hash([two]) for one, two in zip(olds, news, strict=True) if set_hash([one]) in erased)
            return {
                **_terms([], {row.pseudonym for row in moved}),
                "reason": reason,
                "erased": again,
                "rows": _sums(new, moved),
            }

        event = self._record(kinds.PROTECTED_REKEYED, by, change)
        self._secret = new
        return _recorded(event)

    def log(self) -> tuple[LogLine, ...]:
        """Every access and change of the store, as the trail has it."""
        with self._inventory.store.reading() as connection:
            return tuple(log_line(event) for event in events_of(connection, self._id))

    def verify(self) -> tuple[Fault, ...]:
        """Hold the store against the trail: rows that were added, changed or deleted past it, acts that it lacks.

        The trail itself is verified by `Inventory.trail.verify`.
        """
        with tables.reading(self._engine) as connection:
            held = [HeldRow(*row) for row in connection.execute(_all())]
            acts = connection.execute(sa.select(tables.acts)).all()
        with self._inventory.store.reading() as connection:
            events = events_of(connection, self._id)
        return verify_faults(events, acts, _sums(self._secret, held), self.place)

    def _record(self, kind: str, by: Actor, change: Any) -> Event:
        asked_key(self._inventory.gates, by, "privacy")
        return record_change(self._inventory.store, self._engine, self._id, kind, by, change)

    def _access(
        self, names: Sequence[str], wanted: Sequence[str], purpose: str, reason: str, by: Actor, model: str | None
    ) -> Event:
        asked_key(self._inventory.gates, by, "privacy")
        basis = self._policy.spec.protected
        payload = {**_terms(names, wanted), "purpose": purpose, "reason": reason, "model": model}
        payload |= {"basis": "" if basis is None else basis.purposes[purpose].basis, "policy": self._policy.sha256}
        return record_access(self._inventory.store, self._engine, self._id, payload, by, model)

    def _rows_of(self, keys: Sequence[str], pseudonymous: bool) -> list[str]:
        return store_pseudonyms(self._secret, keys if pseudonymous else pseudonyms_of(self._secret, keys))

    def _today(self) -> str:
        return timestamp(self._inventory.store.clock())[:10]

    def _names(self, attributes: Sequence[str] | None) -> list[str]:
        with tables.reading(self._engine) as connection:
            known = list(connection.execute(sa.select(tables.attributes.c.attribute).order_by("position")).scalars())
        chosen = known if attributes is None else list(dict.fromkeys(attributes))
        if faults := [
            Fault("the store has no such attribute", "unknown_attribute", self.place, one, allowed=", ".join(known))
            for one in chosen
            if one not in known
        ]:
            raise ProtectedError(faults)
        return chosen

    def _columns(self, names: Sequence[str]) -> dict[str, tuple[str, int]]:
        with tables.reading(self._engine) as connection:
            rows = connection.execute(sa.select(tables.attributes)).all()
        return {row.attribute: (row.kind, row.position) for row in rows if row.attribute in names}

    def _loads(self, connection: sa.Connection, purpose: str) -> list[str]:
        """Loads that may be read for a purpose today."""
        rows = connection.execute(sa.select(tables.loads).where(tables.loads.c.keep_until >= self._today()))
        return [row.load for row in rows if purpose in json.loads(row.purposes)]

    def _permitted(self, names: Sequence[str], purpose: str, among: list[str] | None) -> set[str]:
        """Pseudonyms of which anything may be read; values are not."""
        h = tables.held
        with tables.reading(self._engine) as connection:
            loads = self._loads(connection, purpose)
            query = sa.select(h.c.pseudonym).distinct().where(h.c.attribute.in_(names), h.c.load.in_(loads))
            return {row.pseudonym for part in _parts(among) for row in connection.execute(_among(query, part))}

    def _values(self, names: Sequence[str], purpose: str, wanted: Sequence[str]) -> list[HeldRow]:
        """Rows of those applicants, once the access is recorded."""
        h, chosen = tables.held, set(wanted)
        with tables.reading(self._engine) as connection:
            query = _all().where(h.c.attribute.in_(names), h.c.load.in_(self._loads(connection, purpose)))
            rows = [HeldRow(*row) for part in _parts(list(wanted)) for row in connection.execute(_among(query, part))]
        return [row for row in rows if row.pseudonym in chosen]

    def _held(self, connection: sa.Connection, among: list[str], names: list[str]) -> Iterator[HeldRow]:
        query = _all().where(tables.held.c.attribute.in_(names))
        for part in _parts(among):
            for row in connection.execute(_among(query, part)):
                yield HeldRow(*row)

    def _erased(self) -> frozenset[str]:
        with self._inventory.store.reading() as connection:
            return ever_erased(events_of(connection, self._id))

    def _told(self, rows: Sequence[HeldRow]) -> dict[str, Json]:
        return _sums(self._secret, rows)


def create_protected(
    place: str | Path, secret: Secret, inventory: Inventory, policy: Policy | None = None, *, by: Actor
) -> ProtectedStore:
    """Lay out a store: a new file (SQLite), or a schema in `postgresql://...`. It belongs to this inventory for good.

    policy: that of the gates of the inventory where none is given. Raises ProtectedError where a store is there.
    """
    asked_key(inventory.gates, by, "privacy")
    engine = tables.engine_of(place, create=True)
    store, log = secrets.token_hex(16), inventory.trail.head().log

    def change(connection: sa.Connection) -> Mapping[str, Json]:
        tables.lay_out(connection, shown(engine))
        row = {"one": 1, "version": tables.VERSION, "store": store, "log": log, "secret_check": check_value(secret)}
        connection.execute(sa.insert(tables.settings).values(**row))
        return {"format": "credit-risk-protected", "format_version": str(tables.VERSION)}

    try:
        record_change(inventory.store, engine, store, kinds.PROTECTED_CREATED, by, change)
    except BaseException:
        engine.dispose()
        if "://" not in str(place):
            Path(place).unlink(missing_ok=True)
        raise
    return ProtectedStore(engine, secret, inventory, _policy(inventory, policy))


def open_protected(
    place: str | Path, secret: Secret, inventory: Inventory, policy: Policy | None = None
) -> ProtectedStore:
    """Open a store. Raises ProtectedError: none there, another secret, or an inventory that it does not belong to.

    A change that the trail does not hold yet, since a program died, is appended to the trail.
    """
    engine = tables.engine_of(place)
    try:
        with tables.reading(engine) as connection:
            row = tables.read_settings(connection, shown(engine))
        if row.secret_check != check_value(secret):
            message = "the store was made with another secret"
            remedy = "name the file of the secret that it was made with, or that it was given last (rekey)"
            raise ProtectedError(Fault(message, "secret_wrong", shown(engine), remedy=remedy))
        check_trail(inventory.store, engine, shown(engine))
        settle(inventory.store, engine)
        return ProtectedStore(engine, secret, inventory, _policy(inventory, policy))
    except BaseException:
        engine.dispose()
        raise


def _policy(inventory: Inventory, policy: Policy | None) -> Policy:
    held = getattr(inventory.gates, "policy", None)
    return policy or (held if isinstance(held, Policy) else default_policy())


def _all() -> sa.Select[Any]:
    h = tables.held
    return sa.select(h.c.pseudonym, h.c.attribute, h.c.load, h.c.value, h.c.salt)


def _parts(among: list[str] | None) -> Iterator[list[str] | None]:
    if among is None:
        yield None
        return
    for begin in range(0, len(among), ASKED_AT_ONCE):
        yield among[begin : begin + ASKED_AT_ONCE]


def _among(query: sa.Select[Any], part: list[str] | None) -> sa.Select[Any]:
    return query if part is None else query.where(tables.held.c.pseudonym.in_(part))


def _sums(secret: Secret, rows: Sequence[HeldRow]) -> dict[str, Json]:
    """By load: how many values, and their digest."""
    by_load: dict[str, list[HeldRow]] = {}
    for row in rows:
        by_load.setdefault(row.load, []).append(row)
    return {
        load: {"values": len(part), "digest": as_text(digest_of(secret, part))}
        for load, part in sorted(by_load.items())
    }


def _terms(names: Sequence[str], applicants: Any) -> dict[str, Json]:
    held = set(applicants)
    return {"attributes": list(names), "applicants": len(held), "applicants_sha256": set_hash(held)}


def _recorded(event: Event) -> Recorded:
    told = event.payload
    return Recorded(event.sequence, event.hash, event.at, told["applicants"], told["applicants_sha256"])


def _erased(file: str, key: str, taken: Taken, gone: Sequence[str]) -> list[Fault]:
    remedy = "take the rows out of the table, or leave erased applicants out of the store: --leave-out-erased"
    return [
        Fault("the applicant was erased before", "erased", file, key, taken.rows[one][0], remedy=remedy,
              found=f"rows {', '.join(map(str, taken.rows[one]))}")
        for one in gone
    ]  # fmt: skip
