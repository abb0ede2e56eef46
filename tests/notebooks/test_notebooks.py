"""Every notebook runs as a reader would run it, from a stripped file, with public names only."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
OURS = {"credit_risk", "validation", "docs_templates"}
OPEN_TO_NOTEBOOKS = {"credit_risk", "validation"}
SECONDS_PER_CELL = 300
INLINE = "module://matplotlib_inline.backend_inline"  # the suite asks for Agg, which shows no figures

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


# --------------------------------------------------------------------------------------------------- as stored
def test_there_are_notebooks() -> None:
    assert "01_develop_a_scorecard" in [path.stem for path in NOTEBOOKS]


@every_notebook
def test_outputs_are_stripped_and_metadata_is_bare(path: Path) -> None:
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [cell["id"] for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in notebook["cells"] if cell["metadata"]] == []


@every_notebook
def test_no_path_of_a_machine_is_in_it(path: Path) -> None:
    assert re.findall(r"(?:/home/|/root/|/Users/|/tmp/|[A-Z]:\\\\)[^\"\s]*", path.read_text(encoding="utf-8")) == []


# ------------------------------------------------------------------------------------------- public names only
def faults_of(text: str) -> list[str]:
    """Imports of what is not public, and uses of names that `credit_risk` or `validation` do not offer."""
    tree = ast.parse(re.sub(r"^[%!].*$", "", text, flags=re.MULTILINE))
    aliases: dict[str, str] = {}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] in OURS and name.name not in OPEN_TO_NOTEBOOKS:
                    found.append(f"import {name.name}")
                aliases[name.asname or name.name] = name.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS:
            offered = offers(str(node.module)) if node.module in OPEN_TO_NOTEBOOKS else []
            found += [f"from {node.module} import {n.name}" for n in node.names if n.name not in offered]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr.startswith("_"):
                found.append(f".{node.attr}")
            if isinstance(node.value, ast.Name) and aliases.get(node.value.id) in OPEN_TO_NOTEBOOKS:
                package = aliases[node.value.id]
                found += [] if node.attr in offers(package) else [f"{package}.{node.attr}"]
    return found


def offers(package: str) -> list[str]:
    return list(__import__(package).__all__)


@every_notebook
def test_public_names_only(path: Path) -> None:
    assert faults_of("\n".join(source(cell) for cell in code_cells(read(path)))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import credit_risk as cr\ncr.develop(cr.read_plan('x')).contents", []),
        ("import credit_risk._core", ["import credit_risk._core"]),
        ("import credit_risk.display", ["import credit_risk.display"]),
        ("from credit_risk.scaling import points", ["from credit_risk.scaling import points"]),
        ("from credit_risk import auc, _core", ["from credit_risk import _core"]),
        ("import docs_templates", ["import docs_templates"]),
        ("import credit_risk as cr\ncr.lifecycle", ["credit_risk.lifecycle"]),
        ("plan._path", ["._path"]),
    ],
)
def test_the_check_finds_private_names(text: str, found: list[str]) -> None:
    assert faults_of(text) == found


# ------------------------------------------------------------------------------------------------------- as run
@pytest.fixture(scope="module")
def execute(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any, Path], Any]:
    """execute(notebook, folder): run it in a kernel of this interpreter, as Jupyter would start it in `folder`."""
    reason = "needs nbclient and ipykernel, see the dependency group `test`"
    nbclient = pytest.importorskip("nbclient", reason=reason)
    pytest.importorskip("ipykernel", reason=reason)
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    scratch = tmp_path_factory.mktemp("notebooks")
    path = os.pathsep.join(part for part in (str(REPOSITORY), os.environ.get("PYTHONPATH", "")) if part)
    environment = os.environ | {
        "MPLBACKEND": INLINE,
        "PYTHONPATH": path,
        "TMPDIR": str(scratch),
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
    }

    def run(notebook: Any, folder: Path) -> Any:
        specs = KernelSpecManager(kernel_dirs=[])  # ipykernel's own: sys.executable, whatever is installed for the user
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        client = nbclient.NotebookClient(
            notebook, km=manager, timeout=SECONDS_PER_CELL, resources={"metadata": {"path": str(folder)}}
        )
        return client.execute(env=environment, cleanup_kc=True)  # ends the kernel and closes its sockets

    return run


@every_notebook
def test_notebook_runs(path: Path, execute: Callable[[Any, Path], Any]) -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = execute(nbformat.read(path, as_version=4), path.parent)
    outputs = [(cell["id"], output) for cell in code_cells(notebook) for output in cell["outputs"]]
    assert [(cell, o["evalue"]) for cell, o in outputs if o["output_type"] == "error"] == []
    assert [(cell, o["text"]) for cell, o in outputs if o.get("name") == "stderr"] == []
    for cell in code_cells(notebook):
        pictures = sum("image/png" in output.get("data", {}) for output in cell["outputs"])
        assert pictures == source(cell).count(".plot("), f"figures shown by {cell['id']}"


@every_notebook
def test_notebook_finds_its_data_from_the_repository_root(path: Path, execute: Callable[[Any, Path], Any]) -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = code_cells(notebook)[:1]
    assert any(f"import {package}" in source(notebook.cells[0]) for package in OPEN_TO_NOTEBOOKS)
    execute(notebook, REPOSITORY)
