"""Indices on fixed bins: peers' errors with the right answers, sizes and powers of METHODS section 8, verdicts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.stability import population_stability_index, stability_tests
from credit_risk.evaluation.stability_many import stability_of_many
from credit_risk.monitoring.drift.columns import BIN_COLUMNS, STABILITY_COLUMNS
from credit_risk.monitoring.drift.policy import StabilityPolicy
from credit_risk.monitoring.drift.stability import bin_frame, stability_frame
from credit_risk.monitoring.frames import ALL
from tests.credit_risk.monitoring.drift.made import counts, month, reference

N = 20_000


def index(expected: list[float], actual: list[float], policy: StabilityPolicy | None = None) -> pd.Series:
    frame = stability_frame(reference({"x": expected}), month("x", actual), policy or StabilityPolicy())
    return frame.iloc[0]


# ------------------------------------------------------------------------------------------- peers' errors


def test_missing_from_3_to_20_per_cent_is_not_lost() -> None:
    """Ten equal bins of ordinary values and missing: 0.352 in a sample of METHODS, 0.355 in the population."""
    expected = [N * 0.97 / 10] * 10 + [N * 0.03]
    actual = [N * 0.80 / 10] * 10 + [N * 0.20]
    kinds = {"x": ["interval"] * 10 + ["missing"]}
    frame = stability_frame(reference({"x": expected}, kinds=kinds), month("x", actual))
    exact = 0.17 * math.log(0.2 / 0.03) + 0.17 * math.log(0.97 / 0.8)
    assert frame["psi"][0] == pytest.approx(exact, rel=2e-3)  # 0.5 in every cell
    assert frame["psi"][0] == pytest.approx(0.352, abs=0.005)
    assert frame["verdict"][0] == "red"
    dropped = population_stability_index(expected[:10], actual[:10]).psi  # what a tool sees that drops missing values
    assert dropped == pytest.approx(0.0, abs=1e-12)
    bins = bin_frame(reference({"x": expected}, kinds=kinds), month("x", actual))
    assert bins.loc[bins["contribution"].idxmax(), "kind"] == "missing"


def test_special_and_missing_are_kept_apart() -> None:
    """Missing 3 % to 20 %, a special code 5 % to 6.9 %, first bin 6.5 % of the rest: 0.371, and 0.187 where merged."""
    shares = np.array([0.065, 0.185, 0.25, 0.25, 0.25])
    expected = np.array([*(0.92 * shares), 0.05, 0.03]) * N
    actual = np.array([*(0.731 * shares), 0.069, 0.20]) * N
    assert index(list(expected), list(actual))["psi"] == pytest.approx(0.371, abs=0.002)
    merged = [np.array([c[0] + c[5] + c[6], *c[1:5]]) for c in (expected, actual)]
    assert population_stability_index(*merged).psi == pytest.approx(0.187, abs=0.005)


def test_a_tenth_that_moves_into_a_bin_empty_in_development_is_counted() -> None:
    """Nine occupied bins and an empty one: 0.70 with a share of 1e-4, 0.84 with 0.5 in each; 0.011 where joined."""
    expected = [N / 9] * 9 + [0]
    actual = [N * 0.9 / 9] * 9 + [N * 0.1]
    legacy = index(expected, actual, StabilityPolicy(zero_cells=1e-4))
    assert legacy["psi"] == pytest.approx(0.70, abs=0.005)
    assert legacy["zero_cell_rule"] == "share 0.0001 in place of an empty one"
    half = index(expected, actual)
    assert half["psi"] == pytest.approx(0.84, abs=0.005)
    assert (half["zero_cell_rule"], half["empty_cells"]) == ("0.5 added to every cell", 1)
    inner = np.sum((np.full(9, 0.1) - 1 / 9) * np.log(np.full(9, 0.1) / (1 / 9)))
    assert inner == pytest.approx(0.011, abs=0.001)


def test_one_mistyped_row_moves_nothing_on_fixed_bins() -> None:
    """Mean half a deviation lower and one row of 1e6: 0.225 on development's deciles, 0.022 on pooled widths."""
    random = np.random.default_rng(8)
    x, y = random.normal(size=N), np.append(random.normal(-0.5, 1.0, N - 1), 1e6)
    edges = np.quantile(x, np.arange(1, 10) / 10)
    first, second = (np.bincount(np.searchsorted(edges, v, side="right"), minlength=10) for v in (x, y))
    assert index(list(first), list(second))["psi"] == pytest.approx(0.225, abs=0.03)
    alone = np.bincount(np.searchsorted(edges, y[:-1], side="right"), minlength=10)
    assert index(list(first), list(second))["psi"] == pytest.approx(index(list(first), list(alone))["psi"], abs=1e-3)
    pooled = np.linspace(min(x.min(), y.min()), 1e6, 17)
    wide = [np.histogram(v, pooled)[0] for v in (x, y)]
    assert population_stability_index(*wide).psi < 0.03


