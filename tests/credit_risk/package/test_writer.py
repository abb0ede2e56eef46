"""The writer: nothing half-written, whatever happens; the same bytes every time; only its own folders are touched."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from credit_risk._core.errors import PackageError
from credit_risk._core.evidence import Evidence, absent
from credit_risk.package import PackageWriter, check_output, read_package
from credit_risk.package.output import MARKER, partial_path, release, replaced_path
from tests.contract.corpus_recipes import CORPUS

REPOSITORY = Path(__file__).parents[3]


def write(out: Path, replace: bool = True) -> Path:
    """The smallest corpus package, written to `out`."""
    kept = CORPUS / "valid" / "boosting"
    with PackageWriter(out, replace) as writer:
        for path in sorted(p for p in kept.rglob("*") if p.is_file() and p.name != "manifest.json"):
            writer.add_bytes(path.relative_to(kept).as_posix(), path.read_bytes())
        manifest = read_package(kept).manifest
        keys = ("model", "source", "snapshot", "seeds", "libraries")
        writer.seal(**{key: manifest[key] for key in keys})
        return writer.commit()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def code_of(error: pytest.ExceptionInfo[PackageError]) -> set[str]:
    return {fault.code for fault in error.value.faults}


def in_process(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    text = "import sys\nfrom pathlib import Path\n" + textwrap.dedent(code)
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


# ------------------------------------------------------------------------------------------------ what is written
def test_rewriting_gives_the_same_package_hash_and_leaves_nothing_else(tmp_path: Path):
    first = read_package(write(tmp_path / "deep" / "a"))
    second = read_package(write(tmp_path / "deep" / "b"))
    assert first.package_hash == second.package_hash
    assert names_in(tmp_path / "deep") == {"a", "b"}
    assert MARKER not in names_in(first.path)


def test_sealed_manifest_is_that_of_the_kept_package(tmp_path: Path):
    kept = CORPUS / "valid" / "boosting" / "manifest.json"
    assert (write(tmp_path / "a") / "manifest.json").read_bytes() == kept.read_bytes()


def test_corpus_does_not_depend_on_threads_or_hash_seed(tmp_path: Path):
    hashes = set()
    for threads, seed in (("1", "0"), ("4", "1")):
        out = tmp_path / threads
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "ARROW_NUM_THREADS": threads, "PYTHONHASHSEED": seed}
        code = "from tests.contract import make_corpus; make_corpus.main(Path(sys.argv[1]))"
        with in_process(code, out, env=environment) as process:
            assert process.wait(120) == 0, process.stderr.read()
        hashes.add(tuple(read_package(out / name).package_hash for name in ("boosting", "every_step", "scorecard")))
    assert len(hashes) == 1


def test_package_that_its_own_reader_refuses_is_not_sealed(tmp_path: Path):
    with PackageWriter(tmp_path / "a") as writer:
        writer.add_json("model.json", {"steps": []})
        with pytest.raises(PackageError) as error:
            writer.seal(model={"id": "x"}, source={}, snapshot={"included": False}, seeds={}, libraries={})
    assert len(error.value.faults) > 3
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize(
    "path", ["../x", "/x", "C:/x", "a\\b", "evidence//x.json", "manifest.json", "exports/x", "m.pkl"]
)
def test_only_core_paths_are_taken(path: str, tmp_path: Path):
    with PackageWriter(tmp_path / "a") as writer:
        with pytest.raises(PackageError) as error:
            writer.add_bytes(path, b"")
        assert code_of(error) == {"path_hostile"}


def test_same_file_or_evidence_twice_is_refused(tmp_path: Path):
    item = absent("fairness.groups", "not_applicable", "no protected column")
    with PackageWriter(tmp_path / "a") as writer:
        writer.add_bytes("plan.yaml", b"a")
        with pytest.raises(PackageError, match="added twice"):
            writer.add_bytes("plan.yaml", b"b")
        writer.add_evidence(item)
        with pytest.raises(PackageError) as error:
            writer.add_evidence(item)
    assert code_of(error) == {"evidence_repeated"}


def test_evidence_file_name_is_percent_encoded(tmp_path: Path):
    name = "Größe ~1/2 %"
    item = absent("classing.table.{characteristic}", "not_applicable", "none", parameter=name)
    with PackageWriter(tmp_path / "a") as writer:
        writer.add_evidence(item)
        files = names_in(writer.path / "evidence")
    assert files == {"classing.table.Gr%C3%B6%C3%9Fe%20%7E1%2F2%20%25.json"}


def test_evidence_that_breaks_its_schema_is_refused(tmp_path: Path):
    with PackageWriter(tmp_path / "a") as writer, pytest.raises(PackageError) as error:
        writer.add_evidence(Evidence("data.source", "pie", "Source", "test"))
    assert code_of(error) == {"schema"}
    assert "unknown kind 'pie'" in str(error.value)


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}, {1: 2}, "\ud800"])
def test_what_json_cannot_hold_is_refused(value: object, tmp_path: Path):
    with PackageWriter(tmp_path / "a") as writer, pytest.raises(PackageError, match=r"plan\.json"):
        writer.add_json("plan.json", value)


def test_core_is_frozen_after_the_seal(tmp_path: Path):
    with PackageWriter(tmp_path / "a") as writer:
        _seal_boosting(writer)
        with pytest.raises(PackageError, match="sealed"):
            writer.add_bytes("plan.yaml", b"")
        with pytest.raises(PackageError, match="sealed"):
            writer.seal(model={}, source={}, snapshot={}, seeds={}, libraries={})
    assert names_in(tmp_path) == set()


def _seal_boosting(writer: PackageWriter) -> str:
    kept = CORPUS / "valid" / "boosting"
    manifest = read_package(kept).manifest
    for name in manifest["files"]:
        writer.add_bytes(name, (kept / name).read_bytes())
    return writer.seal(**{key: manifest[key] for key in ("model", "source", "snapshot", "seeds", "libraries")})


# ------------------------------------------------------------------------------------------------ the output folder
def test_empty_folder_is_used(tmp_path: Path):
    (tmp_path / "a").mkdir()
    assert read_package(write(tmp_path / "a")).samples == ("development", "out_of_sample")


def test_foreign_folder_is_refused_before_work_and_kept(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.txt").write_text("years of work")
    with pytest.raises(PackageError) as error:
        check_output(tmp_path / "a")
    assert code_of(error) == {"output_not_ours"}
    with pytest.raises(PackageError):
        write(tmp_path / "a")
    assert (tmp_path / "a" / "thesis.txt").read_text() == "years of work"
    assert names_in(tmp_path) == {"a"}


def test_foreign_manifest_is_not_ours(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text('{"format": "chrome-extension"}')
    with pytest.raises(PackageError, match="not a model package of ours"):
        check_output(tmp_path / "a")


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "a").write_text("x")
    with pytest.raises(PackageError, match="not a folder"):
        check_output(tmp_path / "a")
    with pytest.raises(PackageError, match="not a folder"):
        check_output(tmp_path / "a" / "b")


def test_own_package_is_replaced_or_kept_as_asked(tmp_path: Path):
    out = write(tmp_path / "a")
    (out / "exports").mkdir()
    (out / "exports" / "x").write_text("x")
    with pytest.raises(PackageError) as error:
        write(out, replace=False)
    assert code_of(error) == {"output_exists"}
    write(out)
    assert "exports" not in names_in(out)
    assert names_in(tmp_path) == {"a"}


@pytest.mark.parametrize("name", ["signatures", "audit.jsonl"])
def test_signed_package_is_never_replaced(name: str, tmp_path: Path):
    out = write(tmp_path / "a")
    (out / name).mkdir()
    with pytest.raises(PackageError, match="elsewhere") as error:
        check_output(out)
    assert code_of(error) == {"output_signed"}


def test_package_signed_while_the_next_is_written_is_kept(tmp_path: Path):
    out = write(tmp_path / "a")
    with PackageWriter(out) as writer:
        _seal_boosting(writer)
        (out / "signatures").mkdir()
        with pytest.raises(PackageError, match="signatures"):
            writer.commit()
    assert names_in(tmp_path) == {"a"}
    assert "signatures" in names_in(out)


def test_package_with_somebodys_file_is_kept(tmp_path: Path):
    out = write(tmp_path / "a")
    (out / "my notes.txt").write_text("x")
    with pytest.raises(PackageError, match=r"my notes\.txt"):
        check_output(out)


def test_link_to_a_folder_keeps_pointing_at_the_package(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert read_package(tmp_path / "real").path == tmp_path / "real"


def test_foreign_partial_folder_is_refused(tmp_path: Path):
    partial_path(tmp_path / "a").mkdir()
    (partial_path(tmp_path / "a") / "x").write_text("x")
    with pytest.raises(PackageError) as error:
        check_output(tmp_path / "a")
    assert code_of(error) == {"output_not_ours"}


def test_unwritable_parent_is_told_up_front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(PackageError) as error:
        check_output(tmp_path / "deep" / "a")
    assert code_of(error) == {"output_not_writable"}


# ------------------------------------------------------------------------------------------------ what goes wrong
@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt()])
def test_failure_leaves_nothing_behind_and_the_old_package_standing(error: BaseException, tmp_path: Path):
    old = read_package(write(tmp_path / "a")).package_hash

    def fail() -> None:
        with PackageWriter(tmp_path / "a") as writer:
            writer.add_bytes("plan.yaml", b"x")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert names_in(tmp_path) == {"a"}
    assert read_package(tmp_path / "a").package_hash == old


FULL_DISK = """
    import resource, signal
    from credit_risk._core.errors import PackageError
    from credit_risk.package import PackageWriter
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        with PackageWriter(Path(sys.argv[1])) as writer:
            writer.add_bytes("plan.yaml", b"x")
            writer.add_bytes("data/snapshot.parquet", bytes(1_000_000))
    except PackageError as error:
        print(error)
        sys.exit(2)
