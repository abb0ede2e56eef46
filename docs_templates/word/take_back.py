"""Texts that were edited in a document come back into the plan; numbers are locked, and a changed one is told."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from docs_templates.dossier import compose_all
from docs_templates.errors import DocumentError, Fault
from docs_templates.house import current_house
from docs_templates.language import say, speaking
from docs_templates.language_files import chosen_language
from docs_templates.package import Package, read_package
from docs_templates.word.plan_file import load_plan, with_values
from docs_templates.word.read import Line, WordDocument, read_docx
from docs_templates.word.texts import EditableText, editable_texts
from docs_templates.word.write import docx_bytes, tags

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NOTHING = "(nothing)"
MOST = 200


@dataclass(frozen=True, slots=True)
class TakenText:
    """A text that came back: its tag, what the plan said (None: nothing) and what it says now."""

    tag: str
    before: str | None
    after: str


def take_back(
    file: Path, package_path: Path, plan_path: Path, *, author: str | None, date: str | None,
    tell: Callable[[str], None] = lambda _: None, languages: Path | None = None,
) -> list[TakenText]:  # fmt: skip
    """Put the edited texts of the DOCX `file` into the plan, with `author` and `date` (2026-11-20) of the edit.

    The plan file is replaced as a whole or not at all; only the characters of the texts change. Raises DocumentError
    with every locked line that was changed, and where the file is of another package or the plan has moved on.
    """
    read = read_docx(file.read_bytes(), str(file))
    with speaking(chosen_language(read.language or None, languages)):
        return _taken(read, file, package_path, plan_path, author, date, tell)


def _taken(
    read: WordDocument, file: Path, package_path: Path, plan_path: Path, author: str | None, date: str | None,
    tell: Callable[[str], None],
) -> list[TakenText]:  # fmt: skip
    package = read_package(package_path)
    expected = _expected(read, package, file)
    texts = tags(editable_texts(package))
    faults = [*altered(expected.lines, read.lines, str(file)), *_field_faults(read, texts, file)]
    taken = [
        TakenText(tag, one.text, read.texts[tag])
        for tag, one in texts.items()
        if tag in read.texts and read.texts[tag] != (one.text if one.text is not None else say("word.placeholder"))
    ]
    plan_text = plan_path.read_text("utf-8")
    faults += _plan_faults(load_plan(plan_text, str(plan_path)), taken, texts, plan_path)
    faults += _edit_faults(taken, author, date)
    if faults:
        raise DocumentError(faults)
    if not taken:
        tell("no text was changed; the plan stays as it is")
        return []
    values: dict[tuple[str | int, ...], str] = {}
    for one in taken:
        path = texts[one.tag].path
        values |= {(*path, "text"): one.after, (*path, "author"): author or "", (*path, "date"): date or ""}
    _replace(plan_path, with_values(plan_text, values, str(plan_path)))
    for one in taken:
        tell(f"{one.tag}: {'written' if one.before is None else 'changed'}, {author}, {date}")
    return taken


def _expected(read: WordDocument, package: Package, file: Path) -> WordDocument:
    """The document as it was made, read back."""
    if read.package_hash != package.package_hash:
        raise DocumentError(
            Fault("made from another package", "word_package", str(file), found=read.package_hash or NOTHING,
                  allowed=package.package_hash)
        )  # fmt: skip
    if read.house != current_house().sha256:
        raise DocumentError(
            Fault("made in another house style", "word_house", str(file), found=read.house or NOTHING,
                  allowed=current_house().sha256 or NOTHING, remedy="name the house style with --house")
        )  # fmt: skip
    moment = read.created.replace(tzinfo=UTC)
    (document,) = compose_all([read.name], package, moment)
    return read_docx(docx_bytes(document, package, moment, pictures=False), str(file))


def altered(expected: Sequence[Line], found: Sequence[Line], file: str) -> list[Fault]:
    """One fault for each locked line that was changed, added or taken away."""
    before, after = [_squeezed(one.text) for one in expected], [_squeezed(one.text) for one in found]
    faults = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for old, new in _paired(expected[a:b], found[c:d]):
            where = (old or new or Line("", "")).where
            remedy = "numbers and all that is not a text of the plan are locked; change the plan or the data"
            faults.append(
                Fault("a locked line was changed", "word_locked", file, path=where, remedy=remedy,
                      found=_shown(new), allowed=_shown(old))
            )  # fmt: skip
    return faults


def _paired(old: Sequence[Line], new: Sequence[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    for place in range(max(len(old), len(new))):
        yield old[place] if place < len(old) else None, new[place] if place < len(new) else None


def _shown(line: Line | None) -> str:
    return line.text[:MOST] if line is not None and line.text else NOTHING


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _field_faults(read: WordDocument, texts: dict[str, EditableText], file: Path) -> list[Fault]:
    shown = set(read.texts)
    faults = [
        Fault("not a text of the plan", "word_invalid", str(file), path=tag) for tag in sorted(shown - set(texts))
    ]
    for tag in sorted(shown & set(texts)):
        if not read.texts[tag].strip():
            remedy = "write a text, or take it out of the plan itself"
            faults.append(Fault("the text was emptied", "word_text_empty", str(file), path=tag, remedy=remedy))
    return faults


def _plan_faults(plan: Any, taken: Sequence[TakenText], texts: dict[str, EditableText], file: Path) -> list[Fault]:
    faults = []
    for one in taken:
        value: Any = plan
        for part in (*texts[one.tag].path, "text"):
            in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
            value = value[part] if in_list or (isinstance(value, dict) and part in value) else None
        if value != one.before:
            faults.append(
                Fault("the plan says something else than the package", "plan_moved_on", str(file), path=one.tag,
                      found=str(value)[:MOST], allowed=str(one.before)[:MOST],
                      remedy="make the document from a package of this plan")
            )  # fmt: skip
    return faults


def _edit_faults(taken: Sequence[TakenText], author: str | None, date: str | None) -> list[Fault]:
    if not taken:
        return []
    faults = []
    if not author or not author.strip():
        faults.append(Fault("texts are authored: who edited them is not said", "word_author", remedy="give --author"))
    if not date or not DATE.fullmatch(date):
        faults.append(
            Fault("texts are dated: when they were edited is not said", "word_date", found=date,
                  remedy="give --date as 2026-11-20")
        )  # fmt: skip
    return faults


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.chmod(name, path.stat().st_mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
