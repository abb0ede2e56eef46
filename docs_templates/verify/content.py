"""What a page shows: its content stream as marks (text, paths, images) with place and look, whatever its bytes are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pikepdf

from docs_templates.verify.fonts import Font, read_font
from docs_templates.verify.objects import Digests

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
PAINTS = {"S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "n"}
SEGMENTS = {"m": "m", "l": "l", "c": "c", "v": "v", "y": "y"}
FILL_COLOURS = {"g", "rg", "k", "sc", "scn", "cs"}
STROKE_COLOURS = {"G", "RG", "K", "SC", "SCN", "CS"}
LINE_STYLES = {"w", "J", "j", "M", "d", "i", "ri"}
TEXT_STATE = {"Tc": "spacing", "Tw": "word_spacing", "Tz": "scale", "TL": "leading", "Ts": "rise", "Tr": "mode"}
DEEPEST = 12
SAID = ("/ActualText", "/Alt", "/E", "/Lang", "/OCGs", "/Type")
Operator = Callable[[Sequence[Any]], None]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that a page shows. `kind`: text, path, image or shading; `text`: what it says, or how it is painted;
    `box`: left, bottom, right, top in points; `look`: all else that decides how it shows; `artifact`: it belongs to
    the page (running head, foot), not to the document; `font` is the digest of its font, `codes` its text in it."""

    kind: str
    text: str
    box: tuple[float, float, float, float]
    look: tuple[object, ...]
    font: str = ""
    artifact: bool = False
    codes: bytes = b""


@dataclass(slots=True)
class _State:
    matrix: Matrix = IDENTITY
    fill: object = ("g", 0.0)
    stroke: object = ("G", 0.0)
    lines: tuple[tuple[str, object], ...] = ()
    extra: str = ""
    clip: str = ""
    font: Font | None = None
    size: float = 0.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 100.0
    leading: float = 0.0
    rise: float = 0.0
    mode: float = 0.0


class FontCache:
    """Fonts of one file, read once each."""

    def __init__(self, digests: Digests) -> None:
        self.digests = digests
        self._fonts: dict[str, Font] = {}

    def get(self, font: Any) -> Font:
        """The Font of a font dictionary."""
        key = self.digests.of(font)
        if key not in self._fonts:
            self._fonts[key] = read_font(font, key)
        return self._fonts[key]


def page_marks(page: Any, fonts: FontCache) -> list[Mark]:
    """Marks of a page in order of painting. Raises pikepdf.PdfError for content that cannot be read."""
    painter = _Painter(fonts)
    painter.run(page, page.obj.get("/Resources", page.resources), 0)
    return painter.marks


