"""The recommendation about rejected applicants decided again: both sides agree, and what was altered is found."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.reject_inference import Decided, recommend
from credit_risk.reject_inference.specification import curvature_test, instrument_tests, reweighting_test
from credit_risk.reject_inference.thresholds import DEFAULTS, Thresholds
from tests.contract.altered import cell, failures
from tests.contract.reject_mutations import RECOMMENDATION, RECOMMENDED, THRESHOLDS, TIPPING
from tests.contract.test_reject_mutations import PLAN, package
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.lifecycle.through_the_door import applicants, write
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.reject_diagnosis import SENSITIVITY, compare_reject_diagnosis
from validation.comparisons.reject_recommendation import DECIDING, compare_recommendation, own_limits
from validation.comparisons.reject_tables import power
from validation.comparisons.reject_verdicts import compare_verdicts
from validation.policy import read_policy
from validation.rebuild import overlap, rejects_diagnosed
from validation.rebuild.applicants import Applicants
from validation.rebuild.rejects_diagnosed import Measured
from validation.rebuild.workspace import Workspace, open_workspace

FLOOR = 0.05


class Door:
    """Applicants of three characteristics, and one that moves the decision alone; both sides' view of them."""

    def __init__(self, seed: int, *, clustered: bool, bent: float, hidden: float):
        rng, n = np.random.default_rng(seed), 1500
        self.x = np.round(rng.normal(size=(n, 3)), 1)
        self.x[:, 2] = self.x[:, 2] > 0
        self.moved = np.round(rng.normal(size=n), 1)
        unseen = rng.normal(size=n)
        index = self.x @ [0.9, 0.5, 0.2]
        accepted = index + self.moved + hidden * unseen + rng.logistic(size=n) > 0
        log_odds = -1.0 - self.x @ [0.6, 0.4, 0.1] + bent * self.x[:, 0] ** 2 - hidden * unseen
        y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
        y[~accepted | (rng.random(n) < 0.05)] = np.nan
        self.acceptance = 1 / (1 + np.exp(-index))
        weight = rng.uniform(0.5, 2.0, n) if clustered else np.ones(n)
        cluster = np.arange(n) // 3 if clustered else np.arange(n)
        self.clustered = clustered
        self.decided = Decided(y, accepted, weight, clusters=cluster if clustered else None)
        place = np.arange(n, dtype=np.int64)
        one = (self.acceptance, self.acceptance, y, weight, cluster.astype(np.int64), place.astype(object))
        self.people = Applicants(place, np.full(n, "development", dtype=object), accepted, *one)

    def measured(self) -> Measured:
        names = {str(k): column for k, column in enumerate(self.x.T)}
        differences = [abs(row["difference_known"]) for row in overlap.balance_of(self.people, names, FLOOR)]
        return Measured(
            overlap.overlap_of(self.people, FLOOR),
            power(self.people, 0.95).auc,
            max(differences),
            rejects_diagnosed.reweighting(self.people, self.x, FLOOR, self.clustered),
            rejects_diagnosed.curvature(self.people, self.x, self.clustered),
            rejects_diagnosed.instrument(self.people, self.x, self.moved, self.x, self.clustered),
            False,
        )


DOORS = [
    {"seed": 1, "clustered": False, "bent": 0.0, "hidden": 0.0},
    {"seed": 2, "clustered": True, "bent": 0.8, "hidden": 0.0},
    {"seed": 3, "clustered": False, "bent": 0.0, "hidden": 2.5},
    {"seed": 4, "clustered": True, "bent": 0.8, "hidden": 2.5},
]


@pytest.fixture(scope="module", params=DOORS, ids=["right", "bent", "selected", "both"])
def door(request: pytest.FixtureRequest) -> Door:
    return Door(**request.param)


