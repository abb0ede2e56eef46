"""The secret of the pseudonyms: read from a file or the environment, never written anywhere."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from credit_risk._core.errors import Fault, ScoringError

VARIABLE = "CREDIT_RISK_LOG_SECRET_FILE"
LEAST = 16
BLOCK = 64
"""Bytes of a block of SHA-256."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Bytes of a secret, and the id by which a log names it (16 hexadecimal digits, made from the secret)."""

    value: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The first 16 digits of HMAC-SHA-256(secret, "credit-risk log key")."""
        return hmac.digest(self.value, b"credit-risk log key", "sha256").hex()[:16]

    def pseudonym(self, key: str) -> bytes:
        """HMAC-SHA-256(secret, UTF-8 of the key), 32 bytes."""
        return hmac.digest(self.value, key.encode("utf-8"), "sha256")

    def pseudonyms(self, keys: Sequence[str]) -> bytes:
        """The pseudonyms of many keys, one after the other: HMAC as RFC 2104 defines it, its two blocks made once."""
        sha256 = hashlib.sha256
        block = (self.value if len(self.value) <= BLOCK else sha256(self.value).digest()).ljust(BLOCK, b"\0")
        inner, outer = bytes(one ^ 0x36 for one in block), bytes(one ^ 0x5C for one in block)
        return b"".join([sha256(outer + sha256(inner + key.encode("utf-8")).digest()).digest() for key in keys])


def read_secret(path: Path | None) -> Secret:
    """The secret of a file (its bytes without line ends at the end), else of the file that the environment names.

    Raises ScoringError where there is none, or where it has fewer than 16 bytes.
    """
    named = str(path) if path is not None else os.environ.get(VARIABLE)
    remedy = f"--secret-file FILE, or {VARIABLE}; make one with: openssl rand -hex 32 > FILE"
    if not named:
        raise ScoringError(Fault("a prediction log needs the secret of its pseudonyms", "secret", remedy=remedy))
    try:
        value = Path(named).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        message = f"the secret cannot be read: {error.strerror or error}"
        raise ScoringError(Fault(message, "secret", named, remedy=remedy)) from error
    if len(value) < LEAST:
        message = f"the secret is shorter than {LEAST} bytes: pseudonyms could be guessed"
        raise ScoringError(Fault(message, "secret", named, found=f"{len(value)} bytes", remedy=remedy))
    return Secret(value)
