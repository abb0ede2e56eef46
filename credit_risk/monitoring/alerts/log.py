"""The log of alerts: append-only and hash-chained, written by runs and by people; state is only ever read from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock, timestamp
from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk._core.hash_chain import Chain, append_events, cut_unfinished, read_chain
from credit_risk._core.hashing import sha256_bytes
from credit_risk._core.severity import SEVERITIES
from credit_risk.monitoring.alerts.rules import Condition, Evaluation, Track
from credit_risk.monitoring.alerts.states import ACTIVE, TOLD, Alert, alerts_of, apply
from credit_risk.monitoring.alerts.watches import Watch, alert_id
from credit_risk.package.output import hold, release

ALERTS_FILE = "alerts.jsonl"
KINDS = ("opened", "reopened", "escalated", "continued", "recovered")
Event = dict[str, Any]


class AlertError(CreditRiskError):
    """A log of alerts cannot be used, or an alert cannot be brought into a state."""

    headline = "alerts refused"


@dataclass(frozen=True, slots=True)
class AlertLog:
    """What the log of a folder holds: its events, the alerts that they make, and the hash of its last line."""

    folder: Path
    events: tuple[Event, ...]
    alerts: dict[str, Alert]
    head: str

    def active(self, severity: str) -> list[Alert]:
        """Alerts that are open or reopened and at least as grave as `severity`."""
        return [alert for alert in self.alerts.values() if alert.state in ACTIVE and alert.at_least(severity)]


@dataclass(frozen=True, slots=True)
class RunRecorded:
    """What a run did to the log: identifiers of alerts by what became of them; nothing where it was run before."""

    again: bool
    opened: tuple[str, ...]
    reopened: tuple[str, ...]
    escalated: tuple[str, ...]
    continued: tuple[str, ...]
    recovered: tuple[str, ...]
    head: str


def read_alerts(folder: Path, head: str | None = None) -> AlertLog:
    """The log of a folder; one without a log has no alerts.

    head: a hash of the chain that was kept elsewhere, which must be in it. Raises AlertError where the folder is not
    there, or the chain is at fault: then no state is told.
    """
    if not folder.is_dir():
        raise AlertError(Fault("is no folder", "unreadable", str(folder), remedy="name the folder of a monitoring run"))
    chain = read_chain(folder / ALERTS_FILE)
    if chain.faults:
        raise AlertError(chain.faults)
    if head is not None and head not in chain.hashes:
        message = "the hash that was kept elsewhere is not in the log: lines were taken out or written anew"
        raise AlertError(Fault(message, "anchor", ALERTS_FILE, found=chain.head))
    return _log(folder, chain)


def _log(folder: Path, chain: Chain) -> AlertLog:
    return AlertLog(folder, chain.events, alerts_of(chain.events), chain.head)


@contextmanager
def writing(folder: Path) -> Iterator[AlertLog]:
    """Nobody else writes to the log; a line that a kill left incomplete is cut first."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = hold(folder)
    try:
        cut_unfinished(folder / ALERTS_FILE)
        yield read_alerts(folder)
    finally:
        release(lock)


def judged_before(folder: Path, model: str, watches: Sequence[Watch]) -> dict[str, str | None]:
    """The latest period that runs in the log have judged, by rule; nothing where there was no run of the model.

    Raises AlertError where the log is at fault.
    """
    if not (folder / ALERTS_FILE).exists():
        return {}
    with writing(folder) as log:  # a line that a kill left incomplete is cut
        runs = [event for event in log.events if event["event"] == "run" and event["model"] == model]
    if not runs:
        return {}
    told: Mapping[str, str] = runs[-1].get("judged") or {one.id: runs[-1]["period"] for one in watches}
    return dict(told)


