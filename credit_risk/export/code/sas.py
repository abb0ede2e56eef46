"""A SAS DATA step from a program. No SAS ran where this was made: it is marked NOT PROVED."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.code.blocks import Case, Forest, blocks, csv_field, forests, verification_cases
from credit_risk.export.code.imperative import Case as Branch
from credit_risk.export.code.imperative import Lines, Printer, readable, wrapped
from credit_risk.export.code.lessened import without_attribution
from credit_risk.export.heading import heading
from credit_risk.export.names import identifiers
from credit_risk.export.program import Attribution, Band, Bin, Classify, Let, Line, Pick, Program, Rank, TreeSum
from credit_risk.export.program.terms import TEXT, Call, Choose, Constant, Term, parts

INFIX = {
    "add": " + ",
    "subtract": " - ",
    "multiply": " * ",
    "divide": " / ",
    "less": " < ",
    "less_or_equal": " <= ",
    "equal": " = ",
    "text_equal": " = ",
    "and": " and ",
    "or": " or ",
}
_FUNCTIONS = {
    "minimum": "min({})",
    "maximum": "max({})",
    "absolute": "abs({})",
    "floor": "floorz({})",
    "exponential": "exp({})",
    "logarithm": "log({})",
    "normal": "probnorm({})",
    "negate": "(-{})",
    "not": "(not {})",
}
_DATES = {
    "is_date": "ok",
    "date_day": "day",
    "date_year": "year",
    "date_month": "month",
    "date_day_of_month": "dom",
    "date_ends_month": "ends",
}
_DATE_PATTERN = "/^\\d{4}-\\d{2}-\\d{2}([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2})?)?$/"
TEXT_LENGTH = 400
NOTES = (
    "The macro holds the statements of a DATA step: data scored; set applications; %<name>; run; The second step "
    "scores the verification rows and puts ERROR: into the log where a result is not that of the package.",
    "Missing is a missing value in inputs and results. A missing number is below every number in SAS: it is never "
    "compared, a flag stands beside each value. A row that the model refuses has in_error 1 and no results.",
    "Texts are UTF-8 (session encoding UTF-8); those beyond ASCII stand as hexadecimal constants. SAS passes over "
    "blanks at the end of a text: a category that ends with one is refused by this export.",
    f"Texts have {TEXT_LENGTH} bytes: what is beyond is cut, so that two texts which differ only there are the same.",
    "FLOORZ stands for FLOOR, which would round a number near a whole one.",
)


def sas_source(program: Program, verification: pd.DataFrame) -> dict[str, bytes]:
    """`<id>.sas`. Raises PackageError where a category ends with a blank, which SAS cannot tell apart."""
    return _Sas(without_attribution(program), verification).files()


class _Sas(Printer):
    most_characters = 26

    def __init__(self, program: Program, verification: pd.DataFrame) -> None:
        super().__init__(program)
        self.cases = verification_cases(program, verification)
        self.macro = identifiers([program.model_id], most=24, prefix="model")[program.model_id] + "_score"
        columns = [one.column for one in program.published]
        inputs = [one.name for one in program.inputs]
        self.inputs = {name: self.identifier[name] for name in inputs}
        taken = list(self.inputs.values())
        self.results = identifiers(columns, most=30, taken=taken)
        self.dates: dict[str, int] = {}
        self._refuse_blanks()

    def _refuse_blanks(self) -> None:
        texts = {
            text
            for one in self.program.statements
            for text in (_texts(one.bins) if isinstance(one, Classify) else _constants(one))
            if text.endswith(" ")
        }
        if texts:
            message = "ends with a blank, which SAS does not tell from the text without it"
            raise PackageError([Fault(f"{one!r} {message}", code="export_unsupported") for one in sorted(texts)])

    # ---------------------------------------------------------------------------------------------- words of SAS
    def value(self, name: str) -> str:
        return f"_v_{self.identifier[name]}"

    def missing_flag(self, name: str) -> str:
        return f"_m_{self.identifier[name]}"

    def error_flag(self, name: str) -> str:
        return f"_e_{self.identifier[name]}"

    def number(self, value: float) -> str:
        found = repr(value + 0.0).replace("e+", "E").replace("e", "E")
        return found if value >= 0 else f"({found})"

    def text(self, value: str) -> str:
        return quoted(value)

    def truth(self, value: bool) -> str:
        return "1" if value else "0"

    def _called(self, operation: str, arguments: Sequence[str], terms: Sequence[Term]) -> str:
        if operation in INFIX:
            return f"({INFIX[operation].join(arguments)})"
        if operation in ("one_of", "text_one_of"):
            return f"({arguments[0]} in ({', '.join(arguments[1:])}))"
        if operation == "round_half_away_from_zero":
            return f"(sign({arguments[0]}) * floorz(abs({arguments[0]}) + 0.5))"
        if operation == "join":
            joined = [one if one.startswith("'") else f"trimn({one})" for one in arguments]
            return f"({' || '.join(joined)})"
        if operation in _DATES:
            return f"_d{self.dates[arguments[0]]}_{_DATES[operation]}"
        return _FUNCTIONS[operation].format(", ".join(arguments))

    def _chosen(self, one: Choose) -> str:
        word = "ifc" if isinstance(one.otherwise, Constant) and isinstance(one.otherwise.value, str) else "ifn"
        found = self.term(one.otherwise)
        for flag, value in reversed(one.cases):
            found = f"{word}({self.condition(flag)}, {self.term(value)}, {found})"
        return found

    def _assigned(self, place: str, expression: str) -> Lines:
        return [f"{place} = {expression};"]

    def _when(self, cases: Sequence[Branch], otherwise: Lines) -> Lines:
        if not cases:
            return otherwise
        lines = ["select;"]
        for condition, inner in cases:
            lines += [f"  when ({condition}) do;", *(f"    {line}" for line in inner), "  end;"]
        return [*lines, "  otherwise do;", *(f"    {line}" for line in otherwise), "  end;", "end;"]

    def _local(self, term: Term, kind: str) -> tuple[str, Lines]:
        name = f"_p{self.locals}" if kind != TEXT else f"_q{self.locals}"
        return name, [f"{name} = {self.term(term)};"]

    def _checked(self, place: str, flag: str) -> Lines:
        return [f"if missing({place}) then do; {place} = 0; {flag} = 1; end;"]

    def _comment(self, text: str) -> Lines:
        return commented(text)

    # ------------------------------------------------------------------------------------------------- statements
    def _let(self, one: Let) -> Lines:
        lines: Lines = []
        for text in dict.fromkeys(_dated(one)):
            lines += self._date(self.term(text))
        return [*lines, *super()._let(one)]

    def _date(self, text: str) -> Lines:
        """The parts of a date: SAS has no dates before 1582, so that the day is counted here."""
        k = self.dates.setdefault(text, len(self.dates) + 1)
        d = f"_d{k}"
        leap = f"(mod({d}_year, 4) = 0 and (mod({d}_year, 100) ne 0 or mod({d}_year, 400) = 0))"
        return [
            f"{d}_ok = 0; {d}_day = 0; {d}_year = 0; {d}_month = 0; {d}_dom = 0; {d}_ends = 0;",
            f"if prxmatch('{_DATE_PATTERN}', trimn({text})) then do;",
            f"  {d}_year = input(substr({text}, 1, 4), 4.);",
            f"  {d}_month = input(substr({text}, 6, 2), 2.);",
            f"  {d}_dom = input(substr({text}, 9, 2), 2.);",
            f"  _last = 30 + mod({d}_month + int({d}_month / 8), 2);",
            f"  if {d}_month = 2 then _last = 28 + {leap};",
            f"  {d}_ok = ({d}_year >= 1 and 1 <= {d}_month <= 12 and 1 <= {d}_dom <= _last);",
            f"  {d}_ends = ({d}_ok and {d}_dom = _last);",
            f"  {d}_day = {d}_dom + 365 * ({d}_year - 1) + int(({d}_year - 1) / 4)",
            f"    - int(({d}_year - 1) / 100) + int(({d}_year - 1) / 400);",
            f"  do _k = 1 to {d}_month - 1;",
            f"    if _k = 2 then {d}_day = {d}_day + 28 + {leap};",
            f"    else {d}_day = {d}_day + 30 + mod(_k + int(_k / 8), 2);",
            "  end;",
            "end;",
        ]

    def _classify(self, one: Classify) -> Lines:
        place, x = self.value(one.name), self.value(one.input)
        lines = ["select;"]
        missing = next(bin for bin in one.bins if bin.takes_missing)
        lines.append(self._bin(self.unusable(one.input), place, missing))
        for bin in one.bins:
            if bin.codes:
                codes = ", ".join(self.term(Constant(code)) for code in bin.codes)
                lines.append(self._bin(f"{x} in ({codes})", place, bin))
        for bin in one.bins:
            if bin.kind == "interval" and bin.upper is not None:
                lines.append(self._bin(f"{x} < {self.number(bin.upper)}", place, bin))
            elif bin.kind == "categories":
                values = ", ".join(self.text(value) for value in bin.values)
                lines.append(self._bin(f"{x} in ({values})", place, bin))
        last = next(bin for bin in one.bins if bin.kind == "unseen" or (bin.kind == "interval" and bin.upper is None))
        return [*lines, f"  otherwise {place} = {last.id}; {commented(last.label, 10_000)[0]}", "end;"]

    def _bin(self, condition: str, place: str, bin: Bin) -> str:
        return f"  when ({condition}) {place} = {bin.id}; {commented(bin.label, 10_000)[0]}"

    def _array(self, name: str, items: Sequence[str], text: bool = False, notes: Sequence[str] = ()) -> Lines:
        ends = [f" {commented(note, 10_000)[0]}" for note in notes] if notes else [""] * len(items)
        kind = f" ${TEXT_LENGTH}" if text else ""
        rows = [f"  {item}{end}" for item, end in zip(items, ends, strict=True)]
        return [f"array {name} {{{len(items)}}}{kind} _temporary_ (", *rows, ");"]

    def _pick(self, one: Pick) -> Lines:
        name = f"_t_{self.identifier[one.name]}"
        rows = self._array(name, [self._plain(value) for value in one.values], notes=one.labels)
        return [*rows, f"{self.value(one.name)} = {name}{{{self.value(one.bin)} + 1}};"]

    def _plain(self, value: float) -> str:
        return self.number(value).strip("()")

    def _band(self, one: Band) -> Lines:
        lines = ["select;"]
        levels: list[float | str] = list(one.levels)
        for cut, level in zip(one.cuts, levels, strict=False):
            condition = f"{self.value(one.input)} < {self.number(cut)}"
            lines.append(f"  when ({condition}) {self.value(one.name)} = {self.term(Constant(level))};")
        lines += [f"  otherwise {self.value(one.name)} = {self.term(Constant(one.levels[-1]))};", "end;"]
        return [*lines, *self._passed(one)]

    def _passed(self, one: Band | Line) -> Lines:
        missing = one.name in self.program.absent
        return [f"{self.missing_flag(one.name)} = {self._absent(one.input)};"] if missing else []

    def _line(self, one: Line) -> Lines:
        x, place = self.value(one.input), self.value(one.name)
        lines = ["select;", f"  when ({x} < {self.number(one.knots[0])}) {place} = {self.number(one.levels[0])};"]
        for k, slope in enumerate(one.slopes):
            inner = f"{self.number(one.levels[k])} + ({x} - {self.number(one.knots[k])}) * {self.number(slope)}"
            lines.append(f"  when ({x} < {self.number(one.knots[k + 1])}) {place} = {inner};")
        return [*lines, f"  otherwise {place} = {self.number(one.levels[-1])};", "end;", *self._passed(one)]

    def _rank(self, one: Rank) -> Lines:
        word, size = self.identifier[one.names[0]], len(one.inputs)
        short, codes, used = f"_s_{word}", f"_c_{word}", f"_u_{word}"
        lines = self._array(codes, [self.text(code) for code in one.codes], text=True, notes=one.characteristics)
        lines += [f"array {short} {{{size}}} _temporary_;", f"array {used} {{{size}}} _temporary_;"]
        pairs = enumerate(zip(one.baselines, one.inputs, strict=True), start=1)
        lines += [
            f"{short}{{{k}}} = {self.number(base)} - {self.value(x)}; {used}{{{k}}} = 0;" for k, (base, x) in pairs
        ]
        told = [*one.names[: one.maximum]]
        for name in told:
            lines += self._greatest(f"do _k = 1 to {size};", short, used, codes, name)
        for name in one.names[len(told) : len(one.names)]:
            lines += [f"{self.value(name)} = ''; {self.missing_flag(name)} = 1;"]
        if one.inquiries:
            places = [str(place + 1) for place in one.inquiries]
            asked = " + ".join(f"{used}{{{place}}}" for place in places)
            inner = self._greatest(f"do _k = {', '.join(places)};", short, used, codes, one.names[-1])
            lines += [f"if {asked} = 0 then do;", *(f"  {line}" for line in inner), "end;"]
        return lines

    def _greatest(self, loop: str, short: str, used: str, codes: str, name: str) -> Lines:
        """The greatest shortfall above 0 that is not told yet, of equals the first."""
        return [
            "_best = 0;",
            loop,
            f"  if {used}{{_k}} = 0 and {short}{{_k}} > 0 then do;",
            "    if _best = 0 then _best = _k;",
            f"    else if {short}{{_k}} > {short}{{_best}} then _best = _k;",
            "  end;",
            "end;",
            f"if _best > 0 then do; {used}{{_best}} = 1; {self.value(name)} = {codes}{{_best}}; end;",
            f"{self.missing_flag(name)} = (_best = 0);",
        ]

    def _tree_sum(self, one: TreeSum) -> Lines:
        place = self.value(one.name)
        offset = f" + {self.value(one.offset)}" if one.offset is not None else ""
        lines = [f"{place} = {self.number(one.base)}{offset};"]
        for forest in forests(self.program):
            if one.trees and forest.trees[0].name == one.trees[0]:
                n = forest.number
                lines += [f"do _k = 1 to {len(forest.trees)};", f"  {place} = {place} + _leaf{n}{{_k}};", "end;"]
        return lines

    def _attribution(self, one: Attribution) -> Lines:
        raise TypeError(one.step)

    def _forest(self, forest: Forest) -> Lines:
        """Tables of nodes: feature (0 marks a leaf), number (threshold or value), left, right, missing goes left."""
        n = forest.number
        nodes = [(tree, k) for tree in forest.trees for k in range(len(tree.left))]
        inner = [tree.left[k] >= 0 for tree, k in nodes]
        numbers = [tree.threshold[k] if tree.left[k] >= 0 else tree.value[k] for tree, k in nodes]
        lines = self._array(
            f"_f{n}", [str(t.feature[k] + 1 if y else 0) for (t, k), y in zip(nodes, inner, strict=True)]
        )
        lines += self._array(f"_n{n}", [self._plain(float(x or 0.0)) for x in numbers])
        lines += self._array(f"_l{n}", [str(max(tree.left[k], 0)) for tree, k in nodes])
        lines += self._array(f"_r{n}", [str(max(tree.right[k], 0)) for tree, k in nodes])
        lines += self._array(f"_d{n}_", [str(int(tree.default_left[k])) for tree, k in nodes])
        lines += self._array(f"_b{n}", [str(start + 1) for start in forest.starts()])
        lines += [f"array _x{n} {{{len(forest.features)}}} _temporary_;"]
        lines += [f"array _leaf{n} {{{len(forest.trees)}}} _temporary_;"]
        for k, feature in forest.used():
            lines.append(f"_x{n}{{{k + 1}}} = ifn({self.unusable(feature)}, ., {self.value(feature)});")
        return [
            *lines,
            f"do _k = 1 to {len(forest.trees)};",
            f"  _at = _b{n}{{_k}};",
            f"  do while (_f{n}{{_at}} > 0);",
            f"    if missing(_x{n}{{_f{n}{{_at}}}}) then _go = _d{n}_{{_at}};",
            f"    else _go = (_x{n}{{_f{n}{{_at}}}} < _n{n}{{_at}});",
            f"    _at = _b{n}{{_k}} + ifn(_go, _l{n}{{_at}}, _r{n}{{_at}});",
            "  end;",
            f"  _leaf{n}{{_k}} = _n{n}{{_at}};",
            "end;",
        ]

    # --------------------------------------------------------------------------------------------------- the file
    def files(self) -> dict[str, bytes]:
        """The macro of the model, and the step that tests it."""
        notes = tuple(note.replace("%<name>", f"the macro {self.macro}") for note in NOTES)
        head = heading(self.program, "SAS", proved=False, notes=notes)
        lines = [line for one in head for line in commented(one)]
        lines += ["", f"%macro {self.macro};", *(f"  {line}" for line in self._body()), f"%mend {self.macro};", ""]
        lines += self._test()
        return {f"{self.program.model_id}.sas": ("\n".join(line.rstrip() for line in lines) + "\n").encode("utf-8")}

    def _body(self) -> Lines:
        texts = [self.value(name) for name, kind in self.kinds.items() if kind == TEXT]
        results = [self.results[one.column] for one in self.program.published if one.kind == TEXT]
        lines = [f"length {name} ${TEXT_LENGTH};" for name in (*texts, *results)]
        for one in self.program.inputs:
            word, place = self.inputs[one.name], self.value(one.name)
            lines += commented(": ".join(part for part in (one.name, one.description) if part))
            lines += [f"{self.missing_flag(one.name)} = missing({word});"]
            lines += [f"{place} = {word};" if one.kind == TEXT else f"{place} = coalesce({word}, 0);"]
        flags = [name for name in self.identifier if name not in self.inputs]
        for name in flags:
            lines += [f"{self.missing_flag(name)} = 0;"] if name in self.program.absent else []
            lines += [f"{self.error_flag(name)} = 0;"] if name in self.program.failed else []
        for block in blocks(self.program):
            lines += ["", *commented(block.title)]
            if block.forest is not None:
                lines += self._forest(block.forest)
            else:
                lines += [line for one in block.statements for line in self.statement(one)]
        return [*lines, *self._results()]

    def _results(self) -> Lines:
        error = self.program.published[-1]
        refused = self.value(error.name)
        lines = ["", *commented("results")]
        for one in self.program.published[:-1]:
            none = "''" if one.kind == TEXT else "."
            word, flag = self.results[one.column], self.unusable(one.name)
            lines.append(f"if {refused} or {flag} then {word} = {none};")
            lines.append(f"else {word} = {self.value(one.name)};")
        lines.append(f"{self.results[error.column]} = {refused};")
        lines.append("drop _:;")
        return lines

    def _test(self) -> Lines:
        """A step that reads the verification rows and holds the results against those of the package."""
        inputs = [(self.inputs[one.name], one.kind) for one in self.program.inputs]
        wanted = [(f"_w{k}", one.kind) for k, one in enumerate(self.program.published[:-1], start=1)]
        shown = [case for case in self.cases if _on_a_line(case)]
        longest = max([8, *(len(_record(case).encode("utf-8")) for case in shown)])
        lines = ["data _null_;", f"  infile datalines dsd dlm=',' lrecl={longest + 8} truncover;"]
        lines += [f"  length {word} ${TEXT_LENGTH};" for word, kind in (*inputs, *wanted) if kind == TEXT]
        lines += ["  input", *(f"    {word}" for word, _ in (*inputs, *wanted)), "  ;", f"  %{self.macro};"]
        for (want, kind), one in zip(wanted, self.program.published[:-1], strict=True):
            word = self.results[one.column]
            differs = f"abs({word} - {want}) > 1E-12 * max(1, abs({want}))"
            both = f"missing({word}) ne missing({want})"
            test = f"{word} ne {want}" if kind == TEXT else f"{both} or (not missing({want}) and {differs})"
            lines.append(
                f"  if {test} then put 'ERROR: row ' _n_ {quoted(': ' + one.column + ' differs from the package')};"
            )
        if len(shown) < len(self.cases):
            lines += commented(f"{len(self.cases) - len(shown)} rows hold texts that do not fit on a line: not here.")
        return [*lines, "  datalines4;", *map(_record, shown), ";;;;", "run;"]


def _on_a_line(case: Case) -> bool:
    """Whether the texts of a row can stand in one line of data as they are."""
    texts = [x for x in (*case.inputs, *case.results) if isinstance(x, str)]
    return all(x.isprintable() and x == x.strip(" ") for x in texts)


def _record(case: Case) -> str:
    return ",".join(csv_field(x) for x in (*case.inputs, *case.results))


def _texts(bins: Sequence[Bin]) -> list[str]:
    return [str(x) for bin in bins for x in (*bin.values, *bin.codes) if isinstance(x, str)]


def _constants(one: object) -> list[str]:
    """Constant texts that a Let compares with."""
    if not isinstance(one, Let):
        return []
    found: list[str] = []

    def visit(term: Term) -> None:
        if isinstance(term, Call) and term.operation in ("text_equal", "text_one_of"):
            values = [part.value for part in term.arguments if isinstance(part, Constant)]
            found.extend(value for value in values if isinstance(value, str))
        for part in parts(term):
            visit(part)

    for term in (one.value, one.absent, one.failed):
        visit(term)
    return found


def _dated(one: Let) -> list[Term]:
    """Texts whose dates a Let reads."""
    found: list[Term] = []

    def visit(term: Term) -> None:
        if isinstance(term, Call) and term.operation in _DATES:
            found.append(term.arguments[0])
        for part in parts(term):
            visit(part)

    for term in (one.value, one.absent, one.failed):
        visit(term)
    return found


def quoted(value: str) -> str:
    """A text in single quotes, in which & and % mean nothing; in hexadecimal where it is not plain ASCII."""
    if all(32 <= ord(letter) < 127 for letter in value):
        return "'" + value.replace("'", "''") + "'"
    return f"'{value.encode('utf-8').hex().upper()}'x {commented(value, 10_000)[0]}"


def commented(text: str, width: int = 100) -> Lines:
    """Plain text as lines of comment; no sign of it ends the comment or starts a macro."""
    safe = readable(text).replace("*/", "* /").replace("/*", "/ *").replace("%", "% ").replace("&", "& ")
    return [f"/* {line} */" for line in wrapped(safe, width)]
