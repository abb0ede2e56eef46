"""Protected groups by jurisdiction, errors at the cut-off and along all cut-offs, calibration, two together, age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons import groups
from validation.comparisons.performance import regressions
from validation.rebuild import group_rates
from validation.rebuild.workspace import Workspace

JURISDICTIONS, ERRORS, CALIBRATION = "fairness.jurisdictions", "fairness.error_rates", "fairness.calibration"
CURVES, TOGETHER, AGE = "fairness.curves", "fairness.intersections", "fairness.age"
UNDECLARED = "undeclared"
MEASURES = (
    *("mean_difference", "adverse_impact", "error_rates", "calibration", "age"),
    *("proxies", "less_discriminatory_alternatives"),
)
AGE_LABELS = {"us_ecoa", "us", UNDECLARED}
ELDERLY = 62.0
POINTS = 20
_ERRORS = {
    "rows": "rows",
    "events": "rows",
    "value": "share",
    "lower": "interval",
    "upper": "interval",
    "difference": "difference",
    "difference_lower": "interval",
    "difference_upper": "interval",
}
_CALIBRATION = {
    "rows": "rows",
    "bad": "rows",
    "bad_rate": "share",
    "mean_probability": "mean_probability",
    "gap": "difference",
    "gap_lower": "interval",
    "gap_upper": "interval",
    **dict.fromkeys(("slope", "slope_lower", "slope_upper"), "calibration_test"),
    **dict.fromkeys(("intercept", "intercept_lower", "intercept_upper"), "calibration_test"),
}
_CURVES = {
    "approval_rate": "share",
    "rows": "rows",
    "group_approval_rate": "share",
    "adverse_impact_ratio": "mean",
    "lower": "interval",
    "upper": "interval",
    "true_positive_rate": "share",
    "false_positive_rate": "share",
    "positive_predictive_value": "share",
}
_TOGETHER = {
    "rows": "rows",
    "bad": "rows",
    "bad_rate": "share",
    "mean_probability": "mean_probability",
    "standardised_mean_difference": "difference",
    "difference_lower": "interval",
    "difference_upper": "interval",
}
_IMPACT = {
    "approved": "rows",
    "approval_rate": "share",
    "adverse_impact_ratio": "mean",
    "lower": "interval",
    "upper": "interval",
    "p_value": "p_value",
}
_AGE = {
    "elderly_rows": "rows",
    "younger_rows": "rows",
    "elderly_mean_score": "mean",
    "younger_mean_score": "mean",
    "difference": "difference",
    "difference_lower": "interval",
    "difference_upper": "interval",
    "elderly_approval_rate": "share",
    "younger_approval_rate": "share",
    "adverse_impact_ratio": "mean",
    "lower": "interval",
    "upper": "interval",
    "p_value": "p_value",
}
Rows = list[dict[str, Any]]


def compare_fairness(space: Workspace) -> None:
    """Compare every table of protected groups beside those of `groups.py`, and the labels of all of them."""
    _compare_labels(space)
    for area, compare in (
        (ERRORS, _compare_errors),
        (CALIBRATION, _compare_calibration),
        (CURVES, _compare_curves),
        (TOGETHER, _compare_together),
        (AGE, _compare_age),
    ):
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
        else:
            compare(space, table)


def labels_of(space: Workspace) -> dict[str, list[str]]:
    """Return the jurisdictions of each protected attribute as the plan lists them."""
    protected = (space.package.plan.get("data") or {}).get("protected") or {}
    lists = protected if isinstance(protected, Mapping) else {UNDECLARED: protected}
    found: dict[str, list[str]] = {}
    for label in sorted(lists):
        for name in lists[label]:
            found.setdefault(name, []).append(label)
    return found


def _fairness(space: Workspace, key: str) -> Any:
    return (space.package.plan.get("fairness") or {}).get(key)


def _cut_off(space: Workspace) -> float | None:
    value = (space.package.plan.get("strategy") or {}).get("cut_off")
    return None if value is None else float(value)


def _compare_labels(space: Workspace) -> None:
    """Every row bears the jurisdictions of its attribute; the registry names every jurisdiction and measure."""
    known = labels_of(space)
    for area in (groups.GROUPS, groups.IMPACT, ERRORS, CALIBRATION, CURVES, TOGETHER, AGE):
        rows = space.package.rows_of(area) or []
        parts = [
            [row["attribute"]] if row["attribute"] in known else row["attribute"].split(groups.TOGETHER) for row in rows
        ]
        own = ["; ".join(dict.fromkeys(label for name in part for label in known.get(name, []))) for part in parts]
        space.ledger.words(area, "jurisdiction", [row["jurisdiction"] for row in rows], own, "row")
    table = space.package.rows_of(JURISDICTIONS)
    if table is None:
        return
    age = _fairness(space, "age")
    wanted = []
    for label in dict.fromkeys(label for of_one in known.values() for label in of_one):
        named = [name for name, of_one in known.items() if label in of_one]
        wanted += [
            f"{label} {measure}: {age if measure == 'age' else ', '.join(named)}"
            for measure in MEASURES
            if measure != "age" or age in named
        ]
    told = [f"{row['jurisdiction']} {row['measure']}: {row['attributes']}" for row in table]
    space.ledger.words(JURISDICTIONS, "jurisdictions and measures", told, wanted, "row")


def _labels(rows: Rows, *more: str) -> list[str]:
    return [" ".join(str(row[name]) for name in ("attribute", "group", "sample", *more)) for row in rows]


def _compare_errors(space: Workspace, table: Rows) -> None:
    score, cut_off = space.output(space.package.champion_id, "score"), _cut_off(space)
    if score is None or cut_off is None:
        space.ledger.not_evaluable(ERRORS, "neither score nor cut-off")
        return
    shares: dict[tuple[str, str, str], dict[str, group_rates.Share]] = {}
    kept = groups.found_rows(space, ERRORS, table)
    for row, inside in kept:
        place = (row["attribute"], row["group"], row["sample"])
        if place not in shares:
            rows = space.known(row["sample"])[inside]
            shares[place] = _shares(space, rows, score.data[rows] < cut_off)
    own, words = [], []
    for row, _ in kept:
        mine = shares[row["attribute"], row["group"], row["sample"]]
        base = shares.get((row["attribute"], row["reference_group"], row["sample"]))
        found, word = _error(
            mine[row["measure"]], None if base is None else base[row["measure"]], row, groups.fewest_rows(space)
        )
        own.append(found)
        words.append(word)
    rows_ = [row for row, _ in kept]
    for column, rule in _ERRORS.items():
        developer, mine_ = [row[column] for row in rows_], [one[column] for one in own]
        space.ledger.numbers(ERRORS, column, rule, developer, mine_, _labels(rows_, "measure"))
    told = [row["verdict"].split(":")[0] for row in rows_]
    space.ledger.words(ERRORS, "verdict", told, words, _labels(rows_, "measure"))
    impact = space.package.rows_of(groups.IMPACT) or []
    references = {row["attribute"]: row["reference_group"] for row in impact}
    wanted = [references.get(row["attribute"]) for row in rows_]
    space.ledger.words(ERRORS, "reference group", [row["reference_group"] for row in rows_], wanted, _labels(rows_))


def _shares(space: Workspace, rows: np.ndarray, refused: np.ndarray) -> dict[str, group_rates.Share]:
    bad, w, level = space.outcome[rows] == 1, space.weight[rows], space.confidence
    return {
        "true_positive_rate": group_rates.share(refused[bad], w[bad], level),
        "false_positive_rate": group_rates.share(refused[~bad], w[~bad], level),
        "positive_predictive_value": group_rates.share(bad[refused], w[refused], level),
        "good_approval_rate": group_rates.share(~refused[~bad], w[~bad], level),
    }


def _error(
    own: group_rates.Share, base: group_rates.Share | None, row: Mapping[str, Any], fewest: int
) -> tuple[dict[str, float], str]:
    found: dict[str, float] = dict.fromkeys(_ERRORS, np.nan) | {"rows": own.rows, "events": own.events}
    if own.rows < fewest:
        return found, "not evaluable"
    found |= {"value": own.value, "lower": own.lower, "upper": own.upper}
    if row["group"] == row["reference_group"]:
        return found, "reference group"
    if base is None or base.rows < fewest:
        return found, "not evaluable"
    bounds = group_rates.newcombe(own, base)
    found |= dict(zip(("difference", "difference_lower", "difference_upper"), bounds, strict=True))
    apart = bounds[1] > 0 or bounds[2] < 0
    return found, "differs from the reference group" if apart else "no difference shown"


def _compare_calibration(space: Workspace, table: Rows) -> None:
    probability = space.output(space.package.champion_id, "probability")
    if probability is None:
        space.ledger.not_evaluable(CALIBRATION, "the model gives no probability")
        return
    kept = groups.found_rows(space, CALIBRATION, table)
    least = max(1, int(space.package.setting("evaluation", "min_bads", 30)))
    own, words = [], []
    for row, inside in kept:
        rows = space.known(row["sample"])[inside]
        found, word = _calibration(space, rows, probability.data[rows], least)
        own.append(found)
        words.append(word)
    rows_ = [row for row, _ in kept]
    groups.compare_columns(space, CALIBRATION, _CALIBRATION, rows_, own)
    groups.compare_whole(space, CALIBRATION, table)
    told = [row["verdict"].split(":")[0] for row in rows_]
    space.ledger.words(CALIBRATION, "verdict", told, words, _labels(rows_))


def _calibration(space: Workspace, rows: np.ndarray, p: np.ndarray, least: int) -> tuple[dict[str, float], str]:
    y, w = space.outcome[rows], space.weight[rows]
    bad = int(np.count_nonzero(y == 1))
    found: dict[str, float] = dict.fromkeys(_CALIBRATION, np.nan) | {"rows": len(rows), "bad": bad}
    if min(bad, len(rows) - bad) < least:
        return found, "not evaluable"
    gap, lower, upper = group_rates.calibration_gap(y, p, w, space.cluster[rows], space.confidence)
    rates = {"bad_rate": float(w @ y / w.sum()), "mean_probability": float(w @ p / w.sum())}
    found |= {**rates, "gap": gap, "gap_lower": lower, "gap_upper": upper}
    if np.all((p > 0) & (p < 1)):
        found |= regressions(y, np.log(p) - np.log1p(-p), w, space.confidence)
    if lower <= 0 <= upper:
        return found, "as predicted"
    return found, f"{'more' if gap > 0 else 'fewer'} bads than predicted"


def _compare_curves(space: Workspace, table: Rows) -> None:
    score = space.output(space.package.champion_id, "score")
    if score is None:
        space.ledger.not_evaluable(CURVES, "the model gives no score")
        return
    kept = groups.found_rows(space, CURVES, table)
    members = {(r["attribute"], r["group"], r["sample"]): space.known(r["sample"])[inside] for r, inside in kept}
    own = []
    for row, _ in kept:
        base = members.get((row["attribute"], row["reference_group"], row["sample"]))
        rows = members[row["attribute"], row["group"], row["sample"]]
        own.append(_point(space, rows, base, score.data, row))
    rows_ = [row for row, _ in kept]
    for column, rule in _CURVES.items():
        developer, mine = [row[column] for row in rows_], [one[column] for one in own]
        space.ledger.numbers(CURVES, column, rule, developer, mine, _labels(rows_, "cut_off"))
    for sample in dict.fromkeys(row["sample"] for row in rows_):
        cuts = [row["cut_off"] for row in rows_ if row["sample"] == sample]
        wanted = _cuts(score.data[space.known(sample)], space.weight[space.known(sample)])
        every = len(cuts) // max(1, len(wanted))
        space.ledger.numbers(CURVES, f"cut-offs ({sample})", "score_unrounded", cuts, wanted * every, "place")


def _cuts(score: np.ndarray, weight: np.ndarray) -> list[float]:
    """Cut-offs next to each twentieth of approval, the highest first."""
    values = np.sort(np.unique(score))[::-1]
    order = np.argsort(-score, kind="stable")
    running = np.cumsum(weight[order])
    shares = running[np.searchsorted(-score[order], -values, side="right") - 1] / np.sum(weight)
    chosen = []
    for step in range(1, POINTS):
        gaps = np.abs(shares - step / POINTS)
        chosen.append(float(values[np.flatnonzero(gaps == gaps.min())[-1]]))
    return sorted(set(chosen), reverse=True)


def _point(
    space: Workspace, rows: np.ndarray, base: np.ndarray | None, score: np.ndarray, row: Mapping[str, Any]
) -> dict[str, float]:
    fewest, level, cut_off = groups.fewest_rows(space), space.confidence, row["cut_off"]
    everyone = space.known(row["sample"])
    overall = group_rates.share(score[everyone] >= cut_off, space.weight[everyone], level).value
    found: dict[str, float] = dict.fromkeys(_CURVES, np.nan) | {"rows": len(rows), "approval_rate": overall}
    if len(rows) < fewest:
        return found
    own = group_rates.share(score[rows] >= cut_off, space.weight[rows], level)
    found["group_approval_rate"] = own.value
    if row["group"] == row["reference_group"]:
        found["adverse_impact_ratio"] = 1.0
    elif base is not None and len(base) >= fewest:
        other = group_rates.share(score[base] >= cut_off, space.weight[base], level)
        bounds = group_rates.katz(own.value, own.size, other.value, other.size, level)
        found |= dict(zip(("adverse_impact_ratio", "lower", "upper"), bounds, strict=True))
    shares = _shares(space, rows, score[rows] < cut_off)
    told = {name: one.value for name, one in shares.items() if one.rows >= fewest and name in _CURVES}
    return found | told


def _compare_together(space: Workspace, table: Rows) -> None:
    kept = groups.found_rows(space, TOGETHER, table)
    rows_ = [row for row, _ in kept]
    groups.compare_columns(
        space, TOGETHER, _TOGETHER, rows_, [groups.measures(space, row["sample"], inside) for row, inside in kept]
    )
    groups.compare_whole(space, TOGETHER, table)
    score, cut_off = space.output(space.package.champion_id, "score"), _cut_off(space)
    if score is None or cut_off is None:
        told = [row["result"] for row in rows_]
        space.ledger.words(TOGETHER, "result", told, ["not evaluable"] * len(told), _labels(rows_))
        return
    _, own, words, _ = groups.impacts(space, kept, score.data, cut_off)
    groups.compare_columns(space, TOGETHER, _IMPACT, rows_, own)
    places = [(row["attribute"], row["sample"]) for row in rows_]
    adjusted = np.full(len(rows_), np.nan)
    for place in dict.fromkeys(places):
        chosen = [number for number, one in enumerate(places) if one == place]
        adjusted[chosen] = group_rates.step_down(np.array([own[number]["p_value"] for number in chosen]))
    developer = [row["adjusted_p_value"] for row in rows_]
    space.ledger.numbers(TOGETHER, "adjusted_p_value", "p_value", developer, adjusted, _labels(rows_))
    kinds = {"below four-fifths and significant", "below four-fifths, not significant"}
    level = 1.0 - space.confidence
    final = [
        f"below four-fifths{' and significant' if p < level else ', not significant'}" if word in kinds else word
        for word, p in zip(words, adjusted, strict=True)
    ]
    told = [row["verdict"].split(":")[0] for row in rows_]
    space.ledger.words(TOGETHER, "verdict", told, final, _labels(rows_))
    results = [groups.RESULTS.get(word, "not evaluable") for word in final]
    space.ledger.words(TOGETHER, "result", [row["result"] for row in rows_], results, _labels(rows_))


def _compare_age(space: Workspace, table: Rows) -> None:
    """Applicants of 62 and over by the years of the snapshot, and whether the rule applies at all."""
    score, age = space.output(space.package.champion_id, "score"), _fairness(space, "age")
    if score is None or age not in space.frame.columns:
        space.ledger.not_evaluable(AGE, "neither score nor age")
        return
    applies = bool(AGE_LABELS & set(labels_of(space).get(age, [])))
    space.ledger.words(AGE, "rule applies", [True] * len(table), [applies] * len(table), "row")
    rows_ = [row for row in table if row["sample"] in space.rows]
    own, words = [], []
    for row in rows_:
        found, word = _elderly(space, row["sample"], space.frame[age].to_numpy(np.float64), score.data)
        own.append(found)
        words.append(word)
    labels = [row["sample"] for row in rows_]
    for column, rule in _AGE.items():
        developer, mine = [row[column] for row in rows_], [one[column] for one in own]
        space.ledger.numbers(AGE, column, rule, developer, mine, labels)
    space.ledger.words(AGE, "result", [row["result"] for row in rows_], words, labels)
    inputs = {one["name"] for one in space.package.model["inputs"]}
    told = [row["age_is_input"] for row in rows_]
    space.ledger.words(AGE, "age is an input", told, [age in inputs] * len(rows_), labels)


def _elderly(space: Workspace, sample: str, years: np.ndarray, score: np.ndarray) -> tuple[dict[str, float], str]:
    rows = space.known(sample)
    rows = rows[np.isfinite(years[rows])]
    old, w, level = years[rows] >= ELDERLY, space.weight[rows], space.confidence
    counts = {"elderly_rows": int(old.sum()), "younger_rows": int((~old).sum())}
    found: dict[str, float] = dict.fromkeys(_AGE, np.nan) | counts
    if min(counts.values()) < groups.fewest_rows(space):
        return found, "not evaluable"
    x = score[rows]
    for name, side in (("elderly", old), ("younger", ~old)):
        found[f"{name}_mean_score"] = float(w[side] @ x[side] / w[side].sum())
    bounds = group_rates.mean_difference(x, old, w, space.cluster[rows], level)
    found |= dict(zip(("difference", "difference_lower", "difference_upper"), bounds, strict=True))
    worse, cut_off = bounds[2] < 0, _cut_off(space)
    if cut_off is not None:
        sides = [groups.approvals(space, rows[side], score, cut_off) for side in (old, ~old)]
        found["elderly_approval_rate"], found["younger_approval_rate"] = (one["approval_rate"] for one in sides)
        plain = bool(np.all(w == 1.0))
        place = {"group": "elderly", "reference_group": "younger"}
        impact, verdict = groups.impact(sides[0], sides[1], place, plain, (level, groups.fewest_rows(space)))
        found |= impact
        worse = worse or verdict == "below four-fifths and significant"
    return found, "review" if worse else "pass"