def test_a_new_category_is_a_bin_of_its_own() -> None:
    kinds = {"x": ["categories", "categories", "unseen"]}
    frame = stability_frame(reference({"x": [N / 2, N / 2, 0]}, kinds=kinds), month("x", [N * 0.45, N * 0.45, N * 0.1]))
    assert frame["psi"][0] > 0.25
    assert frame["verdict"][0] == "red"


# ------------------------------------------------------------------------------ sizes and powers of METHODS


@pytest.mark.parametrize(("zero_cells", "low", "high"), [("half_everywhere", 0.03, 0.051), (1e-4, 0.07, 0.21)])
def test_size_of_the_chance_level_at_100_rows(zero_cells: str | float, low: float, high: float) -> None:
    """Ten bins, the smallest of 1 %, n = 100,000: 3.0 to 5.1 % with 0.5 in each cell, far more with 1e-4."""
    shares = np.array([0.01, 0.02, 0.03, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.23])
    random = np.random.default_rng(1)
    draws = random.multinomial(100, shares, 20_000)
    expected = random.multinomial(100_000, shares)
    found = stability_of_many(expected, draws, zero_cells)
    size = float(np.mean(found.psi > found.chance_level))
    assert low <= size <= high
    assert float(np.mean(found.p_value < 0.05)) == pytest.approx(size, abs=1e-12)


@pytest.mark.parametrize(("rows", "level"), [(200, 0.085), (500, 0.034), (5000, 0.0036), (100_000, 0.0003)])
def test_chance_level_of_ten_bins(rows: int, level: float) -> None:
    found = stability_of_many(np.full(10, 10_000), np.full((1, 10), rows / 10))
    assert found.chance_level[0] == pytest.approx(level, rel=0.13)


def test_at_100_rows_an_unchanged_population_exceeds_a_tenth_in_31_per_cent() -> None:
    draws = np.random.default_rng(2).multinomial(100, np.full(10, 0.1), 20_000)
    found = stability_of_many(np.full(10, 10_000), draws, "half_everywhere")
    assert float(np.mean(found.psi > 0.1)) == pytest.approx(0.31, abs=0.01)  # standard error 0.003
    assert float(np.mean(found.psi > found.chance_level)) == pytest.approx(0.043, abs=0.006)
    plain = stability_of_many(np.full(10, 10_000), draws)  # 0.5 only where a cell is empty: too many alarms
    assert float(np.mean(plain.psi > plain.chance_level)) > 0.065


@pytest.mark.parametrize(("rows", "critical"), [(300, 0.200), (1000, 0.145), (50_000, 0.106)])
def test_critical_value_of_the_tolerance(rows: int, critical: float) -> None:
    found = stability_of_many(np.full(10, 10_000), np.full((1, 10), rows / 10))
    assert found.critical_value[0] == pytest.approx(critical, abs=0.0015)


def test_size_of_the_tolerance_test() -> None:
    """A population whose own index is 0.1 is told to be above it in some 5 % of samples of 1,000."""
    e = np.full(10, 0.1)
    tilt = np.linspace(-1, 1, 10)
    low, high = 0.0, 2.0
    for _ in range(60):
        c = (low + high) / 2
        a = e * np.exp(c * tilt)
        a /= a.sum()
        low, high = (c, high) if np.sum((a - e) * np.log(a / e)) < 0.1 else (low, c)
    random = np.random.default_rng(3)
    found = stability_of_many(random.multinomial(100_000, e), random.multinomial(1000, a, 20_000))
    assert float(np.mean(found.tolerance_p_value < 0.05)) == pytest.approx(0.05, abs=0.025)


