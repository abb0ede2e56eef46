"""What each kind of event does to the tables. The same functions write and rebuild, so that both agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.store.projections import findings, models, people, versions

Apply = Callable[[sa.Connection, Event], None]


def nothing(connection: sa.Connection, event: Event) -> None:
    """The event stands in the trail alone."""


HANDLERS: Mapping[str, Apply] = {
    kinds.CREATED: nothing,
    kinds.PERSON_REGISTERED: people.registered,
    kinds.KEY_ROTATED: people.rotated,
    kinds.KEY_REVOKED: people.revoked,
    kinds.RECOVERY_NAMED: nothing,
    kinds.KEY_RECOVERED: people.rotated,
    kinds.MODEL_ENTERED: models.entered,
    kinds.MODEL_DESCRIBED: models.described,
    kinds.TIER_SET: models.tier_set,
    kinds.DATE_SET: models.date_set,
    kinds.PROVISION_ADDED: models.provision_added,
    kinds.PROVISION_ENDED: models.provision_ended,
    kinds.VERSION_PROPOSED: versions.proposed,
    kinds.PROPOSAL_CHANGED: versions.proposal_changed,
    kinds.PACKAGE_REGISTERED: versions.package_registered,
    kinds.ROLE_GIVEN: versions.role_given,
    kinds.ROLE_ENDED: versions.role_ended,
    kinds.SIGNED_OFF: versions.signed_off,
    kinds.SIGN_OFFS_VOIDED: versions.sign_offs_voided,
    kinds.STAGE_ENTERED: versions.stage_entered,
    kinds.ROLLED_BACK: versions.rolled_back,
    kinds.OVERRIDDEN: versions.overridden,
    kinds.FINDING_RAISED: findings.raised,
    kinds.FINDING_RESPONDED: findings.responded,
    kinds.FINDING_RETESTED: findings.retested,
    kinds.FINDING_CLOSED: findings.closed,
    kinds.NOTED: nothing,
    kinds.EXPERIMENT_STARTED: nothing,
    kinds.EXPERIMENT_ENDED: nothing,
    kinds.DEVELOPMENT_DECIDED: nothing,
    kinds.PERSONAL_READ: nothing,
    kinds.PERSONAL_ERASED: nothing,
    kinds.PROTECTED_CREATED: nothing,
    kinds.PROTECTED_LOADED: nothing,
    kinds.PROTECTED_READ: nothing,
    kinds.PROTECTED_ERASED: nothing,
    kinds.PROTECTED_EXPIRED: nothing,
    kinds.PROTECTED_REKEYED: nothing,
    kinds.REBUILT: nothing,
    kinds.REVIEWED: models.reviewed,
    kinds.UPGRADED: nothing,
}


def apply(connection: sa.Connection, event: Event) -> None:
    """Write what an event does to the projections. Raises InventoryError on a kind that this program does not know."""
    handler = HANDLERS.get(event.kind)
    if handler is None:
        remedy = "install the version that wrote it, or a later one"
        raise InventoryError(Fault("unknown kind of event", "event_kind", row=event.sequence, found=event.kind,
                                   remedy=remedy))  # fmt: skip
    handler(connection, event)
