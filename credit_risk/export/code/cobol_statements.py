"""Statements of a program as statements of COBOL, with the tables in working storage that they read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from credit_risk.export.code.blocks import Forest, forests
from credit_risk.export.code.cobol_layout import bits, comment, filled, key, nested, noted, spelled, table
from credit_risk.export.code.cobol_terms import Case, Terms
from credit_risk.export.code.imperative import Lines
from credit_risk.export.program import (
    Band,
    Bin,
    Classify,
    Let,
    Line,
    Pick,
    Program,
    Rank,
    Statement,
    Tree,
    TreeSum,
    is_never,
    produced,
)
from credit_risk.export.program.terms import NUMBER, Constant, Name, operations

MOST_DECISIONS = 300
"""Cases of a classing or of bands that are printed one by one; more stand in a table."""
_OVERFLOWING = {"add", "subtract", "multiply", "divide", "exponential", "logarithm", "round_half_away_from_zero"}


class Statements:
    """Prints statements with `terms`. `tables` is working storage, `loads` the statements that unfold tables of trees.

    `ranked` is the greatest number of characteristics among which reasons are found.
    """

    def __init__(self, program: Program, text_size: int) -> None:
        self.program, self.text_size = program, text_size
        self.terms = Terms(program, text_size)
        self.tables: Lines = []
        self.loads: Lines = []
        self.count = 0
        self.ranked = 0

    # ----------------------------------------------------------------------------------------------------- tables
    def _table(self, values: Sequence[str], notes: Sequence[str] = (), about: str = "") -> str:
        """A table of numbers in working storage; the name of its items."""
        self.count += 1
        name = f"W-{self.count}"
        self.tables += comment(about) if about else []
        self.tables += table(f"TABLE-{self.count}", name, values, notes)
        return name

    def _numbers(self, values: Sequence[float], of: Callable[[float], int], notes: Sequence[str], about: str) -> str:
        told = [f"{note}: {value!r}" if note else repr(value) for note, value in zip(notes, values, strict=True)]
        return self._table([str(of(value)) for value in values], told, about)

    def _located(self, cuts: str, count: int) -> Lines:
        """Statements by halving: PL-LOW becomes how many of the ascending keys are at most FP-KEY."""
        return [
            "MOVE 0 TO PL-LOW",
            f"MOVE {count} TO PL-HIGH",
            "PERFORM UNTIL PL-LOW >= PL-HIGH",
            "    COMPUTE PL-MIDDLE = (PL-LOW + PL-HIGH) / 2",
            f"    IF FP-KEY < {cuts} (PL-MIDDLE + 1)",
            "        MOVE PL-MIDDLE TO PL-HIGH",
            "    ELSE",
            "        COMPUTE PL-LOW = PL-MIDDLE + 1",
            "    END-IF",
            "END-PERFORM",
        ]

    # ------------------------------------------------------------------------------------------------- statements
    def statement(self, one: Statement) -> Lines:
        """A statement other than a Tree, as logical lines with what it is in a comment."""
        terms = self.terms
        terms.begin()
        with terms.apart() as lines:
            match one:
                case Let():
                    self._let(one)
                case Classify():
                    self._classify(one)
                case Pick():
                    self._pick(one)
                case TreeSum():
                    self._tree_sum(one)
                case Band():
                    self._band(one)
                case Line():
                    self._line(one)
                case Rank():
                    self._rank(one)
                case _:
                    raise TypeError(type(one).__name__)
        names = ", ".join(produced(one))
        note = getattr(one, "note", "")
        return [f"* {names}: {note}" if note else f"* {names}", *lines]

    def _let(self, one: Let) -> None:
        """In error, missing, or the value."""
        terms = self.terms
        cases: list[Case] = []
        if not is_never(one.failed):
            cases.append((terms.condition(one.failed), [f"MOVE 1 TO {terms.error(one.name)}"]))
        if not is_never(one.absent):
            cases.append((terms.condition(one.absent), [f"MOVE 1 TO {terms.missing(one.name)}"]))
        checked = one.checked and bool(_OVERFLOWING & set(operations(one.value)))
        with terms.apart() as lines:
            terms.add(*(["MOVE 0 TO FP-OVERFLOW"] if checked else []))
            terms.store(one.value, one.name, one.kind)
            if checked:
                inner = [f"MOVE 0 TO {terms.value(one.name)}", f"MOVE 1 TO {terms.error(one.name)}"]
                terms.add(*terms.when([("FP-OVERFLOW = 1", inner)], []))
        terms.add(*terms.when(cases, lines))

    def _with_key(self, name: str) -> None:
        self.terms.add(f"MOVE {self.terms.value(name)} TO FP-BITS", "PERFORM FP-TO-KEY")

    def _classify(self, one: Classify) -> None:
        terms, place = self.terms, self.terms.value(one.name)
        numeric = [bin for bin in one.bins if bin.kind == "interval"]
        values = [(value, bin) for bin in one.bins if bin.kind == "categories" for value in bin.values]
        if one.numeric:
            self._with_key(one.input)
        missing = next(bin for bin in one.bins if bin.takes_missing)
        cases = [(terms.unusable(one.input), missing)] if terms.unusable(one.input) else []
        cases += [(self._equals(one, code), bin) for bin in one.bins for code in bin.codes]
        last = next(b for b in one.bins if b.kind == "unseen" or (b.kind == "interval" and b.upper is None))
        otherwise = [noted(f"MOVE {last.id} TO {place}", last.label)]
        if max(len(numeric), len(values)) > MOST_DECISIONS:
            otherwise = self._by_cuts(one, numeric) if one.numeric else self._by_values(one, values, last)
        else:
            cases += [(self._below(bin.upper), bin) for bin in numeric if bin.upper is not None]
            cases += [(self._equals(one, value), bin) for value, bin in values]
        terms.add(*self._decided(cases, place, otherwise))

    def _decided(self, cases: Sequence[tuple[str, Bin]], place: str, otherwise: Lines) -> Lines:
        """The bin of the first case that holds; cases of the same bin stand together."""
        if not cases:
            return otherwise
        lines = ["EVALUATE TRUE"]
        for k, (condition, bin) in enumerate(cases):
            lines.append(f"    WHEN {condition}")
            if k + 1 == len(cases) or cases[k + 1][1].id != bin.id:
                lines.append(noted(f"        MOVE {bin.id} TO {place}", bin.label))
        return [*lines, "    WHEN OTHER", *nested(nested(otherwise)), "END-EVALUATE"]

    def _below(self, upper: float) -> str:
        return noted(f"FP-KEY < {self.terms.key(upper)}", repr(upper))

    def _equals(self, one: Classify, value: float | str) -> str:
        if isinstance(value, str):
            text = self.terms.text(Constant(value))
            return self.terms.same(self.terms.text(Name(one.input)), text)
        return noted(f"FP-KEY = {self.terms.key(value)}", repr(value))

    def _by_cuts(self, one: Classify, held: Sequence[Bin]) -> Lines:
        uppers = [bin.upper for bin in held if bin.upper is not None]
        cuts = self._numbers(uppers, key, [f"below, {bin.label}" for bin in held[:-1]], f"Upper ends of {one.input}")
        ids = self._table([str(bin.id) for bin in held], (), f"Bins of {one.input}")
        return [*self._located(cuts, len(uppers)), f"MOVE {ids} (PL-LOW + 1) TO {self.terms.value(one.name)}"]

    def _by_values(self, one: Classify, values: Sequence[tuple[str, Bin]], last: Bin) -> Lines:
        """A table of categories that is searched from its start."""
        self.count += 1
        n, size, input_name = self.count, self.text_size, one.input
        self.tables += [*comment(f"Categories of {input_name}: length, text, bin"), f"       01  TABLE-{n}."]
        for value, bin in values:
            self.tables.append(f"           05  PIC S9(9) COMP-5 VALUE {len(value.encode('utf-8'))}.")
            self.tables += filled(spelled(value), size)
            self.tables.append(f"           05  PIC S9(9) COMP-5 VALUE {bin.id}.")
        self.tables += [
            f"       01  FILLER REDEFINES TABLE-{n}.",
            f"           05  FILLER OCCURS {len(values)}.",
            f"               10  W-{n}-LEN PIC S9(9) COMP-5.",
            f"               10  W-{n}-TEXT PIC X({size}).",
            f"               10  W-{n}-BIN PIC S9(9) COMP-5.",
        ]
        length, text, place = self.terms.length(input_name), self.terms.value(input_name), self.terms.value(one.name)
        return [
            "PERFORM VARYING PL-LOW FROM 1 BY 1",
            f"    UNTIL PL-LOW > {len(values)} OR ({length} = W-{n}-LEN (PL-LOW) AND {text} = W-{n}-TEXT (PL-LOW))",
            "    CONTINUE",
            "END-PERFORM",
            f"IF PL-LOW > {len(values)}",
            noted(f"    MOVE {last.id} TO {place}", last.label),
            "ELSE",
            f"    MOVE W-{n}-BIN (PL-LOW) TO {place}",
            "END-IF",
        ]

    def _pick(self, one: Pick) -> None:
        name = self._numbers(one.values, bits, one.labels, f"{one.name}: {one.note}" if one.note else one.name)
        self.terms.add(f"MOVE {name} ({self.terms.value(one.bin)} + 1) TO {self.terms.value(one.name)}")

    def _passed(self, one: Band | Line) -> None:
        if one.name in self.program.absent:
            self.terms.move(self.terms.missing(one.input), self.terms.missing(one.name))

    def _band(self, one: Band) -> None:
        terms = self.terms
        if one.cuts:
            self._with_key(one.input)
        if one.kind == NUMBER and len(one.cuts) > MOST_DECISIONS:
            cuts = self._numbers(one.cuts, key, [""] * len(one.cuts), f"{one.name}: cuts of {one.input}")
            levels = self._numbers([float(x) for x in one.levels], bits, [""] * len(one.levels), f"{one.name}: levels")
            terms.add(*self._located(cuts, len(one.cuts)), f"MOVE {levels} (PL-LOW + 1) TO {terms.value(one.name)}")
        else:
            stored = []
            for level in one.levels:
                with terms.apart() as lines:
                    terms.store(Constant(level), one.name, one.kind)
                stored.append(lines)
            cases = [(self._below(cut), inner) for cut, inner in zip(one.cuts, stored, strict=False)]
            terms.add(*terms.when(cases, stored[-1]))
        self._passed(one)

    def _line(self, one: Line) -> None:
        terms, count, place = self.terms, len(one.knots), self.terms.value(one.name)
        blank = [""] * count
        cuts = self._numbers(one.knots, key, blank, f"{one.name}: keys of knots of {one.input}")
        knots = self._numbers(one.knots, bits, blank, f"{one.name}: knots of {one.input}")
        levels = self._numbers(one.levels, bits, blank, f"{one.name}: levels at the knots")
        slopes = self._numbers(one.slopes or (0.0,), bits, blank[1:] or [""], f"{one.name}: slopes between the knots")
        self._with_key(one.input)
        inner = [
            f"MOVE {terms.value(one.input)} TO FP-A-BITS",
            f"MOVE {knots} (PL-LOW) TO FP-B-BITS",
            "PERFORM FP-SUBTRACT",
            f"MOVE {slopes} (PL-LOW) TO FP-B-BITS",
            "PERFORM FP-MULTIPLY",
            f"MOVE {levels} (PL-LOW) TO FP-B-BITS",
            "PERFORM FP-ADD",
            f"MOVE FP-A-BITS TO {place}",
        ]
        ends = [("PL-LOW = 0", [f"MOVE {levels} (1) TO {place}"])]
        ends.append((f"PL-LOW = {count}", [f"MOVE {levels} ({count}) TO {place}"]))
        terms.add(*self._located(cuts, count), *terms.when(ends, inner))
        self._passed(one)

    # ---------------------------------------------------------------------------------------------------- reasons
    def _rank(self, one: Rank) -> None:
        terms, size = self.terms, len(one.inputs)
        self.ranked = max(self.ranked, size)
        codes = self._codes(one)
        terms.add(f"MOVE {size} TO RK-COUNT")
        for k, (base, name) in enumerate(zip(one.baselines, one.inputs, strict=True), start=1):
            terms.move(terms.constant(base), "FP-A-BITS", Constant(base + 0.0))
            terms.add(f"MOVE {terms.value(name)} TO FP-B-BITS", "PERFORM FP-SUBTRACT", "MOVE FP-A-BITS TO FP-BITS")
            terms.add("PERFORM FP-TO-KEY", f"MOVE FP-KEY TO RK-KEY ({k})", f"MOVE 0 TO RK-USED ({k})")
        for name in one.names[: one.maximum]:
            terms.add(*self._greatest(name, codes))
        terms.add(*(f"MOVE 1 TO {terms.missing(name)}" for name in one.names[one.maximum :]))
        if one.inquiries:
            places = [place + 1 for place in one.inquiries]
            inner = ["PERFORM VARYING RK-K FROM 1 BY 1 UNTIL RK-K > RK-COUNT", "    MOVE 1 TO RK-USED (RK-K)"]
            inner += ["END-PERFORM", *(f"MOVE 0 TO RK-USED ({place})" for place in places)]
            inner += self._greatest(one.names[-1], codes)
            terms.add(*terms.when([(" AND ".join(f"RK-USED ({place}) = 0" for place in places), inner)], []))

    def _greatest(self, name: str, codes: str) -> Lines:
        terms = self.terms
        found = [
            f"MOVE 0 TO {terms.missing(name)}",
            f"MOVE {codes}-TEXT (RK-BEST) TO {terms.value(name)}",
            f"MOVE {codes}-LEN (RK-BEST) TO {terms.length(name)}",
        ]
        return [
            "PERFORM RK-GREATEST",
            *terms.when([("RK-BEST > 0", found)], [f"MOVE 1 TO {terms.missing(name)}"]),
        ]

    def _codes(self, one: Rank) -> str:
        """A table of reason codes; the start of the names of its items."""
        self.count += 1
        n = self.count
        self.tables += [*comment(f"Reason codes of step {one.step}: length, text"), f"       01  TABLE-{n}."]
        for code, characteristic in zip(one.codes, one.characteristics, strict=True):
            self.tables += comment(characteristic, 4)
            self.tables.append(f"           05  PIC S9(9) COMP-5 VALUE {len(code.encode('utf-8'))}.")
            self.tables += filled(spelled(code), self.text_size)
        self.tables += [
            f"       01  FILLER REDEFINES TABLE-{n}.",
            f"           05  FILLER OCCURS {len(one.codes)}.",
            f"               10  W-{n}-LEN PIC S9(9) COMP-5.",
            f"               10  W-{n}-TEXT PIC X({self.text_size}).",
        ]
        return f"W-{n}"

    # ------------------------------------------------------------------------------------------------------ trees
    def _tree_sum(self, one: TreeSum) -> None:
        terms = self.terms
        terms.move(terms.constant(one.base), "FP-A-BITS", Constant(one.base + 0.0))
        if one.offset is not None:
            terms.add(f"MOVE {terms.value(one.offset)} TO FP-B-BITS", "PERFORM FP-ADD")
        for forest in forests(self.program):
            if one.trees and forest.trees[0].name == one.trees[0]:
                terms.add(
                    f"PERFORM VARYING TR-TREE FROM 1 BY 1 UNTIL TR-TREE > {len(forest.trees)}",
                    f"    MOVE LEAF-{forest.number} (TR-TREE) TO FP-B-BITS",
                    "    PERFORM FP-ADD",
                    "END-PERFORM",
                )
        terms.move("FP-A-BITS", terms.value(one.name))

    def forest(self, forest: Forest) -> Lines:
        """Tables of the nodes, and the statements that find the leaves."""
        n, count, features = forest.number, len(forest.trees), len(forest.features)
        self._nodes(forest)
        starts = self._table([str(start + 1) for start in forest.starts()], (), f"First nodes, trees of {forest.step}")
        self.tables += [
            f"       01  FOREST-{n}.",
            f"           05  NODE-{n} OCCURS {forest.nodes()}.",
            f"               10  NUMBER-{n} PIC S9(18) COMP-5.",
            f"               10  FEATURE-{n} PIC S9(9) COMP-5.",
            f"               10  LEFT-{n} PIC S9(9) COMP-5.",
            f"               10  RIGHT-{n} PIC S9(9) COMP-5.",
            f"               10  MISSING-LEFT-{n} PIC S9(4) COMP-5.",
            f"           05  FILLER OCCURS {features}.",
            f"               10  KEY-{n} PIC S9(18) COMP-5.",
            f"               10  MISSING-{n} PIC S9(4) COMP-5.",
            f"           05  LEAF-{n} PIC S9(18) COMP-5 OCCURS {count}.",
        ]
        lines: Lines = []
        for k, name in ((place + 1, name) for place, name in forest.used()):
            lines += [f"* feature {k}: {name}", f"MOVE {self.terms.value(name)} TO FP-BITS", "PERFORM FP-TO-KEY"]
            lines += [f"MOVE FP-KEY TO KEY-{n} ({k})", f"MOVE 0 TO MISSING-{n} ({k})"]
            unusable = self.terms.unusable(name)
            lines += self.terms.when([(unusable, [f"MOVE 1 TO MISSING-{n} ({k})"])], []) if unusable else []
        return [*lines, *self._walk(n, count, starts)]

    def _walk(self, n: int, count: int, starts: str) -> Lines:
        """Down each tree from its first node; a leaf has feature 0."""
        return [
            f"PERFORM VARYING TR-TREE FROM 1 BY 1 UNTIL TR-TREE > {count}",
            f"    MOVE {starts} (TR-TREE) TO TR-AT",
            f"    MOVE FEATURE-{n} (TR-AT) TO TR-FEATURE",
            "    PERFORM UNTIL TR-FEATURE = 0",
            f"        IF (MISSING-{n} (TR-FEATURE) = 0 AND KEY-{n} (TR-FEATURE) < NUMBER-{n} (TR-AT))",
            f"            OR (MISSING-{n} (TR-FEATURE) = 1 AND MISSING-LEFT-{n} (TR-AT) = 1)",
            f"            MOVE LEFT-{n} (TR-AT) TO TR-AT",
            "        ELSE",
            f"            MOVE RIGHT-{n} (TR-AT) TO TR-AT",
            "        END-IF",
            f"        MOVE FEATURE-{n} (TR-AT) TO TR-FEATURE",
            "    END-PERFORM",
            f"    MOVE NUMBER-{n} (TR-AT) TO LEAF-{n} (TR-TREE)",
            "END-PERFORM",
        ]

    def _nodes(self, forest: Forest) -> None:
        """A line a node: feature, key of the threshold or bits of the value, nodes to the left, to the right."""
        n, place = forest.number, 0
        self.tables += [*comment(f"Trees of step {forest.step}"), f"       01  NODES-{n}."]
        for tree in forest.trees:
            self.tables += comment(f"tree {tree.number}", 4)
            for node in range(len(tree.left)):
                self.tables += self._node(tree, node, place)
            place += len(tree.left)
        self.tables += [
            f"       01  FILLER REDEFINES NODES-{n}.",
            f"           05  FILLER OCCURS {place}.",
            f"               10  D-FEATURE-{n} PIC 9(5).",
            f"               10  D-NUMBER-{n} PIC S9(19)",
            "                   SIGN LEADING SEPARATE.",
            f"               10  D-LEFT-{n} PIC 9(6).",
            f"               10  D-RIGHT-{n} PIC 9(6).",
            f"               10  D-MISSING-LEFT-{n} PIC 9.",
        ]
        fields = [f"{field}-{n}" for field in ("FEATURE", "NUMBER", "LEFT", "RIGHT", "MISSING-LEFT")]
        self.loads += [
            f"PERFORM VARYING TR-AT FROM 1 BY 1 UNTIL TR-AT > {place}",
            *(f"    MOVE D-{field} (TR-AT) TO {field} (TR-AT)" for field in fields),
            "END-PERFORM",
        ]

    @staticmethod
    def _node(tree: Tree, node: int, before: int) -> Lines:
        left, right = tree.left[node], tree.right[node]
        if left < 0:
            value = tree.value[node]
            told, cells = repr(value), (0, bits(value), 0, 0, 0)
        else:
            threshold, feature = float(tree.threshold[node] or 0.0), tree.feature[node]
            left, right = before + left + 1, before + right + 1
            to_left = int(tree.default_left[node])
            told = f"{tree.features[feature]} < {threshold!r}: {left}, else {right}"
            told += f"; missing: {left if to_left else right}"
            cells = (feature + 1, key(threshold), left, right, to_left)
        row = f"{cells[0]:05d}{cells[1]:+020d}{cells[2]:06d}{cells[3]:06d}{cells[4]}"
        return [*comment(f"{before + node + 1}: {told}", 4), f'           05  PIC X(38) VALUE "{row}".']
