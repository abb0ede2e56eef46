"""Shapley values of scorecards and boosted trees, in log-odds of bad: positive values raise the risk.

Interventional: the value of a coalition is the mean output over a declared background whose rows take the coalition's
values from the applicant (Janzing, Minorics and Blöbaum 2020). With one background row it is Baseline Shapley (Nair et
al. 2022, arXiv 2204.12365). Path-dependent values (Lundberg et al. 2020) split by the shares of a sample at each node;
they credit characteristics that the model does not use for this applicant, so they are an option that is always
labelled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.scoring.attribution import Leaf, bits, evaluate_attribution, pack_attribution, tree_game

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Step = Mapping[str, Any]
INTERVENTIONAL = "interventional"
PATH_DEPENDENT = "path-dependent (an option: it does not hold the model fixed)"


@dataclass(frozen=True, slots=True)
class Attribution:
    """values (n, k) of the players `names`; base + sum of a row's values is its margin. `method` in words."""

    names: tuple[str, ...]
    values: Floats
    base: float
    method: str

    def margin(self) -> Floats:
        """base + the sum of values of each row (n,)."""
        return self.base + self.values.sum(axis=1)


def linear_shapley(
    names: Sequence[str], intercept: float, coefficients: Floats, features: Floats, background: Floats
) -> Attribution:
    """Exact values of a linear score: coefficient·(feature − mean of the background).

    coefficients (k,); features (n, k), weights of evidence of a scorecard; background (k,), their means. No assumption
    of independence is needed, since the function is additive.
    """
    mean = np.asarray(background, dtype=np.float64)
    b = np.asarray(coefficients, dtype=np.float64)
    values = b[None, :] * (np.asarray(features, dtype=np.float64) - mean[None, :])
    return Attribution(tuple(names), values, float(intercept + np.sum(b * mean)), INTERVENTIONAL)


def tree_shapley(
    step: Step,
    players: Mapping[str, Sequence[int]],
    matrix: Floats,
    background: Floats,
    weights: Floats | None = None,
) -> Attribution:
    """Exact interventional values of a `trees` step (without its offset), by the trees themselves in doubles.

    players: by name, the features (places in the step) that it decides, every feature with exactly one player; matrix
    (n, features) and background (m, features) with NaN missing; weights (m,), equal where None.
    Raises ValueError where a feature has no player or two.
    """
    packed = pack_attribution(step, list(players.values()), background, weights)
    return Attribution(tuple(players), evaluate_attribution(packed, matrix), packed.base, INTERVENTIONAL)


def path_dependent_shapley(
    step: Step, players: Mapping[str, Sequence[int]], matrix: Floats, sample: Floats, weights: Floats | None = None
) -> Attribution:
    """Path-dependent values: a player left out of the coalition goes both ways, by the shares of a sample.

    sample (m, features), weights (m,); other shapes as in `tree_shapley`. A node that no row of the sample
    reaches splits evenly.
    """
    x, rows = np.asarray(matrix, dtype=np.float64), np.asarray(sample, dtype=np.float64)
    share = np.full(len(rows), 1.0) if weights is None else np.asarray(weights, dtype=np.float64)
    player_of = _player_of(step, players)
    values, base = np.zeros((len(x), len(players))), float(step["base_margin"])
    for tree in step["trees"]:
        game = tree_game(tree, player_of)
        left = _shares_going_left(tree, game.sides(rows), share)
        sides = game.sides(x)
        for leaf in game.leaves:
            chance = np.array([_chance(conditions, left) for conditions in leaf.conditions])
            base += leaf.value * float(np.prod(chance))
            masks, place = np.unique(leaf.met(sides), return_inverse=True)
            table = _product_table(leaf, masks, chance)
            for column, player in enumerate(leaf.players):
                values[:, player] += table[place.reshape(-1), column]
    return Attribution(tuple(players), values, base, PATH_DEPENDENT)


def tree_interactions(
    step: Step,
    players: Mapping[str, Sequence[int]],
    matrix: Floats,
    background: Floats,
    weights: Floats | None = None,
) -> Floats:
    """Shapley interaction indices (n, k, k), symmetric with a zero diagonal (Grabisch and Roubens 1999).

    Shapes as in `tree_shapley`. An entry is the whole interaction of the pair: how much more the two do together than
    apart, averaged over coalitions and background. An additive model has none.
    """
    x, rows = np.asarray(matrix, dtype=np.float64), np.asarray(background, dtype=np.float64)
    share = np.full(len(rows), 1.0) if weights is None else np.asarray(weights, dtype=np.float64)
    share = share / np.sum(share)
    player_of = _player_of(step, players)
    result = np.zeros((len(x), len(players), len(players)))
    for tree in step["trees"]:
        game = tree_game(tree, player_of)
        sides, met = game.sides(x), game.sides(rows)
        for leaf in game.leaves:
            if len(leaf.players) < 2:
                continue
            masks, place = np.unique(leaf.met(sides), return_inverse=True)
            table = _pair_table(leaf, masks, leaf.met(met), share)
            for i, one in enumerate(leaf.players):
                for j, other in enumerate(leaf.players):
                    if i != j:
                        result[:, one, other] += table[place.reshape(-1), i, j]
    return result


