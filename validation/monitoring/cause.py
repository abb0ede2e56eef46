"""The likeliest cause of what moved, made again by the rules that the format states, from our own tables.

Tables of which a part could not be counted here are taken as the run tells them. Order of the rules: a record that is
wrong, calibration that moved, characteristics or score that moved, nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.settings import REVIEW
from validation.monitoring.tables import compare_table, not_recomputed

Key = tuple[str, str]
Row = dict[str, Any]
Gap = tuple[str, float, float, float]
"""Measure, difference from development, its standard error (NaN: not known yet), and the size from which it matters."""
BREAKS = ("missing", "unseen", "type", "not_finite", "range", "allowed", "missing_forbidden", "constant", "unit",
          "special_undeclared", "refused")  # fmt: skip
CALIBRATION, RANKING = "calibration", "ranking"
CONFIDENCE = 0.95
WORDS = ("cause", "variables", "also", "reason")


def compare_cause(bench: Bench, own: Mapping[str, pd.DataFrame]) -> None:
    """Compare `monitoring.cause`, a row each month and segment."""
    indices = own["indices"]
    score = _rows(bench, "score_stability", indices[indices["of_score"]])
    others = _rows(bench, "characteristic_stability", indices[~indices["of_score"]])
    quality = _rows(bench, "quality", own.get("quality"))
    if not (score or others) or not quality:
        not_recomputed(bench.ledger, bench.run, "cause", "the run tells no stability, or no quality of data")
        return
    gaps = gaps_of(bench, own)
    if gaps is None:
        not_recomputed(bench.ledger, bench.run, "cause", "performance that it rests on was not recomputed")
        return
    drift = _by_group([*({**row, "output": True} for row in score), *({**row, "output": False} for row in others)])
    broken, rows = _by_group([row for row in quality if _breaks(row)]), list[Row]()
    for key in sorted({*drift, *broken, *gaps}):
        moved = moved_of(gaps.get(key, []), bench.settings.significance)
        told = cause_of(drift.get(key, []), broken.get(key, []), moved)
        rows.append({"period": key[0], "segment": key[1], **told})
    compare_table(bench.ledger, bench.run, "cause", pd.DataFrame(rows), ["period", "segment"], {}, WORDS)


def _rows(bench: Bench, name: str, own: pd.DataFrame | None) -> list[Row]:
    """Rows of a table in the order in which the run tells them: ours where all of them were judged, else the run's."""
    stated = bench.run.table(name)
    if stated is None:
        return []
    told = stated.to_dict("records")
    if own is None or own.empty or not own["judged"].all():
        return told
    names = [one for one in ("period", "segment", "variable", "rule") if one in stated]
    mine = {tuple(row[one] for one in names): row for row in own.to_dict("records")}
    return [mine.get(tuple(row[one] for one in names), row) for row in told]


