"""The simulator's switches are detected and attributed to the right cause; months without drift raise next to nothing.

Design: 6,000 applicants in half a year without credit cycle, a scorecard classed and fitted on 70 % of them; then 1,000
applicants in each of six months of production; monthly frames of drift and quality, outcomes of the half-year at its
end. Right in the last month in at least 95 of 100 seeds; without drift no alert (red, or review and more persistently)
in 95 of 100 seeds, and months with any adjusted finding at most 10 % but for two standard errors (the score at 5 % by
itself, the characteristics together at 5 %).
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.credit_risk.monitoring.drift.simulated import CAUSES, LAST, SWITCHES, Watched, watched

BROKEN = {"missing": ("income", "missing"), "scaled": ("income", "unit"), "unseen": ("employment", "unseen")}


def right(switch: str, found: Watched) -> bool:
    """Whether the last month is told as what the switch did, and of a broken record which column and how."""
    last = found.causes[found.causes["period"] == LAST].iloc[0]
    if last["cause"] != CAUSES.get(switch, switch):
        return False
    if switch == "population":
        return {"bureau_score", "channel"} <= set(last["variables"].split(", "))
    if switch not in BROKEN:
        return True
    red = found.quality[(found.quality["verdict"] == "red") & (found.quality["period"] == LAST)]
    return set(zip(red["variable"], red["rule"], strict=True)) == {BROKEN[switch]}


def attributed(switch: str, found: Watched) -> bool:
    """Whether the characteristic that moved the mean score most is the one that was struck."""
    shifts = found.shifts[found.shifts["period"] == LAST]
    # Values that are lost at random hardly move the mean, and unseen categories count as neutral.
    struck = {"population": "bureau_score", "scaled": "income"}
    return switch not in struck or shifts.loc[shifts["share"].idxmax(), "variable"] == struck[switch]


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(100), marks=pytest.mark.slow)], ids=["1", "100"])
def test_each_switch_is_told_by_its_cause(seeds: range) -> None:
    told = dict.fromkeys(SWITCHES, 0)
    moved = dict.fromkeys(SWITCHES, 0)
    alerts, findings = [], []
    for seed in seeds:
        for switch in SWITCHES:
            found = watched(seed, switch)
            told[switch] += right(switch, found)
            moved[switch] += attributed(switch, found)
            if switch == "none":
                over = found.stability["persistent"] | (found.stability["verdict"] == "red")
                alerts.append(bool(over.any() or (found.quality["verdict"] == "red").any()))
                findings += list(found.stability.groupby("period")["beyond_chance"].any())
    least = int(np.ceil(0.95 * len(seeds)))
    assert min(told.values()) >= least, told
    assert min(moved.values()) >= least, moved
    assert sum(alerts) <= len(seeds) - least
    if len(seeds) == 100:
        assert np.mean(findings) <= 0.10 + 2 * np.sqrt(0.1 * 0.9 / len(findings)), np.mean(findings)
