"""The types of outcome: how each is summarised, classed, fitted and evaluated. The stages know no more of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from credit_risk.lifecycle.binary import BinaryOutcome
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.fitted import Fitted, Told, Trained
from credit_risk.lifecycle.measures.outcome import MeasuredOutcome
from credit_risk.lifecycle.performance import Scored
from credit_risk.plan import Plan


class OutcomeKind(Protocol):
    """One type of outcome. Each method is a stage: a function of what came before, with its evidence and words."""

    def summarise(self, plan: Plan, prepared: Prepared) -> Told:
        """What the samples hold of the outcome."""

    def train(self, plan: Plan, prepared: Prepared) -> Trained:
        """Classing of every predictor, and what is known of each before selection."""

    def fit(self, plan: Plan, training: Any, report: Callable[[str], None], journal: Path | None) -> Fitted:
        """Every candidate of the plan, in its order. report: told of progress; journal: folder for trials."""

    def calibrate(self, plan: Plan, prepared: Prepared, fitted: Fitted) -> Fitted:
        """The candidates with their calibrated probabilities, as the plan asks for, with its evidence."""

    def evaluate(
        self, plan: Plan, prepared: Prepared, training: Any, candidates: Sequence[Candidate], scored: Scored
    ) -> Told:
        """What the candidates are worth on every sample."""


KINDS: Mapping[str, OutcomeKind] = {
    "binary": BinaryOutcome(),
    "amount": MeasuredOutcome(),
    "fraction": MeasuredOutcome(),
}
"""By `outcome.type` of the plan."""
