"""Draws the logo of the example of a house style: `python scripts/example_logo.py FILE.png`.

It is ours, under the licence of this repository; it is no bank's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

SIZE, SCALE = (360, 96), 4
INK, GOLD = (31, 77, 58, 255), (201, 162, 39, 255)


def logo() -> Image.Image:
    """Three columns under a roof, beside steps that rise; transparent where there is no ink."""
    picture = Image.new("RGBA", (SIZE[0] * SCALE, SIZE[1] * SCALE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)

    def box(left: int, top: int, right: int, bottom: int, ink: tuple[int, ...]) -> None:
        draw.rectangle([part * SCALE for part in (left, top, right - 1, bottom - 1)], fill=ink)

    draw.polygon([(part * SCALE, high * SCALE) for part, high in ((4, 34), (56, 6), (108, 34))], fill=INK)
    for left in (16, 48, 80):
        box(left, 40, left + 16, 78, INK)
    box(4, 82, 108, 90, INK)
    for step in range(6):
        left, high = 136 + 36 * step, 12 * (step + 1)
        box(left, 90 - high, left + 26, 90, GOLD if step == 5 else INK)
    return picture.resize(SIZE, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    logo().save(Path(sys.argv[1]), optimize=True)
