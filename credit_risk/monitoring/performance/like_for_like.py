"""The AUC of development among scores as those of production: what a model that works as developed gives in that range.

A cut of the score narrows the range of those who are accepted, and with it their AUC, though the order of risk is as it
was (restriction of range: Thorndike 1949, Personnel Selection, chapter 7; case mix: Vergouwe, Moons and Steyerberg
2010, American Journal of Epidemiology 172, 971-980). So the AUC of a month is held against that of development's
held-out rows weighted to the scores of the month: where P(bad | score) is development's, both estimate the same number,
whatever cut, marketing or economy made of the distribution of the score. What the score did not see (an override by
what a person knows) is not undone by it.

Weights: the range of the month's scores is cut at quantiles of the month and of development in that range; a band with
fewer than LEAST rows of development is joined to its neighbour; a row of development counts for the share of the month
in its band over the share of development, and for nothing beyond the range. The variance is DeLong's in its linearised
form with these weights; that the shares are met exactly is not deducted, which keeps the test on the safe side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.intervals import effective_rows, normal_quantile
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.against_development import BETTER, COMPARED_COLUMNS, NOT_EVALUABLE, SAME, WORSE
from credit_risk.monitoring.performance.labels import Mask
from credit_risk.monitoring.performance.vintages import AUC, EVALUABLE

BANDS, ROWS_IN_BAND, LEAST = 40, 50, 10
"""Most bands of either; fewest rows for which there is one more; fewest rows of development in a band."""

LIKE_COLUMNS = [
    *("period", "segment", "horizon", "value", "standard_error", "development", "development_like", "like_error"),
    *("range_effect", "difference", "difference_lower", "difference_upper", "p_value"),
    *("development_ratio", "ratio_error"),
    *("rows", "development_rows", "development_bad", "effective_rows", "unused", "outside"),
    *("status", "verdict", "reason"),
]
"""A row each period (all rows, at the window). value: AUC of production; development: of all held-out rows;
development_like: of these weighted to production's scores, like_error its standard error; range_effect: the second less
the first, what the range alone does; difference: value less development_like. development_ratio: observed over
predicted of the weighted rows, ratio_error the standard error of its logarithm: what the level of the model as
developed is in that range. rows: of production, as of
PERFORMANCE_COLUMNS; development_rows, development_bad: held-out rows that are used; effective_rows: Kish's of these;
unused: share of held-out rows beyond production's range; outside: share of production's rows beyond development's
range, which count in the end bands. verdict as of COMPARED_COLUMNS."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Development's rows that performance is held against: bad (n,), risk (n,) by name of the result that ranks, higher
    is riskier; weights (n,) or None; the sample's name."""

    bad: Mask
    risk: Mapping[str, Floats]
    weights: Floats | None
    sample: str


@dataclass(frozen=True, slots=True)
class Like:
    """AUC with its standard error, ratio of observed and predicted with that of its logarithm, rows and bads that are
    used, Kish's effective rows, shares as of LIKE_COLUMNS."""

    auc: float
    standard_error: float
    ratio: float
    ratio_error: float
    rows: int
    bad: int
    effective_rows: float
    unused: float
    outside: float


class Scores(Protocol):
    """Scores (m,) of production, wherever they lie."""

    def __len__(self) -> int: ...

    def at(self, places: NDArray[np.int64]) -> Floats:
        """Those at ascending places of their ascending order."""
        ...

    def counts(self, edges: Floats) -> NDArray[np.int64]:
        """How many (k + 1,) lie below the first of ascending edges (k,), from each on, and from the last on."""
        ...


class HeldScores:
    """Scores in memory."""

    def __init__(self, scores: Floats):
        self._ordered = np.sort(np.asarray(scores, np.float64))

    def __len__(self) -> int:
        return len(self._ordered)

    def at(self, places: NDArray[np.int64]) -> Floats:
        """Order statistics."""
        return np.asarray(self._ordered[places], np.float64)

    def counts(self, edges: Floats) -> NDArray[np.int64]:
        """Numbers between edges."""
        return np.diff(np.searchsorted(self._ordered, edges, side="left"), prepend=0, append=len(self._ordered))


def _scores(given: Scores | Floats) -> Scores:
    return HeldScores(given) if isinstance(given, np.ndarray) else given


def like_weights(risk: Floats, production: Scores | Floats, weights: Floats | None = None) -> Floats:
    """Weights (n,) of development's rows, by which their scores are distributed as production's (m,).

    They sum to the used rows; 0 beyond production's range. All 0 where no row of development lies in it.
    """
    production = _scores(production)
    low, high = production.at(np.array([0, len(production) - 1]))
    inside = (risk >= low) & (risk <= high)
    within = HeldScores(risk[inside])
    edges = np.union1d(production.at(_places(len(production))), within.at(_places(len(within))))
    mass = np.where(inside, 1.0 if weights is None else weights, 0.0)
    band = np.searchsorted(edges, risk, side="right")
    joined = _joined(np.bincount(band[inside], minlength=len(edges) + 1))
    band, count = joined[band], joined[-1] + 1
    first = np.bincount(band, mass, count)
    second = np.bincount(joined, production.counts(edges), count) / len(production)
    factor = np.divide(second, first, out=np.zeros(count), where=first > 0)
    found = mass * factor[band]
    total = found.sum()
    return np.asarray(found * (inside.sum() / total) if total > 0 else found, np.float64)


