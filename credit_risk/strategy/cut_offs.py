"""Cut-off curves: who is accepted from each cut-off on, how they turn out, and what they earn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.strategy.applicants import NONE, Applicants, Bounds, mean_error, normal_bounds, proportion

CUT_OFF_COLUMNS = [
    *("sample", "cut_off", "declared", "rows", "accepted", "acceptance_rate", "acceptance_lower", "acceptance_upper"),
    *("known", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *("bads_avoided", "bads_avoided_lower", "bads_avoided_upper", "goods_declined", "goods_declined_lower"),
    *("goods_declined_upper", "profit", "profit_lower", "profit_upper"),
]
SLACK = 1e-12


def cut_offs_of(score: ArrayLike, parts: int, weights: ArrayLike | None = None) -> Floats:
    """Cut-offs (at most `parts`) that divide the scores into parts of about equal weight, the least score first.

    Of each k = 0 … parts − 1 the lowest score below which k/parts of the weight or more lie, each once. score (n,),
    weights (n,) positive. Raises CreditRiskError on missing scores, weights that are not positive, or parts below 2.
    """
    arguments = Arguments()
    s, w = arguments.numbers("score", score), arguments.weights(weights)
    arguments.require(parts >= 2, "parts", "fewer than two parts", "range", found=str(parts), allowed="2 or more")
    arguments.raise_if_any()
    values, cells = np.unique(s, return_inverse=True)
    mass = np.bincount(cells, w if w is not None else np.ones(len(s)))
    total = float(np.sum(mass))
    below = np.concatenate([[0.0], np.cumsum(mass)[:-1]]) / total
    wanted = np.arange(parts) / parts
    places = np.searchsorted(below, wanted - SLACK, side="left")
    return np.unique(values[places[places < len(values)]])


def cut_off_table(
    samples: Mapping[str, Applicants],
    cut_offs: Sequence[float] | Floats,
    *,
    declared: float | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `strategy.cut_offs`, one row a sample and cut-off, ascending; `declared` is among them.

    Accepted is who scores at least the cut-off. acceptance_rate: of all rows; bad_rate: of the accepted with a known
    outcome; bads_avoided, goods_declined: share of the bads and of the goods that is declined; profit: what the
    accepted earn an applicant, of rows whose outcome is known, with the amounts taken as certain. All weighted; `rows`,
    `accepted`, `known` and `bad` are counts of rows. Intervals: `proportion`; of profit normal by the influence of each
    row (clusters summed). Rates are missing where nobody counts; profit where none is declared or an outcome is not
    known. Raises CreditRiskError on cut-offs that are no finite numbers.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    given = [*np.asarray(cut_offs, float).ravel(), *([] if declared is None else [declared])]
    points = np.unique(arguments.numbers("cut_offs", given))
    arguments.raise_if_any()
    rows = [
        {"sample": name, "cut_off": float(point), "declared": point == declared, **at_cut_off(one, point, confidence)}
        for name, one in samples.items()
        for point in points
    ]
    return pd.DataFrame(rows, columns=CUT_OFF_COLUMNS).astype({"declared": bool})


def at_cut_off(applicants: Applicants, cut_off: float, confidence: float) -> dict[str, Any]:
    """Counts, rates and profit from a cut-off on, as in `cut_off_table`."""
    taken, known, w = applicants.score >= cut_off, applicants.known, applicants.weights
    codes, bad = applicants.clusters, applicants.y == 1
    counts = {"rows": len(taken), "accepted": int(taken.sum())}
    found: dict[str, Any] = {
        **counts,
        **_told("acceptance", "acceptance_rate", proportion(taken, w, codes, confidence)),
    }
    found |= {"known": int(np.sum(taken & known)), "bad": int(np.sum(taken & bad))}
    found |= _told("bad_rate", "bad_rate", proportion(bad, w * (taken & known), codes, confidence))
    found |= _told("bads_avoided", "bads_avoided", proportion(~taken, w * bad, codes, confidence))
    found |= _told("goods_declined", "goods_declined", proportion(~taken, w * (known & ~bad), codes, confidence))
    return found | _told("profit", "profit", profit_of(applicants, taken, confidence))


def profit_of(applicants: Applicants, taken: np.ndarray, confidence: float) -> Bounds:
    """Profit an applicant where `taken` (n,) are accepted, with its interval; None where it is not evaluable."""
    if applicants.profit is None or not applicants.known.all():
        return NONE
    value, error = mean_error(np.where(taken, applicants.profit, 0.0), applicants.weights, applicants.clusters)
    return normal_bounds(value, error, confidence)


def _told(prefix: str, name: str, bounds: Bounds) -> dict[str, float | None]:
    return dict(zip((name, f"{prefix}_lower", f"{prefix}_upper"), bounds, strict=True))
