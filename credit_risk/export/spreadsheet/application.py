"""The sheet that a member of a committee works on: an application typed in, its bins, points, results and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xlsxwriter.worksheet import Worksheet

from credit_risk.export.program import IN_ERROR, Classify, Pick, Program, Published, read
from credit_risk.export.spreadsheet.book import BODY, INK, INPUT, PALE, RESULT, RULE, WARNING, Book
from credit_risk.export.spreadsheet.calculation import Calculation
from credit_risk.export.spreadsheet.cell_names import LISTS, name_cells

APPLICATION, CALCULATION = "Application", "Calculation"
MOST_LISTED = 2_000
_TITLES = {
    "linear_score": "Linear score",
    "probability_with_margin": "With margin of conservatism",
    "expected_value": "Expected value",
    "score": "Score",
    "grade": "Grade",
    "overall_decision": "Decision",
}
_FORMATS = {"probability": "0.000%", "probability_with_margin": "0.000%", "score": "0.##", "linear_score": "0.0000"}
_MAIN = (
    "score",
    "probability",
    "probability_with_margin",
    "expected_value",
    "grade",
    "overall_decision",
    "linear_score",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a package says of inputs and reasons beside its model: words of reason codes, ranges, first case."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    specials: Mapping[str, tuple[tuple[float | str, str], ...]] = field(default_factory=dict)
    example: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of the sheet, from 1: where the inputs begin, and the cell of the number of inputs that are no numbers."""

    first_input: int
    status: str

    def input(self, place: int) -> tuple[str, int]:
        """Column and row of the cell of an input."""
        return "D", self.first_input + place


def grid_of(calculation: Calculation) -> Grid:
    """Where the inputs stand, which depends on how many results stand above them."""
    lines = 1 + (len(_main(calculation)) - 1) // 5
    return Grid(first_input=3 + 2 * lines + 4, status=f"$B${3 + 2 * lines + 1}")


def _main(calculation: Calculation) -> list[Published]:
    found = {one.column: one for one in calculation.published}
    return [found[name] for name in _MAIN if name in found]


def write_application(book: Book, calculation: Calculation, words: Words, values: Mapping[str, str]) -> None:
    """The sheet; `values` are addresses on the sheet of the calculation by name of the program."""
    program, grid = calculation.program, grid_of(calculation)
    sheet = book.sheet(APPLICATION)
    sheet.set_tab_color(INK)
    for column, width in enumerate((1.5, 30, 52, 20, 34, 46)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 30)
    book.text(sheet, 0, 1, program.model_name, bold=True, font_size=20, font_color=INK)
    below = f"{program.model_id}, version {program.model_version}. Model package {program.package_hash[:16]}…"
    book.text(sheet, 1, 1, f"{below} Type an application into the yellow cells; leave a cell empty where missing.")
    faults = _inputs(book, sheet, calculation, words, grid)
    _results(book, sheet, calculation, values, faults, grid)
    row = grid.first_input + len(program.inputs) + 1
    row = _reasons(book, sheet, calculation, values, faults, row)
    row = _decisions(book, sheet, calculation, values, row)
    _characteristics(book, sheet, calculation, values, row)
    cells = {one.name: "${}${}".format(*grid.input(place)) for place, one in enumerate(program.inputs)}
    name_cells(book, calculation, {name: f"'{APPLICATION}'!{cell}" for name, cell in cells.items()}, values, faults)
    sheet.freeze_panes(grid.first_input - 3, 0)
    sheet.set_selection(grid.first_input - 1, 3, grid.first_input - 1, 3)
    sheet.activate()


