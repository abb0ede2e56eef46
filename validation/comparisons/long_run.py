"""Cohorts, long-run average, cycle and rating philosophy, recounted from the snapshot and our own predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special, stats

from validation.rebuild import cohort_likelihood
from validation.rebuild import long_run as own
from validation.rebuild.times import time_column
from validation.rebuild.workspace import Workspace

COHORTS, FIGURE, AVERAGE = "long_run.cohorts", "long_run.figure", "long_run.average"
YEARS, CYCLE, PHILOSOPHY = "long_run.cycle_years", "long_run.cycle", "long_run.philosophy"
NUMBERS = {
    **dict.fromkeys(("months", "rows", "bads", "unknown"), "rows"),
    **dict.fromkeys(("bad_rate", "weight_share"), "share"),
    **dict.fromkeys(("bad_rate_lower", "bad_rate_upper"), "interval"),
    "mean_probability": "mean_probability",
    "effective_rows": "count",
}
Record = dict[str, Any]


def compare_long_run(space: Workspace) -> None:
    """Compare every table of `long_run.*` with ours; what the developer leaves out is told."""
    table, recounted = space.package.rows_of(COHORTS), _recounted(space)
    if table is None or recounted is None:
        space.ledger.not_evaluable(COHORTS, "the package holds no such table, or no dates")
        return
    found, rules = recounted
    _compare_cohorts(space, table, found)
    counted = [record for record in found if record["counted"]]
    averages = _compare_average(space, counted, rules)
    _compare_figure(space, found, averages)
    _compare_cycle(space, counted, rules)
    _compare_philosophy(space, counted, rules)


def _recounted(space: Workspace) -> tuple[list[Record], own.CohortPlan] | None:
    """Return our cohorts and the rules they follow, or None where the snapshot has no dates."""
    column = time_column(space.package.plan)
    if column is None or column not in space.frame:
        return None
    rules = own.cohort_plan(space.package.plan)
    predicted = space.output(space.package.champion_id, "probability")
    probability = np.full(len(space.outcome), np.nan) if predicted is None else predicted.data
    months = [own.month_of(value) for value in space.frame[column].tolist()]
    if all(month is None for month in months) or not np.isfinite(space.outcome).any():
        return None
    return own.cohorts_of(months, space.outcome, space.weight, probability, rules, space.confidence), rules


def cohorts_of_package(space: Workspace) -> tuple[list[Record], own.CohortPlan] | None:
    """Return the cohorts that count, by our own count, and the rules they follow; None where there are no dates."""
    found = _recounted(space)
    return None if found is None else ([record for record in found[0] if record["counted"]], found[1])


def coverage_of_package(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan) -> dict[str, float] | None:
    """Return our coverage of the cycle, or None where the plan names none."""
    if (space.package.plan.get("long_run") or {}).get("cycle") is None:
        return None
    return _cycle_of(space, counted, rules)[1]


def _compare_cohorts(space: Workspace, table: list[Record], found: list[Record]) -> None:
    names = [row["cohort"] for row in table]
    space.ledger.words(COHORTS, "cohorts", names, [record["cohort"] for record in found], "cohort")
    mine = {record["cohort"]: record for record in found}
    kept = [row for row in table if row["cohort"] in mine]
    labels = [row["cohort"] for row in kept]
    for column, rule in NUMBERS.items():
        values = [mine[name][column] for name in labels]
        space.ledger.numbers(COHORTS, column, rule, [row[column] for row in kept], values, labels)
    for column in ("begins", "overlaps", "counted"):
        values = [mine[name][column] for name in labels]
        space.ledger.words(COHORTS, column, [row[column] for row in kept], values, labels)
    reasons = [row["reason"] is None for row in kept]
    space.ledger.words(COHORTS, "reason given", reasons, [mine[name]["counted"] for name in labels], labels)


def _arrays(counted: Sequence[Record], *names: str) -> list[np.ndarray]:
    return [np.array([np.nan if c[name] is None else c[name] for c in counted], dtype=float) for name in names]


def _lags(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan) -> int:
    declared = (space.package.plan.get("long_run") or {}).get("lags")
    return own.lags_of([record["month"] for record in counted], rules.window, declared)


def averages_of(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan) -> dict[str, Record] | None:
    """Return our averages by name, or None where there are fewer years than the plan asks for."""
    asked = space.package.plan.get("long_run") or {}
    years = own.years_without_overlap([record["month"] for record in counted])
    if len(counted) < 2 or years < asked.get("min_years", 5):
        return None
    rates, shares, sizes = _arrays(counted, "bad_rate", "weight_share", "effective_rows")
    lags, degrees = _lags(space, counted, rules), min(years, len(rates)) - 1
    t = float(stats.t.ppf(0.5 + space.confidence / 2.0, degrees)) if degrees >= 1 else np.nan
    found: dict[str, Record] = {}
    for name, weights in (("mean_of_cohorts", np.ones(len(rates))), ("mean_of_rows", shares)):
        value, error = own.mean_over(rates, weights, lags)
        found[name] = _told(value, error, t * error, lags, degrees)
    mean = found["mean_of_cohorts"]
    chance = float(np.sqrt((rates * (1.0 - rates) / sizes).sum())) / len(rates)
    z = float(stats.norm.ppf(0.5 + space.confidence / 2.0))
    found["sampling_error_alone"] = _told(mean["value"], chance, z * chance, 0, 0)
    adjusted = _adjusted(space, counted, rules, mean["value"])
    if adjusted is not None:
        error = mean["standard_error"] * (adjusted / mean["value"] if mean["value"] > 0 else 1.0)
        found["adjusted"] = _told(adjusted, error, t * error, lags, degrees)
    for record in found.values():
        record |= {"cohorts": len(counted), "years": years}
    return found


def _told(value: float, error: float, half: float, lags: int, degrees: int) -> Record:
    bounds = {"lower": value - half, "upper": value + half}
    return {"value": value, "standard_error": error, **bounds, "lags": lags, "degrees": degrees}


def _adjusted(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan, mean: float) -> float | None:
    asked = (space.package.plan.get("long_run") or {}).get("adjustment") or {}
    if asked.get("method") == "declared":
        return mean * (1.0 + float(asked["relative"]))
    if asked.get("method") == "reweight":
        return _cycle_of(space, counted, rules)[1]["reweighted_average"]
    return None


def _compare_average(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan) -> dict[str, Record] | None:
    mine, table = averages_of(space, counted, rules), space.package.rows_of(AVERAGE)
    space.ledger.words(AVERAGE, "enough years", [table is not None], [mine is not None], "average")
    if table is None or mine is None:
        return mine
    names = [row["estimate"] for row in table]
    space.ledger.words(AVERAGE, "estimates", names, list(mine), "estimate")
    kept = [row for row in table if row["estimate"] in mine]
    labels = [row["estimate"] for row in kept]
    rule = {"value": "share", "standard_error": "standard_error", "lower": "standard_error", "upper": "standard_error"}
    for column in ("cohorts", "years", "value", "standard_error", "lower", "upper", "lags", "degrees"):
        values = [mine[name][column] for name in labels]
        space.ledger.numbers(AVERAGE, column, rule.get(column, "rows"), [row[column] for row in kept], values, labels)
    return mine


def _compare_figure(space: Workspace, found: Sequence[Record], averages: Mapping[str, Record] | None) -> None:
    table = space.package.rows_of(FIGURE)
    told = [record for record in found if record["bad_rate"] is not None]
    space.ledger.words(FIGURE, "figure", [table is not None], [bool(told)], "figure")
    if table is None or not told:
        return
    mine: dict[tuple[str, str], tuple[Any, Any, Any]] = {}
    for record in told:
        name, p = record["cohort"], record["mean_probability"]
        mine[name, "observed"] = (record["bad_rate"], record["bad_rate_lower"], record["bad_rate_upper"])
        mine[name, "predicted"] = (p, p, p)
        if averages is not None:
            line = (averages.get("adjusted") or averages["mean_of_cohorts"])["value"]
            mine[name, "long-run average"] = (line, line, line)
    places = [(row["cohort"], row["series"]) for row in table]
    space.ledger.words(FIGURE, "points", sorted(map(str, places)), sorted(map(str, mine)), "point")
    kept = [row for row, place in zip(table, places, strict=True) if place in mine]
    labels = [f"{row['cohort']} {row['series']}" for row in kept]
    for index, column in enumerate(("rate", "lower", "upper")):
        values = [mine[row["cohort"], row["series"]][index] for row in kept]
        space.ledger.numbers(FIGURE, column, "interval", [row[column] for row in kept], values, labels)


def _cycle_of(
    space: Workspace, counted: Sequence[Record], rules: own.CohortPlan
) -> tuple[dict[int, Record], dict[str, float]]:
    cycle = (space.package.plan.get("long_run") or {})["cycle"]
    ahead = 5 if rules.by == "calendar_year" else (rules.window or 0) // 2
    years: dict[int, Record] = {
        item["year"]: {"downturn": item.get("downturn", False), "indicator": item.get("value"), "records": []}
        for item in cycle["years"]
    }
    for record in counted:
        year = (record["month"] + ahead) // 12
        years.setdefault(year, {"downturn": None, "indicator": None, "records": []})["records"].append(record)
    for told in years.values():
        rates = [record["bad_rate"] for record in told["records"]]
        told |= {"cohorts": len(rates), "rows": sum(record["rows"] for record in told["records"])}
        told["bad_rate"] = float(np.mean(rates)) if rates else None
    return years, _coverage(years)


def _coverage(years: Mapping[int, Record]) -> dict[str, float]:
    reference = [one for one in years.values() if one["downturn"] is not None]
    seen = [one for one in reference if one["cohorts"]]
    share = sum(one["downturn"] for one in reference) / len(reference)
    rates = {kind: [one["bad_rate"] for one in seen if one["downturn"] is kind] for kind in (True, False)}
    bad, other = (float(np.mean(rates[kind])) if rates[kind] else np.nan for kind in (True, False))
    values = [
        np.array([np.nan if o["indicator"] is None else o["indicator"] for o in some]) for some in (reference, seen)
    ]
    whole, part = (float(np.ptp(v)) if len(v) else np.nan for v in values)
    told = np.array([one["bad_rate"] for one in seen], dtype=float)
    related = len(seen) >= 3 and np.isfinite(values[1]).all() and np.ptp(values[1]) > 0 and np.ptp(told) > 0
    return {
        "reference_years": len(reference),
        "reference_downturn_years": sum(one["downturn"] for one in reference),
        "reference_downturn_share": share,
        "observed_years": len(seen),
        "observed_downturn_years": len(rates[True]),
        "observed_downturn_share": len(rates[True]) / len(seen) if seen else np.nan,
        "years_outside_reference": len(years) - len(reference),
        "mean_rate_downturn": bad,
        "mean_rate_other": other,
        "reference_indicator_mean": float(values[0].mean()),
        "observed_indicator_mean": float(values[1].mean()) if len(values[1]) else np.nan,
        "indicator_range_covered": part / whole if whole > 0 else np.nan,
        "indicator_correlation": float(stats.pearsonr(told, values[1])[0]) if related else np.nan,
        "reweighted_average": share * bad + (1.0 - share) * other,
    }


def _compare_cycle(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan) -> None:
    asked = (space.package.plan.get("long_run") or {}).get("cycle")
    years, summary = space.package.rows_of(YEARS), space.package.rows_of(CYCLE)
    space.ledger.words(CYCLE, "tables", [years is not None, summary is not None], [asked is not None] * 2, "table")
    if asked is None or years is None or summary is None:
        return
    mine, told = _cycle_of(space, counted, rules)
    space.ledger.words(YEARS, "years", [row["year"] for row in years], [str(year) for year in sorted(mine)], "year")
    named = {str(year): one for year, one in mine.items()}
    kept = [row for row in years if row["year"] in named]
    labels = [row["year"] for row in kept]
    space.ledger.words(
        YEARS, "downturn", [r["downturn"] for r in kept], [named[r["year"]]["downturn"] for r in kept], labels
    )
    for column, rule in {"indicator": "share", "cohorts": "rows", "rows": "rows", "bad_rate": "share"}.items():
        values = [named[row["year"]][column] for row in kept]
        space.ledger.numbers(YEARS, column, rule, [row[column] for row in kept], values, labels)
    _compare_quantities(space, CYCLE, summary, {name: {"value": value} for name, value in told.items()}, ("value",))


def _compare_quantities(
    space: Workspace, area: str, table: list[Record], mine: Mapping[str, Record], columns: Sequence[str]
) -> None:
    names = [row["quantity"] for row in table]
    space.ledger.words(area, "quantities", names, list(mine), "quantity")
    kept = [row for row in table if row["quantity"] in mine]
    labels = [row["quantity"] for row in kept]
    rules = {"p_value": "p_value", "value": "coefficient"}
    for column in columns:
        values = [mine[name].get(column) for name in labels]
        rule = rules.get(column, "standard_error")
        space.ledger.numbers(area, column, rule, [row[column] for row in kept], values, labels)


def _compare_philosophy(space: Workspace, counted: Sequence[Record], rules: own.CohortPlan) -> None:
    table = space.package.rows_of(PHILOSOPHY)
    enough = len(counted) >= 3 and all(record["mean_probability"] is not None for record in counted)
    space.ledger.words(PHILOSOPHY, "enough cohorts", [table is not None], [enough], "table")
    if table is None or not enough:
        return
    r, p, n = _arrays(counted, "bad_rate", "mean_probability", "effective_rows")
    mine = philosophy_of(r, p, n, _lags(space, counted, rules), space.confidence)
    columns = ("value", "standard_error", "lower", "upper", "p_value")
    _compare_quantities(space, PHILOSOPHY, table, mine, columns)


def philosophy_of(r: np.ndarray, p: np.ndarray, n: np.ndarray, lags: int, confidence: float) -> dict[str, Record]:
    """Return our quantities of the rating philosophy by name: value, standard error, bounds and p-value."""
    size = len(r)
    t = float(stats.t.ppf(0.5 + confidence / 2.0, size - 2))
    inside = bool(((r > 0) & (r < 1) & (p > 0) & (p < 1)).all())
    back, ahead = own.line(r, p, lags), own.line(p, r, lags)
    odds = own.line(special.logit(r), special.logit(p), lags) if inside else None
    noise, variance = float((r * (1.0 - r) / n).mean()), float(r.var(ddof=1))
    less = variance - noise
    moves = back is not None
    found: dict[str, Record] = {
        "following": _part(back, 2, t),
        "following_log_odds": _part(odds, 2, t),
        "following_less_sampling": {"value": float(np.cov(p, r)[0, 1]) / less if moves and less > 0 else None},
        "sampling_share": {"value": noise / variance if moves else None},
        "slope": _part(ahead, 2, t, size - 2, 1.0),
        "intercept": _part(ahead, 0, t, size - 2, 0.0),
        "determination": {"value": None if ahead is None else ahead[4]},
    }
    gap = r - p
    error = float(gap.std(ddof=1) / np.sqrt(size))
    wide = float(stats.t.ppf(0.5 + confidence / 2.0, size - 1)) * error
    bias = float(gap.mean())
    found["bias"] = {"value": bias, "standard_error": error, "lower": bias - wide, "upper": bias + wide}
    z = bias / error if error > 0 else None
    found["multi_period_z"] = {"value": z, "p_value": None if z is None else float(stats.norm.sf(z))}
    return found | _correlations(r, n, confidence)


def _part(
    line: tuple[float, ...] | None, place: int, t: float, degrees: int = 0, against: float | None = None
) -> Record:
    if line is None:
        return {}
    value, error = line[place], line[place + 1]
    p_value = None
    if against is not None and error > 0:
        p_value = 2.0 * float(stats.t.sf(abs(value - against) / error, degrees))
    told = {"value": value, "standard_error": error, "lower": value - t * error, "upper": value + t * error}
    return {**told, "p_value": p_value}


def _correlations(r: np.ndarray, n: np.ndarray, confidence: float) -> dict[str, Record]:
    names = ("asset_correlation_moments", "asset_correlation_large_cohorts", "central_probability_large_cohorts")
    found: dict[str, Record] = {names[0]: {"value": own.correlation_of_moments(r, n)}}
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    mixed = cohort_likelihood.most_likely(r, n)
    rho, error, p = (None, None, None) if mixed is None else (mixed.correlation, mixed.error, mixed.probability)
    bounds = {} if error is None or rho is None else {"lower": rho - z * error, "upper": rho + z * error}
    found["asset_correlation_likelihood"] = {"value": rho, "standard_error": error, **bounds}
    found["central_probability_likelihood"] = {"value": p}
    found |= {names[1]: {}, names[2]: {}}
    if r.min() > 0 and r.max() < 1:
        x = stats.norm.ppf(r)
        v = float(x.var())
        rho = v / (1.0 + v)
        error = rho / (1.0 + v) * float(np.sqrt(2.0 / len(r)))
        half = z * error
        found[names[1]] = {"value": rho, "standard_error": error, "lower": rho - half, "upper": rho + half}
        found[names[2]] = {"value": float(stats.norm.cdf(x.mean() / np.sqrt(1.0 + v)))}
    return found
