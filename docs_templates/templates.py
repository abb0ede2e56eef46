"""Reads a document's template: Markdown with front matter, typed blocks, directives and references.

The syntax is closed (README.md): what is not in it is a fault, and all faults of all files are told at once.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from markdown_it import MarkdownIt

from docs_templates.errors import DocumentError, Fault
from docs_templates.language import Language, current
from docs_templates.language_files import DOCUMENTS as DOCUMENTS
from docs_templates.language_files import KNOWN as KNOWN
from docs_templates.language_files import OF_A_RUN as OF_A_RUN
from docs_templates.literals import typed_number
from docs_templates.references import EVIDENCE_ID, Reference, parse_filters, parse_reference
from docs_templates.template_nodes import (
    BlockNode,
    Chapter,
    EachNode,
    HeadingNode,
    Inline,
    Inserted,
    ListNode,
    Node,
    ParagraphNode,
    Template,
    Text,
    WhenNode,
)

COVER = "00_document.md"
BLOCKS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    # kind: (options that are needed, options that are allowed besides)
    "table": (frozenset({"evidence"}), frozenset({"columns", "where", "first", "notes", "caption"})),
    "figure": (frozenset({"evidence"}), frozenset({"caption", "height"})),
    "heatmap": (
        frozenset({"evidence", "rows", "columns", "value"}),
        frozenset({"where", "count", "few", "caption", "height"}),
    ),
    "trend": (
        frozenset({"evidence", "y", "panels"}),
        frozenset({"x", "bounds", "without", "scale", "where", "caption"}),
    ),
    "statement": (frozenset({"evidence"}), frozenset()),
    "not_held": (frozenset({"item"}), frozenset()),
    "steps": (frozenset(), frozenset({"caption"})),
    "files": (frozenset(), frozenset({"caption"})),
    "libraries": (frozenset(), frozenset({"caption"})),
    "missing": (frozenset(), frozenset({"only", "caption"})),
    "clauses": (frozenset(), frozenset({"caption"})),
    "coverage": (frozenset({"framework"}), frozenset({"caption"})),
    "evidence_index": (frozenset(), frozenset({"caption"})),
    "sign_off": (frozenset({"roles"}), frozenset()),
    "gate": (frozenset(), frozenset({"only", "caption"})),
    "model": (frozenset({"part"}), frozenset({"caption"})),
    "notice": (frozenset({"place"}), frozenset({"caption"})),
    "notice_derivation": (frozenset({"place"}), frozenset({"caption"})),
    "hashes": (frozenset(), frozenset({"caption"})),
    "documents": (frozenset(), frozenset({"caption"})),
    "authors": (frozenset(), frozenset({"caption"})),
    "changes": (frozenset({"what"}), frozenset({"caption"})),
    "watched": (frozenset(), frozenset({"caption"})),
    "watched_objectives": (frozenset(), frozenset({"caption"})),
    "watched_terms": (frozenset(), frozenset({"caption"})),
    "verification": (frozenset({"which"}), frozenset({"first", "caption"})),
}
MODEL_PARTS = (
    "inputs", "derived", "operations", "bins", "terms", "formulas", "knots", "grades", "reasons", "trees"
)  # fmt: skip
CHOICES = {
    "height": ("small", "medium", "large"),
    "notes": ("elsewhere",),
    "only": ("open",),
    "without": ("zero",),
    "scale": ("own",),
    "part": MODEL_PARTS,
    "which": ("base", "cases"),
    "place": ("first", "second", "third"),
    "what": ("identity", "plan", "inputs", "bins", "coefficients", "headline", "findings"),
}
"""Options that take one of a few words."""
CONDITIONS = ("applicable", "not_applicable", "rows", "no_rows", "provided", "not_provided", "holds", "holds_not")
COVER_MATTER = {"document", "title", "identifier"}
COVER_OPTIONAL = {"layout"}
LAYOUTS = ("book", "brief")
CHAPTER_MATTER = {"title"}
CHAPTER_OPTIONAL = {"annex"}
PRINTED_OPTIONS = ("item", "roles")
PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")
REFERENCE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
EACH = re.compile(r"each ([a-z_]+) in (\S+?)(?: ordered_by (\S+))?")
WHEN = re.compile(r"when ([a-z_]+) ([^\s\[]+)(?:\[(.+)\])?")
PATTERN_ID = re.compile(r"[a-z][a-z0-9_.]*\.\{[a-z_]+\}")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(
    ["link", "image", "autolink", "html_block", "html_inline", "code"]
)


def template_folder(name: str, language: Language | None = None) -> Traversable:
    """The folder of a document's template in a language (None: that which is spoken). Raises DocumentError."""
    language = current() if language is None else language
    if name not in language.templates:
        allowed = ", ".join(language.templates) or "none"
        fault = Fault(
            f"{language.name} has no templates of the document",
            "language_document",
            f"{language.code}/{name}",
            allowed=allowed,
        )
        raise DocumentError(fault)
    return language.templates[name]


