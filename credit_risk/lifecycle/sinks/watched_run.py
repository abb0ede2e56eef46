"""A run of a plan that other systems are told of: when it begins, and how it ends. What they do changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import CreditRiskError
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.inventory.development.package_record import PackageRecord, package_record
from credit_risk.lifecycle.run import RunResult
from credit_risk.plan import Plan

Json = Any
Done = TypeVar("Done")


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


def watched_run(
    plan: Plan,
    run: Callable[[], Done],
    result_of: Callable[[Done], RunResult],
    sinks: Sequence[Sink],
    warn: Callable[[str], None],
    clock: Clock = system_clock,
) -> Done:
    """Run, and tell the sinks. One that fails is warned of and told nothing more; the run goes on, and its package is
    the same."""
    begun = beginning(plan, clock())
    listening = [one for one in sinks if _told(one, warn, lambda one=one: one.begun(begun))]  # type: ignore[misc]
    try:
        done = run()
    except BaseException as error:
        failure = error
        for one in listening:
            _told(one, warn, lambda one=one: one.failed(begun, failure, clock()))  # type: ignore[misc]
        raise
    result = result_of(done)
    for one in listening:
        _told(one, warn, lambda one=one: one.completed(begun, package_record(result.out), result, clock()))  # type: ignore[misc]
    return done


def _told(sink: Sink, warn: Callable[[str], None], act: Callable[[], None]) -> bool:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever another system does, it ends no run of development
        warn(f"{sink.name} was not told: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
        return False
    return True
