"""The streams against PCG64 written out in whole numbers, and positions against one long draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.randomness import stage_seed
from credit_risk.datasets.draws import Draws, count, pick
from credit_risk.datasets.months import application_months, origins

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
MASK = 2**128 - 1


def _pcg64(state: int, increment: int, steps: int) -> list[int]:
    """PCG64 XSL-RR 128/64 (O'Neill 2014, section 6.3): step, then xor the halves and rotate right by the top bits."""
    outputs = []
    for _ in range(steps):
        state = (state * MULTIPLIER + increment) & MASK
        mixed = (state >> 64) ^ (state & (2**64 - 1))
        turn = state >> 122
        outputs.append(((mixed >> turn) | (mixed << (64 - turn) % 64)) & (2**64 - 1) if turn else mixed)
    return outputs


def test_uniform_draws_are_the_top_52_bits_of_pcg64():
    state = np.random.PCG64(stage_seed(7, "datasets/portfolio/person/bureau")).state["state"]
    raw = _pcg64(state["state"], state["inc"], 200)
    expected = [((word >> 12) + 0.5) / 2**52 for word in raw]
    assert Draws(7).uniform("person/bureau", 0, 200).tolist() == expected


@given(first=st.integers(0, 500), size=st.integers(0, 300), seed=st.integers(0, 2**63 - 1))
def test_a_block_is_a_slice_of_the_whole_stream(first, size, seed):
    whole = Draws(seed).uniform("some/stage", 0, 800)
    np.testing.assert_array_equal(Draws(seed).uniform("some/stage", first, first + size), whole[first : first + size])
    assert ((whole > 0) & (whole < 1)).all()


def test_stages_purposes_and_seeds_have_streams_of_their_own():
    streams = [
        Draws(1).uniform("a", 0, 1000),
        Draws(1).uniform("b", 0, 1000),
        Draws(2).uniform("a", 0, 1000),
        Draws(1, "pilot").uniform("a", 0, 1000),
    ]
    correlation = np.corrcoef(streams)
    assert np.abs(correlation[np.triu_indices(4, 1)]).max() < 4 / np.sqrt(1000)


def test_counts_are_poisson_quantiles():
    uniform = Draws(3).uniform("u", 0, 5000)
    mean = np.exp(np.linspace(-2, 1.5, 5000))
    np.testing.assert_array_equal(count(uniform, mean, 40), stats.poisson.ppf(uniform, mean))
    np.testing.assert_array_equal(count(uniform, mean, 3), np.minimum(stats.poisson.ppf(uniform, mean), 3))


@pytest.mark.parametrize("by_row", [False, True])
def test_picks_have_their_shares(by_row):
    shares = np.array([0.2, 0.0, 0.5, 0.3])
    table = np.tile(shares, (50_000, 1)) if by_row else shares
    found = np.bincount(pick(Draws(4).uniform("u", 0, 50_000), table), minlength=4)
    assert found[1] == 0
    assert stats.chisquare(found[[0, 2, 3]], 50_000 * shares[[0, 2, 3]]).pvalue > 1e-4


@given(applicants=st.integers(1, 3000), months=st.integers(1, 60))
def test_months_ascend_and_cover_the_window(applicants, months):
    month = application_months(applicants, months)
    assert (np.diff(month) >= 0).all()
    assert month.min() >= 0
    assert month.max() <= months - 1
    if applicants >= 20 * months:
        volume = 1 + 0.1 * np.sin(2 * np.pi * np.arange(months) / 12)
        expected = applicants * volume / volume.sum()
        assert np.abs(np.bincount(month, minlength=months) - expected).max() <= 1.0 + 1e-6


def test_repeats_point_at_first_applications_of_the_six_months_before():
    origin = origins(Draws(5), 60_000, 30, 0.2)
    row = np.arange(60_000)
    repeats = origin != row
    assert (origin[origin] == origin).all()
    assert (row - origin)[repeats].min() >= 1
    assert (row - origin).max() <= 6 * 60_000 / 30
    assert stats.binomtest(int(repeats.sum()), 60_000, 0.2 * 0.8).pvalue > 1e-4
    assert (origins(Draws(5), 1000, 30, 0.0) == np.arange(1000)).all()