# ----------------------------------------------------------------------------------------------------- results
def _results(
    book: Book, sheet: Worksheet, calculation: Calculation, values: Mapping[str, str], faults: str, grid: Grid
) -> None:
    for place, one in enumerate(_main(calculation)):
        row, column = 3 + 2 * (place // 5) - 1, 1 + place % 5
        name = calculation.program.probability_name
        title = _TITLES.get(one.column) or (name[:1].upper() + name[1:]) or "Probability"
        frame = {"border": 1, "border_color": RULE, "bg_color": RESULT, "align": "center"}
        sheet.set_row(row + 1, 30)
        book.text(sheet, row, column, title, **{**frame, "bg_color": INK, "font_color": "#FFFFFF", "bold": True})
        shown = {"bold": True, "font_size": 18, "font_color": INK, "num_format": _FORMATS.get(one.column, "General")}
        book.formula(sheet, row + 1, column, f'=IF({faults}>0,"–",{values[one.name]})', **frame, **shown)
    error = next((values[one.name] for one in calculation.published if one.column == IN_ERROR), "FALSE")
    status = (
        f'=IF({faults}>0,{faults}&" input(s) below are not numbers: correct them",IF({error},'
        '"The model cannot score this application: a value that it needs is missing or out of range","Scored"))'
    )
    row = int(grid.status.split("$")[2]) - 1
    book.formula(sheet, row, 1, status, bold=True, font_color=INK)
    bad = {
        "type": "formula",
        "criteria": f'={grid.status}<>"Scored"',
        "format": book.style(font_color=WARNING, bold=True),
    }
    sheet.conditional_format(row, 1, row, 1, bad)


# ------------------------------------------------------------------------------------------------------ inputs
def _inputs(book: Book, sheet: Worksheet, calculation: Calculation, words: Words, grid: Grid) -> str:
    """The yellow cells, and what they are read as; gives the formula that counts those that are no numbers."""
    program = calculation.program
    top = grid.first_input - 2
    book.headers(sheet, top, ["Input", "Description", "Value", "Reads as", "Allowed values and special codes"], 1)
    lists = _lists(book, program, words)
    used = {name for statement in program.statements for name in read(statement)}
    for place, one in enumerate(program.inputs):
        column, row = grid.input(place)
        cell = f"${column}${row}"
        book.text(sheet, row - 1, 1, one.name, **BODY, bold=True, text_wrap=True)
        note = one.description + ("" if one.name in used else " (no result of this workbook reads it)")
        book.text(sheet, row - 1, 2, note, **BODY, text_wrap=True)
        style: dict[str, Any] = {**BODY, "bg_color": INPUT, "locked": False, "font_size": 11, "align": "right"}
        if one.kind == "text":
            style |= {"num_format": "@", "align": "left"}
        book.value(sheet, row - 1, 3, words.example.get(one.name), **style)
        book.formula(
            sheet,
            row - 1,
            4,
            _reads_as(one.kind, cell, lists.get(one.name)),
            **BODY,
            font_color="#44546A",
            text_wrap=True,
        )
        book.text(sheet, row - 1, 5, _allowed(one.name, words), **BODY, text_wrap=True, font_size=9)
        _validate(sheet, row - 1, cell, one.kind, lists.get(one.name))
        sheet.set_row(row - 1, _height((one.name, 26), (note, 52), (_allowed(one.name, words), 52)))
    cells = f"$D${grid.first_input}:$D${grid.first_input + len(program.inputs) - 1}"
    sheet.conditional_format(
        cells.replace("$D", "$E"),
        {
            "type": "cell",
            "criteria": "==",
            "value": '"NOT A NUMBER"',
            "format": book.style(font_color=WARNING, bold=True),
        },
    )
    lists_sheet = book.workbook.get_worksheet_by_name(LISTS)
    numbers = [f"--AND(LEN('{APPLICATION}'!{c})>0,NOT(ISNUMBER('{APPLICATION}'!{c})))" for c in _cells(program, grid)]
    book.text(lists_sheet, 2, 7, "Inputs that are no numbers", bold=True)
    for k in range(0, max(1, len(numbers)), 60):
        part = numbers[k : k + 60] or ["0"]
        before = f"+$H${4 + k // 60 + 1}" if k + 60 < len(numbers) else ""
        book.formula(lists_sheet, 3 + k // 60, 7, "=" + "+".join(part) + before)
    return f"'{LISTS}'!$H$4"


def _height(*texts: tuple[str, int]) -> float:
    """The height of a row in points, for texts and the characters that a line of their column holds."""
    return 15.0 * max(1, max(-(-len(text) // width) for text, width in texts))


def _cells(program: Program, grid: Grid) -> list[str]:
    places = [(place, one) for place, one in enumerate(program.inputs) if one.kind == "number"]
    return ["${}${}".format(*grid.input(place)) for place, _ in places]


def _lists(book: Book, program: Program, words: Words) -> dict[str, tuple[str, str]]:
    """The sheet of categories and special codes: by input the ranges of its values and of their meanings."""
    sheet = book.sheet(LISTS)
    book.title(sheet, LISTS, "Categories that the model knows and special codes with their meaning, by input.")
    for column, width in enumerate((34, 40, 60)):
        sheet.set_column(column, column, width)
    book.headers(sheet, 2, ["Input", "Value", "Meaning"])
    sheet.freeze_panes(3, 0)
    categories: dict[str, list[str]] = {}
    for one in program.statements:
        if isinstance(one, Classify) and not one.numeric:
            known = categories.setdefault(one.input, [])
            known += [v for b in one.bins for v in b.values if v not in known]
    found, row = {}, 3
    for item in program.inputs:
        coded = list(words.specials.get(item.name, ()))
        listed: list[tuple[float | str, str]] = [(value, "category") for value in categories.get(item.name, [])]
        values = ([*listed, *coded] if item.kind == "text" else coded)[:MOST_LISTED]
        first = row + 1
        for value, meaning in values:
            book.text(sheet, row, 0, item.name)
            book.value(sheet, row, 1, value, align="left")
            book.text(sheet, row, 2, meaning)
            row += 1
        if values:
            found[item.name] = (f"'{LISTS}'!$B${first}:$B${row}", f"'{LISTS}'!$C${first}:$C${row}")
    return found


def _reads_as(kind: str, cell: str, listed: tuple[str, str] | None) -> str:
    if kind == "number":
        meaning = '"a number"'
        if listed:
            meaning = f'IFERROR("special: "&INDEX({listed[1]},MATCH({cell},{listed[0]},0)),"a number")'
        return f'=IF(LEN({cell})=0,"missing",IF(ISNUMBER({cell}),{meaning},"NOT A NUMBER"))'
    if not listed:
        return f'=IF(LEN({cell})=0,"missing","a text")'
    place = f'SUMPRODUCT(EXACT({cell}&"",{listed[0]})*(ROW({listed[0]})-ROW(INDEX({listed[0]},1))+1))'
    return f'=IF(LEN({cell})=0,"missing",IF({place}=0,"a category that is not listed",INDEX({listed[1]},{place})))'


def _allowed(name: str, words: Words) -> str:
    column = words.columns.get(name) or {}
    parts = []
    if bounds := column.get("range"):
        low, high = bounds
        parts += [f"from {low:.15G}" if high is None else f"up to {high:.15G}"] if None in (low, high) else []
        parts += [f"{low:.15G} to {high:.15G}"] if None not in (low, high) else []
    if allowed := column.get("allowed"):
        parts.append(", ".join(str(one) for one in allowed[:12]) + (" …" if len(allowed) > 12 else ""))
    for code, meaning in words.specials.get(name, ()):
        parts.append(f"{code:.15G}: {meaning}" if isinstance(code, float) else f"{code}: {meaning}")
    return "; ".join(parts)[:1000]


def _validate(sheet: Worksheet, row: int, cell: str, kind: str, listed: tuple[str, str] | None) -> None:
    if kind == "number":
        rule = {
            "validate": "custom",
            "value": f"=ISNUMBER({cell})",
            "error_title": "Not a number",
            "error_message": "Type a number, or leave the cell empty where the value is missing.",
        }
        sheet.data_validation(row, 3, row, 3, rule)
    elif listed:
        rule = {
            "validate": "list",
            "source": f"={listed[0]}",
            "error_type": "warning",
            "error_title": "Not listed",
            "error_message": "The model has not met this category: it goes into the bin of unseen ones.",
        }
        sheet.data_validation(row, 3, row, 3, rule)


# --------------------------------------------------------------------------------------------- what stands below
def _heading(book: Book, sheet: Worksheet, row: int, text: str) -> int:
    sheet.set_row(row, 20)
    book.text(sheet, row, 1, text, bold=True, font_size=13, font_color=INK)
    return row + 1


def _reasons(
    book: Book, sheet: Worksheet, calculation: Calculation, values: Mapping[str, str], faults: str, row: int
) -> int:
    found = [one for one in calculation.published if one.column.startswith("reason_")]
    if not found:
        return row
    row = _heading(book, sheet, row, "Reasons: what lowers the score most, first the greatest")
    book.headers(sheet, row, ["Reason", "In words", "Code"], 1)
    tables = [block for block in calculation.tables if block.sheet == "Reason codes"]
    for place, one in enumerate(found, start=1):
        row += 1
        code = values[one.name]
        book.text(sheet, row, 1, f"Reason {place}", **BODY, bold=True)
        text = '""'
        for block in tables:
            match = f"SUMPRODUCT(MAX(EXACT({code},{block.column(1)})*ROW({block.column(1)})))-{block.first - 1}"
            text = f'IF({match}>0,INDEX({block.column(2)},{match})&"",{text})'
        shown = f'=IF(OR({faults}>0,{code}=""),"",{text})'
        book.formula(sheet, row, 2, shown, **BODY, bg_color=RESULT, text_wrap=True)
        book.formula(sheet, row, 3, f'=IF({faults}>0,"",{code})', **BODY, bg_color=RESULT)
    return row + 2


def _decisions(book: Book, sheet: Worksheet, calculation: Calculation, values: Mapping[str, str], row: int) -> int:
    found = [one for one in calculation.published if one.column.startswith("decision:")]
    if not found:
        return row
    row = _heading(book, sheet, row, "Policy rules")
    book.headers(sheet, row, ["Rule", "What it does", "Applies"], 1)
    notes = {getattr(one, "name", ""): getattr(one, "note", "") for one in calculation.program.statements}
    for one in found:
        row += 1
        book.text(sheet, row, 1, one.column.split(":", 1)[1], **BODY, bold=True)
        book.text(sheet, row, 2, notes.get(one.name, ""), **BODY, text_wrap=True)
        cell = values[one.name]
        book.formula(sheet, row, 3, f'=IF({cell}="","",IF({cell},"yes","no"))', **BODY, bg_color=RESULT)
    return row + 2


def _characteristics(
    book: Book, sheet: Worksheet, calculation: Calculation, values: Mapping[str, str], row: int
) -> None:
    """One row a classed characteristic: its value, bin, weight of evidence and points."""
    classed = [one for one in calculation.program.statements if isinstance(one, Classify) and one.name in values]
    if not classed:
        return
    picks: dict[str, dict[str, Pick]] = {}
    for one in calculation.program.statements:
        if isinstance(one, Pick) and one.name in values:
            kind = "points" if one.note.startswith("points") else "woe"
            picks.setdefault(one.bin, {})[kind] = one
    row = _heading(book, sheet, row, "Characteristics: where the application falls")
    book.headers(sheet, row, ["Characteristic", "Bin", "Value", "Weight of evidence", "Points"], 1)
    first = row + 1
    for one in classed:
        row += 1
        labels = calculation.bins[one.name].column(1)
        book.text(sheet, row, 1, one.input, **BODY, bold=True, text_wrap=True)
        book.formula(sheet, row, 2, f"=INDEX({labels},{values[one.name]}+1)", **BODY, text_wrap=True)
        shown = f'=IF({values[one.input]}="","missing",{values[one.input]})'
        book.formula(sheet, row, 3, shown, **BODY, align="right", num_format="General")
        for column, kind, form in ((4, "woe", "0.0000"), (5, "points", "0.00")):
            pick = picks.get(one.name, {}).get(kind)
            if pick is None:
                book.value(sheet, row, column, None, **BODY)
            else:
                book.formula(sheet, row, column, f"={values[pick.name]}", **BODY, num_format=form, bg_color=PALE)
    bar = {"type": "data_bar", "bar_color": "#8FB08C", "bar_negative_color": "#C98A8A", "bar_solid": True}
    sheet.conditional_format(first, 5, row, 5, bar)
