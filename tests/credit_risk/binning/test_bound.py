"""The bound of the information value, against the optimum with every distinct value a candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.bound import Bound, upper_bound
from credit_risk.binning.classing import Trend, class_categorical, class_numeric
from credit_risk.binning.envelope import Points, extreme_woe, path_points, with_marks
from credit_risk.binning.exact import exact_cuts
from credit_risk.binning.limits import TREND_NAMES, Limits, TrendName
from credit_risk.binning.override_spec import FixWoe, Merge
from credit_risk.binning.overrides import apply_overrides
from credit_risk.binning.refine import exact_classing, lost_share
from credit_risk.binning.relaxed import _divergence
from credit_risk.binning.report import summary_frame
from credit_risk.binning.sorted_column import SortedColumn, sorted_column
from credit_risk.binning.spec import CharacteristicSpec, ClassingSpec
from credit_risk.binning.table import BinningTable

NONE = np.empty(0)
ROUNDING = 1e-9


def totals_of(column: SortedColumn) -> tuple[float, float]:
    good, bad = column.counts(NONE)
    return float(good[0]), float(bad[0])


def bound_of(column: SortedColumn, trend: TrendName, limits: Limits, **options: Any) -> Bound | None:
    totals, fixed = options.get("totals", totals_of(column)), options.get("fixed", NONE)
    return upper_bound(column, path_points(column), trend, limits, totals, fixed)


def optimum(column: SortedColumn, trend: TrendName, limits: Limits, **options: Any) -> float:
    """With every distinct value a candidate; NaN where the limits cannot be kept."""
    values = np.unique(column.values)
    cuts = tuple(int(i) for i in np.searchsorted(values, options.get("fixed", NONE)))
    limits = replace(limits, fixed_cuts=cuts)
    totals = options.get("totals")
    return exact_cuts(*column.counts(values[1:]), trend=trend, limits=limits, totals=totals).information_value


@st.composite
def problems(draw: st.DrawFn) -> tuple[SortedColumn, np.ndarray]:
    """Columns of 8 to 90 rows: distinct, rounded, spiked or of few values; without weights, with, or with some of 0."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, kind, weighted = draw(st.integers(8, 90)), draw(st.integers(0, 3)), draw(st.integers(0, 2))
    x = rng.normal(size=n)
    if kind == 1:
        x = x.round(1)
    elif kind == 2:
        x[rng.random(n) < 0.4] = rng.choice([-1.0, 0.0, 1.0])
    elif kind == 3:
        x = rng.integers(0, 12, n).astype(float)
    line = rng.normal() * x + 0.5 * rng.normal() * (x**2 - 1) + rng.choice([-2.2, -0.8, 0.4])
    y = (rng.random(n) < 1 / (1 + np.exp(-line))).astype(int)
    y[:2] = 0, 1
    weights = (None, rng.uniform(0.1, 3, n), rng.choice([0.0, 1.0, 2.0], n))[weighted]
    if weights is not None:
        weights[:2] = 1.0
    return sorted_column(x, y, weights), np.unique(x)


@given(problems(), st.sampled_from(TREND_NAMES), st.sampled_from([None, 1, 2, 3, 5]), st.floats(0, 0.3), st.data())
@settings(max_examples=150, deadline=None)
def test_no_classing_exceeds_the_bound(
    problem: tuple[SortedColumn, np.ndarray], trend: TrendName, most: int | None, share: float, data: st.DataObject
) -> None:
    column, values = problem
    good, bad = totals_of(column)
    totals = (good + data.draw(st.sampled_from([0.0, 7.0])), bad + data.draw(st.sampled_from([0.0, 3.0])))
    limits = Limits(max_bins=most, min_count=share * sum(totals))
    fixed = NONE
    if most != 1 and len(values) > 2 and data.draw(st.booleans()):
        fixed = np.array([data.draw(st.sampled_from(values[1:].tolist()))])
    best = optimum(column, trend, limits, totals=totals, fixed=fixed)
    bound = bound_of(column, trend, limits, totals=totals, fixed=fixed)
    assert bound is not None
    if np.isnan(best):
        assert bound.reached == -np.inf
        return
    assert best <= bound.value * (1 + ROUNDING) + 1e-12
    assert bound.reached <= best * (1 + ROUNDING) + 1e-12