def record_run(
    folder: Path, evaluation: Evaluation, *, model: str, package_hash: str, clock: Clock = system_clock
) -> RunRecorded:
    """Write what a run of rules found: alerts opened, reopened, graver, going on, and recovered.

    An alert is of a rule, segment and subject of a model. A condition that is met opens it once; it is reopened where
    it was closed and the cut was reached in a later period than the last that was told then, and where it became graver
    after somebody had taken it on. A recovered alert stays as it is until a person closes it. Periods that no run has
    judged are taken in their order, as runs at their ends would have (`evaluate` with `judged_before`), so that an
    alert of a month in which nobody monitored is raised all the same. The same findings again write nothing. Raises
    AlertError where the log is at fault.
    """
    now = timestamp(clock())
    digest = _digest(evaluation, model, package_hash)
    with writing(folder) as log:
        runs = [event for event in log.events if event["event"] == "run" and event["model"] == model]
        if runs and runs[-1]["findings"] == digest:
            return RunRecorded(True, (), (), (), (), (), log.head)
        alerts = dict(log.alerts)
        holding: set[str] = set()
        events: list[Event] = []

        def tell(kind: str, name: str, period: str, told: Mapping[str, Any]) -> None:
            events.append({"event": kind, "at": now, "alert": name, "model": model, "period": period, **told})
            apply(alerts, events[-1])

        for period, track, condition in _in_order(evaluation):
            name = alert_id(model, track.watch.id, track.segment, track.subject)
            before = alerts.get(name)
            if condition is None:
                if before is not None and before.state != "closed" and before.recovered is None:
                    tell("recovered", name, period, {})
            else:
                told = told_of(condition, package_hash)
                kind = _becomes(before, told)
                if kind is not None:
                    tell(kind, name, period, told)
            if period == track.steps[-1][0] and condition is not None:
                holding.add(name)
        for name in _recovered(log, alerts, holding, model):
            tell("recovered", name, evaluation.period, {})
        done = {kind: tuple(dict.fromkeys(e["alert"] for e in events if e["event"] == kind)) for kind in KINDS}
        counts = {kind: len(names) for kind, names in done.items()}
        run: Event = {
            "event": "run",
            "at": now,
            "model": model,
            "package_hash": package_hash,
            "period": evaluation.period,
        }
        run |= {"judged": dict(evaluation.judged), "caught_up": list(evaluation.caught_up)}
        head = append_events(folder / ALERTS_FILE, [{**run, "findings": digest, **counts}, *events], AlertError)
    return RunRecorded(False, head=head, **done)


def _in_order(evaluation: Evaluation) -> list[tuple[str, Track, Condition | None]]:
    """Periods that were not judged before in their order, and in each the rules in theirs."""
    steps = [(period, track, found) for track in evaluation.tracks for period, found in track.steps]
    return sorted(steps, key=lambda step: step[0])


def told_of(condition: Condition, package_hash: str) -> Event:
    """What is told of a condition (TOLD)."""
    watch = condition.watch
    told = {
        "rule": watch.id,
        "title": watch.title,
        "metric": watch.metric,
        "segment": condition.segment,
        "subject": condition.subject,
        "colour": condition.colour,
        "severity": watch.severities[condition.colour],
        "first_period": condition.first,
        "last_period": condition.last,
        "periods": condition.reached,
        "value": condition.value,
        "lower": condition.lower,
        "upper": condition.upper,
        "cut": watch.cut.model_dump(mode="json"),
        "owner": watch.owner,
        "response": watch.response,
        "text": sentence(watch, condition),
        "package_hash": package_hash,
    }
    return {name: told[name] for name in TOLD}


def sentence(watch: Watch, condition: Condition) -> str:
    """The alert in one sentence."""
    of = "" if condition.subject in ("all", "score", watch.id) else f" of {condition.subject}"
    where = "" if condition.segment == "all" else f" in {condition.segment}"
    cut = watch.cut.red if condition.colour == "red" else watch.cut.yellow
    side = {"above": "at or above", "below": "at or below", "away": f"away from {watch.cut.neutral:g} by at least"}
    words = {"above": "above", "below": "below"}.get(watch.cut.side, "") if watch.strict else side[watch.cut.side]
    span = condition.first if condition.first == condition.last else f"{condition.first} to {condition.last}"
    count = f"{condition.reached} period{'s' if condition.reached != 1 else ''}"
    return f"{watch.title}{of}{where} is {condition.value:.4g}, {words} {cut:g} ({condition.colour}); {count}, {span}"


