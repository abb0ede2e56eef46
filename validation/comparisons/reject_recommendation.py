"""The developer's recommendation decided again: every question answered by our own tests under the stated limits.

The limits themselves are the developer's choice. Ours stand in the policy (`reject_limit_*`); where the recommendation
is another by them, the limits decided it and not the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.comparisons.reject_inference import AREA, settings_of
from validation.comparisons.reject_tables import compare_table, power
from validation.findings import Finding, Outcome
from validation.rebuild import overlap, rejects_diagnosed
from validation.rebuild.applicants import Applicants, Scored, applicants_of, scored_models
from validation.rebuild.logistic import fit_logistic
from validation.rebuild.reject_inference import Given
from validation.rebuild.rejects_diagnosed import Measured, Wald
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, scorecard_of

RECOMMENDATION, THRESHOLDS = f"{AREA}.recommendation", f"{AREA}.thresholds"
PROBIT, TIPPING = f"{AREA}.probit", f"{AREA}.tipping"
OWN = "reject_limit_"
DECIDING = (
    *("few_rejected", "weak_decision_auc", "no_overlap_auc", "no_overlap_share", "below_floor_share"),
    *("effective_share", "largest_weight_share", "balance", "misspecified_p_value", "moved_log_odds"),
    *("instrument_chi_square", "selection_p_value"),
)
TOLD = ("sparse_bin", "support_quantile", "outside_support")
"""Limits of other tables, on which no recommendation rests."""
RULES = {
    **dict.fromkeys(("reweighting_p_value", "curvature_p_value", "selection_p_value"), "p_value"),
    "instrument_chi_square": "z",
}
PHRASES = {
    rejects_diagnosed.KNOWN: "known outcomes alone",
    rejects_diagnosed.REWEIGHT: "reweight the known",
    rejects_diagnosed.MEND: "diagnose again",
    rejects_diagnosed.PROBIT: "fit the bivariate probit",
    rejects_diagnosed.OBTAIN: "no method can help",
    rejects_diagnosed.EXTERNAL: "use the declared outcomes",
}
"""What the words of each recommendation say, and those of no other."""
STATISTIC, LOUDEST = re.compile(r"chi-square ([\d.]+) on (\d+) degrees"), re.compile(r"\bz ([+-][\d.]+)")
HALF_DIGIT, SLACK = 0.05, 1e-4
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of the table; test: what its words tell the statistic of."""

    question: str
    measure: str
    value: float | None
    limit: float | None
    finding: str
    test: Wald | None = None


def compare_recommendation(space: Workspace) -> None:
    """Answer every question again and decide; nothing where the package holds no applicants."""
    people, scored, held = applicants_of(space), scored_models(space), space.package.reject_inference
    if people is None or scored is None or held is None:
        return
    limits = stated_limits(space)
    table = space.package.rows_of(RECOMMENDATION)
    if table is None or limits is None:
        space.ledger.not_evaluable(RECOMMENDATION, "the package holds no such table, or does not state its limits")
        return
    card, decision = scorecard_of(held.known_outcomes), scorecard_of(held.acceptance)
    if card is None or decision is None:
        space.ledger.not_evaluable(RECOMMENDATION, "a model is no regression on weights of evidence")
        return
    try:
        found = measured(space, people.of(DEVELOPMENT), scored, card, decision, limits)
    except np.linalg.LinAlgError:
        space.ledger.not_evaluable(RECOMMENDATION, "a regression of the diagnosis has no maximum")
        return
    _compare_answers(space, table, answers(space, found, limits))
    _judge_limits(space, found, limits)


def stated_limits(space: Workspace, told: bool = True) -> dict[str, float] | None:
    """The limits of the diagnosis as the package states them; None where it states not all of them.

    told: their names are compared.
    """
    table = space.package.rows_of(THRESHOLDS)
    if table is None:
        return None
    found = {str(row["threshold"]): float(row["value"]) for row in table if row["value"] is not None}
    names = sorted((*DECIDING, *TOLD))
    if told:
        stated = sorted(str(row["threshold"]) for row in table)
        space.ledger.words(THRESHOLDS, "limits", stated, names, "limit", [THRESHOLDS])
    return found if set(names) <= set(found) else None


