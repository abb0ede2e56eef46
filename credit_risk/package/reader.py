"""The strict reader of model packages: all of SPECIFICATION.md is checked, every fault is told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_bytes
from credit_risk.package.evidence_checks import evidence_faults
from credit_risk.package.inference_checks import absent_files, inference_faults
from credit_risk.package.layout import (
    ACCEPTANCE_FILE,
    ANNEX_KINDS,
    APPLICANTS_FILE,
    KNOWN_OUTCOMES_FILE,
    MANIFEST,
    REQUIRED,
    ROWS_FILE,
    SAMPLES,
    SNAPSHOT,
    hostile,
    is_annex,
    is_core,
    predictions_file,
)
from credit_risk.package.schema import schema_faults
from credit_risk.package.source import Source, open_source
from credit_risk.package.table_checks import (
    predictions_faults,
    read_parquet,
    snapshot_faults,
    to_frame,
    verification_frame,
    verification_rows,
)
from credit_risk.scoring.check import model_faults

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Package:
    """A model package that keeps the specification.

    `challengers` maps model id to model, `evidence` maps evidence id to evidence, `samples` lists the samples that have
    champion predictions. Tables are read when asked for, and their hashes checked again.
    """

    path: Path
    package_hash: str
    manifest: Json
    plan: Json
    model: Json
    challengers: dict[str, Json]
    evidence: dict[str, Json]
    samples: tuple[str, ...]
    _source: Source = field(repr=False, compare=False)

    def snapshot(self) -> pd.DataFrame:
        """The development data; missing numbers are NaN. Raises PackageError where the data did not travel."""
        table = read_parquet(self._bytes(SNAPSHOT), SNAPSHOT, "snapshot_invalid")
        return to_frame(table)

    def predictions(self, sample: str, model: str | None = None) -> pd.DataFrame:
        """Predictions of a sample by the champion or the challenger `model`. Raises PackageError if none."""
        file = predictions_file(sample, model)
        return to_frame(read_parquet(self._bytes(file), file, "schema"))

    def verification(self) -> pd.DataFrame:
        """The verification cases; text as str, numbers as float64, empty fields missing."""
        file = "verification.csv"
        header, rows, _ = verification_rows(self._bytes(file), self.model, file)
        return verification_frame(header, rows, self.model)

    def read(self, name: str) -> bytes:
        """The bytes of a core file, its hash checked. Raises PackageError where it is absent or has changed."""
        return self._bytes(name)

    def _bytes(self, name: str) -> bytes:
        listed = self.manifest["files"].get(name)
        if listed is None:
            raise PackageError(Fault("is not in this package", "file_missing", name))
        data = self._source.read(name)
        if sha256_bytes(data) != listed["sha256"]:
            raise PackageError(Fault("has changed since the package was opened", "hash_mismatch", name))
        return data

    def __repr__(self) -> str:
        head = self.manifest["model"]
        return f"Package({head['id']!r}, version {head['version']!r}, hash {self.package_hash[:16]})"

    def _repr_html_(self) -> str:
        head = self.manifest["model"]
        data = self.manifest["snapshot"]
        rows = {
            "model": f"{head['name']} ({head['id']}), version {head['version']}",
            "champion": f"{self.model['model']['type']}, {len(self.model['inputs'])} inputs",
            "challengers": ", ".join(self.challengers) or "none",
            "data": f"{data['rows']:,} rows" + ("" if data["included"] else " (not included)"),
            "samples": ", ".join(self.samples),
            "evidence": f"{len(self.evidence)} items",
            "package hash": self.package_hash,
        }
        left = "style='text-align:left'"
        cells = "".join(f"<tr><th {left}>{k}</th><td {left}>{escape(v)}</td></tr>" for k, v in rows.items())
        caption = "<caption style='caption-side:top;text-align:left;font-weight:bold'>Model package</caption>"
        return f"<table>{caption}{cells}</table>"


def read_package(path: Path | str) -> Package:
    """Read a package from a folder or a zip. Raises PackageError with every fault found, each with a stable `code`."""
    path = Path(path)
    source = open_source(path)
    return _Reading(path, source).package()


class _Reading:
    """One pass over a package; faults are collected, and raised together at the end."""

    def __init__(self, path: Path, source: Source):
        self.path = path
        self.source = source
        self.present = set(source.names())
        self.faults: list[Fault] = []

    def package(self) -> Package:
        raw = self._manifest_bytes()
        manifest = self._json(MANIFEST, raw, "manifest")
        if manifest is None:
            raise PackageError(self.faults)
        core = self._core(manifest["files"])
        self._layout(manifest, core)
        model = self._model("model.json", core)
        plan = self._json("plan.json", core.get("plan.json"), "plan")
        challengers = self._challengers(core)
        self._identities(manifest, model, challengers)
        self._inference(manifest, core)
        evidence = self._evidence(core)
        self._tables(manifest, core, model, challengers)
        package_hash = sha256_bytes(raw)
        self._annexes(package_hash)
        if self.faults or plan is None or model is None:
            raise PackageError(self.faults)
        samples = tuple(s for s in SAMPLES if predictions_file(s) in core)
        found = (manifest, plan, model, challengers, evidence, samples)
        return Package(self.path, package_hash, *found, _source=self.source)

    def _manifest_bytes(self) -> bytes:
        if MANIFEST not in self.present:
            raise PackageError(
                Fault("has no manifest.json, so it is not a model package", "manifest_missing", str(self.path))
            )
        return self.source.read(MANIFEST)

    def _tell(self, message: str, code: str, file: str, path: str | None = None, found: str | None = None) -> None:
        self.faults.append(Fault(message, code, file, path, found=found))

    def _guarded(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `work`, or None with its faults recorded."""
        try:
            return work(*arguments)
        except PackageError as error:
            self.faults += error.faults
            return None

    def _json(self, file: str, data: bytes | None, schema: str) -> Json | None:
        """A JSON object that keeps its schema, or None with the faults recorded."""
        if data is None:
            return None
        try:
            value = canonical_json.from_bytes(data, file)
        except PackageError as error:
            self.faults += error.faults
            return None
        faults = schema_faults(schema, value, file)
        if schema in ("manifest", "annex"):
            faults = _path_faults(value, file) + faults
        self.faults += faults
        return None if faults else value

    def _core(self, files: dict[str, Json]) -> dict[str, bytes]:
        """Bytes of the listed files, with faults for what is absent, extra, or of another size or hash.

        A file of another hash is still read, so that its own faults are told as well.
        """
        core = {}
        for name, listed in files.items():
            if not is_core(name):
                self._tell("is listed, and is no core file of this format", "file_extra", name)
            if name not in self.present:
                self._tell("is listed in the manifest and is absent", "file_missing", name)
                continue
            data = self._guarded(self.source.read, name)
            if data is not None:
                self._compare(name, data, listed)
                core[name] = data
        for name in sorted(self.present - set(files) - {MANIFEST}):
            if not is_annex(name):
                self._tell("is not listed in the manifest", "file_extra", name)
        return core

    def _compare(self, name: str, data: bytes, listed: Json) -> None:
        if len(data) != listed["bytes"]:
            self._tell(f"has {len(data)} bytes, the manifest says {listed['bytes']}", "size_mismatch", name)
        found = sha256_bytes(data)
        if found != listed["sha256"]:
            self._tell("has another SHA-256 than the manifest says", "hash_mismatch", name, found=found)

    def _layout(self, manifest: Json, core: dict[str, bytes]) -> None:
        listed = manifest["files"]
        for name in (*REQUIRED, *([SNAPSHOT] if manifest["snapshot"]["included"] else [])):
            if name not in listed:
                self._tell("is not listed in the manifest, and every package has it", "file_missing", name)
        if SNAPSHOT in listed and not manifest["snapshot"]["included"]:
            self._tell("is there though the manifest says that it is not included", "file_extra", SNAPSHOT)
        for key, name, stated in (
            ("/plan_sha256", "plan.json", manifest["plan_sha256"]),
            ("/snapshot/sha256", SNAPSHOT, manifest["snapshot"]["sha256"]),
        ):
            if name in listed and stated != listed[name]["sha256"]:
                self._tell(f"is not the hash of {name}", "hash_mismatch", MANIFEST, key, stated)

    def _model(self, file: str, core: dict[str, bytes]) -> Json | None:
        model = self._json(file, core.get(file), "model")
        faults = [] if model is None else model_faults(model, file)
        self.faults += faults
        return None if faults else model

    def _challengers(self, core: dict[str, bytes]) -> dict[str, Json]:
        found = {}
        for identifier in sorted({n.split("/")[1] for n in core if n.startswith("challengers/") and n.count("/") > 1}):
            file = f"challengers/{identifier}/model.json"
            if file not in core:
                self._tell("is absent, and every challenger has it", "file_missing", file)
            model = self._model(file, core)
            if model is not None:
                found[identifier] = model
        return found

    def _inference(self, manifest: Json, core: dict[str, bytes]) -> None:
        """The models and tables of reject inference: all of them or none."""
        for name in absent_files(manifest["files"]):
            self._tell("is not listed in the manifest, and other files of reject inference are", "file_missing", name)
        for file, expected in ((ACCEPTANCE_FILE, "acceptance"), (KNOWN_OUTCOMES_FILE, "known_outcomes")):
            model = self._model(file, core)
            if model is not None and model["model"]["id"] != expected:
                message = f"model id is {model['model']['id']!r} where {expected!r} is expected"
                self._tell(message, "model_id_mismatch", file, "/model/id")
        for file in (APPLICANTS_FILE, ROWS_FILE):
            table = self._guarded(read_parquet, core[file], file, "schema") if file in core else None
            if table is not None:
                self.faults += inference_faults(table, manifest["snapshot"]["rows"], file)

    def _identities(self, manifest: Json, model: Json | None, challengers: dict[str, Json]) -> None:
        pairs = [(f"challengers/{key}/model.json", value, key) for key, value in challengers.items()]
        if model is not None:
            pairs.append(("model.json", model, manifest["model"]["id"]))
            for key in ("name", "version"):
                stated, found = manifest["model"][key], model["model"][key]
                if stated != found:
                    message = f"model {key} is {found!r}, the manifest says {stated!r}"
                    self._tell(message, "model_id_mismatch", "model.json", f"/model/{key}")
        for file, value, expected in pairs:
            if value["model"]["id"] != expected:
                message = f"model id is {value['model']['id']!r} where {expected!r} is expected"
                self._tell(message, "model_id_mismatch", file, "/model/id")
        kind = None if model is None else model["outcome"]["type"]
        for file, value, _ in pairs:
            if value["outcome"]["type"] != kind and kind is not None:
                message = f"predicts an outcome of another type than the champion, {kind}"
                self._tell(message, "schema", file, "/outcome/type", repr(value["outcome"]["type"]))

    def _evidence(self, core: dict[str, bytes]) -> dict[str, Json]:
        found = {}
        for file in sorted(name for name in core if name.startswith("evidence/")):
            value = self._json(file, core[file], "evidence")
            if value is not None:
                self.faults += evidence_faults(value, file)
                found[value["id"]] = value
        return found

    def _tables(self, manifest: Json, core: dict[str, bytes], model: Json | None, others: dict[str, Json]) -> None:
        if SNAPSHOT in core:
            table = self._guarded(read_parquet, core[SNAPSHOT], SNAPSHOT, "snapshot_invalid")
            if table is not None:
                self.faults += snapshot_faults(table, manifest["snapshot"]["rows"], model, SNAPSHOT)
        if "verification.csv" in core and model is not None:
            self.faults += verification_rows(core["verification.csv"], model, "verification.csv")[2]
        models = {"": model, **{f"challengers/{key}/": value for key, value in others.items()}}
        for file in sorted(name for name in core if "predictions/" in name):
            table = self._guarded(read_parquet, core[file], file, "schema")
            scored = models.get(file.rpartition("predictions/")[0])
            if table is not None and scored is not None:
                self.faults += predictions_faults(table, scored, file)

    def _annexes(self, package_hash: str) -> None:
        for kind in ANNEX_KINDS:
            names = sorted(name for name in self.present if name.startswith(f"{kind}/"))
            file = f"{kind}/{MANIFEST}"
            if not names:
                continue
            if file not in self.present:
                self._tell("annex has no manifest", "manifest_missing", file)
                continue
            annex = self._json(file, self._guarded(self.source.read, file), "annex")
            if annex is not None:
                self._annex(annex, kind, file, names, package_hash)

    def _annex(self, annex: Json, kind: str, file: str, names: list[str], package_hash: str) -> None:
        if annex["package_hash"] != package_hash:
            self._tell(
                "belongs to another package",
                "annex_other_package",
                file,
                "/package_hash",
                annex["package_hash"],
            )
        if annex["kind"] != kind:
            self._tell(f"is of kind {annex['kind']!r} in the folder {kind!r}", "schema", file, "/kind")
        listed = {f"{kind}/{name}": entry for name, entry in annex["files"].items()}
        for name in sorted(set(listed) - set(names)):
            self._tell("is listed in the annex manifest and is absent", "file_missing", name)
        for name in sorted(set(names) - set(listed) - {file}):
            self._tell("is not listed in the annex manifest", "file_extra", name)
        for name in sorted(set(names) & set(listed)):
            data = self._guarded(self.source.read, name)
            if data is not None:
                self._compare(name, data, listed[name])


def _path_faults(manifest: Any, file: str) -> list[Fault]:
    """Hostile file names, told as such beside what the schema says of them."""
    files = manifest.get("files") if isinstance(manifest, dict) else None
    names = files if isinstance(files, dict) else {}
    reasons = {name: hostile(name) for name in names}
    return [Fault(f"file name {why}", "path_hostile", file, f"/files/{name}") for name, why in reasons.items() if why]
