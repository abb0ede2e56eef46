"""What the inventory says of a model beside its versions: description, links, tier, dates, provisions; and the list."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import FindingFacts, Gatekeeper, ModelFacts, Provision, TierFacts
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.service.checks import MODEL, Faults, check_person
from credit_risk.inventory.service.describing import append_description, append_provision, set_tier, today
from credit_risk.inventory.service.proposals import renew_proposals
from credit_risk.inventory.service.signing import Actor, asked_key, person_of, require_key
from credit_risk.inventory.store import search, tables
from credit_risk.inventory.store.facts import findings_facts, model_facts, models_facts, version_names
from credit_risk.inventory.store.writer import Store

Json = Any


class Models:
    """Models of an inventory: read, described, listed."""

    def __init__(self, store: Store, gates: Gatekeeper):
        self._store = store
        self._gates = gates

    def get(self, model: str) -> ModelFacts:
        """A model. Raises InventoryError where it is unknown."""
        with self._store.reading() as connection:
            return model_facts(connection, model)

    def all(self) -> tuple[ModelFacts, ...]:
        """All models with all that is known of them, in order of id."""
        with self._store.reading() as connection:
            return models_facts(connection)

    def versions(self, model: str) -> tuple[str, ...]:
        """Versions in the order in which they were proposed."""
        with self._store.reading() as connection:
            model_facts(connection, model)
            return version_names(connection, model)

    def find(self, as_of: str | None = None, **filters: str | None) -> tuple[search.ModelRow, ...]:
        """The list of models; filters: text, stage, tier, owner, product (see `store.search.list_models`).

        as_of: the day by which findings are overdue; None: today.
        """
        with self._store.reading() as connection:
            return search.list_models(connection, as_of or today(self._store), **filters)

    def downstream(self, model: str) -> tuple[str, ...]:
        """Models that take results of this one, directly or through others."""
        with self._store.reading() as connection:
            model_facts(connection, model)
            return search.downstream(connection, model)

    def overdue(self, as_of: str | None = None, kind: str | None = None) -> tuple[search.DueDate, ...]:
        """Next dates that were due before `as_of` (None: today); `kind` `review`, `monitoring`, ...; None: all."""
        with self._store.reading() as connection:
            return search.due_dates(connection, as_of or today(self._store), kind)

    def describe(self, model: str, *, by: Actor, **changes: Json) -> ModelFacts:
        """Change what is said of a model: fields of ModelFacts that a person writes; others stay.

        Raises InventoryError: unknown model, field, person or upstream model; a loop of upstream models; bad texts. The
        policy says whether `by` must sign.
        """
        asked_key(self._gates, by, "describe")
        with self._store.writing() as writer:
            facts = model_facts(writer.connection, model)
            check_person(writer.connection, person_of(by))
            append_description(writer, kinds.MODEL_DESCRIBED, model, changes, by)
            renew_proposals(writer, model, by)
            if "tier_inputs" in changes and facts.tier is not None:
                set_tier(writer, self._gates, model, by)
            return model_facts(writer.connection, model)

    def tier(self, model: str, *, by: Actor, override: str | None = None, reason: str | None = None) -> TierFacts:
        """Set the tier by the bank's rule, or another with a reason, signed; both are kept. Raises InventoryError."""
        if override is not None:
            require_key(by, "overriding the tier")
        asked_key(self._gates, by, "tier")
        with self._store.writing() as writer:
            model_facts(writer.connection, model)
            check_person(writer.connection, person_of(by))
            return set_tier(writer, self._gates, model, by, override, reason)

    def set_date(self, model: str, kind: str, due: str | None, *, by: Actor) -> ModelFacts:
        """Set a next date (None takes it away)."""
        asked_key(self._gates, by, "date")
        faults = Faults()
        faults.identifier(kind, MODEL, "kind")
        faults.day(due, "due")
        faults.raise_any()
        with self._store.writing() as writer:
            model_facts(writer.connection, model)
            check_person(writer.connection, person_of(by))
            writer.append(kinds.DATE_SET, {"kind": kind, "due": due}, actor=by, model=model)
            return model_facts(writer.connection, model)

    def provide(
        self, model: str, kind: str, text: str, *, by: Actor, version: str | None = None, expires: str | None = None
    ) -> Provision:
        """Add a restriction, an exception, a limitation or a condition, of a version or of all, signed. No stage
        changes."""
        require_key(by, "a provision")
        with self._store.writing() as writer:
            check_person(writer.connection, person_of(by))
            return append_provision(writer, model, version, kind, text, by, expires)

    def lift(self, model: str, provision: str, reason: str, *, by: Actor) -> None:
        """End a provision, signed. Raises InventoryError where there is none such, or it has ended."""
        require_key(by, "ending a provision")
        faults = Faults()
        faults.text(reason, "reason", required=True)
        faults.raise_any()
        with self._store.writing() as writer:
            check_person(writer.connection, person_of(by))
            t = tables.provisions
            which = (t.c.model == model) & (t.c.provision == provision)
            row = writer.connection.execute(sa.select(t).where(which)).one_or_none()
            if row is None or row.ended is not None:
                model_facts(writer.connection, model)
                raise InventoryError(Fault("no such provision is in force", "provision", found=provision))
            payload = {"provision": provision, "reason": reason}
            writer.append(kinds.PROVISION_ENDED, payload, actor=by, model=model, version=row.version)

    def findings(self, model: str) -> tuple[FindingFacts, ...]:
        """All findings of a model."""
        with self._store.reading() as connection:
            model_facts(connection, model)
            return findings_facts(connection, tables.findings.c.model == model)
