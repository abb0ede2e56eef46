"""The diagnosis of reject inference measured again: overlap, balance, support, sensitivity and tipping factors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from validation.comparisons.reject_inference import AREA, settings_of
from validation.comparisons.reject_tables import compare_table, power
from validation.comparisons.strategy import amount_unit, amounts
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
PROFIT = "profit"
FOR_PROFIT = {"approve the newly approved for profit": PROFIT}
ENDS = ("at_least_prudence", "all_good", "all_bad")


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
    return prudence.policy_of(people, risk.data[people.row], approved, _money(space, people))


def _money(space: Workspace, people: Applicants) -> tuple[np.ndarray, np.ndarray] | None:
    """Earned of a good and lost of a bad (n,), where the plan declares both and they are known of everyone."""
    declared = amounts(space)
    if declared is None:
        return None
    earned, lost = declared[0][people.row], declared[1][people.row]
    return (earned, lost) if np.isfinite(earned).all() and np.isfinite(lost).all() else None


def _compare_sensitivity(space: Workspace, people: Applicants) -> None:
    table, policy = space.package.rows_of(SENSITIVITY), policy_of(space, people)
    if table is None or policy is None:
        space.ledger.not_evaluable(SENSITIVITY, "the package holds no such table, or no probability of the champion")
        return
    factors = (settings_of(space).get("sensitivity") or {}).get("prudence") or ()
    own = prudence.cases_of(people, policy, [float(k) for k in factors])
    bounds = [row for row in table if row["case"] in OF_BOUNDS]
    stated = {row["case"]: row.get("profit") for row in table}
    cases = [row["case"] for row in own if row["case"] in stated]
    mine = [row["profit"] for row in own if row["case"] in stated]
    _compare_money(space, SENSITIVITY, "profit", [stated[case] for case in cases], mine, cases)
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


def _compare_money(
    space: Workspace, area: str, column: str, told: list[Any], own: list[float | None], labels: list[str]
) -> None:
    """Compare amounts in units of the mean size of what the plan declares."""
    unit = amount_unit(space)
    stated, mine = ([None if v is None or v != v else float(v) / unit for v in side] for side in (told, own))
    space.ledger.numbers(area, column, "profit", stated, mine, labels, [area])


def _compare_tipping(space: Workspace, people: Applicants, policy: prudence.Policy) -> None:
    table = space.package.rows_of(TIPPING)
    if table is None:
        space.ledger.not_evaluable(TIPPING, "the package holds no such table")
        return
    every = DECISIONS | (FOR_PROFIT if policy.money is not None else {})
    labels = [str(row["decision"]) for row in table]
    space.ledger.words(TIPPING, "decisions", labels, list(every), "decision", [TIPPING])
    rows = [row for row in table if row["decision"] in every]
    labels = [str(row["decision"]) for row in rows]
    measures = [every[label] for label in labels]
    space.ledger.words(TIPPING, "measure", [row["measure"] for row in rows], measures, labels, [TIPPING])
    own = [_tipping(people, policy, row, every) for row in rows]
    factors = [row["tipping_factor"] for row in rows], [found["tipping_factor"] for found in own]
    space.ledger.numbers(TIPPING, "tipping_factor", "tipping", *factors, labels, [TIPPING])
    for column in (*ENDS, "limit"):
        for money in (False, True):
            part = [k for k, one in enumerate(measures) if (one == PROFIT) is money]
            told, mine = [rows[k][column] for k in part], [own[k][column] for k in part]
            names = [labels[k] for k in part]
            if not money:
                space.ledger.numbers(TIPPING, column, "diagnosis", told, mine, names, [TIPPING])
            elif part:
                _compare_money(space, TIPPING, f"{column} of profit", told, mine, names)


def _tipping(
    people: Applicants, policy: prudence.Policy, row: Mapping[str, Any], measures: Mapping[str, str]
) -> dict[str, float | None]:
    """The measure of one decision at no prudence and at both ends, and the factor from which it passes the limit.

    A bad rate rises to its limit, a profit falls to nothing.
    """
    measure = measures[row["decision"]]
    sign = -1.0 if measure == PROFIT else 1.0

    def at(q: np.ndarray) -> float:
        return float(prudence.case_of(people, policy, q)[measure])

    def by(factor: float) -> float:
        return sign * at(prudence.at_factor(people, factor))

    ends = [at(prudence.supposed(people, np.full(len(people), value))) for value in (0.0, 1.0)]
    first, limit = by(1.0), _limit_of(people, measure)
    factor = None if math.isnan(first) else prudence.tipping(by, sign * float(row["limit"]), sign * ends[1])
    found = {"at_least_prudence": sign * first, "all_good": ends[0], "all_bad": ends[1], "tipping_factor": factor}
    return {name: None if value is None or math.isnan(value) else value for name, value in found.items()} | {
        "limit": limit
    }


def _limit_of(people: Applicants, measure: str) -> float:
    """What a decision must not pass: the bad rate of known outcomes, that of the accepted, or no profit."""
    if measure == PROFIT:
        return 0.0
    if measure == "equal_acceptance_bad_rate":
        return prudence.rate(people.weight * people.accepted, prudence.at_factor(people, 1.0))
    known = people.known
    return prudence.rate(people.weight * known, np.where(known, people.outcome, 0.0))