def read_template(name: str, folder: Traversable | None = None) -> Template:
    """Parse all files of a template. Raises DocumentError with every fault of every file."""
    folder = folder if folder is not None else template_folder(name)
    sources = sorted((p for p in folder.iterdir() if p.name.endswith(".md")), key=lambda p: p.name)
    faults: list[Fault] = []
    chapters = [parse_chapter(f"{name}/{p.name}", p.read_text(encoding="utf-8"), faults) for p in sources]
    covers = [c for c in chapters if c.file.endswith("/" + COVER)]
    if not covers:
        faults.append(Fault("the template has no cover", "template_syntax", file=f"{name}/{COVER}"))
    if faults:
        raise DocumentError(faults)
    return Template(name, covers[0], tuple(c for c in chapters if c is not covers[0]))


def parse_chapter(file: str, text: str, faults: list[Fault]) -> Chapter:
    """Parse one template file; what is wrong with it is added to `faults`."""
    parser = _Parser(file, faults)
    matter, lines, first = parser.front_matter(text)
    nodes = parser.body(lines, first)
    return Chapter(file, matter, nodes)


@dataclass
class _Frame:
    """An open `:::` directive and what it has collected."""

    head: str
    line: int
    children: list[Node] = field(default_factory=list)
    otherwise: list[Node] | None = None

    @property
    def target(self) -> list[Node]:
        return self.children if self.otherwise is None else self.otherwise


