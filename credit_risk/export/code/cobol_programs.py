"""What stands beside the printed subprogram in COBOL: the record that it is given, its self-test, its batch program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credit_risk.export.code.blocks import Case
from credit_risk.export.code.cobol_layout import bits, comment, filled, noted, placed, size, spelled
from credit_risk.export.code.imperative import Lines
from credit_risk.export.names import identifiers
from credit_risk.export.program import Program
from credit_risk.export.program.terms import FLAG, TEXT

MOST_CHARACTERS = 22
NUMBER_DIGITS, LENGTH_DIGITS = 20, 6


@dataclass(frozen=True, slots=True)
class Names:
    """Words of the record: `id` of the program, the item of each input and of each published column."""

    id: str
    inputs: dict[str, str]
    results: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the record of a program has room for: bytes of a text, bins and leaves of the trace."""

    text: int
    bins: int
    leaves: int


def record_names(program: Program, program_id: str) -> Names:
    """Items of inputs (`I-...`) and results (`R-...`)."""

    def words(names: list[str], prefix: str) -> dict[str, str]:
        found = identifiers(names, most=MOST_CHARACTERS).items()
        return {name: f"{prefix}-{word.upper().replace('_', '-')}" for name, word in found}

    inputs = words([one.name for one in program.inputs], "I")
    return Names(program_id, inputs, words([one.column for one in program.published], "R"))


def _item(word: str, kind: str, text_size: int) -> Lines:
    if kind == TEXT:
        return [
            f"               10  {word}-LEN PIC S9(9) COMP-5.",
            f"               10  {word} PIC X({text_size}).",
        ]
    picture = "PIC S9(4) COMP-5" if kind == FLAG else "COMP-2"
    return [
        f"               10  {word} {picture}.",
        f"               10  {word}-NULL PIC S9(4) COMP-5.",
    ]


def copybook(program: Program, names: Names, sizes: Sizes, head: Lines) -> Lines:
    """The record: inputs, results, trace."""
    lines = [*head, f"       01  {names.id}-RECORD.", f"           05  {names.id}-INPUTS."]
    for one in program.inputs:
        lines += comment(": ".join(part for part in (one.name, one.description) if part), 8)
        lines += _item(names.inputs[one.name], one.kind, sizes.text)
    lines.append(f"           05  {names.id}-RESULTS.")
    for result in program.published[:-1]:
        lines += comment(result.column, 8) + _item(names.results[result.column], result.kind, sizes.text)
    error = program.published[-1].column
    lines += [*comment(error, 8), f"               10  {names.results[error]} PIC S9(4) COMP-5."]
    lines += comment("The bin of each classing and the leaf of each tree.", 8)
    lines.append(f"               10  T-BIN PIC S9(9) COMP-5 OCCURS {max(sizes.bins, 1)}.")
    lines.append(f"               10  T-LEAF COMP-2 OCCURS {max(sizes.leaves, 1)}.")
    return lines


def bytes_of(kinds: Sequence[str], text_size: int) -> int:
    """Bytes of the items of a group in the record."""
    return sum(4 + text_size if kind == TEXT else 4 if kind == FLAG else 10 for kind in kinds)


def batch_program(program: Program, names: Names, sizes: Sizes, head: Lines) -> Lines:
    """Reads records of the inputs from ROWS, writes those of results and trace to SCORED."""
    given = bytes_of([one.kind for one in program.inputs], sizes.text)
    told = bytes_of([one.kind for one in program.published[:-1]], sizes.text) + 2
    told += 4 * max(sizes.bins, 1) + 8 * max(sizes.leaves, 1)
    text = f"""\
       IDENTIFICATION DIVISION.
       PROGRAM-ID. {names.id}B.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT ROWS ASSIGN TO "ROWS"
               ORGANIZATION IS SEQUENTIAL.
           SELECT SCORED ASSIGN TO "SCORED"
               ORGANIZATION IS SEQUENTIAL.
       DATA DIVISION.
       FILE SECTION.
       FD  ROWS.
       01  ROWS-RECORD PIC X({given}).
       FD  SCORED.
       01  SCORED-RECORD PIC X({told}).
       WORKING-STORAGE SECTION.
       01  AT-END PIC S9(4) COMP-5 VALUE 0.
           COPY {names.id}R.
       PROCEDURE DIVISION.
       MAIN-PARAGRAPH.
           OPEN INPUT ROWS OUTPUT SCORED.
           PERFORM READ-ROW.
           PERFORM UNTIL AT-END = 1
               CALL "{names.id}" USING {names.id}-RECORD
               MOVE {names.id}-RESULTS TO SCORED-RECORD
               WRITE SCORED-RECORD
               PERFORM READ-ROW
           END-PERFORM.
           CLOSE ROWS SCORED.
           STOP RUN.
       READ-ROW.
           READ ROWS
               AT END
                   MOVE 1 TO AT-END
               NOT AT END
                   MOVE ROWS-RECORD TO {names.id}-INPUTS
           END-READ.
"""
    return [*head, *text.rstrip("\n").split("\n")]


