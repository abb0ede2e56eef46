"""Reads a house style, with every fault at once. Paths in it are relative to the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from docs_templates.document import Branding, Logo
from docs_templates.errors import DocumentError, Fault
from docs_templates.house import LOGO, NO_HOUSE, PREFIX, SECTION, STYLE, House, HouseFile, stem, travelling_name
from docs_templates.house_logo import REMEDY, read_logo
from docs_templates.language import ENGLISH, speaking
from docs_templates.language_files import read_language
from docs_templates.template_nodes import Chapter
from docs_templates.templates import KNOWN, parse_chapter, read_template

PAGES = ("A4", "Letter")
COLOURS = ("heading", "rule", "band")
KEYS = ("bank", "classification", "logo", "page", "colours", "approvals", "documents")
OF_DOCUMENT = ("order", "extra")
LONGEST = {"bank": 160, "classification": 60, "approvals": 80}
LARGEST_FILE = 1_000_000
LEAST_CONTRAST = 4.5
"""Of text on its ground: WCAG 2.2, criterion 1.4.3."""
PAPER, OUR_HEADING, OUR_BAND, QUIET = "#FFFFFF", "#143A66", "#F1F4F7", "#5B6470"
HEX = re.compile(r"#[0-9A-Fa-f]{6}")
NAME = re.compile(r"[A-Za-z0-9][\w .()-]{0,99}", re.ASCII)
Read = Callable[[str], bytes]


def read_house(path: Path) -> House:
    """The house style of a file. Raises DocumentError with every fault, OSError where it cannot be read."""
    return _Reader(path.name, str(path), path.parent, lambda one: (path.parent / one).read_bytes()).house(
        path.read_bytes()
    )


def chosen_house(path: Path | None) -> House:
    """The house style of a file, none where there is no file. Raises as `read_house`."""
    return read_house(path) if path is not None else NO_HOUSE


def held_house(held: Mapping[str, bytes], file: str) -> House | None:
    """The house style that travels in a document `file`, of its attachments by name; None where it has none. Raises
    DocumentError where it cannot be read."""
    names = [name for name in held if name.startswith(PREFIX)]
    if not names:
        return None
    if len(names) > 1:
        raise DocumentError(Fault("holds two house styles", "house_invalid", file, found=", ".join(sorted(names))))

    def read(path: str) -> bytes:
        if travelling_name(path) not in held:
            raise FileNotFoundError(2, "does not travel in the document")
        return held[travelling_name(path)]

    name = names[0].removeprefix(PREFIX)
    return _Reader(name, f"{file}: {name}", Path(), read).house(held[names[0]])


def house_paths(path: Path) -> list[Path]:
    """The file and those that it names, as far as it can be read: what a change of the style is a change of."""
    found = [path]
    try:
        value = _loaded(path.read_bytes(), str(path))
    except (DocumentError, OSError):
        return found
    documents = value.get("documents")
    every = [value.get("logo")]
    for one in documents.values() if isinstance(documents, dict) else ():
        every += one["extra"] if isinstance(one, dict) and isinstance(one.get("extra"), list) else []
    return found + [path.parent / one for one in every if isinstance(one, str)]


def _loaded(data: bytes, shown: str) -> dict[Any, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(data.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        told = " ".join(str(error).split("To suppress")[0].split())[:300]
        raise DocumentError(Fault("not valid YAML", "house_invalid", shown, found=told)) from error
    if not isinstance(value, dict):
        raise DocumentError(Fault("not a mapping", "house_invalid", shown, allowed=", ".join(KEYS)))
    return value


class _Reader:
    """Reads one file; `shown` is how faults name it, `folder` what paths are relative to."""

    def __init__(self, name: str, shown: str, folder: Path, read: Read) -> None:
        self._name, self._shown, self._folder, self._read = name, shown, folder, read
        self._faults: list[Fault] = []
        self._files: list[HouseFile] = []

    def house(self, data: bytes) -> House:
        """The house style. Raises DocumentError with every fault. It is the same whatever language is spoken: sections
        have the names of their files in every language, and English has all documents."""
        with speaking(read_language(ENGLISH)):
            return self._house(data)

    def _house(self, data: bytes) -> House:
        value = _loaded(data, self._shown)
        if not NAME.fullmatch(self._name):
            self._fault("", "the name of the file cannot be printed as it is", found=self._name,
                        allowed="letters, digits, space, . _ - ( )")  # fmt: skip
        for key in value:
            if key not in KEYS:
                self._fault(str(key), "unknown key", allowed=", ".join(KEYS))
        self._files.append(HouseFile(self._name, data, STYLE))
        branding = Branding(
            bank=self._text(value, "bank"),
            classification=self._text(value, "classification"),
            logo=self._logo(value["logo"]) if "logo" in value else None,
            colours=self._colours(value.get("colours", {})),
        )
        page = self._page(value["page"]) if "page" in value else ""
        approvals = self._approvals(value.get("approvals", []))
        order: dict[str, tuple[str, ...]] = {}
        extra: dict[str, tuple[Chapter, ...]] = {}
        own: dict[str, tuple[str, ...]] = {}
        for name, one in self._documents(value.get("documents", {})):
            own[name] = self._texts(one.get("extra", []), f"documents.{name}.extra")
            extra[name] = tuple(self._sections(name, own[name]))
            order[name] = self._order(name, one.get("order", []), extra[name])
        if self._faults:
            raise DocumentError(self._faults)
        return House(branding, page, approvals, order, extra, own, tuple(self._files))

    def _fault(self, place: str, message: str, **more: str | None) -> None:
        self._faults.append(Fault(message, "house_invalid", self._shown, path=place or None, **more))  # type: ignore[arg-type]

    # ---------------------------------------------------------------------------------------------- texts
    def _text(self, value: Mapping[str, Any], key: str) -> str:
        if key not in value:
            return ""
        found = value[key]
        if not isinstance(found, str) or not found.strip() or not found.isprintable():
            self._fault(key, "not a line of text", found=str(found)[:100])
        elif len(found) > LONGEST[key]:
            self._fault(key, "too long", found=f"{len(found)} characters", allowed=f"{LONGEST[key]} at most")
        else:
            return found.strip()
        return ""

    def _texts(self, found: Any, place: str) -> tuple[str, ...]:
        if isinstance(found, list) and all(isinstance(one, str) and one.strip() and one.isprintable() for one in found):
            twice = sorted({one for one in found if found.count(one) > 1})
            if twice:
                self._fault(place, "stands twice", found=", ".join(twice))
            return tuple(dict.fromkeys(found))
        self._fault(place, "not a list of texts", found=str(found)[:100])
        return ()

    def _approvals(self, found: Any) -> tuple[str, ...]:
        roles = self._texts(found, "approvals")
        for one in roles:
            if len(one) > LONGEST["approvals"]:
                allowed = f"{LONGEST['approvals']} at most"
                self._fault("approvals", "too long", found=f"{one[:40]}…, {len(one)} characters", allowed=allowed)
        return tuple(one.strip() for one in roles)

    def _page(self, found: Any) -> str:
        if found in PAGES:
            return str(found)
        self._fault("page", "unknown page", found=str(found), allowed=", ".join(PAGES))
        return ""

    # ------------------------------------------------------------------------------------- logo and colours
    def _logo(self, found: Any) -> Logo | None:
        data = self._bytes(found, "logo", LOGO)
        if data is None:
            return None
        try:
            return read_logo(data)
        except ValueError as error:
            self._fault("logo", "not a picture that can be used", found=f"{found}: {error}", remedy=REMEDY)
        return None

    def _bytes(self, found: Any, place: str, kind: str) -> bytes | None:
        """The bytes of a file that the style names, kept among its files."""
        if not isinstance(found, str) or not found:
            self._fault(place, "not the path of a file", found=str(found)[:100])
            return None
        try:
            data = self._read(found)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._fault(place, "cannot be read", found=f"{self._folder / found}: {reason}")
            return None
        if all((one.path, one.kind) != (found, kind) for one in self._files):
            self._files.append(HouseFile(found, data, kind))
        return data

    def _colours(self, found: Any) -> dict[str, str]:
        if not isinstance(found, dict):
            self._fault("colours", "not a mapping", found=str(found)[:100], allowed=", ".join(COLOURS))
            return {}
        kept = {}
        for name, value in found.items():
            place = f"colours.{name}"
            if name not in COLOURS:
                self._fault(place, "unknown colour", allowed=", ".join(COLOURS))
            elif not isinstance(value, str) or not HEX.fullmatch(value):
                self._fault(place, "not a colour", found=str(value)[:100], allowed="#RRGGBB, in quotes")
            else:
                kept[str(name)] = value.upper()
        self._legible(kept)
        return kept

    def _legible(self, colours: Mapping[str, str]) -> None:
        """Headings are read on white and on the band, which is the ground of table heads; quiet text is, too."""
        heading, band = colours.get("heading", OUR_HEADING), colours.get("band", OUR_BAND)
        allowed = f"contrast of {LEAST_CONTRAST} at least"
        if contrast(heading, PAPER) < LEAST_CONTRAST:
            found = f"{heading}, contrast {contrast(heading, PAPER):.1f}"
            self._fault("colours.heading", "too pale to be read on white", found=found, allowed=allowed)
        elif contrast(heading, band) < LEAST_CONTRAST:
            found = f"{heading} on {band}, contrast {contrast(heading, band):.1f}"
            self._fault("colours", "headings of tables cannot be read on the band", found=found, allowed=allowed)
        if contrast(QUIET, band) < LEAST_CONTRAST:
            found = f"{band}, contrast {contrast(QUIET, band):.1f} with {QUIET}"
            self._fault("colours.band", "too dark for the text on it", found=found, allowed=allowed)

    # ------------------------------------------------------------------------------------------ documents
    def _documents(self, found: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if not isinstance(found, dict):
            self._fault("documents", "not a mapping", found=str(found)[:100], allowed=", ".join(KNOWN))
            return
        for name, value in found.items():
            place = f"documents.{name}"
            if name not in KNOWN:
                self._fault(place, "unknown document", allowed=", ".join(KNOWN))
            elif not isinstance(value, dict) or set(value) - set(OF_DOCUMENT):
                self._fault(place, "unknown keys", found=str(value)[:100], allowed=", ".join(OF_DOCUMENT))
            else:
                yield name, value

    def _sections(self, name: str, wanted: tuple[str, ...]) -> Iterator[Chapter]:
        place = f"documents.{name}.extra"
        known = {stem(one) for one in read_template(name).chapters}
        for one in wanted:
            data = self._bytes(one, place, SECTION)
            if data is None:
                continue
            if len(data) > LARGEST_FILE:
                allowed = f"{LARGEST_FILE:,} at most"
                self._fault(place, "too large", found=f"{one}, {len(data):,} bytes", allowed=allowed)
                continue
            try:
                text = data.decode("utf-8").replace("\r\n", "\n")
            except UnicodeDecodeError as error:
                self._fault(place, "not UTF-8", found=f"{one}: {error.reason} at byte {error.start}")
                continue
            chapter = parse_chapter((self._folder / one).as_posix(), text, self._faults)
            if stem(chapter) in known:
                remedy = "give the file another name"
                self._fault(place, "a section of this name stands in the document", found=one, remedy=remedy)
            known.add(stem(chapter))
            yield chapter

    def _order(self, name: str, wanted: Any, extra: tuple[Chapter, ...]) -> tuple[str, ...]:
        place = f"documents.{name}.order"
        names = self._texts(wanted, place)
        known = [stem(one) for one in (*read_template(name).chapters, *extra)]
        for one in names:
            if one not in known:
                self._fault(place, "no such section", found=one, allowed=", ".join(known))
        return names


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours `#RRGGBB` (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
