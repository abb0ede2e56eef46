"""Where a run writes: `OUT.partial` until everything stands, then `OUT`; and the way of its rows into the log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock, timestamp
from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.package import Package, TableWriter
from credit_risk.package.output import hold, partial_path, release
from credit_risk.serving.arms import ARM, Assignment, told
from credit_risk.serving.log.journal import open_log
from credit_risk.serving.log.layout import BATCH_FORMAT, INPUTS, MANIFEST, PREDICTIONS, read_table
from credit_risk.serving.log.store import add_batch, has_batch, manifest_of, method_of
from credit_risk.serving.part import DONE, LOG, REFUSED
from credit_risk.serving.source import InputFacts, Part

if TYPE_CHECKING:
    from credit_risk.serving.run import Options

FORMAT, VERSION = "credit-risk-scored-input", "0.1"
RUN = "run.json"
SEED = 32


@dataclass(frozen=True, slots=True)
class Workspace:
    """A run and where it stands. identity: what must be the same for a run to be taken up; seed: of the salts."""

    out: Path
    folder: Path
    batch: str
    identity: Mapping[str, Any]
    constants: Mapping[str, str]
    seed: bytes
    stands: bool
    log: Path | None
    refused: Path | None
    head: Mapping[str, Any]

    def manifest(self) -> dict[str, Any]:
        """The manifest of the finished run."""
        found: dict[str, Any] = canonical_json.from_bytes((self.out / MANIFEST).read_bytes(), MANIFEST)
        return found

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else writes there meanwhile. Raises PackageError (`output_taken`) where somebody does.

        Files that a kill left unfinished are removed first.
        """
        lock = hold(self.folder)
        try:
            for left in self.folder.rglob(".*.partial"):
                left.unlink()
            yield
        finally:
            release(lock)

    def done(self, parts: Sequence[Part]) -> dict[int, dict[str, Any]]:
        """What earlier runs did, by the number of the part; parts whose files are not as they were written are not."""
        found = {}
        for part in parts:
            path = self.folder / DONE / f"{part.file}.json"
            if not path.is_file():
                continue
            entry = canonical_json.from_bytes(path.read_bytes(), path.name)
            whole = all(
                (self.folder / name).is_file() and sha256_file(self.folder / name) == digest
                for name, digest in entry["files"].items()
            )
            if whole or self._logged(entry):
                found[part.number] = entry
        return found

    def _logged(self, entry: Mapping[str, Any]) -> bool:
        """Whether the files of a part that are gone from here went to the log, and the others stand."""
        if self.log is None or (self.folder / LOG).exists():
            return False
        rest = {name: digest for name, digest in entry["files"].items() if not name.startswith(f"{LOG}/")}
        return all((self.folder / n).is_file() and sha256_file(self.folder / n) == d for n, d in rest.items())

    def discard(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self.folder)


def prepare(
    package: Package,
    facts: InputFacts,
    options: Options,
    key: str | None,
    engine: str,
    method: str,
    clock: Clock,
    entropy: Callable[[int], bytes],
    arms: Assignment | None = None,
) -> Workspace:
    """Where the run stands: finished, begun by an earlier run, or new, and then its folder is made.

    Raises ScoringError where something else stands there: another package, another input, other options.
    """
    out = options.out.resolve()
    folder = partial_path(out)
    key_id = options.secret.id if options.log is not None and options.secret is not None else None
    identity = {
        "format": FORMAT,
        "format_version": VERSION,
        "package_hash": package.package_hash,
        "input": facts.fingerprint,
        "key": key,
        "engine": engine.split(" ")[0],
        "method": method,
        "part_rows": options.part_rows,
        "key_id": key_id,
        "inputs_logged": options.log_inputs,
        "refused_apart": options.refused is not None,
        "arms": told(arms),
    }
    batch = sha256_bytes(canonical_json.to_bytes([package.package_hash, facts.fingerprint, key, key_id]))[:16]
    if options.log is not None:
        _same_method(options.log, batch, method)
        _same_arms(options.log, batch, arms)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        _same(identity, out, MANIFEST, "the predictions of another run stand there")
        logged = options.log is None or has_batch(options.log, batch)
        if not logged:
            remedy = "write the predictions elsewhere, and the log gets its rows"
            message = "the predictions stand already, and the log has not their rows"
            raise ScoringError(Fault(message, "log_lacks", str(options.log), remedy=remedy))
        return Workspace(out, folder, batch, identity, {}, b"", True, options.log, options.refused, {})
    if folder.exists() and (folder / RUN).is_file():
        _same(identity, folder, RUN, "an unfinished run of something else stands there")
        run = canonical_json.from_bytes((folder / RUN).read_bytes(), RUN)
    else:
        run = _begin(folder, identity, package, batch, engine, method, key_id, timestamp(clock()), options, entropy)
    head = {
        "key": key,
        "inputs": [{"name": item["name"], "type": item["type"]} for item in package.model["inputs"]],
        "inputs_logged": options.log_inputs,
        "salts": run["salts"],
        "source": _source(facts),
    }
    seed = bytes.fromhex(run["seed"])
    return Workspace(out, folder, batch, identity, run["constants"], seed, False, options.log, options.refused, head)


