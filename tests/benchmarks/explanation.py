"""Attributions of trees and reason codes, rows a second, beside plain scoring and beside shap on the same machine.

`python -m tests.benchmarks.explanation`; ratios are printed, nothing is asserted. shap's TreeExplainer holds thresholds
in single precision, so that it is compared for speed only.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from credit_risk.scoring import compile_model
from credit_risk.scoring.attribution import evaluate_attribution, pack_attribution
from credit_risk.scoring.steps import evaluate_trees, pack_trees
from tests.contract.test_attributions import model_of
from tests.credit_risk.explanation import games

ROWS, FEATURES, BACKGROUND = 50_000, 20, 200


def main() -> None:
    """Print rows a second for trees of depth 3 and 6."""
    rng = np.random.default_rng(1)
    rows, background = rng.normal(size=(ROWS, FEATURES)), rng.normal(size=(BACKGROUND, FEATURES))
    for depth, trees in ((3, 150), (6, 100)):
        step = games.random_step(rng, FEATURES, trees, depth)
        packed_trees = pack_trees(step)
        packed = pack_attribution(step, [[k] for k in range(FEATURES)], background)
        scoring = _seconds(lambda: evaluate_trees(step, rows, trees=packed_trees))  # noqa: B023 - called at once
        own = _seconds(lambda: evaluate_attribution(packed, rows))  # noqa: B023
        print(f"{trees} trees of depth {depth}: scoring {ROWS / scoring:,.0f} rows/s")  # noqa: T201
        print(f"  attributions {ROWS / own:,.0f} rows/s, {own / scoring:.2f} of the time of scoring")  # noqa: T201
        theirs = _shap(step, rows[:200], background)
        ratio = theirs / 200 / (own / ROWS)
        print(f"  shap, interventional, {BACKGROUND} background rows: {200 / theirs:,.0f} rows/s; {ratio:,.0f}×")  # noqa: T201
    _package(rng)


def _shap(step: dict, rows: np.ndarray, background: np.ndarray) -> float:
    import shap

    trees = [
        {
            "children_left": np.array(tree["left"]),
            "children_right": np.array(tree["right"]),
            "children_default": np.where(tree["default_left"], tree["left"], tree["right"]),
            "features": np.array(tree["feature"]),
            "thresholds": np.array([0.0 if t is None else t for t in tree["threshold"]]),
            "values": np.array(tree["value"], dtype=float)[:, None],
            "node_sample_weight": np.ones(len(tree["left"])),
        }
        for tree in step["trees"]
    ]
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.TreeExplainer({"trees": trees}, masker, feature_perturbation="interventional")
    return _seconds(lambda: explainer.shap_values(rows, check_additivity=False))


def _package(rng: np.random.Generator) -> None:
    """A whole model with attributions, through the scoring authority."""
    model = model_of(3, FEATURES, 150, 3)
    compiled = compile_model(model)
    frame = pd.DataFrame(rng.normal(size=(ROWS, FEATURES)), columns=[f"f{k}" for k in range(FEATURES)])
    seconds = _seconds(lambda: compiled.values(frame))
    print(f"model.json with attributions, 150 trees of depth 3: {ROWS / seconds:,.0f} rows/s")  # noqa: T201


def _seconds(action: Callable[[], object]) -> float:
    action()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
