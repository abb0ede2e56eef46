"""What each package may import: seen in the syntax trees, dynamic imports by literal string included."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.architecture.sources import PACKAGES, REPOSITORY, Source, imported_names, sources

# What the base dependencies bring: `referencing` is the reference resolver of jsonschema.
VALIDATOR = {"numpy", "scipy", "pandas", "pyarrow", "jsonschema", "referencing"}
NUMBA = {"numba"}  # optional accelerator of the validator: same results without it
DOCUMENTS = {
    *("markdown_it", "jsonschema", "referencing", "ruamel", "reportlab", "PIL", "bidi", "arabic_reshaper"),
    *("pikepdf", "pypdfium2", "docx", "lxml", "pyhanko", "pyhanko_certvalidator", "asn1crypto", "cryptography"),
}
ALLOWED = {"validation": VALIDATOR | NUMBA, "docs_templates": DOCUMENTS}


def _third_party(source: Source) -> list[tuple[int, str]]:
    return [
        (line, top)
        for line, name in imported_names(source)
        if (top := name.split(".")[0]) not in sys.stdlib_module_names and top != source.package
    ]


def test_there_is_something_to_look_at() -> None:
    assert {source.package for source in sources()} == set(PACKAGES)


def test_the_packages_do_not_import_each_other() -> None:
    faults = [
        f"{source.path}:{line} imports {top}"
        for source in sources()
        for line, top in _third_party(source)
        if top in PACKAGES
    ]
    assert faults == []


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_third_party_imports_are_those_allowed(package: str) -> None:
    faults = [
        f"{source.path}:{line} imports {top}"
        for source in sources()
        if source.package == package
        for line, top in _third_party(source)
        if top not in ALLOWED[package]
    ]
    assert faults == []


def test_reportlab_is_touched_in_render_only() -> None:
    faults = [
        f"{source.path}:{line}"
        for source in sources()
        if not source.path.startswith("docs_templates/render/")
        for line, name in imported_names(source)
        if name.split(".")[0] == "reportlab"
    ]
    assert faults == []


@pytest.mark.parametrize("name", ["optbinning", "ortools", "xgboost", "statsmodels", "matplotlib"])
def test_heavy_libraries_are_imported_lazily(name: str) -> None:
    """They take seconds, or belong to an extra: the import stands in a function, not at module level."""
    faults = []
    for source in sources():
        for statement in _run_at_import(source.tree):
            names = [alias.name for alias in statement.names]
            if isinstance(statement, ast.ImportFrom):
                names = [statement.module or ""]
            faults += [f"{source.path}:{statement.lineno}" for n in names if n.split(".")[0] == name]
    assert faults == []


def _run_at_import(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Import statements that run when the module is imported (not those under TYPE_CHECKING)."""
    found: list[ast.Import | ast.ImportFrom] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def test_dynamic_and_relative_imports_are_seen() -> None:
    text = (
        "import importlib\n"
        "def f():\n"
        "    importlib.import_module('credit_risk.plan')\n"
        "    __import__('docs_templates')\n"
        "    from .. import reader\n"
    )
    source = Source("validation/rebuild/toy.py", text, ast.parse(text))
    assert {name for _, name in imported_names(source)} == {
        "importlib",
        "credit_risk.plan",
        "docs_templates",
        "validation",
    }


def test_py_typed_is_there() -> None:
    assert [p for p in PACKAGES if not (REPOSITORY / p / "py.typed").is_file()] == []
