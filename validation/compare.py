"""The developer's value beside the validator's own, under the tolerance of the policy; a breach is a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from validation import materiality, schema_check
from validation.findings import Finding, Outcome
from validation.materiality import Effects, Grade
from validation.policy import Policy, Tolerance

if TYPE_CHECKING:
    from validation.battery.rows import BatteryRow

Floats = NDArray[np.float64]
Impact = Callable[[NDArray[np.bool_]], Effects]
"""What the rebuilt values of the places that are marked do to the model when they replace the stated ones."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One quantity of one area over `compared` places; `largest` in the unit of the tolerance, inf if undefined.

    `grade` says how severe the breaches are; None where there is none.
    """

    area: str
    quantity: str
    compared: int
    breaches: int
    largest: float
    tolerance: Tolerance
    worst: tuple[str, Any, Any] | None
    grade: Grade | None = None

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

    def copy(self) -> Ledger:
        """A ledger of its own with the same entries, which are never changed."""
        return Ledger(self.policy, list(self.comparisons), list(self.outcomes), dict(self.tables), list(self.battery))

    def numbers(
        self,
        area: str,
        quantity: str,
        rule: str,
        developer: Sequence[float | None] | Floats,
        validator: Sequence[float | None] | Floats,
        labels: Sequence[str] | str,
        evidence: Sequence[str] = (),
        *,
        applicants: bool = False,
        impact: Impact | None = None,
    ) -> Comparison | None:
        """Compare numbers place by place; None is missing and equals only missing. `labels` name the places.

        A breach is graded by the effect of its tolerance: by the mean over the places where these are `applicants`,
        else by the largest difference, and by what `impact` measures where the values are parameters of a model. In a
        table of evidence it is a documented figure.
        """
        tolerance = self.policy.tolerances[rule]
        if len(developer) != len(validator):
            return self._lengths(area, quantity, tolerance, len(developer), len(validator), evidence)
        if not len(developer):
            return None
        d, v = as_array(developer), as_array(validator)
        difference = tolerance.excess(d, v)
        wrong = difference > (0.0 if tolerance.kind == "exact" else tolerance.value)
        worst = int(np.argmax(difference))
        values = (_label(labels, worst), _plain(d[worst]), _plain(v[worst]))
        grade = None
        if wrong.any():
            size = difference if tolerance.kind != "exact" else _relative(d, v)
            grade = self._grade(area, tolerance, size, wrong, applicants, impact)
        largest = float(difference[worst])
        return self._record(
            Comparison(area, quantity, len(d), int(wrong.sum()), largest, tolerance, values, grade), evidence
        )

    def words(
        self,
        area: str,
        quantity: str,
        developer: Sequence[Any],
        validator: Sequence[Any],
        labels: Sequence[str] | str,
        evidence: Sequence[str] = (),
        rule: str | None = None,
        *,
        impact: Impact | None = None,
    ) -> Comparison | None:
        """Compare texts or codes place by place: equal or not.

        Where no rule is named, one wrong word is a wrong `statement` in a table of evidence, else a wrong `identity`.
        Where the places are parts of a model, `impact` measures what they do; parts that move no result are graded by
        the share of them that is wrong.
        """
        tolerance = self.policy.tolerances[rule or ("statement" if documented(area) else "identity")]
        if len(developer) != len(validator):
            return self._lengths(area, quantity, tolerance, len(developer), len(validator), evidence)
        if not len(developer):
            return None
        wrong = np.array([d != v for d, v in zip(developer, validator, strict=True)], dtype=bool)
        place = int(np.argmax(wrong))
        values = (_label(labels, place), _word(developer[place]), _word(validator[place]))
        largest, breaches = (float("inf"), int(wrong.sum())) if wrong.any() else (0.0, 0)
        applicants = tolerance.effect == "decisions"
        size = np.where(wrong, np.inf if impact is None else np.mean(wrong), 0.0)
        grade = self._grade(area, tolerance, size, wrong, applicants, impact) if breaches else None
        return self._record(
            Comparison(area, quantity, len(developer), breaches, largest, tolerance, values, grade), evidence
        )

    def _lengths(
        self, area: str, quantity: str, tolerance: Tolerance, stated: int, own: int, evidence: Sequence[str]
    ) -> Comparison:
        wrong = np.ones(1, dtype=bool)
        grade = self._grade(area, tolerance, np.full(1, np.inf), wrong)
        return self._record(
            Comparison(area, quantity, 1, 1, np.inf, tolerance, ("length", stated, own), grade), evidence
        )

    def _grade(
        self,
        area: str,
        tolerance: Tolerance,
        size: Floats,
        wrong: NDArray[np.bool_],
        applicants: bool = False,
        impact: Impact | None = None,
    ) -> Grade:
        """Return the severity of a breach; `size` (n,) are the differences, `wrong` (n,) where they are too great.

        A parameter that moves no result of the model tells of it only, as a documented figure does.
        """
        matrix, own, effect = self.policy.materiality, tolerance.material, tolerance.effect
        if impact is not None and (effects := impact(wrong)).moved:
            return materiality.grade_effects(matrix, effects)
        if effect == "rule":
            assert tolerance.severity is not None
            return Grade(tolerance.severity, effect, float(wrong.sum()), "a breached rule, of which one is enough")
        if effect == "decisions" and applicants:
            return materiality.grade(matrix, effect, float(np.mean(wrong)))
        if applicants:
            return materiality.grade(matrix, effect, float(np.mean(size)), own)
        if impact is not None or documented(area):
            return materiality.grade(matrix, "figure", float(np.max(size)), own)
        if effect == "decisions":
            return materiality.grade(matrix, effect, float(np.mean(wrong)), words=SHARE)
        return materiality.grade(matrix, effect, float(np.max(size)), own, LARGEST)

    def not_evaluable(self, test: str, reason: str) -> None:
        """Record that a test could not be run, and why."""
        self.outcomes.append(Outcome(test=test, outcome="not_evaluable", compared=0, cut=None, reason=reason))

    def check(self, outcome: Outcome) -> None:
        """Record the outcome of a check of the battery."""
        self.outcomes.append(outcome)

    def _record(self, comparison: Comparison, evidence: Sequence[str]) -> Comparison:
        self.comparisons.append(comparison)
        self.outcomes.append(_outcome(comparison, evidence))
        return comparison


LARGEST, SHARE = "largest difference", "share of the values that are wrong"


def documented(area: str) -> bool:
    """Whether an area is a table of evidence (whose words and numbers tell of the model and are not it)."""
    name = area.split(" ", 1)[0]
    known, families = _evidence_ids()
    return name in known or f"{name}.".startswith(families)


@cache
def _evidence_ids() -> tuple[frozenset[str], tuple[str, ...]]:
    ids = [entry["id"] for entry in schema_check.load("evidence_catalogue.json")["entries"]]
    return frozenset(ids), tuple(one.split("{", 1)[0] for one in ids if "{" in one)


def _outcome(comparison: Comparison, evidence: Sequence[str]) -> Outcome:
    tolerance, grade = comparison.tolerance, comparison.grade
    cut = "equal" if tolerance.kind == "exact" else f"{tolerance.kind} {tolerance.value:g}"
    finding = None
    if grade is not None:
        assert comparison.worst is not None
        place, developer, validator = comparison.worst
        finding = Finding(
            test=f"{comparison.area}: {comparison.quantity}",
            severity=grade.severity,
            quantity=f"{comparison.quantity} ({place})",
            developer_value=developer,
            validator_value=validator,
            tolerance=tolerance.value,
            statement=(
                f"{comparison.breaches} of {comparison.compared} values of {comparison.quantity} in {comparison.area} "
                "differ from the independent rebuild by more than the tolerance; "
                f"the largest difference is at {place}. Materiality: {grade.statement}."
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


def _relative(developer: Floats, validator: Floats) -> Floats:
    """Relative differences (n,) of numbers that must be equal, those below 1 as if of its size."""
    return Tolerance("relative", 0.0, 1.0, "figure", None, None, "").excess(developer, validator)


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
