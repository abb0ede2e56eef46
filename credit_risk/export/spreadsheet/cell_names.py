"""Names of cells: what is typed in and what comes out, for formulas that others write."""

from __future__ import annotations

from collections.abc import Mapping

from credit_risk.export.names import identifiers
from credit_risk.export.spreadsheet.book import Book
from credit_risk.export.spreadsheet.calculation import Calculation

LISTS = "Lists"
LONGEST = 100
_FIRST, _NAME, _NOW = 3, 9, 10


def input_names(calculation: Calculation) -> dict[str, str]:
    """Names of the yellow cells by input: `input_AGE`."""
    return _names("input", [one.name for one in calculation.program.inputs])


def result_names(calculation: Calculation) -> dict[str, str]:
    """Names of the results by published column: `result_score`."""
    return _names("result", [one.column for one in calculation.published])


def _names(prefix: str, words: list[str]) -> dict[str, str]:
    """ASCII, so that every version of Excel and LibreOffice takes them; alike but for case, they get a number."""
    made = identifiers((f"{prefix}_{word}" for word in words), most=LONGEST)
    return {word: made[f"{prefix}_{word}"] for word in words}


def name_cells(
    book: Book, calculation: Calculation, inputs: Mapping[str, str], values: Mapping[str, str], faults: str
) -> None:
    """Name the cells. Results have cells on the sheet of lists, empty while an input is no number.

    inputs, values: addresses of the inputs, and of all values, by name of the program; faults: the cell that counts
    inputs that are no numbers.
    """
    names = input_names(calculation)
    for one in calculation.program.inputs:
        book.workbook.define_name(names[one.name], f"={inputs[one.name]}")
    sheet = book.workbook.get_worksheet_by_name(LISTS)
    sheet.set_column(_NAME, _NOW, 30)
    results = result_names(calculation).values()
    book.headers(sheet, _FIRST - 1, ["Name of a result", "Now"], _NAME)
    for row, (published, name) in enumerate(zip(calculation.published, results, strict=True)):
        book.text(sheet, _FIRST + row, _NAME, name)
        book.formula(sheet, _FIRST + row, _NOW, f'=IF({faults}>0,"",{values[published.name]})')
        book.workbook.define_name(name, f"='{LISTS}'!$K${_FIRST + row + 1}")
