"""The batches of a prediction log, those among them whose manifest tells nothing: none stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import CreditRiskError
from credit_risk.serving.log.layout import MANIFEST, BatchFolder

TEXTS = ("timestamp", "package_hash", "key_id", "model_id", "model_version", "engine", "method")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A batch that cannot be looked into, and why. day: as its folder names it."""

    name: str
    day: str
    why: str


def log_batches(log: Path) -> Iterator[BatchFolder | Unreadable]:
    """Batches by day and name, each with the manifest that later readers may rely on."""
    for path in sorted(log.glob("day=*/batch=*")):
        name, day = path.relative_to(log).as_posix(), path.parent.name.removeprefix("day=")
        try:
            manifest = canonical_json.from_bytes((path / MANIFEST).read_bytes(), f"{name}/{MANIFEST}")
        except FileNotFoundError:
            yield Unreadable(name, day, "it has no manifest")
            continue
        except CreditRiskError as error:
            yield Unreadable(name, day, f"its manifest: {error.faults[0].message}")
            continue
        except OSError as error:
            yield Unreadable(name, day, f"its manifest: {error.strerror or error}")
            continue
        lacking = _lacking(manifest)
        yield Unreadable(name, day, f"its manifest lacks {lacking}") if lacking else BatchFolder(path, manifest)


def _lacking(manifest: Any) -> str | None:
    """The first thing that a manifest does not tell."""
    if not isinstance(manifest, Mapping):
        return "everything"
    kinds: dict[str, type] = {"batch": str, "constants": dict, "rows": int, "parts": list, "inputs_logged": bool}
    for name, kind in {**kinds, "outputs": list, "inputs": list}.items():
        if not isinstance(manifest.get(name), kind):
            return name
    lost = next((one for one in TEXTS if not isinstance(manifest["constants"].get(one), str)), None)
    if lost is not None:
        return f"constants.{lost}"
    told = (("parts", "part", int), ("parts", "rows", int), ("outputs", "name", str), ("inputs", "name", str))
    for several, name, kind in told:
        if not all(isinstance(one, Mapping) and isinstance(one.get(name), kind) for one in manifest[several]):
            return f"{several}.{name}"
    return None
