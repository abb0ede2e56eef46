"""The same tree as one file: a zip with stored members, fixed dates and sorted names."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

from credit_risk._core.errors import Fault, PackageError
from credit_risk.package.output import partial_path, told
from credit_risk.package.reader import read_package
from credit_risk.package.source import DATE, open_source


def write_zip(package: Path, out: Path) -> Path:
    """Write the folder of a valid package as a deterministic zip (stored, 1980-01-01, sorted names) and return `out`.

    Raises PackageError where the package is not valid, `out` is a folder or lies in the package, or the disk is full.
    """
    package, out = Path(package), Path(out)
    if not package.is_dir():
        raise PackageError(Fault("is not a folder", "manifest_missing", str(package)))
    if out.is_dir() or out.resolve().is_relative_to(package.resolve()):
        raise PackageError(Fault("cannot be the zip: a folder, or inside the package", "output_path", str(out)))
    read_package(package)
    source = open_source(package)
    partial = partial_path(out)
    with told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
                for name in source.names():
                    archive.writestr(_member(name), source.read(name))
            os.replace(partial, out)
        finally:
            partial.unlink(missing_ok=True)
    return out


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type = zipfile.ZIP_STORED
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info
