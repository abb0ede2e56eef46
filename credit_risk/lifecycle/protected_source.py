"""Protected attributes of a run of development, taken from their store by the key of the applicant.

The access is recorded in the audit trail before a value is read. The columns are of the source from then on, and apart:
evaluation uses them, and no value of them goes into the package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import Fault
from credit_risk.inventory.book import open_inventory
from credit_risk.inventory.contracts import Gatekeeper
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.keys.statements import Actor
from credit_risk.inventory.protected.columns import column_of, row_keys
from credit_risk.inventory.protected.facts import NUMBER, ProtectedAttributes
from credit_risk.inventory.protected.pseudonyms import PSEUDONYM
from credit_risk.inventory.protected.store import open_protected
from credit_risk.lifecycle.develop import Attach
from credit_risk.plan import Plan
from credit_risk.sampling.source import Conversion, RawColumn, Source
from credit_risk.serving.log.secret import Secret

PURPOSE = "fairness_testing"
TAKEN = "taken from a store of protected attributes by the key of the applicant"
NOTHING = "missing: the store holds nothing of the applicant"


@dataclass(frozen=True, slots=True)
class ProtectedPlace:
    """A store of protected attributes, its secret, and the purpose of the policy for which the run reads."""

    store: str | Path
    secret: Secret
    purpose: str = PURPOSE


def attachment(
    plan: Plan,
    place: ProtectedPlace,
    inventory: str | Path,
    gates: Gatekeeper | None = None,
    *,
    by: Actor,
    occasion: str,
    clock: Clock = system_clock,
) -> Attach:
    """What gives a source the protected attributes of `plan`; inventory: the one that the store belongs to; occasion:
    what they are read for, which stands in the trail.

    It raises ProtectedError where the plan names no protected columns or no key, where keys of the source are neither
    pseudonyms nor declared personal, where the source holds a protected column itself, where the policy does not
    permit the access, and where the store holds nothing of any applicant of the source.
    """

    def attached(source: Source) -> Source:
        pseudonymous = check_plan(plan, source)
        names = list(dict.fromkeys(plan.data.protected_columns))
        keys, faults = row_keys(source, str(plan.data.key), pseudonymous)
        if faults:
            raise ProtectedError(faults)
        reason = f"{occasion} of {plan.model.id} {plan.model.version}"
        model = plan.model.id
        with (
            open_inventory(inventory, gates, clock=clock) as held,
            open_protected(place.store, place.secret, held) as store,
        ):
            found = store.attach(
                keys, names, purpose=place.purpose, reason=reason, by=by, pseudonymous=pseudonymous, model=model
            )
        return with_attributes(source, found)

    return attached


def check_plan(plan: Plan, source: Source) -> bool:
    """Whether the keys of the source are pseudonyms. Raises ProtectedError with all that the run cannot be done with.

    Keys are pseudonyms where each is one; others are keys of applicants, which must not reach the package.
    """
    names, key, faults = plan.data.protected_columns, plan.data.key, []
    if not names:
        faults.append(Fault("the plan names no protected columns", "protected", path="data.protected"))
    if plan.outcome.history is not None:
        message = "rows made of a performance history are not joined with the store"
        faults.append(Fault(message, "history", path="outcome.history", remedy="give a table with a ready outcome"))
    for name in names:
        if name in source.raw:
            remedy = "take it out of the table: credit-risk protected load --out FILE"
            message = f"the source holds the protected column {name!r} itself"
            faults.append(Fault(message, "held_twice", source.name, name, remedy=remedy))
    pseudonymous = False
    if key is None or key not in source.raw:
        message = "attributes are found by the key of the applicant, and the source has none"
        have = ", ".join(source.columns[:30])
        faults.append(Fault(message, "absent", source.name, "data.key", found=key, allowed=have))
    else:
        pseudonymous = all(PSEUDONYM.fullmatch(str(one)) for one in source.raw[key].levels)
        spec = plan.data.columns.get(key)
        if not pseudonymous and not (spec is not None and spec.personal):
            message = "the package would hold keys of applicants"
            remedy = "credit-risk protected pseudonymise, or declare the key as personal data"
            faults.append(Fault(message, "raw_keys", path=f"data.columns.{key}.personal", remedy=remedy))
    if faults:
        raise ProtectedError(faults)
    return pseudonymous


def with_attributes(source: Source, found: ProtectedAttributes) -> Source:
    """The source with attributes of its rows (n,), each where its column stood in the table that was loaded.

    Raises ProtectedError where the store holds nothing of any applicant.
    """
    absent = len(found.absent)
    if absent == source.rows:
        message = "the store holds nothing for this purpose of any applicant of the source"
        remedy = "check data.key, the purpose, and that table and store have the same secret"
        raise ProtectedError(Fault(message, "no_applicant", source.name, remedy=remedy))
    columns = list(source.raw.items())
    told = list(source.conversions)
    for name, place in sorted(found.positions.items(), key=lambda one: one[1]):
        columns.insert(place, (name, _column(found, name)))
        told.append(Conversion(name, TAKEN, source.rows - absent))
        told += [Conversion(name, NOTHING, absent)] if absent else []
    size = source.file_size or (source.rows, len(source.raw))
    return replace(source, raw=dict(columns), conversions=tuple(told), file_size=size, apart=frozenset(found.positions))


def _column(found: ProtectedAttributes, name: str) -> RawColumn:
    kind, column = found.kinds[name], found.frame[name]
    missing = column.isna().to_numpy()
    texts = [repr(float(one)) if kind == NUMBER else str(one) for one in column]
    return column_of([None if gone else text for text, gone in zip(texts, missing, strict=True)], kind)
