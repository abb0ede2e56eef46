"""Values that rules are held against: restated by the run from its tables, here from our own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.domain import rows_of as of_domain
from validation.monitoring.drift import GRADE, SCORE
from validation.monitoring.tables import not_recomputed

Key = tuple[str, str, str, str]
AREA = "monitoring.metrics"
RULES = {
    "score_psi": "psi", "grade_psi": "psi", "characteristic_psi": "psi", "mean_probability": "mean", "ks": "ks",
    "wasserstein": "mean", "auc": "auc", "gini": "gini", "outcome_ks": "ks", "auc_drop": "difference",
    "calibration_in_the_large": "mean", "calibration_slope": "coefficient", "approval_rate": "difference",
    "override_rate": "share", "approved_share": "share", "bad_rate": "share",
    **dict.fromkeys(("profit", "profit_per_account", "loss", "review_cost"), "mean"),
    "domain_auc": "classifier_area",
    **dict.fromkeys(("missing_share", "special_share", "unseen_share", "contract_breaches"), "share"),
    "record_breaks": "rows", "volume": "mean", "objective": "mean",
}  # fmt: skip
CONTRACT = ("type", "not_finite", "range", "allowed", "missing_forbidden")
RECORD = ("constant", "unit", "special_undeclared")
MEASURES = {"auc": "auc", "gini": "gini", "outcome_ks": "ks", "bad_rate": "bad_rate"}
PROFIT = {"profit": "profit", "lost": "loss", "review_cost": "review_cost"}
AS_TOLD = "as the run tells"
"""What stands for `beyond_chance` where it depends on tests that were not made again."""
ENDS = "lower, upper, rows, reason"
Told = tuple[str, str, str, str, float, bool, Any]
"""Period, segment, metric, subject, value, whether it is evaluable, and whether it is beyond chance."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A value that rules are held against; beyond_chance: False where chance explains it, None where that is not
    tested, AS_TOLD where we do not know."""

    period: str
    segment: str
    metric: str
    subject: str
    value: float
    evaluable: bool
    beyond_chance: Any


def compare_metrics(bench: Bench, own: Mapping[str, pd.DataFrame]) -> list[Judged]:
    """Compare each metric of RULES that `own` tells: its values, whether they are evaluable and beyond chance.

    Returns all values of the run: our own, and those of the run of which `own` holds no table.
    """
    stated = bench.run.table("metrics")
    if stated is None:
        return []
    values = values_of(bench, own)
    told = {
        (str(row["period"]), str(row["segment"]), str(row["metric"]), str(row["subject"])): row
        for row in stated.to_dict("records")
    }
    known = sorted({metric for _, _, metric, _ in values})
    counted = {(metric, subject) for _, _, metric, subject in values}
    for metric in known:
        keys = sorted(key for key in {*values, *told} if key[2] == metric and key[2:] in counted)
        labels = [" ".join(key) for key in keys]
        bench.ledger.words(AREA, f"rows of {metric}", [k in told for k in keys], [k in values for k in keys], labels)
        both = [key for key in keys if key in values and key in told]
        labels = [" ".join(key) for key in both]
        cells = [told[key]["value"] for key in both]
        bench.ledger.numbers(AREA, metric, RULES[metric], cells, [values[key].value for key in both], labels)
        said = [told[key]["evaluable"] for key in both]
        mine = [values[key].evaluable for key in both]
        bench.ledger.words(AREA, f"whether {metric} is evaluable", said, mine, labels)
        both = [key for key in both if values[key].beyond_chance != AS_TOLD]
        said = [told[key]["beyond_chance"] for key in both]
        mine = [values[key].beyond_chance for key in both]
        labels = [" ".join(key) for key in both]
        bench.ledger.words(AREA, f"whether {metric} is beyond chance", said, mine, labels)
    others = sorted(set(stated["metric"].astype(str)) - set(known))
    if others:
        bench.ledger.not_evaluable(f"{AREA}: {', '.join(others)}", "not recomputed: their tables are not")
    if not known:
        not_recomputed(bench.ledger, bench.run, "metrics", "none of its tables was recomputed")
    bench.ledger.not_evaluable(f"{AREA}: {ENDS}", "not recomputed: they stand in the tables that values are of")
    return [_either(key, values.get(key), told.get(key)) for key in sorted({*values, *told})]


def _either(key: Key, own: Judged | None, told: Mapping[str, Any] | None) -> Judged:
    """Our value, and of it what we do not know as the run tells it; else the run's."""
    beyond = None if told is None else told["beyond_chance"]
    if own is None:
        assert told is not None
        value = math.nan if told["value"] is None else float(told["value"])
        return Judged(*key, value, bool(told["evaluable"]) and math.isfinite(value), beyond)
    if own.beyond_chance == AS_TOLD:
        return Judged(*key, own.value, own.evaluable, beyond)
    return own


def values_of(bench: Bench, own: Mapping[str, pd.DataFrame]) -> dict[Key, Judged]:
    """Each metric that `own` tells by period, segment, metric and subject; months together are judged by no rule."""
    return {
        (period, segment, metric, subject): Judged(
            period, segment, metric, subject, float(value), bool(known) and math.isfinite(value), beyond
        )
        for period, segment, metric, subject, value, known, beyond in _rows(bench, own)
        if period != ALL
    }


