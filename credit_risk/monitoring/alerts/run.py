"""A run of the rules of a package over values of metrics: judged, written into the log, delivered, and told as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock, timestamp
from credit_risk.monitoring.alerts.delivery import Delivery, deliver
from credit_risk.monitoring.alerts.document import alerts_document
from credit_risk.monitoring.alerts.log import AlertLog, RunRecorded, judged_before, read_alerts, record_run
from credit_risk.monitoring.alerts.rules import Evaluation, evaluate
from credit_risk.monitoring.alerts.watches import watches_of
from credit_risk.monitoring.spec import MonitoringSpec
from credit_risk.package import Package

DOCUMENT_FILE = "alerts.json"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run found, what it did to the log, the log afterwards, deliveries, and the document that was written."""

    evaluation: Evaluation
    recorded: RunRecorded
    log: AlertLog
    deliveries: tuple[Delivery, ...]
    document: dict[str, Any]


def monitoring_of(package: Package) -> MonitoringSpec | None:
    """What the plan of a package says of monitoring; None where nothing is watched by rule."""
    declared = package.plan.get("monitoring")
    return None if declared is None else MonitoringSpec.model_validate(declared)


def protected_of(package: Package) -> frozenset[str]:
    """Protected columns of a package, of every jurisdiction: compared for fairness only."""
    declared = package.plan["data"].get("protected") or ()
    lists = declared.values() if isinstance(declared, dict) else [declared]
    return frozenset(name for names in lists for name in names)


def judge(
    folder: Path, values: pd.DataFrame, package: Package, *, monitoring: MonitoringSpec | None = None,
    clock: Clock = system_clock, environ: Mapping[str, str] = os.environ,
) -> Judged | None:  # fmt: skip
    """Hold values (VALUE_COLUMNS) against the rules of the package's plan; None where it declares none.

    monitoring: rules to go by where the plan declares none.
    Months that no run in the log has judged are judged each, so that a scheduler that missed some loses no alert.
    Alerts go into `alerts.jsonl` of `folder`, news is delivered to the channels of the plan, and `alerts.json` tells
    all of it, written beside and renamed. The same values again write no event and deliver nothing twice. Raises
    CreditRiskError where the values are not a table of metrics, AlertError where the log is at fault; a delivery that
    fails raises nothing and is in `deliveries`.
    """
    monitoring = monitoring_of(package) or monitoring
    if monitoring is None:
        return None
    model, digest = str(package.manifest["model"]["id"]), package.package_hash
    watches = watches_of(monitoring, protected_of(package))
    evaluation = evaluate(values, watches, judged_before(folder, model, watches))
    recorded = record_run(folder, evaluation, model=model, package_hash=digest, clock=clock)
    deliveries = deliver(folder, monitoring.delivery, model=model, package_hash=digest, environ=environ, clock=clock)
    log, moment = read_alerts(folder), timestamp(clock())
    document = alerts_document(log, model=model, package_hash=digest, created=moment, evaluation=evaluation)
    unfinished = folder / f".{DOCUMENT_FILE}.partial"
    unfinished.write_bytes(canonical_json.to_bytes(document))
    os.replace(unfinished, folder / DOCUMENT_FILE)
    return Judged(evaluation, recorded, log, deliveries, document)
