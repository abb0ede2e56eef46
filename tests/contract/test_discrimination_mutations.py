"""Evidence of discrimination that was changed is found by the validator: every number by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.credit_risk.cli.command import disagreements, done, portfolio
from validation import read_package
from validation.compare import Ledger
from validation.comparisons import cut_offs, ranking, subpopulations
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

PLAN = """model: {id: m}
data: {source: table.csv, protected: [SEX]}
outcome: {column: BAD, bad: 1}
samples: {WITH}
models: [{id: scorecard, type: scorecard, champion: true}, {id: other, type: scorecard}]
evaluation: {subpopulations: [HOUSING, AGE], min_bads: 20, subpopulation_edges: {AGE: [30, 45]}, baselines: false}
strategy: {cut_off: 500}
exports: []
documents: []
"""
MEASURES, INITIAL, CAP = "performance.measures", "performance.initial_auc", "performance.cap"
PRECISION, LIFT, CUT_OFFS = "performance.precision_recall", "performance.lift", "performance.cut_offs"
GROUPS = "performance.subpopulations"
NUMBERS = {
    MEASURES: ("value", "lower", "upper"),
    INITIAL: ("initial_auc", "auc", "auc_lower", "auc_upper", "standard_error", "statistic", "p_value"),
    LIFT: ("bad_rate", "lift_upper", "captured", "captured_lower", "cumulative_lift", "row_share"),
    CUT_OFFS: (
        *("cut_off", "accept_rate", "accepted_bad_rate_upper", "precision", "precision_lower", "recall_upper"),
        *("false_positive_rate", "f1", "f1_lower", "lift", "lift_upper"),
    ),
    GROUPS: tuple(subpopulations.COLUMNS)[3:],
}
COUNTS = {MEASURES: ("rows",), INITIAL: ("bad",), LIFT: ("bad",), CUT_OFFS: ("accepted",), GROUPS: ("rows", "bad")}
WORDS: tuple[tuple[str, str, Any, str], ...] = (
    (MEASURES, "measure", "AUC, new", "measures"),
    (INITIAL, "sample", "none", "models and samples"),
    (INITIAL, "reading", "lower", "reading"),
    (CUT_OFFS, "reading", "not evaluable: so", "reading"),
    (GROUPS, "reading", "not evaluable: so", "reading"),
    (GROUPS, "evaluable", False, "evaluable"),
)


@pytest.fixture(scope="module", params=["weight: W", "group: WHO"])
def space(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    rng = np.random.default_rng(8)
    rows = portfolio(800)
    rows = rows.assign(SEX=np.where(rng.random(800) < 0.1, None, rng.choice(["f", "m"], 800)))
    rows = rows.assign(W=rng.uniform(0.5, 3.0, 800).round(2), WHO=np.arange(800) // 2)
    unused = "WHO" if "W:" in request.param or request.param.endswith(" W") else "W"
    package = done(tmp_path_factory.mktemp("mutations"), PLAN.replace("WITH", request.param), rows.drop(columns=unused))
    assert disagreements(package) == []
    opened = open_workspace(read_package(Path(package)), read_policy())
    assert opened is not None
    return opened


def failed(space: Workspace, identifier: str, change: Callable[[list[str], list[Any]], None]) -> set[str]:
    """Tests that fail after a change of the rows of one item; the rest of the package is as it was."""
    evidence = {**space.package.evidence, identifier: copy.deepcopy(space.package.evidence[identifier])}
    item = evidence[identifier]
    change([column["name"] for column in item["columns"]], item["rows"])
    altered = replace(space, package=replace(space.package, evidence=evidence), ledger=Ledger(space.policy))
    if identifier == GROUPS:
        subpopulations.compare_subpopulations(altered)
    elif identifier in (LIFT, CUT_OFFS):
        cut_offs.compare_cut_offs(altered)
    else:
        ranking.compare_ranking(altered)
    return {one.test for one in altered.ledger.outcomes if one.outcome == "fail"}


def _change(names: list[str], rows: list[Any], column: str, change: Callable[[Any], Any]) -> None:
    """Change the first cell of a column that is not missing."""
    place = names.index(column)
    row = next(row for row in rows if row[place] is not None)
    row[place] = change(row[place])


def _changed_numbers(names: list[str], rows: list[Any], numbers: Iterable[str], counts: Iterable[str]) -> None:
    for column in numbers:
        _change(names, rows, column, lambda v: v * 1.0001 + 1e-6)
    for column in counts:
        _change(names, rows, column, lambda v: v + 1)


def test_every_changed_number_is_found(space: Workspace) -> None:
    for identifier, columns in NUMBERS.items():
        found = failed(space, identifier, partial(_changed_numbers, numbers=columns, counts=COUNTS[identifier]))
        missed = [c for c in (*columns, *COUNTS[identifier]) if f"{identifier}: {c}" not in found]
        assert missed == [], identifier


def test_changed_words_are_found(space: Workspace) -> None:
    for identifier, column, value, quantity in WORDS:
        found = failed(space, identifier, partial(_change, column=column, change=lambda _, value=value: value))
        assert any(one.startswith(f"{identifier}: {quantity}") for one in found), (identifier, column, found)


def test_points_beside_the_curves_are_found(space: Workspace) -> None:
    def moved(names: list[str], rows: list[Any]) -> None:
        rows[len(rows) // 3][2] += 1e-6

    assert f"{CAP}: share of bads (development)" in failed(space, CAP, moved)
    assert f"{PRECISION}: precision (development)" in failed(space, PRECISION, moved)
    assert f"{CAP}: ends (development)" in failed(space, CAP, lambda _, rows: rows.pop(0))


def test_a_group_left_out_and_other_edges_are_found(space: Workspace) -> None:
    left_out = failed(space, GROUPS, lambda _, rows: rows.pop(1))
    assert f"{GROUPS}: rows of all groups" in left_out

    def column_left_out(names: list[str], rows: list[Any]) -> None:
        rows[:] = [row for row in rows if row[0] != "SEX"]

    assert f"{GROUPS}: columns and samples" in failed(space, GROUPS, column_left_out)

    def other_edges(names: list[str], rows: list[Any]) -> None:
        for row in rows:
            row[1] = {"< 30": "< 31", "[30, 45)": "[31, 45)"}.get(row[1], row[1])

    assert f"{GROUPS}: edges of AGE" in failed(space, GROUPS, other_edges)


def test_bounds_of_the_bootstrap_are_held_in_widths(space: Workspace) -> None:
    def narrower(names: list[str], rows: list[Any]) -> None:
        for row in rows:
            if row[2] == "AUC, bootstrap interval":
                row[6] = row[5]

    assert f"{MEASURES}: bootstrap bounds, in widths" in failed(space, MEASURES, narrower)
