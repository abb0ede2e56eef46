"""A run of monitoring written: its evidence in a folder beside the package, alerts in their log, report and page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk import __version__
from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.evidence import Evidence
from credit_risk._core.programs import run_program
from credit_risk._core.severity import SEVERITIES
from credit_risk.lifecycle.governance import NO_INVENTORY, anchor_text, overdue_frame, verdict_row
from credit_risk.monitoring.alerts.anchors import anchor_items, check_before_run
from credit_risk.monitoring.alerts.log import AlertLog, read_alerts
from credit_risk.monitoring.alerts.run import Judged, judge
from credit_risk.monitoring.run import MonitoringRun, OutcomeTable, Words, evidence_of, monitor
from credit_risk.monitoring.source import ProductionTable
from credit_risk.package import read_package
from credit_risk.package.annex import check_run, write_run

ALERT_COLUMNS = [
    *("id", "rule", "severity", "metric", "segment", "subject", "first_period", "last_period", "value", "cut"),
    *("state", "owner", "response"),
]
PRODUCER = f"credit_risk {__version__}"
NO_ALERTS = "no rule of the plan is broken, and no alert is open"
NO_VALUES = "no value came that a rule could be held against"


@dataclass(frozen=True, slots=True)
class Written:
    """What a run wrote: its folder, the run, what became of alerts, the log of alerts, and the evidence."""

    folder: Path
    run: MonitoringRun
    judged: Judged | None
    alerts: AlertLog
    evidence: tuple[Evidence, ...]


def monitor_package(
    package: Path,
    place: str,
    mapping: ProductionTable,
    out: Path,
    *,
    alerts: Path | None = None,
    outcomes: OutcomeTable | None = None,
    words: Words | None = None,
    inventory: str | None = None,
    documents: bool = True,
    clock: Clock = system_clock,
    progress: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> Written:
    """Monitor, and write evidence, alerts, report and page.

    out: folder of the run; an earlier run there is replaced. alerts: folder of the log of alerts (default: `alerts`
    beside `out`), which lives on from run to run; news goes to the channels of the plan. inventory: place of the model
    inventory whose overdue findings and dates are told with it. Raises what `monitor` raises, PackageError where `out`
    is not ours to write, AlertError where the log is at fault, or is not the one that earlier runs kept in their
    evidence (`check_before_run`), InventoryError where the inventory is.
    """
    check_run(Path(out))
    beside = alerts is None
    log_folder = alerts if alerts is not None else Path(out).resolve().parent / "alerts"
    check_before_run(log_folder, Path(out), beside=beside)
    read = read_package(package)
    governance: pd.DataFrame | str = NO_INVENTORY
    if inventory is not None:
        governance = overdue_frame(inventory, str(read.manifest["model"]["id"]), clock)
    given: dict[str, Any] = {"outcomes": outcomes, "words": words or Words(), "clock": clock, "progress": progress}
    run = monitor(read, place, mapping, **given, **options)
    judged = judge(log_folder, run.values, read, monitoring=run.settings.spec, clock=clock) if len(run.values) else None
    log = read_alerts(log_folder) if judged is None else judged.log
    kept = _with_anchor(run.frames["run"], log_folder, beside)
    frames = {
        **run.frames,
        "run": kept,
        "alerts": NO_VALUES if judged is None else _alert_frame(log),
        "governance": governance,
    }
    if inventory is not None:
        frames["verdict"] = _with_governance(frames["verdict"], verdict_row(governance, clock().strftime("%Y-%m-%d")))
    run = replace(run, frames=frames)
    evidence = evidence_of(frames)
    files = {f"evidence/{one.id}.json": canonical_json.to_bytes(one.as_dict()) for one in evidence}
    if judged is not None:
        files["alerts.json"] = canonical_json.to_bytes(judged.document)
    anchor = None if inventory is None else anchor_text(inventory)
    folder = write_run(out, read.package_hash, files, PRODUCER, clock, anchor)
    if documents:
        progress("report and page are made")
        run_program("docs_templates", [str(package), "--monitoring", str(folder), "--quiet"])
    return Written(folder, run, judged, log, evidence)


def _with_governance(frame: pd.DataFrame | str, row: dict[str, str]) -> pd.DataFrame:
    told = pd.DataFrame([row])
    return told if isinstance(frame, str) else pd.concat([frame, told], ignore_index=True)[list(row)]


def _with_anchor(about: pd.DataFrame | str, folder: Path, beside: bool) -> pd.DataFrame:
    """What the run says of itself, with what it keeps of the log of alerts."""
    assert not isinstance(about, str)
    items = anchor_items(folder, beside=beside)
    frame = pd.concat([about, pd.DataFrame({"item": list(items), "value": list(items.values())})], ignore_index=True)
    frame.attrs = dict(about.attrs)
    return frame


def _alert_frame(log: AlertLog) -> pd.DataFrame | str:
    """Alerts that nobody has closed, gravest first."""
    rows = [one.as_dict() for one in log.alerts.values() if one.state != "closed"]
    if not rows:
        return NO_ALERTS
    gravest = sorted(rows, key=lambda one: (SEVERITIES.index(str(one["severity"])), str(one["id"])))
    cuts = [_cut(one["cut"], str(one["colour"])) for one in gravest]
    return pd.DataFrame(gravest).assign(cut=cuts)[ALERT_COLUMNS]


def _cut(cut: Any, colour: str) -> float | None:
    """The number that was reached."""
    found = cut[colour] if isinstance(cut, dict) else cut
    return None if found is None else float(found)
