"""Samples: exact shares, settled by the seed alone, summed up with intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from credit_risk._core import evidence
from credit_risk._core.errors import IntakeError
from credit_risk.sampling import samples_summary, split_samples
from credit_risk.sampling.spec import SamplesSpec

outcomes = st.lists(st.sampled_from([0.0, 1.0, math.nan]), min_size=1, max_size=300).map(np.array)


@given(outcomes, st.floats(0.01, 0.99), st.integers(0, 2**63 - 1))
def test_shares_are_exact_in_each_class(outcome: np.ndarray, share: float, seed: int) -> None:
    spec = SamplesSpec(out_of_sample=share, seed=seed)
    sizes = {value: math.floor(share * np.count_nonzero(outcome == value) + 0.5) for value in (0.0, 1.0)}
    possible = all(0 < held < np.count_nonzero(outcome == value) for value, held in sizes.items())
    if not possible:
        with pytest.raises(IntakeError) as caught:
            split_samples(outcome, spec)
        assert all(fault.code == "empty_class" for fault in caught.value.faults)
        return
    labels = split_samples(outcome, spec)
    for value, held in sizes.items():
        assert np.count_nonzero(labels[outcome == value] == "out_of_sample") == held
        assert np.count_nonzero(labels[outcome == value] == "development") == np.count_nonzero(outcome == value) - held
    assert all(label is None for label in labels[np.isnan(outcome)])


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    outcome = np.array([0.0, 1.0] * 500)
    one, again, other = (split_samples(outcome, SamplesSpec(seed=seed)) for seed in (1, 1, 2))
    assert one.tolist() == again.tolist()
    assert one.tolist() != other.tolist()


def test_a_row_keeps_its_sample_when_rows_of_the_other_class_change_code() -> None:
    outcome = np.array([0.0, 1.0] * 500)
    fewer = outcome.copy()
    fewer[np.flatnonzero(outcome == 0.0)[:50]] = np.nan
    one, other = split_samples(outcome, SamplesSpec()), split_samples(fewer, SamplesSpec())
    assert one[outcome == 1.0].tolist() == other[outcome == 1.0].tolist()


def test_membership_does_not_depend_on_the_place_of_a_row() -> None:
    """Held-out rows are spread evenly: the rank of a held-out row is uniform (mean within 5 standard errors)."""
    outcome = np.array([0.0, 1.0] * 5000)
    places = np.flatnonzero(split_samples(outcome, SamplesSpec(out_of_sample=0.5)) == "out_of_sample")
    error = math.sqrt((10_000**2 / 12) / len(places) * 0.5)
    assert abs(places.mean() - 4999.5) < 5 * error


def test_every_empty_class_is_told() -> None:
    with pytest.raises(IntakeError) as caught:
        split_samples(np.array([1.0, 0.0]), SamplesSpec())
    messages = [fault.message for fault in caught.value.faults]
    assert messages == ["the sample out_of_sample would have no bads", "the sample out_of_sample would have no goods"]


def test_summary() -> None:
    outcome = np.array([1.0] * 40 + [0.0] * 160)
    labels = split_samples(outcome, SamplesSpec(out_of_sample=0.25))
    summary = samples_summary(labels, outcome)
    evidence.table("samples.summary", summary)
    assert summary["sample"].tolist() == ["development", "out_of_sample", "all"]
    assert summary[["rows", "good", "bad"]].to_numpy().tolist() == [[150, 120, 30], [50, 40, 10], [200, 160, 40]]
    for row in summary.itertuples():
        lower, upper = proportion_confint(row.bad, row.rows, method="wilson")
        assert (row.bad_rate_lower, row.bad_rate_upper) == pytest.approx((lower, upper), rel=1e-12)


def test_large_groups_are_held_out_no_more_often_than_small_ones() -> None:
    draw = np.random.default_rng(3)
    sizes, rates = [], []
    for seed in range(20):
        groups = np.sort(draw.integers(0, 1000, 2000))
        outcome = (draw.random(2000) < 0.2).astype(float)
        labels = split_samples(outcome, SamplesSpec(out_of_sample=0.25, seed=seed), groups=groups)
        held, size = labels == "out_of_sample", np.bincount(groups)[groups]
        sizes.append(size[held].mean() - size[~held].mean())
        rates.append(outcome[held].mean() - outcome[~held].mean())
    for gaps in (sizes, rates):
        assert abs(np.mean(gaps)) < 3 * np.std(gaps, ddof=1) / math.sqrt(len(gaps))
