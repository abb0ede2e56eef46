"""What is held against drift: cuts, levels and least numbers, all given, with documented defaults."""

from __future__ import annotations

from dataclasses import dataclass

from credit_risk.evaluation._arrays import Arguments
from credit_risk.evaluation.stability import FAIL, REVIEW, ZeroCells
from credit_risk.monitoring.drift.columns import SCORE
from credit_risk.monitoring.drift.multiplicity import Control


@dataclass(frozen=True, slots=True)
class StabilityPolicy:
    """How indices are judged; raises CreditRiskError with all faults.

    review, fail: cuts of the index (Siddiqi 2017, chapter 15); from `fail` on it is material. tolerance: index that the
    noncentral test allows the population. level: of all tests. least_rows: fewer rows of a period and segment are not
    evaluated (200: an unchanged population reaches 0.085 over ten bins). zero_cells: as `population_stability_index`;
    the default adds 0.5 to every cell always, which keeps the size of the test at few rows. control: of false
    discoveries within a period. k of n evaluable periods at or above review and beyond chance are persistent. first:
    variables that are tested by themselves, over all rows. development_effect: effective over weighted rows of
    development (Kish), by which its counts are multiplied. whole_for_segments: judge a segment of which development has
    no counts against all of development; otherwise its index is shown so and not judged.
    """

    review: float = REVIEW
    fail: float = FAIL
    tolerance: float = REVIEW
    level: float = 0.05
    least_rows: float = 200.0
    zero_cells: ZeroCells = "half_everywhere"
    control: Control = "bh"
    k: int = 2
    n: int = 3
    first: tuple[str, ...] = (SCORE,)
    development_effect: float = 1.0
    whole_for_segments: bool = False

    def __post_init__(self) -> None:
        arguments = Arguments("policy")
        cuts = 0 < self.review <= self.fail
        found = f"{self.review!r} and {self.fail!r}"
        arguments.require(cuts, "review", "cuts out of order", "range", found=found, allowed="0 < review <= fail")
        arguments.require(self.tolerance > 0, "tolerance", "no index", "range", found=repr(self.tolerance))
        arguments.require(0 < self.level < 1, "level", "no level", "range", found=repr(self.level))
        arguments.require(self.least_rows >= 1, "least_rows", "no number of rows", "range", found=repr(self.least_rows))
        arguments.require(1 <= self.k <= self.n, "k", "not k of n periods", "range", found=f"{self.k} of {self.n}")
        effect = 0 < self.development_effect <= 1
        found = repr(self.development_effect)
        arguments.require(effect, "development_effect", "no share", "range", found=found, allowed="above 0, at most 1")
        arguments.raise_if_any()
