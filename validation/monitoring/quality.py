"""Shares of missing, special and unseen values and undeclared codes of a run, counted again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.drift import NOTHING, Counted, counted_of
from validation.monitoring.production import INPUT
from validation.monitoring.rules import constant_rows, contract_rows, judged, unit_rows, volume_rows
from validation.monitoring.tables import compare_table, not_recomputed

SHARES = ("missing", "special", "unseen")
UNDECLARED = "special_undeclared"
TOLERATED = 0.001
"""Rate of categories not met in development that is no finding."""
NUMBERS = {
    "rows": "rows", "total": "rows", "rate": "share", "expected": "mean", "ratio": "mean", "p_value": "p_value",
    "adjusted_p_value": "p_value",
}  # fmt: skip
WORDS = ("material", "beyond_chance", "verdict", "reason")
OF_FAMILY = ("adjusted_p_value", "beyond_chance", "verdict")
"""Columns that depend on all rules of a month."""


def compare_quality(bench: Bench) -> dict[str, pd.DataFrame]:
    """All rules by month and segment, counted and judged; returns our own table."""
    counted = [one for one in counted_of(bench) if not one.of_score]
    if not counted:
        not_recomputed(bench.ledger, bench.run, "quality", "no classing of the champion is of one value")
        return {}
    rows: list[dict[str, object]] = []
    for period, segment, inside in bench.groups(NOTHING):
        for one in counted:
            ids = one.ids[inside]
            ids = ids[ids >= 0]
            rows += [{"period": period, "segment": segment, **told} for told in _shares(one, ids) if len(ids)]
    every = [*rows, *constant_rows(bench, counted), *contract_rows(bench), *volume_rows(bench), *unit_rows(bench)]
    every += list(_codes(bench))
    sizes = {one.name: float(one.expected.sum()) for one in counted}
    own = judged(every, sizes, bench.settings.significance, bench.settings.min_rows)
    keys = ["period", "segment", "variable", "rule"]
    among = [("rule", sorted(set(own["rule"]))), ("variable", sorted(set(own["variable"])))]
    stated = bench.run.table("quality")
    whole = stated is not None and all(set(stated[column]) <= set(known) for column, known in among)
    numbers = NUMBERS if whole else {name: rule for name, rule in NUMBERS.items() if name not in OF_FAMILY}
    words = WORDS if whole else [name for name in WORDS if name not in OF_FAMILY]
    compare_table(bench.ledger, bench.run, "quality", own, keys, numbers, words, among=among)
    return {"quality": own.assign(judged=whole)}


def _codes(bench: Bench) -> Iterator[dict[str, object]]:
    """Of numeric inputs the commonest value far outside what development had, if more than one row has it: below 0
    where development never was, or beyond its range by more than half of it. Declared codes are none."""
    for item in bench.package.model["inputs"]:
        name, frame = item["name"], bench.production.frame
        if item["type"] != "number" or INPUT + name not in frame:
            continue
        codes = [float(one["code"]) for one in item["specials"]]
        base = np.asarray(bench.development[name].data, np.float64)
        base = base[np.isfinite(base) & ~np.isin(base, codes)]
        if not len(base):
            continue
        low, high = float(base.min()), float(base.max())
        half = (high - low) / 2.0
        for period, segment, inside in bench.groups(NOTHING):
            x = frame[INPUT + name].to_numpy(np.float64)[inside]
            x = x[np.abs(x) <= 1e100]
            if segment != ALL:
                continue
            far = x[~np.isin(x, codes) & ((x < low - half) | (x > high + half) | ((x < 0) & (low >= 0)))]
            values, counts = np.unique(far, return_counts=True)
            rows = int(counts.max()) if len(counts) and counts.max() > 1 else 0
            reason = "no such value"
            if rows:
                value, share = values[int(np.argmax(counts))], 100 * rows / len(x)
                reason = f"value {value:g}, far outside development, in {share:.3g} % of rows"
            head = {"period": period, "segment": ALL, "variable": name, "rule": UNDECLARED, "reason": reason}
            yield {**head, "rows": rows, "total": len(x), "expected": TOLERATED}


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
