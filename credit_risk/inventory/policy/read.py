"""Read a policy from YAML and tell everything that is wrong with it at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from credit_risk._core.errors import Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk._core.spec_faults import faults_of
from credit_risk._core.yaml_document import Subject, path_text, read_document
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.policy.checks import cross_faults
from credit_risk.inventory.policy.spec import PolicySpec

DEFAULT = "default_policy.yaml"


class PolicyError(InventoryError):
    """The policy cannot be used as written."""

    headline = "policy refused"


POLICY = Subject(
    "policy",
    PolicyError,
    "begin with a copy of the default: credit-risk inventory policy --write FILE",
    "write key: value lines, beginning with policy:, tiering: and tiers:",
    "inventory",
)
NO_SKIP = "none"


class Policy:
    """A policy that was read: `spec`, the bytes it was read from, and their SHA-256."""

    __slots__ = ("data", "file", "sha256", "spec")

    def __init__(self, spec: PolicySpec, data: bytes, file: str):
        self.spec, self.data, self.file = spec, data, file
        self.sha256 = sha256_bytes(data)

    def __repr__(self) -> str:
        head = self.spec.policy
        return f"Policy({head.name!r}, version {head.version!r}, SHA-256 {self.sha256[:16]})"


def read_policy(path: Path | str) -> Policy:
    """Read a policy. Raises PolicyError with all faults: file, line, key path, found, allowed, remedy."""
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        remedy = "name a file; the default is written by credit-risk inventory policy --write FILE"
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        raise PolicyError(Fault(message, "unreadable", str(file), remedy=remedy)) from error
    return policy_of(data, str(file))


def policy_of(data: bytes, file: str) -> Policy:
    """The policy in these bytes. Raises PolicyError with all faults."""
    document = read_document(data, file, POLICY)
    faults = list(document.faults)
    spec: PolicySpec | None = None
    try:
        spec = PolicySpec.model_validate(document.value)
    except ValidationError as error:
        faults += faults_of(error, document, PolicySpec, NO_SKIP)
    if spec is not None:
        faults += [replace(one, path=path_text(at), row=document.line(at)) for at, one in cross_faults(spec)]
    if faults or spec is None:
        placed = [replace(one, file=file) for one in faults]
        raise PolicyError(sorted(placed, key=lambda one: (one.row or 0, one.path or "")))
    return Policy(spec, data, file)


@cache
def default_policy() -> Policy:
    """The policy that ships."""
    return policy_of(resources.files(__package__).joinpath(DEFAULT).read_bytes(), DEFAULT)
