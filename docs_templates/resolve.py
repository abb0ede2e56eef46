"""Turns references of a template into text, from the package and the clause registry; collects what is absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from docs_templates import formatting
from docs_templates.clauses import Registry
from docs_templates.document import Span
from docs_templates.errors import Fault
from docs_templates.evidence import Cell, Evidence, as_text
from docs_templates.language import current, say
from docs_templates.package import Package
from docs_templates.references import CROSS, Filter, Reference, substitute
from docs_templates.template_nodes import Inline, Text

FILES_READ = {
    "plan": "plan.json",
    "manifest": "manifest.json",
    "model": "model.json",
    "findings": "validation/findings.json",
    "package": "manifest.json",
}


@dataclass
class Resolver:
    """Looks references up. `faults` grows; `used` lists evidence in order of first use; `cited` clauses by section.

    `pending`: references to tables, figures and sections with file and line.
    """

    package: Package
    registry: Registry
    day: date
    faults: list[Fault] = field(default_factory=list)
    used: dict[str, Evidence] = field(default_factory=dict)
    cited: dict[str, list[str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    pending: list[tuple[str, str, int]] = field(default_factory=list)
    section: str = ""
    file: str = ""

    def fault(self, message: str, line: int, *, code: str = "template_reference", **more: str | None) -> None:
        """Note a fault at a line of the present template file, once."""
        found = Fault(message, code, self.file, row=line, **more)  # type: ignore[arg-type]
        if found not in self.faults:
            self.faults.append(found)

    def text(self, template: str, line: int) -> str | None:
        """`template` with its variables put in; None and a fault where one is unknown."""
        try:
            return substitute(template, self.variables)
        except KeyError as error:
            self.fault("unknown variable", line, found=f"${error.args[0]}", allowed=", ".join(self.variables) or "none")
            return None

    def evidence(self, template: str, line: int) -> Evidence | None:
        """The evidence of an id with variables, noted as used; None and a fault where the package lacks it."""
        identifier = self.text(template, line)
        if identifier is None:
            return None
        found = self.package.evidence.get(identifier)
        if found is None:
            remedy = "validate the package first" if identifier.startswith("validation.") else None
            self.fault("the package lacks the evidence", line, code="evidence_missing", found=identifier, remedy=remedy)
            return None
        self.used.setdefault(identifier, found)
        return found

    def spans(self, content: tuple[Inline, ...]) -> tuple[Span, ...]:
        """Finished spans of running text."""
        found = []
        for piece in content:
            if isinstance(piece, Text):
                found.append(Span(piece.text, piece.bold, piece.italic, piece.mono))
            elif piece.reference.kind in CROSS:
                found.append(Span("", piece.bold, piece.italic, target=self._cross(piece.reference)))
            else:
                text, evidence, role = self.insert(piece.reference)
                source = self.source(piece.reference) if role is not None else None
                found.append(Span(text, piece.bold, piece.italic, False, evidence, role, source))
        return tuple(found)

    def source(self, reference: Reference) -> str:
        """The reference as templates write it, its variables put in."""
        known = self.variables
        try:
            target = substitute(reference.target, known)
            where = [one._replace(value=substitute(one.value, known)).words for one in reference.where]
        except KeyError:
            return f"{reference.kind}:{reference.target}"
        filters = f"[{', '.join(where)}]" if where else ""
        column = f".{reference.column}" if reference.column else ""
        return f"{reference.kind}:{target}{filters}{column} | {reference.style}"

    def _cross(self, reference: Reference) -> str:
        """A reference to a table, a figure or a section, which is filled when all have their numbers."""
        target = f"{reference.kind}:{self.text(reference.target, reference.line) or ''}"
        self.pending.append((target, self.file, reference.line))
        return target

    def insert(self, reference: Reference) -> tuple[str, str | None, str | None]:
        """Text, evidence id and role of a reference."""
        kind = reference.kind
        if kind in ("value", "interval", "rows"):
            return self._from_evidence(reference)
        if kind == "clause":
            return self._clause(reference), None, "clause"
        if kind == "var":
            value = self.text(f"${reference.target}", reference.line)
            words = {**current().values["measure"], **current().values["sample"]}
            return words.get(value or "", value or ""), None, None
        trees: dict[str, Any] = {
            "plan": self.package.plan,
            "manifest": self.package.manifest,
            "model": self.package.model,
            "findings": self.package.findings or {},
            "package": {"hash": self.package.package_hash, "champion": self.package.champion},
        }
        return self._from_tree(trees[kind], reference), self._file(kind), "value"

    def _file(self, kind: str) -> str | None:
        """The id of the package's file that a reference reads, noted as used; None where the package has no such."""
        held = self.package.file(FILES_READ[kind])
        if held is not None:
            self.used.setdefault(held.id, held)
        return None if held is None else held.id

    def rows(self, evidence: Evidence, where: tuple[Filter, ...], line: int) -> list[list[Cell]]:
        """The rows that the filters keep; a fault where a filter names no column."""
        wanted = []
        for name, template, negated in where:
            if evidence.position(name) is None:
                self._no_column(evidence, name, line)
            wanted.append((name, self.text(template, line) or "", negated))
        return evidence.matching(wanted)

    def _no_column(self, evidence: Evidence, name: str, line: int) -> None:
        allowed = ", ".join(c.name for c in evidence.columns)
        self.fault("the evidence has no such column", line, found=f"{evidence.id}.{name}", allowed=allowed)

    def _from_evidence(self, reference: Reference) -> tuple[str, str | None, str | None]:
        evidence = self.evidence(reference.target, reference.line)
        if evidence is None:
            return "", None, None
        if evidence.is_absent:
            return say(f"text.{evidence.kind}"), evidence.id, "absent"
        rows = self.rows(evidence, reference.where, reference.line)
        if reference.kind == "rows":
            return formatting.fixed(len(rows), 0), evidence.id, "value"
        column = reference.column or ""
        if evidence.position(column) is None:
            self._no_column(evidence, column, reference.line)
            return "", None, None
        if len(rows) != 1:
            filters = ", ".join(one.words for one in reference.where) or "no filter"
            message = f"{len(rows)} rows of {evidence.id} match, one is needed"
            self.fault(message, reference.line, found=filters)
            return "", None, None
        if reference.kind == "value":
            return self._cell(evidence, column, rows[0], reference), evidence.id, "value"
        return self._interval(evidence, column, rows[0], reference), evidence.id, "value"

    def _cell(self, evidence: Evidence, column: str, row: list[Cell], reference: Reference) -> str:
        place = evidence.position(column)
        if place is None:
            self._no_column(evidence, column, reference.line)
            return ""
        cell = row[place]
        if reference.style in ("auto", "text"):
            about = evidence.columns[place]
            mixed = {"item", "value"} <= {c.name for c in evidence.columns}
            return (
                as_text(cell) if reference.style == "text" else formatting.formatter(about, [cell], mixed=mixed)(cell)
            )
        return self._named(cell, reference)

    def _interval(self, evidence: Evidence, column: str, row: list[Cell], reference: Reference) -> str:
        lower, upper = (f"{column}_lower", f"{column}_upper")
        if evidence.position(lower) is None:
            lower, upper = "lower", "upper"
        value, low, high = (self._cell(evidence, name, row, reference) for name in (column, lower, upper))
        return say("text.interval", value=value, low=low, high=high)

    def _named(self, cell: Cell, reference: Reference) -> str:
        try:
            return formatting.named(cell, reference.style)
        except TypeError as error:
            self.fault(f"the format needs a number: {error}", reference.line, found=reference.style)
            return ""

    def _clause(self, reference: Reference) -> str:
        fault = self.registry.fault(reference.target, self.day, self.file, reference.line)
        if fault is not None:
            if fault not in self.faults:
                self.faults.append(fault)
            return ""
        sections = self.cited.setdefault(reference.target, [])
        if self.section not in sections:
            sections.append(self.section)
        return self.registry.clauses[reference.target].short

    def _from_tree(self, tree: Any, reference: Reference) -> str:
        value = tree
        for part in reference.target.split("."):
            if not isinstance(value, dict) or part not in value:
                self.fault(f"the {reference.kind} holds no such value", reference.line, found=reference.target)
                return ""
            value = value[part]
        if value is None:
            return say("text.not_declared")
        if isinstance(value, (dict, list)):
            self.fault("not a single value", reference.line, found=f"{reference.kind}:{reference.target}")
            return ""
        if reference.style == "text" or isinstance(value, (str, bool)):
            return as_text(value) if reference.style == "text" else _word(value)
        return formatting.general(float(value)) if reference.style == "auto" else self._named(value, reference)


def _word(value: str | bool) -> str:
    if isinstance(value, bool):
        return formatting.truth(value)
    return formatting.word("verdict", value)
