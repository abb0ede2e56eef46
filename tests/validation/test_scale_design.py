"""Our best scale against every partition of the fine bins, with and without a limit on concentration."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from validation.rebuild import grades as own
from validation.rebuild import scale_design
from validation.rebuild.scale_design import Rules, best_scale


def partitions(y: np.ndarray, p: np.ndarray, w: np.ndarray, rules: Rules) -> list[tuple[int, int, float]]:
    """Grades, mixed grades (negative) and log-likelihood of each partition of eighths that keeps the rules."""
    mass = np.array([w[p < v].sum() for v in np.unique(p)])
    near = [np.abs(mass - w.sum() * k / rules.fine_bins) for k in range(1, rules.fine_bins)]
    fine = [float(np.unique(p)[np.flatnonzero(gap <= gap.min() + 1e-9)[-1]]) for gap in near]
    effective, found = w.sum() ** 2 / (w**2).sum(), []
    for count in range(rules.least, rules.most + 1):
        for edges in itertools.combinations(sorted(set(fine)), count - 1):
            place = np.searchsorted(edges, p, side="right")
            cells = own.cells(place, y, p, w, count)
            share = np.array([c.weight for c in cells]) / w.sum()
            kept = share.min() >= rules.min_share and share.max() <= rules.max_share
            kept = kept and min(c.bad for c in cells) >= rules.min_bads and all(c.size > 0 for c in cells)
            pairs = list(itertools.pairwise(cells))
            if not kept or not all(a.rate < b.rate and own.proportions(a, b)[1] <= 0.2 for a, b in pairs):
                continue
            if rules.herfindahl is not None and float(share @ share) > rules.herfindahl:
                continue
            halves = [own.halves(y[place == k], p[place == k], w[place == k]) for k in range(count)]
            mixed = sum(own.proportions(low, high)[1] <= rules.homogeneity for _, low, high in halves)
            terms = [
                effective * s * (c.rate * np.log(c.rate) + (1 - c.rate) * np.log1p(-c.rate))
                for s, c in zip(share, cells, strict=True)
            ]
            found.append((count, -int(mixed), float(np.sum(terms))))
    return found


@pytest.mark.parametrize("limit", [None, 0.3, 0.36])
@pytest.mark.parametrize("seed", range(6))
def test_no_partition_is_better(seed: int, limit: float | None) -> None:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1.2, 4.0, 400), 2)
    y, w = (rng.random(400) < p).astype(float), rng.choice([0.5, 1.0, 2.0], 400)
    rules = Rules(2, 4, 0.05, 0.7, 3, 0.2, 0.1, "avoid", 9, limit)
    every = partitions(y, p, w, rules)
    best = best_scale(y, p, w, np.zeros(0), rules)
    if not every:
        assert best is None
        return
    assert best is not None
    found = (best.grades, -best.mixed, best.log_likelihood)
    top = max(every)
    assert best.exact
    assert found[:2] == top[:2]
    assert found[2] == pytest.approx(top[2], rel=1e-10)


def test_a_price_alone_may_miss_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the walk is cut short it is told, and what is found keeps the limit and is no better."""
    missed = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        p = np.round(rng.beta(1.2, 4.0, 400), 2)
        y, w = (rng.random(400) < p).astype(float), rng.choice([0.5, 1.0, 2.0], 400)
        for limit in (0.3, 0.33, 0.36):
            rules = Rules(2, 4, 0.05, 0.7, 3, 0.2, 0.1, "avoid", 9, limit)
            whole = best_scale(y, p, w, np.zeros(0), rules)
            with monkeypatch.context() as patched:
                patched.setattr(scale_design, "MOST_STEPS", 0)
                short = best_scale(y, p, w, np.zeros(0), rules)
            if whole is None or short is None:
                assert whole is short
                continue
            assert whole.exact
            assert (short.grades, -short.mixed) <= (whole.grades, -whole.mixed)
            missed += whole != replace(short, exact=True)
    assert missed > 0
