"""Apply the recipes of `corpus/invalid`: a valid package, a few operations, the codes that readers must report.

A recipe is `{base, operations, rehash, expected_codes, why}` and, for archives, `zip`. The package is copied and the
operations on core files are applied; with `rehash` the manifest is made to agree with them; then come operations on the
manifest; then annexes are made to cite the package again; then operations on annexes. So a case has the fault it names.
Uses nothing of the readers under test.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CORPUS = Path(__file__).parents[2] / "scorecards" / "format" / "corpus"
ANNEXES = ("exports", "validation", "documents", "signatures")
Json = dict[str, Any]


def recipes() -> dict[str, Json]:
    """Every recipe by file name without suffix."""
    return {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((CORPUS / "invalid").glob("*.json"))}


def build(recipe: Json, folder: Path) -> Path:
    """Make the invalid package of a recipe below `folder` and return its path."""
    package = folder / "package"
    shutil.copytree(CORPUS / "valid" / recipe["base"], package)
    stages: dict[str, list[Json]] = {"core": [], "manifest": [], "annex": []}
    for operation in recipe["operations"]:
        stages[_stage(operation["file"])].append(operation)
    _apply(package, stages["core"])
    if recipe["rehash"]:
        _rehash(package)
    _apply(package, stages["manifest"])
    _cite(package)
    _apply(package, stages["annex"])
    return _archive(package, folder / "package.zip", recipe["zip"]) if "zip" in recipe else package


def write_archive(package: Path, out: Path, changes: Json) -> Path:
    """A zip of a folder with the deviations that `changes` names, and none where it is empty."""
    return _archive(package, out, changes)


def _stage(file: str) -> str:
    if file == "manifest.json":
        return "manifest"
    return "annex" if file.split("/")[0] in ANNEXES else "core"


def _apply(package: Path, operations: list[Json]) -> None:
    for operation in operations:
        arguments = {key: value for key, value in operation.items() if key not in ("op", "file")}
        path = package / operation["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        _OPERATIONS[operation["op"]](path, **arguments)


def _load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _dump(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2)
    path.write_bytes((text + "\n").encode())


def _find(document: Any, pointer: list[Any]) -> Any:
    for part in pointer:
        document = document[part]
    return document


def _set(path: Path, pointer: list[Any], value: Any) -> None:
    document = _load(path)
    _find(document, pointer[:-1])[pointer[-1]] = value
    _dump(path, document)


def _insert(path: Path, pointer: list[Any], value: Any) -> None:
    document = _load(path)
    _find(document, pointer[:-1]).insert(pointer[-1], value)
    _dump(path, document)


def _remove(path: Path, pointer: list[Any]) -> None:
    document = _load(path)
    del _find(document, pointer[:-1])[pointer[-1]]
    _dump(path, document)


def _copy(path: Path, pointer: list[Any], to: list[Any]) -> None:
    document = _load(path)
    value = json.loads(json.dumps(_find(document, pointer)))
    target = _find(document, to[:-1])
    if isinstance(target, list):
        target.insert(to[-1], value)
    else:
        target[to[-1]] = value
    _dump(path, document)


def _replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert old in text, f"{path.name} does not hold {old!r}"
    path.write_bytes(text.replace(old, new, 1).encode())


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _prepend_hex(path: Path, value: str) -> None:
    path.write_bytes(bytes.fromhex(value) + path.read_bytes())


def _nest(path: Path, pointer: list[Any], depth: int) -> None:
    """An expression `depth` negations deep, written as text: the JSON writer itself would give up."""
    _set(path, pointer, "@nested@")
    text = '{"op": "negate", "args": [' * depth + '{"ref": "balance"}' + "]}" * depth
    _replace_text(path, '"@nested@"', text)


def _truncate(path: Path, bytes: int) -> None:
    path.write_bytes(path.read_bytes()[:bytes])


def _delete(path: Path) -> None:
    path.unlink()


def _rename(path: Path, to: str) -> None:
    path.rename(path.with_name(to))


def _symlink(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    os.symlink(target, path)


def _parquet_set(path: Path, column: str, row: int, value: Any) -> None:
    """Change one cell; the texts `NaN` and `Infinity` stand for themselves in a column of doubles."""
    table = pq.read_table(path)
    index = table.column_names.index(column)
    values = table[column].to_pylist()
    values[row] = float(value) if value in ("NaN", "Infinity") else value
    pq.write_table(table.set_column(index, column, pa.array(values, table[column].type)), path)


def _parquet_drop(path: Path, column: str) -> None:
    pq.write_table(pq.read_table(path).drop_columns([column]), path)


def _parquet_type(path: Path, column: str, type: str) -> None:
    table = pq.read_table(path)
    index = table.column_names.index(column)
    pq.write_table(table.set_column(index, column, table[column].cast(type)), path)


_OPERATIONS: dict[str, Callable[..., None]] = {
    "set": _set,
    "insert": _insert,
    "remove": _remove,
    "copy": _copy,
    "replace_text": _replace_text,
    "write_text": _write_text,
    "prepend_hex": _prepend_hex,
    "nest": _nest,
    "truncate": _truncate,
    "delete": _delete,
    "rename": _rename,
    "symlink": _symlink,
    "parquet_set": _parquet_set,
    "parquet_drop": _parquet_drop,
    "parquet_type": _parquet_type,
}


def _entry(path: Path) -> Json:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _rehash(package: Path) -> None:
    manifest = _load(package / "manifest.json")
    files = {}
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if path.is_file() and _stage(name) == "core":
            files[name] = _entry(path)
    manifest["files"] = files
    if "plan.json" in files:
        manifest["plan_sha256"] = files["plan.json"]["sha256"]
    if "data/snapshot.parquet" in files:
        manifest["snapshot"]["sha256"] = files["data/snapshot.parquet"]["sha256"]
    _dump(package / "manifest.json", manifest)


def _cite(package: Path) -> None:
    if not (package / "manifest.json").is_file():
        return
    package_hash = _entry(package / "manifest.json")["sha256"]
    for kind in ANNEXES:
        if (package / kind / "manifest.json").is_file():
            _set(package / kind / "manifest.json", ["package_hash"], package_hash)


def _archive(package: Path, out: Path, changes: Json) -> Path:
    """`changes`: deflate, date, reverse, prefix (of every name), comment, twice, member, symlink, folder, cut."""
    names = sorted(p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file())
    if changes.get("reverse"):
        names.reverse()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        if changes.get("folder"):
            archive.writestr(_info(changes["folder"], changes), b"")
        for name in names:
            info = _info(changes.get("prefix", "") + name, changes)
            archive.writestr(info, (package / name).read_bytes())
        for name in [changes[key] for key in ("twice", "member") if key in changes]:
            archive.writestr(_info(name, changes), b"x")
        if "symlink" in changes:
            info = _info(changes["symlink"], changes)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, b"model.json")
        archive.comment = changes.get("comment", "").encode()
    if "cut" in changes:
        out.write_bytes(out.read_bytes()[: -changes["cut"]])
    return out


def _info(name: str, changes: Json) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, tuple(changes.get("date", (1980, 1, 1, 0, 0, 0))))
    info.compress_type = zipfile.ZIP_DEFLATED if changes.get("deflate") else zipfile.ZIP_STORED
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info
