"""Performance by vintage and subpopulation: what is evaluable, at which month, and against development's month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import delong_interval
from credit_risk.monitoring.performance.against_development import (
    COMPARED_COLUMNS,
    DEVELOPMENT_COLUMNS,
    against_development,
    development_months,
)
from credit_risk.monitoring.performance.groups import groups_of
from credit_risk.monitoring.performance.labels import label_outcomes, labels_of_months
from credit_risk.monitoring.performance.vintages import PERFORMANCE_COLUMNS, Least, performance_table, reached_month
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, Vintages, development_performance, vintages


def periods(one: Vintages) -> np.ndarray:
    return np.array([f"2025-{1 + number:02d}" for number in one.vintage], dtype=object)


def table(one: Vintages, **options: object) -> pd.DataFrame:
    labels = labels_of_months(one.time, one.event, WINDOW)
    return performance_table(labels, one.risk, periods(one), **options)  # type: ignore[arg-type]


def test_vintages_are_told_at_the_window_and_at_the_month_they_have_reached() -> None:
    one = vintages(11)
    frame = table(one, least=Least(bads=30))
    assert list(frame.columns) == PERFORMANCE_COLUMNS
    area = frame[(frame["measure"] == "auc") & (frame["segment"] == "all")].set_index(["period", "horizon"])
    assert area.loc[("2025-01", 12.0), "status"] == "evaluable"
    assert sorted(h for p, h in area.index if p == "2025-04") == [9.0, 12.0]
    late = area.loc[("2025-04", 12.0)]
    assert late["status"] == "not evaluable"
    assert "immature: 0.0%" in late["reason"]
    assert np.isnan(late["value"])
    inside = one.vintage == 3
    direct = delong_interval((one.bad_month[inside] <= 9).astype(float), one.risk[inside])
    reached = area.loc[("2025-04", 9.0)]
    assert (reached["value"], reached["lower"], reached["upper"]) == pytest.approx(
        (direct.auc, direct.lower, direct.upper)
    )
    whole = area.loc[("all", 12.0)]
    assert whole["followed"] == pytest.approx(1 / 12, abs=0.005)
    assert whole["good"] + whole["bad"] + whole["not_yet"] == whole["rows"] == len(one.risk)
    assert whole["good"] == np.sum((one.vintage == 0) & ~one.event)
    assert "hazards by month on book are stable" in frame.attrs["notes"][0]


def test_few_bads_are_not_evaluable_and_their_half_width_is_printed() -> None:
    one = vintages(12, 1000)
    frame = table(one)
    first = frame[(frame["period"] == "2025-01") & (frame["measure"] == "auc")].iloc[0]
    assert first["bad"] < 100
    assert first["status"] == "not evaluable"
    assert f"{first['bad']} bads known by month 12, fewer than 100" == first["reason"]
    assert first["half_width"] > 0.04
    assert not (frame[frame["bad"] < 100]["status"] == "evaluable").any()


def test_subpopulations_have_weights_of_their_own() -> None:
    """One region grew late: its follow-up is shorter, and its rate is estimated with its own weights."""
    one = vintages(13)
    region = np.where(np.random.default_rng(1).random(len(one.risk)) < (one.vintage + 1) / 15, "north", "south").astype(
        object
    )
    region[:7] = None
    frame = table(one, segments={"region": region})
    whole = frame[(frame["period"] == "all") & (frame["measure"] == "bad_rate")].set_index("segment")
    assert sorted(whole.index) == ["all", "region=missing", "region=north", "region=south"]
    for word in ("north", "south"):
        row = whole.loc[f"region={word}"]
        assert row["lower"] < 0.0528 < row["upper"]
    assert whole.loc["region=north", "followed"] < whole.loc["region=south", "followed"]
    assert whole.loc["region=missing", "rows"] == 7


def test_months_against_development_find_a_decay_early() -> None:
    """Every vintage ranks worse from the start: found at month 3, long before the window, and not without decay."""
    base = vintages(14)
    development = development_performance(
        performance_table(
            labels_of_months(np.minimum(base.bad_month, 12.0), base.bad_month <= 12, WINDOW),
            base.risk,
            months=tuple(range(1, 12)),
        )
    )
    assert list(development.columns) == DEVELOPMENT_COLUMNS
    for slope, expected in ((1.2, "no difference"), (0.3, "worse")):
        one = vintages(15, slope=slope)
        recent = (one.vintage >= 6) & (one.vintage <= 8)
        part = Vintages(*(values[recent] for values in (one.risk, one.bad_month, one.followed, one.vintage)))
        found = against_development(table(part, months=(3.0,)), development)
        assert list(found.columns) == COMPARED_COLUMNS
        row = found[(found["period"] == "all") & (found["horizon"] == 3) & (found["measure"] == "auc")].iloc[0]
        assert row["status"] == "evaluable"
        assert row["verdict"] == expected
        at_window = found[(found["period"] == "all") & (found["horizon"] == 12) & (found["measure"] == "auc")].iloc[0]
        assert at_window["verdict"] == "not evaluable"


def test_a_month_is_compared_with_the_same_month_only() -> None:
    one = vintages(16)
    development = pd.DataFrame([("all", 12.0, "auc", 0.74, 0.01)], columns=DEVELOPMENT_COLUMNS)
    found = against_development(table(one), development)
    assert found[found["horizon"] != 12]["development"].isna().all()
    assert (found[found["horizon"] != 12]["verdict"] == "not evaluable").all()
    with pytest.raises(CreditRiskError, match="repeat"):
        against_development(table(one), pd.concat([development, development]))
    with pytest.raises(CreditRiskError, match="3 faults"):
        against_development(table(one), development[["segment", "horizon"]])


def test_development_months_pool_the_cohorts_that_have_reached_them() -> None:
    evidence = pd.DataFrame(
        {
            "cohort": ["a", "a", "b"],
            "month_on_book": [0, 1, 0],
            "accounts": [100, 80, 50],
            "bad": [1, 4, 2],
        }
    )
    found = development_months(evidence)
    assert found["horizon"].tolist() == [0.0, 1.0]
    assert found["value"].tolist() == pytest.approx([3 / 150, 4 / 80])
    assert found["standard_error"][1] == pytest.approx(np.sqrt(0.05 * 0.95 / 80))


def test_rows_without_an_outcome_are_counted_and_not_measured() -> None:
    decided = pd.Series(pd.to_datetime(["2024-01-05"] * 6, utc=True))
    bad = pd.Series(pd.to_datetime(["2024-03-01", None, None, None, "2024-05-01", "2023-01-01"], utc=True))
    until = pd.Series(pd.to_datetime(["2025-06-01", "2025-06-01", None, None, "2025-06-01", "2025-06-01"], utc=True))
    labels, faults = label_outcomes(decided, bad, until, 12)
    frame = performance_table(labels, np.arange(6.0))
    row = frame.iloc[0]
    assert (row["rows"], row["good"], row["bad"], row["unobserved"], row["faults"]) == (6, 1, 2, 2, 1)
    assert row["value"] == pytest.approx(2 / 3)
    assert faults["rows"].tolist() == [1]
    nothing = performance_table(labels.part(np.array([2, 3])), np.zeros(2))
    assert (nothing["reason"] == "no outcome is known").all()


def test_the_reached_month_is_that_of_the_declared_share() -> None:
    labels = labels_of_months([5.5, 7.0, 7.2, 9.0], np.zeros(4, bool), 12)
    assert [reached_month(labels, share) for share in (1.0, 0.75, 0.5, 0.25)] == [5, 7, 7, 9]


def test_groups_hold_every_row_once() -> None:
    period = np.array(["2025-02", "2025-01", "2025-02", "2025-01"], dtype=object)
    found = list(groups_of(4, period, {"s": np.array([2, 1, 2, 1])}))
    assert [(p, s, places.tolist()) for p, s, places in found] == [
        ("all", "all", [0, 1, 2, 3]),
        ("2025-01", "all", [1, 3]),
        ("2025-02", "all", [0, 2]),
        ("all", "s=1", [1, 3]),
        ("2025-01", "s=1", [1, 3]),
        ("all", "s=2", [0, 2]),
        ("2025-02", "s=2", [0, 2]),
    ]
    with pytest.raises(CreditRiskError, match="2 faults"):
        list(groups_of(4, np.array(["2025-01", None, None, None]), {"s": np.zeros(3)}))


def test_the_word_missing_and_what_is_missing_are_one_group() -> None:
    found = {
        name: places.tolist()
        for _, name, places in groups_of(4, None, {"s": np.array(["missing", "a", None, 1], object)})
    }
    assert found == {"all": [0, 1, 2, 3], "s=missing": [0, 2], "s=a": [1], "s=1": [3]}
    same = list(groups_of(3, None, {"s": np.array([1, "1", 1], object)}))
    assert [(name, places.tolist()) for _, name, places in same[1:]] == [("s=1", [0, 1, 2])]


def test_least_numbers_are_checked() -> None:
    with pytest.raises(CreditRiskError, match="3 faults"):
        Least(bads=1, followed=0.0, reached=1.5)
