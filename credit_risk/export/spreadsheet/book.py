"""Workbooks by XlsxWriter: doubles to the last bit, no stored results, texts that are never read as formulas."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import CellFormulaTuple, Worksheet

from credit_risk._core.characters import fits_xml
from credit_risk._core.errors import Fault, PackageError

MOST_TEXT = 32_767
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
INK, PALE, RULE = "#1F3864", "#EAF0F8", "#B7C3D6"
INPUT, RESULT, WARNING = "#FFF4CE", "#DCEBDD", "#9C0006"
_EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - the date of every file of the product, in no zone
_CONTROLS = {chr(code) for code in range(32)}


class ExactSheet(Worksheet):
    """Numbers with all digits (XlsxWriter writes 16), and formulas without a result, so that programs calculate."""

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        marks = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{marks}><v>{float(number)!r}</v></c>")

    def _xml_formula_element(self, formula: str, result: Any, attributes: Any = ()) -> None:
        del result
        marks = "".join(f' {key}="{value}"' for key, value in attributes if key != "t")
        self.fh.write(f"<c{marks}><f>{self._escape_data(formula)}</f></c>")

    def fill(self, row: int, column: int, formulas: Sequence[str], style: Format | None = None) -> None:
        """Formulas that differ in the rows they read alone, from `row` downwards.

        XlsxWriter looks in each for thirty functions that it would rename, which takes most of the time; here it looks
        at the first, and the others are taken as they are where that one was.
        """
        as_given = False
        for place, formula in enumerate(formulas):
            if 0 < place < len(formulas) - 1 and as_given:
                self.table[row + place][column] = CellFormulaTuple(formula.removeprefix("="), style, 0)
                continue
            self.write_formula(row + place, column, formula, style)
            as_given = self.table[row + place][column] == CellFormulaTuple(formula.removeprefix("="), style, 0)


class Book:
    """A workbook in memory: sheets, styles, and cells by kind. Rows and columns count from 0, as in XlsxWriter."""

    def __init__(self, title: str, subject: str) -> None:
        self._bytes = io.BytesIO()
        self.workbook = Workbook(self._bytes, {"in_memory": True, "strings_to_formulas": False})
        self.workbook.set_properties({"title": _shown(title), "subject": _shown(subject), "created": _EPOCH})
        self.workbook.set_calc_mode("auto")
        self._styles: dict[tuple[tuple[str, Any], ...], Format] = {}
        self.faults: list[Fault] = []

    def sheet(self, name: str, *, protected: bool = True, landscape: bool = True) -> ExactSheet:
        """A new sheet, printed on A4 as wide as the page, protected without a password."""
        sheet = self.workbook.add_worksheet(name, worksheet_class=ExactSheet)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.set_footer("&L&8&F&C&8&A&R&8Page &P of &N")
        if protected:
            allowed = {"format_columns": True, "format_rows": True, "select_locked_cells": True, "autofilter": True}
            sheet.protect("", allowed)
        return sheet

    def style(self, **properties: Any) -> Format:
        """The style of some properties; the same ones are one style."""
        key = tuple(sorted({"font_name": "Calibri", "font_size": 10, "valign": "vcenter", **properties}.items()))
        if key not in self._styles:
            self._styles[key] = self.workbook.add_format(dict(key))
        return self._styles[key]

    def text(self, sheet: Worksheet, row: int, column: int, text: str, **style: Any) -> None:
        """A cell of text, whatever it begins with."""
        if len(text) > MOST_TEXT or not fits_xml("".join(c for c in text if c not in _CONTROLS)):
            shown = f"{text[:40]!r}…" if len(text) > 40 else repr(text)
            message = f"a cell of a workbook cannot hold the text {shown}"
            allowed = f"at most {MOST_TEXT:,} characters, none of them U+FFFE or U+FFFF"
            self.faults.append(Fault(message, code="export_unsupported", file="model.json", allowed=allowed))
            return
        if text.startswith(DANGEROUS):
            style["quote_prefix"] = True
        sheet.write_string(row, column, text, self.style(**style))

    def number(self, sheet: Worksheet, row: int, column: int, number: float, **style: Any) -> None:
        """A cell of a number, with all its digits."""
        sheet.write_number(row, column, float(number), self.style(**style))

    def formula(self, sheet: Worksheet, row: int, column: int, formula: str, **style: Any) -> None:
        """A calculated cell."""
        sheet.write_formula(row, column, formula, self.style(**style))

    def value(self, sheet: Worksheet, row: int, column: int, value: float | str | None, **style: Any) -> None:
        """A number, a text or an empty cell."""
        if value is None or value != value:
            sheet.write_blank(row, column, None, self.style(**style))
        elif isinstance(value, str):
            self.text(sheet, row, column, value, **style)
        else:
            self.number(sheet, row, column, value, **style)

    def headers(self, sheet: Worksheet, row: int, headers: Sequence[str], column: int = 0) -> None:
        """A row of headers of a table."""
        for place, text in enumerate(headers, start=column):
            self.text(sheet, row, place, text, **HEADER)

    def title(self, sheet: Worksheet, text: str, below: str = "") -> None:
        """The title of a sheet in its first row, with a line of explanation."""
        sheet.set_row(0, 24)
        self.text(sheet, 0, 0, text, bold=True, font_size=16, font_color=INK)
        if below:
            self.text(sheet, 1, 0, below, font_color="#44546A", italic=True)

    def bytes(self) -> bytes:
        """The finished file; raises PackageError with every fault of its cells."""
        if self.faults:
            raise PackageError(self.faults)
        self.workbook.close()
        return self._bytes.getvalue()


HEADER = {
    "bold": True,
    "font_color": "#FFFFFF",
    "bg_color": INK,
    "border": 1,
    "border_color": INK,
    "text_wrap": True,
    "align": "left",
}
BODY = {"border": 1, "border_color": RULE}


def _shown(text: str) -> str:
    """Text for the properties of the document: without controls, at most 255 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:255]
