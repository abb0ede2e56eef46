"""The registry of clauses that documents cite: text, status, validity. A superseded citation is refused.

One YAML file a framework in `frameworks/`; the wording is ours, the citation exact. Each clause names the evidence that
speaks to it, from which `coverage` says what is covered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from importlib.resources import files
from typing import Any

from docs_templates.errors import DocumentError, Fault
from docs_templates.language import day, say

FOLDER = "frameworks"
STATUSES = ("in_force", "superseded", "withdrawn")
CONFIDENCE = ("P", "S", "M")
DEFAULTS: dict[str, Any] = {
    "valid_from": None,
    "valid_to": None,
    "replaced_by": None,
    "note": "",
    "document": "development_dossier",
    "evidence": (),
    "any": False,
    "part": "",
    "when": None,
}
FRAMEWORK_KEYS = {"framework", "title", "jurisdiction", "as_of", "clauses"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A clause applies where the plan's value at `plan` (a dotted path) is `value`; `otherwise` says why not."""

    plan: str
    value: Any
    otherwise: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One citable clause. `confidence` is P, S or M; `valid_to` is the first day on which it no longer holds.

    `document` is the document of the pack that speaks to it, `evidence` the ids (`*` for any rest) that do, all of them
    or, with `any`, one at least; `part` says what of it no package can hold.
    """

    id: str
    citation: str
    short: str
    framework: str
    jurisdiction: str
    asks: str
    status: str
    valid_from: date | None
    valid_to: date | None
    confidence: str
    replaced_by: str | None
    note: str
    document: str
    evidence: tuple[str, ...]
    any: bool
    part: str
    when: Condition | None

    def standing(self, on: date) -> str:
        """`in force`, `applies from <date>`, or why it must not be cited on the day `on`."""
        if self.status != "in_force":
            return say(f"clauses.{self.status}")
        if self.valid_to is not None and self.valid_to <= on:
            return say("clauses.ended", day=day(self.valid_to))
        if self.valid_from is not None and self.valid_from > on:
            return say("clauses.applies_from", day=day(self.valid_from))
        return say("clauses.in_force")

    def citable(self, on: date) -> bool:
        """Whether a document of the day `on` may cite the clause: in force, or adopted and applying later."""
        return self.status == "in_force" and (self.valid_to is None or self.valid_to > on)


@dataclass(frozen=True, slots=True)
class Framework:
    """A body of clauses: its title and the day on which it was last checked against its sources."""

    id: str
    title: str
    jurisdiction: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Registry:
    """Clauses by id and frameworks by id; `as_of` is the latest day on which a framework was checked."""

    as_of: date
    clauses: Mapping[str, Clause]
    frameworks: Mapping[str, Framework]

    def fault(self, identifier: str, on: date, file: str, line: int) -> Fault | None:
        """Why citing the clause is refused, or None. The day is never earlier than the registry's own."""
        clause = self.clauses.get(identifier)
        if clause is None:
            return Fault("no such clause in the registry", "clause_unknown", file, row=line, found=identifier)
        day = max(on, self.as_of)
        if clause.citable(day):
            return None
        remedy = f"cite {clause.replaced_by}" if clause.replaced_by else "remove the citation"
        standing = clause.standing(day)
        return Fault(
            f"cites a clause that is {standing}", "clause_superseded", file, row=line, found=identifier, remedy=remedy
        )


def registry() -> Registry:
    """The registry that ships."""
    from ruamel.yaml import YAML

    folder = files("docs_templates") / FOLDER
    reader = YAML(typ="safe", pure=True)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return parse_registry({name: reader.load((folder / name).read_text("utf-8")) for name in names})


def parse_registry(documents: Mapping[str, Any]) -> Registry:
    """A registry from its frameworks by file name. Raises DocumentError with all faults."""
    faults: list[Fault] = []
    clauses: dict[str, Clause] = {}
    frameworks: dict[str, Framework] = {}
    for file, value in documents.items():
        framework = _framework(file, value, faults)
        if framework is None:
            continue
        frameworks[framework.id] = framework
        for position, raw in enumerate(value["clauses"]):
            path = f"/clauses/{position}"
            clause = _clause({**DEFAULTS, **value.get("defaults", {}), **raw}, framework, file, path, faults)
            if clause is not None and clause.id in clauses:
                faults.append(Fault("two clauses of one id", "clause_invalid", file, path, found=clause.id))
            elif clause is not None:
                clauses[clause.id] = clause
    faults += [
        Fault("replaced by an unknown clause", "clause_invalid", clause.framework, clause.id, found=clause.replaced_by)
        for clause in clauses.values()
        if clause.replaced_by is not None and clause.replaced_by not in clauses
    ]
    if faults:
        raise DocumentError(faults)
    return Registry(max(one.as_of for one in frameworks.values()), clauses, frameworks)


def _framework(file: str, value: Any, faults: list[Fault]) -> Framework | None:
    odd = set(value) - {"defaults"} ^ FRAMEWORK_KEYS if isinstance(value, dict) else {"not a mapping"}
    if odd:
        faults.append(Fault("unknown or missing keys", "clause_invalid", file, "/", found=", ".join(sorted(odd))))
        return None
    if not isinstance(value["as_of"], date):
        faults.append(Fault("not a date", "clause_invalid", file, "/as_of", found=str(value["as_of"])))
        return None
    return Framework(value["framework"], value["title"], value["jurisdiction"], value["as_of"])


def _clause(raw: dict[str, Any], framework: Framework, file: str, path: str, faults: list[Fault]) -> Clause | None:
    raw = {"jurisdiction": framework.jurisdiction, **raw, "framework": framework.id}
    odd = set(raw) ^ {one.name for one in fields(Clause)}
    if odd:
        faults.append(
            Fault("unknown or missing keys", "clause_invalid", file, path, found=", ".join(sorted(map(str, odd))))
        )
        return None
    checks: Sequence[tuple[bool, str, Any]] = (
        (raw["status"] not in STATUSES, "unknown status", raw["status"]),
        (raw["confidence"] not in CONFIDENCE, "unknown confidence", raw["confidence"]),
        *(
            (raw[key] is not None and not isinstance(raw[key], date), f"{key} is not a date", raw[key])
            for key in ("valid_from", "valid_to")
        ),
        (
            raw["when"] is not None and set(raw["when"]) != {"plan", "is", "otherwise"},
            "a condition has the keys plan, is and otherwise",
            raw["when"],
        ),
        (
            raw["status"] == "in_force" and not raw["evidence"] and not raw["part"],
            "names neither evidence nor what no package can hold (part)",
            raw["id"],
        ),
    )
    wrong = [Fault(message, "clause_invalid", file, path, found=str(found)) for bad, message, found in checks if bad]
    faults += wrong
    if wrong:
        return None
    when = raw["when"]
    condition = Condition(when["plan"], when["is"], when["otherwise"]) if when else None
    return Clause(**{**raw, "evidence": tuple(raw["evidence"]), "when": condition})