def measured(
    space: Workspace,
    people: Applicants,
    scored: Scored,
    card: Scorecard,
    decision: Scorecard,
    limits: Mapping[str, float],
) -> Measured:
    """Every measure that the rules go by, of the applicants of development.

    Acceptance is without the instrument, where the model of the decision has one beside other characteristics. Raises
    numpy.linalg.LinAlgError where a regression has no maximum.
    """
    spec = settings_of(space)
    floor = Given(spec, 0).floor
    design = _columns(scored.known_outcomes, card, people)
    names, column = [term.characteristic for term in decision.terms], None
    every = _columns(scored.acceptance, decision, people)
    if spec.get("instrument") in names and len(names) > 1:
        place = names.index(spec["instrument"])
        column, others = every[:, place], np.delete(every, place, axis=1)
        people = replace(people, acceptance=_acceptance(people, others))
    area, shares = power(people, space.confidence).auc, overlap.overlap_of(people, floor)
    named = {term.characteristic: x for term, x in zip(card.terms, design.T, strict=True)}
    differences = [row["difference_known"] for row in overlap.balance_of(people, named, floor)]
    balance = max((abs(one) for one in differences if one is not None), default=0.0)
    found = Measured(shares, area, balance, None, None, None, spec.get("external") is not None)
    if rejects_diagnosed.overlap_verdict(shares, area, limits) == rejects_diagnosed.NONE:
        return found
    clustered = any(one is not None for one in space.frame["_cluster"].to_numpy(object)[people.row].tolist())
    tested = None
    if column is not None:
        tested = rejects_diagnosed.instrument(people, design, column, others, clustered)
    return replace(
        found,
        reweighting=rejects_diagnosed.reweighting(people, design, floor, clustered),
        curvature=rejects_diagnosed.curvature(people, design, clustered),
        instrument=tested,
    )


def _columns(scored: Mapping[str, Any], card: Scorecard, people: Applicants) -> Floats:
    return np.column_stack([scored[term.classing["output_woe"]].data[people.row] for term in card.terms])


def _acceptance(people: Applicants, others: Floats) -> Floats:
    """Probability of acceptance (n,) by the other characteristics of the decision alone."""
    x = np.column_stack([np.ones(len(people)), others])
    fit = fit_logistic(x, people.rejected.astype(np.float64), people.weight)
    return np.asarray(special.expit(-(x @ fit.coefficient)))


def answers(space: Workspace, found: Measured, limits: Mapping[str, float]) -> list[Answer]:
    """The table in its order."""
    shares, few = found.overlap, limits["few_rejected"]
    verdict = rejects_diagnosed.overlap_verdict(shares, found.decision_auc, limits)
    word = "few" if shares.rejected_share < few else "many"
    rows = [
        Answer("how many are rejected?", "rejected_share", shares.rejected_share, few, word),
        Answer("is there overlap?", "effective_share", shares.effective_share, None, verdict),
    ]
    if found.reweighting is None or found.curvature is None:
        rows.append(Answer("is the model misspecified?", "", None, None, "not evaluable"))
    else:
        rows += _of_the_model(found, found.reweighting, found.curvature, limits)
        rows += _of_the_instrument(space, found, limits)
    for row in space.package.rows_of(TIPPING) or []:
        told = row["tipping_factor"], 1.0, str(row["verdict"])
        rows.append(Answer(f"what would change it: {row['decision']}?", "tipping_factor", *told))
    rows.append(Answer("what cannot be known?", "", None, None, "missing at random is an assumption"))
    rows.append(Answer("what to do?", rejects_diagnosed.action(found, limits), None, None, "recommended"))
    return rows


def _of_the_model(found: Measured, moved: Wald, curved: Wald, limits: Mapping[str, float]) -> list[Answer]:
    level, least = limits["misspecified_p_value"], limits["moved_log_odds"]
    weak = rejects_diagnosed.selection_is_weak(found, limits)
    form = "wrong" if rejects_diagnosed.wrong_form(curved, limits) else "no sign of it"
    return [
        Answer(
            "how strong is selection on the characteristics?",
            "decision_auc",
            found.decision_auc,
            limits["weak_decision_auc"],
            "weak" if weak else "marked",
        ),
        Answer(
            "does reweighting move the coefficients?",
            "reweighting_p_value",
            moved.p_value,
            level,
            "moved" if moved.p_value < level else "not moved",
            moved,
        ),
        Answer(
            "does it move the rejected?",
            "reweighting_shift",
            moved.shift,
            least,
            "material" if moved.shift >= least else "immaterial",
        ),
        Answer(
            "is the form of the model wrong, selection allowed for?",
            "curvature_p_value",
            curved.p_value,
            level,
            form if curved.degrees else "not testable",
            curved,
        ),
        Answer(
            "by how much?",
            "curvature_shift",
            curved.shift,
            least,
            "material" if rejects_diagnosed.bent(curved, limits) else "immaterial",
        ),
    ]


