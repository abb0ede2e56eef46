"""Java 8 and later from a program: one class that depends on nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from credit_risk.export.code import java_attribution
from credit_risk.export.code.blocks import Block, Forest, blocks, csv_field, forest_of, forests, verification_cases
from credit_risk.export.code.braces import BracePrinter, indented
from credit_risk.export.code.imperative import Lines, readable, wrapped
from credit_risk.export.code.java_library import CLASSES, MAIN, TREE, library
from credit_risk.export.heading import heading
from credit_risk.export.names import identifiers
from credit_risk.export.program import Attribution, Band, Classify, Line, Pick, Program, Rank, Tree, TreeSum
from credit_risk.export.program.terms import TEXT, Term

_WORDS = """
    abstract assert boolean break byte case catch char class const continue default do double else enum extends false
    final finally float for goto if implements import instanceof int interface long native new null package private
    protected public return short static strictfp super switch synchronized this throw throws transient true try void
    volatile while var record yield sealed permits Object String Double Integer Boolean Math StrictMath System Tree Game
    Part Input Result Trace Values Cases INPUTS RESULTS TEXTS TRACED StringBuilder IllegalArgumentException
    NumberFormatException inError leaf java Override SuppressWarnings
"""
RESERVED = frozenset(_WORDS.split())
_FUNCTIONS = {
    "minimum": "Math.min",
    "maximum": "Math.max",
    "absolute": "Math.abs",
    "floor": "Math.floor",
    "exponential": "StrictMath.exp",
    "logarithm": "StrictMath.log",
    "normal": "standardNormal",
    "round_half_away_from_zero": "halfAway",
    "is_date": "isDate",
    "date_day": "dateDay",
    "date_year": "dateYear",
    "date_month": "dateMonth",
    "date_day_of_month": "dateDayOfMonth",
    "date_ends_month": "dateEndsMonth",
}
NOTES = (
    "Compile with javac -encoding UTF-8 (Java 8 or later, no library). With --self-test the class scores the "
    "verification rows within and fails on any difference, with --csv it reads rows of CSV and writes their results.",
    "Arithmetic is that of IEEE doubles (strictfp), in the order written; Java never contracts a multiplication and an "
    "addition. Decimal constants are the shortest that read back to the same double.",
    "Missing is NaN for a number, null or the empty text for a text, in inputs and results. A row that the model "
    "refuses (or a number that is infinite) has in_error 1 and no results.",
)
MOST_ITEMS, MOST_DECISIONS, MOST_BYTES = 2000, 400, 30_000
"""Items of an array, cases of a classing that stand in one method; characters in one constant."""


def java_source(program: Program, verification: pd.DataFrame) -> dict[str, bytes]:
    """`<Class>.java`; the class bears the model's id in capitals."""
    return JavaPrinter(program, verification).files()