def test_3000_tests_without_drift_find_next_to_nothing() -> None:
    """50 variables, 5 segments, 12 months of 1,000 rows: 150 raw p-values below 5 %, and hardly one adjusted."""
    random = np.random.default_rng(4)
    shares = np.full(10, 0.1)
    names, segments = [f"x{j}" for j in range(50)], [f"s={s}" for s in range(5)]
    whole = {name: random.multinomial(100_000, shares) for name in names}
    base = pd.concat([reference(whole).assign(segment=segment) for segment in (ALL, *segments)])
    cells = {
        (f"2026-{m:02d}", segment, name): random.multinomial(1000, shares)
        for m in range(1, 13)
        for segment in segments
        for name in names
    }
    frame = stability_frame(base, counts(cells))
    assert len(frame) == 3000
    assert float((frame["p_value"] < 0.05).mean()) == pytest.approx(0.05, abs=0.015)
    assert frame.groupby("period")["beyond_chance"].any().sum() <= 3  # at most 5 % of months each, P(> 3 of 12) = 0.002
    assert set(frame["verdict"]) == {"green"}
    assert not frame["persistent"].any()


# ---------------------------------------------------------------------------------------------- the frame


def test_many_agrees_with_one_by_one() -> None:
    random = np.random.default_rng(5)
    expected = random.integers(0, 50, 8)
    actual = random.integers(0, 20, (30, 8)) * (random.random((30, 8)) < 0.7)
    actual[3] = 0
    for rule in ("add_half", "half_everywhere", 1e-3):
        many = stability_of_many(expected, actual, rule)
        for g, own in enumerate(actual):
            if own.sum() == 0:
                assert math.isnan(many.psi[g])
                assert many.rules[g] == "no rows"
                continue
            one = population_stability_index(expected, own, rule)
            tests = stability_tests(one)
            assert many.psi[g] == pytest.approx(one.psi, rel=1e-12)
            assert many.contributions[g] == pytest.approx(one.contributions, rel=1e-12)
            assert (many.bins[g], many.empty_cells[g], many.rules[g]) == (one.bins, one.empty_cells, one.zero_cell_rule)
            found = [many.chance_level[g], many.p_value[g], many.critical_value[g], many.tolerance_p_value[g]]
            own_tests = [one.chance_level, tests.p_value, tests.critical_value, tests.tolerance_p_value]
            assert found == pytest.approx(own_tests, rel=1e-9)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), min_size=2, max_size=9),
    st.randoms(use_true_random=False),
)
@settings(max_examples=12, deadline=None)
def test_order_of_bins_and_parts_of_counts_do_not_matter(cells: list[tuple[int, int]], random: object) -> None:
    expected, actual = [e for e, _ in cells], [a for _, a in cells]
    if sum(actual) == 0:
        actual[0] = 1
    base = index(expected, actual)
    order = list(range(len(cells)))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = index([expected[i] for i in order], [actual[i] for i in order])
    assert turned["psi"] == pytest.approx(base["psi"], rel=1e-9, abs=1e-12)
    halves = [[a // 2 for a in actual], [a - a // 2 for a in actual]]
    parts = pd.concat([month("x", half) for half in halves])
    split = stability_frame(reference({"x": expected}), parts).iloc[0]
    assert split["psi"] == pytest.approx(base["psi"], rel=1e-12, abs=1e-15)
    assert base["psi"] >= -1e-12


def test_bins_sum_to_the_index() -> None:
    base, own = reference({"x": [100, 300, 600]}, effects={"x": [1.0, 0.5, -0.2]}), month("x", [50, 100, 350])
    frame, bins = stability_frame(base, own), bin_frame(base, own)
    assert list(frame.columns) == STABILITY_COLUMNS
    assert list(bins.columns) == BIN_COLUMNS
    assert bins["contribution"].sum() == pytest.approx(frame["psi"][0], rel=1e-12)
    assert bins["difference"].sum() == pytest.approx(0.0, abs=1e-15)
    assert bins["score_shift"].sum() == pytest.approx(0.0 * 1.0 + (0.2 - 0.3) * 0.5 + (0.7 - 0.6) * -0.2, abs=1e-12)


def test_a_small_month_is_grey_whatever_it_shows() -> None:
    found = index([1000, 1000], [10, 0])
    assert (found["verdict"], found["reason"]) == ("grey", "10 rows, fewer than 200")
    assert math.isnan(found["adjusted_p_value"])
    assert not found["persistent"]


def test_a_month_that_chance_explains_is_grey_where_chance_reaches_review() -> None:
    policy = StabilityPolicy(least_rows=50)
    draw = [8, 12, 14, 6, 10, 10, 13, 7, 5, 15]
    found = index([1000.0] * 10, draw, policy)
    assert found["verdict"] == "grey"
    assert "by chance" in found["reason"]


def test_verdicts_by_band_and_chance() -> None:
    big = [50_000.0, 50_000.0]
    assert index(big, [5000, 5000])["verdict"] == "green"
    slight = index(big, [5300, 4700])
    assert (slight["verdict"], slight["beyond_chance"]) == ("green", True)
    assert slight["reason"].endswith("though beyond chance")
    amber = index(big, [6800, 3200])
    assert (amber["band"], amber["verdict"], amber["material"]) == ("review", "amber", False)
    red = index(big, [8000, 2000])
    assert (red["band"], red["verdict"], red["material"]) == ("fail", "red", True)


def test_persistence_is_counted_over_evaluable_periods() -> None:
    base = reference({"score": [50_000, 50_000]})
    moved, still, few = [800, 200], [500, 500], [9, 1]
    months = {"01": moved, "02": still, "03": few, "04": moved, "05": still, "06": still}
    frame = stability_frame(base, counts({(f"2026-{m}", ALL, "score"): own for m, own in months.items()}))
    assert list(frame["persistent"]) == [False, False, False, True, False, False]
    assert list(frame["periods_seen"]) == [1, 2, 0, 3, 3, 3]


def test_a_segment_is_held_against_itself_and_otherwise_not_judged() -> None:
    base = reference({"x": [5000, 5000]})
    own = counts({("2026-01", ALL, "x"): [500, 500], ("2026-01", "channel=web", "x"): [900, 100]})
    foreign = stability_frame(base, own).set_index("segment").loc["channel=web"]
    assert (foreign["verdict"], foreign["held_against"]) == ("grey", ALL)
    assert "no counts of this segment" in foreign["reason"]
    judged = stability_frame(base, own, StabilityPolicy(whole_for_segments=True)).set_index("segment")
    assert judged.loc["channel=web", "verdict"] == "red"
    web = reference({"x": [1800, 200]}).assign(segment="channel=web")
    both = stability_frame(pd.concat([base.assign(segment=ALL), web]), own).set_index("segment").loc["channel=web"]
    assert (both["verdict"], both["held_against"]) == ("green", "channel=web")
    assert both["psi"] == pytest.approx(0.0, abs=1e-6)


def test_a_column_that_is_gone_is_there_and_grey() -> None:
    base = reference({"x": [5000, 5000], "y": [5000, 5000]})
    frame = stability_frame(base, month("x", [500, 500])).set_index("variable")
    assert (frame.loc["y", "verdict"], frame.loc["y", "reason"]) == ("grey", "no rows of this variable")


def test_faults_of_counts_are_told_together() -> None:
    base = reference({"x": [5000, 5000]})
    bad = pd.concat([month("x", [5, 5, 5]), month("z", [3])])
    bad["rows"] = [1.0, -1.0, 2.0, 3.0]
    with pytest.raises(CreditRiskError) as caught:
        stability_frame(base, bad)
    assert {fault.code for fault in caught.value.faults} == {"range", "unknown_bin"}
    with pytest.raises(CreditRiskError, match="column is absent"):
        stability_frame(base, bad.drop(columns="rows"))
    with pytest.raises(CreditRiskError, match="cuts out of order"):
        StabilityPolicy(review=0.3, fail=0.2)
    with pytest.raises(CreditRiskError, match="empty cells"):
        index([100, 0], [300, 300], StabilityPolicy(zero_cells="raise"))


def test_effective_rows_of_weighted_development_widen_the_chance_level() -> None:
    plain, weighted = (index([500.0] * 4, [100] * 4, StabilityPolicy(development_effect=w)) for w in (1.0, 0.5))
    assert weighted["expected_rows"] == plain["expected_rows"]
    unit = (1 / 1000 + 1 / 400) / (1 / 2000 + 1 / 400)
    assert weighted["chance_level"] == pytest.approx(plain["chance_level"] * unit, rel=1e-12)
