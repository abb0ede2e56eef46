"""Advice on retraining: each rule by its signals; and, from simulated applicants, the right advice for each cause."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring import metric_values as mv
from credit_risk.monitoring.advice import (
    HELD,
    MOVED,
    NOT_EVALUABLE,
    RULES,
    SIGNALS,
    advice_frame,
    retraining_advice,
    rule_for,
    rules_frame,
)
from credit_risk.monitoring.drift.stability import stability_frame
from credit_risk.monitoring.frames import ALL, COUNT_COLUMNS, REFERENCE_COLUMNS
from credit_risk.monitoring.performance.against_development import against_development
from credit_risk.monitoring.performance.calibration import calibration_level
from credit_risk.monitoring.performance.labels import labels_of_months
from credit_risk.monitoring.performance.metric_values import calibration_values, performance_values
from credit_risk.monitoring.performance.vintages import performance_table
from credit_risk.monitoring.spec import PersistenceSpec, RetrainingSpec
from tests.credit_risk.monitoring.alerts.values import months, table
from tests.credit_risk.monitoring.performance.vintage_rows import development_performance

LASTING = PersistenceSpec(at_least=2, of=3)
WINDOW = 12.0
QUIET = {"auc_drop": 0.0, "calibration_in_the_large": 1.0, "score_psi": 0.01, "characteristic_psi": 0.01}


def values(**numbers: float | None) -> pd.DataFrame:
    """Three months of each metric; None is not evaluable."""
    return pd.concat([table([number] * 3, metric) for metric, number in numbers.items()], ignore_index=True)


def advised(found: pd.DataFrame) -> tuple[str, int]:
    (advice,) = retraining_advice(found, RetrainingSpec(), LASTING)
    return advice.action, advice.rule.number


@pytest.mark.parametrize(
    ("numbers", "action", "rule"),
    [
        ({}, "keep", 11),
        ({"unseen_share": 0.2, "auc_drop": 0.2}, "mend_the_feed", 1),
        ({"missing_share": -0.3}, "mend_the_feed", 1),
        ({"replay_differences": 1.0}, "mend_the_feed", 1),
        ({"auc_drop": 0.2, "score_psi": 0.4}, "watch", 2),
        ({"auc_drop": 0.2}, "re_develop", 3),
        ({"auc_drop": 0.2, "score_psi": 0.4, "calibration_in_the_large": 1.4}, "re_develop", 3),
        ({"calibration_in_the_large": 1.4}, "re_calibrate", 4),
        ({"calibration_in_the_large": 0.7, "score_psi": 0.4}, "re_calibrate", 4),
        ({"calibration_in_the_large": 1.4, "auc_drop": None}, "wait_for_outcomes", 5),
        ({"score_psi": 0.4}, "re_weight", 6),
        ({"score_psi": 0.4, "auc_drop": None}, "wait_for_outcomes", 7),
        ({"characteristic_psi": 0.4}, "watch", 8),
        ({"calibration_in_the_large": None}, "keep", 9),
        ({"auc_drop": None}, "keep", 10),
    ],
)
def test_each_rule(numbers: dict[str, float | None], action: str, rule: int) -> None:
    assert advised(values(**{**QUIET, **numbers})) == (action, rule)


def test_a_fall_beside_the_range_of_scores_is_one_of_the_order() -> None:
    fell = values(**{**QUIET, "auc_drop": 0.2, "score_psi": 0.4})
    (advice,) = retraining_advice(fell, RetrainingSpec(), LASTING, frozenset({ALL}))
    assert (advice.action, advice.rule.number) == ("re_develop", 3)
    (advice,) = retraining_advice(fell, RetrainingSpec(), LASTING, frozenset({"REGION=north"}))
    assert advice.rule.number == 2


def test_rules_fit_every_state_and_each_is_reached() -> None:
    states = itertools.product((MOVED, HELD, NOT_EVALUABLE), repeat=len(SIGNALS))
    reached = {rule_for(dict(zip(SIGNALS, state, strict=True))).number for state in states}
    assert reached == {rule.number for rule in RULES}
    assert rules_frame()["rule"].tolist() == [rule.number for rule in RULES]


def test_a_signal_must_last_and_be_beyond_chance() -> None:
    once = pd.concat([values(**QUIET), table([1.0, 1.0, 1.4], "calibration_in_the_large")])
    once = once.drop_duplicates(["period", "metric"], keep="last")
    assert advised(once) == ("keep", 11)
    thresholds = RetrainingSpec(persistence=PersistenceSpec(at_least=1, of=1))
    assert retraining_advice(once, thresholds, LASTING)[0].action == "re_calibrate"
    chance = values(**{**QUIET, "auc_drop": 0.2}).assign(beyond_chance=False)
    assert advised(chance) == ("keep", 11)


def test_a_feed_counts_in_the_latest_month_alone() -> None:
    mended = pd.concat([values(**QUIET), table([0.2, 0.2, 0.0], "unseen_share", subject="HOUSING")])
    assert advised(mended) == ("keep", 11)
    broken = pd.concat([values(**QUIET), table([0.0, 0.0, 0.2], "unseen_share", subject="HOUSING")])
    (advice,) = retraining_advice(broken, RetrainingSpec(), LASTING)
    assert advice.action == "mend_the_feed"
    assert advice.moved == ("Categories that development has not seen of HOUSING: 0.2 in 2026-03",)


def test_each_segment_has_its_advice_and_all_comes_first() -> None:
    found = pd.concat([
        values(**QUIET),
        values(**{**QUIET, "calibration_in_the_large": 1.4}).assign(segment="REGION=n"),
        table([0.0, 0.0, 0.0], "replay_differences", subject="score"),
    ])  # fmt: skip
    frame = advice_frame(retraining_advice(found, RetrainingSpec(), LASTING))
    assert frame[["segment", "action"]].values.tolist() == [["all", "keep"], ["REGION=n", "re_calibrate"]]
    found.loc[found["metric"] == "replay_differences", "value"] = 3.0  # of all rows, and so true of each segment
    actions = [one.action for one in retraining_advice(found, RetrainingSpec(), LASTING)]
    assert actions == ["mend_the_feed", "mend_the_feed"]
    assert retraining_advice(found.iloc[:0], RetrainingSpec(), LASTING) == ()
    with pytest.raises(CreditRiskError, match="absent"):
        retraining_advice(found.drop(columns="value"), RetrainingSpec(), LASTING)


# ------------------------------------------------------------------------------------------- simulated applicants
EDGES = np.quantile(np.random.default_rng(1).normal(size=100_000), np.linspace(0.1, 0.9, 9))


def simulated(rng: np.random.Generator, rows: int, *, mean: float = 0.0, level: float = 0.0, slope: float = 1.0) -> Any:
    """Score x (log-odds of bad -2.2 + x predicted) and outcomes by level and slope of the true log-odds."""
    x = rng.normal(mean, 1.0, rows)
    bad = rng.random(rows) < 1.0 / (1.0 + np.exp(-(-2.2 + level + slope * x)))
    return x, bad


def monitored(**change: float) -> pd.DataFrame:
    """Values of six months of 4,000 applicants with all outcomes known, by the frames of drift and performance."""
    rng = np.random.default_rng(20261127)
    x0, bad0 = simulated(rng, 20_000)
    own = [simulated(rng, 4_000, **change) for _ in range(6)]
    period = np.repeat(months(6), 4_000)
    x, bad = np.concatenate([one[0] for one in own]), np.concatenate([one[1] for one in own])

    def labels(bad: np.ndarray) -> Any:
        return labels_of_months(np.where(bad, 6.0, WINDOW), bad, WINDOW)

    development = development_performance(performance_table(labels(bad0), x0))
    compared = against_development(performance_table(labels(bad), x, period), development)
    level = calibration_level(labels(bad), 1.0 / (1.0 + np.exp(-(-2.2 + x))), period=period)
    bins0, bins = np.searchsorted(EDGES, x0), np.searchsorted(EDGES, x)
    base = [("score", k, str(k), "interval", np.nan, np.nan, float((bins0 == k).sum()), np.nan) for k in range(10)]
    cells = [(m, ALL, "score", k, float(((bins == k) & (period == m)).sum())) for m in months(6) for k in range(10)]
    reference, counts = pd.DataFrame(base, columns=REFERENCE_COLUMNS), pd.DataFrame(cells, columns=COUNT_COLUMNS)
    stability = stability_frame(reference, counts)
    return mv.joined([mv.of_stability(stability), performance_values(compared, WINDOW), calibration_values(level)])


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({}, "keep"),
        ({"level": 0.5}, "re_calibrate"),
        ({"slope": 0.3}, "re_develop"),
        ({"mean": 0.6}, "re_weight"),
        ({"mean": 0.6, "level": 0.5}, "re_calibrate"),
    ],
    ids=["nothing", "level", "order", "applicants", "applicants and level"],
)
def test_the_advice_fits_the_cause(change: dict[str, float], action: str) -> None:
    (advice,) = retraining_advice(monitored(**change), RetrainingSpec(), LASTING)
    assert advice.action == action, advice
