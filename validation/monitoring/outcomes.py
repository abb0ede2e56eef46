"""Outcomes of a run joined and measured again: labels, discrimination, level and calibration by month of decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.production import APPLICANT
from validation.monitoring.ranged import compare_ranged
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored, grades, metrics
from validation.rebuild.censored import Followed, Labels

Floats = NDArray[np.float64]
MISSING, MATURE, NOTHING = "missing", "mature", "not evaluable"
LEAST_FOLLOWED, REACHED, YEAR, CONFIDENCE = 0.05, 0.5, 12, 0.95
TABLES = (
    "labels", "performance", "like_for_like", "level", "calibration", "calibration_months",
    "figure.performance", "figure.level",
)  # fmt: skip
LABELS = ("rows", "with_outcome", "good", "bad", "not_yet", "unobserved", "faults")
PERFORMANCE = {
    **dict.fromkeys(("rows", "good", "bad", "not_yet", "unobserved", "faults"), "rows"),
    "followed": "share", "effective_rows": "mean", "value": "auc", "standard_error": "standard_error",
    "lower": "standard_error", "upper": "standard_error", "half_width": "standard_error",
    "development": "auc", "development_error": "standard_error", "difference": "difference",
    "difference_lower": "standard_error", "difference_upper": "standard_error", "p_value": "p_value",
}  # fmt: skip
LEVEL = {
    **dict.fromkeys(("rows", "bad", "not_yet"), "rows"), "followed": "share", "predicted": "mean_probability",
    "observed": "share_difference", "ratio": "mean", "difference": "difference", "difference_error": "standard_error",
    **dict.fromkeys(("ratio_lower", "ratio_upper", "difference_lower", "difference_upper"), "standard_error"),
    "half_width": "standard_error", "slope": "coefficient", "slope_error": "standard_error",
    "slope_lower": "standard_error", "slope_upper": "standard_error", "effective_rows": "standard_error",
    "jeffreys_p_value": "p_value", "correlated_p_value": "p_value", "asset_correlation": "share",
}  # fmt: skip
CALIBRATION = {
    **dict.fromkeys(("rows", "bad", "not_yet"), "rows"), "followed": "share", "predicted": "mean_probability",
    "observed": "share_difference", "standard_error": "standard_error", "lower": "standard_error",
    "upper": "standard_error", "half_width": "standard_error", "effective_rows": "standard_error",
    "jeffreys_p_value": "p_value", "correlated_p_value": "p_value", "asset_correlation": "share",
}  # fmt: skip


@dataclass(slots=True)
class _Own:
    """Rows of the tables, the mature months of the last year (labels, probability, risk, grade and score), and what
    ranks the rows with an outcome, by period."""

    labels: list[dict[str, object]] = field(default_factory=list)
    performance: list[dict[str, object]] = field(default_factory=list)
    level: list[dict[str, object]] = field(default_factory=list)
    year: list[tuple[Labels, pd.DataFrame]] = field(default_factory=list)
    months: list[dict[str, object]] = field(default_factory=list)
    scores: dict[str, Floats] = field(default_factory=dict)


def compare_outcomes(bench: Bench) -> dict[str, pd.DataFrame]:
    """Compare the tables that need outcomes; returns our own performance and level, nothing without outcomes."""
    s, frame = bench.settings, bench.production.frame
    if bench.package.outcome_type != "binary" or s.window is None or "probability" not in frame:
        for name in TABLES:
            not_recomputed(bench.ledger, bench.run, name, "no outcome of bad, no window, or no probability")
        return {}
    if bench.outcomes is None:
        for name in TABLES:
            not_recomputed(bench.ledger, bench.run, name, "no outcomes were given: name them with --outcomes")
        return {}
    own = _measured(bench, bench.outcomes, reached=_tells_reached(bench))
    labels, performance = pd.DataFrame(own.labels), _compared(bench, pd.DataFrame(own.performance))
    level = pd.DataFrame(own.level)
    rules = {**dict.fromkeys(LABELS, "rows"), "months_observed": "mean", "mature_share": "share"}
    compare_table(bench.ledger, bench.run, "labels", labels, ["period"], rules, ("state",))
    keys = ["period", "segment", "horizon", "measure"]
    compare_table(bench.ledger, bench.run, "performance", performance, keys, PERFORMANCE, ("status", "verdict"))
    compare_table(bench.ledger, bench.run, "level", level, ["period", "segment"], LEVEL, ("status",))
    like = compare_ranged(bench, performance, own.scores)
    _calibration(bench, own)
    _figures(bench, labels, performance, level)
    return {"performance": performance, "level": level, "like": like}


def labels_beside(frame: pd.DataFrame, outcomes: pd.DataFrame) -> Labels:
    """Labels of rows of production; an outcome that became bad, or was last looked at, before the decision is none."""
    late = outcomes.reindex(pd.Index(frame["key"])).reset_index(drop=True)
    day = frame["time"].dt.tz_localize(None).dt.floor("D").reset_index(drop=True)
    early = (late["bad_date"] < day) | (late["observed_until"] < day)
    labels = censored.labels_of(
        frame["time"].reset_index(drop=True), late["bad_date"].mask(early), late["observed_until"].mask(early)
    )
    return replace(labels, who=applicants(frame))


def applicants(frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """A number (n,) for each applicant, None where production names none; a row without a name is one by itself."""
    if APPLICANT not in frame:
        return None
    known: dict[str, int] = {}
    names = enumerate(frame[APPLICANT].tolist())
    return np.array([-1 - row if one is None else known.setdefault(one, len(known)) for row, one in names], np.int64)


def _tells_reached(bench: Bench) -> bool:
    """Whether the run measures a month that is not mature at the month that it has reached as well."""
    stated = bench.run.table("performance")
    told = stated is not None and any(one != bench.settings.window for one in stated["horizon"])
    if not told:
        reason = "the run measures no month that is not mature at the month on book that it has reached"
        bench.ledger.not_evaluable("monitoring.performance: months that are not mature", reason)
    return told


def _measured(bench: Bench, outcomes: pd.DataFrame, *, reached: bool) -> _Own:
    own, window = _Own(), float(bench.settings.window or 0)
    frame = bench.production.frame
    labels = labels_beside(frame, outcomes)
    risk = frame["linear_score"] if "linear_score" in frame else frame["probability"]
    known = np.isfinite(frame["probability"].to_numpy(np.float64)) & np.isfinite(risk.to_numpy(np.float64))
    frame = frame.assign(risk=risk)
    month = frame["period"].to_numpy(object)
    for period in bench.production.periods:
        inside = np.flatnonzero(month == period)
        own.labels.append({"period": period, **_maturity(labels.part(inside), window)})
        inside = inside[known[inside]]
        if not len(inside):
            continue
        for segment, rows in bench.within(inside, MISSING, frame):
            head: dict[str, object] = {"period": period, "segment": segment}
            _measure(bench, own, head, labels.part(rows), frame.iloc[rows], reached=reached)
        month_of = {"period": period, "segment": ALL}
        own.months += [{**month_of, **one} for one in _by_group(bench, labels.part(inside), frame.iloc[inside])]
        with_outcome = inside[labels.usable[inside]]
        if len(with_outcome):
            own.scores[period] = frame["risk"].to_numpy(np.float64)[with_outcome]
        if _maturity(labels.part(inside), window)["state"] == MATURE:
            use = inside[labels.usable[inside]]
            own.year = [*own.year, (labels.part(use), frame.iloc[use])][-YEAR:]
    if own.year:
        joined, rows = _year(own)
        own.scores[ALL] = rows["risk"].to_numpy(np.float64)
        _measure(bench, own, {"period": ALL, "segment": ALL}, joined, rows, reached=False)
    return own


def _year(own: _Own) -> tuple[Labels, pd.DataFrame]:
    parts = [one for one, _ in own.year]
    time, event, fault = (np.concatenate([getattr(one, n) for one in parts]) for n in ("time", "event", "fault"))
    who = None if parts[0].who is None else np.concatenate([one.who for one in parts if one.who is not None])
    return Labels(time, event, fault, who), pd.concat([rows for _, rows in own.year], ignore_index=True)


def _states(labels: Labels, horizon: float) -> dict[str, int]:
    bad = labels.event & (labels.time <= horizon)
    good = labels.usable & ~bad & (labels.time >= horizon)
    counts = {"good": good, "bad": bad, "not_yet": labels.usable & ~bad & ~good, "faults": labels.fault}
    found = {name: int(mask.sum()) for name, mask in counts.items()}
    return {**found, "unobserved": int(np.sum(~labels.usable & ~labels.fault))}


def _maturity(labels: Labels, window: float) -> dict[str, object]:
    """Mature: every row with an outcome is good or bad."""
    n = _states(labels, window)
    known = n["good"] + n["bad"] + n["not_yet"]
    state = "no outcomes" if not known else "immature" if n["not_yet"] else MATURE
    seen = float(np.median(labels.time[labels.usable])) if known else np.nan
    share = (n["good"] + n["bad"]) / known if known else np.nan
    told = {"rows": len(labels.time), "with_outcome": known, "months_observed": seen, "mature_share": share}
    return {**n, **told, "state": state}


def _measure(
    bench: Bench, own: _Own, head: dict[str, object], labels: Labels, rows: pd.DataFrame, *, reached: bool
) -> None:
    window = float(bench.settings.window or 0)
    for horizon in _horizons(labels, window, reached=reached):
        own.performance += list(_performance(bench, {**head, "horizon": horizon}, labels, rows, horizon))
    own.level.append({**head, **_level(bench, labels, rows, window)})


def _horizons(labels: Labels, window: float, *, reached: bool) -> list[float]:
    """The window, and the last whole month up to it through which half of the rows are seen."""
    found = {window}
    if reached and labels.usable.any():
        months = range(int(np.floor(window)), 0, -1)
        seen = next((m for m in months if censored.follow(labels, float(m)).followed >= REACHED), None)
        found |= set() if seen is None else {float(seen)}
    return sorted(found, reverse=True)


def _performance(
    bench: Bench, head: dict[str, object], labels: Labels, rows: pd.DataFrame, horizon: float
) -> Iterator[dict[str, object]]:
    counts: dict[str, object] = {"rows": len(labels.time), **_states(labels, horizon)}
    measures = dict.fromkeys(("bad_rate", "auc", "gini", "ks"), censored.NONE)
    status, followed, size = "not evaluable", 0.0, 0.0
    if labels.usable.any():
        one = censored.follow(labels, horizon)
        followed, w = one.followed, one.weight[one.weight > 0]
        size = metrics.effective_size(float(w.sum()), float(np.sum(w**2))) if followed > 0 else 0.0
        auc, ks = censored.discrimination(one, rows["risk"].to_numpy(np.float64)[labels.usable], CONFIDENCE)
        rate = censored.bad_rate(one, CONFIDENCE) if followed > 0 else censored.NONE
        gini = (2.0 * auc[0] - 1.0, 2.0 * auc[1], 2.0 * auc[2] - 1.0, 2.0 * auc[3] - 1.0)
        measures = {"bad_rate": rate, "auc": auc, "gini": gini, "ks": ks}
        least = min(int(one.bad.sum()), int(one.good.sum()))
        enough = followed >= LEAST_FOLLOWED and least >= bench.settings.min_bads
        status = "evaluable" if enough else status
    for measure, (value, error, lower, upper) in measures.items():
        told = {"measure": measure, "followed": followed, "effective_rows": size, "status": status, "value": value}
        bounds = {"standard_error": error, "lower": lower, "upper": upper, "half_width": (upper - lower) / 2.0}
        yield {**head, **counts, **told, **bounds}


def _level(bench: Bench, labels: Labels, rows: pd.DataFrame, window: float) -> dict[str, object]:
    """Observed against predicted of the usable rows; bounds from what each row brings to both together."""
    p, rho = rows["probability"].to_numpy(np.float64), bench.settings.correlation
    head = {"rows": len(p), "asset_correlation": rho, "status": "not evaluable"}
    if not labels.usable.any():
        nothing = {name: np.nan for name in LEVEL if name not in head}
        return {**nothing, **head, "bad": 0, "not_yet": 0, "followed": 0.0, "predicted": p.mean(), "effective_rows": 0}
    one, p = censored.follow(labels, window), p[labels.usable]
    predicted = float(p.mean())
    observed, parts = censored.rate_parts(one)
    _, size = censored.effective(one)
    own, z = (p - predicted) / len(p), float(special.ndtri(0.5 + CONFIDENCE / 2.0))
    error, gap = _spread(one.summed(parts - own)), observed - predicted
    ratio, bounds = observed / predicted, (np.nan, np.nan)
    if observed > 0:
        reach = z * _spread(one.summed(parts / observed - own / predicted))
        bounds = (ratio * float(np.exp(-reach)), ratio * float(np.exp(reach)))
    alone, together = _p_values(observed, size, predicted, rho)
    enough = one.followed >= LEAST_FOLLOWED and int(one.bad.sum()) >= bench.settings.min_bads
    slope = censored.slope(one, p, CONFIDENCE)
    return {
        **head, **_counts(one), "status": "evaluable" if enough else "not evaluable", "predicted": predicted,
        "observed": observed, "ratio": ratio, "ratio_lower": bounds[0], "ratio_upper": bounds[1], "difference": gap,
        "difference_error": error, "difference_lower": gap - z * error, "difference_upper": gap + z * error,
        "half_width": z * error, "effective_rows": size, "jeffreys_p_value": alone, "correlated_p_value": together,
        **dict(zip(("slope", "slope_error", "slope_lower", "slope_upper"), slope, strict=True)),
    }  # fmt: skip


def _counts(one: Followed) -> dict[str, object]:
    bad = int(one.bad.sum())
    return {"bad": bad, "not_yet": len(one.time) - int(one.known.sum()), "followed": one.followed}


def _spread(parts: Floats) -> float:
    n = len(parts)
    return float(np.sqrt(np.sum(parts**2) * n / (n - 1.0))) if n > 1 else np.nan


def _p_values(rate: float, size: float, probability: float, rho: float) -> tuple[float, float]:
    """Jeffreys' p-value of independent rows, and under one common factor."""
    if rate != rate or size <= 0:
        return np.nan, np.nan
    return grades.jeffreys(rate, size, probability), grades.correlated(rate, size, probability, rho)


