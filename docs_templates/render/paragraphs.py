"""Flowables of text: paragraphs, headings, list items, panels. All content they draw is marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reportlab.lib.colors import Color
from reportlab.platypus import Flowable

from docs_templates.render import fonts, lines
from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.lines import Line, Piece, Run
from docs_templates.render.structure import Element
from docs_templates.render.styles import TextStyle

Drawn = Callable[[TaggedCanvas, float], None]
DESCENT = 0.25


def put_piece(canvas: TaggedCanvas, piece: Piece, x: float, y: float, *, leftwards: bool) -> None:
    """Draw a piece with its baseline at (x, y)."""
    run = piece.run
    seen = fonts.in_order_of_sight(piece.text, leftwards=leftwards)
    canvas.put(seen, x, y, run.font, run.size, run.color)


class Writer:
    """Draws lines into an element; a link that runs over two lines is one element.

    `one_link`: so are all links to the same place.
    """

    __slots__ = ("_leftwards", "_links", "_one_link", "element")

    def __init__(self, element: Element, *, leftwards: bool = False, one_link: bool = False) -> None:
        self.element = element
        self._leftwards, self._one_link = leftwards, one_link
        self._links: dict[int | str, Element] | None = None

    def line(self, canvas: TaggedCanvas, line: Line, x: float, y: float) -> None:
        """Draw a line that begins at (x, y): text between links is one sequence, each link one of its own."""
        waiting: list[Piece] = []
        for piece in line.pieces:
            if piece.run.anchor is not None:
                canvas.bookmarkHorizontal(piece.run.anchor, 0, y + 40)
            if piece.run.link is None:
                waiting.append(piece)
                continue
            self._plain(canvas, waiting, line, x, y)
            waiting = []
            self._link(canvas, piece, self._at(line, piece, x), y)
        self._plain(canvas, waiting, line, x, y)

    def _at(self, line: Line, piece: Piece, x: float) -> float:
        return x + (line.width - piece.x - piece.width if self._leftwards else piece.x)

    def _plain(self, canvas: TaggedCanvas, pieces: Sequence[Piece], line: Line, x: float, y: float) -> None:
        told = [piece for piece in pieces if piece.text]
        if told:
            with canvas.marked(self.element):
                for piece in told:
                    put_piece(canvas, piece, self._at(line, piece, x), y, leftwards=self._leftwards)

    def _link(self, canvas: TaggedCanvas, piece: Piece, x: float, y: float) -> None:
        run = piece.run
        assert run.link is not None
        key = run.link if self._one_link else id(run)
        if self._links is None:
            self._links = {}
        element = self._links.get(key) or self.element.child("Link")
        self._links[key] = element
        with canvas.marked(element):
            put_piece(canvas, piece, x, y, leftwards=self._leftwards)
        box = (x, y - DESCENT * run.size, x + piece.width, y + 0.95 * run.size)
        canvas.jump(element, run.link, box, piece.text)


class Text(Flowable):
    """A paragraph. It splits between lines, never leaving one alone.

    `indent`: points at the left; `label`: a bullet or number with its element, drawn before the first line.
    """

    def __init__(
        self,
        runs: tuple[Run, ...],
        look: TextStyle,
        element: Element,
        *,
        indent: float = 0.0,
        label: tuple[str, Element] | None = None,
    ) -> None:
        super().__init__()
        self._runs, self.look, self._indent, self._label = runs, look, indent, label
        self._writer = Writer(element, leftwards=fonts.reads_leftwards("".join(run.text for run in runs)))
        self._leftwards = self._writer._leftwards
        self._lines: tuple[Line, ...] | None = None
        self.spaceBefore, self.spaceAfter = look.before, look.after

    @property
    def element(self) -> Element:
        """Where the text belongs in the structure."""
        return self._writer.element

    def wrap(self, available: float, _: float) -> tuple[float, float]:
        """Break the lines; returns width and height."""
        self.width = available
        if self._lines is None:
            self._lines = lines.broken(self._runs, available - self._indent)
        self.height = len(self._lines) * self.look.leading
        return self.width, self.height

    def split(self, available: float, height: float) -> list[Any]:
        """Two parts of at least two lines each, or none."""
        self.wrap(available, height)
        assert self._lines is not None
        total, fits = len(self._lines), int((height + lines.TINY) / self.look.leading)
        if fits >= total:
            return [self]
        fits = min(fits, total - 2)
        if fits < 2:
            return []
        return [self._part(self._lines[:fits], first=True), self._part(self._lines[fits:], first=False)]

    def _part(self, some: tuple[Line, ...], *, first: bool) -> Text:
        part = type(self).__new__(type(self))
        part.__dict__.update(self.__dict__)
        part._lines = some
        if first:
            part.spaceAfter = 0
        else:
            part._label, part.spaceBefore = None, 0
        return part

    def draw(self) -> None:
        """Draw label and lines."""
        if self.canv.dry:
            return
        assert self._lines is not None
        look, y = self.look, self.height - self.look.size
        if self._label is not None:
            text, element = self._label
            with self.canv.marked(element):
                piece = Piece(Run(text, fonts.REGULAR, look.size - 1, look.color), text, 0, 0)
                put_piece(self.canv, piece, self._indent - 14, y, leftwards=False)
        for line in self._lines:
            right = look.align == "right" or self._leftwards
            x = self.width - line.width if right else self._indent
            self._writer.line(self.canv, line, x, y)
            y -= look.leading


class Panel(Flowable):
    """Texts one below the other on a ground with a bar at their left; splits between and within them."""

    PAD_LEFT, PAD_RIGHT = 9.0, 6.0

    def __init__(
        self,
        texts: Sequence[Text],
        ground: Color,
        bar: Color,
        pads: tuple[float, float] = (4.0, 5.0),
        outer: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        super().__init__()
        self._texts, self._ground, self._bar, self._pads = list(texts), ground, bar, pads
        self.spaceBefore, self.spaceAfter = outer

    def wrap(self, available: float, _: float) -> tuple[float, float]:
        """Width and height."""
        self.width = available
        self._heights = [text.wrap(self._room, 1e6)[1] + sum(self._pads) for text in self._texts]
        self.height = sum(self._heights)
        return self.width, self.height

    @property
    def _room(self) -> float:
        return self.width - self.PAD_LEFT - self.PAD_RIGHT

    def split(self, available: float, height: float) -> list[Any]:
        """What fits and what does not."""
        self.wrap(available, height)
        if self.height <= height + lines.TINY:
            return [self]
        used, held = 0.0, 0
        for one in self._heights:
            if used + one > height:
                break
            used, held = used + one, held + 1
        parts = self._texts[held].split(self._room, height - used - sum(self._pads)) if held < len(self._texts) else []
        first, rest = self._texts[:held], self._texts[held:]
        if len(parts) == 2:
            first, rest = [*first, parts[0]], [parts[1], *rest[1:]]
        if not first or not rest:
            return []
        return [
            Panel(first, self._ground, self._bar, self._pads, (self.spaceBefore, 0)),
            Panel(rest, self._ground, self._bar, self._pads, (0, self.spaceAfter)),
        ]

    def draw(self) -> None:
        """Ground, bar, texts."""
        canvas = self.canv
        if canvas.dry:
            return
        with canvas.artifact():
            canvas.setFillColor(self._ground)
            canvas.rect(0, 0, self.width, self.height, stroke=0, fill=1)
            canvas.setFillColor(self._bar)
            canvas.rect(0, 0, 2.4, self.height, stroke=0, fill=1)
        y = self.height
        for text, height in zip(self._texts, self._heights, strict=True):
            text.drawOn(canvas, self.PAD_LEFT, y - height + self._pads[1])
            y -= height


class Heading(Text):
    """A heading; `when_drawn` is called with the canvas and its height. Headings do not split."""

    def __init__(self, runs: tuple[Run, ...], look: TextStyle, element: Element, when_drawn: Drawn) -> None:
        super().__init__(runs, look, element)
        self._when_drawn = when_drawn

    def split(self, available: float, height: float) -> list[Any]:
        """Never."""
        return []

    def draw(self) -> None:
        """Draw, then tell."""
        self._when_drawn(self.canv, self.height)
        super().draw()
