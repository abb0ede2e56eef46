"""Boundaries of looks in run and validator, each its own way, against one another and against integrals of another
kind: looks that lie close together, early ones far out in the tail, and those that may spend nothing."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize, special, stats

from credit_risk.monitoring.challenger.schedule import Schedule, scheduled
from credit_risk.monitoring.challenger.shadow import ACCEPTS, RANDOM, WEIGHTED
from credit_risk.strategy.spending import GREATEST, crossing, spending_boundaries
from tests.architecture.sources import REPOSITORY
from validation.monitoring.looks import Look, _grown
from validation.rebuild import experiment
from validation.rebuild.censored import Labels

Floats = NDArray[np.float64]
RULES = ("obrien_fleming", "pocock")
X, WEIGHT = np.polynomial.legendre.leggauss(64)


def both(times: Floats, rule: str, significance: float = 0.05) -> Floats:
    """Boundaries (2, K) of run and validator."""
    run = spending_boundaries(times, significance, rule).z
    return np.array([run, experiment.boundaries(times, experiment.spent(times, significance, rule))])


def spent(time: float, rule: str, significance: float = 0.05) -> float:
    if rule == "pocock":
        return significance * math.log1p((math.e - 1.0) * time)
    return 2.0 * math.erfc(float(stats.norm.isf(significance / 4.0)) / math.sqrt(2.0 * time))


def first_two(times: Floats, rule: str) -> list[float]:
    """Boundaries of the first two looks: the tail by `math.erfc`, then an adaptive integral over the first score."""
    (s, t), gone = times[:2], [spent(float(one), rule) for one in times[:2]]
    first = optimize.brentq(lambda z: math.log(math.erfc(z / math.sqrt(2.0)) / gone[0]), 0.1, 37.0, xtol=1e-12)
    edge, spread = first * math.sqrt(s), math.sqrt(t - s)

    def beyond(z: float) -> float:
        out = z * math.sqrt(t)

        def density(w: float) -> float:
            over = math.erfc((out - w) / (spread * math.sqrt(2.0))) / 2.0
            return math.exp(-(w**2) / (2.0 * s)) / math.sqrt(2.0 * math.pi * s) * over

        peak = min(out * s / t, edge)
        near = [max(-edge, peak - k * spread * math.sqrt(s / t)) for k in (40.0, 6.0, 1.0)]
        parts = [*near, min(edge, peak + 8.0 * spread)]
        found = sum(integrate.quad(density, a, b, epsabs=0, epsrel=1e-11)[0] for a, b in pairwise(parts))
        return 2.0 * float(found)

    second = optimize.brentq(lambda z: math.log(max(beyond(z), 1e-305) / (gone[1] - gone[0])), 0.1, 30.0, xtol=1e-11)
    return [first, second]


def composite(times: Floats, rule: str) -> Floats:
    """Boundaries (K,) by 64 points of Gauss-Legendre in panels of four spreads, nothing cut before 38 of them."""
    nodes, mass, before, found = np.zeros(1), np.ones(1), 0.0, []
    for k, now in enumerate(times):
        wanted = spent(now, rule) - (spent(times[k - 1], rule) if k else 0.0)
        root, spread = math.sqrt(now), math.sqrt(now - before)

        def excess(z: float, state: tuple[Any, ...] = (nodes, mass, root, spread, wanted)) -> float:
            at, held, r, s, allowed = state
            left = float(held @ (special.ndtr((at - z * r) / s) + special.ndtr((-z * r - at) / s)))
            return math.log(max(left, 1e-305) / allowed)

        found.append(optimize.brentq(excess, 0.1, 38.0, xtol=1e-12))
        if k < len(times) - 1:
            end = min(found[-1] * root, nodes[-1] + 38.0 * spread)
            panels = math.ceil(end / (2.0 * min(spread, math.sqrt(times[k + 1] - now)))) + 3
            edges = np.linspace(-end, end, panels + 1)
            half = np.diff(edges)[:, None] / 2.0
            where, weight = ((edges[:-1, None] + half) + half * X).ravel(), (half * WEIGHT).ravel()
            mass = weight * (np.exp(-(((where[:, None] - nodes) / spread) ** 2) / 2.0) @ mass)
            nodes, mass = where, mass / (spread * math.sqrt(2.0 * math.pi))
        before = now
    return np.array(found)


@pytest.mark.parametrize(("looks", "first"), [(36, 13.40), (48, 15.48), (60, 17.32)])
def test_first_boundaries_of_many_looks_lie_beyond_12_and_are_exact(looks: int, first: float) -> None:
    times = np.arange(1, looks + 1) / looks
    brute = first_two(times, "obrien_fleming")
    assert brute[0] == pytest.approx(first, abs=6e-3)
    for found in both(times, "obrien_fleming"):
        assert found[:2] == pytest.approx(brute, abs=1e-8)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("times", [np.arange(1, 13) / 12, [0.034, 0.0345, 0.035, 0.5], [0.3, 0.3005, 0.6, 0.6002, 1.0]])
def test_every_boundary_is_that_of_another_rule(rule: str, times: Floats) -> None:
    known = composite(np.asarray(times, float), rule)
    for found in both(np.asarray(times, float), rule):
        assert found == pytest.approx(known, abs=1e-8)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("step", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_looks_between_which_hardly_anything_became_known_are_the_same_on_both_sides(rule: str, step: float) -> None:
    """Two runs in a row at hardly more information; with a coarse grid these differed, and a true run had a finding."""
    times = np.array([0.2, 0.5, 0.5 + step, 0.5 + 2 * step, 1.0] if step > 1e-5 else [0.2, 0.5, 0.5 + step, 1.0])
    run, own = both(times, rule)
    assert run == pytest.approx(own, abs=1e-8)
    for drift in (0.0, 3.0) if step > 1e-5 else (0.0,):
        assert crossing(times, run, drift) == pytest.approx(experiment.crossings(times, run, drift), abs=1e-9)
    assert crossing(times, run).cumsum() == pytest.approx([spent(float(t), rule) for t in times], abs=1e-9)
    if step < 1e-3:  # the second boundary is that of an adaptive integral, also where the first score hardly moves
        assert run[1:3] == pytest.approx(own[1:3], abs=1e-8)
        two = both(times[1:], rule)
        assert two[:, :2] == pytest.approx(np.array([first_two(times[1:], rule)] * 2), abs=1e-7)


def test_a_look_that_may_spend_less_than_a_double_tells_has_the_greatest_boundary() -> None:
    times = np.array([1e-5, 0.001, 0.002, 0.5])
    run, own = both(times, "obrien_fleming")
    assert run.tolist()[:3] == own.tolist()[:3] == [GREATEST] * 3
    assert run[3] == pytest.approx(both(np.array([0.5]), "obrien_fleming")[1][0], abs=1e-9)
    one = both(np.array([1.0]), "pocock", 0.01)
    assert one.ravel() == pytest.approx([2.575829303549] * 2, abs=1e-9)


@pytest.mark.parametrize("drift", [0.0, 1.0, 2.8, 5.0])
def test_stops_with_a_difference_are_the_same_on_both_sides(drift: float) -> None:
    times = np.array([0.05, 0.3, 0.301, 0.7, 1.0])
    for z in (spending_boundaries(times, 0.05, "pocock").z, spending_boundaries(times, 0.05, "always_valid").z):
        assert crossing(times, z, drift) == pytest.approx(experiment.crossings(times, z, drift), abs=1e-9)


@pytest.mark.parametrize("growth", [-1e-3, 0.0, 1e-15, 1e-8, 9e-7, 1.1e-6, 1e-5, 0.5])
def test_both_sides_take_a_look_where_the_information_grew_by_a_millionth(growth: float) -> None:
    """Errors that differ by rounding alone are of one look: the same accounts, summed in another order."""
    errors = [0.02, 0.02 / math.sqrt(1.0 + growth)]
    known = dict(zip(("2026-01", "2026-02"), errors, strict=True))
    run = scheduled(
        Schedule(tuple(known), planned_error=0.01),
        list(known),
        lambda at: {"at": at, "difference": 0.0, "standard_error": known[at]},
    )
    rows, labels = np.zeros(0, np.int64), Labels(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))
    first, second = (Look(at, rows, labels, 0.0, error) for at, error in known.items())
    assert len(run.taken) == 1 + _grown(second, [(1, first)]) == 1 + (growth > 1e-6)
    assert run.table["reason"].notna().sum() == (growth < 1e-6)


def test_the_specification_describes_every_key_of_the_challengers() -> None:
    text = (REPOSITORY / "scorecards" / "format" / "SPECIFICATION.md").read_text("utf-8")
    section = text.partition("### 10.1 Challengers\n")[2].partition("\n## ")[0]
    table = "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    schema = json.loads((REPOSITORY / "scorecards" / "format" / "plan.schema.json").read_text("utf-8"))
    keys = schema["$defs"]["ChallengersSpec"]["properties"]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(keys)
    for word in (*keys["spending"]["enum"], ACCEPTS, RANDOM, WEIGHTED):
        assert f"`{word}`" in section
