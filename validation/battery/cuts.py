"""One value against one or two cuts of the policy: pass, review or fail, with the finding that follows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace


def judge(
    space: Workspace,
    test: str,
    quantity: str,
    value: float,
    *,
    fail: str,
    statement: str,
    remedy: str,
    evidence: Sequence[str],
    review: str | None = None,
    below: bool = False,
) -> None:
    """Record the outcome of `value` against the cut `fail` and, milder, `review` (names of cuts of the policy).

    A value beyond a cut (above it; under it where `below`) gives a finding of the cut's severity.
    """
    if math.isnan(value):
        space.ledger.not_evaluable(test, "the value is not defined")
        return
    cuts = space.policy.cuts
    word = "at least" if below else "at most"
    limit = cuts[review or fail]
    broken = next((name for name in (fail, review) if name and _beyond(value, cuts[name].value, below)), None)
    if broken is None:
        space.ledger.check(Outcome(test, "pass", 1, f"{word} {limit.value:g}", None))
        return
    cut = cuts[broken]
    finding = Finding(
        test=test,
        severity=cut.severity,
        quantity=quantity,
        developer_value=None,
        validator_value=value if math.isfinite(value) else None,
        tolerance=cut.value,
        statement=f"{statement} The policy's cut is {word} {cut.value:g}: {cut.reason}",
        remedy=remedy,
        evidence=tuple(evidence),
    )
    outcome = "fail" if broken == fail else "review"
    space.ledger.check(Outcome(test, outcome, 1, f"{word} {cut.value:g}", None, finding))


def _beyond(value: float, cut: float, below: bool) -> bool:
    return value < cut if below else value > cut