def multiply(a: Matrix, b: Matrix) -> Matrix:
    """The matrix that does `a`, then `b`."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def _plain(value: Any) -> object:
    """An operand as plain Python, numbers rounded to thousandths."""
    if isinstance(value, (int, float, Decimal)):
        return round(float(value), 3)
    if isinstance(value, pikepdf.Array):
        return tuple(_plain(item) for item in value)
    return str(value) if isinstance(value, (pikepdf.Name, pikepdf.String, str)) else value.unparse().decode("latin-1")


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8")).hexdigest()[:24]


class _Painter:
    """Carries out the operators of a page."""

    def __init__(self, fonts: FontCache) -> None:
        self.marks: list[Mark] = []
        self._fonts = fonts
        self._state = _State()
        self._stack: list[_State] = []
        self._text: Matrix = IDENTITY
        self._line: Matrix = IDENTITY
        self._path: list[tuple[object, ...]] = []
        self._clips: str | None = None
        self._tags: list[tuple[str, str]] = []
        self._resources: Any = None
        self._depth = 0
        self._operators: dict[str, Operator] = {
            "q": lambda _: self._stack.append(copy(self._state)),
            "Q": self._restore,
            "cm": self._concatenate,
            "re": self._rectangle,
            "h": lambda _: self._path.append(("h",)),
            "gs": self._extended,
            "BT": self._begin_text,
            "Tf": self._choose_font,
            "Td": lambda o: self._move(float(o[0]), float(o[1])),
            "TD": self._move_and_lead,
            "Tm": self._set_text,
            "T*": lambda _: self._move(0.0, -self._state.leading),
            "Tj": lambda o: self._show([o[0]]),
            "TJ": lambda o: self._show(o[0]),
            "'": self._next_line,
            '"': self._next_line_spaced,
            "Do": self._object,
            "sh": self._shade,
            "BMC": lambda o: self._tags.append((str(o[0]), "")),
            "BDC": self._begin_marked,
            "EMC": self._end_marked,
        }  # fmt: skip

    def run(self, content: Any, resources: Any, depth: int) -> None:
        """Carry out a content stream with its resources."""
        before = self._resources, self._depth
        self._resources, self._depth = resources, depth
        for instruction in pikepdf.parse_content_stream(content):
            self._do(str(instruction.operator), list(instruction.operands))
        self._resources, self._depth = before

    def _do(self, name: str, operands: Sequence[Any]) -> None:
        state = self._state
        if name in SEGMENTS:
            points = [self._point(float(operands[i]), float(operands[i + 1])) for i in range(0, len(operands), 2)]
            self._path.append((name, *points))
        elif name in PAINTS:
            self._paint(name)
        elif name in FILL_COLOURS:
            state.fill = self._colour(name, operands)
        elif name in STROKE_COLOURS:
            state.stroke = self._colour(name, operands)
        elif name in LINE_STYLES:
            kept = tuple(item for item in state.lines if item[0] != name)
            state.lines = tuple(sorted((*kept, (name, tuple(map(_plain, operands))))))
        elif name in TEXT_STATE:
            setattr(state, TEXT_STATE[name], float(operands[0]))
        elif name in ("W", "W*"):
            self._clips = name
        elif name == "INLINE IMAGE":
            self._image(hashlib.sha256(operands[0].unparse()).hexdigest()[:24])
        elif name in self._operators:
            self._operators[name](operands)

    # ------------------------------------------------------------------------------------------ graphics state
    def _restore(self, _: Sequence[Any]) -> None:
        if self._stack:
            self._state = self._stack.pop()

    def _concatenate(self, operands: Sequence[Any]) -> None:
        self._state.matrix = multiply(tuple(map(float, operands)), self._state.matrix)  # type: ignore[arg-type]

    def _extended(self, operands: Sequence[Any]) -> None:
        held = self._resources.get("/ExtGState", {}).get(str(operands[0]))
        self._state.extra = _digest(self._state.extra, "" if held is None else self._fonts.digests.of(held))

    def _held(self, kind: str, name: Any) -> str:
        """Digest of a resource, or its name where the page has none."""
        held = self._resources.get(kind, {}).get(str(name)) if self._resources is not None else None
        return str(name) if held is None else self._fonts.digests.of(held)

    def _colour(self, name: str, operands: Sequence[Any]) -> tuple[object, ...]:
        kind = "/ColorSpace" if name in ("cs", "CS") else "/Pattern"
        return (name, *(self._held(kind, o) if isinstance(o, pikepdf.Name) else _plain(o) for o in operands))

    def _begin_marked(self, operands: Sequence[Any]) -> None:
        properties = operands[1] if len(operands) > 1 else None
        if isinstance(properties, pikepdf.Name):
            properties = self._resources.get("/Properties", {}).get(str(properties))
        told = ""
        if isinstance(properties, pikepdf.Dictionary):
            shown = {
                k: v for k, v in properties.items() if k in ("/ActualText", "/Alt", "/E", "/Lang", "/OCGs", "/Type")
            }
            told = repr(sorted((k, str(v)) for k, v in shown.items())) if shown else ""
        self._tags.append((str(operands[0]), told))

    def _end_marked(self, _: Sequence[Any]) -> None:
        if self._tags:
            self._tags.pop()

    def _point(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self._state.matrix
        return (round(a * x + c * y + e, 2), round(b * x + d * y + f, 2))

    # -------------------------------------------------------------------------------------------------- paths
    def _rectangle(self, operands: Sequence[Any]) -> None:
        x, y, w, h = map(float, operands)
        corners = [self._point(*p) for p in ((x, y), (x + w, y), (x + w, y + h), (x, y + h))]
        self._path.append(("re", *corners))

    def _paint(self, name: str) -> None:
        if name != "n" and self._path:
            points = [p for segment in self._path for p in segment[1:]]
            strokes, fills = name in "SsBb" or name in ("B*", "b*"), name not in ("S", "s")
            look = (tuple(self._path), self._look(fills, strokes))
            self._mark("path", name, points, look)  # type: ignore[arg-type]
        if self._clips is not None:
            self._state.clip = _digest(self._state.clip, self._clips, self._path)
            self._clips = None
        self._path = []

    def _look(self, fills: bool, strokes: bool = False) -> tuple[object, ...]:
        state = self._state
        stroked = (state.stroke, state.lines, self._scaled()) if strokes else ()
        return (state.fill if fills else None, stroked, state.extra, state.clip, *self._told())

    def _scaled(self) -> tuple[float, ...]:
        return tuple(round(part, 3) for part in self._state.matrix[:4])

    def _told(self) -> list[str]:
        return [f"{tag} {told}" for tag, told in self._tags if told or tag == "/OC"]

    def _shade(self, operands: Sequence[Any]) -> None:
        self._mark("shading", self._held("/Shading", operands[0]), [self._point(0.0, 0.0)], self._look(True))

    def _mark(
        self,
        kind: str,
        text: str,
        points: Sequence[tuple[float, float]],
        look: tuple[object, ...],
        font: str = "",
        codes: bytes = b"",
    ) -> None:
        across, up = [p[0] for p in points], [p[1] for p in points]
        box = (min(across), min(up), max(across), max(up))
        artifact = any(tag == "/Artifact" for tag, _ in self._tags)
        self.marks.append(Mark(kind, text, box, look, font, artifact, codes))

    # --------------------------------------------------------------------------------------------------- text
    def _begin_text(self, _: Sequence[Any]) -> None:
        self._text = self._line = IDENTITY

    def _choose_font(self, operands: Sequence[Any]) -> None:
        held = self._resources.get("/Font", {}).get(str(operands[0]))
        self._state.font = self._fonts.get(held) if held is not None else None
        self._state.size = float(operands[1])

    def _move(self, x: float, y: float) -> None:
        self._line = self._text = multiply((1.0, 0.0, 0.0, 1.0, x, y), self._line)

    def _move_and_lead(self, operands: Sequence[Any]) -> None:
        self._state.leading = -float(operands[1])
        self._move(float(operands[0]), float(operands[1]))

    def _set_text(self, operands: Sequence[Any]) -> None:
        self._line = self._text = tuple(map(float, operands))  # type: ignore[assignment]

    def _next_line(self, operands: Sequence[Any]) -> None:
        self._move(0.0, -self._state.leading)
        self._show([operands[0]])

    def _next_line_spaced(self, operands: Sequence[Any]) -> None:
        self._state.word_spacing, self._state.spacing = float(operands[0]), float(operands[1])
        self._next_line(operands[2:])

    def _show(self, operands: Any) -> None:
        parts = [bytes(part) if isinstance(part, pikepdf.String) else part for part in operands]
        state = self._state
        texts, wide, shifts = [], 0.0, []
        for part in parts:
            if isinstance(part, bytes):
                data = part
                text = state.font.text(data) if state.font else "\ufffd" * len(data)
                width = state.font.width(data) * state.size if state.font else 0.0
                spaces = data.count(b" ") if state.font and not state.font.wide else 0
                wide += (width + state.spacing * len(text) + state.word_spacing * spaces) * state.scale / 100
                texts.append(text)
            else:
                shifts.append((len("".join(texts)), _plain(part)))
                wide -= float(part) / 1000 * state.size * state.scale / 100
        matrix = multiply(self._text, state.matrix)
        self._text = multiply((1.0, 0.0, 0.0, 1.0, wide, 0.0), self._text)
        if not "".join(texts):
            return
        a, b, c, d, e, f = matrix
        points = [
            (round(a * x + c * y + e, 2), round(b * x + d * y + f, 2))
            for x, y in ((0.0, state.rise), (wide, state.rise + 0.7 * state.size))
        ]
        shown = tuple(round(part, 3) for part in (a, b, c, d, state.size, state.spacing, state.word_spacing,
                                                  state.scale, state.rise, state.mode))  # fmt: skip
        strokes = state.mode % 4 in (1.0, 2.0)
        name = state.font.name if state.font else ""
        look = (name, shown, tuple(shifts), self._look(True, strokes))
        codes = b"".join(part for part in parts if isinstance(part, bytes))
        self._mark("text", "".join(texts), points, look, state.font.digest if state.font else "", codes)

    # ------------------------------------------------------------------------------------------------ objects
    def _object(self, operands: Sequence[Any]) -> None:
        held = self._resources.get("/XObject", {}).get(str(operands[0]))
        if held is None:
            return
        if str(held.get("/Subtype", "")) != "/Form":
            self._image(self._fonts.digests.of(held))
            return
        if self._depth >= DEEPEST:
            raise pikepdf.PdfError("forms are nested too deeply")
        outer, stack, tags = copy(self._state), self._stack, self._tags
        self._stack, self._tags = [], list(tags)
        matrix = held.get("/Matrix")
        if matrix is not None:
            self._concatenate(list(matrix))
        self._state.extra = _digest(self._state.extra, _plain(held.get("/BBox", pikepdf.Array())), "/Group" in held)
        self.run(held, held.get("/Resources", self._resources), self._depth + 1)
        self._state, self._stack, self._tags = outer, stack, tags

    def _image(self, digest: str) -> None:
        corners = [self._point(x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))]
        self._mark("image", digest, corners, (tuple(corners), self._look(True)))
