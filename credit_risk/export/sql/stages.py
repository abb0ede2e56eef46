"""Columns laid out in steps: each a common table expression that reads the one before, with what is still needed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from credit_risk.export.sql.columns import Column
from credit_risk.export.sql.dialects import Dialect

WIDTH = 110
_QUOTED = re.compile(r"['\"`\[]")
_CUTS = re.compile(r" (?=WHEN |ELSE |CASE |THEN |AND |OR |END |[+*/-] )|(?<=,) ")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step: the columns that it passes on, and those that it makes."""

    passed: tuple[str, ...]
    made: tuple[Column, ...]


def staged(columns: Sequence[Column], inputs: Sequence[str], wanted: Sequence[str]) -> list[Stage]:
    """The steps from the input columns to the wanted ones; nothing that no wanted column needs."""
    needed = _needed(columns, wanted)
    level = dict.fromkeys(inputs, 0)
    for one in needed:
        before = [level[name] for name in (*one.needs, *one.behind) if name in level]
        level[one.name] = 1 + max(before, default=0)
    last = {name: level[name] for name in level}
    for one in needed:
        for name in one.needs:
            last[name] = max(last[name], level[one.name])
    depth = max(level.values(), default=0)
    for name in wanted:
        last[name] = depth + 1
    stages = []
    order = [*inputs, *(one.name for one in needed)]
    for at in range(1, depth + 1):
        passed = tuple(name for name in order if level[name] < at < last[name])
        stages.append(Stage(passed, tuple(one for one in needed if level[one.name] == at)))
    return stages


def _needed(columns: Sequence[Column], wanted: Iterable[str]) -> list[Column]:
    need, kept = set(wanted), []
    for one in reversed(columns):
        if one.name in need:
            kept.append(one)
            need |= one.needs
    return kept[::-1]


def select(stage: Stage, source: str, keys: Sequence[str], d: Dialect) -> str:
    """The SELECT of a step."""
    items = [_item(one) for one in stage.made]
    passed = [*keys, *stage.passed]
    lines = [d.select]
    if passed:
        lines += textwrap.wrap(", ".join(passed) + ",", WIDTH, initial_indent="    ", subsequent_indent="    ")
    for place, item in enumerate(items):
        end = "," if place < len(items) - 1 else ""
        lines += [*item[:-1], item[-1] + end]
    if not items:
        lines[-1] = lines[-1].rstrip(",")
    lines.append(f"  FROM {source}")
    if d.fence:
        lines.append(f"  {d.fence}")
    return "\n".join(lines)


def _item(one: Column) -> list[str]:
    head = [f"    -- {one.words}"] if one.words else []
    lines = ["    " + part for line in one.lines for part in broken(line)]
    return [*head, *lines[:-1], f"{lines[-1]} AS {one.name}"]


def broken(line: str) -> list[str]:
    """A long line of code in several, cut before words of SQL and outside of texts and comments."""
    if len(line) <= WIDTH or _QUOTED.search(line) or " -- " in line:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    parts = _CUTS.split(line.strip())
    found = [indent + parts[0]]
    for part in parts[1:]:
        if len(found[-1]) + 1 + len(part) <= WIDTH:
            found[-1] += " " + part
        else:
            found.append(f"{indent}  {part}")
    return found
