"""`credit-risk alerts`: list, acknowledge, close and deliver the alerts of monitoring."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.clock import system_clock, timestamp
from credit_risk._core.severity import SEVERITIES

STATES = ("open", "reopened", "acknowledged", "closed")


def add_alert_commands(group: Any) -> None:
    """The commands below `credit-risk alerts`."""
    listing = group.add_parser("list", help="tell the alerts of a folder; the chain of its log is checked")
    listing.add_argument("folder", help="folder with alerts.jsonl, as monitoring writes it")
    listing.add_argument("--state", action="append", choices=STATES, help="only of this state; more than once too")
    listing.add_argument("--json", action="store_true", help="one JSON document (alerts.schema.json)")
    listing.add_argument("--head", help="hash of the log that was kept elsewhere; it must be in the chain")
    listing.add_argument(
        "--fail-on", choices=SEVERITIES, help="exit status 1 where an alert this grave is open or reopened"
    )
    listing.set_defaults(command=alerts_list)
    for name, text, command in (
        ("acknowledge", "somebody takes alerts on", alerts_acknowledge),
        ("close", "somebody closes alerts, with the reason", alerts_close),
    ):
        parser = group.add_parser(name, help=text)
        parser.add_argument("folder", help="folder with alerts.jsonl")
        parser.add_argument("alert", nargs="+", help="identifiers of alerts, as list tells them")
        parser.add_argument("--by", required=True, help="who does it")
        parser.add_argument("--note", default="", help="what they say; needed to close")
        parser.set_defaults(command=command)
    verify = group.add_parser("verify", help="hold the log against what runs of monitoring kept of it")
    verify.add_argument("folder", help="folder with alerts.jsonl")
    verify.add_argument(
        "--run", action="append", default=[], help="folder of a run; more than once too (default: all beside)"
    )
    verify.add_argument("--head", help="hash of the log that was kept elsewhere; it must be in the chain")
    verify.set_defaults(command=alerts_verify)
    deliver = group.add_parser("deliver", help="deliver what channels of the plan have not had, after a failure too")
    deliver.add_argument("folder", help="folder with alerts.jsonl")
    deliver.add_argument("--package", required=True, help="model package, whose plan names the channels")
    deliver.set_defaults(command=alerts_deliver)


def alerts_list(options: argparse.Namespace) -> int:
    """`credit-risk alerts list FOLDER`; 1 with --fail-on where such an alert is open."""
    from credit_risk.monitoring.alerts import alerts_document, read_alerts

    log = read_alerts(Path(options.folder), options.head)
    states = options.state or STATES
    shown = [alert for alert in log.alerts.values() if alert.state in states]
    if options.json:
        runs = [event for event in log.events if event["event"] == "run"]
        model, package = (runs[-1]["model"], runs[-1]["package_hash"]) if runs else ("none", "0" * 64)
        moment = timestamp(system_clock())
        document = alerts_document(log, model=model, package_hash=package, created=moment, alerts=shown)
        sys.stdout.write(canonical_json.to_bytes(document).decode("utf-8"))
    else:
        ordered = sorted(shown, key=lambda one: (STATES.index(one.state), SEVERITIES.index(one.severity)))
        for alert in ordered:
            print(f"{alert.id}  {alert.state}  {alert.severity}  {alert.told['text']}")
            owner, response = (alert.told[name] or "not declared" for name in ("owner", "response"))
            print(f"  owner: {owner}; response: {response}")
            if alert.recovered is not None:
                print(f"  the condition is met no longer since {alert.recovered}")
            for word, note in (("acknowledged", alert.acknowledged), ("closed", alert.closed)):
                if note is not None:
                    print(f"  {word} by {note.by} at {note.at}{f': {note.note}' if note.note else ''}")
        print(f"{len(shown)} of {len(log.alerts)} alerts; the log ends in {log.head}")
    return 1 if options.fail_on is not None and log.active(options.fail_on) else 0


def alerts_verify(options: argparse.Namespace) -> int:
    """`credit-risk alerts verify FOLDER`; 2 where the log is not the one that runs kept."""
    from credit_risk._core.errors import Fault
    from credit_risk.monitoring.alerts import AlertError, read_alerts
    from credit_risk.monitoring.alerts.anchors import anchor_of, anchors_beside, check_anchors

    folder = Path(options.folder)
    log = read_alerts(folder, options.head)
    named = [(Path(run), anchor_of(Path(run))) for run in options.run]
    without = [Fault("is no run that kept the log of alerts", "anchor", str(run)) for run, one in named if one is None]
    if without:
        raise AlertError(without)
    anchors = [one for _, one in named if one is not None] if named else anchors_beside(folder)
    count = check_anchors(folder, anchors)
    latest = max((anchor.lines for anchor in anchors), default=0)
    print(f"{len(log.events)} lines, the log ends in {log.head}; {count} runs kept it as it is, up to line {latest}")
    if latest < len(log.events):
        print(f"lines {latest + 1} to {len(log.events)} came after the last of these runs: no run holds them yet")
    return 0


def alerts_acknowledge(options: argparse.Namespace) -> int:
    """`credit-risk alerts acknowledge FOLDER ALERT… --by NAME`."""
    from credit_risk.monitoring.alerts import acknowledge

    log = acknowledge(Path(options.folder), options.alert, by=options.by, note=options.note)
    print(f"acknowledged by {options.by}: {', '.join(options.alert)}; the log ends in {log.head}")
    return 0


def alerts_close(options: argparse.Namespace) -> int:
    """`credit-risk alerts close FOLDER ALERT… --by NAME --note TEXT`."""
    from credit_risk.monitoring.alerts import close

    log = close(Path(options.folder), options.alert, by=options.by, note=options.note)
    print(f"closed by {options.by}: {', '.join(options.alert)}; the log ends in {log.head}")
    return 0


def alerts_deliver(options: argparse.Namespace) -> int:
    """`credit-risk alerts deliver FOLDER --package PACKAGE`; 1 where a channel did not take them."""
    from credit_risk.monitoring.alerts import deliver, read_alerts
    from credit_risk.monitoring.alerts.delivery import undelivered_faults
    from credit_risk.monitoring.alerts.run import monitoring_of
    from credit_risk.package import read_package

    read_alerts(Path(options.folder))
    package = read_package(Path(options.package))
    monitoring = monitoring_of(package)
    channels = () if monitoring is None else monitoring.delivery
    if not channels:
        print("the plan names no channel (monitoring.delivery)")
        return 0
    model, digest = package.manifest["model"]["id"], package.package_hash
    done = deliver(Path(options.folder), channels, model=model, package_hash=digest)
    for one in done:
        if one.failure is None:
            print(f"{one.channel}: {len(one.alerts)} alerts delivered")
    if not done:
        print("nothing to deliver")
    faults = undelivered_faults(done)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0
