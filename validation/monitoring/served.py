"""Decisions of production counted again, its inputs scored again, and what the run makes of its own tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.monitoring.bench import ALL, APPLICANTS, DEVELOPMENT, Bench
from validation.monitoring.outcomes import MISSING
from validation.monitoring.production import APPLICANT, NUMBERS, TEXTS
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import metrics

Mask = NDArray[np.bool_]
SKEW = "production: scored again"
RULES = {
    "linear_score": "linear_score", "probability": "probability", "probability_with_margin": "probability",
    "expected_value": "expected_value", "score": "score_unrounded",
}  # fmt: skip
DIRECTIONS = {
    "low side": "low_side_override_rate", "high side": "high_side_override_rate", "both sides": "override_rate",
}  # fmt: skip


def compare_decisions(bench: Bench) -> dict[str, pd.DataFrame]:
    """Approvals and overrides by month and segment, beside development's rates; returns our own table."""
    frame, s = bench.production.frame, bench.settings
    if "decision" not in frame or not (bench.approved and bench.declined):
        reason = "name --decision, --approved and --declined as the run did"
        not_recomputed(bench.ledger, bench.run, "decisions", reason)
        return {}
    word = frame["decision"]
    yes, no = word.isin(list(bench.approved)).to_numpy(), word.isin(list(bench.declined)).to_numpy()
    events = {"approval_rate": (yes, yes | no)}
    if s.cut_off is not None and "score" in frame:
        score = frame["score"].to_numpy(np.float64)
        above, below = score >= s.cut_off, score < s.cut_off
        both = (yes | no) & (above | below)
        events["model_approval_rate"] = (above, above | below)
        events["override_rate"] = (np.where(yes, below, above), both)
        events["low_side_override_rate"] = (yes, both & below)
        events["high_side_override_rate"] = (no, both & above)
    base, rows = _development(bench), []
    for period, segment, inside in bench.groups(MISSING):
        for measure, (event, of) in events.items():
            n = int(of[inside].sum())
            hits = int((event & of)[inside].sum())
            size = None if APPLICANT not in frame else clustered_size(frame[APPLICANT].iloc[inside[of[inside]]],
                                                                      event[inside[of[inside]]])  # fmt: skip
            told = _rate(hits, n, base.get(measure) if segment == ALL else None, size)
            status = "evaluable" if n >= s.min_rows else "not evaluable"
            head = {"period": period, "segment": segment, "measure": measure, "rows": n, "events": hits}
            rows.append({**head, **told, "status": status})
    rules = {"rows": "rows", "events": "rows", "rate": "share", "lower": "interval", "upper": "interval"}
    rules |= {"half_width": "interval", "development": "share", "difference": "difference", "p_value": "p_value"}
    rules |= {"difference_lower": "standard_error", "difference_upper": "standard_error"}
    keys, own = ["period", "segment", "measure"], pd.DataFrame(rows)
    compare_table(bench.ledger, bench.run, "decisions", own, keys, rules, ("status",))
    return {"decisions": own}


def clustered_size(applicants: pd.Series, event: np.ndarray) -> float:
    """Rows of a simple sample whose share of events is as precise as that of rows of applicants who come again."""
    n = len(event)
    if not n:
        return 0.0
    share = float(np.mean(event))
    alone = applicants.isna().to_numpy()
    names = np.where(alone, np.array([f"\0{k}" for k in range(n)], object), applicants.to_numpy(object))
    sums = pd.Series(event.astype(float) - share).groupby(names).sum().to_numpy()
    squares = float(np.sum(sums**2))
    if len(sums) < 2 or squares <= 1e-18:
        return float(len(sums))
    variance = squares / n**2 * len(sums) / (len(sums) - 1.0) * (n - 1.0) / n
    return min(share * (1.0 - share) / variance, float(n))


def _rate(hits: int, n: int, base: tuple[float, float] | None, clustered: float | None = None) -> dict[str, float]:
    """Share with Wilson's bounds, and the difference from development with Newcombe's (1998, method 10).

    clustered: rows of as precise a simple sample, where rows are of applicants who come again.
    """
    nothing = dict.fromkeys(("difference", "difference_lower", "difference_upper", "p_value"), math.nan)
    if not n:
        told = dict.fromkeys(("rate", "lower", "upper", "half_width"), math.nan)
        return {**told, **nothing, "development": math.nan if base is None else base[0]}
    rate, rows = hits / n, float(n) if clustered is None else clustered
    lower, upper = metrics.wilson(rate * rows, rows)
    told = {"rate": rate, "lower": lower, "upper": upper, "half_width": (upper - lower) / 2.0}
    if base is None:
        return {**told, **nothing, "development": math.nan}
    own, size = base
    low, high = metrics.wilson(own * size, size)
    gap = rate - own
    common = (own * size + rate * rows) / (size + rows)
    error = math.sqrt(common * (1.0 - common) * (1.0 / size + 1.0 / rows))
    return {
        **told, "development": own, "difference": gap,
        "difference_lower": gap - math.hypot(rate - lower, high - own),
        "difference_upper": gap + math.hypot(upper - rate, own - low),
        "p_value": math.erfc(abs(gap) / error / math.sqrt(2.0)) if error > 0 else math.nan,
    }  # fmt: skip


