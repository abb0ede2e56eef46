"""The diagnosis of reject inference measured again: overlap, balance, support, sensitivity and tipping factors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from validation.comparisons.reject_inference import AREA, settings_of
from validation.comparisons.reject_tables import compare_table, power
from validation.rebuild import overlap, prudence
from validation.rebuild.applicants import Applicants, Scored, applicants_of, scored_models
from validation.rebuild.reject_inference import Given
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, scorecard_of

OVERLAP, BANDS, BALANCE = f"{AREA}.overlap", f"{AREA}.overlap_bands", f"{AREA}.balance"
SUPPORT, JOINT = f"{AREA}.support", f"{AREA}.joint_support"
SENSITIVITY, TIPPING, KICKOUT = f"{AREA}.sensitivity", f"{AREA}.tipping", f"{AREA}.kickout"
LIMITS = f"{AREA}.thresholds"
SPARSE, BEYOND = 30.0, 0.99
HELD_OUT = "out_of_sample"
BAND_RULES = {
    **dict.fromkeys(("rows", "accepted", "rejected", "known", "bad"), "rows"),
    **dict.fromkeys(("least", "greatest", "share", "acceptance_rate", "mean_acceptance"), "diagnosis"),
    **dict.fromkeys(("bad_rate", "bad_rate_lower", "bad_rate_upper"), "interval"),
}
BALANCE_RULES = dict.fromkeys(
    ("mean_applicants", "mean_known", "mean_reweighted", "difference_known", "difference_reweighted"), "diagnosis"
)
SUPPORT_RULES = {
    **dict.fromkeys(("bins", "sparse_bins"), "rows"),
    **dict.fromkeys(("known_least", "known_greatest", "rejected_below", "rejected_above"), "diagnosis"),
    **dict.fromkeys(("rejected_missing_unseen", "rejected_unseen"), "diagnosis"),
    **dict.fromkeys(("rejected_in_sparse", "rejected_outside"), "diagnosis"),
}
JOINT_RULES = dict.fromkeys(
    ("known_median", "known_quantile", "known_greatest", "rejected_median", "rejected_beyond_quantile"), "diagnosis"
) | {"rejected_beyond_greatest": "diagnosis"}
CASE_RULES = dict.fromkeys(
    (
        *("prudence", "rejected_bad_rate", "applicant_bad_rate", "mean_probability", "probability_over_bad_rate"),
        *("auc", "gini", "newly_approved", "newly_approved_bad_rate", "approved", "approved_bad_rate"),
        *("equal_acceptance_approved", "equal_acceptance_bad_rate"),
    ),
    "diagnosis",
)
OF_BOUNDS = ("least AUC", "greatest AUC")
DECISIONS = {
    "approve the newly approved": "newly_approved_bad_rate",
    "keep the cut-off": "approved_bad_rate",
    "decide by the model at equal acceptance": "equal_acceptance_bad_rate",
}


def compare_reject_diagnosis(space: Workspace) -> None:
    """Compare the tables of the diagnosis with our own measures: of the applicants of development, and sensitivity of

    those of out-of-sample, on whom nothing was fitted.
    """
    every, scored = applicants_of(space), scored_models(space)
    if every is None or scored is None:
        return
    people = every.of(DEVELOPMENT)
    floor = Given(settings_of(space), 0).floor
    _compare_overlap(space, people, floor)
    compare_table(space, BANDS, ("band",), overlap.bands_of(people, floor, space.confidence), BAND_RULES)
    held = space.package.reject_inference
    card = None if held is None else scorecard_of(held.known_outcomes)
    if card is None:
        space.ledger.not_evaluable(SUPPORT, "the model of known outcomes is no regression on weights of evidence")
    else:
        _compare_support(space, people, scored, card, floor)
    _compare_sensitivity(space, every.of(HELD_OUT))


def _limit(space: Workspace, name: str, default: float) -> float:
    """A limit of the developer's diagnosis as the package states it."""
    for row in space.package.rows_of(LIMITS) or []:
        if row["threshold"] == name:
            return float(row["value"])
    return default


def _compare_overlap(space: Workspace, people: Applicants, floor: float) -> None:
    table = space.package.rows_of(OVERLAP)
    if table is None:
        space.ledger.not_evaluable(OVERLAP, "the package holds no such table")
        return
    area = power(people, space.confidence)
    own: dict[str, tuple[float | None, ...]] = {
        name: (value, None, None) for name, value in asdict(overlap.overlap_of(people, floor)).items()
    }
    own["decision_auc"] = (area.auc, area.lower, area.upper)
    own["verdict"] = (None, None, None)
    stated = {row["measure"]: row for row in table}
    space.ledger.words(OVERLAP, "measures", sorted(stated), sorted(own), "measure", [OVERLAP])
    names = [name for name in own if name in stated]
    for place, column in enumerate(("value", "lower", "upper")):
        mine = [own[name][place] for name in names]
        rule = "interval" if place else "diagnosis"
        space.ledger.numbers(OVERLAP, column, rule, [stated[n][column] for n in names], mine, names, [OVERLAP])


