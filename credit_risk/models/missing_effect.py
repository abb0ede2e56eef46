"""What a missing value or a special code does to the margin, against ordinary values: exact, from the trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.bins import Bin, number_text
from credit_risk.binning.table import BinningTable
from credit_risk.models.tree_features import TreeFeature

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Tree = Mapping[str, Sequence[Any]]
Values = Mapping[int, float]
TINY = 1e-12
MOST_ROWS = 2000
"""Rows that stand for those that might be in a state that no row of development is in: evenly spaced."""
COLUMNS = [
    "characteristic",
    "state",
    "rows_in_state",
    "rows",
    "bad_rate",
    "bad_rate_ordinary",
    "margin",
    "margin_ordinary",
    "difference",
    "share_higher",
    "verdict",
]


@dataclass(frozen=True, slots=True)
class State:
    """Missing, or one special code: its name, the rows (n,) in it, and the values that the features then have."""

    name: str
    rows: Bools
    values: Values


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Distribution of the ordinary values of one feature: sorted values, the weight below each place, from 0 to 1."""

    feature: int
    values: Floats
    below: Floats

    @property
    def whole(self) -> tuple[float, float]:
        """All values, as an interval `[lower, upper)`."""
        return -np.inf, np.inf

    def covers(self, feature: int) -> bool:
        """Whether it averages over this feature."""
        return feature == self.feature

    def split(self, part: tuple[float, float], feature: int, threshold: float) -> list[tuple[Any, float]]:
        """The values of `part` below the threshold, and the others, each with its share of the part."""
        lower, upper = part
        total = self.share(lower, upper)
        sides = ((lower, min(upper, threshold)), (max(lower, threshold), upper))
        return [(side, self.share(*side) / total if side[0] < side[1] and total > 0 else 0.0) for side in sides]

    def share(self, lower: float, upper: float) -> float:
        """Share of the values in `[lower, upper)`."""
        a, b = np.searchsorted(self.values, (lower, upper), side="left")
        return float(self.below[max(b, a)] - self.below[a])


@dataclass(frozen=True, slots=True)
class Joint:
    """Distribution of several features of one characteristic: distinct rows (m, features) and their shares (m,)."""

    features: tuple[int, ...]
    values: Floats
    shares: Floats

    @property
    def whole(self) -> Bools:
        """All rows (m,)."""
        return np.ones(len(self.shares), bool)

    def covers(self, feature: int) -> bool:
        """Whether it averages over this feature."""
        return feature in self.features

    def split(self, part: Bools, feature: int, threshold: float) -> list[tuple[Any, float]]:
        """The rows of `part` below the threshold, and the others, each with its share of the part."""
        below = self.values[:, self.features.index(feature)] < threshold
        total = float(self.shares[part].sum())
        return [(side, float(self.shares[side].sum()) / total) for side in (part & below, part & ~below)]


Known = Ordinary | Joint


@dataclass(frozen=True, slots=True)
class Rows:
    """x (n, k) features, margin, y, weights (n,), of development."""

    x: Floats
    margin: Floats
    y: Floats
    weights: Floats


def missing_frame(
    trees: Sequence[Tree],
    base_margin: Floats,
    features: Sequence[TreeFeature],
    matrix: pd.DataFrame,
    frame: pd.DataFrame,
    tables: Mapping[str, BinningTable],
    y: Floats,
    weights: Floats,
) -> pd.DataFrame:
    """Evidence `boosting.missing.{model}`: is a row riskier or safer for a value that it lacks?

    matrix (n, k) features and frame (n, …) characteristics of development; base_margin, y, weights (n,). For each
    characteristic, and for missing and each special code, the margin of the rows in that state is held against the mean
    margin that the same rows would have with an ordinary value, distributed as it is where it is ordinary, the features
    of a characteristic together. Where no row is in the state, up to MOST_ROWS stand for those that might be.
    """
    x = matrix.to_numpy(float)
    rows = Rows(x, base_margin + sums(trees, x), np.asarray(y, float), np.asarray(weights, float))
    found = []
    for name in dict.fromkeys(feature.characteristic for feature in features):
        places = [i for i, feature in enumerate(features) if feature.characteristic == name]
        states = states_of(tables[name], frame[name], places)
        ordinary = ~np.logical_or.reduce([state.rows for state in states])
        found += [(name, *_compared(trees, rows, places, state, ordinary)) for state in states]
    return pd.DataFrame(found, columns=COLUMNS)


