"""Values that rules are held against: restated by the run from its tables, here from our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    "record_breaks": "rows", "volume": "mean",
}  # fmt: skip
CONTRACT = ("type", "not_finite", "range", "allowed", "missing_forbidden")
RECORD = ("constant", "unit", "special_undeclared")
MEASURES = {"auc": "auc", "gini": "gini", "outcome_ks": "ks", "bad_rate": "bad_rate"}
PROFIT = {"profit": "profit", "lost": "loss", "review_cost": "review_cost"}


def compare_metrics(bench: Bench, own: Mapping[str, pd.DataFrame]) -> None:
    """Compare the value of each metric of RULES of which `own` holds the table, and whether it is evaluable."""
    stated = bench.run.table("metrics")
    if stated is None:
        return
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
        bench.ledger.numbers(AREA, metric, RULES[metric], cells, [values[key][0] for key in both], labels)
        said = [told[key]["evaluable"] for key in both]
        mine = [values[key][1] for key in both]
        bench.ledger.words(AREA, f"whether {metric} is evaluable", said, mine, labels)
    others = sorted(set(stated["metric"].astype(str)) - set(known))
    if others:
        bench.ledger.not_evaluable(f"{AREA}: {', '.join(others)}", "not recomputed: their tables are not")
    if not known:
        not_recomputed(bench.ledger, bench.run, "metrics", "none of its tables was recomputed")


def values_of(bench: Bench, own: Mapping[str, pd.DataFrame]) -> dict[Key, tuple[float, bool]]:
    """Value of each metric that `own` tells, and whether it is evaluable, by period, segment, metric and subject."""
    found: dict[Key, tuple[float, bool]] = {}
    for period, segment, metric, subject, value, evaluable in _rows(bench, own):
        number = float(value)
        if period == ALL:
            continue  # months together are judged by no rule
        found[period, segment, metric, subject] = (number, bool(evaluable) and number == number)
    return found


def _rows(bench: Bench, own: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str, str, str, float, bool]]:
    names = {SCORE: "score_psi", GRADE: "grade_psi"}
    for row in own["indices"].to_dict("records"):
        metric = names.get(row["variable"], "characteristic_psi") if row["of_score"] else "characteristic_psi"
        yield row["period"], row["segment"], metric, row["variable"], row["psi"], row["verdict"] != "grey"
    for row in own["moments"].to_dict("records"):
        if row["quantity"] == "probability":
            yield row["period"], row["segment"], "mean_probability", SCORE, row["mean"] / row["development_mean"], True
    for row in own["distances"].to_dict("records"):
        for metric in ("ks", "wasserstein"):
            yield row["period"], row["segment"], metric, row["variable"], row[metric], True
    yield from of_domain(own.get("domain", pd.DataFrame()))
    yield from _of_quality(own.get("quality", pd.DataFrame()))
    like = own.get("like", pd.DataFrame())
    told = {(row["period"], row["segment"]) for row in like.to_dict("records")}
    for row in like.to_dict("records"):
        yield row["period"], row["segment"], "auc_drop", SCORE, -row["difference"], row["status"] == "evaluable"
    for row in own.get("performance", pd.DataFrame()).to_dict("records"):
        if row["horizon"] == bench.settings.window:
            known = row["status"] == "evaluable"
            for metric, measure in MEASURES.items():
                if row["measure"] == measure:
                    yield row["period"], row["segment"], metric, SCORE, row["value"], known
            if row["measure"] == "auc" and (row["period"], row["segment"]) not in told:
                yield row["period"], row["segment"], "auc_drop", SCORE, -row["difference"], known
    for row in own.get("level", pd.DataFrame()).to_dict("records"):
        known = row["status"] == "evaluable"
        for metric, column in (("calibration_in_the_large", "ratio"), ("calibration_slope", "slope")):
            yield row["period"], row["segment"], metric, SCORE, row[column], known
    for row in own.get("decisions", pd.DataFrame()).to_dict("records"):
        known = row["status"] == "evaluable"
        if row["measure"] == "approval_rate":
            yield row["period"], row["segment"], "approval_rate", ALL, row["difference"], known
            yield row["period"], row["segment"], "approved_share", ALL, row["rate"], known
        if row["measure"] == "override_rate":
            yield row["period"], row["segment"], "override_rate", ALL, row["rate"], known
    for row in own.get("profit", pd.DataFrame()).to_dict("records"):
        known = row["status"] == "evaluable"
        if row["measure"] in PROFIT:
            yield row["period"], row["segment"], PROFIT[row["measure"]], ALL, row["total"], known
        if row["measure"] == "profit":
            yield row["period"], row["segment"], "profit_per_account", ALL, row["per_account"], known


def _of_quality(own: pd.DataFrame) -> Iterator[tuple[str, str, str, str, float, bool]]:
    """Shares less development's, breaches of the contract, breaks of the record, and numbers of rows."""
    for row in own.to_dict("records"):
        rule, name, known = row["rule"], row["variable"], row["verdict"] != "grey"
        head = (row["period"], row["segment"])
        if rule in ("missing", "special"):
            yield *head, f"{rule}_share", name, row["rate"] - row["expected"], known
        elif rule == "unseen":
            yield *head, "unseen_share", name, row["rate"], known
        elif rule in CONTRACT:
            yield *head, "contract_breaches", f"{name}: {rule}", row["rate"], known
        elif rule in RECORD:
            yield *head, "record_breaks", f"{name}: {rule}", float(row["verdict"] == "red"), known
        elif rule == "rows":
            yield *head, "volume", ALL, row["ratio"], known
