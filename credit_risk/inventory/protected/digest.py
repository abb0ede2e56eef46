"""A digest of rows that can be taken off again, so that a store can be held against what was recorded of it.

The sum, modulo 2**256, of HMAC-SHA-256 of each row: the multiset hash MSet-Add of Clarke, Devadas, van Dijk, Gassend
and Suh, "Incremental Multiset Hash Functions and Their Application to Memory Integrity Checking" (Asiacrypt 2003),
with a salt in each row. The salt is erased with the row, so that nobody finds an erased value by trying.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from typing import NamedTuple

from credit_risk.serving.log.secret import Secret

MODULUS = 2**256
_ROW = b"credit-risk protected row\0"


class HeldRow(NamedTuple):
    """A value under the pseudonym of the store; None is a value that was missing when it was loaded."""

    pseudonym: str
    attribute: str
    load: str
    value: str | None
    salt: str


def digest_of(secret: Secret, rows: Iterable[HeldRow]) -> int:
    """The sum over rows; that of no rows is 0."""
    total = 0
    for row in rows:
        text = json.dumps(list(row), ensure_ascii=True, separators=(",", ":")).encode("ascii")
        total += int.from_bytes(hmac.digest(secret.value, _ROW + text, "sha256"), "big")
    return total % MODULUS


def as_text(digest: int) -> str:
    """A digest as 64 hexadecimal digits."""
    return f"{digest % MODULUS:064x}"
