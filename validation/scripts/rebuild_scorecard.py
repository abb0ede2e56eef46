"""Rebuild a scorecard by hand: weight of evidence, logistic regression, points. `python rebuild_scorecard.py PACKAGE`.

The package is read, and its bins are assigned, by `validation`; every number below is made here, in NumPy. Weights of
the rows count throughout; rows of development whose outcome is known are what everything is fitted on.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import validation as v
from validation.score import score
from validation.structure import Scorecard, scorecard_of

ZERO_CELL = 0.5  # what a bin without goods or without bads is given, where the plan says nothing


def weight_of_evidence(bins: np.ndarray, bad: np.ndarray, weight: np.ndarray, count: int, zero: float) -> np.ndarray:
    """ln(share of goods / share of bads) of each bin (count,); 0 for a bin without rows."""
    goods = np.bincount(bins, weight * (1 - bad), count)
    bads = np.bincount(bins, weight * bad, count)
    empty = (goods == 0) != (bads == 0)
    g, b = goods + zero * empty, bads + zero * empty
    with np.errstate(divide="ignore", invalid="ignore"):
        woe = np.log((g / goods.sum()) / (b / bads.sum()))
    return np.where(goods + bads > 0, woe, 0.0)


def logistic(x: np.ndarray, bad: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Coefficients (k,) of a logistic regression: Newton's method on the weighted likelihood."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-(x @ beta)))
        step = np.linalg.solve(x.T @ (x * (weight * p * (1.0 - p))[:, None]), x.T @ (weight * (bad - p)))
        beta += step
        if np.abs(step).max() < 1e-12:
            return beta
    raise ValueError("the regression did not converge")


def half_away(value: np.ndarray) -> np.ndarray:
    """Round halves away from zero."""
    return np.sign(value) * np.floor(np.abs(value) + 0.5)


def rebuilt_points(card: Scorecard, beta: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """Base points and points of each characteristic, from the regression (constant first) and the scaling."""
    assert card.points is not None
    scaling = card.points["scaling"]
    factor = scaling["points_to_double_odds"] / np.log(2.0)
    offset = scaling["base_score"] - factor * np.log(scaling["base_odds"])
    change = half_away if card.points["rounding"] != "none" else np.asarray
    woe = [np.array([item["woe"] for item in term.classing["bins"]]) for term in card.terms]
    base = (0.0 if card.offset is not None else offset) - factor * beta[0]
    points = [change(-factor * b * w) for b, w in zip(beta[1:], woe, strict=True)]
    return float(change(np.array([base]))[0]), points


def compare(package: v.Package, model: Mapping[str, Any]) -> pd.DataFrame:
    """What the package states beside what is rebuilt: step, values compared, greatest difference."""
    card, frame = scorecard_of(model), package.snapshot
    if card is None or frame is None:
        raise SystemExit("the champion is no scorecard on weights of evidence, or the package came without its rows")
    development = np.equal(frame["_sample"].to_numpy(), "development") & frame["_outcome"].notna().to_numpy()
    bad, weight = (frame[name].to_numpy(np.float64)[development] for name in ("_outcome", "_weight"))
    values, zero = score(model, frame), package.setting("classing", "zero_cell", ZERO_CELL)
    rows: list[list[Any]] = []
    for term in card.terms:
        bins = values[term.classing["output_bin"]].data[development]
        stated = np.array([item["woe"] for item in term.classing["bins"]])
        referred = ["woe_of" in item for item in term.classing["bins"]]  # of another bin, as the plan says
        own = weight_of_evidence(bins, bad, weight, len(stated), zero)
        gap = np.where(referred, 0.0, np.abs(own - stated))
        rows.append([f"WoE of {term.characteristic}", len(stated), gap.max()])
    columns = [values[term.classing["output_woe"]].data[development] for term in card.terms]
    first = [] if card.offset is None else [values[card.offset].data[development]]
    if first:
        raise SystemExit("the scorecard is a second stage: its offset is not refitted here")
    beta = logistic(np.column_stack([np.ones(len(bad)), *columns]), bad, weight)
    stated = np.array([card.intercept, *(term.coefficient for term in card.terms)])
    rows.append(["coefficients", len(beta), np.abs(beta - stated).max()])
    if card.points is not None:
        by_bin = {item["input"]: np.array(item["points"]) for item in card.points["characteristics"]}
        base, points = rebuilt_points(card, stated)
        gaps = [np.abs(own - by_bin[t.classing["output_bin"]]).max() for t, own in zip(card.terms, points, strict=True)]
        rows.append(["points", 1 + sum(map(len, points)), max(abs(base - card.points["base_points"]), *gaps)])
    return pd.DataFrame(rows, columns=["rebuilt", "values", "greatest difference"])


def main(path: str) -> None:
    """Print the agreement of a package with its rebuild."""
    package = v.read_package(path)
    print(compare(package, package.model).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1])
