"""Numbers that must not be typed into templates: digits of any script, fractions, percent signs, number words."""

from __future__ import annotations

import re
import unicodedata

NAMES = re.compile(r"SHA-256|IEEE 754|PMML 4\.4|one half|four[ -]fifths", re.IGNORECASE)
"""Names and definitions: standards, the AUC of chance, the rule of thumb of adverse impact."""
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
PARTS = "half|thirds|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?"
LARGE = "hundreds?|thousands?|millions?|billions?|dozens?"
WORDS = re.compile(
    rf"\b(?:five|six|seven|eight|nine|{TEENS}|{TENS}|{LARGE}|{PARTS}|per ?cent|percentage points?|basis points?)\b",
    re.IGNORECASE,
)
SIGNS = frozenset("%‰‱٪")


def typed_number(text: str) -> str | None:
    """The first number in `text` that stands there as itself: a digit, a fraction or power (½, ²), a sign of a
    percentage or a number word from five up; None where there is none. Letters as numerals (III) are citations."""
    left = NAMES.sub("", text)
    for character in left:
        if character in SIGNS or unicodedata.category(character) in ("Nd", "No"):
            return character
    word = WORDS.search(left)
    return word.group() if word else None
