"""Small tables of applicants through the door, whose outcome is known where they were accepted and booked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PLAN = """\
model: {id: door}
data: {source: table.csv, key: ID, date: MONTH}
outcome:
  column: BAD
  bad: 1
  missing: exclude
  status:
    column: STATUS
    values: {booked: booked, not taken up: not_taken_up, withdrawn: withdrawn, rejected: rejected}
samples: {out_of_time: {after: "2020-09-30"}}
models:
  - {id: scorecard, type: scorecard, champion: true}
  - {id: boosting, type: monotone_boosting, trees: 5, depth: 2}
"""


def applicants(rows: int = 1500, seed: int = 5) -> pd.DataFrame:
    """Applicants with three characteristics, a branch that is lenient or strict, a status, and BAD where booked."""
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(8, 0.5, rows).round(1), rng.integers(18, 75, rows)
    housing = rng.choice(["own", "rent", "other"], rows, p=[0.5, 0.35, 0.15])
    branch = rng.choice(["strict", "usual", "lenient"], rows)
    month = rng.choice(pd.date_range("2020-01-01", "2020-12-01", freq="MS").strftime("%Y-%m-%d"), rows)
    risk = -1.1 - 1.2 * (np.log(income) - 8) - 0.03 * (age - 45) + 0.9 * (housing == "rent")
    bad = rng.random(rows) < 1 / (1 + np.exp(-risk))
    lean = np.select([branch == "strict", branch == "lenient"], [0.8, -0.8])
    rejected = rng.random(rows) < 1 / (1 + np.exp(-(0.6 + risk + lean)))
    away = rng.random(rows)
    status = np.where(rejected, "rejected", np.where(away < 0.06, "not taken up", "booked"))
    status = np.where(away > 0.97, "withdrawn", status)
    return pd.DataFrame(
        {
            "ID": np.arange(1, rows + 1),
            "MONTH": month,
            "INCOME": income,
            "AGE": age,
            "HOUSING": housing,
            "BRANCH": branch,
            "STATUS": status,
            "BAD": pd.Series(np.where(status == "booked", bad.astype(float), np.nan)).astype("Int64"),
        }
    )


def write(folder: Path, more: str = "", table: pd.DataFrame | None = None, plan: str = PLAN) -> Path:
    """plan.yaml with the lines `more`, and table.csv, in `folder`; the path of the plan."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(plan + more, "utf-8")
    (applicants() if table is None else table).to_csv(folder / "table.csv", index=False, lineterminator="\n")
    return folder / "plan.yaml"
