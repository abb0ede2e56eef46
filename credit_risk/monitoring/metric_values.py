"""Frames of drift, quality, adverse impact, objectives and faults as tidy values of the metrics of the catalogue.

Those of performance, calibration and decisions are in `performance.metric_values`; SOURCES names the function of each.

Each function takes one frame and gives VALUE_COLUMNS; `joined` puts them together. Nothing is judged here: a value that
could not be evaluated stays with its reason, and `beyond_chance` is what the frame's own test says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from credit_risk.evaluation.fairness import adverse_impact_ratio
from credit_risk.monitoring.alerts.watches import OBJECTIVE
from credit_risk.monitoring.drift.columns import (
    DISTANCE_COLUMNS,
    DOMAIN_COLUMNS,
    GREY,
    QUALITY_COLUMNS,
    RED,
    SCORE,
    STABILITY_COLUMNS,
)
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL, FAULT_COLUMNS, MOMENT_COLUMNS
from credit_risk.monitoring.metrics import VALUE_COLUMNS
from credit_risk.monitoring.performance.calibration import GRADE
from credit_risk.monitoring.performance.decisions import DECISION_COLUMNS
from credit_risk.monitoring.performance.metric_values import calibration_values, decision_values, performance_values
from credit_risk.monitoring.performance.objectives import OBJECTIVE_COLUMNS
from credit_risk.monitoring.performance.profit import LOST, PROFIT, PROFIT_COLUMNS, REVIEW_COST
from credit_risk.monitoring.performance.vintages import EVALUABLE

CONTRACT = ("type", "not_finite", "range", "allowed", "missing_forbidden")
RECORD = ("unit", "constant", "special_undeclared")
SHARES = {"missing": "missing_share", "special": "special_share"}
ROWS_RULE = "rows"
NOT_MONTHS = frozenset({ALL, ""})
Row = tuple[Any, ...]


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Values together, without periods that are no month (`all`, or none): rules are of months."""
    rows = [row for frame in frames for row in frame[VALUE_COLUMNS].itertuples(index=False, name=None)]
    return _frame(row for row in rows if row[0] not in NOT_MONTHS)