def _becomes(alert: Alert | None, told: Mapping[str, Any]) -> str | None:
    """The event that a condition is to an alert; None where nothing is new."""
    if alert is None:
        return "opened"
    if alert.state == "closed":
        return "reopened" if told["last_period"] > alert.told["last_period"] else None
    if all(alert.told[name] == told[name] for name in TOLD) and alert.recovered is None:
        return None
    graver = SEVERITIES.index(str(told["severity"])) < SEVERITIES.index(alert.severity)
    return "escalated" if graver else "continued"


def _recovered(log: AlertLog, alerts: Mapping[str, Alert], holding: set[str], model: str) -> list[str]:
    """Alerts of the model that are not closed, whose condition is met no longer, and of which this was not told yet."""
    of_model = {event["alert"] for event in log.events if event["event"] == "opened" and event["model"] == model}
    return [
        name
        for name, alert in alerts.items()
        if name in of_model and alert.state != "closed" and alert.recovered is None and name not in holding
    ]


def _digest(evaluation: Evaluation, model: str, package_hash: str) -> str:
    """Hash of all that a run found, by which the same findings are known."""
    found = [told_of(condition, package_hash) for condition in (*evaluation.conditions, *evaluation.past)]
    untold = [[one.watch, one.segment, one.subject, one.period, one.reason] for one in evaluation.unevaluated]
    return sha256_bytes(canonical_json.to_bytes([model, package_hash, evaluation.period, found, untold]))


def acknowledge(
    folder: Path, alerts: Sequence[str], *, by: str, note: str = "", clock: Clock = system_clock
) -> AlertLog:
    """Somebody takes alerts on; the log afterwards. Raises AlertError with all alerts for which that cannot be."""
    return _by_person(folder, alerts, "acknowledged", by, note, clock)


def close(folder: Path, alerts: Sequence[str], *, by: str, note: str, clock: Clock = system_clock) -> AlertLog:
    """Somebody closes alerts and says why; the log afterwards. Raises AlertError as `acknowledge`."""
    return _by_person(folder, alerts, "closed", by, note, clock)


def _by_person(folder: Path, names: Sequence[str], kind: str, by: str, note: str, clock: Clock) -> AlertLog:
    read_alerts(folder)  # a folder that is not there is refused, not made
    with writing(folder) as log:
        faults = [*_person_faults(kind, by, note), *(f for name in names for f in _state_faults(log, name, kind))]
        if not names:
            faults.append(Fault("no alert is named", "usage", remedy="name one alert or more"))
        if faults:
            raise AlertError(faults)
        said = {"event": kind, "at": timestamp(clock()), "by": by.strip(), "note": note.strip()}
        append_events(folder / ALERTS_FILE, [{**said, "alert": name} for name in dict.fromkeys(names)], AlertError)
        return read_alerts(folder)


def _person_faults(kind: str, by: str, note: str) -> Iterator[Fault]:
    if not by.strip():
        yield Fault("nobody is named who does it", "usage", path="by", remedy="--by NAME")
    if kind == "closed" and not note.strip():
        yield Fault("an alert is closed with the reason", "usage", path="note", remedy="--note TEXT")


def _state_faults(log: AlertLog, name: str, kind: str) -> Iterator[Fault]:
    alert = log.alerts.get(name)
    if alert is None:
        known = ", ".join(one.id for one in log.alerts.values() if one.state != "closed") or "none is open"
        yield Fault("no such alert", "unknown_alert", ALERTS_FILE, found=name, allowed=known)
    elif alert.state == "closed" or (kind == "acknowledged" and alert.state == "acknowledged"):
        note = alert.closed or alert.acknowledged
        found = f"{alert.state} by {note.by} at {note.at}" if note is not None else alert.state
        yield Fault(f"the alert {name} cannot be {kind}: it is {alert.state}", "state", ALERTS_FILE, found=found)
