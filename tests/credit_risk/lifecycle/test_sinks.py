"""MLflow and OpenLineage are told of runs, and read back by their own clients; what they do changes nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.tracking import MlflowClient
from openlineage.client import event_v2

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import create_inventory, open_inventory
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.service.development import DevelopmentLog
from credit_risk.lifecycle import logged_run
from credit_risk.lifecycle.logged_run import run_logged
from credit_risk.lifecycle.sinks.mlflow_names import LONGEST, named, taken_as_it_is
from credit_risk.lifecycle.sinks.mlflow_sink import MlflowSink
from credit_risk.lifecycle.sinks.watched_run import Watch, beginning
from credit_risk.package import read_package
from credit_risk.plan import read_plan
from tests.credit_risk.cli.command import PLAN, QUICK, Ended, credit_risk, frame, portfolio, write_plan
from tests.credit_risk.inventory.support import Gates, key_of, signer


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan and its table. Read only."""
    columns = "data: {source: table.csv, columns: {AGE: {type: numeric}}}"
    return write_plan(tmp_path_factory.mktemp("sinks"), PLAN.replace("data: {source: table.csv}", columns) + QUICK,
                      portfolio(600))  # fmt: skip


def run(plan: Path, out: Path, *more: object) -> Ended:
    return credit_risk("run", plan, "--out", out, "--no-documents", "--no-validation", "--quiet", *more)


