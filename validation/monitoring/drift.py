"""Drift of a run counted again: moments, indices of score and characteristics, bins, distances, what moved the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.monitoring.attribution import Counted, compare_attribution
from validation.monitoring.bench import ALL, Bench
from validation.monitoring.classings import classings_of
from validation.monitoring.production import NUMBERS
from validation.monitoring.settings import FAIL, REVIEW, TOLERANCE
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild.drift import Index, benjamini_hochberg, distances, index, recent
from validation.rebuild.metrics import effective_size
from validation.steps.classing import assign
from validation.structure import steps_of

Floats = NDArray[np.float64]
NOTHING = "(missing)"
QUANTITIES = ("linear_score", "probability", "expected_value", "score")
SCORE, GRADE = "score", "grade"
MOST = 10_000
INDEX = {
    "expected_rows": "mean", "actual_rows": "rows", "bins": "rows", "psi": "psi", "chance_level": "psi",
    "critical_value": "psi", "p_value": "p_value", "adjusted_p_value": "p_value", "tolerance_p_value": "p_value",
    "empty_cells": "rows", "periods_seen": "rows", "periods_beyond": "rows",
}  # fmt: skip
WORDS = ("held_against", "band", "material", "beyond_chance", "persistent", "verdict")


OF_FAMILY = ("adjusted_p_value", "beyond_chance", "periods_beyond", "persistent", "verdict")
"""Columns that depend on every variable of the month."""


def compare_drift(bench: Bench) -> dict[str, pd.DataFrame]:
    """Compare all tables of drift; returns our own: indices (of score and characteristics), moments, distances."""
    moments = _moments(bench)
    rules = {"rows": "rows", "missing": "rows", "mean": "mean", "variance": "mean", "development_mean": "mean"}
    compare_table(bench.ledger, bench.run, "moments", moments, ["period", "segment", "quantity"], rules)
    counted = counted_of(bench)
    indices = _judged(bench, _indices(bench, counted))
    whole = _told(bench) <= {one.name for one in counted}
    for table, mine in (("score_stability", True), ("characteristic_stability", False)):
        names = [one.name for one in counted if one.of_score == mine]
        own: pd.DataFrame | str = indices[indices["variable"].isin(names)] if names else "nothing to count"
        if isinstance(own, str) and bench.run.table(table) is not None:
            not_recomputed(bench.ledger, bench.run, table, "its bins are not in the package, or inputs are absent")
            continue
        rules, words = (INDEX, WORDS) if whole else (_without_family(INDEX), [w for w in WORDS if w not in OF_FAMILY])
        keys = ["period", "segment", "variable"]
        compare_table(bench.ledger, bench.run, table, own, keys, rules, words, [("variable", names)])
    _bins(bench, counted)
    compare_attribution(bench, [one for one in counted if not one.of_score], moments)
    own_tables = {"indices": indices.assign(judged=whole), "moments": moments, "distances": _distances(bench)}
    mine = indices[(indices["segment"] == ALL) & indices["of_score"] & (indices["variable"] != GRADE)]
    figure = mine[mine["psi"].notna()]
    if figure.empty:
        not_recomputed(bench.ledger, bench.run, "figure.score_stability", "the bands are not in the package")
        return own_tables
    rules = {"psi": "psi", "chance_level": "psi"}
    compare_table(bench.ledger, bench.run, "figure.score_stability", figure, ["period"], rules)
    return own_tables


def _told(bench: Bench) -> set[str]:
    """Variables of which the run tells an index."""
    tables = [bench.run.table(name) for name in ("score_stability", "characteristic_stability")]
    return {str(one) for table in tables if table is not None for one in table["variable"]}


def _without_family(rules: Mapping[str, str]) -> dict[str, str]:
    return {name: rule for name, rule in rules.items() if name not in OF_FAMILY}


# -------------------------------------------------------------------------------------------------------------- counts
def _effective(bench: Bench, ids: NDArray[np.int64], bins: int) -> Floats:
    """Rows of development by bin (k,), weights scaled to Kish's effective rows."""
    if bench.weight is None:
        return np.bincount(ids, minlength=bins).astype(np.float64)
    w = bench.weight
    return np.bincount(ids, w, bins) * effective_size(float(w.sum()), float(np.sum(w**2))) / w.sum()


def counted_of(bench: Bench) -> list[Counted]:
    """What can be counted: score and grades, and characteristics on bins of the package or of development."""
    return [*_of_score(bench), *_characteristics(bench)]


