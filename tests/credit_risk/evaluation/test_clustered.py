"""AUC and KS of clustered rows: against the formula read literally, a bootstrap of clusters, and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.area_under_curve import (
    CONSTANT,
    SCORE,
    TOO_FEW,
    auc,
    delong_difference,
    delong_interval,
    placements,
)
from credit_risk.evaluation.clustered import (
    CLUSTERED_LOGIT,
    cluster_codes,
    clustered_auc_difference,
    clustered_auc_interval,
    clustered_ks,
    repeated,
)
from credit_risk.evaluation.discrimination import comparison_table, discrimination_table
from credit_risk.evaluation.kolmogorov_smirnov import ks

rows_ = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 5), st.floats(0.1, 5.0)), min_size=8, max_size=60
)


def world(seed: int, clusters: int = 60, rows: int = 6, shift: float = 1.0) -> tuple[np.ndarray, ...]:
    """An obligor has an effect on its risk and another on its outcome: both classes occur inside clusters."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(clusters), rows)
    level = rng.normal(size=clusters)
    y = (rng.normal(size=len(code)) + 1.2 * level[code] > 1.0).astype(float)
    risk = shift * y + 1.0 * rng.normal(size=clusters)[code] + 0.5 * level[code] + rng.normal(size=len(code))
    return y, np.round(risk, 2), code


def literal_variance(y: np.ndarray, risk: np.ndarray, code: np.ndarray) -> float:
    """Obuchowski (1997), section 2, term by term."""
    bads, goods = risk[y == 1], risk[y == 0]
    m, n = len(bads), len(goods)
    v10 = np.array([np.mean((b > goods) + 0.5 * (b == goods)) for b in bads])
    v01 = np.array([np.mean((bads > g) + 0.5 * (bads == g)) for g in goods])
    area = v10.mean()
    s10 = s01 = s11 = 0.0
    names = sorted(set(code.tolist()))
    for name in names:
        of_bads, of_goods = v10[code[y == 1] == name], v01[code[y == 0] == name]
        a, b = of_bads.sum() - len(of_bads) * area, of_goods.sum() - len(of_goods) * area
        s10, s01, s11 = s10 + a * a, s01 + b * b, s11 + a * b
    i10, i01, i = len(set(code[y == 1])), len(set(code[y == 0])), len(names)
    s10, s01, s11 = i10 / ((i10 - 1) * m) * s10, i01 / ((i01 - 1) * n) * s01, i / (i - 1) * s11
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@pytest.mark.parametrize("seed", range(6))
def test_variance_is_the_published_formula(seed: int) -> None:
    y, risk, code = world(seed, clusters=25, rows=5)
    found = clustered_auc_interval(y, risk, [f"obligor {k}" for k in code])
    assert found.method == CLUSTERED_LOGIT
    assert found.auc == auc(y, risk)
    assert found.standard_error**2 == pytest.approx(literal_variance(y, risk, code), rel=1e-10)
    half = 1.959963984540054 * found.standard_error / (found.auc * (1 - found.auc))
    assert math.log(found.upper / (1 - found.upper)) - math.log(found.auc / (1 - found.auc)) == pytest.approx(half)


@given(rows_, st.booleans())
@settings(max_examples=120)
def test_clusters_of_one_row_are_delong(rows: list[tuple[bool, int, int, float]], weighted: bool) -> None:
    y = np.array([float(bad) for bad, *_ in rows])
    if not 2 <= y.sum() <= len(y) - 2:
        return
    risk, other = (np.array([row[k] for row in rows], float) for k in (1, 2))
    w = np.array([row[3] for row in rows]) if weighted else None
    alone = np.random.default_rng(1).permutation(len(y))
    plain, found = delong_interval(y, risk, w), clustered_auc_interval(y, risk, alone, w)
    assert found.auc == plain.auc
    if plain.method not in (SCORE, CONSTANT):
        assert found.standard_error == pytest.approx(plain.standard_error, rel=1e-9, abs=1e-12)
        assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper), rel=1e-9, nan_ok=True)
    difference, same = delong_difference(y, risk, other, w), clustered_auc_difference(y, risk, other, alone, w)
    assert same.difference == difference.difference
    assert same.standard_error == pytest.approx(difference.standard_error, rel=1e-9, abs=1e-9)
    if not weighted:
        assert clustered_ks(y, risk, alone) == ks(y, risk)