@pytest.fixture(scope="module")
def told(plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that both were told of."""
    folder = tmp_path_factory.mktemp("told")
    given = ("--mlflow", (folder / "mlruns").as_uri(), "--openlineage", folder / "lineage.jsonl")
    ended = run(plan, folder / "out", *given)
    assert (ended.status, ended.err) == (0, ""), ended.err
    return folder


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_mlflow_has_parameters_figures_hashes_and_the_manifest(told: Path) -> None:
    client = MlflowClient(tracking_uri=(told / "mlruns").as_uri())
    (one,) = client.search_runs([client.get_experiment_by_name("m").experiment_id])
    package = read_package(told / "out")
    assert one.info.status == "FINISHED"
    assert one.data.tags["package_hash"] == package.package_hash
    assert one.data.tags["source_sha256"] == package.manifest["source"]["sha256"]
    assert one.data.params["data/source"] == "table.csv"
    assert one.data.params["models/0/type"] == "scorecard"
    rows = frame(told / "out", "performance.discrimination")
    for row in rows.to_dict("records"):
        assert one.data.metrics[f"{row['model']}/{row['sample']}/auc"] == row["auc"]
    (kept,) = client.list_artifacts(one.info.run_id)
    path = client.download_artifacts(one.info.run_id, kept.path, str(told))
    assert Path(path).read_bytes() == (told / "out" / "manifest.json").read_bytes()


def test_openlineage_has_a_start_and_a_complete_with_datasets(told: Path) -> None:
    begun, ended = events(told / "lineage.jsonl")
    package = read_package(told / "out")
    assert (begun["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    assert begun["run"]["runId"] == ended["run"]["runId"]
    assert begun["job"] == {**ended["job"]}
    (source,) = begun["inputs"]
    assert source["name"] == "table.csv"
    assert source["facets"]["version"]["datasetVersion"] == package.manifest["source"]["sha256"]
    assert source["facets"]["schema"]["fields"] == [{"fields": [], "name": "AGE", "type": "numeric"}]
    (made,) = ended["outputs"]
    assert made["facets"]["version"]["datasetVersion"] == package.package_hash
    for event in (begun, ended):  # its own model takes them, with a moment and an identifier that it accepts
        event_v2.RunEvent(
            eventTime=event["eventTime"], eventType=event_v2.RunState[event["eventType"]], producer=event["producer"],
            run=event_v2.Run(runId=event["run"]["runId"]), job=event_v2.Job(**{k: event["job"][k] for k in
                                                                               ("namespace", "name")}),
        )  # fmt: skip
        assert event["schemaURL"].startswith("https://openlineage.io/spec/")


def test_the_package_is_the_same_without_them(plan: Path, told: Path, tmp_path: Path) -> None:
    assert run(plan, tmp_path / "out").status == 0
    one, other = (read_package(path).manifest["files"] for path in (told / "out", tmp_path / "out"))
    assert one == other


def test_a_run_that_fails_is_told_as_failed_without_values_of_the_data(plan: Path, tmp_path: Path) -> None:
    bad = write_plan(tmp_path / "bad", (plan / "plan.yaml").read_text("utf-8"), b"AGE,BAD\nsecret-value,7\n")
    store, lineage = (tmp_path / "mlruns").as_uri(), tmp_path / "lineage.jsonl"
    ended = run(bad, tmp_path / "out", "--mlflow", store, "--openlineage", lineage)
    assert ended.status == 2
    client = MlflowClient(tracking_uri=store)
    (one,) = client.search_runs([client.get_experiment_by_name("m").experiment_id])
    assert one.info.status == "FAILED"
    assert [event["eventType"] for event in events(lineage)] == ["START", "FAIL"]
    every = "".join(path.read_text("utf-8") for path in (tmp_path / "mlruns").rglob("*") if path.is_file())
    assert "secret-value" not in every + lineage.read_text("utf-8")


def test_what_cannot_be_reached_is_warned_of_and_ends_no_run(plan: Path, tmp_path: Path) -> None:
    ended = run(plan, tmp_path / "out", "--mlflow", "http://127.0.0.1:9", "--openlineage", tmp_path / "no" / "file")
    assert ended.status == 0
    assert "warning: MLflow was not told: " in ended.err
    assert "warning: OpenLineage was not told: FileNotFoundError" in ended.err
    assert read_package(tmp_path / "out").package_hash


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server of the OpenLineage API: its address, and the events that it has received."""
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append({"path": self.path, **json.loads(body)})
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", received
    made.shutdown()
    made.server_close()


def test_events_go_to_a_server(plan: Path, tmp_path: Path, server: tuple[str, list[dict[str, Any]]]) -> None:
    url, received = server
    ended = run(plan, tmp_path / "out", "--openlineage", url)
    assert (ended.status, ended.err) == (0, "")
    assert [(one["path"], one["eventType"]) for one in received] == [
        ("/api/v1/lineage", "START"), ("/api/v1/lineage", "COMPLETE"),
    ]  # fmt: skip


NAMES = st.text(st.sampled_from("ab_/.%[] ä-1"), min_size=1, max_size=8) | st.text(min_size=1, max_size=300)


@given(st.dictionaries(NAMES, st.integers(), max_size=12))
def test_names_that_mlflow_takes_are_as_many_as_there_were(values: dict[str, int]) -> None:
    found = named(values)
    assert sorted(found.values.values()) == sorted(values.values())
    assert all(taken_as_it_is(name) for name in found.values)
    for name, value in found.values.items():
        assert values[found.altered.get(name, name)] == value
        assert (name in found.altered) == (found.altered.get(name, name) != name)


def test_an_altered_name_gives_way_to_one_that_is_there() -> None:
    digest = sha256_bytes(b"a%b")
    found = named({"a%b": 1, "a_b": 2, f"a_b-{digest[:8]}": 3})
    assert found.values == {f"a_b-{digest[:16]}": 1, "a_b": 2, f"a_b-{digest[:8]}": 3}
    assert found.altered == {f"a_b-{digest[:16]}": "a%b"}


def test_names_that_mlflow_refuses_are_told_with_what_they_stand_for(tmp_path: Path) -> None:
    """Three columns whose names were one without the suffix, and one that is too long: MLflow itself takes them."""
    long = "L" * 240
    columns = (
        f"{{'A%': {{type: numeric}}, 'A[': {{type: numeric}}, 'A_': {{type: numeric}}, {long}: {{type: numeric}}}}"
    )
    text = PLAN.replace("{source: table.csv}", f"{{source: table.csv, columns: {columns}}}") + QUICK
    told = beginning(read_plan(write_plan(tmp_path, text)), logged_run.system_clock())
    store = (tmp_path / "mlruns").as_uri()
    MlflowSink(store).begun(told)
    client = MlflowClient(tracking_uri=store)
    (one,) = client.search_runs([client.get_experiment_by_name("m").experiment_id])
    path = client.download_artifacts(one.info.run_id, "altered_names.parameters.json", str(tmp_path))
    altered = json.loads(Path(path).read_text("utf-8"))
    assert one.data.tags["altered_names.parameters"] == str(len(altered))
    assert one.data.params["data/columns/A_/type"] == "numeric"
    for column in ("A%", "A[", long):
        (name,) = (name for name, stands in altered.items() if stands == f"data/columns/{column}/type")
        assert one.data.params[name] == "numeric"
        assert len(name) <= LONGEST


class Broken:
    """A system that fails where it is told to."""

    name = "Broken"

    def __init__(self, where: str):
        self.where = where

    def _told(self, what: str) -> None:
        if what == self.where:
            raise ConnectionError("https://user:secret@example.org")

    def begun(self, *_: object) -> None:
        self._told("began")

    def completed(self, *_: object) -> None:
        self._told("completed")

    def failed(self, *_: object) -> None:
        self._told("failed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An inventory with a proposed version of the plan's model, and its developer."""
    with create_inventory(tmp_path / "i.db", Gates()) as inventory:
        inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
        for person in ("dora", "olga"):
            inventory.people.register(person, person.title(), key_of(person), by=signer("registrar"))
        inventory.propose(ModelFacts("m", "Model", purpose="Decide", owner="olga"), "0.1.0", by="olga")
    return tmp_path / "i.db"


def logged(plan: Path, place: Path, where: str, **options: Any) -> list[str]:
    """Warnings of a run that a broken system is told of."""
    warned: list[str] = []
    watch = Watch(read_plan(plan), [Broken(where)], warned.append)
    quick = {"with_documents": False, "with_validation": False, "watch": watch}
    run_logged(plan, place.with_name(where), place, by=signer("dora"), gates=Gates(), **quick, **options)
    return warned


def test_the_log_of_development_keeps_who_was_not_told(plan: Path, place: Path, tmp_path: Path) -> None:
    assert len(logged(plan, place, "began")) == 1
    assert len(logged(plan, place, "completed")) == 1
    assert logged(plan, place, "nothing") == []
    bad = write_plan(tmp_path / "bad", (plan / "plan.yaml").read_text("utf-8"), b"AGE,BAD\n1,7\n")
    with pytest.raises(CreditRiskError):
        logged(bad, place, "failed")
    with open_inventory(place, Gates()) as inventory:
        found = inventory.development.experiments("m")
        trail = inventory.trail.verify()
    assert [one.untold for one in found] == [
        ("Broken was not told that it began (ConnectionError)",),
        ("Broken was not told that it completed (ConnectionError)",),
        (),
        ("Broken was not told that it failed (ConnectionError)",),
    ]
    assert trail.intact
    assert not any("secret" in str(one.result) for one in found)  # an address may hold a password
    told = credit_risk("inventory", "development", "m", "--inventory", place).out
    assert "    Broken was not told that it completed (ConnectionError)\n" in told
    out = tmp_path / "log.json"
    assert credit_risk("inventory", "development", "m", "--inventory", place, "--out", out).status == 0
    rows = json.loads(out.read_text("utf-8"))["experiments"]
    assert [row["untold"] is None for row in rows] == [False, False, True, False]


def test_an_end_that_cannot_be_logged_hides_neither_package_nor_error(
    plan: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever error of ours the log gives: the package stands with `unlogged`, the error of the run with a note."""

    class OtherError(CreditRiskError):
        """Not one of the inventory."""

    def lost(*_: object, **__: object) -> None:
        raise OtherError(Fault("the log is gone", "gone"))

    monkeypatch.setattr(DevelopmentLog, "complete", lost)
    monkeypatch.setattr(DevelopmentLog, "fail", lost)
    quick: dict[str, Any] = {"with_documents": False, "with_validation": False}
    done = run_logged(plan, tmp_path / "out", place, by=signer("dora"), gates=Gates(), **quick)
    assert isinstance(done.unlogged, OtherError)
    assert read_package(tmp_path / "out").package_hash
    bad = write_plan(tmp_path / "bad", (plan / "plan.yaml").read_text("utf-8"), b"AGE,BAD\n1,7\n")
    with pytest.raises(CreditRiskError) as caught:
        run_logged(bad, tmp_path / "none", place, by=signer("dora"), gates=Gates(), **quick)
    assert not isinstance(caught.value, OtherError)
    (note,) = caught.value.__notes__
    assert note.startswith("the end of experiment m:E2 could not be logged: ")
    assert "the log is gone" in note
