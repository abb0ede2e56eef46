"""Edits of a PDF as one would make them who wants it to say something else: text is encoded anew in its own fonts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

Runs = list[tuple[int, str, "Coding"]]
PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[([^\]]*)\])")


@dataclass
class Coding:
    """Codes of a font by character, and bytes of a code."""

    codes: dict[str, int]
    size: int

    def encode(self, text: str) -> bytes:
        """The text in codes of the font. Raises KeyError where its subset lacks a character."""
        return b"".join(self.codes[c].to_bytes(self.size, "big") for c in text)

    def decode(self, data: bytes) -> str:
        """The text of codes."""
        meaning = {code: c for c, code in self.codes.items()}
        steps = range(0, len(data), self.size)
        return "".join(meaning.get(int.from_bytes(data[i : i + self.size], "big"), "?") for i in steps)


def coding(font: Any) -> Coding:
    """The coding of a font by its ToUnicode."""
    cmap = font.ToUnicode.read_bytes()
    codes: dict[str, int] = {}
    for body in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, meaning in PAIR.findall(body):
            codes.setdefault(_text(meaning), int(code, 16))
    for body in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, start, listed in RANGE.findall(body):
            meanings = re.findall(rb"<([0-9A-Fa-f]+)>", listed) if listed else []
            for offset in range(int(last, 16) - int(first, 16) + 1):
                if listed:
                    character = _text(meanings[offset]) if offset < len(meanings) else ""
                else:
                    character = chr(int(start, 16) + offset)
                codes.setdefault(character, int(first, 16) + offset)
    return Coding(codes, 2 if str(font.Subtype) == "/Type0" else 1)


def _text(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace")


def operators(page: Any) -> list[tuple[list[Any], str]]:
    """The content of a page as operands and operators."""
    return [(list(operands), str(operator)) for operands, operator in pikepdf.parse_content_stream(page)]


def write(pdf: pikepdf.Pdf, page: Any, content: list[tuple[list[Any], str]]) -> None:
    """Give the page this content."""
    made = [pikepdf.ContentStreamInstruction(operands, pikepdf.Operator(name)) for operands, name in content]
    page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(made))


def runs(page: Any, content: list[tuple[list[Any], str]]) -> Iterator[tuple[int, str, Coding]]:
    """Position, text and coding of each text that a page shows."""
    known: dict[str, Coding] = {}
    font = ""
    for position, (operands, name) in enumerate(content):
        if name == "Tf":
            font = str(operands[0])
            if font not in known:
                known[font] = coding(page.Resources.Font[font])
        elif name == "Tj":
            yield position, known[font].decode(bytes(operands[0])), known[font]


def edit_run(
    pdf: pikepdf.Pdf, text: str, change: Callable[[str], str], *, after: str = "", beside: str = ""
) -> tuple[int, str]:
    """Change the first run that is `text` (or a pattern) and follows one that holds `after`, on a page with `beside`.

    Returns page number and what it then says; where the subset lacks a character, KeyError.
    """
    for number, page in enumerate(pdf.pages, start=1):
        content = operators(page)
        seen = not after
        if beside and not any(beside in found for _, found, _ in runs(page, content)):
            continue
        for position, found, used in runs(page, content):
            seen = seen or after in found
            if seen and (found == text or re.fullmatch(text, found)):
                new = change(found)
                content[position] = ([pikepdf.String(used.encode(new))], "Tj")
                write(pdf, page, content)
                return number, new
    raise AssertionError(f"no run {text!r}")


def page_of(pdf: pikepdf.Pdf, text: str) -> int:
    """Position of the first page that has a run that holds `text`."""
    for position, page in enumerate(pdf.pages):
        if any(text in found for _, found, _ in runs(page, operators(page))):
            return position
    raise AssertionError(f"no page says {text!r}")
