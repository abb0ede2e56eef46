"""MLflow and OpenLineage are told of runs, and read back by their own clients; what they do changes nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient
from openlineage.client import event_v2

from credit_risk.package import read_package
from tests.credit_risk.cli.command import PLAN, QUICK, Ended, credit_risk, frame, portfolio, write_plan


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
