"""Reads languages: one folder each, with `language.yaml`, `words.yaml`, `evidence.yaml` and folders of templates.

What is wrong with a language is told at once, file by file. English is the measure: its keys are the keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from docs_templates.errors import DocumentError, Fault
from docs_templates.language import DIRECTIVES, ENGLISH, GAP, WITHIN, Forms, Language

FOLDER = "languages"
HEAD, WORDS, EVIDENCE = "language.yaml", "words.yaml", "evidence.yaml"
CODE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
KEY = re.compile(r"[a-z0-9_]+")
HEAD_KEYS = ("name", "fallback", "forms", "number_words", "number_names", "hyphens")
EVIDENCE_KEYS = ("values", "titles", "columns", "texts")
FORM_KEYS = tuple(one.name for one in fields(Forms))
CODE_OF_FAULT = "language_invalid"
DOCUMENTS = (
    "executive_summary",
    "model_card",
    "development_dossier",
    "validation_report",
    "implementation_guide",
    "adverse_action",
    "monitoring_plan",
    "change_log",
    "sign_off_sheet",
)
"""Made of a package alone."""
OF_A_RUN = ("monitoring_report",)
"""Made of a package and a run of monitoring."""
KNOWN = (*DOCUMENTS, *OF_A_RUN)


def installed() -> list[str]:
    """Codes of the languages that ship."""
    return sorted(one.name for one in _shipped().iterdir() if one.is_dir() and CODE.fullmatch(one.name))


def chosen_language(name: str | None, folder: Path | None = None) -> Language:
    """The language `name` (None: English): of `folder`, else of those that ship. Raises DocumentError."""
    name = ENGLISH if name is None else name
    if folder is None:
        return read_language(name)
    if not folder.is_dir():
        raise DocumentError(Fault("no such folder of languages", "language_unknown", str(folder)))
    if name == ENGLISH or not (folder / name).is_dir():
        return read_language(name)
    return _read(name, folder / name)


@lru_cache(maxsize=16)
def read_language(code: str) -> Language:
    """A language that ships. Raises DocumentError where there is none of that code, or with all its faults."""
    known = installed()
    if code not in known:
        remedy = "name the folder that holds it with --language-folder"
        fault = Fault("no such language", "language_unknown", found=code, allowed=", ".join(known), remedy=remedy)
        raise DocumentError(fault)
    return _read(code, _shipped() / code)


def english_templates() -> dict[str, Traversable]:
    """The folders of the English templates by document."""
    return {name: files("docs_templates") / name for name in KNOWN}


def _shipped() -> Traversable:
    return files("docs_templates") / FOLDER


def _read(code: str, folder: Traversable) -> Language:
    reader = _Reader(code, folder)
    found = reader.language()
    if reader.faults:
        raise DocumentError(reader.faults)
    return found


@dataclass
class _Reader:
    """Reads the files of one language and notes what is wrong with them."""

    code: str
    folder: Traversable
    faults: list[Fault] = field(default_factory=list)
    borrowed: list[str] = field(default_factory=list)
    lends: bool = False

    def language(self) -> Language:
        """The language, of use only where there are no faults."""
        if not CODE.fullmatch(self.code):
            self._fault("", "not a code of a language", found=self.code, allowed="de, pt-BR, …")
        head = self._mapping(HEAD, HEAD_KEYS, needed=("name", "forms"))
        english = None if self.code == ENGLISH else read_language(ENGLISH)
        fallback = head.get("fallback")
        if fallback not in (None, ENGLISH) or (fallback and english is None):
            self._fault(HEAD, "languages fall back to English or to none", path="fallback", found=str(fallback))
        self.lends = fallback == ENGLISH and english is not None
        told = self._mapping(EVIDENCE, EVIDENCE_KEYS, needed=("values",))
        words, values = self._words(english), self._values(told, english)
        return Language(
            code=self.code,
            name=str(head.get("name", "")),
            forms=self._forms(head),
            number_words=self._list(head, "number_words"),
            number_names=self._list(head, "number_names"),
            words=words,
            values=values,
            titles=self._flat(EVIDENCE, "titles", told.get("titles")),
            columns=self._flat(EVIDENCE, "columns", told.get("columns")),
            texts=self._flat(EVIDENCE, "texts", told.get("texts")),
            templates=english_templates() if english is None else self._templates(),
            borrowed=tuple(self.borrowed),
            hyphens=self._list(head, "hyphens"),
        )

    # ------------------------------------------------------------------------------------------------- parts
    def _forms(self, head: Mapping[str, Any]) -> Forms:
        given = head.get("forms")
        if not isinstance(given, dict):
            return Forms()
        self._keys(HEAD, "forms", given, FORM_KEYS, FORM_KEYS)
        held = {key: str(given[key]) for key in FORM_KEYS if key in given}
        for key in ("decimal", "group", "minus"):
            if len(held.get(key, "x")) != 1 or (held.get(key, "x").isalnum() and key in held):
                self._fault(HEAD, "not one sign", path=f"forms/{key}", found=held[key])
        if "decimal" in held and held["decimal"] in (held.get("group"), held.get("minus")):
            self._fault(HEAD, "the decimal mark is another sign too", path="forms/decimal", found=held["decimal"])
        if held.get("within", WITHIN[0]) not in WITHIN:
            self._fault(HEAD, "unknown form", path="forms/within", found=held["within"], allowed=", ".join(WITHIN))
        for key in ("day", "moment"):
            wanted = set(DIRECTIVES) if key == "moment" else {"%Y", "%m", "%d"}
            if key in held and set(re.findall(r"%.", held[key])) != wanted:
                allowed = f"each of {' '.join(sorted(wanted))}"
                self._fault(HEAD, "not a form of dates", path=f"forms/{key}", found=held[key], allowed=allowed)
        return Forms(**held)

    def _words(self, english: Language | None) -> dict[str, str]:
        rooms = self._yaml(WORDS)
        found: dict[str, str] = {}
        for room, held in rooms.items():
            if not isinstance(held, dict):
                self._fault(WORDS, "not a room of words", path=str(room), found=type(held).__name__)
                continue
            found |= {f"{room}.{key}": text for key, text in self._flat(WORDS, str(room), held).items()}
        if english is None:
            return found
        for key in found.keys() - english.words.keys():
            self._fault(WORDS, "unknown key", path=key.replace(".", "/"))
        self._complete(WORDS, found, english.words)
        for key, text in found.items():
            self._gaps(key, text, english.words.get(key, text))
        return {**english.words, **found}

    def _gaps(self, key: str, text: str, english: str) -> None:
        """A translation has the gaps of the English text, all of them and no others: a lost one would lose a value."""
        own, wanted = set(GAP.findall(text)), set(GAP.findall(english))
        path = key.replace(".", "/")
        allowed = ", ".join(f"{{{gap}}}" for gap in sorted(wanted)) or "none"
        for gap in sorted(own - wanted):
            self._fault(WORDS, "a placeholder that does not exist", path=path, found=f"{{{gap}}}", allowed=allowed)
        for gap in sorted(wanted - own):
            self._fault(WORDS, "the placeholder is missing", path=path, found=text, allowed=f"{{{gap}}}")
        if re.search(r"[{}]", GAP.sub("", text)) and not re.search(r"[{}]", GAP.sub("", english)):
            self._fault(WORDS, "a brace without its pair", path=path, found=text)

    def _values(self, told: Mapping[str, Any], english: Language | None) -> dict[str, dict[str, str]]:
        given = told.get("values")
        found: dict[str, dict[str, str]] = {}
        for column, cells in (given if isinstance(given, dict) else {}).items():
            found[str(column)] = self._flat(EVIDENCE, f"values/{column}", cells)
        if english is None:
            return found
        wanted = {f"values/{c}/{cell}": text for c, cells in english.values.items() for cell, text in cells.items()}
        held = {f"values/{c}/{cell}": text for c, cells in found.items() for cell, text in cells.items()}
        self._complete(EVIDENCE, held, wanted)
        columns = english.values.keys() | found.keys()
        return {c: {**english.values.get(c, {}), **found.get(c, {})} for c in sorted(columns)}

    def _complete(self, file: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        for key in (key for key in wanted if key not in found):
            path = key if file == EVIDENCE else key.replace(".", "/")
            if self.lends:
                self.borrowed.append(f"{file}: {path}")
            else:
                self._fault(file, "the key is missing", path=path, allowed=wanted[key])

    def _templates(self) -> dict[str, Traversable]:
        english = english_templates()
        found: dict[str, Traversable] = {}
        for entry in sorted(self.folder.iterdir(), key=lambda one: one.name):
            if entry.is_dir() and entry.name not in english and not entry.name.startswith((".", "__")):
                self._fault(entry.name, "no such document", allowed=", ".join(english))
        for name, source in english.items():
            own = self.folder / name
            if not own.is_dir():
                if self.lends:
                    found[name] = source
                    self.borrowed.append(f"{name}/")
                continue
            wanted, held = _markdown(source), _markdown(own)
            for file in sorted(wanted - held):
                self._fault(f"{name}/{file}", "the template file is missing")
            for file in sorted(held - wanted):
                self._fault(f"{name}/{file}", "English has no such template file", allowed=", ".join(sorted(wanted)))
            found[name] = own
        return found

    # ------------------------------------------------------------------------------------------------- files
    def _mapping(self, file: str, known: Iterable[str], needed: Iterable[str]) -> dict[str, Any]:
        value = self._yaml(file)
        if value:
            self._keys(file, "", value, known, needed)
        return value

    def _keys(
        self, file: str, path: str, value: Mapping[str, Any], known: Iterable[str], needed: Iterable[str]
    ) -> None:
        place = f"{path}/" if path else ""
        for key in sorted(set(map(str, value)) - set(known)):
            self._fault(file, "unknown key", path=f"{place}{key}", allowed=", ".join(known))
        for key in (key for key in needed if key not in value):
            self._fault(file, "the key is missing", path=f"{place}{key}")

    def _flat(self, file: str, path: str, value: Any) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._fault(file, "not a mapping of texts", path=path, found=type(value).__name__)
            return {}
        found = {}
        for key, text in value.items():
            if not isinstance(key, str) or not isinstance(text, str) or not text.strip():
                remedy = "put it between quotation marks"
                self._fault(file, "not a text", path=f"{path}/{key}", found=f"{text!r}", remedy=remedy)
            else:
                found[key] = text
        return found

    def _list(self, head: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = head.get(key) or []
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self._fault(HEAD, "not a list of words", path=key, found=str(value))
            return ()
        return tuple(value)

    def _yaml(self, file: str) -> dict[str, Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        source = self.folder / file
        if not source.is_file():
            self._fault(file, "the file is missing")
            return {}
        try:
            value = YAML(typ="safe", pure=True).load(source.read_text(encoding="utf-8"))
        except (YAMLError, UnicodeDecodeError) as error:
            self._fault(file, "not YAML", found=" ".join(str(error).split())[:300])
            return {}
        if not isinstance(value, dict):
            self._fault(file, "not a mapping", found=type(value).__name__)
            return {}
        return value

    def _fault(self, file: str, message: str, **more: str | None) -> None:
        self.faults.append(Fault(message, CODE_OF_FAULT, f"{self.code}/{file}".rstrip("/"), **more))  # type: ignore[arg-type]


def _markdown(folder: Traversable) -> set[str]:
    return {one.name for one in folder.iterdir() if one.name.endswith(".md")}
