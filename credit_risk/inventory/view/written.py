"""An inventory as it is today, written for people: tables in a file, and one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from credit_risk.inventory.service.describing import today
from credit_risk.inventory.view.files import write_tables, write_whole
from credit_risk.inventory.view.overview import read_overview
from credit_risk.inventory.view.page import inventory_page
from credit_risk.inventory.view.tables import tables_of

if TYPE_CHECKING:
    from credit_risk.inventory.book import Inventory


def export_inventory(inventory: Inventory, out: Path | str) -> list[Path]:
    """Write models, versions, open findings, what is overdue, provisions, objectives, inputs and upstream models, by
    the ending of `out`: `.csv` (models; the others beside it as NAME.TABLE.csv), `.xlsx` (a sheet each), `.json`.

    Returns the files. Raises InventoryError: another ending, a file that cannot be written.
    """
    view, versions = read_overview(inventory, today(inventory.store))
    return write_tables(tables_of(view, versions), Path(out), view.as_of)


def write_page(inventory: Inventory, out: Path | str) -> Path:
    """Write all models and their health as one self-contained page, which names the head of the audit trail.

    Raises InventoryError where the file cannot be written.
    """
    made = inventory_page(read_overview(inventory, today(inventory.store))[0], inventory.trail.head())
    write_whole(Path(out), made.encode("utf-8"))
    return Path(out)