def self_test(program: Program, names: Names, sizes: Sizes, cases: Sequence[Case], head: Lines) -> Lines:
    """Scores the verification rows and holds the results against those of the package."""
    lines = [*head, "       IDENTIFICATION DIVISION.", f"       PROGRAM-ID. {names.id}T."]
    lines += ["       DATA DIVISION.", "       WORKING-STORAGE SECTION.", f"           COPY {names.id}R."]
    lines += _AREA.split("\n")[:-1]
    lines += _rows(program, cases, sizes.text)
    lines += _columns(program, max(len(cases), 1), sizes.text)
    lines += ["       PROCEDURE DIVISION.", *_MAIN.replace("@COUNT@", str(len(cases))).split("\n")[:-1]]
    lines += ["       TEST-ROW.", *placed(_given(program, names))]
    lines += placed([f'CALL "{names.id}" USING {names.id}-RECORD', *_compared(program, names)])
    lines.append("           .")
    return [*lines, *_DIFFERS.split("\n")[:-1]]


_AREA = """\
       01  TEST-AREA.
           05  ROW              PIC S9(9) COMP-5.
           05  WRONG            PIC S9(9) COMP-5 VALUE 0.
           05  SHOWN            PIC Z(8)9.
           05  SHOWN-WRONG      PIC Z(8)9.
           05  WANTED           COMP-2.
           05  WANTED-BITS REDEFINES WANTED PIC S9(18) COMP-5.
           05  FOUND            COMP-2.
           05  APART            COMP-2.
           05  APART-BITS REDEFINES APART PIC S9(18) COMP-5.
           05  MOST             COMP-2.
           05  DIFFERENT        PIC S9(4) COMP-5.
"""
_MAIN = """\
       MAIN-PARAGRAPH.
           PERFORM TEST-ROW VARYING ROW FROM 1 BY 1
               UNTIL ROW > @COUNT@.
           SUBTRACT 1 FROM ROW GIVING SHOWN.
           MOVE WRONG TO SHOWN-WRONG.
           DISPLAY FUNCTION TRIM (SHOWN) " verification rows, "
               FUNCTION TRIM (SHOWN-WRONG) " differences".
           IF WRONG > 0
               MOVE 1 TO RETURN-CODE
           END-IF.
           STOP RUN.
"""
_DIFFERS = """\
      *    Within 1E-12, relative above 1.
       COMPARE-NUMBERS.
           COMPUTE APART = FOUND - WANTED.
           IF APART-BITS < 0
               COMPUTE APART = WANTED - FOUND
           END-IF.
           COMPUTE MOST = WANTED * WANTED.
           IF MOST > 1
               COMPUTE MOST = FUNCTION ABS (WANTED) * 0.000000000001
           ELSE
               COMPUTE MOST = 0.000000000001
           END-IF.
           COMPUTE APART = MOST - APART.
           MOVE 0 TO DIFFERENT.
           IF APART-BITS < 0
               MOVE 1 TO DIFFERENT
           END-IF.
       COUNT-DIFFERENCE.
           ADD 1 TO WRONG.
           MOVE ROW TO SHOWN.
"""


def _rows(program: Program, cases: Sequence[Case], text_size: int) -> Lines:
    """Cells by column: a number as the bits of its double, a text after its length, blank if missing."""
    kinds = [one.kind for one in program.inputs] + [one.kind for one in program.published[:-1]]
    lines = comment("The verification rows of the package, the decimal beside the bits of a number.")
    lines.append("       01  ROW-TABLE.")
    for number, case in enumerate(cases, start=1):
        lines += comment(f"row {number}: {case.title}", 4)
        for cell, kind in zip((*case.inputs, *case.results), kinds, strict=True):
            lines += _cell(cell, kind, text_size)
    return lines if cases else [*lines, *(line for kind in kinds for line in _cell(None, kind, text_size))]


def _cell(cell: float | str | None, kind: str, text_size: int) -> Lines:
    if kind != TEXT:
        width = NUMBER_DIGITS
        if cell is None:
            return [f"           05  PIC X({width}) VALUE SPACES."]
        number = float(cell)
        return placed([noted(f'05  PIC X({width}) VALUE "{bits(number):+020d}".', repr(number))])
    if cell is None:
        return [f"           05  PIC X({LENGTH_DIGITS + text_size}) VALUE SPACES."]
    text = str(cell)
    length = len(text.encode("utf-8"))
    head = f'           05  PIC X({LENGTH_DIGITS}) VALUE "{length:0{LENGTH_DIGITS}d}".'
    return [head, *filled(_fitting(spelled(text), text_size), text_size)]


