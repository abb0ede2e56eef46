"""A package made again from its recorded plan, data and versions: bit-identical, or what differs."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_file
from credit_risk.lifecycle.contents import add_core, seal
from credit_risk.lifecycle.develop import Attach, develop
from credit_risk.lifecycle.progress import Progress, silent
from credit_risk.package import Package, PackageWriter, read_package
from credit_risk.package.layout import MANIFEST
from credit_risk.plan import Plan
from credit_risk.plan.read import plan_in

Json = Any
SHOWN = 5
"""Places that are told of a file that differs; the number of the others is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as recorded. `places` are the first that differ, `count` all of them (0: bytes only);
    `largest` is the greatest relative difference of two numbers, None where none was compared."""

    file: str
    message: str
    places: tuple[str, ...] = ()
    count: int = 0
    largest: float | None = None


@dataclass(frozen=True, slots=True)
class Reproduction:
    """recorded and made: package hashes; libraries: name to versions (recorded, here) where they differ."""

    recorded: str
    made: str
    files: int
    differences: tuple[Difference, ...]
    libraries: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        """Every byte of the core, manifest included."""
        return self.recorded == self.made

    @property
    def same_files(self) -> bool:
        """Every byte of every file; the manifest may tell other versions of libraries."""
        return not self.differences


def reproduce(
    package: Path,
    folder: Path | None = None,
    *,
    progress: Progress = silent,
    attaching: Callable[[Plan], Attach] | None = None,
) -> Reproduction:
    """Make a package again from its own plan and hold every byte of the core against it. Writes nothing that stays.

    folder: where relative paths of the plan begin, the folder of the plan that was run; None: the package's own, or
    that of its data where the paths are absolute or `${VAR}`; attaching: gives the plan's source its protected
    attributes, where the run took them from a store of their own. Raises PackageError: no package, data that are not
    those recorded; PlanError, IntakeError, ModelError as a run does.
    """
    recorded = read_package(package)
    root = Path(package) if folder is None else Path(folder)
    plan = plan_in(recorded.read("plan.yaml"), root / "plan.yaml")
    _check_source(recorded, plan)
    development = develop(plan, progress=progress, attached=None if attaching is None else attaching(plan))
    with tempfile.TemporaryDirectory(prefix="credit-risk-") as place, PackageWriter(Path(place) / "again") as writer:
        add_core(writer, development)
        made = seal(writer, development)
        manifest = canonical_json.from_bytes((writer.path / MANIFEST).read_bytes(), MANIFEST)
        found = tuple(_differences(recorded, manifest, writer.path))
    ours, theirs = manifest["libraries"], recorded.manifest["libraries"]
    names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    versions = {name: (theirs.get(name), ours.get(name)) for name in names}
    return Reproduction(recorded.package_hash, made, len(recorded.manifest["files"]), found, versions)


def _check_source(package: Package, plan: Plan) -> None:
    """Refuse data that are not those recorded before a long development, where the source is a file."""
    wanted = package.manifest["source"].get("sha256")
    if not isinstance(plan.data.source, str) or wanted is None:
        return
    path = plan.data_path()
    if not path.is_file():
        remedy = "name the folder of the plan that was run: --plan FOLDER"
        raise PackageError(Fault("the data of the plan are not there", "source_missing", str(path), remedy=remedy))
    found = sha256_file(path)
    if found != wanted:
        message = "is not the file that the package was made of"
        raise PackageError(Fault(message, "source_changed", str(path), found=found, allowed=wanted))


def _differences(package: Package, manifest: Json, made: Path) -> Iterator[Difference]:
    ours, theirs = manifest["files"], package.manifest["files"]
    for name in sorted({*ours, *theirs}):
        if name not in ours or name not in theirs:
            yield Difference(
                name, "is recorded, and was not made" if name in theirs else "was made, and is not recorded"
            )
        elif ours[name]["sha256"] != theirs[name]["sha256"]:
            yield _inside(name, package.read(name), (made / name).read_bytes(), made / name, package)
    for key in ("model", "source", "snapshot", "seeds"):
        if manifest[key] != package.manifest[key]:
            places = tuple(f"/{key}{place}" for place, _ in _json_places(package.manifest[key], manifest[key]))
            yield Difference(MANIFEST, f"{key} is another", places[:SHOWN], len(places))


def _inside(name: str, recorded: bytes, made: bytes, path: Path, package: Package) -> Difference:
    if name.endswith(".json"):
        found = list(_json_places(canonical_json.from_bytes(recorded, name), canonical_json.from_bytes(made, name)))
        sizes = [size for _, size in found if size is not None]
        places = tuple(place or "/" for place, _ in found[:SHOWN])
        return Difference(name, "has other values", places, len(found), max(sizes, default=None))
    if name.endswith(".parquet"):
        return _parquet(name, recorded, path)
    lines = recorded.splitlines(), made.splitlines()
    other = [n for n, pair in enumerate(zip(*lines, strict=False), 1) if pair[0] != pair[1]]
    count = len(other) + abs(len(lines[0]) - len(lines[1]))
    return Difference(name, "has other lines", tuple(f"line {number}" for number in other[:SHOWN]), count)


def _parquet(name: str, recorded: bytes, path: Path) -> Difference:
    import io

    first, second = pd.read_parquet(io.BytesIO(recorded)), pd.read_parquet(path)
    if list(first.columns) != list(second.columns) or len(first) != len(second):
        return Difference(name, f"{len(second)} rows and {second.shape[1]} columns; recorded {first.shape}")
    places, count, largest = [], 0, None
    for column in first.columns:
        a, b = first[column], second[column]
        same = (a == b) | (a.isna() & b.isna())
        other = int((~same).sum())
        if other:
            count += other
            places.append(f"{column}: {other:,} of {len(a):,} rows")
            if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
                x, y = a[~same].to_numpy(float), b[~same].to_numpy(float)
                sizes = np.abs(x - y) / np.maximum(np.maximum(np.abs(x), np.abs(y)), np.finfo(float).tiny)
                largest = max([size for size in (largest, float(np.nanmax(sizes))) if size is not None])
    return Difference(name, "has other values", tuple(places[:SHOWN]), count, largest)


def _json_places(one: Json, two: Json, path: str = "") -> Iterator[tuple[str, float | None]]:
    """JSON pointers where two values differ, with the relative difference of two numbers."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in sorted({*one, *two}):
            if key not in one or key not in two:
                yield f"{path}/{key}", None
            else:
                yield from _json_places(one[key], two[key], f"{path}/{key}")
    elif isinstance(one, list) and isinstance(two, list):
        for place, pair in enumerate(zip(one, two, strict=False)):
            yield from _json_places(*pair, f"{path}/{place}")
        if len(one) != len(two):
            yield f"{path}/{min(len(one), len(two))}", None
    elif type(one) is not type(two) or one != two:
        yield path, _relative(one, two)


def _relative(one: Json, two: Json) -> float | None:
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in (one, two)]
    if not all(numbers) or not (math.isfinite(one) and math.isfinite(two)):
        return None
    size = max(abs(one), abs(two))
    return abs(one - two) / size if size else 0.0
