"""Holds a PDF against the one that its package gives: every mark of every page, and all else that the file holds."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from docs_templates.verify.content import Mark
from docs_templates.verify.pages import match_pages, order_alterations
from docs_templates.verify.places import Unit, squeezed
from docs_templates.verify.reading import Annotation, PageParts, Reading
from docs_templates.verify.report import Alteration
from docs_templates.verify.stream import PageView, Range, Stream, align, is_furniture, read_stream

NEAR = 1.5
TOLD_OF_PAGE = 6
FURNITURE = "running head or foot"


@dataclass(frozen=True, slots=True)
class Change:
    """A mark that is not as it should be: `position` and `mark` of the document, `found` of the file; one may lack."""

    position: int | None
    mark: Mark | None
    found: Mark | None


class Located:
    """The marks of the document's pages with the units that they belong to."""

    def __init__(self, expected: Reading, units: Sequence[Unit]) -> None:
        self.units = units
        self.views = expected.views()
        self.stream: Stream = read_stream(self.views)
        self.ranges: list[Range | None] = align(units, self.stream)
        placed = [(r[0], k) for k, r in enumerate(self.ranges) if r is not None]
        self._starts = [start for start, _ in placed]
        self._units = [k for _, k in placed]
        self._offsets = self._mark_offsets()

    def _mark_offsets(self) -> dict[tuple[int, int], int]:
        """For each mark of the frame, where the text stands that it is or follows."""
        starts = dict(zip(self.stream.owners, self.stream.starts, strict=True))
        found, last = {}, 0
        for page, view in enumerate(self.views):
            for index, mark in enumerate(view.marks):
                if is_furniture(mark, view):
                    continue
                if (page, index) in starts:
                    last = starts[page, index]
                found[page, index] = last
        return found

    def unit_of(self, page: int, index: int) -> int | None:
        """The unit that a mark belongs to; None for running heads and feet."""
        offset = self._offsets.get((page, index))
        if offset is None:
            return None
        place = bisect_right(self._starts, offset) - 1
        if place < 0:
            return None
        unit = self._units[place]
        held = self.ranges[unit]
        beyond = held is not None and offset >= held[1]
        follows = unit + 1 < len(self.units) and self.units[unit + 1].free
        is_drawn = self.views[page].marks[index].kind != "text" and self.units[unit].part == "evidence id"
        return unit + 1 if follows and (beyond or is_drawn) else unit

    def marks_of(self, unit: int) -> list[tuple[int, int]]:
        """The text marks (page, position) of a unit."""
        held = self.ranges[unit]
        if held is None:
            return []
        first = bisect_right(self.stream.starts, held[0]) - 1
        last = bisect_right(self.stream.starts, held[1] - 1)
        return list(self.stream.owners[first:last])

    def holds(self, page: int) -> str:
        """What stands on a page of the document, in words."""
        seen = (self.unit_of(page, i) for i, mark in enumerate(self.views[page].marks) if mark.kind == "text")
        items = dict.fromkeys(f"{self.units[u].section}, {self.units[u].item}" for u in seen if u is not None)
        return "; ".join(list(items)[:TOLD_OF_PAGE]) + (" …" if len(items) > TOLD_OF_PAGE else "")


class Expected:
    """The PDF that the package gives, and its marks with their units where they are asked for."""

    def __init__(self, reading: Reading, units: Sequence[Unit]) -> None:
        self.reading = reading
        self._units = units

    @cached_property
    def located(self) -> Located:
        """Marks and units."""
        return Located(self.reading, self._units)


def compare(given: Expected, actual: Reading) -> list[Alteration]:
    """Every difference between the file and the PDF that the package gives."""
    expected = given.reading
    matched = match_pages(expected, actual)
    differing = [p for p, one in matched.items() if actual.pages[p].quick != expected.pages[one].quick]
    in_order = len(matched) == len(expected.pages) == len(actual.pages) and all(a == b for a, b in matched.items())
    found: list[Alteration] = []
    located = given.located if differing or not in_order else None
    if located is not None and not in_order:
        told = [located.holds(page) for page in range(len(expected.pages))]
        found += order_alterations(expected, actual, matched, told)
    fonts: dict[str, list[int]] = {}
    for position in sorted(differing):
        if located is not None:
            found += _page(located, actual.view(position), matched[position], fonts)
    found += [
        Alteration("font", f"glyphs of {name} or their meaning are others than those of the document", pages[0],
                   printed=f"pages {', '.join(map(str, pages[:20]))}")
        for name, pages in fonts.items()
    ]  # fmt: skip
    for position, one in matched.items():
        found += _page_parts(expected.pages[one], actual.pages[position], links=in_order)
    found += _file(expected, actual, links=in_order)
    return found


