"""Verdicts of tests that have both a p-value and an effect: significant alone asks for review, both together fail.

A p-value of a large sample is small for a difference that nobody would mind, an effect of a small one is chance. The
policy's `chance_review` and `chance_fail` are the p-values, the cut of each test is the effect. On the rows on which a
model was fitted nothing fails: what is found there is told as an observation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.battery.rows import BatteryRow, detail, record
from validation.findings import Finding
from validation.policy import Policy
from validation.rebuild.clusters import Integers, dense, repeat
from validation.rebuild.workspace import DEVELOPMENT, Workspace

Floats = NDArray[np.float64]
PARTICULARS = re.compile(r"[,;]| of | against ")
"""What follows the name of a statistic: counts, names and values, which a finding's id does not have."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a finding says: statement, remedy, and the evidence that it speaks of."""

    statement: str
    remedy: str
    evidence: tuple[str, ...]


def by_chance(p_value: float, effect: float, policy: Policy, cut: str) -> str:
    """Return pass, review (p at most `chance_review`) or fail (p at most `chance_fail`, effect beyond the cut)."""
    if p_value <= policy.cuts["chance_fail"].value and effect > policy.cuts[cut].value:
        return "fail"
    return "review" if p_value <= policy.cuts["chance_review"].value else "pass"


def in_words(policy: Policy, effect: str, cut: str) -> str:
    """Return the cuts of `by_chance` in words."""
    first, second = policy.cuts["chance_review"].value, policy.cuts["chance_fail"].value
    return f"review at p of at most {first:g}, fail at {second:g} with {effect} above {policy.cuts[cut].value:g}"


def settle(space: Workspace, row: BatteryRow, cut: str, words: Words, *, compared: int = 1) -> None:
    """Record a row: a review gives an observation, a fail a finding of the severity of the cut."""
    if row.outcome not in ("review", "fail"):
        record(space.ledger, row, compared=compared)
        return
    told = space.policy.cuts[cut]
    finding = Finding(
        test=row.name,
        severity=told.severity if row.outcome == "fail" else "observation",
        quantity=PARTICULARS.split(row.statistic)[0],
        developer_value=None,
        validator_value=row.value if math.isfinite(row.value) else None,
        tolerance=told.value,
        statement=f"{words.statement} The policy: {row.cut}. {told.reason}",
        remedy=words.remedy,
        evidence=words.evidence,
    )
    record(space.ledger, row, finding, compared=compared)


def settled(space: Workspace, sample: str, outcome: str) -> str:
    """Return the outcome on a sample: a review in place of a fail where known outcomes are not what was modelled.

    So on development, which was fitted, and under reject inference, where the probability is of all applicants but
    outcomes are known of the accepted ones alone.
    """
    told = sample == DEVELOPMENT or space.package.plan.get("reject_inference") is not None
    return "review" if told and outcome == "fail" else outcome


def design_effect(residual: Floats, clusters: Integers) -> float:
    """Return by how much clusters (n,) raise the variance of a sum of residuals (n,), at least 1.

    Counts divided by it are effective counts (Rao and Scott 1992, Biometrics 48, 577-585).
    """
    whole = float(np.sum(residual**2))
    if not repeat(clusters) or whole <= 0:
        return 1.0
    numbers, count = dense(clusters)
    return max(1.0, float(np.sum(np.bincount(numbers, residual, count) ** 2)) / whole)


def even(weight: Floats) -> bool:
    """Say whether all weights are equal, so that rows are counts."""
    return len(weight) == 0 or bool(np.all(weight == weight[0]))


def details(space: Workspace, rows: Sequence[BatteryRow]) -> None:
    """Add the rows that a combined test judges."""
    for row in rows:
        detail(space.ledger, row)
