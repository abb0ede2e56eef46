"""The developer's diagnosis of rejected applicants and the validator's own measures agree; ours against brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.overlap import balance_table, overlap_bands, overlap_table
from credit_risk.reject_inference.sensitivity import area_bounds, sensitivity_table, tipping_table
from credit_risk.reject_inference.support import joint_support_table, support_table
from validation.rebuild import overlap, prudence
from validation.rebuild.applicants import Applicants

FLOOR = 0.1


class World:
    """Applicants with two characteristics, the models' probabilities, and both sides' view of them."""

    def __init__(self, rows: int, weighted: bool, clustered: bool):
        rng = np.random.default_rng(rows)
        self.x = np.round(rng.normal(size=(rows, 2)), 2)
        acceptance = 1 / (1 + np.exp(-(self.x @ [1.2, 0.8])))
        accepted = rng.random(rows) < acceptance
        probability = 1 / (1 + np.exp(1 + self.x @ [0.6, 0.4]))
        y = (rng.random(rows) < probability).astype(np.float64)
        y[~accepted | (rng.random(rows) < 0.05)] = np.nan
        weight = rng.uniform(0.5, 2.0, rows) if weighted else np.ones(rows)
        cluster = np.arange(rows) // 3 if clustered else np.arange(rows)
        self.risk = np.round(1 / (1 + np.exp(1 + self.x @ [0.5, 0.5])), 2)
        self.labels = np.where(rng.random(rows) < 0.1, None, rng.choice(list("abc"), rows)).astype(object)
        self.decided = Decided(y, accepted, weight, clusters=cluster if clustered else None)
        place, sample = np.arange(rows, dtype=np.int64), np.full(rows, "development", dtype=object)
        one = (acceptance, probability, y, weight, cluster.astype(np.int64), place.astype(object))
        self.people = Applicants(place, sample, accepted, *one)


@pytest.fixture(scope="module", params=[(False, False), (True, True)], ids=["plain", "weighted and clustered"])
def world(request: pytest.FixtureRequest) -> World:
    return World(900, *request.param)


def agree(own: list[dict[str, Any]], table: pd.DataFrame) -> None:
    """Every number and text of ours is the table's."""
    assert own
    for place, row in enumerate(own):
        for name, mine in row.items():
            told = table.iloc[place][name]
            if isinstance(mine, str):
                assert mine == told, (place, name)
            elif mine is None or mine != mine:
                assert pd.isna(told), (place, name)
            else:
                assert mine == pytest.approx(told, rel=1e-10, abs=1e-12), (place, name)


def test_overlap(world: World) -> None:
    p = world.people.acceptance
    stated = overlap_table(world.decided, p, floor=FLOOR).set_index("measure")["value"]
    own = overlap.overlap_of(world.people, FLOOR)
    for name in overlap.Overlap.__slots__:
        assert getattr(own, name) == pytest.approx(stated[name], rel=1e-12), name
    agree(overlap.bands_of(world.people, FLOOR, 0.95), overlap_bands(world.decided, p, floor=FLOOR))
    values = {"a": world.x[:, 0], "constant": np.zeros(len(p))}
    agree(overlap.balance_of(world.people, values, FLOOR), balance_table(world.decided, p, values, floor=FLOOR))


def test_support(world: World) -> None:
    people, x = world.people, world.x
    measures = overlap.joint_measures(people, x)
    agree(overlap.joint_support(people, measures, 0.99), joint_support_table(world.decided, x, people.probability))
    raw, bins = np.where(x[:, 1] > 1.5, np.nan, x[:, 0]), np.floor(x[:, 0] * 4).astype(np.int64)
    own = [overlap.support_of(people, raw, bins, 30), overlap.support_of(people, world.labels, None, 30)]
    agree(own, support_table(world.decided, {"a": raw, "l": world.labels}, {"a": bins.astype(str)}))


def test_distance_and_leverage_by_inverse_matrices(world: World) -> None:
    people, x = world.people, world.x
    known, w, p = people.known, people.weight[people.known], people.probability[people.known]
    centred = x - np.average(x[known], axis=0, weights=w)
    inverse = np.linalg.inv(np.cov(x[known].T, aweights=w, ddof=0))
    ones = np.column_stack([np.ones(len(x)), x])
    covariance = np.linalg.inv((ones[known].T * (w * p * (1 - p))) @ ones[known])
    found = overlap.joint_measures(people, x)
    np.testing.assert_allclose(found["distance"], [row @ inverse @ row for row in centred], rtol=1e-9)
    np.testing.assert_allclose(found["leverage"], [row @ covariance @ row for row in ones], rtol=1e-9)


@pytest.mark.parametrize("cut_off", [None, 0.3])
def test_sensitivity(world: World, cut_off: float | None) -> None:
    people, s = world.people, world.people.probability
    approved = None if cut_off is None else (world.risk < cut_off).astype(np.float64)
    policy = prudence.policy_of(people, world.risk, approved)
    factors = (1.0, 1.5, 3.0)
    stated = sensitivity_table(world.decided, s, world.risk, prudence=factors, approved=approved)
    agree(prudence.cases_of(people, policy, factors), stated)
    assert prudence.area_bounds(people, world.risk) == pytest.approx(area_bounds(world.decided, s, world.risk), 1e-10)
    for row in tipping_table(world.decided, s, world.risk, approved=approved).itertuples():

        def at(k: float, measure: str = row.measure) -> float:
            return float(prudence.case_of(people, policy, prudence.at_factor(people, k))[measure])

        all_bad = prudence.supposed(people, np.ones(len(people)))
        factor = prudence.tipping(at, row.limit, float(prudence.case_of(people, policy, all_bad)[row.measure]))
        assert (factor is None) == pd.isna(row.tipping_factor)
        assert factor is None or factor == pytest.approx(row.tipping_factor, rel=1e-7)


def test_bounds_of_the_area_are_those_over_all_labels() -> None:
    small = World(26, weighted=False, clustered=False).people
    risk = small.probability + 1e-9 * np.arange(len(small))
    rejects = np.flatnonzero(small.rejected)
    fixed = prudence.supposed(small, np.zeros(len(small)))
    areas = []
    for labels in itertools.product([0.0, 1.0], repeat=min(len(rejects), 12)):
        q = fixed.copy()
        q[rejects[: len(labels)]] = labels
        areas.append(prudence.expected_area(risk, small.weight, q))
    assert len(rejects) <= 12
    least, greatest = prudence.area_bounds(small, risk)
    assert least == pytest.approx(min(areas), rel=1e-12)
    assert greatest == pytest.approx(max(areas), rel=1e-12)


def test_expected_area_is_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(5)
    q, w, risk = rng.random(40), rng.uniform(0.5, 2, 40), np.round(rng.random(40), 1)
    order = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    pairs = (w * q)[:, None] * (w * (1 - q))[None, :]
    np.fill_diagonal(pairs, 0.0)
    assert prudence.expected_area(risk, w, q) == pytest.approx(float((pairs * order).sum() / pairs.sum()), rel=1e-12)
