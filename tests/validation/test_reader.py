"""The strict reader: a good package passes, each kind of bad input is told with its code."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_package import builders as b

from validation import ValidationInputError, read_package, strict_json


def codes(path: Path) -> tuple[str, ...]:
    with pytest.raises(ValidationInputError) as caught:
        read_package(path)
    return caught.value.codes


def test_good_package_is_read(good_package: Path) -> None:
    package = read_package(good_package)
    assert len(package.snapshot) == 3000
    assert set(package.predictions) == {("toy", "development"), ("toy", "out_of_sample")}
    assert package.verification.rows == 10
    assert package.champion_id == "toy"


def test_same_package_as_zip(good_package: Path, tmp_path: Path) -> None:
    target = tmp_path / "toy.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(good_package.rglob("*"), key=lambda item: item.relative_to(good_package).as_posix()):
            if file.is_file():
                archive.writestr(zipfile.ZipInfo(file.relative_to(good_package).as_posix()), file.read_bytes())
    assert read_package(target).hash == read_package(good_package).hash


def test_compressed_zip_is_refused(good_package: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "toy"), "zip", good_package)
    assert "zip_invalid" in codes(tmp_path / "toy.zip")


@pytest.mark.parametrize("name", ["../evil.json", "a\\b.json", "/abs.json", "a//b.json", "C:/x.json"])
def test_hostile_zip_member_is_refused(good_package: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "toy.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(good_package / "manifest.json", "manifest.json")
        archive.writestr(zipfile.ZipInfo(name), b"{}")
    assert "path_hostile" in codes(target)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"a": NaN}', "json_not_finite"),
        (b'{"a": -Infinity}', "json_not_finite"),
        (b'{"a": 1e999}', "json_not_finite"),
        (b'{"a": 1' + b"0" * 400 + b"}", "json_not_finite"),
        (b'{"a": 1, "a": 1}', "json_duplicate_key"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "json_duplicate_key"),
        (b'\xef\xbb\xbf{"a": 1}', "json_invalid"),
        (b'{"a": "\xff"}', "json_invalid"),
        (b'{"a": "\\ud800"}', "json_invalid"),
        (b'{"a": 1', "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b"", "json_invalid"),
    ],
)
def test_strict_json_refuses(text: bytes, code: str) -> None:
    with pytest.raises(ValidationInputError) as caught:
        strict_json.parse(text, "x.json")
    assert caught.value.codes == (code,)


def test_strict_json_keeps_integers_and_floats_apart() -> None:
    value = strict_json.parse(b'{"a": 1, "b": 1.0}', "x.json")
    assert type(value["a"]) is int
    assert type(value["b"]) is float


def test_hash_size_missing_extra_are_told_at_once(package: Path) -> None:
    (package / "plan.yaml").write_bytes(b"model: {id: tox}\n")
    (package / "evidence/scorecard.fit.toy.json").write_bytes(b"{}\n")
    (package / "verification.csv").unlink()
    (package / "notes.txt").write_text("x", "utf-8")
    assert codes(package) == ("file_extra", "file_missing", "hash_mismatch", "schema", "size_mismatch")


def test_symlink_is_refused(package: Path) -> None:
    (package / "evidence" / "link.json").symlink_to(package / "plan.json")
    assert "symlink" in codes(package)


def test_no_manifest(tmp_path: Path) -> None:
    assert codes(tmp_path) == ("manifest_missing",)


def _set(path: str, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        parts = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parts[:-1]:
            document = document[part]
        document[parts[-1]] = value

    return change


def _delete(path: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        parts = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parts[:-1]:
            document = document[part]
        del document[parts[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set("format_version", "0.2"), "version_unknown"),
        (_set("steps/3/type", "pickle"), "step_unknown"),
        (_set("steps/0/bins/0/woe", None), "schema"),
        (_set("steps/0/bins/0/id", 0.0), "schema"),
        (_set("steps/0/bins/0/colour", "red"), "schema"),
        (_set("steps/0/bins/1/lower", 20.0), "bins_overlap"),
        (_set("steps/0/bins/1/lower", 30.0), "bins_gap"),
        (_set("steps/0/bins/0/lower", 0.0), "bins_gap"),
        (_set("steps/0/bins/1/upper", 20.0), "bins_order"),
        (_set("steps/0/bins/1/id", 7), "bin_ids"),
        (_delete("steps/0/bins/5"), "missing_bin"),
        (_delete("steps/1/bins/3"), "unseen_bin"),
        (_set("steps/1/bins/1/values", ["south", "north"]), "category_repeated"),
        (_set("steps/0/bins/4/codes", [-9.0, -9]), "special_repeated"),
        (_set("steps/1/output_woe", "woe(INCOME)"), "name_repeated"),
        (_set("steps/1/id", "classing_INCOME"), "name_repeated"),
        (_set("steps/3/input", "nothing"), "name_unknown"),
        (_set("outputs/score", "nothing"), "name_unknown"),
        (_set("outputs/score", "reasons"), "schema"),
        (_set("model/id", "other"), "model_id_mismatch"),
    ],
)
def test_changed_model_is_refused(package: Path, change: Callable[[Any], None], code: str) -> None:
    b.change_json(package, "model.json", change)
    assert code in codes(package)


def test_step_before_its_input(package: Path) -> None:
    b.change_json(package, "model.json", lambda model: model["steps"].reverse())
    assert "name_unknown" in codes(package)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set("id", "model.nonsense"), "evidence_unknown"),
        (_set("columns/0/unit", "share"), "evidence_unknown"),
        (_set("rows/0/0", 3), "schema"),
        (_set("rows/0", ["one"]), "schema"),
        (_set("rows/0/1", float("nan")), "json_not_finite"),
    ],
)
def test_changed_evidence_is_refused(package: Path, change: Callable[[Any], None], code: str) -> None:
    b.change_json(package, "evidence/scorecard.fit.toy.json", change)
    assert code in codes(package)


def test_snapshot_faults(package: Path) -> None:
    data = b.population(3000)
    data["_key"][1] = data["_key"][0]
    data["_sample"][5] = "holdout"
    data["_outcome"][6] = 2.0
    data["_weight"][7] = -1.0
    (package / "data/snapshot.parquet").write_bytes(b.to_parquet(data))
    b.reseal(package)
    with pytest.raises(ValidationInputError) as caught:
        read_package(package)
    assert {fault.path for fault in caught.value.faults} == {"_key", "_sample", "_outcome", "_weight"}


@pytest.mark.parametrize("data", [b"", b"PAR1", b"nonsense" * 100])
def test_unreadable_snapshot(package: Path, data: bytes) -> None:
    (package / "data/snapshot.parquet").write_bytes(data)
    b.reseal(package)
    assert codes(package) == ("snapshot_invalid",)


def test_snapshot_elsewhere(package: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot.parquet"
    shutil.move(package / "data/snapshot.parquet", snapshot)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    del manifest["files"]["data/snapshot.parquet"]
    manifest["snapshot"]["included"] = False
    (package / "manifest.json").write_bytes(b.to_json(manifest))
    assert read_package(package).snapshot is None
    assert len(read_package(package, snapshot).snapshot) == 3000
    snapshot.write_bytes(snapshot.read_bytes() + b" ")
    with pytest.raises(ValidationInputError) as caught:
        read_package(package, snapshot)
    assert caught.value.codes == ("hash_mismatch",)


@pytest.mark.parametrize("header", ["case,in:INCOME", ""])
def test_verification_header(package: Path, header: str) -> None:
    text = (package / "verification.csv").read_text("utf-8").split("\n", 1)[1]
    (package / "verification.csv").write_text(header + "\n" + text, "utf-8")
    b.reseal(package)
    assert codes(package) == ("verification_invalid",)


def test_annex_of_another_package(package: Path) -> None:
    folder = package / "exports"
    folder.mkdir()
    (folder / "x.sql").write_text("select 1\n", "utf-8")
    entry = {"bytes": 9, "sha256": "0" * 64}
    annex = {
        "format": "credit-risk-annex",
        "format_version": "0.1",
        "kind": "exports",
        "package_hash": "2" * 64,
    }
    annex |= {"producer": "hand", "created": "2026-01-01T00:00:00Z", "files": {"x.sql": entry}}
    (folder / "manifest.json").write_bytes(b.to_json(annex))
    assert codes(package) == ("annex_other_package", "hash_mismatch")


@pytest.mark.parametrize(("depth", "accepted"), [(20, True), (400, False)])
def test_deep_nesting_is_a_fault_not_a_crash(package: Path, depth: int, accepted: bool) -> None:
    def change(model: dict[str, Any]) -> None:
        node: dict[str, Any] = {"ref": "INCOME"}
        for _ in range(depth):
            node = {"op": "negate", "args": [node]}
        step = {"id": "d", "type": "derive", "output": "d", "value_type": "number", "expression": node}
        model["steps"].insert(0, step)

    b.change_json(package, "model.json", change)
    if accepted:
        assert read_package(package).model["steps"][0]["id"] == "d"
    else:
        assert codes(package) == ("schema",)
