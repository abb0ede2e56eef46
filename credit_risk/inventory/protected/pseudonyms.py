"""Keyed pseudonyms of applicants, and the file of the secret that makes them.

Two steps, each HMAC-SHA-256 with the secret (RFC 2104). The pseudonym of the table stands in place of the applicant's
key in tables, and is that of a prediction log with the same secret. The pseudonym of the store is made from it, so
that a table and the store cannot be joined by whoever has both and lacks the secret.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.errors import ProtectedError
from credit_risk.serving.log.secret import Secret, read_secret

VARIABLE = "CREDIT_RISK_PROTECTED_SECRET_FILE"
SIZE = 32
PSEUDONYM = re.compile("[0-9a-f]{64}")
_STORE, _CHECK = b"credit-risk protected store\0", b"credit-risk protected check\0"
LOST = "it cannot be recovered from the store: fetch the file, or its copy in escrow; without it nobody can say whose \
the attributes are"


def new_secret(path: Path) -> Secret:
    """Write a new secret of 32 random bytes (hexadecimal) that only its owner may read; nothing is overwritten.

    Raises ProtectedError where the file is there, or cannot be written.
    """
    value = secrets.token_hex(SIZE).encode("ascii")
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ProtectedError(Fault("exists; a secret is never overwritten", "secret_exists", str(path))) from error
    except OSError as error:
        raise ProtectedError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(path))) from error
    with os.fdopen(number, "wb") as stream:
        stream.write(value + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return Secret(value)


def open_secret(path: Path | str | None = None) -> Secret:
    """The secret of a file, else of the file that CREDIT_RISK_PROTECTED_SECRET_FILE names.

    Raises ProtectedError: no file, not readable, shorter than 16 bytes, or others of the machine may read it.
    """
    named = str(path) if path is not None else os.environ.get(VARIABLE)
    if not named:
        remedy = f"--secret-file FILE, or {VARIABLE}; {LOST}"
        raise ProtectedError(Fault("the secret of the pseudonyms is not named", "secret_missing", remedy=remedy))
    if not Path(named).is_file():
        raise ProtectedError(Fault("the secret of the pseudonyms is not there", "secret_missing", named, remedy=LOST))
    if os.name == "posix" and (mode := Path(named).stat().st_mode & 0o777) & 0o077:
        raise ProtectedError(Fault("others of the machine may read or write the secret", "secret_open", named,
                                   found=f"{mode:04o}", allowed="0600", remedy=f"chmod 600 {named}"))  # fmt: skip
    try:
        return read_secret(Path(named))
    except ScoringError as error:
        raise ProtectedError(error.faults) from error


def pseudonyms_of(secret: Secret, keys: Sequence[str]) -> list[str]:
    """Pseudonyms of applicants for tables, hexadecimal, of their keys as text."""
    made = secret.pseudonyms(keys).hex()
    return [made[place : place + 2 * SIZE] for place in range(0, len(made), 2 * SIZE)]


def store_pseudonyms(secret: Secret, pseudonyms: Iterable[str]) -> list[str]:
    """Pseudonyms of the store, hexadecimal, of pseudonyms of tables."""
    value = secret.value
    return [hmac.digest(value, _STORE + bytes.fromhex(one), "sha256").hex() for one in pseudonyms]


def check_value(secret: Secret) -> str:
    """What a store keeps of the secret, to tell it from another: HMAC-SHA-256 of a fixed text, hexadecimal."""
    return hmac.digest(secret.value, _CHECK, "sha256").hex()


def set_hash(pseudonyms: Iterable[str]) -> str:
    """SHA-256 of a set of pseudonyms of the store: in their order, each with a line end."""
    return sha256_bytes("".join(f"{one}\n" for one in sorted(set(pseudonyms))).encode("ascii"))
