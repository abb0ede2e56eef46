"""Errors that tell every fault at once: where it is, what was found, what is allowed and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from validation.names import printable

CODES = frozenset(
    [
        "json_invalid",
        "json_duplicate_key",
        "json_not_finite",
        "schema",
        "version_unknown",
        "step_unknown",
        "hash_mismatch",
        "size_mismatch",
        "file_missing",
        "file_extra",
        "path_hostile",
        "symlink",
        "bins_overlap",
        "bins_gap",
        "bins_order",
        "bin_ids",
        "missing_bin",
        "unseen_bin",
        "category_repeated",
        "special_repeated",
        "name_repeated",
        "name_unknown",
        "tree_shape",
        "attribution_shape",
        "calibration_order",
        "grades_order",
        "annex_other_package",
        "zip_invalid",
        "snapshot_invalid",
        "verification_invalid",
        "manifest_missing",
        "evidence_unknown",
        "model_id_mismatch",
        "policy_invalid",
        "output_refused",
        "source_invalid",
        "source_other",
        "earlier_missing",
        "anchor_invalid",
        "annex_missing",
        "governance_other_package",
        "package_missing",
        "concluded",
        "conclusion_incomplete",
        "conclusion_unreasoned",
        "four_eyes",
    ]
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a package, a table or a policy.

    `code` is a stable machine-readable name (one of CODES), `path` a JSON pointer or column inside `file`,
    `row` the 1-based line or table row, where known.
    """

    code: str
    message: str
    file: str | None = None
    path: str | None = None
    row: int | None = None
    found: str | None = None
    allowed: str | None = None
    remedy: str | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"unknown fault code {self.code!r}")

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.row) if part is not None)
        where = printable(" ".join(part for part in (place, self.path) if part))
        message = printable(self.message)
        lines = [f"{where}: {message} [{self.code}]" if where else f"{message} [{self.code}]"]
        for label in ("found", "allowed", "remedy"):
            value = getattr(self, label)
            if value is not None:
                lines.append(f"    {label}: {printable(value)}")
        return "\n".join(lines)


class ValidationInputError(Exception):
    """The package, the data or the policy cannot be examined. `faults` holds all that is wrong, not only the first."""

    def __init__(self, faults: Fault | Iterable[Fault]):
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(str(self))

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the faults, each once, sorted."""
        return tuple(sorted({fault.code for fault in self.faults}))

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"input refused: {count} fault{'s' if count != 1 else ''}"
        return "\n".join([head, *(f"  {fault}".replace("\n", "\n  ") for fault in self.faults)])

    def __reduce__(self) -> tuple[type, tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)
