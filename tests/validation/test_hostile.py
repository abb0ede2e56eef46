"""Packages made to do harm: each is refused with one clear error, and nothing is written or read outside."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_package import builders as b

from validation import ValidationInputError, cli, read_package, strict_json, validate
from validation.container import open_container
from validation.names import colliding, hostile, printable
from validation.tables import read_parquet


def codes(path: Path, data: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ValidationInputError) as caught:
        read_package(path, data)
    return caught.value.codes


def zipped(folder: Path, target: Path) -> Path:
    """The package as the zip that the format asks for."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*"), key=lambda item: item.relative_to(folder).as_posix()):
            if file.is_file():
                archive.writestr(zipfile.ZipInfo(file.relative_to(folder).as_posix()), file.read_bytes())
    return target


HOSTILE = [
    "../x", "a/../x", "/x", "a//x", "./x", "a/.", "C:x", "c:/x", "a\\x", "a\x00x", "a\nx", "a\x1b[2Jx", "a\x9bx",
    "evil\u202etxt.json", "con", "a/NUL.json", "Com1.txt", "lpt9", "aux .json", "a./x", "a /x", "a:stream", "x" * 256,
    "/".join(["y" * 200] * 6), "", "a\u2028x", "a\udc80x",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    assert hostile(name) is not None


@pytest.mark.parametrize("name", ["evidence/classing.table.Größe%2F.json", "console.json", "a.b/c-d_e~f.json", "nul0"])
def test_names_that_are_safe(name: str) -> None:
    assert hostile(name) is None


def test_names_that_differ_in_case_or_accents_alone() -> None:
    assert colliding(["a/B.json", "a/b.json", "x"]) == [("a/B.json", "a/b.json")]
    assert len(colliding(["caf\u00e9", "cafe\u0301"])) == 1
    assert colliding(["stra\u00dfe", "STRASSE"]) == [("STRASSE", "stra\u00dfe")]
    assert colliding(["a", "b"]) == []


@pytest.mark.parametrize("names", [HOSTILE[:8], HOSTILE[8:-3], HOSTILE[-3:-2], HOSTILE[-2:-1], HOSTILE[-1:]])
def test_hostile_names_in_the_manifest(package: Path, names: list[str]) -> None:
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    manifest["files"] |= {name: {"bytes": 1, "sha256": "0" * 64} for name in names}
    text = json.dumps(manifest, sort_keys=True, indent=2)
    (package / "manifest.json").write_text(text + "\n", "utf-8")
    assert set(codes(package)) & {"path_hostile", "json_invalid"}


def test_case_collision_in_a_folder(package: Path) -> None:
    (package / "MODEL.json").write_text("{}", "utf-8")
    if not (package / "model.json").samefile(package / "MODEL.json"):
        assert "path_hostile" in codes(package)


def test_file_name_that_is_no_text(package: Path) -> None:
    target = os.fsencode(package) + b"/evidence/\xff\x1b[31m.json"
    with open(target, "wb") as file:
        file.write(b"{}")
    with pytest.raises(ValidationInputError) as caught:
        read_package(package)
    told = str(caught.value)
    assert "path_hostile" in caught.value.codes
    assert "\x1b" not in told
    assert told.encode("utf-8")


def test_pipes_devices_and_links(package: Path, tmp_path: Path) -> None:
    os.mkfifo(package / "evidence" / "pipe.json")
    assert "file_extra" in codes(package)
    (package / "evidence" / "pipe.json").unlink()
    (package / "data" / "away").symlink_to(tmp_path)
    assert "symlink" in codes(package)
    (package / "data" / "away").unlink()
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(package)
    assert codes(pipe) == ("manifest_missing",)
    assert codes(link) == ("symlink",)
    assert codes(Path("/dev/zero")) == ("manifest_missing",)


@pytest.mark.parametrize("option", ["--data", "--policy"])
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
def test_files_named_by_the_user(package: Path, tmp_path: Path, option: str, kind: str) -> None:
    """A pipe or a device would be waited for or read without end."""
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    del manifest["files"]["data/snapshot.parquet"]
    manifest["snapshot"]["included"] = False
    (package / "data/snapshot.parquet").unlink()
    (package / "manifest.json").write_bytes(b.to_json(manifest))
    target = Path(kind) if kind.startswith("/") else tmp_path / kind
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    assert cli.main([str(package), option, str(target), "--quiet"]) == cli.REFUSED


def test_package_that_changes_while_it_is_read(package: Path) -> None:
    container = open_container(package)
    assert container.digest("model.json")
    text = (package / "model.json").read_text("utf-8")
    (package / "model.json").write_text(text.replace("Toy", "Tot"), "utf-8")
    with pytest.raises(ValidationInputError) as caught:
        container.read("model.json")
    assert caught.value.codes == ("hash_mismatch",)
    (package / "plan.json").unlink()
    with pytest.raises(ValidationInputError) as caught:
        container.read("plan.json")
    assert caught.value.codes == ("file_missing",)
    with (package / "verification.csv").open("a", encoding="utf-8") as file:
        file.write("more\n")
    with pytest.raises(ValidationInputError) as caught:
        container.read("verification.csv")
    assert caught.value.codes == ("hash_mismatch",)


def test_folders_nested_without_end(package: Path) -> None:
    (package / "/".join("d" * 60)).mkdir(parents=True)
    assert "path_hostile" in codes(package)


def test_folder_that_may_not_be_read(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    assert codes(package) == ("manifest_missing",)


def test_members_that_overlap(good_package: Path, tmp_path: Path) -> None:
    """A bomb by overlap: many names for the bytes of one member."""
    target = zipped(good_package, tmp_path / "toy.zip")
    data = bytearray(target.read_bytes())
    offsets = [place for place in range(len(data) - 46) if data[place : place + 4] == b"PK\x01\x02"]
    first, second = offsets[0], offsets[1]
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    target.write_bytes(bytes(data))
    assert "zip_invalid" in codes(target)


@pytest.mark.parametrize("field", [20, 24])
def test_sizes_that_lie(good_package: Path, tmp_path: Path, field: int) -> None:
    target = zipped(good_package, tmp_path / "toy.zip")
    data = bytearray(target.read_bytes())
    place = data.index(b"PK\x01\x02")
    data[place + field : place + field + 4] = struct.pack("<L", 4_000_000_000)
    target.write_bytes(bytes(data))
    assert "zip_invalid" in codes(target)


def test_directory_that_promises_too_many_members(tmp_path: Path) -> None:
    target = tmp_path / "many.zip"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**9, 10**9, 46 * 10**9, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    target.write_bytes(record + locator + end)
    assert codes(target) == ("zip_invalid",)


@pytest.mark.parametrize("kept", [0, 1, 3, 21, 100, 4000, -1, -22, -200])
def test_truncated_zip(good_package: Path, tmp_path: Path, kept: int) -> None:
    data = zipped(good_package, tmp_path / "whole.zip").read_bytes()
    target = tmp_path / "toy.zip"
    target.write_bytes(data[:kept])
    assert codes(target)


def test_member_kinds(good_package: Path, tmp_path: Path) -> None:
    for mode, code in ((0o120777, "symlink"), (0o010644, "zip_invalid"), (0o020666, "zip_invalid")):
        target = tmp_path / "toy.zip"
        with zipfile.ZipFile(target, "w") as archive:
            member = zipfile.ZipInfo("manifest.json")
            member.external_attr = mode << 16
            archive.writestr(member, (good_package / "manifest.json").read_bytes())
        assert code in codes(target)


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(ValidationInputError) as caught:
        read_parquet(data, "x.parquet", "snapshot_invalid", **limits)
    assert caught.value.codes == ("snapshot_invalid",)
    return str(caught.value)


def test_parquet_bomb_of_numbers() -> None:
    """60 million equal numbers take a quarter of a megabyte in the file and half a gigabyte in memory."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(60_000_000, dtype=np.int8)), pa.array([1.0]))
    data = parquet(pa.table({"x": column}), compression="zstd", store_schema=False)
    assert len(data) < 400_000
    assert "out of proportion" in refused(data)


def test_parquet_bomb_of_texts() -> None:
    """A long text written once and meant two thousand times."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2000, dtype=np.int8)), pa.array(["a" * 1_000_000]))
    data = parquet(pa.table({"x": column}), compression="zstd", store_schema=False)
    assert len(data) < 200_000
    assert "out of proportion" in refused(data)


def test_ordinary_texts_and_numbers_are_read_as_they_are() -> None:
    table = pa.table(
        {
            "_key": pa.array([1, 2, 3]),
            "x": pa.array([1.5, None, 2.0]),
            "t": pa.array(["a", None, "b"]),
            "large": pa.array(["a", "a", None], pa.large_string()),
            "none": pa.nulls(3),
        }
    )
    assert read_parquet(parquet(table), "x", "schema").equals(table)
    assert refused(parquet(table), rows=4)
    assert refused(parquet(table), most=2)


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.struct([("a", pa.float64())]), pa.binary(), pa.bool_()])
def test_other_types_are_refused_before_they_are_read(kind: pa.DataType) -> None:
    assert "neither float64" in refused(parquet(pa.table({"x": pa.nulls(3, kind)})))


