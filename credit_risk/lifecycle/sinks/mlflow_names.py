"""Names that MLflow takes: others are altered so that no two become one, and what was altered is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credit_risk._core.hashing import sha256_bytes

LONGEST = 250
"""Characters of a name that MLflow takes."""
DIGITS = (8, 16, 32, 64)
"""Digits of the hash in an altered name: the next where a name with fewer is there already."""
REFUSED = re.compile(r"[^\w\-. :/]")
"""Characters that MLflow refuses in a name."""


@dataclass(frozen=True, slots=True)
class Named:
    """values: by the name in MLflow; altered: of each name in MLflow that stands for another, that other one."""

    values: Mapping[str, Any]
    altered: Mapping[str, str]


def named(values: Mapping[str, Any]) -> Named:
    """Values by names that MLflow takes; as many as there were.

    A name that it refuses (another character, more than 250, a path that is not in its shortest form) stands as far as
    it can, with `-` and the first digits of the SHA-256 of the whole name.
    """
    found: dict[str, Any] = {}
    altered: dict[str, str] = {}
    for name, value in values.items():
        told = name
        if not taken_as_it_is(name):
            told = next(
                one for one in map(_Altered(name).with_digits, DIGITS) if one not in values and one not in found
            )
            altered[told] = name
        found[told] = value
    return Named(found, altered)


def taken_as_it_is(name: str) -> bool:
    """Whether MLflow takes a name."""
    return len(name) <= LONGEST and not REFUSED.search(name) and not {"", ".", ".."} & set(name.split("/"))


@dataclass(frozen=True, slots=True)
class _Altered:
    """A name that MLflow refuses."""

    name: str

    def with_digits(self, digits: int) -> str:
        """What it takes for it."""
        parts = ["_" if one in ("", ".", "..") else one for one in REFUSED.sub("_", self.name).split("/")]
        return f"{'/'.join(parts)[: LONGEST - digits - 1]}-{sha256_bytes(self.name.encode('utf-8'))[:digits]}"
