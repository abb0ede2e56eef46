"""The log of development: experiments begun and ended, packages logged afterwards, decisions; who acts developed.

Whoever runs an experiment of a version or decides in its development is a developer of it from then on, and so
neither validates nor approves it. The act that makes him one is signed; of later ones the policy says whether they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import DEVELOPER, Gatekeeper
from credit_risk.inventory.development.log import (
    COMPLETED,
    FAILED,
    INTERRUPTED,
    NOT_ENDED,
    PACKAGE,
    RUN,
    Decision,
    Experiment,
    fields_before,
    read_decisions,
    read_experiments,
)
from credit_risk.inventory.development.package_record import PackageRecord, package_record
from credit_risk.inventory.development.plan_fields import plan_changes
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.service.checks import Faults, check_person
from credit_risk.inventory.service.signing import Actor, asked_key, person_of, require_key
from credit_risk.inventory.service.versions import append_role
from credit_risk.inventory.store.development import development_events
from credit_risk.inventory.store.facts import model_facts, version_facts
from credit_risk.inventory.store.writer import Store, Writer

Json = Any
LONGEST_MESSAGE, MOST_FAULTS = 500, 20


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """What is known of an experiment before it runs. `fields` are those of the plan (`plan_fields`)."""

    model: str
    version: str
    plan_sha256: str
    fields: Mapping[str, Json]
    software: Mapping[str, str]


class DevelopmentLog:
    """Experiments and decisions of an inventory."""

    def __init__(self, store: Store, gates: Gatekeeper):
        self._store, self._gates = store, gates

    def begin(self, run: PlannedRun, *, by: Actor) -> Experiment:
        """Log that an experiment begins. Raises InventoryError: unknown model, version or person; FourEyesError where
        the person validates or approves the version."""
        asked_key(self._gates, by, "experiment")
        with self._store.writing() as writer:
            _developer(writer, run.model, run.version, by)
            return _begin(writer, run, RUN, by)

    def complete(
        self, experiment: str, package: Path | str, *, by: Actor, untold: Sequence[Mapping[str, Json]] = ()
    ) -> Experiment:
        """Log that it ended with this package; `untold`: other systems that were to be told of the run and were not.
        Raises InventoryError: unknown, ended already, another person or plan; PackageError."""
        asked_key(self._gates, by, "experiment")
        record = package_record(package)
        with self._store.writing() as writer:
            begun = _open(writer, experiment, by)
            if (begun.model, begun.version, begun.plan_sha256) != (record.model, record.version, record.plan_sha256):
                message, found = "the package is not of the plan of this experiment", record.plan_sha256
                fault = Fault(message, "other_plan", str(package), found=found, allowed=begun.plan_sha256)
                raise InventoryError(fault)
            return _end(writer, begun, COMPLETED, _with_untold(record.result, untold), by)

    def fail(
        self, experiment: str, error: BaseException, *, by: Actor, source: Mapping[str, Json] | None = None,
        untold: Sequence[Mapping[str, Json]] = (),
    ) -> Experiment:  # fmt: skip
        """Log that it ended with an error, or was interrupted; `source`: name and hash of the data, where known;
        `untold` as of `complete`.

        Of the error its type and the messages of its faults are kept; values that were found in the data are not.
        """
        asked_key(self._gates, by, "experiment")
        outcome = INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
        result = _with_untold({"error": error_record(error), "source": dict(source or {})}, untold)
        with self._store.writing() as writer:
            begun = _open(writer, experiment, by)
            return _end(writer, begun, outcome, result, by)

    def log_package(self, package: Path | str, *, by: Actor) -> Experiment:
        """Log a package that is there already: the end of an experiment of this person and plan that has none, else an
        experiment of its own, whose moments are those of the logging. Raises InventoryError where it is logged."""
        asked_key(self._gates, by, "experiment")
        record = package_record(package)
        with self._store.writing() as writer:
            _developer(writer, record.model, record.version, by)
            held = read_experiments(development_events(writer.connection, record.model))
            known = [one.id for one in held if one.package_hash == record.result["package_hash"]]
            waiting = [
                one
                for one in held
                if (one.outcome, one.person, one.version, one.plan_sha256)
                == (NOT_ENDED, person_of(by), record.version, record.plan_sha256)
            ]
            if waiting:
                return _complete(writer, waiting[-1], record, by)
            if known:
                message = f"the package is logged as {known[0]}"
                raise InventoryError(Fault(message, "logged_already", str(package)))
            run = PlannedRun(record.model, record.version, record.plan_sha256, record.fields, record.software)
            return _complete(writer, _begin(writer, run, PACKAGE, by), record, by)

    def decide(
        self,
        model: str,
        version: str,
        about: str,
        reason: str,
        *,
        by: Actor,
        decision: str | None = None,
        rejects: Iterable[str] = (),
        evidence: Iterable[str] = (),
        experiment: str | None = None,
    ) -> Decision:
        """Log a decision of development with its reason.

        about: what is decided; decision: what for; rejects: alternatives that were left; evidence: what it rests on
        (ids of evidence, hashes, files); experiment: the one that it is of. Raises InventoryError, FourEyesError.
        """
        asked_key(self._gates, by, "decide")
        left, rests = tuple(rejects), tuple(evidence)
        faults = Faults()
        faults.text(about, "about", required=True, longest=1_000)
        faults.text(reason, "reason", required=True)
        faults.text(decision, "decision")
        for name, texts in (("rejects", left), ("evidence", rests)):
            for text in texts:
                faults.text(text, name, required=True, longest=1_000)
        faults.raise_any()
        with self._store.writing() as writer:
            _developer(writer, model, version, by)
            if experiment is not None:
                _known(writer, model, version, experiment)
            payload = {"about": about, "decision": decision, "reason": reason, "rejects": list(left)}
            payload |= {"evidence": list(rests), "experiment": experiment}
            event = writer.append(kinds.DEVELOPMENT_DECIDED, payload, actor=by, model=model, version=version)
            return read_decisions([event])[0]

    def experiments(self, model: str, version: str | None = None) -> tuple[Experiment, ...]:
        """Experiments of a model, or of one version, in the order in which they began."""
        with self._store.reading() as connection:
            _check_known(connection, model, version)
            found = read_experiments(development_events(connection, model))
        return tuple(one for one in found if version in (None, one.version))

    def decisions(self, model: str, version: str | None = None) -> tuple[Decision, ...]:
        """Decisions with reasons, logged or stated by plans, in the order of the trail."""
        with self._store.reading() as connection:
            _check_known(connection, model, version)
            found = read_decisions(development_events(connection, model))
        return tuple(one for one in found if version in (None, one.version))


def error_record(error: BaseException) -> dict[str, Json]:
    """An error for the log: type and faults with code, message, file, path and row; never what was found in data."""
    faults = error.faults if isinstance(error, CreditRiskError) else ()
    told = [
        {"code": one.code, "message": one.message[:LONGEST_MESSAGE], "file": None if one.file is None
         else Path(one.file).name, "path": one.path, "row": one.row}
        for one in faults[:MOST_FAULTS]
    ]  # fmt: skip
    return {"type": type(error).__name__, "count": len(faults), "faults": told}


def _developer(writer: Writer, model: str, version: str, by: Actor) -> None:
    person = person_of(by)
    check_person(writer.connection, person)
    model_facts(writer.connection, model)
    facts = version_facts(writer.connection, model, version)
    if not any(one.person == person and one.role == DEVELOPER and one.until is None for one in facts.roles):
        require_key(by, "the first act in the development of a version")
        append_role(writer, facts, person, DEVELOPER, by)


def _begin(writer: Writer, run: PlannedRun, origin: str, by: Actor) -> Experiment:
    before = read_experiments(development_events(writer.connection, run.model))
    payload = {
        "experiment": f"{run.model}:E{len(before) + 1}",
        "origin": origin,
        "plan_sha256": run.plan_sha256,
        "previous": before[-1].id if before else None,
        "changes": plan_changes(fields_before(before), run.fields),
        "software": dict(run.software),
    }
    event = writer.append(kinds.EXPERIMENT_STARTED, payload, actor=by, model=run.model, version=run.version)
    return read_experiments([event])[0]


def _with_untold(result: Mapping[str, Json], untold: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    return {**result, **({"untold": [dict(one) for one in untold]} if untold else {})}


def _complete(writer: Writer, begun: Experiment, record: PackageRecord, by: Actor) -> Experiment:
    return _end(writer, begun, COMPLETED, record.result, by)


def _end(writer: Writer, begun: Experiment, outcome: str, result: Mapping[str, Json], by: Actor) -> Experiment:
    payload = {"experiment": begun.id, "outcome": outcome, "result": dict(result)}
    writer.append(kinds.EXPERIMENT_ENDED, payload, actor=by, model=begun.model, version=begun.version)
    return _known(writer, begun.model, begun.version, begun.id)


def _open(writer: Writer, experiment: str, by: Actor) -> Experiment:
    check_person(writer.connection, person_of(by))
    model = experiment.rsplit(":", 1)[0]
    begun = _known(writer, model, None, experiment)
    if begun.outcome != NOT_ENDED:
        raise InventoryError(Fault(f"the experiment is {begun.outcome}", "ended_already", found=experiment))
    if begun.person != person_of(by):
        raise InventoryError(Fault(f"the experiment is of {begun.person}", "other_person", found=person_of(by)))
    return begun


def _known(writer: Writer, model: str, version: str | None, experiment: str) -> Experiment:
    for one in read_experiments(development_events(writer.connection, model)):
        if one.id == experiment and version in (None, one.version):
            return one
    remedy = "credit-risk inventory development MODEL"
    raise InventoryError(Fault("no such experiment", "unknown_experiment", found=experiment, remedy=remedy))


def _check_known(connection: Any, model: str, version: str | None) -> None:
    model_facts(connection, model)
    if version is not None:
        version_facts(connection, model, version)
