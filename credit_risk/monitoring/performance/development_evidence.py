"""What the package's evidence tells of development, in the columns that production is held against."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.against_development import DEVELOPMENT_COLUMNS
from credit_risk.monitoring.performance.decisions import DEVELOPMENT_RATE_COLUMNS
from credit_risk.monitoring.performance.vintages import AUC, BAD_RATE, GINI, KS

DIRECTIONS = {
    "low side": "low_side_override_rate",
    "high side": "high_side_override_rate",
    "both sides": "override_rate",
}


def development_at_window(
    discrimination: pd.DataFrame,
    calibration: pd.DataFrame | None,
    model: str,
    sample: str,
    window: float,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """DEVELOPMENT_COLUMNS at the window from evidence `performance.discrimination` and `performance.calibration`.

    model, sample: the row that is meant. Standard errors are those that the bounds imply at `confidence`: of the AUC on
    the logit scale, of the Gini twice that, of KS from its upper bound (its lower one is widened); of the bad rate
    binomial. NaN where bounds are missing. Raises CreditRiskError where there is no such row.
    """
    require_columns(
        discrimination, ["model", "sample", "auc", "auc_lower", "auc_upper", "ks", "ks_upper"], "discrimination"
    )
    row, z = _row(discrimination, model, sample, "performance.discrimination"), normal_quantile(confidence)
    area, error = float(row["auc"]), math.nan
    if 0.0 < area < 1.0 and 0.0 < row["auc_lower"] < row["auc_upper"] < 1.0:
        spread = float(special.logit(row["auc_upper"]) - special.logit(row["auc_lower"]))
        error = spread / (2.0 * z) * area * (1.0 - area)
    distance = float(row["ks"])
    found = [
        (AUC, area, error),
        (GINI, 2.0 * area - 1.0, 2.0 * error),
        (KS, distance, (row["ks_upper"] - distance) / z),
    ]
    if calibration is not None:
        require_columns(calibration, ["model", "sample", "rows", "bad_rate"], "calibration")
        held = _row(calibration, model, sample, "performance.calibration")
        rate, count = float(held["bad_rate"]), float(held["rows"])
        found.append((BAD_RATE, rate, math.sqrt(rate * (1.0 - rate) / count)))
    rows = [(ALL, float(window), name, value, float(spread)) for name, value, spread in found]
    return pd.DataFrame(rows, columns=DEVELOPMENT_COLUMNS)


def development_rates(
    cut_offs: pd.DataFrame | None, overrides: pd.DataFrame | None, sample: str = "development"
) -> pd.DataFrame:
    """DEVELOPMENT_RATE_COLUMNS from evidence `strategy.cut_offs` (declared cut-off) and `strategy.overrides`.

    The acceptance rate at the cut-off stands for both what the score approves and what is approved: development has no
    other decision. Rates that evidence does not hold are left out.
    """
    found: list[tuple[str, str, float, float]] = []
    if cut_offs is not None:
        require_columns(cut_offs, ["sample", "declared", "rows", "acceptance_rate"], "cut_offs")
        own = cut_offs[(cut_offs["sample"] == sample) & cut_offs["declared"].astype(bool)]
        for name in ("approval_rate", "model_approval_rate"):
            found += [(ALL, name, float(row.rows), float(row.acceptance_rate)) for row in own.itertuples()]
    if overrides is not None:
        require_columns(overrides, ["direction", "decided", "rate"], "overrides")
        known = overrides[overrides["rate"].notna()]
        found += [(ALL, DIRECTIONS[row.direction], float(row.decided), float(row.rate)) for row in known.itertuples()]
    frame = pd.DataFrame(found, columns=DEVELOPMENT_RATE_COLUMNS)
    return frame.astype({"rows": np.float64, "rate": np.float64})


def _row(frame: pd.DataFrame, model: str, sample: str, name: str) -> pd.Series:
    own = frame[(frame["model"] == model) & (frame["sample"] == sample)]
    if len(own) != 1:
        allowed = ", ".join(sorted({f"{row.model}/{row.sample}" for row in frame.itertuples()}))
        found = f"{model}/{sample}: {len(own)} rows"
        raise CreditRiskError(Fault("not one row of evidence", "rows", path=name, found=found, allowed=allowed))
    return own.iloc[0]
