"""The integer programme of a classing against every partition tried by hand, and against the developer's programme."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk.binning.columns import numeric_column, outcome_rows
from credit_risk.binning.exact import exact_cuts
from credit_risk.binning.limits import Limits as DeveloperLimits
from credit_risk.binning.refine import exact_classing
from validation.rebuild import optimal_classing
from validation.rebuild.edges import column, information_value
from validation.rebuild.fine_classes import of_groups, of_numbers, order_of
from validation.rebuild.optimal_classing import INFEASIBLE, NO_MORE, OPTIMAL, UNSOLVED, Limits, best_classing

TRENDS = ("ascending", "descending", "peak", "valley", "none")


def pairs_keep(rates: list[float], trend: str, difference: float) -> bool:
    """Whether every step goes as the trend says, by at least the difference; for shapes, around some bin."""
    up = [b - a >= difference - 1e-12 for a, b in itertools.pairwise(rates)]
    down = [a - b >= difference - 1e-12 for a, b in itertools.pairwise(rates)]
    if trend == "none":
        return difference == 0 or all(u or d for u, d in zip(up, down, strict=True))
    if trend in ("ascending", "descending"):
        return all(up if trend == "ascending" else down)
    first, then = (up, down) if trend == "peak" else (down, up)
    return any(all(first[:k]) and all(then[k:]) for k in range(len(rates)))


def by_hand(good: np.ndarray, bad: np.ndarray, totals: tuple[float, float], trend: str, limits: Limits) -> float:
    """Greatest information value over all partitions; −∞ where none keeps the limits."""
    best = -math.inf
    for mask in itertools.product([False, True], repeat=len(good) - 1):
        cuts = [k + 1 for k, opens in enumerate(mask) if opens]
        if not set(limits.fixed) <= set(cuts) or not limits.min_bins <= len(cuts) + 1 <= (limits.max_bins or 99):
            continue
        g, b = (
            np.array([part[a:z].sum() for a, z in itertools.pairwise([0, *cuts, len(good)])]) for part in (good, bad)
        )
        n = g + b
        if not (np.all(g > 0) and np.all(b > 0) and np.all(n >= limits.least) and np.all(n <= limits.most)):
            continue
        if np.any(g < limits.min_good) or np.any(b < limits.min_bad):
            continue
        if not pairs_keep((b / n).tolist(), trend, limits.difference):
            continue
        if limits.max_p_value is not None and any(
            p_value(b[k : k + 2], n[k : k + 2], limits.scale) > limits.max_p_value * (1 + 1e-9)
            for k in range(len(n) - 1)
        ):
            continue
        p, q = g / totals[0], b / totals[1]
        best = max(best, float(np.sum((p - q) * np.log(p / q))))
    return best


def p_value(bad: np.ndarray, count: np.ndarray, scale: float) -> float:
    pooled = bad.sum() / count.sum()
    z = abs(bad[0] / count[0] - bad[1] / count[1]) / math.sqrt(pooled * (1 - pooled) * np.sum(1 / count) / scale)
    return float(2 * stats.norm.sf(z))


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, str, Limits]:
    n = draw(st.integers(2, 9))
    good = np.array(draw(st.lists(st.integers(0, 30), min_size=n, max_size=n)), float)
    bad = np.array(draw(st.lists(st.integers(0, 12), min_size=n, max_size=n)), float)
    good[0] += 1
    bad[-1] += 1
    total = float(good.sum() + bad.sum())
    limits = Limits(
        min_bins=draw(st.sampled_from([1, 1, 2, 3])),
        max_bins=draw(st.sampled_from([None, 2, 3, 4])),
        least=draw(st.sampled_from([0.0, 0.1, 0.25])) * total,
        most=draw(st.sampled_from([math.inf, 0.6 * total])),
        min_good=draw(st.sampled_from([0.0, 5.0])),
        min_bad=draw(st.sampled_from([0.0, 3.0])),
        difference=draw(st.sampled_from([0.0, 0.0, 0.05])),
        max_p_value=draw(st.sampled_from([None, None, 0.2])),
        fixed=draw(st.sampled_from([(), (), (n // 2,)])) if n > 2 else (),
    )
    return good, bad, draw(st.sampled_from(TRENDS)), limits


@pytest.mark.parametrize("enumerated", [0, optimal_classing.ENUMERATED])
def test_no_partition_has_more(enumerated: int) -> None:
    @settings(max_examples=120, deadline=None)
    @given(problems())
    def check(problem: tuple[np.ndarray, np.ndarray, str, Limits]) -> None:
        good, bad, trend, limits = problem
        totals = (float(good.sum()) + 7, float(bad.sum()) + 2)
        optimal_classing._solved.cache_clear()
        best, truth = best_classing(good, bad, totals, trend, limits), by_hand(good, bad, totals, trend, limits)
        if truth == -math.inf:
            assert best.status == INFEASIBLE
            assert math.isnan(best.information_value)
        else:
            assert best.status == OPTIMAL
            assert best.information_value == pytest.approx(truth, abs=1e-9)
            edges = [0, *best.cuts, len(good)]
            g, b = (np.array([part[a:z].sum() for a, z in itertools.pairwise(edges)]) for part in (good, bad))
            assert pairs_keep((b / (g + b)).tolist(), trend, limits.difference)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimal_classing, "ENUMERATED", enumerated)
        check()


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_developers_programme_reaches_the_same(trend: str, weighted: bool) -> None:
    rng = np.random.default_rng(TRENDS.index(trend))
    for _ in range(3):
        size = rng.integers(30, 90, 24).astype(float)
        bad = rng.binomial(size.astype(int), rng.uniform(0.03, 0.4, 24)) + 1.0
        good = size + 1 - np.minimum(bad, size)
        if weighted:
            good, bad = good * rng.uniform(0.5, 2, 24), bad * rng.uniform(0.5, 2, 24)
        totals = (float(good.sum()), float(bad.sum()))
        least = 0.05 * sum(totals)
        own = best_classing(good, bad, totals, trend, Limits(max_bins=5, least=least))
        theirs = exact_cuts(good, bad, trend=trend, limits=DeveloperLimits(max_bins=5, min_count=least))  # type: ignore[arg-type]
        assert own.information_value == pytest.approx(theirs.information_value, abs=1e-9)


COLUMNS = (
    ("taiwan_credit", "DEFAULT", 1, ("LIMIT_BAL", "PAY_AMT1", "AGE", "BILL_AMT3")),
    ("german_credit", "credit_risk", 2, ("credit_amount", "duration_months", "age_years")),
    ("sba_loans", "MIS_Status", "CHGOFF", ("Term", "NoEmp", "CreateJob")),
)


@pytest.mark.parametrize(("name", "outcome", "is_bad", "names"), COLUMNS, ids=[item[0] for item in COLUMNS])
def test_real_columns_have_no_better_classing_than_the_developer_says(
    name: str, outcome: str, is_bad: int | str, names: tuple[str, ...], test_data: Path
) -> None:
    frame = pd.read_csv(test_data / f"{name}.csv.gz", usecols=[outcome, *names], nrows=12_000).dropna()
    y = (frame[outcome] == is_bad).to_numpy(float)
    assert 0.05 < y.mean() < 0.5
    for number, characteristic in enumerate(names):
        x, trend = frame[characteristic].to_numpy(float), TRENDS[number]
        least = 0.05 * len(x)
        sorted_column = numeric_column(x, outcome_rows(y, None)).ordinary
        assert sorted_column is not None
        theirs = exact_classing(sorted_column, trend=trend, limits=DeveloperLimits(max_bins=6, min_count=least))  # type: ignore[arg-type]
        of = column(x, y, np.ones(len(x)), np.ones(len(x), bool))
        fine = of_numbers(of, theirs.cuts.tolist(), (), None)
        best = best_classing(fine.good, fine.bad, of.totals, trend, Limits(max_bins=6, least=least))
        stated = information_value(of, theirs.cuts.tolist())
        assert stated * (1 - 1e-9) <= best.information_value <= stated / (1 - theirs.iv_loss) * (1 + 1e-9)
        merged = of_numbers(of, theirs.cuts.tolist()[1:], (), None)
        again = best_classing(merged.good, merged.bad, of.totals, trend, Limits(max_bins=6, least=least))
        poorer = information_value(of, theirs.cuts.tolist()[1:])
        if poorer < 0.97 * stated:
            assert again.information_value > poorer * 1.01


def test_fine_classes_hold_every_row_and_the_given_edges() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=500).round(2), rng.integers(0, 2, 500).astype(float)
    of = column(x, y, np.ones(500), np.ones(500, bool))
    edges = sorted(rng.choice(of.values[1:], 3, replace=False).tolist())
    fine = of_numbers(of, edges, edges[:1], None)
    assert (fine.good.sum(), fine.bad.sum(), fine.whole) == (np.sum(y == 0), np.sum(y == 1), False)
    opens = [float(fine.name(k)) for k in range(1, len(fine.good))]
    assert set(edges) <= set(opens)
    assert [opens[k - 1] for k in fine.fixed] == edges[:1]
    for k, low, high in zip(range(len(opens) + 1), [-np.inf, *opens], [*opens, np.inf], strict=True):
        assert fine.good[k] == np.sum((x >= low) & (x < high) & (y == 0))
        assert fine.held[k] == sum(edge <= low for edge in edges)
    given = of_numbers(of, edges, (), [*edges, 99.0])
    assert [float(given.name(k)) for k in range(1, len(given.good))] == edges
    assert given.whole


def test_what_is_not_solved_is_told() -> None:
    many = np.ones(optimal_classing.MOST_CLASSES + 1)
    best = best_classing(many, many, (float(len(many)),) * 2, "none", Limits())
    assert (best.status, best.cuts) == (UNSOLVED, ())
    assert "fine classes" in best.method


def test_a_bound_ends_the_search() -> None:
    rng = np.random.default_rng(3)
    good, bad = rng.integers(5, 40, 12).astype(float), rng.integers(1, 9, 12).astype(float)
    totals = (float(good.sum()), float(bad.sum()))
    best = best_classing(good, bad, totals, "peak", Limits(max_bins=4), above=10.0)
    assert best.status in (NO_MORE, OPTIMAL)
    assert best.information_value < 10


def test_categories_go_by_bad_rate_then_text() -> None:
    counts = {"b": (8.0, 2.0), "a": (4.0, 1.0), "c": (9.0, 1.0), "x": (1.0, 0.0), "y": (1.0, 1.0), "z": (3.0, 3.0)}
    assert order_of(counts, 3.0, [("z", "gone")]) == [("c",), ("a",), ("b",), ("x", "y"), ("z",)]
    fine = of_groups([("c",), ("a",), ("b",)], counts, [["c"], ["a", "b"]])
    assert fine.held.tolist() == [0, 1, 1]
    assert fine.good.tolist() == [9, 4, 8]
    assert fine.name(1) == "a"
    held = of_groups([("c",), ("a",), ("b",)], counts, [["c", "a"], ["b"]], fixed=("b",), candidates=())
    assert held.good.tolist() == [13, 8]
    assert held.fixed == (1,)
