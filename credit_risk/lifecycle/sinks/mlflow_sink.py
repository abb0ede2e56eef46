"""MLflow as a sink: an experiment a model, a run a run, with parameters, figures, hashes and the manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from credit_risk._core.extras import optional_import
from credit_risk.inventory.development.package_record import PackageRecord
from credit_risk.inventory.development.plan_fields import plan_fields
from credit_risk.lifecycle.run import RunResult
from credit_risk.lifecycle.sinks.mlflow_names import Named, named
from credit_risk.lifecycle.sinks.watched_run import Beginning
from credit_risk.package.layout import MANIFEST

EXTRA = "mlflow"
AT_ONCE = 100
"""Entities of a call that MLflow takes."""
ALTERED = "altered_names.{kind}.json"
"""Artifact that tells which name stands for which, where MLflow does not take the names of the plan."""
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""Where the environment says nothing else: MLflow tells nobody of its use, writes to a folder where one is named, and
waits for no server that is gone."""


class MlflowSink:
    """Runs in a tracking store (`http://...`, a folder, `sqlite:///...`). Raises MissingExtraError without MLflow."""

    name = "MLflow"

    _client: Any

    def __init__(self, uri: str):
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        self._tracking = optional_import("mlflow.tracking", EXTRA)
        self._entities = optional_import("mlflow.entities", EXTRA)
        self._uri, self._client, self._run = uri, None, ""

    def begun(self, run: Beginning) -> None:
        """A run with the fields of the plan as parameters."""
        self._client = self._tracking.MlflowClient(tracking_uri=self._uri)
        found = self._client.get_experiment_by_name(run.model)
        experiment = found.experiment_id if found is not None else self._client.create_experiment(run.model)
        tags = {"model": run.model, "version": run.version, "plan_sha256": run.plan_sha256, "source": run.source}
        tags |= {} if run.source_sha256 is None else {"source_sha256": run.source_sha256}
        made = self._client.create_run(
            experiment, start_time=_milliseconds(run.at), tags=tags, run_name=f"{run.model} {run.version}"
        )
        self._run = made.info.run_id
        held = parameters_of(run.plan)
        parameters = [self._entities.Param(name, str(value)) for name, value in held.values.items()]
        for start in range(0, len(parameters), AT_ONCE):
            self._client.log_batch(self._run, params=parameters[start : start + AT_ONCE])
        self._tell_altered("parameters", held)

    def completed(self, run: Beginning, package: PackageRecord, result: RunResult, at: datetime) -> None:
        """Figures of the evidence, hashes, and the manifest as the one artifact."""
        moment = _milliseconds(at)
        figures = figures_of(package)
        metrics = [self._entities.Metric(name, value, moment, 0) for name, value in figures.values.items()]
        for start in range(0, len(metrics), AT_ONCE):
            self._client.log_batch(self._run, metrics=metrics[start : start + AT_ONCE])
        self._tell_altered("figures", figures)
        tags = {"package_hash": str(package.result["package_hash"])}
        validation = package.result.get("validation")
        tags |= {} if validation is None else {"recommendation": str(validation["recommendation"])}
        self._client.log_batch(self._run, tags=[self._entities.RunTag(*one) for one in tags.items()])
        self._client.log_artifact(self._run, str(result.out / MANIFEST))
        self._client.set_terminated(self._run, "FINISHED", moment)

    def failed(self, run: Beginning, error: BaseException, at: datetime) -> None:
        """The type of the error; its messages may hold values of the data, and stay here."""
        self._client.set_tag(self._run, "error", type(error).__name__)
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        self._client.set_terminated(self._run, status, _milliseconds(at))

    def _tell_altered(self, kind: str, held: Named) -> None:
        """A tag with the number of names that stand for others, and the file that tells which; nothing without any."""
        if held.altered:
            self._client.set_tag(self._run, f"altered_names.{kind}", str(len(held.altered)))
            self._client.log_dict(self._run, dict(held.altered), ALTERED.format(kind=kind))


def parameters_of(plan: Mapping[str, Any]) -> Named:
    """Fields of a plan by their pointers without the first slash; long texts are hashes there already."""
    return named({pointer.removeprefix("/"): value for pointer, value in plan_fields(plan).items()})


def figures_of(package: PackageRecord) -> Named:
    """Headline figures as `model/sample/measure`."""
    rows = package.result.get("figures") or ()
    return named({f"{one['model']}/{one['sample']}/{one['measure']}": float(one["value"]) for one in rows})


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
