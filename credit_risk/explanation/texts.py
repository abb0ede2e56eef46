"""The words of a reason: code, text by language, where the information comes from, and whether they may be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FROM_CATALOGUE = "plan, reason_codes.catalogue"
FROM_COLUMN = "plan, reason_text"
FROM_DESCRIPTION = "plan, description (no reason text)"
FROM_NAME = "name (no text in plan)"
Text = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """code; text by language, in the order of the plan; where text and information come from.

    missing: languages whose text is none written for applicants (a description or the bare name stands in its place).
    """

    code: str
    texts: Mapping[str, str]
    text_source: str
    source: str
    missing: tuple[str, ...]


def reason_words(
    name: str,
    languages: Sequence[str],
    *,
    code: str | None = None,
    source: str | None = None,
    catalogue: Text | None = None,
    column: Text | None = None,
    description: str = "",
) -> ReasonWords:
    """The words for `name`: of the catalogue, else of the column, else its description, else the bare name.

    catalogue, column: a text of the first language, or texts by language. The last two are no texts for applicants.
    """
    given = [(FROM_CATALOGUE, _by_language(catalogue, languages)), (FROM_COLUMN, _by_language(column, languages))]
    texts: dict[str, str] = {}
    sources: list[str] = []
    missing: list[str] = []
    for language in languages:
        found = next(((where, texts_of[language]) for where, texts_of in given if texts_of.get(language)), None)
        if found is None:
            missing.append(language)
            found = (FROM_DESCRIPTION, description) if description else (FROM_NAME, name)
        sources.append(found[0])
        texts[language] = found[1]
    return ReasonWords(code or name, texts, "; ".join(dict.fromkeys(sources)), source or "", tuple(missing))


def _by_language(text: Text | None, languages: Sequence[str]) -> Mapping[str, str]:
    if text is None:
        return {}
    return {languages[0]: text} if isinstance(text, str) else text