def test_tests_of_form_and_selection_agree(door: Door) -> None:
    found, names = door.measured(), ["a", "b", "c"]
    stated = (
        reweighting_test(door.decided, door.x, door.acceptance, names, floor=FLOOR),
        curvature_test(door.decided, door.x, door.acceptance, names),
        *instrument_tests(door.decided, door.x, door.moved),
    )
    assert found.instrument is not None
    own = (found.reweighting, found.curvature, found.instrument.decision, found.instrument.outcome)
    for mine, told in zip(own, stated, strict=True):
        assert mine is not None
        assert mine.degrees == told.degrees
        assert mine.chi_square == pytest.approx(told.chi_square, rel=1e-8)
        assert mine.p_value == pytest.approx(told.p_value, rel=1e-6)
        assert mine.loudest == pytest.approx(told.largest_z, rel=1e-8)
        assert mine.shift == pytest.approx(told.shift, rel=1e-8, nan_ok=True)


def test_moves_are_those_of_leaving_a_row_out(door: Door) -> None:
    """One step from the fit of all rows nearly reaches the fit without one of them."""
    known = door.people.known
    x, y, w = np.column_stack([np.ones(known.sum()), door.x[known]]), door.people.outcome[known], door.people.weight
    every = rejects_diagnosed.moves(x, y, w[known])
    for left in (0, 7, 11):
        kept = np.arange(len(y)) != left
        without = rejects_diagnosed.moves(x[kept], y[kept], w[known][kept])
        moved = every.coefficient - without.coefficient
        np.testing.assert_allclose(every.row[left], moved, rtol=0.1, atol=2e-5)


LIMITS = st.fixed_dictionaries(
    {
        "few_rejected": st.sampled_from([0.05, 0.9]),
        "weak_decision_auc": st.sampled_from([0.6, 0.99]),
        "no_overlap_auc": st.sampled_from([0.995, 0.5]),
        "no_overlap_share": st.sampled_from([0.9, 0.0]),
        "below_floor_share": st.sampled_from([0.25, 0.0]),
        "effective_share": st.sampled_from([0.1, 0.99]),
        "largest_weight_share": st.sampled_from([0.05, 0.0]),
        "balance": st.sampled_from([0.1, 10.0]),
        "misspecified_p_value": st.sampled_from([0.001, 0.5, 1.1]),
        "moved_log_odds": st.sampled_from([0.1, 0.0, 5.0]),
        "instrument_chi_square": st.sampled_from([10.0, 1e6]),
        "selection_p_value": st.sampled_from([0.05, 1e-30, 1.1]),
    }
)


@settings(max_examples=60, deadline=None)
@given(limits=LIMITS, external=st.booleans(), instrument=st.booleans())
def test_the_same_is_recommended_under_any_limits(
    door_measured: tuple[Door, Measured], limits: dict[str, float], external: bool, instrument: bool
) -> None:
    door, every = door_measured
    found = replace(every, external=external, instrument=every.instrument if instrument else None)
    stated = recommend(
        door.decided,
        door.x,
        door.acceptance,
        ["a", "b", "c"],
        floor=FLOOR,
        instrument=door.moved if instrument else None,
        external=external,
        thresholds=Thresholds(**limits),
    )
    assert rejects_diagnosed.action(found, limits) == stated.action


@pytest.fixture(scope="module")
def door_measured(door: Door) -> tuple[Door, Measured]:
    return door, door.measured()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("door"), "fuzzy_augmentation")


@pytest.fixture(scope="module")
def space(good: Path) -> Workspace:
    found = open_workspace(read_package(good), read_policy())
    assert found is not None
    return found


def outcomes(space: Workspace, **evidence: Any) -> dict[str, str]:
    """Outcome, or the severity of the finding, by test when some evidence is other."""
    named = {name.replace("__", "."): item for name, item in evidence.items()}
    package = replace(space.package, evidence={**space.package.evidence, **named})
    mine = replace(space, package=package, ledger=Ledger(space.policy))
    compare_verdicts(mine)
    compare_recommendation(mine)
    return {one.test: one.finding.severity if one.finding else one.outcome for one in mine.ledger.outcomes}


def test_nothing_is_found_where_nothing_was_altered(space: Workspace) -> None:
    assert set(outcomes(space).values()) == {"pass"}


