"""Make the data of scorecards/through_the_door anew: `python scripts/through_the_door.py [FOLDER]`.

One file from one call of the portfolio simulator, the same bytes each time: applications.csv.gz, a row each application
through the door. Selection is at random given what is on record, and the index of the outcome holds a square that a
model linear in the drivers leaves out. How rejected applicants would have turned out is known to the simulator and left
out of the file.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pandas as pd

from credit_risk.datasets import simulate_portfolio

FOLDER = Path(__file__).resolve().parents[1] / "scorecards" / "through_the_door"
CALL = {
    "applicants": 10_000,
    "selection": "mar_misspecified",
    "instrument": True,
    "acceptance_rate": 0.48,
    "bad_rate": 0.25,
    "months": 24,
    "start": "2022-01",
    "history_months": 0,
    "follow_up": 12,
    "seed": 20261127,
}
DECIDED = ("applicant_id", "old_score", "system_decision", "decision", "override")


def applications() -> pd.DataFrame:
    """Every application; `bad` is empty where no account was booked. Dates as text."""
    made = simulate_portfolio(**CALL)  # type: ignore[arg-type]
    table = made.applications.drop(columns=list(DECIDED))
    table = table.assign(application_date=table["application_date"].dt.strftime("%Y-%m-%d"))
    bad = made.outcomes[["application_id", "bad"]]
    return table.merge(bad, on="application_id", how="left", validate="one_to_one")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV: UTF-8, LF, whole numbers without a decimal point, missing is empty."""
    whole = {
        name: column.astype("Int64")
        for name, column in table.items()
        if column.dtype.kind in "fi" and (column.dropna() % 1 == 0).all()
    }
    return table.assign(**whole).to_csv(index=False, lineterminator="\n").encode("utf-8")


def main(folder: Path = FOLDER) -> None:
    """Write the file, compressed without name or time."""
    data = gzip.compress(csv_bytes(applications()), 9, mtime=0)
    (folder / "applications.csv.gz").write_bytes(data)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
