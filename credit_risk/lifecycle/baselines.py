"""Evidence of the two baselines that anyone can make, beside the candidates: what their constraints cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.evaluation.discrimination import comparison_table, discrimination_table
from credit_risk.lifecycle.candidates import Candidate, Training
from credit_risk.lifecycle.candidates.boosting import boosting_training
from credit_risk.lifecycle.performance import Scored
from credit_risk.models.baselines import fit_baselines
from credit_risk.plan import Plan

LEVELS, DIFFERENCES = "performance.baselines", "performance.baseline_differences"
SNAPSHOT = ("data/snapshot.parquet",)
MADE = (
    "no candidates and not in the package. Plain logistic regression: scikit-learn's LogisticRegression at its "
    "defaults, numbers standardised with the median for missing ones and a column that says so, texts one-hot. Plain "
    "xgboost: XGBClassifier at its defaults, unconstrained, missing values left to it, texts as categories, values "
    "beyond the greatest float32 as that one. Both on "
    "the development rows and weights of the candidates, on the raw values of the predictors that boosting may use"
)


def baseline_evidence(
    plan: Plan, training: Training, candidates: Sequence[Candidate], scored: Scored, frame: pd.DataFrame
) -> list[Evidence]:
    """Both baselines on every sample, and each candidate less each baseline, paired. frame: all rows, as taken in."""
    if not plan.evaluation.baselines:
        reason = "the plan asks for no baselines (evaluation.baselines)"
        return [absent(identifier, "not_applicable", reason) for identifier in (LEVELS, DIFFERENCES)]
    kept, _ = boosting_training(plan, training)
    names = list(kept.tables)
    margins, remarks = fit_baselines(training.frame[names], training.y, training.weights, frame[names])
    rows = {sample: scored.rows(sample) for sample in scored.samples}
    pairs = {
        name: {s: (scored.y[inside], margin[inside]) for s, inside in rows.items()} for name, margin in margins.items()
    }
    confidence, clusters, weights = plan.evaluation.confidence, scored.clusters_by_sample(), scored.weights_by_sample()
    levels = discrimination_table(pairs, confidence, clusters, weights)
    notes = (MADE, *remarks, *levels.attrs["notes"])
    levels = levels[["model", "sample", "rows", "bad", *(c for c in levels.columns if c.startswith(("auc", "gini")))]]
    levels = levels.rename(columns={"model": "baseline"})
    losses = [
        margin_loss(y, margin, (weights or {}).get(row.sample))
        for row in levels.itertuples()
        for y, margin in [pairs[row.baseline][row.sample]]
    ]
    own = {c.id: scored.pairs(c.id, "linear_score") for c in candidates}
    found = [comparison_table(name, {name: pairs[name], **own}, confidence, clusters, weights) for name in margins]
    differences = pd.concat(found, ignore_index=True)
    differences = differences.rename(columns={"champion": "baseline", "challenger": "candidate"})
    told = tuple(found[0].attrs["notes"])
    files = (*SNAPSHOT, *_predictions(plan, candidates, scored))
    return [
        table(LEVELS, levels.assign(log_loss=losses), inputs=SNAPSHOT, notes=notes),
        table(DIFFERENCES, differences, inputs=files, notes=("candidate less baseline", *told)),
    ]


def margin_loss(y: np.ndarray, margin: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Weighted mean log-loss of the log-odds of bad: finite where the probability itself would be rounded to 0 or 1.

    −ln p = ln(1 + exp(−margin)) for a bad and −ln(1 − p) = ln(1 + exp(margin)) for a good.
    """
    loss = np.logaddexp(0.0, np.where(y == 1.0, -margin, margin))
    w = np.ones(len(loss)) if weights is None else np.asarray(weights, float)
    return math.fsum(w * loss) / math.fsum(w)


def _predictions(plan: Plan, candidates: Sequence[Candidate], scored: Scored) -> tuple[str, ...]:
    folders = ["" if c.id == plan.champion.id else f"challengers/{c.id}/" for c in candidates]
    return tuple(f"{folder}predictions/{sample}.parquet" for folder in folders for sample in scored.samples)
