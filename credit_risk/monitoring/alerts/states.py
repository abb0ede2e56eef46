"""The state of each alert, as the events of its log make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from credit_risk._core.severity import SEVERITIES

State = Literal["open", "acknowledged", "closed", "reopened"]
ACTIVE: frozenset[str] = frozenset({"open", "reopened"})
"""States in which nobody has taken an alert on yet."""
TOLD = (
    *("rule", "title", "metric", "segment", "subject", "colour", "severity", "first_period", "last_period", "periods"),
    *("value", "lower", "upper", "cut", "owner", "response", "text", "package_hash"),
)
"""What a run tells of an alert, in the events `opened`, `reopened`, `escalated` and `continued`."""


@dataclass(frozen=True, slots=True)
class Note:
    """Who did something to an alert, when, and what they said."""

    by: str
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: what its latest run tells (TOLD), its state, and what people did about it.

    `recovered` is the period at which the condition held no longer, or None; `news` the sequence of the latest event
    that is to be delivered, `opened` the moment at which it was first raised.
    """

    id: str
    state: State
    told: Mapping[str, Any]
    opened: str
    recovered: str | None
    acknowledged: Note | None
    closed: Note | None
    news: int

    @property
    def severity(self) -> str:
        """Severity as last told."""
        return str(self.told["severity"])

    def at_least(self, severity: str) -> bool:
        """Whether it is as grave as `severity` or graver."""
        return SEVERITIES.index(self.severity) <= SEVERITIES.index(severity)

    def as_dict(self) -> dict[str, Any]:
        """The alert as documents hold it."""
        notes = {
            name: None if note is None else {"by": note.by, "at": note.at, "note": note.note}
            for name, note in (("acknowledged", self.acknowledged), ("closed", self.closed))
        }
        head = {"id": self.id, "state": self.state, "opened": self.opened, "recovered": self.recovered}
        return {**head, **notes, **{name: self.told[name] for name in TOLD}}


def alerts_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Alert]:
    """Alerts by identifier, in the order in which they were first raised."""
    alerts: dict[str, Alert] = {}
    for event in events:
        apply(alerts, event)
    return alerts


def apply(alerts: dict[str, Alert], event: Mapping[str, Any]) -> None:
    """What an event makes of `alerts`, in place; one that is not in the log yet has no sequence."""
    kind, name = event["event"], event.get("alert")
    if not isinstance(name, str):
        return
    if kind == "opened":
        told = {key: event[key] for key in TOLD}
        alerts[name] = Alert(name, "open", told, event["at"], None, None, None, event.get("sequence", 0))
    elif name in alerts:
        alerts[name] = _after(alerts[name], kind, event)


def _after(alert: Alert, kind: str, event: Mapping[str, Any]) -> Alert:
    if kind in ("continued", "escalated", "reopened"):
        alert = replace(alert, told={key: event[key] for key in TOLD}, recovered=None)
        if kind == "reopened":
            return replace(alert, state="reopened", acknowledged=None, closed=None, news=event.get("sequence", 0))
        if kind == "escalated":
            state: State = "reopened" if alert.state == "acknowledged" else alert.state
            return replace(alert, state=state, news=event.get("sequence", 0))
        return alert
    if kind == "recovered":
        return replace(alert, recovered=event["period"])
    note = Note(event["by"], event["at"], event["note"])
    if kind == "acknowledged":
        return replace(alert, state="acknowledged", acknowledged=note)
    return replace(alert, state="closed", closed=note) if kind == "closed" else alert
