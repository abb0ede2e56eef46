"""Evidence `fairness.alternatives`: the search for less discriminatory alternatives, where asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.protected_groups import MISSING, GroupedAttributes
from credit_risk.evaluation.proxy_models import FOLDS, folds_in_turn
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored
from credit_risk.lifecycle.proxy_evidence import group_codes
from credit_risk.plan import Plan
from credit_risk.strategy.alternatives_table import SearchLimits, SearchPart, search_alternatives
from credit_risk.strategy.less_discriminatory import SearchRows

ALTERNATIVES = ("fairness.alternatives", "fairness.alternative_terms")


def alternatives_evidence(
    plan: Plan,
    champion: Candidate,
    scored: Scored,
    tables: Mapping[str, BinningTable],
    grouped: GroupedAttributes,
    about: tuple[Mapping[str, tuple[str, ...]], Mapping[str, str | None], str],
    inputs: tuple[str, ...],
) -> list[Evidence]:
    """Both tables of the search; about: jurisdictions, reference groups, held-out sample."""
    spec, (jurisdictions, references, judged) = plan.fairness.less_discriminatory_alternatives, about
    if spec is None:
        reason = "the plan asks for none (fairness.less_discriminatory_alternatives)"
        return [absent(i, "not_applicable", reason) for i in ALTERNATIVES]
    if judged == DEVELOPMENT:
        reason = "not evaluable: there is no held-out sample to judge alternatives on"
        return [absent(i, "not_applicable", reason) for i in ALTERNATIVES]
    names = tuple(tables)
    turn = folds_in_turn(int(scored.rows(DEVELOPMENT).sum()), scored.clusters[scored.rows(DEVELOPMENT)])
    of_fit, of_selection = turn != FOLDS - 1, turn == FOLDS - 1
    everyone = np.ones(int(scored.rows(judged).sum()), bool)
    fit, selection, held = (
        _part(plan, champion, scored, grouped, names, sample, rows)
        for sample, rows in ((DEVELOPMENT, of_fit), (DEVELOPMENT, of_selection), (judged, everyone))
    )
    limits = SearchLimits(
        spec.gini_loss, spec.least_reduction, spec.fits, plan.fairness.min_rows, plan.evaluation.confidence
    )
    values = {name: np.asarray(tables[name].result.woe, float) for name in names}
    groups = {n: tuple(g for g in grouped.groupings[n].groups if g != MISSING) for n in grouped.labels}
    found = search_alternatives(
        fit,
        selection,
        (judged, held),
        values,
        [name for name in champion.characteristics if name in values],
        groups,
        {name: None if references[name] == MISSING else references[name] for name in groups},
        limits,
        jurisdictions=jurisdictions,
    )
    return [
        table("fairness.alternatives", found.table, inputs=inputs),
        table("fairness.alternative_terms", found.terms, inputs=inputs),
    ]


def _part(
    plan: Plan,
    champion: Candidate,
    scored: Scored,
    grouped: GroupedAttributes,
    names: tuple[str, ...],
    sample: str,
    kept: NDArray[np.bool_],
) -> SearchPart:
    rows = scored.rows(sample)
    weights = np.ones(len(scored.y)) if scored.weights is None else scored.weights
    w = weights[rows][kept]
    bins = {name: scored.bin_ids[name][rows][kept] for name in names}
    codes = {name: ids[kept] for name, ids in group_codes(grouped, sample).items()}
    rate = None
    if plan.strategy.cut_off is not None:
        score = scored.predictions[champion.id]["score"].to_numpy(float)[rows][kept]
        rate = float(w @ (score >= plan.strategy.cut_off)) / float(w.sum())
    return SearchPart(SearchRows(scored.y[rows][kept], bins, w), codes, scored.clusters[rows][kept], rate)