"""


def test_write_beyond_the_limit_is_one_clear_message(tmp_path: Path):
    with in_process(FULL_DISK, tmp_path / "a") as process:
        told, trouble = process.communicate(timeout=60)
    assert process.returncode == 2, trouble
    assert "no space left" in told
    assert "1 fault" in told
    assert trouble == ""
    assert names_in(tmp_path) == set()


def test_full_disk_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """On a disk of 64 KiB where one can be mounted; otherwise the disk is full when the bytes are forced out."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = _mount(disk)
    if not mounted:
        monkeypatch.setattr(os, "fsync", _no_space)
    try:
        with PackageWriter(disk / "a") as writer, pytest.raises(PackageError, match="no space left") as error:
            writer.add_bytes("data/snapshot.parquet", bytes(1_000_000))
        assert code_of(error) == {"disk_full"}
        assert names_in(disk) == set()
    finally:
        if mounted:
            subprocess.run(["umount", disk], check=True)


def _mount(disk: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    return shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0


def _no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_disk_that_fills_up_at_the_seal_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = os.fsync
    left = iter(range(12))
    monkeypatch.setattr(os, "fsync", lambda number: _no_space(number) if next(left, None) is None else real(number))
    with PackageWriter(tmp_path / "a") as writer, pytest.raises(PackageError) as error:
        _seal_boosting(writer)
    assert code_of(error) == {"disk_full"}
    assert error.value.faults[0].file.endswith("manifest.json")
    assert names_in(tmp_path) == set()


KILLED = """
    from credit_risk.package import PackageWriter
    with PackageWriter(Path(sys.argv[1])) as writer:
        for number in range(10_000_000):
            writer.add_bytes(f"evidence/x{number}.json", bytes(1000))
            if number == 20:
                print("writing", flush=True)
"""


def test_kill_in_mid_write_keeps_the_old_package_and_the_next_run_tidies(tmp_path: Path):
    out = write(tmp_path / "a")
    old = read_package(out).package_hash
    with in_process(KILLED, out) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert names_in(tmp_path) == {"a", "a.partial"}
    assert read_package(out).package_hash == old
    check_output(out)
    write(out)
    assert names_in(tmp_path) == {"a"}


class Killed(BaseException):
    """The process dies here."""


def dying_after(calls: int, patch: pytest.MonkeyPatch) -> None:
    """Let `calls` renames and removals happen, then die at the next."""
    left = iter(range(calls))

    def wrapped(real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object, **options: object) -> None:
            if next(left, None) is None:
                raise Killed
            real(*arguments, **options)

        return call

    for name in ("rename", "unlink", "rmdir"):
        patch.setattr(os, name, wrapped(getattr(os, name)))


def test_kill_at_every_moment_of_the_commit_is_mended_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every rename, unlink and rmdir of the commit is a moment at which the process may die; none loses a package."""
    out = write(tmp_path / "a")
    for moment in range(100):
        writer = PackageWriter(out).__enter__()
        _seal_boosting(writer)
        with monkeypatch.context() as patch:
            dying_after(moment, patch)
            try:
                writer.commit()
            except Killed:
                release(writer._lock)  # as the system does for a process that has died
            else:
                break
        check_output(out)
        with pytest.raises(RuntimeError), PackageWriter(out):
            raise RuntimeError
        assert names_in(tmp_path) == {"a"}, moment
        assert read_package(out).samples
    assert moment > 10


def test_leftover_of_the_swap_is_put_back_before_anything_else(tmp_path: Path):
    out = write(tmp_path / "a")
    out.rename(replaced_path(out))
    with pytest.raises(RuntimeError), PackageWriter(out):
        raise RuntimeError
    assert names_in(tmp_path) == {"a"}
    assert read_package(out)


def test_second_run_on_the_same_folder_is_refused_while_the_first_lives(tmp_path: Path):
    with PackageWriter(tmp_path / "a") as first:
        first.add_bytes("plan.yaml", b"first")
        with pytest.raises(PackageError, match="another run is writing there"), PackageWriter(tmp_path / "a"):
            pass
        assert (first.path / "plan.yaml").read_bytes() == b"first"
    assert names_in(tmp_path) == set()


def test_second_run_does_not_mix_with_the_first_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("credit_risk.package.output.fcntl", None)
    with PackageWriter(tmp_path / "a") as first:
        first.add_bytes("plan.yaml", b"first")
        with PackageWriter(tmp_path / "a") as second:
            with pytest.raises(PackageError, match="another run"):
                first.seal(model={}, source={}, snapshot={}, seeds={}, libraries={})
            _seal_boosting(second)
            second.commit()
    assert read_package(tmp_path / "a").read("plan.yaml") != b"first"
    assert names_in(tmp_path) == {"a"}
