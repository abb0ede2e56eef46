"""Cut-off curves and the best cut-off against counts by hand, loops over rows, and simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.best_cut_off import Aim, best_cut_off, best_cut_off_table, resampled_cut_offs
from credit_risk.strategy.cut_offs import CUT_OFF_COLUMNS, cut_off_table, cut_offs_of

SCORE = [500.0, 520, 520, 540, 560, 580, 600, 600]
Y = [1.0, 1, 0, 1, 0, 0, 0, 0]


def drawn(rows: int = 400, seed: int = 1, ties: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.normal(550, 30, rows)
    y = (rng.random(rows) < 1 / (1 + np.exp((score - 530) / 20))).astype(float)
    return np.round(score) if ties else score, y, rng.uniform(0.5, 3, rows), rng.integers(1, 40, rows) * 100.0


def test_counts_by_hand() -> None:
    one = Applicants(SCORE, Y, good=10.0, bad=40.0)
    table = cut_off_table({"s": one}, [500, 540, 700.0], declared=530.0)
    assert list(table.columns) == CUT_OFF_COLUMNS
    assert table["cut_off"].tolist() == [500, 530, 540, 700]
    assert table["declared"].tolist() == [False, True, False, False]
    assert table["accepted"].tolist() == [8, 5, 5, 0]
    assert table["acceptance_rate"].tolist() == [1.0, 0.625, 0.625, 0.0]
    assert table["bad"].tolist() == [3, 1, 1, 0]
    assert table["bad_rate"].tolist()[:3] == [0.375, 0.2, 0.2]
    assert pd.isna(table["bad_rate"][3])
    assert table["bads_avoided"].tolist() == pytest.approx([0, 2 / 3, 2 / 3, 1])
    assert table["goods_declined"].tolist() == pytest.approx([0, 0.2, 0.2, 1])
    assert table["profit"].tolist() == pytest.approx([(50 - 120) / 8, (40 - 40) / 8, 0, 0])
    lower, upper = wilson_interval([1.0], [5.0])
    assert table.loc[1, ["bad_rate_lower", "bad_rate_upper"]].tolist() == pytest.approx([lower[0], upper[0]])


def test_unknown_outcomes_count_for_acceptance_and_for_nothing_else() -> None:
    y = [1.0, 1, 0, None, np.nan, 0, 0, 0]
    row = cut_off_table({"s": Applicants(SCORE, y, good=1.0, bad=1.0)}, [520.0]).iloc[0]
    assert (row["accepted"], row["known"], row["bad"]) == (7, 5, 1)
    assert row["bad_rate"] == 0.2
    assert pd.isna(row["profit"])  # never inferred


def test_cut_offs_of_equal_parts() -> None:
    assert cut_offs_of(np.arange(1.0, 101), 4).tolist() == [1, 26, 51, 76]
    assert cut_offs_of(SCORE, 2).tolist() == [500, 560]
    assert cut_offs_of([1.0, 2, 3], 3, [8.0, 1, 1]).tolist() == [1, 2]
    score, _, w, _ = drawn()
    for part in range(1, 10):
        point = cut_offs_of(score, 10, w)[part]
        assert np.sum(w[score < point]) >= part / 10 * w.sum() > np.sum(w[score < score[score < point].max()])


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_curves_fall_and_rise_as_they_must_and_doubled_rows_are_weights_of_two(seed: int) -> None:
    score, y, _, amount = drawn(120, seed)
    times = np.random.default_rng(seed).integers(1, 4, len(score))
    points = cut_offs_of(score, 7)
    weighted = Applicants(score, y, times.astype(float), good=0.1 * amount, bad=amount)
    longer = Applicants(
        *(np.repeat(x, times) for x in (score, y)), good=np.repeat(0.1 * amount, times), bad=np.repeat(amount, times)
    )
    one, two = (cut_off_table({"s": each}, points) for each in (weighted, longer))
    for column in ("acceptance_rate", "bad_rate", "bads_avoided", "goods_declined", "profit"):
        assert one[column].astype(float).to_numpy() == pytest.approx(two[column].astype(float).to_numpy(), nan_ok=True)
    assert (np.diff(one["acceptance_rate"]) <= 0).all()
    assert (np.diff(one["bads_avoided"]) >= 0).all()
    assert (one["bad_rate_lower"].dropna() <= one["bad_rate"].dropna()).all()


def test_weights_of_one_are_no_weights() -> None:
    score, y, _, amount = drawn()
    plain, ones = (Applicants(score, y, w, good=amount, bad=2.0) for w in (None, np.ones(len(y))))
    points = cut_offs_of(score, 12)
    pd.testing.assert_frame_equal(cut_off_table({"s": plain}, points), cut_off_table({"s": ones}, points))


def test_profit_has_the_error_of_a_mean_and_that_of_cluster_sums() -> None:
    score, y, w, amount = drawn()
    value = np.where(score >= 545, np.where(y == 1, -amount, 0.1 * amount), 0.0)
    one = Applicants(score, y, good=0.1 * amount, bad=amount)
    row = cut_off_table({"s": one}, [545.0]).iloc[0]
    half = 1.959963984540054 * value.std(ddof=1) / np.sqrt(len(y))
    assert [row["profit_lower"], row["profit_upper"]] == pytest.approx([value.mean() - half, value.mean() + half])
    codes = np.repeat(np.arange(len(y) // 2), 2)
    twice = Applicants(
        np.repeat(score, 2),
        np.repeat(y, 2),
        good=np.repeat(0.1 * amount, 2),
        bad=np.repeat(amount, 2),
        clusters=np.repeat(np.arange(len(y)), 2),
    )
    both = cut_off_table({"s": twice}, [545.0]).iloc[0]
    for column in CUT_OFF_COLUMNS[5:]:
        if column not in ("known", "bad"):  # each row doubled within its cluster tells nothing more
            assert both[column] == pytest.approx(row[column], rel=2e-2 if "_" in column else 1e-12), column
    assert len(codes) == len(y)
    assert w.min() > 0


def test_profit_interval_holds_its_level() -> None:
    rng = np.random.default_rng(8)
    inside, truth = 0, 0.0
    big = drawn(400_000, 77, ties=False)
    truth = float(np.where(big[0] >= 545, np.where(big[1] == 1, -900.0, 100.0), 0.0).mean())
    for _ in range(400):
        score, y, _, _ = drawn(300, int(rng.integers(1 << 30)), ties=False)
        row = cut_off_table({"s": Applicants(score, y, good=100.0, bad=900.0)}, [545.0]).iloc[0]
        inside += bool(row["profit_lower"] <= truth <= row["profit_upper"])
    assert 0.92 <= inside / 400 <= 0.975


AIMS = [Aim("maximum_profit"), Aim("bad_rate_at_most", 0.2), Aim("acceptance_at_least", 0.6)]


def by_brute_force(score: np.ndarray, y: np.ndarray, w: np.ndarray, profit: np.ndarray, aim: Aim) -> float:
    told = []
    for cut in np.unique(score):
        inside = score >= cut
        rate = np.sum(w[inside] * y[inside]) / np.sum(w[inside])
        told.append((cut, np.sum(w[inside]) / w.sum(), rate, np.sum(w[inside] * profit[inside])))
    frame = pd.DataFrame(told, columns=["cut", "acceptance", "rate", "profit"])
    if aim.kind == "maximum_profit":
        return float(frame.loc[frame["profit"].idxmax(), "cut"])
    if aim.kind == "bad_rate_at_most":
        return float(frame.loc[frame["rate"] <= aim.limit, "cut"].min())
    return float(frame.loc[frame["acceptance"] >= aim.limit, "cut"].max())


@pytest.mark.parametrize("aim", AIMS, ids=lambda aim: aim.kind)
@pytest.mark.parametrize("ties", [True, False])
def test_best_cut_off_is_that_of_a_loop(aim: Aim, ties: bool) -> None:
    for seed in range(5):
        score, y, w, amount = drawn(300, seed, ties)
        profit = np.where(y == 1, -0.6 * amount, 0.15 * amount)
        found = best_cut_off(Applicants(score, y, w, good=0.15 * amount, bad=0.6 * amount), aim)
        assert found is not None
        assert found[0] == by_brute_force(score, y, w, profit, aim)


def test_no_cut_off_where_none_reaches_the_aim() -> None:
    ruined = Applicants(SCORE, Y, good=0.0, bad=1.0)
    assert best_cut_off(Applicants(SCORE, [0.0, 1, 0, 1, 0, 0, 1, 1]), Aim("bad_rate_at_most", 0.01)) is None
    assert best_cut_off(Applicants(SCORE, [0.0] * 7 + [1.0], good=1.0, bad=1e6), Aim("maximum_profit")) is None
    assert best_cut_off(ruined, Aim("maximum_profit")) is None
    table = best_cut_off_table(
        {"s": ruined}, Aim("maximum_profit"), declared=None, replicates=50, generator=np.random.default_rng(0)
    )
    assert pd.isna(table.loc[0, "cut_off"])
    assert table.loc[0, "rows"] == 8


def test_resamples_are_those_of_rows_drawn_and_sorted_again() -> None:
    score, y, w, amount = drawn(150, 3)
    one = Applicants(score, y, w, good=0.15 * amount, bad=0.6 * amount)
    for aim in AIMS:
        found = resampled_cut_offs(one, aim, 60, np.random.default_rng(4))
        rng = np.random.default_rng(4)
        for value in found:
            rows = rng.integers(0, 150, 150)
            again = best_cut_off(
                Applicants(score[rows], y[rows], w[rows], good=0.15 * amount[rows], bad=0.6 * amount[rows]), aim
            )
            assert (np.isnan(value) and again is None) or (again is not None and value == again[0])


def test_the_best_of_development_is_judged_on_the_others() -> None:
    parts = {}
    for seed, name in enumerate(("development", "out_of_sample")):
        score, y, w, amount = drawn(600, seed)
        parts[name] = Applicants(score, y, w, good=0.15 * amount, bad=0.6 * amount)
    table = best_cut_off_table(
        parts, AIMS[0], declared=540.0, replicates=100, generator=np.random.default_rng(1)
    ).set_index(["basis", "sample"])
    chosen = best_cut_off(parts["development"], AIMS[0])
    assert chosen is not None
    held = table.loc[("best on development", "out_of_sample")]
    assert held["cut_off"] == chosen[0]
    assert held["own_value"] >= held["profit"]
    assert held["profit"] == pytest.approx(cut_off_table({"o": parts["out_of_sample"]}, [chosen[0]])["profit"][0])
    assert held["cut_off_lower"] <= chosen[0] <= held["cut_off_upper"]
    assert table.loc[("declared", "development"), "cut_off"] == 540.0


WRONG = [
    ({"score": [1.0, 2], "y": [0.0, 2]}, "outcome_code"),
    ({"score": [1.0, np.nan], "y": [0.0, 1]}, "missing"),
    ({"score": [1.0, 2], "y": [np.nan, np.nan]}, "missing"),
    ({"score": [1.0, 2], "y": [0.0, 1, 1]}, "length"),
    ({"score": [1.0, 2], "y": [0.0, 1], "weights": [1.0, 0.0]}, "weight"),
    ({"score": [1.0, 2], "y": [0.0, 1], "weights": [1.0, -1.0]}, "weight"),
    ({"score": [1.0, 2], "y": [0.0, 1], "good": 1.0}, "missing"),
    ({"score": [1.0, 2], "y": [0.0, 1], "good": -1.0, "bad": 1.0}, "range"),
    ({"score": [1.0, 2], "y": [0.0, 1], "good": 1.0, "bad": [1.0, np.nan]}, "missing"),
]


@pytest.mark.parametrize(("arguments", "code"), WRONG)
def test_wrong_arrays_are_refused(arguments: dict[str, object], code: str) -> None:
    with pytest.raises(CreditRiskError) as caught:
        Applicants(**arguments)  # type: ignore[arg-type]
    assert code in {fault.code for fault in caught.value.faults}


def test_all_faults_at_once() -> None:
    with pytest.raises(CreditRiskError) as caught:
        Applicants([1.0, np.nan], [0.0, 3], [0.0, 1], good=-1.0, bad=2.0)
    assert {fault.code for fault in caught.value.faults} == {"missing", "outcome_code", "weight", "range"}


def test_constant_scores_and_cut_offs_that_are_no_numbers_are_refused() -> None:
    flat = Applicants([5.0, 5], [0.0, 1])
    with pytest.raises(CreditRiskError, match="constant"):
        best_cut_off(flat, Aim("acceptance_at_least", 0.5))
    with pytest.raises(CreditRiskError, match="cut_offs"):
        cut_off_table({"s": flat}, [np.nan])
    with pytest.raises(CreditRiskError, match="not evaluable"):
        best_cut_off(Applicants(SCORE, Y), Aim("maximum_profit"))


def test_one_class_is_told_and_not_refused() -> None:
    row = cut_off_table({"s": Applicants([1.0, 2, 3], [0.0, 0, 0])}, [2.0]).iloc[0]
    assert row["bad_rate"] == 0.0
    assert pd.isna(row["bads_avoided"])
