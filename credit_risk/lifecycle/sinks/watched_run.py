"""A run of a plan that other systems are told of: when it begins, and how it ends. What they do changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import CreditRiskError
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.inventory.development.package_record import PackageRecord, package_record
from credit_risk.lifecycle.run import RunResult
from credit_risk.plan import Plan

Json = Any


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known before the work: model, version, hash and content of the plan, the source and its moment.

    `source` is the name of a file or of a query's plan entry, `source_sha256` None where it is no file that can be
    read, `columns` the columns that the plan declares.
    """

    model: str
    version: str
    plan_sha256: str
    plan: Mapping[str, Json]
    source: str
    source_sha256: str | None
    columns: tuple[tuple[str, str | None], ...]
    at: datetime


class Sink(Protocol):
    """A system that is told."""

    name: str

    def begun(self, run: Beginning) -> None:
        """The run begins."""
        ...

    def completed(self, run: Beginning, package: PackageRecord, result: RunResult, at: datetime) -> None:
        """It has ended with a package."""
        ...

    def failed(self, run: Beginning, error: BaseException, at: datetime) -> None:
        """It has ended with an error, or was interrupted."""
        ...


def beginning(plan: Plan, at: datetime) -> Beginning:
    """What is told of a plan before it runs."""
    told = plan.as_dict()
    data = told["data"]
    source, digest = "query", None
    if isinstance(plan.data.source, str):
        source = plan.data_path().name
        try:
            digest = sha256_file(plan.data_path())
        except (OSError, CreditRiskError):
            digest = None
    declared = data.get("columns") or {}
    columns = tuple((name, (spec or {}).get("type")) for name, spec in sorted(declared.items()))
    head = (plan.model.id, plan.model.version, sha256_bytes(canonical_json.to_bytes(told)), told)
    return Beginning(*head, source, digest, columns, at)


class Watch:
    """A run that sinks are told of. One that fails is warned of, stands in `untold`, and is told nothing more."""

    def __init__(self, plan: Plan, sinks: Sequence[Sink], warn: Callable[[str], None], clock: Clock = system_clock):
        self._plan, self._listening, self._warn, self._clock = plan, list(sinks), warn, clock
        self._begun: Beginning | None = None
        self._untold: list[Mapping[str, Json]] = []

    @property
    def untold(self) -> tuple[Mapping[str, Json], ...]:
        """`sink`, `of` (began, completed, failed) and `error` (its type alone: messages may hold addresses)."""
        return tuple(self._untold)

    def began(self) -> None:
        """The run begins."""
        begun = self._begun = beginning(self._plan, self._clock())
        self._tell("began", lambda one: one.begun(begun))

    def completed(self, result: RunResult) -> None:
        """It has ended with a package."""
        begun = self._known()
        self._tell("completed", lambda one: one.completed(begun, package_record(result.out), result, self._clock()))

    def failed(self, error: BaseException) -> None:
        """It has ended with an error, or was interrupted."""
        begun = self._known()
        self._tell("failed", lambda one: one.failed(begun, error, self._clock()))

    def _known(self) -> Beginning:
        assert self._begun is not None, "a run ends after it began"
        return self._begun

    def _tell(self, what: str, act: Callable[[Sink], None]) -> None:
        for sink in tuple(self._listening):
            try:
                act(sink)
            except Exception as error:  # noqa: BLE001 - whatever another system does, it ends no run of development
                self._listening.remove(sink)
                self._untold.append({"sink": sink.name, "of": what, "error": type(error).__name__})
                said = " ".join(str(error).split())[:300]
                self._warn(f"{sink.name} was not told: {type(error).__name__}: {said}")


def watched(run: Callable[[], RunResult], watch: Watch | None) -> RunResult:
    """Run, and tell the sinks of a watch (None: nobody); the package is the same."""
    if watch is None:
        return run()
    watch.began()
    try:
        result = run()
    except BaseException as error:
        watch.failed(error)
        raise
    watch.completed(result)
    return result
