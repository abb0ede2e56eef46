"""Two scores beside each other as evidence: swap sets, two-score matrix, paired comparison, rules of redeployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.applicants import ALL, group_of, groups_of_rows
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored, input_files
from credit_risk.plan import Plan
from credit_risk.sampling import Intake
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.comparison import (
    COMPARISON_COLUMNS,
    compared_decisions,
    compared_losses,
    compared_ranking,
)
from credit_risk.strategy.cut_offs import cut_offs_of
from credit_risk.strategy.matrix import MATRIX_COLUMNS, ORDER_COLUMNS, matrix_order, two_score_matrix
from credit_risk.strategy.pair import Pair, matching_cut_off
from credit_risk.strategy.redeployment import REDEPLOYMENT_COLUMNS, Rules, redeployment
from credit_risk.strategy.redeployment_measures import JudgedRows, redeployment_measures
from credit_risk.strategy.swap_set import CHANGE_COLUMNS, SWAP_COLUMNS, swap_change, swap_set

Floats = NDArray[np.float64]
INCUMBENT = "incumbent"
SWAPS = ("strategy.swap_sets", "strategy.swap_changes")
MATRICES = ("strategy.matrix", "strategy.matrix_order")
REDEPLOYMENT = "strategy.redeployment"
PAIR_IDS = (*SWAPS, *MATRICES, "strategy.comparison", REDEPLOYMENT)
NO_PAIR = "the plan has no challenger and names no incumbent (strategy.incumbent)"
CONSTANT = "not evaluable: on every sample one of the two scores is the same for all rows"
NO_CUT_OFF = "not evaluable: no cut-off is declared (strategy.cut_off, strategy.incumbent.cut_off), and none is assumed"
NO_CHALLENGER = (
    "the plan has no challenger; its rules of redeployment are held against the live version when the inventory "
    "registers this one"
)
NO_RULES = "the plan states no rules of redeployment (strategy.redeployment)"
EQUAL, GIVEN = "equal acceptance", "declared cut-offs"
KNOWN = "outcomes are known of booked accounts only; those of the others are counted as unknown and not inferred"
ACCEPTS = (
    "outcomes are known only of those whom the score in use (or an underwriter) accepted: an equally good "
    "challenger looks better there (by 2.2 points of AUC where 60 % are accepted); a random stratum would tell"
)


@dataclass(frozen=True, slots=True)
class Versus:
    """Two scores over all rows (n,), higher is safer; NaN where missing. `sign` -1: the base's own scale is reversed.

    base_cut_off, candidate_cut_off: as declared, on the scale of `base` and `candidate`; None where not.
    """

    base: str
    candidate: str
    first: Floats
    second: Floats
    base_cut_off: float | None
    candidate_cut_off: float | None
    sign: float = 1.0


def pair_evidence(plan: Plan, intake: Intake, scored: Scored, groups: Mapping[str, Applicants]) -> list[Evidence]:
    """Evidence on every pair: the incumbent and the champion, the champion and each challenger."""
    pairs = versus(plan, intake, scored)
    if not pairs:
        found = [absent(identifier, "not_applicable", NO_PAIR) for identifier in PAIR_IDS[:-1]]
        return [*found, absent(REDEPLOYMENT, "not_applicable", _no_redeployment(plan) or NO_PAIR)]
    models = [plan.champion.id, *(one.id for one in plan.challengers)]
    inputs = input_files(scored, models, plan.champion.id)
    rows = {(one.base, one.candidate): _samples(plan, intake, scored, one) for one in pairs}
    if not any(rows.values()):
        return [absent(identifier, "not_applicable", CONSTANT) for identifier in PAIR_IDS]
    notes = [*_left_out(plan, scored, pairs), *_constant(pairs, rows)]
    accepts = [ACCEPTS] if on_accepts(intake) else []
    known = [KNOWN] if ALL in groups else []
    found = [
        *_swaps(plan, pairs, rows, inputs, (*notes, *known)),
        *_matrices(plan, pairs, rows, inputs, (*notes, *known)),
    ]
    compared = _comparison(plan, scored, pairs, rows)
    found.append(table("strategy.comparison", compared, inputs=inputs, notes=(*notes, *accepts)))
    return [*found, _redeployment(plan, intake, scored, compared, inputs, tuple(accepts))]


def versus(plan: Plan, intake: Intake, scored: Scored) -> list[Versus]:
    """The pairs of a plan, the incumbent's first."""
    score = {model: frame["score"].to_numpy(float) for model, frame in scored.predictions.items()}
    champion, strategy = plan.champion.id, plan.strategy
    found = []
    if strategy.incumbent is not None:
        spec = strategy.incumbent
        sign = -1.0 if spec.direction == "ascending" else 1.0
        values = sign * intake.frame[spec.column].to_numpy(float)
        cut_off = None if spec.cut_off is None else sign * spec.cut_off
        found.append(Versus(INCUMBENT, champion, values, score[champion], cut_off, strategy.cut_off, sign))
    for one in plan.challengers:
        found.append(Versus(champion, one.id, score[champion], score[one.id], strategy.cut_off, None))
    return found


