"""Monotone gradient boosting with xgboost, trained so that neither row order nor threads change it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.extras import optional_import
from credit_risk.models.boosting_rows import BoostingRows, boosting_rows
from credit_risk.models.raw_trees import Tree, importance_frame, raw_trees, tree_arrays
from credit_risk.models.spec import MonotoneBoostingSpec

Floats = NDArray[np.float64]
CONSTRAINT_WORDS = {1: "ascending", -1: "descending", 0: "none"}
ALPHA_FROM = (3, 4)
"""First version of xgboost whose gains take alpha rightly where monotone constraints are given."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the trees must keep. directions (k,): −1, 0, 1 on the bad rate; groups of feature numbers that may interact.

    groups None: every feature with every other.
    """

    directions: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class BoostingFit:
    """features (k,) in order; constraints (k,) −1, 0, 1 on the bad rate; `trees` as the trees step holds them.

    base_margin is the log-odds that every row starts from: 0 where each row starts from its own `offset`. importance
    is evidence `boosting.importance.{model}`; beyond_float32 counts training values that stood as the greatest float32.
    """

    features: tuple[str, ...]
    constraints: tuple[int, ...]
    spec: MonotoneBoostingSpec
    base_score: float
    base_margin: float
    trees: tuple[Tree, ...]
    importance: pd.DataFrame
    beyond_float32: int = 0
    groups: tuple[tuple[int, ...], ...] | None = None
    has_offset: bool = False

    def step(self, output: str = "linear_score", offset: str | None = None) -> dict[str, Any]:
        """The `trees` step of model.json, its value named `output`, each row starting from the value named `offset`.

        Raises ValueError where the trees were fitted with an offset and none is named, or the other way round: without
        its offset every prediction would be wrong by it.
        """
        if (offset is not None) != self.has_offset:
            state = "with" if self.has_offset else "without"
            raise ValueError(f"the trees were fitted {state} an offset, and are scored {state} one only")
        return {
            "id": "trees",
            "type": "trees",
            "features": list(self.features),
            "base_margin": self.base_margin,
            "offset": offset,
            "trees": list(self.trees),
            "output": output,
        }


def fit_boosting(
    frame: pd.DataFrame,
    y: Floats,
    constraints: Sequence[int],
    spec: MonotoneBoostingSpec,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    groups: Sequence[Sequence[int]] | None = None,
    threads: int = 1,
) -> BoostingFit:
    """Train on frame (n, k) of numbers with NaN for missing; y (n,) 0/1 with 1 = bad; constraints (k,) −1, 0 or 1.

    weights (n,) positive; offset (n,) log-odds that each row starts from, taken as float32 in training; groups: numbers
    of features that may interact, every feature in one at least. Raises ModelError as `boosting_rows` and
    `refuse_defects` do.
    """
    rows = boosting_rows(frame, y, weights=weights, offset=offset, max_bin=spec.max_bin)
    bounds = Bounds(tuple(int(c) for c in constraints), None if groups is None else tuple(map(tuple, groups)))
    return fit_rows(rows, bounds, spec, threads=threads)


def fit_rows(rows: BoostingRows, bounds: Bounds, spec: MonotoneBoostingSpec, *, threads: int = 1) -> BoostingFit:
    """As `fit_boosting`, on rows that are ready."""
    grower = Grower(rows, bounds, spec, threads=threads)
    raw = grower.grow(spec.trees)
    has_offset = rows.offset is not None
    p = rows.base_score
    return BoostingFit(
        features=rows.features,
        constraints=bounds.directions,
        spec=spec,
        base_score=p,
        base_margin=0.0 if has_offset else math.log(p) - math.log1p(-p),
        trees=tuple(tree_arrays(tree) for tree in raw),
        importance=importance_frame(raw, rows.features, [CONSTRAINT_WORDS[c] for c in bounds.directions]),
        beyond_float32=rows.beyond_float32,
        groups=bounds.groups,
        has_offset=has_offset,
    )


class Grower:
    """Trees in training: `grow` adds to those that stand and returns the new ones, as xgboost writes them."""

    def __init__(self, rows: BoostingRows, bounds: Bounds, spec: MonotoneBoostingSpec, *, threads: int = 1):
        refuse_defects(spec)
        xgboost = optional_import("xgboost", "model")
        labels = [f"f{i}" for i in range(len(rows.features))]
        self._data = xgboost.DMatrix(
            rows.x,
            label=rows.y,
            weight=rows.weights,
            base_margin=rows.offset,
            feature_names=labels,
            nthread=threads,
        )
        params = training_parameters(spec, bounds, rows.base_score, threads)
        self._booster = xgboost.Booster(params, [self._data])
        self._rounds = 0

    def grow(self, rounds: int) -> list[dict[str, Any]]:
        """Add `rounds` trees."""
        begin = self._rounds
        for iteration in range(begin, begin + rounds):
            self._booster.update(self._data, iteration)
        self._rounds += rounds
        return raw_trees(self._booster[begin : self._rounds])


def training_parameters(spec: MonotoneBoostingSpec, bounds: Bounds, base_score: float, threads: int) -> dict[str, Any]:
    """Parameters of xgboost's native interface."""
    params: dict[str, Any] = {
        "objective": "binary:logistic",
        "tree_method": spec.tree_method,
        "max_depth": spec.depth,
        "eta": spec.learning_rate,
        "min_child_weight": spec.min_child_weight,
        "lambda": spec.reg_lambda,
        "alpha": spec.reg_alpha,
        "gamma": spec.gamma,
        "max_bin": spec.max_bin,
        "monotone_constraints": tuple(bounds.directions),
        "base_score": base_score,
        "nthread": threads,
        "seed": 0,
        "verbosity": 0,
    }
    if spec.leaves is not None:
        params |= {"grow_policy": "lossguide", "max_leaves": spec.leaves}
    if bounds.groups is not None:
        params["interaction_constraints"] = "[" + ",".join(str(list(group)) for group in bounds.groups) + "]"
    return params