def _player_of(step: Step, players: Mapping[str, Sequence[int]]) -> list[int]:
    found = {feature: number for number, places in enumerate(players.values()) for feature in places}
    if sorted(found) != list(range(len(step["features"]))):
        raise ValueError("every feature has exactly one player")
    return [found[feature] for feature in range(len(found))]


def _shares_going_left(tree: Step, sides: NDArray[np.bool_], weights: Floats) -> Floats:
    """Share of the weight at each inner node that goes left (inner nodes,); one half where no row comes."""
    inner = [node for node, left in enumerate(tree["left"]) if left >= 0]
    here: dict[int, NDArray[np.bool_]] = {0: np.ones(len(weights), dtype=bool)}
    shares = np.zeros(len(inner))
    for k, node in enumerate(inner):
        at = here[node]
        here[tree["left"][node]], here[tree["right"][node]] = at & sides[k], at & ~sides[k]
        total = float(weights[at].sum())
        shares[k] = float(weights[at & sides[k]].sum()) / total if total > 0 else 0.5
    return shares


def _chance(conditions: Sequence[tuple[int, bool]], left: Floats) -> float:
    return math.prod(float(left[node]) if goes_left else 1.0 - float(left[node]) for node, goes_left in conditions)


def _product_table(leaf: Leaf, masks: Ints, chance: Floats) -> Floats:
    """Shapley values (masks, players) of the game value·Π(met where in the coalition, else chance)."""
    count = len(leaf.players)
    met = bits(masks, count).astype(np.float64)
    table = np.zeros((len(masks), count))
    for player in range(count):
        ways = np.zeros((len(masks), count))  # by size of the coalition of the others
        ways[:, 0] = 1.0
        for other in range(count):
            if other != player:
                taken = np.column_stack([np.zeros(len(masks)), ways[:, :-1]]) * met[:, [other]]
                ways = ways * chance[other] + taken
        sizes = [math.factorial(k) * math.factorial(count - 1 - k) / math.factorial(count) for k in range(count)]
        table[:, player] = leaf.value * (met[:, player] - chance[player]) * (ways @ np.array(sizes))
    return table


def _pair_table(leaf: Leaf, masks: Ints, background: Ints, weights: Floats) -> Floats:
    """Mean interaction indices (masks, players, players) of a leaf over what the background meets."""
    count = len(leaf.players)
    full = (1 << count) - 1
    met, place = np.unique(background, return_inverse=True)
    share = np.bincount(place.reshape(-1), weights=weights, minlength=len(met))
    result = np.zeros((len(masks), count, count))
    for z, weight in zip(met.tolist(), share.tolist(), strict=True):
        only_x, only_z = bits(masks & ~z, count), bits(~masks & z & full, count)
        a, b = only_x.sum(axis=1), only_z.sum(axis=1)
        both_x = _ratio(a - 2, b, a, b)[:, None, None] * (only_x[:, :, None] & only_x[:, None, :])
        both_z = _ratio(a, b - 2, a, b)[:, None, None] * (only_z[:, :, None] & only_z[:, None, :])
        apart = (only_x[:, :, None] & only_z[:, None, :]) | (only_z[:, :, None] & only_x[:, None, :])
        pairs = both_x + both_z - _ratio(a - 1, b - 1, a, b)[:, None, None] * apart
        reached = ((masks | z) == full)[:, None, None]
        result += np.where(reached, leaf.value * weight * pairs, 0.0)
    return result


MOST_PLAYERS = 32
_FACTORIAL = np.array([float(math.factorial(k)) for k in range(MOST_PLAYERS)] + [0.0, 0.0])  # of −1 and −2: none


def _ratio(one: Ints, other: Ints, a: Ints, b: Ints) -> Floats:
    """one!·other!/(a + b − 1)!, 0 where a factor is not defined."""
    return _FACTORIAL[one] * _FACTORIAL[other] / np.maximum(_FACTORIAL[a + b - 1], 1.0)