def _rows(bench: Bench, own: Mapping[str, pd.DataFrame]) -> Iterator[Told]:
    yield from _of_drift(bench, own)
    yield from of_domain(own.get("domain", pd.DataFrame()))
    yield from _of_quality(own.get("quality", pd.DataFrame()))
    yield from _of_performance(bench, own)
    yield from _of_decisions(own)
    for row in own.get("objectives", pd.DataFrame()).to_dict("records"):
        known = row["verdict"] != "not evaluable"
        yield row["period"], row["segment"], "objective", row["objective"], row["value"], known, AS_TOLD


def _of_drift(bench: Bench, own: Mapping[str, pd.DataFrame]) -> Iterator[Told]:
    names, level = {SCORE: "score_psi", GRADE: "grade_psi"}, bench.settings.significance
    for row in own["indices"].to_dict("records"):
        metric = names.get(row["variable"], "characteristic_psi") if row["of_score"] else "characteristic_psi"
        known, told = row["verdict"] != "grey", bool(row["beyond_chance"]) if row["judged"] else AS_TOLD
        yield row["period"], row["segment"], metric, row["variable"], row["psi"], known, told
    for row in own["moments"].to_dict("records"):
        if row["quantity"] == "probability":
            value = row["mean"] / row["development_mean"]
            yield row["period"], row["segment"], "mean_probability", SCORE, value, True, None
    for row in own["distances"].to_dict("records"):
        p_value, head = row["ks_p_value"], (row["period"], row["segment"])
        beyond = bool(p_value <= level) if p_value == p_value else None
        yield *head, "ks", row["variable"], row["ks"], True, beyond
        yield *head, "wasserstein", row["variable"], row["wasserstein"], True, None


def _of_performance(bench: Bench, own: Mapping[str, pd.DataFrame]) -> Iterator[Told]:
    like = own.get("like", pd.DataFrame()).to_dict("records")
    told = {(row["period"], row["segment"]) for row in like}
    for row in like:
        known, fell = row["status"] == "evaluable", bool(row["difference_upper"] < 0)
        yield row["period"], row["segment"], "auc_drop", SCORE, -row["difference"], known, fell
    for row in own.get("performance", pd.DataFrame()).to_dict("records"):
        if row["horizon"] == bench.settings.window:
            known, head = row["status"] == "evaluable", (row["period"], row["segment"])
            for metric, measure in MEASURES.items():
                if row["measure"] == measure:
                    yield *head, metric, SCORE, row["value"], known, None
            if row["measure"] == "auc" and head not in told:
                yield *head, "auc_drop", SCORE, -row["difference"], known, bool(row["difference_upper"] < 0)
    for row in own.get("level", pd.DataFrame()).to_dict("records"):
        known = row["status"] == "evaluable"
        for metric, column in (("calibration_in_the_large", "ratio"), ("calibration_slope", "slope")):
            beyond = bool(row[f"{column}_lower"] > 1 or row[f"{column}_upper"] < 1)
            yield row["period"], row["segment"], metric, SCORE, row[column], known, beyond


def _of_decisions(own: Mapping[str, pd.DataFrame]) -> Iterator[Told]:
    for row in own.get("decisions", pd.DataFrame()).to_dict("records"):
        known, head = row["status"] == "evaluable", (row["period"], row["segment"])
        if row["measure"] == "approval_rate":
            beyond = bool(row["difference_lower"] > 0 or row["difference_upper"] < 0)
            yield *head, "approval_rate", ALL, row["difference"], known, beyond
            yield *head, "approved_share", ALL, row["rate"], known, None
        if row["measure"] == "override_rate":
            yield *head, "override_rate", ALL, row["rate"], known, None
    for row in own.get("profit", pd.DataFrame()).to_dict("records"):
        known, head = row["status"] == "evaluable", (row["period"], row["segment"])
        if row["measure"] in PROFIT:
            yield *head, PROFIT[row["measure"]], ALL, row["total"], known, None
        if row["measure"] == "profit":
            yield *head, "profit_per_account", ALL, row["per_account"], known, None


def _of_quality(own: pd.DataFrame) -> Iterator[Told]:
    """Shares less development's, breaches of the contract, breaks of the record, and numbers of rows."""
    for row in own.to_dict("records"):
        rule, name, known = row["rule"], row["variable"], row["verdict"] != "grey"
        head, beyond = (row["period"], row["segment"]), bool(row["beyond_chance"]) if row["judged"] else AS_TOLD
        if rule in ("missing", "special"):
            yield *head, f"{rule}_share", name, row["rate"] - row["expected"], known, beyond
        elif rule == "unseen":
            yield *head, "unseen_share", name, row["rate"], known, beyond
        elif rule in CONTRACT:
            yield *head, "contract_breaches", f"{name}: {rule}", row["rate"], known, beyond
        elif rule in RECORD:
            yield *head, "record_breaks", f"{name}: {rule}", float(row["verdict"] == "red"), known, beyond
        elif rule == "rows":
            yield *head, "volume", ALL, row["ratio"], known, beyond
