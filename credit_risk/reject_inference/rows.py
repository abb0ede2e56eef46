"""Applicants as the door saw them, and the weighted rows that a method of reject inference makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments
from credit_risk.evaluation.clustered import Codes, cluster_codes

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, init=False)
class Decided:
    """Applicants on whom a decision was made, shapes (n,), copied and frozen.

    y: 1 bad, 0 good, NaN where the outcome is not known (all rejected, and accepted who did not take the loan up);
    accepted: the decision, whoever made it; weights: sampling weights, positive, 1 where none are given; clusters:
    whole numbers, equal where rows belong to one obligor, or None. Withdrawn applications have no decision and do
    not belong here. Raises CreditRiskError with all faults: other lengths, outcomes other than 0 and 1, an outcome of
    a rejected applicant, no rejected, only rejected, no known good or no known bad, weights that are not positive.
    """

    y: Floats
    accepted: Mask
    weights: Floats
    clusters: Codes | None = field(default=None)

    def __init__(
        self,
        y: ArrayLike,
        accepted: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        clusters: ArrayLike | None = None,
    ):
        arguments = Arguments()
        decision = arguments.outcome(accepted, both_classes=False, name="accepted") == 1
        outcome = _outcome(arguments, y, decision)
        w = arguments.weights(weights)
        _require_both(arguments, outcome, decision)
        arguments.raise_if_any()
        values = {"y": outcome, "accepted": decision, "weights": np.ones(len(outcome)) if w is None else w}
        for name, value in values.items():
            copied = value.copy()
            copied.flags.writeable = False
            object.__setattr__(self, name, copied)
        object.__setattr__(self, "clusters", None if clusters is None else cluster_codes(clusters, len(outcome)))

    @property
    def known(self) -> Mask:
        """Whose outcome is known (n,): accepted and booked."""
        return np.isfinite(self.y)

    @property
    def rejected(self) -> Mask:
        """Who was rejected (n,)."""
        return ~self.accepted

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True)
class InferredRows:
    """Weighted rows that any model can be fitted on. All (m,).

    place: number of the applicant in `Decided`, from 0; an applicant may stand in several rows (as bad and as good) or
    in none; y: 1 bad, 0 good; weight: above 0, the sampling weight times what the method gives; inferred: whether the
    outcome is one that the method supposes. notes: what was assumed, trimmed or left out, in words.
    """

    method: str
    place: Places
    y: Floats
    weight: Floats
    inferred: Mask
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.place)

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of rows, (sum of w) squared over the sum of squares, of rows with known outcomes."""
        w = self.weight[~self.inferred]
        return float(w.sum() ** 2 / np.square(w).sum())


def known_rows(decided: Decided, factor: Floats | None = None) -> tuple[Places, Floats, Floats, Mask]:
    """place, y, weight, inferred of the applicants with known outcomes; factor (n,): multiplies their weights."""
    place = np.flatnonzero(decided.known)
    w = decided.weights[place]
    return place, decided.y[place], w if factor is None else w * factor[place], np.zeros(len(place), dtype=bool)


def accepted_only(decided: Decided) -> InferredRows:
    """The applicants with known outcomes as they are: no inference."""
    return InferredRows("none", *known_rows(decided))


def _outcome(arguments: Arguments, values: ArrayLike, accepted: Mask) -> Floats:
    y = np.asarray(values, dtype=np.float64) if not hasattr(values, "to_numpy") else _plain(values)
    if y.ndim != 1 or len(y) != len(accepted):
        arguments.require(False, "y", "length differs from accepted", "length", found=f"shape {y.shape}")
        return y
    known = np.isfinite(y)
    arguments.require(not np.isinf(y).any(), "y", "infinite outcomes", "outcome_code", allowed="0, 1 or missing")
    odd = known & (y != 0) & (y != 1)
    if odd.any():
        found, row = f"{y[odd][0]:g}", int(np.flatnonzero(odd)[0]) + 1
        arguments.require(False, "y", "outcome codes other than 0 and 1", "outcome_code", found=found, row=row)
    told = known & ~accepted
    if told.any():
        arguments.require(
            False,
            "y",
            "rejected applicants have outcomes",
            "rejected_outcome",
            found=f"{np.count_nonzero(told):,} rows",
            row=int(np.flatnonzero(told)[0]) + 1,
            remedy="declare them as external outcomes, or mend the decisions",
        )
    return y


def _plain(values: ArrayLike) -> Floats:
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)  # type: ignore[union-attr]


def _require_both(arguments: Arguments, y: Floats, accepted: Mask) -> None:
    if len(accepted) == 0 or y.ndim != 1 or len(y) != len(accepted):
        return
    arguments.require(
        not accepted.all(), "accepted", "no applicant was rejected", "no_rejects", remedy="use no reject inference"
    )
    known = y[np.isfinite(y)]
    arguments.require(bool(accepted.any()), "accepted", "every applicant was rejected", "only_rejects")
    both = bool(np.any(known == 0) and np.any(known == 1))
    found = f"{len(known):,} known outcomes, {int(np.count_nonzero(known == 1)):,} bad"
    arguments.require(both, "y", "no known good or no known bad", "one_class", found=found)
