"""A live split that the plan declares: assignment held against the hash, numbers against shares, arms against each
other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from credit_risk.monitoring.challenger.arms import ARM_COLUMNS, arms_table
from credit_risk.monitoring.challenger.assignment import (
    MISMATCH,
    REPRODUCED_COLUMNS,
    SPLIT_COLUMNS,
    split_table,
    two_arms,
)
from credit_risk.monitoring.challenger.looks import CHAMPION
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.arm_rows import ArmRows, arm_rows, by_hash
from credit_risk.monitoring.run.settings import Settings, held
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.spec import ChallengersSpec

NO_SPLIT = "the plan declares no live split (monitoring.challengers.share)"
LIVE_COLUMNS = [*SPLIT_COLUMNS, "logged_rows", "differing", "first_differing"]
"""rows: applicants of the arm, each once; logged_rows: rows whose arm was logged, differing: those that the hash puts
into another arm; verdict of a word that is no arm: `NO_ARM`."""
OUTCOME_COLUMNS = [*ARM_COLUMNS, "decided", "approved", "approval_rate", "approval_lower", "approval_upper"]
NO_ARM, UNTESTED = "no arm of the split", "not tested"
OF_PSEUDONYMS = (
    "a log holds pseudonyms, and arms are by the applicants themselves: name a column for them "
    "(monitoring.challengers.arm), and score with --arms"
)
AS_LOGGED = (
    "arms are those that were logged; they cannot be assigned again, since production does not hold what they were "
    "assigned by"
)
ROWS = "applicants are not known: rows are counted, and their numbers are not tested against the declared shares"
LOOKS = (
    "bounds and p-value of the difference between the arms hold at all runs together, however often they are looked at "
    "(normal mixture, tightest where the difference has the planned error, {error:g})"
)


@dataclass(frozen=True, slots=True)
class Live:
    """Frames, or why there is none: LIVE_COLUMNS and OUTCOME_COLUMNS; warning: what is wrong with the split, if any."""

    split: pd.DataFrame | str
    arms: pd.DataFrame | str
    warning: str | None = None

    def area(self, periods: Sequence[str]) -> dict[str, pd.DataFrame | str]:
        """The split as an area of the verdict, red where it is not as declared; nothing where the plan has none."""
        if isinstance(self.split, str):
            return {} if self.split == NO_SPLIT else {"split": self.split}
        row = (max(periods), "green" if self.warning is None else "red", self.warning)
        return {"split": pd.DataFrame([row], columns=["period", "verdict", "reason"])}


def live_split(source: SqlSource, settings: Settings, late: bool, words: Words) -> Live:
    """The split of the plan over all months: arms as logged, else by hash of the applicant (or of the key)."""
    spec = settings.spec.challengers
    if spec is None or spec.share is None or spec.salt is None or spec.live is None:
        return Live(NO_SPLIT, NO_SPLIT)
    lacking = _lacking(source, spec, settings)
    if lacking is not None:
        return Live(lacking, lacking)
    split = two_arms(spec.salt, spec.share, CHAMPION, spec.live)
    with TemporaryDirectory(prefix="credit-risk-") as place:
        rows = arm_rows(source, spec, split, settings, late, words, Folder(Path(place)))
        if not rows.seen:
            return Live(*(f"no row has an arm of the split ({', '.join(split.shares)})",) * 2)
        told = pd.DataFrame(columns=REPRODUCED_COLUMNS) if spec.arm is None else rows.reproduced()
        table = _joined(split_table(rows.applicants(), split), told)
        if not by_hash(source, settings):
            table = _as_logged(table, known=settings.applicant is None)
        table.attrs["notes"] = _notes(spec, settings, source, rows.nameless)
        return Live(table, _outcomes(rows, settings, spec, late), _warning(table))


def _lacking(source: SqlSource, spec: ChallengersSpec, settings: Settings) -> str | None:
    """Why the arms of rows cannot be told; None where they can."""
    if spec.arm is not None:
        if held(source, spec.arm):
            return None
        remedy = "; score with --arms" if source.pseudonymous else ""
        return f"production does not hold the column {spec.arm!r}{remedy}"
    if by_hash(source, settings):
        return None
    if source.pseudonymous:
        return OF_PSEUDONYMS
    return f"production does not hold the column {settings.applicant!r}, by which applicants have their arm"


def _as_logged(table: pd.DataFrame, *, known: bool) -> pd.DataFrame:
    """The table of rows whose arms were logged and cannot be assigned again; `known`: each is an applicant of its own,
    else their numbers are not tested against the shares."""
    told = table.assign(differing=None, first_differing=None)
    if known:
        return told
    declared = table["verdict"] != NO_ARM
    return told.assign(statistic=np.nan, p_value=np.nan, verdict=table["verdict"].where(~declared, UNTESTED))


def _joined(table: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Shares of the arms beside what was reproduced, and a row each word that is no arm."""
    by = told.set_index("arm")
    rows = by["rows"].to_dict()
    other = [name for name in rows if name not in set(table["arm"])]
    strange = pd.DataFrame({"arm": other, "verdict": NO_ARM}, columns=SPLIT_COLUMNS)
    found = pd.concat([table, strange], ignore_index=True) if other else table
    return found.assign(
        logged_rows=[rows.get(arm) for arm in found["arm"]],
        differing=[by["differing"].to_dict().get(arm) for arm in found["arm"]],
        first_differing=[by["first_differing"].to_dict().get(arm) for arm in found["arm"]],
    )[LIVE_COLUMNS]


