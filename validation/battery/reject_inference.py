"""Reject inference judged: overlap by our own measure, the method that was chosen, and what must not enter where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from validation.battery.cuts import judge
from validation.comparisons.reject_inference import AREA, settings_of
from validation.comparisons.reject_probit import PROBIT, PROFILE, correlation_width
from validation.comparisons.reject_tables import WEIGHTS, power
from validation.findings import Finding, Outcome
from validation.rebuild.applicants import Applicants, applicants_of
from validation.rebuild.calibration_weights import weighs_calibration
from validation.rebuild.overlap import Overlap, effective, overlap_of
from validation.rebuild.reject_inference import Given
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

OVERLAP, RECOMMENDATION = f"{AREA}.overlap", f"{AREA}.recommendation"
ERRORS = f"{AREA}.coefficients"
MISSING_AT_RANDOM = ("reweighting", "score_bands", "extrapolation", "fuzzy_augmentation", "parcelling", "self_learning")
"""Methods that learn of rejected applicants from accepted ones alike."""
NAMES = {
    "decision_auc": "decision_auc",
    "rejects_out_of_reach": "rejected_below_floor",
    "effective_share": "effective_share",
    "largest_weight_share": "largest_weight_share",
}
"""Names of the measures as the developer's table of overlap has them."""
WHAT_TO_DO = "what to do?"
AGREES = {
    "none": ("known_outcomes", "mend_model"),
    "extrapolation": ("known_outcomes", "mend_model"),
    "reweighting": ("reweighting",),
    "score_bands": ("reweighting",),
    "bivariate_probit": ("bivariate_probit",),
    "external_outcomes": ("external_outcomes", "obtain_outcomes"),
}
"""Recommended actions that a method is in accord with; the others are in accord with none."""


