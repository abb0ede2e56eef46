"""The tables of an inventory as CSV, Excel and JSON. No cell of a spreadsheet is ever a formula."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault
from credit_risk._core.extras import optional_import
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.view.tables import Cell, Table

KINDS = (".csv", ".xlsx", ".json")
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may take a text for a formula by, in full width too."""
WIDE = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
LONGEST_CELL = 32_767


def write_tables(tables: Sequence[Table], out: Path, as_of: str) -> list[Path]:
    """Write by the ending of `out`: `.csv` (the first table; the others beside it as NAME.TABLE.csv), `.xlsx` (a sheet
    each), `.json` (one document). Each file appears whole or not at all. Raises InventoryError.
    """
    out = Path(out)
    if out.suffix == ".csv":
        first, *others = tables
        files = {out: csv_bytes(first)} | {out.with_suffix(f".{one.name}.csv"): csv_bytes(one) for one in others}
    elif out.suffix == ".xlsx":
        files = {out: workbook_bytes(tables, as_of)}
    elif out.suffix == ".json":
        files = {out: json_bytes(tables, as_of)}
    else:
        raise InventoryError(Fault("unknown kind of file", "output_kind", str(out), allowed=", ".join(KINDS)))
    for path, data in files.items():
        write_whole(path, data)
    return list(files)


def write_whole(path: Path, data: bytes) -> None:
    """Write beside and rename. Raises InventoryError where the disk does not take it."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InventoryError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(path))) from error


def csv_bytes(table: Table) -> bytes:
    """RFC 4180 in UTF-8 with a mark of it, so that spreadsheets read the letters; texts made harmless by `harmless`."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(table.columns)
    writer.writerows([harmless(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")


def harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith((*STARTERS, *WIDE)):
        return f"'{cell}"
    return cell


def json_bytes(tables: Sequence[Table], as_of: str) -> bytes:
    """One object: the day, and a list of objects for each table."""
    rows = {one.name: [dict(zip(one.columns, row, strict=True)) for row in one.rows] for one in tables}
    return canonical_json.to_bytes({"format": "credit-risk-inventory", "format_version": "0.1", "as_of": as_of, **rows})


def workbook_bytes(tables: Sequence[Table], as_of: str) -> bytes:
    """A sheet for each table; texts are written as texts. Raises InventoryError where a text is too long for a cell."""
    xlsxwriter = optional_import("xlsxwriter", "exports")
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"created": datetime.fromisoformat(as_of)})
    bold = book.add_format({"bold": True, "bottom": 1})
    faults = []
    for table in tables:
        sheet = book.add_worksheet(table.name)
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column, bold)
        for number, row in enumerate(table.rows, 1):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    if len(cell) > LONGEST_CELL:
                        told = {"allowed": f"at most {LONGEST_CELL:,} characters", "remedy": "export to JSON or CSV"}
                        faults.append(
                            Fault("is too long for a cell", "cell", table.name, table.columns[place], number, **told)
                        )
                    else:
                        sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write_number(number, place, cell)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
        sheet.set_column(0, len(table.columns) - 1, 18)
    book.close()
    if faults:
        raise InventoryError(faults)
    return stream.getvalue()