def _source(facts: InputFacts) -> dict[str, Any]:
    """What a manifest says of the input."""
    pieces = [{"name": one.name, "rows": one.rows, "sha256": one.sha256} for one in facts.pieces]
    return {"kind": facts.kind, "fingerprint": facts.fingerprint, "pieces": pieces}


def _same_method(path: Path, batch: str, method: str) -> None:
    """Make the log where there is none. Raises ScoringError where it has the batch by another method."""
    open_log(path, create=True)
    logged_by = method_of(path, batch)
    if logged_by not in (None, method):
        message = "the log has the rows of this input already, scored by another method"
        remedy = "name another log, or score by the same method"
        raise ScoringError(Fault(message, "log_other_method", str(path), None, None, logged_by, method, remedy))


def _same_arms(path: Path, batch: str, arms: Assignment | None) -> None:
    """Raises ScoringError where the log has the batch without the arms that are asked for, or with them."""
    manifest = manifest_of(path, batch)
    if manifest is None:
        return
    held = any(one["name"] == ARM for one in manifest["outputs"])
    if held != (arms is not None):
        message = f"the log has the rows of this input already, {'with' if held else 'without'} the arms of the split"
        remedy = f"name another log, or {'ask for them: --arms' if held else 'leave out --arms'}"
        raise ScoringError(Fault(message, "log_other_arms", str(path), remedy=remedy))


def _begin(
    folder: Path,
    identity: Mapping[str, Any],
    package: Package,
    batch: str,
    engine: str,
    method: str,
    key_id: str | None,
    now: str,
    options: Options,
    entropy: Callable[[int], bytes],
) -> dict[str, Any]:
    """A new folder with `run.json`: what is to be scored, when it began, and the seed of the salts.

    Where the clock is fixed (SOURCE_DATE_EPOCH) the seed follows from the secret, so that runs give equal bytes.
    """
    if folder.exists() and any(one.name != f".{RUN}.partial" for one in folder.iterdir()):
        remedy = "move it away, or write elsewhere"
        raise ScoringError(
            Fault("exists and is not an unfinished run of ours", "output_not_ours", str(folder), remedy=remedy)
        )
    folder.mkdir(parents=True, exist_ok=True)
    model = package.manifest["model"]
    constants = {
        "batch": batch,
        "model_id": model["id"],
        "model_version": model["version"],
        "package_hash": package.package_hash,
        "key_id": key_id or "",
        "engine": engine,
        "method": method,
        "timestamp": now,
    }
    derived = "SOURCE_DATE_EPOCH" in os.environ and options.secret is not None
    seed = options.secret.pseudonym(f"credit-risk log salts {batch}") if derived and options.secret else entropy(SEED)
    run = {**identity, "constants": constants, "seed": seed.hex(), "salts": "derived" if derived else "random"}
    unfinished = folder / f".{RUN}.partial"
    unfinished.write_bytes(canonical_json.to_bytes(run))
    os.replace(unfinished, folder / RUN)
    return run


_WORDS = {
    "package_hash": "another package",
    "input": "another input",
    "key": "another key column",
    "engine": "another engine",
    "method": "another method",
    "part_rows": "parts of another size",
    "key_id": "another secret, or with and without a log",
    "inputs_logged": "with and without inputs in the log",
    "refused_apart": "with and without --refused",
    "arms": "with and without --arms",
}


