"""A characteristic that knows the outcome is told as such, though classing can make only one bin of it."""

from __future__ import annotations

import numpy as np

from credit_risk.selection.spec import SelectionSpec
from credit_risk.selection.waterfall import Screened, select_characteristics


def test_leakage_is_told_before_the_single_bin_and_does_not_stop_others() -> None:
    rng = np.random.default_rng(2)
    woe = rng.choice([-1.0, 0.0, 1.0], 2000)
    y = (rng.random(2000) < 1 / (1 + np.exp(1 + woe))).astype(float)
    candidates = {"knows": Screened(0.0, 0.0, 1.0, 0.0), "flat": Screened(0.0, 0.0, 0.1, 0.0)}
    candidates["sound"] = Screened(0.6, 0.3, 0.3, 0.0)
    values = {"knows": np.zeros(2000), "flat": np.zeros(2000), "sound": woe}
    told = select_characteristics(candidates, values, y, SelectionSpec()).waterfall.set_index("characteristic")
    assert told["step"].to_dict() == {"sound": "final", "knows": "leakage", "flat": "classing"}
    assert told.loc["knows", "value"] == 1.0