def defect_faults(spec: MonotoneBoostingSpec, path: str = "models") -> list[Fault]:
    """Settings under which the installed xgboost is known to train wrongly, each with its remedy."""
    version = str(optional_import("xgboost", "model").__version__)
    if spec.reg_alpha > 0 and _release(version) < ALPHA_FROM:
        needed = ".".join(map(str, ALPHA_FROM))
        return [
            Fault(
                f"xgboost {version} takes wrong gains from reg_alpha where features are monotone",
                code="library_defect",
                path=f"{path}.{spec.id}.reg_alpha",
                found=repr(spec.reg_alpha),
                allowed=f"0 before xgboost {needed}",
                remedy=f"leave reg_alpha out, or install xgboost {needed}",
            )
        ]
    return []


def refuse_defects(spec: MonotoneBoostingSpec) -> None:
    """Raise ModelError where `defect_faults` finds any."""
    if faults := defect_faults(spec):
        raise ModelError(faults)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def parameter_items(fit: BoostingFit) -> dict[str, str]:
    """Evidence `boosting.parameters.{model}`: every setting that training used."""
    bounds = Bounds(fit.constraints, fit.groups)
    params = training_parameters(fit.spec, bounds, fit.base_score, 1)
    names = dict(zip(fit.features, (CONSTRAINT_WORDS[c] for c in fit.constraints), strict=True))
    params["monotone_constraints"] = ", ".join(f"{name} {word}" for name, word in names.items())
    if fit.groups is not None:
        params["interaction_constraints"] = "; ".join(", ".join(fit.features[i] for i in group) for group in fit.groups)
    params["rounds"] = fit.spec.trees
    del params["nthread"], params["verbosity"]
    if fit.has_offset:
        del params["base_score"]
        params["starts from"] = "the offset of each row"
    params["values beyond float32, trained as the greatest float32"] = fit.beyond_float32
    return {key: value if isinstance(value, str) else repr(value) for key, value in params.items()}
