"""How much each characteristic moved the mean linear score.

Where a model adds up over characteristics, the mean linear score does too, so the shift of the mean is the sum of the
shifts of its terms: exact, whatever the dependence of the characteristics. Of a scorecard the terms are counted (share
of a bin x its effect); of boosting they are the Shapley values of the rows, which add up to the margin row by row
(local accuracy: Lundberg and Lee 2017).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.drift.columns import SHIFT_COLUMNS, SHIFT_TOTAL_COLUMNS
from credit_risk.monitoring.drift.probability import Link, MeanProbability, probability_of_rows
from credit_risk.monitoring.drift.tables import aligned, require_columns
from credit_risk.monitoring.frames import MOMENT_COLUMNS

LINEAR_SCORE, PROBABILITY = "linear_score", "probability"
NO_OBSERVED = "no moments of this period and segment: nothing to hold the sum against"


@dataclass(frozen=True, slots=True)
class MeanShifts:
    """Shifts of the mean of each of k terms, (k,), and their standard errors, (k,), of independent rows."""

    shift: Floats
    standard_error: Floats


def counted_shift(
    expected: ArrayLike, actual: ArrayLike, effects: ArrayLike, *, development_effect: float = 1.0
) -> tuple[Floats, Floats]:
    """Shift of the mean effect of one characteristic, and its standard error, each (g,).

    expected, actual (g, k): counts by bin of development and of each period; effects (k,): what each bin adds. Shift:
    sum over bins of (share of the period - share of development) x effect. Standard error: multinomial, of both
    samples. development_effect: effective over weighted rows of development. NaN where a sample has no rows; a bin
    whose effect is not known (NaN) may hold no rows of either, or the shift is NaN.
    """
    worth = np.asarray(effects, np.float64)
    means, variances = [], []
    for counts, effect in ((expected, development_effect), (actual, 1.0)):
        rows = np.atleast_2d(np.asarray(counts, np.float64))
        total = rows.sum(axis=1)
        unknown = (rows[:, np.isnan(worth)] > 0).any(axis=1) | ~(total > 0)
        own = np.nan_to_num(worth, nan=0.0)
        share = rows / np.where(total > 0, total, 1.0)[:, None]
        mean = np.where(unknown, math.nan, share @ own)
        spread = np.sum(share * (own - np.nan_to_num(mean)[:, None]) ** 2, axis=1)
        means.append(mean)
        variances.append(spread / np.where(total > 0, total * effect, math.nan))
    return means[1] - means[0], np.asarray(np.sqrt(variances[0] + variances[1]))


def contribution_shifts(
    development: ArrayLike,
    period: ArrayLike,
    *,
    development_weights: ArrayLike | None = None,
    period_weights: ArrayLike | None = None,
) -> MeanShifts:
    """Shift of the mean of each column of contributions: development (n, k), period (m, k), rows by characteristic.

    Contributions are those of an additive model or Shapley values; each row adds up to its linear score less a
    constant, so the shifts add up to the shift of the mean linear score. Weights (n,), (m,) are positive; standard
    errors are then those of weighted means. Raises CreditRiskError on shapes that do not fit or missing values.
    """
    first, second = _matrix("development", development), _matrix("period", period)
    if first.shape[1] != second.shape[1]:
        found = f"{first.shape} and {second.shape}"
        raise CreditRiskError(Fault("columns do not fit", "shape", path="period", found=found))
    (mean, error), (other, other_error) = _mean(first, development_weights), _mean(second, period_weights)
    return MeanShifts(other - mean, np.hypot(error, other_error))


def shift_frame(
    reference: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    development_effect: float = 1.0,
    probability: MeanProbability | None = None,
) -> pd.DataFrame:
    """SHIFT_COLUMNS from counts: each characteristic whose bins have effects, in each period and segment.

    reference, counts as in `stability_frame`. probability: development's linear scores and the link; then the shift of
    the mean probability by each characteristic is told (`MeanProbability.of_shifts`). Variables without any effect
    (the score, characteristics that are not in the model) are left out; so are rows whose value the package refuses,
    which have no score. Raises CreditRiskError as `aligned`.
    """
    found = aligned(reference, counts)
    names: list[str] = []
    shifts: list[Floats] = []
    errors: list[Floats] = []
    for variable in found.variables:
        effects = variable.bins["effect"].to_numpy(np.float64)
        if np.isnan(effects).all():
            continue
        expected, _ = variable.expected_of(found.groups["segment"].to_numpy(object))
        scored = (variable.bins["kind"] != "refused").to_numpy()
        pair = expected[:, scored], variable.actual[:, scored]
        shift, error = counted_shift(*pair, effects[scored], development_effect=development_effect)
        names, shifts, errors = [*names, variable.name], [*shifts, shift], [*errors, error]
    if not names:
        return pd.DataFrame(columns=SHIFT_COLUMNS)
    matrix = np.column_stack(shifts)
    moved = np.full(matrix.shape, math.nan) if probability is None else probability.of_shifts(matrix)
    parts = [
        _shifts(names, str(p), str(s), MeanShifts(own, error), part)
        for (p, s), own, error, part in zip(
            found.groups.itertuples(index=False), matrix, np.column_stack(errors), moved, strict=True
        )
    ]
    return pd.concat(parts, ignore_index=True)[SHIFT_COLUMNS]


def contribution_frame(
    names: Sequence[str],
    development: ArrayLike,
    periods: Mapping[tuple[str, str], ArrayLike],
    *,
    development_weights: ArrayLike | None = None,
    constant: float = 0.0,
    link: Link | None = None,
) -> pd.DataFrame:
    """SHIFT_COLUMNS from contributions of rows (n, k): {(period, segment): (m, k)} against development (n, k).

    For trees: Shapley values of the margin. development_weights (n,). link: linear score (constant and contributions
    of a row) to probability; then probability_shift is location and spread of `probability_of_rows`, else NaN. Raises
    CreditRiskError as `contribution_shifts` does.
    """
    nothing = np.full(len(names), math.nan)
    parts = []
    for (period, segment), own in periods.items():
        moved = nothing
        if link is not None and len(np.asarray(own)) > 1:
            found = probability_of_rows(development, own, constant, link, development_weights=development_weights)
            moved = found.location + found.spread
        shifts = contribution_shifts(development, own, development_weights=development_weights)
        parts.append(_shifts(names, period, segment, shifts, moved))
    return pd.concat(parts, ignore_index=True)[SHIFT_COLUMNS] if parts else pd.DataFrame(columns=SHIFT_COLUMNS)


def shift_totals(
    shifts: pd.DataFrame, moments: pd.DataFrame, *, development_score: float, development_probability: float = math.nan
) -> pd.DataFrame:
    """SHIFT_TOTAL_COLUMNS: the sums of `shifts`, the shifts observed, and what is left.

    moments: MOMENT_COLUMNS with the quantities linear_score and probability; development_score and
    development_probability are development's means of these. A remainder of the linear score that is not that of
    rounding says that the model does not add up over these characteristics, or that counts and scores are of other
    rows. Where a characteristic's shift is not known, so is the sum.
    """
    require_columns(shifts, SHIFT_COLUMNS, "shifts")
    require_columns(moments, MOMENT_COLUMNS, "moments")
    keys = ["period", "segment"]
    sums = shifts.groupby(keys, sort=True)[["shift", "probability_shift"]].agg(lambda own: own.sum(skipna=False))
    for quantity, base in ((LINEAR_SCORE, development_score), (PROBABILITY, development_probability)):
        own = moments[moments["quantity"] == quantity].set_index(keys)
        sums[f"observed_{quantity}"] = own["mean"].reindex(sums.index) - base
        sums["rows" if quantity == LINEAR_SCORE else "_"] = own["rows"].reindex(sums.index)
    frame = sums.reset_index().rename(
        columns={f"observed_{LINEAR_SCORE}": "observed_shift", f"observed_{PROBABILITY}": "observed_probability"}
    )
    frame["remainder"] = frame["observed_shift"] - frame["shift"]
    frame["probability_remainder"] = frame["observed_probability"] - frame["probability_shift"]
    frame["note"] = np.where(frame["observed_shift"].isna(), NO_OBSERVED, "")
    return frame[SHIFT_TOTAL_COLUMNS]


def _shifts(
    names: Sequence[str], period: str, segment: str, found: MeanShifts, probability_shift: Floats
) -> pd.DataFrame:
    shift, error = found.shift, found.standard_error
    total = float(np.nansum(np.abs(shift)))
    sure = error > 0
    z = np.abs(shift) / np.where(sure, error, 1.0)
    return pd.DataFrame(
        {
            "period": period,
            "segment": segment,
            "variable": list(names),
            "shift": shift,
            "standard_error": error,
            "p_value": np.where(sure, 2.0 * special.ndtr(-z), np.where(np.isnan(shift), math.nan, 1.0)),
            "share": np.abs(shift) / total if total > 0 else np.zeros(len(shift)),
            "probability_shift": probability_shift,
        }
    )


def _matrix(name: str, values: ArrayLike) -> Floats:
    found = np.asarray(values, np.float64)
    if found.ndim != 2 or len(found) == 0 or not np.isfinite(found).all():
        text = f"shape {found.shape}"
        raise CreditRiskError(Fault("no matrix of finite contributions", "shape", path=name, found=text))
    return found


def _mean(values: Floats, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    n = len(values)
    share = np.full(n, 1.0 / n)
    if weights is not None:
        own = np.asarray(weights, np.float64)
        if own.shape != (n,) or not bool(np.all(own > 0)):
            raise CreditRiskError(Fault("weights are not positive, one a row", "weight", path="weights"))
        share = own / own.sum()
    mean = share @ values
    return mean, np.sqrt(np.square(share) @ np.square(values - mean))
