"""Fit the calibration again and count the grades again. `python rebuild_calibration_and_grades.py PACKAGE`.

Made here, in NumPy: the logistic map from the linear score to the probability on the plan's sample (other methods are
told as such), and rows, bad rate and mean probability of each grade, on the sample that the scale was made on.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

import validation as v
from validation.score import score
from validation.structure import steps_of


def logistic_map(linear: np.ndarray, bad: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Intercept and slope of logit P(bad) = a + b·linear: Newton's method on the weighted likelihood."""
    x, beta = np.column_stack([np.ones(len(linear)), linear]), np.array([0.0, 1.0])
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-(x @ beta)))
        step = np.linalg.solve(x.T @ (x * (weight * p * (1.0 - p))[:, None]), x.T @ (weight * (bad - p)))
        beta += step
        if np.abs(step).max() < 1e-13:
            return beta
    raise ValueError("the calibration did not converge")


def known(frame: pd.DataFrame, sample: str) -> np.ndarray:
    """(n,) whether a row is of the sample and its outcome known."""
    return np.equal(frame["_sample"].to_numpy(), sample) & frame["_outcome"].notna().to_numpy()


def calibration(package: v.Package, frame: pd.DataFrame, values: Any) -> list[list[Any]]:
    """Rows of the comparison of each map of the champion."""
    steps = steps_of(package.model, "calibrate")
    if not steps:
        return [["calibration", "none in the model", np.nan, np.nan]]
    sample = str((package.plan.get("calibration") or {}).get("sample") or "calibration")
    rows: list[list[Any]] = []
    for step in steps:
        if step["method"] != "logistic" or len(steps) > 1:
            rows.append([step["id"], f"{step['method']}: not by this script", np.nan, np.nan])
            continue
        used = known(frame, sample)
        bad, weight = (frame[name].to_numpy(np.float64)[used] for name in ("_outcome", "_weight"))
        own = logistic_map(values[step["input"]].data[used], bad, weight)
        rows += [[step["id"], name, step[name], one] for name, one in zip(("intercept", "slope"), own, strict=True)]
    return rows


def grades(package: v.Package, frame: pd.DataFrame, values: Any) -> list[list[Any]]:
    """Rows of the comparison of each grade: rows, bad rate, mean probability, as `rating.scale` states them."""
    outputs, table = package.model["outputs"], package.rows_of("rating.scale")
    if not outputs.get("grade") or table is None:
        return [["grades", "none in the package", np.nan, np.nan]]
    asked = (package.plan.get("rating_scale") or {}).get("sample")
    held = "calibration" in set(frame["_sample"]) and asked != "development"
    used = known(frame, "calibration" if held else "development")
    grade, p = values[outputs["grade"]].data[used], values[outputs["probability"]].data[used]
    bad, weight = (frame[name].to_numpy(np.float64)[used] for name in ("_outcome", "_weight"))
    rows: list[list[Any]] = []
    for stated in table:
        here = np.equal(grade, stated["grade"])
        mass = weight[here].sum()
        rate, mean = ((weight * one)[here].sum() / mass if mass else np.nan for one in (bad, p))
        own = {"rows": float(here.sum()), "bad_rate": rate, "mean_probability": mean}
        rows += [[f"grade {stated['grade']}", name, stated[name], one] for name, one in own.items()]
    return rows


def compare(package: v.Package) -> pd.DataFrame:
    """What the package states beside what is rebuilt."""
    frame = package.snapshot
    if frame is None:
        raise SystemExit("the package came without its rows")
    values = score(package.model, frame)
    rows = calibration(package, frame, values) + grades(package, frame, values)
    found = pd.DataFrame(rows, columns=["item", "quantity", "stated", "rebuilt"])
    return found.assign(difference=(found["stated"].astype(float) - found["rebuilt"].astype(float)).abs())


def main(path: str) -> None:
    """Print the agreement of a package with its rebuild."""
    print(compare(v.read_package(path)).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1])