def test_copies_of_a_sample_tell_nothing_new() -> None:
    y, risk, _ = world(3, clusters=200, rows=1)
    three = np.repeat(np.arange(len(y)), 3)
    once, copied = delong_interval(y, risk), clustered_auc_interval(y[three], risk[three], three)
    assert copied.standard_error == pytest.approx(once.standard_error, rel=1e-9)
    assert delong_interval(y[three], risk[three]).standard_error < 0.6 * once.standard_error
    alone, far = ks(y, risk), clustered_ks(y[three], risk[three], three)
    assert far.standard_error == pytest.approx(alone.standard_error, rel=1e-9)
    assert far.p_value == pytest.approx(alone.p_value, rel=1e-9)
    assert far.lower == pytest.approx(alone.lower, rel=1e-9)


def test_standard_errors_agree_with_a_bootstrap_of_clusters() -> None:
    y, risk, code = world(11, clusters=150, rows=6)
    other = risk + np.random.default_rng(2).normal(size=150)[code]
    rng = np.random.default_rng(4)
    where = [np.flatnonzero(code == k) for k in range(150)]
    areas, differences, gaps = [], [], []
    for _ in range(500):
        rows = np.concatenate([where[k] for k in rng.integers(0, 150, 150)])
        areas.append(auc(y[rows], risk[rows]))
        differences.append(auc(y[rows], other[rows]) - areas[-1])
        gaps.append(ks(y[rows], risk[rows]).statistic)
    assert clustered_auc_interval(y, risk, code).standard_error == pytest.approx(np.std(areas), rel=0.1)
    found = clustered_auc_difference(y, risk, other, code)
    assert found.standard_error == pytest.approx(np.std(differences), rel=0.1)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.difference) / found.standard_error))
    assert clustered_ks(y, risk, code).standard_error == pytest.approx(np.std(gaps), rel=0.2)


def test_intervals_cover_where_rows_are_clustered_and_those_of_independent_rows_do_not() -> None:
    """500 worlds of 60 clusters of 6 rows. Binomial error of a share of 500 at 95 %: 1 point."""
    y, risk, _ = world(999, clusters=150_000)
    truth, gap = auc(y, risk), ks(y, risk).statistic
    inside = dict.fromkeys(("clustered", "independent", "clustered ks"), 0)
    for seed in range(500):
        y, risk, code = world(seed)
        found, plain, far = clustered_auc_interval(y, risk, code), delong_interval(y, risk), clustered_ks(y, risk, code)
        inside["clustered"] += int(found.lower <= truth <= found.upper)
        inside["independent"] += int(plain.lower <= truth <= plain.upper)
        inside["clustered ks"] += int(far.lower <= gap <= far.upper)
    assert 0.925 <= inside["clustered"] / 500 <= 0.975
    assert inside["independent"] / 500 < 0.90
    assert inside["clustered ks"] / 500 >= 0.94


def test_the_paired_test_keeps_its_size() -> None:
    rejected = {"clustered": 0, "independent": 0}
    for seed in range(400):
        y, risk, code = world(seed, clusters=80, rows=5)
        rng = np.random.default_rng(5000 + seed)
        a, b = (risk + rng.normal(size=80)[code] for _ in range(2))
        rejected["clustered"] += int(clustered_auc_difference(y, a, b, code).p_value < 0.05)
        rejected["independent"] += int(delong_difference(y, a, b).p_value < 0.05)
    assert 0.025 <= rejected["clustered"] / 400 <= 0.085
    assert rejected["independent"] / 400 > 0.12


