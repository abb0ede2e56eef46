"""The designed scale against every partition of the fine bins, and what it refuses."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk.calibration import ScaleRules, design_scale
from credit_risk.evaluation._groups import class_numbers, quantile_edges

LOOSE = ScaleRules(2, 5, min_share=0.05, max_share=0.6, min_bads=3, fine_bins=9)


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1.2, 4.0, rows), 2)
    return p, (rng.random(rows) < p).astype(float), rng.choice([0.5, 1.0, 2.0], rows)


def z_test(one: tuple[float, float], other: tuple[float, float]) -> float:
    (a, n), (b, m) = one, other
    common = (a * n + b * m) / (n + m)
    if common in (0.0, 1.0):
        return 1.0
    return float(2 * stats.norm.sf(abs(b - a) / np.sqrt(common * (1 - common) * (1 / n + 1 / m))))


def cell(y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    return float((w * y).sum() / w.sum()), float(w.sum() ** 2 / (w**2).sum())


def halves_differ(p: np.ndarray, y: np.ndarray, w: np.ndarray, level: float) -> bool:
    values = np.unique(p)[1:]
    if not len(values):
        return False
    enough = [v for v in values if w[p < v].sum() >= w.sum() / 2]
    low = p < (enough[0] if enough else values[-1])
    return z_test(cell(y[low], w[low]), cell(y[~low], w[~low])) <= level


def brute(p: np.ndarray, y: np.ndarray, w: np.ndarray, rules: ScaleRules) -> dict[int, tuple[int, float]]:
    """By number of grades: fewest mixed grades, and the greatest likelihood of those."""
    fine = quantile_edges(p, rules.fine_bins, w)
    scale = w.sum() / (w**2).sum()
    found: dict[int, tuple[int, float]] = {}
    for grades in range(rules.least, rules.most + 1):
        for edges in itertools.combinations(fine, grades - 1):
            at = class_numbers(p, np.array(edges))
            parts = [(p[at == k], y[at == k], w[at == k]) for k in range(grades)]
            shares = [part[2].sum() / w.sum() for part in parts]
            if min(shares) < rules.min_share or max(shares) > rules.max_share:
                continue
            if rules.herfindahl is not None and sum(s * s for s in shares) > rules.herfindahl + 1e-12:
                continue
            if min(part[1].sum() for part in parts) < rules.min_bads:
                continue
            rates = [cell(part[1], part[2]) for part in parts]
            neighbours = list(itertools.pairwise(rates))
            if not all(a[0] < b[0] for a, b in neighbours):
                continue
            if rules.heterogeneity is not None and any(z_test(a, b) > rules.heterogeneity for a, b in neighbours):
                continue
            mixed = sum(halves_differ(*part, rules.homogeneity) for part in parts)
            if rules.mixed == "refuse" and mixed:
                continue
            likelihood = 0.0
            for (r, _), (_, one, weight) in zip(rates, parts, strict=True):
                bad = scale * (weight * one).sum()
                good = scale * weight.sum() - bad
                likelihood += (bad * np.log(r) if bad else 0.0) + (good * np.log1p(-r) if good else 0.0)
            ranked = (mixed if rules.mixed == "avoid" else 0, -likelihood)
            if grades not in found or ranked < (found[grades][0], -found[grades][1]):
                found[grades] = (ranked[0], likelihood)
    return found


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["avoid", "refuse", "report"]),
    st.sampled_from([None, 0.2, 0.05]),
    st.sampled_from([None, 0.22, 0.27, 0.35, 0.5]),
)
def test_no_partition_is_better(seed: int, mixed: str, heterogeneity: float | None, herfindahl: float | None) -> None:
    p, y, w = drawn(300, seed)
    if seed % 2:
        w = np.ones(300)
    rules = replace(LOOSE, mixed=mixed, heterogeneity=heterogeneity, homogeneity=0.1, herfindahl=herfindahl)
    expected = brute(p, y, w, rules)
    if not expected:
        with pytest.raises(ModelError, match="what binds"):
            design_scale(p, y, rules, w)
        return
    design = design_scale(p, y, rules, w)
    told = {one.grades: one for one in design.tried if one.edges is not None}
    assert sorted(told) == sorted(expected)
    assert design.grades == max(expected)
    for grades, (fewest, likelihood) in expected.items():
        assert told[grades].log_likelihood == pytest.approx(likelihood, rel=1e-10)
        if mixed == "avoid":
            assert told[grades].mixed == fewest


def test_a_limit_on_concentration_costs_likelihood_and_is_told_where_it_binds() -> None:
    p, y, w = drawn(3_000, 6)
    free = design_scale(p, y, ScaleRules(3, 4, max_share=0.6, min_bads=5, fine_bins=60), w)
    found = next(one for one in free.tried if one.grades == free.grades)
    limit = found.herfindahl - 0.01
    rules = ScaleRules(3, 4, max_share=0.6, min_bads=5, fine_bins=60, herfindahl=limit)
    held = design_scale(p, y, rules, w)
    chosen = next(one for one in held.tried if one.grades == held.grades)
    assert chosen.herfindahl <= limit + 1e-12
    assert (chosen.grades, chosen.mixed, -chosen.log_likelihood) > (found.grades, found.mixed, -found.log_likelihood)
    wide = design_scale(p, y, replace(rules, herfindahl=0.99), w)
    assert wide == free
    with pytest.raises(ModelError, match=r"what binds: herfindahl 0.2 \(without it 4 grades\)"):
        design_scale(p, y, replace(rules, herfindahl=0.2), w)
    with pytest.raises(ModelError, match="no such sum of squared shares"):
        design_scale(p, y, replace(rules, herfindahl=0.0), w)


def test_the_numbers_told_are_those_of_the_grades() -> None:
    p, y, w = drawn(2_000, 5)
    design = design_scale(p, y, ScaleRules(3, 6, min_bads=5), w)
    one = next(t for t in design.tried if t.grades == design.grades)
    at = class_numbers(p, np.array(design.edges))
    share = np.bincount(at, w) / w.sum()
    assert one.herfindahl == pytest.approx(float((share**2).sum()))
    assert one.largest_share == pytest.approx(float(share.max()))
    cells = [cell(y[at == k], w[at == k]) for k in range(design.grades)]
    assert one.greatest_p == pytest.approx(max(z_test(a, b) for a, b in itertools.pairwise(cells)))
    assert one.mixed == sum(halves_differ(p[at == k], y[at == k], w[at == k], 0.05) for k in range(design.grades))
    criterion = design.grades * np.log(w.sum() ** 2 / (w**2).sum()) - 2 * one.log_likelihood
    assert one.information_criterion == pytest.approx(criterion)


def test_unit_weights_are_no_weights() -> None:
    p, y, _ = drawn(1_000, 1)
    assert design_scale(p, y, LOOSE) == design_scale(p, y, LOOSE, np.full(1_000, 1.0))


def test_the_unit_of_the_weights_does_not_matter() -> None:
    p, y, w = drawn(1_000, 1)
    assert design_scale(p, y, LOOSE, w).edges == design_scale(p, y, LOOSE, 4.0 * w).edges


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"min_share": 0.3, "max_share": 1.0}, "min_share 0.3"),
        ({"max_share": 0.1}, "max_share 0.1"),
        ({"min_bads": 400}, "min_bads 400"),
        ({"heterogeneity": 1e-40}, "heterogeneity 1e-40"),
    ],
)
def test_the_binding_constraint_is_named(change: dict[str, float], named: str) -> None:
    p, y, _ = drawn(2_000, 2)
    with pytest.raises(ModelError) as caught:
        design_scale(p, y, replace(LOOSE, least=4, **change))
    (fault,) = caught.value.faults
    assert f"what binds: {named} (without it 5 grades)" in fault.message
    assert "grades" in str(fault.found)


def test_bad_input() -> None:
    p, y, _ = drawn(200, 3)
    with pytest.raises(ModelError, match="fewer distinct probabilities than grades"):
        design_scale(np.where(p > 0.2, 0.3, 0.1), y, ScaleRules(3, 5))
    with pytest.raises(CreditRiskError, match="probabilities outside"):
        design_scale(p + 1.0, y)
    with pytest.raises(CreditRiskError, match="one class only"):
        design_scale(p, np.zeros(200))
    with pytest.raises(ModelError) as caught:
        design_scale(p, y, ScaleRules(9, 4, min_share=0.5, max_share=0.1, mixed="perhaps"))
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("seed", range(8))
def test_no_probability_stands_on_an_edge_or_beside_it(seed: int) -> None:
    """Another engine's exponential differs in the last bit: no row may change its grade by that."""
    p, y, w = drawn(1_000, seed)
    p = np.round(p, 2)
    edges = np.array(design_scale(p, y, LOOSE, w).edges)
    assert len(edges)
    for moved in (np.nextafter(p, 0.0), np.nextafter(p, 1.0)):
        assert np.array_equal(class_numbers(moved, edges), class_numbers(p, edges))
