"""The inline language of templates: `{{ kind:target | format }}`. Parsed here, resolved in `resolve.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from docs_templates import formatting
from docs_templates.errors import Fault

CROSS = ("table", "figure", "section")
KINDS = ("value", "interval", "rows", "plan", "manifest", "model", "findings", "package", "clause", "var", *CROSS)
FORMATS = ("auto", "text", *formatting.NAMED)
EVIDENCE_ID = re.compile(r"[a-z][a-z0-9_]*(?:\.(?:[a-z0-9_]+|\$[a-z_]+))+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PATH = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
FILTER = re.compile(r"\s*([a-z_0-9]+)\s*(!?=)\s*(\"[^\"]*\"|\$[a-z_]+|[^,\"\]]+?)\s*(?:,|$)")


class Filter(NamedTuple):
    """A filter of rows: the cell of `column`, as text, equals `value`, or does not where `negated`."""

    column: str
    value: str
    negated: bool = False

    @property
    def words(self) -> str:
        """The filter as templates write it."""
        return f"{self.column}{'!=' if self.negated else '='}{self.value}"


@dataclass(frozen=True, slots=True)
class Reference:
    """An inline reference. `target` is an evidence id with `$variables`, a dotted path, a clause id or a variable;
    `where` filters rows; `column` is read; `style` is a format name; `line` is where it stands in the template."""

    kind: str
    target: str
    where: tuple[Filter, ...]
    column: str | None
    style: str
    line: int


def parse_reference(text: str, file: str, line: int) -> Reference | Fault:
    """Parse what stands between the braces; a Fault says what is wrong with it."""
    body, _, style = (part.strip() for part in text.partition("|"))
    kind, colon, rest = body.partition(":")
    style = style or "auto"

    def refuse(message: str, allowed: str) -> Fault:
        return Fault(message, "template_reference", file, row=line, found="{{" + text + "}}", allowed=allowed)

    if not colon or kind not in KINDS:
        return refuse("unknown kind of reference", ", ".join(KINDS))
    if style not in FORMATS:
        return refuse("unknown format", ", ".join(FORMATS))
    if kind in ("value", "interval", "rows"):
        return _evidence_reference(kind, rest.strip(), style, line) or refuse(
            "not a reference to evidence", "evidence.id[column=value, …].column"
        )
    if kind in CROSS:
        target = rest.strip()
        good = bool(target) if kind == "section" else EVIDENCE_ID.fullmatch(target)
        return Reference(kind, target, (), None, style, line) if good else refuse("not a reference", f"{kind}:what")
    pattern = NAME if kind in ("clause", "var", *CROSS) else PATH
    if not pattern.fullmatch(rest.strip()):
        return refuse("not a name", "a dotted name")
    return Reference(kind, rest.strip(), (), None, style, line)


def _evidence_reference(kind: str, text: str, style: str, line: int) -> Reference | None:
    head, bracket, tail = text.partition("[")
    where: tuple[Filter, ...] = ()
    column: str | None
    if bracket:
        inside, closing, rest = tail.rpartition("]")
        parsed = parse_filters(inside)
        if not closing or parsed is None:
            return None
        where = parsed
        column = rest.removeprefix(".") or None
        if rest and not rest.startswith("."):
            return None
    elif kind == "rows":
        column = None
    else:
        head, _, column = head.rpartition(".")
    if not EVIDENCE_ID.fullmatch(head) or (kind == "rows") != (column is None):
        return None
    if column is not None and not NAME.fullmatch(column):
        return None
    return Reference(kind, head, where, column, style, line)


def parse_filters(text: str) -> tuple[Filter, ...] | None:
    """`a=b, c!="d e", f=$variable` as filters, or None where it is not that."""
    found = []
    position = 0
    while position < len(text):
        match = FILTER.match(text, position)
        if match is None or match.end() == position:
            return None
        value = match.group(3).strip().strip('"') if match.group(3)[0] == '"' else match.group(3)
        found.append(Filter(match.group(1), value, match.group(2) == "!="))
        position = match.end()
    return tuple(found)


def substitute(text: str, variables: dict[str, str]) -> str:
    """Put in the variables, `$name` by `$name`; raises KeyError for an unknown one. Values are never read again."""
    return re.sub(r"\$([a-z_]+)", lambda match: variables[match.group(1)], text)
