"""Write data.csv, on which glm.R was run: amounts with zeros, positive amounts, fractions with and without 0 and 1.

`python tests/reference/glm/make_data.py` writes the same bytes again; glm.R states the MD5 of what it read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS, SEED = 500, 20261120


def data() -> pd.DataFrame:
    """x1, x2, region, exposure, weight; loss (Tweedie), severity (gamma), fraction (in [0, 1]), inner (in (0, 1))."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    x1, x2 = generator.normal(size=ROWS), generator.normal(size=ROWS)
    region = generator.choice(["north", "south", "west"], ROWS)
    exposure, weight = np.exp(generator.normal(0, 0.5, ROWS)), generator.integers(1, 5, ROWS).astype(float)
    eta = 0.5 * x1 - 0.3 * x2 + np.select([region == "south", region == "west"], [0.4, -0.2], 0.0)
    number = generator.poisson(0.9 * np.exp(0.5 * eta) * exposure)
    amounts = generator.gamma(np.maximum(number, 1) * 1.2, 80 * np.exp(0.5 * eta))
    severity = generator.gamma(2.0, 150 * np.exp(eta) * exposure / 2.0)
    inner = generator.beta(2.5 / (1 + np.exp(-eta)), 2.5 / (1 + np.exp(eta)))
    ends = generator.random(ROWS)
    fraction = np.where(ends < 0.15, 0.0, np.where(ends > 0.93, 1.0, inner))
    columns = {"x1": x1, "x2": x2, "region": region, "exposure": exposure, "weight": weight}
    outcomes = {"loss": np.where(number > 0, amounts, 0.0), "severity": severity, "fraction": fraction, "inner": inner}
    return pd.DataFrame(columns | {name: np.round(values, 8) for name, values in outcomes.items()}).round(8)


if __name__ == "__main__":
    data().to_csv(Path(__file__).with_name("data.csv"), index=False, lineterminator="\n")
