"""Authored texts put into a plan file: only their own characters change, comments and layout stay."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from docs_templates.errors import DocumentError, Fault

WIDTH = 112
Path = tuple[str | int, ...]


def load_plan(text: str, file: str) -> dict[str, Any]:
    """The plan as data. Raises DocumentError where it is not YAML or not a mapping."""
    try:
        found = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise DocumentError(Fault("not valid YAML", "plan_invalid", file, found=str(error)[:300])) from error
    if not isinstance(found, dict):
        raise DocumentError(Fault("not a mapping", "plan_invalid", file))
    return found


def with_values(text: str, values: Mapping[Path, str], file: str) -> str:
    """The plan's text with strings at the paths of `values` put in; keys that lack are added.

    Raises DocumentError where the result would not read back as exactly the plan with those values.
    """
    changed = text
    for path, value in values.items():
        changed = _put(changed, path, value, file)
    wanted = load_plan(text, file)
    for path, value in values.items():
        _set(wanted, path, value)
    if load_plan(changed, file) != wanted:
        raise DocumentError(Fault("the texts cannot be put in without changing more", "plan_invalid", file))
    return changed


def _set(tree: Any, path: Path, value: str) -> None:
    for part in path[:-1]:
        if isinstance(tree, dict) and tree.get(part) is None:
            tree[part] = {}
        tree = tree[part]
    tree[path[-1]] = value


def _put(text: str, path: Path, value: str, file: str) -> str:
    node: Node = YAML(typ="rt", pure=True).compose(text)
    flow = False
    for depth, part in enumerate(path):
        child = _child(node, part)
        if child is None or _is_null(child[1]):
            return _added(text, node, child, path[depth:], value, file)
        flow = flow or bool(getattr(node, "flow_style", False))
        key, node = child
    indent = 0 if key is None else key.start_mark.column
    return _spliced(text, node, _quoted(value) if flow else _scalar(value, indent + 2))


def _child(node: Node, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    return None


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _added(
    text: str, parent: Node, child: tuple[Node | None, Node] | None, rest: Sequence[str | int], value: str, file: str
) -> str:
    if not isinstance(parent, MappingNode) or not parent.value or any(isinstance(part, int) for part in rest):
        place = ".".join(str(part) for part in rest)
        raise DocumentError(Fault("the plan has no place for the text", "plan_invalid", file, path=place))
    held = _quoted(value)
    for part in reversed(rest[1:]):
        held = f"{{{part}: {held}}}"
    if child is not None:
        return _spliced(text, child[1], held)
    last = parent.value[-1][1].end_mark.index
    if parent.flow_style:
        return f"{text[:last]}, {rest[0]}: {held}{text[last:]}"
    first = parent.value[0][0].start_mark
    if len(rest) == 1:
        held = _scalar(value, first.column + 2)
    return f"{text[: first.index]}{rest[0]}: {held}\n{' ' * first.column}{text[first.index :]}"


def _spliced(text: str, node: Node, scalar: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    old = text[start:end]
    tail = old[len(old.rstrip()) :] if getattr(node, "style", None) in ("|", ">") else ""
    return text[:start] + scalar + tail + text[end:]


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _scalar(value: str, indent: int) -> str:
    """A string in YAML: folded where it is long and folds without loss, else in double quotes."""
    words = value.split(" ")
    folds = "\n" not in value and all(words) and value.isprintable() and len(value) > WIDTH - indent
    if not folds:
        return _quoted(value)
    lines = textwrap.wrap(value, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return ">-\n" + "\n".join(" " * indent + line for line in lines)