def _frame(rows: Iterable[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=VALUE_COLUMNS)
    numbers = dict.fromkeys(("value", "lower", "upper", "rows"), "float64")
    return frame.astype({**numbers, "evaluable": bool, "beyond_chance": object})


def _row(
    one: Any, metric: str, subject: str, value: float, rows: Any, *, lower: Any = None, upper: Any = None,
    reason: Any = None, beyond: Any = None, evaluable: bool = True,
) -> Row:  # fmt: skip
    """A row of values; one that is no number is not evaluable whatever was said."""
    known = evaluable and value is not None and math.isfinite(value)
    told = None if known else ("no value" if _none(reason) else str(reason))
    chance = None if _none(beyond) else bool(beyond)
    return one.period, one.segment, metric, subject, value, lower, upper, rows, known, told, chance


def _none(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def _within(p_value: Any, significance: float) -> bool | None:
    """Whether a p-value is at most the level; None where there is none."""
    return None if _none(p_value) else float(p_value) <= significance


def of_stability(stability: pd.DataFrame) -> pd.DataFrame:
    """`score_psi`, `grade_psi` and `characteristic_psi` of STABILITY_COLUMNS."""
    require_columns(stability, STABILITY_COLUMNS, "stability")
    names = {SCORE: "score_psi", GRADE: "grade_psi"}
    return _frame(
        _row(
            one, names.get(one.variable, "characteristic_psi"), str(one.variable), one.psi, one.actual_rows,
            reason=one.reason, beyond=one.beyond_chance, evaluable=one.verdict != GREY,
        )
        for one in stability.itertuples(index=False)
    )  # fmt: skip


def of_distances(distances: pd.DataFrame, significance: float = 0.05) -> pd.DataFrame:
    """`ks`, beyond chance by its p-value, and `wasserstein` of DISTANCE_COLUMNS."""
    require_columns(distances, DISTANCE_COLUMNS, "distances")
    rows: list[Row] = []
    for one in distances.itertuples(index=False):
        subject, count, reason = str(one.variable), one.actual_rows, "no rows with a value"
        beyond = _within(one.ks_p_value, significance)
        rows.append(_row(one, "ks", subject, one.ks, count, reason=reason, beyond=beyond))
        rows.append(_row(one, "wasserstein", subject, one.wasserstein, count, reason=reason))
    return _frame(rows)


def of_domain(domain: pd.DataFrame) -> pd.DataFrame:
    """`domain_auc` of DOMAIN_COLUMNS."""
    require_columns(domain, DOMAIN_COLUMNS, "domain")
    return _frame(
        _row(
            one, "domain_auc", ALL, one.auc, one.actual_rows, lower=one.lower, upper=one.upper, reason=one.reason,
            beyond=one.beyond_chance, evaluable=one.verdict != GREY,
        )
        for one in domain.itertuples(index=False)
    )  # fmt: skip


def of_quality(quality: pd.DataFrame) -> pd.DataFrame:
    """Shares, breaches, breaks of the record and volume of QUALITY_COLUMNS; rules of other names have no metric.

    Of a contract the subject is `variable: rule`, and so of a break of the record.
    """
    require_columns(quality, QUALITY_COLUMNS, "quality")
    rows: list[Row] = []
    for one in quality.itertuples(index=False):
        subject, metric, value = str(one.variable), None, float(one.rate)
        if one.rule in SHARES:
            metric, value = SHARES[one.rule], float(one.rate) - float(one.expected)
        elif one.rule == "unseen":
            metric = "unseen_share"
        elif one.rule in CONTRACT:
            metric, subject = "contract_breaches", f"{one.variable}: {one.rule}"
        elif one.rule in RECORD:
            metric, subject, value = "record_breaks", f"{one.variable}: {one.rule}", float(one.verdict == RED)
        elif one.rule == ROWS_RULE:
            metric, subject, value = "volume", ALL, float(one.ratio)
        if metric is not None:
            told = {"reason": one.reason, "beyond": one.beyond_chance, "evaluable": one.verdict != GREY}
            rows.append(_row(one, metric, subject, value, one.total, **told))
    return _frame(rows)


def of_moments(moments: pd.DataFrame, development_mean: Mapping[str, float]) -> pd.DataFrame:
    """`mean_probability` of MOMENT_COLUMNS: mean of the period over that of development (by segment, else of `all`)."""
    require_columns(moments, MOMENT_COLUMNS, "moments")
    rows: list[Row] = []
    for one in moments[moments["quantity"] == "probability"].itertuples(index=False):
        base = development_mean.get(str(one.segment), development_mean[ALL])
        rows.append(_row(one, "mean_probability", SCORE, one.mean / base, one.rows, reason="no rows with a value"))
    return _frame(rows)


def of_adverse_impact(
    decisions: pd.DataFrame, protected: Iterable[str], references: Mapping[str, str], *, least_rows: int = 30,
    significance: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """`adverse_impact` of DECISION_COLUMNS: each group of a protected column against the reference group of its period.

    references: reference group by column, as fairness.references; of others it is the group with the highest approval
    rate of the period among those of `least_rows` (29 CFR 1607.4(D)). The reference has no row of its own. Beyond
    chance by Fisher's exact test.
    """
    require_columns(decisions, DECISION_COLUMNS, "decisions")
    rates = decisions[decisions["measure"] == "approval_rate"]
    rows: list[Row] = []
    for column in protected:
        mine = rates[rates["segment"].str.startswith(f"{column}=")]
        for _, groups in mine.groupby("period", sort=True):
            known = groups[groups["rows"] >= least_rows]
            named = groups[groups["segment"] == f"{column}={references.get(column)}"]
            chosen = known.sort_values(["rate", "segment"], ascending=[False, True]) if named.empty else named
            if chosen.empty:
                continue
            base: Any = next(chosen.itertuples(index=False))
            for one in groups.itertuples(index=False):
                if one.segment == base.segment:
                    continue
                if one.rows < least_rows:
                    reason = f"fewer than {least_rows} decided"
                    rows.append(_row(one, "adverse_impact", ALL, math.nan, one.rows, reason=reason, evaluable=False))
                    continue
                ratio, lower, upper, p_value = adverse_impact_ratio(
                    round(one.events), round(one.rows), round(base.events), round(base.rows), 1.0 - significance
                )
                told: dict[str, Any] = {"lower": lower, "upper": upper, "beyond": _within(p_value, significance)}
                reason = "the reference group has no approval"
                rows.append(_row(one, "adverse_impact", ALL, ratio, one.rows, reason=reason, **told))
    return _frame(rows)


def of_faults(faults: pd.DataFrame, periods: Sequence[str]) -> pd.DataFrame:
    """`bad_partitions` of FAULT_COLUMNS: partitions of which rows were left out, or that could not be read, by period.

    periods: months of the run; each has a value, 0 where nothing was left out. Faults of no period count in the latest.
    """
    require_columns(faults, FAULT_COLUMNS, "faults")
    if not periods:
        return _frame([])
    bad: dict[str, set[str]] = {period: set() for period in periods}
    for one in faults.itertuples(index=False):
        if one.left_out or one.code == "damaged":
            bad.setdefault(one.period or max(periods), set()).add(str(one.partition))
    return _frame(
        (period, ALL, "bad_partitions", ALL, float(len(names)), None, None, None, True, None, None)
        for period, names in sorted(bad.items())
    )


def of_objectives(objectives: pd.DataFrame) -> pd.DataFrame:
    """Values of OBJECTIVE_COLUMNS: metric `objective`, the subject its identifier."""
    require_columns(objectives, OBJECTIVE_COLUMNS, "objectives")
    return _frame(
        _row(
            one, OBJECTIVE, str(one.objective), one.value, one.rows, lower=one.lower, upper=one.upper,
            reason=one.reason, beyond=one.beyond_chance, evaluable=one.verdict != "not evaluable",
        )
        for one in objectives.itertuples(index=False)
    )  # fmt: skip


def of_profit(profit: pd.DataFrame) -> pd.DataFrame:
    """`profit`, `profit_per_account`, `loss` and `review_cost` of PROFIT_COLUMNS."""
    require_columns(profit, PROFIT_COLUMNS, "profit")
    names = {PROFIT: "profit", LOST: "loss", REVIEW_COST: "review_cost"}
    rows: list[Row] = []
    for one in profit[profit["measure"].isin(list(names))].itertuples(index=False):
        told: dict[str, Any] = {"reason": one.reason, "evaluable": one.status == EVALUABLE}
        bounds: dict[str, Any] = {"lower": one.total_lower, "upper": one.total_upper}
        rows.append(_row(one, names[str(one.measure)], ALL, one.total, one.rows, **bounds, **told))
        if one.measure == PROFIT:
            each: dict[str, Any] = {name: end / one.rows if one.rows else math.nan for name, end in bounds.items()}
            rows.append(_row(one, "profit_per_account", ALL, one.per_account, one.rows, **each, **told))
    return _frame(rows)


SOURCES: dict[str, Callable[..., pd.DataFrame]] = {
    "score_psi": of_stability,
    "grade_psi": of_stability,
    "characteristic_psi": of_stability,
    "ks": of_distances,
    "wasserstein": of_distances,
    "domain_auc": of_domain,
    "mean_probability": of_moments,
    "missing_share": of_quality,
    "special_share": of_quality,
    "unseen_share": of_quality,
    "contract_breaches": of_quality,
    "record_breaks": of_quality,
    "volume": of_quality,
    "bad_partitions": of_faults,
    "auc": performance_values,
    "gini": performance_values,
    "outcome_ks": performance_values,
    "auc_drop": performance_values,
    "early_auc_drop": performance_values,
    "early_arrears": performance_values,
    "calibration_in_the_large": calibration_values,
    "calibration_slope": calibration_values,
    "grade_test": calibration_values,
    "approval_rate": decision_values,
    "override_rate": decision_values,
    "adverse_impact": of_adverse_impact,
    "approved_share": decision_values,
    "bad_rate": performance_values,
    "profit": of_profit,
    "profit_per_account": of_profit,
    "loss": of_profit,
    "review_cost": of_profit,
}
"""Which function gives a metric; `replay_differences` come from `Replayed.values`."""
