"""Delivery to a local webhook and a local mail server: what arrives, what fails, and that no secret is written."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from credit_risk.monitoring.alerts import deliver, evaluate, read_alerts, record_run, watches_of
from credit_risk.monitoring.alerts.log import ALERTS_FILE
from credit_risk.monitoring.spec import ChannelSpec
from credit_risk.package.schema import schema_faults
from tests.credit_risk.monitoring.alerts.values import MODEL, PACKAGE, monitoring, table

SECRET = "s3cret-of-the-desk"
RULES = [
    {"metric": "score_psi", "response": "Find the cause.", "severity": "high"},
    {"metric": "ks", "severity": "low"},
]
WATCHES = watches_of(monitoring(*RULES))


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def webhook(statuses: list[int]) -> Iterator[tuple[int, list[tuple[str, dict[str, str], Any]]]]:
    """A web server that answers with the statuses in turn, the last for ever; port and what came."""
    came: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, came


@contextmanager
def mailbox() -> Iterator[tuple[int, list[str]]]:
    """A mail server that takes everything; port and messages."""
    messages: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (text := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(text.decode())
                    messages.append("".join(lines))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, messages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return raised(tmp_path, [0.3, 0.3])


def raised(folder: Path, numbers: list[float]) -> Path:
    import pandas as pd

    values = pd.concat([table(numbers), table(numbers, "ks")])
    record_run(folder, evaluate(values, WATCHES), model=MODEL, package_hash=PACKAGE)
    return folder


def sent(folder: Path, url: str, environ: dict[str, str] | None = None, at_least: str = "high") -> Any:
    channel = ChannelSpec.model_validate({"id": "desk", "url": url, "at_least": at_least})
    return deliver(folder, [channel], model=MODEL, package_hash=PACKAGE, environ=environ or {}, seconds=10)


def test_a_webhook_has_the_document_once(folder: Path) -> None:
    with webhook([200]) as (port, came):
        environ = {"DESK": f"http://127.0.0.1:{port}/{SECRET}"}
        (done,) = sent(folder, "${DESK}", environ)
        assert done.failure is None
        assert sent(folder, "${DESK}", environ) == ()  # had already
        raised(folder, [0.3, 0.3, 0.3])  # goes on, which is no news
        assert sent(folder, "${DESK}", environ) == ()
    ((path, headers, document),) = came
    assert path == f"/{SECRET}"
    assert headers["Content-Type"].startswith("application/json")
    assert len(headers["Idempotency-Key"]) == 64
    assert schema_faults("alerts", document, "alerts.json") == []
    assert [alert["rule"] for alert in document["alerts"]] == ["score_psi"]  # the other is not grave enough
    assert SECRET not in (folder / ALERTS_FILE).read_text("utf-8")


@pytest.mark.parametrize(("status", "told"), [(500, "answered 500"), (302, "answered 302"), (404, "answered 404")])
def test_a_failure_is_told_recorded_and_tried_again(folder: Path, status: int, told: str) -> None:
    with webhook([status, 200]) as (port, came):
        url = f"http://127.0.0.1:{port}/hook"
        (failed,) = sent(folder, url)
        assert told in failed.failure
        log = read_alerts(folder)
        assert (log.events[-1]["event"], log.events[-1]["channel"]) == ("delivery_failed", "desk")
        assert [alert.state for alert in log.alerts.values()] == ["open", "open"]
        (done,) = sent(folder, url)
        assert (done.failure, done.alerts) == (None, failed.alerts)
        assert sent(folder, url) == ()
    assert len(came) == 2


def test_nobody_listens_and_a_variable_lacks(folder: Path) -> None:
    with webhook([200]) as (port, _):
        pass  # closed again: nobody listens there
    (failed,) = sent(folder, "${DESK}", {"DESK": f"http://127.0.0.1:{port}/{SECRET}"})
    assert "cannot be reached" in failed.failure
    (failed,) = sent(folder, "${DESK_OF_ALERTS}")
    assert failed.failure == "the environment variable DESK_OF_ALERTS is not set"
    (failed,) = sent(folder, "${DESK}", {"DESK": f"http://[{SECRET}"})
    assert failed.failure is not None
    assert SECRET not in (folder / ALERTS_FILE).read_text("utf-8")


def test_what_somebody_has_taken_on_is_delivered_no_more(folder: Path) -> None:
    from credit_risk.monitoring.alerts import acknowledge

    acknowledge(folder, [alert.id for alert in read_alerts(folder).alerts.values()], by="Ann")
    assert sent(folder, "http://127.0.0.1:9/") == ()


def test_a_mail_arrives_in_words(folder: Path) -> None:
    pytest.importorskip("apprise", reason="the extra alerts is not installed")
    with mailbox() as (port, messages):
        url = "mailto://${HOST}?from=model@bank.example&to=risk@bank.example&mode=insecure&smtp=127.0.0.1&format=text"
        (done,) = sent(folder, url, {"HOST": f"127.0.0.1:{port}"}, at_least="low")
        assert done.failure is None
    (message,) = messages
    assert "To: risk@bank.example" in message
    assert "2 alerts of monitoring, gravest high" in message.replace("\r\n ", " ")
    assert "Find the cause." in message
    assert "Stability of the score is 0.3" in message


def test_a_mail_that_is_not_taken_is_a_failure(folder: Path) -> None:
    pytest.importorskip("apprise", reason="the extra alerts is not installed")
    with mailbox() as (port, _):
        pass
    environ = {"HOST": f"127.0.0.1:{port}", "WORD": SECRET}
    url = "mailto://model:${WORD}@${HOST}?from=model@bank.example&to=risk@bank.example&mode=insecure&smtp=127.0.0.1"
    (failed,) = sent(folder, url, environ)
    assert failed.failure
    (unknown,) = sent(folder, "pigeon://roof")
    assert "no address" in unknown.failure
    assert SECRET not in (folder / ALERTS_FILE).read_text("utf-8")
    assert all(alert.state == "open" for alert in read_alerts(folder).alerts.values())
