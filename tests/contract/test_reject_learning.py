"""Rounds of self-learning that were changed are found by the validator, which learns the labels again."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

from tests.contract.altered import cell, failures
from tests.contract.test_reject_mutations import package
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.reject_methods import compare_self_learning
from validation.policy import read_policy
from validation.rebuild.workspace import open_workspace

TABLE = "reject_inference.self_learning"


def test_changed_rounds_are_found(tmp_path: Path) -> None:
    good = package(tmp_path, "self_learning")
    assert failures(good) == {}
    space = open_workspace(read_package(good), read_policy())
    assert space is not None
    for column, change in (
        ("labelled_bad", 1),
        ("left", 1),
        ("sampled", 1),
        ("bad_from", 1e-3),
        ("bayesian_auc", 1e-3),
        ("labelled_good", 1),
        ("good_to", 1e-3),
        ("lower", 1e-3),
        ("upper", 1e-3),
    ):
        item = copy.deepcopy(space.package.evidence[TABLE])
        cell(1, column, lambda v, by=change: v + by)(item)
        held = replace(space.package, evidence={**space.package.evidence, TABLE: item})
        mine = replace(space, package=held, ledger=Ledger(space.policy))
        compare_self_learning(mine)
        assert [one.test for one in mine.ledger.outcomes if one.outcome == "fail"] == [f"{TABLE}: {column}"]
