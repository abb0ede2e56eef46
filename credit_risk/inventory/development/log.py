"""The log of development read from the events of the trail: experiments, decisions, and how many there were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.contracts import DevelopmentCount
from credit_risk.inventory.development.plan_fields import changed_plan

Json = Any
COMPLETED, FAILED, INTERRUPTED, NOT_ENDED = "completed", "failed", "interrupted", "not_ended"
OUTCOMES = (COMPLETED, FAILED, INTERRUPTED, NOT_ENDED)
RUN, PACKAGE = "run", "package"
"""Origins: logged while it ran; taken afterwards from a package, when moments are those of the logging."""
KINDS = (kinds.EXPERIMENT_STARTED, kinds.EXPERIMENT_ENDED, kinds.DEVELOPMENT_DECIDED)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One run of development. `sequence` is its first event, `ended` None where no end was ever told.

    changes: fields of the plan that differ from `previous`, the experiment of the model before it (None: the first,
    whose changes are all fields). result: what the package tells (source, snapshot, seeds, candidates, figures,
    decisions, validation), of a failed run its error and the data where they could be read; `untold`: systems that
    were to be told of the run and were not.
    """

    id: str
    model: str
    version: str
    person: str
    sequence: int
    started: str
    origin: str
    plan_sha256: str
    previous: str | None
    changes: tuple[Mapping[str, Json], ...]
    software: Mapping[str, str]
    ended: str | None = None
    outcome: str = NOT_ENDED
    result: Mapping[str, Json] = field(default_factory=dict)

    @property
    def package_hash(self) -> str | None:
        """Hash of the package that it made."""
        return self.result.get("package_hash")

    @property
    def error(self) -> str | None:
        """Why it failed, in one line."""
        told = self.result.get("error")
        if told is None:
            return None
        messages = [str(one["message"]) for one in told["faults"]]
        return f"{told['type']}: {'; '.join(messages)}" if messages else str(told["type"])

    @property
    def untold(self) -> tuple[str, ...]:
        """Other systems that were to be told of the run and were not, in words."""
        return tuple(
            f"{one['sink']} was not told that it {one['of']} ({one['error']})"
            for one in self.result.get("untold") or ()
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of development with its reason: logged by itself, or stated by the plan of an experiment."""

    sequence: int
    model: str
    version: str
    at: str
    person: str
    about: str
    decision: str | None
    reason: str | None
    rejects: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    experiment: str | None = None


def read_experiments(events: Iterable[Event]) -> tuple[Experiment, ...]:
    """Experiments in the order in which they began; `events` are those of one model or of several, in their order."""
    found: dict[str, Experiment] = {}
    for event in events:
        told = event.payload
        if event.kind == kinds.EXPERIMENT_STARTED:
            found[told["experiment"]] = Experiment(
                id=told["experiment"], model=str(event.model), version=str(event.version), person=event.actor,
                sequence=event.sequence, started=event.at, origin=told["origin"], plan_sha256=told["plan_sha256"],
                previous=told["previous"], changes=tuple(told["changes"]), software=told["software"],
            )  # fmt: skip
        elif event.kind == kinds.EXPERIMENT_ENDED and told["experiment"] in found:
            one = found[told["experiment"]]
            found[one.id] = replace(one, ended=event.at, outcome=told["outcome"], result=told["result"])
    return tuple(found.values())


def read_decisions(events: Iterable[Event]) -> tuple[Decision, ...]:
    """Decisions in the order of the trail. What the plans of several experiments state alike is told once, where it
    was stated first."""
    listed = list(events)
    begun = {one.id: one for one in read_experiments(listed)}
    found: list[Decision] = []
    seen: set[tuple[Json, ...]] = set()
    for event in listed:
        place = (event.sequence, str(event.model), str(event.version), event.at, event.actor)
        told = event.payload
        if event.kind == kinds.DEVELOPMENT_DECIDED:
            found.append(Decision(*place, told["about"], told["decision"], told["reason"], tuple(told["rejects"]),
                                  tuple(told["evidence"]), told["experiment"]))  # fmt: skip
        elif event.kind == kinds.EXPERIMENT_ENDED and told["experiment"] in begun:
            for one in told["result"].get("decisions") or ():
                key = (event.model, event.version, one["about"], one["decision"], one["reason"])
                if key not in seen:
                    seen.add(key)
                    found.append(Decision(*place, one["about"], one["decision"], one["reason"], tuple(one["rejects"]),
                                          experiment=told["experiment"]))  # fmt: skip
    return tuple(found)


def fields_before(experiments: Sequence[Experiment]) -> dict[str, Json]:
    """Fields of the plan of the last of these experiments, which are all of a model."""
    fields: dict[str, Json] = {}
    for one in experiments:
        fields = changed_plan(fields, list(one.changes))
    return fields


def count_development(
    experiments: Iterable[Experiment], decisions: Iterable[Decision], version: str, package_hash: str | None
) -> DevelopmentCount:
    """How many experiments of a version there were, by what came of them, and how many preceded its package."""
    every = list(experiments)
    mine = [one for one in every if one.version == version]
    made = next((one for one in mine if package_hash is not None and one.package_hash == package_hash), None)
    outcomes = {name: sum(one.outcome == name for one in mine) for name in OUTCOMES}
    before = len(mine) if made is None else sum(one.sequence < made.sequence for one in mine)
    return DevelopmentCount(
        experiments=len(mine), outcomes=outcomes, package_experiment=None if made is None else made.id,
        preceding=before, other_versions=len(every) - len(mine),
        decisions=sum(one.version == version for one in decisions),
    )  # fmt: skip
