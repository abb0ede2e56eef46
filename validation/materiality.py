"""The matrix of materiality: what a breach does, how much of it, and the severity that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEVERITIES = ("critical", "high", "medium", "low", "observation")
MEASURED = ("probability", "ranking", "decisions", "figure")
EFFECTS = (*MEASURED, "rule")
"""Effects of a breach: four with a size, and a rule of which one breach is enough."""
_WORDS = {
    "probability": "mean relative change of the probability",
    "ranking": "change of the AUC",
    "decisions": "share of applicants with another result",
    "figure": "largest relative difference of the documented figure",
}
_OWN = {
    "probability": "change of the value",
    "ranking": "change of the value",
    "decisions": "change of the value",
    "figure": "largest difference of the documented figure, in its own unit",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix: an effect of at least `value` is material, of at least `gross_from`·value gross."""

    value: float
    gross_from: float
    under: str
    material: str
    gross: str
    reason: str


@dataclass(frozen=True, slots=True)
class Grade:
    """The severity of one breach, the effect and size that it follows from, and both in words."""

    severity: str
    effect: str
    size: float
    statement: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change does to a model: sizes in the units of the matrix; None where the model has no such result."""

    probability: float | None = None
    ranking: float | None = None
    decisions: float | None = None
    results: Mapping[str, float] | None = None
    """Share of applicants changed by kind of result (grade, decision, score, reasons, bin)."""

    @property
    def moved(self) -> bool:
        """Whether there is any effect at all."""
        return any((self.probability, self.ranking, self.decisions))

    def greatest(self, other: Effects) -> Effects:
        """The greater of each size."""
        one, two = self.results or {}, other.results or {}
        return Effects(
            _greater(self.probability, other.probability),
            _greater(self.ranking, other.ranking),
            _greater(self.decisions, other.decisions),
            {name: max(one.get(name, 0.0), two.get(name, 0.0)) for name in {**one, **two}},
        )


def grade(
    matrix: Mapping[str, Row], effect: str, size: float, own: float | None = None, words: str | None = None
) -> Grade:
    """Return the grade of a breach of `size`; `own` is what is material in the unit of the rule itself.

    `words` say what the size is, where it is not that of the effect.
    """
    row = matrix[effect]
    limit = row.value if own is None else own
    beyond = row.gross_from * limit
    if size >= beyond:
        severity, place = row.gross, f"gross from {_number(effect, beyond, own)}"
    elif size >= limit:
        severity, place = row.material, f"material from {_number(effect, limit, own)}"
    else:
        severity, place = row.under, f"not material under {_number(effect, limit, own)}"
    words = words or (_WORDS if own is None else _OWN)[effect]
    return Grade(severity, effect, size, f"{words} {_number(effect, size, own)}, {place}")


def grade_effects(matrix: Mapping[str, Row], effects: Effects) -> Grade:
    """Return the severest grade of what was measured; of the same severity the one farthest over its limit.

    Raises ValueError where nothing was measured.
    """
    sizes = {name: getattr(effects, name) for name in ("probability", "ranking", "decisions")}
    known = [grade(matrix, name, size) for name, size in sizes.items() if size is not None]
    worst = min(known, key=lambda one: (SEVERITIES.index(one.severity), -one.size / matrix[one.effect].value))
    results = {name: share for name, share in (effects.results or {}).items() if share > 0}
    if worst.effect != "decisions" or not results:
        return worst
    most = ", ".join(f"{name} {share:.2%}".replace("%", " %") for name, share in sorted(results.items()))
    return Grade(worst.severity, worst.effect, worst.size, f"{worst.statement} ({most})")


def parse(section: Mapping[str, Mapping[str, Any]]) -> dict[str, Row]:
    """Return the matrix of a section of a policy whose faults were told."""
    return {
        name: Row(
            float(item["value"]),
            float(item["gross_from"]),
            item["under"],
            item["material"],
            item["gross"],
            item["reason"],
        )
        for name, item in section.items()
    }


def fault(item: Any) -> str | None:
    """Say what is wrong with one row of the matrix, or None."""
    keys = {"value", "gross_from", "under", "material", "gross", "reason"}
    if not isinstance(item, dict) or set(item) != keys:
        return f"has not the keys {sorted(keys)}"
    numbers = [item["value"], item["gross_from"]]
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in numbers):
        return "value or gross_from is not a number"
    if not item["value"] > 0 or not item["gross_from"] > 1:
        return "value is not above 0 or gross_from not above 1"
    if not isinstance(item["reason"], str):
        return "reason is not a text"
    severities = [item[key] for key in ("gross", "material", "under")]
    if any(one not in SEVERITIES for one in severities):
        return f"under, material or gross is not one of {SEVERITIES}"
    places = [SEVERITIES.index(one) for one in severities]
    return None if places == sorted(places) else "under is severer than material, or material severer than gross"


def _number(effect: str, value: float, own: float | None) -> str:
    if not math.isfinite(value):
        return "undefined (only one side has a value)"
    if own is None and effect != "ranking":
        return f"{100.0 * value:.3g} %"
    return f"{value:.3g}"


def _greater(one: float | None, two: float | None) -> float | None:
    known = [value for value in (one, two) if value is not None]
    return max(known) if known else None
