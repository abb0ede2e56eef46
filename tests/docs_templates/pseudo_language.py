"""A language made of English: every word of the catalogue and all prose of the templates stands between ⟦ and ⟧.

What documents in it say outside of these marks comes from the package, or from code, where no words may stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from docs_templates.clauses import Registry, registry
from docs_templates.language import current
from docs_templates.language_files import english_templates

CODE, OPEN, CLOSE = "xx", "⟦", "⟧"
TOKENS = re.compile(r"(\{\{.*?\}\}|`[^`]+`|\*+|\n)", re.DOTALL)
PIECE = re.compile(r"(\s*(?:- +|\d+\. +|#{2,3} +)?)(.*?)(\s*)", re.DOTALL)
OPTION = re.compile(r'\b(caption|item|roles)="([^"]*)"')
SECTION = re.compile(r"(\{\{ *section:)(.+?)( *\}\})")
LETTERS = re.compile(r"[^\W\d_⁰¹²³⁴-⁹]{2,}")


def mark(text: str) -> str:
    """The text between marks."""
    return f"{OPEN}{text}{CLOSE}"


def unmarked(text: str) -> list[str]:
    """What stands outside of all marks, which may be nested."""
    found, depth, piece = [], 0, ""
    for character in text:
        if character == OPEN or (character == CLOSE and depth):
            depth += 1 if character == OPEN else -1
            found.append(piece)
            piece = ""
        elif not depth:
            piece += character
    return [one for one in [*found, piece] if LETTERS.search(one)]


def write_language(folder: Path, catalogue: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write the language below `folder`; `catalogue` are the entries of evidence by id."""
    own, english = folder / CODE, current()
    own.mkdir(parents=True)
    forms = {one.name: getattr(english.forms, one.name) for one in fields(english.forms)}
    _write(own / "language.yaml", {"name": mark("Marked"), "forms": forms})
    rooms: dict[str, dict[str, str]] = {}
    for key, text in english.words.items():
        room, _, name = key.partition(".")
        rooms.setdefault(room, {})[name] = mark(text)
    _write(own / "words.yaml", rooms)
    told = {text: mark(text) for text in _texts(registry())}
    columns = {f"{i}.{c['name']}": mark(c["title"]) for i, e in catalogue.items() for c in e.get("columns") or ()}
    columns |= {c["name"]: mark(c["title"]) for e in catalogue.values() for c in e.get("columns") or ()}
    _write(
        own / "evidence.yaml",
        {
            "values": {c: {k: mark(v) for k, v in cells.items()} for c, cells in english.values.items()},
            "titles": {identifier: mark(entry["title"]) for identifier, entry in catalogue.items()},
            "columns": columns,
            "texts": told,
        },
    )
    for name, source in english_templates().items():
        (own / name).mkdir()
        for file in source.iterdir():
            if file.name.endswith(".md"):
                (own / name / file.name).write_text(marked_template(file.read_text("utf-8")), "utf-8")
    return folder


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")  # JSON is YAML


def _texts(clauses: Registry) -> Iterable[str]:
    for clause in clauses.clauses.values():
        yield from (clause.asks, clause.part, clause.when.otherwise if clause.when else "")
    for framework in clauses.frameworks.values():
        yield from (framework.title, framework.jurisdiction)


def marked_template(text: str) -> str:
    """A template with its prose marked: titles, text, captions, items and roles; references and options stay."""
    head, body = text.split("\n---\n", 1)
    head = re.sub(r"^(title: )(.+)$", lambda found: found[1] + mark(found[2]), head, flags=re.MULTILINE)
    parts: list[str] = []
    prose: list[str] = []
    for line in body.split("\n"):
        if line.startswith((":::", "```")):
            parts += [_prose("\n".join(prose))] if prose else []
            prose = []
            parts.append(OPTION.sub(_option, line) if line.startswith("```") else line)
        else:
            prose.append(line)
    parts += [_prose("\n".join(prose))] if prose else []
    return head + "\n---\n" + "\n".join(parts)


def _option(found: re.Match[str]) -> str:
    pieces = found[2].split(",") if found[1] == "roles" else [found[2]]
    return f'{found[1]}="{",".join(_prose(piece) for piece in pieces)}"'


def _prose(text: str) -> str:
    pieces = []
    for token in TOKENS.split(text):
        if not token or TOKENS.fullmatch(token):
            pieces.append(SECTION.sub(lambda found: found[1] + mark(found[2]) + found[3], token))
            continue
        before, words, after = PIECE.fullmatch(token).groups()  # type: ignore[union-attr]
        pieces.append(before + (mark(words) if LETTERS.search(words) else words) + after)
    return "".join(pieces)


def strings(value: Any) -> Iterable[str]:
    """Every text in dataclasses, mappings and sequences."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from strings(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from strings(key)
            yield from strings(one)
    elif isinstance(value, (list, tuple, frozenset, set)):
        for one in value:
            yield from strings(one)