def _notes(spec: ChallengersSpec, settings: Settings, source: SqlSource, nameless: int) -> tuple[str, ...]:
    if not by_hash(source, settings):
        return (AS_LOGGED, *((ROWS,) if settings.applicant is not None else ()), *_of_nameless(nameless))
    by = f"the column {settings.applicant!r}" if held(source, settings.applicant) else "the key of the row"
    told = [
        f"arm: the first 8 bytes of SHA-256 of the salt, a zero byte and {by}, as a number: below 2^64 times the share "
        "it is the challenger's, else the champion's; applicants count once",
        "arms are those that were logged" if spec.arm is not None else "arms are those of the hash: none were logged",
    ]
    return (*told, *_of_nameless(nameless))


def _of_nameless(nameless: int) -> tuple[str, ...]:
    return (f"{nameless} rows without an identifier have no arm",) if nameless else ()


def _warning(table: pd.DataFrame) -> str | None:
    told = []
    if (table["verdict"] == MISMATCH).any():
        p_value = float(table["p_value"].dropna().iloc[0])
        told.append(f"sample ratio mismatch (p {p_value:.2g}): applicants were lost or assigned otherwise")
    wrong = int(table["differing"].fillna(0).sum())
    if wrong:
        told.append(f"{wrong} rows were logged in another arm than the hash gives")
    return "; ".join(told) or None


def _outcomes(rows: ArmRows, settings: Settings, spec: ChallengersSpec, late: bool) -> pd.DataFrame | str:
    """OUTCOME_COLUMNS: bad rate of the accounts of each arm, and how many it approved."""
    if not late or settings.window is None or not settings.binary:
        return "the arms are compared by their outcomes, and none were given"
    if CHAMPION not in rows.seen:
        return "no row is of the champion's arm"
    rates = rows.rates(float(settings.window))
    if CHAMPION not in rates:
        return "the champion's arm has no account"
    level = settings.spec.significance if spec.error is None else spec.error
    found = arms_table(rates, CHAMPION, settings.least, level, spec.planned_error)
    rates_of = [rows.approval(arm) for arm in found["arm"]]
    found["decided"] = [one.rows or np.nan for one in rates_of]
    found["approved"] = [one.events if one.rows else np.nan for one in rates_of]
    found["approval_rate"] = [one.value for one in rates_of]
    found["approval_lower"] = [one.lower for one in rates_of]
    found["approval_upper"] = [one.upper for one in rates_of]
    found.attrs["notes"] = (LOOKS.format(error=spec.planned_error),)
    return found[OUTCOME_COLUMNS]