# ------------------------------------------------------------------------------------------------------ pages
def _page(located: Located, view: PageView, page: int, fonts: dict[str, list[int]]) -> list[Alteration]:
    wanted = located.views[page].marks
    strange = {m.font for m in view.marks} - {m.font for m in wanted}
    for name in sorted(strange):
        base = next(str(m.look[0]) for m in view.marks if m.font == name)
        fonts.setdefault(base, []).append(view.number)
    changes = [c for c in mark_changes(wanted, view.marks) if not _is_of_font(c, strange)]
    if not changes:
        same = strange or [_key(m) for m in wanted] == [_key(m) for m in view.marks]
        message = "what the page shows is painted in another order"
        return [] if same else [Alteration("drawing", message, view.number)]
    return [*_unit_alterations(located, page, view.number, changes), *_strange(located, page, view.number, changes)]


def _is_of_font(change: Change, strange: set[str]) -> bool:
    """Whether a text differs only in what its font says that the same codes mean: the font is told once."""
    wanted, found = change.mark, change.found
    if wanted is None or found is None or found.font not in strange:
        return False
    return (wanted.codes, wanted.look) == (found.codes, found.look)


def _key(mark: Mark) -> tuple[object, ...]:
    return (mark.kind, mark.text, mark.box, mark.look)


def mark_changes(wanted: Sequence[Mark], present: Sequence[Mark]) -> list[Change]:
    """Marks that differ between two pages; one that kept its place and kind is told as changed."""
    surplus = Counter(map(_key, present))
    missing: list[tuple[int, Mark]] = []
    for index, mark in enumerate(wanted):
        if surplus[_key(mark)] > 0:
            surplus[_key(mark)] -= 1
        else:
            missing.append((index, mark))
    added = []
    for mark in reversed(present):
        if surplus[_key(mark)] > 0:
            surplus[_key(mark)] -= 1
            added.append(mark)
    added.reverse()
    changes = []
    for index, mark in missing:
        twin = next((one for one in added if _same_spot(mark, one)), None)
        if twin is not None:
            added.remove(twin)
        changes.append(Change(index, mark, twin))
    return changes + [Change(None, None, mark) for mark in added]


def _same_spot(one: Mark, other: Mark) -> bool:
    if one.kind != other.kind:
        return False
    corner = abs(one.box[1] - other.box[1]) < NEAR
    return corner and (abs(one.box[0] - other.box[0]) < NEAR or abs(one.box[2] - other.box[2]) < NEAR)


def _unit_alterations(located: Located, page: int, number: int, changes: Sequence[Change]) -> list[Alteration]:
    """Alterations of marks that the document has, one for each unit that they belong to."""
    by_unit: dict[int | None, list[Change]] = {}
    for change in changes:
        if change.position is not None:
            by_unit.setdefault(located.unit_of(page, change.position), []).append(change)
    found = []
    for unit, several in by_unit.items():
        if unit is None:
            found += [_furniture(change, number) for change in several]
        else:
            found += _of_unit(located, page, number, unit, several)
    return found


def _furniture(change: Change, number: int) -> Alteration:
    mark, twin = change.mark, change.found
    wanted = mark.text if mark is not None else ""
    message = "removed" if twin is None else "altered" if twin.text != wanted else "looks otherwise"
    return Alteration("text", message, number, FURNITURE, twin.text if twin else "", wanted)


