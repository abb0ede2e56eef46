"""Rules of data quality on production: the contract, one bin for all rows, numbers of rows, units; judged together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.drift import NOTHING, Counted
from validation.monitoring.production import INPUT
from validation.rebuild.drift import benjamini_hochberg

Floats = NDArray[np.float64]
Row = dict[str, Any]
SHARES, ROWS, CONSTANT, UNIT = ("missing", "special"), "rows", "constant", "unit"
TOLERATED, MATERIAL, REVIEW, FAR_SHARE, FAR_UNIT, FAR_ROWS = 0.001, 0.01, 0.02, 0.05, 3.0, 2.0
FACTORS = (10.0, 12.0, 100.0, 1000.0, 1e6)
VOLUME = "(rows)"
"""The variable of the rule about numbers of rows."""


# ------------------------------------------------------------------------------------------------------------ counting
def contract_rows(bench: Bench) -> Iterator[Row]:
    """Rows of each month that break a rule of the contract of an input; every rule that there is, broken or not."""
    frame = bench.production.frame
    columns: Mapping[str, Any] = bench.package.plan["data"].get("columns") or {}
    for item in bench.package.model["inputs"]:
        name = item["name"]
        if INPUT + name not in frame:
            continue
        broken = _broken(frame[INPUT + name].to_numpy(), item["type"] == "number", columns.get(name) or {})
        for period, segment, inside in bench.groups(NOTHING):
            if segment == ALL:
                for rule, wrong in broken.items():
                    head = {"period": period, "segment": ALL, "variable": name, "rule": rule, "expected": TOLERATED}
                    yield {**head, "rows": int(wrong[inside].sum()), "total": len(inside)}


def _broken(values: NDArray[Any], number: bool, own: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    allowed, specials = own.get("allowed") or own.get("order"), list(own.get("specials") or ())
    found: dict[str, NDArray[np.bool_]] = {}
    if number:
        x = values.astype(np.float64)
        absent, plain = np.isnan(x), np.isfinite(x) & ~np.isin(x, [float(one) for one in specials])
        found["type"], found["not_finite"] = np.zeros(len(x), bool), np.isinf(x)
        low, high = own.get("range") or (None, None)
        if low is not None or high is not None:
            below = x < (-math.inf if low is None else float(low))
            found["range"] = plain & (below | (x > (math.inf if high is None else float(high))))
        if allowed is not None:
            found["allowed"] = plain & ~np.isin(x, [float(one) for one in allowed])
    else:
        absent = np.array([one is None for one in values], bool)
        if allowed is not None:
            known = {str(one) for one in (*allowed, *specials)}
            found["allowed"] = ~absent & np.array([one not in known for one in values], bool)
    if not own.get("missing", True):
        found["missing_forbidden"] = absent
    return found


def constant_rows(bench: Bench, counted: list[Counted]) -> Iterator[Row]:
    """Whether all rows of a month and segment lie in one bin, and how many of development do."""
    for period, segment, inside in bench.groups(NOTHING):
        for one in counted:
            ids = one.ids[inside]
            counts = np.bincount(ids[ids >= 0], minlength=len(one.expected))
            total, top = int(counts.sum()), int(counts.argmax())
            if total:
                head = {"period": period, "segment": segment, "variable": one.name, "rule": CONSTANT, "total": total}
                rows = total if counts[top] == total else 0
                yield {**head, "rows": rows, "expected": float(one.expected[top] / one.expected.sum())}


def volume_rows(bench: Bench) -> Iterator[Row]:
    """Rows of each month and segment beside the mean of the months before."""
    before: dict[str, list[int]] = {}
    for period, segment, inside in bench.groups(NOTHING):
        past = before.setdefault(segment, [])
        mean = sum(past) / len(past) if past else math.nan
        head = {"period": period, "segment": segment, "variable": VOLUME, "rule": ROWS}
        yield {**head, "rows": len(inside), "total": len(inside), "expected": mean, "base": float(sum(past))}
        past.append(len(inside))


def unit_rows(bench: Bench) -> Iterator[Row]:
    """Ratio of means of numeric inputs, production over development, and whether deviations follow it."""
    frame = bench.production.frame
    for item in bench.package.model["inputs"]:
        name = item["name"]
        if item["type"] != "number" or INPUT + name not in frame:
            continue
        base = np.asarray(bench.development[name].data, np.float64)
        known = base[np.isfinite(base)]
        if len(known) < 2:
            continue
        x = frame[INPUT + name].to_numpy(np.float64)
        for period, segment, inside in bench.groups(NOTHING):
            own = x[inside]
            own = own[np.abs(own) <= 1e100]
            if segment == ALL:
                head = {"period": period, "segment": segment, "variable": name, "rule": UNIT, "total": len(inside)}
                yield {**head, **_unit(known, len(base), own, len(inside))}


def _unit(known: Floats, n: int, own: Floats, m: int) -> Row:
    first, second = float(known.var(ddof=1)), float(own.var(ddof=1)) if len(own) > 1 else math.nan
    mean = float(own.mean()) if len(own) else math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.float64(mean) / known.mean())
        spread = float(np.sqrt(np.float64(second) / first))
        z = float(np.abs(np.float64(mean) - known.mean()) / np.sqrt(first / n + second / m))
        alike = bool(spread / ratio < 2.0 and np.float64(ratio) / spread < 2.0)
    far = alike and (ratio >= FAR_UNIT or 0 < ratio <= 1.0 / FAR_UNIT)
    p_value = 2.0 * float(special.ndtr(-z)) if math.isfinite(z) else math.nan
    told = _factor(ratio) if alike else "the deviation does not follow the mean"
    cells = {"rows": math.nan, "rate": math.nan, "expected": 1.0, "ratio": ratio, "p_value": p_value}
    return {**cells, "material": far, "look": far, "reason": f"ratio of means {ratio:.3g}: {told}"}


def _factor(ratio: float) -> str:
    if not ratio > 0 or abs(math.log(ratio)) < math.log(2.0):
        return "no change of unit"
    size = abs(math.log(ratio))
    near = min(FACTORS, key=lambda factor: abs(size - math.log(factor)))
    if abs(size - math.log(near)) > math.log(1.15):
        return "no known change of unit"
    return f"as if {'times' if ratio > 1 else 'divided by'} {near:g}"


# ------------------------------------------------------------------------------------------------------------- judging
def judged(rows: list[Row], sizes: Mapping[str, float], significance: float, least: float) -> pd.DataFrame:
    """The rows with p-values, those adjusted within a month, and verdicts.

    sizes: rows of development by variable (effective where weighted). Shares are tested by two proportions, breaches
    by the binomial tail at the rate that is tolerated, one bin by development's share to the power of the rows, numbers
    of rows given those before (Przyborowski and Wilenski 1940).
    """
    found = pd.DataFrame([_tested(row, sizes) for row in rows])
    total, p = found["total"].to_numpy(np.float64), found["p_value"].to_numpy(np.float64)
    small = (total < least) & (found["rule"] != ROWS).to_numpy(bool)
    grey = small | np.isnan(p)
    adjusted = np.where(grey, np.nan, p)
    for period in sorted(set(found["period"])):
        inside = np.flatnonzero((found["period"] == period).to_numpy(bool))
        adjusted[inside] = benjamini_hochberg(adjusted[inside].tolist())
    beyond = ~grey & (np.nan_to_num(adjusted, nan=1.0) <= significance)
    material, look = (found[name].to_numpy(bool) for name in ("material", "look"))
    words = np.select([grey, material & beyond, look & beyond], ["grey", "red", "amber"], "green")
    reasons = np.where(np.isnan(p), "nothing to hold it against", found["reason"].to_numpy(object))
    reasons = np.where(small, f"fewer than {least:.0f} rows", reasons)
    return found.assign(adjusted_p_value=adjusted, beyond_chance=beyond, verdict=words, reason=reasons)


def _tested(row: Row, sizes: Mapping[str, float]) -> Row:
    """One row with rate, ratio, p-value, whether it is material, worth a look, and why."""
    rule, count, total, expected = row["rule"], row["rows"], float(row["total"]), row["expected"]
    if rule == UNIT:
        return row
    rate = count / total if total else math.nan
    told: Row = {**row, "rate": rate, "ratio": math.nan}
    if rule == ROWS:
        ratio = count / expected if expected == expected else math.nan
        far = ratio >= FAR_ROWS or ratio <= 1.0 / FAR_ROWS
        told |= {"rate": math.nan, "ratio": ratio, "p_value": _volume(count, row["base"], expected)}
        return {**told, "material": far, "look": far, "reason": f"{ratio:.3g} times the mean of the periods before"}
    if rule == CONSTANT:
        p_value = math.exp(count * math.log(max(expected, 1e-300))) if count else 1.0
        all_in_one = count > 0 and expected < 1.0
        reason = "all rows in one bin" if count else "more than one bin"
        return {**told, "p_value": p_value, "material": all_in_one, "look": all_in_one, "reason": reason}
    if rule in SHARES:
        gap = abs(rate - expected)
        reason = f"{100 * rate:.3g} % of rows, {100 * expected:.3g} % in development"
        told["p_value"] = _proportions(expected, sizes[row["variable"]], rate, total)
        return {**told, "material": gap >= FAR_SHARE, "look": gap >= REVIEW, "reason": reason}
    none = 1.0 if total else math.nan
    told["p_value"] = float(special.betainc(count, total - count + 1.0, TOLERATED)) if count else none
    reason = row.get("reason", f"{100 * rate:.3g} % of rows")
    return {**told, "material": rate >= MATERIAL, "look": rate > TOLERATED, "reason": reason}


def _proportions(a: float, n: float, b: float, m: float) -> float:
    common = (n * a + m * b) / (n + m)
    variance = common * (1.0 - common) * (1.0 / n + 1.0 / m)
    return 2.0 * float(special.ndtr(-abs(b - a) / math.sqrt(variance))) if variance > 0 else 1.0


def _volume(count: int, before: float, mean: float) -> float:
    """Two-sided, given all rows up to this month."""
    if mean != mean or not mean:
        return math.nan
    share, n = 1.0 / (1.0 + before / mean), count + before
    upper = float(special.betainc(count, n - count + 1.0, share)) if count else 1.0
    lower = float(special.betainc(before, n - before + 1.0, 1.0 - share)) if before else 1.0
    return min(2.0 * min(upper, lower), 1.0)
