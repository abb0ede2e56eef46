"""What the store tells: loads, accesses, attributes that were handed out."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

TEXT, NUMBER, DATE = "text", "number", "date"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event of an access or a change: its number, hash and moment in the trail, and how many applicants it was of.

    `applicants_sha256` is the SHA-256 of the set of their pseudonyms in the store (`set_hash`).
    """

    sequence: int
    hash: str
    at: str
    applicants: int
    applicants_sha256: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load added: values (missing ones too), `known` values that the store held already on other loads, and

    `erased` applicants that were left out since they had been erased before.
    """

    event: Recorded
    load: str
    values: int
    keep_until: str
    purposes: tuple[str, ...]
    basis: str
    known: int
    erased: int


@dataclass(frozen=True, slots=True)
class ProtectedAttributes:
    """Attributes that were handed out after `event` was recorded.

    `frame`: a row an applicant: `pseudonym` (that of the store, or as it was asked for: the key), then a column an
    attribute, float64 (NaN is missing) or object (None is missing). `kinds`: attribute to text, number or date;
    `positions`: attribute to the place of its column in the table that it was taken from. `absent`: rows of applicants
    of whom the store holds nothing for the purpose (n,), as numbers from 1.
    """

    frame: pd.DataFrame
    event: Recorded
    kinds: dict[str, str]
    positions: dict[str, int]
    absent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log of a store: the event in the trail in words that all kinds share."""

    sequence: int
    at: str
    person: str
    act: str
    purpose: str | None
    reason: str | None
    attributes: tuple[str, ...]
    applicants: int | None
    applicants_sha256: str | None
