"""Does any page of a PDF have ink outside its margins? `python scripts/page_ink.py FILE.pdf ...` (needs pypdfium2).

The margins are those of the documents that this project renders. Each page becomes a picture; whatever is not paper
beyond the margins, or between the text and the running head and foot, is told with its place. Exit status: 0 clean,
1 ink outside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MM = 72 / 25.4
SIDE, TOP, BOTTOM = 22 * MM, 26 * MM, 24 * MM
HEAD = (11.0, 26.0)
"""The running head lies this far above the text, from and to, in points."""
FOOT = (14.0, 29.0)
"""The running foot lies this far below the text."""
BANNERS = 42.0
"""Where a house style has banners, they lie so far above and below the text at most."""
PAPER = 250
SLACK = 1.2
"""Points by which a line on the edge may reach over it, beside the rounding of a pixel."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A grey picture of a page, rows from the top."""

    width: int
    height: int
    pixels: bytes

    def inked(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether a part, in pixels, has ink."""
        a, b = max(0, round(left)), min(self.width, round(right))
        rows = range(max(0, round(top)), min(self.height, round(bottom)))
        return any(min(self.pixels[y * self.width + a : y * self.width + b], default=255) < PAPER for y in rows)


def pictures(path: Path, dpi: int) -> Iterator[Picture]:
    """Each page as a picture."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as pdf:
        for page in pdf:
            bitmap = page.render(scale=dpi / 72, grayscale=True)
            rows, width = bytes(bitmap.buffer), bitmap.width
            lines = (rows[y * bitmap.stride : y * bitmap.stride + width] for y in range(bitmap.height))
            yield Picture(width, bitmap.height, b"".join(lines))
            bitmap.close()
            page.close()


def outside(picture: Picture, dpi: int, *, banners: bool = False) -> list[str]:
    """Where a page has ink that it should not have."""
    above, below = (BANNERS, BANNERS) if banners else (HEAD[1], FOOT[1])
    scale = dpi / 72
    width, height = picture.width, picture.height
    slack = SLACK * scale + 1
    left, right = SIDE * scale - slack, width - SIDE * scale + slack
    top, foot = TOP * scale, height - BOTTOM * scale
    parts = {
        "left margin": (0, 0, left, height),
        "right margin": (right, 0, width, height),
        "above the running head": (0, 0, width, top - above * scale),
        "between running head and text": (0, top - HEAD[0] * scale, width, top - slack),
        "between text and running foot": (0, foot + slack, width, foot + FOOT[0] * scale),
        "below the running foot": (0, foot + below * scale, width, height),
    }
    return [name for name, box in parts.items() if picture.inked(*box)]


def blank(picture: Picture, dpi: int) -> bool:
    """Whether the page has no ink between its margins."""
    scale = dpi / 72
    return not picture.inked(SIDE * scale, TOP * scale, picture.width - SIDE * scale, picture.height - BOTTOM * scale)


def check(path: Path, dpi: int = 60, *, banners: bool = False) -> list[str]:
    """Faults of all pages: `page 3: left margin`, and pages that are blank."""
    found = []
    for number, picture in enumerate(pictures(path, dpi), start=1):
        found += [f"page {number}: {place}" for place in outside(picture, dpi, banners=banners)]
        found += [f"page {number}: blank"] if blank(picture, dpi) else []
    return found


def main(paths: list[str]) -> int:
    """Check files and print what is wrong."""
    wrong = 0
    for path in paths:
        faults = check(Path(path))
        wrong += len(faults)
        sys.stdout.write("".join(f"{path}: {fault}\n" for fault in faults) or f"{path}: no ink outside the margins\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
