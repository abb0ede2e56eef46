"""Overrides judged from statuses, and reproducibility summed up from comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from toy_package.space import outcome, space_of

from validation.battery.overrides import LEVEL, RANKING, RATE, check_overrides
from validation.battery.reproducibility import FITTED, REPEATED, SCORED, VERSIONS, check_reproducibility
from validation.comparisons import scoring
from validation.rebuild.workspace import Workspace

CUT_OFF = 530.0
PLAN: dict[str, Any] = {"strategy": {"cut_off": CUT_OFF}}


def decided(package: Path, low: float, high: float, *, worse: bool = False) -> Workspace:
    """Statuses by the score; `low` and `high` are the shares overridden of either side."""
    score = space_of(package).scored["toy"]["score"].data

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        chance = np.random.default_rng(9).random(len(frame))
        refused = score < CUT_OFF
        status = np.where(refused, "rejected", "booked").astype(object)
        status[refused & (chance < low)] = "overridden_low"
        status[~refused & (chance < high)] = "overridden_high"
        frame["_status"] = status
        if worse:
            frame.loc[status == "overridden_low", "_outcome"] = 1.0
        frame.loc[np.isin(status, ["rejected", "overridden_high"]), "_outcome"] = np.nan
        return frame

    return space_of(package, change, plan=PLAN)


def test_rates_are_counted_by_direction(good_package: Path) -> None:
    space = decided(good_package, 0.05, 0.15)
    check_overrides(space)
    assert outcome(space, f"{RATE} (low side)").outcome == "pass"
    found = outcome(space, f"{RATE} (high side)")
    assert found.outcome == "review"
    status = space.frame["_status"]
    share = (status == "overridden_high").sum() / status.isin(["overridden_high", "booked"]).sum()
    assert found.finding is not None
    assert found.finding.validator_value == pytest.approx(share)


def test_overrides_that_turn_out_worse_are_seen(good_package: Path) -> None:
    good, bad = decided(good_package, 0.3, 0.0), decided(good_package, 0.3, 0.0, worse=True)
    for space, wanted in ((good, "pass"), (bad, "fail")):
        check_overrides(space)
        assert outcome(space, f"{LEVEL} (low side)").outcome == wanted
    assert outcome(good, f"{RANKING} (champion)").outcome in ("pass", "review")


def test_without_statuses_nothing_is_judged(good_package: Path) -> None:
    space = space_of(good_package)
    check_overrides(space)
    assert {item.outcome for item in space.ledger.outcomes} == {"not_evaluable"}


def test_few_overrides_are_no_pass(good_package: Path) -> None:
    space = decided(good_package, 0.01, 0.0)
    check_overrides(space)
    assert outcome(space, f"{LEVEL} (low side)").outcome == "not_evaluable"


def test_comparisons_are_summed_up(good_package: Path) -> None:
    space = space_of(good_package)
    scoring.compare_predictions(space)
    check_reproducibility(space)
    assert outcome(space, f"{SCORED} (package)").outcome == "pass"
    assert outcome(space, f"{FITTED} (package)").outcome == "not_evaluable"
    assert outcome(space, f"{REPEATED} (package)").outcome == "pass"


def test_other_predictions_are_told(good_package: Path) -> None:
    def shifted(model: dict[str, Any]) -> dict[str, Any]:
        steps = [dict(step) for step in model["steps"]]
        for step in steps:
            if step["type"] == "linear":
                step["intercept"] += 0.01
        return {**model, "steps": steps}

    space = space_of(good_package, model=shifted)
    scoring.compare_predictions(space)
    check_reproducibility(space)
    found = outcome(space, f"{SCORED} (package)")
    assert found.outcome == "fail"
    assert found.finding is not None
    assert found.finding.severity == "observation"
    assert outcome(space, f"{VERSIONS} (package)").outcome in ("pass", "fail")
