"""Sizes that keep a module one idea, and habits that a reader may rely on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import Source, sources

MODULE_LINES = 600
FUNCTION_LINES = 60
PUBLIC_METHODS = 12

# "path::function": why it is one piece. Solver loops only.
LONG_FUNCTIONS: dict[str, str] = {}

PRINTING = {"print", "input"}
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_CALLS = {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque"}
UNSAFE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _all_functions() -> list[tuple[Source, str, Function]]:
    return [(source, name, node) for source in sources() for name, node in _functions(source.tree)]


def _lines(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def test_modules_are_short() -> None:
    counts = {source.path: len(source.text.splitlines()) for source in sources()}
    assert {path: count for path, count in counts.items() if count > MODULE_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {f"{source.path}::{name}": _lines(node) for source, name, node in _all_functions()}
    long = {name: length for name, length in lengths.items() if length > FUNCTION_LINES}
    assert {name: length for name, length in long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "an exemption that is no longer needed"


def test_classes_have_few_public_methods() -> None:
    faults = {}
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                public = [m for m in node.body if isinstance(m, Function) and not m.name.startswith("_")]
                if len(public) > PUBLIC_METHODS:
                    faults[f"{source.path}::{node.name}"] = len(public)
    assert faults == {}


def test_nothing_but_the_command_lines_prints() -> None:
    faults = []
    for source in sources():
        if source.is_command_line:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PRINTING:
                faults.append(f"{source.path}:{node.lineno} {node.func.id}")
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"):
                faults.append(f"{source.path}:{node.lineno} {ast.unparse(node)}")
    assert faults == []


def test_no_mutable_defaults() -> None:
    faults = []
    for source, name, node in _all_functions():
        defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        for default in defaults:
            called = isinstance(default, ast.Call) and ast.unparse(default.func).split(".")[-1]
            if isinstance(default, MUTABLE) or called in MUTABLE_CALLS:
                faults.append(f"{source.path}:{default.lineno} {name}")
    assert faults == []


def test_no_pickle_anywhere() -> None:
    faults = []
    for source in sources():
        for node in ast.walk(source.tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Attribute) and node.attr in ("read_pickle", "to_pickle"):
                names = ["pickle"]
            faults += [f"{source.path}:{node.lineno}" for n in names if n.split(".")[0] in UNSAFE]
    assert faults == []
