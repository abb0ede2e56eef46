"""Shares of missing, special and unseen values of a run, counted again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from validation.monitoring.bench import Bench
from validation.monitoring.drift import NOTHING, Counted, counted_of
from validation.monitoring.tables import compare_table, not_recomputed

SHARES = ("missing", "special", "unseen")
TOLERATED = 0.001
"""Rate of categories not met in development that is no finding."""
RULES = {"rows": "rows", "total": "rows", "rate": "share", "expected": "share"}


def compare_quality(bench: Bench) -> dict[str, pd.DataFrame]:
    """Rows and shares of the bins of each kind by month and segment; returns our own table."""
    counted = [one for one in counted_of(bench) if not one.of_score]
    if not counted:
        not_recomputed(bench.ledger, bench.run, "quality", "no classing of the champion is of one value")
        return {}
    rows = []
    for period, segment, inside in bench.groups(NOTHING):
        for one in counted:
            ids = one.ids[inside]
            ids = ids[ids >= 0]
            rows += [{"period": period, "segment": segment, **told} for told in _shares(one, ids) if len(ids)]
    own = pd.DataFrame(rows)
    keys, among = ["period", "segment", "variable", "rule"], [("rule", SHARES), ("variable", [c.name for c in counted])]
    compare_table(bench.ledger, bench.run, "quality", own, keys, RULES, among=among)
    return {"quality": own}


def _shares(one: Counted, ids: np.ndarray) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    kinds = np.array(one.kinds, dtype=object)
    for rule in SHARES:
        chosen = np.flatnonzero(kinds == rule)
        if len(chosen):
            rows = int(np.isin(ids, chosen).sum())
            base = float(one.expected[chosen].sum() / one.expected.sum())
            told = {"rows": rows, "total": len(ids), "rate": rows / max(len(ids), 1)}
            expected = TOLERATED if rule == "unseen" else base
            found.append({"variable": one.name, "rule": rule, **told, "expected": expected})
    return found
