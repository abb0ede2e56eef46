"""What is refused, and where: one error carries all faults of one run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason for refusing: what is wrong, in which file and place, what was found, what is allowed, what to do."""

    message: str
    code: str
    file: str | None = None
    path: str | None = None
    row: int | None = None
    found: str | None = None
    allowed: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.row, self.path) if part is not None)
        text = f"{place}: {self.message}" if place else self.message
        if self.found is not None:
            text += f"; found {self.found}"
        if self.allowed is not None:
            text += f"; allowed: {self.allowed}"
        return text + (f" ({self.remedy})" if self.remedy else "")


class DocumentError(Exception):
    """A package, a template or an output folder was refused. `faults` holds every fault found, at least one."""

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        count = len(self.faults)
        head = f"{count} fault{'' if count == 1 else 's'}"
        super().__init__("\n".join([head, *(f"  {fault}" for fault in self.faults)]))
