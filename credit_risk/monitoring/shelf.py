"""Model packages at hand, found by their hash: one package, or a folder of them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.package import Package, read_package

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where each package stands, by its hash. A package is read and verified when it is taken."""

    places: dict[str, Path]

    def take(self, package_hash: str) -> Package:
        """The package of a hash, read strictly. Raises PackageError where it is not at hand or not valid."""
        path = self.places.get(package_hash)
        if path is None:
            found = ", ".join(one[:16] for one in self.places) or "none"
            remedy = "name the package, or the folder of packages, that holds the version of that day"
            message = f"the package {package_hash[:16]} is not at hand"
            raise PackageError(Fault(message, "package_absent", found=found, allowed=package_hash, remedy=remedy))
        package = read_package(path)
        if package.package_hash != package_hash:
            raise PackageError(Fault("changed while it was read", "package_changed", str(path)))
        return package


def open_shelf(path: Path) -> Shelf:
    """The packages at `path`: itself a package (folder or zip), or a folder in which they stand side by side.

    Raises PackageError where there is none.
    """
    known = _hash_of(path)
    if known is not None:
        return Shelf({known: path})
    places: dict[str, Path] = {}
    for one in sorted(path.iterdir()) if path.is_dir() else ():
        digest = _hash_of(one)
        if digest is not None:
            places.setdefault(digest, one)
    if not places:
        remedy = "name a package (folder or zip), or a folder of packages"
        raise PackageError(Fault("is no package and holds none", "unreadable", str(path), remedy=remedy))
    return Shelf(places)


def _hash_of(path: Path) -> str | None:
    """Hash of the manifest of what may be a package; None where it is none."""
    if path.is_dir():
        manifest = path / MANIFEST
        return sha256_file(manifest) if manifest.is_file() else None
    if path.suffix.lower() != ".zip" or not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return sha256_bytes(archive.read(MANIFEST))
    except (zipfile.BadZipFile, KeyError, OSError):
        return None
