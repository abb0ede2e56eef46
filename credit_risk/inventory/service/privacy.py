"""Personal data of an inventory: applicants by pseudonym, access recorded, erasure that leaves the trail valid."""

from __future__ import annotations

from credit_risk.inventory.contracts import Gatekeeper
from credit_risk.inventory.service.checks import Faults, check_person
from credit_risk.inventory.service.signing import Actor, asked_key, person_of
from credit_risk.inventory.store import personal
from credit_risk.inventory.store.writer import Store


class Privacy:
    """Values that events name by a salted hash alone."""

    def __init__(self, store: Store, gates: Gatekeeper):
        self._store, self._gates = store, gates

    def pseudonym(self, applicant: str, *, keep_until: str | None = None) -> str:
        """The pseudonym of an applicant's key, the same each time until it is erased."""
        return self.keep(personal.APPLICANT, applicant, keep_until=keep_until)

    def keep(self, category: str, value: str, *, keep_until: str | None = None) -> str:
        """Keep a value apart from the trail; the token by which events name it."""
        faults = Faults()
        faults.text(value, "value", required=True, longest=1_000)
        faults.text(category, "category", required=True, longest=60)
        faults.day(keep_until, "keep_until")
        faults.raise_any()
        with self._store.writing() as writer:
            return personal.keep(writer.connection, category, value, keep_until)

    def read(self, token: str, *, by: Actor, purpose: str) -> str | None:
        """The value of a token, None where it was erased; who read it and why is recorded before it is read."""
        asked_key(self._gates, by, "privacy")
        faults = Faults()
        faults.text(purpose, "purpose", required=True)
        faults.raise_any()
        with self._store.writing() as writer:
            check_person(writer.connection, person_of(by))
            return personal.read_recorded(writer, token, by, purpose)

    def erase(self, tokens: list[str], *, by: Actor, reason: str) -> int:
        """Erase values; how many there were. The trail keeps the tokens and stays valid."""
        asked_key(self._gates, by, "privacy")
        faults = Faults()
        faults.text(reason, "reason", required=True)
        faults.raise_any()
        with self._store.writing() as writer:
            check_person(writer.connection, person_of(by))
            return personal.erase(writer, tokens, by, reason)

    def past_retention(self, as_of: str) -> list[str]:
        """Tokens whose values were to be kept until a day before `as_of` only, and still are."""
        with self._store.reading() as connection:
            return personal.past_retention(connection, as_of)
