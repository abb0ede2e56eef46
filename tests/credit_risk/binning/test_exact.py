"""The exact engine against enumeration of every classing, against optbinning, and its invariants."""

from __future__ import annotations

import io
import itertools
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from credit_risk.binning.exact import ExactResult, exact_cuts
from credit_risk.binning.limits import TREND_NAMES, Limits
from credit_risk.binning.woe import weight_of_evidence

REVERSED = {"ascending": "descending", "descending": "ascending", "peak": "peak", "valley": "valley", "none": "none"}


# ------------------------------------------------------------------------------------------------- enumeration
def p_value(a: float, n: float, b: float, m: float) -> float:
    """Two-sided p-value of the pooled two-proportion z-test; 1 where both proportions are 0 or 1."""
    pooled = (a + b) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m)
    return 1.0 if variance == 0 else float(2 * norm.sf(abs(a / n - b / m) / np.sqrt(variance)))


def follows(rates: np.ndarray, trend: str, difference: float) -> bool:
    steps = np.diff(rates)
    up, down = steps >= difference - 1e-12, steps <= -difference + 1e-12
    if trend == "none":
        return bool(np.all(up | down)) if difference > 0 else True
    if trend in ("ascending", "descending"):
        return bool(np.all(up if trend == "ascending" else down))
    first, second = (up, down) if trend == "peak" else (down, up)
    return any(np.all(first[:i]) and np.all(second[i:]) for i in range(len(steps) + 1))


def keeps(ends: tuple[int, ...], good: np.ndarray, bad: np.ndarray, trend: str, limits: Limits) -> bool:
    """Whether a classing keeps all limits, written from their definitions bin by bin."""
    edges = [0, *ends, len(good)]
    bins = list(itertools.pairwise(edges))
    g = np.array([good[a:b].sum() for a, b in bins])
    b_ = np.array([bad[a:b].sum() for a, b in bins])
    n = g + b_
    if not limits.min_bins <= len(bins) <= (limits.max_bins or len(good)):
        return False
    if (n <= 0).any() or (limits.zero_cell is None and ((g <= 0) | (b_ <= 0)).any()):
        return False
    tiny = 1e-9 * n.sum()
    if (n < limits.min_count - tiny).any() or (n > (limits.max_count or np.inf) + tiny).any():
        return False
    if (g < limits.min_good - tiny).any() or (b_ < limits.min_bad - tiny).any():
        return False
    if set(limits.fixed_cuts) - set(ends) or set(limits.forbidden_cuts) & set(ends):
        return False
    if any(a <= min(pair) and max(pair) < b for a, b in bins for pair in limits.forbidden_merges):
        return False
    if not follows(b_ / n, trend, limits.min_rate_difference):
        return False
    if limits.max_p_value is None:
        return True
    s = limits.test_scale
    pairs = itertools.pairwise(zip(b_ * s, n * s, strict=True))
    return all(p_value(a, m, b, k) <= limits.max_p_value for (a, m), (b, k) in pairs)


def value_of(ends: tuple[int, ...], good: np.ndarray, bad: np.ndarray, zero_cell: float | None = None) -> float:
    parts = list(itertools.pairwise([0, *ends, len(good)]))
    g = np.array([good[a:b].sum() for a, b in parts])
    b_ = np.array([bad[a:b].sum() for a, b in parts])
    return weight_of_evidence(g, b_, zero_cell=zero_cell or 0.5).total


def enumerated(good: np.ndarray, bad: np.ndarray, trend: str, limits: Limits) -> float:
    """Greatest information value over every classing that keeps the limits; −∞ where none does."""
    best = -np.inf
    for size in range(len(good)):
        for ends in itertools.combinations(range(1, len(good)), size):
            if keeps(ends, good, bad, trend, limits):
                best = max(best, value_of(ends, good, bad, limits.zero_cell))
    return best