@pytest.mark.parametrize("trend", TREND_NAMES)
def test_no_classing_exceeds_the_bound_where_bins_are_as_light_as_they_may_be(trend: TrendName) -> None:
    """Weighted rows and a fifth of them the least: cuts lie that weight from one another, in rounded sums."""
    for seed in range(25):
        rng = np.random.default_rng(seed)
        x, w = rng.normal(size=150), rng.uniform(0.1, 3, 150)
        y = (rng.random(150) < 1 / (1 + np.exp(1 - rng.normal() * x - 0.5 * rng.normal() * (x**2 - 1)))).astype(int)
        column = sorted_column(x, y, w)
        limits = Limits(max_bins=4, min_count=0.2 * float(w.sum()))
        bound, best = bound_of(column, trend, limits), optimum(column, trend, limits)
        assert bound is not None
        assert np.isnan(best) or bound.reached * (1 - ROUNDING) <= best + 1e-12
        assert np.isnan(best) or best <= bound.value * (1 + ROUNDING) + 1e-12


def test_places_between_those_beside_bads_are_not_forgotten() -> None:
    """Bins that would lack goods are taken away; the best cut lies in the middle of goods, five rows from the left."""
    outcome = [0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0]
    values = [*range(13), 13, 13, 13, 13, 13, 13, 14]
    column = sorted_column(values, outcome)
    limits = Limits(max_bins=4, min_count=1.1)
    bound, best = (
        bound_of(column, "peak", limits, totals=(8.0, 14.0)),
        optimum(column, "peak", limits, totals=(8.0, 14.0)),
    )
    assert best == pytest.approx(0.98598212)
    assert bound is not None
    assert bound.reached <= best * (1 + ROUNDING)
    assert bound.value >= best * (1 - ROUNDING)


def risky(kind: str, n: int, seed: int, rate: float = 0.06) -> SortedColumn:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    if kind == "spiked":
        x = np.where(rng.random(n) < 0.4, 0.0, rng.gamma(1, 1, n))
    line = {"rising": 0.5 * x, "bent": 0.5 * (x**2 - 1), "weak": 0.1 * x, "spiked": 0.5 * x}[kind]
    y = (rng.random(n) < 1 / (1 + np.exp(-line) * (1 / rate - 1))).astype(int)
    return sorted_column(x, y, rng.uniform(0.5, 2, n) if seed % 2 else None)


@pytest.mark.parametrize(
    ("kind", "trend"),
    [
        ("rising", "ascending"),
        ("rising", "descending"),
        ("rising", "none"),
        ("bent", "valley"),
        ("bent", "peak"),
        ("weak", "ascending"),
        ("weak", "peak"),
        ("spiked", "ascending"),
        ("spiked", "valley"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_bound_is_reached_and_so_the_optimum_proved(kind: str, trend: TrendName, seed: int) -> None:
    """Usual samples and limits: nothing is left between the classing and the bound, over all distinct values."""
    column = risky(kind, 30_000, seed)
    answer = exact_classing(column, trend=trend, limits=Limits(max_bins=6, min_count=0.05 * sum(totals_of(column))))
    assert answer.iv_loss == 0.0
    assert answer.rounds == 0 or trend == "none"


@pytest.mark.parametrize(("kind", "trend"), [("rising", "ascending"), ("bent", "valley"), ("weak", "none")])
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_the_classing_of_a_column_is_the_optimum_over_all_distinct_values(
    kind: str, trend: TrendName, seed: int
) -> None:
    column = risky(kind, 700, seed, rate=0.2)
    limits = Limits(max_bins=5, min_count=0.06 * sum(totals_of(column)))
    answer = exact_classing(column, trend=trend, limits=limits)
    assert answer.information_value == pytest.approx(optimum(column, trend, limits), rel=1e-9)
    assert answer.iv_loss == 0.0


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_bins=4, min_count=40, min_bins=4),
        Limits(max_bins=5, min_count=40, min_bad=25),
        Limits(max_bins=5, min_count=40, min_rate_difference=0.05),
        Limits(max_bins=5, min_count=40, max_p_value=0.05),
        Limits(max_bins=5, max_count=260),
    ],
)
def test_with_other_limits_the_optimum_is_found_and_its_bound_holds(limits: Limits) -> None:
    column = risky("rising", 700, 2, rate=0.25)
    answer = exact_classing(column, trend="ascending", limits=limits)
    best = optimum(column, "ascending", limits)
    assert answer.information_value == pytest.approx(best, rel=1e-9)
    assert answer.upper_bound >= best * (1 - ROUNDING)


