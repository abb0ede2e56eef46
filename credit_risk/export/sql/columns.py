"""Statements of a program as columns of SQL: each an expression over columns that were made before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from credit_risk.export.names import identifiers
from credit_risk.export.program import (
    Attribution,
    Band,
    Classify,
    Let,
    Line,
    Pick,
    Program,
    Rank,
    Statement,
    Tree,
    TreeSum,
    produced,
)
from credit_risk.export.program.attribution_cells import units
from credit_risk.export.program.terms import (
    FALSE,
    FLAG,
    NUMBER,
    TEXT,
    Constant,
    Name,
    Term,
    any_of,
)
from credit_risk.export.sql import attribution, cases, dates, ranks, trees
from credit_risk.export.sql.dialects import Dialect
from credit_risk.export.sql.ranges import Range, never_failing, range_of, ranges, simplified
from credit_risk.export.sql.terms import BATCH, Printer, flags_of, is_finite, strict_names
from credit_risk.scoring.dates import parse_date


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its expression (lines), the columns that it reads, and those after which it comes all the same."""

    name: str
    lines: tuple[str, ...]
    needs: frozenset[str]
    behind: frozenset[str] = frozenset()
    words: str = ""


@dataclass
class Columns:
    """The columns of a program in an order in which each can be calculated.

    of: the column of each name. inputs: those of the input columns. bins, leaves: those that tell the path of a row.
    """

    dialect: Dialect
    of: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    made: list[Column] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    dates: dict[Term, dict[str, str]] = field(default_factory=dict)
    printer: Printer = field(init=False)
    safe: set[str] = field(default_factory=set)
    behind: frozenset[str] = frozenset()
    last_trees: list[str] = field(default_factory=list)
    tree_of: dict[str, Tree] = field(default_factory=dict)

    # ---------------------------------------------------------------------------------------------- names, adding
    def fresh(self, start: str) -> str:
        """A column that nothing bears yet: `start`, a number after it."""
        count = 1
        while f"{start}_{count}" in self.taken:
            count += 1
        self.taken.add(f"{start}_{count}")
        return f"{start}_{count}"

    def add(self, column: str, lines: list[str], words: str = "") -> None:
        """Take an expression, with what the printer used for it."""
        needs = frozenset(self.printer.used - {column})
        self.made.append(Column(column, tuple(lines), needs, self.behind, cases.comment(words)))
        self.printer.used.clear()

    def added(self, start: str, lines: list[str], words: str) -> str:
        column = self.fresh(start)
        self.add(column, lines, words)
        return column

    def bind(self, term: Term) -> Name:
        """A column for a term within an expression."""
        outer, self.printer.used = self.printer.used, set()
        column = self.fresh("w")
        name = f"\x00{column}"
        self.of[name] = column
        self.printer.known[name] = range_of(term, self.printer.known)
        self.add(column, [_outer(self.printer.value(term))])
        self.printer.used = outer
        return Name(name)

    def simple(self, term: Term) -> Term:
        return simplified(term, self.safe, self.printer.known)

    # ------------------------------------------------------------------------------------------------- statements
    def let(self, one: Let) -> None:
        """A value, and its flag of error where it can be in error."""
        value, absent, failed = (self.simple(term) for term in (one.value, one.absent, one.failed))
        column, p = self.of[one.name], self.printer
        unbounded = one.checked and not range_of(value, p.known).bounded
        if one.kind == FLAG:
            text = f"CASE WHEN {p.condition(value)} THEN 1 ELSE 0 END"
        elif unbounded and self.dialect.ieee:
            raw = p.value(self.bind(value))
            text = f"CASE WHEN {is_finite(raw, self.dialect)} THEN {raw} END"
        else:
            text = _outer(p.value(value))
        nothing = any_of(failed, absent)
        if one.kind != NUMBER or not _follows(nothing, value):
            text = self._guarded(one.kind, nothing, text)
        self.add(column, [text], one.note)
        if one.name in self.errors:
            self._error(one, absent, failed, unbounded)

    def _guarded(self, kind: str, nothing: Term, text: str) -> str:
        if nothing == FALSE:
            return text
        if nothing == Constant(True):
            return {NUMBER: self.dialect.null_number, FLAG: f"CAST(NULL AS {self.dialect.integer})"}.get(
                kind, f"CAST(NULL AS {self.dialect.text_type})"
            )
        return f"CASE WHEN {self.printer.condition(nothing)} THEN NULL ELSE {text} END"

    def _error(self, one: Let, absent: Term, failed: Term, unbounded: bool) -> None:
        p, found = self.printer, []
        if failed != FALSE:
            found.append(f"WHEN {p.condition(failed)} THEN 1")
        if unbounded:
            if absent != FALSE:
                found.append(f"WHEN {p.condition(absent)} THEN 0")
            found.append(f"WHEN {p.column(one.name)} IS NULL THEN 1")
        self.add(self.errors[one.name], [f"CASE {' '.join(found)} ELSE 0 END"], f"error of {one.name}")

    def tree(self, one: Tree) -> None:
        """A tree; a batch of them stands in one step, so that only so many are carried along."""
        self.tree_of[one.name] = one
        column = self.of[one.name]

        def cut(text: str) -> str:
            outer, self.printer.used = set(self.printer.used), set(columns)
            name = self.fresh(f"{column}_part")
            self.add(name, [text])
            self.printer.used = outer | {name}
            return name

        columns = {self.of[one.features[place]] for place, left in zip(one.feature, one.left, strict=True) if left >= 0}
        lines = trees.tree_text(one, self.printer, cut).split("\n")
        self.add(column, lines, f"tree {one.number}")
        self.last_trees.append(column)
        if len(self.last_trees) == BATCH:
            self.behind, self.last_trees = frozenset(self.last_trees), []

    def tree_sum(self, one: TreeSum) -> None:
        """`((base + offset) + tree1) + tree2 …`, in columns of so many terms that no engine finds it too deep."""
        p = self.printer
        self.behind, self.last_trees = frozenset(), []
        total = p.number(one.base)
        if one.offset is not None:
            total = f"{total} + {p.column(one.offset)}"
        for start in range(0, len(one.trees), BATCH):
            part = " + ".join(p.column(name) for name in one.trees[start : start + BATCH])
            total = f"{total} + {part}"
            if start + BATCH < len(one.trees):
                total = self.added("sum", [total], f"base and trees to {start + BATCH}")
                p.used.add(total)
        failed = self.simple(one.failed)
        if failed != FALSE:
            total = f"CASE WHEN {p.condition(failed)} THEN NULL ELSE {total} END"
        self.add(self.of[one.name], [total], f"sum of {len(one.trees)} trees")

    def attribution(self, one: Attribution) -> None:
        """The cells of some parts of trees at a time, and sums of what they add to each characteristic."""
        p = self.printer
        totals = {k: p.number(0.0) for k in range(len(one.outputs))}
        every = [unit for tree in units(one, self.tree_of) for unit in tree]
        cells: frozenset[str] = frozenset()
        for start in range(0, len(every), attribution.UNITS_TOGETHER):
            found: dict[int, dict[str, str]] = {}
            places: list[str] = []
            self.behind = cells
            for unit in every[start : start + attribution.UNITS_TOGETHER]:
                places.append(self.added("cell", [attribution.cell(one, unit, p)], ""))
                for k, player in enumerate(unit.players):
                    values = (unit.values[:, k] * one.multiplier).tolist()
                    found.setdefault(player, {})[places[-1]] = attribution.added(values, places[-1], p)
            self.behind, cells = frozenset(), frozenset(places)
            for player, texts in found.items():
                p.used.update(texts)
                if totals[player] in self.taken:
                    p.used.add(totals[player])
                lines = [totals[player], *(f"+ {text}" for text in texts.values())]
                totals[player] = self.added("att", lines, f"attribution of {one.characteristics[player]}, in part")
        for k, name in enumerate(one.outputs):
            if totals[k] in self.taken:
                p.used.add(totals[k])
            self.add(self.of[name], [totals[k]], f"attribution of {one.characteristics[k]}")

    def rank(self, one: Rank) -> None:
        """Reason codes."""
        codes = ranks.ranked(replace(one, failed=self.simple(one.failed)), self.printer, self.added)
        nothing: ranks.Told = ([f"CAST(NULL AS {self.dialect.text_type})"], set())
        for place, name in enumerate(one.names):
            lines, reads = codes[place] if place < len(codes) else nothing
            self.printer.used.update(reads)
            self.add(self.of[name], lines, f"reason {place + 1}")

    # ------------------------------------------------------------------------------------------------------ dates
    def date_part(self, text: Term, what: str) -> str:
        """The column of a part of the date in a text, or a constant."""
        if isinstance(text, Constant):
            return self._constant_date(str(text.value), what)
        if text not in self.dates:
            outer, self.printer.used = self.printer.used, set()
            self.dates[text] = self._read_date(text)
            self.printer.used = outer
        column = self.dates[text][what]
        self.printer.used.add(column)
        return column

    def _constant_date(self, text: str, what: str) -> str:
        day = parse_date(text)
        if what in ("valid", "ends") or day is None:
            ends = day is not None and (day.month, day.day) == (12, 31)
            if day is not None and not ends:
                ends = day.fromordinal(day.toordinal() + 1).month != day.month
            return "1" if (day is not None if what == "valid" else ends) else "0"
        values = {"year": day.year, "month": day.month, "day": day.day, "number": day.toordinal()}
        return self.printer.number(float(values[what]))

    def _read_date(self, text: Term) -> dict[str, str]:
        d, p = self.dialect, self.printer
        if not isinstance(text, Name):
            text = self.bind(text)

        def made(start: str, what: str, *reads: str) -> str:
            p.used.update(reads)
            return self.added(start, [what], "")

        x = p.column(text.name)
        good = made("written", f"CASE WHEN {dates.is_written(d, x)} THEN 1 ELSE 0 END", x)
        pieces = {
            name: made(name, f"CASE WHEN {good} = 1 THEN {dates.part(d, x, start, size)} END", x, good)
            for name, start, size in (("year", 1, 4), ("month", 6, 2), ("day", 9, 2))
        }
        y, m, day = pieces.values()
        last = made("last", dates.last_day(d, y, m), y, m)
        is_day = dates.is_day(d, y, m, day, last)
        pieces["valid"] = made("is_day", f"CASE WHEN {is_day} THEN 1 ELSE 0 END", y, m, day, last)
        pieces["ends"] = made("ends", f"CASE WHEN {day} = {last} THEN 1 ELSE 0 END", day, last)
        pieces["number"] = made("day_number", dates.day_number(d, y, m, day), y, m, day)
        return pieces

    def statement(self, one: Statement) -> None:
        """Take a statement of the program."""
        p = self.printer
        simple: dict[type, tuple[Callable[..., list[str]], str]] = {
            Classify: (cases.classified, "bin"),
            Pick: (cases.picked, ""),
            Band: (cases.banded, ""),
            Line: (cases.interpolated, "calibration map"),
        }
        if type(one) in simple:
            write, words = simple[type(one)]
            note = getattr(one, "note", "") or f"{words} of {getattr(one, 'input', '')}"
            self.add(self.of[one.name], write(one, p), note)  # type: ignore[union-attr]
            return
        others: dict[type, Callable[..., None]] = {
            Let: self.let,
            Tree: self.tree,
            TreeSum: self.tree_sum,
            Attribution: self.attribution,
            Rank: self.rank,
        }
        others[type(one)](one)


