"""Evidence `fairness.proxies` and `fairness.proxy_models`: what predictors and score tell of protected groups."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, table
from credit_risk.evaluation.binned import band_edges
from credit_risk.evaluation.protected_groups import MISSING, GroupedAttributes
from credit_risk.evaluation.proxies import ProxySample, proxy_table
from credit_risk.evaluation.proxy_models import proxy_model_table
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored
from credit_risk.plan import Plan

PROXIES = ("fairness.proxies", "fairness.proxy_models")
SCORE = "score"


def group_codes(grouped: GroupedAttributes, sample: str) -> dict[str, NDArray[np.int64]]:
    """By attribute: place of each row's group among the groups of development, −1 where missing or not met."""
    found = {}
    for name, labels in grouped.labels.items():
        place = {group: code for code, group in enumerate(_groups(grouped, name))}
        found[name] = np.array([place.get(label, -1) for label in labels[sample].tolist()], dtype=np.int64)
    return found


def _groups(grouped: GroupedAttributes, name: str) -> tuple[str, ...]:
    return tuple(group for group in grouped.groupings[name].groups if group != MISSING)


def proxy_samples(
    scored: Scored, grouped: GroupedAttributes, names: tuple[str, ...], bins: Mapping[str, NDArray[np.int64]]
) -> dict[str, ProxySample]:
    """Rows with a known outcome of the samples named; bins: by predictor, of all rows (n,)."""
    found = {}
    for name in names:
        rows = scored.rows(name)
        own = {predictor: ids[rows] for predictor, ids in bins.items()}
        weights = None if scored.weights is None or np.all(scored.weights[rows] == 1.0) else scored.weights[rows]
        found[name] = ProxySample(scored.y[rows], group_codes(grouped, name), own, weights, scored.clusters[rows])
    return found


def proxy_evidence(
    plan: Plan,
    champion: Candidate,
    scored: Scored,
    grouped: GroupedAttributes,
    jurisdictions: Mapping[str, tuple[str, ...]],
    judged: str,
    inputs: tuple[str, ...],
) -> list[Evidence]:
    """The scan of every predictor and the score, and the classifier of all classed inputs of the champion."""
    first = scored.scored_samples(champion.id)[DEVELOPMENT]
    score = scored.predictions[champion.id]["score"].to_numpy(float)
    bands = np.searchsorted(band_edges(first.score, plan.evaluation.bands, first.weights), score, side="right")
    bins = {SCORE: bands.astype(np.int64), **{name: ids for name, ids in scored.bin_ids.items() if name != SCORE}}
    samples = proxy_samples(scored, grouped, tuple(dict.fromkeys((DEVELOPMENT, judged))), bins)
    groups = {name: _groups(grouped, name) for name in grouped.labels}
    spec, level = plan.fairness, plan.evaluation.confidence
    scan = proxy_table(
        samples,
        groups,
        jurisdictions=jurisdictions,
        proxy_auc=spec.proxy_auc,
        min_rows=spec.min_rows,
        min_bads=plan.evaluation.min_bads,
        confidence=level,
    )
    told = tuple(name for name in champion.characteristics if name in scored.bin_ids)
    together = proxy_model_table(
        samples,
        groups,
        told,
        jurisdictions=jurisdictions,
        proxy_auc=spec.proxy_auc,
        min_rows=spec.min_rows,
        confidence=level,
    )
    return [table("fairness.proxies", scan, inputs=inputs), table("fairness.proxy_models", together, inputs=inputs)]