def _fitting(literals: Sequence[str], room: int) -> list[str]:
    """Literals cut to a number of bytes."""
    found = []
    for one in literals:
        if size(one) > room:
            plain = one[2:-1][: 2 * room] if one.startswith("X") else one[1:-1].replace('""', '"')[:room]
            one = f'X"{plain}"' if one.startswith("X") else '"' + plain.replace('"', '""') + '"'
        if room > 0:
            found.append(one)
        room -= size(one)
    return found


def _columns(program: Program, rows: int, text_size: int) -> Lines:
    lines = ["       01  FILLER REDEFINES ROW-TABLE.", f"           05  FILLER OCCURS {rows}."]
    kinds = [one.kind for one in program.inputs] + [one.kind for one in program.published[:-1]]
    for k, kind in enumerate(kinds, start=1):
        if kind == TEXT:
            lines.append(f"               10  Y-{k}-LEN PIC X({LENGTH_DIGITS}).")
            lines.append(f"               10  Y-{k}-DIGITS REDEFINES Y-{k}-LEN")
            lines.append(f"                   PIC 9({LENGTH_DIGITS}).")
            lines.append(f"               10  Y-{k} PIC X({text_size}).")
        else:
            lines.append(f"               10  Y-{k} PIC X({NUMBER_DIGITS}).")
            lines.append(f"               10  Y-{k}-BITS REDEFINES Y-{k} PIC S9({NUMBER_DIGITS - 1})")
            lines.append("                   SIGN LEADING SEPARATE.")
    return lines


def _given(program: Program, names: Names) -> Lines:
    """A row of the table into the inputs of the record."""
    lines: Lines = []
    for k, one in enumerate(program.inputs, start=1):
        word = names.inputs[one.name]
        if one.kind == TEXT:
            lines += [
                f"IF Y-{k}-LEN (ROW) = SPACES",
                f"    MOVE 0 TO {word}-LEN",
                "ELSE",
                f"    MOVE Y-{k}-DIGITS (ROW) TO {word}-LEN",
                "END-IF",
                f"MOVE Y-{k} (ROW) TO {word}",
            ]
        else:
            lines += [
                f"IF Y-{k} (ROW) = SPACES",
                "    MOVE 0 TO WANTED",
                f"    MOVE -1 TO {word}-NULL",
                "ELSE",
                f"    MOVE Y-{k}-BITS (ROW) TO WANTED-BITS",
                f"    MOVE 0 TO {word}-NULL",
                "END-IF",
                f"MOVE WANTED TO {word}",
            ]
    return lines


def _compared(program: Program, names: Names) -> Lines:
    lines: Lines = []
    for k, one in enumerate(program.published[:-1], start=len(program.inputs) + 1):
        word = names.results[one.column]
        lines += _compared_text(k, word) if one.kind == TEXT else _compared_number(k, word)
        lines += ["IF DIFFERENT = 1", "    PERFORM COUNT-DIFFERENCE", '    DISPLAY "row " FUNCTION TRIM (SHOWN) ": "']
        lines += [f"        {literal}" for literal in spelled(one.column)]
        lines += ['        " is not that of the package"', "END-IF"]
    return lines


def _compared_number(k: int, word: str) -> Lines:
    return [
        "MOVE 0 TO DIFFERENT",
        f"IF Y-{k} (ROW) = SPACES OR {word}-NULL NOT = 0",
        f"    IF Y-{k} (ROW) NOT = SPACES OR {word}-NULL = 0",
        "        MOVE 1 TO DIFFERENT",
        "    END-IF",
        "ELSE",
        f"    MOVE Y-{k}-BITS (ROW) TO WANTED-BITS",
        f"    MOVE {word} TO FOUND",
        "    PERFORM COMPARE-NUMBERS",
        "END-IF",
    ]


def _compared_text(k: int, word: str) -> Lines:
    return [
        "MOVE 0 TO DIFFERENT",
        f"IF Y-{k}-LEN (ROW) = SPACES",
        f"    IF {word}-LEN NOT = 0",
        "        MOVE 1 TO DIFFERENT",
        "    END-IF",
        "ELSE",
        f"    IF {word}-LEN NOT = Y-{k}-DIGITS (ROW) OR {word} NOT = Y-{k} (ROW)",
        "        MOVE 1 TO DIFFERENT",
        "    END-IF",
        "END-IF",
    ]
