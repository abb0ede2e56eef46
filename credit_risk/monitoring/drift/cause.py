"""Which change is the likeliest behind drift: the record, the applicants, or the law of default; by stated rules.

Rules, in this order, for each period and segment:

1. A rule of `quality.BREAKS` is red (missing, unseen, scaled, out of the contract ...): data_quality. What the score
   and performance do then follows from a record that is wrong and says nothing of applicants or of default.
2. Calibration moved: concept. If only the applicants had changed, P(bad | characteristics), and with it calibration by
   the score, would have stayed (Moreno-Torres and others 2012, Pattern Recognition 45, 521-530). Ranking that moved
   says so only where applicants did not: another spread of risk changes it as well.
3. A characteristic whose record is right, or the score, is beyond chance, and at or above review in this period or
   persistently (in k of the last n, so that one noisy period below the cut does not hide what the others told):
   population.
4. Otherwise none; or not_evaluable where nothing of the period could be looked at.

What else is true is told in `also`: another characteristic that moved beside a broken one, applicants beside concept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.monitoring.drift.columns import (
    CAUSE_COLUMNS,
    GREY,
    MOVED_COLUMNS,
    QUALITY_COLUMNS,
    RED,
    SCORE,
    STABILITY_COLUMNS,
)
from credit_risk.monitoring.drift.quality import BREAKS
from credit_risk.monitoring.drift.tables import require_columns

NONE, NOT_EVALUABLE = "none", "not_evaluable"
DATA_QUALITY, POPULATION, CONCEPT = "data_quality", "population", "concept"
CALIBRATION, RANKING = "calibration", "ranking"


@dataclass(frozen=True, slots=True)
class CauseRules:
    """review: index from which a characteristic counts as moved; persistent: whether it must be so in k of n periods,
    else one suffices; outputs: variables that are no characteristics."""

    review: float = 0.1
    persistent: bool = False
    outputs: tuple[str, ...] = (SCORE, "grade")


DEFAULT = CauseRules()


def likeliest_cause(
    stability: pd.DataFrame,
    quality: pd.DataFrame,
    performance: pd.DataFrame | None = None,
    rules: CauseRules = DEFAULT,
) -> pd.DataFrame:
    """CAUSE_COLUMNS from the frames of `stability_frame`, `quality_frame` and, where known, performance.

    performance: MOVED_COLUMNS; `moved` says whether calibration or ranking differs from development in size and
    beyond chance, None where outcomes are not ripe. Raises CreditRiskError where columns are absent, or a measure is
    neither calibration nor ranking.
    """
    require_columns(stability, STABILITY_COLUMNS, "stability")
    require_columns(quality, QUALITY_COLUMNS, "quality")
    known = pd.DataFrame(columns=MOVED_COLUMNS) if performance is None else performance
    require_columns(known, MOVED_COLUMNS, "performance")
    odd = sorted(set(known["measure"]) - {CALIBRATION, RANKING})
    if odd:
        allowed = f"{CALIBRATION} or {RANKING}"
        raise CreditRiskError(Fault("no such measure", "choice", path="measure", found=", ".join(odd), allowed=allowed))
    broken = quality[quality["rule"].isin(BREAKS) & (quality["verdict"] == RED)]
    lasting, now = stability["persistent"].astype(bool), stability["psi"] >= rules.review
    moved = stability[stability["beyond_chance"].astype(bool) & (lasting if rules.persistent else now | lasting)]
    tables = [dict(list(frame.groupby(["period", "segment"]))) for frame in (stability, broken, moved, known)]
    keys = sorted(set(tables[0]) | set(tables[1]) | set(tables[3]))
    rows = [_cause(key, [table.get(key) for table in tables], rules) for key in keys]
    return pd.DataFrame(rows, columns=CAUSE_COLUMNS)


def _cause(key: tuple[Any, ...], tables: Sequence[pd.DataFrame | None], rules: CauseRules) -> tuple[Any, ...]:
    stability, broken, moved, performance = tables
    faults = [] if broken is None else sorted(set(broken["variable"]))
    names = [] if moved is None else list(moved.sort_values("psi", ascending=False, kind="stable")["variable"])
    others = [name for name in names if name not in rules.outputs and name not in faults]
    score = [name for name in names if name in rules.outputs]
    calibration, ranking = _moved(performance, CALIBRATION), _moved(performance, RANKING)
    if faults:
        assert broken is not None
        told = "; ".join(f"{row.variable} {row.rule}: {row.reason}" for row in broken.itertuples(index=False))
        told += "; the score and performance follow from the record until it is right"
        return (*key, DATA_QUALITY, ", ".join(faults), POPULATION if others else "", told)
    applicants = others or score
    if calibration or (ranking and not applicants):
        which = " and ".join(name for name, own in ((CALIBRATION, calibration), (RANKING, ranking)) if own)
        where = f"while {', '.join(others)} moved as well" if others else "and no characteristic did"
        also = POPULATION if applicants else ""
        return (*key, CONCEPT, ", ".join(others), also, f"{which} moved beyond chance, {where}")
    if applicants:
        told = f"{', '.join(applicants)} at or above {rules.review:g}, now or persistently, and beyond chance"
        told += "; the record is right"
        told += _of_performance(calibration, ranking)
        return (*key, POPULATION, ", ".join(applicants), "", told)
    blind = stability is None or bool((stability["verdict"] == GREY).all())
    if blind and calibration is None and ranking is None:
        return (*key, NOT_EVALUABLE, "", "", "nothing of this period can be looked at")
    told = "nothing is at or above review and beyond chance" + _of_performance(calibration, ranking)
    return (*key, NONE, "", "", told)


def _moved(performance: pd.DataFrame | None, measure: str) -> bool | None:
    """Whether any row of the measure moved; None where none is known."""
    if performance is None:
        return None
    known = performance.loc[performance["measure"] == measure, "moved"].dropna()
    return bool(known.astype(bool).any()) if len(known) else None


def _of_performance(calibration: bool | None, ranking: bool | None) -> str:
    if calibration is None and ranking is None:
        return "; performance is not known yet, so that concept drift is not excluded"
    if ranking and not calibration:
        return "; ranking moved, which another spread of risk explains while calibration holds"
    return "; performance did not move" if calibration is not None else "; calibration is not known yet"