def _of_unit(located: Located, page: int, number: int, unit: int, changes: Sequence[Change]) -> list[Alteration]:
    about = located.units[unit]
    texts = [c for c in changes if c.mark is not None and c.mark.kind == "text"]
    drawn = [c for c in changes if c.mark is not None and c.mark.kind != "text"]
    found = []
    if drawn:
        kind, what = ("figure", "the drawing") if about.part == "drawing" else ("drawing", "lines or grounds")
        source = _evidence_of(located, unit)
        message = f"{what} altered: {len(drawn)} of its marks are not as drawn from the evidence"
        found.append(Alteration(kind, message, number, about.place, source=source))
    if not texts:
        return found
    if about.free or not located.marks_of(unit):
        kind = "figure" if about.part == "drawing" else "text"
        source = _evidence_of(located, unit)
        for change in texts:
            wanted, printed = change.mark.text if change.mark else "", change.found.text if change.found else ""
            found.append(Alteration(kind, _told(wanted, printed), number, about.place, printed, wanted, source))
        return found
    return [*found, *_text_of_unit(located, page, number, unit, texts)]


def _told(wanted: str, printed: str) -> str:
    return "removed" if not printed else "altered" if squeezed(printed) != squeezed(wanted) else "looks otherwise"


def _evidence_of(located: Located, unit: int) -> str | None:
    """The evidence id of the table or figure that a unit is part of."""
    item = located.units[unit].item
    for one in reversed(located.units[: unit + 1]):
        if one.item != item:
            return None
        if one.part == "evidence id":
            return one.text
    return None


def _text_of_unit(located: Located, page: int, number: int, unit: int, changes: Sequence[Change]) -> list[Alteration]:
    about = located.units[unit]
    altered = {(page, c.position): c.found.text if c.found else "" for c in changes}
    parts = []
    for owner in located.marks_of(unit):
        mark = located.views[owner[0]].marks[owner[1]]
        parts.append(altered.get(owner, mark.text))
    printed = squeezed("".join(parts))
    if printed == about.text:
        message = "looks otherwise: font, size, colour or place"
        return [Alteration("drawing", message, number, about.place, about.shown)]
    values = altered_values(about, printed)
    if values:
        words = {True: "the value was altered", False: "the value was removed"}
        return [Alteration("value", words[bool(one[0])], number, about.place, *one) for one in values]
    return [Alteration("text", _told(about.text, printed), number, about.place, "".join(parts), about.shown)]


def altered_values(about: Unit, printed: str) -> list[tuple[str, str, str]]:
    """Printed text, true text and source of each cited value of a unit that differs in `printed` (squeezed)."""
    if len(about.values) == 1 and (about.values[0].start, about.values[0].end) == (0, len(about.text)):
        return [(printed, about.values[0].printed, about.values[0].source)]
    found = []
    blocks = SequenceMatcher(None, about.text, printed, autojunk=False).get_opcodes()
    for value in about.values:
        touched = [b for b in blocks if b[0] != "equal" and b[1] <= value.end and b[2] >= value.start]
        touched = [b for b in touched if b[1] < value.end or b[0] == "insert"]
        touched = [b for b in touched if b[2] > value.start or b[0] == "insert"]
        if touched:
            got = printed[_across(blocks, value.start, False) : _across(blocks, value.end, True)]
            found.append((got, value.printed, value.source))
    return found


def _across(blocks: Sequence[tuple[str, int, int, int, int]], place: int, is_end: bool) -> int:
    """Where a place of the one text lies in the other."""
    for tag, first, last, start, end in blocks:
        inside = first < place <= last if is_end else first <= place < last
        if inside:
            if tag == "equal":
                return start + place - first
            return end if is_end else start
    return blocks[-1][4] if blocks else 0


def _strange(located: Located, page: int, number: int, changes: Sequence[Change]) -> list[Alteration]:
    """Marks of the file that the document does not have, with what they lie over."""
    found = []
    for change in changes:
        if change.mark is None and change.found is not None:
            over = _over(located, page, change.found.box)
            what = f"text added: “{change.found.text}”" if change.found.kind == "text" else f"{change.found.kind} added"
            kind = "text" if change.found.kind == "text" else "drawing"
            found.append(Alteration(kind, what + (", over what stands there" if over else ""), number, over or None))
    return found


