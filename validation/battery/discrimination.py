"""Discrimination compared: the AUC against the initial one that counts as known, and champion against challengers."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Words, settle
from validation.rebuild import clustered, metrics
from validation.rebuild.grades import holm
from validation.rebuild.workspace import DEVELOPMENT, Workspace

EVIDENCE = ("performance.discrimination",)


def check_discrimination(space: Workspace) -> None:
    """Judge every test sample: loss from the initial AUC, and the difference to each challenger."""
    for sample in space.rows:
        if sample != DEVELOPMENT:
            _check_initial(space, sample)
            _check_challengers(space, sample)


def initial_test(initial: float, area: float, error: float) -> tuple[float, float]:
    """Return S = (AUC0 − AUC1)/s1 and 1 − Φ(S): the initial AUC counts as known (ECB instructions 2019, 2.5.4).

    NaN where the standard error s1 is zero or not defined.
    """
    if not error > 0:
        return math.nan, math.nan
    statistic = (initial - area) / error
    return statistic, float(special.ndtr(-statistic))


def enough(space: Workspace, model_id: str, sample: str) -> tuple[int, int] | None:
    """Return the bads and goods of a sample where one of the two is fewer than the policy's least number, else None."""
    y = space.outcome[space.judged(model_id, sample)]
    bad = int(np.count_nonzero(y == 1))
    return (bad, len(y) - bad) if min(bad, len(y) - bad) < space.policy.cuts["minimum_bads"].value else None


def _area(space: Workspace, model_id: str, sample: str) -> metrics.Auc | None:
    value = space.output(model_id, "linear_score")
    if value is None or enough(space, model_id, sample):
        return None
    rows = space.judged(model_id, sample)
    return clustered.auc(space.outcome[rows], value.data[rows], space.cluster[rows], space.weight[rows])


def _initial_sample(space: Workspace, sample: str) -> str:
    """The sample of the initial AUC: the test sample drawn with development, for it development itself."""
    drawn = "out_of_sample"
    return drawn if drawn in space.rows and sample != drawn else DEVELOPMENT


def _check_initial(space: Workspace, sample: str) -> None:
    test, first = "AUC against the initial one", _initial_sample(space, sample)
    model_id = space.package.champion_id
    areas = [_area(space, model_id, name) for name in (first, sample)]
    few = enough(space, model_id, sample) or enough(space, model_id, first)
    if areas[0] is None or areas[1] is None:
        reason = f"too few of a kind: {few[0]} bads, {few[1]} goods" if few else "the champion has no linear score"
        absent(space.ledger, "auc_initial", test, sample, reason)
        return
    statistic, p_value = initial_test(areas[0].auc, areas[1].auc, areas[1].standard_error)
    if math.isnan(p_value):
        absent(space.ledger, "auc_initial", test, sample, "the AUC has no standard error")
        return
    cuts = [space.policy.cuts[f"auc_initial_{name}"].value for name in ("review", "fail")]
    outcome = "fail" if p_value <= cuts[1] else "review" if p_value <= cuts[0] else "pass"
    row = BatteryRow(
        area="auc_initial",
        test=test,
        population=sample,
        statistic=f"S against {first}",
        outcome=outcome,
        value=statistic,
        p_value=p_value,
        cut=f"review at p of at most {cuts[0]:g}, fail at {cuts[1]:g}",
    )
    words = f"The AUC is {areas[0].auc:.4f} on {first} and {areas[1].auc:.4f} on {sample} (S {statistic:.2f})."
    settle(space, row, "auc_initial_fail", Words(words, "Explain the loss.", EVIDENCE))


def _check_challengers(space: Workspace, sample: str) -> None:
    """DeLong's test for paired scores; a challenger that ranks better asks for a reason, it is no fault."""
    package, test = space.package, "AUC of the challenger less the champion's"
    rivals = [one for one in package.models if one != package.champion_id]
    few = enough(space, package.champion_id, sample)
    if not rivals or few:
        reason = f"too few of a kind: {few[0]} bads, {few[1]} goods" if few else "the package has no challenger"
        absent(space.ledger, "auc_difference", test, sample, reason)
        return
    found = {rival: _paired(space, rival, sample) for rival in rivals}
    adjusted = dict(zip(found, holm([one[2] for one in found.values()]), strict=True))
    for rival, (difference, error, p_value) in found.items():
        population = f"{sample}, {package.candidate_ids[rival]}"
        if math.isnan(p_value):
            absent(space.ledger, "auc_difference", test, population, "the difference has no standard error")
            continue
        half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
        cut = space.policy.cuts["challenger_better_review"]
        row = BatteryRow(
            area="auc_difference",
            test=test,
            population=population,
            statistic="difference of AUCs",
            outcome="review" if difference > 0 and adjusted[rival] <= cut.value else "pass",
            value=difference,
            p_value=p_value,
            lower=difference - half,
            upper=difference + half,
            cut=f"review where above 0 at p of at most {cut.value:g}, Holm over challengers",
        )
        words = f"The challenger {package.candidate_ids[rival]} has an AUC {difference:.4f} above the champion's."
        remedy = "Say why the champion is kept."
        settle(space, row, "challenger_better_review", Words(words, remedy, ("performance.comparison",)))


def _paired(space: Workspace, rival: str, sample: str) -> tuple[float, float, float]:
    first, second = (space.output(one, "linear_score") for one in (space.package.champion_id, rival))
    rows = np.intersect1d(space.judged(space.package.champion_id, sample), space.judged(rival, sample))
    y = space.outcome[rows]
    if first is None or second is None or not 0 < np.count_nonzero(y == 1) < len(y):
        return math.nan, math.nan, math.nan
    return clustered.auc_difference(y, first.data[rows], second.data[rows], space.cluster[rows], space.weight[rows])