def test_the_test_of_ks_keeps_its_size() -> None:
    """Risk that depends on the obligor only, outcome that does too, independent of each other."""
    rejected = {"clustered": 0, "independent": 0}
    for seed in range(400):
        y, _, code = world(seed, clusters=80, rows=6)
        risk = np.random.default_rng(7000 + seed).normal(size=80)[code]
        rejected["clustered"] += int(clustered_ks(y, risk, code).p_value < 0.05)
        rejected["independent"] += int(ks(y, risk).p_value < 0.05)
    assert rejected["clustered"] / 400 <= 0.08
    assert rejected["independent"] / 400 > 0.2


def test_what_cannot_be_estimated_is_stated() -> None:
    y, risk = np.array([1.0, 1, 0, 0, 0]), np.array([2.0, 3, 1, 2, 0])
    one = clustered_auc_interval(y, risk, ["a", "a", "b", "c", "d"])
    assert one.method.startswith(TOO_FEW)
    assert math.isnan(one.lower)
    perfect = clustered_auc_interval(y, [5, 6, 1, 1, 1], ["a", "a", "b", "c", "d"])
    assert (perfect.auc, perfect.method) == (1.0, SCORE)
    assert perfect.lower < delong_interval(y, [5, 6, 1, 1, 1]).lower  # 1 cluster with bads, not 2 bads
    assert math.isnan(clustered_auc_difference(y, risk, -risk, ["a", "a", "b", "c", "d"]).standard_error)
    assert clustered_auc_interval(y, np.ones(5), [1, 2, 1, 2, 3]).method == CONSTANT
    for wrong in ([1, 2], [1, 2, None, 4, 5], [1, 2, math.nan, 4, 5]):
        with pytest.raises(CreditRiskError, match="clusters"):
            clustered_auc_interval(y, risk, wrong)
    assert repeated(cluster_codes(["a", "b", "a"], 3))
    assert not repeated(cluster_codes(["a", "b"], 2))


def test_tables_use_clusters_where_they_repeat_and_say_so() -> None:
    y, risk, code = world(1)
    other = risk + np.random.default_rng(3).normal(size=len(y))
    half = len(y) // 2 // 6 * 6
    samples = {"development": slice(0, half), "out_of_sample": slice(half, None)}
    predictions = {
        name: {s: (y[k], values[k]) for s, k in samples.items()} for name, values in {"a": risk, "b": other}.items()
    }
    clusters = {"development": code[:half], "out_of_sample": np.arange(len(y) - half)}
    table = discrimination_table(predictions, clusters=clusters).set_index(["model", "sample"])
    found = clustered_auc_interval(y[:half], risk[:half], code[:half])
    assert table.loc[("a", "development"), "auc_lower"] == found.lower
    assert table.loc[("a", "out_of_sample"), "auc_lower"] == delong_interval(y[half:], risk[half:]).lower
    assert table.loc[("a", "development"), "ks_lower"] == clustered_ks(y[:half], risk[:half], code[:half]).lower
    notes = discrimination_table(predictions, clusters=clusters).attrs["notes"]
    assert notes[1] == f"AUC and Gini (development): {CLUSTERED_LOGIT}"
    compared = comparison_table("a", predictions, clusters=clusters)
    pair = clustered_auc_difference(y[:half], risk[:half], other[:half], code[:half])
    assert compared["p_value"].iloc[0] == pair.p_value
    assert "Obuchowski" in compared.attrs["notes"][1]
    assert discrimination_table(predictions, clusters={}).equals(discrimination_table(predictions))


def test_placements_are_untouched() -> None:
    """The clustered interval never changes the area itself, whatever the clusters."""
    y, risk, code = world(2)
    parts = placements(y == 1, risk)
    for names in (code, code // 7, np.arange(len(y))):
        assert clustered_auc_interval(y, risk, names).auc == parts.auc