def on_accepts(intake: Intake) -> bool:
    """Whether outcomes are known of the accepted only: the status of some applicant is rejected."""
    return intake.status is not None and bool(np.any(intake.status == "rejected"))


def _samples(plan: Plan, intake: Intake, scored: Scored, one: Versus) -> dict[str, tuple[Pair, NDArray[np.bool_]]]:
    """By sample, and all rows where some outcomes are unknown: the pair, and its rows (n,) of all.

    A sample on which one of the two scores is the same for all rows is left out.
    """
    both = np.isfinite(one.first) & np.isfinite(one.second)
    found = {}
    for name, inside in groups_of_rows(scored, np.where(both, one.first, np.nan)).items():
        rows = inside & both
        varied = rows.any() and np.ptp(one.first[rows]) > 0 and np.ptp(one.second[rows]) > 0
        if varied and np.any(rows & np.isfinite(scored.y)):
            group = group_of(plan, intake, scored, one.first, rows, name)
            found[name] = (Pair(group, one.second[rows]), rows)
    return found


def _left_out(plan: Plan, scored: Scored, pairs: list[Versus]) -> list[str]:
    if plan.strategy.incumbent is None:
        return []
    missing = ~np.isfinite(pairs[0].first)
    told = {name: int(np.sum(missing & scored.rows(name))) for name in scored.samples}
    if not any(told.values()):
        return []
    listed = ", ".join(f"{count:,} of {name.replace('_', ' ')}" for name, count in told.items() if count)
    return [f"rows without a score of the incumbent are left out beside it: {listed}"]


def _constant(pairs: list[Versus], rows: Rows) -> list[str]:
    """Pairs that are told of no sample."""
    listed = ", ".join(f"{one.base} and {one.candidate}" for one in pairs if not rows[one.base, one.candidate])
    return [f"not evaluable, since one of the scores is the same for all rows: {listed}"] if listed else []


def cut_offs(one: Versus, pair: Pair) -> list[tuple[str, float, float]]:
    """Basis, cut-off of the base and of the candidate: of equal acceptance, and both as declared where both are."""
    w, found = pair.base.weights, []
    if one.base_cut_off is not None:
        share = float(np.sum(w[pair.base.score >= one.base_cut_off])) / float(w.sum())
        found.append((EQUAL, one.base_cut_off, matching_cut_off(pair.candidate, w, share)))
    elif one.candidate_cut_off is not None:
        share = float(np.sum(w[pair.candidate >= one.candidate_cut_off])) / float(w.sum())
        found.append((EQUAL, matching_cut_off(pair.base.score, w, share), one.candidate_cut_off))
    if one.base_cut_off is not None and one.candidate_cut_off is not None:
        found.append((GIVEN, one.base_cut_off, one.candidate_cut_off))
    return found


Rows = Mapping[tuple[str, str], dict[str, tuple[Pair, NDArray[np.bool_]]]]


def _swaps(
    plan: Plan, pairs: list[Versus], rows: Rows, inputs: tuple[str, ...], notes: tuple[str, ...]
) -> list[Evidence]:
    cells, changes = [], []
    for one in pairs:
        for sample, (pair, _) in rows[one.base, one.candidate].items():
            for basis, first, second in cut_offs(one, pair):
                head = {"base": one.base, "candidate": one.candidate, "basis": basis, "sample": sample}
                cells.append(swap_set(pair, first, second, plan.evaluation.confidence).assign(**head))
                told = swap_change(pair, first, second, plan.evaluation.confidence)
                own = {"base_cut_off": one.sign * first, "candidate_cut_off": second}
                changes.append({**head, **told, **own})
    if not cells:
        return [absent(identifier, "not_applicable", NO_CUT_OFF) for identifier in SWAPS]
    frame = pd.concat(cells, ignore_index=True)[SWAP_COLUMNS]
    changed = pd.DataFrame(changes, columns=CHANGE_COLUMNS).astype(object)
    return [
        table(SWAPS[0], frame, inputs=inputs, notes=notes),
        table(SWAPS[1], changed, inputs=inputs, notes=notes),
    ]


