"""Defects of gradient boosting: leaves, thresholds, directions of missing values, features, constant, constraints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.defects.consistent import Model, Replaced, step, with_model
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.severity import material

GROWN = "credit_risk.lifecycle.candidates.boosting.boosting_steps"
STRUCTURE = ("boosting.", "model.json: tree")
Step = dict[str, Any]


def grown(change: Callable[[Step], Any]) -> Replaced:
    """Change the trees as soon as they are grown; background, attributions and all that follows are made of them."""

    def around(original: Callable[..., list[Step]]) -> Callable[..., list[Step]]:
        def boosting_steps(*arguments: Any, **options: Any) -> list[Step]:
            steps = original(*arguments, **options)
            change(next(one for one in steps if one["type"] == "trees"))
            return steps

        return boosting_steps

    return {GROWN: around}


def sized(strength: float, change: Callable[[Step, float], Any]) -> Callable[[Making], Path]:
    """A defect of the trees whose effect on the probability grows with its strength."""

    def make(making: Making) -> Path:
        size = strength * material("probability") * making.times
        return making.developed(grown(lambda trees: change(trees, size)))

    return make


def once(change: Callable[[Step], Any]) -> Callable[[Making], Path]:
    """A defect of the trees that has no size."""
    return lambda making: making.developed(grown(change))


def _leaf(trees: Step, size: float) -> None:
    """The last leaf of the first tree, which many applicants reach or few."""
    trees["trees"][0]["value"][-1] += size


def _leaves(trees: Step, size: float) -> None:
    for tree in trees["trees"]:
        tree["value"] = [value * (1.0 - size) for value in tree["value"]]


def _constant(trees: Step, size: float) -> None:
    trees["base_margin"] += size


def _twice(trees: Step) -> None:
    for tree in trees["trees"]:
        tree["value"] = [value * 0.1 for value in tree["value"]]


def _missing_other_way(trees: Step) -> None:
    """Of each tree, the missing values of the first split on INCOME."""
    income = trees["features"].index("INCOME")
    for tree in trees["trees"]:
        place = tree["feature"].index(income)
        tree["default_left"][place] = not tree["default_left"][place]


def _swapped_features(trees: Step) -> None:
    first, second = (trees["features"].index(name) for name in ("woe(HOUSING)", "woe(BRANCH)"))
    turn = {first: second, second: first}
    for tree in trees["trees"]:
        tree["feature"] = [turn.get(place, place) for place in tree["feature"]]


def _threshold(trees: Step, size: float) -> None:
    """Every threshold on USED lies higher."""
    used = trees["features"].index("value(USED)")
    for tree in trees["trees"]:
        both = zip(tree["feature"], tree["threshold"], strict=True)
        tree["threshold"] = [cut * (1.0 + size) if feature == used else cut for feature, cut in both]


def _against_constraint(trees: Step) -> None:
    """The leaves of the deepest split on DELAYS, which the plan expects to ascend, change places."""
    delays = trees["features"].index("DELAYS")
    for tree in trees["trees"]:
        for place, feature in enumerate(tree["feature"]):
            left, right = tree["left"][place], tree["right"][place]
            if feature == delays and tree["left"][left] < 0 and tree["left"][right] < 0:
                values = tree["value"]
                values[left], values[right] = values[right], values[left]


def _fewer(trees: Step) -> None:
    del trees["trees"][-1]


def _other_shift(model: Model) -> None:
    """The score is made of the log-odds with another offset than that of the scaling."""
    step(model, "score")["offset"] += 20.0


def tree_defect(name: str, wrong: str, make: Callable[[Making], Path], *areas: str, sized: bool = False) -> Defect:
    """A defect of the champion of trees."""
    return Defect(name, wrong, "trees", "probability", (*STRUCTURE, *areas), make, sized=sized)


TREES: tuple[Defect, ...] = (
    tree_defect("altered_leaf", "a leaf of a tree is not that of the fit", sized(18.0, _leaf), sized=True),
    tree_defect("scaled_leaves", "the leaves are those of another learning rate", sized(3.0, _leaves), sized=True),
    tree_defect("eta_twice", "the learning rate is applied to the leaves twice", once(_twice)),
    tree_defect("moved_constant", "the constant of the trees is of another sample", sized(1.2, _constant), sized=True),
    tree_defect("missing_other_way", "missing values go the other way", once(_missing_other_way)),
    tree_defect("swapped_features", "two features of the trees are mixed up", once(_swapped_features)),
    tree_defect("moved_thresholds", "thresholds of a feature lie elsewhere", sized(3.9, _threshold), sized=True),
    tree_defect("against_constraint", "the trees break a constraint of the plan", once(_against_constraint)),
    tree_defect("tree_missing", "the last tree is lost", once(_fewer)),
    Defect(
        "wrong_offset",
        "the score is made with another offset than the scaling's",
        "trees",
        "decisions",
        ("scale step", "scaling."),
        lambda making: making.developed(with_model(_other_shift)),
        sized=False,
    ),
)
