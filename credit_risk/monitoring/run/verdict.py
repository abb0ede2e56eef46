"""The verdict of each area: the worst of its last month, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from credit_risk.monitoring.alerts.rules import Evaluation
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.run.drifted import Drifted
from credit_risk.monitoring.run.labelled import Labelled

VERDICT_COLUMNS = ["area", "period", "verdict", "reason"]
RED, AMBER, GREEN, GREY = "red", "amber", "green", "grey"
ORDER = (RED, AMBER, GREEN, GREY)
Row = tuple[str, str | None, str, str | None]


def verdict_frame(
    drift: Drifted, performance: Labelled, others: dict[str, pd.DataFrame | str], evaluation: Evaluation | None
) -> pd.DataFrame:
    """VERDICT_COLUMNS, an area a row; grey: not evaluable. `others`: frames with period and verdict, by area."""
    rows: list[Row] = [
        _of_rules(evaluation),
        _of_frame("score", drift.score),
        _of_frame("characteristics", drift.characteristics),
        *(_of_frame(name, frame) for name, frame in others.items()),
        _of_performance(performance.performance, performance.like),
        _of_level(performance.level),
        _of_grades(performance.calibration),
    ]
    return pd.DataFrame(rows, columns=VERDICT_COLUMNS)


def _of_rules(evaluation: Evaluation | None) -> Row:
    if evaluation is None:
        return ("alerts", None, GREY, "no value came that a rule could be held against")
    red = [one for one in evaluation.conditions if one.colour == "red"]
    if red or evaluation.conditions:
        names = sorted({one.watch.id for one in (red or evaluation.conditions)})
        return ("alerts", evaluation.period, RED if red else AMBER, f"cuts are broken: {', '.join(names)}")
    untold = len(evaluation.unevaluated)
    told = f"; {untold} could not be judged" if untold else ""
    return ("alerts", evaluation.period, GREEN, f"no rule of the plan is broken{told}")


def _of_frame(area: str, frame: pd.DataFrame | str) -> Row:
    if isinstance(frame, str) or frame.empty:
        return (area, None, GREY, frame if isinstance(frame, str) else "nothing was measured")
    last = frame[frame["period"] == frame["period"].max()]
    return _worst(area, last, lambda row: str(row["verdict"]), lambda row: row.get("reason"))


def _worst(
    area: str,
    rows: pd.DataFrame,
    verdict: Callable[[dict[str, object]], str],
    reason: Callable[[dict[str, object]], object],
) -> Row:
    """The worst verdict of the rows, with the first of its reasons and how many more there are."""
    by: dict[str, list[dict[str, object]]] = {}
    for row in rows.to_dict("records"):
        by.setdefault(verdict(row), []).append(row)
    found = next(one for one in ORDER if one in by)
    first, more = by[found][0], len(by[found]) - 1
    subject = ", ".join(_named(first))
    told = reason(first)
    words = ": ".join(str(part) for part in (subject, told) if part and part == part)
    if found in (RED, AMBER) and more:
        words += f" (and {more} more)"
    return (area, str(first["period"]), found, words if found != GREEN else f"{len(rows)} measured")


def _named(row: dict[str, object]) -> Iterator[str]:
    for name in ("variable", "rule", "output", "measure", "group", "challenger", "segment"):
        value = row.get(name)
        if isinstance(value, str) and value != ALL:
            yield value


def _of_performance(frame: pd.DataFrame | str, like: pd.DataFrame | str) -> Row:
    """Of the AUC of all rows: of the mature months of a year together where they are evaluable, else of the last month
    that is. Held against development's in the same range of scores where that is known."""
    if isinstance(frame, str):
        return ("performance", None, GREY, frame)
    own = frame[(frame["measure"] == "auc") & (frame["segment"] == ALL)]
    known = own[own["status"] == "evaluable"]
    if known.empty:
        reason = None if own.empty else own.iloc[-1]["reason"]
        return ("performance", None, GREY, reason or "no month is evaluable")
    row = known.sort_values(["period", "horizon"]).iloc[-1]  # `all` sorts after the months
    told = f"AUC {row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f}) at month {row['horizon']:g}"
    if not isinstance(like, str):
        same = like[(like["period"] == row["period"]) & (like["horizon"] == row["horizon"])]
        if len(same):
            return _in_range(row["period"], told, same.iloc[0])
    if row["verdict"] == "not evaluable":
        return ("performance", row["period"], GREY, f"{told}; development tells none of that month")
    grade = RED if row["verdict"] == "worse" else GREEN
    return ("performance", row["period"], grade, f"{told}; development {row['development']:.3f}")


def _in_range(period: str, told: str, like: pd.Series) -> Row:
    if like["status"] != "evaluable":
        return ("performance", period, GREY, f"{told}; {like['reason']}")
    such, every = like["development_like"], like["development"]
    told += f"; development {such:.3f} among such scores, {every:.3f} among all of its own; difference "
    told += f"{like['difference']:.3f} ({like['difference_lower']:.3f} to {like['difference_upper']:.3f})"
    return ("performance", period, RED if like["verdict"] == "worse" else GREEN, told)


def _of_level(frame: pd.DataFrame | str) -> Row:
    if isinstance(frame, str):
        return ("level", None, GREY, frame)
    known = frame[(frame["segment"] == ALL) & (frame["status"] == "evaluable")]
    if known.empty:
        return ("level", None, GREY, "no month is evaluable")
    row = known.sort_values("period").iloc[-1]
    beyond = row["ratio_lower"] > 1.0 or row["ratio_upper"] < 1.0
    far = abs(row["ratio"] - 1.0) >= 0.1
    grade = RED if beyond and far else AMBER if beyond else GREEN
    told = f"observed over predicted {row['ratio']:.2f} ({row['ratio_lower']:.2f} to {row['ratio_upper']:.2f})"
    return ("level", row["period"], grade, told)


def _of_grades(frame: pd.DataFrame | str) -> Row:
    """By the test under a common factor: that of independent defaults calls correct models wrong too often."""
    if isinstance(frame, str):
        return ("calibration", None, GREY, frame)
    colours = {"pass": GREEN, "review": AMBER, "fail": RED}

    def colour(row: dict[str, object]) -> str:
        return colours.get(str(row["correlated_verdict"]), GREY)

    return _worst("calibration", frame, colour, lambda row: f"p {row['correlated_p_value']:.3g}")
