"""Protected columns taken out of a table: values as text by applicant, and every fault of keys and values at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from credit_risk._core.characters import fits_xml
from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.protected.facts import DATE, NUMBER, TEXT
from credit_risk.inventory.protected.pseudonyms import PSEUDONYM
from credit_risk.sampling.keys import key_values
from credit_risk.sampling.source import RawColumn, Source

LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class TakenColumn:
    """An attribute: kind of its values, place of its column in the table, value of each applicant (None: missing)."""

    kind: str
    position: int
    values: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Taken:
    """keys: of each row (n,), as text; rows: numbers from 1 of the rows of each applicant; columns by attribute."""

    keys: list[str]
    rows: dict[str, list[int]]
    columns: dict[str, TakenColumn]


def take(source: Source, key: str, names: Sequence[str], *, pseudonymous: bool = False) -> Taken:
    """The columns `names` of `source` by applicant, whose key is the column `key`.

    pseudonymous: the keys are pseudonyms of tables already. Raises ProtectedError with all faults: columns that are
    not there, rows without key, applicants whose rows contradict each other, values that cannot be kept.
    """
    faults = list(_absent(source, key, names))
    if faults:
        raise ProtectedError(faults)
    keys, faults = row_keys(source, key, pseudonymous)
    rows: dict[str, list[int]] = {}
    for number, one in enumerate(keys, 1):
        rows.setdefault(one, []).append(number)
    columns = {}
    for name in names:
        raw = source.raw[name]
        told = values_of(raw)
        faults += _unusable(source.name, name, raw)
        faults += _contradictions(source.name, name, told, rows)
        values = {one: told[numbers[0] - 1] for one, numbers in rows.items()}
        columns[name] = TakenColumn(kind_of(raw), source.columns.index(name), values)
    if faults:
        raise ProtectedError(faults)
    return Taken(keys, rows, columns)


def row_keys(source: Source, key: str, pseudonymous: bool) -> tuple[list[str], list[Fault]]:
    """The key of each row as text, and every row that has none (or, of pseudonyms, is none)."""
    raw = source.raw[key]
    values = key_values(raw)
    keys = ["" if value is None else str(value) for value in values.tolist()]
    remedy = "give every row the key of its applicant"
    faults = [
        Fault("the row has no key of an applicant", "key_missing", source.name, key, number, remedy=remedy)
        for number in (np.flatnonzero(raw.codes < 0) + 1).tolist()
    ]
    if pseudonymous:
        allowed, remedy = "64 hexadecimal digits", "leave away that keys are pseudonyms, or make them first"
        faults += [
            Fault("the key is no pseudonym", "no_pseudonym", source.name, key, number, allowed=allowed, remedy=remedy)
            for number, one in enumerate(keys, 1)
            if one and not PSEUDONYM.fullmatch(one)
        ]
    return keys, faults


def kind_of(raw: RawColumn) -> str:
    """text, number or date, as the file holds the column."""
    return NUMBER if raw.is_number else DATE if raw.is_date else TEXT


def values_of(raw: RawColumn) -> list[str | None]:
    """The column as text (n,): a number in the shortest form that gives the same double; None where missing."""
    levels: list[str | None] = [repr(float(one)) if raw.is_number else str(one) for one in raw.levels]
    levels.append(None)
    return [levels[code] for code in raw.codes.tolist()]


def column_of(values: Sequence[str | None], kind: str) -> RawColumn:
    """A column of a table from values as text, levels in the order in which they occur."""
    places: dict[str, int] = {}
    codes = np.array([-1 if one is None else places.setdefault(one, len(places)) for one in values], dtype=np.int64)
    levels = np.empty(len(places), dtype=object)
    levels[:] = [float(one) for one in places] if kind == NUMBER else list(places)
    return RawColumn(levels, codes, is_number=kind == NUMBER, is_date=kind == DATE)


def _absent(source: Source, key: str, names: Sequence[str]) -> Iterator[Fault]:
    have = ", ".join(source.columns[:30])
    for name in dict.fromkeys((key, *names)):
        if name not in source.raw:
            yield Fault("the table has no such column", "absent", source.name, name, allowed=have)
    for name in dict.fromkeys(name for name in names if list(names).count(name) > 1):
        yield Fault("the column is named twice", "twice", source.name, name, remedy="name it once")
    if key in names:
        yield Fault("the key is no protected attribute", "key_protected", source.name, key, remedy="leave it out")


def _unusable(file: str, name: str, raw: RawColumn) -> Iterator[Fault]:
    if raw.unusable:
        yield Fault("the column cannot be kept", "unusable", file, name, found=raw.unusable)
    bad = {place for place, one in enumerate(raw.levels) if not _fits(str(one))}
    for number in np.flatnonzero(np.isin(raw.codes, sorted(bad))) + 1 if bad else ():
        allowed = f"text of at most {LONGEST:,} characters without control characters"
        yield Fault("the value cannot be kept", "value_text", file, name, int(number), allowed=allowed)


def _fits(text: str) -> bool:
    return len(text) <= LONGEST and fits_xml(text)


def _contradictions(file: str, name: str, told: Sequence[str | None], rows: Mapping[str, list[int]]) -> Iterator[Fault]:
    """Applicants of whom rows say different things, with all their rows; neither keys nor values are shown."""
    for numbers in rows.values():
        if len({told[number - 1] for number in numbers}) > 1:
            found = f"rows {', '.join(map(str, numbers))}"
            remedy = "correct the rows, or load them as tables of their own"
            yield Fault("rows of one applicant contradict each other", "contradiction", file, name, numbers[0],
                        found=found, remedy=remedy)  # fmt: skip
