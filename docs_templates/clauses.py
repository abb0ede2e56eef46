"""The registry of clauses that documents cite: text, status, validity. A superseded citation is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from docs_templates import strict_json
from docs_templates.errors import DocumentError, Fault

REGISTRY = "clauses.json"
STATUSES = ("in_force", "superseded", "withdrawn")
CONFIDENCE = {
    "P": "primary text read",
    "S": "secondary source",
    "M": "from memory: confirm before relying on it",
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One citable clause. `confidence` is P, S or M; `valid_to` is the first day on which it no longer holds."""

    id: str
    citation: str
    short: str
    jurisdiction: str
    asks: str
    status: str
    valid_from: date | None
    valid_to: date | None
    confidence: str
    replaced_by: str | None
    note: str

    def standing(self, on: date) -> str:
        """`in force`, `applies from <date>`, or why it must not be cited on the day `on`."""
        if self.status != "in_force":
            return self.status
        if self.valid_to is not None and self.valid_to <= on:
            return f"ended {self.valid_to.isoformat()}"
        if self.valid_from is not None and self.valid_from > on:
            return f"applies from {self.valid_from.isoformat()}"
        return "in force"

    def citable(self, on: date) -> bool:
        """Whether a document of the day `on` may cite the clause: in force, or adopted and applying later."""
        standing = self.standing(on)
        return standing == "in force" or standing.startswith("applies from")


@dataclass(frozen=True, slots=True)
class Registry:
    """Clauses by id, and the day on which the registry was last checked against its sources."""

    as_of: date
    clauses: Mapping[str, Clause]

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
    data = (files("docs_templates") / "frameworks" / REGISTRY).read_bytes()
    return parse_registry(strict_json.parse(data, REGISTRY))


def parse_registry(value: Any) -> Registry:
    """A registry from its JSON. Raises DocumentError with all faults."""
    faults: list[Fault] = []
    clauses = {}
    for position, raw in enumerate(value["clauses"]):
        clause = _clause(raw, position, faults)
        if clause is not None and clause.id in clauses:
            faults.append(
                Fault("two clauses of one id", "clause_invalid", REGISTRY, f"/clauses/{position}", found=clause.id)
            )
        elif clause is not None:
            clauses[clause.id] = clause
    known = set(clauses)
    faults += [
        Fault("replaced by an unknown clause", "clause_invalid", REGISTRY, c.id, found=c.replaced_by)
        for c in clauses.values()
        if c.replaced_by is not None and c.replaced_by not in known
    ]
    if faults:
        raise DocumentError(faults)
    return Registry(date.fromisoformat(value["as_of"]), clauses)


def _clause(raw: dict[str, Any], position: int, faults: list[Fault]) -> Clause | None:
    path = f"/clauses/{position}"
    wanted = set(Clause.__dataclass_fields__)
    if set(raw) != wanted:
        odd = ", ".join(sorted(set(raw) ^ wanted))
        faults.append(Fault("unknown or missing keys", "clause_invalid", REGISTRY, path, found=odd))
        return None
    before = len(faults)
    if raw["status"] not in STATUSES:
        faults.append(Fault("unknown status", "clause_invalid", REGISTRY, path, found=raw["status"]))
    if raw["confidence"] not in CONFIDENCE:
        faults.append(Fault("unknown confidence", "clause_invalid", REGISTRY, path, found=raw["confidence"]))
    try:
        days = {key: date.fromisoformat(raw[key]) if raw[key] else None for key in ("valid_from", "valid_to")}
    except ValueError as error:
        faults.append(Fault(str(error), "clause_invalid", REGISTRY, path))
        return None
    return Clause(**{**raw, **days}) if len(faults) == before else None
