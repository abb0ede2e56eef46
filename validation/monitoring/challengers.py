"""Challengers that were scored in shadow, and the estimate without outcomes, measured again."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.monitoring.accepts import ACCEPTS, accepts_of
from validation.monitoring.bench import ALL, Bench
from validation.monitoring.outcomes import CONFIDENCE, LEAST_FOLLOWED, MISSING, labels_beside
from validation.monitoring.production import CHALLENGER
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored
from validation.rebuild.censored import Labels

Floats = NDArray[np.float64]
RESULT = ":probability"
RULES = {
    **dict.fromkeys(("rows", "good", "bad", "not_yet"), "rows"), "followed": "share",
    **dict.fromkeys(("auc_champion", "auc_challenger"), "auc"), "difference": "difference",
    **dict.fromkeys(("standard_error", "lower", "upper", "half_width", "unpaired_error"), "standard_error"),
    "p_value": "p_value",
}  # fmt: skip


def compare_challengers(bench: Bench) -> None:
    """Paired difference of AUC by month and segment, of all rows that both scored."""
    frame, window = bench.production.frame, bench.settings.window
    names = [one for one in frame.columns if one.startswith(CHALLENGER) and one.endswith(RESULT)]
    table = bench.run.table("challengers")
    if bench.outcomes is None or window is None or not names or "probability" not in frame:
        not_recomputed(bench.ledger, bench.run, "challengers", "name --challenger and --outcomes as the run did")
        return
    accepts = accepts_of(bench)
    if isinstance(accepts, str):
        not_recomputed(bench.ledger, bench.run, "challengers", accepts)
        return
    labels, rows = labels_beside(frame, bench.outcomes), []
    first = frame["probability"].to_numpy(np.float64)
    for name in names:
        second = frame[name].to_numpy(np.float64)
        both = np.isfinite(first) & np.isfinite(second)
        for period, segment, inside in bench.groups(MISSING):
            held = inside[both[inside]]
            if len(held) or segment == ALL:
                head = {"challenger": name.removeprefix(CHALLENGER).removesuffix(RESULT), "horizon": float(window)}
                held = held[accepts.keep[held]]
                mass = None if accepts.mass is None else accepts.mass[held]
                told = _paired(bench, labels.part(held), first[held], second[held], mass)
                head |= {"period": period, "segment": segment, "basis": accepts.basis, "rows": len(held)}
                rows.append({**head, **told})
    keys, words = ["challenger", "period", "segment"], ("status", "basis")
    compare_table(bench.ledger, bench.run, "challengers", pd.DataFrame(rows), keys, RULES, words)
    if table is not None:
        warned = [row["warning"] is not None for row in table.to_dict("records")]
        bench.ledger.words(
            "monitoring.challengers", "whether there is a warning", warned, [accepts.basis == ACCEPTS] * len(warned),
            [f"{row['challenger']} {row['period']} {row['segment']}" for row in table.to_dict("records")],
        )  # fmt: skip


def _paired(bench: Bench, labels: Labels, a: Floats, b: Floats, mass: Floats | None) -> dict[str, object]:
    nothing = dict.fromkeys((one for one in RULES if one != "rows"), math.nan)
    if not labels.usable.any():
        return {**nothing, "good": 0, "bad": 0, "not_yet": 0, "followed": 0.0, "status": "not evaluable"}
    one = censored.follow(labels, float(bench.settings.window or 0), mass)
    bad, good = int(one.bad.sum()), int(one.good.sum())
    counts = {"good": good, "bad": bad, "not_yet": len(one.time) - good - bad, "followed": one.followed}
    if min(bad, good) < 2:
        return {**nothing, **counts, "status": "not evaluable"}
    (first, mine), (second, other) = (censored.area_parts(one, x[labels.usable]) for x in (a, b))
    gap, error = second - first, float(np.sqrt(np.sum(one.summed(other - mine) ** 2)))
    half = float(special.ndtri(0.5 + CONFIDENCE / 2.0)) * error
    lower, upper = max(gap - half, -1.0), min(gap + half, 1.0)
    enough = one.followed >= LEAST_FOLLOWED and min(bad, good) >= bench.settings.min_bads
    return {
        **counts, "auc_champion": first, "auc_challenger": second, "difference": gap, "standard_error": error,
        "lower": lower, "upper": upper, "half_width": (upper - lower) / 2.0,
        "p_value": 2.0 * float(special.ndtr(-abs(gap) / error)) if error > 0 else math.nan,
        "unpaired_error": float(np.sqrt(np.sum(one.summed(mine) ** 2) + np.sum(one.summed(other) ** 2))),
        "status": "evaluable" if enough else "not evaluable",
    }  # fmt: skip


def compare_estimate(bench: Bench) -> None:
    """AUC and bad rate that the probabilities imply, by month and segment."""
    frame = bench.production.frame
    if "probability" not in frame or bench.package.outcome_type != "binary":
        not_recomputed(bench.ledger, bench.run, "label_free", "production holds no probability of bad")
        return
    rows, p = [], frame["probability"].to_numpy(np.float64)
    for period, segment, inside in bench.groups(MISSING):
        own = p[inside][np.isfinite(p[inside])]
        if len(own):
            area, rate = _implied(own), (float(own.mean()), float(np.sqrt(np.sum(own * (1.0 - own)))) / len(own))
            measures = {"auc": area, "gini": (2.0 * area[0] - 1.0, 2.0 * area[1]), "bad_rate": rate}
            for measure, (value, spread) in measures.items():
                half = float(special.ndtri(0.5 + CONFIDENCE / 2.0)) * spread
                head = {"period": period, "segment": segment, "measure": measure, "rows": len(own)}
                rows.append({**head, "estimate": value, "spread": spread, "lower": value - half, "upper": value + half})
    rules = {"rows": "rows", "estimate": "auc", **dict.fromkeys(("spread", "lower", "upper"), "standard_error")}
    compare_table(bench.ledger, bench.run, "label_free", pd.DataFrame(rows), ["period", "segment", "measure"], rules)


def _implied(p: Floats) -> tuple[float, float]:
    """Expected share of pairs of a bad and a good in the right order, a row paired with itself left out; its spread.

    Each row is a bad with weight p and a good with weight 1 - p; the spread is DeLong's, of these weights.
    """
    order = np.sort(p)
    goods, bads = (np.concatenate([[0.0], np.cumsum(part)]) for part in (1.0 - order, order))
    left, right = (np.searchsorted(order, p, side) for side in ("left", "right"))
    below = (goods[left] + goods[right]) / 2.0
    above = bads[-1] - (bads[left] + bads[right]) / 2.0
    own = float(np.sum(p * (1.0 - p)))
    pairs = goods[-1] * bads[-1] - own
    if not pairs > 0:
        return math.nan, math.nan
    area = (float(np.sum(p * below)) - own / 2.0) / pairs
    variance = float(np.sum(p * (below / goods[-1] - area) ** 2)) / bads[-1] ** 2
    variance += float(np.sum((1.0 - p) * (above / bads[-1] - area) ** 2)) / goods[-1] ** 2
    return area, float(np.sqrt(variance))
