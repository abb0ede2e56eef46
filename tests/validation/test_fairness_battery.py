"""Fairness by the validator's own groups: against statsmodels and counts, planted disparities, small cells, labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportions_ztest
from toy_package.space import outcome, space_of

from validation.battery.fairness import GOODS, IMPACT, LEVEL, MEANS, PROXY, SEARCH, TABLE, check_fairness, groups_of
from validation.rebuild.workspace import Workspace

CUT_OFF = 530.0
PLAN: dict[str, Any] = {
    "data": {"protected": {"us": ["SEX"], "eu": ["SEX", "AGE"]}},
    "strategy": {"cut_off": CUT_OFF},
}
TEST = "out_of_sample"
COLUMNS = (
    "jurisdiction",
    "attribute",
    "group",
    "reference",
    "sample",
    "measure",
    "rows",
    "value",
    "lower",
    "upper",
    "p",
    "outcome",
    "reason",
)


def aged(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(AGE=np.random.default_rng(11).choice(["old", "young"], len(frame)))


def planted(frame: pd.DataFrame) -> pd.DataFrame:
    """SEX 2 has much less income than SEX 1."""
    poor = (frame["SEX"] == 2.0) & (frame["INCOME"] != -9.0)
    frame.loc[poor, "INCOME"] *= 0.4
    return aged(frame)


def cells(space: Workspace, **wanted: str) -> list[dict[str, Any]]:
    table = space.ledger.tables[TABLE]
    assert isinstance(table, list)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in table]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_figures_are_those_counted_and_of_statsmodels(good_package: Path) -> None:
    space = space_of(good_package, planted, plan=PLAN)
    check_fairness(space)
    score = space.scored[space.package.champion_id]["score"].data
    frame = space.frame.assign(approved=score >= CUT_OFF)[space.frame["_sample"] == TEST]
    sides = [frame[frame["SEX"] == sex] for sex in (2.0, 1.0)]
    row = cells(space, attribute="SEX", group="2", sample=TEST, measure=IMPACT)[0]
    assert row["reference"] == "1"
    assert row["value"] == pytest.approx(sides[0]["approved"].mean() / sides[1]["approved"].mean())
    counts = [side["approved"].sum() for side in sides]
    _, p_value = proportions_ztest(counts, [len(side) for side in sides])
    assert row["p"] == pytest.approx(p_value, rel=1e-9)
    row = cells(space, attribute="SEX", group="2", sample=TEST, measure=GOODS)[0]
    goods = [side[side["_outcome"] == 0]["approved"].mean() for side in sides]
    assert row["value"] == pytest.approx(goods[0] - goods[1])
    row = cells(space, attribute="SEX", group="2", sample=TEST, measure=MEANS)[0]
    inside = (frame["SEX"] == 2.0).to_numpy()
    own = score[(space.frame["_sample"] == TEST).to_numpy()]
    assert row["value"] == pytest.approx((own[inside].mean() - own[~inside].mean()) / own.std())
    row = cells(space, attribute="SEX", group="2", sample=TEST, measure=LEVEL)[0]
    p = space.scored[space.package.champion_id]["probability"].data[(space.frame["_sample"] == TEST).to_numpy()]
    assert row["value"] == pytest.approx((frame["_outcome"].to_numpy() - p)[inside].mean())


def test_planted_disparity_is_seen_with_its_jurisdictions(good_package: Path) -> None:
    space = space_of(good_package, planted, plan=PLAN)
    check_fairness(space)
    assert outcome(space, f"{IMPACT} (SEX, eu; us)").outcome in ("review", "fail")
    assert outcome(space, f"{PROXY} (SEX, eu; us)").outcome in ("review", "fail")
    assert outcome(space, f"{SEARCH} (champion)").outcome == "fail"
    assert outcome(space, f"{IMPACT} (AGE, eu)").outcome == "pass"
    assert {row["jurisdiction"] for row in cells(space, attribute="AGE")} == {"eu"}
    found = [item.finding.severity for item in space.ledger.outcomes if item.finding is not None]
    assert set(found) == {"observation"}


def test_groups_that_are_alike_pass(good_package: Path) -> None:
    space = space_of(good_package, aged, plan=PLAN)
    check_fairness(space)
    for measure in (IMPACT, GOODS, PROXY):
        assert outcome(space, f"{measure} (SEX, eu; us)").outcome == "pass"
    assert outcome(space, f"{MEANS} (SEX, eu; us)").outcome == "not_evaluable"
    assert outcome(space, f"{SEARCH} (champion)").outcome == "not_evaluable"


def test_without_a_cut_off_approval_is_not_evaluable(good_package: Path) -> None:
    space = space_of(good_package, plan={"data": PLAN["data"]})
    check_fairness(space)
    found = outcome(space, f"{IMPACT} (SEX, eu; us)")
    assert found.outcome == "not_evaluable"
    assert "cut-off" in str(found.reason)


def test_small_cells_of_two_attributes_are_never_a_pass(good_package: Path) -> None:
    def rare(frame: pd.DataFrame) -> pd.DataFrame:
        frame = aged(frame)
        few = frame.index[(frame["SEX"] == 2.0) & (frame["AGE"] == "old")]
        frame.loc[few[20:], "AGE"] = "young"
        return frame

    space = space_of(good_package, rare, plan=PLAN)
    check_fairness(space)
    small = cells(space, attribute="SEX × AGE", group="2 × old")
    assert small
    assert {row["outcome"] for row in small} == {"not_evaluable"}
    test = f"{IMPACT}, groups that cannot be judged (SEX × AGE, us; eu)"
    names = [item.test for item in space.ledger.outcomes if "groups that cannot be judged" in item.test]
    assert any("SEX × AGE" in name for name in names), (test, names)


def test_no_protected_attribute_is_told(good_package: Path) -> None:
    space = space_of(good_package, plan={"data": {}})
    check_fairness(space)
    assert outcome(space, f"{IMPACT} (champion)").outcome == "not_evaluable"
    assert space.ledger.tables[TABLE] == "the plan names no protected attribute"


def test_numbers_are_banded_at_the_plans_edges_or_quarters(good_package: Path) -> None:
    def years(frame: pd.DataFrame) -> pd.DataFrame:
        values = np.random.default_rng(6).integers(18, 80, len(frame)).astype(float)
        values[:10] = np.nan
        return frame.assign(AGE=values)

    plan = {**PLAN, "fairness": {"edges": {"AGE": [62.0]}}}
    space = space_of(good_package, years, plan=plan)
    assert [one.name for one in groups_of(space, "AGE")] == ["below 62", "from 62", "missing"]
    masks = [one.mask for one in groups_of(space_of(good_package, years, plan=PLAN), "AGE")]
    assert len(masks) == 5
    assert np.array_equal(np.sum(masks, axis=0), np.ones(len(space.frame)))
