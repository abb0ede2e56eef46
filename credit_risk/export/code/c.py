"""C99 from a program: one source and one header, with nothing but libc and libm."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

import pandas as pd

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.code import c_attribution
from credit_risk.export.code.blocks import Block, Forest, blocks, csv_field, forest_of, forests, verification_cases
from credit_risk.export.code.braces import BracePrinter, indented
from credit_risk.export.code.c_library import CATEGORY, NODE, STRUCTURES, library
from credit_risk.export.code.c_main import MAIN
from credit_risk.export.code.imperative import Lines, readable, wrapped
from credit_risk.export.heading import heading
from credit_risk.export.names import identifiers
from credit_risk.export.program import Attribution, Band, Classify, Let, Line, Pick, Program, Rank, Tree, TreeSum
from credit_risk.export.program.terms import TEXT, Term, operations

_WORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main errno
    NULL EOF NAN INFINITY assert stdin stdout stderr isnan isfinite isinf in_error bin leaf kept kept_count no_memory
    KEPT MAIN SELF_TEST linux unix i386 huge
    """
RESERVED = frozenset(_WORDS.split())
_FUNCTIONS = {
    "minimum": "least",
    "maximum": "greatest",
    "absolute": "fabs",
    "floor": "floor",
    "exponential": "exp",
    "logarithm": "log",
    "normal": "standard_normal",
    "round_half_away_from_zero": "half_away",
    **{name: name for name in ("is_date", "date_day", "date_year", "date_month")},
    **{name: name for name in ("date_day_of_month", "date_ends_month")},
}
MOST_DECISIONS = 300
"""Cases of a classing that are printed one by one; more stand in a table."""
COMPILE = "-std=c99 -O2 -ffp-contract=off"
NOTES = (
    f"Compile as C99 with libm alone: cc {COMPILE} FILE.c -lm. -DSELF_TEST gives a program that scores the "
    "verification rows within and fails on any difference, -DMAIN one that reads rows of CSV and writes their results.",
    "Arithmetic is that of IEEE doubles, rounded to nearest, in the order written: no fused multiply-add, no "
    "reordering (-ffast-math is refused). Numbers without a short binary form are written in hexadecimal, the decimal "
    "beside.",
    "Missing is NaN for a number, NULL or the empty text for a text, in inputs and results. Texts are UTF-8. A row "
    "that the model refuses (or a number that is infinite) has in_error 1 and no results.",
)


def c_source(program: Program, verification: pd.DataFrame) -> dict[str, bytes]:
    """`<id>.c` and `<id>.h`. Raises PackageError where a published text is made by joining others."""
    return CPrinter(program, verification).files()