def random_limits(rng: np.random.Generator, n: int, total: float) -> Limits:
    """A mixture of limits, some of which cannot be kept together."""

    def sometimes(value: object, otherwise: object, share: float = 0.25) -> object:
        return value if rng.random() < share else otherwise

    pair = tuple(int(p) for p in rng.choice(n, 2, replace=False))
    return Limits(
        min_bins=int(sometimes(rng.integers(2, 5), 1)),
        max_bins=sometimes(int(rng.integers(2, 6)), None, 0.7),
        min_count=float(sometimes(rng.uniform(0, 0.3) * total, 0.0, 0.5)),
        max_count=sometimes(float(rng.uniform(0.3, 0.9) * total), None),
        min_good=float(sometimes(rng.integers(5, 60), 0.0)),
        min_bad=float(sometimes(rng.integers(2, 30), 0.0)),
        min_rate_difference=float(sometimes(rng.uniform(0, 0.1), 0.0)),
        max_p_value=sometimes(float(rng.choice([0.01, 0.1, 0.3])), None, 0.35),
        zero_cell=sometimes(0.5, None),
        fixed_cuts=sometimes((int(rng.integers(1, n)),), (), 0.2),
        forbidden_cuts=sometimes((int(rng.integers(1, n)),), (), 0.2),
        forbidden_merges=sometimes((pair,), (), 0.2),
    )


@pytest.mark.parametrize("trend", TREND_NAMES)
@pytest.mark.parametrize("block", range(4))
def test_equals_enumeration(trend: str, block: int) -> None:
    """800 problems in all: whole and real-valued counts, empty cells, ties, every limit."""
    rng = np.random.default_rng([block, TREND_NAMES.index(trend)])
    solved = 0
    for _ in range(40):
        n = int(rng.integers(2, 10))
        good, bad = rng.integers(0, 60, n).astype(float), rng.integers(0, 25, n).astype(float)
        if block == 1:
            good, bad = rng.gamma(2, 20, n), rng.gamma(1, 8, n)
        if block == 2:
            good, bad = rng.integers(1, 4, n) * 10.0, rng.integers(1, 3, n) * 5.0
        if good.sum() == 0 or bad.sum() == 0:
            continue
        limits = random_limits(rng, n, float(np.sum(good + bad)))
        best = enumerated(good, bad, trend, limits)
        result = exact_cuts(good, bad, trend=trend, limits=limits)
        assert result.optimal == (best > -np.inf)
        if result.optimal:
            solved += 1
            assert result.information_value == pytest.approx(best, abs=1e-10, rel=1e-10)
            assert keeps(result.cuts, good, bad, trend, limits)
            assert value_of(result.cuts, good, bad, limits.zero_cell) == pytest.approx(best, abs=1e-10)
        else:
            assert result.conflict is not None
    assert solved >= 12


@pytest.mark.parametrize("trend", TREND_NAMES)
def test_equals_enumeration_under_common_limits(trend: str) -> None:
    """300 problems that all have an answer: trend, bin count, size and p-value."""
    rng = np.random.default_rng([7, TREND_NAMES.index(trend)])
    for i in range(60):
        n = int(rng.integers(4, 10))
        good, bad = rng.integers(20, 200, n).astype(float), rng.integers(1, 60, n).astype(float)
        limits = Limits(
            max_bins=int(rng.integers(2, 7)),
            min_count=float(rng.choice([0, 0.05, 0.15]) * np.sum(good + bad)),
            max_p_value=[None, 0.05, 0.5][i % 3],
            min_rate_difference=[0.0, 0.01][i % 2],
        )
        result = exact_cuts(good, bad, trend=trend, limits=limits)
        assert result.optimal
        assert result.information_value == pytest.approx(enumerated(good, bad, trend, limits), abs=1e-12)


def test_totals_may_hold_more_than_the_prebins() -> None:
    rng = np.random.default_rng(4)
    good, bad = rng.integers(20, 200, 8).astype(float), rng.integers(1, 60, 8).astype(float)
    totals = (float(good.sum()) + 400, float(bad.sum()) + 90)
    result = exact_cuts(good, bad, limits=Limits(max_bins=3), totals=totals)

    def value(ends: tuple[int, ...]) -> float:
        parts = itertools.pairwise([0, *ends, 8])
        g, b = np.array([(good[i:j].sum(), bad[i:j].sum()) for i, j in parts]).T
        return float(np.sum((g / totals[0] - b / totals[1]) * np.log((g / totals[0]) / (b / totals[1]))))

    best = max(value(ends) for size in range(3) for ends in itertools.combinations(range(1, 8), size))
    assert result.information_value == pytest.approx(best)
    assert value(result.cuts) == pytest.approx(best)