def _development(bench: Bench) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    cut_offs = bench.package.rows_of("strategy.cut_offs") or []
    rates = [
        (float(r["acceptance_rate"]), float(r["rows"]))
        for r in cut_offs
        if r["sample"] == DEVELOPMENT and r["declared"]
    ]
    if bench.run.about("compared with") == APPLICANTS:
        rates = _above(bench)
    for rate in rates:
        found |= dict.fromkeys(("approval_rate", "model_approval_rate"), rate)
    for row in bench.package.rows_of("strategy.overrides") or []:
        if row["rate"] is not None and row["direction"] in DIRECTIONS:
            found[DIRECTIONS[row["direction"]]] = (float(row["rate"]), float(row["decided"]))
    return found


def _above(bench: Bench) -> list[tuple[float, float]]:
    """Share of all applicants of development whose score is at the cut-off or above, and how many they are."""
    score = bench.output("score")
    if score is None or bench.settings.cut_off is None:
        return []
    weight = np.ones(len(score)) if bench.weight is None else bench.weight
    above = score >= bench.settings.cut_off
    return [(float(weight[above].sum() / weight.sum()), float(weight.sum() ** 2 / (weight**2).sum()))]


def compare_serving(bench: Bench) -> None:
    """Inputs of production scored by our own evaluator: results beside those that production holds."""
    frame = bench.production.frame
    if bench.scored is None:
        bench.ledger.not_evaluable(SKEW, "production does not hold every input of the model")
        return
    labels, wrong = frame["key"].fillna("erased").astype(str).tolist(), dict[str, Mask]()
    for name in (*NUMBERS, *TEXTS):
        column = bench.package.model["outputs"].get(name)
        if not isinstance(column, str) or column not in bench.scored or name not in frame:
            continue
        own, there = bench.scored[column], frame[name].to_numpy()
        held = ~own.error & bench.production.whole
        told = [label for label, known in zip(labels, held, strict=True) if known]
        if name in RULES:
            rule = "score_rounded" if name == "score" and _whole(own.data[held]) else RULES[name]
            tolerance = bench.ledger.policy.tolerances[rule]
            wrong[name] = held & (tolerance.excess(there, own.data) > tolerance.value)
            bench.ledger.numbers(
                SKEW, name, rule, there[held], own.data[held], told, ("monitoring.run",), applicants=True
            )
        else:
            pairs = [[None if one is None else str(one) for one in values[held]] for values in (there, own.data)]
            wrong[name] = np.zeros(len(held), dtype=bool)
            wrong[name][held] = [one != other for one, other in zip(*pairs, strict=True)]
            bench.ledger.words(SKEW, name, pairs[0], pairs[1], told, ("monitoring.run",), "applicant")
    _replay(bench, wrong)


def _replay(bench: Bench, wrong: dict[str, Mask]) -> None:
    """Rows scored again by month, and no fewer differences than there are beyond our tolerance; that bits differ within
    it is the run's word alone."""
    table, frame = bench.run.table("replay"), bench.production.frame
    if table is None or not bench.production.is_log:
        return
    month = frame["period"].to_numpy(object)
    kept = table[table["output"].isin(list(wrong)) & (table["package_hash"] == bench.package.hash)]
    labels = [f"{period} {output}" for period, output in zip(kept["period"], kept["output"], strict=True)]
    rows = [int(np.sum((month == period) & bench.production.whole)) for period in kept["period"]]
    bench.ledger.numbers("monitoring.replay", "rows", "rows", kept["rows"].tolist(), rows, labels)
    least = [
        max(int(np.sum(wrong[output][month == period])), int(told))
        for period, output, told in zip(kept["period"], kept["output"], kept["differences"], strict=True)
    ]
    bench.ledger.numbers("monitoring.replay", "differences", "rows", kept["differences"].tolist(), least, labels)


def _whole(values: NDArray[np.float64]) -> bool:
    known = values[np.isfinite(values)]
    return bool(len(known)) and bool(np.all(known == np.round(known)))


def compare_about(bench: Bench) -> None:
    """What the run says of itself: package, months, rows."""
    production, model = bench.production, bench.package.manifest["model"]
    periods = production.periods
    own = {
        "package hash": bench.package.hash,
        "model": f"{model['id']} {model['version']}",
        "months": f"{periods[0]} to {periods[-1]}" if periods else "none",
        "rows counted": str(len(production.frame)),
        "rows left out": str(sum(production.files.values()) - len(production.frame)),
        "segments": ", ".join(bench.settings.segments) or "none",
        "persistence": f"{bench.settings.at_least} of {bench.settings.of} months",
        "empty cells": str(bench.settings.zero_cells),
        "outcomes": "no outcomes were given" if bench.outcomes is None else "given",
        "significance": f"{bench.settings.significance:g}",
        "fewest rows": f"{bench.settings.min_rows:g}",
        "fewest bads": str(bench.settings.min_bads),
        "months of the outcome": "not declared" if bench.settings.window is None else str(bench.settings.window),
    }
    told = [bench.run.about(item) for item in own]
    bench.ledger.words("monitoring.run", "value", told, list(own.values()), list(own))
    stated = bench.run.table("run")
    others = [] if stated is None else [one for one in stated["item"] if one not in own]
    if others:
        bench.ledger.not_evaluable(f"monitoring.run: {', '.join(others)}", "not recomputed: told by the run alone")
    stated = bench.run.table("partitions")
    if stated is not None and set(stated["partition"]) <= set(production.files):
        counted = production.frame["place"].value_counts()
        rows = [(name, n, int(counted.get(name, 0))) for name, n in production.files.items() if n]
        frame = pd.DataFrame(rows, columns=["partition", "rows", "counted"])
        frame["left_out"] = frame["rows"] - frame["counted"]
        rules = dict.fromkeys(("rows", "counted", "left_out"), "rows")
        compare_table(bench.ledger, bench.run, "partitions", frame, ["partition"], rules)