def _calibration(bench: Bench, own: _Own) -> None:
    """By grade and by band of the score: each month, and the mature months of the last year together."""
    nothing = "production holds neither grades nor scores"
    keys, words = ["period", "segment", "scheme", "group"], ("verdict", "correlated_verdict")
    months: pd.DataFrame | str = pd.DataFrame(own.months) if own.months else nothing
    compare_table(bench.ledger, bench.run, "calibration_months", months, keys, CALIBRATION, words)
    if not own.year:
        compare_table(bench.ledger, bench.run, "calibration", "no month is mature yet", [], {})
        return
    found = list(_by_group(bench, *_year(own)))
    table: pd.DataFrame | str = pd.DataFrame(found).assign(period=ALL, segment=ALL) if found else nothing
    compare_table(bench.ledger, bench.run, "calibration", table, keys, CALIBRATION, words)


def _by_group(bench: Bench, labels: Labels, frame: pd.DataFrame) -> Iterator[dict[str, object]]:
    """A row of the table for each grade and each band that a row has."""
    for scheme, group in _groups(bench, frame).items():
        for name in sorted({one for one in group if one is not None}):
            inside = np.flatnonzero(group == name)
            yield {"scheme": scheme, "group": name, **_group(bench, labels.part(inside), frame.iloc[inside])}


