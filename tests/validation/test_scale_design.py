"""Our best scale against every partition of the fine bins, with and without a limit on concentration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from validation.rebuild import grades as own
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
    if limit is None:
        assert found[:2] == top[:2]
        assert found[2] == pytest.approx(top[2], rel=1e-10)
    else:  # as many grades as can be, and a scale that keeps the limit
        assert best.grades == top[0]
        assert min(abs(found[2] - one[2]) for one in every if one[:2] == found[:2]) < 1e-8