def _over(located: Located, page: int, box: tuple[float, ...]) -> str:
    """The place of the text that a box lies over."""
    for index, mark in enumerate(located.views[page].marks):
        if mark.kind == "text" and _meets(mark.box, box):
            unit = located.unit_of(page, index)
            return FURNITURE if unit is None else located.units[unit].place
    return ""


# ------------------------------------------------------------------------------------- all else of the file
def _page_parts(expected: PageParts, actual: PageParts, *, links: bool) -> list[Alteration]:
    found = []
    for key in sorted(set(expected.keys) | set(actual.keys)):
        if expected.keys.get(key) != actual.keys.get(key):
            found.append(Alteration("page", f"{key} of the page is not that of the document", actual.number))
    present = [one for one in actual.annotations if not one.is_signature]
    if links:
        left = Counter(one.digest for one in expected.annotations)
        for one in present:
            if left[one.digest] > 0:
                left[one.digest] -= 1
            else:
                found.append(_annotation(one, expected, actual.number))
        lost = [one for one in expected.annotations if left[one.digest] > 0]
        if lost and len(present) < len(expected.annotations):
            found.append(Alteration("annotation", f"{len(lost)} links of the document are missing", actual.number))
    elif any(one.kind != "Link" for one in present):
        kinds = sorted({one.kind for one in present} - {"Link"})
        found.append(Alteration("annotation", f"annotation added: {', '.join(kinds)}", actual.number))
    return found


def _annotation(one: Annotation, expected: PageParts, number: int) -> Alteration:
    there = any(other.kind == one.kind and other.box == one.box for other in expected.annotations)
    box = ", ".join(f"{part:g}" for part in one.box)
    message = f"{one.kind.lower()} leads elsewhere" if there else f"annotation added: {one.kind}"
    return Alteration("annotation", f"{message}, at ({box})", number)


def _file(expected: Reading, actual: Reading, *, links: bool) -> list[Alteration]:
    found = _named("metadata", expected.metadata, actual.metadata, shown=True)
    found += _named("attachment", expected.attachments, actual.attachments)
    for name, kind in actual.fields.items():
        if kind != "/Sig":
            found.append(Alteration("structure", f"form field added: {name}"))
    if links:
        found += _named("structure", expected.catalogue, actual.catalogue)
        if expected.bookmarks != actual.bookmarks:
            found += _bookmark_alterations(expected.bookmarks, actual.bookmarks)
    else:
        added = sorted(set(actual.catalogue) - set(expected.catalogue))
        found += [Alteration("structure", f"{key} was added") for key in added]
    return found


def covered(actual: Reading) -> list[Alteration]:
    """Visible signatures that lie over what a page says."""
    found = []
    for position, page in enumerate(actual.pages):
        boxes = [one.box for one in page.annotations if one.is_signature and len(set(one.box)) > 2]
        texts = [m for m in actual.view(position).marks if m.kind == "text" and m.text.strip()] if boxes else []
        for box in boxes:
            under = [m.text for m in texts if _meets(m.box, box)]
            if under:
                message = "a visible signature lies over printed text"
                found.append(Alteration("signature", message, page.number, printed=" ".join(under)))
    return found


def _meets(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def _named(kind: str, expected: dict[str, str], actual: dict[str, str], *, shown: bool = False) -> list[Alteration]:
    found = []
    for name in sorted(set(expected) | set(actual)):
        wanted, got = expected.get(name), actual.get(name)
        if wanted == got:
            continue
        what = "is missing" if got is None else "was added" if wanted is None else "was altered"
        values = (got or "", wanted or "") if shown else (None, None)
        found.append(Alteration(kind, f"{name} {what}", None, None, *values))
    return found


def _bookmark_alterations(expected: Sequence[tuple[str, str]], actual: Sequence[tuple[str, str]]) -> list[Alteration]:
    found = []
    for tag, first, last, start, end in SequenceMatcher(None, expected, actual, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        wanted = "; ".join(title for title, _ in expected[first:last])
        got = "; ".join(title for title, _ in actual[start:end])
        message = "bookmark leads elsewhere" if wanted == got else "bookmarks were altered"
        found.append(Alteration("bookmark", message, None, None, got, wanted))
    return found
