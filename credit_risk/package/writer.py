"""The writer of model packages: written to `OUT.partial`, sealed by the manifest, renamed to OUT."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.evidence import Evidence
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.package.layout import MANIFEST, evidence_file, hostile, is_core
from credit_risk.package.manifest import FileEntries, build_manifest, file_entry
from credit_risk.package.output import (
    MARKER,
    check_output,
    claim,
    hold,
    partial_path,
    recheck_output,
    recover,
    release,
    remove,
    replaced_path,
    resolve,
    swap,
    told,
    write_file,
)
from credit_risk.package.parquet import table_bytes
from credit_risk.package.reader import read_package
from credit_risk.package.schema import schema_faults


class PackageWriter:
    """Write a model package; as a context manager, so that a failure leaves nothing behind.

    Add files, `seal` the core, let annexes be added to `path`, then `commit`. A block that is left without `commit`,
    by an exception or not, discards what was written.

    >>> with PackageWriter(out) as writer:                                      # doctest: +SKIP
    ...     writer.add_json("model.json", model)
    ...     package_hash = writer.seal(model=..., source=..., snapshot=..., seeds=..., libraries=...)
    ...     writer.commit()
    """

    def __init__(self, out: Path, replace: bool = True):
        self.out = resolve(out)
        self._replace = replace
        self._path: Path | None = None
        self._lock: int | None = None
        self._files: FileEntries = {}
        self._token = ""
        self._hash: str | None = None
        self._expected = ""

    def __enter__(self) -> PackageWriter:
        check_output(self.out, self._replace)
        with told(self.out):
            recover(self.out)
            self._path = claim(partial_path(self.out))
            self._lock = hold(self._path)
            self._token = secrets.token_hex(16)
            (self._path / MARKER).write_text(self._token, "ascii")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        path, self._path = self._path, None
        if path is not None:
            with suppress(OSError):
                if self._still_ours(path):
                    remove(path)
        release(self._lock)
        self._lock = None

    @property
    def path(self) -> Path:
        """The folder being written. Raises PackageError outside the `with` block and after `commit`."""
        if self._path is None:
            raise PackageError(Fault("is not open for writing", "package_closed", str(self.out)))
        return self._path

    def add_bytes(self, path: str, data: bytes) -> None:
        """Add a core file. Raises PackageError: hostile or annex path, a path twice, sealed core, full disk."""
        if self._hash is not None:
            raise PackageError(Fault("the core is sealed and takes no more files", "package_sealed", path))
        reason = hostile(path)
        if reason is None and (not is_core(path)):
            reason = "is not a core file"
        if reason is not None:
            raise PackageError(Fault(f"file name {reason}", "path_hostile", path))
        if path in self._files:
            raise PackageError(Fault("is added twice", "file_repeated", path))
        target = self.path / path
        with told(target):
            write_file(target, data)
        self._files[path] = file_entry(data)

    def add_json(self, path: str, value: Any) -> None:
        """Add canonical JSON. Raises PackageError (`json_not_finite`, `json_invalid`) for what JSON cannot hold."""
        try:
            data = canonical_json.to_bytes(value)
        except ValueError as error:
            code = "json_invalid" if isinstance(error, UnicodeError) else "json_not_finite"
            raise PackageError(Fault(f"cannot be written as JSON: {error}", code, path)) from error
        self.add_bytes(path, data)

    def add_table(self, path: str, frame: pd.DataFrame) -> None:
        """Add deterministic Parquet (see `table_bytes`)."""
        self.add_bytes(path, table_bytes(frame, path))

    def add_evidence(self, evidence: Evidence) -> None:
        """Add one item of evidence under its id. Raises PackageError: an id twice, or not of evidence.schema.json."""
        path = evidence_file(evidence.id)
        if path in self._files:
            raise PackageError(Fault(f"evidence {evidence.id!r} is added twice", "evidence_repeated", path))
        value = evidence.as_dict()
        faults = schema_faults("evidence", value, path)
        if faults:
            raise PackageError(faults)
        self.add_json(path, value)

    def seal(
        self,
        *,
        model: Mapping[str, str],
        source: Mapping[str, Any],
        snapshot: Mapping[str, Any],
        seeds: Mapping[str, int],
        libraries: Mapping[str, str],
    ) -> str:
        """Write the manifest and return the package hash. The arguments are the manifest's objects of the same names;
        `snapshot.sha256` may be left out where the snapshot is included.

        The sealed folder is read back by `read_package`; whatever it finds is raised as PackageError.
        """
        if self._hash is not None:
            raise PackageError(Fault("the core is sealed already", "package_sealed", str(self.out)))
        manifest = build_manifest(
            self._files, model=model, source=source, snapshot=snapshot, seeds=seeds, libraries=libraries
        )
        self._check_still_ours()
        try:
            data = canonical_json.to_bytes(manifest)
        except ValueError as error:
            raise PackageError(Fault(f"cannot be written as JSON: {error}", "json_invalid", MANIFEST)) from error
        self._expected = sha256_bytes(data)
        with told(self.path / MANIFEST):
            write_file(self.path / MANIFEST, data)
            (self.path / MARKER).unlink()
        self._hash = self._expected
        read_package(self.path)
        return self._hash

    def commit(self) -> Path:
        """Make the sealed package appear at OUT by a rename and return OUT. Raises PackageError where it is not sealed,
        or where OUT has meanwhile become something that may not be replaced."""
        if self._hash is None:
            raise PackageError(Fault("is not sealed yet", "package_unsealed", str(self.out)))
        self._check_still_ours()
        recheck_output(self.out, self._replace)
        with told(self.out):
            swap(self.path, self.out, replaced_path(self.out))
        self._path = None
        return self.out

    def _check_still_ours(self) -> None:
        if not self._still_ours(self.path):
            message = "another run has taken over this output folder"
            raise PackageError(Fault(message, "output_taken", str(self.path), remedy="run one at a time"))

    def _still_ours(self, path: Path) -> bool:
        """By the marker until the manifest stands, then by the manifest; an interruption may come between the two."""
        try:
            if (path / MARKER).exists():
                return (path / MARKER).read_text("ascii") == self._token
            return sha256_file(path / MANIFEST) == self._expected
        except (OSError, UnicodeError):
            return False
