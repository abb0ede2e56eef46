"""Where the bytes of a package come from: a folder, or a zip with stored members, fixed dates and sorted names."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from credit_risk._core.errors import Fault, PackageError
from credit_risk.package.layout import hostile

DATE = (1980, 1, 1, 0, 0, 0)
MAXIMUM_MEMBERS = 100_000
MAXIMUM_BYTES = 64 * 2**30
_ENCRYPTED = 0x1
_BLOCK = 2**20


class Source(Protocol):
    """The files of a package by relative name."""

    def names(self) -> list[str]:
        """All file names, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises PackageError where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A package in a folder."""

    folder: Path
    files: tuple[str, ...]

    def names(self) -> list[str]:
        """All file names, sorted."""
        return list(self.files)

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises PackageError, code `file_missing`, where it cannot be read."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise PackageError(Fault(f"cannot be read ({error.strerror})", "file_missing", name)) from error


@dataclass(frozen=True, slots=True)
class ZipSource:
    """A package in a zip, opened anew for each read."""

    archive: Path
    members: tuple[str, ...]

    def names(self) -> list[str]:
        """All member names, sorted."""
        return list(self.members)

    def read(self, name: str) -> bytes:
        """The bytes of one member. Raises PackageError, code `zip_invalid`, where its checksum is wrong."""
        try:
            with zipfile.ZipFile(self.archive) as archive:
                return archive.read(name)
        except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
            raise PackageError(Fault(f"member cannot be read ({error})", "zip_invalid", name)) from error


def open_source(path: Path) -> Source:
    """The source of a package. Raises PackageError with every fault of names and members.

    Codes: `path_hostile`, `symlink`, `zip_invalid`, `manifest_missing`.
    """
    source: Source
    if path.is_dir():
        source, faults = _folder(path)
    elif path.is_file():
        source, faults = _zip(path)
    else:
        raise PackageError(Fault("is neither a folder nor a file", "manifest_missing", str(path)))
    if faults:
        raise PackageError(faults)
    return source


def _folder(folder: Path) -> tuple[FolderSource, list[Fault]]:
    names: list[str] = []
    faults: list[Fault] = []
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(top) / name
            relative = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                faults.append(Fault("is a symbolic link", "symlink", relative))
            elif name in files and not stat.S_ISREG(mode):
                faults.append(Fault("is not a regular file", "path_hostile", relative))
            elif name in files and (reason := hostile(relative)):
                faults.append(Fault(f"file name {reason}", "path_hostile", relative))
            elif name in files:
                names.append(relative)
    return FolderSource(folder, tuple(sorted(names))), faults


def _zip(path: Path) -> tuple[ZipSource, list[Fault]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            comment = archive.comment
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise PackageError(Fault(f"is not a zip that can be read ({error})", "zip_invalid", str(path))) from error
    if len(members) > MAXIMUM_MEMBERS:
        raise PackageError(Fault(f"has {len(members)} members", "zip_invalid", str(path), allowed=str(MAXIMUM_MEMBERS)))
    faults = [fault for member in members for fault in _member_faults(member)]
    names = [member.filename for member in members]
    total = sum(member.file_size for member in members)
    if total > min(MAXIMUM_BYTES, path.stat().st_size):
        faults.append(Fault(f"members hold {total} bytes, more than the file", "zip_invalid", str(path)))
    if comment:
        faults.append(Fault("has a comment", "zip_invalid", str(path)))
    faults += [Fault("stands twice", "zip_invalid", name) for name in sorted({n for n in names if names.count(n) > 1})]
    if names != sorted(names):
        faults.append(Fault("members are not sorted by name", "zip_invalid", str(path)))
    return ZipSource(path, tuple(sorted(set(names)))), faults


def _member_faults(member: zipfile.ZipInfo) -> Iterator[Fault]:
    # orig_filename is the name as it stands in the archive; zipfile cuts it at a null and rewrites separators.
    reason = hostile(member.orig_filename)
    if reason:
        yield Fault(f"member name {reason}", "path_hostile", member.orig_filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        yield Fault("is a symbolic link", "symlink", member.filename)
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        remedy = "packages are zipped without compression"
        yield Fault("is compressed", "zip_invalid", member.filename, remedy=remedy)
    if member.flag_bits & _ENCRYPTED:
        yield Fault("is encrypted", "zip_invalid", member.filename)
    if member.date_time != DATE:
        yield Fault(f"is dated {member.date_time}, not 1980-01-01 00:00:00", "zip_invalid", member.filename)