@pytest.mark.parametrize(("identifier", "column", "row", "change", "quantity"), RECOMMENDED)
def test_every_answer_is_made_again(
    space: Workspace, identifier: str, column: str, row: int, change: Any, quantity: str
) -> None:
    item = copy.deepcopy(space.package.evidence[identifier])
    cell(row, column, change)(item)
    if item == space.package.evidence[identifier]:
        pytest.skip("the verdict is that already")
    assert outcomes(space, **{identifier: item})[f"{identifier}: {quantity}"] not in ("pass", "not_evaluable")


def test_limits_that_decide_are_found(space: Workspace) -> None:
    """Were most applicants few, the table would rightly say that nothing is to be done."""
    limits = copy.deepcopy(space.package.evidence[THRESHOLDS])
    cell(0, "value", lambda v: 0.9)(limits)
    found = outcomes(space, **{THRESHOLDS: limits})
    assert found[f"{THRESHOLDS}: as in the policy"] == "observation"
    assert found[f"{RECOMMENDATION}: by the limits of the policy"] == "medium"
    assert found[f"{RECOMMENDATION}: limit"] == "high"
    cell(0, "value", lambda v: 0.06)(limits)
    found = outcomes(space, **{THRESHOLDS: limits})
    assert found[f"{THRESHOLDS}: as in the policy"] == "observation"
    assert found[f"{RECOMMENDATION}: by the limits of the policy"] == "pass"


def test_a_limit_that_is_not_stated_leaves_nothing_to_judge_by(space: Workspace) -> None:
    limits = copy.deepcopy(space.package.evidence[THRESHOLDS])
    del limits["rows"][4]
    assert outcomes(space, **{THRESHOLDS: limits})[RECOMMENDATION] == "not_evaluable"


def test_limits_of_the_policy_are_those_that_ship(space: Workspace) -> None:
    assert own_limits(space) == {name: getattr(DEFAULTS, name) for name in DECIDING}


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan that says what is earned and lost."""
    folder, table = tmp_path_factory.mktemp("paid"), applicants(1200)
    table["AMOUNT"] = np.random.default_rng(6).uniform(500, 5000, len(table)).round(2)
    text = (
        "reject_inference: {method: reweighting}\n"
        "strategy: {profit: {good: {columns: [AMOUNT], rate: 0.12}, bad: {columns: [AMOUNT], rate: 0.4}, "
        "currency: EUR, source: invented for this test, author: A. Tester}}\n"
    )
    write(folder, text, table, PLAN.replace("SAMPLES", ""))
    ended = credit_risk("run", folder, "--out", folder / "out", "--no-documents", "--no-validation")
    assert ended.status == 0, ended.err
    return folder / "out"


def test_profit_is_found_no_fault_with_and_its_tipping_is_made_again(paid: Path) -> None:
    assert failures(paid) == {}
    mine = open_workspace(read_package(paid), read_policy())
    assert mine is not None
    rows = mine.package.rows_of(TIPPING) or []
    assert rows[-1]["measure"] == "profit"
    changes = [(TIPPING, c, -1, lambda v: v * 1.001, f"{c} of profit") for c in ("at_least_prudence", "all_bad")]
    changes += [(TIPPING, "limit", -1, lambda v: 1.0, "limit of profit")]
    changes += [(TIPPING, "tipping_factor", -1, lambda v: 1.7 if v is None else v * 1.001, "tipping_factor")]
    changes += [(SENSITIVITY, "profit", 1, lambda v: v * 1.001, "profit")]
    for identifier, column, row, change, quantity in changes:
        item = copy.deepcopy(mine.package.evidence[identifier])
        cell(row, column, change)(item)
        package = replace(mine.package, evidence={**mine.package.evidence, identifier: item})
        other = replace(mine, package=package, ledger=Ledger(mine.policy))
        compare_reject_diagnosis(other)
        assert f"{identifier}: {quantity}" in {o.test for o in other.ledger.outcomes if o.outcome == "fail"}