def _matrices(
    plan: Plan, pairs: list[Versus], rows: Rows, inputs: tuple[str, ...], notes: tuple[str, ...]
) -> list[Evidence]:
    cells, orders = [], []
    for one in pairs:
        samples = rows[one.base, one.candidate]
        if DEVELOPMENT not in samples:
            continue
        first, count = samples[DEVELOPMENT][0], plan.strategy.matrix_bands
        edges = [cut_offs_of(x, count, first.base.weights) for x in (first.base.score, first.candidate)]
        for sample, (pair, _) in samples.items():
            head = {"base": one.base, "candidate": one.candidate, "sample": sample}
            found = two_score_matrix(pair, edges[0], edges[1], plan.evaluation.confidence)
            cells.append(found.assign(**head, base_from=one.sign * found["base_from"]))
            orders.append(matrix_order(pair, edges[0], edges[1]).assign(**head))
    if not cells:
        reason = "no row of development has both scores"
        return [absent(identifier, "not_applicable", reason) for identifier in MATRICES]
    return [
        table(MATRICES[0], pd.concat(cells, ignore_index=True)[MATRIX_COLUMNS], inputs=inputs, notes=notes),
        table(MATRICES[1], pd.concat(orders, ignore_index=True)[ORDER_COLUMNS], inputs=inputs, notes=notes),
    ]


def _comparison(plan: Plan, scored: Scored, pairs: list[Versus], rows: Rows) -> pd.DataFrame:
    confidence, found = plan.evaluation.confidence, []
    for one in pairs:
        for sample, (pair, inside) in rows[one.base, one.candidate].items():
            y = pair.base.y
            if sample == ALL or len(np.unique(y)) < 2:
                continue
            head = {"base": one.base, "candidate": one.candidate, "sample": sample, "rows": len(y), "bad": int(y.sum())}
            told = {**head, **compared_ranking(pair.base, pair.candidate, confidence)}
            if one.base != INCUMBENT:
                both = [scored.predictions[m]["probability"].to_numpy(float)[inside] for m in (one.base, one.candidate)]
                told |= compared_losses(pair.base, both[0], both[1], confidence)
            for _, first, second in cut_offs(one, pair)[:1]:
                told |= compared_decisions(pair.base, pair.base.score >= first, pair.candidate >= second)
            found.append(told)
    return pd.DataFrame(found, columns=COMPARISON_COLUMNS).astype(object)


def _redeployment(
    plan: Plan,
    intake: Intake,
    scored: Scored,
    compared: pd.DataFrame,
    inputs: tuple[str, ...],
    notes: tuple[str, ...],
) -> Evidence:
    spec, reason = plan.strategy.redeployment, _no_redeployment(plan)
    if spec is None or reason is not None:
        return absent(REDEPLOYMENT, "not_applicable", reason or NO_RULES)
    limits = [{k: v for k, v in part.model_dump().items() if v is not None} for part in (spec.auto_accept, spec.reject)]
    rules, found = Rules(limits[0], limits[1], spec.accepts_only), []
    for one in plan.challengers:
        measures = _measures(plan, scored, compared, one.id, spec.sample)
        for row in redeployment(measures, rules, on_accepts=on_accepts(intake)):
            found.append({"challenger": one.id, "sample": spec.sample, **row})
    frame = pd.DataFrame(found, columns=REDEPLOYMENT_COLUMNS).astype(object)
    return table(REDEPLOYMENT, frame, inputs=("plan.json", *inputs), notes=notes)


def _no_redeployment(plan: Plan) -> str | None:
    """Why no rule is held against a challenger; None where one is."""
    if plan.strategy.redeployment is None:
        return NO_RULES
    return None if plan.challengers else NO_CHALLENGER


def _measures(
    plan: Plan, scored: Scored, compared: pd.DataFrame, challenger: str, sample: str
) -> dict[str, float | None]:
    """What the rules of redeployment are held against; None where it is not evaluable on the sample."""
    names = ("auc_difference_lower", "auc_difference_upper", "calibration_gap", "psi", "inversions")
    found: dict[str, float | None] = dict.fromkeys(names)
    mine = compared[
        (compared["candidate"] == challenger) & (compared["sample"] == sample) & (compared["base"] != INCUMBENT)
    ]
    if mine.empty:
        return found
    found["auc_difference_lower"], found["auc_difference_upper"] = mine.iloc[0][["auc_lower", "auc_upper"]]
    samples = scored.scored_samples(challenger)
    first, here = (JudgedRows(x.score, x.probability, x.y, x.weights) for x in (samples[DEVELOPMENT], samples[sample]))
    return found | redeployment_measures(first, here, plan.evaluation.bands)
