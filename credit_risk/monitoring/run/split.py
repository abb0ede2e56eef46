"""A live split that the plan declares: assignment held against the hash, numbers against shares, arms against each
other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.monitoring.challenger.arms import ARM_COLUMNS, compare_arms
from credit_risk.monitoring.challenger.assignment import (
    MISMATCH,
    REPRODUCED_COLUMNS,
    SPLIT_COLUMNS,
    assign,
    check_split,
    reproduce,
    two_arms,
)
from credit_risk.monitoring.challenger.looks import CHAMPION
from credit_risk.monitoring.performance.decisions import OPEN, YES, approved_of, decision_table
from credit_risk.monitoring.performance.labels import label_outcomes
from credit_risk.monitoring.run.labelled import OUTCOMES
from credit_risk.monitoring.run.settings import Settings, held
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import DECISION, KEY, OTHER
from credit_risk.monitoring.spec import ChallengersSpec

NO_SPLIT = "the plan declares no live split (monitoring.challengers.share)"
LIVE_COLUMNS = [*SPLIT_COLUMNS, "logged_rows", "differing", "first_differing"]
"""rows: applicants of the arm, each once; logged_rows: rows whose arm was logged, differing: those that the hash puts
into another arm; verdict of a word that is no arm: `NO_ARM`."""
OUTCOME_COLUMNS = [*ARM_COLUMNS, "decided", "approved", "approval_rate", "approval_lower", "approval_upper"]
NO_ARM = "no arm of the split"
ONE_LOOK = (
    "p-values of the arms are of one look: looked at month by month they find a difference too often; the test that "
    "may be repeated is that of the looks"
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
    if spec.arm is not None and not held(source, spec.arm):
        return Live(*(f"production does not hold the column {spec.arm!r}",) * 2)
    frame = _rows(source, spec, settings, late, words)
    split = two_arms(spec.salt, spec.share, CHAMPION, spec.live)
    identifier = _identifier(frame, settings)
    known = ~pd.isna(identifier)
    right = assign(identifier[known], split)
    logged = None if spec.arm is None else frame[OTHER + spec.arm].to_numpy(object)[known]
    arms = right if logged is None else np.where(pd.isna(logged), "missing", logged)
    declared = np.isin(arms.astype(str), list(split.shares))
    if not declared.any():
        return Live(*(f"no row has an arm of the split ({', '.join(split.shares)})",) * 2)
    once = ~pd.Series(identifier[known]).duplicated().to_numpy()
    table = check_split(arms[declared & once], split)
    told = pd.DataFrame(columns=REPRODUCED_COLUMNS)
    if logged is not None:
        told = reproduce(identifier[known], arms, split)
    table = _joined(table, told)
    table.attrs["notes"] = _notes(spec, settings, source, len(known) - int(known.sum()))
    return Live(table, _outcomes(frame[known][declared], arms[declared], settings, late, words), _warning(table))


def _rows(source: SqlSource, spec: ChallengersSpec, settings: Settings, late: bool, words: Words) -> pd.DataFrame:
    known = late and settings.window is not None
    decided = [DECISION] if DECISION in source.columns and words.declared else []
    asked = [KEY, *(["_time", *OUTCOMES] if known else []), *decided, *held(source, spec.arm, settings.applicant)]
    frames = [source.rows(period, list(dict.fromkeys(asked))).to_pandas() for period in source.periods]
    return pd.concat(frames, ignore_index=True)


def _identifier(frame: pd.DataFrame, settings: Settings) -> np.ndarray:
    column = OTHER + str(settings.applicant)
    return frame[column if column in frame else KEY].to_numpy(object)


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
    by = f"the column {settings.applicant!r}" if held(source, settings.applicant) else "the key of the row"
    told = [
        f"arm: the first 8 bytes of SHA-256 of the salt, a zero byte and {by}, as a number: below 2^64 times the share "
        "it is the challenger's, else the champion's; applicants count once",
        "arms are those that were logged" if spec.arm is not None else "arms are those of the hash: none were logged",
    ]
    return (*told, *((f"{nameless} rows without an identifier have no arm",) if nameless else ()))


def _warning(table: pd.DataFrame) -> str | None:
    told = []
    if (table["verdict"] == MISMATCH).any():
        p_value = float(table["p_value"].dropna().iloc[0])
        told.append(f"sample ratio mismatch (p {p_value:.2g}): applicants were lost or assigned otherwise")
    wrong = int(table["differing"].fillna(0).sum())
    if wrong:
        told.append(f"{wrong} rows were logged in another arm than the hash gives")
    return "; ".join(told) or None


def _outcomes(
    frame: pd.DataFrame, arms: np.ndarray, settings: Settings, late: bool, words: Words
) -> pd.DataFrame | str:
    """OUTCOME_COLUMNS: bad rate of the accounts of each arm, and how many it approved."""
    if not late or settings.window is None or not settings.binary:
        return "the arms are compared by their outcomes, and none were given"
    names = arms.astype(str)
    if CHAMPION not in set(names):
        return "no row is of the champion's arm"
    labels, _ = label_outcomes(frame["_time"], frame["bad_date"], frame["observed_until"], settings.window)
    named = OTHER + str(settings.applicant)
    labels = labels.of_applicants(frame[named].to_numpy(object) if named in frame else None)
    booked = np.ones(len(frame), bool)
    rates = {}
    if DECISION in frame:
        done = approved_of(frame[DECISION].to_numpy(object), words.approved, words.declined).approved
        booked = done == YES
        table = decision_table(done[done != OPEN], segments={"arm": names[done != OPEN]}, least_rows=1)
        rates = {row["segment"].removeprefix("arm="): row for row in table.to_dict("records")}
    if not (booked & (names == CHAMPION)).any():
        return "the champion's arm has no account"
    found = compare_arms(labels.part(booked), names[booked], CHAMPION, least=settings.least)
    for column, name in (
        ("decided", "rows"), ("approved", "events"), ("approval_rate", "rate"),
        ("approval_lower", "lower"), ("approval_upper", "upper"),
    ):  # fmt: skip
        found[column] = [rates[arm][name] if arm in rates else np.nan for arm in found["arm"]]
    found.attrs["notes"] = (ONE_LOOK,)
    return found[OUTCOME_COLUMNS]
