"""The house style of a bank: name, logo, banner, colours, page, order of sections, own sections and approvals.

A small `house.yaml`; templates are not touched. Paths are relative to the file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from docs_templates.errors import DocumentError, Fault
from docs_templates.template_nodes import Chapter, Template
from docs_templates.templates import DOCUMENTS, parse_chapter, read_template

PAGES = ("A4", "Letter")
COLOURS = ("heading", "rule", "band")
KEYS = ("bank", "classification", "logo", "page", "colours", "approvals", "documents")
LARGEST_LOGO = 5_000_000
LOGO_KINDS = ("PNG", "JPEG")
LEAST_CONTRAST = 4.5
"""Of text on white: WCAG 2.2, criterion 1.4.3."""
HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class House:
    """A house style. `logo` is the picture's bytes, `order` file names without ending, `extra` chapters by document."""

    bank: str = ""
    classification: str = ""
    logo: bytes | None = None
    page: str = PAGES[0]
    colours: Mapping[str, str] = field(default_factory=dict)
    approvals: tuple[str, ...] = ()
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extra: Mapping[str, tuple[Chapter, ...]] = field(default_factory=dict)

    def roles(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """Roles of a sign-off: those of the template and then the required approvals, each once."""
        return tuple(dict.fromkeys((*given, *self.approvals)))


NO_HOUSE = House()


def read_house(path: Path) -> House:
    """The house style of a file. Raises DocumentError with every fault, OSError where it cannot be read."""
    value, faults = _loaded(path)
    house = House(
        bank=_text(value, "bank", path, faults),
        classification=_text(value, "classification", path, faults),
        logo=_logo(value.get("logo"), path, faults),
        page=_page(value.get("page", PAGES[0]), path, faults),
        colours=_colours(value.get("colours", {}), path, faults),
        approvals=_texts(value.get("approvals", []), path, "approvals", faults),
        **_documents(value.get("documents", {}), path, faults),
    )
    if faults:
        raise DocumentError(faults)
    return house


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
    ordered = sorted(chapters, key=lambda one: rank.get(_stem(one), len(rank)))
    return replace(template, chapters=tuple(ordered))


def _loaded(path: Path) -> tuple[dict[str, Any], list[Fault]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise DocumentError(Fault("not valid YAML", "house_invalid", str(path), found=str(error)[:300])) from error
    if not isinstance(value, dict):
        raise DocumentError(Fault("not a mapping", "house_invalid", str(path), allowed=", ".join(KEYS)))
    odd = [str(key) for key in value if key not in KEYS]
    return value, [_fault(path, key, "unknown key", allowed=", ".join(KEYS)) for key in odd]


def _fault(path: Path, place: str, message: str, **more: str | None) -> Fault:
    return Fault(message, "house_invalid", str(path), path=place, **more)  # type: ignore[arg-type]


def _text(value: Mapping[str, Any], key: str, path: Path, faults: list[Fault]) -> str:
    found = value.get(key, "")
    if isinstance(found, str) and "\n" not in found:
        return found
    faults.append(_fault(path, key, "not a line of text", found=str(found)))
    return ""


def _texts(found: Any, path: Path, place: str, faults: list[Fault]) -> tuple[str, ...]:
    if isinstance(found, list) and all(isinstance(one, str) and one.strip() for one in found):
        return tuple(found)
    faults.append(_fault(path, place, "not a list of texts", found=str(found)[:100]))
    return ()


def _page(found: Any, path: Path, faults: list[Fault]) -> str:
    if found in PAGES:
        return str(found)
    faults.append(_fault(path, "page", "unknown page", found=str(found), allowed=", ".join(PAGES)))
    return PAGES[0]


def _logo(found: Any, path: Path, faults: list[Fault]) -> bytes | None:
    if found is None:
        return None
    from PIL import Image

    place = path.parent / str(found)
    try:
        data = place.read_bytes()
    except OSError as error:
        faults.append(_fault(path, "logo", "cannot be read", found=f"{place}: {error.strerror}"))
        return None
    remedy = f"give a {' or '.join(LOGO_KINDS)} of at most {LARGEST_LOGO:,} bytes"
    try:
        if len(data) > LARGEST_LOGO:
            raise ValueError(f"{len(data):,} bytes")
        with Image.open(io.BytesIO(data), formats=LOGO_KINDS) as picture:
            picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        faults.append(_fault(path, "logo", "not a picture that can be used", found=f"{found}: {error}", remedy=remedy))
        return None
    return data


def _colours(found: Any, path: Path, faults: list[Fault]) -> dict[str, str]:
    if not isinstance(found, dict):
        faults.append(_fault(path, "colours", "not a mapping", found=str(found), allowed=", ".join(COLOURS)))
        return {}
    kept = {}
    for name, value in found.items():
        place = f"colours.{name}"
        if name not in COLOURS:
            faults.append(_fault(path, place, "unknown colour", allowed=", ".join(COLOURS)))
        elif not isinstance(value, str) or not HEX.fullmatch(value):
            faults.append(_fault(path, place, "not a colour", found=str(value), allowed="#RRGGBB, in quotes"))
        elif name == "heading" and contrast(value, "#FFFFFF") < LEAST_CONTRAST:
            told = f"{value}, contrast {contrast(value, '#FFFFFF'):.1f}"
            allowed = f"contrast of {LEAST_CONTRAST} at least"
            faults.append(_fault(path, place, "too pale to be read on white", found=told, allowed=allowed))
        else:
            kept[str(name)] = value.upper()
    return kept


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours `#RRGGBB` (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _documents(found: Any, path: Path, faults: list[Fault]) -> dict[str, Any]:
    order: dict[str, tuple[str, ...]] = {}
    extra: dict[str, tuple[Chapter, ...]] = {}
    if not isinstance(found, dict):
        faults.append(_fault(path, "documents", "not a mapping", found=str(found)))
        return {"order": order, "extra": extra}
    for name, value in found.items():
        place = f"documents.{name}"
        if name not in DOCUMENTS:
            faults.append(_fault(path, place, "unknown document", allowed=", ".join(DOCUMENTS)))
        elif not isinstance(value, dict) or set(value) - {"order", "extra"}:
            faults.append(_fault(path, place, "unknown keys", found=str(value)[:100], allowed="order, extra"))
        else:
            extra[name] = _extra(name, _texts(value.get("extra", []), path, f"{place}.extra", faults), path, faults)
            order[name] = _order(name, value.get("order", []), extra[name], path, faults)
    return {"order": order, "extra": extra}


def _extra(name: str, wanted: tuple[str, ...], path: Path, faults: list[Fault]) -> tuple[Chapter, ...]:
    found = []
    for one in wanted:
        place = path.parent / one
        try:
            text = place.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(_fault(path, f"documents.{name}.extra", "cannot be read", found=f"{place}: {error}"))
            continue
        found.append(parse_chapter(str(place), text, faults))
    return tuple(found)


def _order(name: str, wanted: Any, extra: tuple[Chapter, ...], path: Path, faults: list[Fault]) -> tuple[str, ...]:
    place = f"documents.{name}.order"
    names = _texts(wanted, path, place, faults)
    known = [_stem(one) for one in (*read_template(name).chapters, *extra)]
    for one in names:
        if one not in known:
            faults.append(_fault(path, place, "no such section", found=one, allowed=", ".join(known)))
    if len(set(names)) < len(names):
        faults.append(_fault(path, place, "a section stands twice", found=", ".join(names)))
    return names


def _stem(chapter: Chapter) -> str:
    return Path(chapter.file).stem
