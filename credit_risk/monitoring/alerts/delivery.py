"""Alerts to webhooks, mailboxes and messengers: what failed is told, recorded, and delivered by the next attempt.

`http(s)://` has the JSON document posted to it as it is; every other address is one of Apprise (`mailto(s)://`,
`msteams://`, `slack://`, ...), which is asked to say it in words. Addresses come from the plan, secrets from the
environment (`${VAR}`), and neither is written anywhere.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, system_clock, timestamp
from credit_risk._core.errors import Fault
from credit_risk._core.extras import optional_import
from credit_risk._core.hash_chain import append_events
from credit_risk._core.hashing import sha256_bytes
from credit_risk._core.severity import SEVERITIES
from credit_risk.monitoring.alerts.document import alerts_document
from credit_risk.monitoring.alerts.log import ALERTS_FILE, AlertError, AlertLog, Event, read_alerts, writing
from credit_risk.monitoring.alerts.states import ACTIVE, Alert
from credit_risk.monitoring.spec import VARIABLE, ChannelSpec

SECONDS = 30.0
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a channel: identifiers of the alerts that were due there, and why they did not arrive, or None."""

    channel: str
    alerts: tuple[str, ...]
    failure: str | None


class Undelivered(Exception):
    """A channel did not take the alerts; the text says why."""


def due(log: AlertLog, channel: ChannelSpec) -> list[Alert]:
    """Alerts that nobody has taken on yet and whose latest news this channel has not had."""
    had: dict[str, int] = {}
    for event in log.events:
        if event["event"] == "delivered" and event["channel"] == channel.id:
            had |= dict.fromkeys(event["alerts"], event["through"])
    grave = [alert for alert in log.alerts.values() if alert.state in ACTIVE and alert.at_least(channel.at_least)]
    return [alert for alert in grave if alert.news > had.get(alert.id, 0)]


def deliver(
    folder: Path, channels: Sequence[ChannelSpec], *, model: str, package_hash: str,
    environ: Mapping[str, str] = os.environ, clock: Clock = system_clock, seconds: float = SECONDS,
) -> tuple[Delivery, ...]:  # fmt: skip
    """Deliver what is due to each channel and record it in the log; a failure is recorded too and stops nothing.

    An alert is delivered once for each piece of news (opened, reopened, graver); where the record could not be written
    after the channel took it, it comes again with the same `Idempotency-Key`. Raises AlertError where the log is at
    fault.
    """
    done = []
    for channel in channels:
        log = read_alerts(folder)
        alerts = due(log, channel)
        if not alerts:
            continue
        names = tuple(alert.id for alert in alerts)
        document = alerts_document(
            log, model=model, package_hash=package_hash, created=timestamp(clock()), alerts=alerts
        )
        try:
            send(channel, document, environ, seconds)
            failure = None
        except Undelivered as error:
            failure = hidden(str(error), channel.url, environ)[:LONGEST]
        event: Event = {"at": timestamp(clock()), "channel": channel.id, "alerts": list(names)}
        if failure is None:
            event |= {"event": "delivered", "through": max(alert.news for alert in alerts)}
        else:
            event |= {"event": "delivery_failed", "reason": failure}
        with writing(folder):
            append_events(folder / ALERTS_FILE, [event], AlertError)
        done.append(Delivery(channel.id, names, failure))
    return tuple(done)


def send(channel: ChannelSpec, document: Mapping[str, Any], environ: Mapping[str, str], seconds: float) -> None:
    """Send a document to a channel. Raises Undelivered with why it was not taken."""
    lacking = [name for name in VARIABLE.findall(channel.url) if name not in environ]
    if lacking:
        raise Undelivered(f"the environment variable {', '.join(lacking)} is not set")
    url = VARIABLE.sub(lambda match: environ[match.group(1)], channel.url)
    if url.lower().startswith(("http://", "https://")):
        _post(url, document, seconds)
    else:
        _say(url, document)


def hidden(text: str, url: str, environ: Mapping[str, str]) -> str:
    """A text without what the variables of an address hold."""
    for name in VARIABLE.findall(url):
        if environ.get(name):
            text = text.replace(environ[name], f"${{{name}}}")
    return text


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its document: it is a failure."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(url: str, document: Mapping[str, Any], seconds: float) -> None:
    body = canonical_json.to_bytes(dict(document))
    news = {"alerts": document["alerts"], "head": document["head"]}
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "credit-risk",
        "Idempotency-Key": sha256_bytes(canonical_json.to_bytes(news)),
    }
    try:
        request = urllib.request.Request(url, body, headers, method="POST")
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds):
            pass
    except urllib.error.HTTPError as error:
        with error:
            raise Undelivered(f"the webhook answered {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise Undelivered(f"the webhook cannot be reached: {getattr(error, 'reason', None) or error}") from error


def _say(url: str, document: Mapping[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that apprise imports when it needs them
        apprise = optional_import("apprise", "alerts")
        channel = apprise.Apprise()
        with apprise.LogCapture(level=apprise.logging.WARNING) as captured:
            taken = channel.add(url) and channel.notify(
                title=title(document["alerts"]), body=words(document), notify_type=apprise.NotifyType.WARNING,
                body_format=apprise.NotifyFormat.TEXT,
            )  # fmt: skip
            said = " ".join(captured.getvalue().split())
    if not len(channel):
        raise Undelivered("is no address that Apprise knows")
    if not taken:
        raise Undelivered(said or "the channel did not take the message")


def title(alerts: Iterable[Mapping[str, Any]]) -> str:
    """Subject of a message: how many alerts, and the gravest severity."""
    listed = list(alerts)
    worst = min(listed, key=lambda one: SEVERITIES.index(one["severity"]))
    count = f"{len(listed)} alert{'s' if len(listed) != 1 else ''}"
    return f"{count} of monitoring, gravest {worst['severity']}: {worst['title']}"


def words(document: Mapping[str, Any]) -> str:
    """Text of a message: each alert in a sentence, with owner and response."""
    lines = [f"Model {document['model']}, package {document['package_hash'][:16]}", ""]
    for alert in document["alerts"]:
        lines.append(f"[{alert['severity']}] {alert['text']}")
        lines += [f"  owner: {alert['owner'] or 'not declared'}", f"  response: {alert['response'] or 'not declared'}"]
        lines.append(f"  {alert['id']}, {alert['state']}")
    return "\n".join(lines)


def undelivered_faults(deliveries: Iterable[Delivery]) -> list[Fault]:
    """Deliveries that failed, as faults to be told."""
    remedy = "the alerts stand in the log; the next run, or credit-risk alerts deliver, tries again"
    return [
        Fault(f"{len(one.alerts)} not delivered: {one.failure}", "delivery", path=one.channel, remedy=remedy)
        for one in deliveries
        if one.failure is not None
    ]
