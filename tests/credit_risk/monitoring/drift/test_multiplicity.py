"""Adjusted p-values against the definition, and persistence against a loop over periods."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.drift.multiplicity import adjusted_by_family, false_discovery_control, persistence


@given(st.lists(st.floats(0, 1), min_size=1, max_size=25), st.sampled_from(["bh", "by"]))
@settings(max_examples=80, deadline=None)
def test_adjusted_p_values_are_the_step_up_rule(p: list[float], control: str) -> None:
    """min over j >= i of m p(j) / j, times the harmonic sum for Benjamini and Yekutieli."""
    m = len(p)
    harmonic = sum(1 / j for j in range(1, m + 1)) if control == "by" else 1.0
    ordered = sorted(p)
    exact = {q: min(1.0, min(m * ordered[j] * harmonic / (j + 1) for j in range(ordered.index(q), m))) for q in p}
    found = false_discovery_control([*p, np.nan], control)  # type: ignore[arg-type]
    assert found[:-1] == pytest.approx([exact[q] for q in p], rel=1e-9, abs=1e-300)
    assert np.isnan(found[-1])


def test_the_score_is_first_and_families_are_apart() -> None:
    p = np.array([0.04, 0.03, 0.04, 0.9, 0.04])
    families = np.array(["01", "01", "01", "01", "02"])
    found = adjusted_by_family(p, families, [True, False, False, False, False])
    assert found == pytest.approx([0.04, 0.06, 0.06, 0.9, 0.04])
    assert adjusted_by_family(p, families, control="none") == pytest.approx(p)


def test_false_discoveries_are_kept_at_the_level() -> None:
    """80 of 100 hypotheses true: the share of false discoveries stays below 5 %."""
    random = np.random.default_rng(1)
    shares, power = [], []
    for _ in range(300):
        p = random.random(100)
        p[:20] = random.beta(0.05, 10.0, 20)
        found = false_discovery_control(p) <= 0.05
        shares.append(found[20:].sum() / max(found.sum(), 1))
        power.append(found[:20].mean())
    assert np.mean(shares) < 0.05
    assert np.mean(power) > 0.5


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12), st.integers(1, 4), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_persistence_by_a_loop(months: list[tuple[bool, bool]], k: int, more: int) -> None:
    n = k + more
    periods = [f"2026-{i + 1:02d}" for i in range(len(months))]
    beyond, fine = (np.array(v) for v in zip(*months, strict=True))
    order = np.random.default_rng(0).permutation(len(months))
    seen, count, found = persistence(
        np.array(periods)[order], ["s"] * len(months), beyond[order], fine[order], k=k, n=n
    )  # fmt: skip
    for at, i in enumerate(order):
        last = [j for j in range(i + 1) if fine[j]][-n:]
        expected = (len(last), sum(beyond[j] for j in last)) if fine[i] else (0, 0)
        assert (seen[at], count[at]) == expected
        assert found[at] == (fine[i] and expected[1] >= k)


def test_faults() -> None:
    with pytest.raises(CreditRiskError, match="not p-values"):
        false_discovery_control([1.2])
    with pytest.raises(CreditRiskError, match="no such control"):
        false_discovery_control([0.2], "holm")  # type: ignore[arg-type]
    with pytest.raises(CreditRiskError, match="not k of n"):
        persistence(["01"], ["s"], [True], [True], k=3, n=2)
    with pytest.raises(CreditRiskError, match="there twice"):
        persistence(["01", "01"], ["s", "s"], [True, True], [True, True])
