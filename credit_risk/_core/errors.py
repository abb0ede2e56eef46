"""Errors that tell every fault at once, each with where it is, what was found, what is allowed and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a plan, a table or a package.

    `code` is a stable machine-readable name, `path` the key path, column or JSON pointer inside `file`,
    `row` the line of a text file or the row of a table (1-based), where known.
    """

    message: str
    code: str = "invalid"
    file: str | None = None
    path: str | None = None
    row: int | None = None
    found: str | None = None
    allowed: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.row) if part is not None)
        where = " ".join(part for part in (place, self.path) if part)
        lines = [f"{where}: {self.message}" if where else self.message]
        for label in ("found", "allowed", "remedy"):
            value = getattr(self, label)
            if value is not None:
                lines.append(f"    {label}: {value}")
        return "\n".join(lines)


class CreditRiskError(Exception):
    """Base of every error that the package raises on purpose. `faults` holds all that is wrong, not only the first.

    `exit_status` is what a command ends with (DESIGN section 7).
    """

    headline = "input refused"
    exit_status = 2

    def __init__(self, faults: Fault | str | Iterable[Fault]):
        if isinstance(faults, str):
            faults = Fault(faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"{self.headline}: {count} fault{'s' if count != 1 else ''}"
        return "\n".join([head, *(f"  {fault}".replace("\n", "\n  ") for fault in self.faults)])

    def __reduce__(self) -> tuple[type, tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class PlanError(CreditRiskError):
    """The plan cannot be used as written."""

    headline = "plan refused"


class IntakeError(CreditRiskError):
    """The data do not keep the contract of the plan."""

    headline = "data refused"


class ModelError(CreditRiskError):
    """A model cannot be estimated on these data with these settings."""

    headline = "model refused"


class CalibrationError(CreditRiskError):
    """A calibration cannot be estimated on these data, or would break the order of the score."""

    headline = "calibration refused"


class PackageError(CreditRiskError):
    """A model package is not valid, or an output folder cannot be used."""

    headline = "package refused"


class ScoringError(CreditRiskError):
    """Rows cannot be scored by this model."""

    headline = "scoring refused"


class MissingExtraError(CreditRiskError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    headline = "not installed"
