"""COBOL from a program: a subprogram, its record as a copybook, a self-test and a batch program; fixed format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.code.blocks import blocks, forests, verification_cases
from credit_risk.export.code.cobol_layout import comment, filled, paragraph, spelled
from credit_risk.export.code.cobol_library import (
    PLACE_STORAGE,
    RANK_STORAGE,
    STORAGE,
    TREE_STORAGE,
    paragraphs,
)
from credit_risk.export.code.cobol_programs import Names, Sizes, batch_program, copybook, record_names, self_test
from credit_risk.export.code.cobol_statements import Statements
from credit_risk.export.code.cobol_texts import DATE_STORAGE, TEXT_STORAGE
from credit_risk.export.code.imperative import Lines
from credit_risk.export.code.lessened import without_attribution
from credit_risk.export.heading import heading
from credit_risk.export.names import identifiers
from credit_risk.export.program import (
    Band,
    Classify,
    Let,
    Program,
    Published,
    Rank,
    Statement,
    read,
)
from credit_risk.export.program.terms import FLAG, NUMBER, TEXT, Constant, Term, operations, parts

COMPILE = "cobc -x"
"""Without optimisation, which takes long on the one function that a program becomes and makes it little faster."""
SHORTEST_TEXT, DATE_TEXT = 20, 40
"""Bytes of an item of text at least, and where the model reads dates."""
_DATES = {"is_date", "date_day", "date_year", "date_month", "date_day_of_month", "date_ends_month"}


def cobol_source(program: Program, verification: pd.DataFrame) -> dict[str, bytes]:
    """`<ID>.cbl`, its copybook `<ID>R.cpy`, the self-test `<ID>T.cbl` and the batch program `<ID>B.cbl`.

    `<ID>` is what `program_id` gives. Raises PackageError where a published text has no greatest length.
    """
    return _Cobol(program, verification).files()


def program_id(model_id: str) -> str:
    """The id of a model as a name of at most 7 characters: `taiwan-credit` is `TAIWANC`."""
    return _name_of(model_id)


def _name_of(model_id: str) -> str:
    word = identifiers([model_id], most=30, prefix="m")[model_id]
    return word.replace("_", "").upper()[:7]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the record of a program holds: the program without what the export leaves out, and the bytes of a text."""

    program: Program
    text_size: int


def layout_of(program: Program) -> Layout:
    """The layout of the record that `cobol_source` prints for a program."""
    kept = without_attribution(program)
    constants = [len(text.encode("utf-8")) for text in _texts(kept)]
    dates = any(
        operation in _DATES for one in kept.statements for term in _terms(one) for operation in operations(term)
    )
    return Layout(kept, max([DATE_TEXT if dates else SHORTEST_TEXT, *constants]))


def _terms(one: Statement) -> list[Term]:
    return [one.value, one.absent, one.failed] if isinstance(one, Let) else []


def _texts(program: Program) -> Iterator[str]:
    """Constant texts of a program."""
    for one in program.statements:
        match one:
            case Classify():
                for bin in one.bins:
                    yield from (str(value) for value in (*bin.values, *bin.codes) if isinstance(value, str))
            case Band():
                yield from (level for level in one.levels if isinstance(level, str))
            case Rank():
                yield from one.codes
            case Let():
                for term in _terms(one):
                    yield from _constant_texts(term)


def _constant_texts(term: Term) -> Iterator[str]:
    if isinstance(term, Constant) and isinstance(term.value, str):
        yield term.value
    for part in parts(term):
        yield from _constant_texts(part)


