"""Every test that README.md names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (Path(__file__).parent / "README.md").read_text("utf-8"))


def test_every_named_test_exists() -> None:
    assert len(NAMED) > 25
    absent = []
    for file, name in NAMED:
        path = ROOT / file
        found = {n.name for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)}
        if name and name not in found:
            absent.append(f"{file}::{name}")
    assert absent == []