# -------------------------------------------------------------------------------------------------- optbinning
def optbinning_answer(good: np.ndarray, bad: np.ndarray, trend: str, limits: Limits) -> tuple[str, tuple[int, ...]]:
    """Status and cuts of optbinning for the same prebins and limits, without a time limit that binds."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        from optbinning import OptimalBinning
    n, total = len(good), float(np.sum(good + bad))
    repeats = np.concatenate([good, bad]).astype(np.int64)
    x = np.repeat(np.concatenate([np.arange(n), np.arange(n)]).astype(float), repeats)
    y = np.repeat(np.repeat([0, 1], n), repeats)
    splits = np.arange(1, n) - 0.5
    solver = OptimalBinning(
        solver="cp",
        user_splits=splits,
        max_n_prebins=n,
        min_prebin_size=min(0.5, 1 / total),
        monotonic_trend=None if trend == "none" else trend,
        min_n_bins=limits.min_bins if limits.min_bins > 1 else None,
        max_n_bins=limits.max_bins,
        min_bin_size=limits.min_count / total if limits.min_count else None,
        min_bin_n_event=int(limits.min_bad) or None,
        min_bin_n_nonevent=int(limits.min_good) or None,
        min_event_rate_diff=limits.min_rate_difference,
        max_pvalue=limits.max_p_value,
        time_limit=60,
    )
    solver.fit(x, y)
    return str(solver.status), tuple(int(c) for c in np.searchsorted(splits, solver.splits) + 1)


@pytest.mark.parametrize("trend", TREND_NAMES)
def test_never_below_optbinning(trend: str) -> None:
    """325 problems in all: where optbinning says OPTIMAL the exact value is no lower under the same limits."""
    rng = np.random.default_rng([11, TREND_NAMES.index(trend)])
    compared = 0
    for i in range(65):
        n = int(rng.integers(6, 15))
        good, bad = rng.integers(40, 400, n).astype(float), rng.integers(3, 80, n).astype(float)
        limits = Limits(
            max_bins=int(rng.integers(3, 7)),
            min_count=float(rng.choice([0, 0.05, 0.1]) * np.sum(good + bad)),
            min_bad=float(rng.choice([0, 20])),
            min_rate_difference=float([0.0, 0.0, 0.01][i % 3]),
            max_p_value=[None, None, None, 0.05][i % 4],
        )
        status, cuts = optbinning_answer(good, bad, trend, limits)
        result = exact_cuts(good, bad, trend=trend, limits=limits)
        if status != "OPTIMAL" or not keeps(cuts, good, bad, trend, limits):
            continue
        compared += 1
        assert result.optimal
        assert result.information_value >= value_of(cuts, good, bad) - 1e-9
    assert compared >= 60


# -------------------------------------------------------------------------------------------------- invariants
@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, str, Limits]:
    n = draw(st.integers(2, 14))
    good = np.array(draw(st.lists(st.integers(1, 300), min_size=n, max_size=n)), float)
    bad = np.array(draw(st.lists(st.integers(1, 90), min_size=n, max_size=n)), float)
    limits = Limits(
        max_bins=draw(st.integers(1, 8)),
        min_count=draw(st.floats(0, 0.25)) * float(np.sum(good + bad)),
        min_bad=float(draw(st.integers(0, 20))),
        min_rate_difference=draw(st.sampled_from([0.0, 0.01])),
        max_p_value=draw(st.sampled_from([None, 0.2])),
    )
    return good, bad, draw(st.sampled_from(TREND_NAMES)), limits


def worth(result: ExactResult) -> float:
    return result.information_value if result.optimal else -np.inf


@given(problems(), st.sampled_from([0.37, 3.0, 1e-4, 12345.678]))
@settings(max_examples=150)
def test_weights_may_be_scaled(problem: tuple, factor: float) -> None:
    good, bad, trend, limits = problem
    scaled = Limits(
        max_bins=limits.max_bins,
        min_count=limits.min_count * factor,
        min_bad=limits.min_bad * factor,
        min_rate_difference=limits.min_rate_difference,
        max_p_value=limits.max_p_value,
        test_scale=1 / factor,
    )
    one, other = (
        exact_cuts(g, b, trend=trend, limits=li)
        for g, b, li in ((good, bad, limits), (good * factor, bad * factor, scaled))
    )
    assert one.optimal == other.optimal
    if one.optimal:
        assert one.information_value == pytest.approx(other.information_value, rel=1e-9, abs=1e-12)
        assert one.cuts == other.cuts


@given(problems())
@settings(max_examples=150)
def test_order_may_be_reversed(problem: tuple) -> None:
    good, bad, trend, limits = problem
    one = exact_cuts(good, bad, trend=trend, limits=limits)
    other = exact_cuts(good[::-1], bad[::-1], trend=REVERSED[trend], limits=limits)
    assert worth(one) == pytest.approx(worth(other), abs=1e-11)


@given(problems())
@settings(max_examples=150)
def test_a_looser_limit_never_lowers_the_value(problem: tuple) -> None:
    good, bad, trend, limits = problem
    value = worth(exact_cuts(good, bad, trend=trend, limits=limits))
    looser = {
        "max_bins": limits.max_bins + 1,
        "min_count": limits.min_count / 2,
        "min_bad": limits.min_bad / 2,
        "min_rate_difference": 0.0,
        "max_p_value": None,
    }
    for name, loose in looser.items():
        assert worth(exact_cuts(good, bad, trend=trend, limits=replace(limits, **{name: loose}))) >= value - 1e-12
    assert worth(exact_cuts(good, bad, trend="none", limits=limits)) >= value - 1e-12
    if trend == "ascending":
        for wider in ("peak", "valley"):
            assert worth(exact_cuts(good, bad, trend=wider, limits=limits)) >= value - 1e-12


@given(problems(), st.floats(0, 0.5))
@settings(max_examples=120)
def test_automatic_trend_follows_its_rule(problem: tuple, gain: float) -> None:
    good, bad, _, limits = problem
    assume(limits.min_rate_difference == 0)
    values = {t: worth(exact_cuts(good, bad, trend=t, limits=limits)) for t in TREND_NAMES if t != "none"}
    result = exact_cuts(good, bad, trend="auto", limits=limits, shape_gain=gain)
    assert dict(result.candidates) == pytest.approx(values)
    monotone, shaped = max(values["ascending"], values["descending"]), max(values["peak"], values["valley"])
    if monotone > -np.inf and shaped <= monotone * (1 + gain):
        assert result.trend in ("ascending", "descending")
        assert worth(result) == pytest.approx(monotone)
    elif shaped > -np.inf:
        assert result.trend in ("peak", "valley")
        assert worth(result) == pytest.approx(shaped)
    plain = exact_cuts(good, bad, trend="auto_monotonic", limits=limits)
    assert plain.trend in ("ascending", "descending")
    assert worth(plain) == pytest.approx(monotone)


def test_ties_go_to_fewer_bins_and_earlier_cuts() -> None:
    flat = exact_cuts([90, 90, 90, 30, 30], [10, 10, 10, 30, 30])
    assert flat.cuts == (3,)
    assert exact_cuts([90, 50, 90], [10, 20, 10], limits=Limits(min_bins=2, max_bins=2)).cuts == (1,)
    assert exact_cuts([10, 20, 30], [1, 2, 3]).cuts == ()


@pytest.mark.parametrize(
    ("good", "bad", "options", "text"),
    [
        ([1, 2], [1], {}, "equal length"),
        ([], [], {}, "equal length"),
        ([1, -2], [1, 2], {}, "not negative"),
        ([1, np.nan], [1, 2], {}, "finite"),
        ([1, 2], [0, 0], {}, "at least one good and one bad"),
        ([1, 2], [1, 2], {"trend": "up"}, "unknown trend"),
        ([1, 2], [1, 2], {"totals": (1.0, 1.0)}, "below the sums"),
        ([1, 2], [1, 2], {"shape_gain": -1.0}, "shape_gain"),
        ([1, 2], [1, 2], {"limits": Limits(fixed_cuts=(2,))}, "name no prebin"),
        ([1, 2], [1, 2], {"limits": Limits(forbidden_merges=((0, 5),))}, "name no prebin"),
    ],
)
def test_wrong_arguments_are_told(good: list, bad: list, options: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        exact_cuts(good, bad, **options)


def test_wrong_limits_are_told_all_at_once() -> None:
    with pytest.raises(ValueError, match=r"min_bins is 0.*max_p_value is 2.*zero_cell is -1"):
        Limits(min_bins=0, max_p_value=2, zero_cell=-1)
    with pytest.raises(ValueError, match="0 or more"):
        Limits(min_count=float("nan"))
