"""A run of a plan that the inventory's log of development keeps: begun before the work, ended with package or error."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk import __version__
from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import CreditRiskError
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.inventory.book import open_inventory
from credit_risk.inventory.contracts import Gatekeeper
from credit_risk.inventory.development.plan_fields import plan_fields
from credit_risk.inventory.keys.statements import Actor
from credit_risk.inventory.service.development import PlannedRun
from credit_risk.lifecycle.contents import LIBRARIES
from credit_risk.lifecycle.protected_source import ProtectedPlace, attachment
from credit_risk.lifecycle.run import RunResult, run_plan
from credit_risk.lifecycle.sinks.watched_run import Watch, watched
from credit_risk.package import library_versions
from credit_risk.plan import Plan, read_plan

Json = Any


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A finished run and its experiment in the log; `unlogged` says why its end could not be logged (None: it was)."""

    result: RunResult
    experiment: str
    unlogged: CreditRiskError | None = None


def run_logged(
    plan: Plan | Path | str, out: Path | str, inventory: str | Path, *, by: Actor, gates: Gatekeeper | None = None,
    protected: ProtectedPlace | None = None, watch: Watch | None = None, clock: Clock = system_clock, **options: Any,
) -> LoggedRun:  # fmt: skip
    """Run a plan as `run_plan` does, and log it in an inventory as an experiment of the version that the plan names.

    by: who develops, with the key that signs; by name alone where the policy lets a developer of the version be logged
    so. The beginning is logged before any work: InventoryError and FourEyesError are raised then, where the inventory
    cannot be reached, does not know model, version or person, or the person validates the version. A run that fails or
    is interrupted is logged with its error, which is raised. Where the inventory cannot be written to at the end, the
    package stands and `unlogged` says why; `Inventory.development.log_package` logs it later. protected: the store
    from which the run takes protected attributes; the access is recorded in the inventory, for the experiment. watch:
    other systems that are told of the run; the log keeps which of them were not.
    """
    chosen = plan if isinstance(plan, Plan) else read_plan(Path(plan))
    with open_inventory(inventory, gates, clock=clock) as held:
        begun = held.development.begin(planned_run(chosen), by=by).id
        anchor = held.trail.head().text()

    def run() -> RunResult:
        if protected is not None:
            occasion = f"Development (experiment {begun})"
            options["attached"] = attachment(chosen, protected, inventory, gates, by=by, occasion=occasion, clock=clock)
        return run_plan(chosen, out, clock=clock, anchor=anchor, **options)

    try:
        result = watched(run, watch)
    except BaseException as error:
        told = {"source": _source(chosen, options.get("data")), "untold": _untold(watch)}
        _failed(inventory, gates, begun, error, told, by, clock)
        raise
    try:
        with open_inventory(inventory, gates, clock=clock) as held:
            held.development.complete(begun, result.out, by=by, untold=_untold(watch))
    except CreditRiskError as error:
        return LoggedRun(result, begun, error)
    return LoggedRun(result, begun)


def _untold(watch: Watch | None) -> tuple[Mapping[str, Json], ...]:
    return () if watch is None else watch.untold


def planned_run(plan: Plan) -> PlannedRun:
    """What the log keeps of a plan before it runs: `plan_sha256` is that of the package's plan.json."""
    told = plan.as_dict()
    digest = sha256_bytes(canonical_json.to_bytes(told))
    software = {**library_versions(*LIBRARIES), "python": platform.python_version(), "credit-risk": __version__}
    return PlannedRun(plan.model.id, plan.model.version, digest, plan_fields(told), software)


def _source(plan: Plan, data: Any) -> Mapping[str, Json]:
    """Name and hash of the source of a run that failed, where it is a file that can be read."""
    if data is not None or not isinstance(plan.data.source, str):
        return {}
    try:
        path = plan.data_path()
        return {"name": path.name, "sha256": sha256_file(path)}
    except (OSError, CreditRiskError):
        return {}


def _failed(
    inventory: str | Path,
    gates: Gatekeeper | None,
    begun: str,
    error: BaseException,
    told: Mapping[str, Json],
    by: Actor,
    clock: Clock,
) -> None:
    """Log the failure; where that fails too, the error says so beside its own words."""
    try:
        with open_inventory(inventory, gates, clock=clock) as held:
            held.development.fail(begun, error, by=by, **told)
    except CreditRiskError as lost:
        error.add_note(f"the end of experiment {begun} could not be logged: {lost}")
