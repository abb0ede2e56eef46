"""Looks at challengers that were scored in shadow, each with what was known on its day, and what the rules then say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.monitoring.challenger.looks import LOOK_COLUMNS, open_looks, outcomes_as_of
from credit_risk.monitoring.challenger.recommendation import challenger_measures, recommend
from credit_risk.monitoring.challenger.shadow import Accepted, shadow_comparison
from credit_risk.monitoring.performance.calibration import calibration_level
from credit_risk.monitoring.performance.labels import label_outcomes
from credit_risk.monitoring.run.compared import challengers_of
from credit_risk.monitoring.run.labelled import OUTCOMES
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.source import SqlSource
from credit_risk.package import Package
from credit_risk.strategy.redeployment import Rules

PLANNED_ERROR = 0.01
"""Error of the difference in AUC at which the boundary that holds at any time is tightest."""
RECOMMENDED_COLUMNS = ["challenger", "verdict", "reasons", "warnings"]
NO_LOOK = "no look is evaluable yet"
NO_RULES = "the plan states no rules of redeployment (strategy.redeployment)"


@dataclass(frozen=True, slots=True)
class Looked:
    """Frames, or why there is none: LOOK_COLUMNS with `challenger` first, and RECOMMENDED_COLUMNS."""

    looks: pd.DataFrame | str
    recommendations: pd.DataFrame | str


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of all months: days, probabilities of champion and challenger, and who was accepted at random."""

    days: pd.DataFrame
    champion: NDArray[np.float64]
    challenger: NDArray[np.float64]
    random: NDArray[np.bool_] | None


def looked(package: Package, source: SqlSource, settings: Settings, late: bool) -> Looked:
    """Looks by the months that the plan names, always valid, so that a run between two of them does no harm."""
    names = challengers_of(source)
    if not names:
        return Looked(*("production holds no challenger that was scored in shadow",) * 2)
    if not late or settings.window is None:
        return Looked(*("a comparison needs outcomes, and their window",) * 2)
    looks, advised = [], []
    rules = _rules(package)
    for identifier, column in names.items():
        rows = _rows(source, column, settings)
        taken = [one for day in _days(rows, settings) if (one := _look(rows, day, settings)) is not None]
        fallen = [one for place, one in enumerate(taken) if _is_new(one, taken[:place])]
        if not fallen:
            continue
        frame = open_looks(
            [one["difference"] for one in fallen],
            [one["standard_error"] for one in fallen],
            PLANNED_ERROR,
            at=[one["at"] for one in fallen],
            significance=settings.spec.significance,
        )
        looks.append(frame[LOOK_COLUMNS].assign(challenger=identifier))
        if rules is not None:
            last = pd.DataFrame([fallen[-1]])
            measures = challenger_measures(last, fallen[-1]["level"], looks=frame)
            advised.append(recommend(identifier, rules, measures, last, frame).frame())
    return Looked(
        pd.concat(looks, ignore_index=True) if looks else NO_LOOK,
        NO_RULES if rules is None else pd.concat(advised, ignore_index=True) if advised else NO_LOOK,
    )


def _rules(package: Package) -> Rules | None:
    spec = (package.plan.get("strategy") or {}).get("redeployment")
    if spec is None:
        return None
    accept, reject = ({k: v for k, v in spec[name].items() if v is not None} for name in ("auto_accept", "reject"))
    return Rules(accept, reject, spec["accepts_only"])


def _rows(source: SqlSource, column: str, settings: Settings) -> _Rows:
    spec = settings.spec.challengers
    random = spec.random_accepts if spec is not None else None
    held = random is not None and random in source.columns
    wanted = ["_time", *OUTCOMES, "probability", column, *([str(random)] if held else [])]
    frames = [source.rows(period, wanted).to_pandas() for period in source.periods]
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[np.isfinite(frame["probability"]) & np.isfinite(frame[column])].reset_index(drop=True)
    by_chance = (frame[str(random)].to_numpy() == 1) if held else None
    p, q = frame["probability"].to_numpy(np.float64), frame[column].to_numpy(np.float64)
    return _Rows(frame[["_time", *OUTCOMES]], p, q, by_chance)


def _days(rows: _Rows, settings: Settings) -> list[pd.Timestamp]:
    """Ends of months from the first decision to the last day that accounts were looked at."""
    spec = settings.spec.challengers
    step, most = (spec.months_between_looks, spec.looks) if spec is not None else (1, 60)
    until = pd.to_datetime(rows.days["observed_until"], utc=True).max()
    if pd.isna(until):
        return []
    first = pd.to_datetime(rows.days["_time"], utc=True).min()
    ends = pd.date_range(first.normalize(), until, freq="ME")
    return list(ends[step - 1 :: step][:most])


def _look(rows: _Rows, day: pd.Timestamp, settings: Settings) -> dict[str, Any] | None:
    """The comparison with what was known on a day, None where it is not evaluable."""
    assert settings.window is not None
    known = rows.days
    places, start, bad, until = outcomes_as_of(known["_time"], known["bad_date"], known["observed_until"], day)
    if not len(places):
        return None
    labels, _ = label_outcomes(start, bad, until, settings.window)
    if not labels.usable.any():
        return None
    accepted = Accepted() if rows.random is None else Accepted(random=rows.random[places])
    row = shadow_comparison(
        labels, rows.champion[places], rows.challenger[places], accepted, least=settings.least
    ).iloc[0]
    if row["status"] != "evaluable":
        return None
    level = calibration_level(
        labels, rows.challenger[places], asset_correlation=settings.correlation, least=settings.least
    )
    return {**row.to_dict(), "at": f"{day:%Y-%m}", "level": level}


def _is_new(look: dict[str, Any], before: list[dict[str, Any]]) -> bool:
    """Whether it knows more than every look before: information does not fall."""
    return all(look["standard_error"] < one["standard_error"] for one in before)
