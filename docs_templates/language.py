"""The language that documents speak: their words, numbers, dates and templates, from data files.

One language is spoken at a time (`speaking`); it is English where nothing else is said. `say` gives a word of the
catalogue by its key. Code holds no words of documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from importlib.resources.abc import Traversable

ENGLISH = "en"
GAP = re.compile(r"\{([a-z_]+)\}")
HYPHEN = "\u00ad"
"""The soft hyphen: that of a word broken at the end of a line, which is no part of its text."""
DIRECTIVES = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}
"""What a form of dates may hold, and how many digits each takes."""
WITHIN = ("small", "as it is")
"""What titles begin with within a sentence: a small letter, or that which they have (where nouns have capitals)."""


@dataclass(frozen=True, slots=True)
class Forms:
    """How a language writes numbers and dates. `group` parts thousands; `percent` follows a number, `times` stands
    before a power of ten; `day` and `moment` are of `strftime`, with the directives of DIRECTIVES. `within`: what a
    title within a sentence begins with, one of WITHIN."""

    decimal: str = "."
    group: str = ","
    minus: str = "−"
    percent: str = "\u202f%"
    times: str = "\u202f×\u202f"
    day: str = "%Y-%m-%d"
    moment: str = "%Y-%m-%d %H:%M:%S"
    within: str = "small"


@dataclass(frozen=True, eq=False)
class Language:
    """A language.

    `words` by `room.key`, with gaps `{name}`; `values` are words for cells by column and cell; `titles` of evidence by
    id or pattern, `columns` by `column` or `evidence.id.column`; `texts` by the exact English text. `templates` are the
    folders of its documents; `borrowed` says what is taken from English, by name of file or key.
    `hyphens` are long words with a hyphen wherever a narrow column may break them.
    """

    code: str
    name: str
    forms: Forms
    number_words: tuple[str, ...]
    number_names: tuple[str, ...]
    words: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    titles: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, Traversable] = field(default_factory=dict)
    borrowed: tuple[str, ...] = ()
    hyphens: tuple[str, ...] = ()

    @property
    def is_english(self) -> bool:
        """Whether it is the language that evidence is written in."""
        return self.code == ENGLISH

    @cached_property
    def number_pattern(self) -> re.Pattern[str] | None:
        """Number words of the language, whole and in any case; None where it names none."""
        return _any_of(self.number_words)

    @cached_property
    def name_pattern(self) -> re.Pattern[str] | None:
        """Names that hold a number word and are none."""
        return _any_of(self.number_names)

    @cached_property
    def _breaks(self) -> tuple[re.Pattern[str] | None, dict[str, str]]:
        broken = {word.replace("-", ""): word.replace("-", HYPHEN) for word in self.hyphens}
        return _any_of(tuple(broken), cased=True), broken

    def syllables(self, text: str) -> list[str]:
        """The parts between which a text may be broken: those of the words that the language says; else the text."""
        pattern, broken = self._breaks
        return (pattern.sub(lambda found: broken[found[0]], text) if pattern else text).split(HYPHEN)

    def suffix(self, name: str) -> str:
        """Name of the file of a document, without its ending: other languages stand beside English."""
        return name if self.is_english else f"{name}.{self.code}"

    def told(self, text: str) -> str:
        """A text that an engine wrote: its translation where the language has one for exactly this text."""
        return self.texts.get(text, text)

    def title(self, identifier: str, title: str) -> str:
        """The title of an item of evidence: of its id, else of a pattern (`classing.table.{characteristic}`)."""
        if identifier in self.titles:
            return self.titles[identifier]
        for pattern, text in self.titles.items():
            stem, brace, _ = pattern.partition("{")
            if brace and identifier.startswith(stem):
                return GAP.sub(lambda _: identifier.removeprefix(stem), text)  # noqa: B023 - called at once
        return self.told(title)

    def column(self, identifier: str, name: str, title: str) -> str:
        """The title of a column."""
        own = self.columns.get(f"{identifier}.{name}")
        return own if own is not None else self.columns.get(name, self.told(title))


def _any_of(words: tuple[str, ...], *, cased: bool = False) -> re.Pattern[str] | None:
    if not words:
        return None
    parts = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{parts})(?!\w)", 0 if cased else re.IGNORECASE)


_SPOKEN: ContextVar[Language | None] = ContextVar("language", default=None)


def current() -> Language:
    """The language that is spoken now."""
    spoken = _SPOKEN.get()
    if spoken is not None:
        return spoken
    from docs_templates.language_files import read_language

    return read_language(ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[Language]:
    """Speak `language` within the block."""
    token = _SPOKEN.set(language)
    try:
        yield language
    finally:
        _SPOKEN.reset(token)


def say(key: str, **given: object) -> str:
    """The word of `room.key` with its gaps filled. Raises KeyError for a key or gap that the language lacks."""
    text = current().words[key]
    return GAP.sub(lambda gap: str(given[gap[1]]), text) if given else text


def told(text: str) -> str:
    """A text that an engine or a registry wrote, in the words that the language has for exactly it."""
    return current().told(text)


def lowered(title: str) -> str:
    """A title within a sentence: as the language writes it; an abbreviation (AUC) keeps its capitals."""
    small = current().forms.within == WITHIN[0] and title[1:2].islower()
    return title[:1].lower() + title[1:] if small else title


def day(value: str | date | None) -> str:
    """A day as the language writes it; text that is no ISO date stays as it is."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return str(value)
    return "" if value is None else value.strftime(current().forms.day)


def instant(value: datetime) -> str:
    """A moment in UTC as the language writes it, without the name of the zone."""
    return value.strftime(current().forms.moment)


def read_instant(text: str) -> datetime | None:
    """The moment at the beginning of a text without white space; None where there is none."""
    form = re.sub(r"\s+", "", current().forms.moment)
    length = len(form) + sum((DIRECTIVES[d] - 2) * form.count(d) for d in DIRECTIVES)
    try:
        return datetime.strptime(text[:length], form)  # noqa: DTZ007 - the caller says that it is UTC
    except ValueError:
        return None
