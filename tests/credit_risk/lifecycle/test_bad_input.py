"""Bad input from plan to error: one clear fault with file, field, row and remedy, status 2, and nothing written.

Elsewhere: gaps, overlapping and future months (test_history), windows longer than the data and rows that are all
indeterminate (test_row_outcome, test_observation), columns without a cut (binning/test_bad_columns), dates and numbers
in text (test_notation), repeated keys and control characters (test_characters).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.credit_risk.cli.command import QUICK, frame, portfolio, run, write_plan

ROWS = 600
HEAD = "model: {id: m}\ndata: {source: table.csv, columns: {COLUMNS}}\noutcome: {column: BAD, bad: 1}\n" + QUICK
CODES = np.random.default_rng(1).choice([-9, -8], ROWS)

REFUSED: list[tuple[str, dict[str, Any], str, str, tuple[str, ...]]] = [
    (
        "all missing",
        {"S": [None] * ROWS},
        "S: {description: nothing}",
        "",
        ("table.csv data.columns.S: 'S' has no value at all", "take the column out of the plan"),
    ),
    (
        "constant",
        {"S": [7] * ROWS},
        "S: {description: seven}",
        "",
        ("table.csv data.columns.S: 'S' has one value only", "found: 7"),
    ),
    (
        "one special code",
        {"S": [-9] * ROWS},
        "S: {specials: {'-9': not asked}}",
        "",
        ("table.csv data.columns.S: 'S' has one value only", "found: -9"),
    ),
    (
        "infinite",
        {"S": [1.5, np.inf, *[0.5] * (ROWS - 3), -np.inf]},
        "S: {type: numeric}",
        "",
        ("table.csv:2 data.columns.S.type", "'inf', '-inf' in 2 rows, with key 2, 600", "correct the data"),
    ),
    (
        "limits that conflict",
        {},
        "",
        "classing: {min_share: 0.4, min_bins: 4}\n",
        (
            "'INCOME' cannot be classed: no classing keeps min_share 0.4 (168 rows) with min_bins 4",
            "what would do: min_share",
            "relax one of them",
            "'NOISE' cannot be classed",
        ),
    ),
    (
        "a bin that is no longer there",
        {},
        "",
        "classing: {overrides: [{characteristic: INCOME, operation: fix_woe, bin: '[1, 2)', woe: 0, reason: x, "
        "author: y}, {characteristic: AGE, operation: merge, edge: 999, reason: x, author: y}]}\n",
        (
            "there is no bin '[1, 2)'",
            "there is no edge 999",
            "plan.yaml:5 classing.overrides[0]: override 1 of 'INCOME'",
            "classing.overrides[1]: override 1 of 'AGE'",
        ),
    ),
]


@pytest.mark.parametrize(
    ("more", "columns", "lines", "wanted"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_refused(more: dict[str, Any], columns: str, lines: str, wanted: tuple[str, ...], tmp_path: Path) -> None:
    plan = HEAD.replace("COLUMNS", columns) + lines
    ended = run(write_plan(tmp_path, plan, portfolio(ROWS).assign(**more)))
    assert ended.status == 2
    for words in wanted:
        assert words in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.yaml", "table.csv"]


def test_unnamed_ones_are_left_out_and_said_to(tmp_path: Path) -> None:
    more = {"EMPTY": [None] * ROWS, "ONE": [7] * ROWS, "FIRM": [f"firm {index}" for index in range(ROWS)]}
    ended = run(write_plan(tmp_path, HEAD.replace("COLUMNS", ""), portfolio(ROWS).assign(**more)))
    assert ended.status == 0, ended.err
    left = frame(tmp_path / "out", "data.columns_left_out").set_index("column")["reason"].to_dict()
    assert left == {"EMPTY": "entirely missing", "ONE": "constant", "FIRM": "identifier-like"}


def test_a_column_of_special_codes_alone_is_classed_and_selected_on_its_merit(tmp_path: Path) -> None:
    contract = "S: {specials: {'-9': not asked, '-8': refused to say}}"
    ended = run(write_plan(tmp_path, HEAD.replace("COLUMNS", contract), portfolio(ROWS).assign(S=CODES)))
    assert ended.status == 0, ended.err
    bins = frame(tmp_path / "out", "classing.table.S")
    assert set(bins["kind"]) >= {"special"}
    profile = frame(tmp_path / "out", "data.profile").set_index("column")
    assert profile.loc["S", "special_share"] == 1.0
    assert np.isnan(profile.loc["S", "minimum"])
