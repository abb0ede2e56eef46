"""Profit, loss and cost of review, and objectives on columns and on metrics, measured again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.outcomes import CONFIDENCE, LEAST_FOLLOWED, MISSING, labels_beside
from validation.monitoring.production import OTHER, yes
from validation.monitoring.restated import Judged, values_of
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored
from validation.rebuild.censored import Labels

Floats = NDArray[np.float64]
TOTALS = ("total", "total_lower", "total_upper")
PROFIT = {
    **dict.fromkeys(("rows", "bad"), "rows"), "followed": "share", "total": "mean", "total_lower": "mean",
    "total_upper": "mean", "per_account": "mean", "expected_total": "mean",
}  # fmt: skip


def compare_profit(bench: Bench) -> dict[str, pd.DataFrame]:
    """What accounts earned, lost and cost by month and segment; returns our own table."""
    spec: Mapping[str, Any] = (bench.package.plan.get("monitoring") or {}).get("profit") or {}
    frame = bench.production.frame
    needed = [OTHER + spec[name] for name in ("amount", "reviewed") if spec.get(name)]
    if not spec or bench.outcomes is None or bench.settings.window is None or any(one not in frame for one in needed):
        reason = "name --outcomes, and --column of the amounts, as the run did"
        not_recomputed(bench.ledger, bench.run, "profit", reason)
        return {}
    booked = np.ones(len(frame), bool)
    if "decision" in frame and bench.approved and bench.declined:
        booked = frame["decision"].isin(list(bench.approved)).to_numpy()
    amount = frame[OTHER + spec["amount"]].to_numpy(np.float64) if spec.get("amount") else np.ones(len(frame))
    booked = booked & (amount >= 0) & np.isfinite(amount)
    p = frame["probability"].to_numpy(np.float64) if "probability" in frame else np.full(len(frame), np.nan)
    booked &= np.isfinite(p) | ("probability" not in frame)
    seen = np.zeros(len(frame), bool)
    if spec.get("reviewed"):
        seen = yes(frame[OTHER + spec["reviewed"]].to_numpy(object)) == True  # noqa: E712
    labels, rows = labels_beside(frame, bench.outcomes), []
    margin, lost = float(spec["margin"]), float(spec["loss_given_default"])
    for period, segment, inside in bench.groups(MISSING):
        use = inside[booked[inside] & labels.usable[inside]]
        count = int(seen[inside].sum())
        cost = count * float(spec.get("review_cost", 0.0))
        own = labels.part(use)
        for measure, good, bad in (("earned", margin, 0.0), ("lost", 0.0, lost), ("profit", margin, -lost)):
            less = cost if measure == "profit" else 0.0
            told = _total(bench, own, good * amount[use], bad * amount[use])
            told |= {name: told[name] - less for name in TOTALS}
            told["per_account"] = told["total"] / len(use) if len(use) else math.nan
            expected = float(np.sum((1.0 - p[use]) * good * amount[use] + p[use] * bad * amount[use])) - less
            head = {"period": period, "segment": segment, "measure": measure, "rows": len(use)}
            rows.append({**head, **told, "expected_total": expected})
        review = dict.fromkeys((*TOTALS, "expected_total"), cost)
        review["per_account"] = cost / len(use) if len(use) else math.nan
        head = {"period": period, "segment": segment, "measure": "review_cost", "rows": count, "bad": 0}
        rows.append({**head, **review, "followed": math.nan, "status": "evaluable"})
    table = pd.DataFrame(rows)
    compare_table(bench.ledger, bench.run, "profit", table, ["period", "segment", "measure"], PROFIT, ("status",))
    return {"profit": table}


def _total(bench: Bench, labels: Labels, of_good: Floats, of_bad: Floats) -> dict[str, Any]:
    nothing = {**dict.fromkeys(TOTALS, math.nan), "status": "not evaluable"}
    if not len(labels.time):
        return {**nothing, "bad": 0, "followed": 0.0}
    one = censored.follow(labels, float(bench.settings.window or 0))
    counts = {"bad": int(one.bad.sum()), "followed": one.followed}
    if one.followed < LEAST_FOLLOWED:
        return {**nothing, **counts}
    worth, w = np.where(one.bad, of_bad, np.where(one.good, of_good, 0.0)), one.weight
    mean, n = float(np.sum(w * worth) / np.sum(w)), len(w)
    parts = one.summed(censored.influence(one, w * (worth - mean) / float(np.sum(w))))
    spread = float(np.sqrt(np.sum(parts**2) * len(parts) / (len(parts) - 1.0))) if len(parts) > 1 else math.nan
    half = float(special.ndtri(0.5 + CONFIDENCE / 2.0)) * spread
    ends = {"total": n * mean, "total_lower": n * (mean - half), "total_upper": n * (mean + half)}
    return {**counts, **ends, "status": "evaluable"}


def compare_objectives(bench: Bench, own: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Objectives on rows, columns and metrics that we measure ourselves, which are returned; others are the run's."""
    specs: list[dict[str, Any]] = list((bench.package.plan.get("monitoring") or {}).get("objectives") or [])
    if not specs:
        return {}
    frame, rows = bench.production.frame, []
    of_columns = [one for one in specs if one["measure"] != "metric"]
    for period, segment, inside in bench.groups(MISSING):
        for one in of_columns:
            lost = [name for name in one["columns"] if OTHER + name not in frame]
            if not lost or segment == ALL:
                value = math.nan if lost else _measured(one, frame.iloc[inside])
                rows.append(_row(one, period, segment, value, evaluable=value == value))
    rows += on_metrics(specs, values_of(bench, own).values(), bench.production.periods)
    if not rows:
        not_recomputed(bench.ledger, bench.run, "objectives", "none of their metrics was recomputed")
        return {}
    names = sorted({str(row["objective"]) for row in rows})
    rules = {"value": "mean", "target": "mean"}
    keys, words = ["period", "segment", "objective"], ("direction", "verdict")
    among = [("objective", names)]
    table = pd.DataFrame(rows)
    compare_table(bench.ledger, bench.run, "objectives", table, keys, rules, words, among=among)
    return {"objectives": table}


