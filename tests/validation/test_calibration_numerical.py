"""Errors of a match to external rates by differences: those of the formula, and those of rates and rows drawn anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from validation.compare import Ledger
from validation.comparisons.calibration_external import NUMERICAL, compare_external
from validation.policy import read_policy
from validation.rebuild.calibration_external import OwnExternal, match_own
from validation.rebuild.calibration_maps import OwnMap

FIRST = OwnMap("none", lambda s: np.asarray(special.expit(s)))
RATES, COUNTS = (0.08, 0.15, 0.3), (2000.0, 1500.0, 1000.0)


def bands(rates: Any = RATES) -> list[dict[str, Any]]:
    ends = (None, -1.8, -0.9, None)
    return [
        {"lower": ends[k], "upper": ends[k + 1], "value": None, "rate": float(rate), "count": count, "share": None}
        for k, (rate, count) in enumerate(zip(rates, COUNTS, strict=True))
    ]


def matched(method: str, rates: Any = RATES, seed: int = 5, weighted: bool = False) -> OwnExternal:
    rng = np.random.default_rng(seed)
    score = rng.normal(-1.5, 0.8, 3000)
    weight = rng.uniform(0.5, 2.0, 3000) if weighted else np.ones(3000)
    place = np.digitize(score, (-1.8, -0.9)).astype(np.int64)
    return match_own({"method": method, "bands": bands(rates)}, FIRST, score, weight, place)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", ["shift", "line", "intercept_by_band"])
def test_formula_and_differences_agree(method: str, weighted: bool) -> None:
    found = matched(method, weighted=weighted)
    assert ("slope_standard_error" in found.numerical) is (method == "line")
    assert ("shift_standard_error" in found.numerical) is (method == "intercept_by_band")
    for column, values in found.numerical.items():
        told = found.bands[column] if column == "shift_standard_error" else [found.fit[column]]
        assert values == pytest.approx(told, rel=1e-7)


@pytest.mark.parametrize("method", ["shift", "line"])
def test_errors_are_those_of_rates_and_applicants_drawn_anew(method: str) -> None:
    """Where the form is right: rates are drawn about the means that the fit gives."""
    rng, found, means = np.random.default_rng(8), [], matched(method).bands["mean_after"]
    told = matched(method, means)
    for number in range(300):
        drawn = rng.binomial(np.array(COUNTS, dtype=int), np.array(means, dtype=float)) / COUNTS
        one = matched(method, drawn, seed=100 + number).fit
        found.append([one["intercept"], one["slope"]])
    spread = np.std(found, axis=0, ddof=1)
    assert told.numerical["intercept_standard_error"][0] == pytest.approx(spread[0], rel=0.15)
    if method == "line":
        assert told.numerical["slope_standard_error"][0] == pytest.approx(spread[1], rel=0.15)


class Space:
    """What the comparison asks of a workspace."""

    def __init__(self, found: OwnExternal, change: float):
        fit = {**found.fit, "model": "card", "method": "line"}
        fit["slope_standard_error"] = float(fit["slope_standard_error"] or 0.0) * change
        self.rows = {"calibration.external_fit": [fit], "calibration.external": []}
        for k, name in enumerate(found.names):
            row: dict[str, Any] = {column: values[k] for column, values in found.bands.items()}
            self.rows["calibration.external"].append({**row, "model": "card", "band": name})
        self.ledger, self.package = Ledger(read_policy()), self
        self.plan = {"calibration": {"external": {"method": "line"}}}

    def rows_of(self, area: str) -> list[dict[str, Any]]:
        return self.rows[area]


@pytest.mark.parametrize(("change", "outcome"), [(1.0, "pass"), (1.001, "fail")])
def test_an_error_that_was_changed_is_found(change: float, outcome: str) -> None:
    found = matched("line")
    space = Space(found, change)
    compare_external(space, {"card": found})  # type: ignore[arg-type]
    told = {one.test: one.outcome for one in space.ledger.outcomes}
    assert told[f"calibration.external_fit: {NUMERICAL}"] == outcome
    assert told["calibration.external_fit: slope"] == "pass"
