"""Words of a run: the verdict of each area with its reason, and the reasons of rows, made again from their numbers.

The numbers are those that the run tells: they are recomputed elsewhere, and what they mean is recomputed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.settings import FAIL, REVIEW, TOLERANCE, Settings

Row = dict[str, Any]
Verdict = tuple[str | None, str, str | None]
"""Period, verdict and reason of an area."""
ORDER = ("red", "amber", "green", "grey")
NAMES = ("variable", "rule", "output", "measure", "group", "challenger", "segment")
COLOURS = {"pass": "green", "review": "amber", "fail": "red"}
FAR_LEVEL, LEAST_FOLLOWED, LEAST_ROWS, LEAST_EXPECTED = 0.1, 0.05, 50, 5
AREA, GOVERNANCE = "monitoring.verdict", "governance"
FRAMES = {
    "score": "score_stability", "characteristics": "characteristic_stability", "quality": "quality",
    "domain": "domain_classifier",
}  # fmt: skip


def compare_verdicts(bench: Bench, alerts: Verdict) -> None:
    """Verdict, period and reason of each area; `alerts`: those of the area of alerts."""
    table = bench.run.table("verdict")
    if table is None:
        bench.ledger.not_evaluable(AREA, "the run holds no verdicts")
        return
    own: dict[str, Verdict] = {area: _of_frame(bench, name) for area, name in FRAMES.items()}
    own["alerts"] = alerts
    own["performance"] = _performance(bench)
    own["level"] = _level(bench)
    own["calibration"] = _calibration(bench)
    said = {str(row["area"]): row for row in table.to_dict("records")}
    if GOVERNANCE in said:
        own[GOVERNANCE] = _governance(bench, str(said[GOVERNANCE]["period"]))
    others = sorted(set(said) - set(own))
    if others:
        bench.ledger.not_evaluable(f"{AREA}: {', '.join(others)}", "not recomputed: areas of other tables")
    areas = list(own)
    for place, column in enumerate(("period", "verdict", "reason")):
        stated = [said[area][column] if area in said else "no such area" for area in areas]
        bench.ledger.words(AREA, column, stated, [own[area][place] for area in areas], areas)


def _of_frame(bench: Bench, name: str) -> Verdict:
    table = bench.run.table(name)
    if table is None:
        return None, "grey", bench.run.reason(name)
    if table.empty:
        return None, "grey", "nothing was measured"
    last = table[table["period"] == table["period"].max()]
    return _worst(last, lambda row: str(row["verdict"]), lambda row: row.get("reason"))


def _worst(table: pd.DataFrame, colour: Callable[[Row], str], reason: Callable[[Row], Any]) -> Verdict:
    """The worst of the rows, the first of them in words, and how many more there are."""
    rows = table.to_dict("records")
    found = next((one for one in ORDER if any(colour(row) == one for row in rows)), None)
    if found is None:
        return None, f"no row has a verdict of {', '.join(ORDER)}", None
    held = [row for row in rows if colour(row) == found]
    first, period = held[0], str(held[0]["period"])
    if found == "green":
        return period, found, f"{len(rows)} measured"
    subject = ", ".join(str(first[name]) for name in NAMES if first.get(name) not in (None, ALL))
    words = ": ".join(str(part) for part in (subject, reason(first)) if part)
    more = f" (and {len(held) - 1} more)" if found in ("red", "amber") and len(held) > 1 else ""
    return period, found, words + more or None


def _performance(bench: Bench) -> Verdict:
    table = bench.run.table("performance")
    if table is None:
        return None, "grey", bench.run.reason("performance")
    own = [row for row in table.to_dict("records") if row["measure"] == "auc" and row["segment"] == ALL]
    known = [row for row in own if row["status"] == "evaluable"]
    if not known:
        return None, "grey", (own[-1]["reason"] if own else None) or "no month is evaluable"
    row = max(known, key=lambda one: (one["period"], one["horizon"]))
    told = f"AUC {row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f}) at month {row['horizon']:g}"
    ranged = bench.run.table("like_for_like")
    for like in [] if ranged is None else ranged.to_dict("records"):
        if (like["period"], like["horizon"]) == (row["period"], row["horizon"]):
            return _in_range(row["period"], told, like)
    if row["verdict"] == "not evaluable":
        return row["period"], "grey", f"{told}; development tells none of that month"
    return (
        row["period"],
        "red" if row["verdict"] == "worse" else "green",
        f"{told}; development {row['development']:.3f}",
    )


def _in_range(period: str, told: str, like: Row) -> Verdict:
    if like["status"] != "evaluable":
        return period, "grey", f"{told}; {like['reason']}"
    such, every = like["development_like"], like["development"]
    told += f"; development {such:.3f} among such scores, {every:.3f} among all of its own; difference "
    told += f"{like['difference']:.3f} ({like['difference_lower']:.3f} to {like['difference_upper']:.3f})"
    return period, "red" if like["verdict"] == "worse" else "green", told


def _level(bench: Bench) -> Verdict:
    table = bench.run.table("level")
    if table is None:
        return None, "grey", bench.run.reason("level")
    rows = [row for row in table.to_dict("records") if row["segment"] == ALL and row["status"] == "evaluable"]
    if not rows:
        return None, "grey", "no month is evaluable"
    row = max(rows, key=lambda one: str(one["period"]))
    ratio, low, high = row["ratio"], row["ratio_lower"], row["ratio_upper"]
    beyond, far = (low is not None and low > 1.0) or (high is not None and high < 1.0), abs(ratio - 1.0) >= FAR_LEVEL
    words = f"observed over predicted {ratio:.2f} ({_two(low)} to {_two(high)})"
    return row["period"], "red" if beyond and far else "amber" if beyond else "green", words


def _two(value: float | None) -> str:
    return "nan" if value is None else f"{value:.2f}"


def _calibration(bench: Bench) -> Verdict:
    table = bench.run.table("calibration")
    if table is None:
        return None, "grey", bench.run.reason("calibration")

    def reason(row: Row) -> str:
        value = row["correlated_p_value"]
        return "p nan" if value is None else f"p {value:.3g}"

    return _worst(table, lambda row: COLOURS.get(str(row["correlated_verdict"]), "grey"), reason)


def _governance(bench: Bench, period: str) -> Verdict:
    """Red where a grave finding is overdue, amber where anything else is; the month is that of the run."""
    table = bench.run.table(GOVERNANCE)
    if table is None:
        return period, "green", bench.run.reason(GOVERNANCE)
    findings = int((table["indicator"] == "finding").sum())
    grave = bool(table["severity"].isin(["critical", "high"]).any())
    told = f"{findings} findings and {len(table) - findings} dates are overdue"
    return str(table["as_of"].iloc[0])[:7], "red" if grave else "amber", told


# ------------------------------------------------------------------------------------------------------ reasons of rows
def compare_reasons(bench: Bench) -> None:
    """The column `reason` of the tables whose reasons follow from their numbers."""
    makers: Mapping[str, Callable[[Row, Settings], str | None]] = {
        "score_stability": _stability, "characteristic_stability": _stability, "performance": _outcomes,
        "level": _outcomes, "calibration": _grade, "calibration_months": _grade, "decisions": _decision,
    }  # fmt: skip
    for name, maker in makers.items():
        table = bench.run.table(name)
        if table is None:
            continue
        rows = table.to_dict("records")
        window = float(bench.settings.window or 0)
        own = [maker({"horizon": window, **row}, bench.settings) for row in rows]
        labels = [f"{row['period']} {row['segment']} {place}" for place, row in enumerate(rows)]
        bench.ledger.words(f"monitoring.{name}", "reason", [row["reason"] for row in rows], own, labels)


def _stability(row: Row, s: Settings) -> str | None:
    if row["verdict"] == "grey":
        if row["actual_rows"] <= 0:
            return "no rows of this variable"
        if row["actual_rows"] < s.min_rows:
            return f"{row['actual_rows']:.0f} rows, fewer than {s.min_rows:.0f}"
        if row["psi"] is None:
            return "development's counts are not known"
        return f"too few rows: an unchanged population reaches {row['chance_level']:.3g} by chance"
    if row["band"] == "pass":
        return f"index below {REVIEW:g}" + (", though beyond chance" if row["beyond_chance"] else "")
    what = f"index of at least {FAIL if row['band'] == 'fail' else REVIEW:g}"
    if not row["beyond_chance"]:
        return what + ", within what chance and the number of tests explain"
    shown = row["psi"] > row["critical_value"]
    return what + ", beyond chance" + ("" if shown else f", not shown to be above {TOLERANCE:g} in the population")


def _outcomes(row: Row, s: Settings) -> str | None:
    good = row.get("good")
    if row["followed"] == 0 and not (row["bad"] or row["not_yet"] or good):
        return "no outcome is known"
    if row["followed"] < LEAST_FOLLOWED:
        return _immature(row)
    least = row["bad"] if good is None else min(row["bad"], good)
    if least >= s.min_bads:
        return None
    few = f"{row['bad']} bads" if good is None or row["bad"] <= good else f"{good} goods"
    return f"{few} known by month {row['horizon']:g}, fewer than {s.min_bads}"


def _immature(row: Row) -> str:
    return f"immature: {row['followed']:.1%} of rows are under observation up to month {row['horizon']:g}"


def _grade(row: Row, s: Settings) -> str | None:
    if row["followed"] == 0 and not (row["bad"] or row["not_yet"]):
        return "no outcome is known"
    if row["followed"] < LEAST_FOLLOWED:
        return _immature(row)
    told = "not evaluable" in (row["verdict"], row["correlated_verdict"])
    return f"fewer than {LEAST_ROWS} rows or {LEAST_EXPECTED} expected bads" if told else None


def _decision(row: Row, s: Settings) -> str | None:
    return None if row["status"] == "evaluable" else f"{row['rows']} rows, fewer than {s.min_rows:.0f}"
