"""A program as calculated cells and the tables that they look into, before anything has its place on a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field

from credit_risk.export.program import (
    Attribution,
    Band,
    Bin,
    Classify,
    Let,
    Line,
    Pick,
    Program,
    Published,
    Rank,
    Statement,
    Tree,
    TreeSum,
    is_never,
    produced,
    read,
)
from credit_risk.export.program.terms import Call, number
from credit_risk.export.spreadsheet.formulas import Cell, Formula, Key, Span, compose, reference, words
from credit_risk.export.spreadsheet.tables import BINS, LOOKUPS, REASONS, STEPS, TREES_A_SHEET, Block, Tables
from credit_risk.export.spreadsheet.terms import Terms

LEFT_OUT = (
    "The reasons of trees are left out of this workbook: they are averages over the background rows of the package. "
    "Score with the package itself to have them."
)


@dataclass(frozen=True, slots=True)
class Node:
    """An inner node of a tree: its cell, and the sheet and row of the table that it stands in."""

    cell: Cell
    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class Calculation:
    """Cells in order, nodes of trees, tables, and what is published; `left_out` names what the workbook cannot hold."""

    program: Program
    cells: tuple[Cell, ...]
    nodes: tuple[Node, ...]
    tables: tuple[Block, ...]
    published: tuple[Published, ...]
    bins: dict[str, Block]
    left_out: frozenset[str]

    @property
    def size(self) -> int:
        """Formulas for one application."""
        return len(self.cells) + len(self.nodes)


def calculation_of(program: Program, texts: dict[str, str] | None = None) -> Calculation:
    """The cells of a program; `texts` are the words of reason codes, which stand in their table."""
    return _Lowering(program, texts or {}).calculation()


@dataclass
class _Lowering:
    program: Program
    texts: dict[str, str]
    tables: Tables = field(default_factory=Tables)
    cells: list[Cell] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    bins: dict[str, Block] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    helps: int = 0

    def calculation(self) -> Calculation:
        self.terms = Terms(self.program, self.tables, self.help)
        out = _without_attribution(self.program)
        for one in self.program.inputs:
            given = reference("input", one.name)
            text = compose('{}&""', given)
            made = compose('IF(LEN({})=0,"",{})', given, given) if one.kind == "number" else text
            self.cells.append(Cell(("value", one.name), one.name, made, note=one.description))
        self._bins()
        self._trees()
        for statement in self.program.statements:
            if not out & set(produced(statement)):
                self.statement = statement
                self.terms.used = produced(statement)[0]
                self._state(statement)
        return Calculation(
            self.program,
            tuple(self.cells),
            tuple(self.nodes),
            tuple(self.tables.closed()),
            tuple(one for one in self.program.published if one.name not in out),
            self.bins,
            frozenset(out),
        )

    # -------------------------------------------------------------------------------------------------- cells
    def help(self, formula: Formula, part: str = "part of the formula below") -> Formula:
        """A cell of its own for a part of the statement; what breaks there is the empty text."""
        self.helps += 1
        key = ("help", str(self.helps))
        step = getattr(self.statement, "step", "")
        self.cells.append(Cell(key, self.terms.used, compose('IFERROR({},"")', formula), part, step))
        return reference(*key)

    def value(self, name: str, formula: Formula, note: str = "") -> None:
        step = getattr(self.statement, "step", "")
        self.cells.append(Cell(("value", name), name, formula, step=step, note=note))

    def _state(self, statement: Statement) -> None:
        match statement:
            case Let():
                self._let(statement)
            case Classify():
                self._classify(statement)
            case Pick():
                made = compose(f"INDEX({self.columns[statement.name]},{{}}+1)", reference("value", statement.bin))
                self.value(statement.name, made, statement.note)
            case TreeSum():
                self._tree_sum(statement)
            case Band():
                self._band(statement)
            case Line():
                self._line(statement)
            case Rank():
                self._rank(statement)

    def _let(self, one: Let) -> None:
        self.terms.plain_sums = one.note == "linear score" or one.note.startswith("score in points")
        if self.terms.plain_sums and isinstance(one.value, Call) and one.value.operation == "add":
            made = self.terms.chain("+", [self.terms.print(part) for part in one.value.arguments])
        else:
            made = self.terms.print(one.value)
        if one.checked:
            made = compose('IFERROR({},"")', made)
        if not is_never(one.absent):
            made = compose('IF({},"",{})', self.terms.print(one.absent), made)
        failed = None if is_never(one.failed) else self.terms.single(self.terms.print(one.failed))
        if failed is not None:
            made = compose('IF({},"",{})', failed, made)
        self.value(one.name, made, one.note)
        if one.name in self.program.failed and one.name in self.program.absent:
            self._failed_cell(one, failed)

    def _failed_cell(self, one: Let, failed: Formula | None) -> None:
        """Whether an empty value is in error: its cause is, or it is not finite where it is not missing."""
        made = words("FALSE")
        if one.checked:
            made = compose('IF({},FALSE,{}="")', self.terms.print(one.absent), reference("value", one.name))
        if failed is not None:
            made = compose("IF({},TRUE,{})", failed, made)
        step = self.statement.step
        self.cells.append(Cell(("failed", one.name), one.name, made, "in error", step))

    # --------------------------------------------------------------------------------------------------- bins
    def _bins(self) -> None:
        """Tables of bins: what each holds, and a column for each weight of evidence or points."""
        picks: dict[str, list[Pick]] = {}
        for one in self.program.statements:
            if isinstance(one, Pick):
                picks.setdefault(one.bin, []).append(one)
        for one in self.program.statements:
            if not isinstance(one, Classify):
                continue
            columns = picks.get(one.name, [])
            labels = columns[0].labels if columns else tuple(b.label for b in one.bins)
            headers = ["Bin", "Label", "From", "To (below)", "Holds", *(_heading(pick) for pick in columns)]
            rows = [
                (float(b.id), label, b.lower, b.upper, _holds(b), *(pick.values[k] for pick in columns))
                for k, (b, label) in enumerate(zip(one.bins, labels, strict=True))
            ]
            block = self.tables.add(BINS, one.input, headers, rows)
            self.bins[one.name] = block
            for place, pick in enumerate(columns, start=5):
                self.columns[pick.name] = block.column(place)

    def _classify(self, one: Classify) -> None:
        x = reference("value", one.input)
        missing = next(b.id for b in one.bins if b.takes_missing)
        codes = [(code, float(b.id)) for b in one.bins for code in b.codes]
        found = self._interval(one, x) if one.numeric else self._category(one, x)
        if codes:
            block = self.tables.add(LOOKUPS, f"Special codes of {one.input}", ["Code", "Bin"], codes)
            found = self._coded(one, x, block, found)
        self.value(one.name, compose(f'IF({{}}="",{missing},{{}})', x, found), f"bin of {one.input}")

    def _coded(self, one: Classify, x: Formula, block: Block, otherwise: Formula) -> Formula:
        listed, ids = block.column(0), block.column(1)
        if not one.numeric:
            code = self.help(compose(f"SUMPRODUCT(EXACT({{}},{listed})*({ids}+1))", x), "special code (bin + 1)")
            return compose("IF({}>0,{}-1,{})", code, code, otherwise)
        place = self.help(
            compose(f'IF({{}}="",0,IFERROR(MATCH({{}},{listed},0),0))', x, x), "place among special codes"
        )
        same = compose(f"IF({{}}=0,0,DELTA({{}},INDEX({listed},{{}})))=1", place, x, place)
        return compose(f"IF({{}},INDEX({ids},{{}}),{{}})", same, place, otherwise)

    def _interval(self, one: Classify, x: Formula) -> Formula:
        intervals = [b for b in one.bins if b.kind == "interval"]
        if len(intervals) == 1:
            return words(str(intervals[0].id))
        rows = [(float(b.lower), float(b.id)) for b in intervals[1:] if b.lower is not None]
        block = self.tables.add(LOOKUPS, f"Bounds of {one.input} (below: bin {intervals[0].id})", ["From", "Bin"], rows)
        place = self._place(x, block.column(0))
        return compose(f"IF({{}}=0,{intervals[0].id},INDEX({block.column(1)},{{}}))", place, place)

    def _place(self, x: Formula, bounds: str) -> Formula:
        """How many ascending bounds are not above x: MATCH, one less where it took a bound just above x for x."""
        match = self.help(compose(f'IF({{}}="",0,IFERROR(MATCH({{}},{bounds},1),0))', x, x), "nearest bound")
        exact = f"IF({{}}=0,0,IF(GESTEP({{}},INDEX({bounds},{{}}))=1,{{}},{{}}-1))"
        return self.help(compose(exact, match, x, match, match, match), "place among bounds")

    def _category(self, one: Classify, x: Formula) -> Formula:
        unseen = next(b.id for b in one.bins if b.kind == "unseen")
        rows = [(value, float(b.id)) for b in one.bins for value in b.values]
        if not rows:
            return words(str(unseen))
        block = self.tables.add(LOOKUPS, f"Categories of {one.input}", ["Category", "Bin"], rows)
        sought = f"SUMPRODUCT(EXACT({{}},{block.column(0)})*({block.column(1)}+1))"
        place = self.help(compose(sought, x), "category (bin + 1)")
        return compose(f"IF({{}}>0,{{}}-1,{unseen})", place, place)

    # -------------------------------------------------------------------------------------------------- steps
    def _band(self, one: Band) -> None:
        x = reference("value", one.input)
        levels: tuple[float | str, ...] = one.levels
        rows = list(zip((None, *one.cuts), levels, strict=True))
        headers = ["From", "Grade" if one.kind == "text" else "Value"]
        block = self.tables.add(STEPS, one.note or one.name, headers, rows)
        found = words(block.cell(1, 0))
        if one.cuts:
            place = self._place(x, _cut(block, 1, len(rows) - 1, 0))
            found = compose(f"INDEX({block.column(1)},{{}}+1)", place)
        self.value(one.name, compose('IF({}="","",{})', x, found), one.note)

    def _line(self, one: Line) -> None:
        x = reference("value", one.input)
        rows = list(zip(one.knots, one.levels, (*one.slopes, None), strict=True))
        block = self.tables.add(STEPS, f"{one.name}, a broken line", ["From", "Value there", "Slope from there"], rows)
        knots, levels, slopes = (block.column(k) for k in range(3))
        place = self._place(x, knots)
        inside = compose(
            f"INDEX({levels},{{}})+STANDARDIZE({{}},INDEX({knots},{{}}),1)*INDEX({slopes},{{}})", place, x, place, place
        )
        first, last = block.cell(1, 0), block.cell(1, len(rows) - 1)
        made = compose(f"IF({{}}=0,{first},IF({{}}={len(rows)},{last},{{}}))", place, place, inside)
        self.value(one.name, compose('IF({}="","",{})', x, made), "calibration: piecewise linear")

    # -------------------------------------------------------------------------------------------------- trees
    def _trees(self) -> None:
        """Tables of nodes, TREES_A_SHEET trees a sheet: thresholds and leaves in cells, a live value at inner nodes."""
        trees = [one for one in self.program.statements if isinstance(one, Tree)]
        for start in range(0, len(trees), TREES_A_SHEET):
            sheet = f"Trees {start // TREES_A_SHEET + 1}"
            part = trees[start : start + TREES_A_SHEET]
            rows: list[tuple[float | str | Key | None, ...]] = []
            for tree in part:
                rows += _node_rows(tree)
            headers = ("Tree", "Node", "Characteristic", "Below", "Missing goes", "Node if below", "Node otherwise")
            block = self.tables.add(sheet, "", [*headers, "Leaf", "Value"], rows)
            row = 0
            for tree in part:
                self._nodes(tree, block, row)
                row += len(tree.left)

    def _nodes(self, tree: Tree, block: Block, top: int) -> None:
        known = {one.name: one.kind for one in self.program.inputs}

        def below(node: int) -> Formula:
            if tree.left[node] < 0:
                return words(block.cell(7, top + node))
            return reference("node", f"{tree.name}:{node}")

        for node, left in enumerate(tree.left):
            if left < 0:
                continue
            name = tree.features[tree.feature[node]]
            x = reference("value", name)
            other = words("0" if tree.default_left[node] else "1")
            reached = compose(f"GESTEP({{}},{block.cell(3, top + node)})", x)
            if name in known or name in self.program.absent or name in self.program.failed:
                reached = compose('IF({}="",{},{})', x, other, reached)
            made = compose("IF({}=1,{},{})", reached, below(tree.right[node]), below(left))
            cell = Cell(("node", f"{tree.name}:{node}"), tree.name, made)
            self.nodes.append(Node(cell, block.sheet, block.first + top + node))

    def _tree_sum(self, one: TreeSum) -> None:
        trees = {tree.name: tree for tree in self.program.statements if isinstance(tree, Tree)}
        base = [self.terms.print(number(one.base))]
        offset = [reference("value", one.offset)] if one.offset is not None else []
        leaves = []
        for name in one.trees:
            tree = trees[name]
            leaf = tree.left[0] < 0
            leaves.append(self.terms.print(number(tree.value[0])) if leaf else reference("node", f"{name}:0"))
        made = self.terms.chain("+", [*base, *offset, *leaves])
        if not is_never(one.failed):
            made = compose('IF({},"",{})', self.terms.print(one.failed), made)
        self.value(one.name, made, "sum of the trees")

    # ------------------------------------------------------------------------------------------------ reasons
    def _rank(self, one: Rank) -> None:
        rows = [
            (characteristic, code, self.texts.get(code, ""), baseline)
            for characteristic, code, baseline in zip(one.characteristics, one.codes, one.baselines, strict=True)
        ]
        headers = ["Characteristic", "Reason code", "Reason in words", "Baseline"]
        block = self.tables.add(REASONS, f"Reasons of step {one.step}", headers, rows)
        failed = None if is_never(one.failed) else self.terms.single(self.terms.print(one.failed))
        short = []
        for k, name in enumerate(one.inputs):
            made = compose(f"STANDARDIZE({block.cell(3, k)},{{}},1)", reference("value", name))
            if failed is not None:
                made = compose("IF({},0,{})", failed, made)
            short.append(self.help(made, f"shortfall of {one.characteristics[k]}"))
        ranks = self._ranks(one, short)
        span = Formula((Span(_key(ranks[0]), _key(ranks[-1])),), 0, 64)
        codes = block.column(1)
        for j, name in enumerate(one.names):
            if j < one.maximum:
                made = compose(f'IFERROR(INDEX({codes},MATCH({j + 1},{{}},0)),"")', span)
            elif one.inquiries and j == len(one.names) - 1:
                asked = [ranks[k] for k in one.inquiries]
                best = self.help(compose(f"MIN({','.join(['{}'] * len(asked))})", *asked), "first inquiry")
                made = compose(
                    f'IF({{}}>{one.maximum},IFERROR(INDEX({codes},MATCH({{}},{{}},0)),""),"")', best, best, span
                )
            else:
                made = words('""')
            self.value(name, made, f"reason {j + 1}")

    def _ranks(self, one: Rank, short: list[Formula]) -> list[Formula]:
        """The place of each positive shortfall, 1 the greatest, equal ones in order; empty where there is none."""
        sums = []
        for k, mine in enumerate(short):
            before = [compose("GESTEP({},{})", other, mine) for other in short[:k]]
            after = [compose("(1-GESTEP({},{}))", mine, other) for other in short[k + 1 :]]
            sums.append(self.terms.chain("+", [words("1"), *before, *after]))
        return [
            self.help(compose('IF({}>0,{},"")', mine, total), f"rank of {name}")
            for mine, total, name in zip(short, sums, one.characteristics, strict=True)
        ]


def _key(formula: Formula) -> Key:
    piece = formula.pieces[0]
    if isinstance(piece, str | Span):
        raise TypeError(piece)
    return piece.key


def _cut(block: Block, first: int, count: int, place: int) -> str:
    """A column of a table without its first rows."""
    start = block.cell(place, first).replace(f"'{block.sheet}'!", "")
    end = block.cell(place, first + count - 1).replace(f"'{block.sheet}'!", "")
    return f"'{block.sheet}'!{start}:{end}"


def _heading(pick: Pick) -> str:
    return "Points" if pick.note.startswith("points") else "Weight of evidence"


def _holds(one: Bin) -> str:
    """What a bin holds beside its interval, in words."""
    parts = [str(value) for value in one.values[:20]]
    if len(one.values) > 20:
        parts.append(f"and {len(one.values) - 20} more")
    parts += [f"code {code:.15G}" if isinstance(code, float) else f"code {code}" for code in one.codes]
    if one.kind == "unseen":
        parts.append("any other category")
    if one.takes_missing:
        parts.append("missing")
    return ", ".join(parts)[:1000]


def _node_rows(tree: Tree) -> list[tuple[float | str | Key | None, ...]]:
    rows: list[tuple[float | str | Key | None, ...]] = []
    for node, left in enumerate(tree.left):
        head = (float(tree.number), float(node))
        if left < 0:
            rows.append((*head, None, None, None, None, None, tree.value[node], None))
            continue
        goes = "below" if tree.default_left[node] else "otherwise"
        name = tree.features[tree.feature[node]]
        split = (name, tree.threshold[node], goes, float(left), float(tree.right[node]))
        rows.append((*head, *split, None, ("node", f"{tree.name}:{node}")))
    return rows


def _without_attribution(program: Program) -> set[str]:
    """Names that are attributions of trees, or made of them."""
    out: set[str] = set()
    for one in program.statements:
        if isinstance(one, Attribution) or out & set(read(one)):
            out |= set(produced(one))
    return out