def test_a_trend_chosen_by_value_is_bounded_by_all_that_were_tried() -> None:
    column = risky("weak", 3000, 4)
    limits = Limits(max_bins=5, min_count=150)
    answer = exact_classing(column, trend="auto_monotonic", limits=limits)
    both = [bound_of(column, trend, limits) for trend in ("ascending", "descending")]
    assert answer.upper_bound == pytest.approx(max(b.value for b in both if b is not None))
    assert dict(answer.candidates)[answer.result.trend] == max(dict(answer.candidates).values())


def test_without_a_bound_the_loss_is_not_told() -> None:
    """Bins that may lack goods or bads have none."""
    column = risky("rising", 5000, 2)
    assert bound_of(column, "ascending", Limits(zero_cell=0.5)) is None
    answer = exact_classing(column, trend="ascending", limits=Limits(max_bins=5, min_count=250, zero_cell=0.5))
    assert answer.result.optimal
    assert np.isnan(answer.iv_loss)


def test_fixed_values_outside_the_column_bind_nothing_in_the_bound() -> None:
    column = risky("rising", 3000, 2)
    limits = Limits(max_bins=5, min_count=150)
    free = bound_of(column, "ascending", limits)
    outside = bound_of(column, "ascending", limits, fixed=np.array([-99.0, 99.0]))
    between = bound_of(column, "ascending", limits, fixed=np.array([0.123456789]))
    assert free is not None
    assert outside == replace(free, places=outside.places) if outside is not None else False
    assert between is not None
    assert between.value < free.value


def test_share_that_is_lost() -> None:
    assert lost_share(0.9, 1.0) == pytest.approx(0.1)
    assert lost_share(1 - 1e-12, 1.0) == 0.0
    assert lost_share(0.0, 0.0) == 0.0
    assert np.isnan(lost_share(1.0, float("nan")))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=2, max_size=40))
@settings(max_examples=150, deadline=None)
def test_no_bin_with_both_classes_has_a_weight_of_evidence_beyond_the_extremes(counts: list[tuple[int, int]]) -> None:
    good, bad = (np.array(part) for part in zip(*counts, strict=True))
    if good.sum() == 0 or bad.sum() == 0:
        return
    x = np.repeat(np.arange(len(counts)), good + bad)
    y = np.concatenate([np.repeat([0, 1], pair) for pair in counts])
    low, high = extreme_woe(path_points(sorted_column(x, y)), (float(good.sum()), float(bad.sum())), 1.0)
    for start in range(len(counts)):
        for end in range(start + 1, len(counts) + 1):
            g, b = good[start:end].sum(), bad[start:end].sum()
            if g and b:
                assert low - 1e-9 <= np.log(g / good.sum() / (b / bad.sum())) <= high + 1e-9


def test_value_beyond_the_extremes_is_the_tangent() -> None:
    """Where goods or bads vanish it stays finite, below the divergence and convex."""
    bad = np.linspace(1e-6, 0.5, 400)
    good = np.full(400, 0.3)
    value, plain = _divergence(good, bad, (-0.4, 1.2)), (good - bad) * np.log(good / bad)
    inside = (np.log(good / bad) <= 1.2) & (np.log(good / bad) >= -0.4)
    np.testing.assert_allclose(value[inside], plain[inside])
    assert np.all(value <= plain + 1e-12)
    assert np.all(np.diff(value, 2) >= -1e-12)
    assert np.isfinite(_divergence(np.array([0.0, 0.2]), np.array([0.3, 0.0]), (-0.4, 1.2))).all()


