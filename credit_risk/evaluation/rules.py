"""What policy rules do: how many applicants each hits, how those turned out, and where rules meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.intervals import wilson_interval

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
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row a rule and group of rows, rules in `order`, the order in which they prevail.

    hits (n, rules); y (n,): 1 bad, 0 good, NaN unknown; groups: (n,) by name. `first_hits` are rows that no rule before
    hits; `bad_rate` of the rows that are hit and whose outcome is known, with Wilson's interval; `bad_rate_others` of
    those that the rule does not hit. Rates are missing where no row has an outcome. Rows count once, whatever weights.
    """
    first, known = first_hits(hits, order), np.isfinite(y)
    rows: list[dict[str, object]] = []
    for rank, place in enumerate(order, start=1):
        for group, inside in groups.items():
            mine = inside & hits[:, place]
            total, count = int(inside.sum()), int(mine.sum())
            here = int((inside & (first == place)).sum())
            rows.append(
                {
                    "order": rank,
                    "rule": names[place],
                    "action": actions[place],
                    "sample": group,
                    "rows": total,
                    "hits": count,
                    "hit_share": count / total if total else None,
                    "first_hits": here,
                    "first_share": here / total if total else None,
                    **bad_rate(y[mine & known], confidence),
                    "bad_rate_others": bad_rate(y[inside & ~hits[:, place] & known], confidence)["bad_rate"],
                }
            )
    return pd.DataFrame(rows)


def overlaps_table(names: Sequence[str], actions: Sequence[str], hits: Mask, order: Sequence[int]) -> pd.DataFrame:
    """One row a pair of rules, the one that prevails first: rows that both hit, as a share of those each hits.

    `conflict`: the two ask for different actions. No rows where there is one rule only.
    """
    rows: list[dict[str, object]] = []
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            both = int((hits[:, one] & hits[:, other]).sum())
            own, others = int(hits[:, one].sum()), int(hits[:, other].sum())
            rows.append(
                {
                    "rule": names[one],
                    "action": actions[one],
                    "other": names[other],
                    "other_action": actions[other],
                    "both": both,
                    "share_of_rule": both / own if own else None,
                    "share_of_other": both / others if others else None,
                    "conflict": actions[one] != actions[other],
                }
            )
    return pd.DataFrame(rows)


def decisions_table(
    decision: NDArray[np.object_],
    by_rule: Mask,
    groups: Mapping[str, Mask],
    y: Floats,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row a group, overall decision and what made it: rows, share of the group, and how they turned out.

    decision (n,): decline, refer, accept, or None where neither a rule nor a cut-off decides, told as `undecided`;
    by_rule (n,): whether a rule hits the row. Combinations that do not occur are left out.
    """
    known, decided = np.isfinite(y), np.where(pd.isna(decision), "undecided", decision)
    maker = np.where(by_rule, "rule", np.where(pd.isna(decision), "nothing", "score"))
    rows: list[dict[str, object]] = []
    for group, inside in groups.items():
        for made in ("rule", "score", "nothing"):
            for word in ("decline", "refer", "accept", "undecided"):
                mine = inside & (decided == word) & (maker == made)
                if mine.any():
                    count = int(mine.sum())
                    share = count / int(inside.sum())
                    told = {"sample": group, "decision": word, "decided_by": made, "rows": count, "share": share}
                    rows.append({**told, **bad_rate(y[mine & known], confidence)})
    return pd.DataFrame(rows)


def bad_rate(y: Floats, confidence: float) -> dict[str, object]:
    """known, bad, bad_rate, lower, upper of known outcomes (k,); the last three None where k is 0."""
    count, bad = len(y), int(y.sum())
    if not count:
        return {"known": 0, "bad": 0, "bad_rate": None, "lower": None, "upper": None}
    lower, upper = wilson_interval([bad], [count], confidence)
    return {"known": count, "bad": bad, "bad_rate": bad / count, "lower": float(lower[0]), "upper": float(upper[0])}
