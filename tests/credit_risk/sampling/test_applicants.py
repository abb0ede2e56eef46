"""Samples of applicants without an outcome: the rules that hold for the others, and nothing else moves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from credit_risk._core.errors import IntakeError
from credit_risk.sampling.samples import CALIBRATION, DEVELOPMENT, OUT_OF_SAMPLE, OUT_OF_TIME, split_samples
from credit_risk.sampling.samples import split_unknown as split
from credit_risk.sampling.spec import OutOfTimeSpec, SamplesSpec

SPEC = SamplesSpec(out_of_sample=0.3, calibration=0.2, out_of_time=OutOfTimeSpec(after="2020-09-30"))


def made(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome (NaN unknown), decision, dates and draws."""
    rng = np.random.default_rng(seed)
    outcome = rng.choice([0.0, 1.0, np.nan], rows, p=[0.4, 0.2, 0.4])
    accepted = np.isfinite(outcome) | (rng.random(rows) < 0.2)
    dates = rng.choice(["2020-06-01", "2020-10-01"], rows, p=[0.8, 0.2]).astype(object)
    return outcome, accepted, dates, rng.integers(0, 2**63, rows).astype(np.uint64)


def test_shares_hold_apart_for_accepted_and_rejected_and_dates_put_out_of_time() -> None:
    outcome, accepted, dates, draws = made(1000, 1)
    labels = split_samples(outcome, SPEC, dates=dates)
    unknown = ~np.isfinite(outcome)
    found = split(labels, unknown, SPEC, draws, np.arange(1000), accepted, dates=dates)
    assert (found[~unknown] == labels[~unknown]).all()
    assert (found[unknown & (dates == "2020-10-01")] == OUT_OF_TIME).all()
    for decision in (True, False):
        rows = np.flatnonzero(unknown & (dates == "2020-06-01") & (accepted == decision))
        drawn = rows[np.argsort(draws[rows])]
        held, kept = int(np.floor(0.3 * len(rows) + 0.5)), int(np.floor(0.2 * len(rows) + 0.5))
        assert (found[drawn[:held]] == OUT_OF_SAMPLE).all()
        assert (found[drawn[held : held + kept]] == CALIBRATION).all()
        assert (found[drawn[held + kept :]] == DEVELOPMENT).all()


def test_a_row_follows_its_group_and_a_group_out_of_time_belongs_nowhere() -> None:
    outcome = np.array([0.0, 1.0, 0.0, 1.0, np.nan, np.nan, np.nan, 0.0, 1.0])
    labels = np.array([DEVELOPMENT, DEVELOPMENT, OUT_OF_SAMPLE, OUT_OF_SAMPLE, *[None] * 3, OUT_OF_TIME, OUT_OF_TIME])
    groups = np.array([0, 1, 2, 3, 0, 2, 7, 7, 8])
    dates = np.array(["2020-01-01"] * 7 + ["2020-12-01"] * 2, dtype=object)
    draws, none = np.arange(9).astype(np.uint64), np.zeros(9, dtype=bool)
    apart = SPEC.model_copy(update={"out_of_time": OutOfTimeSpec(after="2020-09-30", groups="apart")})
    found = split(labels, np.isnan(outcome), apart, draws, groups, none, dates=dates)
    assert found[4:7].tolist() == [DEVELOPMENT, OUT_OF_SAMPLE, None]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(40, 200), st.integers(2, 60))
def test_groups_stay_whole_inside_the_development_period(seed: int, rows: int, count: int) -> None:
    outcome, accepted, dates, draws = made(rows, seed)
    groups = np.random.default_rng(seed + 1).integers(0, count, rows)
    spec = SamplesSpec(out_of_sample=0.3, calibration=0.2)
    try:
        labels = split_samples(outcome, spec, groups=groups)
    except IntakeError:  # too few of a class for a split
        reject()
    found = split(labels, ~np.isfinite(outcome), spec, draws, groups, accepted, dates=dates)
    assert not pd.isna(found).any()
    assert pd.Series(found).groupby(groups).nunique().max() == 1
