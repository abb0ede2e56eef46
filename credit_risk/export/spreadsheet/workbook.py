"""The workbook of a model package: an application, its calculation, tables, verification rows, and what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.heading import heading
from credit_risk.export.program import Program, Published, program_of
from credit_risk.export.spreadsheet.application import APPLICATION, CALCULATION, Words, grid_of, write_application
from credit_risk.export.spreadsheet.book import BODY, INK, PALE, RESULT, Book
from credit_risk.export.spreadsheet.calculation import LEFT_OUT, Calculation, calculation_of
from credit_risk.export.spreadsheet.formulas import Key, Place, rendered
from credit_risk.export.spreadsheet.layout import Rows, rows_fit, write_rows, write_tables
from credit_risk.package import Package

MOST_FORMULAS = 100_000
"""More for one application are refused: programs get slow, and nobody could read them."""
VERIFICATION, VERIFICATION_ROWS, ABOUT = "Verification", "Verification rows", "About"
TOLERANCE = 1e-9
_FIRST = 4
USE = (
    "Type an application into the yellow cells of the sheet Application; every other sheet follows. "
    "An empty cell is a missing value; texts that look like numbers are texts in inputs of text.",
    "Cells have names for formulas of your own: input_ and result_ before the name (input_AGE, result_score); "
    "the results stand on the sheet Lists, empty while an input is no number.",
    "Sheets are protected without a password against typing over formulas: "
    "Review, Unprotect sheet (Excel) or Tools, Protect Sheet (LibreOffice) opens them.",
    "GESTEP(a,b) is 1 where a is b or more, DELTA(a,b) is 1 where they are equal, STANDARDIZE(a,b,1) is a less b. "
    "They compare and subtract in full double precision, where the signs =, < and - of spreadsheets stop at 15 digits.",
    "Recalculated by LibreOffice and held against the package on both sides of every threshold (credit-risk parity). "
    "No Excel runs where packages are proved: there the sheet Verification shows at once whether all rows agree.",
    "Results are calculated when the workbook is opened: none is stored in the file.",
)


def spreadsheet_export(package: Package) -> dict[str, bytes]:
    """`<id>.xlsx` of the champion. Raises PackageError where a workbook cannot hold it."""
    program = program_of(package.model, package.package_hash)
    data = workbook(program, package.verification(), words_of(package))
    return {f"{program.model_id}.xlsx": data}


def words_of(package: Package) -> Words:
    """What the package says of inputs and reasons."""
    texts: dict[str, str] = {}
    table = package.evidence.get("reasons.texts") or {}
    for code, _, text, *_ in table.get("rows") or []:
        texts.setdefault(code, text)
    specials = {
        item["name"]: tuple(
            (float(one["code"]) if item["type"] == "number" else str(one["code"]), str(one.get("meaning") or ""))
            for one in item["specials"]
        )
        for item in package.model["inputs"]
    }
    cases = package.verification()
    example = {}
    if len(cases):
        for item in package.model["inputs"]:
            value = cases[f"in:{item['name']}"].iloc[0]
            example[item["name"]] = None if value is None or value != value else value
    columns = (package.plan.get("data") or {}).get("columns") or {}
    return Words(texts, columns, specials, example)


def workbook(program: Program, verification: pd.DataFrame, words: Words) -> bytes:
    """The bytes of a workbook; the same program, rows and words give the same bytes.

    Raises PackageError where one application needs more than MOST_FORMULAS formulas, or a text fits in no cell.
    """
    calculation = calculation_of(program, dict(words.reasons))
    _refuse_large(calculation)
    book = Book(program.model_name, f"{program.model_id} {program.model_version}, package {program.package_hash}")
    places = _places(calculation)
    values = {key[1]: _address(place) for key, place in places.items() if key[0] == "value"}
    write_application(book, calculation, words, values)
    _write_calculation(book, calculation, places)
    write_tables(book, calculation, places)
    shown = _write_verification(book, calculation, verification)
    _write_about(book, calculation, shown, len(verification))
    _order_sheets(book)
    return book.bytes()


def _refuse_large(calculation: Calculation) -> None:
    if calculation.size > MOST_FORMULAS:
        message = (
            f"a workbook would need {calculation.size:,} formulas for one application, more than {MOST_FORMULAS:,}"
        )
        remedy = "use the export sql, c or java, or score with the package itself (`credit-risk score`)"
        raise PackageError(Fault(message, code="export_unsupported", file="model.json", remedy=remedy))


def _places(calculation: Calculation) -> dict[Key, Place]:
    """Where everything stands for one application."""
    grid = grid_of(calculation)
    places: dict[Key, Place] = {}
    for place, one in enumerate(calculation.program.inputs):
        places["input", one.name] = Place(APPLICATION, *grid.input(place))
    for row, cell in enumerate(calculation.cells, start=_FIRST):
        places[cell.key] = Place(CALCULATION, "E", row)
    for node in calculation.nodes:
        places[node.cell.key] = Place(node.sheet, "I", node.row)
    return places


def _address(place: Place) -> str:
    return f"'{place.sheet}'!${place.column}${place.row}"


def _write_calculation(book: Book, calculation: Calculation, places: Mapping[Key, Place]) -> None:
    sheet = book.sheet(CALCULATION)
    book.title(sheet, CALCULATION, "Every value in the order in which it is calculated. Empty is missing, or in error.")
    for column, width in enumerate((7, 32, 40, 56, 26)):
        sheet.set_column(column, column, width)
    book.headers(sheet, _FIRST - 2, ["No.", "Step of the model", "Value of", "What", "Now"])
    sheet.freeze_panes(_FIRST - 1, 0)
    sheet.repeat_rows(_FIRST - 2)
    results = {("value", one.name) for one in calculation.published}
    for count, cell in enumerate(calculation.cells, start=1):
        row = _FIRST + count - 2
        helper = {"font_color": "#7F7F7F", "italic": True} if cell.part else {}
        fill = {"bg_color": RESULT, "bold": True} if cell.key in results else {}
        book.number(sheet, row, 0, count, **BODY, **helper)
        for column, text in ((1, cell.step or "input"), (2, cell.name), (3, cell.part or cell.note)):
            book.text(sheet, row, column, text, **BODY, **helper, **fill, text_wrap=True)
        formula = rendered(cell.formula, places, CALCULATION)
        book.formula(sheet, row, 4, formula, **BODY, **helper, **fill, align="right")


# ------------------------------------------------------------------------------------------------ verification
def _write_verification(book: Book, calculation: Calculation, cases: pd.DataFrame) -> int:
    """Expected and recalculated results of the verification rows; gives how many rows stand there."""
    most = MOST_FORMULAS // max(1, calculation.size)
    if not len(cases) or not rows_fit(calculation) or most < 1:
        return 0
    kept = np.unique(np.linspace(0, len(cases) - 1, min(len(cases), most)).astype(np.int64))
    part = cases.iloc[kept].reset_index(drop=True)
    sheet = book.sheet(VERIFICATION)
    inputs = {one.name: _cells(part[f"in:{one.name}"]) for one in calculation.program.inputs}
    rows = write_rows(book, calculation, inputs, VERIFICATION_ROWS)
    below = (
        "Rows of the package's verification.csv: what the package gives, and what the formulas of this workbook give."
    )
    book.title(sheet, VERIFICATION, below)
    published = [one for one in calculation.published if one.column in part]
    reasons = [one for one in published if one.column.startswith("reason_")]
    columns = [[one] for one in published if one not in reasons] + ([reasons] if reasons else [])
    headers = ["Case", "Differs"]
    for several in columns:
        name = "reasons" if several is reasons else several[0].column
        headers += [f"{name}: package", f"{name}: workbook", f"{name}: difference"]
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 9)
    sheet.set_column(2, len(headers) - 1, 19)
    if reasons:
        sheet.set_column(len(headers) - 3, len(headers) - 2, 44)
    book.headers(sheet, 5, headers)
    sheet.freeze_panes(6, 2)
    sheet.repeat_rows(5)
    for row in range(len(part)):
        _verification_row(book, sheet, row, part, columns, rows)
    last = 6 + len(part)
    book.text(sheet, 2, 0, "Rows", bold=True)
    book.number(sheet, 2, 1, len(part), bold=True)
    book.text(sheet, 3, 0, "Rows that differ", bold=True)
    book.formula(sheet, 3, 1, f"=SUM($B$7:$B${last})", bold=True, bg_color=RESULT)
    bad = book.style(bold=True, bg_color="#F4C7C3", font_color="#9C0006")
    for area in ("$B$4", f"$B$7:$B${last}"):
        sheet.conditional_format(area, {"type": "cell", "criteria": ">", "value": 0, "format": bad})
    return len(part)


def _cells(column: pd.Series) -> list[float | str | None]:
    return [None if value is None or value != value or value == "" else value for value in column.tolist()]


def _verification_row(
    book: Book, sheet: Worksheet, row: int, part: pd.DataFrame, columns: Sequence[Sequence[Published]], rows: Rows
) -> None:
    """One case: for each result, or for all reasons together, what the package and the workbook give."""
    at = 6 + row
    book.text(sheet, at, 0, str(part["case"].iloc[row]), **BODY)
    differs = []
    for k, several in enumerate(columns):
        column, one = 2 + 3 * k, several[0]
        given = [rows.address(("value", each.name), row) for each in several]
        told = [_cells(part[each.column].iloc[[row]])[0] for each in several]
        expected = told[0] if len(several) == 1 else ", ".join(str(text) for text in told if text is not None) or None
        book.value(sheet, at, column, expected, **BODY)
        found = f'IF({given[0]}="","",IF({given[0]},1,0))' if one.kind == "flag" else given[0]
        if len(several) > 1:
            found = given[0] + "".join(f'&IF({cell}="","",", "&{cell})' for cell in given[1:])
        book.formula(sheet, at, column + 1, f"={found}", **BODY, bg_color=PALE)
        a, b, gap = (f"${xl_col_to_name(column + j)}${at + 1}" for j in range(3))
        if one.kind == "text":
            made = f'=IF(EXACT({a}&"",{b}&""),0,1)'
        else:
            made = f"=IF(AND(ISNUMBER({a}),ISNUMBER({b})),ABS({b}-{a}),IF(AND(LEN({a})=0,LEN({b})=0),0,1))"
        book.formula(sheet, at, column + 2, made, **BODY)
        differs.append(f"{gap}>{TOLERANCE}*MAX(1,ABS(N({a})))")
    made = f"=IF(OR({','.join(differs)}),1,0)" if differs else "=0"
    book.formula(sheet, at, 1, made, **BODY, bold=True)


# ------------------------------------------------------------------------------------------------------- about
def notes_of(calculation: Calculation) -> tuple[str, ...]:
    """What the workbook leaves out of the model."""
    return (LEFT_OUT,) if calculation.left_out else ()


def _write_about(book: Book, calculation: Calculation, shown: int, cases: int) -> None:
    sheet = book.sheet(ABOUT)
    sheet.set_column(0, 0, 120)
    book.title(sheet, ABOUT)
    given = replace(calculation.program, published=calculation.published)
    lines = heading(given, "Excel and LibreOffice", proved=True, notes=notes_of(calculation))
    if shown < cases:
        lines.append(
            f"Of {cases:,} verification rows {shown:,} stand in this workbook, taken evenly: more made it slow."
        )
    row = 2
    for title, texts in (("The model", lines), ("How to use this workbook", USE)):
        book.text(sheet, row, 0, title, bold=True, font_size=13, font_color=INK)
        for text in texts:
            row += 1
            book.text(sheet, row, 0, text, text_wrap=True, valign="top")
            sheet.set_row(row, 15 * (1 + len(text) // 125))
        row += 2


def _order_sheets(book: Book) -> None:
    """Sheets for people first, then tables, then the rows of the verification; tabs in this order."""
    first = [APPLICATION, VERIFICATION, ABOUT, CALCULATION]
    names = {sheet.get_name(): sheet for sheet in book.workbook.worksheets_objs}
    later = [name for name in names if name not in first]
    later.sort(key=lambda name: name.startswith(VERIFICATION_ROWS))
    ordered = [name for name in (*first, *later) if name in names]
    book.workbook.worksheets_objs.sort(key=lambda sheet: ordered.index(sheet.get_name()))
    for index, sheet in enumerate(book.workbook.worksheets_objs):
        sheet.index = index
    book.workbook.worksheet_meta.activesheet = 0
    book.workbook.worksheet_meta.firstsheet = 0
