"""The Python sources of the three packages, parsed once for the tests of this folder."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("credit_risk", "validation", "docs_templates")
IMPORT_FUNCTIONS = {"import_module", "__import__", "find_spec", "run_module", "module"}


@dataclass(frozen=True)
class Source:
    """One module: its path from the root of the checkout, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def is_command_line(self) -> bool:
        """Whether this is `PACKAGE/cli.py`, below `PACKAGE/cli/`, or one of the scripts below `PACKAGE/scripts/`."""
        return self.path.split("/")[1] in ("cli", "cli.py", "scripts")


@functools.cache
def sources() -> tuple[Source, ...]:
    """All modules of the three packages, in order of path."""
    found = []
    for package in PACKAGES:
        for file in sorted((REPOSITORY / package).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            path = file.relative_to(REPOSITORY).as_posix()
            found.append(Source(path, text, ast.parse(text, filename=path)))
    return tuple(found)


def imported_names(source: Source) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of each import, those by literal string included, at any depth of the module."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, _absolute(source, node)
        elif isinstance(node, ast.Call) and _called(node) in IMPORT_FUNCTIONS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parents = source.path.split("/")[: -node.level]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def tracked_files(*folders: str) -> list[str]:
    """Paths of the files in the checkout that git tracks or would track, from its root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    paths = listed.stdout.decode("utf-8").split("\0")
    return sorted({path for path in paths if path and (REPOSITORY / path).is_file()})
