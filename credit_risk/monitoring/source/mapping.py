"""Which columns of a table are the key, the moment, the results, the inputs: said once, checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.package import Package
from credit_risk.serving.arms import ARM

KEY, TIME, PACKAGE, VERSION, DECISION, SEQUENCE = "_key", "_time", "_package", "_version", "decision", "_sequence"
PERIOD = "_period"
INPUT, SEGMENT, CHALLENGER, OTHER = "input:", "segment:", "challenger:", "column:"
NUMBER, TEXT, MOMENT, DAY = "number", "text", "moment", "day"
BAD_DATE, OBSERVED, STATUS = "bad_date", "observed_until", "status"
TEXT_OUTPUTS = ("grade", "overall_decision")
PROBABILITIES = ("probability", "probability_with_margin")
OUTPUTS = ("linear_score", "probability", "probability_with_margin", "expected_value", "score", *TEXT_OUTPUTS)


class Mapped(Protocol):
    """A mapping of a table, whatever it holds."""

    @property
    def time_zone(self) -> str | None:
        """Zone of moments that have none."""
        ...

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which a partition cannot be used."""
        ...

    def columns(self) -> dict[str, str]:
        """Column of the table for each name."""
        ...

    def kinds(self, package: Package) -> dict[str, str]:
        """What each is to hold: number, text, moment or day."""
        ...


@dataclass(frozen=True, slots=True)
class OutcomesTable:
    """Columns of a table of outcomes: a row an account, or a row each time that it was looked at (the latest counts).

    key: as that of production; bad_date: the day on which it became bad, null where it has not so far; observed_until:
    the day to which it was looked at; status: the bank's word, where there is one. Days of moments are those of UTC.
    """

    key: str
    bad_date: str
    observed_until: str
    status: str | None = None

    @property
    def time_zone(self) -> str | None:
        """Days have none."""
        return None

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which a partition cannot be used."""
        return (KEY, BAD_DATE, OBSERVED)

    def columns(self) -> dict[str, str]:
        """Column of the table for each name."""
        named = {KEY: self.key, BAD_DATE: self.bad_date, OBSERVED: self.observed_until}
        return named | ({} if self.status is None else {STATUS: self.status})

    def kinds(self, package: Package) -> dict[str, str]:
        """Text and days."""
        return {name: DAY if name in (BAD_DATE, OBSERVED) else TEXT for name in self.columns()}

    def check(self) -> None:
        """Raises IntakeError where a name is empty or one column stands for two things."""
        named = self.columns()
        found = [Fault("a column has no name", "mapping", path=name) for name, column in named.items() if not column]
        for name, column in named.items():
            if list(named.values()).count(column) > 1:
                found.append(Fault("one column stands for two things", "mapping", path=name, found=column))
        if found:
            raise IntakeError(found)


@dataclass(frozen=True, slots=True)
class ProductionTable:
    """Columns of a table of decisions; a name that is None is not in the table.

    key: of the applicant or its pseudonym; time: moment of the decision; package: package hash; version: version of
    the model, where there is no hash. outputs: column of each published result (`linear_score`, `probability`,
    `probability_with_margin`, `expected_value`, `score`, `grade`, `overall_decision`, `reason_1`, `decision:<guard>`);
    inputs: of each input of model.json; decision: what was done; segments: column of each segment;
    challengers: column of `<id>:<result>`; others: of each column that the plan's section on monitoring names (amount,
    applicant, arm, those of objectives). sequence: a column that rises from decision to decision, by which a clock
    that goes backwards is seen. time_zone: of moments without a zone (`UTC`, `Europe/Berlin`); None refuses them.
    pseudonymous: whether the key is a pseudonym, by which nobody is assigned to the arms of a live split.
    """

    key: str
    time: str
    package: str | None = None
    version: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    decision: str | None = None
    segments: Mapping[str, str] = field(default_factory=dict)
    challengers: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    sequence: str | None = None
    time_zone: str | None = None
    pseudonymous: bool = False

    def columns(self) -> dict[str, str]:
        """Column of the table for each column of production (module docstring of `credit_risk.monitoring.frames`)."""
        given = {KEY: self.key, TIME: self.time, PACKAGE: self.package, VERSION: self.version}
        given |= {DECISION: self.decision, SEQUENCE: self.sequence}
        named = {name: column for name, column in given.items() if column is not None}
        named |= {f"{INPUT}{name}": column for name, column in self.inputs.items()}
        named |= dict(self.outputs)
        named |= {f"{CHALLENGER}{name}": column for name, column in self.challengers.items()}
        named |= {f"{OTHER}{name}": column for name, column in self.others.items()}
        return named | {f"{SEGMENT}{name}": column for name, column in self.segments.items()}

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which a partition cannot be used."""
        return (KEY, TIME)

    def kinds(self, package: Package) -> dict[str, str]:
        """What each column is to hold: number, text or moment."""
        return {name: kind_wanted(name, package) for name in self.columns()}

    def faults(self, package: Package) -> list[Fault]:
        """All that is wrong with the mapping by itself."""
        found = []
        known = {item["name"] for item in package.model["inputs"]}
        for name in self.inputs:
            if name not in known:
                found.append(Fault("is no input of the model", "mapping", path=f"inputs.{name}"))
        for name in self.outputs:
            if name not in OUTPUTS and not name.startswith(("reason_", "decision:")):
                allowed = ", ".join(OUTPUTS)
                found.append(Fault("is no result of a model", "mapping", path=f"outputs.{name}", allowed=allowed))
        for name in self.challengers:
            identifier, _, result = name.rpartition(":")
            if identifier not in package.challengers or result not in OUTPUTS:
                known_ids = ", ".join(package.challengers) or "none"
                message = "is no `<challenger>:<result>` of the package"
                found.append(Fault(message, "mapping", path=f"challengers.{name}", allowed=known_ids))
        declared = plan_columns(package)
        for name in self.others:
            if name not in declared:
                message, allowed = "is no column that the plan's section on monitoring names", ", ".join(declared)
                found.append(Fault(message, "mapping", path=f"others.{name}", allowed=allowed or "none"))
        for name, column in self.columns().items():
            if not column:
                found.append(Fault("a column has no name", "mapping", path=name))
        if self.key == self.time:
            found.append(Fault("key and time are one column", "mapping", path="key", found=self.key))
        if self.time_zone is not None and not _is_zone(self.time_zone):
            message, allowed = "there is no such time zone", "UTC, Europe/Berlin, …"
            found.append(Fault(message, "mapping", path="time_zone", found=self.time_zone, allowed=allowed))
        return found

    def check(self, package: Package) -> None:
        """Raises IntakeError with every fault of the mapping."""
        found = self.faults(package)
        if found:
            raise IntakeError(found)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def same_names(model: Package, /, key: str, time: str, **more: Any) -> ProductionTable:
    """A table whose columns of inputs and results have the names that the package `model` has for them.

    more: fields of ProductionTable. Results that the model has not are left out. Columns that the plan's section on
    monitoring names have these names.
    """
    outputs = {name: name for name in OUTPUTS if model.model["outputs"].get(name)}
    given = {"outputs": outputs, "inputs": {item["name"]: item["name"] for item in model.model["inputs"]}}
    given["others"] = {name: name for name in plan_columns(model)}
    return ProductionTable(key, time, **(given | more))


