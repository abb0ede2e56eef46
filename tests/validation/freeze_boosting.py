"""Trees of the xgboost that is installed, frozen for `test_boosting_rebuild_arithmetic`.

`python -m tests.validation.freeze_boosting` writes `frozen/xgboost_<version>.json`. For another version than the
project's it is run where that version is installed, with what the validator needs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.validation.boosted_tables import by_xgboost, version
from validation.rebuild.boosting.settings import Settings

FROZEN = Path(__file__).parent / "frozen"
FIELDS = (
    "left_children",
    "right_children",
    "split_indices",
    "split_conditions",
    "default_left",
    "loss_changes",
    "sum_hessian",
)
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "directions, alpha": {"directions": (1, -1, 0), "l1": 2.0},
    "alpha": {"l1": 2.0},
    "largest step": {"largest_step": 0.3, "l1": 0.5, "least_gain": 0.2},
    "by loss": {"leaves": 7, "directions": (1, 0, -1)},
    "least hessian": {"least_hessian": 15.0, "directions": (1, -1, 0)},
    "exact": {"method": "exact", "directions": (1, -1, 0), "least_gain": 0.5, "l1": 0.5},
}


def small_table() -> tuple[np.ndarray, np.ndarray]:
    """400 rows of whole numbers by a rule of counting, so that no generator of random numbers is needed."""
    place = np.arange(400)
    x = np.column_stack([(place * 7919) % 101, (place * 104729) % 37, (place * 1299709) % 11]).astype(float)
    y = (((place * 15485863) % 97) + x[:, 0] - 2.0 * x[:, 1] > 55.0).astype(float)
    x[(place * 31) % 9 == 0, 0] = np.nan
    x[(place * 17) % 5 == 0, 2] = np.nan
    return x, y


def settings_of(name: str, of: tuple[int, int]) -> Settings:
    return Settings(**{"rounds": 4, "learning_rate": 0.3, "depth": 4, "version": of, **CASES[name]})


def main() -> None:
    """Write the trees of every case."""
    x, y = small_table()
    found = {}
    for name in CASES:
        raw, _, _ = by_xgboost(x, y, settings_of(name, version()))
        found[name] = [{field: tree[field] for field in FIELDS} for tree in raw]
    FROZEN.mkdir(exist_ok=True)
    text = json.dumps(found).replace("-Infinity", '"-inf"')
    (FROZEN / f"xgboost_{version()[0]}_{version()[1]}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
