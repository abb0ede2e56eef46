"""One corpus, two readers that share no code: the same verdict on every package, with the codes that are due."""

from __future__ import annotations

import filecmp
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from credit_risk._core.errors import PackageError
from credit_risk.package import read_package, write_zip
from tests.contract import make_corpus
from tests.contract.corpus_recipes import CORPUS, build, recipes, write_archive

CODES = {
    "json_invalid",
    "json_duplicate_key",
    "json_not_finite",
    "schema",
    "version_unknown",
    "step_unknown",
    "hash_mismatch",
    "size_mismatch",
    "file_missing",
    "file_extra",
    "path_hostile",
    "symlink",
    "bins_overlap",
    "bins_gap",
    "bins_order",
    "bin_ids",
    "missing_bin",
    "unseen_bin",
    "category_repeated",
    "special_repeated",
    "name_repeated",
    "name_unknown",
    "tree_shape",
    "attribution_shape",
    "calibration_order",
    "grades_order",
    "annex_other_package",
    "zip_invalid",
    "snapshot_invalid",
    "verification_invalid",
    "manifest_missing",
    "evidence_unknown",
    "model_id_mismatch",
}
RECIPES = recipes()
VALID = sorted(path.name for path in (CORPUS / "valid").iterdir())


def codes_of_developer(path: Path) -> set[str]:
    try:
        read_package(path)
    except PackageError as error:
        return {fault.code for fault in error.faults}
    return set()


def codes_of_validator(path: Path) -> set[str]:
    import validation
    from validation.errors import ValidationInputError

    try:
        validation.read_package(path)
    except ValidationInputError as error:
        return {fault.code for fault in error.faults}
    return set()


READERS: dict[str, Callable[[Path], set[str]]] = {
    "credit_risk": codes_of_developer,
    "validation": codes_of_validator,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", VALID)
def test_valid_package_is_accepted_as_folder_and_as_zip(name: str, reader: str, tmp_path: Path):
    package = CORPUS / "valid" / name
    assert READERS[reader](package) == set()
    assert READERS[reader](write_archive(package, tmp_path / "package.zip", {})) == set()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", RECIPES)
def test_invalid_package_is_refused_for_the_stated_reasons(name: str, reader: str, tmp_path: Path):
    recipe = RECIPES[name]
    found = READERS[reader](build(recipe, tmp_path))
    assert set(recipe["expected_codes"]) <= found, f"{recipe['why']}: found {sorted(found)}"
    assert found <= CODES


def test_every_code_of_the_contract_has_a_case():
    assert {code for recipe in RECIPES.values() for code in recipe["expected_codes"]} == CODES


def test_corpus_is_what_its_script_writes(tmp_path: Path):
    """JSON and CSV byte for byte; Parquet by what it reads back, since its bytes change with the library."""
    make_corpus.main(tmp_path)
    for name in VALID:
        made, kept = tmp_path / name, CORPUS / "valid" / name
        texts = {p.relative_to(kept).as_posix() for p in kept.rglob("*") if p.is_file()}
        assert texts == {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
        hashed = {"manifest.json", "exports/manifest.json", "validation/manifest.json"}
        for text in sorted(t for t in texts - hashed if not t.endswith(".parquet")):
            assert filecmp.cmp(made / text, kept / text, shallow=False), text
        new, old = read_package(made), read_package(kept)
        for sample in old.samples:
            assert new.predictions(sample).equals(old.predictions(sample))
        if old.manifest["snapshot"]["included"]:
            assert new.snapshot().equals(old.snapshot())


def test_our_zip_is_the_zip_that_the_specification_describes(tmp_path: Path):
    package = CORPUS / "valid" / "scorecard"
    ours = write_zip(package, tmp_path / "a.zip")
    again = write_zip(package, tmp_path / "b.zip")
    assert ours.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(ours) as archive:
        members = archive.infolist()
        assert [m.filename for m in members] == sorted(m.filename for m in members)
        assert {m.date_time for m in members} == {(1980, 1, 1, 0, 0, 0)}
        assert {m.compress_type for m in members} == {zipfile.ZIP_STORED}
    assert codes_of_validator(ours) == set()
    folder, packed = read_package(package), read_package(ours)
    assert folder.package_hash == packed.package_hash
    assert folder.evidence == packed.evidence
    assert folder.snapshot().equals(packed.snapshot())