@pytest.mark.parametrize("depth", [200, 900])
@pytest.mark.parametrize("name", ["model.json", "plan.json", "evidence/scorecard.fit.toy.json", "manifest.json"])
def test_json_nested_at_any_depth(package: Path, name: str, depth: int) -> None:
    value = json.loads((package / name).read_text("utf-8"))
    text = json.dumps({**value, "deep": 0}, sort_keys=True)
    (package / name).write_text(text.replace('"deep": 0', '"deep": ' + "[" * depth + "]" * depth), "utf-8")
    if name != "manifest.json":
        b.reseal(package)
    assert codes(package)


@pytest.mark.parametrize("text", [b'{"a": 1e400}', b'{"a": -1e400}', b'{"a": 1' + b"0" * 100_000 + b"}"])
def test_huge_numbers_in_json(text: bytes) -> None:
    with pytest.raises(ValidationInputError) as caught:
        strict_json.parse(text, "x.json")
    assert caught.value.codes == ("json_not_finite",)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [1e308, -1e308, 5e-324])
def test_huge_numbers_in_cells(package: Path, value: float) -> None:
    data = b.population(3000)
    for row in range(0, 3000, 7):
        data["INCOME"][row] = value
    (package / "data/snapshot.parquet").write_bytes(b.to_parquet(data))
    b.reseal(package)
    assert cli.main([str(package), "--quiet"]) == cli.FINDINGS


