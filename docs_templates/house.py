"""The house style of a bank: name, logo, banner, colours, page, order of sections, own sections and approvals.

It is read from a small file (`house_file`); templates are not touched. What is made within `housed` is made in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from docs_templates.document import Attachment, Branding
from docs_templates.language import say
from docs_templates.template_nodes import Chapter, Template

STYLE, LOGO, SECTION = "style", "logo", "section"
PREFIX = "house_style_"
"""Of the name under which the file itself travels."""
MIMES = {".yaml": "application/yaml", ".yml": "application/yaml", ".md": "text/markdown", ".png": "image/png"}
MIMES |= {".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
FOLDER = "house"
"""Of the documents annex, for the files of the house style."""


@dataclass(frozen=True, slots=True)
class HouseFile:
    """A file that a house style consists of. `path` as the style writes it; `kind` is style, logo or section."""

    path: str
    data: bytes
    kind: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def name(self) -> str:
        """The name under which it travels within a document and stands in the annex."""
        return PREFIX + self.path if self.kind == STYLE else travelling_name(self.path)


@dataclass(frozen=True, slots=True)
class House:
    """A house style. `page` is A4, Letter or empty; `order` file names of sections without ending and `extra` own
    sections, both by document; `files` all that it was read from, the style itself first."""

    branding: Branding = field(default_factory=Branding)
    page: str = ""
    approvals: tuple[str, ...] = ()
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extra: Mapping[str, tuple[Chapter, ...]] = field(default_factory=dict)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[HouseFile, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.files)

    @property
    def name(self) -> str:
        """Name of its file."""
        return self.files[0].path if self.files else ""

    @property
    def sha256(self) -> str:
        """SHA-256 of its file."""
        return self.files[0].sha256 if self.files else ""

    def roles(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """Roles of a sign-off: those of the template and then the required approvals, each once."""
        return tuple(dict.fromkeys((*given, *self.approvals)))

    def control_lines(self, document: str, *, brief: bool = False) -> tuple[tuple[str, str], ...]:
        """Lines of the control page that record the style: its file, and the hash of each file that the document
        shows."""
        if not self.files:
            return ()
        lines = [(say("house.style"), self.name), (say("house.style_hash"), self.sha256)]
        if brief:
            lines = [(say("house.named_style_hash", name=self.name), self.sha256)]
        for one in self.files[1:]:
            if one.kind == LOGO:
                lines.append((say("house.logo_hash"), one.sha256))
            elif one.path in self.own.get(document, ()):
                lines.append((say("house.section_hash", name=PurePosixPath(one.path).stem), one.sha256))
        return tuple(lines)

    def attachments(self) -> tuple[Attachment, ...]:
        """Its files, to travel within a document: from them the document can be made again."""
        return tuple(
            Attachment(one.name, one.data, _about(one.kind), MIMES.get(Path(one.path).suffix.lower(), "text/plain"),
                       "Source")
            for one in self.files
        )  # fmt: skip

    def annex(self) -> dict[str, bytes]:
        """Its files by their place in the documents annex."""
        return {f"{FOLDER}/{one.name}": one.data for one in self.files}


NO_HOUSE = House()
_current: ContextVar[House] = ContextVar("house", default=NO_HOUSE)


def current_house() -> House:
    """The house style that documents are made in."""
    return _current.get()


@contextmanager
def housed(house: House) -> Iterator[None]:
    """What is composed within is composed in the house style."""
    token = _current.set(house)
    try:
        yield
    finally:
        _current.reset(token)


def _about(kind: str) -> str:
    words = {STYLE: say("house.about_style"), LOGO: say("house.about_logo"), SECTION: say("house.about_section")}
    return words[kind]


def logo_words(bank: str) -> str:
    """What the logo shows, for those who do not see it."""
    return say("house.logo_of", bank=bank) if bank else say("house.logo")


def travelling_name(path: str) -> str:
    """The name under which a file travels that the style names by `path`: no two paths have one name."""
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"house_{digest}_{re.sub(r'[^A-Za-z0-9._-]+', '_', PurePosixPath(path).name) or 'file'}"


def arranged(template: Template, house: House) -> Template:
    """The template with the house's own chapters, in the house's order.

    Chapters that the order does not name follow in their own order. Own chapters that it does not name stand before
    the first annex.
    """
    extra = house.extra.get(template.name, ())
    annex = next((i for i, c in enumerate(template.chapters) if "annex" in c.matter), len(template.chapters))
    chapters = (*template.chapters[:annex], *extra, *template.chapters[annex:])
    wanted = house.order.get(template.name, ())
    rank = {name: place for place, name in enumerate(wanted)}
    ordered = sorted(chapters, key=lambda one: rank.get(stem(one), len(rank)))
    return replace(template, chapters=tuple(ordered))


def stem(chapter: Chapter) -> str:
    """Name by which an order speaks of a chapter: that of its file without ending."""
    return Path(chapter.file).stem


def differences(held: House, given: House) -> list[str]:
    """In what two house styles differ, file by file, in words; `held` is that of a document."""
    ours, theirs = ({_key(one): one for one in house.files} for house in (held, given))
    found = []
    for key in sorted(set(ours) | set(theirs)):
        one, other = ours.get(key), theirs.get(key)
        if one is None or other is None:
            word, present = ("the document's lacks", other) if one is None else ("the one given lacks", one)
            found.append(f"{word} the {key[0]} {present.path if present else ''}".rstrip())
        elif one.data != other.data:
            found.append(f"{key[0]} {one.path}: that of the document has SHA-256 {one.sha256}, "
                         f"the one given {other.sha256}")  # fmt: skip
    return found


def _key(one: HouseFile) -> tuple[str, str]:
    return (one.kind, "" if one.kind == STYLE else one.path)


def unsigned(house: House, roles: Sequence[str]) -> list[str]:
    """Required approvals that are not among the `roles` that signed."""
    return [role for role in house.approvals if role not in roles]
