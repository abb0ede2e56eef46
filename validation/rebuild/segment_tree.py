"""The divisions of a search for segments read from their words, and the rows that they place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEFT, RIGHT, NOWHERE = 0, 1, -1
ROOT = "all"
WITHOUT = " or without a value)"
MORE = re.compile(r" and (\d+) more\Z")
Sides = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Read:
    """The values of a variable: numbers with NaN or objects with None, (n,), and which rows hold none (n,)."""

    values: NDArray[Any]
    without: NDArray[np.bool_]

    @property
    def is_number(self) -> bool:
        """Whether it is divided by a cut."""
        return self.values.dtype.kind == "f"


def levels_of(read: Read, rows: NDArray[np.bool_]) -> list[str]:
    """Categories that rows (n,) hold, ascending; none of numbers."""
    return [] if read.is_number else sorted(set(read.values[rows & ~read.without].tolist()))


def sides(variable: str, words: tuple[str, str], read: Read, known: Sequence[str]) -> Sides | None:
    """(n,) side of each row, -1 where the division places none like it; None where the words do not tell.

    words: of the left and of the right. known: categories of the rows that were divided; a side that lists only its
    first values has of those what the other has not.
    """
    bare, absent = zip(*(_bare(text) for text in words), strict=True)
    if all(absent) or not all(text.startswith(f"{variable} ") for text in bare):
        return None
    told = [text.removeprefix(f"{variable} ") for text in bare]
    found = _numbers(told, read) if read.is_number else _categories(told, read, known)
    if found is None:
        return None
    nowhere = LEFT if absent[0] else RIGHT if absent[1] else NOWHERE
    return np.where(read.without, nowhere, found).astype(np.int64)


def _bare(text: str) -> tuple[str, bool]:
    """The words without those on rows that have no value, and whether these stand there."""
    apart = text.startswith("(") and text.endswith(WITHOUT)
    return (text[1:].removesuffix(WITHOUT), True) if apart else (text, False)


def _numbers(told: Sequence[str], read: Read) -> Sides | None:
    cuts = [text.removeprefix(sign) for text, sign in zip(told, ("< ", ">= "), strict=True)]
    if not (told[0].startswith("< ") and told[1].startswith(">= ") and cuts[0] == cuts[1]):
        return None
    try:
        cut = float(cuts[0])
    except ValueError:
        return None
    return np.where(np.asarray(read.values, np.float64) < cut, LEFT, RIGHT)


def _categories(told: Sequence[str], read: Read, known: Sequence[str]) -> Sides | None:
    listed = [_listed(text, known) for text in told]
    for mine, other in ((0, 1), (1, 0)):
        names, whole = listed[mine] or (None, False)
        more, full = listed[other] or (None, False)
        if names is not None and more is not None and not whole and full and len(names) < len(known):
            listed[mine] = [one for one in known if one not in more], True
    if any(one is None or not one[1] for one in listed):
        return None
    lookup: dict[Any, int] = {}
    for side, one in zip((LEFT, RIGHT), listed, strict=True):
        assert one is not None
        lookup |= dict.fromkeys(one[0], side)
    return np.array([lookup.get(value, NOWHERE) for value in read.values.tolist()], dtype=np.int64)


def _listed(text: str, known: Sequence[str]) -> tuple[list[str], bool] | None:
    """The values that words name, and whether these are all; None where they can be read in several ways or in none."""
    if text.startswith("= "):
        return [text.removeprefix("= ")], True
    if not (text.startswith("in {") and text.endswith("}")):
        return None
    inside = text[len("in {") : -1]
    found = [(names, True) for names in _split(inside, known)]
    if not found and (match := MORE.search(inside)):
        found = [(names, False) for names in _split(inside[: match.start()], known)]
    return found[0] if len(found) == 1 else None


def _split(text: str, known: Sequence[str]) -> Iterator[list[str]]:
    """The ways in which a text is known values with commas between."""
    for value in known:
        if text == value:
            yield [value]
        elif text.startswith(f"{value}, "):
            for rest in _split(text[len(value) + 2 :], [one for one in known if one > value]):
                yield [value, *rest]


def node_rows(node: str, made: Sequence[Mapping[str, Any]], placed: Sequence[Sides], rows: int) -> NDArray[np.bool_]:
    """(n,) rows that lie in a node by the divisions that were made, `placed` their sides."""
    inside = np.ones(rows, dtype=bool)
    if node == ROOT:
        return inside
    here, words = ROOT, node
    while words:
        step = _step(here, words, made)
        if step is None:
            return np.zeros(rows, dtype=bool)
        place, side, text = step
        inside &= placed[place] == side
        here = text if here == ROOT else f"{here} & {text}"
        words = words[len(text) :].removeprefix(" & ")
    return inside


def _step(here: str, words: str, made: Sequence[Mapping[str, Any]]) -> tuple[int, int, str] | None:
    """The division made of a node that words lead on by: its place, side and words."""
    for place, row in enumerate(made):
        for side, text in ((LEFT, row["left"]), (RIGHT, row["right"])):
            if row["node"] == here and (words == text or words.startswith(f"{text} & ")):
                return place, side, text
    return None


def leaves(made: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the segments that the divisions lead to; `all` where none was made."""
    found = [ROOT]
    for row in made:
        if row["node"] in found:
            place = found.index(row["node"])
            before = "" if row["node"] == ROOT else f"{row['node']} & "
            found[place : place + 1] = [f"{before}{row['left']}", f"{before}{row['right']}"]
    return found
