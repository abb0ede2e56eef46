"""Numbers that must not be typed into templates: digits of any script, fractions, percent signs, number words."""

from __future__ import annotations

import re
import unicodedata

from docs_templates.language import current

NAMES = re.compile(r"SHA-256|IEEE 754|PMML 4\.4", re.IGNORECASE)
"""Names of standards; what else holds a number word and is none, the language says."""
SIGNS = frozenset("%‰‱٪")


def typed_number(text: str) -> str | None:
    """The first number in `text` that stands there as itself: a digit, a fraction or power (½, ²), a sign of a
    percentage or a number word of the language (in English from five up); None where there is none. Letters as
    numerals (III) are citations."""
    left = NAMES.sub("", text)
    names, words = current().name_pattern, current().number_pattern
    left = names.sub("", left) if names is not None else left
    for character in left:
        if character in SIGNS or unicodedata.category(character) in ("Nd", "No"):
            return character
    word = words.search(left) if words is not None else None
    return word.group() if word else None
