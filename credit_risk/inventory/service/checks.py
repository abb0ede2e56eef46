"""What comes in is checked: identifiers, texts, dates, persons; all that is wrong is told at once."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

import sqlalchemy as sa

from credit_risk._core.characters import fits_xml
from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.facts import unknown_person

MODEL = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")
PERSON = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
LONGEST_NAME, LONGEST_TEXT = 200, 20_000


class Faults:
    """Collects what is wrong; `raise_any` raises it together."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def identifier(self, value: str, form: re.Pattern[str], what: str) -> None:
        """An identifier of its form."""
        if not isinstance(value, str) or not form.fullmatch(value):
            allowed = f"{form.pattern} (letters, digits and a few signs, at most 100)"
            self.found.append(Fault("is not an identifier", "identifier", path=what, found=repr(value)[:80],
                                    allowed=allowed))  # fmt: skip

    def text(self, value: str | None, what: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> None:
        """A text that people and databases can read. Markup and signs of SQL in it are text as any other."""
        if value is None or (isinstance(value, str) and not value.strip()):
            if required or value is not None:
                self.found.append(Fault("is empty", "text_empty", path=what))
        elif not isinstance(value, str):
            self.found.append(Fault("is not text", "text", path=what, found=type(value).__name__))
        elif len(value) > longest:
            self.found.append(Fault("is too long", "text_long", path=what, found=str(len(value)), allowed=str(longest)))
        elif not fits_xml(value):
            self.found.append(Fault("holds a control character", "text_control", path=what, found=ascii(value)[:80]))

    def day(self, value: str | None, what: str) -> None:
        """A date as 2026-11-27, or None."""
        if value is None:
            return
        try:
            good = datetime.date.fromisoformat(value).isoformat() == value
        except (ValueError, TypeError):
            good = False
        if not good:
            self.found.append(Fault("is not a date", "date", path=what, found=repr(value)[:80], allowed="2026-11-27"))

    def one_of(self, value: str, allowed: Iterable[str], what: str) -> None:
        """One of a closed list."""
        words = tuple(allowed)
        if value not in words:
            self.found.append(Fault("is not known", "choice", path=what, found=repr(value)[:80],
                                    allowed=", ".join(words)))  # fmt: skip

    def raise_any(self) -> None:
        """Raise InventoryError where something was found."""
        if self.found:
            raise InventoryError(self.found)


def check_person(connection: sa.Connection, *people: str) -> None:
    """Raise InventoryError where a person is not registered."""
    faults: list[Fault] = []
    for person in dict.fromkeys(people):
        t = tables.persons
        found = connection.execute(sa.select(t.c.person).where(t.c.person == person)).scalar_one_or_none()
        if found is None:
            faults += unknown_person(connection, person).faults
    if faults:
        raise InventoryError(faults)
