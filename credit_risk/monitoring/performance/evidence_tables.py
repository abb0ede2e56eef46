"""Frames of performance in the columns of evidence `monitoring.*`, with verdicts: red is material and beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.monitoring.drift.columns import AMBER, GREEN, GREY, RED
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.against_development import COMPARED_COLUMNS
from credit_risk.monitoring.performance.calibration import CALIBRATION_COLUMNS, LEVEL_COLUMNS
from credit_risk.monitoring.performance.decisions import DECISION_COLUMNS
from credit_risk.monitoring.performance.estimate import BLIND_SPOT, ESTIMATE_COLUMNS
from credit_risk.monitoring.performance.groups import groups_of
from credit_risk.monitoring.performance.labels import BAD, FAULTY, GOOD, NOT_YET, Labels
from credit_risk.monitoring.performance.objectives import MET, OBJECTIVE_COLUMNS
from credit_risk.monitoring.performance.vintages import (
    AUC,
    BAD_RATE,
    EVALUABLE,
    GINI,
    KS,
    PERFORMANCE_COLUMNS,
    reached_month,
)

MATURE, CENSORED = "mature", "censoring weights"
OF_VERDICT = {"pass": GREEN, "review": AMBER, "fail": RED}
LABEL_COLUMNS = [
    *("period", "rows", "with_outcome", "good", "bad", "not_yet", "faults", "months_observed", "mature_share", "state"),
]


@dataclass(frozen=True, slots=True)
class Cuts:
    """From where a difference is amber and red, where chance does not explain it; defaults as the catalogue of metrics.

    auc: fall of the AUC; ratio: |observed/expected - 1|; early: |bad rate/development's - 1| at the same month; rate:
    |difference| of a rate of decisions.
    """

    auc: tuple[float, float] = (0.03, 0.05)
    ratio: tuple[float, float] = (0.1, 0.25)
    early: tuple[float, float] = (0.15, 0.3)
    rate: tuple[float, float] = (0.05, 0.1)


def labels_evidence(labels: Labels, period: ArrayLike, reached: float = 0.5) -> pd.DataFrame:
    """`monitoring.labels`: of each month of decision what is known, and the month on book that it has reached.

    months_observed: median follow-up of those not bad; mature_share: good or bad, of those with an outcome.
    """
    rows = []
    for month, _, places in groups_of(len(labels), period):
        part = labels.part(places)
        known = part.usable
        counts = [int(np.sum(part.state == one)) for one in (GOOD, BAD, NOT_YET, FAULTY)]
        waiting = part.time[known & ~part.event]
        told = reached_month(part, reached)
        state = "no outcome" if told is None and not known.any() else f"month {told or 0} of {labels.window:g}"
        state = MATURE if known.any() and counts[2] == 0 else state
        observed = float(np.median(waiting)) if len(waiting) else np.nan
        share = (counts[0] + counts[1]) / int(known.sum()) if known.any() else np.nan
        rows.append((month, len(part), int(known.sum()), *counts, observed, share, state))
    return pd.DataFrame(rows, columns=LABEL_COLUMNS)


def performance_evidence(compared: pd.DataFrame, window: float, cuts: Cuts | None = None) -> pd.DataFrame:
    """`monitoring.performance` from `against_development`: a row each period, segment and horizon, measures side by
    side.

    method: `mature` where every row is known at the window, `censoring weights` where not, `month k` at an earlier
    month. A fall beyond chance is red from the second cut on and amber from the first.
    """
    require_columns(compared, COMPARED_COLUMNS, "compared")
    area, keys = compared[compared["measure"] == AUC], ["period", "segment", "horizon"]
    for name in (GINI, KS):
        own = compared[compared["measure"] == name][[*keys, "value"]].rename(columns={"value": name})
        area = area.merge(own, on=keys, how="left", validate="one_to_one")
    whole = np.where(area["not_yet"] == 0, MATURE, CENSORED)
    early = [f"month {month:g}" for month in area["horizon"]]
    beyond = area["difference_upper"] < 0
    return pd.DataFrame(
        {
            "period": area["period"],
            "segment": area["segment"],
            "method": np.where(area["horizon"] == window, whole, early),
            "rows": area["rows"],
            "bad": area["bad"],
            "effective_rows": area["effective_rows"],
            "auc": area["value"],
            "auc_lower": area["lower"],
            "auc_upper": area["upper"],
            "gini": area[GINI],
            "ks": area[KS],
            "development_auc": area["development"],
            "auc_difference": area["difference"],
            "p_value": area["p_value"],
            "verdict": _verdicts(-area["difference"], beyond, area["status"], (cuts or Cuts()).auc),
            "reason": area["reason"],
        }
    )


def level_evidence(level: pd.DataFrame, performance: pd.DataFrame, cuts: Cuts | None = None) -> pd.DataFrame:
    """`monitoring.level` from `calibration_level` and the bad rates of `performance_table` at its window.

    p_value is the one adjusted for the asset correlation.
    """
    require_columns(level, LEVEL_COLUMNS, "level")
    require_columns(performance, PERFORMANCE_COLUMNS, "performance")
    rates = performance[performance["measure"] == BAD_RATE]
    rates = rates[rates["horizon"] == rates["horizon"].max()][["period", "segment", "lower", "upper"]]
    both = level.merge(rates, on=["period", "segment"], how="left", validate="one_to_one")
    beyond = (both["ratio_lower"] > 1) | (both["ratio_upper"] < 1)
    return pd.DataFrame(
        {
            "period": both["period"],
            "segment": both["segment"],
            "rows": both["rows"],
            "bad": both["bad"],
            "bad_rate": both["observed"],
            "lower": both["lower"],
            "upper": both["upper"],
            "mean_probability": both["predicted"],
            "ratio": both["ratio"],
            "p_value": both["correlated_p_value"],
            "verdict": _verdicts((both["ratio"] - 1).abs(), beyond, both["status"], (cuts or Cuts()).ratio),
            "reason": both["reason"],
        }
    )


def month_on_book_evidence(compared: pd.DataFrame, cuts: Cuts | None = None) -> pd.DataFrame:
    """`monitoring.month_on_book` from `against_development`: bad rates at whole months that development has too."""
    require_columns(compared, COMPARED_COLUMNS, "compared")
    held = compared["development"].notna() & (compared["segment"] == ALL) & (compared["measure"] == BAD_RATE)
    own = compared[held & (compared["horizon"] % 1 == 0)]
    beyond = (own["difference_lower"] > 0) | (own["difference_upper"] < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = (own["value"] / own["development"] - 1).abs()
    return pd.DataFrame(
        {
            "period": own["period"],
            "month": own["horizon"].astype(int),
            "rows": own["rows"],
            "bad": own["bad"],
            "bad_rate": own["value"],
            "lower": own["lower"],
            "upper": own["upper"],
            "development_rate": own["development"],
            "verdict": _verdicts(apart, beyond, own["status"], (cuts or Cuts()).early),
        }
    ).reset_index(drop=True)


def calibration_evidence(calibration: pd.DataFrame, *, correlated: bool = True) -> pd.DataFrame:
    """`monitoring.calibration` from `calibration_table` over all periods and rows.

    correlated: whether the verdict is that of the p-value with the declared correlation, or Jeffreys'.
    """
    require_columns(calibration, CALIBRATION_COLUMNS, "calibration")
    own = calibration[(calibration["period"] == ALL) & (calibration["segment"] == ALL)]
    verdict = own["correlated_verdict" if correlated else "verdict"]
    return pd.DataFrame(
        {
            "by": own["scheme"],
            "group": own["group"],
            "rows": own["rows"],
            "bad": own["bad"],
            "probability": own["predicted"],
            "bad_rate": own["observed"],
            "lower": own["lower"],
            "upper": own["upper"],
            "p_value": own["jeffreys_p_value"],
            "correlated_p_value": own["correlated_p_value"],
            "correlation": own["asset_correlation"],
            "verdict": verdict.map(OF_VERDICT).fillna(GREY),
            "reason": own["reason"],
        }
    ).reset_index(drop=True)


def label_free_evidence(estimate: pd.DataFrame, performance: pd.DataFrame | None = None) -> pd.DataFrame:
    """`monitoring.label_free` from `estimate_table`, beside what `performance_table` realised where it is evaluable."""
    require_columns(estimate, ESTIMATE_COLUMNS, "estimate")
    own = estimate[estimate["segment"] == ALL]
    wide = own.pivot(index="period", columns="measure", values="estimate")
    rows = own.drop_duplicates("period").set_index("period")["rows"].reindex(wide.index)
    realised = pd.DataFrame(np.nan, index=wide.index, columns=[AUC, BAD_RATE])
    if performance is not None:
        require_columns(performance, PERFORMANCE_COLUMNS, "performance")
        seen = performance[(performance["segment"] == ALL) & (performance["status"] == EVALUABLE)]
        seen = seen[seen["horizon"] == performance["horizon"].max()]
        seen = seen.pivot(index="period", columns="measure", values="value")
        realised = seen.reindex(index=wide.index, columns=[AUC, BAD_RATE])
    found = pd.DataFrame({"rows": rows, "estimated_auc": wide[AUC], "estimated_bad_rate": wide[BAD_RATE]})
    found = found.assign(realised_auc=realised[AUC], realised_bad_rate=realised[BAD_RATE], blind_spot=BLIND_SPOT)
    return found.rename_axis("period").reset_index()


def decisions_evidence(decisions: pd.DataFrame, cuts: Cuts | None = None) -> pd.DataFrame:
    """`monitoring.decisions` from `decision_table`; grey, with the reason, where development has no such rate."""
    require_columns(decisions, DECISION_COLUMNS, "decisions")
    beyond = (decisions["difference_lower"] > 0) | (decisions["difference_upper"] < 0)
    verdict = _verdicts(decisions["difference"].abs(), beyond, decisions["status"], (cuts or Cuts()).rate)
    uncompared = decisions["development"].isna()
    reason = decisions["reason"].where(decisions["reason"].notna() | ~uncompared, "development has no such rate")
    columns = ["period", "segment", "measure", "rows", "events", "rate", "lower", "upper", "development", "p_value"]
    found = decisions[columns].rename(columns={"events": "count", "development": "development_rate"})
    return found.assign(verdict=np.where(uncompared, GREY, verdict), reason=reason)


def objectives_evidence(
    objectives: pd.DataFrame, units: Mapping[str, str | None], owners: Mapping[str, str | None]
) -> pd.DataFrame:
    """`monitoring.objectives` from `objective_table` over all rows; met is missing where it is not evaluable."""
    require_columns(objectives, OBJECTIVE_COLUMNS, "objectives")
    own = objectives[objectives["segment"] == ALL]
    met = [None if word not in (MET, "missed") else word == MET for word in own["verdict"]]
    return pd.DataFrame(
        {
            "period": own["period"].to_numpy(),
            "id": own["objective"].to_numpy(),
            "kind": own["area"].to_numpy(),
            "value": own["value"].to_numpy(),
            "unit": [units.get(name) for name in own["objective"]],
            "direction": own["direction"].to_numpy(),
            "target": own["target"].to_numpy(),
            "met": pd.Series(met, dtype=object),
            "owner": [owners.get(name) for name in own["objective"]],
        }
    )


def _verdicts(size: pd.Series, beyond: pd.Series, status: pd.Series, cuts: tuple[float, float]) -> np.ndarray:
    """Red and amber from the cuts on where chance does not explain it, green below, grey where not evaluable."""
    grey = status.ne(EVALUABLE) | size.isna()
    return np.select([grey, beyond & (size >= cuts[1]), beyond & (size >= cuts[0])], [GREY, RED, AMBER], GREEN)