class _Parser:
    """Parser of one file."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self._file = file
        self._faults = faults

    def _fault(self, message: str, line: int, found: str | None = None, allowed: str | None = None) -> None:
        self._faults.append(Fault(message, "template_syntax", self._file, row=line, found=found, allowed=allowed))

    def front_matter(self, text: str) -> tuple[dict[str, str], list[str], int]:
        """Front matter, the lines after it, and the number of the first of them."""
        lines = text.split("\n")
        if lines[0] != "---" or "---" not in lines[1:]:
            self._fault("no front matter", 1, allowed="--- / key: value / ---")
            return {}, lines, 1
        end = lines.index("---", 1)
        matter = {}
        for number, line in enumerate(lines[1:end], start=2):
            key, colon, value = line.partition(":")
            if not colon or key in matter or not value.strip():
                self._fault("not a front matter line", number, found=line, allowed="key: value, each key once")
            matter[key.strip()] = value.strip()
            if key.strip() == "title" and typed_number(value) is not None:
                self._fault("a number typed by hand", number, found=value.strip())
        is_cover = self._file.endswith("/" + COVER)
        needed = COVER_MATTER if is_cover else CHAPTER_MATTER
        optional = COVER_OPTIONAL if is_cover else CHAPTER_OPTIONAL
        for key in sorted((needed - set(matter)) | (set(matter) - needed - optional)):
            self._fault("front matter key is missing or unknown", 1, key, ", ".join(sorted(needed | optional)))
        if matter.get("layout", LAYOUTS[0]) not in LAYOUTS:
            self._fault("unknown layout", 1, matter["layout"], ", ".join(LAYOUTS))
        return matter, lines[end + 1 :], end + 2

    def body(self, lines: list[str], first: int) -> tuple[Node, ...]:
        """The nodes of the lines; `first` is the number of the first line."""
        root = _Frame("", first)
        stack = [root]
        chunk: list[str] = []
        start, fence = first, False

        def flush(following: int) -> None:
            nonlocal chunk, start
            stack[-1].target.extend(self._markdown("\n".join(chunk), start))
            chunk, start = [], following

        for number, line in enumerate(lines, start=first):
            fence ^= line.startswith("```")
            if fence or not line.startswith(":::"):
                chunk.append(line)
                continue
            flush(number + 1)
            self._directive(line[3:].strip(), number, stack)
        flush(first + len(lines))
        for frame in stack[1:]:
            self._fault("directive is not closed", frame.line, found=frame.head, allowed=":::")
        return tuple(root.children)

    def _directive(self, head: str, line: int, stack: list[_Frame]) -> None:
        if head and head != "otherwise":
            stack.append(_Frame(head, line))
        elif len(stack) == 1:
            self._fault("closes no directive", line, found=f"::: {head}")
        elif head == "otherwise":
            if stack[-1].otherwise is not None:
                self._fault("second otherwise", line)
            stack[-1].otherwise = []
        else:
            frame = stack.pop()
            node = self._close(frame)
            if node is not None:
                stack[-1].target.append(node)

    def _close(self, frame: _Frame) -> Node | None:
        children = tuple(frame.children)
        each, when = EACH.fullmatch(frame.head), WHEN.fullmatch(frame.head)
        if each:
            name, source, ordered = each.groups()
            if not (PATTERN_ID.fullmatch(source) or EVIDENCE_ID.fullmatch(source)):
                self._fault("each over neither evidence nor a column", frame.line, source)
            if PATTERN_ID.fullmatch(source) and not source.endswith("{" + name + "}"):
                self._fault("the loop's name is not that of the pattern", frame.line, f"{name} in {source}")
            otherwise = None if frame.otherwise is None else tuple(frame.otherwise)
            return EachNode(name, source, ordered, children, otherwise, frame.line)
        where = parse_filters(when.group(3)) if when and when.group(3) else ()
        known = when and when.group(1) in CONDITIONS and EVIDENCE_ID.fullmatch(when.group(2))
        if when and known and where is not None and (not where or when.group(1) in ("rows", "no_rows")):
            return WhenNode(when.group(1), when.group(2), where, children, tuple(frame.otherwise or ()), frame.line)
        allowed = (
            f"each NAME in SOURCE [ordered_by ID.COLUMN]; when {'|'.join(CONDITIONS)} EVIDENCE[FILTERS]; otherwise"
        )
        self._fault("unknown directive", frame.line, frame.head, allowed)
        return None

    # ------------------------------------------------------------------------------------------- Markdown
    def _markdown(self, text: str, start: int) -> list[Node]:
        references: list[Reference | None] = []

        def keep(match: re.Match[str]) -> str:
            line = start + text.count("\n", 0, match.start())
            parsed = parse_reference(match.group(1).strip(), self._file, line)
            if isinstance(parsed, Fault):
                self._faults.append(parsed)
            references.append(None if isinstance(parsed, Fault) else parsed)
            return f"\ue000{len(references) - 1}\ue001" + "\n" * match.group(0).count("\n")

        marked = REFERENCE.sub(keep, text)
        tokens = _MARKDOWN.parse(marked)
        nodes, _ = self._nodes(tokens, 0, start, references)
        return nodes

    def _nodes(self, tokens: list[Any], position: int, start: int, references: list[Any]) -> tuple[list[Node], int]:
        nodes: list[Node] = []
        while position < len(tokens):
            token = tokens[position]
            line = start + (token.map[0] if token.map else 0)
            if token.type.endswith("_close"):
                return nodes, position
            if token.type == "heading_open":
                level = int(token.tag[1])
                if level not in (2, 3):
                    self._fault("headings are of level two or three; the chapter's title is in the front matter", line)
                nodes.append(HeadingNode(level, self._inline(tokens[position + 1], line, references), line))
                position += 3
            elif token.type == "paragraph_open":
                nodes.append(ParagraphNode(self._inline(tokens[position + 1], line, references), line))
                position += 3
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                items, position = self._items(tokens, position + 1, start, references)
                nodes.append(ListNode(token.type.startswith("ordered"), tuple(items), line))
                position += 1
            elif token.type == "fence":
                block = self._block(token, line, references)
                nodes += [block] if block else []
                position += 1
            else:
                self._fault("Markdown that templates do not use", line, found=token.type)
                position += 1
        return nodes, position

    def _items(
        self, tokens: list[Any], position: int, start: int, references: list[Any]
    ) -> tuple[list[tuple[Node, ...]], int]:
        items = []
        while tokens[position].type == "list_item_open":
            nodes, position = self._nodes(tokens, position + 1, start, references)
            items.append(tuple(nodes))
            position += 1
        return items, position

    def _inline(self, token: Any, line: int, references: list[Any]) -> tuple[Inline, ...]:
        found: list[Inline] = []
        bold = italic = False
        for child in token.children or []:
            if child.type in ("strong_open", "strong_close"):
                bold = child.type == "strong_open"
            elif child.type in ("em_open", "em_close"):
                italic = child.type == "em_open"
            elif child.type in ("softbreak", "hardbreak"):
                found.append(Text(" ", bold, italic))
            elif child.type in ("text", "code_inline", "text_special"):
                found += self._pieces(child.content, bold, italic, child.type == "code_inline", line, references)
            else:
                self._fault("Markdown that templates do not use", line, found=child.type)
        return tuple(found)

    def _pieces(
        self, text: str, bold: bool, italic: bool, mono: bool, line: int, references: list[Any]
    ) -> list[Inline]:
        found: list[Inline] = []
        for index, part in enumerate(PLACEHOLDER.split(text)):
            if index % 2:
                reference = references[int(part)]
                found += [Inserted(reference, bold, italic)] if reference else []
            elif part:
                if typed_number(part) is not None:
                    self._fault("a number typed by hand: cite evidence, the plan or a clause", line, found=part.strip())
                found.append(Text(part, bold, italic, mono))
        return found

    # --------------------------------------------------------------------------------------- typed blocks
    def _block(self, token: Any, line: int, references: list[Any]) -> BlockNode | None:
        try:
            words = shlex.split(token.info)
        except ValueError as error:
            self._fault(f"options cannot be read: {error}", line, found=token.info)
            return None
        kind = words[0] if words else ""
        if kind not in BLOCKS:
            self._fault("unknown block", line, found=kind, allowed=", ".join(BLOCKS))
            return None
        options: dict[str, str] = {}
        for word in words[1:]:
            key, equals, value = word.partition("=")
            if not equals or not value or key in options:
                self._fault("not an option", line, found=word, allowed="key=value, each key once")
            options[key] = value
        needed, optional = BLOCKS[kind]
        for key in sorted((needed - set(options)) | (set(options) - needed - optional)):
            allowed = ", ".join(sorted(needed | optional)) or "none"
            self._fault(f"option of {kind} is missing or unknown", line, found=key, allowed=allowed)
        self._check_options(options, line)
        caption = self._pieces(options.get("caption", ""), False, False, False, line, references)
        body = self._pieces(" ".join(token.content.split()), False, False, False, line, references)
        if body and kind != "not_held":
            self._fault(f"{kind} has no body", line)
        return BlockNode(kind, options, tuple(body), tuple(caption), line)

    def _check_options(self, options: dict[str, str], line: int) -> None:
        if "evidence" in options and not EVIDENCE_ID.fullmatch(options["evidence"]):
            self._fault("not an evidence id", line, found=options["evidence"])
        for name, allowed in CHOICES.items():
            if options.get(name, allowed[0]) not in allowed:
                self._fault(f"unknown {name}", line, found=options[name], allowed=", ".join(allowed))
        if "where" in options and not parse_filters(options["where"]):
            self._fault("not a filter of rows", line, found=options["where"], allowed="column=value, column!=value, …")
        if options.get("bounds", ",").count(",") != 1:
            self._fault("bounds are two columns", line, found=options["bounds"], allowed="lower,upper")
        for name in ("first", "few"):
            if not re.fullmatch(r"[1-9]\d{0,4}", options.get(name, "1")):
                self._fault("not a number of rows", line, found=options[name])
        if ("few" in options) != ("count" in options):
            self._fault("count and few go together", line, allowed="both, or neither")
        for name in PRINTED_OPTIONS:
            if typed_number(options.get(name, "")) is not None:
                self._fault("a number typed by hand", line, found=options[name])
