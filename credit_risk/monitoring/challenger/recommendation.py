"""What the rules, stated before the numbers were known, recommend of a challenger: promote, keep, or go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation.proportions import fewer_bads
from credit_risk.monitoring.challenger.looks import CHALLENGER, CHAMPION, FULL
from credit_risk.monitoring.challenger.shadow import ACCEPTS
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.performance.vintages import EVALUABLE
from credit_risk.strategy.always_valid import ALWAYS_VALID
from credit_risk.strategy.redeployment import ACCEPT, REDEPLOYMENT_COLUMNS, REJECT, Rules, redeployment

PROMOTE, KEEP, GO_ON = "promote", "keep", "go on"
RULE_COLUMNS = REDEPLOYMENT_COLUMNS[2:]
MEASURES = ("auc_difference_lower", "auc_difference_upper", "calibration_gap", "psi", "inversions")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """verdict: promote the challenger, keep the champion, or go on; reasons: in words; rules: each condition
    (RULE_COLUMNS).

    warnings: what has to be read before it.
    """

    challenger: str
    verdict: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    rules: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """One row: challenger, verdict, reasons and warnings joined."""
        row = (self.challenger, self.verdict, "; ".join(self.reasons), "; ".join(self.warnings) or None)
        return pd.DataFrame([row], columns=["challenger", "verdict", "reasons", "warnings"])


def significant_inversions(calibration: pd.DataFrame, significance: float = 0.05) -> int | None:
    """Neighbouring groups, in their order, whose bad rate is significantly in the wrong order, at effective rows.

    calibration: rows of `calibration_table` of one period and segment, groups from the safest to the riskiest. Fisher's
    one-sided test on effective counts, rounded to whole ones; None where fewer than two groups have rows.
    """
    require_columns(calibration, ["observed", "effective_rows"], "calibration")
    held = calibration[calibration["effective_rows"] >= 1]
    if len(held) < 2:
        return None
    size = np.rint(held["effective_rows"].to_numpy(float))
    bad = np.rint(held["observed"].to_numpy(float) * held["effective_rows"].to_numpy(float))
    found = fewer_bads(bad[:-1], size[:-1], bad[1:], size[1:])
    return int(np.sum(found <= significance))


def challenger_measures(
    comparison: pd.DataFrame,
    level: pd.DataFrame | None = None,
    psi: float | None = None,
    inversions: int | None = None,
    looks: pd.DataFrame | None = None,
) -> dict[str, float | None]:
    """Measures of `redeployment` from the frames of monitoring, None where a measure is not evaluable.

    comparison: one row of `shadow_comparison`; level: one row of `calibration_level` of the challenger; looks: where
    the test is looked at repeatedly, whose bounds then take the place of those of one look.
    """
    row = _one(comparison, ["status", "lower", "upper"], "comparison")
    _check_looks(looks)
    found: dict[str, float | None] = dict.fromkeys(MEASURES)
    if row["status"] == EVALUABLE:
        bounds = row if looks is None else looks.iloc[-1]
        found["auc_difference_lower"], found["auc_difference_upper"] = float(bounds["lower"]), float(bounds["upper"])
    if level is not None:
        one = _one(level, ["status", "ratio"], "level")
        if one["status"] == EVALUABLE and one["ratio"] > 0:
            found["calibration_gap"] = abs(1.0 / float(one["ratio"]) - 1.0)
    found["psi"] = psi
    found["inversions"] = None if inversions is None else float(inversions)
    return found


def recommend(
    challenger: str,
    rules: Rules,
    measures: dict[str, float | None],
    comparison: pd.DataFrame,
    looks: pd.DataFrame | None = None,
) -> Recommendation:
    """The recommendation by the plan's rules of redeployment and, where there is a sequence of looks, by its boundary.

    keep: a condition to reject holds, or a look has ended the test for the champion, or the information of planned
    looks is complete and the boundary was not reached. promote: every condition to accept holds, outcomes are not of
    the champion's accepts alone (unless the plan says `warn`), and, with looks, one has ended the test for the
    challenger. Else go on. What is not evaluable meets no condition. Raises CreditRiskError unless `comparison` is one
    row and `looks` has one.
    """
    row = _one(comparison, ["basis", "status", "reason", "warning"], "comparison")
    _check_looks(looks)
    table = redeployment(measures, rules, on_accepts=row["basis"] == ACCEPTS)
    outcome, why = str(table[-1]["condition"]).split(": ", 1)
    reasons = [f"rules: {outcome}, {why}"]
    if row["status"] != EVALUABLE:
        reasons.append(f"the comparison is not evaluable: {row['reason']}")
    ended, complete = None, False
    if looks is not None:
        latest = looks.iloc[-1]
        ended = str(latest["favours"]) if latest["reached"] else None
        complete = ended is None and latest["rule"] != ALWAYS_VALID and latest["information"] >= FULL
        reasons.append(_look_in_words(latest, ended, complete))
    verdict = _verdict(outcome, ended, complete, looks is not None)
    warnings = () if row["warning"] is None or row["warning"] != row["warning"] else (str(row["warning"]),)
    return Recommendation(challenger, verdict, tuple(reasons), warnings, pd.DataFrame(table, columns=RULE_COLUMNS))


def _check_looks(looks: pd.DataFrame | None) -> None:
    if looks is not None and not len(looks):
        raise CreditRiskError(Fault("no look has been taken", "looks", path="looks"))


def _verdict(outcome: str, ended: str | None, complete: bool, looked: bool) -> str:
    if outcome == REJECT or ended == CHAMPION or complete:
        return KEEP
    if outcome == ACCEPT and (not looked or ended == CHALLENGER):
        return PROMOTE
    return GO_ON


def _look_in_words(latest: pd.Series, ended: str | None, complete: bool) -> str:
    told = f"look {latest['look']} at {latest['information']:.0%} of the information: z {latest['z']:.2f}, boundary "
    told += f"{latest['boundary']:.2f} ({latest['rule']})"
    if ended is not None:
        return f"{told}; the test has ended for the {ended}"
    return f"{told}; the information is complete without a difference" if complete else f"{told}; not reached"


def _one(frame: pd.DataFrame, columns: list[str], name: str) -> pd.Series:
    require_columns(frame, columns, name)
    if len(frame) != 1:
        found = f"{len(frame)} rows"
        raise CreditRiskError(Fault("not one row", "rows", path=name, found=found, allowed="one period and segment"))
    return frame.iloc[0]
