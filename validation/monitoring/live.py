"""Looks of the plan and the live split, computed again: differences as known then, boundaries, arms by hash."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from validation.monitoring.bench import Bench
from validation.monitoring.outcomes import CONFIDENCE, LEAST_FOLLOWED, labels_beside
from validation.monitoring.production import APPLICANT, CHALLENGER, OTHER
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored, experiment

RESULT = ":probability"
TAKEN, UNPLANNED = "taken", "not planned"
LOOKS = {
    "estimate": "difference", "standard_error": "standard_error", "information": "standard_error", "z": "z",
    "boundary": "standard_error", "spent": "p_value",
}  # fmt: skip
SPLIT = {"share": "share", "rows": "rows", "expected": "mean", "p_value": "p_value", "differing": "rows"}
ARMS = {
    **dict.fromkeys(("rows", "bad"), "rows"), "bad_rate": "share", "standard_error": "standard_error",
    "difference": "difference", "difference_error": "standard_error", "p_value": "p_value",
}  # fmt: skip


MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


def compare_looks(bench: Bench) -> None:
    """Each look that was taken, and the month at hand that is none: its figures, and whether the plan has it."""
    spec: Mapping[str, Any] = (bench.package.plan.get("monitoring") or {}).get("challengers") or {}
    table, window = bench.run.table("looks"), bench.settings.window
    frame = bench.production.frame
    if table is None or bench.outcomes is None or window is None or "probability" not in frame:
        not_recomputed(bench.ledger, bench.run, "looks", "name --challenger and --outcomes as the run did")
        return
    if spec.get("random_accepts") and OTHER + str(spec["random_accepts"]) in frame:
        not_recomputed(bench.ledger, bench.run, "looks", "of random accepts, by the run alone")
        return
    rows: list[dict[str, Any]] = []
    held = table[table["status"].isin([TAKEN, UNPLANNED])]
    for name in dict.fromkeys(held["challenger"]):
        mine = held[held["challenger"] == name]
        if f"{CHALLENGER}{name}{RESULT}" not in frame:
            not_recomputed(bench.ledger, bench.run, "looks", f"name --challenger {name}:probability=COLUMN")
            return
        rows += _looks(bench, spec, str(name), mine)
    known = [TAKEN, UNPLANNED]
    keys, among = ["challenger", "at"], [("status", known)]
    compare_table(bench.ledger, bench.run, "looks", pd.DataFrame(rows), keys, LOOKS, ("status",), among=among)


def _looks(bench: Bench, spec: Mapping[str, Any], name: str, stated: pd.DataFrame) -> list[dict[str, Any]]:
    planned = list(spec.get("look_months") or []) or _regular(bench, spec)
    spending = str(spec.get("spending", "obrien_fleming")) if spec else "always_valid"
    level = float(spec.get("error") or bench.settings.significance)
    planned_error = float(spec.get("planned_error", 0.01))
    rows = []
    for at, status in zip(stated["at"], stated["status"], strict=True):
        if not MONTH.fullmatch(str(at)):
            continue  # no look of ours: the row is one too many
        gap, error = _as_known(bench, name, str(at))
        share = (planned_error / error) ** 2
        own = status if spec.get("look_information") else TAKEN if not spec or at in planned else UNPLANNED
        told = {"estimate": gap, "standard_error": error, "information": share, "z": gap / error, "status": own}
        rows.append({"challenger": name, "at": at, **told, "boundary": math.nan, "spent": math.nan})
    taken = [row for row in rows if row["status"] == TAKEN]
    times = np.array([row["information"] for row in taken])
    if not len(times):
        return rows
    if spending == "always_valid":
        bounds, gone = experiment.at_any_time(times, level), np.full(len(times), math.nan)
    else:
        times = np.minimum(times, 1.0)
        if planned and not spec.get("look_information") and taken[-1]["at"] == planned[-1]:
            times[-1] = 1.0
        gone = experiment.spent(times, level, spending)
        bounds = _bounds(times, gone)
    for row, time, bound, used in zip(taken, times, bounds, gone, strict=True):
        row |= {"information": float(time), "boundary": float(bound), "spent": float(used)}
    return rows


def _regular(bench: Bench, spec: Mapping[str, Any]) -> list[str]:
    step, count = int(spec.get("months_between_looks", 1)), int(spec.get("looks", 12))
    start = pd.Period(bench.production.periods[0], "M")
    return [str(start + (k + 1) * step - 1) for k in range(count)]


def _bounds(times: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """|z| at which each look spends what it may, one after the other."""
    walk, found, before = experiment.Walk(0.0), [], 0.0
    for time, used in zip(times, gone, strict=True):
        wanted = used - before

        def excess(z: float, time: float = float(time), wanted: float = wanted) -> float:
            return walk.leaves(time, z) - wanted

        found.append(12.0 if excess(12.0) > 0 else float(optimize.brentq(excess, 0.0, 12.0, xtol=1e-10)))
        walk.go(float(time), found[-1])
        before = float(used)
    return np.array(found)


def _as_known(bench: Bench, name: str, month: str) -> tuple[float, float]:
    """Difference in AUC at the end of a month and its error, with what was known of outcomes then."""
    day = pd.Period(month, "M").end_time.normalize()
    frame, late = bench.production.frame, bench.outcomes
    assert late is not None
    first = frame["probability"].to_numpy(np.float64)
    second = frame[f"{CHALLENGER}{name}{RESULT}"].to_numpy(np.float64)
    decided = (frame["time"].dt.tz_localize(None).dt.floor("D") <= day).to_numpy()
    inside = np.flatnonzero(decided & np.isfinite(first) & np.isfinite(second))
    then = late.assign(
        bad_date=late["bad_date"].where(late["bad_date"] <= day), observed_until=late["observed_until"].clip(upper=day)
    )
    labels = labels_beside(frame.iloc[inside].reset_index(drop=True), then)
    one = censored.follow(labels, float(bench.settings.window or 0))
    (a, mine), (b, other) = (censored.area_parts(one, x[inside][labels.usable]) for x in (first, second))
    return b - a, float(np.sqrt(np.sum(one.summed(other - mine) ** 2)))


def compare_split(bench: Bench) -> None:
    """Arms by hash against those that were logged and against their shares, and the outcomes of the arms."""
    spec: Mapping[str, Any] = (bench.package.plan.get("monitoring") or {}).get("challengers") or {}
    frame = bench.production.frame
    if bench.run.table("split") is None or not spec.get("share"):
        return
    logged = frame.get(OTHER + str(spec.get("arm")))
    if spec.get("arm") and logged is None:
        for name in ("split", "arms"):
            not_recomputed(bench.ledger, bench.run, name, "name --column of the arm as the run did")
        return
    live, names = str(spec["shadow"][0]), frame[APPLICANT if APPLICANT in frame else "key"]
    known = names.notna().to_numpy()
    share = Fraction(repr(float(spec["share"])))
    edge, salt = int(2**64 * share), str(spec["salt"])
    hashed = np.array([live if _number(str(one), salt) < edge else "champion" for one in names[known]], dtype=object)
    arms = hashed if logged is None else logged[known].fillna("missing").to_numpy(object)
    once = ~names[known].duplicated().to_numpy()
    shares = {live: float(share), "champion": float(1 - share)}
    counts = {arm: int(np.sum(once & (arms == arm))) for arm in shares}
    whole = sum(counts.values())
    chance = float(stats.chisquare(list(counts.values()), [whole * one for one in shares.values()]).pvalue)
    rows = [
        {
            "arm": arm, "share": part, "rows": counts[arm], "expected": whole * part, "p_value": chance,
            "differing": math.nan if logged is None else int(np.sum((arms == arm) & (hashed != arm))),
        }
        for arm, part in shares.items()
    ]  # fmt: skip
    among = [("arm", list(shares))]
    compare_table(bench.ledger, bench.run, "split", pd.DataFrame(rows), ["arm"], SPLIT, among=among)
    if bench.run.table("arms") is not None and bench.outcomes is not None:
        _arms(bench, np.flatnonzero(known), arms, live)


def _number(identifier: str, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{salt}\0{identifier}".encode()).digest()[:8], "big")


def _arms(bench: Bench, known: np.ndarray, arms: np.ndarray, live: str) -> None:
    frame = bench.production.frame
    assert bench.outcomes is not None
    labels = labels_beside(frame, bench.outcomes)
    booked = np.ones(len(known), bool)
    if "decision" in frame and bench.approved:
        booked = frame["decision"].isin(list(bench.approved)).to_numpy()[known]
    found: list[dict[str, Any]] = []
    for arm in ("champion", live):
        own = labels.part(known[booked & (arms == arm)])
        if not len(own.time):
            continue
        row: dict[str, Any] = {"arm": arm, "rows": len(own.time), "difference": math.nan, "difference_error": math.nan}
        if own.usable.any():
            one = censored.follow(own, float(bench.settings.window or 0))
            rate, error, _, _ = censored.bad_rate(one, CONFIDENCE)
            bad = int(one.bad.sum())
            enough = one.followed >= LEAST_FOLLOWED and bad >= bench.settings.min_bads
            row |= {"bad": bad, "bad_rate": rate, "standard_error": error}
            row["status"] = "evaluable" if enough else "not evaluable"
        else:
            row |= {"bad": 0, "bad_rate": math.nan, "standard_error": math.nan, "status": "not evaluable"}
        row["p_value"] = math.nan
        if found:
            gap = row["bad_rate"] - found[0]["bad_rate"]
            spread = math.hypot(row["standard_error"], found[0]["standard_error"])
            chance = 2.0 * float(stats.norm.sf(abs(gap) / spread)) if spread > 0 else math.nan
            row |= {"difference": gap, "difference_error": spread, "p_value": chance}
        found.append(row)
    compare_table(bench.ledger, bench.run, "arms", pd.DataFrame(found), ["arm"], ARMS, ("status",))