def _of_score(bench: Bench) -> list[Counted]:
    """Bands of the score on the edges of development, and grades."""
    found, frame = [], bench.production.frame
    base = bench.output("score")
    table = bench.package.rows_of("performance.score_bands")
    if base is not None and table is not None and "score" in frame:
        uppers = [row["upper"] for row in table if row["sample"] == "development" and row["upper"] is not None]
        edges = np.array(sorted(uppers), np.float64)
        ids = np.searchsorted(edges, frame["score"].to_numpy(), side="right")
        ids = np.where(np.isnan(frame["score"]), len(edges) + 1, ids)
        ids = np.where(np.isinf(frame["score"]), -1, ids)
        own = np.searchsorted(edges, base, side="right")
        own = np.where(np.isnan(base), len(edges) + 1, own)
        k = len(edges) + 2
        blank = [""] * k
        found.append(Counted(SCORE, _effective(bench, own, k), ids, blank, blank, np.full(k, np.nan), True, own))
    output = bench.package.model["outputs"].get("grade")
    if output and "grade" in frame:
        steps = steps_of(bench.package.model, "grade")
        words = list(dict.fromkeys(one["grade"] for step in steps for one in step["grades"]))
        place = {word: number for number, word in enumerate(words)}
        k = len(words) + 2
        own, ids = (
            np.array([len(words) if one is None else place.get(one, k - 1) for one in values], np.int64)
            for values in (bench.development[output].data, frame["grade"].to_numpy(object))
        )
        blank = [""] * k
        found.append(Counted(GRADE, _effective(bench, own, k), ids, blank, blank, np.full(k, np.nan), True, own))
    return found


def _characteristics(bench: Bench) -> list[Counted]:
    """Characteristics on their bins; what a bin adds is known of the champion's own."""
    found: list[Counted] = []
    for one in classings_of(bench):
        ids = np.where(one.production.error | ~bench.production.whole, -1, assign(one.step, one.production))
        bins = sorted(one.step["bins"], key=lambda item: item["id"])
        own = assign(one.step, one.development)
        effects = _effects(bench, one.step, bins) if one.own else np.full(len(bins), np.nan)
        labels, kinds = [item["label"] for item in bins], [item["kind"] for item in bins]
        expected = _effective(bench, own, len(bins))
        found.append(Counted(one.name, expected, ids, labels, kinds, effects, False, own))
    return found


def _effects(bench: Bench, step: Mapping[str, Any], bins: list[Mapping[str, Any]]) -> Floats:
    """Coefficient times weight of evidence of each bin, where the linear score is a sum of such terms; else NaN."""
    name = bench.package.model["outputs"]["linear_score"]
    maker = next((one for one in steps_of(bench.package.model, "linear") if one["output"] == name), None)
    factor = np.nan
    if maker is not None and maker.get("offset") is None:
        terms = [term["coefficient"] for term in maker["terms"] if term["input"] == step["output_woe"]]
        factor = float(np.sum(terms)) if terms else np.nan
    return np.array([factor * one["woe"] for one in bins], np.float64)


# -------------------------------------------------------------------------------------------------------------- tables
def _moments(bench: Bench) -> pd.DataFrame:
    frame, rows = bench.production.frame, []
    for name in (one for one in QUANTITIES if one in frame and one in NUMBERS):
        base = bench.output(name)
        mean = np.nan if base is None else float(np.average(base, weights=bench.weight))
        x = frame[name].to_numpy(np.float64)
        for period, segment, inside in bench.groups(NOTHING):
            own = x[inside]
            own = own[np.abs(own) <= 1e100]
            variance = float(np.var(own, ddof=1)) if len(own) > 1 else np.nan
            told = (len(own), len(inside) - len(own), float(own.mean()) if len(own) else np.nan, variance, mean)
            rows.append((period, segment, name, *told))
    columns = ["period", "segment", "quantity", "rows", "missing", "mean", "variance", "development_mean"]
    return pd.DataFrame(rows, columns=columns)


def _index(bench: Bench, one: Counted, inside: NDArray[np.int64]) -> tuple[Index, Floats]:
    ids = one.ids[inside]
    actual = np.bincount(ids[ids >= 0], minlength=len(one.expected)).astype(np.float64)
    s = bench.settings
    return index(one.expected, actual, s.zero_cells, s.significance, TOLERANCE), actual


def _indices(bench: Bench, counted: list[Counted]) -> pd.DataFrame:
    rows = []
    for period, segment, inside in bench.groups(NOTHING):
        for one in counted:
            found, actual = _index(bench, one, inside)
            cells = (found.psi, found.chance_level, found.critical_value, found.p_value, found.tolerance_p_value)
            totals = (float(one.expected.sum()), float(actual.sum()), found.bins)
            rows.append((period, segment, one.name, ALL, one.of_score, *totals, *cells, found.empty_cells))
    columns = ["period", "segment", "variable", "held_against", "of_score", "expected_rows", "actual_rows", "bins"]
    columns += ["psi", "chance_level", "critical_value", "p_value", "tolerance_p_value", "empty_cells"]
    return pd.DataFrame(rows, columns=columns)


