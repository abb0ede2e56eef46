"""Text as runs of one look, and runs broken into lines. The same runs, width and language give
the same lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from docs_templates.language import HYPHEN, Language, current
from docs_templates.render import fonts

BREAKS = re.compile(r"(?<=[/._-])")
TOKENS = re.compile(r"(\n| +)")
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one font, size in points and colour (`#RRGGBB`).

    `link` is the anchor that it leads to, `anchor` one that it sets.
    """

    text: str
    font: str
    size: float
    color: str
    link: str | None = None
    anchor: str | None = None

    def width(self, text: str) -> float:
        """Width of a part of the run in points."""
        return fonts.width(text, self.font, self.size)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a run on a line, `x` points from its beginning, `width` points wide."""

    run: Run
    text: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces from left to right and their width together."""

    pieces: tuple[Piece, ...]
    width: float


Word = list[tuple[Run, str]]


def broken(runs: tuple[Run, ...], width: float) -> tuple[Line, ...]:
    """The lines of `runs` within `width` points: broken at spaces, too long words after `/._-`, then with a hyphen
    where the language says so, then anywhere."""
    return _broken(runs, width, current())


def forget() -> None:
    """Forget the lines of documents that are done."""
    _broken.cache_clear()


@lru_cache(maxsize=40_000)
def _broken(runs: tuple[Run, ...], width: float, language: Language) -> tuple[Line, ...]:
    maker = _Maker(width, language)
    for word, gap, ends in _words(runs):
        maker.add(word, gap)
        if ends:
            maker.end()
    maker.end(last=True)
    return tuple(maker.lines)


def _words(runs: Sequence[Run]) -> Iterator[tuple[Word, Run | None, bool]]:
    """Words with the run whose space stands before them, and whether the line ends after them."""
    word: Word = []
    gap: Run | None = None
    for run in runs:
        if run.anchor is not None and not run.text:
            word.append((run, ""))
        for token in TOKENS.split(run.text):
            if token == "\n":
                yield word, gap, True
                word, gap = [], None
            elif token[:1] == " ":
                if word:
                    yield word, gap, False
                word, gap = [], run
            elif token:
                word.append((run, token))
    if word:
        yield word, gap, False


class _Maker:
    """Fills lines with words."""

    def __init__(self, width: float, language: Language) -> None:
        self._room, self._language = width + TINY, language
        self._pieces: list[Piece] = []
        self._x = 0.0
        self.lines: list[Line] = []

    def end(self, *, last: bool = False) -> None:
        """End the line; at the end of the text an empty one is none."""
        if self._pieces or not last:
            self.lines.append(Line(tuple(self._pieces), self._x))
        self._pieces, self._x = [], 0.0

    def add(self, word: Word, gap: Run | None) -> None:
        """Put a word after what the line holds, or on the next one."""
        wide = sum(run.width(text) for run, text in word)
        space = gap.width(" ") if gap is not None and self._pieces else 0.0
        if self._pieces and self._x + space + wide > self._room:
            self.end()
            space = 0.0
        if space and gap is not None:
            self._put(gap, " ")
        if self._x + wide <= self._room:
            for run, text in word:
                self._put(run, text)
            return
        for run, text in word:
            self._forced(run, text)

    def _forced(self, run: Run, text: str) -> None:
        """Part of a word that is wider than a line."""
        if not text:
            self._put(run, text)
        for whole in BREAKS.split(text):
            parts = [whole] if self._x + run.width(whole) <= self._room else self._language.syllables(whole)
            for position, part in enumerate(parts):
                self._part(run, part, before=position > 0, after=position < len(parts) - 1)

    def _part(self, run: Run, part: str, *, before: bool, after: bool) -> None:
        """Put a part of a word, leaving room for the hyphen `after` it; where it has none, a hyphen ends the line."""
        if self._pieces and self._x + run.width(part + HYPHEN * after) > self._room:
            if before:
                self._put(run, HYPHEN)
            self.end()
        if part:
            while run.width(part) > self._room:
                fits = max(1, self._fitting(run, part))
                self._put(run, part[:fits])
                self.end()
                part = part[fits:]
            self._put(run, part)

    def _fitting(self, run: Run, text: str) -> int:
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if run.width(text[:middle]) <= self._room else (low, middle - 1)
        return low

    def _put(self, run: Run, text: str) -> None:
        last = self._pieces[-1] if self._pieces else None
        wide = run.width(text)
        if last is not None and last.run is run:
            self._pieces[-1] = replace(last, text=last.text + text, width=last.width + wide)
        else:
            self._pieces.append(Piece(run, text, self._x, wide))
        self._x += wide
