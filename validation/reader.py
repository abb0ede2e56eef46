"""The validator's strict reader of a model package: every file checked, every fault told at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from validation import (
    annex_check,
    evidence_check,
    model_check,
    reject_file,
    schema_check,
    strict_json,
    tables,
    verification_file,
)
from validation.container import MAXIMUM_FILE_BYTES, Container, open_container, read_file
from validation.errors import Fault, ValidationInputError
from validation.input_check import input_faults
from validation.made_rows import make_rows
from validation.package import Package, RejectInference
from validation.sources import read_sources

MAXIMUM_EXPORT_BYTES = 64 * 1024 * 1024
REQUIRED = ("plan.yaml", "plan.json", "model.json", "verification.csv")
_SAMPLE = "(development|calibration|out_of_sample|out_of_time|out_of_time_before)"
_CORE = re.compile(
    r"plan\.yaml|plan\.json|model\.json|verification\.csv|data/snapshot\.parquet"
    rf"|challengers/[^/]+/model\.json|(challengers/[^/]+/)?predictions/{_SAMPLE}\.parquet|evidence/[^/]+\.json"
    + "".join(f"|{re.escape(name)}" for name in reject_file.FILES)
)


def read_package(
    path: str | Path, data: str | Path | None = None, source: str | Path | Sequence[str | Path] = ()
) -> Package:
    """Read and check the package at `path`, a folder or a zip (SPECIFICATION sections 1 to 8).

    `data` is the snapshot file where the package does not hold it; its hash must be the one in the manifest. `source`
    is the file of source rows, with the performance history where the plan has one (files, or a folder that holds
    them), from which the snapshot is made again, or made where there is none; their hashes must be those that the
    package states.
    Raises ValidationInputError with every fault found.
    """
    try:
        return _read(Path(path), data, [source] if isinstance(source, (str, Path)) else list(source))
    except RecursionError as error:
        fault = Fault("json_invalid", "a file is nested too deeply", file=Path(path).name)
        raise ValidationInputError(fault) from error
    except MemoryError as error:
        fault = Fault("size_mismatch", "the package needs more memory than there is", file=Path(path).name)
        raise ValidationInputError(fault) from error


def _read(path: Path, data: str | Path | None, source: Sequence[str | Path]) -> Package:
    container = open_container(path)
    reading = _Reading(container, list(container.faults))
    manifest, package_hash = reading.manifest()
    if manifest is None:
        raise ValidationInputError(reading.faults)
    core = [name for name in container.names if not annex_check.is_annex(name)]
    reading.faults += _listing_faults(manifest)
    reading.faults += annex_check.check_files(container, manifest["files"], core, "", "manifest.json")
    reading.faults += annex_check.check_annexes(container, package_hash)
    content = reading.content(manifest)
    reading.snapshot(manifest, content, data)
    reading.source(manifest, content, source)
    if reading.faults:
        raise ValidationInputError(dict.fromkeys(reading.faults))
    if content["snapshot"] is None and content["source"] is not None:
        made = make_rows(content, manifest["source"]["name"], manifest["snapshot"]["rows"])
        content["snapshot"], content["made"] = made
    exports = _exports(container)
    return Package(path.name, package_hash, container.is_zip, manifest, exports=exports, **content)


def _exports(container: Container) -> dict[str, bytes]:
    """Return the files of the annex `exports` that are small enough to be read whole."""
    names = [name for name in container.names if name.startswith("exports/") and name != "exports/manifest.json"]
    return {name: container.read(name) for name in names if container.sizes[name] <= MAXIMUM_EXPORT_BYTES}


def _listing_faults(manifest: dict[str, Any]) -> list[Fault]:
    listed = manifest["files"]
    faults = [
        Fault("file_missing", "the manifest does not list the file", file=name)
        for name in REQUIRED
        if name not in listed
    ]
    faults += reject_file.listing_faults(listed)
    for name in sorted(listed):
        if not _CORE.fullmatch(name):
            faults.append(Fault("file_extra", "the format knows no such core file", file=name))
    included = "data/snapshot.parquet" in listed
    if included != manifest["snapshot"]["included"]:
        code = "file_extra" if included else "file_missing"
        faults.append(Fault(code, "snapshot.included says otherwise", file="data/snapshot.parquet"))
    if included and listed["data/snapshot.parquet"]["sha256"] != manifest["snapshot"]["sha256"]:
        faults.append(
            Fault(
                "hash_mismatch",
                "snapshot.sha256 is not that of the file",
                "manifest.json",
                "/snapshot/sha256",
            )
        )
    plan = listed.get("plan.json")
    if plan is not None and manifest["plan_sha256"] != plan["sha256"]:
        faults.append(Fault("hash_mismatch", "plan_sha256 is not that of plan.json", "manifest.json", "/plan_sha256"))
    return faults


class _Reading:
    """Collects faults while the files are read one after another."""

    def __init__(self, container: Container, faults: list[Fault]):
        self.container = container
        self.faults = faults

    def manifest(self) -> tuple[dict[str, Any] | None, str]:
        """Return the manifest and the package hash, or None after faults."""
        name = "manifest.json"
        if name not in self.container.sizes:
            self.faults.append(Fault("manifest_missing", "the package has no manifest", file=name))
            return None, ""
        data = self.container.read(name, strict_json.MAXIMUM_BYTES)
        value = self._json(name)
        if value is None:
            return None, ""
        faults = schema_check.check(value, "manifest.schema.json", name)
        faults = [self._hostile(fault) for fault in faults]
        self.faults += faults
        return (None if faults else value), hashlib.sha256(data).hexdigest()

    @staticmethod
    def _hostile(fault: Fault) -> Fault:
        """Give a file name that breaks the pattern its own code."""
        if fault.path == "/files" and "does not match" in fault.message:
            return Fault(
                "path_hostile",
                "a file name is not a safe relative path",
                fault.file,
                fault.path,
                None,
                fault.found,
            )
        return fault

    def _json(self, name: str) -> Any:
        try:
            return strict_json.parse(self.container.read(name, strict_json.MAXIMUM_BYTES), name)
        except ValidationInputError as error:
            self.faults += error.faults
            return None

    def content(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Read everything but the snapshot; what could not be read is absent and has left a fault."""
        present = [name for name in sorted(manifest["files"]) if name in self.container.sizes]
        plan = self._plan() if "plan.json" in present else None
        model = self._model("model.json") if "model.json" in present else None
        challengers = {}
        for name in present:
            if re.fullmatch(r"challengers/[^/]+/model\.json", name):
                folder = name.split("/")[1]
                challenger = self._model(name)
                if challenger is not None:
                    self._same("model_id_mismatch", challenger["model"]["id"], folder, name, "/model/id")
                    challengers[folder] = challenger
        if model is not None:
            for key in ("id", "name", "version"):
                self._same(
                    "model_id_mismatch",
                    model["model"][key],
                    manifest["model"][key],
                    "model.json",
                    f"/model/{key}",
                )
            for folder, challenger in challengers.items():
                file, kinds = (
                    f"challengers/{folder}/model.json",
                    (challenger["outcome"]["type"], model["outcome"]["type"]),
                )
                self._same("schema", *kinds, file, "/outcome/type")
        evidence = self._evidence([name for name in present if name.startswith("evidence/")])
        predictions = self._predictions(present, model, challengers, manifest["snapshot"]["rows"])
        verification = self._verification(model) if model is not None and "verification.csv" in present else None
        return {
            "plan": plan,
            "model": model,
            "challengers": challengers,
            "predictions": predictions,
            "verification": verification,
            "evidence": evidence,
            "reject_inference": self._reject_inference(present, manifest["snapshot"]["rows"]),
        }

    def _reject_inference(self, present: list[str], rows: int) -> RejectInference | None:
        if not set(reject_file.FILES) <= set(present):
            return None
        models = {name: self._model(name) for name in reject_file.MODELS}
        found = {}
        for name in reject_file.TABLES:
            table = self._table(name, "schema")
            faults = [] if table is None else reject_file.row_faults(table, name, rows)
            self.faults += faults
            if table is not None and not faults:
                found[name] = tables.to_frame(table)
        acceptance, known = models.values()
        for name, model in models.items():
            if model is not None:
                self._same("model_id_mismatch", model["model"]["id"], reject_file.IDS[name], name, "/model/id")
        if acceptance is None or known is None or len(found) < len(reject_file.TABLES):
            return None
        return RejectInference(acceptance, known, found[reject_file.APPLICANTS], found[reject_file.ROWS])

    def _same(self, code: str, found: str, allowed: str, file: str, path: str) -> None:
        if found != allowed:
            self.faults.append(Fault(code, "another model than the package says", file, path, None, found, allowed))

    def _plan(self) -> dict[str, Any] | None:
        plan = self._json("plan.json")
        if plan is not None and not isinstance(plan, dict):
            self.faults.append(Fault("schema", "the plan is not an object", "plan.json"))
            return None
        if plan is not None and schema_check.exists("plan.schema.json"):
            self.faults += schema_check.check(plan, "plan.schema.json", "plan.json")
        return plan

    def _model(self, name: str) -> dict[str, Any] | None:
        model = self._json(name)
        if model is None:
            return None
        faults = model_check.unknown_steps(model, name)
        unknown = {str(fault.path).removesuffix("/type") for fault in faults}
        for fault in schema_check.check(model, "model.schema.json", name):
            if fault.path not in unknown and not any(str(fault.path).startswith(item + "/") for item in unknown):
                faults.append(fault)
        if not faults:
            faults = model_check.check_model(model, name)
        self.faults += faults
        return None if faults else model

    def _evidence(self, names: list[str]) -> dict[str, dict[str, Any]]:
        found = {}
        for name in names:
            value = self._json(name)
            if value is None:
                continue
            faults = evidence_check.check_evidence(value, name)
            self.faults += faults
            if not faults:
                found[value["id"]] = value
        return found

    def _predictions(
        self, present: list[str], model: dict[str, Any] | None, challengers: dict[str, dict[str, Any]], rows: int
    ) -> dict[tuple[str, str], pd.DataFrame]:
        found = {}
        for name in present:
            match = re.fullmatch(rf"(?:challengers/([^/]+)/)?predictions/{_SAMPLE}\.parquet", name)
            if not match:
                continue
            owner = challengers.get(match[1]) if match[1] else model
            if owner is None:
                if match[1] and f"challengers/{match[1]}/model.json" not in present:
                    self.faults.append(
                        Fault(
                            "file_missing",
                            "predictions without a model",
                            f"challengers/{match[1]}/model.json",
                        )
                    )
                continue
            table = self._table(name, "schema", rows)
            if table is None:
                continue
            faults = tables.prediction_faults(table, name, prediction_columns(owner))
            self.faults += faults
            if not faults:
                found[owner["model"]["id"], match[2]] = tables.to_frame(table)
        return found

    def _table(self, name: str, code: str, most: int | None = None) -> Any:
        try:
            return tables.read_parquet(self.container.read(name), name, code, most=most)
        except ValidationInputError as error:
            self.faults += error.faults
            return None

    def _verification(self, model: dict[str, Any]) -> verification_file.Verification | None:
        try:
            return verification_file.parse(
                self.container.read("verification.csv", verification_file.MAXIMUM_BYTES), model
            )
        except ValidationInputError as error:
            self.faults += error.faults
            return None

    def snapshot(self, manifest: dict[str, Any], content: dict[str, Any], data: str | Path | None) -> None:
        """Read the snapshot of the package, or the file `data` where the package holds none."""
        content["snapshot"], content["snapshot_hash"] = None, None
        name = "data/snapshot.parquet"
        raw: bytes | None
        if name in self.container.sizes:
            raw = self.container.read(name)
        elif data is not None:
            name, raw = Path(data).name, self._read_data(Path(data))
        else:
            return
        if raw is None:
            return
        digest = hashlib.sha256(raw).hexdigest()
        if digest != manifest["snapshot"]["sha256"]:
            allowed = manifest["snapshot"]["sha256"]
            self.faults.append(
                Fault("hash_mismatch", "not the snapshot of the manifest", name, None, None, digest, allowed)
            )
            return
        models = [model for model in (content["model"], *content["challengers"].values()) if model is not None]
        inferred = content["reject_inference"]
        models += [] if inferred is None else [inferred.acceptance, inferred.known_outcomes]
        frame = self._snapshot_frame(raw, name, manifest["snapshot"]["rows"], models)
        content["snapshot"], content["snapshot_hash"] = frame, digest

    def source(self, manifest: dict[str, Any], content: dict[str, Any], given: Sequence[str | Path]) -> None:
        """Read the source rows, where they are given."""
        content["source"] = None
        if given:
            try:
                content["source"] = read_sources(given, manifest, content["evidence"])
            except ValidationInputError as error:
                self.faults += error.faults

    def _read_data(self, path: Path) -> bytes | None:
        try:
            return read_file(path, MAXIMUM_FILE_BYTES, "file_missing")
        except ValidationInputError as error:
            self.faults += error.faults
            return None

    def _snapshot_frame(self, raw: bytes, name: str, rows: int, models: list[dict[str, Any]]) -> pd.DataFrame | None:
        try:
            table = tables.read_parquet(raw, name, "snapshot_invalid", rows)
        except ValidationInputError as error:
            self.faults += error.faults
            return None
        kind = models[0]["outcome"]["type"] if models else "amount"
        faults = tables.snapshot_faults(table, name, kind)
        faults += input_faults(table, models, name)
        self.faults += faults
        return None if faults else tables.to_frame(table)


def prediction_columns(model: dict[str, Any]) -> list[str]:
    """Return the columns of a model's predictions (SPECIFICATION section 5)."""
    outputs = model["outputs"]
    columns = ["_key", *(name for name in verification_file.PUBLISHED if outputs.get(name) is not None)]
    if outputs.get("reasons") is not None:
        columns += [f"reason_{number}" for number in range(1, verification_file.maximum_reasons(model) + 1)]
    return columns + verification_file.decided(model)
