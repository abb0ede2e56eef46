"""The files of a package, from a folder or a zip, without following links or unpacking anything to disk."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from validation import zip_check
from validation.errors import Fault, ValidationInputError
from validation.names import colliding, hostile

MAXIMUM_FILES = 100_000
MAXIMUM_FILE_BYTES = 4 * 1024**3
MAXIMUM_TOTAL_BYTES = 16 * 1024**3
MAXIMUM_DEPTH = 16
CHUNK = 1 << 20
DATE = (1980, 1, 1, 0, 0, 0)
Chunks = Callable[[str], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Container:
    """`names` the sorted relative file names, `sizes` their bytes, `faults` what is wrong with the names or the zip.

    `_digests` holds the SHA-256 of what was read, by name: whoever reads a file again must find the same bytes.
    """

    names: tuple[str, ...]
    sizes: dict[str, int]
    faults: tuple[Fault, ...]
    is_zip: bool
    _chunks: Chunks = field(repr=False)
    _digests: dict[str, str] = field(default_factory=dict, repr=False)

    def read(self, name: str, most: int = MAXIMUM_FILE_BYTES) -> bytes:
        """Return the bytes of one file of at most `most` bytes; raises ValidationInputError where they cannot be read.

        Codes: `size_mismatch` where it is larger, `hash_mismatch` where it is not what was read before.
        """
        if self.sizes.get(name, 0) > most:
            found = str(self.sizes[name])
            raise ValidationInputError(
                Fault("size_mismatch", "the file is too large", name, None, None, found, str(most))
            )
        data = b"".join(self._guarded(name))
        self._keep(name, hashlib.sha256(data).hexdigest())
        return data

    def digest(self, name: str) -> str:
        """Return the SHA-256 of one file, piece by piece; raises as `read` does."""
        total = hashlib.sha256()
        for chunk in self._guarded(name):
            total.update(chunk)
        return self._keep(name, total.hexdigest())

    def _guarded(self, name: str) -> Iterator[bytes]:
        left = self.sizes.get(name, MAXIMUM_FILE_BYTES)
        try:
            for chunk in self._chunks(name):
                left -= len(chunk)
                if left < 0:
                    raise _changed(name)
                yield chunk
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            code = "zip_invalid" if self.is_zip else "file_missing"
            raise ValidationInputError(Fault(code, f"cannot be read: {error}", file=name)) from error

    def _keep(self, name: str, digest: str) -> str:
        if self._digests.setdefault(name, digest) != digest:
            raise _changed(name)
        return digest


def _changed(name: str) -> ValidationInputError:
    fault = Fault("hash_mismatch", "changed while it was read", name, remedy="validate a copy that nobody writes to")
    return ValidationInputError(fault)


def open_container(path: Path) -> Container:
    """List the files of the package at `path` (folder or zip); raises ValidationInputError where it is neither."""
    try:
        if path.is_symlink():
            raise ValidationInputError(Fault("symlink", "the package is a symbolic link", file=path.name))
        if path.is_dir():
            return _folder(path)
        if path.is_file():
            return _zip(path)
    except (OSError, ValueError) as error:
        fault = Fault("manifest_missing", f"the package cannot be read: {error}", file=str(path))
        raise ValidationInputError(fault) from error
    raise ValidationInputError(
        Fault("manifest_missing", "no such package", file=str(path), allowed="a folder or a zip file")
    )


def read_file(path: Path, most: int, code: str) -> bytes:
    """Return the bytes of a file that was named by the user: a regular file of at most `most` bytes.

    Raises ValidationInputError with `code` where it is absent, no regular file (a pipe would wait), or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValidationInputError(Fault(code, "is not a regular file", file=str(path)))
        if status.st_size > most:
            fault = Fault(code, "the file is too large", str(path), None, None, str(status.st_size), str(most))
            raise ValidationInputError(fault)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValidationInputError(Fault(code, f"cannot be read: {reason}", file=str(path))) from error


def _folder(root: Path) -> Container:
    faults: list[Fault] = []
    sizes: dict[str, int] = {}
    for name, size in _walk(root, faults):
        reason = hostile(name)
        if reason:
            faults.append(Fault("path_hostile", f"the file name {reason}", file=name))
        elif size > MAXIMUM_FILE_BYTES:
            faults.append(Fault("size_mismatch", "the file is too large", name, None, None, str(size)))
        else:
            sizes[name] = size
        if len(sizes) > MAXIMUM_FILES or sum(sizes.values()) > MAXIMUM_TOTAL_BYTES:
            raise ValidationInputError(Fault("file_extra", "too many or too large files", file=root.name))
    faults += _collisions(sizes)

    def chunks(name: str) -> Iterator[bytes]:
        with (root / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    return Container(tuple(sorted(sizes)), sizes, tuple(faults), False, chunks)


def _collisions(names: dict[str, int]) -> list[Fault]:
    message = "the file name differs from another in nothing but case or accents"
    return [Fault("path_hostile", message, second, None, None, first) for first, second in colliding(names)]


def _walk(root: Path, faults: list[Fault]) -> Iterator[tuple[str, int]]:
    stack = [(root, 0)]
    while stack:
        folder, depth = stack.pop()
        for entry in sorted(folder.iterdir()):
            name = entry.relative_to(root).as_posix()
            status = entry.lstat()
            if stat.S_ISLNK(status.st_mode):
                faults.append(Fault("symlink", "symbolic links are refused", file=name))
            elif stat.S_ISDIR(status.st_mode):
                if depth >= MAXIMUM_DEPTH:
                    faults.append(Fault("path_hostile", "folders are nested too deeply", file=name))
                else:
                    stack.append((entry, depth + 1))
            elif stat.S_ISREG(status.st_mode):
                yield name, status.st_size
            else:
                faults.append(Fault("file_extra", "is neither a file nor a folder", file=name))


def _zip(path: Path) -> Container:
    refused = zip_check.directory_fault(path, MAXIMUM_FILES)
    if refused is not None:
        raise ValidationInputError(refused)
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
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
    faults += zip_check.overlap_faults(members, path.stat().st_size, path.name)
    for member in members:
        wrong = _member_fault(member, sizes)
        if wrong:
            faults.append(wrong)
        elif not member.is_dir():
            sizes[member.filename] = member.file_size
    faults += _collisions(sizes)

    def chunks(name: str) -> Iterator[bytes]:
        with zipfile.ZipFile(path) as opened, opened.open(name) as member:
            size = 0
            while chunk := member.read(CHUNK):
                size += len(chunk)
                yield chunk
            if size != opened.getinfo(name).file_size:
                raise zipfile.BadZipFile(f"{name} is not as long as the directory says")

    return Container(tuple(sorted(sizes)), sizes, tuple(faults), True, chunks)


def _member_fault(member: zipfile.ZipInfo, known: dict[str, int]) -> Fault | None:
    name = member.orig_filename
    reason = hostile(name.rstrip("/") if member.is_dir() else name)
    if reason:
        return Fault("path_hostile", f"the member name {reason}", file=name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return Fault("symlink", "symbolic links are refused", file=name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return Fault("zip_invalid", "the member is neither a file nor a folder", file=name)
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