def _groups(bench: Bench, frame: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    found: dict[str, NDArray[np.object_]] = {}
    if "grade" in frame:
        found["grade"] = frame["grade"].to_numpy(object)
    table = bench.package.rows_of("performance.score_bands")
    if "score" in frame and table is not None:
        edges = sorted(row["upper"] for row in table if row["sample"] == "development" and row["upper"] is not None)
        ends = [None, *edges, None]
        labels = [_band(low, high) for low, high in pairwise(ends)] + ["missing"]
        x = frame["score"].to_numpy(np.float64)
        place = np.where(np.isnan(x), len(labels) - 1, np.searchsorted(np.array(edges), x, side="right"))
        found["score_band"] = np.array([None if np.isinf(v) else labels[k] for v, k in zip(x, place, strict=True)])
    return {name: group for name, group in found.items() if any(one is not None for one in group)}


def _band(low: float | None, high: float | None) -> str:
    if low is None:
        return "all" if high is None else f"< {float(high)!r}"
    return f"≥ {float(low)!r}" if high is None else f"[{float(low)!r}, {float(high)!r})"


def _group(bench: Bench, labels: Labels, rows: pd.DataFrame) -> dict[str, object]:
    rho, predicted = bench.settings.correlation, float(rows["probability"].mean())
    if not labels.usable.any():
        nothing = dict.fromkeys(CALIBRATION, np.nan)
        counts = {"rows": len(rows), "bad": 0, "not_yet": 0, "followed": 0.0, "predicted": predicted}
        told = {"effective_rows": 0.0, "asset_correlation": rho, "verdict": NOTHING, "correlated_verdict": NOTHING}
        return {**nothing, **counts, **told}
    one = censored.follow(labels, float(bench.settings.window or 0))
    rate, size = censored.effective(one)
    lower, upper = grades.jeffreys_bounds(rate, size, CONFIDENCE) if rate == rate else (np.nan, np.nan)
    p_values = _p_values(rate, size, predicted, rho)
    rules = grades.Rules(0.05, 0.01, 50.0, 5.0, rho, 1.0, CONFIDENCE)
    words = [rules.verdict(p, rules.small(size, predicted)) for p in p_values]
    if one.followed < LEAST_FOLLOWED:
        words = ["not evaluable"] * 2
    error = _spread(one.summed(censored.rate_parts(one)[1]))
    return {
        "rows": len(rows), **_counts(one), "predicted": predicted, "observed": rate, "standard_error": error,
        "lower": lower, "upper": upper, "half_width": (upper - lower) / 2.0, "effective_rows": size,
        "jeffreys_p_value": p_values[0], "correlated_p_value": p_values[1], "asset_correlation": rho,
        "verdict": words[0], "correlated_verdict": words[1],
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------- development
def _compared(bench: Bench, frame: pd.DataFrame) -> pd.DataFrame:
    """Beside development at the same month: difference, its bounds, p-value and verdict."""
    if frame.empty:
        return frame
    base, z = _development(bench), float(special.ndtri(0.5 + CONFIDENCE / 2.0))
    places = zip(frame["segment"], frame["horizon"], frame["measure"], strict=True)
    pairs = [
        base.get((horizon, measure), (np.nan, np.nan)) if s == ALL else (np.nan,) * 2 for s, horizon, measure in places
    ]
    value, error = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    own = frame["standard_error"].to_numpy(np.float64)
    both = np.sqrt(own**2 + np.nan_to_num(error) ** 2)
    gap = frame["value"].to_numpy(np.float64) - value
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(both > 0, 2.0 * special.ndtr(-np.abs(gap / both)), np.nan)
    worse = np.where(frame["measure"] == "bad_rate", gap > 0, gap < 0)
    verdict = np.where(p <= bench.settings.significance, np.where(worse, "worse", "better"), "no difference")
    told = (frame["status"] == "evaluable").to_numpy() & ~np.isnan(p)
    return frame.assign(
        development=value, development_error=error, difference=gap, difference_lower=gap - z * both,
        difference_upper=gap + z * both, p_value=p, verdict=np.where(told, verdict, "not evaluable"),
    )  # fmt: skip


def _development(bench: Bench) -> dict[tuple[float, str], tuple[float, float]]:
    """Value and error of the package's evidence by month and measure: out of sample, else development; bad rates of
    other months from its vintages."""
    package, window = bench.package, float(bench.settings.window or 0)
    z = float(special.ndtri(0.5 + bench.settings.confidence / 2.0))
    found: dict[tuple[float, str], tuple[float, float]] = {}
    name = package.candidate_ids[package.champion_id]
    own = [row for row in package.rows_of("performance.discrimination") or [] if row["model"] == name]
    held = {row["sample"]: row for row in own}
    sample = next((one for one in ("out_of_sample", "development") if one in held), None)
    if sample is not None:
        row = held[sample]
        area, low, high, error = row["auc"], row["auc_lower"], row["auc_upper"], np.nan
        if 0 < area < 1 and 0 < low < high < 1:
            error = float(special.logit(high) - special.logit(low)) / (2.0 * z) * area * (1.0 - area)
        found[window, "auc"], found[window, "gini"] = (area, error), (2.0 * area - 1.0, 2.0 * error)
        found[window, "ks"] = (row["ks"], (row["ks_upper"] - row["ks"]) / z)
        for line in package.rows_of("performance.calibration") or []:
            if (line["model"], line["sample"]) == (name, sample):
                rate = line["bad_rate"]
                found[window, "bad_rate"] = (rate, float(np.sqrt(rate * (1.0 - rate) / line["rows"])))
    sums: dict[float, list[float]] = {}
    for line in package.rows_of("outcome.vintages") or []:
        total = sums.setdefault(float(line["month_on_book"]), [0.0, 0.0])
        total[0], total[1] = total[0] + line["bad"], total[1] + line["accounts"]
    for month, (bad, accounts) in sums.items():
        if accounts and month != window:
            rate = bad / accounts
            found[month, "bad_rate"] = (rate, float(np.sqrt(rate * (1.0 - rate) / accounts)))
    return found


def _figures(bench: Bench, labels: pd.DataFrame, performance: pd.DataFrame, level: pd.DataFrame) -> None:
    mature = set(labels.loc[labels["state"] == MATURE, "period"]) if len(labels) else set()
    points: pd.DataFrame | str = "no month has an AUC at the end of the window"
    if len(performance):
        own = performance[(performance["segment"] == ALL) & (performance["measure"] == "auc")]
        own = own[(own["horizon"] == bench.settings.window) & own["value"].notna() & (own["period"] != ALL)]
        words = [MATURE if period in mature else "censoring weights" for period in own["period"]]
        points = own.rename(columns={"value": "auc"}).assign(method=words) if len(own) else points
    rules = {"auc": "auc", "lower": "standard_error", "upper": "standard_error"}
    compare_table(bench.ledger, bench.run, "figure.performance", points, ["period"], rules, ("method",))
    rates: pd.DataFrame | str = "no month has a bad rate at the end of the window"
    if len(level):
        own = level[(level["segment"] == ALL) & (level["period"] != ALL) & level["observed"].notna()]
        series = (("bad rate", "observed"), ("mean probability", "predicted"))
        drawn = [own.rename(columns={name: "rate"}).assign(series=title) for title, name in series]
        rates = pd.concat(drawn, ignore_index=True) if len(own) else rates
    compare_table(bench.ledger, bench.run, "figure.level", rates, ["period", "series"], {"rate": "share_difference"})
