"""What the stages pass on that depends on the type of the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from credit_risk._core.evidence import Evidence
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.selection.waterfall import Selection


@dataclass(frozen=True, slots=True)
class Told:
    """Evidence of a stage, and its detail in words."""

    evidence: tuple[Evidence, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Trained:
    """What candidates are fitted on (`tables` by characteristic), with the evidence of classing and its screens."""

    training: Any
    evidence: tuple[Evidence, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """Fitted candidates; the selection of a scorecard, where there is one; evidence that is not of one candidate.

    detail: what was done to all of them, in words.
    """

    candidates: tuple[Candidate, ...]
    selection: Selection | None
    evidence: tuple[Evidence, ...]
    detail: str = ""
