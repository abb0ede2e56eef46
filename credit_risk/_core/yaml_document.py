"""YAML 1.2 into plain values, with the line of every key; what a plan (or a policy) may not hold is told.

Built from the parser's events, so that nothing is constructed, no alias is followed and no tag is obeyed. Plain
scalars follow the core schema of YAML 1.2.2, section 10.3.2, narrowed where it would lose what was written: dates,
`yes`, `no`, `on`, and numbers with a leading zero (`007`) stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from credit_risk._core.errors import CreditRiskError, Fault, PlanError
from credit_risk._core.extras import optional_import

MAX_BYTES = 1_000_000
MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """What is read, in words, the error that refuses it, and the extra that brings the parser."""

    word: str
    error: type[CreditRiskError]
    empty: str
    no_mapping: str
    extra: str


PLAN = Subject(
    "plan",
    PlanError,
    "it needs at least model, data and outcome",
    "write key: value lines, beginning with model:, data: and outcome:",
    "model",
)
Path = tuple[str | int, ...]
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + text: float(sign + "inf") for sign in ("", "+", "-") for text in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(slots=True)
class Document:
    """`value` is the file's mapping, `lines` the 1-based line of each key path, `faults` told on the way."""

    value: dict[str, Any]
    lines: dict[Path, int]
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of `path`, or of the nearest part of the file that holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_document(data: bytes, file: str, subject: Subject = PLAN) -> Document:
    """Read bytes of a plan, or of another subject; duplicate keys are told in `faults`.

    Raises the subject's error (PlanError) where there is no YAML mapping.
    """
    if len(data) > MAX_BYTES:
        raise _refuse(
            subject,
            file,
            f"{len(data):,} bytes are too many for a {subject.word}",
            allowed=f"at most {MAX_BYTES:,} bytes",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refuse(
            subject, file, f"the {subject.word} is not UTF-8 text", line, remedy="save it as UTF-8"
        ) from error
    ruamel = optional_import("ruamel.yaml", subject.extra)
    try:
        events = _plain_events(ruamel.YAML(typ="safe", pure=True).parse(text), file, subject)
    except ruamel.error.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = mark.line + 1 if mark is not None else None
        said = ", ".join(str(part) for part in (error.context, error.problem) if part)
        remedy = _remedy(said, text.splitlines()[place - 1] if place and place <= text.count("\n") else "")
        raise _refuse(subject, file, f"not readable as YAML: {said}", place, remedy=remedy) from error
    except (ruamel.error.YAMLError, ValueError, RecursionError) as error:
        raise _refuse(subject, file, f"not readable as YAML: {' '.join(str(error).split())}") from error
    builder = _Builder(iter(events), file, subject)
    return builder.document()


def _remedy(said: str, line: str) -> str | None:
    """What to do about a line that is no YAML, for the slips that plans invite."""
    if "\\t" in said:
        return "indent with spaces, never with tabs"
    if "${" in line:
        return "inside { } put the text with ${...} in quotes"
    if "`" in line:
        return "put an expression with `backticks` in quotes"
    return None


def scalar(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.match(text):
        return int(text) if len(text) <= 300 else text
    return float(text) if FLOAT.match(text) else text


def _plain_events(events: Iterable[Any], file: str, subject: Subject) -> list[Any]:
    """The events; refused as they come: anchors, aliases, tags, other versions, several documents, deep nesting."""
    depth, documents = 0, 0
    kept: list[Any] = []
    for event in events:
        kind = type(event).__name__
        line = event.start_mark.line + 1
        if kind == "AliasEvent" or getattr(event, "anchor", None) is not None:
            remedy = "write the value out where it is needed"
            raise _refuse(
                subject, file, f"anchors (&) and aliases (*) are not part of a {subject.word}", line, remedy=remedy
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise _refuse(
                subject, file, f"the tag {event.tag} is not part of a {subject.word}", line, remedy="leave it out"
            )
        if kind == "DocumentStartEvent":
            documents += 1
            if event.version not in (None, (1, 2)):
                raise _refuse(
                    subject, file, f"the {subject.word} asks for another YAML version", line, allowed="%YAML 1.2"
                )
            if documents > 1:
                raise _refuse(subject, file, "more than one YAML document", line, allowed="one document a file")
        depth += kind in ("MappingStartEvent", "SequenceStartEvent")
        depth -= kind in ("MappingEndEvent", "SequenceEndEvent")
        if depth > MAX_DEPTH:
            raise _refuse(subject, file, f"nested deeper than {MAX_DEPTH} levels", line)
        kept.append(event)
    return kept


class _Builder:
    """Values and lines from events."""

    def __init__(self, events: Iterator[Any], file: str, subject: Subject):
        self.events, self.file, self.subject = events, file, subject
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []

    def document(self) -> Document:
        skipped = ("StreamStartEvent", "DocumentStartEvent", "CommentEvent")
        event = next(self.events)
        while type(event).__name__ in skipped:
            event = next(self.events)
        kind = type(event).__name__
        empty = kind == "StreamEndEvent" or (kind == "ScalarEvent" and event.value == "" and event.implicit[0])
        if empty:
            raise _refuse(self.subject, self.file, f"the {self.subject.word} is empty", remedy=self.subject.empty)
        if kind != "MappingStartEvent":
            found = "a list" if kind == "SequenceStartEvent" else "a single value"
            line, remedy = event.start_mark.line + 1, self.subject.no_mapping
            raise _refuse(
                self.subject, self.file, f"the {self.subject.word} is {found}, not a mapping", line, remedy=remedy
            )
        return Document(self._mapping(()), self.lines, self.faults)

    def _value(self, event: Any, path: Path) -> Any:
        kind = type(event).__name__
        if kind == "MappingStartEvent":
            return self._mapping(path)
        if kind == "SequenceStartEvent":
            return self._sequence(path)
        return scalar(event.value) if event.implicit[0] else event.value

    def _mapping(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            line = event.start_mark.line + 1
            if type(event).__name__ != "ScalarEvent":
                raise _refuse(
                    self.subject, self.file, "a key is a list or a mapping", line, path, allowed="text as a key"
                )
            key = event.value
            here = (*path, key)
            if not key:
                self._fault("a key is empty", line, path, remedy="give it a name")
            if key in result:
                said = f"the key stands twice; first in line {self.lines[here]}"
                self._fault(said, line, here, code="duplicate_key", remedy="keep one of them")
                self._value(next(self.events), (*path, key, "duplicate"))
                continue
            self.lines[here] = line
            result[key] = self._value(next(self.events), here)
        return result

    def _sequence(self, path: Path) -> list[Any]:
        result: list[Any] = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            here = (*path, len(result))
            self.lines[here] = event.start_mark.line + 1
            result.append(self._value(event, here))
        return result

    def _fault(self, message: str, line: int, path: Path, code: str = "yaml", remedy: str | None = None) -> None:
        self.faults.append(Fault(message, code=code, file=self.file, row=line, path=path_text(path), remedy=remedy))


def path_text(path: Path) -> str | None:
    """`('models', 0, 'id')` as `models[0].id`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or None


def _refuse(
    subject: Subject,
    file: str,
    message: str,
    line: int | None = None,
    path: Path = (),
    *,
    allowed: str | None = None,
    remedy: str | None = None,
) -> CreditRiskError:
    return subject.error(
        Fault(message, code="yaml", file=file, row=line, path=path_text(path), allowed=allowed, remedy=remedy)
    )