def _same(identity: Mapping[str, Any], folder: Path, name: str, message: str) -> None:
    """Raise ScoringError where the folder is not of this run."""
    try:
        found = canonical_json.from_bytes((folder / name).read_bytes(), name)
    except OSError:
        found = {}
    if found.get("format") != FORMAT:
        remedy = "name a new folder"
        raise ScoringError(Fault("exists and is not ours", "output_not_ours", str(folder), remedy=remedy))
    differing = [_WORDS.get(k, k) for k, v in identity.items() if found.get(k) != v]
    if differing:
        remedy = "name a new folder for this run, or remove that one"
        raise ScoringError(Fault(message, "output_other_run", str(folder), found="; ".join(differing), remedy=remedy))


def finish(space: Workspace, entries: Sequence[Mapping[str, Any]], parts: Sequence[Part], clock: Clock) -> str | None:
    """Manifest, refused rows, log, and the name of the folder, in this order; the head of the journal of the log."""
    counts = {name: sum(entry[name] for entry in entries) for name in ("rows", "refused")}
    columns = _columns(space, entries)
    manifest = {
        **space.identity,
        "constants": {k: v for k, v in space.constants.items() if k != "key_id"},
        "source": space.head["source"],
        "columns": columns,
        **counts,
        "parts": [
            {k: entry[k] for k in ("part", "source", "first_row", "rows", "refused")}
            | {"sha256": entry["files"][f"{PREDICTIONS}/{part.file}"]}
            for entry, part in zip(entries, parts, strict=True)
        ],
    }
    _put(space.folder / MANIFEST, canonical_json.to_bytes(manifest))
    if space.refused is not None:
        _write_refused(space, entries, parts)
    head = _to_log(space, entries, parts, counts, columns[1:], clock) if space.log is not None else None
    for name in (DONE, REFUSED, LOG):
        if (space.folder / name).exists():
            shutil.rmtree(space.folder / name)
    (space.folder / RUN).unlink()
    if space.out.exists():
        space.out.rmdir()
    os.rename(space.folder, space.out)
    return head


def _columns(space: Workspace, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Names and types of the columns of the predictions."""
    first = next(name for name in entries[0]["files"] if name.startswith(f"{PREDICTIONS}/"))
    schema = read_table(space.folder / first, first).schema
    kinds = {"double": "number", "string": "string", "int64": "integer"}
    return [{"name": field.name, "type": kinds[str(field.type)]} for field in schema]


def _to_log(
    space: Workspace,
    entries: Sequence[Mapping[str, Any]],
    parts: Sequence[Part],
    counts: Mapping[str, int],
    outputs: Sequence[Mapping[str, str]],
    clock: Clock,
) -> str:
    """The batch, moved into the log; its rows are added once, however often this is called."""
    assert space.log is not None
    manifest = {
        "format": BATCH_FORMAT,
        "format_version": VERSION,
        "batch": space.batch,
        "constants": dict(space.constants),
        **space.head,
        "outputs": list(outputs),
        **counts,
        "parts": [
            {
                "part": part.number,
                "source": part.name,
                "first_row": part.start + 1,
                "offset": part.offset,
                "rows": entry["rows"],
                "refused": entry["refused"],
                "digest": entry["digest"],
            }
            for entry, part in zip(entries, parts, strict=True)
        ],
    }
    source = space.folder / LOG
    if source.is_dir():
        for name in (PREDICTIONS, *([INPUTS] if space.head["inputs_logged"] else [])):
            (source / name).mkdir(exist_ok=True)
        _put(source / MANIFEST, canonical_json.to_bytes(manifest))
    return add_batch(space.log, source, manifest, timestamp(clock()))


def _write_refused(space: Workspace, entries: Sequence[Mapping[str, Any]], parts: Sequence[Part]) -> None:
    assert space.refused is not None
    unfinished = partial_path(space.refused)
    unfinished.unlink(missing_ok=True)
    with TableWriter(unfinished, space.refused.name) as writer:
        names = ("_key", "source", "row", "column", "code", "reason")
        empty = pd.DataFrame({n: pd.Series(dtype="int64" if n == "row" else "object") for n in names})
        writer.write(empty)
        for entry, part in zip(entries, parts, strict=True):
            name = f"{REFUSED}/{part.file}"
            if name in entry["files"]:
                writer.write(read_table(space.folder / name, name).to_pandas())
    os.replace(unfinished, space.refused)


def _put(path: Path, data: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.partial")
    with unfinished.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, path)