def test_huge_numbers_of_both_signs_overflow_nowhere(package: Path) -> None:
    """Their difference is no double: quantiles, ranges and means of them must be finite all the same."""
    data = b.population(3000)
    for row in range(3000):
        if row % 3:
            data["INCOME"][row] = (1.0 if row % 2 else -1.0) * (1.6e308 + 1e304 * (row % 97))
    (package / "data/snapshot.parquet").write_bytes(b.to_parquet(data))
    b.reseal(package)
    run = validate(read_package(package))  # where a warning of numpy is an error
    values = [one.value for one in run.battery if "INCOME" in one.test and one.outcome != "not_evaluable"]
    assert values
    assert np.isfinite(values).all()


INJECTED = "=cmd|' /C calc'!A0,<script>alert(1)</script>\x1b[31m\x9b2J](javascript:x) **b** \u202egnp"


def test_names_with_markup_and_escapes_are_told_without_effect(
    package: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["model"]["name"] = INJECTED

    b.change_json(package, "model.json", change)
    b.change_json(package, "manifest.json", change)
    status = cli.main([str(package)])
    told = capsys.readouterr().out
    assert status == cli.FINDINGS
    assert "\\x1b[31m\\x9b2J" in told
    assert not set("\x1b\x9b\u202e") & set(told)
    assert cli.main([str(package), "--json"]) == cli.FINDINGS
    told = capsys.readouterr().out
    assert not set("\x1b\x9b\u202e") & set(told)
    assert json.loads(told)["model"]["name"] == INJECTED


def test_printable_keeps_what_people_write() -> None:
    assert printable("Größe ≥ 5 – ok 日本") == "Größe ≥ 5 – ok 日本"
    assert printable("a\tb\x07") == "a\\x09b\\x07"


def escape_by_link(tmp: Path, package: Path) -> Path:
    (tmp / "way").symlink_to(package)
    return tmp / "way" / "annex"


@pytest.mark.parametrize(
    "place",
    [
        lambda tmp, package: package / "evidence",
        lambda tmp, package: package / "annex",
        lambda tmp, package: package,
        lambda tmp, package: tmp / "absent" / "annex",
        lambda tmp, package: package / "manifest.json",
        lambda tmp, package: package.parent / "toy" / "data" / ".." / "evil",
        escape_by_link,
    ],
)
def test_out_that_is_refused(package: Path, tmp_path: Path, place: Callable[[Path, Path], Path]) -> None:
    before = sorted(item.relative_to(package).as_posix() for item in package.rglob("*"))
    assert cli.main([str(package), "--out", str(place(tmp_path, package)), "--quiet"]) == cli.REFUSED
    assert sorted(item.relative_to(package).as_posix() for item in package.rglob("*")) == before


def test_out_that_is_a_link(package: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "annex").symlink_to(outside)
    assert cli.main([str(package), "--out", str(tmp_path / "annex"), "--quiet"]) == cli.REFUSED
    assert not list(outside.iterdir())


def test_links_planted_where_the_annex_is_prepared(package: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for word in ("partial", "earlier"):
        (package.parent / f".toy.validation.{word}").symlink_to(outside)
    assert cli.main([str(package), "--quiet"]) == cli.FINDINGS
    assert (package / "validation" / "findings.json").is_file()
    assert not list(outside.iterdir())


def test_zip_is_read_without_writing(good_package: Path, tmp_path: Path) -> None:
    target = zipped(good_package, tmp_path / "toy.zip")
    assert read_package(target).hash == read_package(good_package).hash
    assert [item.name for item in tmp_path.iterdir()] == ["toy.zip"]


def test_newer_formats(package: Path) -> None:
    for name in ("manifest.json", "model.json"):
        copy = package.parent / f"newer_{name.split('.')[0]}"
        shutil.copytree(package, copy)
        b.change_json(copy, name, lambda value: value.update(format_version="1.0"))
        assert "version_unknown" in codes(copy)
