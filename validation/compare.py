"""The developer's value beside the validator's own, under the tolerance of the policy; a breach is a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from validation.findings import Finding, Outcome
from validation.policy import Policy, Tolerance

if TYPE_CHECKING:
    from validation.battery.rows import BatteryRow

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One quantity of one area over `compared` places; `largest` in the unit of the tolerance, inf if undefined."""

    area: str
    quantity: str
    compared: int
    breaches: int
    largest: float
    tolerance: Tolerance
    worst: tuple[str, Any, Any] | None

    @property
    def outcome(self) -> str:
        """`pass` or `fail`."""
        return "fail" if self.breaches else "pass"


@dataclass(slots=True)
class Ledger:
    """What was compared and what was not, in order; the findings follow from it.

    `tables`: rows of the validator's own tables by evidence id, or the reason why there are none. `battery`: rows of
    `validation.battery`.
    """

    policy: Policy
    comparisons: list[Comparison] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    tables: dict[str, list[list[Any]] | str] = field(default_factory=dict)
    battery: list[BatteryRow] = field(default_factory=list)

    def numbers(
        self,
        area: str,
        quantity: str,
        rule: str,
        developer: Sequence[float | None] | Floats,
        validator: Sequence[float | None] | Floats,
        labels: Sequence[str] | str,
        evidence: Sequence[str] = (),
    ) -> Comparison | None:
        """Compare numbers place by place; None is missing and equals only missing. `labels` name the places."""
        tolerance = self.policy.tolerances[rule]
        if len(developer) != len(validator):
            return self._record(
                area, quantity, tolerance, 1, 1, np.inf, ("length", len(developer), len(validator)), evidence
            )
        if not len(developer):
            return None
        d, v = as_array(developer), as_array(validator)
        difference = tolerance.excess(d, v)
        limit = 0.0 if tolerance.kind == "exact" else tolerance.value
        worst = int(np.argmax(difference))
        place = _label(labels, worst)
        breaches = int(np.count_nonzero(difference > limit))
        values = (place, _plain(d[worst]), _plain(v[worst]))
        return self._record(area, quantity, tolerance, len(d), breaches, float(difference[worst]), values, evidence)

    def words(
        self,
        area: str,
        quantity: str,
        developer: Sequence[Any],
        validator: Sequence[Any],
        labels: Sequence[str] | str,
        evidence: Sequence[str] = (),
        rule: str = "identity",
    ) -> Comparison | None:
        """Compare texts or codes place by place: equal or not."""
        tolerance = self.policy.tolerances[rule]
        if len(developer) != len(validator):
            return self._record(
                area, quantity, tolerance, 1, 1, np.inf, ("length", len(developer), len(validator)), evidence
            )
        if not len(developer):
            return None
        wrong = [place for place, (d, v) in enumerate(zip(developer, validator, strict=True)) if d != v]
        place = wrong[0] if wrong else 0
        values = (_label(labels, place), _word(developer[place]), _word(validator[place]))
        largest = float("inf") if wrong else 0.0
        return self._record(area, quantity, tolerance, len(developer), len(wrong), largest, values, evidence)

    def not_evaluable(self, test: str, reason: str) -> None:
        """Record that a test could not be run, and why."""
        self.outcomes.append(Outcome(test=test, outcome="not_evaluable", compared=0, cut=None, reason=reason))

    def check(self, outcome: Outcome) -> None:
        """Record the outcome of a check of the battery."""
        self.outcomes.append(outcome)

    def _record(
        self,
        area: str,
        quantity: str,
        tolerance: Tolerance,
        compared: int,
        breaches: int,
        largest: float,
        worst: tuple[str, Any, Any],
        evidence: Sequence[str],
    ) -> Comparison:
        comparison = Comparison(area, quantity, compared, breaches, largest, tolerance, worst)
        self.comparisons.append(comparison)
        self.outcomes.append(_outcome(comparison, evidence))
        return comparison


def _outcome(comparison: Comparison, evidence: Sequence[str]) -> Outcome:
    tolerance = comparison.tolerance
    cut = "equal" if tolerance.kind == "exact" else f"{tolerance.kind} {tolerance.value:g}"
    finding = None
    if comparison.breaches:
        assert comparison.worst is not None
        place, developer, validator = comparison.worst
        finding = Finding(
            test=f"{comparison.area}: {comparison.quantity}",
            severity=tolerance.severity,
            quantity=f"{comparison.quantity} ({place})",
            developer_value=developer,
            validator_value=validator,
            tolerance=tolerance.value,
            statement=(
                f"{comparison.breaches} of {comparison.compared} values of {comparison.quantity} in {comparison.area} "
                f"differ from the independent rebuild by more than the tolerance; the largest difference is at {place}."
            ),
            remedy="Explain the difference or correct the package and submit it again.",
            evidence=tuple(evidence) or (comparison.area,),
        )
    return Outcome(
        test=f"{comparison.area}: {comparison.quantity}",
        outcome=comparison.outcome,
        compared=comparison.compared,
        cut=cut,
        reason=None,
        finding=finding,
    )


def in_order(stated: Sequence[Any], own: Sequence[Any]) -> list[Any]:
    """Return the keys of a developer's table in our order, then those that we do not know; repeated ones stay."""
    place = {key: number for number, key in enumerate(own)}
    return sorted(stated, key=lambda key: place.get(key, len(place)))


def as_array(values: Sequence[float | None] | Floats) -> Floats:
    """Return numbers as float64 with NaN for None; booleans and texts are refused."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        return values.astype(np.float64)
    return np.array([np.nan if item is None else float(item) for item in values], dtype=np.float64)


def _label(labels: Sequence[str] | str, place: int) -> str:
    return f"{labels} {place + 1}" if isinstance(labels, str) else str(labels[place])


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _word(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)
