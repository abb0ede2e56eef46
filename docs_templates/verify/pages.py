"""Which page of a file is which page of the document: removed, added, repeated and moved pages are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from docs_templates.verify.reading import Reading
from docs_templates.verify.report import Alteration
from docs_templates.verify.stream import PageView

ALIKE = 0.5


def match_pages(expected: Reading, actual: Reading) -> dict[int, int]:
    """Positions of the document's pages by position in the file: equal pages first, then alike ones."""
    matched: dict[int, int] = {}
    free = dict.fromkeys(range(len(expected.pages)))
    by_quick: dict[str, list[int]] = {}
    for position, page in enumerate(expected.pages):
        by_quick.setdefault(page.quick, []).append(position)
    for position, page in enumerate(actual.pages):
        candidates = [one for one in by_quick.get(page.quick, ()) if one in free]
        if candidates:
            chosen = min(candidates, key=lambda one: abs(one - position))
            matched[position] = chosen
            del free[chosen]
    for position in range(len(actual.pages)):
        if position in matched or not free:
            continue
        best = _most_alike(expected, actual, position, list(free))
        if best is not None:
            matched[position] = best
            del free[best]
    return matched


def _most_alike(expected: Reading, actual: Reading, position: int, free: Sequence[int]) -> int | None:
    view = actual.view(position)
    ranked = sorted(free, key=lambda one: abs(one - position))
    best, score = None, 0.0
    for one in ranked:
        found = likeness(expected.view(one), view)
        if found > score:
            best, score = one, found
        if found > 1 - ALIKE / 2:
            break
    return best if score >= ALIKE else None


def likeness(one: PageView, other: PageView) -> float:
    """Share of marks that two pages have in common, place and look included."""
    first, second = (Counter((m.kind, m.text, m.box) for m in view.marks) for view in (one, other))
    common = sum((first & second).values())
    return common / max(first.total(), second.total(), 1)


def order_alterations(
    expected: Reading, actual: Reading, matched: dict[int, int], told: Sequence[str]
) -> list[Alteration]:
    """Pages that lack, are strange, stand twice or elsewhere. `told`: what each page of the document holds."""
    found = []
    present = set(matched.values())
    for one in range(len(expected.pages)):
        if one not in present:
            found.append(Alteration("page", f"page {one + 1} of the document is missing: {told[one]}"))
    quick = {page.quick: position for position, page in enumerate(expected.pages)}
    for position, page in enumerate(actual.pages):
        if position in matched:
            continue
        again = quick.get(page.quick)
        message = "the page is not of the document" if again is None else f"repeats page {again + 1} of the document"
        found.append(Alteration("page", message, page.number))
    sequence = [(position, matched[position]) for position in sorted(matched)]
    stays = _longest_rise([one for _, one in sequence])
    for position, one in sequence:
        if one not in stays:
            message = f"page {one + 1} of the document stands here, out of order"
            found.append(Alteration("page", message, position + 1, told[one]))
    return found


def _longest_rise(values: Sequence[int]) -> set[int]:
    """Members of a longest increasing subsequence."""
    best: list[tuple[int, int | None]] = []
    for position, value in enumerate(values):
        before = [(best[i][0], i) for i in range(position) if values[i] < value]
        length, link = max(before, default=(0, None), key=lambda pair: pair[0])
        best.append((length + 1, link))
    kept: set[int] = set()
    place = max(range(len(values)), key=lambda i: best[i][0], default=None)
    while place is not None:
        kept.add(values[place])
        place = best[place][1]
    return kept
