"""The rating scale judged: PDs that rise and lie in their grades, order, level, concentration."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from validation.battery.cuts import Place, judge
from validation.battery.rows import absent
from validation.comparisons import rating as own
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace

CORRELATION = (
    "The p-value takes rows as independent; with the asset correlation of the plan it is {p:.3g}, and defaults of one "
    "period do move together."
)


def check_rating(space: Workspace) -> None:
    """Judge the scale of the champion on every sample; nothing where it has none."""
    scale = own.scale_of(space)
    if scale is None or space.package.plan.get(own.KEY) is None:
        return
    _check_probabilities(space, scale)
    rules = own.rules_of(space)
    tables = {
        "order": own.monotonicity_rows(space, scale, rules),
        "level": own.validation_rows(space, scale, rules),
        "portfolio": own.portfolio_rows(space, scale, rules),
        "concentration": own.concentration_rows(space, scale, rules),
    }
    for sample in space.rows:
        rows = {name: [row for row in table if row["sample"] == sample] for name, table in tables.items()}
        _check_order(space, sample, rows["order"])
        _check_level(space, sample, rows["level"])
        _check_portfolio(space, sample, rows["portfolio"][0])
        _check_share(space, sample, rows["concentration"][0])


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


def _least(rows: list[dict[str, Any]], key: str) -> dict[str, Any] | None:
    held = [row for row in rows if not math.isnan(row[key]) and row["verdict"] != "not evaluable"]
    return min(held, key=lambda row: float(row[key])) if held else None


def _check_order(space: Workspace, sample: str, rows: list[dict[str, Any]]) -> None:
    test = f"battery: order of grades ({sample})"
    row = _least(rows, "holm")
    if row is None:
        reason = "every pair of neighbours has a grade with too few rows or expected bads"
        absent(space.ledger, "monotonicity", "order of grades", sample, reason)
        return
    judge(
        space,
        test,
        "p-value",
        row["holm"],
        place=Place("monotonicity", "order of grades", sample, p_value=row["holm"]),
        fail="grade_order_fail",
        review="grade_order_review",
        below=True,
        statement=f"On {sample} grade {row['next_grade']} has {row['next_bad']} bads of {row['next_rows']}, the safer "
        f"grade {row['grade']} {row['bad']} of {row['rows']} (exact p-value with Holm's correction {row['holm']:.3g}).",
        remedy="Join the grades, or find why their order is lost.",
        evidence=(own.MONOTONICITY,),
    )


def _check_level(space: Workspace, sample: str, rows: list[dict[str, Any]]) -> None:
    test = f"battery: level of grades ({sample})"
    row = _least(rows, "jeffreys_holm")
    if row is None:
        reason = "every grade has too few rows or expected bads"
        absent(space.ledger, "jeffreys", "level of grades", sample, reason)
        return
    judge(
        space,
        test,
        "p-value",
        row["jeffreys_holm"],
        place=Place("jeffreys", "level of grades", sample, p_value=row["jeffreys_holm"]),
        fail="grade_level_fail",
        review="grade_level_review",
        below=True,
        statement=f"On {sample} grade {row['grade']} has the bad rate {row['bad_rate']:.4f} and the probability "
        f"{row['probability']:.4f} (Jeffreys p-value with Holm's correction {row['jeffreys_holm']:.3g}). "
        + CORRELATION.format(p=row["correlated_p_value"]),
        remedy="Recalibrate the grade, or say why the year is worse than the long run.",
        evidence=(own.VALIDATION,),
    )


def _check_portfolio(space: Workspace, sample: str, row: dict[str, Any]) -> None:
    test = f"battery: level of all grades ({sample})"
    if row["verdict"] == "not evaluable":
        absent(space.ledger, "jeffreys", "level of all grades", sample, row["reason"])
        return
    judge(
        space,
        test,
        "p-value",
        row["jeffreys_p_value"],
        place=Place("jeffreys", "level of all grades", sample, p_value=row["jeffreys_p_value"]),
        fail="grade_portfolio_fail",
        review="grade_portfolio_review",
        below=True,
        statement=f"On {sample} the bad rate is {row['bad_rate']:.4f}, the mean probability of the grades "
        f"{row['probability']:.4f} (Jeffreys p-value {row['jeffreys_p_value']:.3g}). "
        + CORRELATION.format(p=row["correlated_p_value"]),
        remedy="Recalibrate the scale, or say why the year is worse than the long run.",
        evidence=(own.PORTFOLIO,),
    )


def _check_share(space: Workspace, sample: str, row: dict[str, Any]) -> None:
    judge(
        space,
        f"battery: concentration in a grade ({sample})",
        "share",
        row["largest_share"],
        place=Place("concentration", "concentration in a grade", sample),
        fail="grade_share_maximum",
        statement=f"On {sample} grade {row['largest_grade']} holds {row['largest_share']:.4f} of the rows.",
        remedy="Divide the grade, or say why it is so large.",
        evidence=(own.CONCENTRATION,),
    )
