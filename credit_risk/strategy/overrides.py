"""Overrides: how often decisions of a score are changed by hand, in which direction, and how those turn out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.strategy.applicants import Applicants, Mask, proportion
from credit_risk.strategy.swap_set import two_sided

OVERRIDE_COLUMNS = [
    *("direction", "decided", "overridden", "rate", "lower", "upper", "policy", "verdict", "known", "bad", "bad_rate"),
    *("bad_rate_lower", "bad_rate_upper", "mean_probability", "p_value"),
]
EFFECT_COLUMNS = ["applicants", "rows", "bad", "auc", "lower", "upper"]
REASON_COLUMNS = ["direction", "reason", "rows", "share", "known", "bad", "bad_rate"]
LOW, HIGH, BOTH = "low side", "high side", "both sides"
SIDES: dict[str, tuple[tuple[str, ...], str]] = {
    LOW: (("rejected",), "overridden_low"),
    HIGH: (("booked", "not_taken_up"), "overridden_high"),
}
"""By direction: what became of those whose decision stood, and of those whose was changed."""
NOT_GIVEN = "not given"
Objects = NDArray[np.object_]


def override_table(
    applicants: Applicants, probability: Floats, status: Objects, policy: float, confidence: float = 0.95
) -> pd.DataFrame:
    """Columns of evidence `strategy.overrides`, a row a direction and one of both.

    low side: declined and accepted by hand (overridden_low), of those and the rejected; high side: accepted and
    declined by hand (overridden_high), of those, the booked and those not taken up; who withdrew was not decided.
    verdict: pass where the rate is at most `policy`, fail where its lower bound is above it, else review, not evaluable
    without decisions. bad_rate of the overridden whose outcome is known beside their mean probability (n,), with the
    two-sided test of sum w(y - p) over the root of sum w^2 p(1 - p). Rates are weighted, intervals by `proportion`.
    """
    rows = []
    for direction in (LOW, HIGH, BOTH):
        decided, changed = sides(status, direction)
        rate, lower, upper = proportion(changed, applicants.weights * decided, applicants.clusters, confidence)
        known = changed & applicants.known
        base = applicants.weights * known
        bad, least, most = proportion(applicants.y == 1, base, applicants.clusters, confidence)
        mean = float(base @ probability) / float(base.sum()) if known.any() else None
        gap = float(base[known] @ (applicants.y[known] - probability[known]))
        spread = float(np.sqrt(np.sum((base * base * probability * (1 - probability))[known])))
        counts = (int(decided.sum()), int((decided & changed).sum()))
        told = (rate, lower, upper, policy, _verdict(rate, lower, policy), int(known.sum()))
        turned = (int(np.sum(applicants.y[known] == 1)), bad, least, most, mean)
        rows.append((direction, *counts, *told, *turned, two_sided(gap / spread) if spread > 0 else None))
    return pd.DataFrame(rows, columns=OVERRIDE_COLUMNS).astype(object)


def sides(status: Objects, direction: str) -> tuple[Mask, Mask]:
    """Rows (n,) that were decided on a side, and those of them that were changed by hand."""
    names = [LOW, HIGH] if direction == BOTH else [direction]
    changed = np.isin(status.astype(str), [SIDES[name][1] for name in names])
    stood = np.isin(status.astype(str), [word for name in names for word in SIDES[name][0]])
    return stood | changed, changed


def _verdict(rate: float | None, lower: float | None, policy: float) -> str:
    if rate is None or lower is None:
        return "not evaluable"
    return "pass" if rate <= policy else "fail" if lower > policy else "review"


def override_effect(
    applicants: Applicants, status: Objects, cut_off: float | None, confidence: float = 0.95
) -> pd.DataFrame:
    """Columns of evidence `strategy.override_effect`: AUC of the score before and after overrides, of known outcomes.

    Of those accepted without an override, of all accepted by their score, and, where there is a cut-off, of all with
    the scores of the overridden raised to it, which is what the override says of them. Intervals: DeLong, or Obuchowski
    where clusters repeat. AUC is missing where one class occurs.
    """
    changed = sides(status, LOW)[1]
    lifted = applicants.score if cut_off is None else np.maximum(applicants.score, cut_off)
    raised = np.where(changed, lifted, applicants.score)
    kinds = [
        ("accepted without override", ~changed, applicants.score),
        ("all accepted, by the score", None, applicants.score),
    ]
    kinds += [] if cut_off is None else [("all accepted, overrides raised to the cut-off", None, raised)]
    rows: list[tuple[object, ...]] = []
    for name, part, score in kinds:
        inside = applicants.known if part is None else applicants.known & part
        y = applicants.y[inside]
        head = (name, len(y), int(y.sum()))
        if len(np.unique(y)) < 2:
            rows.append((*head, None, None, None))
            continue
        w, risk = applicants.weights[inside], -score[inside]
        if applicants.clusters is None:
            found = delong_interval(y, risk, w, confidence)
        else:
            found = clustered_auc_interval(y, risk, applicants.clusters[inside], w, confidence)
        rows.append((*head, found.auc, found.lower, found.upper))
    return pd.DataFrame(rows, columns=EFFECT_COLUMNS).astype(object)


def override_reasons(applicants: Applicants, status: Objects, reason: Objects) -> pd.DataFrame:
    """Columns of evidence `strategy.override_reasons`: overrides of each direction by reason (n,), None told apart."""
    rows = []
    words = np.array([NOT_GIVEN if pd.isna(one) else str(one) for one in reason], dtype=object)
    for direction in (LOW, HIGH):
        changed = sides(status, direction)[1]
        total = float(applicants.weights[changed].sum())
        for word in sorted(set(words[changed].tolist())):
            inside = changed & (words == word)
            known = inside & applicants.known
            w = applicants.weights[known]
            rate = float(w @ applicants.y[known]) / float(w.sum()) if known.any() else None
            share = float(applicants.weights[inside].sum()) / total
            rows.append(
                (direction, word, int(inside.sum()), share, int(known.sum()), int(applicants.y[known].sum()), rate)
            )
    return pd.DataFrame(rows, columns=REASON_COLUMNS).astype(object)
