"""The reader's result, annexes and archives; refusals are in tests/contract/test_corpus.py."""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from credit_risk._core.errors import PackageError
from credit_risk.package import read_package, write_annex, write_zip
from credit_risk.package import source as source_module
from tests.contract import corpus_models
from tests.contract.corpus_recipes import CORPUS, build, recipes

VALID = CORPUS / "valid"


def clock() -> datetime:
    return datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(VALID / "scorecard", tmp_path / "package"))


def codes(path: Path) -> set[str]:
    with pytest.raises(PackageError) as error:
        read_package(path)
    return {fault.code for fault in error.value.faults}


def test_package_gives_its_models_tables_and_evidence():
    package = read_package(VALID / "scorecard")
    assert package.model == corpus_models.scorecard()
    assert list(package.challengers) == ["boosting"]
    assert package.samples == ("development", "out_of_sample")
    assert package.evidence["authored.purpose"]["text"] == "To test readers."
    assert package.snapshot()["housing"].tolist()[:2] == ["rent", "own"]
    assert package.snapshot()["_outcome"].isna().sum() == 1
    both = pd.concat([package.predictions(sample) for sample in package.samples])
    assert sorted(both["_key"]) == package.snapshot()["_key"].tolist()
    assert package.predictions("development", "boosting").columns.tolist() == ["_key", "linear_score", "probability"]


def test_verification_gives_points_that_add_up_to_the_score():
    cases = read_package(VALID / "scorecard").verification()
    points = cases.filter(like="points:").sum(axis=1) + 480.0
    assert points.tolist() == cases["score"].tolist()
    assert cases["in:housing"].isna().sum() == 1


def test_data_that_did_not_travel_are_told_so():
    package = read_package(VALID / "every_step")
    with pytest.raises(PackageError, match="is not in this package"):
        package.snapshot()
    with pytest.raises(PackageError, match="is not in this package"):
        package.predictions("out_of_time")


def test_file_changed_after_opening_is_told(package: Path):
    opened = read_package(package)
    (package / "verification.csv").write_text("changed")
    with pytest.raises(PackageError) as error:
        opened.verification()
    assert error.value.faults[0].code == "hash_mismatch"


def test_notebook_summary_is_escaped(package: Path):
    opened = read_package(package)
    opened.manifest["model"]["name"] = "<script>"
    assert "&lt;script&gt;" in opened._repr_html_()
    assert opened.package_hash in opened._repr_html_()


@pytest.mark.parametrize("name", ["hash_wrong", "woe_null", "tree_cycle"])
def test_message_names_file_place_and_remedy_or_values(name: str, tmp_path: Path):
    with pytest.raises(PackageError) as error:
        read_package(build(recipes()[name], tmp_path))
    for fault in error.value.faults:
        assert fault.file
        assert str(fault).startswith(fault.file)


def test_path_that_is_not_there(tmp_path: Path):
    assert codes(tmp_path / "nothing") == {"manifest_missing"}
    assert codes(tmp_path) == {"manifest_missing"}


# ------------------------------------------------------------------------------------------------------- annexes
def test_annex_cites_the_package_and_replaces_one_of_its_kind(package: Path):
    (package / "exports" / "old.txt").write_text("x")
    assert codes(package) == {"file_extra"}
    folder = write_annex(package, "exports", {"model.pmml": b"<a/>", "sub/b.txt": b"b"}, "test", clock)
    assert folder == package / "exports"
    assert sorted(p.name for p in folder.rglob("*") if p.is_file()) == ["b.txt", "manifest.json", "model.pmml"]
    assert '"created": "2026-01-31T12:00:00Z"' in (folder / "manifest.json").read_text()
    assert read_package(package)
    assert [p.name for p in package.parent.iterdir()] == ["package"]


@pytest.mark.parametrize(
    ("kind", "files", "code"),
    [
        ("pictures", {"a": b""}, "annex_kind"),
        ("exports", {"../a": b""}, "path_hostile"),
        ("exports", {"manifest.json": b""}, "path_hostile"),
        ("exports", {}, "schema"),
    ],
)
def test_annex_that_breaks_the_format_is_refused(kind: str, files: dict[str, bytes], code: str, package: Path):
    with pytest.raises(PackageError) as error:
        write_annex(package, kind, files, "test", clock)
    assert error.value.faults[0].code == code
    assert read_package(package)
    assert [p.name for p in package.parent.iterdir()] == ["package"]


def test_signatures_are_written_once(package: Path):
    write_annex(package, "signatures", {"a.json": b"{}"}, "test", clock)
    with pytest.raises(PackageError, match="never replaced"):
        write_annex(package, "signatures", {"a.json": b"{}"}, "test", clock)
    assert read_package(package)


def test_annex_of_something_that_is_no_package(tmp_path: Path):
    with pytest.raises(PackageError, match="not the folder of a model package"):
        write_annex(tmp_path, "exports", {"a": b""}, "test", clock)


def test_failed_annex_leaves_the_old_one(package: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("credit_risk.package.annex.write_file", full)
    with pytest.raises(PackageError) as error:
        write_annex(package, "exports", {"a": b""}, "test", clock)
    assert error.value.faults[0].code == "disk_full"
    assert read_package(package)
    assert [p.name for p in package.parent.iterdir()] == ["package"]


# ------------------------------------------------------------------------------------------------------ archives
def test_zip_is_not_written_from_an_invalid_package_or_into_one(package: Path, tmp_path: Path):
    with pytest.raises(PackageError, match="inside the package"):
        write_zip(package, package / "a.zip")
    (package / "notes.txt").write_text("x")
    with pytest.raises(PackageError, match="not listed"):
        write_zip(package, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_zip_bomb_is_refused_without_being_unfolded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(50_000_000))
    assert bomb.stat().st_size < 100_000

    def never(*_: object) -> bytes:
        raise AssertionError("a refused archive is not read")

    monkeypatch.setattr(zipfile.ZipFile, "read", never)
    monkeypatch.setattr(zipfile.ZipFile, "open", never)
    assert codes(bomb) == {"zip_invalid"}


def test_archive_with_overlapping_members_is_refused(tmp_path: Path):
    """Two directory entries of one stored member: the sum of the sizes is more than the file."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), bytes(100_000))
        for name in ("b", "c", "d"):
            copy = zipfile.ZipInfo(name)
            copy.header_offset, copy.file_size, copy.compress_size = 0, 100_000, 100_000
            copy.CRC = archive.infolist()[0].CRC
            archive.filelist.append(copy)
            archive.NameToInfo[name] = copy
        archive._didModify = True
    (tmp_path / "a.zip").write_bytes(sink.getvalue())
    assert codes(tmp_path / "a.zip") == {"zip_invalid"}


def test_archive_with_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(source_module, "MAXIMUM_MEMBERS", 3)
    write = tmp_path / "a.zip"
    with zipfile.ZipFile(write, "w") as archive:
        for number in range(4):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    assert codes(write) == {"zip_invalid"}


def test_a_damaged_archive_is_refused_or_harmless(tmp_path: Path):
    """One flipped byte: refused with a package error, or in a place that changes nothing; never another error."""
    whole = write_zip(VALID / "boosting", tmp_path / "a.zip").read_bytes()
    package_hash = read_package(VALID / "boosting").package_hash
    refused = 0
    for position in range(0, len(whole), 97):
        (tmp_path / "b.zip").write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            assert read_package(tmp_path / "b.zip").package_hash == package_hash, position
        except PackageError:
            refused += 1
    assert refused > 50
