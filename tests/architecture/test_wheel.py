"""What is in the wheel: the three packages with their schemas and templates, and nothing else."""

from __future__ import annotations

import email
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

from tests.architecture.sources import PACKAGES, tracked_files

BASE = {"numpy", "scipy", "pandas", "pyarrow", "jsonschema"}


def _metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_three_packages_only(built_wheel: Path) -> None:
    names = zipfile.ZipFile(built_wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []


def test_the_wheel_holds_every_file_of_the_packages(built_wheel: Path) -> None:
    names = set(zipfile.ZipFile(built_wheel).namelist())
    files = tracked_files(*PACKAGES)
    assert [path for path in files if path not in names] == []
    for copy in ("credit_risk/package/schemas", "validation/schemas", "docs_templates/schemas"):
        assert f"{copy}/model.schema.json" in names


def test_the_base_dependencies_are_the_validators_five(built_wheel: Path) -> None:
    requirements = [Requirement(text) for text in _metadata(built_wheel).get_all("Requires-Dist", [])]
    base = {r.name for r in requirements if r.marker is None or "extra" not in str(r.marker)}
    assert base == BASE
    assert set(_metadata(built_wheel).get_all("Provides-Extra", [])) == {
        "model",
        "documents",
        "exports",
        "postgres",
        "alerts",
        "inventory",
        "spark",
        "mlflow",
        "lineage",
        "all",
    }


def test_the_commands_and_the_licence(built_wheel: Path) -> None:
    with zipfile.ZipFile(built_wheel) as archive:
        (points,) = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
        text = archive.read(points).decode("utf-8")
        licences = [n for n in archive.namelist() if ".dist-info/licenses/" in n]
    assert "credit-risk = credit_risk.cli:program" in text
    assert "credit-validate = validation.cli:command" in text
    assert "credit-dossier = docs_templates.cli:main" in text
    assert {Path(name).name for name in licences} == {"LICENSE", "NOTICE"}
