"""The text of all pages as one string without white space, and where the units of a document stand in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from docs_templates.render import page as page_size
from docs_templates.verify.content import Mark
from docs_templates.verify.places import Unit, squeezed

WINDOW = 6000
SKIPPED = 25
ANCHOR = 12
SLACK = 2.0
SKIP_COST = 3
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PageView:
    """What a page shows, and its size in points."""

    number: int
    width: float
    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """The text of the pages. `starts[i]` is where mark `owners[i]` (page position, mark position) begins in `text`."""

    text: str
    starts: tuple[int, ...]
    owners: tuple[tuple[int, int], ...]
    page_starts: frozenset[int]
    pages: tuple[int, ...]

    def page_of(self, position: int) -> int | None:
        """Number of the page on which the character at `position` stands."""
        place = bisect_right(self.starts, position) - 1
        return self.pages[self.owners[place][0]] if 0 <= place < len(self.owners) else None


def is_furniture(mark: Mark, page: PageView) -> bool:
    """Whether a mark is of the running head or foot: marked so, or outside the frame of the page."""
    _, bottom, _, top = mark.box
    return mark.artifact or bottom > page.height - page_size.MARGIN_TOP + SLACK or top < page_size.MARGIN_BOTTOM - SLACK


def read_stream(pages: Sequence[PageView]) -> Stream:
    """The stream of the pages, in order of painting, without running heads and feet."""
    texts: list[str] = []
    starts, owners, page_starts = [], [], set()
    length = 0
    for position, page in enumerate(pages):
        page_starts.add(length)
        for index, mark in enumerate(page.marks):
            if mark.kind != "text" or is_furniture(mark, page):
                continue
            text = squeezed(mark.text)
            if text:
                starts.append(length)
                owners.append((position, index))
                texts.append(text)
                length += len(text)
    numbers = tuple(page.number for page in pages)
    return Stream("".join(texts), tuple(starts), tuple(owners), frozenset(page_starts), numbers)


def align(units: Sequence[Unit], stream: Stream) -> list[Range | None]:
    """Where each unit stands; None for free ones and those whose text is not there, in order."""
    return _Aligner(units, stream).ranges()


class _Aligner:
    """Goes along units and text together; where they part, finds the least that must be skipped to go on."""

    def __init__(self, units: Sequence[Unit], stream: Stream) -> None:
        self._units = units
        self._text = stream.text
        self._page_starts = stream.page_starts
        self._fixed = [k for k, unit in enumerate(units) if not unit.free and unit.text]
        self._loose = {k for k in self._fixed if k and units[k - 1].free}
        self._found: list[Range | None] = [None] * len(units)

    def ranges(self) -> list[Range | None]:
        """The places of all units."""
        position = cursor = 0
        while position < len(self._fixed):
            index = self._fixed[position]
            unit = self._units[index]
            start = self._here(unit, cursor)
            if start is None or index in self._loose:
                skipped, start = self._onward(position, cursor)
                if start is None:
                    position += 1
                    continue
                if skipped:
                    self._again(position, skipped, cursor, start)
                position += skipped
                index = self._fixed[position]
                unit = self._units[index]
            self._found[index] = (start, start + len(unit.text))
            cursor = start + len(unit.text)
            position += 1
        return self._found

    def _here(self, unit: Unit, cursor: int) -> int | None:
        """Where the unit begins if it is the next text, or the next after the repeated head of its table."""
        if self._text.startswith(unit.text, cursor):
            return cursor
        after = cursor + len(unit.head)
        if unit.head and cursor in self._page_starts and self._text.startswith(unit.head, cursor):
            return after if self._text.startswith(unit.text, after) else None
        return None

    def _onward(self, position: int, cursor: int) -> tuple[int, int | None]:
        """How many units to skip and where the next one begins, at the least cost."""
        best: tuple[float, int, int] | None = None
        passed = 0
        for skipped in range(min(SKIPPED, len(self._fixed) - position)):
            anchor = self._anchor(position + skipped)
            start = self._text.find(anchor, cursor, cursor + WINDOW + passed + len(anchor))
            if start >= 0:
                if not skipped and self._fixed[position] in self._loose and len(anchor) >= ANCHOR:
                    return 0, start
                cost = abs(start - cursor - passed) + SKIP_COST * skipped
                if best is None or cost < best[0]:
                    best = (cost, skipped, start)
            passed += len(self._units[self._fixed[position + skipped]].text)
        return (best[1], best[2]) if best else (0, None)

    def _anchor(self, position: int) -> str:
        """The text of a unit and of those that follow it, until it is long enough to be told from others."""
        text = ""
        for index in self._fixed[position : position + ANCHOR]:
            if text and index in self._loose:
                break
            text += self._units[index].text
            if len(text) >= ANCHOR:
                break
        return text

    def _again(self, position: int, skipped: int, cursor: int, end: int) -> None:
        """Units that were skipped may stand in the gap, parted by what is repeated on a new page."""
        for index in self._fixed[position : position + skipped]:
            text = self._units[index].text
            start = self._text.find(text, cursor, end)
            if start >= 0:
                self._found[index] = (start, start + len(text))
                cursor = start + len(text)
