"""Training in NumPy beside xgboost itself on real tables: every node alike in every bit, margins too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.validation.boosted_tables import OUTCOMES, both, table, version
from validation.rebuild.boosting.settings import Settings

PLAIN = Settings(rounds=6, learning_rate=0.1, depth=4, least_hessian=10.0)
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "weights": {},
    "offset": {},
    "monotone": {"directions": "mixed"},
    "monotone, offset, weights": {"directions": "mixed", "depth": 5, "least_hessian": 1.0},
    "no direction at all": {"directions": "none"},
    "lambda, gamma": {"l2": 7.5, "least_gain": 2.0},
    "no lambda": {"l2": 0.0, "least_hessian": 0.0},
    "alpha": {"l1": 1.5},
    "largest step": {"largest_step": 0.2, "directions": "mixed"},
    "by loss": {"leaves": 12, "depth": 6, "directions": "mixed"},
    "groups": {"groups": "pairs", "directions": "mixed"},
    "few values": {"most_values": 16},
    "exact": {"method": "exact", "rounds": 3},
    "exact, monotone, gamma": {"method": "exact", "rounds": 3, "directions": "mixed", "least_gain": 1.0},
    "exact, groups, weights": {"method": "exact", "rounds": 3, "groups": "pairs"},
}
FULL = {
    "all at once": {"directions": "mixed", "l2": 2.0, "least_gain": 0.5, "depth": 4, "largest_step": 0.7},
    "plain": {},
    "weights, monotone": {"directions": "mixed"},
    "by loss, offset": {"directions": "mixed", "leaves": 12},
    "exact": {"method": "exact", "rounds": 20, "depth": 3},
}


def settings_of(case: dict[str, Any], features: int) -> Settings:
    words = dict(case)
    if "directions" in words:
        mixed = tuple((1, -1, 0, -1, 1)[k % 5] for k in range(features))
        words["directions"] = mixed if words["directions"] == "mixed" else (0,) * features
    if "groups" in words:
        words["groups"] = tuple(tuple(range(k, min(k + 3, features))) for k in range(0, features, 2))
    return replace(PLAIN, version=version(), **words)


def compared(folder: Path, data: str, name: str, case: dict[str, Any], rows: int | None, **more: Any) -> None:
    x, y = table(folder, data, rows)
    rng = np.random.default_rng(3)
    weight = rng.gamma(2.0, 0.5, len(y)) + 0.1 if "weights" in name else None
    offset = rng.normal(-1.0, 0.6, len(y)) if "offset" in name else None
    found, forest, nodes = both(x, y, replace(settings_of(case, x.shape[1]), **more), weight, offset)
    assert found == []
    assert nodes > len(forest.trees)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("data", ["heloc", "german_credit"])
def test_every_setting_gives_xgboost_s_trees(test_data: Path, data: str, name: str) -> None:
    compared(test_data, data, name, CASES[name], 1500)


@pytest.mark.parametrize("name", ["monotone, offset, weights", "by loss"])
@pytest.mark.parametrize("data", ["sba_loans", "taiwan_credit"])
def test_larger_tables_give_xgboost_s_trees(test_data: Path, data: str, name: str) -> None:
    compared(test_data, data, name, CASES[name], 4000)


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("data", OUTCOMES)
def test_whole_tables_and_200_trees(test_data: Path, data: str, name: str) -> None:
    more = {} if "rounds" in FULL[name] else {"rounds": 200}
    compared(test_data, data, name, FULL[name], None, **more)