def check_reject_inference(space: Workspace) -> None:
    """Judge overlap, weights and method of a package that holds reject inference; nothing where it holds none."""
    people = applicants_of(space)
    if people is None:
        return
    first, spec = people.of(DEVELOPMENT), settings_of(space)
    method = str(spec.get("method", "none"))
    measured = overlap_of(first, Given(spec, 0).floor)
    _check_overlap(space, first, measured)
    _check_fitted(space)
    _check_method(space, method, measured)
    _check_probit(space, method)
    _check_recommended(space, method)
    _check_performance(space)
    _check_calibration(space)
    _check_errors(space, method)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of overlap: `cut` names its cuts in the policy (`_review`, `_fail`), a value below them is the worse

    where `below`.
    """

    name: str
    cut: str
    value: float
    below: bool
    words: str


def measures_of(people: Applicants, measured: Overlap, confidence: float) -> list[Measure]:
    """Our own measures of overlap of the applicants of development."""
    rows = f"Inverse acceptance leaves {measured.effective_rows:,.0f} effective rows of known outcomes, a share of"
    return [
        Measure(
            "the decision is not predicted perfectly",
            "decision_auc",
            power(people, confidence).auc,
            False,
            "The AUC of the decision is",
        ),
        Measure(
            "rejected applicants are within reach",
            "rejects_out_of_reach",
            measured.rejected_below_floor,
            False,
            "The share of rejected applicants below the floor of acceptance is",
        ),
        Measure("rows are left under inverse acceptance", "effective_share", measured.effective_share, True, rows),
        Measure(
            "no known outcome stands for many",
            "largest_weight_share",
            measured.largest_weight_share,
            False,
            "The largest share of all inverse weight on one known outcome is",
        ),
    ]


def overlap_rows(space: Workspace) -> list[list[Any]]:
    """Rows of `validation.overlap`: measure, value, both cuts and the verdict; none without reject inference."""
    people = applicants_of(space)
    if people is None:
        return []
    first, cuts = people.of(DEVELOPMENT), space.policy.cuts
    verdicts = {outcome.test: outcome.outcome for outcome in space.ledger.outcomes}
    measured = overlap_of(first, Given(settings_of(space), 0).floor)
    return [
        [
            NAMES[one.cut],
            one.value,
            cuts[f"{one.cut}_review"].value,
            cuts[f"{one.cut}_fail"].value,
            verdicts.get(f"battery: overlap, {one.name}", "not_evaluable"),
        ]
        for one in measures_of(first, measured, space.confidence)
    ]


def _check_overlap(space: Workspace, people: Applicants, measured: Overlap) -> None:
    for one in measures_of(people, measured, space.confidence):
        judge(
            space,
            f"battery: overlap, {one.name}",
            one.cut.replace("_", " "),
            one.value,
            fail=f"{one.cut}_fail",
            review=f"{one.cut}_review",
            below=one.below,
            statement=f"{one.words} {one.value:.4g}.",
            remedy="Rest nothing on accepted applicants alike: obtain outcomes elsewhere, or approve some at random.",
            evidence=(OVERLAP, WEIGHTS),
        )


def _check_fitted(space: Workspace) -> None:
    """Effective bads among the known outcomes as they are weighted in the fit."""
    held = space.package.reject_inference
    assert held is not None
    rows = held.rows
    bad = (rows["_inferred"].to_numpy() == 0) & (rows["_outcome"].to_numpy() == 1.0)
    value = effective(rows["_weight"].to_numpy()[bad]) if bad.any() else math.nan
    judge(
        space,
        "battery: effective bads of the fit",
        "effective bads",
        value,
        fail="fitted_effective_bads_fail",
        review="fitted_effective_bads_review",
        below=True,
        statement=f"The known bads, as they are weighted in the fit, are worth {value:.1f}.",
        remedy="Trim the weights higher, or fit on the known outcomes as they are.",
        evidence=(WEIGHTS,),
    )


def _check_method(space: Workspace, method: str, measured: Overlap) -> None:
    """A method that is biased in itself, and one that rests on an overlap that is not there."""
    cuts = space.policy.cuts
    statement, check, remedy = None, "biased_method", "Use another method; compare this one with it."
    if method == "hard_cut_off":
        statement = (
            "The model is fitted on labels of rejected applicants that a cut-off of its own kind of score gave: the "
            "method is biased, and serves for comparison only."
        )
    elif method in MISSING_AT_RANDOM and (
        measured.rejected_below_floor > cuts["rejects_out_of_reach_fail"].value
        or measured.effective_share < cuts["effective_share_fail"].value
    ):
        check = "method_contradicted"
        statement = (
            f"The method {method.replace('_', ' ')} takes accepted applicants for rejected ones alike, and there are "
            f"hardly any: {measured.rejected_below_floor:.1%} of the rejected are below the floor of acceptance, and "
            f"inverse acceptance leaves {measured.effective_share:.1%} of the rows."
        )
        remedy = "Fit on known outcomes and say what is not known, or obtain outcomes of rejected applicants."
    _record(space, "the method can be defended", check, method, statement, remedy, (f"{AREA}.choice", OVERLAP))


def _check_probit(space: Workspace, method: str) -> None:
    """A correlation that rests on no instrument, or that the data do not tell."""
    if method != "bivariate_probit":
        return
    spec, statement = settings_of(space), None
    if not spec.get("instrument"):
        statement = "No instrument is declared: the correlation is identified by the normal form alone."
    remedy = "Declare what moved the decision and has no bearing on the outcome, or use another method."
    _record(
        space, "the correlation has an instrument", "probit_without_instrument", method, statement, remedy, (PROBIT,)
    )
    judge(
        space,
        "battery: the correlation is known",
        "width of the interval",
        correlation_width(space),
        fail="correlation_width_fail",
        statement="The interval of the correlation of decision and outcome is wide: the data hardly tell it.",
        remedy="Show the profile, and fit on known outcomes unless the instrument is beyond doubt.",
        evidence=(PROBIT, PROFILE),
    )


def _check_recommended(space: Workspace, method: str) -> None:
    """Whether the developer's own diagnosis recommends what was done."""
    test = "the method is the one that the diagnosis recommends"
    table = space.package.rows_of(RECOMMENDATION) or []
    action = next((str(row["measure"]) for row in table if row["question"] == WHAT_TO_DO), None)
    if action is None:
        space.ledger.not_evaluable(f"battery: {test}", "the package holds no recommendation")
        return
    statement = None
    if action not in AGREES.get(method, ()):
        statement = (
            f"The diagnosis recommends {action.replace('_', ' ')}, and the model is fitted with the method "
            f"{method.replace('_', ' ')}."
        )
    remedy = "Say in the plan why the method was chosen all the same."
    _record(space, test, "method_not_recommended", method, statement, remedy, (RECOMMENDATION, f"{AREA}.choice"))