def _outer(text: str) -> str:
    """An expression without the brackets around all of it."""
    if not (text.startswith("(") and text.endswith(")")) or "'" in text or text.startswith("(SELECT "):
        return text
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]


def _follows(nothing: Term, value: Term) -> bool:
    """Whether a number is NULL of itself wherever a flag is true."""
    flags, strict = flags_of(nothing), strict_names(value)
    return flags is not None and strict is not None and flags <= strict


def columns_of(program: Program, dialect: Dialect) -> Columns:
    """The columns of a program for a dialect."""
    known: dict[str, Range] = ranges(program)
    found = Columns(dialect)
    found.safe = never_failing(program, known)
    names = [one.name for one in program.inputs]
    names += [name for one in program.statements for name in produced(one)]
    plain = identifiers(names, most=22)
    roles: dict[str, str] = {one.name: "x" for one in program.inputs}
    roles |= {one.name: "b" for one in program.statements if isinstance(one, Classify)}
    roles |= {one.name: "t" for one in program.statements if isinstance(one, Tree)}
    found.of = {name: f"{roles.get(name, 'v')}_{plain[name].lower()}" for name in names}
    number = 0
    for one in program.statements:
        if isinstance(one, Tree):
            number += 1
            found.of[one.name] = f"t_{number}"
    found.taken = set(found.of.values())
    found.errors = {name: f"e_{plain[name].lower()}" for name in names if name in program.failed - found.safe}
    found.printer = Printer(dialect, found.of, found.errors, known, found.bind, found.date_part)
    for one in program.statements:
        found.statement(one)
    return found


__all__ = ["TEXT", "Column", "Columns", "columns_of"]
