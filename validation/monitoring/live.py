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
from validation.monitoring.production import APPLICANT, OTHER
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored

SPLIT = {"share": "share", "rows": "rows", "expected": "mean", "p_value": "p_value", "differing": "rows"}
ARMS = {
    **dict.fromkeys(("rows", "bad"), "rows"), "bad_rate": "share", "standard_error": "standard_error",
    "difference": "difference", "difference_error": "standard_error", "p_value": "p_value",
}  # fmt: skip


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
    return chance < MISMATCH or (logged is not None and bool(np.any(arms != hashed)))


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
