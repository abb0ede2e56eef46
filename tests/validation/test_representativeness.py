"""Development against other samples: against scipy, planted drifts, and the rate of false alarms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from toy_package.space import outcome, space_of

from validation.battery.representativeness import TOGETHER, check_representativeness, tell_apart
from validation.rebuild import characteristics
from validation.rebuild.workspace import DEVELOPMENT, Workspace

TEST = "out_of_sample"
SHIFT, APART = f"shift of characteristics ({TEST})", f"telling the population from development ({TEST})"


def in_test(frame: pd.DataFrame) -> np.ndarray:
    return frame["_sample"].eq(TEST).to_numpy()


def rows_of(space: Workspace) -> dict[str, list[object]]:
    rows = space.ledger.tables["validation.representativeness"]
    assert isinstance(rows, list)
    return {row[1]: row for row in rows if row[0] == TEST}


def test_samples_drawn_at_random_are_alike(good_package: Path) -> None:
    space = space_of(good_package)
    check_representativeness(space)
    assert outcome(space, SHIFT).outcome == outcome(space, APART).outcome == "pass"
    assert outcome(space, "shift of characteristics (all applicants)").outcome == "not_evaluable"


def test_figures_are_those_of_scipy(good_package: Path) -> None:
    space = space_of(good_package)
    check_representativeness(space)
    frame = space.frame
    inside = in_test(frame)
    region = pd.crosstab(frame["REGION"], inside)
    square = stats.chi2_contingency(region, correction=False)
    row = rows_of(space)["REGION"]
    assert row[5:7] == [pytest.approx(square.statistic), square.dof]
    share = region / region.sum()
    assert row[3] == pytest.approx(float(((share[True] - share[False]) * np.log(share[True] / share[False])).sum()))
    income = frame["INCOME"].to_numpy()
    ordinary = np.isfinite(income) & (income != -9.0)
    distance = stats.ks_2samp(income[ordinary & inside], income[ordinary & ~inside]).statistic
    row = rows_of(space)["INCOME"]
    assert row[8] == pytest.approx(distance)
    assert row[9:13] == pytest.approx(
        [np.mean(x) for m in (np.isnan(income), income == -9.0) for x in (m[~inside], m[inside])]
    )
    p = [stats.chi2.sf(row[5], row[6]) for row in map(rows_of(space).get, ("INCOME", "REGION")) if row]
    adjusted = [row[7] for row in map(rows_of(space).get, ("INCOME", "REGION")) if row]
    assert min(adjusted) == pytest.approx(min(1.0, 2 * min(p)))


def test_shift_of_one_characteristic_is_seen(good_package: Path) -> None:
    def drift(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[in_test(frame), "INCOME"] *= 1.5
        return frame

    space = space_of(good_package, drift)
    check_representativeness(space)
    found = outcome(space, SHIFT)
    assert found.outcome == "fail"
    assert found.finding is not None
    assert "INCOME" in found.finding.quantity
    assert outcome(space, APART).outcome in ("review", "fail")


def test_development_of_one_region_does_not_stand_for_all_applicants(good_package: Path) -> None:
    def narrow(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame["REGION"] == "south", ["_sample", "_outcome"]] = [None, np.nan]
        return frame

    space = space_of(good_package, narrow)
    check_representativeness(space)
    assert outcome(space, "shift of characteristics (all applicants)").outcome == "fail"
    rows = space.ledger.tables["validation.representativeness"]
    assert isinstance(rows, list)
    row = next(row for row in rows if row[0] == "all applicants" and row[1] == TOGETHER)
    assert 0.5 < row[-2] < row[-3]


def test_few_rows_are_not_evaluable(good_package: Path) -> None:
    def few(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.index[in_test(frame)][60:], "_sample"] = None
        return frame

    space = space_of(good_package, few)
    check_representativeness(space)
    assert outcome(space, APART).outcome == "not_evaluable"


def test_classifier_seldom_cries_wolf(good_package: Path) -> None:
    """Samples dealt at random again and again: an AUC beyond the cut is rare, and the bounds hold one half."""
    space = space_of(good_package)
    every = np.concatenate(list(space.rows.values()))
    chosen = characteristics.of_champion(space)
    areas, held = [], 0
    for draw in range(30):
        order = np.random.default_rng(draw).permutation(every)
        base, rows = np.sort(order[:2000]), np.sort(order[2000:])
        classes = [characteristics.classes_of(one, base, 10) for one in chosen]
        area = tell_apart(space, classes, base, rows)
        assert area is not None
        areas.append(area.auc)
        held += area.lower <= 0.5
    assert max(areas) < space.policy.cuts["domain_auc_review"].value
    assert held >= 27
    assert abs(np.mean(areas) - 0.5) < 0.01


def test_same_result_twice(good_package: Path) -> None:
    first, second = space_of(good_package), space_of(good_package)
    for space in (first, second):
        check_representativeness(space)
    assert first.ledger.tables == second.ledger.tables
    assert DEVELOPMENT in first.rows
