"""The rating scale judged: PDs that rise and lie in their grades, order, level, concentration."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from validation.battery import grades, migration
from validation.battery.cuts import Place, judge
from validation.comparisons import rating as own
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace


def check_rating(space: Workspace) -> None:
    """Judge the scale of the champion on every sample; nothing where it has none."""
    scale = own.scale_of(space)
    if scale is None or space.package.plan.get(own.KEY) is None:
        return
    _check_probabilities(space, scale)
    grades.check_grades(space, scale)
    migration.check_migration(space, scale)
    rules = own.rules_of(space)
    for row in own.concentration_rows(space, scale, rules):
        _check_share(space, row["sample"], row)


def _check_probabilities(space: Workspace, scale: own.Scale) -> None:
    """Grades cross where a riskier one has no higher PD; a PD belongs between the bounds of its grade."""
    pairs = list(zip(scale.grades, scale.probabilities, strict=True))
    crossed = [f"{a} {p:.6g}, {b} {q:.6g}" for (a, p), (b, q) in pairwise(pairs) if not p < q]
    remedy = "Join the grades, or take their probabilities from another source."
    _record(space, "grades do not cross", "grades_cross", crossed, "riskier grades have no higher probability", remedy)
    ends = pairwise((0.0, *scale.edges, 1.0))
    bounds = (space.package.plan.get("rating_scale") or {}).get("probability") == "pluto_tasche"  # may lie above
    outside = [
        f"{name} {p:.6g}"
        for (name, p), (low, high) in zip(pairs, ends, strict=True)
        if not (low <= p and (bounds or p < high or p == high == 1.0))
    ]
    remedy = "Recalibrate, or move the bounds."
    _record(space, "probabilities lie in their grades", "grade_outside_bounds", outside, "lie outside", remedy)


def _record(space: Workspace, what: str, check: str, wrong: list[str], words: str, remedy: str) -> None:
    test = f"battery: rating scale, {what}"
    finding = None
    if wrong:
        finding = Finding(
            test=test,
            severity=space.policy.checks[check],
            quantity="probability of the grade",
            developer_value=None,
            validator_value=len(wrong),
            tolerance=0.0,
            statement=f"{len(wrong)} times: {words} ({'; '.join(wrong)}).",
            remedy=remedy,
            evidence=(own.SCALE,),
        )
    space.ledger.check(Outcome(test, "fail" if wrong else "pass", 1, "none", None, finding))


def _check_share(space: Workspace, sample: str, row: dict[str, Any]) -> None:
    judge(
        space,
        f"battery: concentration in a grade ({sample})",
        "share",
        row["largest_share"],
        place=Place("concentration", "concentration in a grade", sample),
        fail="grade_share_fail",
        review="grade_share_maximum",
        statement=f"On {sample} grade {row['largest_grade']} holds {row['largest_share']:.4f} of the rows.",
        remedy="Divide the grade, or say why it is so large.",
        evidence=(own.CONCENTRATION,),
    )
