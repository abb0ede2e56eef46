"""Make the data of scorecards/portfolio_behaviour anew: `python scripts/portfolio_behaviour.py [FOLDER]`.

Two files from one call of the portfolio simulator, the same bytes each time: accounts.csv.gz, a row each booked account
as it was at opening, and history.csv.gz, a row each account and month.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pandas as pd

from credit_risk.datasets import simulate_portfolio

FOLDER = Path(__file__).resolve().parents[1] / "scorecards" / "portfolio_behaviour"
CALL = {
    "applicants": 11_000,
    "bad_rate": 0.3,
    "months": 24,
    "start": "2018-01",
    "history_months": 42,
    "follow_up": 30,
    "repeat_share": 0.1,
    "seed": 20261121,
}
OPENING = (
    *("account_id", "opened", "amount", "term_months", "purpose", "channel", "bureau_score", "income", "utilisation"),
    *("months_at_job", "inquiries_6m", "delinquencies_24m", "housing", "employment", "sex", "age_band"),
)
MONTHLY = ("account_id", "client_id", "month", "months_on_book", "days_past_due", "past_due", "balance", "state")
NAMES = {"application_id": "account_id", "applicant_id": "client_id", "amount_requested": "amount"}


def tables() -> dict[str, pd.DataFrame]:
    """Both tables by name of their file. Amounts are in whole units of currency, dates and months as text."""
    made = simulate_portfolio(**CALL)  # type: ignore[arg-type]
    booked = made.applications[made.applications["application_id"].isin(made.history["application_id"])]
    accounts = booked.rename(columns=NAMES).assign(opened=booked["application_date"].dt.strftime("%Y-%m-%d"))
    history = made.history.merge(booked[["application_id", "applicant_id"]], on="application_id", validate="m:1")
    history = history.rename(columns={**NAMES, "amount_past_due": "past_due"}).assign(
        month=history["month"].dt.strftime("%Y-%m"),
        past_due=history["amount_past_due"].round().astype("int64"),
        balance=history["balance"].round().astype("int64"),
    )
    return {"accounts": accounts[list(OPENING)], "history": history[list(MONTHLY)]}


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV: UTF-8, LF, whole numbers without a decimal point, missing is empty."""
    whole = {
        name: column.astype("Int64")
        for name, column in table.items()
        if column.dtype.kind == "f" and (column.dropna() % 1 == 0).all()
    }
    return table.assign(**whole).to_csv(index=False, lineterminator="\n").encode("utf-8")


def main(folder: Path = FOLDER) -> None:
    """Write both files, compressed without name or time."""
    for name, table in tables().items():
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(csv_bytes(table), 9, mtime=0))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
