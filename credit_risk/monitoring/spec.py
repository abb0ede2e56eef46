"""What a plan says of monitoring: what is watched, where a cut lies, who answers, and what is done then."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.severity import SEVERITIES
from credit_risk._core.spec import Spec
from credit_risk.models.candidate_spec import IDENTIFIER
from credit_risk.monitoring.metrics import CATALOGUE, METRICS, Metric, MetricName, Side
from credit_risk.sampling.spec import ColumnName

Text = Annotated[str, StringConstraints(min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
Frequency = Literal["monthly", "quarterly", "half_yearly", "yearly"]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Severity = Literal["critical", "high", "medium", "low", "observation"]
MONTHS: dict[str, int] = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
OF_FAMILY: dict[str, tuple[Severity, Severity]] = {
    "drift": ("low", "medium"),
    "quality": ("medium", "high"),
    "performance": ("medium", "high"),
    "calibration": ("medium", "high"),
    "decisions": ("low", "medium"),
    "business": ("low", "medium"),
    "replay": ("critical", "critical"),
}
"""Severity of a yellow and of a red value, by family of metrics."""
AT_ONCE = frozenset({"bad_partitions", "replay_differences", "contract_breaches", "record_breaks"})
"""Metrics of which one period suffices: what they count is no matter of chance."""


class PersistenceSpec(Spec):
    """In how many of the latest periods a cut must be broken before an alert is raised."""

    at_least: int = Field(default=2, ge=1, le=24, description="Periods in which the cut is broken.")
    of: int = Field(default=3, ge=1, le=24, description="Latest periods that are looked at, this one included.")

    @model_validator(mode="after")
    def _in_order(self) -> PersistenceSpec:
        if self.at_least > self.of:
            raise ValueError("at_least is more than of: such an alert is never raised")
        return self


class CutSpec(Spec):
    """Where a value is yellow and where it is red."""

    side: Side = Field(
        description="above: at the cut or more; below: at the cut or less; away: at least the cut away from neutral."
    )
    neutral: float = Field(default=0.0, description="What `away` is measured from, 1 for a ratio; 0 otherwise.")
    yellow: float | None = Field(default=None, description="From where a value is yellow; null: no value is.")
    red: float | None = Field(default=None, description="From where a value is red; null: no value is.")

    @model_validator(mode="after")
    def _in_order(self) -> CutSpec:
        if self.yellow is None and self.red is None:
            raise ValueError("neither yellow nor red has a cut")
        if self.yellow is not None and self.red is not None:
            wrong = self.red > self.yellow if self.side == "below" else self.red < self.yellow
            if wrong:
                raise ValueError(f"red is reached before yellow on the side {self.side!r}")
        if self.side == "away" and any(cut is not None and cut <= 0 for cut in (self.yellow, self.red)):
            raise ValueError("a distance from neutral is above 0")
        return self

    def distance(self, value: float) -> float:
        """How far to the side at fault a value lies; below a cut, negated."""
        return {"above": value, "below": -value, "away": abs(value - self.neutral)}[self.side]

    def reached(self, value: float, cut: float | None) -> bool:
        """Whether `value` is at `cut` or beyond it."""
        return cut is not None and self.distance(value) >= (-cut if self.side == "below" else cut)


UNKNOWN: dict[str, Any] = {"id": "unknown", "cut": {"side": "above", "red": 0.0}}
"""What stands for the parts that the catalogue fills, where the metric is at fault, so that this alone is told."""


def _metric_suffices(schema: dict[str, Any]) -> None:
    schema["required"] = ["metric"]


class RuleSpec(Spec):
    """A metric that is watched: where its cuts lie, of whom, how often, who answers, and what is done."""

    model_config = ConfigDict(json_schema_extra=_metric_suffices)

    id: Identifier = Field(description="Identifier of the rule, in alerts and documents; the metric's where left out.")
    metric: MetricName = Field(description="Metric of the catalogue.")
    evidence: Text | None = Field(
        default=None, description="Evidence of the package that holds the reference; the catalogue's where left out."
    )
    population: Text = Field(
        default="all",
        description="Of whom: all; segments (each of monitoring.segments); a column (each of its values); "
        "column=value.",
    )
    subjects: Annotated[tuple[Text, ...], Strict(False)] | None = Field(
        default=None, description="Characteristics, grades or outputs that it is asked of; null: each."
    )
    cut: CutSpec = Field(description="Where a value is yellow and red; the catalogue's where left out.")
    frequency: Frequency | None = Field(
        default=None, description="How often it is evaluated, at the end of such periods; null: monitoring.frequency."
    )
    persistence: PersistenceSpec | None = Field(
        default=None, description="Periods before an alert; null: monitoring.persistence."
    )
    beyond_chance: bool = Field(
        default=False, description="Whether a cut is broken only where chance does not explain the value."
    )
    severity: Severity = Field(default="high", description="Severity of an alert on a red value.")
    yellow_severity: Severity = Field(default="low", description="Severity of an alert on a yellow value.")
    owner: Text | None = Field(default=None, description="Who answers for the alert; null: not declared.")
    response: Text | None = Field(default=None, description="What is done about it; null: not declared.")

    @model_validator(mode="before")
    @classmethod
    def _as_the_catalogue_has_it(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        metric = value.get("metric")
        known = CATALOGUE.get(metric) if isinstance(metric, str) else None
        return {**UNKNOWN, **value} if known is None else _filled(value, known)

    @model_validator(mode="after")
    def _gravest_is_red(self) -> RuleSpec:
        if SEVERITIES.index(self.severity) > SEVERITIES.index(self.yellow_severity):
            raise ValueError("an alert on a yellow value is graver than one on a red value")
        return self


def _filled(value: dict[str, Any], metric: Metric) -> dict[str, Any]:
    yellow, red = OF_FAMILY[metric.family]
    filled: dict[str, Any] = {"id": metric.name, "evidence": metric.evidence, "beyond_chance": metric.tested}
    filled |= {"persistence": {"at_least": 1, "of": 1}} if metric.name in AT_ONCE else {}
    graver = value.get("severity")
    if graver in SEVERITIES and SEVERITIES.index(graver) > SEVERITIES.index(yellow):
        yellow = graver
    filled |= {"severity": red, "yellow_severity": yellow}
    given = value.get("cut", {})
    if isinstance(given, dict):
        head: dict[str, Any] = {"side": metric.side, "neutral": metric.neutral}
        usual = {"yellow": metric.yellow, "red": metric.red} if not given.keys() & {"yellow", "red"} else {}
        known = {key: number for key, number in usual.items() if number is not None}
        filled["cut"] = {**head, **known, **given}
    return {**filled, **{key: one for key, one in value.items() if key != "cut" or not isinstance(given, dict)}}


def usual_rules(*, binary: bool = True) -> list[dict[str, Any]]:
    """Rules where a plan that is monitored names none: the usual metrics of the catalogue with their cuts.

    Without `binary` those alone that an amount or a fraction has too.
    """
    return [{"metric": metric.name} for metric in METRICS if metric.usual and (binary or not metric.binary)]


class ChallengersSpec(Spec):
    """Models that are scored beside the champion in production, and how the two are compared."""

    shadow: Annotated[tuple[Identifier, ...], Strict(False)] = Field(
        min_length=1,
        description="Identifiers of models of the plan that are scored in shadow; the first decides on the share.",
    )
    share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of applicants whom a challenger decides on; null: none, shadow only.",
    )
    salt: Text | None = Field(
        default=None, description="What the identifier of the applicant is hashed with; one a test. Needed by share."
    )
    arm: ColumnName | None = Field(
        default=None,
        description="Column of the log with the arm that decided: champion, or the challenger's id; null: the arm is "
        "that of the hash. Where there is one it is held against the hash.",
    )
    looks: int = Field(
        default=12,
        ge=1,
        le=60,
        description="Looks that are planned, one each months_between_looks from the first month of production on.",
    )
    months_between_looks: int = Field(default=1, ge=1, le=12, description="Months from one look to the next.")
    look_months: Annotated[tuple[Month, ...], Strict(False)] = Field(
        default=(),
        max_length=60,
        description="Months at whose ends it is looked, YYYY-MM, ascending, in place of looks; empty: by looks.",
    )
    look_information: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Strict(False)] = Field(
        default=(),
        max_length=60,
        description="Shares of the information at which it is looked, ascending, the last 1, in place of looks: at the "
        "end of the first month that has reached one; empty: by looks.",
    )
    planned_error: float = Field(
        default=0.01,
        gt=0,
        lt=0.5,
        description="Error of the difference in AUC at which the information is complete: its share at a look is "
        "(planned_error / error)²; also the error of the difference in bad rate between the arms of a live split at "
        "which its bounds, which hold at all runs together, are tightest.",
    )
    error: float | None = Field(
        default=None, gt=0, lt=0.5, description="Two-sided error of all looks together; null: monitoring.significance."
    )
    spending: Literal["obrien_fleming", "pocock", "always_valid"] = Field(
        default="obrien_fleming", description="How the error is spent over the looks; as strategy.experiment.spending."
    )
    random_accepts: ColumnName | None = Field(
        default=None,
        description="Column of the log that is true (or 1) of applicants accepted at random; null: there are none, and "
        "a comparison on the champion's accepts carries a warning.",
    )
    random_share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Share of the applicants below strategy.cut_off who are accepted at random: all accepts are then "
        "compared, weighted by the inverse probability of acceptance; null: those accepted at random alone.",
    )

    @property
    def live(self) -> str | None:
        """The challenger that decides on a share of the applicants: the first of `shadow`."""
        return None if self.share is None else self.shadow[0]

    @model_validator(mode="after")
    def _looks_are_declared_once(self) -> ChallengersSpec:
        for name in ("look_months", "look_information"):
            given = getattr(self, name)
            if list(given) != sorted(set(given)):
                raise ValueError(f"{name} do not ascend")
        if any(more * (1 - 1e-6) <= less for less, more in pairwise(self.look_information)):
            raise ValueError("look_information lie closer than a millionth: the two are one look")
        if self.look_months and self.look_information:
            raise ValueError("looks are planned by months or by information, not by both")
        if self.look_information and self.look_information[-1] != 1.0:
            raise ValueError("the last of look_information is 1: the information is complete then")
        if self.spending == "always_valid" and (self.look_months or self.look_information):
            raise ValueError("always_valid has no planned looks: it may be looked at at any time")
        return self

    @model_validator(mode="after")
    def _split_has_a_salt(self) -> ChallengersSpec:
        if (self.share is None) != (self.salt is None):
            raise ValueError("share and salt go together: a live split is by salted hash of the applicant")
        if self.arm is not None and self.share is None:
            raise ValueError("an arm is of a live split: declare share and salt")
        return self


class ObjectiveSpec(Spec):
    """A business or operational objective, measured on columns of the production log, or a metric of the catalogue."""

    id: Identifier = Field(description="Identifier of the objective.")
    area: Literal["business", "operational"] = Field(description="What it is an objective of.")
    title: Text | None = Field(default=None, description="Name for people; null: the identifier.")
    measure: Literal["rows", "sum", "mean", "share", "quantile", "ratio", "metric"] = Field(
        description="rows: number of rows; sum, mean: of a column; share: of rows whose column is value; quantile: of "
        "a column, at level; ratio: sum of the first column over that of the second; metric: of the catalogue."
    )
    metric: MetricName | None = Field(default=None, description="Metric of the catalogue; measure metric only.")
    subject: Text | None = Field(
        default=None,
        description="Characteristic, grade or output that the metric is asked of, as values of metrics name it; null: "
        "the metric has one subject.",
    )
    columns: Annotated[tuple[ColumnName, ...], Strict(False)] = Field(
        default=(), max_length=2, description="Columns of the production log that it reads."
    )
    value: str | float | bool | None = Field(default=None, description="Value whose share is taken; share only.")
    level: float | None = Field(default=None, gt=0, lt=1, description="Level of the quantile, as 0.95; quantile only.")
    direction: Literal["at_least", "at_most"] = Field(description="On which side of the target the objective is met.")
    target: float = Field(description="The target, in the unit.")
    unit: Text | None = Field(default=None, description="Unit of measure and target, as text.")
    population: Text = Field(default="all", description="Of whom, as in a rule.")
    frequency: Frequency | None = Field(default=None, description="How often; null: monitoring.frequency.")
    persistence: PersistenceSpec | None = Field(
        default=None, description="Periods missed before an alert; null: monitoring.persistence."
    )
    severity: Severity = Field(default="medium", description="Severity of an alert where it is missed.")
    owner: Text | None = Field(default=None, description="Who answers for it; null: not declared.")
    response: Text | None = Field(default=None, description="What is done where it is missed; null: not declared.")

    @model_validator(mode="after")
    def _has_what_its_measure_needs(self) -> ObjectiveSpec:
        needed = {"rows": 0, "metric": 0, "ratio": 2}.get(self.measure, 1)
        if (self.measure == "metric") != (self.metric is not None):
            raise ValueError("the measure metric names one, and no other measure does")
        if self.subject is not None and self.metric is None:
            raise ValueError("a subject is of a metric")
        if len(self.columns) != needed:
            raise ValueError(f"the measure {self.measure} has {needed} column(s)")
        if (self.measure == "quantile") != (self.level is not None):
            raise ValueError("a quantile has a level, and no other measure has one")
        if (self.measure == "share") != (self.value is not None):
            raise ValueError("a share has a value, and no other measure has one")
        return self


class ProfitSpec(Spec):
    """What an account earns and costs, from which profit, loss and cost of review are told each month.

    A good earns margin · amount, a bad loses loss_given_default · amount, an application reviewed by hand costs
    review_cost.
    """

    amount: ColumnName | None = Field(
        default=None, description="Column of the amount lent; null: 1 for each account, margin and loss are amounts."
    )
    margin: float = Field(ge=0, description="Earned on an account that stays good, per unit of the amount.")
    loss_given_default: float = Field(ge=0, description="Lost on an account that goes bad, per unit of the amount.")
    review_cost: float = Field(default=0.0, ge=0, description="Cost of an application that is reviewed by hand.")
    reviewed: ColumnName | None = Field(
        default=None, description="Column that is true, yes or 1 of applications reviewed by hand; null: none is."
    )
    currency: Text | None = Field(default=None, description="Currency of the amounts, as EUR; null: not declared.")

    @model_validator(mode="after")
    def _review_is_seen(self) -> ProfitSpec:
        if self.review_cost > 0 and self.reviewed is None:
            raise ValueError("a cost of review needs the column that tells who was reviewed")
        return self


class ChannelSpec(Spec):
    """Where alerts are delivered to. Addresses that hold a secret name it as ${VAR}; plans hold none."""

    id: Identifier = Field(description="Identifier of the channel, in the record of deliveries.")
    url: Text = Field(
        description="https://… (the JSON document of the alerts is posted there), or an address of Apprise: "
        "mailtos://…, msteams://…, slack://… . ${VAR} is taken from the environment."
    )
    at_least: Severity = Field(default="high", description="Least severity that is delivered there.")


class RetrainingSpec(Spec):
    """Thresholds of the advice on retraining; its rules are printed with it."""

    ranking_fell: float = Field(default=0.05, gt=0, lt=1, description="Fall of the AUC from which ranking has failed.")
    calibration_moved: float = Field(
        default=0.1,
        gt=0,
        lt=10,
        description="Distance of observed over expected from 1 from which the level has moved.",
    )
    population_moved: float = Field(
        default=0.25, gt=0, description="Stability index of the score from which the population has moved."
    )
    characteristic_moved: float = Field(
        default=0.25, gt=0, description="Stability index of a characteristic from which it has moved."
    )
    feed_broke: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Share of rows unseen, out of contract or more missing: the feed is broken.",
    )
    persistence: PersistenceSpec | None = Field(
        default=None, description="Periods of which this must hold; null: monitoring.persistence."
    )


class MonitoringSpec(Spec):
    """The key `monitoring` of a plan: what is watched of the model in use, by whom, and what follows."""

    frequency: Frequency = Field(default="monthly", description="How often rules are evaluated.")
    segments: Annotated[tuple[ColumnName, ...], Strict(False)] = Field(
        default=(),
        description="Columns of the source by whose values everything is told too. Protected ones are compared for "
        "fairness only.",
    )
    max_segment_values: int = Field(
        default=50, ge=2, le=1000, description="Most values of a segment column; with more it is told, and left out."
    )
    window_months: int | None = Field(
        default=None,
        ge=1,
        le=120,
        description="Months until an outcome is known; null: outcome.windows.performance_months.",
    )
    min_bads: int = Field(default=100, ge=1, description="Fewest bads for which discrimination is evaluable.")
    min_rows: int = Field(default=200, ge=1, description="Fewest rows of a period and segment that are evaluable.")
    asset_correlation: float | None = Field(
        default=None, ge=0, lt=1, description="For tests of calibration; null: evaluation.asset_correlation."
    )
    applicant: ColumnName | None = Field(
        default=None,
        description="Column of the log that names the applicant, where one may come again: intervals then count what "
        "applicants tell, not rows, and a live split is by it; null: samples.group, where the plan declares one, else "
        "each row is an applicant of its own.",
    )
    significance: float = Field(
        default=0.05, gt=0, lt=0.5, description="Level of tests, and of the false-discovery rate."
    )
    persistence: PersistenceSpec = Field(
        default=PersistenceSpec(),
        description="Periods in which a cut must be broken before an alert, of those looked at.",
    )
    zero_cells: Literal["half_everywhere", "add_half"] | Annotated[float, Field(gt=0, lt=1)] = Field(
        default="half_everywhere",
        description="Empty bins in a stability index: half_everywhere adds 0.5 to every cell always, which keeps "
        "the size of the test at few rows; add_half does so where a bin is empty; a number stands for an empty share.",
    )
    metrics: Annotated[tuple[RuleSpec, ...], Strict(False)] = Field(
        default_factory=lambda: tuple(RuleSpec.model_validate(rule) for rule in usual_rules()),
        description="What is watched, with cuts, owners and responses. Left out: the usual metrics with usual cuts.",
    )
    challengers: ChallengersSpec | None = Field(
        default=None, description="Models scored in shadow or in a live split; null: none."
    )
    objectives: Annotated[tuple[ObjectiveSpec, ...], Strict(False)] = Field(
        default=(), description="Business and operational objectives."
    )
    profit: ProfitSpec | None = Field(
        default=None, description="What accounts earn and cost; null: profit and loss are not told."
    )
    delivery: Annotated[tuple[ChannelSpec, ...], Strict(False)] = Field(
        default=(), description="Where alerts are delivered to; empty: nowhere, they stand in the log of alerts."
    )
    retraining: RetrainingSpec = Field(default=RetrainingSpec(), description="Thresholds of the advice on retraining.")

    def columns(self) -> dict[str, str]:
        """Columns of the source that monitoring divides by, each with its key path."""
        return {name: f"monitoring.segments[{index}]" for index, name in enumerate(self.segments)}
