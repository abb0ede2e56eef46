"""Places of tables and calculated cells on sheets: one application down a sheet, or many, one a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.spreadsheet.book import BODY, MOST_COLUMNS, MOST_ROWS, Book, ExactSheet
from credit_risk.export.spreadsheet.calculation import Calculation
from credit_risk.export.spreadsheet.formulas import Cell, Key, Place, at_row, rendered
from credit_risk.export.spreadsheet.tables import BINS, CONSTANTS, LOOKUPS, REASONS, STEPS, Block

ABOUT_TABLES = {
    BINS: "What each bin holds, with its weight of evidence and its points. From included, To not included.",
    LOOKUPS: "Where a value falls: bounds of intervals, special codes, categories. Formulas look into these tables.",
    STEPS: "Step functions and broken lines: the level from each number upwards, to the next.",
    REASONS: "Reason codes: told are those whose points lie farthest below their baseline.",
    CONSTANTS: "Numbers with more than 15 digits and texts that formulas use: formulas cannot hold them themselves.",
}
_WIDTHS = {
    BINS: (7, 34, 18, 18, 60, 20, 12),
    LOOKUPS: (44, 10),
    STEPS: (24, 24, 24),
    REASONS: (34, 24, 70, 24),
    CONSTANTS: (28, 44),
}
_TREE_WIDTHS = (7, 7, 34, 24, 13, 15, 15, 24, 24)
FIRST_ROW = 4
"""The first row of applications on a sheet of rows, from 1."""


def write_tables(book: Book, calculation: Calculation, places: Mapping[Key, Place] | None) -> None:
    """Sheets of tables; the live values at nodes of trees where `places` tells where one application stands."""
    sheets: dict[str, ExactSheet] = {}
    for block in sorted(calculation.tables, key=lambda one: _order(one.sheet)):
        if block.sheet not in sheets:
            sheets[block.sheet] = _table_sheet(book, block)
        _write_block(book, sheets[block.sheet], block)
    if places is not None:
        for node in calculation.nodes:
            formula = rendered(node.cell.formula, places, node.sheet)
            book.formula(sheets[node.sheet], node.row - 1, 8, formula, **BODY, bg_color="#F3F6FA")


def _order(sheet: str) -> tuple[int, int]:
    fixed = [BINS, LOOKUPS, STEPS, REASONS]
    if sheet in fixed:
        return fixed.index(sheet), 0
    return (9, 0) if sheet == CONSTANTS else (5, int(sheet.split()[-1]))


def _table_sheet(book: Book, block: Block) -> ExactSheet:
    sheet = book.sheet(block.sheet)
    trees = "Nodes of trees: below the number to one node, otherwise to the other. Value: of this node, live."
    book.title(sheet, block.sheet, ABOUT_TABLES.get(block.sheet, trees))
    for column, width in enumerate(_WIDTHS.get(block.sheet, _TREE_WIDTHS)):
        sheet.set_column(column, column, width)
    if not block.title:
        sheet.freeze_panes(block.top, 0)
        sheet.repeat_rows(block.top - 1)
    else:
        sheet.freeze_panes(2, 0)
    return sheet


def _write_block(book: Book, sheet: ExactSheet, block: Block) -> None:
    if block.first + len(block.rows) > MOST_ROWS:
        message = f"the sheet {block.sheet} would have more than {MOST_ROWS:,} rows"
        raise PackageError(Fault(message, code="export_unsupported", file="model.json"))
    if block.title:
        book.text(sheet, block.top - 1, 0, block.title, bold=True, font_size=12, font_color="#1F3864")
    book.headers(sheet, block.first - 2, block.headers)
    for row, values in enumerate(block.rows, start=block.first - 1):
        for column, value in enumerate(values):
            if isinstance(value, tuple):
                continue
            wrap = {"text_wrap": True} if isinstance(value, str) and column >= 2 else {}
            align = {"align": "left"} if isinstance(value, str) else {}
            book.value(sheet, row, column, value, **BODY, **wrap, **align)


@dataclass(frozen=True, slots=True)
class Rows:
    """Sheets with one application a row: where each cell stands (row open), and how many rows there are."""

    places: dict[Key, Place]
    count: int

    def address(self, key: Key, row: int) -> str:
        """The address of a cell of one application, rows counted from 0, with its sheet."""
        place = self.places[key]
        return f"'{place.sheet}'!${place.column}${FIRST_ROW + row}"


def rows_fit(calculation: Calculation) -> bool:
    """Whether the cells of one application fit into one row."""
    return len(calculation.cells) + len(calculation.program.inputs) <= MOST_COLUMNS


def write_rows(
    book: Book, calculation: Calculation, columns: Mapping[str, Sequence[float | str | None]], name: str
) -> Rows:
    """A sheet `name` of applications, one a row, with their calculation; nodes of trees on sheets beside it."""
    inputs = [one.name for one in calculation.program.inputs]
    count = len(columns[inputs[0]]) if inputs else 0
    places: dict[Key, Place] = {}
    for place, one in enumerate(inputs):
        places["input", one] = Place(name, xl_col_to_name(place), None)
    for place, cell in enumerate(calculation.cells, start=len(inputs)):
        places[cell.key] = Place(name, xl_col_to_name(place), None)
    spread = _spread(calculation, name)
    for sheet_name, cells in spread.items():
        for place, cell in enumerate(cells):
            places[cell.key] = Place(sheet_name, xl_col_to_name(place), None)
    sheet = _rows_sheet(book, name, "Applications, one a row: inputs, then every calculated value.")
    for place, one in enumerate(inputs):
        book.headers(sheet, FIRST_ROW - 2, [one], place)
        for row, value in enumerate(columns[one]):
            book.value(sheet, FIRST_ROW - 1 + row, place, value)
    _write_cells(book, sheet, name, calculation.cells, places, len(inputs), count)
    for sheet_name, cells in spread.items():
        nodes = _rows_sheet(book, sheet_name, "Nodes of trees, one application a row.")
        _write_cells(book, nodes, sheet_name, cells, places, 0, count)
    return Rows(places, count)


def _spread(calculation: Calculation, name: str) -> dict[str, list[Cell]]:
    """Nodes by the sheet that they stand on, for rows: as many sheets as their columns need."""
    found: dict[str, list[Cell]] = {}
    for node in calculation.nodes:
        found.setdefault(f"{name}, {node.sheet.lower()}", []).append(node.cell)
    cut: dict[str, list[Cell]] = {}
    for sheet, cells in found.items():
        for start in range(0, len(cells), MOST_COLUMNS):
            cut[sheet + (f" ({start // MOST_COLUMNS + 1})" if start else "")] = cells[start : start + MOST_COLUMNS]
    return cut


def _rows_sheet(book: Book, name: str, below: str) -> ExactSheet:
    sheet = book.sheet(name)
    book.title(sheet, name, below)
    sheet.freeze_panes(FIRST_ROW - 1, 0)
    return sheet


def _write_cells(
    book: Book,
    sheet: ExactSheet,
    name: str,
    cells: Sequence[Cell],
    places: Mapping[Key, Place],
    first: int,
    count: int,
) -> None:
    style = book.style()
    for column, cell in enumerate(cells, start=first):
        heading = f"{cell.name}: {cell.part}" if cell.part else cell.name
        book.headers(sheet, FIRST_ROW - 2, [heading[:1000]], column)
        formula = rendered(cell.formula, places, name)
        sheet.fill(FIRST_ROW - 1, column, [at_row(formula, FIRST_ROW + row) for row in range(count)], style)
