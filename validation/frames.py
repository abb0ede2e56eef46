"""Results of a validation as tidy frames with fixed columns, for people who script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from validation.battery.rows import BatteryRow
from validation.compare import Comparison
from validation.findings import Outcome

COMPARISONS = (
    "area",
    "quantity",
    "compared",
    "breaches",
    "largest",
    "tolerance",
    "kind",
    "outcome",
    "place",
    "developer",
    "validator",
    "effect",
    "size",
    "severity",
)
OUTCOMES = ("test", "outcome", "compared", "cut", "reason", "severity")
FINDINGS = (
    "id",
    "severity",
    "test",
    "quantity",
    "developer_value",
    "validator_value",
    "tolerance",
    "statement",
    "remedy",
    "evidence",
    "owner",
    "due",
    "status",
)
TESTS = tuple(one.name for one in fields(BatteryRow))


def comparisons_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row for each quantity compared (columns `COMPARISONS`).

    `place`, `developer` and `validator` are of the largest difference; `effect`, `size` and `severity` of the breach,
    missing where there is none.
    """
    rows = []
    for one in comparisons:
        place, developer, validator = one.worst or (None, None, None)
        head = [one.area, one.quantity, one.compared, one.breaches, one.largest, one.tolerance.value]
        grade = one.grade
        tail = [None, None, None] if grade is None else [grade.effect, grade.size, grade.severity]
        rows.append([*head, one.tolerance.kind, one.outcome, place, developer, validator, *tail])
    return pd.DataFrame(rows, columns=list(COMPARISONS))


def outcomes_frame(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """One row for each test (columns `OUTCOMES`); `severity` is that of its finding, missing where it has none."""
    rows = [
        [one.test, one.outcome, one.compared, one.cut, one.reason, one.finding and one.finding.severity]
        for one in outcomes
    ]
    return pd.DataFrame(rows, columns=list(OUTCOMES))


def findings_frame(findings: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row for each finding, the most severe first (columns `FINDINGS`)."""
    return pd.DataFrame([[one[name] for name in FINDINGS] for one in findings], columns=list(FINDINGS))


def tests_frame(rows: Iterable[BatteryRow]) -> pd.DataFrame:
    """One row for each test of the battery on each population (columns `TESTS`)."""
    return pd.DataFrame([[getattr(one, name) for name in TESTS] for one in rows], columns=list(TESTS))