def _judged(bench: Bench, frame: pd.DataFrame) -> pd.DataFrame:
    """With adjusted p-values, bands, persistence and verdict.

    Grey: too few rows, or so few that chance alone reaches the cut. The score over all rows is tested by itself, the
    rest of a month together (Benjamini and Hochberg 1995). Variables of the run that were not counted here are missing
    from that family, so adjusted p-values are compared only where all were.
    """
    s, psi = bench.settings, frame["psi"].to_numpy(np.float64)
    blind = (frame["chance_level"] >= REVIEW) & (psi <= frame["critical_value"])
    grey = ((frame["actual_rows"] < s.min_rows) | blind | np.isnan(psi)).to_numpy(bool)
    p = np.where(grey, np.nan, frame["p_value"].to_numpy(np.float64))
    others = ~((frame["variable"] == SCORE) & (frame["segment"] == ALL) & frame["of_score"]).to_numpy(bool)
    adjusted = p.copy()
    for period in sorted(set(frame["period"])):
        rows = np.flatnonzero(others & (frame["period"] == period).to_numpy(bool))
        adjusted[rows] = benjamini_hochberg(p[rows].tolist())
    beyond = ~grey & (np.nan_to_num(adjusted, nan=1.0) <= s.significance)
    frame = frame.assign(adjusted_p_value=adjusted, beyond_chance=beyond, material=psi >= FAIL)
    frame["band"] = np.select([np.isnan(psi), psi >= FAIL, psi >= REVIEW], ["", "fail", "review"], "pass")
    red, amber = (psi >= FAIL) & beyond, psi >= REVIEW
    frame["verdict"] = np.select([grey, red, amber], ["grey", "red", "amber"], "green")
    frame["periods_seen"], frame["periods_beyond"] = 0, 0
    for _, part in frame.groupby(["segment", "variable"], sort=False):
        part = part.sort_values("period")
        over = [bool(one) for one in beyond[part.index] & (psi[part.index] >= REVIEW)]
        told = recent(over, [not one for one in grey[part.index]], s.of)
        frame.loc[part.index, ["periods_seen", "periods_beyond"]] = told
    frame["persistent"] = ~grey & (frame["periods_beyond"] >= s.at_least)
    return frame


def _bins(bench: Bench, counted: list[Counted]) -> None:
    """Shares of bins of the last month, all rows."""
    frame, rows = bench.production.frame, []
    last = frame["period"].max() if len(frame) else ""
    inside = np.flatnonzero((frame["period"] == last).to_numpy(bool))
    for one in (one for one in counted if not one.of_score):
        found, actual = _index(bench, one, inside)
        with np.errstate(invalid="ignore"):  # nothing of a month without a value of it
            first, second = one.expected / one.expected.sum(), actual / actual.sum()
        for k, label in enumerate(one.labels):
            gap = second[k] - first[k]
            shares = (first[k], second[k], gap, found.contributions[k], one.effects[k], gap * one.effects[k])
            rows.append((last, ALL, one.name, k, label, one.kinds[k], *shares))
    columns = ["period", "segment", "variable", "bin", "label", "kind", "expected_share", "actual_share", "difference"]
    own = pd.DataFrame(rows, columns=[*columns, "contribution", "effect", "score_shift"])
    rules = {"expected_share": "share", "actual_share": "share", "difference": "difference", "contribution": "psi"}
    if not any(np.isnan(one.effects).any() for one in counted if not one.of_score):
        rules |= {"effect": "mean", "score_shift": "attribution"}
    keys, names = ["period", "segment", "variable", "bin"], [one.name for one in counted if not one.of_score]
    if not names:
        not_recomputed(bench.ledger, bench.run, "bins", "no classing of the champion is of one value")
        return
    compare_table(bench.ledger, bench.run, "bins", own, keys, rules, ("label", "kind"), [("variable", names)])


def _distances(bench: Bench) -> pd.DataFrame:
    """Of score and probability, all rows by month, where production has few enough distinct values to be exact."""
    frame, rows = bench.production.frame, []
    for name in ("score", "probability", "expected_value"):
        base = bench.output(name)
        if base is None or name not in frame:
            continue
        x = frame[name].to_numpy(np.float64)
        if len(np.unique(x[np.isfinite(x)])) > MOST:
            reason = f"{name} has more than {MOST} distinct values: the run counts cells of a grid"
            not_recomputed(bench.ledger, bench.run, "distances", reason)
            return pd.DataFrame()
        fine = np.isfinite(base)
        weight = np.ones(int(fine.sum())) if bench.weight is None else bench.weight[fine]
        for period, segment, inside in bench.groups(NOTHING):
            own = x[inside][np.isfinite(x[inside])]
            if segment == ALL and len(own):
                d = distances(base[fine], weight, own, bench.settings.min_rows)
                told = (float(weight.sum()), len(own), d.ks, d.p_value, d.wasserstein, d.standardised)
                rows.append((period, ALL, name, *told))
    names = ["expected_rows", "actual_rows", "ks", "ks_p_value", "wasserstein", "standardised_wasserstein"]
    own = pd.DataFrame(rows, columns=["period", "segment", "variable", *names])
    rules = dict(zip(names, ("mean", "rows", "ks", "p_value", "mean", "mean"), strict=True))
    found: pd.DataFrame | str = own if len(own) else "production holds no score"
    compare_table(bench.ledger, bench.run, "distances", found, ["period", "segment", "variable"], rules)
    return own