def _by_group(rows: list[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault((str(row["period"]), str(row["segment"])), []).append(row)
    return found


def _breaks(row: Row) -> bool:
    return row["rule"] in BREAKS and row["verdict"] == "red"


# ---------------------------------------------------------------------------------------------------------- performance
def gaps_of(bench: Bench, own: Mapping[str, pd.DataFrame]) -> dict[Key, list[Gap]] | None:
    """What ranking and level differ by in each month and segment; None where the run tells of them and we do not."""
    if "performance" not in own:
        told = any(bench.run.table(name) is not None for name in ("performance", "level"))
        return None if told else {}
    found: dict[Key, list[Gap]] = {}
    for key, gap in (*_ranking(bench, own), *_levels(bench, own)):
        if key[0] != ALL:
            found.setdefault(key, []).append(gap)
    return found


def _ranking(bench: Bench, own: Mapping[str, pd.DataFrame]) -> Iterator[tuple[Key, Gap]]:
    """Of the AUC among scores as those of the month, else as it stands at the last month on book that was measured."""
    least, told = float(_retraining(bench).get("ranking_fell", 0.05)), set[Key]()
    for row in own["like"].to_dict("records"):
        key = (row["period"], row["segment"])
        told.add(key)
        error = math.hypot(row["standard_error"], row["like_error"])
        yield key, (RANKING, row["difference"], error if row["status"] == "evaluable" else math.nan, least)
    last: dict[Key, Row] = {}
    for row in own["performance"].to_dict("records"):
        key = (row["period"], row["segment"])
        if row["measure"] == "auc" and key not in told and row["horizon"] >= last.get(key, row)["horizon"]:
            last[key] = row
    for key, row in last.items():
        known = row["status"] == "evaluable" and row["verdict"] != "not evaluable"
        base = row["development_error"]
        error = math.hypot(row["standard_error"], base if base == base else 0.0)
        yield key, (RANKING, row["difference"], error if known else math.nan, least)


def _levels(bench: Bench, own: Mapping[str, pd.DataFrame]) -> Iterator[tuple[Key, Gap]]:
    """Logarithm of observed over predicted, less development's among such scores where that is known."""
    least = math.log1p(float(_retraining(bench).get("calibration_moved", 0.1)))
    base = {
        (row["period"], row["segment"]): (row["development_ratio"], row["ratio_error"])
        for row in own["like"].to_dict("records")
        if row["development_ratio"] > 0
    }
    z = float(special.ndtri(0.5 + CONFIDENCE / 2.0))
    for row in own["level"].to_dict("records"):
        key = (row["period"], row["segment"])
        first, first_error = base.get(key, (1.0, 0.0))
        gap = error = math.nan
        if row["status"] == "evaluable" and row["ratio"] > 0:
            gap = math.log(row["ratio"] / first)
            error = math.hypot(math.log(row["ratio_upper"] / row["ratio_lower"]) / (2.0 * z), first_error)
        yield key, (CALIBRATION, gap, error, least)


def _retraining(bench: Bench) -> Mapping[str, Any]:
    return (bench.package.plan.get("monitoring") or {}).get("retraining") or {}


ALIKE = 1e-9
"""Errors up to it are rounding: the rows are all alike."""


def moved_of(gaps: list[Gap], level: float) -> dict[str, bool | None]:
    """Whether calibration and ranking moved, None where that is not known: p-values adjusted by Holm (1979)."""
    found: dict[str, bool | None] = {CALIBRATION: None, RANKING: None}
    known = [
        (2.0 * float(special.ndtr(-abs(gap) / error)), measure, abs(gap) >= least)
        for measure, gap, error, least in gaps
        if error > ALIKE
    ]
    worst = 0.0
    for place, (p_value, measure, far) in enumerate(sorted(known, key=lambda one: one[0])):
        worst = max(worst, min(1.0, p_value * (len(known) - place)))
        found[measure] = bool(found[measure]) or (far and worst <= level)
    return found


# ---------------------------------------------------------------------------------------------------------------- rules
def cause_of(indices: list[Row], broken: list[Row], moved: Mapping[str, bool | None]) -> dict[str, str | None]:
    """Cause, variables, what else is true, and the reason, of the rows of one month and segment."""
    faults = sorted({str(row["variable"]) for row in broken})
    over = [row for row in indices if row["beyond_chance"] and (row["persistent"] or _at_least(row["psi"], REVIEW))]
    over.sort(key=lambda row: -row["psi"])
    others = [str(row["variable"]) for row in over if not row["output"] and str(row["variable"]) not in faults]
    score = [str(row["variable"]) for row in over if row["output"]]
    level, order = moved[CALIBRATION], moved[RANKING]
    if faults:
        words = "; ".join(f"{row['variable']} {row['rule']}: {row['reason']}" for row in broken)
        words += "; the score and performance follow from the record until it is right"
        return _told("data_quality", faults, "population" if others else None, words)
    people = others or score
    if level or (order and not people):
        both = " and ".join(name for name, own in ((CALIBRATION, level), (RANKING, order)) if own)
        beside = f"while {', '.join(others)} moved as well" if others else "and no characteristic did"
        also = "population" if people else None
        return _told("concept", others, also, f"{both} moved beyond chance, {beside}")
    if people:
        words = f"{', '.join(people)} at or above {REVIEW:g}, now or persistently, and beyond chance"
        return _told("population", people, None, f"{words}; the record is right{_performance(level, order)}")
    if level is None and order is None and all(row["verdict"] == "grey" for row in indices):
        return _told("not_evaluable", [], None, "nothing of this period can be looked at")
    return _told("none", [], None, f"nothing is at or above review and beyond chance{_performance(level, order)}")


def _told(cause: str, names: list[str], also: str | None, reason: str) -> dict[str, str | None]:
    return {"cause": cause, "variables": ", ".join(names) or None, "also": also, "reason": reason}


def _at_least(value: float | None, cut: float) -> bool:
    return value is not None and bool(np.greater_equal(value, cut))


def _performance(level: bool | None, order: bool | None) -> str:
    if level is None and order is None:
        return "; performance is not known yet, so that concept drift is not excluded"
    if order and not level:
        return "; ranking moved, which another spread of risk explains while calibration holds"
    return "; calibration is not known yet" if level is None else "; performance did not move"
