"""Real tables as numbers, and xgboost itself beside the validator's own training: shared by tests and benchmarks."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from validation.rebuild.boosting.cuts import in_few_values, single
from validation.rebuild.boosting.settings import Forest, Settings
from validation.rebuild.boosting.training import train

SPECIALS = (-9, -8, -7)
OUTCOMES = {
    "german_credit": ("credit_risk", [2]),
    "heloc": ("RiskPerformance", ["Bad"]),
    "sba_loans": ("MIS_Status", ["CHGOFF"]),
    "taiwan_credit": ("DEFAULT", [1]),
}
LEFT_OUT = {
    "sba_loans": [
        "LoanNr_ChkDgt",
        "City",
        "Zip",
        "Bank",
        "ChgOffDate",
        "ChgOffPrinGr",
        "ApprovalDate",
        "DisbursementDate",
    ],
    "taiwan_credit": ["ID", "SEX", "AGE", "MARRIAGE"],
}


def version() -> tuple[int, int]:
    """The first two numbers of the xgboost that is installed."""
    import xgboost

    first, second = xgboost.__version__.split(".")[:2]
    return int(first), int(second)


def table(folder: Path, name: str, rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, k), texts as the number of their sorted levels, and outcomes (n,); the first `rows`, if given.

    Special codes of HELOC, and zeros of amounts of Taiwan, are missing.
    """
    frame = pd.read_csv(folder / f"{name}.csv.gz")
    column, bad = OUTCOMES[name]
    frame = frame[frame[column].notna()].sample(frac=1.0, random_state=1)
    frame = frame if rows is None else frame.head(rows)
    y = frame[column].isin(bad).to_numpy(float)
    frame = frame.drop(columns=[column, *LEFT_OUT.get(name, [])])
    numbers = {
        c: v if v.dtype.kind in "if" else v.astype("category").cat.codes.replace(-1, np.nan) for c, v in frame.items()
    }
    x = pd.DataFrame(numbers).to_numpy(float).copy()
    if name == "heloc":
        x[np.isin(x, SPECIALS)] = np.nan
    if name == "taiwan_credit":
        x[:, 8:][x[:, 8:] == 0] = np.nan
    return x, y


def share_of(y: np.ndarray, weight: np.ndarray | None) -> float:
    return float(np.float32(np.average(y, weights=weight)))


def by_xgboost(
    x: np.ndarray, y: np.ndarray, settings: Settings, weight: np.ndarray | None = None, offset: np.ndarray | None = None
) -> tuple[list[dict[str, Any]], np.ndarray, float]:
    """Trees as xgboost writes them, margins of the rows (n,), and seconds of processor time of its training."""
    import xgboost

    exact = settings.method == "exact"
    columns = [single(c) if exact else in_few_values(c, settings.most_values) for c in x.T]
    params: dict[str, Any] = {
        "objective": "binary:logistic",
        "tree_method": settings.method,
        "max_depth": settings.depth,
        "eta": settings.learning_rate,
        "min_child_weight": settings.least_hessian,
        "lambda": settings.l2,
        "alpha": settings.l1,
        "gamma": settings.least_gain,
        "max_delta_step": settings.largest_step,
        "max_bin": settings.most_values,
        "base_score": share_of(y, weight),
        "nthread": 1,
        "seed": 0,
        "verbosity": 0,
    }
    if settings.directions is not None:
        params["monotone_constraints"] = settings.directions
    if settings.leaves is not None:
        params |= {"grow_policy": "lossguide", "max_leaves": settings.leaves}
    if settings.groups is not None:
        params["interaction_constraints"] = json.dumps(settings.groups)
    started = time.process_time()
    data = xgboost.DMatrix(np.column_stack(columns), label=y, weight=weight, base_margin=offset, nthread=1)
    booster = xgboost.train(params, data, settings.rounds)
    seconds = time.process_time() - started
    raw = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]
    return raw, booster.predict(data, output_margin=True), seconds


def both(
    x: np.ndarray, y: np.ndarray, settings: Settings, weight: np.ndarray | None = None, offset: np.ndarray | None = None
) -> tuple[list[str], Forest, int]:
    """What differs in any bit between xgboost's trees and our own, node by node and in margins; our forest; nodes."""
    raw, margin, _ = by_xgboost(x, y, settings, weight, offset)
    own = train(x, y, settings, share=share_of(y, weight), weight=weight, offset=offset)
    found, nodes = differing(raw, own)
    if not np.array_equal(margin, own.margin):
        found.append(f"margins up to {np.max(np.abs(margin - own.margin))!r}")
    return found, own, nodes


def differing(raw: list[dict[str, Any]], own: Forest) -> tuple[list[str], int]:
    """Nodes that differ in kind, feature, threshold, direction, gain, cover or leaf, and the number of all nodes."""
    found, nodes = [], 0
    if len(raw) != len(own.trees):
        found.append(f"{len(raw)} and {len(own.trees)} trees")
    for number, (tree, ours) in enumerate(zip(raw, own.trees, strict=False)):
        waiting = [(0, 0)]
        while waiting:
            i, j = waiting.pop()
            nodes += 1
            leaf = tree["left_children"][i] < 0
            one = [leaf, np.float32(tree["sum_hessian"][i]), np.float32(tree["split_conditions"][i])]
            two = [bool(ours.left[j] < 0), ours.cover[j], (ours.value if leaf else ours.threshold)[j]]
            if not leaf:
                gain = np.float32(tree["loss_changes"][i])
                one += [tree["split_indices"][i], bool(tree["default_left"][i]), gain]
                two += [int(ours.feature[j]), bool(ours.default_left[j]), ours.gain[j]]
            if one != two:
                found.append(f"tree {number}, node {i}: {one} and {two}")
            elif not leaf:
                waiting.append((tree["left_children"][i], int(ours.left[j])))
                waiting.append((tree["right_children"][i], int(ours.right[j])))
    return found, nodes


def data_folder() -> Path:
    """The folder of the public data sets, for scripts."""
    return Path(os.environ.get("CREDIT_RISK_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
