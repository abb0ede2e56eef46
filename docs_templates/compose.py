"""Composes a document: a template and a package in, finished blocks out, or every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from docs_templates import generated, governance
from docs_templates.brief_texts import shortened, shortened_lines
from docs_templates.clauses import Registry
from docs_templates.coverage import coverage_table
from docs_templates.cross_references import Place, filled, places
from docs_templates.document import (
    Absent,
    Block,
    Document,
    EvidenceIndex,
    Figure,
    Heading,
    ListBlock,
    Paragraph,
    SignOff,
    Span,
    Spans,
    Statement,
    Table,
)
from docs_templates.errors import DocumentError
from docs_templates.evidence import Evidence, as_text
from docs_templates.heatmap_block import heat_map
from docs_templates.holdings import ROOTS, holds
from docs_templates.house import arranged, current_house
from docs_templates.language import say
from docs_templates.made import MAKERS
from docs_templates.package import Package
from docs_templates.references import Filter, parse_filters, substitute
from docs_templates.resolve import Resolver
from docs_templates.run_variables import run_variables
from docs_templates.spoken import spoken
from docs_templates.table_block import printed_table
from docs_templates.template_nodes import (
    BlockNode,
    Chapter,
    EachNode,
    HeadingNode,
    ListNode,
    Node,
    ParagraphNode,
    Template,
    WhenNode,
)
from docs_templates.trend_block import trend_of, trends

OF_KIND = {
    "statement": ("statement",),
    "figure": ("figure",),
    "heatmap": ("table",),
    "trend": ("table",),
    "table": ("table", "figure"),
}
LATE = ("clauses", "coverage", "missing", "evidence_index")
ADDED_LATER = ("validation.conclusion",)
"""Evidence that a person adds to a package: until then it is not provided."""


def compose(template: Template, package: Package, registry: Registry, moment: datetime) -> Document:
    """The document. `moment` is when it is rendered (UTC). Raises DocumentError with every fault of the template."""
    composer = _Composer(arranged(template, current_house()), spoken(package), registry, moment)
    return composer.document()


def _alike(first: Absent, second: Absent) -> bool:
    """Whether two boxes of evidence that does not apply give one reason, so that one box says it."""
    held = first.evidence is not None and second.evidence is not None
    return held and first.kind == second.kind == "not_applicable" and first.reason == second.reason


class _Composer:
    """Walks the template once, numbers what it meets, then fills what depends on the whole."""

    def __init__(self, template: Template, package: Package, registry: Registry, moment: datetime) -> None:
        self._template = template
        self._package = package
        self._moment = moment
        self._resolver = Resolver(package, registry, moment.date())
        self._resolver.variables = {"champion": package.champion, **run_variables(package)}
        self._stem = ""
        self._counters = {"heading": [0, 0], "table": [0], "figure": [0]}
        self._noted: set[str] = set()
        self._not_held: list[tuple[str, str, str]] = []
        self._late: dict[int, Callable[[], Block]] = {}

    def document(self) -> Document:
        """The finished document. Raises DocumentError."""
        cover = self._blocks(self._start(self._template.cover, say("front.control_page")))
        blocks: list[Block] = []
        number, letter = 0, ord("A") - 1
        for chapter in self._template.chapters:
            if "annex" in chapter.matter:
                letter += 1
                label, self._stem = say("text.annex", letter=chr(letter)), chr(letter)
            else:
                number += 1
                label = self._stem = str(number)
            nodes = self._start(chapter, label)
            blocks.append(Heading(1, label, (Span(chapter.matter["title"]),)))
            blocks += self._blocks(nodes)
        finished = [self._finished(b) for b in blocks]
        known = places(finished, self._package.evidence)
        self._refuse_unknown(known)
        if self._resolver.faults:
            raise DocumentError(self._resolver.faults)
        model = self._package.manifest["model"]
        matter = self._template.cover.matter
        brief = matter.get("layout") == "brief"
        house = current_house()
        identifier = f"{matter['identifier']}-{model['id']}-{model['version']}-{self._package.package_hash[:8]}"
        return Document(
            name=self._template.name,
            title=matter["title"],
            identifier=identifier,
            model_id=model["id"],
            model_name=model["name"],
            model_version=model["version"],
            package_hash=self._package.package_hash,
            control=(
                *(
                    shortened_lines(generated.brief_items(self._package, identifier, self._moment))
                    if brief
                    else generated.control_items(self._package, matter["title"], identifier, self._moment)
                ),
                *governance.control_lines(self._package.governance, self._package.evidence, brief=brief),
                *house.control_lines(self._template.name, brief=brief),
            ),
            cover=filled([self._finished(b) for b in cover], known),
            blocks=shortened(filled(finished, known)) if brief else filled(finished, known),
            evidence=tuple(self._resolver.used.values()),
            brief=brief,
            attachments=(
                *generated.attachments(self._package),
                *governance.attachments(self._package.governance),
                *house.attachments(),
            ),
            anchor=None if self._package.governance is None else self._package.governance.anchor,
            branding=house.branding,
        )

    def _refuse_unknown(self, known: Mapping[str, Place]) -> None:
        for target, file, line in self._resolver.pending:
            if target not in known:
                self._resolver.file = file
                self._resolver.fault("the document has no such table, figure or section", line, found=target)

    def _finished(self, block: Block) -> Block:
        return self._late[id(block)]() if id(block) in self._late else block

    def _start(self, chapter: Chapter, label: str) -> Sequence[Node]:
        self._noted = set()
        self._counters = {"heading": [0, 0], "table": [0], "figure": [0]}
        self._resolver.file = chapter.file
        self._resolver.section = label
        return chapter.nodes

    # ---------------------------------------------------------------------------------------------- nodes
    def _blocks(self, nodes: Sequence[Node]) -> list[Block]:
        found: list[Block] = []
        for node in nodes:
            for block in self._node(node):
                last = found[-1] if found else None
                if isinstance(block, ListBlock) and isinstance(last, ListBlock) and last.ordered == block.ordered:
                    found[-1] = ListBlock(block.ordered, last.items + block.items)
                elif isinstance(block, Absent) and isinstance(last, Absent) and _alike(last, block):
                    found[-1] = replace(last, also=(*last.also, (block.title, block.evidence or ""), *block.also))
                else:
                    found.append(block)
        return found

    def _node(self, node: Node) -> list[Block]:
        if isinstance(node, HeadingNode):
            return [self._heading(node)]
        if isinstance(node, ParagraphNode):
            return [Paragraph(self._resolver.spans(node.content))]
        if isinstance(node, ListNode):
            return [ListBlock(node.ordered, tuple(tuple(self._blocks(item)) for item in node.items))]
        if isinstance(node, EachNode):
            return self._each(node)
        if isinstance(node, WhenNode):
            return self._blocks(node.children if self._holds(node) else node.otherwise)
        if node.kind == "trend":
            return self._trends(node)
        return [self._typed(node)]

    def _heading(self, node: HeadingNode) -> Heading:
        counters = self._counters["heading"]
        depth = node.level - 2
        counters[depth] += 1
        counters[depth + 1 :] = [0] * (len(counters) - depth - 1)
        number = ".".join([self._stem, *(str(n) for n in counters[: depth + 1])])
        self._resolver.section = number
        return Heading(node.level, number, self._resolver.spans(node.content))

    def _number(self, kind: str) -> str:
        self._counters[kind][0] += 1
        return f"{self._stem}.{self._counters[kind][0]}"

    def _holds(self, node: WhenNode) -> bool:
        if node.condition in ("holds", "holds_not"):
            known = holds(self._package, node.evidence)
            if known is None:
                allowed = ", ".join(f"{root}.…" for root in ROOTS)
                self._resolver.fault("nothing that a package may hold", node.line, found=node.evidence, allowed=allowed)
            return bool(known) != (node.condition == "holds_not")
        if node.evidence in ADDED_LATER and node.evidence not in self._resolver.package.evidence:
            return node.condition == "not_provided"
        evidence = self._resolver.evidence(node.evidence, node.line)
        if evidence is None:
            return False
        truths = {
            "applicable": evidence.kind != "not_applicable",
            "provided": evidence.kind != "not_provided",
            "rows": not evidence.is_absent and bool(self._resolver.rows(evidence, node.where, node.line)),
        }
        negated = {"not_applicable": "applicable", "not_provided": "provided", "no_rows": "rows"}
        name = node.condition
        return not truths[negated[name]] if name in negated else truths[name]

    def _each(self, node: EachNode) -> list[Block]:
        values = self._values(node)
        outer = dict(self._resolver.variables)
        blocks: list[Block] = []
        for value in values:
            self._resolver.variables = {**outer, node.name: value}
            blocks += self._blocks(node.children)
        self._resolver.variables = outer
        if not values:
            if node.otherwise is None:
                self._resolver.fault("nothing to repeat", node.line, code="evidence_missing", found=node.source)
            blocks += self._blocks(node.otherwise or ())
        return blocks

    def _values(self, node: EachNode) -> list[str]:
        if not node.source.endswith("}"):
            return self._column_values(node.source, node.line)
        stem = node.source[: node.source.rindex("{")]
        found = [i.removeprefix(stem) for i in self._package.evidence if i.startswith(stem) and i != stem]
        order = self._column_values(node.ordered_by, node.line) if node.ordered_by else []
        rank = {value: position for position, value in enumerate(order)}
        return sorted(found, key=lambda value: (rank.get(value, len(rank)), value))

    def _column_values(self, source: str, line: int) -> list[str]:
        identifier, _, column = source.rpartition(".")
        evidence = self._resolver.evidence(identifier, line)
        if evidence is None or evidence.is_absent:
            return []
        place = evidence.position(column)
        if place is None:
            self._resolver.fault("the evidence has no such column", line, found=source)
            return []
        return list(dict.fromkeys(as_text(row[place]) for row in evidence.rows))

    # --------------------------------------------------------------------------------------- typed blocks
    def _typed(self, node: BlockNode) -> Block:
        if node.kind in ("table", "figure", "heatmap", "statement"):
            return self._from_evidence(node)
        if node.kind == "not_held":
            reason = "".join(span.text for span in self._resolver.spans(node.body))
            item = node.options["item"]
            self._not_held.append((item, self._resolver.section, reason))
            return Absent("not_provided", item, reason)
        if node.kind == "sign_off":
            return SignOff(current_house().roles(tuple(role.strip() for role in node.options["roles"].split(","))))
        number, caption = self._number("table"), self._resolver.spans(node.caption)
        if node.kind in LATE:
            placeholder = Table(number, caption, (), ())
            self._late[id(placeholder)] = lambda: self._late_block(node, number, caption)
            return placeholder
        made = MAKERS[node.kind](self._package, node.options, number, caption)
        if isinstance(made, Absent):
            self._counters["table"][0] -= 1
        return made

    def _late_block(self, node: BlockNode, number: str, caption: Spans) -> Block:
        resolver, kind = self._resolver, node.kind
        if kind == "coverage":
            return self._coverage(node, number, caption)
        if kind == "clauses":
            return generated.clauses_table(resolver.registry, resolver.cited, resolver.day, number, caption)
        if kind == "missing":
            used = [e for e in resolver.used.values() if e.kind == "not_provided" or "only" not in node.options]
            if "only" in node.options and not (used or self._not_held):
                return Paragraph((Span(say("made.all_provided")),))
            return generated.missing_table(used, self._not_held, number, caption)
        return EvidenceIndex(number, caption or (Span(say("made.evidence_printed")),), tuple(resolver.used.values()))

    def _coverage(self, node: BlockNode, number: str, caption: Spans) -> Table:
        registry, framework = self._resolver.registry, node.options["framework"]
        if framework not in registry.frameworks:
            allowed = ", ".join(registry.frameworks)
            self._resolver.fault("no such framework in the registry", node.line, found=framework, allowed=allowed)
            return Table(number, caption, (), ())
        cited, name = self._resolver.cited, self._template.name
        return coverage_table(framework, registry, self._package, cited, name, number, caption)

    def _from_evidence(self, node: BlockNode) -> Block:
        evidence = self._resolver.evidence(node.options["evidence"], node.line)
        if evidence is None:
            return Absent("not_provided", node.options["evidence"], "")
        if evidence.is_absent:
            return Absent(evidence.kind, evidence.title, evidence.reason, evidence.id)
        allowed = OF_KIND[node.kind]
        if evidence.kind not in allowed:
            self._resolver.fault(f"is a {evidence.kind}, printed as a {node.kind}", node.line, found=evidence.id)
            return Absent("not_provided", evidence.title, "")
        if node.kind == "statement":
            raw = evidence.raw
            notes = tuple(raw["notes"])
            return Statement(evidence.id, evidence.title, raw["text"], raw["author"], raw["date"], notes)
        caption = self._resolver.spans(node.caption) or (Span(evidence.title),)
        if node.kind == "figure":
            return Figure(self._number("figure"), caption, evidence, node.options.get("height", "medium"))
        if node.kind == "heatmap":
            return self._heat_map(node, evidence, caption)
        return self._table(node, evidence, caption)

    def _absent_column(self, evidence: Evidence, names: Sequence[str], line: int) -> bool:
        """Whether the evidence lacks a column of `names`, which is a fault."""
        absent = next((name for name in names if evidence.position(name) is None), None)
        if absent is not None:
            allowed = ", ".join(c.name for c in evidence.columns)
            found = f"{evidence.id}.{absent}"
            self._resolver.fault("the evidence has no such column", line, found=found, allowed=allowed)
        return absent is not None

    def _said(self, filters: Sequence[Filter]) -> tuple[Filter, ...]:
        """The filters with the values of their variables."""
        known = self._resolver.variables
        held = [one for one in filters if one.value[:1] != "$" or one.value[1:] in known]
        return tuple(one._replace(value=substitute(one.value, known)) for one in held)

    def _heat_map(self, node: BlockNode, evidence: Evidence, caption: Spans) -> Figure:
        options, number = node.options, self._number("figure")
        height = options.get("height", "medium")
        names = [options[key] for key in ("rows", "columns", "value", "count") if key in options]
        if self._absent_column(evidence, names, node.line):
            return Figure(number, caption, evidence, height)
        filters = parse_filters(options.get("where", "")) or ()
        rows = self._resolver.rows(evidence, filters, node.line)
        few = int(options["few"]) if "few" in options else None
        return Figure(number, caption, heat_map(evidence, rows, names, few, self._said(filters)), height)

    def _trends(self, node: BlockNode) -> list[Block]:
        """One figure, or several where there are more small plots than a page has room for; a line where all plots are
        left out."""
        evidence = self._resolver.evidence(node.options["evidence"], node.line)
        if evidence is None or evidence.kind != "table":
            return [self._from_evidence(node)]
        trend, number = trend_of(node.options), self._counters["figure"][0] + 1
        if self._absent_column(evidence, trend.names, node.line):
            return [Figure(f"{self._stem}.{number}", (), evidence)]
        filters = parse_filters(node.options.get("where", "")) or ()
        rows = self._resolver.rows(evidence, filters, node.line)
        figures = trends(evidence, rows, trend, self._said(filters))
        caption, found = self._resolver.spans(node.caption) or (Span(evidence.title),), []
        if trend.moving and not any(one.rows for one in figures):
            return [Paragraph((*caption, Span(": " + " ".join(figures[0].raw["notes"]))))]
        for place, one in enumerate(figures, start=1):
            part = () if len(figures) == 1 else (Span(say("trend.part", part=place, parts=len(figures))),)
            found.append(Figure(self._number("figure"), (*caption, *part), one))
        return list(found)

    def _table(self, node: BlockNode, evidence: Evidence, caption: Spans) -> Table:
        resolver, number = self._resolver, self._number("table")
        names = [n.strip() for n in node.options["columns"].split(",")] if "columns" in node.options else None
        if self._absent_column(evidence, names or [], node.line):
            return Table(number, caption, (), (), evidence.id)
        filters = parse_filters(node.options.get("where", "")) or ()
        rows = resolver.rows(evidence, filters, node.line)
        first = int(node.options["first"]) if "first" in node.options else None
        noted = evidence.id in self._noted
        self._noted.add(evidence.id)
        said = self._said(filters)
        elsewhere = "notes" in node.options
        return printed_table(
            evidence, number, caption, rows, columns=names, first=first, filters=said, noted=noted, elsewhere=elsewhere
        )