def _places(rows: int) -> NDArray[np.int64]:
    """Places of the inner edges of bands of as many rows each, in ascending order of scores."""
    bands = int(min(BANDS, max(1, rows // ROWS_IN_BAND)))
    return (np.arange(1, bands) * rows) // bands


def _joined(rows: np.ndarray) -> np.ndarray:
    """Number of the joined band of each band (k,), from the lowest up: LEAST rows in each; a rest goes to the last."""
    found, number, held = np.zeros(len(rows), dtype=np.int64), 0, 0
    for place, count in enumerate(rows.tolist()):
        found[place] = number
        held += count
        if held >= LEAST:
            number, held = number + 1, 0
    if held < LEAST and number > 0:
        found[found == number] = number - 1
    return found


def development_like(
    bad: Mask,
    risk: Floats,
    production: Scores | Floats,
    weights: Floats | None = None,
    probability: Floats | None = None,
) -> Like:
    """The AUC of development's rows (n,) among scores as production's (m,), and of probabilities (n,) observed over
    predicted there. NaN where a class is absent in its range, or no probabilities are given.

    Raises CreditRiskError where there are no rows of either, or shapes or values are at fault.
    """
    production = _scores(production)
    ends = production.at(np.array([0, len(production) - 1])) if len(production) else np.zeros(0)
    if not len(production) or not len(risk) or len(risk) != len(bad) or not np.isfinite(ends).all():
        found = f"{len(bad)} outcomes, {len(risk)} scores of development, {len(production)} of production"
        raise CreditRiskError(Fault("no scores to compare, or not finite ones", "shape", path="risk", found=found))
    w = like_weights(risk, production, weights)
    used = w > 0
    bads = int(bad[used].sum())
    below, _, above = production.counts(np.array([risk.min(), np.nextafter(risk.max(), np.inf)]))
    outside = float((below + above) / len(production))
    effective = float(effective_rows(w[used])) if used.any() else 0.0
    shares = float(np.mean(~used)), outside
    if bads < 2 or int(used.sum()) - bads < 2:
        return Like(math.nan, math.nan, math.nan, math.nan, int(used.sum()), bads, effective, *shares)
    y, own = bad[used].astype(np.float64), w[used]
    area = delong_interval(y, risk[used], own)
    level = (math.nan, math.nan) if probability is None else _ratio(y, probability[used], own)
    return Like(area.auc, area.standard_error, *level, len(y), bads, effective, *shares)


def _ratio(y: Floats, p: Floats, w: Floats) -> tuple[float, float]:
    """Weighted observed over predicted, and the standard error of its logarithm (linearised)."""
    observed, predicted = float(w @ y), float(w @ p)
    parts = w * (y / observed - p / predicted)
    return observed / predicted, math.sqrt(float(parts @ parts) * len(y) / (len(y) - 1.0))


def like_frame(
    compared: pd.DataFrame,
    found: Mapping[str, Like],
    held: HeldOut,
    ranks: str,
    *,
    window: float,
    least_bads: int,
    confidence: float = 0.95,
    significance: float = 0.05,
) -> pd.DataFrame:
    """LIKE_COLUMNS of the AUC of all rows at the window, from `against_development`.

    found: `development_like` of each period, to the scores of production's rows with an outcome; ranks: the result that
    they are of. Not evaluable where the period's AUC is not, or fewer than `least_bads` bads or goods of development
    lie in its range. Raises CreditRiskError where columns are absent.
    """
    require_columns(compared, COMPARED_COLUMNS, "compared")
    own = compared[(compared["measure"] == AUC) & (compared["segment"] == ALL) & (compared["horizon"] == window)]
    plain = delong_interval(held.bad.astype(np.float64), held.risk[ranks], held.weights).auc
    z, rows = normal_quantile(confidence), []
    for one in own[own["period"].isin(list(found))].itertuples(index=False):
        like = found[one.period]
        gap, error = one.value - like.auc, math.hypot(one.standard_error, like.standard_error)
        p_value = 2.0 * float(special.ndtr(-abs(gap) / error)) if error > 0 else math.nan
        reason = _reason(one, like, least_bads, p_value)
        told = NOT_EVALUABLE if reason else SAME if p_value > significance else WORSE if gap < 0 else BETTER
        rows.append(
            (one.period, ALL, window, one.value, one.standard_error, plain, like.auc, like.standard_error,
             like.auc - plain, gap, gap - z * error, gap + z * error, p_value, like.ratio, like.ratio_error,
             one.rows, like.rows, like.bad,
             like.effective_rows, like.unused, like.outside, NOT_EVALUABLE if reason else EVALUABLE, told, reason)
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=LIKE_COLUMNS)
    frame.attrs["notes"] = like_notes(held.sample)
    return frame


def _reason(one: Any, like: Like, least: int, p_value: float) -> str | None:
    if one.status != EVALUABLE:
        return str(one.reason)
    if min(like.bad, like.rows - like.bad) < least:
        few = f"{like.bad} bads and {like.rows - like.bad} goods of development"
        return f"{few} in the range of these scores, fewer than {least}"
    return None if not math.isnan(p_value) else "the AUC of development has no error in this range"


def like_notes(sample: str) -> tuple[str, ...]:
    """What has to be said with the figures."""
    return (
        f"development: rows of the sample {sample} with a known outcome, weighted so that their scores are distributed "
        "as those of the month's rows with an outcome: where P(bad | score) is as developed both AUC estimate the same",
        "what was decided by more than the score (overrides) is not undone by it",
    )
