"""Rules and objectives of a plan in the one form in which they are evaluated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from credit_risk._core import canonical_json
from credit_risk.monitoring.metrics import CATALOGUE
from credit_risk.monitoring.spec import MONTHS, CutSpec, MonitoringSpec, ObjectiveSpec, RuleSpec, Severity

Colour = Literal["yellow", "red"]
OBJECTIVE = "objective"
"""The metric of every objective, whose identifier is the subject."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: values of a metric in a population, their cut, how often, how persistent, and who answers.

    `left_out` are columns whose segments it is not asked of: protected ones, where the metric is not one of fairness.
    `late`: whether the metric has to wait for outcomes, so that the latest periods cannot be judged yet.
    """

    id: str
    title: str
    metric: str
    population: str
    subjects: tuple[str, ...] | None
    cut: CutSpec
    strict: bool
    beyond_chance: bool
    months: int
    at_least: int
    of: int
    severities: dict[Colour, Severity]
    owner: str | None
    response: str | None
    segments: tuple[str, ...]
    left_out: frozenset[str]
    late: bool = False

    def colour(self, value: float) -> Colour | None:
        """Red, else yellow, else None. An objective is missed only beyond its target (`strict`)."""
        if self.cut.reached(value, self.cut.red) and not (self.strict and value == self.cut.red):
            return "red"
        return "yellow" if self.cut.reached(value, self.cut.yellow) and not self.strict else None

    def covers(self, segment: str) -> bool:
        """Whether the population holds the segment (`all`, or column=value)."""
        column = segment.partition("=")[0]
        if segment == "all" or self.population == "all":
            return segment == self.population
        if column in self.left_out:
            return False
        return self.population in (segment, column) or (self.population == "segments" and column in self.segments)

    def due(self, period: str) -> bool:
        """Whether it is evaluated at the end of the period YYYY-MM."""
        return int(period[5:]) % self.months == 0


def watches_of(monitoring: MonitoringSpec, protected: Iterable[str] = ()) -> tuple[Watch, ...]:
    """All that the plan watches: its metrics, then its objectives. protected: columns compared for fairness only."""
    shielded = frozenset(protected)
    return (
        *(_of_rule(rule, monitoring, shielded) for rule in monitoring.metrics),
        *(_of_objective(objective, monitoring, shielded) for objective in monitoring.objectives),
    )


def _of_rule(rule: RuleSpec, monitoring: MonitoringSpec, protected: frozenset[str]) -> Watch:
    metric, persistence = CATALOGUE[rule.metric], rule.persistence or monitoring.persistence
    return Watch(
        rule.id,
        metric.title,
        rule.metric,
        rule.population,
        rule.subjects,
        rule.cut,
        False,
        rule.beyond_chance,
        MONTHS[rule.frequency or monitoring.frequency],
        persistence.at_least,
        persistence.of,
        {"yellow": rule.yellow_severity, "red": rule.severity},
        rule.owner,
        rule.response,
        monitoring.segments,
        frozenset() if metric.fairness else protected,
        metric.outcomes,
    )


def _of_objective(objective: ObjectiveSpec, monitoring: MonitoringSpec, protected: frozenset[str]) -> Watch:
    persistence = objective.persistence or monitoring.persistence
    side: Literal["above", "below"] = "above" if objective.direction == "at_most" else "below"
    return Watch(
        objective.id,
        objective.title or objective.id,
        OBJECTIVE,
        objective.population,
        (objective.id,),
        CutSpec(side=side, red=objective.target),
        True,
        False,
        MONTHS[objective.frequency or monitoring.frequency],
        persistence.at_least,
        persistence.of,
        {"yellow": objective.severity, "red": objective.severity},
        objective.owner,
        objective.response,
        monitoring.segments,
        protected,
        objective.metric is not None and CATALOGUE[objective.metric].outcomes,
    )


def alert_id(model: str, watch: str, segment: str, subject: str) -> str:
    """Identifier of the alert of a rule on a segment and subject: the same in every run, and after a new version."""
    told = canonical_json.to_bytes([model, watch, segment, subject])
    return f"A-{hashlib.sha256(told).hexdigest()[:12]}"