def applicant_of(package: Package) -> str | None:
    """Column of production that names the applicant: monitoring.applicant, else samples.group of the plan."""
    name = (package.plan.get("monitoring") or {}).get("applicant") or (package.plan.get("samples") or {}).get("group")
    return None if name in (None, "duplicates") else str(name)


def arm_of(package: Package) -> str | None:
    """Column of production that tells the arm of a live split: monitoring.challengers.arm of the plan."""
    name = ((package.plan.get("monitoring") or {}).get("challengers") or {}).get("arm")
    return None if name is None else str(name)


def plan_columns(package: Package) -> dict[str, str]:
    """Columns of production that the plan's section on monitoring names, each with what it holds: number or text.

    Those that tell yes or no are texts, or truth values.
    """
    own: Mapping[str, Any] = package.plan.get("monitoring") or {}
    challengers: Mapping[str, Any] = own.get("challengers") or {}
    profit: Mapping[str, Any] = own.get("profit") or {}
    found = {str(profit["amount"]): NUMBER} if profit.get("amount") is not None else {}
    texts = (applicant_of(package), challengers.get("arm"), challengers.get("random_accepts"), profit.get("reviewed"))
    for name in texts:
        if name is not None:
            found.setdefault(str(name), TEXT)
    for objective in own.get("objectives") or ():
        number = objective["measure"] != "share" or isinstance(objective["value"], int | float)
        kind = NUMBER if number and not isinstance(objective.get("value"), bool) else TEXT
        for name in objective["columns"]:
            found.setdefault(str(name), kind)
    return found


def prediction_log(package: Package, segments: Mapping[str, str] | None = None) -> ProductionTable:
    """The mapping of a prediction log (`scorecards/format/PREDICTION_LOG.md`).

    segments: column of the log for each segment: a result (`grade`) or an input (`input:PURPOSE`). The arm of a live
    split, where the plan names a column for it, is the column `arm` that scoring writes.
    """
    outputs = {name: name for name in OUTPUTS if package.model["outputs"].get(name)}
    outputs |= {f"decision:{name}": f"decision:{name}" for name in package.model["outputs"].get("decision", [])}
    inputs = {item["name"]: f"{INPUT}{item['name']}" for item in package.model["inputs"]}
    others = {name: f"{INPUT}{name}" for name in plan_columns(package) if name in inputs}
    others |= {name: name for name in plan_columns(package) if name in outputs}
    arm = arm_of(package)
    if arm is not None:
        others.setdefault(arm, ARM)
    return ProductionTable(
        key="pseudonym",
        time="timestamp",
        package="package_hash",
        outputs=outputs,
        inputs=inputs,
        segments=dict(segments or {}),
        others=others,
        pseudonymous=True,
    )


def is_probability(name: str) -> bool:
    """Whether a column of production is to hold probabilities."""
    return name in PROBABILITIES or (name.startswith(CHALLENGER) and name.rpartition(":")[2] in PROBABILITIES)


def kind_wanted(name: str, package: Package) -> str:
    """What a column of production holds: number, text or moment."""
    if name == TIME:
        return MOMENT
    if name.startswith(INPUT):
        types = {item["name"]: item["type"] for item in package.model["inputs"]}
        return NUMBER if types[name.removeprefix(INPUT)] == "number" else TEXT
    if name.startswith(OTHER):
        return plan_columns(package)[name.removeprefix(OTHER)]
    if name.startswith(CHALLENGER):
        name = name.rpartition(":")[2]
    numbers = name in OUTPUTS and name not in TEXT_OUTPUTS
    return NUMBER if numbers or name.startswith("decision:") or name == SEQUENCE else TEXT
