"""The search finds a planted proxy, claims nothing where there is nothing, and its penalised fit is the minimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from credit_risk.strategy.alternatives_table import (
    FOUND,
    NONE,
    SELECTION,
    Alternatives,
    SearchLimits,
    SearchPart,
    approved_at,
    search_alternatives,
)
from credit_risk.strategy.less_discriminatory import (
    AS_IS,
    Alternative,
    Measured,
    SearchRows,
    alternatives,
    chosen,
    penalised_logistic,
    two_bins,
)

LIMITS = SearchLimits(gini_loss=0.05, least_reduction=0.1, budget=40, min_rows=30, confidence=0.95)
WOE = {name: np.array([0.8, 0.3, -0.3, -0.8]) for name in ("one", "two")} | {"proxy": np.array([0.25, -0.25])}


def part(rng: np.random.Generator, rows: int, *, planted: bool) -> SearchPart:
    """Two fair characteristics, and one that tells the group (planted) or not; all matter for the outcome."""
    group = rng.integers(0, 2, rows)
    bins = {name: rng.integers(0, 4, rows) for name in ("one", "two")}
    bins["proxy"] = np.where(rng.random(rows) < 0.85, group, 1 - group) if planted else rng.integers(0, 2, rows)
    linear = -1.2 - sum(WOE[name][ids] for name, ids in bins.items())
    y = (rng.random(rows) < 1 / (1 + np.exp(-linear))).astype(float)
    return SearchPart(SearchRows(y, bins, np.ones(rows)), {"SEX": group}, np.arange(rows), 0.6)


def searched(seed: int, *, planted: bool) -> Alternatives:
    rng = np.random.default_rng(seed)
    parts = [part(rng, rows, planted=planted) for rows in (3000, 1500, 3000)]
    return search_alternatives(
        parts[0], parts[1], ("out_of_sample", parts[2]), WOE, tuple(WOE), {"SEX": ("m", "f")}, {"SEX": "m"}, LIMITS
    )


def removes(found: Alternatives) -> bool:
    """Whether an alternative is claimed, and is without the proxy or with less than half of its contribution."""
    claimed = found.table.loc[found.table["verdict"] == FOUND, "alternative"].tolist()
    if not claimed:
        return False
    terms = found.terms[found.terms["characteristic"] == "proxy"].groupby("alternative")["contribution"].apply(np.ptp)
    return all(terms.get(name, 0.0) < 0.5 * terms[AS_IS] for name in claimed)


def worlds(count: int, start: int) -> tuple[int, int]:
    """How many of `count` planted proxies are found and removed, and of as many worlds without one, claimed."""
    found = sum(removes(searched(start + seed, planted=True)) for seed in range(count))
    claimed = sum((searched(start + seed, planted=False).table["verdict"] == FOUND).any() for seed in range(count))
    return found, claimed


def test_a_planted_proxy_is_found_and_nothing_claimed_without_one() -> None:
    found, claimed = worlds(12, 100)
    assert found >= 11
    assert claimed <= 1


@pytest.mark.slow
def test_in_a_hundred_worlds() -> None:
    found, claimed = worlds(100, 1000)
    assert found >= 95
    assert claimed <= 5


NEEDED = {
    "needed": np.array([1.6, 0.5, -0.5, -1.6]),
    "one": np.array([0.35, 0.1, -0.1, -0.35]),
    "two": np.array([0.25, -0.25]),
}


def needed(rng: np.random.Generator, rows: int) -> SearchPart:
    """One characteristic says nearly all that is to be known of bad, and differs by group: no proxy, a need.

    Given the characteristic, the group says nothing of bad; the other two say little.
    """
    group = rng.integers(0, 2, rows)
    shares = np.array([[0.15, 0.25, 0.3, 0.3], [0.35, 0.3, 0.2, 0.15]])
    bins = {"needed": np.searchsorted(np.cumsum(shares, axis=1)[0, :3], rng.random(rows))}
    second = np.searchsorted(np.cumsum(shares, axis=1)[1, :3], rng.random(rows))
    bins["needed"] = np.where(group == 1, second, bins["needed"])
    bins |= {"one": rng.integers(0, 4, rows), "two": rng.integers(0, 2, rows)}
    linear = -1.2 + sum(NEEDED[name][ids] for name, ids in bins.items())
    y = (rng.random(rows) < 1 / (1 + np.exp(-linear))).astype(float)
    return SearchPart(SearchRows(y, bins, np.ones(rows)), {"SEX": group}, np.arange(rows), 0.6)


def irreducible(seed: int) -> Alternatives:
    rng = np.random.default_rng(seed)
    parts = [needed(rng, rows) for rows in (3000, 1500, 3000)]
    woe = {name: -values for name, values in NEEDED.items()}  # ln(goods/bads) falls as the log-odds of bad rise
    names, limits = {"SEX": ("m", "f")}, replace(LIMITS, gini_loss=0.01)
    return search_alternatives(
        parts[0], parts[1], ("out_of_sample", parts[2]), woe, tuple(woe), names, {"SEX": "m"}, limits
    )


def claims_of_the_needed(count: int, start: int) -> int:
    """In how many worlds an alternative is claimed; in each there is a disparity, and dropping its cause costs much."""
    claimed = 0
    for seed in range(count):
        table = irreducible(start + seed).table
        assert NONE not in table["verdict"].tolist()
        selection = table[table["sample"] == SELECTION].set_index("alternative")
        assert selection.loc[AS_IS, "standardised_mean_difference"] < -0.3
        (dropped,) = selection[(selection["kind"] == "drop") & (selection["detail"] == "needed")].index
        assert selection.loc[dropped, "gini_loss"] > 0.3
        assert selection.loc[dropped, "reduction"] > 0.2
        claimed += int((table["verdict"] == FOUND).any())
    return claimed


def test_where_the_predictor_is_needed_no_alternative_is_claimed() -> None:
    assert claims_of_the_needed(12, 300) == 0


@pytest.mark.slow
def test_where_the_predictor_is_needed_in_a_hundred_worlds() -> None:
    assert claims_of_the_needed(100, 3000) <= 1


def test_the_penalised_fit_is_the_minimum() -> None:
    rng = np.random.default_rng(1)
    x, w, apart = rng.normal(size=(400, 3)), rng.uniform(0.5, 2.0, 400), np.array([0.6, -0.2, 1.0])
    y = (rng.random(400) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)

    def loss(beta: np.ndarray) -> float:
        linear = beta[0] + x @ beta[1:]
        likelihood = np.average(np.logaddexp(0.0, np.where(y == 1, -linear, linear)), weights=w)
        return float(likelihood + (apart @ beta[1:]) ** 2 / 2 + 0.5e-8 * beta[1:] @ beta[1:])

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert penalised_logistic(x, y, w, apart) == pytest.approx(best.x[1:], abs=1e-5)


def test_weights_are_repeated_rows() -> None:
    one = part(np.random.default_rng(2), 500, planted=True)
    count = np.random.default_rng(3).integers(1, 4, 500)
    rows = SearchRows(one.rows.y, one.rows.bins, count.astype(float))
    many = SearchRows(
        np.repeat(one.rows.y, count), {n: np.repeat(b, count) for n, b in rows.bins.items()}, np.ones(count.sum())
    )
    inside = one.codes["SEX"] == 1
    left = alternatives(rows, WOE, tuple(WOE), {"f": inside})
    right = alternatives(many, WOE, tuple(WOE), {"f": np.repeat(inside, count)})
    assert [a.name for a in left] == [a.name for a in right]
    for a, b in zip(left, right, strict=True):
        for name in a.contributions:
            np.testing.assert_allclose(a.contributions[name], b.contributions[name], atol=1e-8)


def test_the_choice() -> None:
    def tried(name: str, kind: str, loss: float, reduction: float, *, good: bool = True) -> Measured:
        return Measured(Alternative(name, kind, "", None, good, {}), loss, reduction)

    path, drop = tried("path", "constrained", 0.001, 0.30), tried("drop", "drop", 0.004, 0.28)
    assert chosen([path, drop], 0.01, 0.1).name == "drop"  # about as much, and simpler
    assert chosen([path, tried("drop", "drop", 0.004, 0.26)], 0.01, 0.1).name == "path"
    assert chosen([tried("a", "drop", 0.02, 0.3), path], 0.01, 0.1).name == "path"
    assert chosen([tried("a", "drop", 0.0, 0.3, good=False)], 0.01, 0.1) is None
    assert chosen([tried("a", "drop", 0.0, 0.05)], 0.01, 0.1) is None


def test_budget_joined_bins_and_approval() -> None:
    one = part(np.random.default_rng(4), 800, planted=True)
    assert len(alternatives(one.rows, WOE, tuple(WOE), {"f": one.codes["SEX"] == 1}, budget=5)) == 5
    halves = two_bins(one.rows, "one", WOE["one"])
    assert len(set(halves)) == 2
    assert two_bins(one.rows, "proxy", WOE["proxy"]) is None
    assert approved_at(np.array([3.0, 1.0, 2.0, 2.0]), np.ones(4), 0.7).tolist() == [False, True, True, True]
    none = searched(7, planted=False).table
    assert none["verdict"].tolist() == [NONE]