def _compare_support(space: Workspace, people: Applicants, scored: Scored, card: Scorecard, floor: float) -> None:
    values = scored.known_outcomes
    woe = {t.characteristic: values[t.classing["output_woe"]].data[people.row] for t in card.terms}
    compare_table(space, BALANCE, ("characteristic",), overlap.balance_of(people, woe, floor), BALANCE_RULES)
    least = int(_limit(space, "sparse_bin", SPARSE))
    own = []
    for term in card.terms:
        raw = values[term.characteristic].data[people.row]
        bins = np.unique(woe[term.characteristic], return_inverse=True)[1].astype(np.int64)
        found = overlap.support_of(people, raw, bins, least)
        own.append({"characteristic": term.characteristic, **found})
    compare_table(space, SUPPORT, ("characteristic",), own, SUPPORT_RULES, ("kind",))
    try:
        measures = overlap.joint_measures(people, np.column_stack(list(woe.values())))
    except np.linalg.LinAlgError:
        space.ledger.not_evaluable(JOINT, "characteristics are linear combinations of each other")
        return
    share = _limit(space, "support_quantile", BEYOND)
    compare_table(space, JOINT, ("measure",), overlap.joint_support(people, measures, share), JOINT_RULES)


def policy_of(space: Workspace, people: Applicants) -> prudence.Policy | None:
    """The champion's probability of the applicants, and whom its cut-off approves where the plan declares one."""
    champion = space.package.champion_id
    risk, score = space.output(champion, "probability"), space.output(champion, "score")
    if risk is None:
        return None
    cut_off = (space.package.plan.get("strategy") or {}).get("cut_off")
    approved = None
    if isinstance(cut_off, (int, float)) and score is not None:
        approved = (score.data[people.row] >= float(cut_off)).astype(np.float64)
    return prudence.policy_of(people, risk.data[people.row], approved)


def _compare_sensitivity(space: Workspace, people: Applicants) -> None:
    table, policy = space.package.rows_of(SENSITIVITY), policy_of(space, people)
    if table is None or policy is None:
        space.ledger.not_evaluable(SENSITIVITY, "the package holds no such table, or no probability of the champion")
        return
    factors = (settings_of(space).get("sensitivity") or {}).get("prudence") or ()
    own = prudence.cases_of(people, policy, [float(k) for k in factors])
    bounds = [row for row in table if row["case"] in OF_BOUNDS]
    blank = dict.fromkeys(CASE_RULES)
    own += [{**blank, **{key: row[key] for key in ("case", "auc", "gini")}} for row in bounds]
    compare_table(space, SENSITIVITY, ("case",), own, CASE_RULES)
    _compare_bounds(space, people, policy, bounds)
    _compare_tipping(space, people, policy)


def _compare_bounds(
    space: Workspace, people: Applicants, policy: prudence.Policy, bounds: list[dict[str, Any]]
) -> None:
    stated = {row["case"]: row for row in bounds}
    if set(stated) != set(OF_BOUNDS):
        space.ledger.not_evaluable(f"{SENSITIVITY}: bounds of the AUC", "the package states none")
        return
    own = prudence.area_bounds(people, policy.risk)
    told = [stated[name]["auc"] for name in OF_BOUNDS]
    space.ledger.numbers(SENSITIVITY, "bounds of the AUC", "diagnosis", told, list(own), list(OF_BOUNDS))
    gini = [2.0 * value - 1.0 for value in own]
    told = [stated[name]["gini"] for name in OF_BOUNDS]
    space.ledger.numbers(SENSITIVITY, "bounds of the Gini", "diagnosis", told, gini, list(OF_BOUNDS))


def _compare_tipping(space: Workspace, people: Applicants, policy: prudence.Policy) -> None:
    table = space.package.rows_of(TIPPING)
    if table is None:
        space.ledger.not_evaluable(TIPPING, "the package holds no such table")
        return
    rows = [row for row in table if row["decision"] in DECISIONS]
    labels = [row["decision"] for row in rows]
    if len(rows) < len(table):
        space.ledger.not_evaluable(f"{TIPPING}: profit", "of money, bad rates alone are counted again")
    space.ledger.words(TIPPING, "decisions", labels, list(DECISIONS), "decision", [TIPPING])
    own = [_tipping(people, policy, row) for row in rows]
    for column in ("at_least_prudence", "all_good", "all_bad", "tipping_factor"):
        rule = "tipping" if column == "tipping_factor" else "diagnosis"
        mine = [found[column] for found in own]
        space.ledger.numbers(TIPPING, column, rule, [row[column] for row in rows], mine, labels, [TIPPING])
    known = people.known
    rate = prudence.rate(people.weight * known, np.where(known, people.outcome, 0.0))
    accepted = prudence.rate(people.weight * people.accepted, prudence.at_factor(people, 1.0))
    limits = {"equal_acceptance_bad_rate": accepted}
    mine = [limits.get(DECISIONS[row["decision"]], rate) for row in rows]
    space.ledger.numbers(TIPPING, "limit", "diagnosis", [row["limit"] for row in rows], mine, labels, [TIPPING])


def _tipping(people: Applicants, policy: prudence.Policy, row: Mapping[str, Any]) -> dict[str, float | None]:
    """The measure of one decision at no prudence and at both ends, and the factor from which it passes the limit."""
    measure = DECISIONS[row["decision"]]

    def at(q: np.ndarray) -> float:
        return float(prudence.case_of(people, policy, q)[measure])

    def by(factor: float) -> float:
        return at(prudence.at_factor(people, factor))

    ends = [at(prudence.supposed(people, np.full(len(people), value))) for value in (0.0, 1.0)]
    first = by(1.0)
    factor = None if math.isnan(first) else prudence.tipping(by, float(row["limit"]), ends[1])
    found = {"at_least_prudence": first, "all_good": ends[0], "all_bad": ends[1], "tipping_factor": factor}
    return {name: None if value is None or math.isnan(value) else value for name, value in found.items()}
