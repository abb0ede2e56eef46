"""A workbook that scores many applications, one a row, by the formulas of the workbook for one: to prove parity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credit_risk.export.program import kind_of, produced
from credit_risk.export.spreadsheet.book import Book
from credit_risk.export.spreadsheet.calculation import Calculation
from credit_risk.export.spreadsheet.formulas import Key
from credit_risk.export.spreadsheet.layout import write_rows, write_tables

RESULTS = "Results"
_DIGITS = '"0.00000000000000E+000"'


def batch_workbook(
    calculation: Calculation, columns: Mapping[str, Sequence[float | str | None]], results: Sequence[Key]
) -> bytes:
    """The bytes of a workbook whose first sheet holds the values `results` (names of the program), one row a row.

    The first row are numbers from 0, in the order of `results` (keys of cells). A number is two numbers as text, of
    which the value is the exact sum: programs write 15 digits, and a double has 17. Flags are TRUE or FALSE, what is
    missing is empty.
    """
    book = Book("Rows", "Applications scored by formulas")
    first = book.sheet(RESULTS, protected=False)
    rows = write_rows(book, calculation, columns, "Rows")
    write_tables(book, calculation, None)
    texts = texts_of(calculation)
    for column, key in enumerate(results):
        first.write_number(0, column, column)
        values = [rows.address(key, row) for row in range(rows.count)]
        first.fill(1, column, [f"={value}" if key[1] in texts else in_full(value) for value in values])
    return book.bytes()


def in_full(value: str) -> str:
    """A formula that tells a number with all its digits: 15 of them, a space, and what is left."""
    head = f"TEXT({value},{_DIGITS})"
    return f'=IF(ISNUMBER({value}),{head}&" "&TEXT(STANDARDIZE({value},VALUE({head}),1),{_DIGITS}),{value})'


def number_of(text: str) -> float:
    """The number that `in_full` told."""
    head, _, rest = text.partition(" ")
    return float(head) + float(rest) if rest else float(head)


def texts_of(calculation: Calculation) -> set[str]:
    """Names of the program whose values are texts or flags."""
    found = {one.name for one in calculation.program.inputs if one.kind == "text"}
    for one in calculation.program.statements:
        if kind_of(one) in ("text", "flag"):
            found |= set(produced(one))
    return found