class _Cobol:
    def __init__(self, program: Program, verification: pd.DataFrame) -> None:
        layout = layout_of(program)
        self.program, self.text_size = layout.program, layout.text_size
        self._refuse_open_texts()
        self.cases = verification_cases(self.program, verification)
        self.printed = Statements(self.program, self.text_size)
        self.terms = self.printed.terms
        self.names: Names = record_names(self.program, program_id(program.model_id))
        self.bins = [one.name for one in self.program.statements if isinstance(one, Classify)]
        self.forests = forests(self.program)

    def _refuse_open_texts(self) -> None:
        """Texts of inputs and joined texts have no greatest length, so that no result can hold them."""
        found = {one.name for one in self.program.inputs if one.kind == TEXT}
        for one in self.program.statements:
            if isinstance(one, Let) and one.kind == TEXT:
                joined = any(operation == "join" for operation in operations(one.value))
                if joined or found & set(read(one)):
                    found.add(one.name)
        told = [one.column for one in self.program.published if one.name in found and one.kind == TEXT]
        if told:
            message = "is a text without a greatest length, which COBOL does not give"
            raise PackageError([Fault(f"{one!r} {message}", code="export_unsupported") for one in told])

    # -------------------------------------------------------------------------------------------------- the files
    def files(self) -> dict[str, bytes]:
        """The sources."""
        steps, calls = self._steps()
        body = "\n".join([*steps, *self._frame(calls)])
        library = paragraphs(body).replace("@SIZE@", str(self.text_size)).strip("\n").split("\n")
        code = [*self._storage(body + "\n".join(library)), *self._frame(calls), *steps, *library]
        sizes = Sizes(self.text_size, len(self.bins), sum(len(one.trees) for one in self.forests))
        word = self.names.id
        about = {
            f"{word}.cbl": code,
            f"{word}R.cpy": copybook(self.program, self.names, sizes, self._head("the record")),
            f"{word}T.cbl": self_test(self.program, self.names, sizes, self.cases, self._head("the self-test")),
            f"{word}B.cbl": batch_program(self.program, self.names, sizes, self._head("the batch program")),
        }
        return {name: ("\n".join(line.rstrip() for line in lines) + "\n").encode() for name, lines in about.items()}

    def _head(self, what: str = "") -> Lines:
        target = f"COBOL (GnuCOBOL 3): {what}" if what else "COBOL (GnuCOBOL 3)"
        notes = () if what else tuple(_notes(self.names.id, self.text_size))
        return [line for one in heading(self.program, target, proved=True, notes=notes) for line in comment(one)]

    def _steps(self) -> tuple[Lines, list[str]]:
        """Paragraphs of the blocks, and their names."""
        found: Lines = []
        calls = []
        for number, block in enumerate(blocks(self.program), start=1):
            if block.forest is not None:
                lines = self.printed.forest(block.forest)
            else:
                lines = [line for one in block.statements for line in self.printed.statement(one)]
            calls.append(f"STEP-{number}")
            found += [*comment(block.title), f"       STEP-{number}.", *paragraph(lines)]
        return found, calls

    def _frame(self, calls: Sequence[str]) -> Lines:
        """The division of procedure up to the first step."""
        lines = [*(["IF TR-LOADED = 0", "    PERFORM LOAD-TREES", "END-IF"] if self.printed.loads else [])]
        lines += ["MOVE LOW-VALUES TO VALUES-OF-ROW", "PERFORM READ-INPUTS"]
        lines += [*(f"PERFORM {call}" for call in calls), "PERFORM WRITE-RESULTS", "GOBACK"]
        found = [
            f"       PROCEDURE DIVISION USING {self.names.id}-RECORD.",
            "       MAIN-PARAGRAPH.",
            *paragraph(lines),
        ]
        found += ["       READ-INPUTS.", *paragraph(self._inputs())]
        found += ["       WRITE-RESULTS.", *paragraph(self._results())]
        if self.printed.loads:
            found += ["       LOAD-TREES.", *paragraph([*self.printed.loads, "MOVE 1 TO TR-LOADED"])]
        return found

    def _inputs(self) -> Lines:
        """Inputs into values: NaN is missing, a zero has no sign; behind a text stand blanks."""
        lines: Lines = []
        for one in self.program.inputs:
            word, place, flag = self.names.inputs[one.name], self.terms.value(one.name), self.terms.missing(one.name)
            if one.kind == TEXT:
                length = self.terms.length(one.name)
                lines += [
                    f"IF {word}-LEN > 0",
                    f"    MOVE {word}-LEN TO {length}",
                    f"    MOVE {word} TO {place}",
                    f"    IF {length} < {self.text_size}",
                    f"        MOVE SPACES TO {place} ({length} + 1:)",
                    "    END-IF",
                    "ELSE",
                    f"    MOVE 1 TO {flag}",
                    "END-IF",
                ]
            else:
                lines += [
                    f"MOVE {word} TO FP-A",
                    f"MOVE {word}-NULL TO IN-NULL",
                    "PERFORM READ-NUMBER",
                    f"MOVE FP-A-BITS TO {place}",
                    f"MOVE IN-NULL TO {flag}",
                ]
        return lines

    def _results(self) -> Lines:
        error = self.program.published[-1]
        word = self.names.results[error.column]
        refused = f"IN-INFINITE = 1 OR {self.terms.value(error.name)} = 1"
        lines = [f"MOVE 0 TO {word}", f"IF {refused}", f"    MOVE 1 TO {word}", "END-IF"]
        for one in self.program.published[:-1]:
            lines += self._result(one, word)
        lines += [f"MOVE {self.terms.value(name)} TO T-BIN ({k})" for k, name in enumerate(self.bins, start=1)]
        before = 0
        for forest in self.forests:
            lines += [
                f"PERFORM VARYING TR-TREE FROM 1 BY 1 UNTIL TR-TREE > {len(forest.trees)}",
                f"    MOVE LEAF-{forest.number} (TR-TREE) TO FP-A-BITS",
                *([f"    ADD {before} TO TR-TREE GIVING TR-AT"] if before else ["    MOVE TR-TREE TO TR-AT"]),
                "    MOVE FP-A TO T-LEAF (TR-AT)",
                "END-PERFORM",
            ]
            before += len(forest.trees)
        return lines

    def _result(self, one: Published, error: str) -> Lines:
        word, value = self.names.results[one.column], self.terms.value(one.name)
        unusable = self.terms.unusable(one.name)
        condition = f"{error} = 1 OR {unusable}" if unusable else f"{error} = 1"
        if one.kind == TEXT:
            absent = [f"MOVE 0 TO {word}-LEN", f"MOVE SPACES TO {word}"]
            there = [f"MOVE {self.terms.length(one.name)} TO {word}-LEN", f"MOVE {value} TO {word}"]
            return self.terms.when([(condition, absent)], there)
        there = [f"MOVE 0 TO {word}-NULL"]
        there += (
            [f"MOVE {value} TO {word}"] if one.kind == FLAG else [f"MOVE {value} TO FP-A-BITS", f"MOVE FP-A TO {word}"]
        )
        return self.terms.when([(condition, [f"MOVE 0 TO {word}", f"MOVE -1 TO {word}-NULL"])], there)

    # ------------------------------------------------------------------------------------------------------ storage
    def _storage(self, body: str) -> Lines:
        """The divisions before that of procedure."""
        lines = [*self._head(), "       IDENTIFICATION DIVISION.", f"       PROGRAM-ID. {self.names.id}."]
        lines += ["       DATA DIVISION.", "       WORKING-STORAGE SECTION."]
        places = {"@SIZE@": str(self.text_size), "@COUNT@": str(self.printed.ranked)}
        used = {
            "DT-": DATE_STORAGE,
            "TX-": TEXT_STORAGE,
            "PL-": PLACE_STORAGE,
            "RK-": RANK_STORAGE,
            "TR-": TREE_STORAGE,
        }
        text = STORAGE + "".join(area for prefix, area in used.items() if re.search(rf"\b{prefix}", body))
        for mark, found in places.items():
            text = text.replace(mark, found)
        lines += [*text.rstrip("\n").split("\n"), *self._values(), *self.terms.constant_items()]
        for value, name in self.terms.texts.items():
            lines += [f"       01  {name}.", *filled(spelled(value), len(value.encode("utf-8")))]
        return [*lines, *self.printed.tables, "       LINKAGE SECTION.", f"           COPY {self.names.id}R."]

    def _values(self) -> Lines:
        """Every value of a row, with flags of missing and of error."""
        terms = self.terms
        lines = [*comment("Values of a row: numbers as the bits of doubles."), "       01  VALUES-OF-ROW."]
        trees = {tree.name for one in self.forests for tree in one.trees}
        pictures = {NUMBER: "PIC S9(18) COMP-5", TEXT: f"PIC X({self.text_size})", FLAG: "PIC S9(4) COMP-5"}
        for name in terms.identifier:
            if name in trees:
                continue
            kind = terms.kinds[name]
            lines.append(f"           05  {terms.value(name)} {pictures.get(kind, 'PIC S9(9) COMP-5')}.")
            lines += [f"           05  {terms.length(name)} PIC S9(9) COMP-5."] if kind == TEXT else []
            flags = [terms.missing(name)] if name in self.program.absent else []
            flags += [terms.error(name)] if name in self.program.failed else []
            lines += [f"           05  {flag} PIC S9(4) COMP-5." for flag in flags]
        return [*lines, "           05  IN-INFINITE PIC S9(4) COMP-5."]