def states_of(table: BinningTable, column: pd.Series, places: Sequence[int]) -> list[State]:
    """Missing and each special code. places: numbers of the characteristic's features, its value first."""
    values = column.to_numpy(object)
    missing = pd.isna(column).to_numpy(bool)
    codes = [(code, one) for one in table.bins for code in one.codes]
    zeros = dict.fromkeys(places[1:], 0.0)
    if table.kind == "categorical":
        lacking = next(one for one in table.bins if one.kind == "missing" or one.takes_missing)
        states = [State("missing", missing, {places[0]: _woe(table, lacking), **zeros})]
        special = [(code, {places[0]: _woe(table, one), **zeros}) for code, one in codes]
        return states + [State(f"special {code}", values == code, put) for code, put in special]
    states = [State("missing", missing, {places[0]: np.nan, **zeros})]
    for place, (code, _) in zip(places[1:], codes, strict=True):
        held = np.equal(column.to_numpy(float), float(code))
        states.append(State(f"special {number_text(code)}", held, {places[0]: np.nan, **zeros, place: 1.0}))
    return states


def _woe(table: BinningTable, one: Bin) -> float:
    return float(table.result.woe[one.id])


def _compared(
    trees: Sequence[Tree], rows: Rows, places: Sequence[int], state: State, ordinary: Bools
) -> tuple[Any, ...]:
    count = int(np.count_nonzero(state.rows))
    rates = [
        float(np.average(rows.y[part], weights=rows.weights[part])) if part.any() else None
        for part in (state.rows, ordinary)
    ]
    if not ordinary.any():
        return (state.name, count, count, *rates, None, None, None, None, "no value is ordinary")
    chosen = np.flatnonzero(state.rows) if count else spread(len(rows.x))
    own = [tree for tree in trees if not set(places).isdisjoint(tree["feature"])]
    known = ordinary_of(rows.x[ordinary][:, places], rows.weights[ordinary], places)
    x, w = rows.x[chosen], rows.weights[chosen]
    rest = rows.margin[chosen] - sums(own, x)
    x = x.copy()
    x[:, places] = [state.values[place] for place in places]
    as_is = sums(own, x)
    x[:, places[1:]] = 0.0
    as_ordinary = sums(own, x, known)
    difference = as_is - as_ordinary
    mean = float(np.average(difference, weights=w))
    words = "the same" if abs(mean) <= TINY else "riskier" if mean > 0 else "safer"
    return (
        state.name,
        count,
        len(w),
        *rates,
        float(np.average(rest + as_is, weights=w)),
        float(np.average(rest + as_ordinary, weights=w)),
        mean,
        float(np.average(difference > TINY, weights=w)),
        words,
    )


def ordinary_of(values: Floats, weights: Floats, places: Sequence[int]) -> Known:
    """Distribution of a characteristic's features: values (n, features) with weights (n,); places: their numbers.

    Of the first alone where the others are 0, as the indicators of special codes are for ordinary values.
    """
    if not values[:, 1:].any():
        return ordinary_values(values[:, 0], weights, places[0])
    distinct, number = np.unique(values, axis=0, return_inverse=True)
    counts = np.bincount(number.ravel(), weights=weights)
    return Joint(tuple(places), distinct, counts / counts.sum())


def ordinary_values(values: Floats, weights: Floats, feature: int) -> Ordinary:
    """Distribution of values (n,) of one feature with weights (n,)."""
    order = np.argsort(values, kind="stable")
    cumulated = np.concatenate([[0.0], np.cumsum(weights[order])])
    return Ordinary(feature, values[order], cumulated / cumulated[-1])


def spread(rows: int) -> NDArray[np.int64]:
    """Up to MOST_ROWS row numbers, evenly spaced."""
    return np.unique(np.linspace(0, rows - 1, min(rows, MOST_ROWS)).astype(np.int64))


def sums(trees: Sequence[Tree], x: Floats, known: Known | None = None) -> Floats:
    """Sum (n,) of the trees; values in x of the features that `known` covers are passed over and it is averaged."""
    total = np.zeros(len(x))
    for tree in trees:
        total += _walk(tree, x, known)
    return total


def _walk(tree: Tree, x: Floats, known: Known | None) -> Floats:
    """Value (n,) of a tree: leaf by leaf, each row's share in it times its value.

    At a split on a feature that is averaged over a row goes both ways, each with the share of its ordinary values.
    """
    total = np.zeros(len(x))
    begin = None if known is None else known.whole
    stack: list[tuple[int, NDArray[np.int64], float, Any]] = [(0, np.arange(len(x)), 1.0, begin)]
    while stack:
        node, rows, share, part = stack.pop()
        left, right = tree["left"][node], tree["right"][node]
        if left < 0:
            total[rows] += share * float(tree["value"][node])
            continue
        feature, threshold = tree["feature"][node], float(tree["threshold"][node])
        if known is not None and known.covers(feature):
            for child, (side, inside) in zip((left, right), known.split(part, feature, threshold), strict=True):
                if inside > 0:
                    stack.append((child, rows, share * inside, side))
        else:
            values = x[rows, feature]
            go_left = np.where(np.isnan(values), bool(tree["default_left"][node]), values < threshold)
            stack += [(left, rows[go_left], share, part), (right, rows[~go_left], share, part)]
    return total
