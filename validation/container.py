"""The files of a package, from a folder or a zip, without following links or unpacking anything to disk."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from validation.errors import Fault, ValidationInputError

MAXIMUM_FILES = 100_000
MAXIMUM_FILE_BYTES = 4 * 1024**3
MAXIMUM_TOTAL_BYTES = 16 * 1024**3
DATE = (1980, 1, 1, 0, 0, 0)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Container:
    """`names` the sorted relative file names, `sizes` their bytes, `faults` what is wrong with the names or the zip."""

    names: tuple[str, ...]
    sizes: dict[str, int]
    faults: tuple[Fault, ...]
    is_zip: bool
    _read: Callable[[str], bytes] = field(repr=False)

    def read(self, name: str) -> bytes:
        """Return the bytes of one file; raises ValidationInputError where they cannot be read."""
        try:
            return self._read(name)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            code = "zip_invalid" if self.is_zip else "file_missing"
            raise ValidationInputError(Fault(code, f"cannot be read: {error}", file=name)) from error


def open_container(path: Path) -> Container:
    """List the files of the package at `path` (folder or zip); raises ValidationInputError where it is neither."""
    if path.is_symlink():
        raise ValidationInputError(Fault("symlink", "the package is a symbolic link", file=path.name))
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        return _zip(path)
    raise ValidationInputError(
        Fault("manifest_missing", "no such package", file=str(path), allowed="a folder or a zip file")
    )


def hostile(name: str) -> str | None:
    """Say why `name` is not a safe relative file name, or return None where it is one (SPECIFICATION section 1)."""
    if not name or name.startswith("/"):
        return "is empty or absolute"
    if "\\" in name:
        return "holds a backslash"
    if _DRIVE.match(name):
        return "begins with a drive letter"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "has an empty, '.' or '..' segment"
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        return "holds a control character"
    return None


def _folder(root: Path) -> Container:
    faults: list[Fault] = []
    sizes: dict[str, int] = {}
    for name, file in _walk(root, faults):
        reason = hostile(name)
        if reason:
            faults.append(Fault("path_hostile", f"the file name {reason}", file=name))
            continue
        sizes[name] = file.stat().st_size
    return Container(tuple(sorted(sizes)), sizes, tuple(faults), False, lambda name: (root / name).read_bytes())


def _walk(root: Path, faults: list[Fault]) -> Iterator[tuple[str, Path]]:
    stack = [root]
    while stack:
        folder = stack.pop()
        for entry in sorted(folder.iterdir()):
            name = entry.relative_to(root).as_posix()
            if entry.is_symlink():
                faults.append(Fault("symlink", "symbolic links are refused", file=name))
            elif entry.is_dir():
                stack.append(entry)
            elif entry.is_file():
                yield name, entry
            else:
                faults.append(Fault("file_extra", "is neither a file nor a folder", file=name))


def _zip(path: Path) -> Container:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        message = f"not a readable zip: {error}"
        raise ValidationInputError(Fault("zip_invalid", message, file=path.name)) from error
    with archive:
        members = archive.infolist()
    faults: list[Fault] = []
    sizes: dict[str, int] = {}
    if len(members) > MAXIMUM_FILES or sum(member.file_size for member in members) > MAXIMUM_TOTAL_BYTES:
        fault = Fault("zip_invalid", "too many or too large members", file=path.name)
        raise ValidationInputError(fault)
    names = [member.orig_filename for member in members]
    if names != sorted(names):
        faults.append(Fault("zip_invalid", "the members are not sorted by name", file=path.name))
    for member in members:
        wrong = _member_fault(member, sizes)
        if wrong:
            faults.append(wrong)
        elif not member.is_dir():
            sizes[member.filename] = member.file_size
    return Container(tuple(sorted(sizes)), sizes, tuple(faults), True, lambda name: _read_member(path, name))


def _member_fault(member: zipfile.ZipInfo, known: dict[str, int]) -> Fault | None:
    name = member.orig_filename
    reason = hostile(name.rstrip("/") if member.is_dir() else name)
    if reason:
        return Fault("path_hostile", f"the member name {reason}", file=name)
    if stat.S_ISLNK(member.external_attr >> 16):
        return Fault("symlink", "symbolic links are refused", file=name)
    if name in known:
        return Fault("zip_invalid", "the member stands twice", file=name)
    if member.flag_bits & 0x1:
        return Fault("zip_invalid", "the member is encrypted", file=name)
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        return Fault(
            "zip_invalid",
            "the member is compressed",
            file=name,
            allowed="stored members",
            remedy="unpack it and give the folder",
        )
    if member.file_size > MAXIMUM_FILE_BYTES:
        return Fault("zip_invalid", "the member is too large", file=name)
    if member.date_time != DATE:
        found = "{}-{:02}-{:02} {:02}:{:02}:{:02}".format(*member.date_time)
        return Fault("zip_invalid", "other date than 1980-01-01 00:00:00", file=name, found=found)
    return None


def _read_member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive, archive.open(name) as member:
        size = archive.getinfo(name).file_size
        data = member.read(size + 1)
    if len(data) != size:
        raise zipfile.BadZipFile(f"{name} is not as long as the directory says")
    return data
