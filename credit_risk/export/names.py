"""Names of values as identifiers of another language: ASCII, short enough, never a reserved word, never twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

_OTHER = re.compile(r"[^A-Za-z0-9]+")


def identifiers(
    names: Iterable[str],
    *,
    most: int = 30,
    reserved: Collection[str] = frozenset(),
    prefix: str = "v",
    taken: Collection[str] = frozenset(),
) -> dict[str, str]:
    """Each name once with an identifier of at most `most` characters: letters, digits and `_`, a letter first.

    Accents are taken off, everything else that is no letter or digit becomes `_`. Identifiers that are alike but for
    case, that are `reserved` or `taken` (in any case) get a number at the end: first come, first served, so the same
    names in the same order have the same identifiers. `prefix` stands before what begins with no letter.
    """
    used = {word.casefold() for word in (*reserved, *taken)}
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
        word = _OTHER.sub("_", plain).strip("_")
        if not word[:1].isalpha():
            word = f"{prefix}_{word}".rstrip("_")
        found[name] = _free(word, most, used)
        used.add(found[name].casefold())
    return found


def _free(word: str, most: int, used: Collection[str]) -> str:
    """The word cut to `most` characters, with a number where that is used."""
    cut = word[:most].rstrip("_")
    count = 1
    while cut.casefold() in used:
        count += 1
        end = f"_{count}"
        cut = word[: most - len(end)].rstrip("_") + end
    return cut