@given(st.lists(st.integers(0, 30), min_size=3, max_size=60), st.lists(st.floats(0.1, 70), max_size=5))
@settings(max_examples=80, deadline=None)
def test_marks_are_the_places_next_to_a_weight(values: list[int], marks: list[float]) -> None:
    y = np.arange(len(values)) % 3 == 0
    column = sorted_column(values, y)
    path: Points = with_marks(column, path_points(column), np.array(marks, float))
    openings = [i for i in range(len(values) + 1) if i in (0, len(values)) or column.values[i] != column.values[i - 1]]
    assert set(path.places) <= set(openings)
    np.testing.assert_array_equal(path.count, path.places)
    for mark in marks:
        assert max(i for i in openings if i <= mark) in path.places
        assert min((i for i in openings if i >= mark), default=len(values)) in path.places


# ------------------------------------------------------------------------------------------------- what tables tell
def sample(seed: int, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, (rng.random(n) < 1 / (1 + np.exp(1.5 - 0.8 * x))).astype(float)


def value_of_intervals(table: BinningTable) -> float:
    return float(table.result.information_value[table.regular].sum())


def test_tables_tell_what_may_be_lost() -> None:
    """The exact engine proves its optimum; optbinning's classes and the plan's candidates lose against it."""
    x, y = sample(1)
    exact = class_numeric("x", x, y, settings=ClassingSpec(trend="auto_monotonic"))
    assert exact.iv_loss == 0.0
    declared = Trend(exact.trend, "plan")
    other = class_numeric("x", x, y, settings=ClassingSpec(engine="optbinning"), trend=declared)
    own = {"x": CharacteristicSpec(candidate_splits=(-1.0, 0.0, 1.0))}
    few = class_numeric("x", x, y, settings=ClassingSpec(characteristics=own), trend=declared)
    for table in (other, few):
        lost = 1 - value_of_intervals(table) / value_of_intervals(exact)
        assert lost > 0.001
        assert table.iv_loss == pytest.approx(lost, rel=1e-9)
    summary = summary_frame({"few": few, "exact": exact})
    assert summary["information_value_loss"].tolist() == [0.0, few.iv_loss]
    assert "0 is the proved optimum" in summary.attrs["notes"][0]


def test_nothing_is_told_where_there_is_no_classing_to_speak_of() -> None:
    _, y = sample(2)
    empty = class_numeric("x", np.full(len(y), np.nan), y, settings=ClassingSpec())
    assert empty.iv_loss is None
    assert summary_frame({"x": empty})["information_value_loss"].isna().all()


def test_categories_lose_nothing_in_their_order() -> None:
    rng = np.random.default_rng(3)
    values = rng.choice(list("abcdefgh"), 3000)
    y = (rng.random(3000) < np.where(values < "d", 0.1, 0.3)).astype(float)
    assert class_categorical("c", values.astype(object), y, settings=ClassingSpec()).iv_loss == 0.0


def test_after_a_change_by_hand_or_on_other_rows_the_loss_is_unknown() -> None:
    x, y = sample(4)
    table = class_numeric("x", x, y, settings=ClassingSpec())
    edge = next(b.lower for b in table.bins if b.lower is not None)
    by = {"characteristic": "x", "reason": "policy", "author": "A. Risk"}
    label = table.bins[0].label
    changes = (Merge(operation="merge", edge=edge, **by), FixWoe(operation="fix_woe", bin=label, woe=1.0, **by))
    found = [
        apply_overrides(table, [change], x, y, np.ones(len(y)), settings=ClassingSpec()).table for change in changes
    ]
    assert [one.iv_loss for one in found] == [None, 0.0]
    assert table.recount(x[:2000], y[:2000]).iv_loss is None
