"""Segments are found where relations differ and refused where they do not: 100 simulated worlds of each."""

from __future__ import annotations

import numpy as np
from scipy import special

from credit_risk.models.segment_gain import gain_rows, quick_bins, quick_categories
from credit_risk.models.segment_rules import Variable
from credit_risk.models.segment_search import Found, SearchRules, search_segments

WORLDS, ROWS = 100, 6000
SLOPES = np.array([0.8, -0.6, 0.5, 0.4, 0.0])
CHANGES = np.array([-1.4, 0.3, -0.9, 0.0, 0.5])
"""Of applicants through a broker: two signs turn, two strengths change."""


def searched(seed: int, *, differ: bool) -> Found:
    """One world: correlated characteristics, a channel; the broker's relations differ, or only its base rate does.

    Worlds that do not differ have, every other time, curved effects, which no bin follows exactly.
    """
    random = np.random.default_rng(seed)
    x = 0.85 * random.standard_normal((ROWS, 5)) + 0.5 * random.standard_normal((ROWS, 1))
    channel = random.choice(["branch", "broker", "online"], ROWS, p=[0.5, 0.3, 0.2]).astype(object)
    broker = channel == "broker"
    linear = x @ SLOPES - 1.6
    if differ:
        linear = np.where(broker, x @ (SLOPES + CHANGES) - 1.6, linear)
    else:
        linear = linear + np.where(broker, 0.8, 0.0) + np.where(channel == "online", -0.5, 0.0)
        if seed % 2:
            linear = linear + 0.5 * x[:, 0] ** 2 - 0.3 * np.abs(x[:, 1])
    y = (random.random(ROWS) < special.expit(linear)).astype(float)
    none = np.zeros(ROWS, dtype=bool)
    binned = [quick_bins(column, none) for column in x.T] + [quick_categories(channel, none)]
    rows = gain_rows(np.column_stack([ids for ids, _ in binned]), [size for _, size in binned], y)
    variables = [Variable("channel", "categorical", channel), Variable("x0", "numeric", x[:, 0])]
    return search_segments(rows, variables, SearchRules(max_segments=2), seed=seed)


def test_segments_are_found_where_relations_differ() -> None:
    found = [searched(seed, differ=True) for seed in range(WORLDS)]
    assert sum(one.found for one in found) >= 95
    told = [one.tree.rule for one in found if one.found]  # type: ignore[union-attr]
    assert sum(rule.variable == "channel" and "broker" in (*rule.right, *rule.left) for rule in told) >= 95


def test_segments_are_refused_where_only_base_rates_differ() -> None:
    found = [searched(1000 + seed, differ=False) for seed in range(WORLDS)]
    assert sum(not one.found for one in found) >= 95