class CPrinter(BracePrinter):
    """Prints a program as C; `tables` are the constants at the beginning of the source."""

    arrow = "->"
    most_characters = 50
    reserved = RESERVED
    functions = _FUNCTIONS

    def __init__(self, program: Program, verification: pd.DataFrame) -> None:
        super().__init__(program)
        self.id = identifiers([program.model_id], most=40, reserved=RESERVED, prefix="model")[program.model_id]
        self.cases = verification_cases(program, verification)
        columns = [one.column for one in program.published]
        self.results = identifiers(columns, most=50, reserved=RESERVED - {"in_error"})
        inputs = [one.name for one in program.inputs]
        self.inputs = identifiers(inputs, most=50, reserved=RESERVED)
        self.tables: Lines = []
        self.bins = [one.name for one in program.statements if isinstance(one, Classify)]
        self.joins = sum(_joins(one) for one in program.statements if isinstance(one, Let))
        self._refuse_joined()

    def _refuse_joined(self) -> None:
        made = {one.name for one in self.program.statements if isinstance(one, Let) and _joins(one)}
        told = [one.column for one in self.program.published if one.name in made and one.kind == TEXT]
        if told:
            raise PackageError(
                [Fault(f"{one!r} is a joined text, which C does not give", code="export_unsupported") for one in told]
            )

    # ------------------------------------------------------------------------------------------------ words of C
    def number(self, value: float) -> str:
        value += 0.0
        short = repr(value)
        if Decimal(short) == Decimal(value):
            return short if value >= 0 else f"({short})"
        return f"{value.hex()} /* {short} */" if value >= 0 else f"(-{(-value).hex()} /* {short} */)"

    def text(self, value: str) -> str:
        return quoted(value)

    def truth(self, value: bool) -> str:
        return "1" if value else "0"

    def same(self, a: str, b: str) -> str:
        return f"same({a}, {b})"

    def _joined(self, arguments: Sequence[str]) -> str:
        return f"joined(v, {len(arguments)}, {', '.join(arguments)})"

    def _comment(self, text: str) -> Lines:
        return commented(text)

    def _local(self, term: Term, kind: str) -> tuple[str, Lines]:
        name = f"part_{self.locals}"
        word = {"number": "double", TEXT: "const char *"}.get(kind, "int")
        return name, [f"const {word} {name} = {self.term(term)};".replace("const const char *", "const char *const")]

    def _checked(self, place: str, flag: str) -> Lines:
        return [f"if (!isfinite({place})) {{", f"    {place} = 0.0;", f"    {flag} = 1;", "}"]

    # ----------------------------------------------------------------------------------------------- statements
    def comment(self, text: str) -> None:
        """Words before the next table."""
        self.tables += commented(text)

    def table(
        self, kind: str, name: str, items: Sequence[str], notes: Sequence[str] = (), *, size: int | str = 0
    ) -> None:
        """A constant array, a line an item; `size` where an item holds several of its elements."""
        ends = [f" {commented(note, 10_000)[0]}" for note in notes] if notes else [""] * len(items)
        self.tables += [f"static const {kind}{name}[{size or len(items)}] = {{"]
        self.tables += [f"    {item},{end}" for item, end in zip(items, ends, strict=True)] + ["};"]

    def _classify(self, one: Classify) -> Lines:
        name = f"bin_{self.identifier[one.name]}"
        kind = "double " if one.numeric else "const char *"
        self.tables += [*commented(f"Classing of {one.input}"), f"static int {name}({kind}x, int missing)", "{"]
        decisions = self._decisions(one)
        if len(decisions) > MOST_DECISIONS:
            self._classing_table(one, name, kind, decisions)
            return self._classed(one, name)
        if all(condition in ("missing", "") for condition, _, _ in decisions):
            self.tables.append("    (void)x;")
        for condition, bin, label in decisions:
            note = commented(label, 10_000)[0]
            line = f"if ({condition}) {{ return {bin}; }}" if condition else f"return {bin};"
            self.tables.append(f"    {line} {note}")
        self.tables += ["}", ""]
        return self._classed(one, name)

    def _classed(self, one: Classify, name: str) -> Lines:
        place, missing = self.value(one.input), self.unusable(one.input)
        return [f"{self.value(one.name)} = {name}({place}, {missing});"]

    def _classing_table(self, one: Classify, name: str, kind: str, decisions: list[tuple[str, int, str]]) -> None:
        """A classing of many bins: missing and codes one by one, the others looked up in a table by halving."""
        del self.tables[-2:]
        first = [
            (condition, bin, label) for condition, bin, label in decisions[: 1 + sum(len(b.codes) for b in one.bins)]
        ]
        if one.numeric:
            held = [bin for bin in one.bins if bin.kind == "interval"]
            cuts = [self.number(bin.upper) for bin in held if bin.upper is not None]
            self.table("double ", f"cut_{name}", cuts, [f"below: {bin.label}" for bin in held[:-1]])
            self.table("int ", f"id_{name}", [str(bin.id) for bin in held])
            last = f"return id_{name}[place(cut_{name}, {len(cuts)}, x)];"
        else:
            found = sorted((value.encode(), value, bin) for bin in one.bins for value in bin.values)
            items = [f"{{{self.text(value)}, {bin.id}}}" for _, value, bin in found]
            self.table("struct category ", f"category_{name}", items, [bin.label for _, _, bin in found])
            unseen = next(bin.id for bin in one.bins if bin.kind == "unseen")
            last = f"return category_of(category_{name}, {len(items)}, x, {unseen});"
        self.tables += [f"static int {name}({kind}x, int missing)", "{"]
        for condition, bin, label in first:
            self.tables.append(f"    if ({condition}) {{ return {bin}; }} {commented(label, 10_000)[0]}")
        self.tables += [f"    {last}", "}", ""]

    def _pick(self, one: Pick) -> Lines:
        name = f"of_{self.identifier[one.name]}"
        self.tables += commented(f"{one.name}: {one.note}" if one.note else one.name)
        self.table("double ", name, [self.number(value) for value in one.values], one.labels)
        return [f"{self.value(one.name)} = {name}[{self.value(one.bin)}];"]

    def _band(self, one: Band) -> Lines:
        name = self.identifier[one.name]
        self.tables += commented(f"{one.name} by {one.input}: cuts and levels")
        if one.kind == TEXT:
            self.table("char *const ", f"level_{name}", [self.text(str(level)) for level in one.levels])
        else:
            self.table("double ", f"level_{name}", [self.number(float(level)) for level in one.levels])
        if one.cuts:
            self.table("double ", f"cut_{name}", [self.number(cut) for cut in one.cuts])
        at = f"place(cut_{name}, {len(one.cuts)}, {self.value(one.input)})" if one.cuts else "0"
        return [f"{self.value(one.name)} = level_{name}[{at}];", *self._passed(one)]

    def _line(self, one: Line) -> Lines:
        name = self.identifier[one.name]
        self.tables += commented(f"{one.name} by {one.input}: knots, levels, slopes")
        for what, values in (("knot", one.knots), ("level", one.levels), ("slope", one.slopes or (0.0,))):
            self.table("double ", f"{what}_{name}", [self.number(value) for value in values])
        arguments = f"knot_{name}, level_{name}, slope_{name}, {len(one.knots)}, {self.value(one.input)}"
        return [f"{self.value(one.name)} = on_line({arguments});", *self._passed(one)]

    def _rank(self, one: Rank) -> Lines:
        name = self.identifier[one.names[0]]
        self.tables += commented(f"Reason codes of {', '.join(one.characteristics)}")
        self.table("char *const ", f"code_{name}", [self.text(code) for code in one.codes], one.characteristics)
        if one.inquiries:
            self.table("int ", f"inquiry_{name}", [str(place) for place in one.inquiries])
        shortfalls = [
            f"{self.number(base)} - {self.value(item)}," for base, item in zip(one.baselines, one.inputs, strict=True)
        ]
        size = len(one.inputs)
        lines = [
            f"const char *told[{len(one.names)}] = {{NULL}};",
            f"int order[{len(one.names) + 1}], count = 0, before, k;",
            f"double shortfall[{size}];",
            *(f"shortfall[{k}] = {item[:-1]};" for k, item in enumerate(shortfalls)),
            f"for (before = -1; count > before && count < {one.maximum};) {{",
            "    before = count;",
            f"    count = add_reason(shortfall, NULL, {size}, order, count);",
            "}",
            "for (k = 0; k < count; k++) {",
            f"    told[k] = code_{name}[order[k]];",
            "}",
        ]
        if one.inquiries:
            asked = [f"order[k] == {place}" for place in one.inquiries]
            lines += [
                "for (before = 0, k = 0; k < count; k++) {",
                f"    before = before || {' || '.join(asked)};",
                "}",
                f"if (!before && add_reason(shortfall, inquiry_{name}, {len(one.inquiries)}, order, count) > count) {{",
                f"    told[{len(one.names) - 1}] = code_{name}[order[count]];",
                "}",
            ]
        return ["{", *indented([*lines, *self._told(one)]), "}"]

    def _tree_sum(self, one: TreeSum) -> Lines:
        forest = next(f for f in forests(self.program) if f.trees[0].name == one.trees[0]) if one.trees else None
        place = self.value(one.name)
        offset = f" + {self.value(one.offset)}" if one.offset is not None else ""
        lines = [f"{place} = {self.number(one.base)}{offset};"]
        if forest is None:
            return lines
        start, end = self._leaves(forest)
        return [
            "{",
            "    int k;",
            f"    {lines[0]}",
            f"    for (k = {start}; k < {end}; k++) {{",
            f"        {place} += v->leaf[k];",
            "    }",
            "}",
        ]

    def _leaves(self, forest: Forest) -> tuple[int, int]:
        before = sum(len(one.trees) for one in forests(self.program)[: forest.number - 1])
        return before, before + len(forest.trees)

    def _forest(self, forest: Forest) -> Lines:
        """Tables of the nodes, and the lines that find the leaves."""
        n = forest.number
        self.tables += commented(f"Trees of step {forest.step}. Features: {', '.join(forest.features)}")
        self.tables.append(f"static const struct node tree_{n}[{forest.nodes()}] = {{")
        for tree in forest.trees:
            self.tables.append(f"    /* tree {tree.number} */")
            self.tables += [f"    {{{self._node(tree, node)}}}," for node in range(len(tree.left))]
        self.tables += ["};"]
        self.table("int ", f"start_{n}", [str(start) for start in forest.starts()])
        start, end = self._leaves(forest)
        fill = [
            f"v->x_{n}[{k}] = {self.unusable(name)} ? NAN : {self.value(name)};"
            if self.unusable(name) != "0"
            else f"v->x_{n}[{k}] = {self.value(name)};"
            for k, name in forest.used()
        ]
        return [
            "int k;",
            *fill,
            f"for (k = {start}; k < {end}; k++) {{",
            f"    v->leaf[k] = leaf_of(tree_{n} + start_{n}[k{f' - {start}' if start else ''}], v->x_{n});",
            "}",
        ]

    def _node(self, tree: object, node: int) -> str:
        left, right = tree.left[node], tree.right[node]  # type: ignore[attr-defined]
        if left < 0:
            return f"-1, {self.number(tree.value[node])}, 0, 0, 0"  # type: ignore[attr-defined]
        threshold, to_left = tree.threshold[node], int(tree.default_left[node])  # type: ignore[attr-defined]
        return f"{tree.feature[node]}, {self.number(threshold)}, {left}, {right}, {to_left}"  # type: ignore[attr-defined]

    def _attribution(self, one: Attribution) -> Lines:
        return c_attribution.lines(self, one, forest_of(one, self.program), self._trees())

    def _trees(self) -> dict[str, Tree]:
        return {tree.name: tree for one in forests(self.program) for tree in one.trees}

    # -------------------------------------------------------------------------------------------------- the files
    def files(self) -> dict[str, bytes]:
        """The header and the source."""
        name = self.program.model_id
        return {
            f"{name}.h": self._encoded(self._header()),
            f"{name}.c": self._encoded(self._source()),
        }

    def _encoded(self, lines: Lines) -> bytes:
        return ("\n".join(line.rstrip() for line in lines) + "\n").encode("utf-8")

    def _head(self) -> Lines:
        return [line for one in heading(self.program, "C (C99)", proved=True, notes=NOTES) for line in commented(one)]

    def _header(self) -> Lines:
        guard = f"{self.id.upper()}_H"
        lines = [*self._head(), "", f"#ifndef {guard}", f"#define {guard}", "", f"struct {self.id}_input {{"]
        for one in self.program.inputs:
            kind = "const char *" if one.kind == TEXT else "double "
            note = ": ".join(part for part in (one.name, one.description) if part)
            lines += indented([*commented(note), f"{kind}{self.inputs[one.name]};"])
        lines += ["};", "", f"struct {self.id}_result {{"]
        for result in self.program.published:
            kind = "const char *" if result.kind == TEXT else "double "
            lines += indented([*commented(result.column), f"{kind}{self.results[result.column]};"])
        leaves = sum(len(one.trees) for one in forests(self.program))
        lines += [
            "};",
            "",
            *commented("The bin of each classing and the leaf of each tree, in the order of the source."),
            f"struct {self.id}_trace {{",
            f"    int bin[{max(len(self.bins), 1)}];",
            f"    double leaf[{max(leaves, 1)}];",
            "};",
            "",
            *commented("0: scored; 1: in error, no results; -1: no memory is left."),
            f"int {self.id}_score(const struct {self.id}_input *in, struct {self.id}_result *out);",
            f"int {self.id}_score_traced(const struct {self.id}_input *in, struct {self.id}_result *out,",
            f"                           struct {self.id}_trace *trace);",
            "",
            "#endif",
        ]
        return lines

    def _source(self) -> Lines:
        functions, calls = self._steps()
        body = [*self.tables, "", *functions, *self._score(calls)]
        has_trees = bool(forests(self.program))
        code = "\n".join(body)
        return [
            *self._head(),
            "",
            *_GUARDS,
            f'#include "{self.program.model_id}.h"',
            "",
            *(f"#include <{name}>" for name in ("math.h", "stdarg.h", "stddef.h", "stdlib.h", "string.h")),
            "",
            *self._values(),
            *(
                (NODE if has_trees else "")
                + (CATEGORY if "struct category" in code else "")
                + "".join(text for word, text in STRUCTURES.items() if word in code)
                + library(code)
            ).split("\n"),
            *body,
            *self._main().split("\n"),
        ]

    def _values(self) -> Lines:
        lines = [*commented("Every value of a row, with flags of missing and of error."), "struct values {"]
        lines += ["    int in_error;"]
        if self.joins:
            lines = [f"enum {{ KEPT = {self.joins} }};", *lines]
            lines += ["    char *kept[KEPT];", "    int kept_count, no_memory;"]
        leaves = sum(len(one.trees) for one in forests(self.program))
        lines += [f"    double leaf[{leaves}];"] if leaves else []
        lines += [f"    double x_{one.number}[{len(one.features)}];" for one in forests(self.program)]
        words = {"number": "double ", TEXT: "const char *"}
        trees = {tree.name for one in forests(self.program) for tree in one.trees}
        for name, word in self.identifier.items():
            if name in trees:
                continue
            lines.append(f"    {words.get(self.kinds[name], 'int ')}{word};")
            lines += [f"    int {word}__missing;"] if name in self.program.absent else []
            lines += [f"    int {word}__error;"] if name in self.program.failed else []
        return [*lines, "};"]

    def _steps(self) -> tuple[Lines, Lines]:
        """Functions of the blocks, and the lines that call them."""
        functions, calls = [], []
        for number, block in enumerate(blocks(self.program), start=1):
            lines = self._block(block)
            functions += [
                *commented(block.title),
                f"static void step_{number}(struct values *v)",
                "{",
                *indented(lines),
                "}",
                "",
            ]
            calls.append(f"step_{number}(v);")
        return functions, calls

    def _block(self, block: Block) -> Lines:
        if block.forest is not None:
            return self._forest(block.forest)
        return [line for one in block.statements for line in self._scoped(one)]

    def _scoped(self, one: object) -> Lines:
        lines = self.statement(one)  # type: ignore[arg-type]
        return ["{", *indented(lines), "}"] if any(line.startswith("const ") for line in lines) else lines

    def _score(self, calls: Lines) -> Lines:
        texts = {name for name, kind in self.kinds.items() if kind == TEXT}
        lines = [
            f"int {self.id}_score_traced(const struct {self.id}_input *in, struct {self.id}_result *out,",
            f"                           struct {self.id}_trace *trace)",
            "{",
            "    static const struct values none;",
            "    struct values row = none, *v = &row;",
            "    int infinite = 0;",
        ]
        lines += [f'    {self.value(name)} = "";' for name in self.identifier if name in texts]
        for one in self.program.inputs:
            given, place = f"in->{self.inputs[one.name]}", self.value(one.name)
            missing = f"{given} == NULL || *{given} == '\\0'" if one.kind == TEXT else f"isnan({given})"
            empty = '""' if one.kind == TEXT else "0.0"
            lines += [f"    {self.missing_flag(one.name)} = {missing};"]
            lines += [f"    {place} = {self.missing_flag(one.name)} ? {empty} : {given};"]
            lines += [f"    infinite = infinite || isinf({given});"] if one.kind != TEXT else []
        lines += [f"    {call}" for call in calls]
        lines += self._results()
        return [
            *lines,
            "}",
            "",
            f"int {self.id}_score(const struct {self.id}_input *in, struct {self.id}_result *out)",
            "{",
            f"    return {self.id}_score_traced(in, out, NULL);",
            "}",
        ]

    def _results(self) -> Lines:
        flag = self.program.published[-1].name
        lines = [f"v->in_error = infinite || {self.value(flag)};"]
        for one in self.program.published[:-1]:
            none = "NULL" if one.kind == TEXT else "NAN"
            missing = "".join(f" || {place}" for place in [self.unusable(one.name)] if place != "0")
            value = f"{self.value(one.name)}"
            lines.append(f"out->{self.results[one.column]} = v->in_error{missing} ? {none} : {value};")
        lines += [f"out->{self.results[self.program.published[-1].column]} = v->in_error;", "if (trace != NULL) {"]
        lines += [f"    trace->bin[{k}] = {self.value(name)};" for k, name in enumerate(self.bins)]
        leaves = sum(len(one.trees) for one in forests(self.program))
        lines += [f"    memcpy(trace->leaf, v->leaf, {leaves} * sizeof(double));"] if leaves else []
        lines += ["    (void)trace;", "}"] if not (self.bins or leaves) else ["}"]
        if self.joins:
            lines += [
                "while (v->kept_count > 0) {",
                "    free(v->kept[--v->kept_count]);",
                "}",
                "if (v->no_memory) {",
                "    return -1;",
                "}",
            ]
        return indented([*lines, "return v->in_error;"])

    def _main(self) -> str:
        def columns(items: Sequence[tuple[str, str, str]], struct: str) -> str:
            return "".join(
                f"    {{{quoted(name)}, {int(kind == TEXT)}, offsetof(struct {self.id}_{struct}, {word})}},\n"
                for name, kind, word in items
            )

        inputs = [(one.name, one.kind, self.inputs[one.name]) for one in self.program.inputs]
        results = [(one.column, one.kind, self.results[one.column]) for one in self.program.published]
        cases = "".join(
            f"    {commented(case.title, 10_000)[0]}\n"
            f"    {quoted(','.join(csv_field(x) for x in (*case.inputs, *case.results)))},\n"
            for case in self.cases
        )
        leaves = [tree.name for one in forests(self.program) for tree in one.trees]
        places: dict[str, str] = {
            "@ID@": self.id,
            "@INPUTS@": columns(inputs, "input"),
            "@RESULTS@": columns(results, "result"),
            "@INPUT_COUNT@": str(len(inputs)),
            "@RESULT_COUNT@": str(len(results)),
            "@CASES@": cases,
            "@BINS@": "".join(f"    {quoted(name)},\n" for name in self.bins),
            "@LEAVES@": "".join(f"    {quoted(name)},\n" for name in leaves),
        }
        fill: Callable[[re.Match[str]], str] = lambda found: places[found.group()]  # noqa: E731
        return re.sub("|".join(map(re.escape, places)), fill, MAIN)


_GUARDS = [
    "#ifdef __FAST_MATH__",
    '#error "compile without -ffast-math: the order of additions counts"',
    "#endif",
    "#ifndef __GNUC__",
    "#pragma STDC FP_CONTRACT OFF",
    "#endif",
    "#include <float.h>",
    "#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0",
    '#error "doubles are calculated wider than 64 bits: compile for SSE2 (-msse2 -mfpmath=sse)"',
    "#endif",
    "",
]


def quoted(value: str) -> str:
    """A text as a constant of C: UTF-8, all but plain letters in octal; others beside it in a comment."""
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in value.encode("utf-8")
    )
    told = f" {commented(value, 10_000)[0]}" if any(ord(letter) > 126 for letter in value) else ""
    return f'"{plain}"{told}'


def commented(text: str, width: int = 112) -> Lines:
    """Plain text as lines of comment that nothing in it can end."""
    safe = readable(text).replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace("??", "? ?")
    return [f"/* {line.rstrip(chr(92))} */" for line in wrapped(safe, width)]


def _joins(one: Let) -> int:
    return sum(operation == "join" for term in (one.value, one.absent, one.failed) for operation in operations(term))
