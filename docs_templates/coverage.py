"""Which clauses the documents speak to: clause, section, evidence, and whether it is covered.

The four standings serve a self-assessment (Delegated Regulation (EU) 2022/439, Art. 31(1)(h)): *covered*, *partly*,
*not applicable* with the reason, *missing*. They speak of what is documented, not of whether a requirement is met.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from docs_templates.clauses import Clause, Registry
from docs_templates.document import Span, Spans, Table, TableColumn
from docs_templates.evidence import Evidence
from docs_templates.formatting import MISSING
from docs_templates.language import Language, current, day, say, told
from docs_templates.package import Package
from docs_templates.templates import COVER, template_folder

COVERED, PARTLY, NOT_APPLICABLE, ABSENT = "covered", "partly", "not applicable", "missing"
STANDINGS = (COVERED, PARTLY, NOT_APPLICABLE, ABSENT)
OFTEN = 5
"""A reason that so many clauses of a framework share is printed once, below the table."""
COLUMNS = ("clause", "asks", "section", "evidence", "standing", "why")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the documents speak to a clause. `evidence` are the ids that were found for it."""

    clause: Clause
    sections: tuple[str, ...]
    evidence: tuple[str, ...]
    standing: str
    reason: str


def coverage(
    clause: Clause, evidence: Mapping[str, Evidence], plan: Mapping[str, Any], where: Sequence[str]
) -> Coverage:
    """The coverage of one clause by the package's evidence and the sections `where` that speak to it."""
    if clause.when is not None and _value(plan, clause.when.plan) != clause.when.value:
        return Coverage(clause, tuple(where), (), NOT_APPLICABLE, told(clause.when.otherwise))
    found, lacking = _evidence(clause, evidence)
    held = [one for one in found if not one.is_absent]
    absent = [one for one in found if one.kind == "not_provided"]
    ids, sections = tuple(one.id for one in held or found), tuple(where)
    gaps = [say("coverage.not_provided", title=one.title) for one in absent] + [
        say("coverage.package_holds_no", name=name) for name in lacking
    ]
    if found and not held and not gaps:
        return Coverage(clause, sections, ids, NOT_APPLICABLE, _sentences([one.reason for one in found]))
    if not where:
        return Coverage(clause, (), ids, ABSENT, say("coverage.no_section_speaks"))
    if clause.evidence and not held:
        return Coverage(clause, sections, ids, ABSENT, _sentences(gaps))
    if gaps or clause.part:
        return Coverage(clause, sections, ids, PARTLY, _sentences([*gaps, told(clause.part)]))
    return Coverage(clause, sections, ids, COVERED, "")


def coverage_table(
    framework: str, registry: Registry, package: Package, cited: Mapping[str, Sequence[str]], document: str,
    number: str, caption: Spans,
) -> Table:  # fmt: skip
    """The clauses in force of one framework. `cited` are the sections of `document` by clause."""
    about = registry.frameworks[framework]
    clauses = [c for c in registry.clauses.values() if c.framework == framework and c.status == "in_force"]
    found = []
    for clause in clauses:
        where = [*cited.get(clause.id, ()), *_elsewhere(clause.id, document)]
        found.append(coverage(clause, package.evidence, package.plan, where))
    often, times = Counter(one.reason for one in found if one.reason).most_common(1)[0] if found else ("", 0)
    common = often if times >= OFTEN else ""
    counted = ", ".join(
        say(f"coverage.counted_{_key(word)}", number=sum(one.standing == word for one in found)) for word in STANDINGS
    )
    notes = [
        say(
            "coverage.checked_on",
            title=told(about.title),
            jurisdiction=told(about.jurisdiction),
            day=day(about.as_of),
            counted=counted,
        )
    ]
    notes += [say("coverage.mark", reason=common)] if common else []
    rows = tuple(_row(one, common) for one in found)
    columns = tuple(TableColumn(say(f"coverage.{name}"), mono=name == "evidence") for name in COLUMNS)
    return Table(number, caption or (Span(told(about.title)),), columns, rows, None, tuple(notes))


def _row(one: Coverage, common: str) -> tuple[str, ...]:
    reason = say("coverage.see_mark") if common and one.reason == common else one.reason
    sections, evidence = ", ".join(one.sections), "\n".join(one.evidence)
    cells = (one.clause.short, told(one.clause.asks), sections, evidence, say(f"coverage.{_key(one.standing)}"), reason)
    return tuple(cell or MISSING for cell in cells)


def _key(standing: str) -> str:
    return standing.replace(" ", "_")


def _value(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def _evidence(clause: Clause, evidence: Mapping[str, Evidence]) -> tuple[list[Evidence], list[str]]:
    """Evidence that the clause's patterns match, and the patterns that match none."""
    found: dict[str, Evidence] = {}
    lacking = []
    for pattern in clause.evidence:
        matched = [one for name, one in sorted(evidence.items()) if fnmatchcase(name, pattern)]
        found.update({one.id: one for one in matched})
        lacking += [] if matched else [pattern]
    if clause.any and any(not one.is_absent for one in found.values()):
        return [one for one in found.values() if not one.is_absent], []
    return list(found.values()), lacking


def _sentences(reasons: Sequence[str]) -> str:
    kept = dict.fromkeys(reason.strip().rstrip(".") for reason in reasons if reason.strip())
    return " ".join(f"{reason[0].upper()}{reason[1:]}." for reason in kept)


def _elsewhere(identifier: str, document: str) -> list[str]:
    """Titles of the other documents of the pack that speak to the clause."""
    return [title for name, title, cited in _pack(current()) if name != document and identifier in cited]


@cache
def _pack(language: Language) -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Each document's name, title and the clauses that its templates cite: those that `language` has."""
    found = []
    for name in language.templates:
        texts = {
            e.name: e.read_text("utf-8") for e in template_folder(name, language).iterdir() if e.name.endswith(".md")
        }
        title = re.search(r"^title: (.+)$", texts[COVER], re.MULTILINE)
        cited = re.findall(r"\{\{ *clause:(\w+)", "\n".join(texts.values()))
        found.append((name, title[1].strip() if title else name, frozenset(cited)))
    return tuple(found)
