"""Where special codes and missing belong: development and validator, which share no code, on rows of every kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.bins import numeric_bins
from credit_risk.binning.joining import Joining, join_bins
from credit_risk.binning.table import BinningTable, tabulate
from credit_risk.scoring.steps import classify_bins
from validation.rebuild.placing import Rules, expected_places, keeps_trend, take_apart
from validation.steps.values import number

EDGES = [0.0, 1.0, 2.0]
CODES = (-9.0, -8.0)
TRENDS = ["ascending", "descending", "peak", "valley", "none"]
one_row = st.tuples(
    st.sampled_from([-0.5, 0.5, 1.5, 2.5, -9.0, -8.0, math.nan]), st.booleans(), st.sampled_from([1.0, 0.5, 3.0])
)


def apart_table(x: np.ndarray, y: np.ndarray, w: np.ndarray, trend: str) -> BinningTable:
    bins = numeric_bins(EDGES, CODES)
    ids = classify_bins({"kind": "numeric", "bins": [b.as_dict(0.0) for b in bins]}, x)
    cells, result = tabulate(ids, y, w, bins, zero_cell=0.5)
    return BinningTable("x", "numeric", bins, cells, result, trend, "plan", "exact", "OPTIMAL", 0.0)


@settings(max_examples=400)
@given(
    rows=st.lists(one_row, min_size=4, max_size=80),
    trend=st.sampled_from(TRENDS),
    below=st.sampled_from([None, 0.05, 0.2]),
    missing=st.sampled_from(["apart", "nearest_woe"]),
    special=st.sampled_from(["apart", "nearest_woe"]),
)
def test_both_put_everything_into_the_same_bins(
    rows: list[tuple[float, bool, float]], trend: str, below: float | None, missing: str, special: str
) -> None:
    x, y, w = (np.array([row[k] for row in rows], float) for k in range(3))
    if len(set(y.tolist())) < 2:
        return
    apart = apart_table(x, y, w, trend)
    rule = Joining(missing == "nearest_woe", special == "nearest_woe", below)
    ours: BinningTable = join_bins(apart, rule, zero_cell=0.5)
    step: dict[str, Any] = ours.step()
    theirs = take_apart(step, number(x, np.zeros(len(x), bool), np.isnan(x)), y, w, 0.5)
    rules = Rules(missing, special, below, 0.5, trend)
    assert list(theirs.held) == expected_places(theirs, rules, {}, ())
    np.testing.assert_allclose(theirs.counts.woe[: len(EDGES) + 1], apart.result.woe[: len(EDGES) + 1], rtol=1e-12)
    parts = {(None if part.label == "missing" else float(part.label.split()[1])): part for part in ours.parts}
    for place, part in enumerate(theirs.parts):
        if part in parts:
            assert theirs.counts.woe[theirs.place(place)] == np.float64(parts[part].woe)
    ordinary = apart.regular
    assert keeps_trend(apart.good[ordinary], apart.bad[ordinary], trend) == apart.keeps_trend()