def _check_performance(space: Workspace) -> None:
    """Tables of performance count known outcomes alone."""
    test, area = "performance is of known outcomes alone", "performance.discrimination"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(f"battery: {test}", "the package holds no such table")
        return
    wrong = [row for row in table if row["sample"] in space.rows and row["rows"] != len(space.known(row["sample"]))]
    statement = None
    if wrong:
        row = wrong[0]
        statement = (
            f"{area} counts {row['rows']:,} rows of {row['sample']}, where {len(space.known(row['sample'])):,} "
            "outcomes are known: supposed outcomes are among them, or known ones were left out."
        )
    remedy = "Evaluate on known outcomes alone; supposed ones agree with the model that supposed them."
    _record(space, test, "reject_in_performance", area, statement, remedy, (area,))


def _check_calibration(space: Workspace) -> None:
    """A map that was fitted on accepted applicants holds for them."""
    test = "calibration holds through the door"
    spec = space.package.plan.get("calibration") or {}
    if not steps_of(space.package.model, "calibrate"):
        space.ledger.not_evaluable(f"battery: {test}", "the champion is not calibrated by a map")
        return
    anchored = spec.get("external") is not None or spec.get("target") is not None
    statement = None
    if not anchored and not weighs_calibration(space):
        statement = (
            "The probability was calibrated on known outcomes, which are those of accepted applicants; the model "
            "decides on all who apply, of whom the rejected may be riskier at the same score."
        )
    remedy = (
        "Weigh it by inverse acceptance, anchor it to a rate through the door, or limit its use to those who are "
        "accepted."
    )
    _record(space, test, "calibrated_on_accepted", "calibration", statement, remedy, ("calibration.fit",))


def _check_errors(space: Workspace, method: str) -> None:
    """Weights that are estimated, and outcomes that are supposed, make naive standard errors too small."""
    test = "standard errors are of the whole procedure"
    if method == "none":
        space.ledger.not_evaluable(f"battery: {test}", "the candidates are fitted on known outcomes alone")
        return
    if ERRORS not in space.package.evidence:
        space.ledger.not_evaluable(f"battery: {test}", "the package says nothing of the errors of the procedure")
        return
    statement = None
    if not space.package.rows_of(ERRORS):
        statement = (
            f"The model is fitted with the method {method.replace('_', ' ')}, and its standard errors take weights and "
            "supposed outcomes as given: they are too small, and no bootstrap of the procedure stands beside them."
        )
    remedy = "Let reject_inference.replicates be 200 or more."
    _record(space, test, "naive_errors", method, statement, remedy, (ERRORS, WEIGHTS))


def _record(
    space: Workspace,
    test: str,
    check: str,
    quantity: str,
    statement: str | None,
    remedy: str,
    evidence: tuple[str, ...],
) -> None:
    """Record a test that passes where there is no statement against it."""
    finding, name = None, f"battery: {test}"
    severity = space.policy.checks[check]
    if statement is not None:
        finding = Finding(name, severity, quantity, None, None, None, statement, remedy, evidence)
    verdict = "pass" if finding is None else "review" if severity == "observation" else "fail"
    space.ledger.check(Outcome(name, verdict, 1, None, None, finding))
