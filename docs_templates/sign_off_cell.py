"""Where on a document a role signs: the empty cell of its row in the sign-off table."""

from __future__ import annotations

from docs_templates.document import SIGN_OFF_COLUMNS
from docs_templates.errors import DocumentError, Fault
from docs_templates.language import say
from docs_templates.render import page as page_size
from docs_templates.verify.content import Mark
from docs_templates.verify.reading import Reading
from docs_templates.verify.stream import PageView

ROW, MIDDLE, INSET = 22.0, 3.0, 2.0
LINE = 13.0
"""Baselines of a role of several lines lie nearer to each other than this, those of two rows do not."""
Box = tuple[float, float, float, float]
ROWS: dict[str, tuple[str, ...]] = {
    "developer": ("Developer", "Author", "Modellentwickler"),
    "owner": ("Model owner", "Modellverantwortlicher"),
    "validator": ("Independent validator", "Validator", "Unabhängiger Validierer"),
    "approver": ("Approver", "Authoriser", "Freigebende Stelle"),
}
"""Rows of sign-off tables in which a role of the inventory signs, in the languages that ship."""


def free_cell(reading: Reading, role: str) -> tuple[str, int, Box] | None:
    """Row, page and box where a role of the inventory signs; None where no row is its own, or all are taken."""
    taken = [[one.box for one in page.annotations if one.is_signature] for page in reading.pages]
    for position, view in enumerate(reading.views()):
        for row, box in _rows(view):
            if row in ROWS.get(role, ()) and not any(_meets(box, other) for other in taken[position] if other):
                return row, position, box
    return None


def _meets(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def cell_of(reading: Reading, role: str) -> tuple[int, Box]:
    """Page (from zero) and box in points of the signature cell of a role. Raises DocumentError where none has it."""
    roles: list[str] = []
    for position, view in enumerate(reading.views()):
        for row, box in _rows(view):
            if row == role:
                return position, box
            roles.append(row)
    allowed = ", ".join(dict.fromkeys(roles)) or "the document has no sign-off table"
    remedy = "name a role of the document, or sign with --invisible"
    raise DocumentError(Fault("no such role to sign for", "role_unknown", found=role, allowed=allowed, remedy=remedy))


def _rows(view: PageView) -> list[tuple[str, Box]]:
    """Roles of the sign-off tables of a page with the boxes of their signatures."""
    texts = [mark for mark in view.marks if mark.kind == "text" and mark.text.strip()]
    found, titles = [], tuple(say(f"sign_off.{name}") for name in SIGN_OFF_COLUMNS)
    for place in range(len(texts) - len(titles) + 1):
        head = texts[place : place + len(titles)]
        if tuple(mark.text.strip() for mark in head) != titles:
            continue
        left, right = head[-1].box[0] - INSET, view.width - page_size.MARGIN_RIGHT - INSET
        rows: list[list[Mark]] = []
        for mark in texts[place + len(titles) :]:
            if abs(mark.box[0] - head[0].box[0]) > INSET or mark.box[1] >= head[0].box[1]:
                break
            if rows and rows[-1][-1].box[1] - mark.box[1] < LINE:
                rows[-1].append(mark)
            else:
                rows.append([mark])
        for row in rows:
            middle = (row[0].box[1] + row[-1].box[1]) / 2 + MIDDLE
            role = " ".join(mark.text.strip() for mark in row)
            found.append((role, (left, middle - ROW / 2, right, middle + ROW / 2)))
    return found
