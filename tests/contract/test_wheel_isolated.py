"""The validator from the built wheel, where nothing is installed but it and its five base dependencies."""

from __future__ import annotations

import importlib.metadata as metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SOURCE = Path(__file__).parents[2] / "scorecards/taiwan_credit/taiwan_credit.csv.gz"
MODELLING_STACK = (
    "statsmodels",
    "sklearn",
    "xgboost",
    "optbinning",
    "ortools",
    "shap",
    "pydantic",
    "yaml",
    "ruamel",
    "matplotlib",
    "reportlab",
    "jinja2",
    "numba",
)


def _requirements(name: str) -> Iterator[str]:
    """Names that the installed distribution needs here, without extras."""
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def _wheel_requirements(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        lines = archive.read(name).decode("utf-8").splitlines()
    found = [Requirement(line.split(":", 1)[1]) for line in lines if line.startswith("Requires-Dist:")]
    return {canonicalize_name(r.name) for r in found if r.marker is None or r.marker.evaluate({"extra": ""})}


def _closure(names: set[str]) -> set[str]:
    complete: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        complete.add(name)
        waiting |= set(_requirements(name)) - complete
    return complete


def _link_distribution(name: str, site: Path) -> None:
    """Put the files of an installed distribution into another site-packages: the locked versions, no download."""
    for file in metadata.files(name) or []:
        if ".." in file.parts or file.suffix == ".pyc":
            continue  # scripts and caches
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.symlink_to(Path(str(file.locate())).resolve())
        except OSError:  # Windows without the right to make links
            shutil.copyfile(str(file.locate()), target)


class Isolated:
    """An environment with the wheel and the base dependencies, and how to run something in it."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True, timeout=300)
        scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.python = scripts / "python"
        self.command = scripts / "credit-validate"
        site = Path(self.run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        self.base = _closure(_wheel_requirements(wheel))
        for name in sorted(self.base):
            _link_distribution(name, site)
        pip = ("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check")
        self.run(self.python, *pip, str(wheel))

    def finish(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run to the end, outside the checkout and without the variables that could lead back to it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "COV"))}
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=kept | {"PYTHONNOUSERSITE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def run(self, *command: str | Path) -> str:
        finished = self.finish(*command)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory, built_wheel: Path) -> Isolated:
    return Isolated(tmp_path_factory.mktemp("isolated"), built_wheel)


def test_only_the_base_is_installed(isolated: Isolated) -> None:
    listed = json.loads(isolated.run(isolated.python, "-m", "pip", "list", "--format", "json"))
    names = {canonicalize_name(entry["name"]) for entry in listed} - {"pip", "setuptools"}
    assert names == isolated.base | {"credit-risk-lifecycle"}
    assert "No broken requirements" in isolated.run(isolated.python, "-m", "pip", "check")


def test_the_modelling_stack_is_not_there(isolated: Isolated) -> None:
    program = (
        f"import importlib.util as u; print([name for name in {MODELLING_STACK!r} if u.find_spec(name) is not None])"
    )
    assert isolated.run(isolated.python, "-c", program).strip() == "[]"


def test_the_installed_validator_validates_a_package(isolated: Isolated, taiwan_package: Path, tmp_path: Path) -> None:
    """Same findings as the run in the full environment; the core stays as it was."""
    package = tmp_path / "package"
    shutil.copytree(taiwan_package, package)
    before = json.loads((package / "validation" / "findings.json").read_text(encoding="utf-8"))
    shutil.rmtree(package / "validation")
    sealed = (package / "manifest.json").read_bytes()

    finished = isolated.finish(isolated.command, package, "--source", SOURCE, "--no-r")

    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    after = json.loads((package / "validation" / "findings.json").read_text(encoding="utf-8"))
    assert after["package_hash"] == before["package_hash"]
    assert after["policy"] == before["policy"]
    assert [(f["test"], f["severity"]) for f in after["findings"]] == [
        (f["test"], f["severity"]) for f in before["findings"]
    ]
    assert [(c["test"], c["outcome"], c["compared"]) for c in after["coverage"]] == [
        (c["test"], c["outcome"], c["compared"]) for c in before["coverage"]
    ]
    assert any(c["outcome"] == "pass" and c["compared"] > 0 for c in after["coverage"])
    assert (package / "manifest.json").read_bytes() == sealed


def test_a_broken_package_is_refused(isolated: Isolated, tmp_path: Path) -> None:
    """Exit status 2, one message, nothing written."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "manifest.json").write_text('{"format": NaN}\n', encoding="utf-8")
    finished = isolated.finish(isolated.command, package)
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    assert sorted(path.name for path in package.iterdir()) == ["manifest.json"]
