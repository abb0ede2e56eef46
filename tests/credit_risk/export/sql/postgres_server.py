"""A PostgreSQL server of the tests' own: begun in a temporary folder, ended after them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = "/usr/lib/postgresql"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: on the PATH, or where Debian has them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path(PLACES).glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def server(beside: Path | None = None) -> Iterator[str]:
    """The connection string of a new server that listens on a socket only; as root it runs as `postgres`.

    beside: the folder in which its folder is made (None: that of temporary files).
    """
    folder = programs()
    if folder is None:
        raise FileNotFoundError("initdb is not here (Debian: postgresql)")
    place = Path(tempfile.mkdtemp(prefix="pg", dir=beside))
    try:
        options = _user(place)
        make = [str(folder / "initdb"), "-D", str(place / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        _run([*make, "--no-sync", "--locale=C.UTF-8"], options)
        settings = f"-c listen_addresses= -c unix_socket_directories={place} -c fsync=off"
        control = [str(folder / "pg_ctl"), "-D", str(place / "data"), "-w"]
        _run([*control, "-o", settings, "-l", str(place / "log"), "start"], options)
        try:
            yield f"host={place} user=postgres dbname=postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], options)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _user(place: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam("postgres")
    os.chown(place, found.pw_uid, found.pw_gid)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _run(command: list[str], options: dict[str, object]) -> None:
    log = Path(tempfile.gettempdir())
    done = subprocess.run(  # type: ignore[call-overload]
        command, cwd=log, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        timeout=120, **options,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
