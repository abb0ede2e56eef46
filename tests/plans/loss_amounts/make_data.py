"""Simulated losses of credit lines, one row a line and year: a compound Poisson-gamma amount on the part of a year
observed, with missing values, special codes, a category seldom seen and several lines a borrower.

`python tests/plans/loss_amounts/make_data.py FILE.csv [ROWS]` writes the same file anywhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261121
POWER, DISPERSION = 1.6, 30.0
SECTORS = {"services": 0.0, "retail": 0.25, "construction": 0.6, "transport": 0.3, "farming": -0.4, "shipping": 0.1}


def make(rows: int = 5000, seed: int = SEED) -> pd.DataFrame:
    """The table: loss ~ Tweedie(p = 1.6) of mean exposure · exp(η); η below in `_predictor`."""
    draw = np.random.Generator(np.random.PCG64(seed))
    frame = _borrowers(draw, rows)
    mean = frame["years"].to_numpy() * np.exp(_predictor(frame))
    rate = mean ** (2 - POWER) / (DISPERSION * (2 - POWER))
    shape = (2 - POWER) / (POWER - 1)
    events = draw.poisson(rate)
    scale = mean / rate / shape
    loss = np.where(events > 0, draw.gamma(np.maximum(events, 1) * shape) * scale, 0.0)
    frame["loss"] = np.round(loss, 2)
    return frame


def _borrowers(draw: np.random.Generator, rows: int) -> pd.DataFrame:
    borrower = np.sort(draw.integers(0, int(rows / 1.3), rows))
    opened = pd.Timestamp("2021-01-15") + pd.to_timedelta(draw.integers(0, 48, rows) * 30, unit="D")
    utilisation = np.round(draw.beta(2, 2, rows) * 100, 1)
    utilisation[draw.random(rows) < 0.07] = -1.0  # no limit
    age = np.round(draw.gamma(2.5, 30, rows))
    turnover = np.round(np.exp(draw.normal(6, 1.1, rows)), 1)
    turnover[draw.random(rows) < 0.05] = np.nan
    return pd.DataFrame(
        {
            "line": [f"L{number:06d}" for number in range(rows)],
            "borrower": [f"B{number:06d}" for number in borrower],
            "opened": opened.strftime("%Y-%m-%d"),
            "years": np.round(draw.uniform(0.1, 1.0, rows), 3),
            "sampling_weight": np.where(draw.random(rows) < 0.3, 2.0, 1.0),
            "base_ln_loss": np.round(draw.normal(0.0, 0.3, rows), 4),
            "utilisation": utilisation,
            "months_on_book": age,
            "turnover": turnover,
            "sector": draw.choice(list(SECTORS), rows, p=[0.35, 0.25, 0.15, 0.12, 0.11, 0.02]),
            "region": draw.choice(["north", "south", "east", "west"], rows),
            "noise": np.round(draw.normal(size=rows), 3),
        }
    )


def _predictor(frame: pd.DataFrame) -> np.ndarray:
    utilisation = frame["utilisation"].to_numpy()
    turnover = frame["turnover"].to_numpy()
    return np.asarray(
        5.0
        + frame["base_ln_loss"].to_numpy()
        + np.where(utilisation < 0, 0.5, 0.018 * (utilisation - 50))
        - 0.006 * np.minimum(frame["months_on_book"].to_numpy() - 75, 100)
        + np.where(np.isnan(turnover), 0.4, -0.25 * (np.log(np.where(np.isnan(turnover), 1.0, turnover)) - 6))
        + frame["sector"].map(SECTORS).to_numpy()
    )


if __name__ == "__main__":
    make(*(int(text) for text in sys.argv[2:3])).to_csv(Path(sys.argv[1]), index=False, lineterminator="\n")