def _of_the_instrument(space: Workspace, found: Measured, limits: Mapping[str, float]) -> list[Answer]:
    if found.instrument is None:
        return [Answer("is there an instrument?", "", None, None, "none declared")]
    strong = rejects_diagnosed.strong(found.instrument, limits)
    selected = "selection on the unobserved" if rejects_diagnosed.told(found.instrument, limits) else None
    rows = [
        Answer(
            "does the instrument move the decision?",
            "instrument_chi_square",
            found.instrument.decision.chi_square,
            limits["instrument_chi_square"],
            "strong" if strong else "weak",
        ),
        Answer(
            "does the instrument predict known outcomes?",
            "selection_p_value",
            found.instrument.outcome.p_value,
            limits["selection_p_value"],
            (selected or "no sign of selection") if strong else "not judged: weak",
            found.instrument.outcome,
        ),
    ]
    for row in space.package.rows_of(PROBIT) or []:
        if row["equation"] == "correlation":
            ends = [None if row[name] is None else float(row[name]) for name in ("lower", "upper")]
            apart = (ends[0] is not None and ends[0] > 0) or (ends[1] is not None and ends[1] < 0)
            word = "excludes 0" if apart else "includes 0"
            rows.append(Answer("what does the bivariate probit say?", "correlation", row["estimate"], 0.0, word))
    return rows


def _compare_answers(space: Workspace, table: list[dict[str, Any]], own: list[Answer]) -> None:
    rows = [{"question": a.question, "measure": a.measure, "finding": a.finding, "limit": a.limit} for a in own]
    compare_table(space, RECOMMENDATION, ("question",), rows, {"limit": "diagnosis"}, ("measure", "finding"))
    stated = {str(row["question"]): row for row in table}
    both = [answer for answer in own if answer.question in stated]
    for rule, quantity in (("method", "value"), ("p_value", "p-value"), ("z", "chi-square")):
        some = [answer for answer in both if RULES.get(answer.measure, "method") == rule]
        told = [stated[answer.question]["value"] for answer in some]
        mine = [_number(answer.value) for answer in some]
        labels = [answer.measure or answer.question for answer in some]
        space.ledger.numbers(RECOMMENDATION, quantity, rule, told, mine, labels, [RECOMMENDATION])
    tested = [answer for answer in both if answer.test is not None and answer.test.degrees > 0]
    read = [_in_words(str(stated[answer.question]["reading"]), answer.test) for answer in tested]
    labels = [answer.question for answer in tested]
    space.ledger.words(RECOMMENDATION, "statistics in words", read, [True] * len(read), labels, [RECOMMENDATION])
    last = own[-1]
    if last.question in stated:
        text = str(stated[last.question]["reading"]).lower()
        said = [name for name, phrase in PHRASES.items() if phrase in text]
        space.ledger.words(
            RECOMMENDATION, "recommendation in words", [said], [[last.measure]], [last.question], [RECOMMENDATION]
        )


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


def _in_words(text: str, test: Wald | None) -> bool:
    """Whether a text tells the chi-square with its degrees, and z of the loudest term, as we have them."""
    assert test is not None
    found, loudest = STATISTIC.search(text), LOUDEST.search(text)
    good = found is None or (_rounded(found[1], test.chi_square) and int(found[2]) == test.degrees)
    return good and (loudest is None or _rounded(loudest[1], test.loudest)) and not (found is None and loudest is None)


def _rounded(told: str, own: float) -> bool:
    digits = len(told.partition(".")[2])
    return abs(float(told) - own) <= HALF_DIGIT * 10.0 ** (1 - digits) + SLACK * abs(own)


def own_limits(space: Workspace) -> dict[str, float]:
    """The limits of the policy, by the developer's names."""
    return {name: space.policy.cuts[f"{OWN}{name}"].value for name in DECIDING}


def _judge_limits(space: Workspace, found: Measured, limits: Mapping[str, float]) -> None:
    """Whether the recommendation is the same by the limits of the policy, and which of the stated ones are others."""
    mine = own_limits(space)
    other = [name for name in DECIDING if limits[name] != mine[name]]
    text = ", ".join(f"{name} {limits[name]:g} (ours {mine[name]:g})" for name in other)
    statement = f"The diagnosis is judged by limits that are not those of the policy: {text}." if other else None
    _record(space, f"{THRESHOLDS}: as in the policy", "reject_limits_differ", statement, len(DECIDING))
    both = [rejects_diagnosed.action(found, one).replace("_", " ") for one in (limits, mine)]
    statement = None
    if both[0] != both[1]:
        statement = (
            f"By the limits of the policy the diagnosis recommends {both[1]}, by the stated ones {both[0]}: the limits "
            f"decide, not the data ({text})."
        )
    _record(space, f"{RECOMMENDATION}: by the limits of the policy", "reject_limits_decide", statement, 1)


def _record(space: Workspace, test: str, check: str, statement: str | None, compared: int) -> None:
    finding, severity = None, space.policy.checks[check]
    if statement is not None:
        remedy = (
            "Give the reason for each limit that differs, and say what is done where the recommendation is another."
        )
        evidence = (RECOMMENDATION, THRESHOLDS)
        finding = Finding(test, severity, "limits of the diagnosis", None, None, None, statement, remedy, evidence)
    outcome = "pass" if finding is None else "review" if severity == "observation" else "fail"
    space.ledger.check(Outcome(test, outcome, compared, None, None, finding))
