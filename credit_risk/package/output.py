"""The output folder: may it be used, the unfinished folder beside it, and the swap that makes a package appear at once.

`OUT.partial` is where a package is written; it holds a marker file until its manifest stands, so that what a kill
leaves behind is recognised by the next run. `OUT.replaced` exists only during the swap.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit_risk._core.errors import Fault, PackageError
from credit_risk.package.layout import ANNEX_FORMAT, ANNEX_KINDS, AUDIT, FORMAT, MANIFEST, is_annex

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

MARKER = ".credit-risk-unfinished"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_output(out: Path, replace: bool = True) -> None:
    """Raise PackageError where a package could not be written to `out`; called before any work. Changes nothing.

    Allowed: a path that does not exist, an empty folder, and (with `replace`) an unsigned package of ours.
    """
    out = resolve(out)
    recheck_output(out, replace)
    faults = _writable_faults(out)
    if faults:
        raise PackageError(faults)


def recheck_output(out: Path, replace: bool = True) -> None:
    """`check_output` without trying whether the disk can be written; `out` is resolved."""
    faults = _output_faults(out, replace)
    for beside in (partial_path(out), replaced_path(out)):
        if os.path.lexists(beside) and not _is_leftover(beside):
            remedy = "move it away, or write elsewhere"
            faults.append(_fault("exists and is not an unfinished package of ours", "output_not_ours", beside, remedy))
    if faults:
        raise PackageError(faults)


def resolve(out: Path) -> Path:
    """Absolute path with symbolic links followed, so that a link to a folder keeps pointing at the package."""
    try:
        return Path(out).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise PackageError(_fault(f"cannot be used as a path ({error})", "output_path", Path(str(out)))) from error


def partial_path(out: Path) -> Path:
    """Where the package is written before it is renamed."""
    return out.with_name(out.name + ".partial")


def replaced_path(out: Path) -> Path:
    """Where the package that is being replaced stands during the swap."""
    return out.with_name(out.name + ".replaced")


def recover(target: Path) -> None:
    """Finish or undo the swap of `target` that a kill interrupted."""
    replaced = replaced_path(target)
    if not replaced.exists():
        return
    if target.exists():
        remove(replaced)
    else:
        os.rename(replaced, target)


def claim(partial: Path) -> Path:
    """Make `partial` a new, marked folder, after removing what a killed run left there and beside it for annexes.

    Raises PackageError (`output_taken`) where a run that is alive writes there.
    """
    for leftover in (partial, *(partial_path(partial.with_name(f"{partial.name}.{k}")) for k in ANNEX_KINDS)):
        if os.path.lexists(leftover) and _is_leftover(leftover):
            release(hold(leftover))
            remove(leftover)
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.mkdir()
    (partial / MARKER).write_text("This folder is being written, or was left by a run that was stopped.\n", "utf-8")
    return partial


def hold(folder: Path) -> int | None:
    """Lock `folder` until the descriptor is closed, by `release` or by the end of the process, however it ends.

    None where the system has no such lock. Raises PackageError (`output_taken`) where another run holds it.
    """
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        remedy = "wait until it has ended, or write elsewhere"
        raise PackageError(_fault("another run is writing there", "output_taken", folder, remedy)) from error
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor


def release(descriptor: int | None) -> None:
    """Give up what `hold` returned."""
    if descriptor is not None:
        os.close(descriptor)


def swap(partial: Path, target: Path, replaced: Path) -> None:
    """Rename `partial` to `target`; what stood there goes to `replaced` and is removed once the new one stands."""
    if target.exists() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        os.rename(target, replaced)
    try:
        os.rename(partial, target)
    except OSError:
        if replaced.exists():
            os.rename(replaced, target)
        raise
    if replaced.exists():
        remove(replaced)


def remove(folder: Path) -> None:
    """Remove a folder of ours, what marks it as ours last, so that a kill leaves it recognisable."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    for top, folders, files in os.walk(folder, topdown=False):
        for name in files:
            if Path(top) != folder or name not in (MARKER, MANIFEST):
                os.unlink(os.path.join(top, name))
        for name in folders:
            path = os.path.join(top, name)
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)
    for name in (MANIFEST, MARKER):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()


def write_file(path: Path, data: bytes) -> None:
    """Write a new file and force it to the disk, so that a full disk is told here and not later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def told(what: Path) -> Iterator[None]:
    """Turn an OSError while writing into one clear PackageError (`disk_full` or `write_failed`)."""
    try:
        yield
    except OSError as error:
        name = str(error.filename) if error.filename else str(what)
        if error.errno in _FULL:
            remedy = "free space or write elsewhere, then run again; nothing was left behind"
            raise PackageError(
                _fault(f"no space left to write ({error.strerror})", "disk_full", Path(name), remedy)
            ) from error
        raise PackageError(
            _fault(f"cannot be written ({error.strerror or error})", "write_failed", Path(name))
        ) from error


def folder_format(folder: Path) -> str | None:
    """The `format` that the manifest of a folder states, where there is one that can be read."""
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content.get("format") if isinstance(content, dict) else None


def _is_leftover(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or MARKER in names or folder_format(folder) in (FORMAT, ANNEX_FORMAT)


def _output_faults(out: Path, replace: bool) -> list[Fault]:
    if not out.name:
        return [_fault("is the root of a file system", "output_path", out, "name a folder inside it")]
    if not out.exists():
        return []
    if not out.is_dir():
        return [_fault("exists and is not a folder", "output_not_ours", out, "name a folder that does not exist")]
    if os.path.ismount(out):
        return [_fault("is a mount point, which cannot be replaced", "output_path", out, "name a folder inside it")]
    names = {entry.name for entry in out.iterdir()}
    if not names:
        return []
    if folder_format(out) != FORMAT:
        message = "exists, is not empty and is not a model package of ours"
        return [_fault(message, "output_not_ours", out, "name a folder that does not exist or is empty")]
    if not replace:
        return [_fault("a model package stands there", "output_exists", out, "write elsewhere, or allow replacing")]
    signed = sorted(names & {"signatures", AUDIT})
    if signed:
        message = f"a model package with {' and '.join(signed)} stands there and is kept"
        return [
            _fault(
                message,
                "output_signed",
                out,
                "write the new package elsewhere; a signed one is never replaced",
            )
        ]
    extra = _foreign_files(out)
    if extra:
        message = f"a model package stands there, with files that are not its own: {', '.join(extra[:5])}"
        return [_fault(message, "output_not_ours", out, "move these files away, or write elsewhere")]
    return []


def _foreign_files(package: Path) -> list[str]:
    """Files that neither the manifest lists nor an annex holds: somebody's, to be kept."""
    listed = json.loads((package / MANIFEST).read_bytes()).get("files")
    known = set(listed) if isinstance(listed, dict) else set()
    found = [path.relative_to(package).as_posix() for path in package.rglob("*") if not path.is_dir()]
    return sorted(name for name in found if name not in known and name != MANIFEST and not is_annex(name))


def _writable_faults(out: Path) -> list[Fault]:
    parent = out.parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if not parent.is_dir():
        return [_fault("is not a folder, so nothing can be written below it", "output_path", parent)]
    try:
        with tempfile.TemporaryFile(dir=parent):
            return []
    except OSError as error:
        return [_fault(f"cannot be written to ({error.strerror or error})", "output_not_writable", parent)]


def _fault(message: str, code: str, path: Path, remedy: str | None = None) -> Fault:
    return Fault(message, code=code, file=str(path), remedy=remedy)
