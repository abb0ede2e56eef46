"""What a classing must keep: the limits on bins and on neighbours, beside the trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TrendName = Literal["ascending", "descending", "peak", "valley", "none"]
TREND_NAMES: tuple[TrendName, ...] = ("ascending", "descending", "peak", "valley", "none")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a classing of n prebins. Counts are in the unit of the counts of goods and bads (weighted or not).

    min_bins, max_bins: number of bins. min_count, max_count, min_good, min_bad: weight of each bin.
    min_rate_difference: least difference of the bad rates of neighbours, in the direction of the trend.
    max_p_value: greatest two-sided p-value of the pooled two-proportion z-test between neighbours (Fleiss, Levin and
    Paik 2003, section 3.2, without continuity correction); counts are multiplied by test_scale first: with weights,
    Kish's effective number of rows is had by Σw/Σw².
    zero_cell: None lets no bin lack goods or bads; a count lets it, added to both cells of such a bin.
    fixed_cuts: prebins (1..n−1) that must open a bin; forbidden_cuts: that must not.
    forbidden_merges: pairs of prebins (0..n−1) that must not share a bin.
    """

    min_bins: int = 1
    max_bins: int | None = None
    min_count: float = 0.0
    max_count: float | None = None
    min_good: float = 0.0
    min_bad: float = 0.0
    min_rate_difference: float = 0.0
    max_p_value: float | None = None
    test_scale: float = 1.0
    zero_cell: float | None = None
    fixed_cuts: tuple[int, ...] = ()
    forbidden_cuts: tuple[int, ...] = ()
    forbidden_merges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        faults = [text for broken, text in self._rules() if broken]
        if faults:
            raise ValueError("; ".join(faults))

    def _rules(self) -> list[tuple[bool, str]]:
        """Pairs of whether a rule is broken (also by NaN) and what to say."""
        least = (self.min_count, self.min_good, self.min_bad, self.min_rate_difference)
        return [
            (self.min_bins < 1, f"min_bins is {self.min_bins}, allowed: 1 or more"),
            (self.max_bins is not None and self.max_bins < 1, f"max_bins is {self.max_bins}, allowed: 1 or more"),
            (not all(v >= 0 for v in least), "min_count, min_good, min_bad and min_rate_difference are 0 or more"),
            (self.max_count is not None and not self.max_count > 0, f"max_count is {self.max_count}, allowed: over 0"),
            (
                self.max_p_value is not None and not 0 < self.max_p_value <= 1,
                f"max_p_value is {self.max_p_value}, allowed: over 0 and up to 1",
            ),
            (not self.test_scale > 0, f"test_scale is {self.test_scale}, allowed: over 0"),
            (self.zero_cell is not None and not self.zero_cell > 0, f"zero_cell is {self.zero_cell}, allowed: over 0"),
            (any(a == b for a, b in self.forbidden_merges), "a forbidden merge names one prebin twice"),
        ]

    def check_prebins(self, n: int) -> None:
        """Raise ValueError where a cut or a merge names a prebin that n prebins do not have."""
        cuts = sorted(c for c in {*self.fixed_cuts, *self.forbidden_cuts} if not 1 <= c < n)
        merges = [pair for pair in self.forbidden_merges if not all(0 <= p < n for p in pair)]
        if cuts or merges:
            raise ValueError(f"cuts {cuts} and merges {merges} name no prebin; there are {n} prebins, counted from 0")
