"""What policy rules do: how many applicants each hits, how those turned out, and where rules meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.intervals import effective_rows, wilson_interval

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def first_hits(hits: Mask, order: Sequence[int]) -> NDArray[np.int64]:
    """Place of the first rule, in `order`, that hits each row, (n,); -1 where none does. hits: (n, rules)."""
    first = np.full(len(hits), -1, dtype=np.int64)
    for place in reversed(order):
        first[hits[:, place]] = place
    return first


def hits_table(
    names: Sequence[str],
    actions: Sequence[str],
    hits: Mask,
    order: Sequence[int],
    groups: Mapping[str, Mask],
    y: Floats,
    weights: Floats | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row a rule and group of rows, rules in `order`, the order in which they prevail.

    hits (n, rules); y (n,): 1 bad, 0 good, NaN unknown; groups: (n,) by name. `first_hits` are rows that no rule before
    hits; `bad_rate` of the rows that are hit and whose outcome is known, with Wilson's interval; `bad_rate_others` of
    those that the rule does not hit. Shares and rates are of weights (n,) where given, intervals at Kish's effective
    rows, counts of rows. Rates are missing where no row has an outcome.
    """
    first, known = first_hits(hits, order), np.isfinite(y)
    w = np.ones(len(y)) if weights is None else weights
    rows: list[dict[str, object]] = []
    for rank, place in enumerate(order, start=1):
        for group, inside in groups.items():
            mine, here = inside & hits[:, place], inside & (first == place)
            others = inside & ~hits[:, place] & known
            rows.append(
                {
                    "order": rank,
                    "rule": names[place],
                    "action": actions[place],
                    "sample": group,
                    "rows": int(inside.sum()),
                    "hits": int(mine.sum()),
                    "hit_share": share(w, mine, inside),
                    "first_hits": int(here.sum()),
                    "first_share": share(w, here, inside),
                    **bad_rate(y, w, mine & known, confidence),
                    "bad_rate_others": bad_rate(y, w, others, confidence)["bad_rate"],
                }
            )
    return pd.DataFrame(rows)


def overlaps_table(
    names: Sequence[str], actions: Sequence[str], hits: Mask, order: Sequence[int], weights: Floats | None = None
) -> pd.DataFrame:
    """One row a pair of rules, the one that prevails first: rows that both hit, as a share of those each hits.

    `conflict`: the two ask for different actions. Shares are of weights (n,) where given. No rows where there is one
    rule only.
    """
    w = np.ones(len(hits)) if weights is None else weights
    rows: list[dict[str, object]] = []
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            both = hits[:, one] & hits[:, other]
            rows.append(
                {
                    "rule": names[one],
                    "action": actions[one],
                    "other": names[other],
                    "other_action": actions[other],
                    "both": int(both.sum()),
                    "share_of_rule": share(w, both, hits[:, one]),
                    "share_of_other": share(w, both, hits[:, other]),
                    "conflict": actions[one] != actions[other],
                }
            )
    return pd.DataFrame(rows)


def decisions_table(
    decision: NDArray[np.object_],
    by_rule: Mask,
    groups: Mapping[str, Mask],
    y: Floats,
    weights: Floats | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row a group, overall decision and what made it: rows, share of the group, and how they turned out.

    decision (n,): decline, refer, accept, or None where neither a rule nor a cut-off decides, told as `undecided`;
    by_rule (n,): whether a rule hits the row. Shares and rates as in `hits_table`. Combinations that do not occur are
    left out.
    """
    known, decided = np.isfinite(y), np.where(pd.isna(decision), "undecided", decision)
    w = np.ones(len(y)) if weights is None else weights
    maker = np.where(by_rule, "rule", np.where(pd.isna(decision), "nothing", "score"))
    rows: list[dict[str, object]] = []
    for group, inside in groups.items():
        for made in ("rule", "score", "nothing"):
            for word in ("decline", "refer", "accept", "undecided"):
                mine = inside & (decided == word) & (maker == made)
                if mine.any():
                    told = {"sample": group, "decision": word, "decided_by": made, "rows": int(mine.sum())}
                    rates = bad_rate(y, w, mine & known, confidence)
                    rows.append({**told, "share": share(w, mine, inside), **rates})
    return pd.DataFrame(rows)


def share(weights: Floats, part: Mask, whole: Mask) -> float | None:
    """Weight of the rows `part` (n,) in that of `whole` (n,); None where that is zero."""
    total = float(np.sum(weights[whole]))
    return float(np.sum(weights[part])) / total if total > 0 else None


def bad_rate(y: Floats, weights: Floats, rows: Mask, confidence: float) -> dict[str, object]:
    """known, bad (rows), bad_rate, lower, upper of `rows` (n,), with known outcomes; None where they weigh nothing.

    The interval is Wilson's at Kish's effective rows.
    """
    inside, w = y[rows], weights[rows]
    head = {"known": len(inside), "bad": int(inside.sum())}
    if not np.sum(w) > 0:
        return {**head, "bad_rate": None, "lower": None, "upper": None}
    rate, size = float(np.sum(w * inside)) / float(np.sum(w)), effective_rows(w)
    lower, upper = wilson_interval([rate * size], [size], confidence)
    return {**head, "bad_rate": rate, "lower": float(lower[0]), "upper": float(upper[0])}
