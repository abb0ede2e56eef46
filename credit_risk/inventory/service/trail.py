"""The audit trail of an inventory: read, exported, anchored, verified; what developers note in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.anchors import Anchor, append_anchor
from credit_risk.inventory.audit.event import Event, read_event
from credit_risk.inventory.audit.verification import Verification, verify_lines
from credit_risk.inventory.errors import AuditError
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.service.checks import MODEL, Faults, check_person
from credit_risk.inventory.service.package_check import package_faults
from credit_risk.inventory.service.signing import Actor, person_of
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.facts import model_facts, version_facts
from credit_risk.inventory.store.guards import missing_guards
from credit_risk.inventory.store.rebuild import compare_projections, rebuild_projections, stored_lines
from credit_risk.inventory.store.writer import Store, read_head

Json = Any
Packages = Mapping[tuple[str, str], Path]


class Trail:
    """The events of an inventory."""

    def __init__(self, store: Store):
        self._store = store

    def events(self, model: str | None = None, *, kind: str | None = None, after: int = 0) -> tuple[Event, ...]:
        """Events in their order, of a model and of a kind where one is named, after a number."""
        t = tables.events
        query = sa.select(t.c.line).where(t.c.sequence > after).order_by(t.c.sequence)
        if model is not None:
            query = query.where(t.c.model == model)
        if kind is not None:
            query = query.where(t.c.kind == kind)
        with self._store.reading() as connection:
            return tuple(read_event(line) for line in connection.execute(query).scalars())

    def head(self) -> Anchor:
        """The head as an anchor; its `text()` is for PDFs and annexes."""
        with self._store.reading() as connection:
            return read_head(connection)

    def anchor(self, path: Path) -> Anchor:
        """Append the head to a file of anchors, which belongs where the owner of the database cannot write."""
        anchor = self.head()
        append_anchor(Path(path), anchor)
        return anchor

    def export(self, path: Path) -> Anchor:
        """Write the trail as `audit.jsonl`, whole or not at all; the head that it ends with."""
        path = Path(path)
        partial = path.with_name(path.name + ".partial")
        with self._store.reading() as connection:
            try:
                with partial.open("wb") as stream:
                    for stored in stored_lines(connection):
                        stream.write(stored.line.encode("utf-8") + b"\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(partial, path)
            except OSError as error:
                partial.unlink(missing_ok=True)
                raise AuditError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(path))) from error
            return read_head(connection)

    def verify(
        self,
        anchors: Sequence[Anchor] = (),
        public_keys: Mapping[str, frozenset[PublicKey]] | None = None,
        packages: Packages | None = None,
    ) -> Verification:
        """Verify events, signatures, guards and projections; packages {(model, version): path} against
        sign-offs, with the documents that were signed in them."""
        with self._store.reading() as connection:
            found = verify_lines(stored_lines(connection), anchors, public_keys)
            faults = [*found.faults, *missing_guards(connection)]
            if not found.faults:
                faults += compare_projections(connection, found.events)
            for (model, version), path in (packages or {}).items():
                faults += package_faults(connection, model, version, path)
        return replace(found, faults=tuple(faults))

    def rebuild(self, *, by: Actor) -> Anchor:
        """Write the projections anew from the events. Raises AuditError where the events do not hold."""
        with self._store.writing() as writer:
            found = verify_lines(stored_lines(writer.connection))
            if not found.intact:
                raise AuditError(found.faults)
            rebuild_projections(writer, found.events, by)
            return read_head(writer.connection)

    def note(
        self,
        topic: str,
        content: Mapping[str, Json],
        *,
        by: Actor,
        model: str | None = None,
        version: str | None = None,
    ) -> Event:
        """Note what development did: `topic` `experiment`, `data`, `parameters`, `decision`, ...; content as JSON.

        Applicants stand in it by the tokens of `Privacy.pseudonym` alone.
        """
        faults = Faults()
        faults.identifier(topic, MODEL, "topic")
        faults.raise_any()
        with self._store.writing() as writer:
            check_person(writer.connection, person_of(by))
            if model is not None:
                model_facts(writer.connection, model)
            if model is not None and version is not None:
                version_facts(writer.connection, model, version)
            payload = {"topic": topic, "content": dict(content)}
            return writer.append(kinds.NOTED, payload, actor=by, model=model, version=version)