def on_metrics(
    specs: Iterable[Mapping[str, Any]], values: Iterable[Judged], periods: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Rows of objectives on metrics, of each month and segment that has values of the metric.

    Where these are of several subjects, and the objective names none, the one row is not evaluable. Of a metric that
    has any, all rows of a month of `periods` without one have a row that is not evaluable.
    """
    found, every = [], list(values)
    for one in specs:
        places: dict[tuple[str, str], list[Judged]] = {}
        for told in every:
            if told.metric == one.get("metric") and one.get("subject") in (None, told.subject):
                places.setdefault((told.period, told.segment), []).append(told)
        for (period, segment), held in places.items():
            alone = held[0].value if len(held) == 1 else math.nan
            found.append(_row(one, period, segment, alone, evaluable=len(held) == 1 and held[0].evaluable))
        if places:
            lost = sorted(set(periods) - {period for period, segment in places if segment == ALL})
            found += [_row(one, period, ALL, math.nan, evaluable=False) for period in lost]
    return found


def _row(one: Mapping[str, Any], period: str, segment: str, value: float, *, evaluable: bool) -> dict[str, Any]:
    target = float(one["target"])
    met = value >= target if one["direction"] == "at_least" else value <= target
    verdict = ("met" if met else "missed") if evaluable else "not evaluable"
    head = {"period": period, "segment": segment, "objective": str(one["id"]), "direction": one["direction"]}
    return {**head, "value": value, "target": target, "verdict": verdict}


def _measured(one: Mapping[str, Any], frame: pd.DataFrame) -> float:
    """The measure over rows that have all its columns; NaN without one."""
    if one["measure"] == "rows":
        return float(len(frame))
    columns = frame[[OTHER + name for name in one["columns"]]].dropna()
    if columns.empty:
        return math.nan
    first = columns.iloc[:, 0]
    if one["measure"] == "share":
        wanted = one["value"]
        hits = yes(first.to_numpy(object)) == wanted if isinstance(wanted, bool) else (first == wanted).to_numpy()
        return float(np.mean(hits))
    x = first.to_numpy(np.float64)
    if one["measure"] == "quantile":
        return float(np.quantile(x, one["level"], method="inverted_cdf"))
    if one["measure"] == "ratio":
        whole = math.fsum(columns.iloc[:, 1].to_numpy(np.float64))
        return math.fsum(x) / whole if whole else math.nan
    return math.fsum(x) if one["measure"] == "sum" else math.fsum(x) / len(x)
