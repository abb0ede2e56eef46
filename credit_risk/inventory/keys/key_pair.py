"""A person's Ed25519 key: made, kept under a passphrase (PKCS#8 PEM, or PKCS#12), and signatures with it (RFC 8032)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import pkcs12

from credit_risk._core.errors import Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.errors import KeyFileError

SHORTEST_PASSPHRASE = 12
_SEVERAL = re.compile(r"\.(?:[0-9]+|[0-9a-f]{8,})\Z")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: `hex` are its 32 bytes, `fingerprint` the SHA-256 of them."""

    hex: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's bytes."""
        return sha256_bytes(bytes.fromhex(self.hex))

    def verifies(self, signature: str, data: bytes) -> bool:
        """Whether `signature` (hexadecimal) over `data` was made with the private half of this key."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.hex))
            key.verify(bytes.fromhex(signature), data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def pem(self) -> bytes:
        """The key as PEM (SubjectPublicKeyInfo)."""
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.hex))
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key that was opened. It is never shown and never stored."""

    public: PublicKey
    _key: Ed25519PrivateKey = field(repr=False, compare=False)

    def sign(self, data: bytes) -> str:
        """Signature over `data` in hexadecimal; the same data give the same signature."""
        return self._key.sign(data).hex()


def new_key() -> PrivateKey:
    """A new key from the machine's source of randomness."""
    return _opened(Ed25519PrivateKey.generate())


def write_key(key: PrivateKey, path: Path, passphrase: str) -> None:
    """Write a key as encrypted PKCS#8 PEM that only its owner may read.

    Raises KeyFileError where the passphrase is too short, or something stands there: a key is never overwritten.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        allowed = f"at least {SHORTEST_PASSPHRASE} characters"
        raise KeyFileError(Fault("the passphrase is too short", "passphrase_short", str(path), allowed=allowed))
    encryption = serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
    form = serialization.PrivateFormat.PKCS8
    data = key._key.private_bytes(serialization.Encoding.PEM, form, encryption)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyFileError(Fault("exists; a key is never overwritten", "key_exists", str(path))) from error
    except OSError as error:
        raise KeyFileError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(path))) from error
    with os.fdopen(number, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def read_key(path: Path, passphrase: str) -> PrivateKey:
    """Open a key: PKCS#8 PEM under a passphrase, or PKCS#12 that holds an Ed25519 key.

    Raises KeyFileError: not readable, not under a passphrase, wrong passphrase, another kind of key.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise KeyFileError(Fault(f"cannot be read ({error.strerror})", "unreadable", str(path))) from error
    secret = passphrase.encode("utf-8")
    key = _from_pem(data, secret, path) if data.lstrip().startswith(b"-----BEGIN") else _from_pkcs12(data, secret, path)
    if not isinstance(key, Ed25519PrivateKey):
        remedy = "sign with an Ed25519 key here; RSA and elliptic curves of certificates sign the PDF documents"
        raise KeyFileError(Fault("holds another kind of key", "key_kind", str(path), allowed="Ed25519", remedy=remedy))
    return _opened(key)


def read_public_key(path: Path) -> PublicKey:
    """A public key of a PEM file. Raises KeyFileError where it cannot be read, or is no Ed25519 key."""
    try:
        key = serialization.load_pem_public_key(Path(path).read_bytes())
    except OSError as error:
        raise KeyFileError(Fault(f"cannot be read ({error.strerror})", "unreadable", str(path))) from error
    except ValueError as error:
        raise KeyFileError(Fault("is not a public key", "not_a_key", str(path))) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(Fault("is not an Ed25519 key", "key_kind", str(path), allowed="Ed25519"))
    return _public(key)


def read_public_keys(folder: Path) -> Mapping[str, frozenset[PublicKey]]:
    """Public keys of persons that were kept apart from the inventory: files `PERSON.pem`, or `PERSON.NUMBER.pem` and
    `PERSON.FINGERPRINT.pem` (digits, or 8 and more of hexadecimal) where a person has had several.

    Raises KeyFileError with every file that is none, or where there is no file.
    """
    found: dict[str, set[PublicKey]] = {}
    faults = []
    for path in sorted(Path(folder).glob("*.pem")):
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except (ValueError, OSError):
            faults.append(Fault("is not a public key", "not_a_key", str(path)))
            continue
        if isinstance(key, Ed25519PublicKey):
            found.setdefault(_SEVERAL.sub("", path.stem), set()).add(_public(key))
        else:
            faults.append(Fault("is not an Ed25519 key", "key_kind", str(path)))
    if not found and not faults:
        faults.append(Fault("holds no public keys (*.pem)", "no_keys", str(folder)))
    if faults:
        raise KeyFileError(faults)
    return {person: frozenset(several) for person, several in found.items()}


def _from_pem(data: bytes, secret: bytes, path: Path) -> object:
    try:
        return serialization.load_pem_private_key(data, secret)
    except TypeError as error:
        remedy = "write it again under a passphrase"
        raise KeyFileError(Fault("is not under a passphrase", "key_open", str(path), remedy=remedy)) from error
    except ValueError as error:
        raise _wrong(path) from error


def _from_pkcs12(data: bytes, secret: bytes, path: Path) -> object:
    try:
        key, _, _ = pkcs12.load_key_and_certificates(data, secret)
    except ValueError as error:
        raise _wrong(path) from error
    return key


def _wrong(path: Path) -> KeyFileError:
    message = "cannot be opened: the passphrase is wrong, or the file is not a private key"
    return KeyFileError(Fault(message, "passphrase_wrong", str(path), remedy="check file and passphrase"))


def _opened(key: Ed25519PrivateKey) -> PrivateKey:
    return PrivateKey(_public(key.public_key()), key)


def _public(key: Ed25519PublicKey) -> PublicKey:
    data = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return PublicKey(data.hex())