class JavaPrinter(BracePrinter):
    """Prints a program as Java; `tables` are the nested classes that hold constants."""

    reserved = RESERVED
    functions = _FUNCTIONS
    nothing = "null"

    def __init__(self, program: Program, verification: pd.DataFrame) -> None:
        super().__init__(program)
        self.class_name = class_name(program.model_id)
        self.cases = verification_cases(program, verification)
        self.results = identifiers([one.column for one in program.published], most=60, reserved=RESERVED)
        self.inputs = identifiers([one.name for one in program.inputs], most=60, reserved=RESERVED)
        self.tables: Lines = []
        self.count = 0
        self.bins = [one.name for one in program.statements if isinstance(one, Classify)]

    # --------------------------------------------------------------------------------------------- words of Java
    def number(self, value: float) -> str:
        value += 0.0
        return repr(value) if value >= 0 else f"({value!r})"

    def text(self, value: str) -> str:
        return quoted(value)

    def truth(self, value: bool) -> str:
        return "true" if value else "false"

    def same(self, a: str, b: str) -> str:
        return f"{b}.equals({a})" if b.startswith('"') else f"{a}.equals({b})"

    def _joined(self, arguments: Sequence[str]) -> str:
        return f"({' + '.join(arguments)})"

    def _comment(self, text: str) -> Lines:
        return commented(text)

    def _local(self, term: Term, kind: str) -> tuple[str, Lines]:
        name = f"part_{self.locals}"
        word = {"number": "double", TEXT: "String"}.get(kind, "boolean")
        return name, [f"final {word} {name} = {self.term(term)};"]

    def _checked(self, place: str, flag: str) -> Lines:
        check = f"if (Double.isNaN({place}) || Double.isInfinite({place})) {{"
        return [check, f"    {place} = 0.0;", f"    {flag} = true;", "}"]

    # ------------------------------------------------------------------------------------------------- tables
    def holder(self, what: str, note: str, inner: Lines) -> str:
        """A nested class of its own, whose constants crowd out no others; its name."""
        self.count += 1
        name = identifiers([f"{what}{self.count}_{note}"], most=40)[f"{what}{self.count}_{note}"]
        head = [*commented(note), f"private static final class {name} {{"]
        self.tables += [*head, *indented(inner), "}", ""]
        return name

    def array(self, kind: str, name: str, items: Sequence[str], notes: Sequence[str] = ()) -> Lines:
        """An array constant, in parts where it is long."""
        ends = [f" {commented(note, 10_000)[0]}" for note in notes] if notes else [""] * len(items)
        lines = indented([f"{item},{end}" for item, end in zip(items, ends, strict=True)])
        if len(lines) <= MOST_ITEMS:
            return [f"static final {kind}[] {name} = {{", *lines, "};"]
        join = {"double": "join", "String": "joinTexts", "Tree": "joinTrees", "Part": "joinParts"}[kind]
        starts = range(0, len(lines), MOST_ITEMS)
        calls = ", ".join(f"{name.lower()}{k}()" for k, _ in enumerate(starts))
        found = [f"static final {kind}[] {name} = {join}({calls});"]
        for k, start in enumerate(starts):
            found += ["", f"private static {kind}[] {name.lower()}{k}() {{", f"    return new {kind}[] {{"]
            found += [*indented(lines[start : start + MOST_ITEMS]), "    };", "}"]
        return found

    def _classify(self, one: Classify) -> Lines:
        kind = "double" if one.numeric else "String"
        decisions = self._decisions(one)
        parts = [decisions[k : k + MOST_DECISIONS] for k in range(0, len(decisions), MOST_DECISIONS)]
        inner: Lines = []
        for k, part in enumerate(parts):
            inner += [f"static int bin{k or ''}({kind} x, boolean missing) {{"]
            for condition, bin, label in part:
                line = f"if ({condition}) {{ return {bin}; }}" if condition else f"return {bin};"
                inner.append(f"    {line} {commented(label, 10_000)[0]}")
            inner += [f"    return bin{k + 1}(x, missing);"] if k < len(parts) - 1 else []
            inner += ["}"]
        name = self.holder("Bins", f"classing of {one.input}", inner)
        return [f"{self.value(one.name)} = {name}.bin({self.value(one.input)}, {self.unusable(one.input)});"]

    def _pick(self, one: Pick) -> Lines:
        inner = self.array("double", "VALUES", [self.number(value) for value in one.values], one.labels)
        name = self.holder("By", f"{one.name}: {one.note}" if one.note else one.name, inner)
        return [f"{self.value(one.name)} = {name}.VALUES[{self.value(one.bin)}];"]

    def _band(self, one: Band) -> Lines:
        kind = "String" if one.kind == TEXT else "double"
        levels = [self.text(level) if isinstance(level, str) else self.number(level) for level in one.levels]
        inner = self.array(kind, "LEVELS", levels)
        inner += self.array("double", "CUTS", [self.number(cut) for cut in one.cuts])
        name = self.holder("Bands", f"{one.name} by {one.input}", inner)
        at = f"place({name}.CUTS, {self.value(one.input)})"
        return [f"{self.value(one.name)} = {name}.LEVELS[{at}];", *self._passed(one)]

    def _line(self, one: Line) -> Lines:
        inner: Lines = []
        for what, values in (("KNOTS", one.knots), ("LEVELS", one.levels), ("SLOPES", one.slopes)):
            inner += self.array("double", what, [self.number(value) for value in values])
        name = self.holder("Line", f"{one.name} by {one.input}", inner)
        call = f"onLine({name}.KNOTS, {name}.LEVELS, {name}.SLOPES, {self.value(one.input)})"
        return [f"{self.value(one.name)} = {call};", *self._passed(one)]

    def _rank(self, one: Rank) -> Lines:
        inner = self.array("String", "CODES", [self.text(code) for code in one.codes], one.characteristics)
        inner += [f"static final int[] INQUIRIES = {{{', '.join(map(str, one.inquiries))}}};"]
        name = self.holder("Reasons", f"of {one.step}", inner)
        short = [f"{self.number(base)} - {self.value(x)}," for base, x in zip(one.baselines, one.inputs, strict=True)]
        call = f"reasons(shortfall, {name}.CODES, {one.maximum}, {name}.INQUIRIES, {len(one.names)})"
        lines = ["double[] shortfall = {", *indented(short), "};", f"String[] told = {call};"]
        return ["{", *indented([*lines, *self._told(one)]), "}"]

    # -------------------------------------------------------------------------------------------------- trees
    def _leaves(self, forest: Forest) -> tuple[int, int]:
        before = sum(len(one.trees) for one in forests(self.program)[: forest.number - 1])
        return before, before + len(forest.trees)

    def _tree_sum(self, one: TreeSum) -> Lines:
        place = self.value(one.name)
        offset = f" + {self.value(one.offset)}" if one.offset is not None else ""
        lines = [f"{place} = {self.number(one.base)}{offset};"]
        for forest in forests(self.program):
            if one.trees and forest.trees[0].name == one.trees[0]:
                start, end = self._leaves(forest)
                lines += [f"for (int k = {start}; k < {end}; k++) {{", f"    {place} += v.leaf[k];", "}"]
        return lines

    def _forest(self, forest: Forest) -> Lines:
        trees = [f"new Tree({self._nodes(tree)})" for tree in forest.trees]
        inner = self.array("Tree", "TREES", trees)
        self.holder("Forest", f"trees of step {forest.step}; features: {', '.join(forest.features)}", inner)
        name = f"Forest{forest.number}"
        self.tables[-len(inner) - 3] = f"private static final class {name} {{"
        start, end = self._leaves(forest)
        fill = []
        for k, feature in forest.used():
            flag, value = self.unusable(feature), self.value(feature)
            fill.append(f"v.x{forest.number}[{k}] = {value if flag == 'false' else f'{flag} ? Double.NaN : {value}'};")
        return [
            *fill,
            f"for (int k = {start}; k < {end}; k++) {{",
            f"    v.leaf[k] = {name}.TREES[k{f' - {start}' if start else ''}].leafOf(v.x{forest.number});",
            "}",
        ]

    def _nodes(self, tree: Tree) -> str:
        """The nodes of a tree as constants of text, each short enough for a class file."""
        told = []
        for node, (left, right) in enumerate(zip(tree.left, tree.right, strict=True)):
            side = "L" if tree.default_left[node] else "R"
            split = f"{tree.feature[node]}:{tree.threshold[node]!r}:{left}:{right}:{side}"
            told.append(repr(tree.value[node] + 0.0) if left < 0 else split)
        return self.words(told)

    def words(self, told: Sequence[str]) -> str:
        """Words as constants of text in which blanks part them, each short enough for a class file."""
        constants, current = [], ""
        for word in told:
            if len(current) + len(word) > MOST_BYTES:
                constants.append(current)
                current = ""
            current = f"{current} {word}".strip()
        return ", ".join(f'"{one}"' for one in (*constants, current))

    def _attribution(self, one: Attribution) -> Lines:
        trees = {tree.name: tree for forest in forests(self.program) for tree in forest.trees}
        return java_attribution.lines(self, one, forest_of(one, self.program), trees)

    # -------------------------------------------------------------------------------------------------- the file
    def files(self) -> dict[str, bytes]:
        """The class."""
        steps, calls = self._steps()
        cases = [csv_row for case in self.cases for csv_row in [self._case(case.inputs, case.results)]]
        titles = [case.title for case in self.cases]
        self.holder("Cases", "the package's verification rows", self.array("String", "ROWS", cases, titles))
        holder = next(
            line.split()[4] for line in reversed(self.tables) if line.startswith("private static final class")
        )
        body = [*self._structures(), *self._score(calls), *steps, *self.tables, *self._columns()]
        main = MAIN.replace("@CASES@", f"{holder}.ROWS")
        code = "\n".join(body)
        helpers = (TREE if forests(self.program) else "") + "".join(CLASSES[word] for word in CLASSES if word in code)
        lines = [*body, *(helpers + library(code) + main).split("\n")]
        head = heading(self.program, "Java", proved=True, notes=NOTES)
        text = [
            *(line for one in head for line in commented(one)),
            '@SuppressWarnings("strictfp")',
            f"public final strictfp class {self.class_name} {{",
            *indented(lines),
            "}",
        ]
        return {f"{self.class_name}.java": ("\n".join(line.rstrip() for line in text) + "\n").encode("utf-8")}

    def _case(self, inputs: Sequence[float | str | None], results: Sequence[float | str | None]) -> str:
        return quoted(",".join(csv_field(x) for x in (*inputs, *results)))

    def _structures(self) -> Lines:
        words = {"number": "double ", TEXT: "String ", "bin": "int "}
        lines = [f"private {self.class_name}() {{", "}", "", "/** What is known of an applicant or account. */"]
        lines += ["public static final class Input {"]
        for one in self.program.inputs:
            note = ": ".join(part for part in (one.name, one.description) if part)
            empty = "" if one.kind == TEXT else " = Double.NaN"
            lines += indented([*commented(note), f"public {words[one.kind]}{self.inputs[one.name]}{empty};"])
        lines += ["}", "", "/** Results. */", "public static final class Result {"]
        for result in self.program.published:
            kind = "String " if result.kind == TEXT else "double "
            lines += indented([*commented(result.column), f"public {kind}{self.results[result.column]};"])
        leaves = sum(len(one.trees) for one in forests(self.program))
        lines += ["}", "", "/** The bin of each classing and the leaf of each tree. */"]
        lines += ["public static final class Trace {", f"    public final int[] bin = new int[{len(self.bins)}];"]
        lines += [f"    public final double[] leaf = new double[{leaves}];", "}", ""]
        lines += [
            "/** Every value of a row, with flags of missing and of error. */",
            "private static final class Values {",
        ]
        lines += [f"    final double[] leaf = new double[{leaves}];"] if leaves else []
        lines += [
            f"    final double[] x{one.number} = new double[{len(one.features)}];" for one in forests(self.program)
        ]
        trees = {tree.name for one in forests(self.program) for tree in one.trees}
        for name, word in self.identifier.items():
            if name in trees:
                continue
            empty = ' = ""' if self.kinds[name] == TEXT else ""
            lines.append(f"    {words.get(self.kinds[name], 'boolean ')}{word}{empty};")
            lines += [f"    boolean {word}__missing;"] if name in self.program.absent else []
            lines += [f"    boolean {word}__error;"] if name in self.program.failed else []
        return [*lines, "}", ""]

    def _steps(self) -> tuple[Lines, Lines]:
        functions, calls = [], []
        for number, block in enumerate(blocks(self.program), start=1):
            lines = indented(self._block(block))
            functions += [*commented(block.title), f"private static void step{number}(Values v) {{", *lines, "}", ""]
            calls.append(f"step{number}(v);")
        return functions, calls

    def _block(self, block: Block) -> Lines:
        if block.forest is not None:
            return self._forest(block.forest)
        return [line for one in block.statements for line in self.statement(one)]

    def _score(self, calls: Lines) -> Lines:
        head = [
            "/** Scores a row. */",
            "public static Result score(Input in) {",
            "    return score(in, null);",
            "}",
            "",
        ]
        lines = ["Values v = new Values();", "boolean infinite = false;"]
        for one in self.program.inputs:
            given, place, flag = f"in.{self.inputs[one.name]}", self.value(one.name), self.missing_flag(one.name)
            missing = f"{given} == null || {given}.isEmpty()" if one.kind == TEXT else f"Double.isNaN({given})"
            empty = '""' if one.kind == TEXT else "0.0"
            lines += [f"{flag} = {missing};", f"{place} = {flag} ? {empty} : {given};"]
            lines += [f"infinite = infinite || Double.isInfinite({given});"] if one.kind != TEXT else []
        lines += [*calls, "Result out = new Result();"]
        error = self.program.published[-1]
        lines.append(f"boolean refused = infinite || {self.value(error.name)};")
        for result in self.program.published[:-1]:
            flag, value = self.unusable(result.name), self.value(result.name)
            missing = "refused" if flag == "false" else f"refused || {flag}"
            none = "null" if result.kind == TEXT else "Double.NaN"
            value = f"({value} ? 1.0 : 0.0)" if result.kind == "flag" else value
            lines.append(f"out.{self.results[result.column]} = {missing} ? {none} : {value};")
        lines += [f"out.{self.results[error.column]} = refused ? 1.0 : 0.0;", "if (trace != null) {"]
        lines += [f"    trace.bin[{k}] = {self.value(name)};" for k, name in enumerate(self.bins)]
        if forests(self.program):
            lines += ["    System.arraycopy(v.leaf, 0, trace.leaf, 0, v.leaf.length);"]
        lines += ["}", "return out;"]
        start = "/** Scores a row; `trace`, unless null, is told bins and leaves. */"
        return [*head, start, "public static Result score(Input in, Trace trace) {", *indented(lines), "}", ""]

    def _columns(self) -> Lines:
        """What the filter of CSV and the self-test need to know of inputs and results."""
        leaves = [tree.name for one in forests(self.program) for tree in one.trees]
        lines: Lines = []
        for name, items in (
            ("INPUTS", [one.name for one in self.program.inputs]),
            ("RESULTS", [one.column for one in self.program.published]),
            ("TRACED", [*self.bins, *leaves]),
        ):
            lines += self.array("String", name, [quoted(one) for one in items])
        flags = ", ".join(self.truth(one.kind == TEXT) for one in self.program.published)
        lines += [f"static final boolean[] TEXTS = {{{flags}}};", ""]
        lines += [
            "private static Input input(java.util.List<String> fields, long row) {",
            "    Input in = new Input();",
        ]
        for k, one in enumerate(self.program.inputs):
            given = f"fields.get({k})" if one.kind == TEXT else f"numberOf(fields.get({k}), INPUTS[{k}], row)"
            lines.append(f"    in.{self.inputs[one.name]} = {given};")
        lines += ["    return in;", "}", "", "private static Object[] cells(Result out) {", "    return new Object[] {"]
        lines += [f"        out.{self.results[one.column]}," for one in self.program.published]
        return [*lines, "    };", "}", ""]


def class_name(model_id: str) -> str:
    """The id of a model as a name of a class: `taiwan-credit` is `TaiwanCredit`."""
    word = identifiers([model_id], most=60, prefix="model")[model_id]
    name = "".join(part[:1].upper() + part[1:] for part in word.split("_"))
    return f"{name}Model" if name in RESERVED else name


def quoted(value: str) -> str:
    """A text as a constant of Java in ASCII: letters beyond by their code, others in octal."""
    plain = ""
    for letter in value:
        if 32 <= ord(letter) < 127 and letter not in '"\\':
            plain += letter
        elif ord(letter) < 256:
            plain += f"\\{ord(letter):03o}"
        else:
            units = letter.encode("utf-16-be", "surrogatepass").hex()
            plain += "".join(f"\\u{units[k : k + 4]}" for k in range(0, len(units), 4))
    return f'"{plain}"'


def commented(text: str, width: int = 112) -> Lines:
    """Plain text as lines of comment that nothing in it can end: not even a code of a letter."""
    safe = readable(text).replace("\\", "\\ ").replace("*/", "* /").replace("/*", "/ *")
    return [f"/* {line} */" for line in wrapped(safe, width)]
