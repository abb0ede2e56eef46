"""The bank's words for what was done with an applicant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the decision: those that approve and those that decline; any other is no decision."""

    approved: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether both kinds are named."""
        return bool(self.approved and self.declined)
