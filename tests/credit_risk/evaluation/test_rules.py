"""Whom rules hit, counted row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from credit_risk.evaluation.rules import decisions_table, first_hits, hits_table, overlaps_table

ACTIONS = ("decline", "refer", "accept")


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    """Hits (n, rules), actions, outcomes with unknown ones, samples."""
    count, rules = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    hits = np.array(
        draw(st.lists(st.lists(st.booleans(), min_size=rules, max_size=rules), min_size=count, max_size=count))
    )
    actions = draw(st.lists(st.sampled_from(ACTIONS), min_size=rules, max_size=rules))
    y = np.array(draw(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=count, max_size=count)))
    sample = np.array(draw(st.lists(st.sampled_from(["development", "out_of_sample"]), min_size=count, max_size=count)))
    return hits.reshape(count, rules), actions, y, sample


@given(cases())
def test_tables_are_what_counting_gives(case: tuple[np.ndarray, list[str], np.ndarray, np.ndarray]) -> None:
    hits, actions, y, sample = case
    names = [f"r{k}" for k in range(len(actions))]
    order = sorted(range(len(actions)), key=lambda k: (ACTIONS.index(actions[k]), k))
    groups = {"development": sample == "development", "all": np.ones(len(y), bool)}
    first = first_hits(hits, order)
    for k, row in enumerate(hits):
        assert first[k] == next((place for place in order if row[place]), -1)
    table = hits_table(names, actions, hits, order, groups, y)
    assert table["rule"].drop_duplicates().tolist() == [names[k] for k in order]
    for row in table.itertuples():
        inside = [i for i in range(len(y)) if groups[row.sample][i]]
        mine = [i for i in inside if hits[i, names.index(row.rule)]]
        known = [y[i] for i in mine if y[i] == y[i]]
        assert (row.rows, row.hits, row.known, row.bad) == (len(inside), len(mine), len(known), sum(known))
        assert row.first_hits == sum(first[i] == names.index(row.rule) for i in inside)
        if known:
            wilson = binomtest(int(sum(known)), len(known)).proportion_ci(0.95, "wilson")
            assert (row.lower, row.upper) == pytest.approx((wilson.low, wilson.high), abs=1e-12)
    whole = table[table["sample"] == "all"]
    assert whole["first_hits"].sum() == hits.any(axis=1).sum()  # every row that is hit has one rule that hits it first
    pairs = overlaps_table(names, actions, hits, order)
    assert len(pairs) == len(names) * (len(names) - 1) // 2
    for row in pairs.itertuples():
        one, other = hits[:, names.index(row.rule)], hits[:, names.index(row.other)]
        assert row.both == sum(a and b for a, b in zip(one, other, strict=True))
        assert row.conflict == (row.action != row.other_action)


@given(cases(), st.integers(0, 2**16))
def test_decisions_add_up(case: tuple[np.ndarray, list[str], np.ndarray, np.ndarray], seed: int) -> None:
    hits, _, y, sample = case
    by_rule = hits.any(axis=1)
    words = np.array(["decline", "refer", "accept", None], dtype=object)
    decision = words[np.random.default_rng(seed).integers(0, 4, len(y))]
    decision[by_rule & pd.isna(decision)] = "refer"
    groups = {"development": sample == "development", "all": np.ones(len(y), bool)}
    table = decisions_table(decision, by_rule, groups, y)
    for group, inside in groups.items():
        here = table[table["sample"] == group]
        assert here["rows"].sum() == inside.sum()
        assert here["known"].sum() == np.isfinite(y[inside]).sum()
        if inside.any():
            assert here["share"].sum() == pytest.approx(1.0)
    assert set(table.loc[table["decision"] == "undecided", "decided_by"]) <= {"nothing"}


def test_rates_without_an_outcome_are_missing() -> None:
    hits = np.array([[True], [False]])
    table = hits_table(["r"], ["decline"], hits, [0], {"none": np.array([True, False])}, np.array([np.nan, 1.0]))
    assert table.loc[0, ["bad_rate", "lower", "upper", "bad_rate_others"]].isna().all()
    empty = hits_table(["r"], ["decline"], hits, [0], {"none": np.zeros(2, bool)}, np.array([np.nan, 1.0]))
    assert empty.loc[0, "hit_share"] is None


def test_weights_of_whole_numbers_are_rows_that_repeat() -> None:
    rng = np.random.default_rng(4)
    hits, y = rng.random((60, 2)) < 0.3, np.where(rng.random(60) < 0.2, np.nan, (rng.random(60) < 0.4) * 1.0)
    weights = rng.integers(1, 4, 60)
    names, actions, every = ["a", "b"], ["decline", "refer"], {"all": np.ones(60, bool)}
    again = np.repeat(np.arange(60), weights)
    weighted = hits_table(names, actions, hits, [0, 1], every, y, weights.astype(float))
    repeated = hits_table(names, actions, hits[again], [0, 1], {"all": np.ones(len(again), bool)}, y[again])
    columns = ["hit_share", "first_share", "bad_rate", "bad_rate_others"]
    np.testing.assert_allclose(weighted[columns].astype(float), repeated[columns].astype(float), rtol=1e-12)
    assert (weighted["upper"] - weighted["lower"] > repeated["upper"] - repeated["lower"]).all()  # fewer are effective
    pairs = [overlaps_table(names, actions, hits, [0, 1], weights.astype(float))]
    pairs.append(overlaps_table(names, actions, hits[again], [0, 1]))
    shares = [pair.loc[0, ["share_of_rule", "share_of_other"]].astype(float).tolist() for pair in pairs]
    assert shares[0] == pytest.approx(shares[1])
