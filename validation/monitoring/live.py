"""The live split of the plan, computed again: arms by hash, and their outcomes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from validation.monitoring.bench import Bench
from validation.monitoring.outcomes import CONFIDENCE, LEAST_FOLLOWED, labels_beside
from validation.monitoring.production import APPLICANT, OTHER, applicant_of
from validation.monitoring.served import clustered_size
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored, experiment, metrics

SPLIT = {"share": "share", "rows": "rows", "expected": "mean", "p_value": "p_value", "differing": "rows"}
ARMS = {
    **dict.fromkeys(("rows", "bad"), "rows"), "bad_rate": "share", "standard_error": "standard_error",
    "difference": "difference", "p_value": "p_value", "followed": "share",
    **dict.fromkeys(("lower", "upper", "difference_error", "difference_lower", "difference_upper"), "standard_error"),
    **dict.fromkeys(("decided", "approved"), "rows"), "approval_rate": "share",
    **dict.fromkeys(("approval_lower", "approval_upper"), "standard_error"),
}  # fmt: skip


PLANNED = 0.01
"""Error of the difference between arms at which its bounds are tightest, where the plan says no other."""
MISMATCH = 0.001
"""Least probability of the shares of the arms by chance, below which applicants were lost (Fabijan et al. 2019)."""


def compare_split(bench: Bench) -> bool:
    """Arms by hash against those that were logged and against their shares, and the outcomes of the arms.

    Whether something is wrong with the split: its shares, or rows in another arm than the hash gives.
    """
    spec: Mapping[str, Any] = (bench.package.plan.get("monitoring") or {}).get("challengers") or {}
    frame = bench.production.frame
    if bench.run.table("split") is None or not spec.get("share"):
        return False
    logged = frame.get(OTHER + str(spec.get("arm")))
    if spec.get("arm") and logged is None:
        for name in ("split", "arms"):
            not_recomputed(bench.ledger, bench.run, name, "name --column of the arm as the run did")
        return False
    live, names = str(spec["shadow"][0]), frame[APPLICANT if APPLICANT in frame else "key"]
    known = names.notna().to_numpy()
    by_hash = APPLICANT in frame or (not bench.production.is_log and applicant_of(bench.package.plan) is None)
    if logged is None and not by_hash:
        return False
    share = Fraction(repr(float(spec["share"])))
    edge, salt = int(2**64 * share), str(spec["salt"])
    hashed = np.array([live if _number(str(one), salt) < edge else "champion" for one in names[known]], dtype=object)
    arms = hashed if logged is None else logged[known].fillna("missing").to_numpy(object)
    once = ~names[known].duplicated().to_numpy()
    shares = {live: float(share), "champion": float(1 - share)}
    counts = {arm: int(np.sum(once & (arms == arm))) for arm in shares}
    whole = sum(counts.values())
    chance = math.nan
    if by_hash or applicant_of(bench.package.plan) is None:
        chance = float(stats.chisquare(list(counts.values()), [whole * one for one in shares.values()]).pvalue)
    rows = [
        {
            "arm": arm, "share": part, "rows": counts[arm], "expected": whole * part, "p_value": chance,
            "differing": int(np.sum((arms == arm) & (hashed != arm))) if by_hash and logged is not None else math.nan,
        }
        for arm, part in shares.items()
    ]  # fmt: skip
    among = [("arm", list(shares))]
    compare_table(bench.ledger, bench.run, "split", pd.DataFrame(rows), ["arm"], SPLIT, among=among)
    if bench.run.table("arms") is not None and bench.outcomes is not None:
        _arms(bench, np.flatnonzero(known), arms, live)
    return chance < MISMATCH or (logged is not None and by_hash and bool(np.any(arms != hashed)))


def _number(identifier: str, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{salt}\0{identifier}".encode()).digest()[:8], "big")


def _arms(bench: Bench, known: np.ndarray, arms: np.ndarray, live: str) -> None:
    frame = bench.production.frame
    assert bench.outcomes is not None
    labels = labels_beside(frame, bench.outcomes)
    booked, decided = np.ones(len(known), bool), np.zeros(len(known), bool)
    if "decision" in frame and bench.approved:
        words = frame["decision"].to_numpy(object)[known]
        booked = np.isin(words.astype(str), list(bench.approved))
        decided = booked | np.isin(words.astype(str), list(bench.declined))
    found: list[dict[str, Any]] = []
    for arm in ("champion", live):
        own = labels.part(known[booked & (arms == arm)])
        if len(own.time):
            row = _arm(bench, own)
            names = frame[APPLICANT].iloc[known] if APPLICANT in frame else None
            row |= {"arm": arm} | _approved(decided & (arms == arm), booked, names)
            if found:
                row |= _apart(bench, row, found[0])
            found.append(row)
    compare_table(bench.ledger, bench.run, "arms", pd.DataFrame(found), ["arm"], ARMS, ("status",))


def _arm(bench: Bench, own: censored.Labels) -> dict[str, Any]:
    """The accounts of an arm."""
    row: dict[str, Any] = {**dict.fromkeys(ARMS, math.nan), "rows": len(own.time)}
    if not own.usable.any():
        return {**row, "bad": 0, "followed": 0.0, "status": "not evaluable"}
    one = censored.follow(own, float(bench.settings.window or 0))
    rate, error, lower, upper = censored.bad_rate(one, CONFIDENCE)
    bad = int(one.bad.sum())
    enough = one.followed >= LEAST_FOLLOWED and bad >= bench.settings.min_bads
    told = {"bad": bad, "bad_rate": rate, "standard_error": error, "lower": lower, "upper": upper}
    return {**row, **told, "followed": one.followed, "status": "evaluable" if enough else "not evaluable"}


def _approved(decided: np.ndarray, approved: np.ndarray, applicants: pd.Series | None) -> dict[str, Any]:
    rows, yes = int(decided.sum()), int((decided & approved).sum())
    if not rows:
        return {}
    size = float(rows) if applicants is None else clustered_size(applicants[decided], approved[decided])
    lower, upper = metrics.wilson(yes / rows * size, size, CONFIDENCE)
    told = {"decided": rows, "approved": yes, "approval_rate": yes / rows}
    return {**told, "approval_lower": lower, "approval_upper": upper}


def _apart(bench: Bench, row: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """Difference from the base, with what holds at all looks together."""
    spec = (bench.package.plan.get("monitoring") or {}).get("challengers") or {}
    level = float(spec.get("error") or bench.settings.significance)
    gap, spread = row["bad_rate"] - base["bad_rate"], math.hypot(row["standard_error"], base["standard_error"])
    told = {"difference": gap, "difference_error": spread}
    if not spread > 0:
        return told
    time = np.array([(float(spec.get("planned_error", PLANNED)) / spread) ** 2])
    half = float(experiment.at_any_time(time, level)[0]) * spread
    told |= {"difference_lower": gap - half, "difference_upper": gap + half}
    return told | {"p_value": float(experiment.valid_p_values(np.array([gap / spread]), time, level)[0])}
