"""Judgement judged: overlays and margins that have ended, limitations without a mitigant, margins that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from validation.comparisons.long_run import averages_of, cohorts_of_package, coverage_of_package
from validation.comparisons.margins import LIMITATIONS, MARGINS, OVERLAYS, as_of, expired
from validation.findings import Finding, Outcome
from validation.rebuild.long_run import years_without_overlap
from validation.rebuild.workspace import Workspace

FEWEST_YEARS = 5
ALARM = 0.01


def check_registers(space: Workspace) -> None:
    """Check what has expired, what is not approved, what is bare, and deficiencies for which there is no margin."""
    plan = space.package.plan
    overlays = plan.get("overlays") or []
    margins = plan.get("margin_of_conservatism") or []
    limitations = (plan.get("model") or {}).get("limitations") or []
    today = as_of(space)
    _listed(space, "overlays are in force", "overlay_expired", OVERLAYS, overlays, _ended(overlays, "id", today))
    unapproved = [str(one["id"]) for one in overlays if one.get("approved_by") is None]
    _listed(space, "overlays are approved", "overlay_unapproved", OVERLAYS, overlays, unapproved)
    ended = _ended(margins, "deficiency", today)
    _listed(space, "margins of conservatism are in force", "margin_expired", MARGINS, margins, ended)
    ended = _ended(limitations, "text", today)
    _listed(space, "limitations are reviewed", "limitation_expired", LIMITATIONS, limitations, ended)
    bare = [
        _short(one["text"]) for one in limitations if one.get("significance") is None or one.get("mitigant") is None
    ]
    _listed(space, "limitations have significance and mitigant", "limitation_bare", LIMITATIONS, limitations, bare)
    dated = [one for one in (*overlays, *margins, *limitations) if one.get("expiry") is not None]
    undated = ["model.as_of"] if dated and today is None else []
    _listed(space, "expiries can be judged", "register_undated", LIMITATIONS, dated, undated)
    _check_margins(space, margins)
    _check_target(space)


def _ended(entries: Sequence[dict[str, Any]], name: str, today: str | None) -> list[str]:
    return [_short(one[name]) for one in entries if expired(one.get("expiry"), today)]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


STATEMENTS = {
    "overlay_expired": ("Overlays have expired and are still registered", "Lift them, or renew them with a new date."),
    "overlay_unapproved": ("Overlays are not approved", "Have them approved, and name by whom (approved_by)."),
    "margin_expired": ("Margins of conservatism have expired", "Quantify them again, or take them out."),
    "limitation_expired": ("Limitations are past the date of their review", "Review them, and write a new date."),
    "limitation_bare": (
        "Limitations lack their significance or what mitigates them",
        "Write significance and mitigant of each (model.limitations).",
    ),
    "register_undated": (
        "Entries of the registers expire, and the plan declares no date on which it stands",
        "Write model.as_of.",
    ),
}


def _listed(space: Workspace, name: str, check: str, area: str, entries: Sequence[Any], wrong: Sequence[str]) -> None:
    """Record a check over entries, with one finding that names all that fail it."""
    if not entries:
        return
    test = f"battery: {name}"
    finding = None
    if wrong:
        statement, remedy = STATEMENTS[check]
        finding = Finding(
            test=test,
            severity=space.policy.checks[check],
            quantity=name,
            developer_value=len(wrong),
            validator_value=0,
            tolerance=None,
            statement=f"{statement}: {'; '.join(wrong)}.",
            remedy=remedy,
            evidence=(area,),
        )
    space.ledger.check(Outcome(test, "fail" if wrong else "pass", len(entries), "none", None, finding))


def _check_margins(space: Workspace, margins: Sequence[dict[str, Any]]) -> None:
    """A probability of default needs a margin for its error of estimation, and for each kind of deficiency in sight."""
    test = "battery: margin of conservatism covers deficiencies in sight"
    if not (space.package.plan.get("outcome") or {}).get("default_conformant"):
        space.ledger.not_evaluable(test, "the outcome is not declared a default of the regulation; none is asked for")
        return
    categories = {one["category"] for one in margins}
    lacking = [] if "C" in categories else ["no margin of category C (general error of estimation)"]
    seen = deficiencies(space)
    if seen and not categories & {"A", "B"}:
        lacking += [f"no margin of category A or B, although {one}" for one in seen]
    finding = None
    if lacking:
        finding = Finding(
            test=test,
            severity=space.policy.checks["margin_missing"],
            quantity="margins",
            developer_value=", ".join(sorted(categories)) or None,
            validator_value=None,
            tolerance=None,
            statement=f"The margin of conservatism is not complete: {'; '.join(lacking)}.",
            remedy="Quantify the margins (margin_of_conservatism), or argue in the plan why none is due.",
            evidence=(MARGINS,),
        )
    space.ledger.check(Outcome(test, "fail" if lacking else "pass", 1 + len(seen), "all covered", None, finding))


def _check_target(space: Workspace) -> None:
    """A rate to which probabilities are anchored by declaration must lie within the bounds of our long-run average."""
    target = (space.package.plan.get("calibration") or {}).get("target")
    cohorts = cohorts_of_package(space)
    averages = None if cohorts is None else averages_of(space, *cohorts)
    if averages is None or not isinstance(target, (int, float)):
        return
    told = averages.get("adjusted") or averages["mean_of_cohorts"]
    test = "battery: declared target against the long-run average"
    lower, upper = told["lower"], told["upper"]
    if np.isnan(lower):
        space.ledger.not_evaluable(test, "one year has no bounds")
        return
    finding = None
    if not lower <= target <= upper:
        finding = Finding(
            test=test,
            severity=space.policy.checks["target_departs"],
            quantity="calibration target",
            developer_value=float(target),
            validator_value=told["value"],
            tolerance=None,
            statement=(
                f"Probabilities are anchored to a declared rate of {target:.4g}; the average of the cohorts is "
                f"{told['value']:.4g} ({lower:.4g} to {upper:.4g})."
            ),
            remedy="Argue the declared rate, or anchor to the long-run average (calibration.target).",
            evidence=("long_run.average",),
        )
    space.ledger.check(Outcome(test, "fail" if finding else "pass", 1, "within the bounds", None, finding))


def deficiencies(space: Workspace) -> list[str]:
    """Return in words what the data themselves show: few or missing years, no downturn, defaults above predictions."""
    found: list[str] = []
    cohorts = cohorts_of_package(space)
    if cohorts is not None:
        counted, rules = cohorts
        years = years_without_overlap([record["month"] for record in counted])
        if years < FEWEST_YEARS:
            found.append(f"the cohorts hold {years} years, and {FEWEST_YEARS} are asked for")
        if rules.left_out:
            found.append(f"cohorts were left out ({', '.join(rules.left_out)})")
        told = coverage_of_package(space, counted, rules)
        adjusted = ((space.package.plan.get("long_run") or {}).get("adjustment") or {}).get("method", "none") != "none"
        if told is not None and not adjusted and told["observed_downturn_share"] < told["reference_downturn_share"]:
            found.append("downturns are under-represented and the average is not adjusted")
    rows = space.known("out_of_time")
    best = space.output(space.package.champion_id, "probability")
    if len(rows) and best is not None:
        w, y = space.weight[rows], space.outcome[rows]
        size = float(w.sum() ** 2 / (w @ w))
        events, mean = float(w @ y / w.sum()) * size, float(np.average(best.data[rows], weights=w))
        if stats.beta.cdf(mean, events + 0.5, size - events + 0.5) < ALARM:
            found.append("out of time there are more bads than predicted")
    return found
