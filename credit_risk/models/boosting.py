"""Monotone gradient boosting with xgboost, trained so that neither row order nor threads change it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.extras import optional_import
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.scoring.thresholds import boundary_double

Floats = NDArray[np.float64]
GREATEST = float(np.finfo(np.float32).max)
CONSTRAINT_WORDS = {1: "ascending", -1: "descending", 0: "none"}


def training_parameters(
    spec: MonotoneBoostingSpec, constraints: Sequence[int], base_score: float, threads: int
) -> dict[str, Any]:
    """Parameters of xgboost's native interface. alpha stays 0: with constraints it distorts gains up to 3.3."""
    return {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": spec.depth,
        "eta": spec.learning_rate,
        "min_child_weight": spec.min_child_weight,
        "lambda": spec.reg_lambda,
        "alpha": 0.0,
        "gamma": spec.gamma,
        "max_bin": spec.max_bin,
        "monotone_constraints": tuple(constraints),
        "base_score": base_score,
        "nthread": threads,
        "seed": 0,
        "verbosity": 0,
    }


@dataclass(frozen=True, slots=True)
class BoostingFit:
    """features (k,) in order; constraints (k,) −1, 0, 1 on the bad rate; `trees` as the trees step holds them.

    base_margin is the log-odds that every row starts from; importance is evidence `boosting.importance.{model}`;
    beyond_float32 counts the training values that stood as the greatest float32.
    """

    features: tuple[str, ...]
    constraints: tuple[int, ...]
    spec: MonotoneBoostingSpec
    base_score: float
    base_margin: float
    trees: tuple[dict[str, list[Any]], ...]
    importance: pd.DataFrame
    beyond_float32: int = 0

    def step(self, output: str = "linear_score") -> dict[str, Any]:
        """The `trees` step of model.json, its value named `output`."""
        return {
            "id": "trees",
            "type": "trees",
            "features": list(self.features),
            "base_margin": self.base_margin,
            "offset": None,
            "trees": list(self.trees),
            "output": output,
        }


def prebin(column: Floats, maximum: int) -> NDArray[np.float32]:
    """Replace values by the lower edge of at most `maximum` equal-frequency prebins, in float32; NaN stays.

    With no more distinct values than histogram bins xgboost's sketch is lossless, and so independent of row order.
    An edge is a data value, so thresholds found on the result route the original values the same way. Values beyond the
    greatest float32 stand as that one; every threshold sends them where it sends the greatest float32.
    """
    with np.errstate(under="ignore"):
        x = np.clip(column, -GREATEST, GREATEST).astype(np.float32)
    known = np.sort(x[~np.isnan(x)])
    distinct = np.unique(known)
    if len(distinct) <= maximum:
        return x
    positions = (np.arange(maximum) * len(known)) // maximum
    edges = np.unique(known[positions])
    index = np.searchsorted(edges, x, side="right") - 1
    return np.where(np.isnan(x), x, edges[np.maximum(index, 0)]).astype(np.float32)


def fit_boosting(
    frame: pd.DataFrame,
    y: Floats,
    constraints: Sequence[int],
    spec: MonotoneBoostingSpec,
    *,
    weights: Floats | None = None,
    threads: int = 1,
) -> BoostingFit:
    """Train on frame (n, k) of numbers with NaN for missing; y (n,) 0/1 with 1 = bad; constraints (k,) −1, 0 or 1."""
    xgboost = optional_import("xgboost", "model")
    names = [str(c) for c in frame.columns]
    x = np.column_stack([prebin(frame[c].to_numpy(float), spec.max_bin) for c in frame.columns])
    w = np.ones(len(y)) if weights is None else weights
    base_score = float(np.float32(np.sum(w * y) / np.sum(w)))
    labels = [f"f{i}" for i in range(len(names))]
    data = xgboost.DMatrix(x, label=y, weight=weights, feature_names=labels, nthread=threads)
    params = training_parameters(spec, constraints, base_score, threads)
    booster = xgboost.train(params, data, num_boost_round=spec.trees)
    raw = json.loads(bytes(booster.save_raw("json")))
    trees = raw["learner"]["gradient_booster"]["model"]["trees"]
    return BoostingFit(
        features=tuple(names),
        constraints=tuple(int(c) for c in constraints),
        spec=spec,
        base_score=base_score,
        base_margin=math.log(base_score) - math.log1p(-base_score),
        trees=tuple(_tree_arrays(tree) for tree in trees),
        importance=_importance(trees, names, constraints),
        beyond_float32=int(np.count_nonzero(np.abs(frame.to_numpy(float)) > GREATEST)),
    )


def _tree_arrays(tree: dict[str, Any]) -> dict[str, list[Any]]:
    """One tree of xgboost's JSON as column arrays with double thresholds (SPECIFICATION 3.2, `trees`)."""
    left = [int(i) for i in tree["left_children"]]
    leaf = [i < 0 for i in left]
    condition = np.asarray(tree["split_conditions"], np.float32)
    threshold = np.atleast_1d(boundary_double(condition))
    return {
        "left": left,
        "right": [int(i) for i in tree["right_children"]],
        "feature": [-1 if is_leaf else int(f) for f, is_leaf in zip(tree["split_indices"], leaf, strict=True)],
        "threshold": [None if is_leaf else float(t) for t, is_leaf in zip(threshold, leaf, strict=True)],
        "default_left": [bool(d) and not is_leaf for d, is_leaf in zip(tree["default_left"], leaf, strict=True)],
        "value": [float(v) if is_leaf else 0.0 for v, is_leaf in zip(condition, leaf, strict=True)],
    }


def _importance(trees: Sequence[dict[str, Any]], names: Sequence[str], constraints: Sequence[int]) -> pd.DataFrame:
    splits, gain = np.zeros(len(names), int), np.zeros(len(names))
    for tree in trees:
        for left, feature, change in zip(
            tree["left_children"], tree["split_indices"], tree["loss_changes"], strict=True
        ):
            if left >= 0:
                splits[feature] += 1
                gain[feature] += float(change)
    total = float(gain.sum())
    frame = pd.DataFrame(
        {
            "feature": names,
            "constraint": [CONSTRAINT_WORDS[c] for c in constraints],
            "splits": splits,
            "gain_share": gain / total if total > 0 else gain,
        }
    )
    return frame.sort_values(["gain_share", "feature"], ascending=[False, True], ignore_index=True)


def parameter_items(fit: BoostingFit) -> dict[str, str]:
    """Evidence `boosting.parameters.{model}`: every setting that training used."""
    params = training_parameters(fit.spec, fit.constraints, fit.base_score, 1)
    names = dict(zip(fit.features, (CONSTRAINT_WORDS[c] for c in fit.constraints), strict=True))
    params["monotone_constraints"] = ", ".join(f"{name} {word}" for name, word in names.items())
    params["rounds"] = fit.spec.trees
    del params["nthread"], params["verbosity"]
    params["values beyond float32, trained as the greatest float32"] = fit.beyond_float32
    return {key: value if isinstance(value, str) else repr(value) for key, value in params.items()}
