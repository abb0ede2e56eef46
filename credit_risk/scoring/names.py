"""The names of a model while it is checked: what kind of value each has, and the faults found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from credit_risk._core.errors import Fault


@dataclass(slots=True)
class Names:
    """What is known so far: kinds of values, bins of bin values, features of trees by step id. Faults name `file`."""

    file: str
    kinds: dict[str, str] = field(default_factory=dict)
    bins: dict[str, int] = field(default_factory=dict)
    trees: dict[str, list[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, message: str, code: str, path: str, found: Any = None) -> None:
        """Record one fault."""
        shown = None if found is None else repr(found)
        self.faults.append(Fault(message, code, self.file, path, found=shown))

    def read(self, name: str, path: str, *allowed: str) -> str | None:
        """The kind of a value that a step reads; a fault where it is unknown or of a kind that the step cannot use."""
        kind = self.kinds.get(name)
        if kind is None:
            self.fault("reads a name that no input and no earlier step gives", "name_unknown", path, name)
        elif allowed and kind not in allowed:
            self.fault(f"reads a {kind} where a {' or '.join(allowed)} is needed", "schema", path, name)
        return kind

    def produce(self, name: str, kind: str, path: str, bins: int | None = None) -> None:
        """Register a new value; a fault where the name is taken."""
        if name in self.kinds:
            self.fault("gives a name that is taken", "name_repeated", path, name)
            return
        self.kinds[name] = kind
        if bins is not None:
            self.bins[name] = bins
