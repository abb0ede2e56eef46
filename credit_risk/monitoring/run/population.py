"""Whether production is held against the right population, where a package infers the outcome of those it rejected."""

from __future__ import annotations

import pandas as pd

from credit_risk.monitoring.development import APPLICANTS, APPLICANTS_FILE
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.run.verdict import AMBER, GREY, VERDICT_COLUMNS
from credit_risk.package import Package

AREA = "population compared"
REMEDY = "hold it against all applicants of development: --population applicants"


def population_notice(package: Package, population: str, decisions: pd.DataFrame | str) -> tuple[str, str] | None:
    """Verdict and words where the package knows all applicants of development, and production is held against booked
    accounts; None where nothing is to be said.

    Amber where production holds applicants who were declined: then score and characteristics differ from booked
    accounts without any drift. Grey where decisions are not known. None where nobody was declined, or the package knows
    no applicants.
    """
    if population == APPLICANTS or APPLICANTS_FILE not in package.manifest["files"]:
        return None
    told = "development is its rows with an outcome, though the package knows everybody who applied"
    if isinstance(decisions, str):
        return GREY, f"{told}: if production holds those who were declined too, it differs without drift; then {REMEDY}"
    own = decisions[(decisions["measure"] == "approval_rate") & (decisions["segment"] == ALL)]
    if (own["rate"] < 1.0).any():
        return AMBER, f"{told}, and production holds declined ones: it differs without drift; {REMEDY}"
    return None


def with_notice(verdict: pd.DataFrame, notice: tuple[str, str] | None, period: str | None) -> pd.DataFrame:
    """VERDICT_COLUMNS with a row of the notice first."""
    if notice is None:
        return verdict
    row = pd.DataFrame([(AREA, period, *notice)], columns=VERDICT_COLUMNS)
    return pd.concat([row, verdict], ignore_index=True)
