"""OpenLineage as a sink: START, then COMPLETE, FAIL or ABORT of a run, with its data and its package as datasets."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credit_risk import __version__
from credit_risk._core.extras import optional_import
from credit_risk.inventory.development.package_record import PackageRecord
from credit_risk.lifecycle.run import RunResult
from credit_risk.lifecycle.sinks.watched_run import Beginning

EXTRA = "lineage"
NAMESPACE = "credit-risk"
PRODUCER = f"credit-risk-lifecycle/{__version__}"
TIMEOUT = 20.0
"""Seconds that a server is waited for."""


class OpenLineageSink:
    """Events to a server (`http://...`, as of the OpenLineage API), or a line of JSON each to a file.

    Raises MissingExtraError without the client library.
    """

    name = "OpenLineage"

    def __init__(self, target: str):
        self._events = optional_import("openlineage.client.event_v2", EXTRA)
        self._facets = optional_import("openlineage.client.facet_v2", EXTRA)
        self._run = str(optional_import("openlineage.client.uuid", EXTRA).generate_new_uuid())
        self._emit = _to_server(target) if target.startswith(("http://", "https://")) else _to_file(Path(target))

    def begun(self, run: Beginning) -> None:
        """START, with the source as input."""
        self._emit(self._event("START", run, run.at))

    def completed(self, run: Beginning, package: PackageRecord, result: RunResult, at: datetime) -> None:
        """COMPLETE, with the package as output and its hash as version."""
        digest = str(package.result["package_hash"])
        version = self._facets.dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=digest)
        name = f"{run.model}/{run.version}"
        output = self._events.OutputDataset(namespace=NAMESPACE, name=name, facets={"version": version})
        self._emit(self._event("COMPLETE", run, at, outputs=[output]))

    def failed(self, run: Beginning, error: BaseException, at: datetime) -> None:
        """FAIL, or ABORT where it was interrupted: with the type of the error alone."""
        told = self._facets.error_message_run.ErrorMessageRunFacet(
            message=type(error).__name__, programmingLanguage="Python"
        )
        kind = "ABORT" if isinstance(error, KeyboardInterrupt) else "FAIL"
        self._emit(self._event(kind, run, at, facets={"errorMessage": told}))

    def _event(
        self, kind: str, run: Beginning, at: datetime, *, outputs: list[Any] | None = None,
        facets: dict[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        schema, version = self._facets.schema_dataset, self._facets.dataset_version_dataset
        held: dict[str, Any] = {}
        if run.columns:
            fields = [schema.SchemaDatasetFacetFields(name=name, type=kind_) for name, kind_ in run.columns]
            held["schema"] = schema.SchemaDatasetFacet(fields=fields)
        if run.source_sha256 is not None:
            held["version"] = version.DatasetVersionDatasetFacet(datasetVersion=run.source_sha256)
        source = self._events.InputDataset(namespace=NAMESPACE, name=run.source, facets=held)
        return self._events.RunEvent(
            eventType=getattr(self._events.RunState, kind),
            eventTime=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            run=self._events.Run(runId=self._run, facets=facets or {}),
            job=self._events.Job(namespace=NAMESPACE, name=f"{run.model}.develop"),
            inputs=[source],
            outputs=outputs or [],
            producer=PRODUCER,
        )


def _to_file(path: Path) -> Callable[[Any], None]:
    serde = optional_import("openlineage.client.serde", EXTRA).Serde

    def emit(event: Any) -> None:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(serde.to_json(event) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    return emit


def _to_server(url: str) -> Callable[[Any], None]:
    client = optional_import("openlineage.client", EXTRA)
    http = optional_import("openlineage.client.transport.http", EXTRA)
    config = http.HttpConfig.from_dict({"url": url, "timeout": TIMEOUT, "retry": {"total": 1}})
    made = client.OpenLineageClient(transport=http.HttpTransport(config))
    return lambda event: made.emit(event)
