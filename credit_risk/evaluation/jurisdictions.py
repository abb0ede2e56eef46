"""What a measure of fairness is for, by jurisdiction: a small registry, and the labels of protected attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

UNDECLARED = "undeclared"
SEPARATOR = "; "
MEASURES = (
    *("mean_difference", "adverse_impact", "error_rates", "calibration", "age"),
    *("proxies", "less_discriminatory_alternatives"),
)
_DESCRIBES = "describes; the registry holds no standard of this jurisdiction for it"
_FOUR_FIFTHS = "29 CFR 1607.4(D)"
_AGE = "15 USC 1691(b); 12 CFR 1002.6(b)(2)"
_TESTS = "Regulation (EU) 2024/1689 (AI Act), Annex IV 2(g), 3"
_US = {
    "mean_difference": ("describes; no cut is set by law", None),
    "adverse_impact": (
        "Regulation B has no effects test since 21 July 2026, so that ECOA alone no longer motivates this ratio; other "
        "federal, state and employment law may; four fifths is a rule of thumb of employment, used by analogy",
        _FOUR_FIFTHS,
    ),
    "error_rates": ("describes; no cut is set by law", None),
    "calibration": ("describes; a sound system predicts every group as it is", "12 CFR 1002.2(p)"),
    "age": (
        "age may be used in an empirically derived, demonstrably and statistically sound system that gives the age of "
        "applicants of 62 and over no negative factor or value; tested on the score even where age is no input",
        _AGE,
    ),
    "proxies": ("a neutral factor may still be an intentional proxy of a protected class", "Regulation B"),
    "less_discriminatory_alternatives": (
        "a record of the search; without an effects test ECOA alone no longer asks for it, other law may",
        None,
    ),
}
_EU = {
    "mean_difference": ("performance and output by group, as technical documentation tells them", _TESTS),
    "adverse_impact": ("discriminatory impact to be tested and told; no ratio is set by law", _TESTS),
    "error_rates": ("accuracy by group, as technical documentation tells it", _TESTS),
    "calibration": ("accuracy by group, as technical documentation tells it", _TESTS),
    "age": ("no rule of ages of 62 and over; age is compared like every other attribute", None),
    "proxies": (
        "special categories of data may serve to detect bias, under conditions, from 2 December 2027",
        "Regulation (EU) 2024/1689 (AI Act), Art. 4a",
    ),
    "less_discriminatory_alternatives": ("a measure to detect and mitigate bias, where one is found", _TESTS),
}
_UK = dict.fromkeys(MEASURES, (_DESCRIBES, None)) | {
    "error_rates": ("part of model testing; no cut is set", "SS1/23 principle 3.3"),
    "calibration": ("part of model testing; no cut is set", "SS1/23 principle 3.3"),
    "age": ("no rule of ages of 62 and over; age is compared like every other attribute", None),
}
_UNDECLARED = "describes; the plan names no jurisdiction (data.protected, lists by jurisdiction)"
RULES: Mapping[str, Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {
        "us_ecoa": _US,
        "us": _US,
        "eu": _EU,
        "uk": _UK,
        UNDECLARED: dict.fromkeys(MEASURES, (_UNDECLARED, None)),
    }
)
"""By jurisdiction and measure: purpose in words, and citation. Any other label is a jurisdiction without rules."""
AGE_RULE = ("us_ecoa", "us", UNDECLARED)
"""Where the test of applicants of 62 and over applies: by its rule, or because no jurisdiction is named."""


def jurisdictions_of(protected: Sequence[str] | Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Jurisdictions of each protected attribute, by name; a plain list is `undeclared`."""
    lists = protected if isinstance(protected, Mapping) else {UNDECLARED: protected}
    found: dict[str, tuple[str, ...]] = {}
    for label in sorted(lists):
        for name in lists[label]:
            found[name] = (*found.get(name, ()), label)
    return found


def joined(jurisdictions: Mapping[str, Sequence[str]] | None, attribute: str) -> str:
    """Label of the rows of an attribute, or of attributes together (`A × B`): each jurisdiction once, in order."""
    known = jurisdictions or {}
    names = [attribute] if attribute in known else attribute.split(" × ")
    labels = [label for name in names for label in known.get(name, (UNDECLARED,))]
    return SEPARATOR.join(dict.fromkeys(labels))


def jurisdiction_table(jurisdictions: Mapping[str, Sequence[str]], age: str | None = None) -> pd.DataFrame:
    """Columns of evidence `fairness.jurisdictions`: what each measure is for, by jurisdiction, with its attributes.

    jurisdictions: by attribute; age: the attribute that is an age in years, or None (the measure `age` is then left
    out).
    """
    labels = list(dict.fromkeys(label for of_one in jurisdictions.values() for label in of_one))
    rows = []
    for label in labels:
        named = [name for name, of_one in jurisdictions.items() if label in of_one]
        rules = RULES.get(label, {})
        for measure in MEASURES:
            if measure == "age" and age not in named:
                continue
            purpose, citation = rules.get(measure, (_DESCRIBES, None))
            attributes = age if measure == "age" else ", ".join(named)
            rows.append((label, measure, attributes, purpose, citation))
    return pd.DataFrame(rows, columns=["jurisdiction", "measure", "attributes", "purpose", "citation"])
