"""The simulator's switch that lets ranking decay is seen in immature months, and no decay is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.datasets import ConceptDrift, simulate_portfolio
from credit_risk.monitoring.performance.against_development import against_development
from credit_risk.monitoring.performance.labels import Labels, labels_of_months
from credit_risk.monitoring.performance.month_clock import months_by_calendar
from credit_risk.monitoring.performance.vintages import performance_table
from tests.credit_risk.monitoring.performance.vintage_rows import development_performance

MONTHS = 24


def booked(seed: int, decay: float) -> tuple[Labels, np.ndarray, np.ndarray]:
    """Labels at 12 months by months on book, risk and month of booking (0 ...) of booked accounts."""
    drift = [] if decay == 0 else [ConceptDrift(start="2019-01", decay=decay)]
    found = simulate_portfolio(
        applicants=24_000, months=MONTHS, seed=seed, drift=drift, follow_up=4, history_months=12, cycle_amplitude=0.0
    )
    accounts = found.outcomes.merge(found.applications[["application_id", "old_score"]], on="application_id")
    late = found.history[found.history["days_past_due"] >= 90]
    first = accounts["application_id"].map(late.groupby("application_id")["month"].min())
    bad = months_by_calendar(*(one.to_numpy("datetime64[D]") for one in (accounts["booking_date"], first)))
    followed = accounts["months_observed"].to_numpy(float)
    event = bad <= np.minimum(followed, 12.0)
    labels = labels_of_months(np.where(event, bad, followed), event, 12.0, "calendar")
    date = pd.DatetimeIndex(accounts["booking_date"])
    return labels, -accounts["old_score"].to_numpy(float), (date.year - 2018) * 12 + date.month - 1


def worse(decay: float, seeds: range) -> int:
    """In how many portfolios the year after development, most of it immature, ranks worse beyond chance at 1 %."""
    count = 0
    for seed in seeds:
        labels, risk, month = booked(seed, decay)
        before, after = month < 12, month >= 12
        base = development_performance(performance_table(labels.part(before), risk[before]))
        frame = performance_table(labels.part(after), risk[after])
        assert frame["not_yet"].max() > 0.5 * len(risk[after])
        found = against_development(frame, base, significance=0.01)
        count += found.set_index("measure").loc["auc", "verdict"] == "worse"
    return count


def test_decay_is_found_before_the_window_has_passed() -> None:
    assert worse(0.9, range(2)) == 2
    assert worse(0.0, range(2)) == 0


@pytest.mark.slow
def test_decay_is_found_in_forty_portfolios_and_none_where_there_is_none() -> None:
    """Half of the strength of bureau and capacity gone; without decay one in 200 is expected to look worse."""
    assert worse(0.5, range(100, 140)) >= 38
    assert worse(0.0, range(100, 140)) <= 3
