"""The AUC of each month against development's in the same range of scores, our own way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.monitoring.bench import ALL, Bench, score
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import metrics
from validation.rebuild.metrics import effective_size

Floats = NDArray[np.float64]
NAME = "like_for_like"
BANDS, EACH, LEAST, CONFIDENCE = 40, 50, 10, 0.95
NUMBERS = {
    "value": "auc", "standard_error": "standard_error", "development": "auc", "development_like": "auc",
    "like_error": "standard_error", "range_effect": "difference", "difference": "difference",
    "difference_lower": "standard_error", "difference_upper": "standard_error", "p_value": "p_value",
    "development_ratio": "mean", "ratio_error": "standard_error",
    "rows": "rows", "development_rows": "rows", "development_bad": "rows", "effective_rows": "mean",
    "unused": "share", "outside": "share",
}  # fmt: skip


def held_sample(bench: Bench) -> str | None:
    """The sample that performance is held against: out of sample, else development, as the champion's evidence has."""
    name = bench.package.candidate_ids[bench.package.champion_id]
    held = {row["sample"] for row in bench.package.rows_of("performance.discrimination") or [] if row["model"] == name}
    return next((one for one in ("out_of_sample", "development") if one in held), None)


def compare_ranged(bench: Bench, performance: pd.DataFrame, scores: dict[str, Floats]) -> pd.DataFrame:
    """Compare `monitoring.like_for_like`; returns our own. scores: of production's rows with an outcome, by period."""
    stated, sample = bench.run.table(NAME), held_sample(bench)
    if stated is None or sample is None or performance.empty:
        not_recomputed(bench.ledger, bench.run, NAME, "the package names no sample that performance is held against")
        return pd.DataFrame()
    held = bench.package.snapshot
    assert held is not None  # the bench refuses a package without its rows
    held = held[(held["_sample"] == sample) & held["_outcome"].notna()].reset_index(drop=True)
    ranks = "linear_score" if "linear_score" in bench.production.frame else "probability"
    scored, outputs = score(bench.package.model, held), bench.package.model["outputs"]
    risk, likely = (np.asarray(scored[outputs[name]].data, np.float64) for name in (ranks, "probability"))
    weight = held["_weight"].to_numpy(np.float64)
    own = pd.DataFrame(
        list(_rows(bench, performance, scores, held["_outcome"].to_numpy(np.float64), risk, likely, weight))
    )
    found: pd.DataFrame | str = own if len(own) else "no month has an AUC at the end of the window"
    compare_table(bench.ledger, bench.run, NAME, found, ["period", "segment"], NUMBERS, ("status", "verdict"))
    return own


def _rows(
    bench: Bench,
    performance: pd.DataFrame,
    scores: dict[str, Floats],
    y: Floats,
    risk: Floats,
    likely: Floats,
    weight: Floats,
) -> Iterator[dict[str, object]]:
    s, z = bench.settings, float(special.ndtri(0.5 + CONFIDENCE / 2.0))
    whole, _ = _area(y, risk, weight)
    own = performance[(performance["measure"] == "auc") & (performance["segment"] == ALL)]
    for one in own[own["horizon"] == s.window].to_dict("records"):
        if one["period"] not in scores:
            continue
        production = scores[one["period"]]
        w = weights_like(risk, weight, production)
        used = w > 0
        bads, count = int(y[used].sum()), int(used.sum())
        area, error = _area(y[used], risk[used], w[used])
        ratio, ratio_error = _ratio(y[used], likely[used], w[used])
        gap, both = one["value"] - area, float(np.hypot(one["standard_error"], error))
        p = 2.0 * float(special.ndtr(-abs(gap) / both)) if both > 0 else np.nan
        enough = one["status"] == "evaluable" and min(bads, count - bads) >= s.min_bads and p == p
        word = "no difference" if p > s.significance else "worse" if gap < 0 else "better"
        outside = float(np.mean((production < risk.min()) | (production > risk.max())))
        yield {
            "period": one["period"], "segment": ALL, "value": one["value"], "standard_error": one["standard_error"],
            "development": whole, "development_like": area, "like_error": error, "range_effect": area - whole,
            "difference": gap, "difference_lower": gap - z * both, "difference_upper": gap + z * both, "p_value": p,
            "development_ratio": ratio, "ratio_error": ratio_error,
            "rows": one["rows"], "development_rows": count, "development_bad": bads,
            "effective_rows": effective_size(float(w.sum()), float(np.sum(w**2))) if count else 0.0,
            "unused": float(np.mean(~used)), "outside": outside, "status": "evaluable" if enough else "not evaluable",
            "verdict": word if enough else "not evaluable",
        }  # fmt: skip


def weights_like(risk: Floats, weight: Floats, production: Floats) -> Floats:
    """Weights of development's rows (n,) that distribute their scores over bands as production's (m,) are.

    Bands lie between the quantiles of both in the range of production; from the lowest up they are joined until LEAST
    rows of development are in each.
    """
    low, high = production.min(), production.max()
    inside = (low <= risk) & (risk <= high)
    cuts = sorted({*_quantiles(production), *_quantiles(risk[inside])})
    ends: list[float] = [-np.inf]
    for right in [*cuts, np.inf]:
        if np.sum(inside & (risk >= ends[-1]) & (risk < right)) >= LEAST or (right == np.inf and len(ends) == 1):
            ends.append(right)
    ends[-1] = np.inf
    found = np.zeros(len(risk))
    for left, right in pairwise(ends):
        mine = inside & (risk >= left) & (risk < right)
        mass = float(weight[mine].sum())
        if mass > 0:
            found[mine] = weight[mine] * float(np.mean((production >= left) & (production < right))) / mass
    return found


def _quantiles(values: Floats) -> list[float]:
    ordered = np.sort(values)
    count = min(BANDS, max(1, len(ordered) // EACH))
    return [float(ordered[k * len(ordered) // count]) for k in range(1, count)]


def _ratio(y: Floats, likely: Floats, weight: Floats) -> tuple[float, float]:
    """Observed over predicted and the standard error of its logarithm; NaN of fewer than two bads or goods."""
    if min(y.sum(), len(y) - y.sum()) < 2:
        return np.nan, np.nan
    share = weight / weight.sum()
    observed, predicted = float(np.sum(share * y)), float(np.sum(share * likely))
    own = share * y / observed - share * likely / predicted
    return observed / predicted, float(np.sqrt(np.sum(own**2) * len(y) / (len(y) - 1)))


def _area(y: Floats, risk: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted AUC and its standard error; NaN of fewer than two bads or goods."""
    if min(y.sum(), len(y) - y.sum()) < 2:
        return np.nan, np.nan
    found = metrics.auc(y, risk, weight)
    return found.auc, found.standard_error