def _notes(word: str, text_size: int) -> Iterator[str]:
    """What is to be known of the sources."""
    yield (
        f"Proved in GnuCOBOL 3.1.2 on x86-64 alone. {COMPILE} -o TEST {word}T.cbl {word}.cbl gives the self-test, "
        f"which ends with 1 where a result is not that of the package; {COMPILE} -o BATCH {word}B.cbl {word}.cbl the "
        "batch program, which reads records of the inputs from the file ROWS and writes those of the results to SCORED."
    )
    yield (
        "NOT PROVED in other compilers. COMP-2 of IBM Enterprise COBOL is in hexadecimal floating point, which is not "
        "the double that is meant here, and its COMPUTE calculates otherwise: there the results are not those of the "
        "package. Constants have 19 digits (ARITH(EXTEND))."
    )
    yield (
        f"CALL '{word}' USING {word}-RECORD (copybook {word}R). A number is missing where -NULL is -1 (else 0), a text "
        "where -LEN is 0, in inputs and results. A row that the model refuses (or a number that is infinite) has "
        "IN-ERROR 1 and no results."
    )
    yield (
        "-LEN is the length of a text in bytes (UTF-8), so that blanks at its end count. Texts are compared byte by "
        f"byte. Of a text longer than {text_size} bytes the first are given, with its true -LEN: no category is so "
        "long, so that it is unseen; it is no date, and not the same as another text. Constants beyond ASCII stand in "
        "hexadecimal."
    )
    yield (
        "A number is held as the bits of its double in an integer, constants too, the decimal in a comment: nothing is "
        "converted, and comparisons are those of integers in the same order. COMP-2 is compared nowhere that counts, "
        "since GnuCOBOL takes numbers for equal that are near. Additions, multiplications and divisions are rounded to "
        "nearest, ties to even, in the order written, as IEEE 754 asks; of numbers below 1E-20 or above 1E90 a "
        "tie may be missed, which is one unit of the last place. EXP and LOG are those of GnuCOBOL, right but for that "
        "place. A quotient below 2.3E-308 is 0."
    )
