"""Make a year of production of scorecards/through_the_door: `python scripts/through_the_door_year.py PACKAGE FOLDER`.

The year after development, 2024-01 to 2024-12, as a bank would hold it: FOLDER/decisions/YYYY-MM.parquet, a row each
application with the inputs, what champion and challenger gave, and what was decided; FOLDER/outcomes.parquet, a row
each account, with the day of the bad and the day to which it was looked at. Applicants are of the same simulator with
another seed. In May income arrives a hundredfold, in cents; from August on people with worse records apply. The same
package gives the same tables. They are made and not shipped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import credit_risk as cr

CALL: dict[str, Any] = {
    "applicants": 72_000,
    "selection": "mar_misspecified",
    "instrument": True,
    "acceptance_rate": 0.48,
    "bad_rate": 0.25,
    "months": 36,
    "start": "2022-01",
    "history_months": 0,
    "follow_up": 12,
    "seed": 20261128,
    "drift": (
        cr.datasets.DataQualityBreak("2024-05", "2024-05", column="income", fault="scaled", factor=100.0),
        cr.datasets.PopulationShift("2024-08", bureau=0.8, income=0.0, broker_share=0.0),
    ),
}
FIRST = "2024-01-01"
"""Before it lies development, of which the years go on: what is made of these years is left out."""
OBSERVED_UNTIL = pd.Timestamp("2025-08-31")
"""The day to which accounts were looked at: those of August have had their twelve months, those of September not."""
OVERRIDDEN = 0.02
"""Share of decisions that an underwriter turns round, evenly at random."""
DAYS_A_MONTH = 365 / 12


def decisions(package: Any, made: Any, random: np.random.Generator) -> pd.DataFrame:
    """A row each application, in order of the moment of the decision: inputs, results, decision.

    The package's scorecard decides at the cut-off of its plan, but for overrides; whoever withdrew was not decided on.
    """
    applications = made.applications
    applications = applications[applications["application_date"] >= FIRST].reset_index(drop=True)
    model = cr.compile_model(package.model)
    scored = model.score(applications)
    begin = pd.to_datetime(applications["application_date"])
    seconds = begin.dt.days_in_month.to_numpy() * 86_400
    moment = begin + pd.to_timedelta(np.floor(random.random(len(begin)) * seconds), unit="s")
    approved = scored["score"].to_numpy() >= package.plan["strategy"]["cut_off"]
    approved ^= random.random(len(approved)) < OVERRIDDEN
    decided = np.where(applications["status"] == "withdrawn", "withdrawn", np.where(approved, "accepted", "rejected"))
    columns = [item["name"] for item in package.model["inputs"]]
    table = pd.concat([applications[[*columns, "channel"]], scored[["linear_score", "probability", "score"]]], axis=1)
    for name, challenger in package.challengers.items():
        table[f"{name}_probability"] = cr.compile_model(challenger).score(applications)["probability"].to_numpy()
    table = table.assign(package=package.package_hash, decision=decided)
    table.insert(0, "decided_at", moment.dt.tz_localize("UTC"))
    table.insert(0, "application_id", applications["application_id"].astype(str))
    return table.sort_values("decided_at", kind="stable", ignore_index=True)


def outcomes(made: Any, decided: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """A row each account: accepted applications, but for those whom the simulator has not take up the loan.

    The simulator knows in which month on book each loan would fall 90 days behind, also of people whom it rejects.
    """
    truth = made.truth.assign(key=made.truth["application_id"].astype(str)).set_index("key")
    status = made.applications.assign(key=made.applications["application_id"].astype(str)).set_index("key")["status"]
    keys = decided["application_id"]
    opened = (decided["decision"] == "accepted") & (keys.map(status) != "not_taken_up")
    keys, begun = keys[opened], decided.loc[opened, "decided_at"].dt.tz_localize(None).dt.normalize()
    month = keys.map(truth["months_to_default"]).astype(float)
    days = np.floor((month - random.random(len(month))) * DAYS_A_MONTH)
    bad = begun + pd.to_timedelta(days, unit="D")
    bad = bad.where((keys.map(truth["bad"]) == 1) & (bad <= OBSERVED_UNTIL))
    table = pd.DataFrame({"key": keys, "bad_date": bad.astype("datetime64[s]"), "observed_until": OBSERVED_UNTIL})
    return table.astype({"observed_until": "datetime64[s]"}).reset_index(drop=True)


def main(package: Path, folder: Path) -> None:
    """Write decisions, a file a month, and outcomes."""
    read = cr.read_package(package)
    made = cr.datasets.simulate_portfolio(**CALL)
    random = np.random.default_rng(CALL["seed"])
    table = decisions(read, made, random)
    (folder / "decisions").mkdir(parents=True, exist_ok=True)
    for month, part in table.groupby(table["decided_at"].dt.strftime("%Y-%m")):
        part.to_parquet(folder / "decisions" / f"{month}.parquet", index=False)
    outcomes(made, table, random).to_parquet(folder / "outcomes.parquet", index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
